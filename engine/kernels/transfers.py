"""Ledger commands: TRANSFER, HOLD, CAPTURE, RELEASE, CONVERT, alone or in chains of which all or none take effect. docs/CORE.md section 4.

Owns the ring of remembered transfers. A chain is executed member by member; each member leaves in `evicted`, `resolved` and `legs`, at its
place in the chain, what cannot be derived backwards from its command, so that a failing chain is undone exactly. Trades cannot be undone:
a chain that trades is executed with the payers' balances moved as if it traded, undone, and then, sure to succeed, performed.
"""

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel, kernel
from engine.kernels.balances import available_of, balance_slot, move_to_held
from engine.kernels.convert import events_of_trades, judge_conversion, payment_of, perform_conversion, rehearse_conversion
from engine.kernels.due import notice
from engine.kernels.events import transfer_event, transfer_rejected
from engine.kernels.hashed import NOWHERE, find, link, row_of, unlink
from engine.kernels.levels import is_active, judge_leaving, judge_parties, margin_row
from engine.kernels.pending import add_pending, note_ending, put_pending_back, remove_pending
from engine.kernels.state import MARGIN_SINCE
from engine.types import (
    AMOUNT_MAX,
    CHAIN_MAX,
    HOUSE_GATEWAY,
    HOUSE_INSURANCE,
    TIMEOUT_MAX_NS,
    TRANSFER_ID_AHEAD_NS,
    TRANSFER_ID_WINDOW_NS,
    Code,
    EventKind,
    Kind,
    Pool,
    TransferFlag,
)

_PENDING = int(Pool.PENDING)
_LINKED = int(TransferFlag.LINKED)
_CONVERT_SINCE = 2  # rules version


@kernel
def is_transfer(venue, kind):
    """Whether a kind is one of the ledger's, by the rules at hand."""
    return Kind.TRANSFER <= kind <= Kind.RELEASE or (kind == Kind.CONVERT and venue.rules_version >= _CONVERT_SINCE)


@kernel
def transfer_commands(state, batch, out, at):
    """Applies the chain that starts at `at` (mostly one command), whose first member has its nanosecond; returns the place after it.

    That is `at` itself where the chain wants more room for events than there is: nothing is done then.
    """
    venue = state.venue[0]
    count = batch.orders.size
    end = at
    while end < count and is_transfer(venue, batch.orders[end].kind) and batch.orders[end].flags & _LINKED != 0:
        end += 1
    is_open = end == count or not is_transfer(venue, batch.orders[end].kind)
    if not is_open:
        end += 1
    now = venue.now
    if end - at > CHAIN_MAX:
        for place in range(at, end):
            _tell_refused(venue, batch, out, place, now + place - at, Code.LINKED_CHAIN_TOO_LONG)
    elif is_open:
        for place in range(at, end):
            _tell_refused(venue, batch, out, place, now + place - at, Code.LINKED_CHAIN_OPEN if place == end - 1 else Code.LINKED_FAILED)
    else:
        return _chain(state, batch, out, at, end)
    return end


@inlined_kernel
def _tell_refused(venue, batch, out, place, now, code):
    """Tells the refusal of a member in its own nanosecond."""
    venue.now = now
    venue.index = place
    batch.codes[place] = code
    transfer_rejected(venue, out, batch.transfers[place], code)


