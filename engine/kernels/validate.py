"""Every invariant of docs/CORE.md section 8, counted from nothing. Reads only; walks are bounded, so damaged links cannot trap it.

Each check returns what it found broken (an id, an account, a slot: the text in INVARIANTS says which), or SOUND.
"""

import numpy as np

from engine.kernels import allocating_kernel, kernel
from engine.kernels.book import digest_of, hold_amount, hold_asset, id_key, rest_of
from engine.kernels.hashed import NOWHERE, find, row_of
from engine.kernels.ladder import find_level, next_level
from engine.types import HOUSE_GATEWAY, HOUSE_INSURANCE, Pool

SOUND = -1
INVARIANTS = (
    ("SUM_ZERO", "the balances of this asset do not add up to zero"),
    ("NO_CUSTOMER_BELOW_ZERO", "this account has a balance below zero"),
    ("HELD_EXPLAINED", "this account holds other than its orders and pending transfers say"),
    ("BOOK_NOT_CROSSED", "the best prices of this symbol cross"),
    ("LEVELS_ADD_UP", "the levels of this symbol are not what its orders add up to"),
    ("FIFO", "at a level of this symbol a later order lies before an earlier one"),
    ("INDEX_COMPLETE", "the indexes do not find exactly the open orders: this row"),
    ("ACCOUNT_LISTS", "the lists of this account are not exactly its open orders"),
    ("FREE_LISTS", "used and free rows do not add up in this pool (capacity's number; 7: levels, 8: ladder nodes)"),
    ("PENDING_ORDERED", "the expiry index is not exactly the pending transfers that expire, in order: this row"),
    ("IDS_BOUNDED", "so many ids are remembered, not what the ring and its index can hold"),
)
_ORDERS, _PENDING, _TRANSFER_IDS = int(Pool.ORDERS), int(Pool.PENDING), int(Pool.TRANSFER_IDS)
_LEVELS, _NODES = 7, 8


@allocating_kernel
def first_broken(state):
    """(place in INVARIANTS, what is broken) of the first broken invariant, or (SOUND, 0)."""
    venue = state.venue[0]
    registry = state.registry
    book = state.book
    ledger = state.ledger
    found = _sum_zero(venue, ledger.balances)
    if found != SOUND:
        return 0, found
    found = _no_customer_below_zero(ledger.balances)
    if found != SOUND:
        return 1, found
    found = _held_explained(venue, registry, book, ledger)
    if found != SOUND:
        return 2, found
    found = _book_not_crossed(venue, book)
    if found != SOUND:
        return 3, found
    found = _levels_add_up(venue, book)
    if found != SOUND:
        return 4, found
    found = _first_come_first_served(venue, book)
    if found != SOUND:
        return 5, found
    found = _index_complete(venue, book)
    if found != SOUND:
        return 6, found
    found = _account_lists(venue, book)
    if found != SOUND:
        return 7, found
    found = _free_lists(venue, registry, book, ledger)
    if found != SOUND:
        return 8, found
    found = _pending_ordered(venue, ledger)
    if found != SOUND:
        return 9, found
    found = _ids_bounded(venue, registry, ledger)
    if found != SOUND:
        return 10, found
    return SOUND, np.int64(0)


@allocating_kernel
def _sum_zero(venue, balances):
    sums = np.zeros(venue.last_asset + 1, np.int64)
    for slot in range(balances.size):
        balance = balances[slot]
        if balance.high != 0:
            if balance.low < 1 or balance.low > venue.last_asset:
                return balance.low
            sums[balance.low] += balance.available + balance.held
    for asset in range(1, venue.last_asset + 1):
        if sums[asset] != 0:
            return asset
    return SOUND


@kernel
def _no_customer_below_zero(balances):
    for slot in range(balances.size):
        balance = balances[slot]
        may_owe = balance.high == HOUSE_GATEWAY or balance.high == HOUSE_INSURANCE
        if balance.held < 0 or (balance.available < 0 and not may_owe):
            return balance.high
    return SOUND


