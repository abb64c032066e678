"""How an accepted order begins: its row, and its execution once it is working."""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.book import (
    free_order_slot,
    hold_rest,
    next_update_id,
    register,
    rest_in_book,
    rest_of,
    unregister,
)
from engine.kernels.events import order_event
from engine.kernels.levels import is_fair
from engine.kernels.lists import leg_expired, leg_filled
from engine.kernels.match import FOR_ITSELF, can_fill, match
from engine.kernels.selftrade import status_of
from engine.kernels.state import ALGO, ICEBERG, LEVERAGED, LISTED, TERMS, TIMED
from engine.kernels.terms import CLIENT_ID_WORD, COMMAND_WORDS, expiry_of, hold_ticks_for
from engine.kernels.waiting import carries, is_algo, may_rest, note_match
from engine.types import Code, EventKind, OrderState, OrderStatus, Stp, TimeInForce


@inlined_kernel
def fill_order(venue, book, slot, batch, at, quantity, price_ticks, digest):
    """Writes what every order has into its row, from the command at `at`."""
    command = batch.orders[at]
    order = book.orders[slot]
    order.order_id = venue.last_order_id
    order.order_lots = quantity
    order.executed_lots = 0
    order.executed_quote = 0
    order.prevented_lots = 0
    order.account = command.account
    order.symbol = command.symbol
    order.side = command.side
    order.order_type = command.order_type
    order.stp = command.stp
    order.special = 0
    order.price_ticks = price_ticks
    order.placed_ns = venue.now
    order.time_in_force = command.time_in_force
    order.state = OrderState.RESTING
    order.amends = 0
    name_order(book, slot, batch, at, digest)


@inlined_kernel
def name_order(book, slot, batch, at, digest):
    """Writes the client id that a command gives, and its digest, into an order's row; nothing where it is empty."""
    book.orders[slot].named = 1 if digest != 0 else 0
    if digest == 0:
        return
    name = book.names[slot]
    word = at * COMMAND_WORDS + CLIENT_ID_WORD
    name.digest = digest
    name.client_0 = batch.words[word]
    name.client_1 = batch.words[word + 1]
    name.client_2 = batch.words[word + 2]
    name.client_3 = batch.words[word + 3]
    name.client_4 = batch.words[word + 4]


@kernel
def fill_terms(registry, symbol, order, command):
    """Writes what a command has beyond that into the order's row."""
    special = 0
    if command.iceberg_lots != 0:
        special |= ICEBERG
    if command.time_in_force == TimeInForce.GTD:
        special |= TIMED
    if is_algo(command.order_type):
        special |= ALGO
    if command.peg != 0 or command.side_effect != 0:
        special |= TERMS
    if registry.accounts[order.account].margin != 0:
        special |= LEVERAGED
    order.special = special
    order.iceberg_lots = command.iceberg_lots
    order.shown_lots = 0
    order.stop_price_ticks = command.stop_price_ticks
    order.hold_ticks = hold_ticks_for(symbol, order.price_ticks, command.stop_price_ticks)
    order.extreme_ticks = 0
    order.expires_ns = expiry_of(command)
    order.list = 0
    order.timer = 0
    order.trailing_bps = command.trailing_bps
    order.peg = command.peg
    order.peg_offset = command.peg_offset
    order.side_effect = command.side_effect


@inlined_kernel
def tell_expired(venue, book, out, order, ending):
    """Tells that what a match left of its taker expires; nothing where it left nothing. `ending` is as of `match`."""
    if ending == Code.OK:
        return
    lots = max(rest_of(order), 0)  # by quote, what was prevented was no part of a quantity
    status = OrderStatus.EXPIRED
    if ending == Code.SELF_TRADE:
        status = OrderStatus.EXPIRED_IN_MATCH
        if order.stp <= Stp.EXPIRE_BOTH:  # it lost its whole rest to the prevention
            lots += order.prevented_lots
    order_event(venue, book, out, EventKind.EXPIRED, ending, status, order, lots, 0, 0)


@kernel
def rest_at_once(venue, registry, book, balances, out, owner, slot, kind):
    """An order that is open already lies in the book; `kind` is the event that tells it."""
    order = book.orders[slot]
    symbol = registry.symbols[order.symbol]
    if carries(order):
        hold_rest(symbol, balances, owner, order)
    level_lots = rest_in_book(venue, book, slot)
    order_event(venue, book, out, kind, Code.OK, status_of(order), order, rest_of(order), next_update_id(symbol), level_lots)


@kernel
def work(venue, registry, book, balances, margin, out, owner, slot, quote_quantity, is_open):
    """Executes an order that is nowhere: it is matched, and what is left rests or expires. `is_open`: it is one of the open orders."""
    order = book.orders[slot]
    symbol_id = np.int64(order.symbol)
    venue.steps = 0
    venue.first_ticks = 0
    if order.time_in_force == TimeInForce.FOK and not can_fill(venue, registry, book, margin, order):
        ending = np.int64(Code.NOT_FILLABLE)
    else:
        ending = match(venue, registry, book, balances, margin, out, owner, order, quote_quantity, 0, 0, FOR_ITSELF)
    rests = ending == Code.NO_LIQUIDITY and may_rest(order.order_type, order.time_in_force)
    if rests and not is_fair(venue, registry, margin, np.int64(order.account), symbol_id, np.int64(order.side), order.price_ticks):
        rests = False
        ending = np.int64(Code.PRICE_RANGE)
    if rests:
        if not is_open:
            register(venue, registry, book, owner.roster, slot)
        rest_at_once(venue, registry, book, balances, out, owner, slot, EventKind.RESTED)
    else:
        if is_open:
            unregister(venue, registry, book, owner.roster, slot)
        tell_expired(venue, book, out, order, ending)
        if order.special & LISTED != 0:
            if ending == Code.OK:
                leg_filled(venue, registry, book, out, slot)
            else:
                leg_expired(venue, registry, book, balances, out, slot)
        if slot != 0:
            free_order_slot(venue, book, slot)
    if venue.first_ticks != 0:
        note_match(venue, registry, book, symbol_id, venue.first_ticks, registry.symbols[symbol_id].last_price_ticks)