@kernel
def _chain(state, batch, out, at, end):
    """Executes all members or none; returns as `transfer_commands` does."""
    venue = state.venue[0]
    ledger = state.ledger
    events = venue.events
    seq = venue.seq
    now = venue.now
    horizon = venue.horizon
    trades = False
    wanted = np.int64(end - at)  # events of the whole chain
    code = _known(venue, ledger, batch.transfers[at])
    if code == Code.EXISTS:
        for place in range(at, end):
            venue.now = now + place - at
            answer = _known(venue, ledger, batch.transfers[place])
            _tell_refused(venue, batch, out, place, venue.now, answer if answer != Code.OK else Code.LINKED_FAILED)
        return end
    for place in range(at, end):
        venue.now = now + place - at
        venue.index = place
        command = batch.transfers[place]
        code = judge_id(venue, ledger, command)
        remembered = code == Code.OK
        if remembered:
            code = _judge(state, batch, at, place)
        if code == Code.OK:
            if command.kind == Kind.CONVERT:
                trades = True
                wanted += events_of_trades(state.legs, command, place - at)
                rehearse_conversion(venue, ledger.balances, state.legs, command, place - at, 1)
            _execute(venue, ledger, state.legs, batch, out, place, place - at)
            batch.codes[place] = Code.OK
            continue

        # The member at `place` fails: as if none before it had been executed.
        _undo_members(state, batch, at, place, events, seq, horizon)
        if remembered:
            remember(venue, ledger, command, code, 0)
        for member in range(at, end):
            _tell_refused(venue, batch, out, member, now + member - at, code if member == place else Code.LINKED_FAILED)
        return end
    if trades:
        _undo_members(state, batch, at, end, events, seq, horizon)
        return _perform(state, batch, out, at, end, now, wanted)
    _notice_members(state, batch, at, end, now)
    return end


@kernel
def _perform(state, batch, out, at, end, now, wanted):
    """Executes a chain that was rehearsed and undone, trades and all; waits where there is no room for the events `wanted`."""
    venue = state.venue[0]
    if venue.events + wanted > out.orders.size:
        out.wanted[0] = wanted
        venue.now = now - 1
        return at
    for place in range(at, end):
        venue.now = now + place - at
        venue.index = place
        if batch.transfers[place].kind == Kind.CONVERT:
            perform_conversion(state, batch, out, batch.transfers[place], place - at)
        _execute(venue, state.ledger, state.legs, batch, out, place, place - at)
    _notice_members(state, batch, at, end, now)
    return end


@kernel
def _notice_members(state, batch, at, end, now):
    """After a chain that took effect: margin accounts that were a party of a transfer are due, each since its member's nanosecond."""
    venue = state.venue[0]
    for place in range(at, end):
        venue.now = now + place - at
        command = batch.transfers[place]
        if command.kind == Kind.TRANSFER:
            notice(venue, state.margin, margin_row(state.registry, command.debit))
            notice(venue, state.margin, margin_row(state.registry, command.credit))


# ---------------------------------------------------------------- deciding


@kernel
def _known(venue, ledger, command):
    """Steps 1 to 6: what can be said without executing; Code.OK where the id is new."""
    if (venue.permitted >> np.int64(command.kind)) & 1 == 0:
        return Code.NOT_PERMITTED
    if command.valid_until_ns != 0 and command.valid_until_ns < venue.now:
        return Code.STALE
    if command.id_hi < 1:
        return Code.INVALID_TRANSFER_ID
    if command.id_hi - TRANSFER_ID_AHEAD_NS > venue.now:
        return Code.ID_IN_FUTURE
    if command.id_hi < venue.now - TRANSFER_ID_WINDOW_NS:
        return Code.ID_TOO_OLD
    row = row_of(ledger.transfer_ids, command.id_hi, command.id_lo)
    return _compare(ledger.transfers[row - 1], command) if row != 0 else Code.OK


@kernel
def judge_id(venue, ledger, command):
    """Steps 1 to 7, as an int64; what fails after them is remembered."""
    code = np.int64(_known(venue, ledger, command))
    return np.int64(Code.ID_TOO_OLD) if code == Code.OK and command.id_hi <= venue.horizon else code


@inlined_kernel
def _compare(transfer, command):
    """A command with a remembered id: done before, failed before, or another one."""
    if transfer.code != Code.OK:
        return Code.ID_ALREADY_FAILED
    if transfer.kind != command.kind:
        return Code.EXISTS_WITH_DIFFERENT_KIND
    if transfer.debit != command.debit:
        return Code.EXISTS_WITH_DIFFERENT_DEBIT
    if transfer.credit != command.credit:
        return Code.EXISTS_WITH_DIFFERENT_CREDIT
    if transfer.asset != command.asset:
        return Code.EXISTS_WITH_DIFFERENT_ASSET
    if transfer.amount != command.amount:
        return Code.EXISTS_WITH_DIFFERENT_AMOUNT
    if transfer.pending_hi != command.pending_hi or transfer.pending_lo != command.pending_lo:
        return Code.EXISTS_WITH_DIFFERENT_PENDING_ID
    if transfer.timeout_ns != command.timeout_ns:
        return Code.EXISTS_WITH_DIFFERENT_TIMEOUT
    if transfer.reason != command.reason:
        return Code.EXISTS_WITH_DIFFERENT_REASON
    if transfer.user_hi != command.user_hi or transfer.user_lo != command.user_lo:
        return Code.EXISTS_WITH_DIFFERENT_USER_DATA
    return Code.EXISTS


