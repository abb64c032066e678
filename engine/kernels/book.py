"""Open orders: pool, levels, and the ways to find an order (by id, by client id, by account and symbol).

Owns entering and leaving. An open order is a member of one roster (its account's orders on the symbol, oldest first), the id index, and
the client-id index where it has a client id; one that rests is a member of exactly one level besides, first come, first served. Holds
are moved here too, because an order lies in the book if and only if its hold is in its owner's held balance. A roster stays when its last
order leaves, because the next one mostly comes soon; `gather_rosters` leaves the empty ones behind when room is needed.

An order that is not RESTING is elsewhere in its own way (engine/kernels/waiting.py).
"""

from typing import NamedTuple

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel, kernel
from engine.kernels.arithmetic import signed
from engine.kernels.balances import balance_slot, hold
from engine.kernels.hashed import NOWHERE, find, insert, link, row_of, unlink
from engine.kernels.ladder import add_level, find_level, next_level, remove_level
from engine.kernels.state import ALGO, ICEBERG, LADDERS, TIMED
from engine.kernels.timers import GTD, add_timer, remove_timer
from engine.types import OrderState, OrderType, Side

_SPREAD = signed(0x9E3779B97F4A7C15)  # odd, so that no two ids have one key
_AS_MARKET = 1 << OrderType.MARKET | 1 << OrderType.STOP_LOSS | 1 << OrderType.TAKE_PROFIT


@inlined_kernel
def id_key(order_id):
    """The key of an order in the id index. Ids follow each other; their keys do not, so that removing one moves no neighbours."""
    return order_id * _SPREAD


@inlined_kernel
def rest_of(order):
    """Lots neither executed nor prevented yet."""
    return order.order_lots - order.executed_lots - order.prevented_lots


@inlined_kernel
def executes_as_market(order_type):
    return (_AS_MARKET >> order_type) & 1 != 0


@inlined_kernel
def ladder_of(book, symbol_id, side):
    """The LADDER of one side of a symbol."""
    return book.ladders[symbol_id * LADDERS + side]


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
def digest_of(book, slot):
    """The digest of an order's client id; 0 if it has none."""
    return book.names[slot].digest if book.orders[slot].named != 0 else np.int64(0)


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
def enter_level(venue, book, ladder_row, price_ticks, slot, lots):
    """Puts an order behind all others at a price of a ladder; returns the level's lots."""
    order = book.orders[slot]
    ladder = book.ladders[ladder_row]
    place = np.int64(find_level(book, ladder, price_ticks))
    if place == 0:
        place = np.int64(_take_level(venue, book))
        level = book.levels[place]
        level.price_ticks = price_ticks
        level.lots = 0
        level.head = slot
        level.tail = 0
        level.count = 0
        add_level(venue, book, ladder, ladder_row & 1, price_ticks, place)
    level = book.levels[place]
    order.level = place
    order.next = 0
    order.previous = level.tail
    if level.tail != 0:
        book.orders[level.tail].next = slot
    level.tail = slot
    level.count += 1
    level.lots += lots
    return level.lots


@inlined_kernel
def leave_level(venue, book, ladder_row, order, lots):
    """Takes an order out of its level; returns the level's lots without it."""
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
    level.lots -= lots
    left = level.lots
    if level.count == 0:
        remove_level(venue, book, book.ladders[ladder_row], ladder_row & 1, level.price_ticks)
        level.next_free = venue.levels_free
        venue.levels_free = order.level
    return left


@inlined_kernel
def book_row(order):
    """The row of the ladder that an order rests in."""
    return np.int64(order.symbol) * LADDERS + np.int64(order.side)


@inlined_kernel
def hold_rest(symbol, balances, owner, order):
    """Moves what an order that is to rest holds out of its owner's available balance."""
    side = np.int64(order.side)
    hold(balances[paying_balance(owner, side)], hold_amount(symbol, side, order.price_ticks, rest_of(order)))


@inlined_kernel
def rest_in_book(venue, book, slot):
    """Lets what an order has left lie in the book; returns the level's lots."""
    order = book.orders[slot]
    lots = rest_of(order)
    venue.last_priority += 1
    order.priority = venue.last_priority
    order.state = OrderState.RESTING
    if order.special & ICEBERG == 0:
        return enter_level(venue, book, book_row(order), order.price_ticks, slot, lots)
    order.shown_lots = min(lots, order.iceberg_lots)
    level_lots = enter_level(venue, book, book_row(order), order.price_ticks, slot, order.shown_lots)
    book.hidden[order.level] += lots - order.shown_lots
    return level_lots


