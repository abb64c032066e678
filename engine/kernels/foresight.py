"""Asking for the cache lines that coming commands will touch, so that they are on their way while others are worked on.

On a large venue nothing that a command names is in a cache, and each line leads to the next: an id to an order, the order to its level and
its neighbours there. Walked one after the other, each of them would be waited for. So commands are looked at in groups, several times
before their turn and each time one link further: the waits of a group, most of all those for the addresses of pages, pass at once.

Nothing depends on any of it but time: a command is free to say anything, and what it names may have changed until its turn comes.
"""

import numpy as np

from engine.kernels import inlined_kernel
from engine.kernels.arithmetic import prefetch
from engine.kernels.book import id_key, ladder_of
from engine.kernels.hashed import home, mask_of, row_of
from engine.kernels.ladder import find_level, way_to

_GROUP = 4  # commands
_KEYS, _ROWS, _NEIGHBOURS, _QUEUES = 4, 3, 2, 1  # groups ahead
NEAR_SLOTS = 1 << 14  # of the id index: with no more, all there is lies in a cache, and most of this would cost more than it brings


@inlined_kernel
def foresee(state, batch, at):
    """To be called before each command of a frame: at the first of a group, takes the looks, each at another group to come; before a
    frame's first command at all groups from there on."""
    if at % _GROUP != 0:
        return
    if state.book.order_ids.size <= NEAR_SLOTS:
        return
    count = batch.orders.size
    for command in range(_first(at, _KEYS), _last(at, _KEYS, count)):
        _ask_for_keys(state, batch.orders[command], command - at)
    for command in range(_first(at, _ROWS), _last(at, _ROWS, count)):
        _ask_for_rows(state, batch.orders[command])
    for command in range(_first(at, _NEIGHBOURS), _last(at, _NEIGHBOURS, count)):
        _ask_for_neighbours(state, batch.orders[command])
    for command in range(_first(at, _QUEUES), _last(at, _QUEUES, count)):
        _ask_for_queues(state, batch.orders[command])


@inlined_kernel
def _first(at, groups):
    return at + groups * _GROUP if at != 0 else 0


@inlined_kernel
def _last(at, groups, count):
    return min(at + (groups + 1) * _GROUP, count)


@inlined_kernel
def _symbol_of(state, command):
    """The symbol a command names, 0 where there is none."""
    return np.int64(command.symbol) if 0 < command.symbol <= state.venue[0].last_symbol else np.int64(0)


@inlined_kernel
def _ladder_of(state, command):
    """The ladder where an order of this command would rest."""
    return ladder_of(state.book, _symbol_of(state, command), np.int64(command.side) & 1)


@inlined_kernel
def _ask_for_keys(state, command, ahead):
    """Where its keys lead: the account, its roster and balances, the places of the order's id and of the one it will give; the best price
    it could meet, and the beginning of the way to its own."""
    book, balances = state.book, state.ledger.balances
    account = np.int64(command.account)
    symbol_id = _symbol_of(state, command)
    symbol = state.registry.symbols[symbol_id]
    mask = mask_of(book.order_ids)
    prefetch(balances, home(account, symbol.base, mask_of(balances)), 0)
    prefetch(balances, home(account, symbol.quote, mask_of(balances)), 0)
    prefetch(state.registry.accounts, account, 0)
    prefetch(book.rosters, home(account, symbol_id, mask_of(book.rosters)), 0)
    prefetch(book.order_ids, home(0, id_key(command.order_id), mask), 0)
    prefetch(book.order_ids, home(0, id_key(state.venue[0].last_order_id + ahead), mask), 0)
    prefetch(book.levels, ladder_of(book, symbol_id, 1 - (np.int64(command.side) & 1)).best, 0)
    prefetch(book.node_children, way_to(book, _ladder_of(state, command), command.price_ticks, 0), 0)


@inlined_kernel
def _target(book, command):
    """The row of the order that it names by id, or 0."""
    return np.int64(row_of(book.order_ids, 0, id_key(command.order_id))) if command.order_id != 0 else np.int64(0)


@inlined_kernel
def _ask_for_rows(state, command):
    """The order that it names: what a plain one has of it. And the end of the way to its price."""
    book = state.book
    row = _target(book, command)
    prefetch(book.orders, row, 0)
    prefetch(book.orders, row, 1)
    prefetch(book.node_children, way_to(book, _ladder_of(state, command), command.price_ticks, 1), 0)


@inlined_kernel
def _ask_for_neighbours(state, command):
    """The level that the order leaves, those beside it there and in its roster, and the level that it enters."""
    book = state.book
    order = book.orders[_target(book, command)]
    prefetch(book.levels, order.level, 0)
    prefetch(book.orders, order.previous, 0)
    prefetch(book.orders, order.next, 0)
    prefetch(book.orders, order.roster_previous, 1)
    prefetch(book.orders, order.roster_next, 1)
    prefetch(book.levels, find_level(book, _ladder_of(state, command), command.price_ticks), 0)


@inlined_kernel
def _ask_for_queues(state, command):
    """The order behind which it will lie."""
    book = state.book
    level = np.int64(find_level(book, _ladder_of(state, command), command.price_ticks))
    prefetch(book.orders, book.levels[level].tail, 0)
