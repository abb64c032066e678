"""What comes before a frame's first command and between its commands: timers, and one drain of the backlog. docs/ORDERS.md sections 5, 9.

Each call does one thing, for which there is room, and leaves in `venue.stage` what is next; READY is the next command.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.events import countdown_event
from engine.kernels.lists import end_order
from engine.kernels.masscancel import cancel_orders
from engine.kernels.timers import GTD, remove_timer
from engine.kernels.triggers import take_up
from engine.kernels.upkeep import attend_next, refresh_indexes
from engine.kernels.waiting import attend, has_work, leave_backlog
from engine.types import BOTH_SIDES, EXPIRIES_MAX, STEPS_MAX, Code, EventFlag, EventKind, OrderStatus

READY, TIMERS, BACKLOG, DRAIN, INDEXES, ACCOUNTS = 0, 1, 2, 3, 4, 5
_FIRED = int(EventFlag.FIRED)


@kernel
def next_stage(state, out):
    """Does what `venue.stage` says."""
    venue = state.venue[0]
    registry, book, balances = state.registry, state.book, state.ledger.balances
    if venue.stage == TIMERS:
        if not _run_timer(venue, registry, book, balances, out):
            venue.stage = BACKLOG
    elif venue.stage == BACKLOG:
        venue.stage = _after_backlog(venue, state.margin)
        if venue.backlog_first != 0:
            venue.drained = leave_backlog(venue, registry)
            venue.steps_taken = 0
            venue.stage = DRAIN
    elif venue.stage == INDEXES:
        refresh_indexes(state, out)
        venue.stage = ACCOUNTS
    elif venue.stage == ACCOUNTS:
        if not attend_next(state, out):
            venue.stage = READY
    else:
        symbol_id = np.int64(venue.drained)
        if venue.steps_taken < STEPS_MAX and has_work(book, registry.symbols[symbol_id], symbol_id):
            venue.steps_taken += take_up(venue, registry, book, balances, state.margin, out, symbol_id)
        else:
            venue.drained = 0
            attend(venue, registry, book, symbol_id)
            venue.stage = _after_backlog(venue, state.margin)


@inlined_kernel
def _after_backlog(venue, margin):
    """What follows: before a frame's first command, the upkeep of docs/MARGIN.md."""
    return INDEXES if venue.index < 0 and margin.setup[0].numeraire != 0 else READY


@kernel
def _run_timer(venue, registry, book, balances, out):
    """Runs the first timer that is over; False where there is none, or enough have run before this frame."""
    timer = book.timers[1]
    if venue.timers == 0 or timer.time_ns > venue.frame_ns or venue.steps_taken >= EXPIRIES_MAX:
        return False
    if venue.expiries > 0:
        venue.now += 1
    venue.expiries += 1
    venue.steps_taken += 1
    row = np.int64(timer.row)
    if timer.kind == GTD:
        end_order(venue, registry, book, balances, out, row, EventKind.EXPIRED, Code.TIME_UP, OrderStatus.EXPIRED)
        return True
    countdown_event(venue, out, row, timer.time_ns, _FIRED)
    count, unfinished = cancel_orders(venue, registry, book, balances, out, row, np.int64(0), BOTH_SIDES, True)
    venue.steps_taken += count
    if not unfinished:
        account = registry.accounts[row]
        remove_timer(venue, registry, book, account.timer)
        account.countdown_ns = 0
    return True
