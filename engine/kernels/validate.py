"""Every invariant of docs/CORE.md section 8, counted from nothing. Reads only; walks are bounded, so damaged links cannot trap it.

Each check returns what it found broken (an id, an account, a slot: the text in INVARIANTS says which), or SOUND.
"""

import numpy as np

from engine.kernels import allocating_kernel, kernel
from engine.kernels.book import digest_of, hold_amount, hold_asset, id_key, ladder_of, rest_of
from engine.kernels.hashed import NOWHERE, find, row_of
from engine.kernels.ladder import find_level, next_level
from engine.kernels.lists import row_of_leg
from engine.kernels.state import ABOVE, ALGO, BELOW, BUSY, ICEBERG, LADDERS, LISTED, TIMED
from engine.kernels.timers import COUNTDOWN, GTD
from engine.kernels.validate_margin import MARGIN_INVARIANTS, SOUND, first_broken_of_margin
from engine.kernels.waiting import carries, has_work, hold_ticks_of, is_above
from engine.types import FIRST_CUSTOMER, HOUSE_FEES, HOUSE_GATEWAY, HOUSE_INSURANCE, TRAILING_MAX, OrderState, Pool, Side, SymbolStatus

INVARIANTS = (
    ("SUM_ZERO", "the balances of this asset do not add up to zero"),
    ("NO_CUSTOMER_BELOW_ZERO", "this account has a balance below zero"),
    ("HELD_EXPLAINED", "this account holds other than its orders and pending transfers say"),
    ("BOOK_NOT_CROSSED", "the best prices of this symbol cross"),
    ("LEVELS_ADD_UP", "the levels of this symbol are not what its orders add up to"),
    ("FIFO", "at a level of this symbol a later order lies before an earlier one"),
    ("INDEX_COMPLETE", "the indexes do not find exactly the open orders: this row"),
    ("ACCOUNT_LISTS", "the lists of this account are not exactly its open orders"),
    ("FREE_LISTS", "used and free rows do not add up in this pool (capacity's number; 7: levels, 8: ladder nodes, 9: lists)"),
    ("PENDING_ORDERED", "the expiry index is not exactly the pending transfers that expire, in order: this row"),
    ("IDS_BOUNDED", "so many ids are remembered, not what the ring and its index can hold"),
    ("ICEBERG_SHOWN", "this order shows other than it should"),
    ("STOPS_PLACED", "the orders that wait on this symbol are not exactly where their stop prices are"),
    ("TRAILING_BOUNDED", "the queues of this symbol are not exactly its orders that track or are due, or too many have a trailing delta"),
    ("LISTS_COMPLETE", "this order list and its open orders do not know each other"),
    ("TIMERS_COMPLETE", "the timers are not exactly those of the orders and switches: this one"),
    ("COUNTS_AGREE", "what is counted for this account is not what is open"),
    ("BACKLOG_COMPLETE", "the backlog is not exactly the symbols with something to do: this symbol"),
    *MARGIN_INVARIANTS,
)
_ORDERS, _PENDING, _TRANSFER_IDS = int(Pool.ORDERS), int(Pool.PENDING), int(Pool.TRANSFER_IDS)
_LEVELS, _NODES, _LISTS = 7, 8, 9
_BEFORE_MARGIN = len(INVARIANTS) - len(MARGIN_INVARIANTS)


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
    found = _book_not_crossed(venue, registry, book)
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
    found = _icebergs_shown(venue, book)
    if found != SOUND:
        return 11, found
    found = _stops_placed(venue, registry, book)
    if found != SOUND:
        return 12, found
    found = _queues_complete(venue, registry, book)
    if found != SOUND:
        return 13, found
    found = _lists_complete(venue, book)
    if found != SOUND:
        return 14, found
    found = _timers_complete(venue, registry, book)
    if found != SOUND:
        return 15, found
    found = _counts_agree(venue, registry, book)
    if found != SOUND:
        return 16, found
    found = _backlog_complete(venue, registry, book)
    if found != SOUND:
        return 17, found
    which, found = first_broken_of_margin(state)
    return (_BEFORE_MARGIN + which, found) if which != SOUND else (which, found)


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
        may_owe = balance.high == HOUSE_GATEWAY or balance.high == HOUSE_INSURANCE or balance.high == HOUSE_FEES
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
            if carries(order):
                explained[slot] += hold_amount(symbol, side, hold_ticks_of(order), rest_of(order))
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
def _book_not_crossed(venue, registry, book):
    for symbol in range(1, venue.last_symbol + 1):
        bid = ladder_of(book, symbol, Side.BUY).best
        ask = ladder_of(book, symbol, Side.SELL).best
        if registry.symbols[symbol].status == SymbolStatus.AUCTION:
            continue
        if bid != 0 and ask != 0 and book.levels[bid].price_ticks >= book.levels[ask].price_ticks:
            return symbol
    return SOUND


