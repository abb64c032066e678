"""What happens because time passed: docs/ORDERS.md section 9. Good-till-date orders and dead man's switches.

Owns the order in which timers go off, and how many of them before one frame.
"""

from engine.oracle.desk import Desk
from engine.oracle.state import COUNTDOWN_TIMER, GTD_TIMER
from engine.types import EXPIRIES_MAX, STEPS_MAX, Code, EventFlag


def run(desk: Desk, frame_now: int, now: int, is_first: bool) -> int:
    """Let timers go off that are due at `frame_now`; `now` is the time of the last expiry, if any came before. Returns the last one's."""
    steps = 0
    for time, kind, who in _due(desk, frame_now):
        if steps >= EXPIRIES_MAX:
            break
        if (time, kind, who) not in desk.state.timers:
            continue  # ended with its list
        now += not is_first
        is_first = False
        desk.at(-1, now)
        steps += _ACTIONS[kind](desk, who, time)
    return now


def _due(desk: Desk, now: int) -> list[tuple[int, int, int]]:
    return [timer for timer in desk.state.timers if timer[0] <= now]


def _end_order(desk: Desk, order_id: int, _time: int) -> int:
    desk.expire(desk.state.orders[order_id], Code.TIME_UP)
    return 1


def _fire(desk: Desk, account: int, time: int) -> int:
    """The switch stays where it is if more orders are open than can be cancelled at once."""
    state = desk.state
    desk.countdown_event(account, time, EventFlag.FIRED)
    orders = [order for (owner, _), orders in state.of_account.items() if owner == account for order in orders.values()]
    orders.sort(key=lambda order: (order.symbol, order.order_id))
    cancelled, some_are_left = desk.cancel_all(orders, STEPS_MAX)
    if not some_are_left:
        state.set_countdown(account, 0)
    return 1 + cancelled


_ACTIONS = {GTD_TIMER: _end_order, COUNTDOWN_TIMER: _fire}
