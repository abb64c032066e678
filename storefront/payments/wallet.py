"""What changed the user's trading account in one asset: trades, deposits, payments, refunds, payouts, with the balance after each.

Read from the recorded history, which is written a moment after the ledger: an entry may be that moment late, never wrong. Holds change
no balance (available and held together), so they are no entries; storefront/payments/statements.py says what is held and why.
"""

import uuid
from typing import NamedTuple

import asyncpg

from engine.types import HOUSE_GATEWAY, EventKind, Side
from storefront.ledger import Reason, pair_uuid
from storefront.work import Shop

_TRADE = 0  # rank of entries at one moment: what a conversion bought comes before what is paid with it
_TEXTS = {
    Reason.PAYMENT: "Paid", Reason.ESCROW: "Paid", Reason.REFUND: "Refund", Reason.RELEASE: "Released", Reason.PAYOUT: "Payout of sales",
    Reason.CREDIT: "Store credit", Reason.GIFT_CARD: "Gift card",
}  # fmt: skip
# The four ways into or out of the account; the running balance needs them all, the page is cut out afterwards. Trades of one moment are in
# the order of their orders, so what a conversion sells on its first market comes in before the second takes it.
_ENTRIES = """
WITH base AS (SELECT * FROM unnest($3::integer[], $4::bigint[]) AS markets (symbol, lot_units)),
trades AS (
    SELECT symbol, taker_order AS placed, trade_id, time_ns, quantity_lots, quote_quantity, taker_side = $6 AS buys, taker_fee AS fee
    FROM history.trades WHERE taker_account = $1 AND (symbol = ANY($3) OR symbol = ANY($5))
    UNION ALL
    SELECT symbol, maker_order, trade_id, time_ns, quantity_lots, quote_quantity, taker_side <> $6, maker_fee
    FROM history.trades WHERE maker_account = $1 AND (symbol = ANY($3) OR symbol = ANY($5))
),
moves AS (
    SELECT time_ns, 0 AS rank, placed AS id_hi, trade_id AS id_lo, buys, symbol, 0 AS reason, 0 AS other,
           0::bigint AS user_hi, 0::bigint AS user_lo,
           CASE WHEN buys THEN quantity_lots * lot_units - fee ELSE -quantity_lots * lot_units END AS amount
    FROM trades JOIN base USING (symbol)
    UNION ALL
    SELECT time_ns, 0, placed, trade_id, buys, symbol, 0, 0, 0, 0, CASE WHEN buys THEN -quote_quantity ELSE quote_quantity - fee END
    FROM trades WHERE symbol = ANY($5)
    UNION ALL
    SELECT time_ns, 1, id_hi, id_lo, false, 0, reason, debit, user_hi, user_lo, amount
    FROM history.transfers WHERE credit = $1 AND asset = $2 AND kind = ANY($7)
    UNION ALL
    SELECT time_ns, 1, id_hi, id_lo, false, 0, reason, credit, user_hi, user_lo, -amount
    FROM history.transfers WHERE debit = $1 AND asset = $2 AND kind = ANY($7)
),
entries AS (
    SELECT *, sum(amount) OVER (ORDER BY time_ns, rank, id_hi, id_lo, buys)::bigint AS balance FROM moves
)
SELECT * FROM entries WHERE (time_ns, rank, id_hi, id_lo, buys) < ($8::bigint, $9::bigint, $10::bigint, $11::bigint, $12)
ORDER BY time_ns DESC, rank DESC, id_hi DESC, id_lo DESC, buys DESC LIMIT $13
"""
_AFTER_ALL = (2**63 - 1, 2, 2**63 - 1, 2**63 - 1, True)


class Entry(NamedTuple):
    key: tuple[int, int, int, int, bool]  # its place in the list
    time_ns: int
    text: str
    symbol: str  # of a trade, else ""
    order_id: uuid.UUID | None  # of the shop, where the user is its buyer
    amount: int  # with its sign
    balance: int  # available and held, after it


async def entries(shop: Shop, db: asyncpg.Connection, user_id: int, account: int, asset: int, before: tuple | None,
                  limit: int) -> list[Entry]:  # fmt: skip
    """The account's entries in the asset, newest first, before the key of an earlier page's last one."""
    markets = shop.exchange.machine.symbols()
    base = [market for market in markets if market.base == asset]
    rows = await db.fetch(
        _ENTRIES, account, asset, [market.symbol for market in base], [market.lot_units for market in base],
        [market.symbol for market in markets if market.quote == asset], int(Side.BUY),
        [int(EventKind.TRANSFERRED), int(EventKind.CAPTURED)], *(before or _AFTER_ALL), limit,
    )  # fmt: skip
    named = {market.symbol: market.name for market in markets}
    subjects = {pair_uuid(row["user_hi"], row["user_lo"]) for row in rows if row["reason"] in _TEXTS}
    orders = dict(await db.fetch(
        "SELECT order_id, number FROM shop_orders WHERE order_id = ANY($1::uuid[]) AND buyer_id = $2", list(subjects), user_id
    ))  # fmt: skip
    return [_entry(row, named, orders) for row in rows]


def _entry(row: asyncpg.Record, symbols: dict[int, str], orders: dict[uuid.UUID, int]) -> Entry:
    symbol, order_id = "", None
    if row["rank"] == _TRADE:
        symbol = symbols[row["symbol"]]
        text = "Bought" if row["buys"] else "Sold"
    elif row["other"] == HOUSE_GATEWAY:
        text = "Deposit" if row["amount"] > 0 else "Withdrawal"
    else:
        text = _TEXTS.get(row["reason"], "Transfer")
        subject = pair_uuid(row["user_hi"], row["user_lo"])
        if subject in orders:
            order_id, text = subject, f"{text}: order #{orders[subject]}"
    key = (row["time_ns"], row["rank"], row["id_hi"], row["id_lo"], row["buys"])
    return Entry(key, row["time_ns"], text, symbol, order_id, row["amount"], row["balance"])