@kernel
def _levels_add_up(venue, book):
    """Walking every side from its best level meets every order that rests once, where it says it is, and the totals agree."""
    met = 0
    for ladder_row in range(LADDERS, (venue.last_symbol + 1) * LADDERS):
        symbol = ladder_row // LADDERS
        ladder = book.ladders[ladder_row]
        if ladder_row - symbol * LADDERS > Side.SELL:
            continue
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
    return SOUND if met == _open_in(venue, book, OrderState.RESTING) else np.int64(0)


@kernel
def _open_in(venue, book, state):
    """How many open orders are in a state."""
    count = 0
    for row in range(1, venue.orders_top + 1):
        if book.orders[row].order_id != 0 and book.orders[row].state == state:
            count += 1
    return count


@kernel
def _level_is_sound(venue, book, ladder_row, place):
    """How many orders lie at a level, or 0 where they do not fit it."""
    level = book.levels[place]
    lots = np.int64(0)
    hidden = np.int64(0)
    count = 0
    previous = np.int64(0)
    slot = np.int64(level.head)
    while slot != 0 and count <= venue.orders_open:
        order = book.orders[slot]
        count += 1
        shown = order.shown_lots if order.special & ICEBERG != 0 else rest_of(order)
        lots += shown
        hidden += rest_of(order) - shown
        if order.level != place or order.previous != previous or order.price_ticks != level.price_ticks:
            return 0
        if order.symbol * LADDERS + order.side != ladder_row or order.order_id == 0 or rest_of(order) < 1:
            return 0
        if order.state != OrderState.RESTING:
            return 0
        previous = slot
        slot = np.int64(order.next)
    adds_up = level.count == count and level.lots == lots and book.hidden[place] == hidden
    return count if slot == 0 and level.tail == previous and adds_up else 0


@kernel
def _first_come_first_served(venue, book):
    for row in range(1, venue.orders_top + 1):
        order = book.orders[row]
        rests = order.order_id != 0 and order.state == OrderState.RESTING
        if rests and order.next != 0 and book.orders[order.next].priority <= order.priority:
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
            digest = digest_of(book, row)
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

    seen = np.zeros(venue.lists_top + 1, np.bool_)
    row = venue.lists_free
    free = 0
    while row != 0:
        if row > venue.lists_top or seen[row] or book.lists[row].list_id != 0:
            return _LISTS
        seen[row] = True
        free += 1
        row = np.int64(book.lists[row].next_free)
    if venue.lists_open + free != venue.lists_top:
        return _LISTS

    used = 0
    for ladder_row in range(LADDERS, (venue.last_symbol + 1) * LADDERS):
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
    for ladder_row in range(LADDERS, (venue.last_symbol + 1) * LADDERS):
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


# ---------------------------------------------------------------- docs/ORDERS.md section 12


@kernel
def _icebergs_shown(venue, book):
    for row in range(1, venue.orders_top + 1):
        order = book.orders[row]
        rests = order.order_id != 0 and order.state == OrderState.RESTING
        shown = order.shown_lots
        if rests and order.special & ICEBERG != 0 and (shown < 1 or shown > order.iceberg_lots or shown > rest_of(order)):
            return order.order_id
    return SOUND