@inlined_kernel
def _judge(state, batch, at, place):
    """Step 8 and on; whatever fails here is remembered."""
    venue = state.venue[0]
    command = batch.transfers[place]
    if command.kind == Kind.TRANSFER or command.kind == Kind.HOLD:
        code = np.int64(_movable(venue, state.registry, state.ledger, state.margin, command))
        if code == Code.OK and command.kind == Kind.TRANSFER:
            row = margin_row(state.registry, command.debit)
            code = np.int64(
                judge_leaving(
                    venue, state.registry, state.ledger.balances, state.margin, row, np.int64(command.asset), command.amount
                )
            )
        return code
    if command.kind == Kind.CONVERT:
        return judge_conversion(state, batch, at, place)
    return np.int64(_resolvable(venue, state.ledger, command))


@kernel
def _movable(venue, registry, ledger, margin, command):
    """TRANSFER and HOLD, step 8 and on."""
    hold = command.kind == Kind.HOLD
    if command.asset < 1 or command.asset > venue.last_asset:
        return Code.UNKNOWN_ASSET
    if command.debit < 1 or command.debit > venue.last_account or command.credit < 1 or command.credit > venue.last_account:
        return Code.UNKNOWN_ACCOUNT
    if command.debit == command.credit:
        return Code.SAME_ACCOUNT
    if command.amount < 1 or command.amount > AMOUNT_MAX:
        return Code.INVALID_AMOUNT
    if command.timeout_ns < 0 or command.timeout_ns > (TIMEOUT_MAX_NS if hold else 0):
        return Code.INVALID_TIMEOUT
    if command.pending_hi != 0 or command.pending_lo != 0:
        return Code.PENDING_MISMATCH
    if not is_active(registry, margin, command.debit):
        return Code.ACCOUNT_FROZEN
    if command.debit == HOUSE_GATEWAY and venue.custody == 0:
        return Code.NOT_PERMITTED
    if venue.rules_version >= MARGIN_SINCE:
        code = judge_parties(venue, registry, margin, command)
        if code != Code.OK:
            return code
    if hold and venue.pending_count >= registry.capacity[_PENDING]:
        return Code.PENDING_FULL
    available = available_of(ledger.balances, np.int64(command.debit), np.int64(command.asset))
    if command.debit != HOUSE_GATEWAY and command.debit != HOUSE_INSURANCE and available < command.amount:
        return Code.INSUFFICIENT_AVAILABLE
    if available - command.amount < -AMOUNT_MAX:
        return Code.SUPPLY_LIMIT
    if not hold and _overflows(ledger, np.int64(command.credit), np.int64(command.asset), command.amount):
        return Code.SUPPLY_LIMIT
    return Code.OK


@inlined_kernel
def _overflows(ledger, account, asset, amount):
    """Whether a credit would lift the account's whole balance above AMOUNT_MAX."""
    slot = find(ledger.balances, account, asset)
    return slot != NOWHERE and ledger.balances[slot].available + ledger.balances[slot].held > AMOUNT_MAX - amount


@kernel
def _resolvable(venue, ledger, command):
    """CAPTURE and RELEASE, step 8 and on."""
    row = row_of(ledger.pending_ids, command.pending_hi, command.pending_lo) if command.pending_hi > 0 else 0
    if row == 0:
        return _how_it_ended(ledger, command)
    pending = ledger.pending[row]
    if pending.expires_ns != 0 and pending.expires_ns <= venue.now:
        return Code.PENDING_EXPIRED
    if command.debit != 0 and command.debit != pending.debit:
        return Code.PENDING_MISMATCH
    if command.credit != 0 and command.credit != pending.credit:
        return Code.PENDING_MISMATCH
    if command.asset != 0 and command.asset != pending.asset:
        return Code.PENDING_MISMATCH
    if command.timeout_ns != 0 or (command.kind == Kind.RELEASE and command.amount != 0):
        return Code.PENDING_MISMATCH
    if command.amount < 0:
        return Code.INVALID_AMOUNT
    if command.amount > pending.amount:
        return Code.EXCEEDS_PENDING_AMOUNT
    captured = _captured(command, pending)
    if captured > 0 and _overflows(ledger, np.int64(pending.credit), np.int64(pending.asset), captured):
        return Code.SUPPLY_LIMIT
    return Code.OK


