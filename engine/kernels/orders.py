"""Order commands off the plain path: orders with special terms, on symbols where something special is going on, order lists, and what
concerns all of an account's orders. docs/CORE.md section 3, docs/ORDERS.md.

As in engine/kernels/place.py, every command is a ladder of checks, then a line after which it must succeed.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.admission import cancellable, target_of, where, who
from engine.kernels.amend import amend
from engine.kernels.book import executes_as_market, hold_asset, id_key, owner_of, register, rest_of, take_order_slot
from engine.kernels.events import countdown_event, order_event, order_rejected
from engine.kernels.hashed import row_of
from engine.kernels.limits import count_order
from engine.kernels.lists import end_order, row_of_leg
from engine.kernels.loans import borrow_missing
from engine.kernels.masscancel import cancel_orders
from engine.kernels.state import IN_AUCTION
from engine.kernels.terms import ALONE, judge, name_digest, quote_of, would_take
from engine.kernels.timers import COUNTDOWN, add_timer, remove_timer
from engine.kernels.waiting import is_algo, may_rest, move_hold, wait_or_track
from engine.kernels.working import fill_order, fill_terms, rest_at_once, work
from engine.types import (
    BOTH_SIDES,
    COUNTDOWN_MAX_NS,
    Code,
    EventFlag,
    EventKind,
    Kind,
    OrderFlag,
    OrderStatus,
    OrderType,
    SymbolStatus,
)

_CANCEL_LEG = int(EventFlag.CANCEL_LEG)
_ALLOW_FAILURE = int(OrderFlag.ALLOW_FAILURE)


@inlined_kernel
def _keeps_quantity(order_type):
    """Whether a REPLACE with an order of this type, and without a quantity, takes over what was left."""
    return order_type <= OrderType.TAKE_PROFIT_LIMIT and not executes_as_market(order_type)


@kernel
def order_command_aside(state, batch, out, at):
    """Applies one of the commands from PLACE to AMEND, CANCEL_LIST, MASS_CANCEL or COUNTDOWN; returns its code."""
    venue = state.venue[0]
    registry, book, balances = state.registry, state.book, state.ledger.balances
    command = batch.orders[at]
    kind = np.int64(command.kind)
    code = np.int64(who(venue, registry, state.margin, command, kind))
    if code == Code.OK and kind == Kind.MASS_CANCEL:
        return _mass_cancel(venue, registry, book, balances, out, command)
    if code == Code.OK and kind == Kind.COUNTDOWN:
        return _set_countdown(venue, registry, book, out, command)
    if code == Code.OK:
        code = where(venue, registry, state.margin, command, kind)
    if code != Code.OK:
        order_rejected(venue, out, command, code, 0, 0 if kind == Kind.PLACE else command.order_id)
        return code
    if kind == Kind.CANCEL_ALL:
        return _cancel_all(venue, registry, book, balances, out, command)
    if kind == Kind.CANCEL_LIST:
        return _cancel_list(venue, registry, book, balances, out, command)
    slot = target_of(book, command) if kind != Kind.PLACE else np.int64(0)
    if kind == Kind.AMEND:
        return amend(venue, registry, book, balances, batch, out, at, slot)

    quantity = command.quantity_lots
    if kind != Kind.PLACE:  # CANCEL, or the cancel of a REPLACE
        code = np.int64(cancellable(book, command, slot))
        if code == Code.OK:
            lots = rest_of(book.orders[slot])
            end_order(venue, registry, book, balances, out, slot, EventKind.CANCELED, Code.OK, OrderStatus.CANCELED)
            if quantity == 0 and _keeps_quantity(np.int64(command.order_type)):
                quantity = lots
        else:
            order_rejected(venue, out, command, code, _CANCEL_LEG if kind == Kind.REPLACE else 0, command.order_id)
            if command.flags & _ALLOW_FAILURE == 0:
                return code
        if kind == Kind.CANCEL:
            return code
    return _place(venue, registry, book, balances, state.margin, batch, out, at, quantity)


@kernel
def _place(venue, registry, book, balances, margin, batch, out, at, quantity):
    """Steps 8 to 18b, then the order lives."""
    command = batch.orders[at]
    symbol_id = np.int64(command.symbol)
    symbol = registry.symbols[symbol_id]
    owner = owner_of(venue, symbol, book, balances, np.int64(command.account), symbol_id)
    code, price = judge(venue, registry, book, balances, margin, batch, owner, at, at, quantity, ALONE)
    if code != Code.OK:
        order_rejected(venue, out, command, code, 0, 0)
        return code

    # From here on it must succeed.
    algo = is_algo(command.order_type)
    rests = may_rest(command.order_type, command.time_in_force)
    venue.last_order_id += 1
    slot = np.int64(take_order_slot(venue, book)) if algo or rests else np.int64(0)
    order = book.orders[slot]
    fill_order(venue, book, slot, batch, at, quantity, price, name_digest(batch, at))
    fill_terms(registry, symbol, order, command)
    count_order(venue, registry.accounts[order.account])
    borrow_missing(venue, registry, balances, margin, out, np.int64(order.account), hold_asset(symbol, np.int64(order.side)))
    if algo:
        register(venue, registry, book, owner.roster, slot)
        wait_or_track(venue, registry, book, slot)
        move_hold(venue, registry, balances, order, 1)
        order_event(venue, book, out, EventKind.NEW, Code.OK, OrderStatus.NEW, order, quantity, 0, 0)
    elif rests and (symbol.special & IN_AUCTION != 0 or not would_take(book, symbol_id, np.int64(order.side), price)):
        register(venue, registry, book, owner.roster, slot)
        rest_at_once(venue, registry, book, balances, out, owner, slot, EventKind.NEW)
    else:
        order_event(venue, book, out, EventKind.NEW, Code.OK, OrderStatus.NEW, order, quantity, 0, 0)
        work(venue, registry, book, balances, margin, out, owner, slot, quote_of(command), False)
    return code


# ---------------------------------------------------------------- taking orders away


@kernel
def _cancel_all(venue, registry, book, balances, out, command):
    """Every open order of the account on the symbol, the oldest first."""
    account = np.int64(command.account)
    count, _ = cancel_orders(venue, registry, book, balances, out, account, np.int64(command.symbol), BOTH_SIDES, True)
    if count == 0:
        order_rejected(venue, out, command, Code.UNKNOWN_ORDER, 0, command.order_id)
        return np.int64(Code.UNKNOWN_ORDER)
    return np.int64(Code.OK)


@kernel
def _mass_cancel(venue, registry, book, balances, out, command):
    """Every open order of the account, on one symbol or on all, of one side or of both."""
    code = np.int64(Code.OK)
    if command.symbol < 0 or command.symbol > venue.last_symbol:
        code = np.int64(Code.UNKNOWN_SYMBOL)
    elif command.symbol != 0 and registry.symbols[command.symbol].status == SymbolStatus.HALTED:
        code = np.int64(Code.MARKET_CLOSED)
    elif command.side > BOTH_SIDES:
        code = np.int64(Code.INVALID_ORDER)
    if code == Code.OK:
        account, side = np.int64(command.account), np.int64(command.side)
        count, unfinished = cancel_orders(venue, registry, book, balances, out, account, np.int64(command.symbol), side, False)
        if unfinished:
            return np.int64(Code.WORK_LIMIT)
        if count == 0:
            code = np.int64(Code.UNKNOWN_ORDER)
    if code != Code.OK:
        order_rejected(venue, out, command, code, 0, command.order_id)
    return code


@kernel
def _cancel_list(venue, registry, book, balances, out, command):
    """Every open order of a list, the oldest first."""
    account = np.int64(command.account)
    if command.order_id != 0:
        row = np.int64(row_of(book.list_ids, 0, id_key(command.order_id)))
    else:
        row = np.int64(row_of(book.list_names, account, command.target)) if command.target != 0 else np.int64(0)
    listed = book.lists[row]
    if row == 0 or listed.account != account or listed.symbol != command.symbol:
        order_rejected(venue, out, command, Code.UNKNOWN_LIST, 0, command.order_id)
        return np.int64(Code.UNKNOWN_LIST)
    for leg in range(3):
        slot = row_of_leg(listed, leg)
        if slot != 0:
            end_order(venue, registry, book, balances, out, slot, EventKind.CANCELED, Code.OK, OrderStatus.CANCELED)
    return np.int64(Code.OK)


@kernel
def _set_countdown(venue, registry, book, out, command):
    """Sets the account's dead man's switch, or switches it off."""
    if command.symbol != 0 or command.expires_ns < 0 or command.expires_ns > COUNTDOWN_MAX_NS:
        order_rejected(venue, out, command, Code.INVALID_ORDER, 0, command.order_id)
        return np.int64(Code.INVALID_ORDER)
    number = np.int64(command.account)
    account = registry.accounts[number]
    if account.timer != 0:
        remove_timer(venue, registry, book, account.timer)
    account.countdown_ns = venue.now + command.expires_ns if command.expires_ns != 0 else 0
    if account.countdown_ns != 0:
        add_timer(venue, registry, book, account.countdown_ns, COUNTDOWN, number, number)
    countdown_event(venue, out, number, account.countdown_ns, 0)
    return np.int64(Code.OK)