@allocating_kernel
def _held_explained(venue, registry, book, ledger):
    explained = np.zeros(ledger.balances.size, np.int64)
    for row in range(1, venue.orders_top + 1):
        order = book.orders[row]
        if order.order_id != 0:
            symbol = registry.symbols[order.symbol]
            side = np.int64(order.side)
            slot = find(ledger.balances, np.int64(order.account), hold_asset(symbol, side))
            if slot == NOWHERE:
                return np.int64(order.account)
            explained[slot] += hold_amount(symbol, side, order.price_ticks, rest_of(order))
    for row in range(1, venue.pending_top + 1):
        pending = ledger.pending[row]
        if pending.id_hi != 0:
            slot = find(ledger.balances, np.int64(pending.debit), np.int64(pending.asset))
            if slot == NOWHERE:
                return np.int64(pending.debit)
            explained[slot] += pending.amount
    for slot in range(ledger.balances.size):
        if ledger.balances[slot].held != explained[slot]:
            return ledger.balances[slot].high
    return SOUND


@kernel
def _book_not_crossed(venue, book):
    for symbol in range(1, venue.last_symbol + 1):
        bid = book.ladders[symbol * 2].best
        ask = book.ladders[symbol * 2 + 1].best
        if bid != 0 and ask != 0 and book.levels[bid].price_ticks >= book.levels[ask].price_ticks:
            return symbol
    return SOUND


@kernel
def _levels_add_up(venue, book):
    """Walking every ladder from its best level meets every open order once, where it says it is, and the totals agree."""
    met = 0
    for ladder_row in range(2, venue.last_symbol * 2 + 2):
        symbol = ladder_row >> 1
        ladder = book.ladders[ladder_row]
        levels = 0
        place = np.int64(ladder.best)
        while place != 0:
            levels += 1
            level = book.levels[place]
            if levels > ladder.count or find_level(book, ladder, level.price_ticks) != place:
                return symbol
            count = _level_is_sound(venue, book, ladder_row, place)
            if count == 0:
                return symbol
            met += count
            place = np.int64(next_level(book, ladder, ladder_row & 1, level.price_ticks))
        if levels != ladder.count:
            return symbol
    return SOUND if met == venue.orders_open else np.int64(0)


@kernel
def _level_is_sound(venue, book, ladder_row, place):
    """How many orders lie at a level, or 0 where they do not fit it."""
    level = book.levels[place]
    lots = np.int64(0)
    count = 0
    previous = np.int64(0)
    slot = np.int64(level.head)
    while slot != 0 and count <= venue.orders_open:
        order = book.orders[slot]
        count += 1
        lots += rest_of(order)
        if order.level != place or order.previous != previous or order.price_ticks != level.price_ticks:
            return 0
        if order.symbol * 2 + order.side != ladder_row or order.order_id == 0 or rest_of(order) < 1:
            return 0
        previous = slot
        slot = np.int64(order.next)
    return count if slot == 0 and level.tail == previous and level.count == count and level.lots == lots else 0


@kernel
def _first_come_first_served(venue, book):
    for row in range(1, venue.orders_top + 1):
        order = book.orders[row]
        if order.order_id != 0 and order.next != 0 and book.orders[order.next].order_id <= order.order_id:
            return np.int64(order.symbol)
    return SOUND


@kernel
def _used(table):
    count = 0
    for slot in range(table.size):
        if table[slot].high != 0 or table[slot].low != 0:
            count += 1
    return count


@kernel
def _index_complete(venue, book):
    opened = 0
    named = 0
    for row in range(1, venue.orders_top + 1):
        order = book.orders[row]
        if order.order_id != 0:
            opened += 1
            digest = digest_of(order)
            if row_of(book.order_ids, 0, id_key(order.order_id)) != row:
                return row
            if digest != 0:
                named += 1
                if row_of(book.client_ids, np.int64(order.account), digest) != row:
                    return row
    if opened != venue.orders_open or _used(book.order_ids) != opened or _used(book.client_ids) != named:
        return np.int64(0)
    return SOUND


@kernel
def _account_lists(venue, book):
    listed = 0
    for place in range(book.rosters.size):
        roster = book.rosters[place]
        if roster.high == 0 or roster.count == 0:
            continue
        count = 0
        previous = np.int64(0)
        newest = np.int64(0)
        slot = np.int64(roster.head)
        while slot != 0 and count <= venue.orders_open:
            order = book.orders[slot]
            count += 1
            if order.account != roster.high or order.symbol != roster.low or order.roster_previous != previous:
                return roster.high
            if order.order_id <= newest:
                return roster.high
            newest = order.order_id
            previous = slot
            slot = np.int64(order.roster_next)
        if slot != 0 or count == 0 or count != roster.count or roster.tail != previous:
            return roster.high
        listed += count
    return SOUND if listed == venue.orders_open else np.int64(0)