@kernel
def _stops_placed(venue, registry, book):
    """Walking the two ladders of stops of every symbol meets every order that waits once, at its stop price."""
    met = 0
    for symbol in range(1, venue.last_symbol + 1):
        stops = 0
        for which in range(BELOW, ABOVE + 1):
            ladder = book.ladders[symbol * LADDERS + which]
            levels = 0
            place = np.int64(ladder.best)
            while place != 0:
                levels += 1
                level = book.levels[place]
                if levels > ladder.count or find_level(book, ladder, level.price_ticks) != place:
                    return symbol
                count = _stops_at(venue, book, symbol, which, place)
                if count == 0:
                    return symbol
                stops += count
                place = np.int64(next_level(book, ladder, which & 1, level.price_ticks))
            if levels != ladder.count:
                return symbol
        met += stops
        for row in range(1, venue.orders_top + 1):
            order = book.orders[row]
            if order.order_id != 0 and order.symbol == symbol and order.state == OrderState.TRACKING:
                stops += 1
        if registry.symbols[symbol].stops != stops:
            return symbol
    return SOUND if met == _open_in(venue, book, OrderState.WAITING) else np.int64(0)


@kernel
def _stops_at(venue, book, symbol, which, place):
    """How many orders wait at a level, or 0 where they do not fit it."""
    level = book.levels[place]
    count = 0
    previous = np.int64(0)
    slot = np.int64(level.head)
    while slot != 0 and count <= venue.orders_open:
        order = book.orders[slot]
        count += 1
        if order.level != place or order.previous != previous or order.stop_price_ticks != level.price_ticks:
            return 0
        if order.order_id == 0 or order.state != OrderState.WAITING or order.symbol != symbol:
            return 0
        if is_above(order.side, order.order_type) != (which == ABOVE):
            return 0
        previous = slot
        slot = np.int64(order.next)
    return count if slot == 0 and level.tail == previous and level.count == count and level.lots == 0 else 0


@kernel
def _queues_complete(venue, registry, book):
    tracking = 0
    due = 0
    for number in range(1, venue.last_symbol + 1):
        symbol = registry.symbols[number]
        count = _queue_length(venue, book, number, np.int64(symbol.tracking_first), np.int64(symbol.tracking_last), OrderState.TRACKING)
        trailing = 0
        for row in range(1, venue.orders_top + 1):
            order = book.orders[row]
            if order.order_id != 0 and order.symbol == number and order.special & ALGO != 0 and order.trailing_bps != 0:
                trailing += 1
        if count == SOUND or symbol.trailing != trailing or trailing > TRAILING_MAX:
            return number
        tracking += count
        count = _queue_length(venue, book, number, np.int64(symbol.due_first), np.int64(symbol.due_last), OrderState.DUE)
        if count == SOUND:
            return number
        due += count
    complete = tracking == _open_in(venue, book, OrderState.TRACKING) and due == _open_in(venue, book, OrderState.DUE)
    return SOUND if complete else np.int64(0)


@kernel
def _queue_length(venue, book, symbol, first, last, state):
    """How many orders are linked from `first` to `last`, or SOUND (which no length is) where one does not belong there."""
    count = np.int64(0)
    previous = np.int64(0)
    slot = first
    while slot != 0 and count <= venue.orders_open:
        order = book.orders[slot]
        count += 1
        if order.order_id == 0 or order.symbol != symbol or order.state != state or order.previous != previous:
            return np.int64(SOUND)
        previous = slot
        slot = np.int64(order.next)
    return count if slot == 0 and previous == last else np.int64(SOUND)


