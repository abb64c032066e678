"""Taking up what the last trades reached: the drain of a symbol, and the activation of an order. docs/ORDERS.md sections 5 and 7."""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.book import free_order_slot, hold_amount, hold_asset, owner_of, rest_of, unregister
from engine.kernels.events import order_event
from engine.kernels.filters import check_band, check_notional, check_price
from engine.kernels.lists import leg_executes, leg_expired, partner_of
from engine.kernels.loans import borrow_missing, fund
from engine.kernels.pairing import pair_off
from engine.kernels.pegs import peg_price
from engine.kernels.state import BARE, LISTED, UNBORN
from engine.kernels.terms import funds_for, value_of, would_take, would_trigger
from engine.kernels.waiting import (
    carries,
    hold_ticks_of,
    is_above,
    is_algo,
    leave_place,
    move_hold,
    reached_above,
    reached_below,
    track,
    wait_or_track,
)
from engine.kernels.working import work
from engine.types import Code, EventKind, OrderStatus, OrderType, Peg, SideEffect


@kernel
def take_up(venue, registry, book, balances, margin, out, symbol_id):
    """One step of a symbol's drain, of which there is one to take; returns how many it came to, those of a match included."""
    symbol = registry.symbols[symbol_id]
    if symbol.uncross_ticks != 0:
        return pair_off(venue, registry, book, balances, margin, out, symbol_id)
    if symbol.due_first != 0:
        return activate(venue, registry, book, balances, margin, out, np.int64(symbol.due_first))
    slot = reached_above(book, symbol, symbol_id)
    if slot == 0:
        slot = reached_below(book, symbol, symbol_id)
    order = book.orders[slot]
    if order.trailing_bps == 0:
        return activate(venue, registry, book, balances, margin, out, slot)
    leave_place(venue, registry, book, slot)
    stop, first = order.stop_price_ticks, symbol.first_ticks
    track(registry, book, slot, max(stop, first) if is_above(order.side, order.order_type) else min(stop, first))
    return np.int64(1)


@kernel
def activate(venue, registry, book, balances, margin, out, slot):
    """An order that waited becomes working; or, were it to wait and was PENDING until now, begins to wait. Returns the steps it took."""
    order = book.orders[slot]
    symbol_id = np.int64(order.symbol)
    symbol = registry.symbols[symbol_id]
    unborn = order.special & UNBORN != 0
    if not unborn:
        leg_executes(venue, registry, book, balances, out, slot)
    _let_go(venue, registry, balances, order)
    leave_place(venue, registry, book, slot)
    partner = partner_of(book, slot) if unborn else np.int64(0)
    if partner != 0:
        _let_go(venue, registry, balances, book.orders[partner])
        book.orders[partner].special |= BARE
    order.special &= ~(UNBORN | BARE)
    waits = unborn and is_algo(order.order_type)
    if order.peg != Peg.NONE and not waits:
        price = peg_price(book, symbol_id, np.int64(order.side), np.int64(order.peg), np.int64(order.peg_offset))
        if price == 0:
            _expire(venue, registry, book, balances, out, slot, np.int64(Code.PEG_UNAVAILABLE))
            return np.int64(1)
        order.price_ticks = price
        order.hold_ticks = price
    order_event(venue, book, out, EventKind.ACTIVATED, Code.OK, OrderStatus.NEW, order, rest_of(order), 0, 0)
    owner = owner_of(venue, symbol, book, balances, np.int64(order.account), symbol_id)
    code = _hindrance(registry, book, symbol, symbol_id, order, waits)
    asset = hold_asset(symbol, np.int64(order.side))
    if code == Code.OK:
        needed = _needed(book, symbol, symbol_id, order, partner, waits)
        code = fund(venue, registry, balances, margin, np.int64(order.account), asset, needed, _borrowing_of(order))
    if code != Code.OK:
        _expire(venue, registry, book, balances, out, slot, code)
        return np.int64(1)
    borrow_missing(venue, registry, balances, margin, out, np.int64(order.account), asset)
    if partner != 0:
        _share_hold(venue, registry, balances, symbol, order, book.orders[partner])
    if waits:
        wait_or_track(venue, registry, book, slot)
        if carries(order):
            move_hold(venue, registry, balances, order, 1)
        return np.int64(1)
    work(venue, registry, book, balances, margin, out, owner, slot, 0, True)
    return 1 + venue.steps