@allocating_kernel
def _free_lists(venue, registry, book, ledger):
    seen = np.zeros(venue.orders_top + 1, np.bool_)
    row = venue.orders_free
    free = 0
    while row != 0:
        if row > venue.orders_top or seen[row] or book.orders[row].order_id != 0:
            return _ORDERS
        seen[row] = True
        free += 1
        row = np.int64(book.orders[row].next)
    if venue.orders_open + free != venue.orders_top or venue.orders_top > registry.capacity[_ORDERS]:
        return _ORDERS

    seen = np.zeros(venue.pending_top + 1, np.bool_)
    row = venue.pending_free
    free = 0
    while row != 0:
        if row > venue.pending_top or seen[row] or ledger.pending[row].id_hi != 0:
            return _PENDING
        seen[row] = True
        free += 1
        row = np.int64(ledger.pending[row].next_free)
    if venue.pending_count + free != venue.pending_top or venue.pending_top > registry.capacity[_PENDING]:
        return _PENDING

    used = 0
    for ladder_row in range(2, venue.last_symbol * 2 + 2):
        used += book.ladders[ladder_row].count
    seen = np.zeros(venue.levels_top + 1, np.bool_)
    row = venue.levels_free
    free = 0
    while row != 0:
        if row > venue.levels_top or seen[row]:
            return _LEVELS
        seen[row] = True
        free += 1
        row = np.int64(book.levels[row].next_free)
    if used + free != venue.levels_top:
        return _LEVELS

    seen = np.zeros(venue.nodes_top + 1, np.bool_)
    row = venue.nodes_free
    while row != 0:
        if row > venue.nodes_top or seen[row]:
            return _NODES
        seen[row] = True
        row = book.node_bits[row]
    for ladder_row in range(2, venue.last_symbol * 2 + 2):
        if not _mark_nodes(book, seen, book.ladders[ladder_row]):
            return _NODES
    for row in range(1, venue.nodes_top + 1):
        if not seen[row]:
            return _NODES
    return SOUND


@allocating_kernel
def _mark_nodes(book, seen, ladder):
    """Marks every node of a ladder, level by level of the tree; False where one was marked before."""
    if ladder.root == 0:
        return ladder.height == 0
    generation = np.zeros(1, np.int64)
    generation[0] = ladder.root
    for depth in range(ladder.height):
        following = np.zeros(generation.size * 64 if depth + 1 < ladder.height else 1, np.int64)
        count = 0
        for node in generation:
            if node < 1 or node >= seen.size or seen[node]:
                return False
            seen[node] = True
            if depth + 1 < ladder.height:
                for digit in range(64):
                    child = book.node_children[node * 64 + digit]
                    if (child != 0) != ((book.node_bits[node] >> digit) & 1 == 1):
                        return False
                    if child != 0:
                        following[count] = child
                        count += 1
        generation = following[:count].copy()
    return True


@kernel
def _pending_ordered(venue, ledger):
    expiring = 0
    for row in range(1, venue.pending_top + 1):
        pending = ledger.pending[row]
        if pending.id_hi == 0:
            continue
        if row_of(ledger.pending_ids, pending.id_hi, pending.id_lo) != row:
            return row
        place = np.int64(pending.heap_place)
        if (place != 0) != (pending.expires_ns != 0):
            return row
        if place != 0:
            expiring += 1
            if place < 0 or place > venue.expiring or ledger.expiries[place] != row:
                return row
            above = ledger.pending[ledger.expiries[place >> 1]]
            if place > 1 and (above.expires_ns, above.held_ns) >= (pending.expires_ns, pending.held_ns):
                return row
    return SOUND if expiring == venue.expiring and _used(ledger.pending_ids) == venue.pending_count else np.int64(0)


@kernel
def _ids_bounded(venue, registry, ledger):
    count = venue.transfers_count
    if count > registry.capacity[_TRANSFER_IDS] or count > ledger.transfers.size or _used(ledger.transfer_ids) != count:
        return count
    for age in range(count):
        place = (venue.transfers_oldest + age) & (ledger.transfers.size - 1)
        transfer = ledger.transfers[place]
        if row_of(ledger.transfer_ids, transfer.id_hi, transfer.id_lo) != place + 1:
            return count
    return SOUND
