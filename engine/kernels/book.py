"""Open orders: pool, levels, and the ways to find an order (by id, by client id, by account and symbol).

Owns entering and leaving the book. An order in it is a member of exactly one level (first come, first served), one roster (its account's
orders on the symbol, oldest first), the id index, and the client-id index where it has a client id. Holds are moved here too, because
an order lies in the book if and only if its hold is in its owner's held balance. A roster stays when its last order leaves, because
the next one mostly comes soon; `gather_rosters` leaves the empty ones behind when room is needed.
"""

from typing import NamedTuple

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel, kernel
from engine.kernels.arithmetic import SEED, mix, signed
from engine.kernels.balances import balance_slot, hold
from engine.kernels.hashed import NOWHERE, find, insert, link, row_of, unlink
from engine.kernels.ladder import add_level, find_level, next_level, remove_level
from engine.types import Side

_SPREAD = signed(0x9E3779B97F4A7C15)  # odd, so that no two ids have one key


@inlined_kernel
def id_key(order_id):
    """The key of an order in the id index. Ids follow each other; their keys do not, so that removing one moves no neighbours."""
    return order_id * _SPREAD


@inlined_kernel
def rest_of(order):
    """Lots not executed yet."""
    return order.order_lots - order.executed_lots


class Owner(NamedTuple):
    """Where an account stands on a symbol, looked up once a command: slots of its roster and of its two balances. Good for one command."""

    roster: int
    base: int
    quote: int


@inlined_kernel
def hold_asset(symbol, side):
    return symbol.quote if side == Side.BUY else symbol.base


@inlined_kernel
def owner_of(venue, symbol, book, balances, account, symbol_id):
    """Roster and balances are made where there are none, so that nothing after it, a fill least of all, brings them into being."""
    roster = find(book.rosters, account, symbol_id)
    if roster == NOWHERE:
        roster = insert(book.rosters, account, symbol_id)
        venue.rosters_used += 1
    base = balance_slot(venue, balances, account, symbol.base)
    quote = balance_slot(venue, balances, account, symbol.quote)
    return Owner(roster, base, quote)


@inlined_kernel
def roster_of(book, order):
    """The slot of the roster an open order is on."""
    return find(book.rosters, np.int64(order.account), np.int64(order.symbol))


@inlined_kernel
def paying_balance(owner, side):
    """The slot of the balance that an order of this side holds from."""
    return owner.quote if side == Side.BUY else owner.base


@inlined_kernel
def hold_amount(symbol, side, price_ticks, lots):
    """What an order of so many lots holds while it rests: quote for a buy, base for a sell."""
    return lots * price_ticks * symbol.tick_lot_units if side == Side.BUY else lots * symbol.lot_units


@inlined_kernel
def next_update_id(symbol):
    symbol.last_update_id += 1
    return symbol.last_update_id


@inlined_kernel
def digest_of(order):
    """The digest of an order's client id; 0 if it has none."""
    if (order.client_0 | order.client_1 | order.client_2 | order.client_3 | order.client_4) == 0:
        return np.int64(0)
    digest = mix(mix(mix(mix(mix(np.int64(SEED), order.client_0), order.client_1), order.client_2), order.client_3), order.client_4)
    return digest if digest != 0 else np.int64(1)


@inlined_kernel
def take_order_slot(venue, book):
    """A row for a new order; there is one, the ladder of checks has seen to it."""
    slot = venue.orders_free
    if slot != 0:
        venue.orders_free = book.orders[slot].next
        return slot
    venue.orders_top += 1
    return venue.orders_top


@inlined_kernel
def free_order_slot(venue, book, slot):
    order = book.orders[slot]
    order.order_id = 0
    order.next = venue.orders_free
    venue.orders_free = slot


@inlined_kernel
def _take_level(venue, book):
    level = venue.levels_free
    if level != 0:
        venue.levels_free = book.levels[level].next_free
        return level
    venue.levels_top += 1
    return venue.levels_top


