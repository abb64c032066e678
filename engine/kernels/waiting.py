"""Open orders that are not in the book, and what brings them there. docs/ORDERS.md sections 1 and 5.

Owns where they are: WAITING ones in two more ladders of their symbol, by stop price; TRACKING and DUE ones in two queues of their symbol,
linked as levels are. And the backlog: the queue of symbols with something to do, whose orders are taken up between commands
(engine/kernels/triggers.py). A symbol keeps the lowest and the highest price reached only while it has something to do.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.balances import balance_slot, hold
from engine.kernels.book import enter_level, executes_as_market, hold_amount, hold_asset, leave_level, rest_of, stop_resting
from engine.kernels.state import ABOVE, BARE, BELOW, BUSY, LADDERS
from engine.types import BPS, OrderState, OrderType, Side, SymbolStatus, TimeInForce

# ---------------------------------------------------------------- holds


@inlined_kernel
def hold_ticks_of(order):
    """The price by which an open order holds."""
    return order.price_ticks if order.special == 0 or order.state == OrderState.RESTING else order.hold_ticks


@kernel
def move_hold(venue, registry, balances, order, sign):
    """Takes what an order holds out of its owner's available balance, or (sign -1) gives it back."""
    symbol = registry.symbols[order.symbol]
    side = np.int64(order.side)
    amount = hold_amount(symbol, side, hold_ticks_of(order), rest_of(order))
    hold(balances[balance_slot(venue, balances, np.int64(order.account), hold_asset(symbol, side))], sign * amount)


@inlined_kernel
def carries(order):
    """Whether an open order's hold is in its owner's held balance."""
    return order.special & BARE == 0


@inlined_kernel
def is_algo(order_type):
    """Whether an order of this type waits for a price before it executes."""
    return OrderType.MARKET < order_type <= OrderType.TAKE_PROFIT_LIMIT


@inlined_kernel
def is_above(side, order_type):
    """Whether a contingent order waits for a higher price."""
    return (order_type <= OrderType.STOP_LOSS_LIMIT) == (side == Side.BUY)


@inlined_kernel
def may_rest(order_type, time_in_force):
    """Whether what such an order leaves lies in the book."""
    return not executes_as_market(order_type) and (time_in_force == TimeInForce.GTC or time_in_force == TimeInForce.GTD)


# ---------------------------------------------------------------- places


@inlined_kernel
def _stop_row(order):
    above = is_above(order.side, order.order_type)
    return np.int64(order.symbol) * LADDERS + (ABOVE if above else BELOW)


@kernel
def wait_or_track(venue, registry, book, slot):
    """Lets a contingent order wait for its stop price, or, where it has none, follow the last price."""
    order = book.orders[slot]
    symbol = registry.symbols[order.symbol]
    if order.stop_price_ticks != 0:
        order.state = OrderState.WAITING
        enter_level(venue, book, _stop_row(order), order.stop_price_ticks, slot, 0)
        symbol.stops += 1
    else:
        track(registry, book, slot, symbol.last_price_ticks)


@kernel
def track(registry, book, slot, extreme_ticks):
    """Lets a trailing order, which is nowhere, follow the last price."""
    order = book.orders[slot]
    symbol = registry.symbols[order.symbol]
    order.state = OrderState.TRACKING
    order.extreme_ticks = extreme_ticks
    order.next = 0
    order.previous = symbol.tracking_last
    if symbol.tracking_last != 0:
        book.orders[symbol.tracking_last].next = slot
    else:
        symbol.tracking_first = slot
    symbol.tracking_last = slot
    symbol.stops += 1


@kernel
def become_due(registry, book, slot):
    """Puts an order, which is nowhere, at the end of those that become working."""
    order = book.orders[slot]
    symbol = registry.symbols[order.symbol]
    order.state = OrderState.DUE
    order.next = 0
    order.previous = symbol.due_last
    if symbol.due_last != 0:
        book.orders[symbol.due_last].next = slot
    else:
        symbol.due_first = slot
    symbol.due_last = slot


@inlined_kernel
def _unlink(book, order):
    """Joins what is before and after an order in its queue."""
    if order.previous != 0:
        book.orders[order.previous].next = order.next
    if order.next != 0:
        book.orders[order.next].previous = order.previous


