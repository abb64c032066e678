"""The path of a plain order: PLACE, CANCEL, REPLACE and AMEND of what has no special terms, where nothing special is going on.
docs/CORE.md section 3.

This is what nearly every command is, so it is compiled into the frame by itself; all others are engine/kernels/orders.py's, and a match
that meets a maker with special terms goes on there. Every command is a ladder of checks in the documented order, then a line after which
it must succeed. `command` is an ORDER_COMMAND record, `at` its place in the batch.
"""

import numpy as np

from engine.kernels import inlined_kernel
from engine.kernels.admission import cancellable, is_plain, target_of, where, who
from engine.kernels.amend import amend
from engine.kernels.aside import COMMAND, MATCH, NOTE, aside, task
from engine.kernels.book import (
    free_order_slot,
    give_hold_back,
    hold_amount,
    hold_rest,
    leave_book,
    next_update_id,
    owner_of,
    paying_balance,
    register,
    rest_in_book,
    rest_of,
    take_order_slot,
)
from engine.kernels.events import TERMS_SINCE, order_event, order_rejected
from engine.kernels.hashed import row_of
from engine.kernels.limits import count_order, limit_reached
from engine.kernels.match import UNUSUAL, can_fill, match_plain
from engine.kernels.terms import estimate, name_digest, would_take
from engine.kernels.waiting import attentive, may_rest
from engine.kernels.working import fill_order, tell_expired
from engine.types import (
    AMOUNT_MAX,
    Code,
    EventFlag,
    EventKind,
    Kind,
    OrderFlag,
    OrderStatus,
    OrderType,
    Pool,
    Side,
    Stp,
    TimeInForce,
)

_ORDERS = int(Pool.ORDERS)
_CANCEL_LEG = int(EventFlag.CANCEL_LEG)
_ALLOW_FAILURE = int(OrderFlag.ALLOW_FAILURE)


@inlined_kernel
def order_command(state, batch, out, at):
    """Applies one of the commands from PLACE to AMEND and returns its code."""
    command = batch.orders[at]
    kind = np.int64(command.kind)
    venue = state.venue[0]
    code = np.int64(who(venue, state.registry, state.margin, command, kind))
    if code == Code.OK:
        code = where(venue, state.registry, state.margin, command, kind)
    if code != Code.OK:
        order_rejected(venue, out, command, code, 0, 0 if kind == Kind.PLACE else command.order_id)
        return code
    symbol = state.registry.symbols[command.symbol]
    if not is_plain(venue, state.registry, symbol, command, kind):
        return aside(state, batch, out, task(COMMAND, at))
    slot = target_of(state.book, command) if kind != Kind.PLACE else np.int64(0)
    if kind != Kind.PLACE and state.book.orders[slot].special != 0:
        return aside(state, batch, out, task(COMMAND, at))

    balances = state.ledger.balances
    owner = owner_of(venue, symbol, state.book, balances, np.int64(command.account), np.int64(command.symbol))
    if kind == Kind.AMEND:
        return amend(venue, state.registry, state.book, balances, batch, out, at, slot)
    quantity = command.quantity_lots
    if kind != Kind.PLACE:  # CANCEL, or the cancel of a REPLACE
        code = np.int64(cancellable(state.book, command, slot))
        if code == Code.OK:
            lots = _take_out(venue, state.registry, symbol, state.book, balances, out, owner, slot)
            if quantity == 0 and command.order_type <= OrderType.LIMIT_MAKER:
                quantity = lots
        else:
            order_rejected(venue, out, command, code, _CANCEL_LEG if kind == Kind.REPLACE else 0, command.order_id)
            if command.flags & _ALLOW_FAILURE == 0:
                return code
        if kind == Kind.CANCEL:
            return code
    return np.int64(_place(state, batch, out, owner, at, quantity))


