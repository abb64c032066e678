"""What went in and out of a core account, with the balance after each entry, from the recorded history; and why money is held now.

The history is written by the recorder a moment after the ledger; an entry may be that moment late, never wrong.
"""

import uuid
from typing import NamedTuple

import asyncpg

from engine.types import EventKind, Side
from storefront.ledger import Reason, pair_uuid
from storefront.work import Shop

ENTRIES_MAX = 100
_TEXTS = {
    Reason.RELEASE: "Order released", Reason.REFUND: "Refund", Reason.PAYOUT: "Payout", Reason.CREDIT: "Gift card redeemed",
    Reason.GIFT_CARD: "Gift card", Reason.ESCROW: "Order paid", Reason.PAYMENT: "Order paid", Reason.COMMISSION: "Commission",
}  # fmt: skip
# Each transfer of the account in one asset, with the running balance; the window runs over all, the page is cut out afterwards.
_ENTRIES = """
SELECT time_ns, id_hi, id_lo, asset, amount, reason, user_hi, user_lo, balance FROM (
    SELECT time_ns, id_hi, id_lo, asset, reason, user_hi, user_lo, moved AS amount,
           sum(moved) OVER (PARTITION BY asset ORDER BY time_ns, id_hi, id_lo)::bigint AS balance
    FROM (
        SELECT *, CASE WHEN credit = $1 THEN amount ELSE -amount END AS moved FROM history.transfers
        WHERE (debit = $1 OR credit = $1) AND kind = $2
    ) AS transfers
) AS entries
WHERE (time_ns, id_hi, id_lo) < ($3, $4, $5) ORDER BY time_ns DESC, id_hi DESC, id_lo DESC LIMIT $6
"""


class Entry(NamedTuple):
    time_ns: int
    transfer_id: tuple[int, int]
    text: str
    subject_id: uuid.UUID  # the order, payout or card that it belongs to
    reason: int
    asset: int
    amount: int  # with its sign
    balance: int  # available and held, after it


async def entries(db: asyncpg.Connection, account: int, before: tuple[int, int, int] | None, limit: int) -> list[Entry]:
    """The account's entries, newest first, before the key (time_ns, id_hi, id_lo) of an earlier page's last one."""
    key = before or (2**63 - 1, 2**63 - 1, 2**63 - 1)
    rows = await db.fetch(_ENTRIES, account, int(EventKind.TRANSFERRED), *key, min(limit, ENTRIES_MAX))
    return [
        Entry(row["time_ns"], (row["id_hi"], row["id_lo"]), _TEXTS.get(row["reason"], "Transfer"),
              pair_uuid(row["user_hi"], row["user_lo"]), row["reason"], row["asset"], row["amount"], row["balance"]) for row in rows
    ]  # fmt: skip


class Hold(NamedTuple):
    kind: str  # 'order' on the market, 'escrow' of a purchase, 'reserve' of a seller
    order_id: uuid.UUID | None
    number: int | None
    text: str
    asset: int
    amount: int
    since_ms: int
    until_ms: int | None


async def holds(shop: Shop, db: asyncpg.Connection, user_id: int, account: int) -> list[Hold]:
    """Everything of the user's that is held, and why: orders on the market, purchases in escrow, a seller's reserve."""
    found = [_market_hold(shop, order) for order in shop.exchange.machine.open_orders(account)]
    rows = await db.fetch(
        """SELECT order_id, number, asset, held, paid_at, auto_release_at, sellers.name FROM shop_orders
           JOIN shop_sellers sellers USING (seller_id) WHERE buyer_id = $1 AND held > 0 ORDER BY placed_at DESC LIMIT 500""", user_id,
    )  # fmt: skip
    for row in rows:
        until = row["auto_release_at"] and int(row["auto_release_at"].timestamp() * 1000)
        found.append(Hold("escrow", row["order_id"], row["number"], f"Order {row['number']}, {row['name']}", row["asset"], row["held"],
                          int(row["paid_at"].timestamp() * 1000), until))  # fmt: skip
    payable = await db.fetchval("SELECT payable_account FROM shop_sellers WHERE user_id = $1", user_id)
    if payable is not None:
        found += [
            Hold("reserve", None, None, "Reserve of sales", asset, held, 0, None)
            for asset, _, held in shop.exchange.machine.balances(payable) if held
        ]  # fmt: skip
    return found


def _market_hold(shop: Shop, order) -> Hold:
    symbol = shop.exchange.machine.symbol(order.symbol)
    lots = order.order_lots - order.executed_lots
    if order.side == Side.BUY:
        asset, amount, verb = symbol.quote, lots * order.price_ticks * symbol.tick_lot_units, "Buy"
    else:
        asset, amount, verb = symbol.base, lots * symbol.lot_units, "Sell"
    return Hold("order", None, None, f"{verb} order on {symbol.name}", asset, amount, order.placed_ns // 1_000_000, None)
