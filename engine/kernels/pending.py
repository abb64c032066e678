"""Pending transfers: what was held and waits for its capture, release or expiry.

Owns the pool, its id index, and the heap of those that expire, by (expires_ns, held_ns); no two are equal, since every command has its own
nanosecond, so the heap's order is the same however it came about. Each row knows its place in the heap (0: it never expires).
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.balances import balance_slot, move_to_held
from engine.kernels.events import hold_expired_event
from engine.kernels.hashed import link, row_of, unlink
from engine.types import EXPIRIES_MAX, EventKind


@kernel
def add_pending(venue, ledger, command, expires_ns, held_ns):
    """A new pending transfer as the HOLD `command` asks for; returns its row."""
    row = venue.pending_free
    if row != 0:
        venue.pending_free = ledger.pending[row].next_free
    else:
        venue.pending_top += 1
        row = venue.pending_top
    pending = ledger.pending[row]
    pending.id_hi = command.id_hi
    pending.id_lo = command.id_lo
    pending.debit = command.debit
    pending.credit = command.credit
    pending.asset = command.asset
    pending.reason = command.reason
    pending.amount = command.amount
    pending.expires_ns = expires_ns
    pending.user_hi = command.user_hi
    pending.user_lo = command.user_lo
    pending.held_ns = held_ns
    _enter(venue, ledger, row)
    return row


@kernel
def put_pending_back(venue, ledger, saved):
    """Undoes a resolution: a pending transfer equal to `saved` is there again."""
    row = venue.pending_free
    venue.pending_free = ledger.pending[row].next_free
    pending = ledger.pending[row]
    pending.id_hi = saved.id_hi
    pending.id_lo = saved.id_lo
    pending.debit = saved.debit
    pending.credit = saved.credit
    pending.asset = saved.asset
    pending.reason = saved.reason
    pending.amount = saved.amount
    pending.expires_ns = saved.expires_ns
    pending.user_hi = saved.user_hi
    pending.user_lo = saved.user_lo
    pending.held_ns = saved.held_ns
    _enter(venue, ledger, row)


@kernel
def _enter(venue, ledger, row):
    pending = ledger.pending[row]
    pending.heap_place = 0
    pending.next_free = 0
    link(ledger.pending_ids, pending.id_hi, pending.id_lo, row)
    venue.pending_count += 1
    if pending.expires_ns != 0:
        venue.expiring += 1
        ledger.expiries[venue.expiring] = row
        pending.heap_place = venue.expiring
        _rise(ledger, venue.expiring)


@kernel
def remove_pending(venue, ledger, row):
    """Resolves a pending transfer; its row is free afterwards."""
    pending = ledger.pending[row]
    unlink(ledger.pending_ids, pending.id_hi, pending.id_lo)
    venue.pending_count -= 1
    place = np.int64(pending.heap_place)
    if place != 0:
        last = venue.expiring
        venue.expiring = last - 1
        if place != last:
            moved = np.int64(ledger.expiries[last])
            _set(ledger, place, moved)
            _rise(ledger, place)
            _sink(venue, ledger, np.int64(ledger.pending[moved].heap_place))
    pending.id_hi = 0
    pending.heap_place = 0
    pending.next_free = venue.pending_free
    venue.pending_free = row


@inlined_kernel
def _before(ledger, first, second):
    one = ledger.pending[first]
    other = ledger.pending[second]
    return one.expires_ns < other.expires_ns or (one.expires_ns == other.expires_ns and one.held_ns < other.held_ns)


@inlined_kernel
def _set(ledger, place, row):
    ledger.expiries[place] = row
    ledger.pending[row].heap_place = place


@kernel
def _rise(ledger, place):
    row = np.int64(ledger.expiries[place])
    while place > 1:
        above = np.int64(ledger.expiries[place >> 1])
        if not _before(ledger, row, above):
            break
        _set(ledger, place, above)
        place >>= 1
    _set(ledger, place, row)


@kernel
def _sink(venue, ledger, place):
    row = np.int64(ledger.expiries[place])
    while place * 2 <= venue.expiring:
        below = place * 2
        if below < venue.expiring and _before(ledger, np.int64(ledger.expiries[below + 1]), np.int64(ledger.expiries[below])):
            below += 1
        if not _before(ledger, np.int64(ledger.expiries[below]), row):
            break
        _set(ledger, place, np.int64(ledger.expiries[below]))
        place = below
    _set(ledger, place, row)


@kernel
def note_ending(ledger, id_hi, id_lo, ended):
    """Writes into a hold's remembered transfer, if there is one, how the hold ended (0: it did not, after all)."""
    row = row_of(ledger.transfer_ids, id_hi, id_lo)
    if row != 0:
        ledger.transfers[row - 1].ended = ended


@kernel
def expire_holds(venue, ledger, out):
    """Before a frame's first command: what is over expires, oldest first, each in its own nanosecond."""
    for count in range(EXPIRIES_MAX):
        if venue.expiring == 0:
            break
        row = np.int64(ledger.expiries[1])
        pending = ledger.pending[row]
        if pending.expires_ns > venue.frame_ns:
            break
        if count > 0:
            venue.now += 1
        venue.expiries += 1
        debit = np.int64(pending.debit)
        credit = np.int64(pending.credit)
        asset = np.int64(pending.asset)
        move_to_held(venue, ledger.balances, debit, asset, -pending.amount)
        debit_balance = ledger.balances[balance_slot(venue, ledger.balances, debit, asset)]
        credit_balance = ledger.balances[balance_slot(venue, ledger.balances, credit, asset)]
        hold_expired_event(venue, out, pending, debit_balance, credit_balance)
        note_ending(ledger, pending.id_hi, pending.id_lo, EventKind.HOLD_EXPIRED)
        remove_pending(venue, ledger, row)
