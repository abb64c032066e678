"""An auction ends with one price for all: docs/ORDERS.md section 8.

Owns that price, and the pairing of bids and asks at it.
"""

from engine.oracle import selftrade
from engine.oracle.desk import Desk, open_status, order_fields
from engine.oracle.fills import counter_fields, exchange, execute_lots, next_trade, repay_from
from engine.oracle.match import is_over
from engine.oracle.state import Order, State
from engine.oracle.triggers import saw
from engine.types import Code, EventFlag, EventKind, OrderStatus, Side, SymbolStatus


def is_crossed(state: State, symbol: int) -> bool:
    bid, ask = state.best_price(symbol, Side.BUY), state.best_price(symbol, Side.SELL)
    return bool(bid and ask and bid >= ask)


def _crossed_levels(state: State, symbol: int) -> list[int]:
    """The prices of all levels of both sides between the best ask and the best bid; none where they do not cross."""
    if not is_crossed(state, symbol):
        return []
    bid, ask = state.best_price(symbol, Side.BUY), state.best_price(symbol, Side.SELL)
    return [price for side in Side for price, _ in state.levels(symbol, side) if ask <= price <= bid]


def uncross(state: State, symbol: int) -> tuple[int, int]:
    """(price, lots) as the auction would end now, whoever must not trade with whom; (0, 0) where nothing would trade."""
    if not is_crossed(state, symbol):
        return 0, 0
    prices, last = set(_crossed_levels(state, symbol)), state.symbols[symbol].last_price_ticks

    def worth(price: int) -> tuple[int, ...]:
        bids = sum(order.rest for order in state.makers(symbol, Side.BUY) if order.price_ticks >= price)
        asks = sum(order.rest for order in state.makers(symbol, Side.SELL) if order.price_ticks <= price)
        return min(bids, asks), -abs(bids - asks), -abs(price - last), -price

    best = max(prices, key=worth)
    return best, worth(best)[0]


def begin(state: State, symbol: int) -> None:
    """The price is fixed; the pairings follow as the backlog is drained."""
    row = state.symbols[symbol]
    row.uncross_ticks = uncross(state, symbol)[0]
    state.symbols.touch(symbol)


def pair(desk: Desk, symbol: int) -> int:
    """Best bid against best ask; returns the steps. Where that is used up, the uncross is over, or its price is fixed anew: a step for each
    level that it is chosen from."""
    state, row = desk.state, desk.state.symbols[symbol]
    bid, ask = (next(state.makers(symbol, side), None) for side in (Side.BUY, Side.SELL))
    if bid is None or ask is None or bid.price_ticks < row.uncross_ticks or ask.price_ticks > row.uncross_ticks:
        looked = len(_crossed_levels(state, symbol))
        begin(state, symbol)
        if row.uncross_ticks == 0:
            row.status, row.resumed_ns = SymbolStatus.TRADING, desk.now
        return max(1, looked)
    over = next((order for order in (bid, ask) if is_over(order, desk.now)), None)
    if over is not None:
        desk.expire(over, Code.TIME_UP)
        return 1
    maker, taker = sorted((bid, ask), key=lambda order: order.order_id)
    if selftrade.prevents(state, maker, taker) and not selftrade.decrements(taker):
        selftrade.end_resting(desk, taker, maker, row.uncross_ticks)
        return 1
    desk.separate(maker)
    desk.separate(taker)
    lots = min(maker.rest, taker.rest)
    if selftrade.prevents(state, maker, taker):
        selftrade.decrement_resting(desk, taker, maker, lots, row.uncross_ticks)
    else:
        _trade(desk, taker, maker, lots, row.uncross_ticks)
    return 1


def _trade(desk: Desk, taker: Order, maker: Order, lots: int, price: int) -> None:
    state = desk.state
    for order in (taker, maker):
        desk.release(order, lots)
    settled = exchange(desk, taker, maker, lots, price, auction=True)
    trade_id = next_trade(state, maker.symbol, price)
    for order in (taker, maker):
        execute_lots(desk, order, lots, price)
    statuses = [open_status(order) if order.rest else OrderStatus.FILLED for order in (taker, maker)]
    for order, status in zip((taker, maker), statuses, strict=True):
        desk.shrink_in_place(order, lots, status)
    desk.event(**order_fields(taker) | counter_fields(maker) | {
        "kind": EventKind.TRADE, "status": statuses[0], "counter_status": statuses[1], "price_ticks": price,
        "quantity_lots": lots, "trade_id": trade_id,
    } | settled.event_fields(EventFlag.AUCTION))  # fmt: skip
    repay_from(desk, taker, maker, settled)
    for order in (maker, taker):
        if order.rest == 0:
            desk.filled(order)
    saw(state, maker.symbol, price, price)
