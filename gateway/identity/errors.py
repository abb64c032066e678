"""What may be refused to a person, as one table: code, HTTP status and the words shown.

    AccountError      refused, for a reason of this table
    MasterKeyError    the venue's master key cannot be used; the venue must not start
"""

from enum import Enum


class Refusal(Enum):
    """(HTTP status, words)."""

    INVALID_REQUEST = (400, "The request is not valid.")
    INVALID_EMAIL = (400, "This is not an e-mail address.")
    INVALID_PASSWORD = (400, "A password has 8 to 128 characters and is not the e-mail address.")
    INVALID_LABEL = (400, "A label has 1 to 64 visible characters.")
    INVALID_PUBLIC_KEY = (400, "publicKey must be an Ed25519 public key in PEM.")
    INVALID_SCOPES = (400, "Scopes are one or more of READ, TRADE, WITHDRAW.")
    UNKNOWN_ASSET = (400, "There is no such asset.")
    INVALID_AMOUNT = (400, "This is not an amount of that asset.")
    WRONG_CREDENTIALS = (401, "E-mail address or password is wrong.")
    NOT_LOGGED_IN = (401, "Log in first.")
    WRONG_PASSWORD = (403, "The present password is wrong.")
    CSRF = (403, "The header X-CSRF-Token is missing or wrong; GET /account/me tells it.")
    NOT_FOUND = (404, "There is no such thing.")
    METHOD_NOT_ALLOWED = (405, "This method is not allowed here.")
    EMAIL_TAKEN = (409, "This address cannot be signed up. If it is yours, log in.")
    TOO_MANY_KEYS = (409, "An account has at most 30 API keys: revoke one first.")
    INSUFFICIENT_BALANCE = (409, "There is not enough available in this account.")
    ACCOUNT_FROZEN = (409, "This account is frozen.")
    TOO_LARGE = (413, "The request is too large.")
    NOT_JSON = (415, "Send Content-Type: application/json.")
    TOO_MANY_ATTEMPTS = (429, "Too many attempts. Wait a while.")
    INTERNAL = (500, "Something went wrong on our side.")
    VENUE_FULL = (503, "The venue takes no more of these at present.")
    BUSY = (503, "Too much to do at this moment. Try again.")
    UNAVAILABLE = (503, "The venue does not answer at this moment. Try again.")

    @property
    def status(self) -> int:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


class AccountError(Exception):
    """A refusal, with other words where they help, and after how many seconds to try again where that is known."""

    def __init__(self, refusal: Refusal, words: str = "", *, retry_after: int = 0):
        super().__init__(words or refusal.words)
        self.refusal = refusal
        self.retry_after = retry_after


class MasterKeyError(Exception):
    """The message says what is wrong with the file, in one line."""