@inlined_kernel
def _malformed(venue, command, quantity):
    """Step 8: the fields contradict each other."""
    if command.side > Side.SELL or command.order_type > OrderType.MARKET or command.time_in_force > TimeInForce.FOK:
        return True
    if command.stp > Stp.EXPIRE_BOTH and (command.stp > Stp.TRANSFER or venue.rules_version < TERMS_SINCE):
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
    if _malformed(venue, command, quantity):
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
    rests = may_rest(command.order_type, command.time_in_force)
    if rests and book.rosters[owner.roster].count >= symbol.max_orders:
        return Code.MAX_NUM_ORDERS
    if limit_reached(venue, registry.accounts[account], 0):
        return Code.TOO_MANY_ORDERS
    if digest != 0 and row_of(book.client_ids, account, digest) != 0:
        return Code.DUPLICATE_CLIENT_ID
    if rests and venue.orders_open >= registry.capacity[_ORDERS]:
        return Code.ORDERS_FULL
    side = np.int64(command.side)
    available = balances[paying_balance(owner, side)].available
    if market:
        if available < estimate(book, symbol, symbol_id, side, quantity, command.quote_quantity):
            return Code.INSUFFICIENT_BALANCE
    elif available < hold_amount(symbol, side, command.price_ticks, quantity):
        return Code.INSUFFICIENT_BALANCE
    if command.order_type == OrderType.LIMIT_MAKER and would_take(book, symbol_id, side, command.price_ticks):
        return Code.WOULD_TAKE
    return Code.OK


@inlined_kernel
def _place(state, batch, out, owner, at, quantity):
    """Steps 8 to 18, then the order lives: it rests, or is matched and what is left rests or expires."""
    venue = state.venue[0]
    registry = state.registry
    book = state.book
    balances = state.ledger.balances
    command = batch.orders[at]
    digest = name_digest(batch, at)
    code = np.int64(_terms(venue, registry, book, balances, owner, command, quantity, digest))
    if code != Code.OK:
        order_rejected(venue, out, command, code, 0, 0)
        return code

    # From here on it must succeed.
    symbol_id = np.int64(command.symbol)
    symbol = registry.symbols[symbol_id]
    rests = may_rest(command.order_type, command.time_in_force)
    venue.last_order_id += 1
    slot = np.int64(take_order_slot(venue, book)) if rests else 0
    order = book.orders[slot]
    fill_order(venue, book, slot, batch, at, quantity, command.price_ticks, digest)
    count_order(venue, registry.accounts[order.account])

    kind = EventKind.NEW
    if not rests or would_take(book, symbol_id, np.int64(order.side), order.price_ticks):
        order_event(venue, book, out, EventKind.NEW, Code.OK, OrderStatus.NEW, order, quantity, 0, 0)
        ending = _execute(state, batch, out, owner, slot, command.quote_quantity)
        if venue.first_ticks != 0 and attentive(symbol):
            aside(state, batch, out, task(NOTE, symbol_id))
        if not rests or ending != Code.NO_LIQUIDITY:
            tell_expired(venue, book, out, order, ending)
            if rests:
                free_order_slot(venue, book, slot)
            return np.int64(Code.OK)
        kind = EventKind.RESTED
    hold_rest(symbol, balances, owner, order)
    level_lots = rest_in_book(venue, book, slot)
    register(venue, registry, book, owner.roster, slot)
    status = OrderStatus.PARTIALLY_FILLED if order.executed_lots > 0 else OrderStatus.NEW
    order_event(venue, book, out, kind, Code.OK, status, order, rest_of(order), next_update_id(symbol), level_lots)
    return np.int64(Code.OK)


@inlined_kernel
def _execute(state, batch, out, owner, slot, quote_quantity):
    """The match, unless the order wants all or nothing and cannot have all; returns as `match` does."""
    venue = state.venue[0]
    order = state.book.orders[slot]
    venue.first_ticks = 0
    if order.time_in_force == TimeInForce.FOK and not can_fill(venue, state.registry, state.book, state.margin, order):
        return np.int64(Code.NOT_FILLABLE)
    ending = match_plain(venue, state.registry, state.book, state.ledger.balances, state.margin, out, owner, order, quote_quantity)
    return aside(state, batch, out, task(MATCH, slot)) if ending == UNUSUAL else ending


@inlined_kernel
def _take_out(venue, registry, symbol, book, balances, out, owner, slot):
    """The order leaves the book, its hold returns, CANCELED is told; returns the lots that were left."""
    order = book.orders[slot]
    lots = rest_of(order)
    level_lots = leave_book(venue, registry, book, owner.roster, slot)
    give_hold_back(symbol, balances, owner, order, lots)
    order_event(venue, book, out, EventKind.CANCELED, Code.OK, OrderStatus.CANCELED, order, lots, next_update_id(symbol), level_lots)
    free_order_slot(venue, book, slot)
    return lots
