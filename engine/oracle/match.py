"""A taker against the book: docs/CORE.md, "The match", and docs/ORDERS.md section 4. Prices, steps, ranges, fills.

Owns which maker is next and how much of it trades. Knows nothing of commands or ladders: whoever calls has made sure that the taker may
trade.
"""

from collections.abc import Iterator

from engine.oracle import selftrade, triggers
from engine.oracle.desk import Desk, open_status, order_fields
from engine.oracle.fills import Taker, affordable, counter_fields, exchange, execute_lots, next_trade, repay_from, spend
from engine.oracle.levels import is_fair
from engine.oracle.state import Order, State
from engine.types import PPM, STEPS_MAX, Code, EventKind, Filter, OrderStatus, Side, Stp


class PriceRange:
    """Between which prices may be traded, as the last price was when the command or activation began."""

    def __init__(self, state: State, symbol: int) -> None:
        last = state.symbols[symbol].last_price_ticks
        up, down = state.filter(symbol, Filter.RANGE_UP_PPM), state.filter(symbol, Filter.RANGE_DOWN_PPM)
        self._highest = last * up // PPM if last and up else None
        self._lowest = -(-last * down // PPM) if last and down else None

    def __contains__(self, price: int) -> bool:
        return (self._highest is None or price <= self._highest) and (self._lowest is None or price >= self._lowest)


def fills_entirely(state: State, order: Order, now: int) -> bool:
    """Whether `order`, executed now as IOC, would be filled to the last lot."""
    left, prices = order.rest, PriceRange(state, order.symbol)
    for steps, maker in enumerate(makers(state, order)):
        if maker.price_ticks not in prices or not is_fair(state, order, maker.price_ticks) or steps == STEPS_MAX:
            return False
        if is_over(maker, now):
            continue
        if selftrade.prevents(state, maker, order):
            if order.stp != Stp.EXPIRE_MAKER:
                return False
            continue
        left -= min(left, maker.rest)
        if left == 0:
            return True
    return False


def match(desk: Desk, taker: Taker) -> Code | None:
    """Execute `taker` as far as it goes, in place. Returns why it must not rest, or None where the book just offers no more."""
    state, order = desk.state, taker.order
    prices, traded = PriceRange(state, order.symbol), []
    ending = _match(desk, taker, prices, traded)
    if traded and state.knows_orders:
        triggers.saw(state, order.symbol, traded[0], traded[-1])
    return ending


def _match(desk: Desk, taker: Taker, prices: PriceRange, traded: list[int]) -> Code | None:
    state, order = desk.state, taker.order
    while not taker.filled:
        maker = next(makers(state, order), None)
        if maker is None:
            return None
        if maker.price_ticks not in prices or not is_fair(state, order, maker.price_ticks):
            return Code.PRICE_RANGE
        if taker.by_quote and not affordable(state, taker, maker.price_ticks):
            return Code.BUDGET_SPENT
        if taker.steps == STEPS_MAX:
            return Code.WORK_LIMIT
        taker.steps += 1
        if is_over(maker, desk.now):
            desk.expire(maker, Code.TIME_UP)
            continue
        if selftrade.prevents(state, maker, order) and not selftrade.decrements(order):
            ending = selftrade.end_orders(desk, taker, maker)
            if ending is not None:
                return ending
            continue
        lots = _lots_of_trade(state, taker, maker)
        if lots == 0:
            return Code.BUDGET_SPENT
        desk.separate(maker)
        if selftrade.prevents(state, maker, order):
            if selftrade.decrement(desk, taker, maker, lots):
                return Code.SELF_TRADE
            continue
        traded.append(maker.price_ticks)
        _trade(desk, taker, maker, lots)
    return None


def makers(state: State, taker: Order) -> Iterator[Order]:
    """The opposite orders in priority, as far as the taker's limit reaches."""
    for maker in state.makers(taker.symbol, 1 - taker.side):
        price = maker.price_ticks
        if not taker.executes_as_market and (price > taker.price_ticks if taker.side == Side.BUY else price < taker.price_ticks):
            return
        yield maker


def is_over(order: Order, now: int) -> bool:
    return 0 < order.expires_ns <= now


def _lots_of_trade(state: State, taker: Taker, maker: Order) -> int:
    order, symbol = taker.order, state.symbols[maker.symbol]
    offered = maker.rest if taker.converts else maker.shows
    lots = min(offered, affordable(state, taker, maker.price_ticks) if taker.by_quote else order.rest)
    if not order.executes_as_market:
        return lots
    if order.side == Side.BUY:
        available = state.balance(order.account, symbol.quote).available
        return min(lots, available // (maker.price_ticks * symbol.tick_lot_units))
    if taker.by_quote:
        return min(lots, state.balance(order.account, symbol.base).available // symbol.lot_units)
    return lots


def _trade(desk: Desk, taker: Taker, maker: Order, lots: int) -> None:
    """Execute `lots` at the maker's price."""
    state, order, price = desk.state, taker.order, maker.price_ticks
    desk.release(maker, lots)
    settled = exchange(desk, order, maker, lots, price, in_kind=taker.from_within)
    trade_id = next_trade(state, maker.symbol, price)
    execute_lots(desk, order, lots, price, counted=not taker.from_within)
    execute_lots(desk, maker, lots, price)
    state.take_shown(maker, lots)
    if maker.rest == 0:
        state.leave(maker)
    taker.filled = spend(state, taker, price, lots)
    desk.event(**order_fields(order) | counter_fields(maker) | desk.level_change(maker) | {
        "kind": EventKind.TRADE, "status": OrderStatus.FILLED if taker.filled else OrderStatus.PARTIALLY_FILLED,
        "price_ticks": price, "quantity_lots": lots, "order_lots": taker.reported_lots, "trade_id": trade_id,
        "counter_status": open_status(maker) if maker.rest else OrderStatus.FILLED,
    } | settled.event_fields())  # fmt: skip
    repay_from(desk, order, maker, settled)
    if maker.rest == 0:
        desk.filled(maker)
    if taker.filled:
        desk.filled(order)
