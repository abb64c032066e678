"""Order commands: PLACE, CANCEL, CANCEL_ALL, REPLACE, AMEND. docs/CORE.md section 3.

Every command is a ladder of checks in the documented order, then a line after which it must succeed. `command` is an ORDER_COMMAND record,
`at` its place in the batch.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.arithmetic import client_id_digest
from engine.kernels.book import (
    enter_book,
    free_order_slot,
    give_hold_back,
    hold_amount,
    leave_book,
    next_update_id,
    open_order,
    owner_of,
    paying_balance,
    rename_order,
    rest_of,
    take_order_slot,
)
from engine.kernels.events import order_event, order_rejected
from engine.kernels.hashed import row_of
from engine.kernels.ladder import next_level
from engine.kernels.match import can_fill, crosses, match
from engine.types import (
    AMOUNT_MAX,
    COMMAND_BYTES,
    FIRST_CUSTOMER,
    ORDER_COMMAND,
    STEPS_MAX,
    AccountStatus,
    Code,
    EventFlag,
    EventKind,
    KeyScope,
    Kind,
    OrderFlag,
    OrderStatus,
    OrderType,
    Pool,
    Side,
    Stp,
    SymbolStatus,
    TimeInForce,
)

_ORDERS = int(Pool.ORDERS)
_TRADE, _CANCEL_LEG = int(KeyScope.TRADE), int(EventFlag.CANCEL_LEG)
_ALLOW_FAILURE, _ONLY_NEW = int(OrderFlag.ALLOW_FAILURE), int(OrderFlag.ONLY_NEW)
_ONLY_PARTIALLY_FILLED = int(OrderFlag.ONLY_PARTIALLY_FILLED)
_COMMAND_WORDS = COMMAND_BYTES // 8
_CLIENT_ID_WORD = ORDER_COMMAND.fields["client_id"][1] // 8
_TEN_SECONDS_NS = 10 * 10**9
_DAY_NS = 86_400 * 10**9


@inlined_kernel
def order_command(state, batch, out, at):
    """Applies one command of the order family and returns its code."""
    command = batch.orders[at]
    kind = np.int64(command.kind)
    venue = state.venue[0]
    code = np.int64(_who_and_where(venue, state.registry, command, kind))
    if code != Code.OK:
        order_rejected(venue, out, command, code, 0, 0 if kind == Kind.PLACE else command.order_id)
        return code
    balances = state.ledger.balances
    symbol = state.registry.symbols[command.symbol]
    owner = owner_of(venue, symbol, state.book, balances, np.int64(command.account), np.int64(command.symbol))
    if kind == Kind.AMEND:
        return np.int64(_amend(venue, symbol, state.book, balances, batch, out, owner, at))
    if kind == Kind.CANCEL_ALL:
        return np.int64(_cancel_all(venue, symbol, state.book, balances, out, owner, command))

    quantity = command.quantity_lots
    if kind != Kind.PLACE:  # CANCEL, or the cancel of a REPLACE
        slot = _target(state.book, command)
        code = np.int64(_cancellable(state.book, command, slot))
        if code == Code.OK:
            lots = _take_out(venue, symbol, state.book, balances, out, owner, slot)
            if quantity == 0 and command.order_type <= OrderType.LIMIT_MAKER:
                quantity = lots
        else:
            order_rejected(venue, out, command, code, _CANCEL_LEG if kind == Kind.REPLACE else 0, command.order_id)
            if command.flags & _ALLOW_FAILURE == 0:
                return code
        if kind == Kind.CANCEL:
            return code
    return np.int64(_place(venue, state.registry, state.book, balances, batch, out, owner, at, quantity))


@inlined_kernel
def _who_and_where(venue, registry, command, kind):
    """Steps 1 to 7: may this be asked here at all?"""
    changes_offers = kind != Kind.CANCEL and kind != Kind.CANCEL_ALL
    if (venue.permitted >> kind) & 1 == 0:
        return Code.NOT_PERMITTED
    if command.valid_until_ns != 0 and command.valid_until_ns < venue.now:
        return Code.STALE
    if command.account < FIRST_CUSTOMER or command.account > venue.last_account:
        return Code.UNKNOWN_ACCOUNT
    if changes_offers and registry.accounts[command.account].status != AccountStatus.ACTIVE:
        return Code.ACCOUNT_FROZEN
    if command.key != 0:
        if command.key < 1 or command.key > venue.last_key:
            return Code.KEY_REVOKED
        key = registry.keys[command.key]
        if key.account != command.account or key.scopes & _TRADE == 0:
            return Code.KEY_REVOKED
    if command.symbol < 1 or command.symbol > venue.last_symbol:
        return Code.UNKNOWN_SYMBOL
    if changes_offers and registry.symbols[command.symbol].status != SymbolStatus.TRADING:
        return Code.MARKET_CLOSED
    return Code.OK


# ---------------------------------------------------------------- placing


@inlined_kernel
def _may_rest(order_type, time_in_force):
    return order_type == OrderType.LIMIT_MAKER or (order_type == OrderType.LIMIT and time_in_force == TimeInForce.GTC)


@inlined_kernel
def _malformed(command, quantity):
    """Step 8: the fields contradict each other."""
    if command.side > Side.SELL or command.order_type > OrderType.MARKET:
        return True
    if command.time_in_force > TimeInForce.FOK or command.stp > Stp.EXPIRE_BOTH:
        return True
    if command.order_type != OrderType.LIMIT and command.time_in_force != TimeInForce.GTC:
        return True
    if command.order_type != OrderType.MARKET:
        return command.price_ticks < 1 or quantity < 1 or command.quote_quantity != 0
    if command.price_ticks != 0 or quantity < 0 or command.quote_quantity < 0:
        return True
    return (quantity > 0) == (command.quote_quantity > 0)


@inlined_kernel
def _terms(venue, registry, book, balances, owner, command, quantity, digest):
    """Steps 8 to 18: would this order be good? `quantity` is the command's, or what a replaced order had left."""
    if _malformed(command, quantity):
        return Code.INVALID_ORDER
    account = np.int64(command.account)
    symbol_id = np.int64(command.symbol)
    symbol = registry.symbols[symbol_id]
    market = command.order_type == OrderType.MARKET
    if command.price_ticks > symbol.max_price_ticks:
        return Code.PRICE_FILTER
    if quantity > symbol.max_quantity_lots:
        return Code.LOT_SIZE
    if market and quantity > symbol.max_market_lots:
        return Code.MARKET_LOT_SIZE
    if command.quote_quantity > 0:
        if command.quote_quantity < symbol.min_notional or command.quote_quantity > AMOUNT_MAX:
            return Code.NOTIONAL
    else:
        price = symbol.last_price_ticks if market else command.price_ticks
        if price > 0 and quantity * price * symbol.tick_lot_units < symbol.min_notional:
            return Code.NOTIONAL
    may_rest = _may_rest(command.order_type, command.time_in_force)
    if may_rest and book.rosters[owner.roster].count >= symbol.max_orders:
        return Code.MAX_NUM_ORDERS
    if _limit_reached(venue, registry.accounts[account]):
        return Code.TOO_MANY_ORDERS
    if digest != 0 and row_of(book.client_ids, account, digest) != 0:
        return Code.DUPLICATE_CLIENT_ID
    if may_rest and venue.orders_open >= registry.capacity[_ORDERS]:
        return Code.ORDERS_FULL
    side = np.int64(command.side)
    available = balances[paying_balance(owner, side)].available
    if market:
        if not _covers_estimate(book, symbol, book.ladders[symbol_id * 2 + 1 - side], side, quantity, command.quote_quantity, available):
            return Code.INSUFFICIENT_BALANCE
    elif available < hold_amount(symbol, side, command.price_ticks, quantity):
        return Code.INSUFFICIENT_BALANCE
    if command.order_type == OrderType.LIMIT_MAKER and _would_take(book, symbol_id, side, command.price_ticks):
        return Code.WOULD_TAKE
    return Code.OK