@kernel
def leave_place(venue, registry, book, slot):
    """Takes an open order from where its state says it is; returns its level's lots without it, 0 where it was not in the book."""
    order = book.orders[slot]
    symbol = registry.symbols[order.symbol]
    if order.state == OrderState.RESTING:
        return stop_resting(venue, book, slot)
    if order.state == OrderState.WAITING:
        leave_level(venue, book, _stop_row(order), order, 0)
        symbol.stops -= 1
    elif order.state == OrderState.TRACKING:
        _unlink(book, order)
        if symbol.tracking_first == slot:
            symbol.tracking_first = order.next
        if symbol.tracking_last == slot:
            symbol.tracking_last = order.previous
        symbol.stops -= 1
    elif order.state == OrderState.DUE:
        _unlink(book, order)
        if symbol.due_first == slot:
            symbol.due_first = order.next
        if symbol.due_last == slot:
            symbol.due_last = order.previous
    return np.int64(0)


# ---------------------------------------------------------------- marks and the backlog


@inlined_kernel
def attentive(symbol):
    """Whether anybody but the two parties takes notice of a trade."""
    return symbol.stops != 0 or symbol.special & BUSY != 0


@kernel
def note_match(venue, registry, book, symbol_id, first_ticks, last_ticks):
    """A match made trades, the first and the last at these prices: who follows them follows, and what they reach has its turn."""
    symbol = registry.symbols[symbol_id]
    low = min(first_ticks, last_ticks)
    symbol.low_ticks = low if symbol.low_ticks == 0 else min(symbol.low_ticks, low)
    symbol.high_ticks = max(symbol.high_ticks, first_ticks, last_ticks)
    symbol.first_ticks = first_ticks
    slot = np.int64(symbol.tracking_first)
    while slot != 0:
        order = book.orders[slot]
        following = np.int64(order.next)
        if _turns(order, first_ticks) or _turns(order, last_ticks):
            leave_place(venue, registry, book, slot)
            become_due(registry, book, slot)
        slot = following
    attend(venue, registry, book, symbol_id)


@inlined_kernel
def _turns(order, price_ticks):
    """A TRACKING order sees a price: True where it has come back by the delta, else the best price seen is kept."""
    extreme = order.extreme_ticks
    if order.side == Side.SELL:
        if extreme == 0 or price_ticks > extreme:
            order.extreme_ticks = price_ticks
            return False
        return price_ticks * BPS <= extreme * (BPS - np.int64(order.trailing_bps))
    if extreme == 0 or price_ticks < extreme:
        order.extreme_ticks = price_ticks
        return False
    return price_ticks * BPS >= extreme * (BPS + np.int64(order.trailing_bps))


@inlined_kernel
def reached_above(book, symbol, symbol_id):
    """The row of the WAITING order that is first among those whose stop price was reached from below, or 0."""
    level = book.levels[ladder_best(book, symbol_id, ABOVE)]
    return np.int64(level.head) if level.price_ticks <= symbol.high_ticks else np.int64(0)  # level 0 is all zero


@inlined_kernel
def reached_below(book, symbol, symbol_id):
    level = book.levels[ladder_best(book, symbol_id, BELOW)]
    return np.int64(level.head) if symbol.low_ticks != 0 and level.price_ticks >= symbol.low_ticks else np.int64(0)


@inlined_kernel
def ladder_best(book, symbol_id, which):
    return np.int64(book.ladders[symbol_id * LADDERS + which].best)


@inlined_kernel
def has_work(book, symbol, symbol_id):
    """Whether a drain of the symbol would do anything."""
    if symbol.uncross_ticks != 0:
        return True
    if symbol.status != SymbolStatus.TRADING:
        return False
    return symbol.due_first != 0 or reached_above(book, symbol, symbol_id) != 0 or reached_below(book, symbol, symbol_id) != 0


@kernel
def attend(venue, registry, book, symbol_id):
    """Puts the symbol on the backlog where it has something to do; where it has not, what was reached is forgotten."""
    symbol = registry.symbols[symbol_id]
    if symbol.special & BUSY != 0 or symbol_id == venue.drained:
        return
    if has_work(book, symbol, symbol_id):
        symbol.special |= BUSY
        symbol.backlog_next = 0
        if venue.backlog_last != 0:
            registry.symbols[venue.backlog_last].backlog_next = symbol_id
        else:
            venue.backlog_first = symbol_id
        venue.backlog_last = symbol_id
    elif symbol.status == SymbolStatus.TRADING:
        symbol.low_ticks = 0
        symbol.high_ticks = 0
        symbol.first_ticks = 0


@kernel
def leave_backlog(venue, registry):
    """Takes the first symbol off the backlog and returns it."""
    first = np.int64(venue.backlog_first)
    symbol = registry.symbols[first]
    venue.backlog_first = symbol.backlog_next
    if symbol.backlog_next == 0:
        venue.backlog_last = 0
    symbol.special &= ~BUSY
    return first