@inlined_kernel
def _how_it_ended(ledger, command):
    row = row_of(ledger.transfer_ids, command.pending_hi, command.pending_lo) if command.pending_hi > 0 else 0
    ended = ledger.transfers[row - 1].ended if row != 0 else 0
    if ended == EventKind.CAPTURED:
        return Code.PENDING_ALREADY_CAPTURED
    if ended == EventKind.RELEASED:
        return Code.PENDING_ALREADY_RELEASED
    if ended == EventKind.HOLD_EXPIRED:
        return Code.PENDING_EXPIRED
    return Code.PENDING_NOT_FOUND


@inlined_kernel
def _captured(command, pending):
    """What a CAPTURE or RELEASE moves to the credit side."""
    if command.kind == Kind.RELEASE:
        return 0
    return command.amount if command.amount != 0 else pending.amount


# ---------------------------------------------------------------- doing and undoing


@kernel
def _execute(venue, ledger, legs, batch, out, place, member):
    """Carries out a command that must succeed, as member number `member` of its chain; the money of a CONVERT has moved already."""
    command = batch.transfers[place]
    kind = np.int64(command.kind)
    saved = ledger.resolved[member]
    released = np.int64(0)
    expires_ns = np.int64(0)
    if kind == Kind.CAPTURE or kind == Kind.RELEASE:
        row = row_of(ledger.pending_ids, command.pending_hi, command.pending_lo)
        ledger.resolved[member] = ledger.pending[row]
        debit = np.int64(saved.debit)
        credit = np.int64(saved.credit)
        asset = np.int64(saved.asset)
        amount = _captured(command, saved)
        released = saved.amount - amount
        event_kind = EventKind.CAPTURED if kind == Kind.CAPTURE else EventKind.RELEASED
        move_to_held(venue, ledger.balances, debit, asset, -saved.amount)
        _move(venue, ledger.balances, debit, credit, asset, amount)
        remove_pending(venue, ledger, row)
        note_ending(ledger, command.pending_hi, command.pending_lo, np.int64(event_kind))
        credit_asset = asset
    else:
        debit = np.int64(command.debit)
        credit = np.int64(command.credit)
        asset = np.int64(command.asset)
        saved.debit = debit
        saved.credit = credit
        saved.asset = asset
        amount = command.amount
        credit_asset = asset
        if kind == Kind.TRANSFER:
            _move(venue, ledger.balances, debit, credit, asset, amount)
            event_kind = EventKind.TRANSFERRED
        elif kind == Kind.HOLD:
            expires_ns = venue.now + command.timeout_ns if command.timeout_ns != 0 else 0
            move_to_held(venue, ledger.balances, debit, asset, amount)
            add_pending(venue, ledger, command, expires_ns, venue.now)
            event_kind = EventKind.HELD
        else:
            credit = debit
            credit_asset, released = payment_of(legs, member)
            event_kind = EventKind.CONVERTED
    remember(venue, ledger, command, Code.OK, member)
    debit_balance = ledger.balances[balance_slot(venue, ledger.balances, debit, asset)]
    credit_balance = ledger.balances[balance_slot(venue, ledger.balances, credit, credit_asset)]
    transfer_event(venue, out, event_kind, command, saved, amount, released, expires_ns, debit_balance, credit_balance)


@kernel
def _undo_members(state, batch, at, end, events, seq, horizon):
    """Takes back the members from `at` to `end`, which were executed, and what they told; the counters are given as they were before."""
    venue = state.venue[0]
    for place in range(end - 1, at - 1, -1):
        _undo(venue, state.ledger, state.legs, batch.transfers[place], place - at)
    venue.horizon = horizon
    venue.events = events
    venue.seq = seq


