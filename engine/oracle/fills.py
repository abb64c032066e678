"""The arithmetic of a fill: docs/CORE.md section 3. What a taker has left, and what changes hands.

Owns the movement of money and the numbers of both orders. What the book and the lists make of it is for whoever calls.
"""

from dataclasses import dataclass

from engine.oracle.desk import Desk
from engine.oracle.fees import Fill, fee_of
from engine.oracle.state import Order, State
from engine.types import HOUSE_FEES, Side


@dataclass(slots=True)
class Taker:
    """An accepted order while it takes; `quote_left` counts for market orders by quote."""

    order: Order
    quote_left: int = 0  # 0 for an order by quantity
    converts: bool = False  # of a CONVERT: takes what makers hide together with what they show, and was not counted
    by_quote: bool = False
    filled: bool = False
    steps: int = 0
    lost_lots: int = 0  # what self-trade prevention took from it when it ended it

    def __post_init__(self) -> None:
        self.by_quote = self.quote_left > 0

    @property
    def reported_lots(self) -> int:
        """`order_lots` in TRADE and EXPIRED events: an order by quote has no quantity of its own."""
        return self.order.executed_lots if self.by_quote else self.order.order_lots


def affordable(state: State, taker: Taker, price: int) -> int:
    """Lots that the rest of a quote quantity buys, or sells, at `price`."""
    return taker.quote_left // (price * state.symbols[taker.order.symbol].tick_lot_units)


def spend(state: State, taker: Taker, price: int, lots: int) -> bool:
    """The rest of a quote quantity falls; whether nothing is left of the taker, now that the maker is taken care of."""
    order = taker.order
    if not taker.by_quote:
        return order.rest == 0
    taker.quote_left -= lots * price * state.symbols[order.symbol].tick_lot_units
    next_price = state.best_price(order.symbol, 1 - order.side) or price
    return affordable(state, taker, next_price) == 0


def counter_fields(maker: Order) -> dict[str, int]:
    return {
        "counter_account": maker.account, "counter_order_id": maker.order_id, "counter_executed_lots": maker.executed_lots,
        "counter_executed_quote": maker.executed_quote,
    }  # fmt: skip


def next_trade(state: State, symbol: int, price: int) -> int:
    row = state.symbols[symbol]
    row.last_trade_id += 1
    row.last_price_ticks = price
    state.symbols.touch(symbol)
    return row.last_trade_id


def execute_lots(desk: Desk, order: Order, lots: int, price: int, counted: bool = True) -> None:
    """What an order has by a fill; the first one takes it off the order limits again."""
    if order.executed_lots == 0 and counted and desk.state.knows_orders:
        desk.uncount(order.account)
    order.executed_lots += lots
    order.executed_quote += lots * price * desk.state.symbols[order.symbol].tick_lot_units
    desk.touch(order)


def exchange(state: State, taker: Order, maker: Order, lots: int, price: int, auction: bool = False, free: bool = False) -> tuple[int, int]:
    """Move base and quote between the two, out of what is available; returns (taker fee, maker fee), no fees where it is `free`."""
    symbol = state.symbols[maker.symbol]
    base, quote = lots * symbol.lot_units, lots * price * symbol.tick_lot_units
    buys = (symbol.base, base, symbol.quote, quote)
    received, got, paid, given = buys if taker.side == Side.BUY else (*buys[2:], *buys[:2])
    state.change(taker.account, paid, available=-given)
    state.change(maker.account, received, available=-got)
    fees = (0, 0)
    if not free:
        fees = fee_of(state, Fill(taker, received, got, True, auction)), fee_of(state, Fill(maker, paid, given, False, auction))
    state.change(taker.account, received, available=got - fees[0])
    state.change(maker.account, paid, available=given - fees[1])
    state.change(HOUSE_FEES, received, available=fees[0])
    state.change(HOUSE_FEES, paid, available=fees[1])
    return fees
