"""PLACE_LIST: orders that depend on each other are placed together or not at all. docs/ORDERS.md section 7.

The head is the command at `at`, its legs are the commands after it; each takes its own nanosecond.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.admission import where, who
from engine.kernels.book import hold_amount, id_key, owner_of, register, take_order_slot
from engine.kernels.events import head_rejected, list_event, order_event, order_rejected
from engine.kernels.filters import filter_of
from engine.kernels.hashed import NOWHERE, find, link, row_of
from engine.kernels.limits import count_order
from engine.kernels.pegs import peg_price
from engine.kernels.state import BARE, LISTED, UNBORN
from engine.kernels.terms import CLIENT_ID_WORD, COMMAND_WORDS, LEG, PENDING, hold_ticks_for, judge, name_digest, would_take
from engine.kernels.waiting import carries, is_above, is_algo, may_rest, move_hold, wait_or_track
from engine.kernels.working import fill_order, fill_terms, rest_at_once, work
from engine.types import Code, EventKind, Filter, Kind, ListStatus, ListType, OrderState, OrderStatus, OrderType, Peg, Side


@kernel
def place_list(state, batch, out, at):
    """Applies a head and its legs; returns the place after them."""
    venue = state.venue[0]
    registry, book, balances = state.registry, state.book, state.ledger.balances
    head = batch.orders[at]
    begun = venue.now
    end = at + 1 + _legs_there(batch, at)
    code = np.int64(who(venue, registry, state.margin, head, Kind.PLACE_LIST))
    if code == Code.OK:
        code = where(venue, registry, state.margin, head, Kind.PLACE_LIST)
    refused_leg = at  # where none is: the head itself
    if code == Code.OK:
        code = _judge_head(registry, book, batch, at, end)
    if code == Code.OK:
        owner = owner_of(venue, registry.symbols[head.symbol], book, balances, np.int64(head.account), np.int64(head.symbol))
        for place in range(at + 1, end):
            venue.now = begun + place - at
            role = PENDING if head.list_type != ListType.OCO and place != at + 1 else LEG
            quantity = batch.orders[place].quantity_lots
            code, _ = judge(venue, registry, book, balances, state.margin, batch, owner, place, at + 1, quantity, role)
            if code != Code.OK:
                refused_leg = place
                break
    if code != Code.OK:
        _refuse(venue, batch, out, at, end, begun, code, refused_leg)
    else:
        _accept(venue, registry, book, balances, state.margin, batch, out, at, end, begun)
    venue.now = begun + end - 1 - at
    venue.index = end - 1
    return end


@inlined_kernel
def _legs_of(list_type):
    """How many legs a list of a type has."""
    if list_type == ListType.OCO or list_type == ListType.OTO:
        return 2
    return 3 if list_type == ListType.OTOCO else 0


@kernel
def _legs_there(batch, at):
    """How many of them follow the head."""
    wanted = _legs_of(batch.orders[at].list_type)
    count = 0
    while count < wanted and at + 1 + count < batch.orders.size and batch.orders[at + 1 + count].kind == Kind.PLACE:
        count += 1
    return count


@kernel
def _refuse(venue, batch, out, at, end, begun, code, refused_leg):
    """Tells the refusal of head and legs: because of one leg's code, or of the head's."""
    legs_code = np.int64(Code.LIST_INVALID if code == Code.LIST_INVALID and refused_leg == at else Code.LIST_LEG_REFUSED)
    for place in range(at, end):
        venue.now = begun + place - at
        venue.index = place
        if place == refused_leg:
            batch.codes[place] = code
        else:
            batch.codes[place] = legs_code
        if place == at:
            head_rejected(venue, out, batch.orders[at].account, batch.orders[at].symbol, batch.codes[place])
        else:
            order_rejected(venue, out, batch.orders[place], batch.codes[place], 0, 0)


# ---------------------------------------------------------------- what makes a list


@kernel
def _judge_head(registry, book, batch, at, end):
    """The ladder of a head after step 7b."""
    head = batch.orders[at]
    account = np.int64(head.account)
    symbol_id = np.int64(head.symbol)
    if not _is_well_formed(registry, batch, at, end):
        return np.int64(Code.LIST_INVALID)
    digest = name_digest(batch, at)
    if digest != 0 and row_of(book.list_names, account, digest) != 0:
        return np.int64(Code.DUPLICATE_CLIENT_ID)
    most = filter_of(registry, symbol_id, Filter.MAX_LISTS)
    if most != 0 and _lists_on(book, account, symbol_id) >= most:
        return np.int64(Code.MAX_NUM_LISTS)
    most = filter_of(registry, 0, Filter.EXCHANGE_MAX_LISTS)
    if most != 0 and registry.accounts[account].lists >= most:
        return np.int64(Code.EXCHANGE_MAX_LISTS)
    return np.int64(Code.OK)


@kernel
def _is_well_formed(registry, batch, at, end):
    """Whether the legs make a list of the head's type."""
    head = batch.orders[at]
    wanted = _legs_of(head.list_type)
    if wanted == 0 or end - at - 1 != wanted:
        return False
    for place in range(at + 1, end):
        leg = batch.orders[place]
        if leg.account != head.account or leg.symbol != head.symbol or leg.key != head.key:
            return False
    if head.list_type == ListType.OCO:
        return _are_pair(registry, batch.orders[at + 1], batch.orders[at + 2], True)
    if batch.orders[at + 1].order_type > OrderType.LIMIT_MAKER:
        return False
    for place in range(at + 2, end):
        if batch.orders[place].order_type == OrderType.MARKET and batch.orders[place].quote_quantity != 0:
            return False
    return head.list_type == ListType.OTO or _are_pair(registry, batch.orders[at + 2], batch.orders[at + 3], False)


