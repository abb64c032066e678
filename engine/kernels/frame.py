"""The one door for commands: a frame is applied in as few calls as the event buffer allows, mostly one.

A command, or one of the things between commands (engine/kernels/stages.py), is started only where there is room for all it could bring
about (EVENTS_MAX events, BALANCES_MAX balances, NODES_MAX ladder nodes, ORDERS_MAX orders), so nothing below checks for room. The caller
makes room and comes back. Only a chain that trades may want more events: it says so in `out.wanted` and waits for the caller's return as
if it had not been started.
"""

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel, kernel
from engine.kernels.admin import admin_command
from engine.kernels.aside import COMMAND, ORDER_LIST, STAGE, aside, task
from engine.kernels.binding import address_of, bind, bind_batch, bound_batch, bound_output, bound_state, family
from engine.kernels.events import TERMS_SINCE
from engine.kernels.foresight import foresee
from engine.kernels.hashed import fits
from engine.kernels.lending import is_loan, loan_command
from engine.kernels.pending import expire_holds
from engine.kernels.place import order_command
from engine.kernels.stages import BACKLOG, READY, TIMERS
from engine.kernels.state import (
    BALANCES_MAX,
    EVENTS_MAX,
    LOANS_MAX,
    NODES_MAX,
    ORDERS_MAX,
    WATCHES_MAX,
    Output,
    State,
)
from engine.kernels.transfers import is_transfer, transfer_commands
from engine.types import Kind

BEGIN = -1


@entry_kernel
def run_ledger(address, at):
    """The ledger's commands and loans, as a family (engine/kernels/binding.py)."""
    state, batch, out = bound_state(address), bound_batch(address), bound_output(address)
    if is_loan(state.venue[0], batch.transfers[at].kind):
        batch.codes[at] = loan_command(state, batch, out, at)
        return at + 1
    return transfer_commands(state, batch, out, at)


@entry_kernel
def run_admin(address, at):
    """Administration, as a family."""
    return np.int64(admin_command(bound_state(address), bound_batch(address), bound_output(address), at))


_ledger = family(run_ledger)
_admin = family(run_admin)


@inlined_kernel
def has_room(venue, book, balances, margin, out):
    """Whether one more command can be started, whatever it is."""
    setup = margin.setup[0]
    return (
        venue.events + out.wanted[0] <= out.orders.size
        and fits(venue.balances_used + BALANCES_MAX, balances)
        and fits(venue.orders_open + ORDERS_MAX, book.order_ids)
        and fits(venue.lists_open + 1, book.list_ids)
        and venue.timers + ORDERS_MAX < book.timers.size
        and fits(venue.rosters_used + 1, book.rosters)
        and venue.nodes_top + NODES_MAX < book.node_bits.size
        and (setup.numeraire == 0 or _has_margin_room(setup, margin))
    )


@inlined_kernel
def _has_margin_room(setup, margin):
    return (
        setup.accounts + 1 < margin.accounts.size
        and fits(setup.loans_used + LOANS_MAX, margin.loans)
        and fits(setup.lenders_used + 1, margin.lenders)
        and setup.watches_top + WATCHES_MAX < margin.watches.size
    )


@kernel
def run_commands(state, batch, out, start):
    """Applies commands from `start` on, as long as there is room; returns the place of the first that was not started. The frame is done
    where that is the end and `venue.stage` is READY.

    BEGIN as `start` stands for the frame's beginning: expiries come before its first command; `venue.now` is the frame's time then.
    """
    venue = state.venue[0]
    out.wanted[0] = EVENTS_MAX
    count = batch.orders.size
    at = start
    if start == BEGIN:
        venue.index = -1
        venue.frame_ns = venue.now
        venue.expiries = 0
        expire_holds(venue, state.ledger, out)
        venue.steps_taken = 0
        venue.stage = TIMERS if venue.timers != 0 else BACKLOG
        at = 0
    while has_room(venue, state.book, state.ledger.balances, state.margin, out):
        if venue.stage != READY:
            aside(state, batch, out, task(STAGE, 0))
            continue
        if at == count:
            break
        begun = at
        venue.now += 1
        venue.index = at
        foresee(state, batch, at)
        kind = np.int64(batch.orders[at].kind)
        if Kind.PLACE <= kind <= Kind.AMEND:
            batch.codes[at] = order_command(state, batch, out, at)
            at += 1
        elif is_transfer(venue, kind) or is_loan(venue, kind):
            at = _ledger(state, batch, out, at)
        elif kind == Kind.PLACE_LIST and venue.rules_version >= TERMS_SINCE:
            at = aside(state, batch, out, task(ORDER_LIST, at))
        elif Kind.CANCEL_LIST <= kind <= Kind.COUNTDOWN and venue.rules_version >= TERMS_SINCE:
            batch.codes[at] = aside(state, batch, out, task(COMMAND, at))
            at += 1
        else:
            batch.codes[at] = _admin(state, batch, out, at)
            at += 1
        if venue.backlog_first != 0 and at != begun:
            venue.stage = BACKLOG
    return at


@entry_kernel
def run_bound(binding, commands, codes, start):
    """`run_commands` with the tables of a binding: ORDER_COMMAND records, and where their codes go."""
    bind_batch(binding, commands, codes)
    address = address_of(binding)
    return run_commands(bound_state(address), bound_batch(address), bound_output(address), start)


class Frames:
    """A state and a buffer of events, ready for frames: bound once, for as long as their tables stay the same arrays."""

    def __init__(self, state: State, out: Output) -> None:
        self.state, self.out = state, out
        self._binding = bind(state, out)

    def run(self, commands: np.ndarray, codes: np.ndarray, start: int) -> int:
        """As `run_commands`. `commands`: contiguous and writable ORDER_COMMAND records; `codes`: int16."""
        return run_bound(self._binding, commands, codes, start)
