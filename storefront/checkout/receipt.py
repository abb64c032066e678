"""What a paid checkout came to: the trades of its conversions, what they cost in all, and the holds in escrow.

It is read from the ledger's own events when the payment is done. Where these were told to a process that died before it could keep them,
it is read from the venue's history, as soon as that has recorded the payment.
"""

import json
import uuid
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import asyncpg
import numpy as np

from engine.types import TRANSFER_COMMAND, TRANSFER_EVENT, EventKind, Kind, Side
from storefront.errors import Refusal, ShopError
from storefront.http import Answer, Money
from storefront.settlement import Settlement
from storefront.work import Shop

PLACED_SQL = """ARRAY(SELECT (order_id, number, seller_id, asset, total) FROM shop_orders o
      WHERE o.checkout_id = c.checkout_id AND o.payment NOT IN ('pending', 'failed') ORDER BY number)"""  # of shop_checkouts c
_READ = f"SELECT c.*, {PLACED_SQL} AS orders FROM shop_checkouts c WHERE checkout_id = $1"
_HISTORY = """
SELECT o.symbol, o.order_id, o.side, o.executed_lots, o.executed_quote, count(*)::int AS trades, sum(t.taker_fee)::bigint AS fee,
       x.released AS cost, x.id_lo AS conversion
FROM unnest($1::bigint[], $2::bigint[]) AS wanted (id_hi, id_lo) JOIN history.transfers x USING (id_hi, id_lo)
JOIN history.orders o ON o.account = x.debit AND o.placed_ns = x.time_ns JOIN history.trades t ON t.taker_order = o.order_id
GROUP BY x.id_hi, x.id_lo, x.released, o.order_id ORDER BY o.order_id"""


class Placed(NamedTuple):
    """An order that was paid, as PLACED_SQL tells it."""

    order_id: uuid.UUID
    number: int
    seller_id: uuid.UUID
    asset: int
    total: int


class Converted(Answer):
    """One market order; `bought` is net of the fee, which was taken from it. `order_id` is the venue's."""

    symbol: str
    trades: int
    average_price: str
    bought: Money
    cost: Money
    fee: Money
    order_id: int


class Hold(Answer):
    """The id of a held transfer, two integers as text."""

    hi: str
    lo: str


class Escrow(Answer):
    order_id: uuid.UUID
    number: int
    hold: Hold
    amount: Money


class Receipt(Answer):
    """`paid` is what it cost in the asset paid with; `position` is the log's."""

    paid: Money
    conversions: list[Converted]
    escrows: list[Escrow]
    position: int


def facts(settlement: Settlement) -> dict[str, Any]:
    """What a receipt needs of a payment that is done, as JSON; "conversions" is None where the events are not at hand."""
    kept = {
        "position": settlement.outcomes[0].position if settlement.outcomes else 0,
        "holds": settlement.detail["holds"],
        "paid": None,
        "conversions": None,
    }
    legs = settlement.detail["legs"]
    orders, cost = [], settlement.detail["own"]
    for number, outcome in enumerate(settlement.outcomes[:legs]):
        converted = outcome.events.view(TRANSFER_EVENT)[-1:]
        if converted["kind"].tolist() != [EventKind.CONVERTED]:
            return kept
        cost += int(converted["released"][0]) if number < settlement.detail["paying"] else 0
        orders.extend(_market_orders(outcome.events))
    return kept | {"paid": cost, "conversions": orders}


def _market_orders(events: np.ndarray) -> list[dict[str, int]]:
    """The orders that a CONVERT placed, with what became of them."""
    found: dict[int, dict[str, int]] = {}
    for trade in events[events["kind"] == EventKind.TRADE]:
        order = found.setdefault(int(trade["order_id"]), {"trades": 0, "fee": 0})
        order["trades"] += 1
        order["fee"] += int(trade["fee"])
        order |= {name: int(trade[name]) for name in ("order_id", "symbol", "side", "executed_lots", "executed_quote")}
        found[order["order_id"]] = order
    return list(found.values())


async def receipt_of(shop: Shop, db: asyncpg.Connection | asyncpg.Pool, checkout_id: uuid.UUID) -> Receipt:
    """The receipt of a paid checkout. Raises NOT_FOUND where it is not paid, UNAVAILABLE where the history has not got so far."""
    row = await db.fetchrow(_READ, checkout_id)
    if row is None or row["state"] != "paid":
        raise ShopError(Refusal.NOT_FOUND)
    receipt = await receipt_from(shop, db, row, [Placed(*one) for one in row["orders"]])
    if receipt is None:
        raise ShopError(Refusal.UNAVAILABLE, "The payment is not in the records yet. Try again.")
    return receipt


async def receipt_from(shop: Shop, db: asyncpg.Connection | asyncpg.Pool, row: asyncpg.Record, placed: Sequence[Placed]) -> Receipt | None:
    """From a checkout's row and its orders; None where the history has not got so far."""
    kept = json.loads(row["receipt"])
    if kept["conversions"] is None and (kept := await _from_history(db, row["settlement_id"], kept)) is None:
        return None
    return Receipt(
        _money(shop, row["pay_asset"], kept["paid"]), [_converted(shop, order) for order in kept["conversions"]],
        [Escrow(one.order_id, one.number, Hold(*kept["holds"][str(one.order_id)]), _money(shop, one.asset, one.total)) for one in placed],
        kept["position"],
    )  # fmt: skip


async def _from_history(db: asyncpg.Connection | asyncpg.Pool, settlement_id: uuid.UUID, kept: dict[str, Any]) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT commands, detail FROM shop_settlements WHERE settlement_id = $1", settlement_id)
    detail = json.loads(row["detail"])
    commands = np.frombuffer(row["commands"], TRANSFER_COMMAND)
    conversions = commands[commands["kind"] == Kind.CONVERT]
    rows = await db.fetch(_HISTORY, conversions["id_hi"].tolist(), conversions["id_lo"].tolist())
    costs = {order["conversion"]: order["cost"] for order in rows}  # two orders of one conversion tell the same cost
    if len(costs) < len(conversions):
        return None
    paid = detail["own"] + sum(costs[number] for number in conversions["id_lo"][: detail["paying"]].tolist())
    return kept | {"paid": paid, "conversions": [dict(order) for order in rows]}


def _converted(shop: Shop, order: dict[str, int]) -> Converted:
    symbol = shop.exchange.machine.symbol(order["symbol"])
    base, quote = order["executed_lots"] * symbol.lot_units, order["executed_quote"]
    bought, cost = (symbol.base, base), (symbol.quote, quote)
    if order["side"] == Side.SELL:
        bought, cost = cost, bought
    return Converted(
        symbol.name, order["trades"], _price(shop, symbol, base, quote), _money(shop, bought[0], bought[1] - order["fee"]),
        _money(shop, *cost), _money(shop, bought[0], order["fee"]), order["order_id"],
    )  # fmt: skip


def _price(shop: Shop, symbol: Any, base: int, quote: int) -> str:
    """Of one whole base in quote, rounded half up to the quote's decimals."""
    scale = shop.asset(symbol.quote).scale
    price = Decimal(quote).scaleb(-scale) / Decimal(base).scaleb(-shop.asset(symbol.base).scale)
    return f"{price.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP):f}"


def _money(shop: Shop, asset: int, units: int) -> Money:
    return Money(shop.asset(asset).name, shop.text(asset, units))
