"""Cancelling all that an account has open, on one symbol or on all. docs/ORDERS.md section 9."""

import numpy as np

from engine.kernels import kernel
from engine.kernels.hashed import NOWHERE, find
from engine.kernels.lists import end_order
from engine.kernels.state import LISTED
from engine.types import BOTH_SIDES, STEPS_MAX, Code, EventKind, OrderStatus, SymbolStatus


@kernel
def cancel_orders(venue, registry, book, balances, out, account, symbol_id, side, halted_too):
    """Cancels the account's open orders of a side (or BOTH_SIDES) by symbol (0: all), the oldest first, STEPS_MAX at most: how many, and
    whether any of them are left. Symbols that are HALTED are passed over, unless `halted_too`."""
    first = symbol_id if symbol_id != 0 else np.int64(1)
    last = symbol_id if symbol_id != 0 else venue.last_symbol
    count = 0
    for one in range(first, last + 1):
        if registry.accounts[account].orders == 0:
            break
        if registry.symbols[one].status == SymbolStatus.HALTED and not halted_too:
            continue
        place = find(book.rosters, account, one)
        if place == NOWHERE:
            continue
        slot = np.int64(book.rosters[place].head)
        while slot != 0:
            order = book.orders[slot]
            following = np.int64(order.roster_next)
            if side == BOTH_SIDES or order.side == side:
                if count == STEPS_MAX:
                    return count, True
                count += 1
                following = _after_list(book, slot)
                end_order(venue, registry, book, balances, out, slot, EventKind.CANCELED, Code.OK, OrderStatus.CANCELED)
            slot = following
    return count, False


@kernel
def _after_list(book, slot):
    """The account's next order on the symbol that is not of the same list: the later ones of a list end with the earlier one."""
    order = book.orders[slot]
    following = np.int64(order.roster_next)
    if order.special & LISTED != 0:
        while following != 0 and book.orders[following].special & LISTED != 0 and book.orders[following].list == order.list:
            following = np.int64(book.orders[following].roster_next)
    return following
