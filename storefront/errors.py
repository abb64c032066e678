"""What may be refused in the shop, as one table: code, HTTP status and the words shown.

Things that belong to somebody else are NOT_FOUND, so that nobody learns that they exist.
"""

from enum import Enum
from typing import Any

import asyncpg

DATABASE_BUSY = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)


class Refusal(Enum):
    """(HTTP status, words)."""

    INVALID_REQUEST = (400, "The request is not valid.")
    UNKNOWN_ASSET = (400, "There is no such asset.")
    INVALID_AMOUNT = (400, "This is not an amount of that asset.")
    NOT_LOGGED_IN = (401, "Log in first.")
    CSRF = (403, "The header X-CSRF-Token is missing or wrong; GET /account/me tells it.")
    NOT_A_SELLER = (403, "This needs an approved seller account.")
    NOT_ALLOWED = (403, "This is for moderators.")
    NOT_FOUND = (404, "There is no such thing.")
    METHOD_NOT_ALLOWED = (405, "This method is not allowed here.")
    ALREADY_EXISTS = (409, "This exists already.")
    NOT_NOW = (409, "This cannot be done in the present state.")
    SETTLING = (409, "Money of this is being moved at this moment. Try again.")
    OUT_OF_STOCK = (409, "There is not enough of it left.")
    PRICE_CHANGED = (409, "A price has changed. Look at the cart again.")
    CART_EMPTY = (409, "There is nothing in the cart that can be bought.")
    OWN_GOODS = (409, "A seller cannot buy from themselves.")
    NO_SHIPPING = (409, "The seller does not ship there in this way.")
    VOUCHER_INVALID = (409, "This voucher does not hold here.")
    VOUCHER_USED_UP = (409, "This voucher has been used up.")
    GIFT_CARD_INVALID = (409, "There is no such gift card, or it has been redeemed.")
    QUOTE_EXPIRED = (409, "The quote has expired. Ask for a new one.")
    NO_LIQUIDITY = (409, "The market cannot sell that much now. Choose another asset to pay with.")
    LIMIT_EXCEEDED = (409, "The market has moved beyond the most you agreed to. Nothing was charged.")
    TOO_SMALL = (409, "The amount is below what the market trades. Choose another asset to pay with.")
    MARKET_CLOSED = (409, "The market for this is closed now. Choose another asset to pay with.")
    INSUFFICIENT_BALANCE = (409, "There is not enough available in this account.")
    ACCOUNT_FROZEN = (409, "This account is frozen.")
    PAYMENT_FAILED = (409, "The payment was refused. Nothing was charged.")
    TOO_MANY = (409, "There are as many of these as there may be.")
    TOO_LARGE = (413, "The request is too large.")
    NOT_JSON = (415, "Send Content-Type: application/json.")
    KEY_REUSED = (422, "This Idempotency-Key was used for another request.")
    BAD_IMAGE = (422, "This is not an image that can be shown: PNG, JPEG or WebP, up to 8 MiB and 40 million pixels.")
    TOO_MANY_REQUESTS = (429, "Too many requests. Wait a while.")
    INTERNAL = (500, "Something went wrong on our side.")
    BUSY = (503, "Too much to do at this moment. Try again.")
    UNAVAILABLE = (503, "The shop does not answer at this moment. Try again.")

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


class ShopError(Exception):
    """A refusal, with other words where they help; `detail` is told as it is (JSON) and says what to change."""

    def __init__(self, refusal: Refusal, words: str = "", *, detail: dict[str, Any] | None = None):
        super().__init__(words or refusal.words)
        self.refusal = refusal
        self.detail = detail or {}
