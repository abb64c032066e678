"""Payouts: from a seller's payable account to the seller's trading account.

What may be paid out is what is *available* in the payable account: the reserve is held there by the core until its time is over, so no
two payouts, however they meet, can take more than was released less the reserve.
"""

import datetime
import functools
import uuid
from typing import NamedTuple

import asyncpg

from engine import commands as make
from engine.types import Kind
from storefront.errors import Refusal, ShopError
from storefront.ledger import Reason, uuid_pair
from storefront.settlement import Settlement
from storefront.webhooks.outbox import tell
from storefront.work import Shop, Work

PURPOSE = "payout"


class SellerBalance(NamedTuple):
    """Units of one asset."""

    asset: int
    held: int  # in escrow, for orders that are not released
    reserve: int  # released, held back for a while
    payable: int
    paid_out: int


async def balances(shop: Shop, db: asyncpg.Connection, seller_id: uuid.UUID, payable_account: int) -> list[SellerBalance]:
    """Of every asset in which the seller has, or had, anything; by asset."""
    held = dict(await db.fetch("SELECT asset, sum(held)::bigint FROM shop_orders WHERE seller_id = $1 GROUP BY asset", seller_id))
    paid = dict(await db.fetch(
        "SELECT asset, sum(amount)::bigint FROM shop_payouts WHERE seller_id = $1 AND state = 'done' GROUP BY asset", seller_id
    ))  # fmt: skip
    owned = {asset: (available, reserve) for asset, available, reserve in shop.exchange.machine.balances(payable_account)}
    nothing = (0, 0)
    return [
        SellerBalance(asset, held.get(asset, 0), owned.get(asset, nothing)[1], owned.get(asset, nothing)[0], paid.get(asset, 0))
        for asset in sorted(held.keys() | paid.keys() | owned.keys())
    ]


async def pay_out(work: Work, seller_id: uuid.UUID, payable_account: int, asset: int, amount: int) -> uuid.UUID:
    """Raises INVALID_AMOUNT, INSUFFICIENT_BALANCE."""
    if amount < 1:
        raise ShopError(Refusal.INVALID_AMOUNT)
    if work.shop.exchange.machine.balance(payable_account, asset)[0] < amount:
        raise ShopError(Refusal.INSUFFICIENT_BALANCE)
    payout_id = uuid.uuid4()
    paying = make.transfer(Kind.TRANSFER, work.shop.transfer_id(), debit=payable_account, credit=work.user().account, asset=asset,
                           amount=amount, reason=Reason.PAYOUT, user=uuid_pair(payout_id))  # fmt: skip
    settlement_id = await work.settle(PURPOSE, payout_id, [paying])
    await work.db.execute(
        "INSERT INTO shop_payouts (payout_id, seller_id, asset, amount, settlement_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        payout_id, seller_id, asset, amount, settlement_id, work.now,
    )  # fmt: skip
    return payout_id


def wire(shop: Shop) -> None:
    shop.settlements.on(PURPOSE, functools.partial(_ended, shop))


async def _ended(shop: Shop, db: asyncpg.Connection, settlement: Settlement, now: datetime.datetime) -> None:
    state = "done" if settlement.done else "failed"
    row = await db.fetchrow(
        "UPDATE shop_payouts SET state = $2, ended_at = $3 WHERE payout_id = $1 RETURNING seller_id, asset, amount",
        settlement.subject_id, state, now,
    )  # fmt: skip
    if settlement.done:
        amount = {"asset": shop.asset(row["asset"]).name, "amount": shop.text(row["asset"], row["amount"])}
        body = {"payoutId": str(settlement.subject_id), "amount": amount}
        await tell(db, row["seller_id"], "payout.done", body, now)