@kernel
def _lists_complete(venue, book):
    legs = 0
    opened = 0
    for row in range(1, venue.lists_top + 1):
        listed = book.lists[row]
        if listed.list_id == 0:
            continue
        opened += 1
        count = 0
        for leg in range(3):
            slot = row_of_leg(listed, leg)
            if slot == 0:
                continue
            count += 1
            order = book.orders[slot]
            order_id = listed.order_0 if leg == 0 else listed.order_1 if leg == 1 else listed.order_2
            if order.order_id != order_id or order.special & LISTED == 0 or order.list != row:
                return listed.list_id
            if order.account != listed.account or order.symbol != listed.symbol:
                return listed.list_id
        if count == 0 or count != listed.open or row_of(book.list_ids, 0, id_key(listed.list_id)) != row:
            return listed.list_id
        if listed.digest != 0 and row_of(book.list_names, np.int64(listed.account), listed.digest) != row:
            return listed.list_id
        legs += count
    for row in range(1, venue.orders_top + 1):
        if book.orders[row].order_id != 0 and book.orders[row].special & LISTED != 0:
            legs -= 1
    return SOUND if legs == 0 and opened == venue.lists_open and _used(book.list_ids) == opened else np.int64(0)


@kernel
def _timers_complete(venue, registry, book):
    expected = 0
    for row in range(1, venue.orders_top + 1):
        if book.orders[row].order_id != 0 and book.orders[row].special & TIMED != 0:
            expected += 1
    for account in range(FIRST_CUSTOMER, venue.last_account + 1):
        if registry.accounts[account].countdown_ns != 0:
            expected += 1
    if venue.timers != expected:
        return np.int64(0)
    for place in range(1, expected + 1):
        timer = book.timers[place]
        if timer.kind == GTD:
            order = book.orders[timer.row]
            sound = order.order_id == timer.owner and order.expires_ns == timer.time_ns and order.timer == place
        else:
            account = registry.accounts[timer.row]
            sound = timer.kind == COUNTDOWN and account.countdown_ns == timer.time_ns and account.timer == place
        above = book.timers[place >> 1]
        if not sound or (place > 1 and (above.time_ns, above.kind, above.owner) >= (timer.time_ns, timer.kind, timer.owner)):
            return np.int64(place)
    return SOUND


@allocating_kernel
def _counts_agree(venue, registry, book):
    """Rows of `counts`: orders, algo orders, icebergs, lists; by account, and by roster."""
    by_account = np.zeros((venue.last_account + 1, 4), np.int64)
    by_roster = np.zeros((book.rosters.size, 3), np.int64)
    for row in range(1, venue.orders_top + 1):
        order = book.orders[row]
        if order.order_id != 0:
            place = find(book.rosters, np.int64(order.account), np.int64(order.symbol))
            if place == NOWHERE:
                return np.int64(order.account)
            by_account[order.account, 0] += 1
            if order.special & ALGO != 0:
                by_account[order.account, 1] += 1
                by_roster[place, 0] += 1
            if order.special & ICEBERG != 0:
                by_account[order.account, 2] += 1
                by_roster[place, 1] += 1
    for row in range(1, venue.lists_top + 1):
        listed = book.lists[row]
        if listed.list_id != 0:
            place = find(book.rosters, np.int64(listed.account), np.int64(listed.symbol))
            if place == NOWHERE:
                return np.int64(listed.account)
            by_account[listed.account, 3] += 1
            by_roster[place, 2] += 1
    for account in range(FIRST_CUSTOMER, venue.last_account + 1):
        row = registry.accounts[account]
        counted = by_account[account]
        if row.orders != counted[0] or row.algos != counted[1] or row.icebergs != counted[2] or row.lists != counted[3]:
            return account
    for place in range(book.rosters.size):
        roster = book.rosters[place]
        counted = by_roster[place]
        if roster.high != 0 and (roster.algos != counted[0] or roster.icebergs != counted[1] or roster.lists != counted[2]):
            return roster.high
    return SOUND


@kernel
def _backlog_complete(venue, registry, book):
    length = 0
    last = np.int64(0)
    number = np.int64(venue.backlog_first)
    while number != 0 and length <= venue.last_symbol:
        if number > venue.last_symbol or registry.symbols[number].special & BUSY == 0:
            return number
        length += 1
        last = number
        number = np.int64(registry.symbols[number].backlog_next)
    if number != 0 or last != venue.backlog_last:
        return last
    for number in range(1, venue.last_symbol + 1):
        symbol = registry.symbols[number]
        if symbol.special & BUSY != 0:
            length -= 1
        elif has_work(book, symbol, number):
            return number
    return SOUND if length == 0 else np.int64(0)