@kernel
def _are_pair(registry, one, other, now):
    """Whether two legs make a pair: one order above the price, one below it; `now`: above and below the last price."""
    if one.side != other.side or one.side > Side.SELL or one.quantity_lots != other.quantity_lots:
        return False
    if not _fits_in_pair(one.order_type) or not _fits_in_pair(other.order_type) or _lies_above(one) == _lies_above(other):
        return False
    last = registry.symbols[one.symbol].last_price_ticks
    if now and last != 0 and not (_is_on_its_side(one, last) and _is_on_its_side(other, last)):
        return False
    above = _reference(one) if _lies_above(one) else _reference(other)
    below = _reference(other) if _lies_above(one) else _reference(one)
    return above == 0 or below == 0 or above > below


@inlined_kernel
def _fits_in_pair(order_type):
    return order_type == OrderType.LIMIT_MAKER or (OrderType.STOP_LOSS <= order_type <= OrderType.TAKE_PROFIT_LIMIT)


@inlined_kernel
def _lies_above(leg):
    """Whether a leg of a pair is the one above the price."""
    if leg.order_type == OrderType.LIMIT_MAKER:
        return leg.side == Side.SELL
    return is_above(leg.side, leg.order_type)


@inlined_kernel
def _reference(leg):
    """The price of a pair's leg that is compared; 0 if it has none."""
    return leg.price_ticks if leg.order_type == OrderType.LIMIT_MAKER else leg.stop_price_ticks


@inlined_kernel
def _is_on_its_side(leg, last):
    """Whether a LIMIT_MAKER lies beyond the last price; stops are judged as any stop is."""
    if leg.order_type != OrderType.LIMIT_MAKER or leg.price_ticks == 0:
        return True
    return leg.price_ticks > last if leg.side == Side.SELL else leg.price_ticks < last


@kernel
def _lists_on(book, account, symbol_id):
    slot = find(book.rosters, account, symbol_id)
    return np.int64(book.rosters[slot].lists) if slot != NOWHERE else np.int64(0)


# ---------------------------------------------------------------- the list lives


@kernel
def _accept(venue, registry, book, balances, margin, batch, out, at, end, begun):
    """From here on it must succeed."""
    head = batch.orders[at]
    row = _open_list(venue, registry, book, batch, out, at, end, begun)
    symbol_id = np.int64(head.symbol)
    symbol = registry.symbols[symbol_id]
    owner = owner_of(venue, symbol, book, balances, np.int64(head.account), symbol_id)
    carrier = _carrier(symbol, book, batch, at) if head.list_type == ListType.OCO else at + 1
    working = np.int64(0)  # the row of a working order that is to be executed
    for place in range(at + 1, end):
        venue.now = begun + place - at
        venue.index = place
        slot = _open_leg(venue, registry, book, batch, owner, place, row, place - at - 1)
        order = book.orders[slot]
        if head.list_type != ListType.OCO and place != at + 1:
            order.state = OrderState.PENDING
            order.special |= BARE | UNBORN
            order_event(venue, book, out, EventKind.NEW, Code.OK, OrderStatus.PENDING_NEW, order, order.order_lots, 0, 0)
            continue
        if head.list_type == ListType.OCO and place != carrier:
            order.special |= BARE
        if is_algo(order.order_type):
            wait_or_track(venue, registry, book, slot)
            if carries(order):
                move_hold(venue, registry, balances, order, 1)
            order_event(venue, book, out, EventKind.NEW, Code.OK, OrderStatus.NEW, order, order.order_lots, 0, 0)
        elif may_rest(order.order_type, order.time_in_force) and not would_take(book, symbol_id, np.int64(order.side), order.price_ticks):
            rest_at_once(venue, registry, book, balances, out, owner, slot, EventKind.NEW)
        else:
            order_event(venue, book, out, EventKind.NEW, Code.OK, OrderStatus.NEW, order, order.order_lots, 0, 0)
            working = slot
    for place in range(at, end):
        batch.codes[place] = Code.OK
    if working != 0:
        venue.now = begun + 1
        work(venue, registry, book, balances, margin, out, owner, working, 0, True)