@inlined_kernel
def _let_go(venue, registry, balances, order):
    """An order's hold returns, where it carries one."""
    if carries(order):
        move_hold(venue, registry, balances, order, -1)


@kernel
def _expire(venue, registry, book, balances, out, slot, code):
    """An order that is nowhere and holds nothing expires."""
    order = book.orders[slot]
    owner = owner_of(venue, registry.symbols[order.symbol], book, balances, np.int64(order.account), np.int64(order.symbol))
    unregister(venue, registry, book, owner.roster, slot)
    order_event(venue, book, out, EventKind.EXPIRED, code, OrderStatus.EXPIRED, order, rest_of(order), 0, 0)
    if order.special & LISTED != 0:
        leg_expired(venue, registry, book, balances, out, slot)
    free_order_slot(venue, book, slot)


@kernel
def _hindrance(registry, book, symbol, symbol_id, order, waits):
    """Why an order cannot become working (`waits`: begin to wait) now, or OK; funds apart."""
    side = np.int64(order.side)
    order_type = np.int64(order.order_type)
    if waits:
        return np.int64(Code.WOULD_TRIGGER if would_trigger(symbol, side, order_type, order.stop_price_ticks) else Code.OK)
    code = np.int64(Code.OK)
    if order.peg != Peg.NONE:  # its price is new
        code = check_price(registry, symbol_id, order.price_ticks, order.stop_price_ticks)
        if code == Code.OK:
            code = check_band(registry, symbol_id, side, order.price_ticks)
        if code == Code.OK:
            code = check_notional(registry, symbol_id, order_type, value_of(symbol, order_type, order.hold_ticks, rest_of(order)))
    if code == Code.OK and order_type == OrderType.LIMIT_MAKER and would_take(book, symbol_id, side, order.price_ticks):
        code = np.int64(Code.WOULD_TAKE)
    return code


@inlined_kernel
def _amount(symbol, order, hold_ticks):
    return hold_amount(symbol, np.int64(order.side), hold_ticks, rest_of(order))


@kernel
def _needed(book, symbol, symbol_id, order, partner, waits):
    """What must be available for what becomes working, or for the hold of what begins to wait: of a pair, for the larger one."""
    if partner != 0:
        other = book.orders[partner]
        return max(_amount(symbol, order, order.hold_ticks), _amount(symbol, other, hold_ticks_of(other)))
    if waits:
        return _amount(symbol, order, order.hold_ticks)
    order_type = np.int64(OrderType.MARKET) if order.price_ticks == 0 else np.int64(OrderType.LIMIT)
    side = np.int64(order.side)
    return funds_for(book, symbol, symbol_id, side, order_type, order.price_ticks, order.hold_ticks, rest_of(order), 0)


@inlined_kernel
def _borrowing_of(order):
    """The side effect that an order borrows by; those of a list do not."""
    return np.int64(order.side_effect) if order.special & LISTED == 0 else np.int64(SideEffect.NONE)


@kernel
def _share_hold(venue, registry, balances, symbol, order, partner):
    """Of a pair that holds nothing, the order with the larger hold carries it; `order`, which is about to be placed, takes its own
    later."""
    own, others = _amount(symbol, order, order.hold_ticks), _amount(symbol, partner, hold_ticks_of(partner))
    if own > others or (own == others and order.order_id < partner.order_id):
        return
    order.special |= BARE
    partner.special &= ~BARE
    move_hold(venue, registry, balances, partner, 1)
