"""The open orders' endings, and what they mean for the order list that an order is part of. docs/ORDERS.md section 7.

A list's LIST row knows the rows of its orders as long as they are open. Legs 0 and 1 of an OCO, 1 and 2 of an OTOCO are a *pair*: when one
of them is about to execute, the other one ends. Leg 0 of the others is the *working* order; what follows it is PENDING until it is
filled. Every ending of an order that may be part of a list goes through here.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.book import free_order_slot, id_key, next_update_id, rest_of, roster_of, unregister
from engine.kernels.events import TERMS_SINCE, list_event, order_event
from engine.kernels.hashed import find, unlink
from engine.kernels.state import BARE, LISTED
from engine.kernels.waiting import attend, become_due, carries, leave_place, move_hold
from engine.types import Code, EventKind, ListStatus, ListType, OrderState, OrderStatus


@kernel
def end_order(venue, registry, book, balances, out, slot, kind, code, status):
    """An open order is CANCELED or EXPIRED wherever it is, and what depends on it ends after it."""
    order = book.orders[slot]
    row = np.int64(order.list) if order.special & LISTED != 0 else np.int64(0)
    leg = _leg_of(book.lists[row], slot) if row != 0 else np.int64(0)
    _close(venue, registry, book, balances, out, slot, kind, code, status, rest_of(order))
    if row != 0:
        leg_ended(venue, registry, book, balances, out, row, leg, kind)


@kernel
def _close(venue, registry, book, balances, out, slot, kind, code, status, lots):
    """The order leaves, its hold returns, the event is told with so many lots; its row is free afterwards."""
    order = book.orders[slot]
    symbol = registry.symbols[order.symbol]
    if carries(order):
        move_hold(venue, registry, balances, order, -1)
    level_lots = leave_place(venue, registry, book, slot)
    update_id = next_update_id(symbol) if order.state == OrderState.RESTING else np.int64(0)
    unregister(venue, registry, book, roster_of(book, order), slot)
    if code == Code.SELF_TRADE and venue.rules_version >= TERMS_SINCE:
        order.prevented_lots += lots
    order_event(venue, book, out, kind, code, status, order, lots, update_id, level_lots)
    if order.special & LISTED != 0:
        forget_leg(book, slot)
    free_order_slot(venue, book, slot)


# ---------------------------------------------------------------- legs


@inlined_kernel
def _leg_of(listed, slot):
    """Which leg of its list an open order is."""
    if listed.row_0 == slot:
        return np.int64(0)
    return np.int64(1) if listed.row_1 == slot else np.int64(2)


@inlined_kernel
def row_of_leg(listed, leg):
    """The row of a leg that is open, else 0."""
    if leg == 0:
        return np.int64(listed.row_0)
    return np.int64(listed.row_1) if leg == 1 else np.int64(listed.row_2)


@inlined_kernel
def _partner_of(listed, leg):
    """The row of the other leg of an open pair, 0 where there is none."""
    if listed.list_type == ListType.OCO:
        return row_of_leg(listed, 1 - leg)
    if listed.list_type == ListType.OTOCO and leg != 0:
        return row_of_leg(listed, 3 - leg)
    return np.int64(0)


@kernel
def partner_of(book, slot):
    """The row of the order that makes an open pair with this one, or 0."""
    order = book.orders[slot]
    if order.special & LISTED == 0:
        return np.int64(0)
    listed = book.lists[order.list]
    return _partner_of(listed, _leg_of(listed, slot))


@kernel
def forget_leg(book, slot):
    """An order of a list is not open any more; returns which leg it was."""
    listed = book.lists[book.orders[slot].list]
    leg = _leg_of(listed, slot)
    if leg == 0:
        listed.row_0 = 0
    elif leg == 1:
        listed.row_1 = 0
    else:
        listed.row_2 = 0
    listed.open -= 1
    return leg


@kernel
def leg_executes(venue, registry, book, balances, out, slot):
    """A leg of a list is about to trade, or is activated: the other one of its pair ends, and this one holds for itself."""
    partner = partner_of(book, slot)
    if partner == 0:
        return
    carried = carries(book.orders[partner])
    _close(
        venue, registry, book, balances, out, partner, EventKind.EXPIRED, Code.LIST_DONE, OrderStatus.EXPIRED, rest_of(book.orders[partner])
    )
    order = book.orders[slot]
    if carried and not carries(order):
        order.special &= ~BARE
        move_hold(venue, registry, balances, order, 1)


@kernel
def leg_ended(venue, registry, book, balances, out, row, leg, kind):
    """A leg was CANCELED or EXPIRED: so are its partner, and what was to be placed after it; the list ends with its last order."""
    listed = book.lists[row]
    for other in range(3):
        slot = row_of_leg(listed, other)
        paired = listed.list_type == ListType.OCO or (listed.list_type == ListType.OTOCO and other != 0)
        if slot != 0 and (leg == 0 or paired):
            _end_with_its_list(venue, registry, book, balances, out, slot, kind)
    _finish(venue, registry, book, out, row)


@kernel
def _end_with_its_list(venue, registry, book, balances, out, slot, kind):
    lots = rest_of(book.orders[slot])
    canceled = kind == EventKind.CANCELED
    code = Code.OK if canceled else Code.LIST_DONE
    status = OrderStatus.CANCELED if canceled else OrderStatus.EXPIRED
    _close(venue, registry, book, balances, out, slot, kind, code, status, lots)


@kernel
def leg_filled(venue, registry, book, out, slot):
    """An order of a list, which is not open any more, was filled: what was to be placed after it has its turn."""
    row = np.int64(book.orders[slot].list)
    listed = book.lists[row]
    leg = forget_leg(book, slot)
    if leg == 0 and listed.list_type != ListType.OCO:
        for other in range(1, 3):
            pending = row_of_leg(listed, other)
            if pending != 0:
                become_due(registry, book, pending)
        attend(venue, registry, book, np.int64(listed.symbol))
    _finish(venue, registry, book, out, row)


@kernel
def leg_expired(venue, registry, book, balances, out, slot):
    """An order of a list, which is not open any more, expired while it executed."""
    row = np.int64(book.orders[slot].list)
    leg_ended(venue, registry, book, balances, out, row, forget_leg(book, slot), EventKind.EXPIRED)


@kernel
def _finish(venue, registry, book, out, row):
    """Ends a list without open orders."""
    listed = book.lists[row]
    if listed.open != 0:
        return
    list_event(venue, out, listed, ListStatus.ALL_DONE)
    account = np.int64(listed.account)
    unlink(book.list_ids, 0, id_key(listed.list_id))
    if listed.digest != 0:
        unlink(book.list_names, account, listed.digest)
    book.rosters[find(book.rosters, account, np.int64(listed.symbol))].lists -= 1
    registry.accounts[account].lists -= 1
    venue.lists_open -= 1
    listed.list_id = 0
    listed.next_free = venue.lists_free
    venue.lists_free = row