@inlined_kernel
def _would_take(book, symbol_id, side, limit_ticks):
    best = book.ladders[symbol_id * 2 + 1 - side].best
    return best != 0 and crosses(side, limit_ticks, book.levels[best].price_ticks)


@inlined_kernel
def _limit_reached(venue, account):
    if venue.limit_10s > 0 and account.window_number == venue.now // _TEN_SECONDS_NS and account.window_count >= venue.limit_10s:
        return True
    return venue.limit_day > 0 and account.day_number == venue.now // _DAY_NS and account.day_count >= venue.limit_day


@inlined_kernel
def _count_order(venue, account):
    window = venue.now // _TEN_SECONDS_NS  # a day begins with a window
    if account.window_number != window:
        account.window_number = window
        account.window_count = 0
        day = venue.now // _DAY_NS
        if account.day_number != day:
            account.day_number = day
            account.day_count = 0
    account.window_count += 1
    account.day_count += 1


@kernel
def _covers_estimate(book, symbol, opposite, side, quantity, quote_quantity, available):
    """Step 17 for MARKET: whether `available` covers what a walk over the opposite levels says the order needs."""
    if side == Side.SELL and quantity > 0:
        return available >= quantity * symbol.lot_units
    left = quantity
    budget = quote_quantity
    bought = np.int64(0)
    place = np.int64(opposite.best)
    for _ in range(STEPS_MAX):
        if place == 0:
            break
        level = book.levels[place]
        lot_quote = level.price_ticks * symbol.tick_lot_units
        lots = min(level.lots, left if quantity > 0 else budget // lot_quote)
        bought += lots
        left -= lots
        budget -= lots * lot_quote
        if lots < level.lots:
            break
        place = np.int64(next_level(book, opposite, 1 - side, level.price_ticks))
    if side == Side.BUY:
        return available >= quote_quantity - budget
    return bought <= available // symbol.lot_units


@inlined_kernel
def _fill_order(venue, order, command, quantity, batch, at):
    order.order_id = venue.last_order_id
    order.price_ticks = command.price_ticks
    order.order_lots = quantity
    order.executed_lots = 0
    order.executed_quote = 0
    order.account = command.account
    order.symbol = command.symbol
    order.side = command.side
    order.order_type = command.order_type
    order.time_in_force = command.time_in_force
    order.stp = command.stp
    order.placed_ns = venue.now
    _name_order(order, batch, at)


@inlined_kernel
def _name_order(order, batch, at):
    word = at * _COMMAND_WORDS + _CLIENT_ID_WORD
    order.client_0 = batch.words[word]
    order.client_1 = batch.words[word + 1]
    order.client_2 = batch.words[word + 2]
    order.client_3 = batch.words[word + 3]
    order.client_4 = batch.words[word + 4]


@inlined_kernel
def _place(venue, registry, book, balances, batch, out, owner, at, quantity):
    """Steps 8 to 18, then the order lives: it rests, or is matched and what is left rests or expires."""
    command = batch.orders[at]
    digest = client_id_digest(batch.words, at * _COMMAND_WORDS + _CLIENT_ID_WORD)
    code = _terms(venue, registry, book, balances, owner, command, quantity, digest)
    if code != Code.OK:
        order_rejected(venue, out, command, code, 0, 0)
        return code

    # From here on it must succeed.
    symbol_id = np.int64(command.symbol)
    symbol = registry.symbols[symbol_id]
    may_rest = _may_rest(command.order_type, command.time_in_force)
    venue.last_order_id += 1
    slot = np.int64(take_order_slot(venue, book)) if may_rest else 0
    order = book.orders[slot]
    _fill_order(venue, order, command, quantity, batch, at)
    _count_order(venue, registry.accounts[order.account])

    kind = EventKind.NEW
    if not may_rest or _would_take(book, symbol_id, np.int64(order.side), order.price_ticks):
        order_event(venue, out, EventKind.NEW, Code.OK, OrderStatus.NEW, order, quantity, 0, 0)
        ending = np.int64(_execute(venue, registry, book, balances, out, owner, order, command.quote_quantity))
        rests = may_rest and ending == Code.NO_LIQUIDITY
        if not rests:
            if ending != Code.OK:
                status = OrderStatus.EXPIRED_IN_MATCH if ending == Code.SELF_TRADE else OrderStatus.EXPIRED
                order_event(venue, out, EventKind.EXPIRED, ending, status, order, rest_of(order), 0, 0)
            if may_rest:
                free_order_slot(venue, book, slot)
            return Code.OK
        kind = EventKind.RESTED
    level_lots = enter_book(venue, symbol, book, balances, owner, slot)
    status = OrderStatus.PARTIALLY_FILLED if order.executed_lots > 0 else OrderStatus.NEW
    order_event(venue, out, kind, Code.OK, status, order, rest_of(order), next_update_id(symbol), level_lots)
    return Code.OK


@inlined_kernel
def _execute(venue, registry, book, balances, out, owner, order, quote_quantity):
    """The match, unless the order wants all or nothing and cannot have all; returns as `match` does."""
    if order.time_in_force == TimeInForce.FOK and not can_fill(book, order):
        return Code.NOT_FILLABLE
    return match(venue, registry, book, balances, out, owner, order, quote_quantity)


# ---------------------------------------------------------------- cancelling


@inlined_kernel
def _target(book, command):
    return np.int64(open_order(book, np.int64(command.account), np.int64(command.symbol), command.order_id, command.target))


@inlined_kernel
def _cancellable(book, command, slot):
    """Whether the target is there and in the condition the command asks for."""
    if slot == 0:
        return Code.UNKNOWN_ORDER
    executed = book.orders[slot].executed_lots
    if command.flags & _ONLY_NEW != 0 and executed > 0:
        return Code.CANCEL_RESTRICTED
    if command.flags & _ONLY_PARTIALLY_FILLED != 0 and executed == 0:
        return Code.CANCEL_RESTRICTED
    return Code.OK


@inlined_kernel
def _take_out(venue, symbol, book, balances, out, owner, slot):
    """The order leaves the book, its hold returns, CANCELED is told; returns the lots that were left."""
    order = book.orders[slot]
    lots = rest_of(order)
    level_lots = leave_book(venue, book, owner.roster, slot)
    give_hold_back(symbol, balances, owner, order, lots)
    order_event(venue, out, EventKind.CANCELED, Code.OK, OrderStatus.CANCELED, order, lots, next_update_id(symbol), level_lots)
    free_order_slot(venue, book, slot)
    return lots


@kernel
def _cancel_all(venue, symbol, book, balances, out, owner, command):
    """Every open order of the account on the symbol, the oldest first."""
    count = book.rosters[owner.roster].count
    if count == 0:
        order_rejected(venue, out, command, Code.UNKNOWN_ORDER, 0, command.order_id)
        return Code.UNKNOWN_ORDER
    slot = np.int64(book.rosters[owner.roster].head)
    for _ in range(count):
        following = np.int64(book.orders[slot].roster_next)
        _take_out(venue, symbol, book, balances, out, owner, slot)
        slot = following
    return Code.OK


@inlined_kernel
def _amend(venue, symbol, book, balances, batch, out, owner, at):
    """Lowers the whole quantity; the place in the queue stays."""
    command = batch.orders[at]
    slot = _target(book, command)
    order = book.orders[slot]
    digest = client_id_digest(batch.words, at * _COMMAND_WORDS + _CLIENT_ID_WORD)
    code = _amendable(book, command, order, slot, digest)
    if code != Code.OK:
        order_rejected(venue, out, command, code, 0, command.order_id)
        return code

    # From here on it must succeed.
    if digest != 0:
        rename_order(book, slot, digest)
        _name_order(order, batch, at)
    lots = order.order_lots - command.quantity_lots
    give_hold_back(symbol, balances, owner, order, lots)
    order.order_lots = command.quantity_lots
    level = book.levels[order.level]
    level.lots -= lots
    status = OrderStatus.PARTIALLY_FILLED if order.executed_lots > 0 else OrderStatus.NEW
    order_event(venue, out, EventKind.AMENDED, Code.OK, status, order, command.quantity_lots, next_update_id(symbol), level.lots)
    return Code.OK


@inlined_kernel
def _amendable(book, command, order, slot, digest):
    if slot == 0:
        return Code.UNKNOWN_ORDER
    if command.quantity_lots <= order.executed_lots or command.quantity_lots >= order.order_lots:
        return Code.AMEND_INVALID
    if digest != 0:
        holder = row_of(book.client_ids, np.int64(command.account), digest)
        if holder != 0 and holder != slot:
            return Code.DUPLICATE_CLIENT_ID
    return Code.OK