@inlined_kernel
def enter_book(venue, symbol, book, balances, owner, slot):
    """Lets the order's rest lie in the book, behind all others at its price; returns the level's lots."""
    order = book.orders[slot]
    side = np.int64(order.side)
    lots = rest_of(order)
    hold(balances[paying_balance(owner, side)], hold_amount(symbol, side, order.price_ticks, lots))

    ladder = book.ladders[np.int64(order.symbol) * 2 + side]
    place = np.int64(find_level(book, ladder, order.price_ticks))
    if place == 0:
        place = np.int64(_take_level(venue, book))
        level = book.levels[place]
        level.price_ticks = order.price_ticks
        level.lots = 0
        level.head = slot
        level.tail = 0
        level.count = 0
        add_level(venue, book, ladder, side, order.price_ticks, place)
    level = book.levels[place]
    order.level = place
    order.next = 0
    order.previous = level.tail
    if level.tail != 0:
        book.orders[level.tail].next = slot
    level.tail = slot
    level.count += 1
    level.lots += lots

    _join_roster(book, book.rosters[owner.roster], order, slot)
    link(book.order_ids, 0, id_key(order.order_id), slot)
    digest = digest_of(order)
    if digest != 0:
        link(book.client_ids, np.int64(order.account), digest, slot)
    venue.orders_open += 1
    return level.lots


@inlined_kernel
def _join_roster(book, roster, order, slot):
    order.roster_next = 0
    order.roster_previous = roster.tail
    if roster.count != 0:
        book.orders[roster.tail].roster_next = slot
    else:
        roster.head = slot
    roster.tail = slot
    roster.count += 1


@inlined_kernel
def _quit_roster(book, roster, order):
    if order.roster_previous != 0:
        book.orders[order.roster_previous].roster_next = order.roster_next
    else:
        roster.head = order.roster_next
    if order.roster_next != 0:
        book.orders[order.roster_next].roster_previous = order.roster_previous
    else:
        roster.tail = order.roster_previous
    roster.count -= 1


@inlined_kernel
def leave_book(venue, book, roster, slot):
    """Takes the order out of its level, its roster and the indexes; returns the level's lots without it. Its row stays filled."""
    order = book.orders[slot]
    level = book.levels[order.level]
    if order.previous != 0:
        book.orders[order.previous].next = order.next
    else:
        level.head = order.next
    if order.next != 0:
        book.orders[order.next].previous = order.previous
    else:
        level.tail = order.previous
    level.count -= 1
    level.lots -= rest_of(order)
    left = level.lots
    if level.count == 0:
        side = np.int64(order.side)
        remove_level(venue, book, book.ladders[np.int64(order.symbol) * 2 + side], side, order.price_ticks)
        level.next_free = venue.levels_free
        venue.levels_free = order.level

    _quit_roster(book, book.rosters[roster], order)
    unlink(book.order_ids, 0, id_key(order.order_id))
    digest = digest_of(order)
    if digest != 0:
        unlink(book.client_ids, np.int64(order.account), digest)
    venue.orders_open -= 1
    return left


@inlined_kernel
def give_hold_back(symbol, balances, owner, order, lots):
    """Returns what `lots` of a resting order hold to its owner's available balance."""
    side = np.int64(order.side)
    amount = hold_amount(symbol, side, order.price_ticks, lots)
    hold(balances[paying_balance(owner, side)], -amount)


@inlined_kernel
def open_order(book, account, symbol, order_id, digest):
    """The row of the account's open order on the symbol, by id where it is not 0, else by client-id digest; 0 if there is none."""
    if order_id != 0:
        slot = row_of(book.order_ids, 0, id_key(order_id))
    elif digest != 0:
        slot = row_of(book.client_ids, account, digest)
    else:
        return 0
    order = book.orders[slot]
    return slot if slot != 0 and order.account == account and order.symbol == symbol else 0


@inlined_kernel
def first_maker(book, ladder):
    """The row of the order that is first in priority on one side of a symbol, or 0."""
    return np.int64(book.levels[ladder.best].head)  # level 0 is all zero


@inlined_kernel
def next_maker(book, ladder, side, maker):
    """The row of the order that is next in priority after `maker`, an ORDER record of this side, or 0."""
    if maker.next != 0:
        return np.int64(maker.next)
    return np.int64(book.levels[next_level(book, ladder, side, maker.price_ticks)].head)


@kernel
def rename_order(book, slot, digest):
    """Moves the order's entry in the client-id index to a new digest; the caller then writes the new id's words."""
    account = np.int64(book.orders[slot].account)
    former = digest_of(book.orders[slot])
    if former != 0:
        unlink(book.client_ids, account, former)
    link(book.client_ids, account, digest, slot)


@entry_kernel
def gather_rosters(venues, old, new):
    """Brings the rosters that have orders into the empty table `new`; `venues` is the one VENUE record."""
    used = 0
    for place in range(old.size):
        if old[place].count != 0:
            new[insert(new, old[place].high, old[place].low)] = old[place]
            used += 1
    venues[0].rosters_used = used
