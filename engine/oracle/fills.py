"""The arithmetic of a fill: docs/CORE.md section 3. What a taker has left, and what changes hands.

Owns the movement of money and the numbers of both orders. What the book and the lists make of it is for whoever calls.
"""

from dataclasses import dataclass
from typing import NamedTuple

from engine.oracle.desk import Desk
from engine.oracle.fees import Fee, charge, count_volume, rate_of
from engine.oracle.loans import touch
from engine.oracle.state import Order, State
from engine.types import EventFlag, Side


@dataclass(slots=True)
class Taker:
    """An accepted order while it takes; `quote_left` counts for market orders by quote."""

    order: Order
    quote_left: int = 0  # 0 for an order by quantity
    converts: bool = False  # of a CONVERT: takes what makers hide together with what they show
    from_within: bool = False  # no command placed it: it was not counted, and fees of its trades are in kind
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


class Settled(NamedTuple):
    """What both sides of a trade got, and what it cost them."""

    taker_asset: int
    taker_fee: Fee
    maker_asset: int
    maker_fee: Fee

    def event_fields(self, flags: int = 0) -> dict[str, int]:
        flags |= EventFlag.FEE_DISCOUNTED * self.taker_fee.discounted | EventFlag.COUNTER_FEE_DISCOUNTED * self.maker_fee.discounted
        return {"fee": self.taker_fee.units, "counter_fee": self.maker_fee.units, "flags": flags}


def exchange(desk: Desk, taker: Order, maker: Order, lots: int, price: int, auction: bool = False, in_kind: bool = False) -> Settled:
    """Move base and quote between the two, out of what is available, and charge them."""
    state, symbol = desk.state, desk.state.symbols[maker.symbol]
    received, got, paid, given = _change_hands(desk, taker, maker, lots, price)
    for order in (taker, maker):
        count_volume(state, order.account, symbol.quote, lots * price * symbol.tick_lot_units, desk.now)
    taker_rate = rate_of(state, symbol.symbol, taker.account, True, auction, desk.now)
    maker_rate = rate_of(state, symbol.symbol, maker.account, False, auction, desk.now)
    taker_fee = charge(state, taker.account, received, got, taker_rate, not in_kind, spared=paid)
    maker_fee = charge(state, maker.account, paid, given, maker_rate, not in_kind)
    return Settled(received, taker_fee, paid, maker_fee)


def hand_over(desk: Desk, taker: Order, maker: Order, lots: int, price: int) -> None:
    """The same without a trade, and so without fees."""
    _change_hands(desk, taker, maker, lots, price)


def _change_hands(desk: Desk, taker: Order, maker: Order, lots: int, price: int) -> tuple[int, int, int, int]:
    """(asset the taker receives, how much, asset it pays, how much)"""
    state, symbol = desk.state, desk.state.symbols[maker.symbol]
    base, quote = lots * symbol.lot_units, lots * price * symbol.tick_lot_units
    buys = (symbol.base, base, symbol.quote, quote)
    received, got, paid, given = buys if taker.side == Side.BUY else (*buys[2:], *buys[:2])
    state.change(taker.account, paid, available=-given)
    state.change(maker.account, received, available=-got)
    state.change(taker.account, received, available=got)
    state.change(maker.account, paid, available=given)
    for order in (taker, maker):
        touch(state, order.account, desk.now)
    return received, got, paid, given


def repay_from(desk: Desk, taker: Order, maker: Order, settled: Settled) -> None:
    """What a trade brought repays loans, where an order asks for that."""
    desk.loans.repay_from_fill(taker, settled.taker_asset, settled.taker_fee.kept, desk.index, desk.now)
    desk.loans.repay_from_fill(maker, settled.maker_asset, settled.maker_fee.kept, desk.index, desk.now)