@kernel
def _undo(venue, ledger, legs, command, member):
    """Takes back what `_execute` did, and a rehearsed CONVERT, members in reverse order; the horizon is the caller's."""
    _forget_newest(venue, ledger, member)
    kind = np.int64(command.kind)
    if kind == Kind.TRANSFER:
        _move(venue, ledger.balances, np.int64(command.credit), np.int64(command.debit), np.int64(command.asset), command.amount)
    elif kind == Kind.HOLD:
        move_to_held(venue, ledger.balances, np.int64(command.debit), np.int64(command.asset), -command.amount)
        remove_pending(venue, ledger, row_of(ledger.pending_ids, command.id_hi, command.id_lo))
    elif kind == Kind.CONVERT:
        rehearse_conversion(venue, ledger.balances, legs, command, member, -1)
    else:
        saved = ledger.resolved[member]
        debit = np.int64(saved.debit)
        asset = np.int64(saved.asset)
        put_pending_back(venue, ledger, saved)
        note_ending(ledger, command.pending_hi, command.pending_lo, np.int64(0))
        _move(venue, ledger.balances, np.int64(saved.credit), debit, asset, _captured(command, saved))
        move_to_held(venue, ledger.balances, debit, asset, saved.amount)


@kernel
def _move(venue, balances, debit, credit, asset, amount):
    """From available to available."""
    balances[balance_slot(venue, balances, debit, asset)].available -= amount
    balances[balance_slot(venue, balances, credit, asset)].available += amount


@kernel
def remember(venue, ledger, command, code, member):
    """Enters the command and its fate into the ring; the oldest is forgotten where the ring is full, and kept in `evicted` for an undo."""
    mask = ledger.transfers.size - 1
    place = (venue.transfers_oldest + venue.transfers_count) & mask
    ledger.evicted[member].id_hi = 0
    if venue.transfers_count > mask:
        oldest = ledger.transfers[place]
        ledger.evicted[member] = oldest
        unlink(ledger.transfer_ids, oldest.id_hi, oldest.id_lo)
        venue.horizon = max(venue.horizon, oldest.id_hi)
        venue.transfers_oldest = (venue.transfers_oldest + 1) & mask
    else:
        venue.transfers_count += 1
    transfer = ledger.transfers[place]
    transfer.id_hi = command.id_hi
    transfer.id_lo = command.id_lo
    transfer.kind = command.kind
    transfer.debit = command.debit
    transfer.credit = command.credit
    transfer.asset = command.asset
    transfer.amount = command.amount
    transfer.pending_hi = command.pending_hi
    transfer.pending_lo = command.pending_lo
    transfer.timeout_ns = command.timeout_ns
    transfer.reason = command.reason
    transfer.code = code
    transfer.user_hi = command.user_hi
    transfer.user_lo = command.user_lo
    transfer.ended = 0
    transfer.time_ns = venue.now
    link(ledger.transfer_ids, command.id_hi, command.id_lo, place + 1)


@kernel
def _forget_newest(venue, ledger, member):
    """Takes the newest transfer out of the ring; what it had pushed out is the oldest again."""
    mask = ledger.transfers.size - 1
    place = (venue.transfers_oldest + venue.transfers_count - 1) & mask
    transfer = ledger.transfers[place]
    unlink(ledger.transfer_ids, transfer.id_hi, transfer.id_lo)
    evicted = ledger.evicted[member]
    if evicted.id_hi == 0:
        venue.transfers_count -= 1
        return
    ledger.transfers[place] = evicted
    link(ledger.transfer_ids, evicted.id_hi, evicted.id_lo, place + 1)
    venue.transfers_oldest = (venue.transfers_oldest - 1) & mask


@entry_kernel
def move_ring(venues, old, new, new_ids):
    """Lays the remembered transfers into a larger ring, oldest first, and indexes them anew; `venues` is the one VENUE record."""
    venue = venues[0]
    mask = old.size - 1
    for age in range(venue.transfers_count):
        new[age] = old[(venue.transfers_oldest + age) & mask]
        link(new_ids, new[age].id_hi, new[age].id_lo, age + 1)
    venue.transfers_oldest = 0
