"""What the last price reaches: docs/ORDERS.md section 5. Marks, orders that track or wait, the backlog of symbols.

Owns which orders are due, and in which order. What becomes of them is in drain.py.
"""

from engine.oracle.state import Order, State, Symbol
from engine.types import BPS, OrderState, Side, SymbolStatus


def saw(state: State, symbol: int, first: int, last: int) -> None:
    """A match traded at `first` at first and at `last` at last."""
    row = state.symbols[symbol]
    row.low = min(row.low or first, first, last)
    row.high = max(row.high, first, last)
    row.first = first
    state.symbols.touch(symbol)
    for order in list(state.tracking[symbol].values()):
        if _reverses(order, first) or _reverses(order, last):
            state.leave(order)
            state.enter(order, OrderState.DUE)
        state.orders.touch(order.order_id)
    settle(state, symbol)


def _reverses(order: Order, price: int) -> bool:
    """A trailing order sees a price: it follows, or the price is back from its best by as much as the order allows."""
    is_better = price > order.extreme if order.side == Side.SELL else price < order.extreme
    if order.extreme == 0 or is_better:
        order.extreme = price
        return False
    if order.side == Side.SELL:
        return price * BPS <= order.extreme * (BPS - order.trailing_bps)
    return price * BPS >= order.extreme * (BPS + order.trailing_bps)


def track(state: State, order: Order, extreme: int) -> None:
    """It follows the last price from now on."""
    state.enter(order, OrderState.TRACKING)
    order.extreme = extreme


def next_reached(state: State, symbol: int) -> Order | None:
    """The waiting order whose turn it is: above before below, the stop price that was reached first, who has waited longest."""
    row = state.symbols[symbol]
    above, below = state.stops[symbol, True], state.stops[symbol, False]
    if above and above.peekitem(0)[0] <= row.high:
        return next(iter(above.peekitem(0)[1].values()))
    if below and row.low and below.peekitem(-1)[0] >= row.low:
        return next(iter(below.peekitem(-1)[1].values()))
    return None


def has_work(state: State, symbol: int) -> bool:
    return state.symbols[symbol].uncross_ticks > 0 or bool(state.due[symbol]) or next_reached(state, symbol) is not None


def settle(state: State, symbol: int) -> None:
    """The symbol joins the backlog where there is something to do; where there is nothing, its marks are of no use any more."""
    row = state.symbols[symbol]
    if state.draining == symbol or symbol in state.backlog:
        return
    if row.status != SymbolStatus.TRADING and not row.uncross_ticks:
        return
    if has_work(state, symbol):
        state.backlog.append(symbol)
    else:
        clear_marks(state, row)


def clear_marks(state: State, row: Symbol) -> None:
    row.low = row.high = row.first = 0
    state.symbols.touch(row.symbol)
