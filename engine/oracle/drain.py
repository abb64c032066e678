"""The backlog is worked off: docs/ORDERS.md section 5, "The backlog", "Activation", and section 7, "A pending order's turn".

Owns what becomes of an order whose stop price is reached or whose turn in a list has come.
"""

from engine.oracle import auction, filters
from engine.oracle.desk import Desk
from engine.oracle.fills import Taker
from engine.oracle.lists import carry_larger_hold
from engine.oracle.state import Order
from engine.oracle.triggers import has_work, next_reached, settle, track
from engine.oracle.working import execute, is_refused_as_maker, lacks_hold, missing_funds, peg_price, wait, would_trigger
from engine.types import STEPS_MAX, Code, EventKind, OrderState, OrderStatus, SymbolStatus


def drain(desk: Desk) -> None:
    """The first symbol of the backlog, at most STEPS_MAX steps of it."""
    state = desk.state
    if not state.backlog:
        return
    symbol = state.backlog.popleft()
    row = state.symbols[symbol]
    if row.status != SymbolStatus.TRADING and not row.uncross_ticks:
        return
    state.draining = symbol
    steps = 0
    while steps < STEPS_MAX and has_work(state, symbol):
        steps += auction.pair(desk, symbol) if row.uncross_ticks else _next(desk, symbol)
    state.draining = 0
    settle(state, symbol)


def _next(desk: Desk, symbol: int) -> int:
    """The next due order, or the next that was reached; returns its steps."""
    state = desk.state
    order = next(iter(state.due[symbol].values()), None) or next_reached(state, symbol)
    if order.awaits_turn:
        return _turn(desk, order)
    if order.trailing_bps and order.state == OrderState.WAITING:
        _follow(desk, order)
        return 1
    return _activate(desk, order)


def _follow(desk: Desk, order: Order) -> None:
    """A trailing order whose stop price is reached."""
    first = desk.state.symbols[order.symbol].first
    desk.state.leave(order)
    track(desk.state, order, max(order.stop_price_ticks, first) if order.is_above else min(order.stop_price_ticks, first))


def _activate(desk: Desk, order: Order) -> int:
    """It begins to work; returns the steps of that."""
    desk.separate(order)
    desk.return_hold(order)
    desk.state.leave(order)
    code = _take_peg_price(desk, order)
    if code is None and is_refused_as_maker(desk.state, order):
        code = Code.WOULD_TAKE
    missing = missing_funds(desk.state, order)
    if code is None:
        code = desk.loans.refuse_missing(order, *missing, desk.now)
    if code is not None:
        desk.expire(order, code)
        return 1
    desk.loans.borrow_missing(order, *missing, desk.index, desk.now)
    taker = Taker(order)
    execute(desk, taker)
    return 1 + taker.steps


def _take_peg_price(desk: Desk, order: Order) -> Code | None:
    """ACTIVATED, with its price; why a pegged order has none, or must not have it."""
    if not order.peg or order.is_contingent and order.awaits_turn:
        _activated(desk, order)
        return None
    order.price_ticks = peg_price(desk.state, order)
    if order.price_ticks == 0:
        return Code.PEG_UNAVAILABLE
    order.hold_ticks = order.price_ticks
    _activated(desk, order)
    return filters.refuse_price(desk.state, order) or filters.refuse_value(desk.state, order)


def _activated(desk: Desk, order: Order) -> None:
    desk.order_event(EventKind.ACTIVATED, order, OrderStatus.NEW, order.rest)


def _turn(desk: Desk, order: Order) -> int:
    """A pending order whose working one is filled: it is placed, or activated where nothing else is to be waited for."""
    state = desk.state
    partner = state.partner(order)
    if not order.is_contingent and partner is None:
        order.awaits_turn = 0
        return _activate(desk, order)
    desk.return_hold(order)  # at the price at which it was taken, before a peg has another
    state.leave(order)
    code = _take_peg_price(desk, order)
    order.awaits_turn = 0
    if code is None and is_refused_as_maker(state, order):
        code = Code.WOULD_TAKE
    if code is None and would_trigger(state, order):
        code = Code.WOULD_TRIGGER
    if code is None and not _has_funds(desk, order, partner):
        code = Code.INSUFFICIENT_BALANCE
    if code is not None:
        desk.expire(order, code)
    elif order.is_contingent:
        wait(desk, order)
    else:
        execute(desk, Taker(order))
    return 1


def _has_funds(desk: Desk, order: Order, partner: Order | None) -> bool:
    """Takes the hold, too: its own, or the larger one of a pair."""
    if partner is not None:
        return carry_larger_hold(desk, order, partner)
    if lacks_hold(desk.state, order):
        return False
    desk.take_hold(order)
    return True
