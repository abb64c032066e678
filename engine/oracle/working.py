"""An order begins to work: at its placement, or when its turn comes. What it needs, what it meets, where it ends up.

Owns step 17 of the ladder (the funds), pegged prices, and what follows "here it must succeed" of docs/CORE.md section 3.
"""

from engine.oracle.desk import Desk, open_status, order_hold
from engine.oracle.fills import Taker
from engine.oracle.levels import is_fair
from engine.oracle.match import fills_entirely, match
from engine.oracle.state import Order, State
from engine.oracle.triggers import track
from engine.types import STEPS_MAX, Code, EventKind, OrderState, OrderStatus, OrderType, Peg, Side, TimeInForce


def crosses(state: State, order: Order) -> bool:
    best = state.best_price(order.symbol, 1 - order.side)
    if best == 0:
        return False
    return order.price_ticks >= best if order.side == Side.BUY else order.price_ticks <= best


def peg_price(state: State, order: Order) -> int:
    """The price of the level that a pegged order names, 0 where the book lacks it."""
    side = order.side if order.peg == Peg.PRIMARY else 1 - order.side
    prices = [price for price, _ in state.levels(order.symbol, side)]
    return prices[order.peg_offset] if order.peg_offset < len(prices) else 0


def hold_ticks(state: State, order: Order) -> int:
    """At which price an order that is not in the book is held for."""
    return order.price_ticks or order.stop_price_ticks or state.symbols[order.symbol].last_price_ticks or 1


def would_trigger(state: State, order: Order) -> bool:
    """Step 18b."""
    stop, last = order.stop_price_ticks, state.symbols[order.symbol].last_price_ticks
    if not order.is_contingent or stop == 0 or last == 0:
        return False
    return stop <= last if order.is_above else stop >= last


# ---------------------------------------------------------------- funds


def missing_funds(state: State, order: Order, quote_quantity: int = 0) -> tuple[int, int]:
    """Step 17 for an order that begins to work: (asset, units) that are not available, none or fewer where enough is."""
    asset, needed = _funds_needed(state, order, quote_quantity)
    return asset, needed - state.balance(order.account, asset).available


def missing_hold(state: State, order: Order) -> tuple[int, int]:
    """Step 17 for an order that waits, or is one of a pair: likewise."""
    asset, units = order_hold(state, order, order.rest)
    return asset, units - state.balance(order.account, asset).available


def lacks_funds(state: State, order: Order) -> bool:
    return missing_funds(state, order)[1] > 0


def lacks_hold(state: State, order: Order) -> bool:
    return missing_hold(state, order)[1] > 0


def _funds_needed(state: State, order: Order, quote_quantity: int) -> tuple[int, int]:
    """(asset, units)"""
    symbol = state.symbols[order.symbol]
    if not order.executes_as_market:
        return order_hold(state, order, order.rest)
    if order.side == Side.SELL and not quote_quantity:
        return symbol.base, order.rest * symbol.lot_units
    lots, quote = _walk(state, order, quote_quantity)
    return (symbol.quote, quote) if order.side == Side.BUY else (symbol.base, lots * symbol.lot_units)


def _walk(state: State, order: Order, quote_quantity: int) -> tuple[int, int]:
    """(lots, quote units) that the opposite levels would give a market order, as the estimate of step 17 counts them."""
    taken_lots = taken_quote = 0
    for step, (price, level) in enumerate(state.levels(order.symbol, 1 - order.side)):
        if step == STEPS_MAX:
            break
        unit = price * state.symbols[order.symbol].tick_lot_units
        offered = sum(maker.rest for maker in level.orders.values())
        wanted = (quote_quantity - taken_quote) // unit if quote_quantity else order.rest - taken_lots
        takes = min(offered, wanted)
        taken_lots += takes
        taken_quote += takes * unit
        if takes < offered:
            break
    return taken_lots, taken_quote


# ---------------------------------------------------------------- effects: from here on nothing fails


def wait(desk: Desk, order: Order) -> None:
    """A contingent order begins to wait for its stop price, or, without one, to follow the last price."""
    if order.stop_price_ticks:
        desk.state.enter(order, OrderState.WAITING)
    else:
        track(desk.state, order, desk.state.symbols[order.symbol].last_price_ticks)


def execute(desk: Desk, taker: Taker) -> None:
    """An order that is nowhere takes what it can; what is left of it rests or expires."""
    order = taker.order
    if order.time_in_force == TimeInForce.FOK and not fills_entirely(desk.state, order, desk.now):
        desk.expire(order, Code.NOT_FILLABLE)
        return
    ending = match(desk, taker)
    if taker.filled:
        return
    if ending is None and order.may_rest and not is_fair(desk.state, order, order.price_ticks):
        ending = Code.PRICE_RANGE
    if ending is None and order.may_rest:
        changed = desk.rest(order)
        desk.order_event(EventKind.RESTED, order, open_status(order), order.rest, **changed)
    elif ending == Code.SELF_TRADE:
        lost = taker.lost_lots
        desk.end(order, OrderStatus.EXPIRED_IN_MATCH, ending, lost, prevented_lots=lost if desk.state.knows_orders else 0,
                 order_lots=taker.reported_lots)  # fmt: skip
    else:
        lots = 0 if taker.by_quote else order.rest
        desk.end(order, OrderStatus.EXPIRED, ending or Code.NO_LIQUIDITY, lots, order_lots=taker.reported_lots)


def is_refused_as_maker(state: State, order: Order) -> bool:
    """Step 18."""
    return order.order_type == OrderType.LIMIT_MAKER and crosses(state, order)
