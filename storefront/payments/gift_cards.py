"""Gift cards: a core account for each, filled by its buyer, emptied into the store credit of whoever knows its code.

    buying ─settled─▶ active ─asked─▶ redeeming ─settled─▶ redeemed
       └──refused──▶ failed             └──refused──▶ active

The code is told once, to the buyer; the database knows only its hash. All of a card is redeemed at once: the rest is store credit then.
"""

import base64
import datetime
import hashlib
import secrets
import uuid
from typing import NamedTuple

import asyncpg

from engine import commands as make
from engine.types import Kind
from storefront.accounts import account_reference, open_account
from storefront.errors import Refusal, ShopError
from storefront.ledger import Reason, uuid_pair
from storefront.payments.credit import open_credit_account
from storefront.settlement import Settlement, Settlements
from storefront.work import Work

BUYING, REDEEMING = "gift_card", "gift_card_redeem"  # purposes
CODE_BYTES = 10
CARDS_MAX = 1000  # that one user may have bought


class NewCard(NamedTuple):
    card_id: uuid.UUID
    code: str


def new_code() -> str:
    """16 letters and digits in fours, 80 random bits."""
    text = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def code_hash(code: str) -> bytes:
    """However it was typed."""
    return hashlib.sha256("".join(code.upper().replace("-", "").split()).encode()).digest()


async def buy(work: Work, asset: int, amount: int) -> NewCard:
    """A card filled from the user's trading account. Raises INVALID_AMOUNT, INSUFFICIENT_BALANCE, TOO_MANY."""
    user = work.user()
    if amount < 1:
        raise ShopError(Refusal.INVALID_AMOUNT)
    if work.shop.exchange.machine.balance(user.account, asset)[0] < amount:
        raise ShopError(Refusal.INSUFFICIENT_BALANCE)
    if await work.db.fetchval("SELECT count(*) FROM shop_gift_cards WHERE bought_by = $1", user.user_id) >= CARDS_MAX:
        raise ShopError(Refusal.TOO_MANY)
    card_id, code = uuid.uuid4(), new_code()
    reference = account_reference("gift-card", card_id)
    account = await open_account(work.shop.exchange, reference)
    await work.db.execute(
        """INSERT INTO shop_gift_cards (card_id, code_hash, reference_hi, reference_lo, account, asset, amount, bought_by, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        card_id, code_hash(code), *reference, account, asset, amount, user.user_id, work.now,
    )  # fmt: skip
    filling = make.transfer(Kind.TRANSFER, work.shop.transfer_id(), debit=user.account, credit=account, asset=asset, amount=amount,
                            reason=Reason.GIFT_CARD, user=uuid_pair(card_id))  # fmt: skip
    await work.settle(BUYING, card_id, [filling])
    return NewCard(card_id, code)


async def redeem(work: Work, code: str) -> uuid.UUID:
    """What is on the card becomes store credit of the user. Raises GIFT_CARD_INVALID."""
    user = work.user()
    card = await work.db.fetchrow(
        "SELECT card_id, account, asset, amount FROM shop_gift_cards WHERE code_hash = $1 AND state = 'active' FOR UPDATE", code_hash(code)
    )
    if card is None:
        raise ShopError(Refusal.GIFT_CARD_INVALID)
    credit = await open_credit_account(work.shop, work.db, user.user_id)
    await work.db.execute(
        "UPDATE shop_gift_cards SET state = 'redeeming', redeemed_by = $2 WHERE card_id = $1", card["card_id"], user.user_id
    )
    emptying = make.transfer(Kind.TRANSFER, work.shop.transfer_id(), debit=card["account"], credit=credit, asset=card["asset"],
                             amount=card["amount"], reason=Reason.CREDIT, user=uuid_pair(card["card_id"]))  # fmt: skip
    await work.settle(REDEEMING, card["card_id"], [emptying])
    return card["card_id"]


def wire(settlements: Settlements) -> None:
    settlements.on(BUYING, _bought)
    settlements.on(REDEEMING, _redeemed)


async def _bought(db: asyncpg.Connection, settlement: Settlement, _now: datetime.datetime) -> None:
    state = "active" if settlement.done else "failed"
    await db.execute("UPDATE shop_gift_cards SET state = $2 WHERE card_id = $1", settlement.subject_id, state)


async def _redeemed(db: asyncpg.Connection, settlement: Settlement, now: datetime.datetime) -> None:
    if settlement.done:
        await db.execute("UPDATE shop_gift_cards SET state = 'redeemed', redeemed_at = $2 WHERE card_id = $1", settlement.subject_id, now)
    else:
        await db.execute("UPDATE shop_gift_cards SET state = 'active', redeemed_by = NULL WHERE card_id = $1", settlement.subject_id)