@kernel
def _open_list(venue, registry, book, batch, out, at, end, begun):
    """Makes the list one of the open ones and tells it; returns its row."""
    head = batch.orders[at]
    account = np.int64(head.account)
    row = np.int64(venue.lists_free)
    if row != 0:
        venue.lists_free = book.lists[row].next_free
    else:
        venue.lists_top += 1
        row = np.int64(venue.lists_top)
    venue.now = begun
    venue.index = at
    venue.last_list_id += 1
    venue.lists_open += 1
    listed = book.lists[row]
    listed.list_id = venue.last_list_id
    listed.account = head.account
    listed.symbol = head.symbol
    listed.list_type = head.list_type
    listed.open = 0
    listed.placed_ns = begun
    listed.digest = name_digest(batch, at)
    listed.order_0 = venue.last_order_id + 1
    listed.order_1 = venue.last_order_id + 2
    listed.order_2 = venue.last_order_id + 3 if end - at == 4 else 0
    word = at * COMMAND_WORDS + CLIENT_ID_WORD
    listed.client_0 = batch.words[word]
    listed.client_1 = batch.words[word + 1]
    listed.client_2 = batch.words[word + 2]
    listed.client_3 = batch.words[word + 3]
    listed.client_4 = batch.words[word + 4]
    link(book.list_ids, 0, id_key(listed.list_id), row)
    if listed.digest != 0:
        link(book.list_names, account, listed.digest, row)
    book.rosters[find(book.rosters, account, np.int64(head.symbol))].lists += 1
    registry.accounts[account].lists += 1
    list_event(venue, out, listed, ListStatus.EXECUTING)
    return row


@kernel
def _open_leg(venue, registry, book, batch, owner, place, row, leg):
    """Makes the order of the command at `place` an open one, the leg of a list; returns its row."""
    command = batch.orders[place]
    symbol = registry.symbols[command.symbol]
    slot = np.int64(take_order_slot(venue, book))
    listed = book.lists[row]
    price = _leg_price(book, batch, place) if leg == 0 or listed.list_type == ListType.OCO else command.price_ticks
    venue.last_order_id += 1
    fill_order(venue, book, slot, batch, place, command.quantity_lots, price, name_digest(batch, place))
    order = book.orders[slot]
    fill_terms(registry, symbol, order, command)
    order.special |= LISTED
    order.list = row
    if leg == 0:
        listed.row_0 = slot
    elif leg == 1:
        listed.row_1 = slot
    else:
        listed.row_2 = slot
    listed.open += 1
    count_order(venue, registry.accounts[order.account])
    register(venue, registry, book, owner.roster, slot)
    return slot


@kernel
def _leg_price(book, batch, place):
    """The price of a leg that is to be working, or to wait, at once."""
    leg = batch.orders[place]
    if leg.peg == Peg.NONE or is_algo(leg.order_type):
        return leg.price_ticks
    return peg_price(book, np.int64(leg.symbol), np.int64(leg.side), np.int64(leg.peg), np.int64(leg.peg_offset))


@kernel
def _carrier(symbol, book, batch, at):
    """The place of the leg of a pair with the larger hold, the first where they are equal."""
    return at + 2 if _hold_of(symbol, book, batch, at + 2) > _hold_of(symbol, book, batch, at + 1) else at + 1


@kernel
def _hold_of(symbol, book, batch, place):
    leg = batch.orders[place]
    return hold_amount(
        symbol, np.int64(leg.side), hold_ticks_for(symbol, _leg_price(book, batch, place), leg.stop_price_ticks), leg.quantity_lots
    )