@inlined_kernel
def register(venue, registry, book, roster, slot):
    """Makes an order one of the open ones."""
    order = book.orders[slot]
    _join_roster(book, book.rosters[roster], order, slot)
    link(book.order_ids, 0, id_key(order.order_id), slot)
    if order.named != 0:
        link(book.client_ids, np.int64(order.account), book.names[slot].digest, slot)
    venue.orders_open += 1
    registry.accounts[order.account].orders += 1
    if order.special != 0:
        _count(registry, book, book.rosters[roster], order, 1)
        if order.special & TIMED != 0:
            add_timer(venue, registry, book, order.expires_ns, GTD, order.order_id, slot)


@inlined_kernel
def unregister(venue, registry, book, roster, slot):
    """Ends that. The order's row stays filled."""
    order = book.orders[slot]
    _quit_roster(book, book.rosters[roster], order)
    unlink(book.order_ids, 0, id_key(order.order_id))
    if order.named != 0:
        unlink(book.client_ids, np.int64(order.account), book.names[slot].digest)
    venue.orders_open -= 1
    registry.accounts[order.account].orders -= 1
    if order.special != 0:
        _count(registry, book, book.rosters[roster], order, -1)
        if order.special & TIMED != 0:
            remove_timer(venue, registry, book, np.int64(order.timer))


@kernel
def _count(registry, book, roster, order, by):
    """Counts an open order with those of its kind."""
    account = registry.accounts[order.account]
    if order.special & ALGO != 0:
        roster.algos += by
        account.algos += by
        if order.trailing_bps != 0:
            registry.symbols[order.symbol].trailing += by
    if order.special & ICEBERG != 0:
        roster.icebergs += by
        account.icebergs += by


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
def stop_resting(venue, book, slot):
    """Takes a RESTING order out of its level; returns the level's lots without it."""
    order = book.orders[slot]
    lots = rest_of(order)
    if order.special & ICEBERG != 0:
        book.hidden[order.level] -= lots - order.shown_lots
        lots = order.shown_lots
    return leave_level(venue, book, book_row(order), order, lots)


@inlined_kernel
def leave_book(venue, registry, book, roster, slot):
    """Takes a RESTING order out of its level, its roster and the indexes; returns the level's lots without it. Its row stays filled."""
    left = stop_resting(venue, book, slot)
    unregister(venue, registry, book, roster, slot)
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
    """Moves the order's entry in the client-id index to a new digest; the caller then writes the new id."""
    account = np.int64(book.orders[slot].account)
    former = digest_of(book, slot)
    if former != 0:
        unlink(book.client_ids, account, former)
    link(book.client_ids, account, digest, slot)


@kernel
def show(venue, book, slot, lots, shown_lots, falls_back):
    """An iceberg in the book, which has just lost `lots` of its rest, shows so many from now on; `falls_back`: behind all others of its
    level. Returns the level's lots."""
    order = book.orders[slot]
    place = np.int64(order.level)
    book.hidden[place] += order.shown_lots - shown_lots - lots
    book.levels[place].lots += shown_lots - order.shown_lots
    order.shown_lots = shown_lots
    if falls_back:
        venue.last_priority += 1
        order.priority = venue.last_priority
        if order.next != 0:
            leave_level(venue, book, book_row(order), order, shown_lots)
            enter_level(venue, book, book_row(order), order.price_ticks, slot, shown_lots)
    return book.levels[place].lots


@kernel
def lose_lots(venue, book, slot, lots):
    """Lowers what an order, whose rest has just fallen by `lots`, has at its level; returns the level's lots. What an iceberg shows is used
    up first."""
    order = book.orders[slot]
    if order.special & ICEBERG == 0:
        level = book.levels[order.level]
        level.lots -= lots
        return level.lots
    rest = rest_of(order)
    used_up = lots >= order.shown_lots
    shown = min(order.iceberg_lots, rest) if used_up else order.shown_lots - lots
    return show(venue, book, slot, lots, shown, used_up and rest > 0)


@entry_kernel
def gather_rosters(venues, old, new):
    """Brings the rosters that have orders into the empty table `new`; `venues` is the one VENUE record."""
    used = 0
    for place in range(old.size):
        if old[place].count != 0:
            new[insert(new, old[place].high, old[place].low)] = old[place]
            used += 1
    venues[0].rosters_used = used
