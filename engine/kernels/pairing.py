"""The uncross at the end of an auction: best bid and best ask are paired, one pair a step, at one price. docs/ORDERS.md section 8."""

import numpy as np

from engine.kernels import kernel
from engine.kernels.auction import set_status, uncross_price
from engine.kernels.balances import balance_slot
from engine.kernels.book import first_maker, free_order_slot, ladder_of, leave_book, next_update_id, rest_of, roster_of, show
from engine.kernels.due import notice
from engine.kernels.events import order_event, trade_event
from engine.kernels.fills import after_fill, take_fees
from engine.kernels.levels import margin_row
from engine.kernels.limits import uncount_order
from engine.kernels.lists import end_order, leg_executes, leg_expired, leg_filled
from engine.kernels.match import is_over
from engine.kernels.selftrade import mode_between, status_of
from engine.kernels.state import ICEBERG, LISTED
from engine.kernels.waiting import move_hold, note_match
from engine.types import Code, EventFlag, EventKind, OrderStatus, Side, Stp, SymbolStatus

_AUCTION, _HANDED_OVER = int(EventFlag.AUCTION), int(EventFlag.HANDED_OVER)


@kernel
def pair_off(venue, registry, book, balances, margin, out, symbol_id):
    """One pairing of a symbol's uncross; returns its steps. Where none is left, the price is fixed anew: a step for each level."""
    symbol = registry.symbols[symbol_id]
    price = symbol.uncross_ticks
    bid = first_maker(book, ladder_of(book, symbol_id, Side.BUY))
    ask = first_maker(book, ladder_of(book, symbol_id, Side.SELL))
    if bid == 0 or ask == 0 or book.orders[bid].price_ticks < price or book.orders[ask].price_ticks > price:
        symbol.uncross_ticks, _, looked = uncross_price(registry, book, symbol_id)
        if symbol.uncross_ticks == 0:
            set_status(venue, symbol, np.int64(SymbolStatus.TRADING))
        return max(np.int64(1), looked)
    for slot in (bid, ask):
        if is_over(venue, book.orders[slot]):
            end_order(venue, registry, book, balances, out, slot, EventKind.EXPIRED, Code.TIME_UP, OrderStatus.EXPIRED)
            return np.int64(1)
    bid_is_taker = book.orders[bid].order_id > book.orders[ask].order_id
    taker_slot, maker_slot = (bid, ask) if bid_is_taker else (ask, bid)
    taker, maker = book.orders[taker_slot], book.orders[maker_slot]
    mode = np.int64(Stp.NONE)
    if taker.stp != Stp.NONE and registry.accounts[taker.account].group == registry.accounts[maker.account].group:
        mode = mode_between(taker, maker)
        if mode <= Stp.EXPIRE_BOTH:
            _expire(venue, registry, book, balances, out, taker_slot, maker_slot, mode, price)
            return np.int64(1)
    for slot in (maker_slot, taker_slot):
        if book.orders[slot].special & LISTED != 0:
            leg_executes(venue, registry, book, balances, out, slot)
    _execute(venue, registry, book, balances, margin, out, taker_slot, maker_slot, mode, price)
    return np.int64(1)


@kernel
def _expire(venue, registry, book, balances, out, taker_slot, maker_slot, mode, price):
    """Self-trade prevention: the taker, the maker or both expire with all they have left."""
    taker, maker = book.orders[taker_slot], book.orders[maker_slot]
    symbol = registry.symbols[taker.symbol]
    taker_goes, maker_goes = mode != Stp.EXPIRE_MAKER, mode != Stp.EXPIRE_TAKER
    symbol.last_prevented_id += 1
    trade_event(
        venue, out, EventKind.PREVENTED, 0, OrderStatus.EXPIRED_IN_MATCH if taker_goes else status_of(taker),
        OrderStatus.EXPIRED_IN_MATCH if maker_goes else status_of(maker), taker, maker, price, rest_of(taker) if taker_goes else 0,
        0, rest_of(maker) if maker_goes else 0, symbol.last_prevented_id, 0, 0,
    )  # fmt: skip
    taker_id = taker.order_id
    if maker_goes:
        _end_in_match(venue, registry, book, balances, out, maker_slot)
    if taker_goes and book.orders[taker_slot].order_id == taker_id:  # it may have been of the maker's list
        _end_in_match(venue, registry, book, balances, out, taker_slot)


@kernel
def _end_in_match(venue, registry, book, balances, out, slot):
    end_order(venue, registry, book, balances, out, slot, EventKind.EXPIRED, Code.SELF_TRADE, OrderStatus.EXPIRED_IN_MATCH)


@kernel
def _execute(venue, registry, book, balances, margin, out, taker_slot, maker_slot, mode, price):
    """The two trade (`mode` NONE), or self-trade prevention takes from both what they would have traded."""
    taker, maker = book.orders[taker_slot], book.orders[maker_slot]
    symbol_id = np.int64(taker.symbol)
    symbol = registry.symbols[symbol_id]
    lots = min(rest_of(taker), rest_of(maker))
    trades = mode == Stp.NONE
    # Both take up again what they hold for the rest afterwards.
    move_hold(venue, registry, balances, taker, -1)
    move_hold(venue, registry, balances, maker, -1)
    if mode != Stp.DECREMENT:
        _hand_over(venue, balances, symbol, taker, lots, price)
        _hand_over(venue, balances, symbol, maker, lots, price)
    for order in (taker, maker):
        if not trades:
            order.prevented_lots += lots
            continue
        if order.executed_lots == 0:
            uncount_order(venue, registry.accounts[order.account])
        order.executed_lots += lots
        order.executed_quote += lots * price * symbol.tick_lot_units
    move_hold(venue, registry, balances, taker, 1)
    move_hold(venue, registry, balances, maker, 1)
    taker_status = _tell_rest(venue, symbol, book, out, taker_slot, lots, trades)
    maker_status = _tell_rest(venue, symbol, book, out, maker_slot, lots, trades)
    if trades:
        symbol.last_trade_id += 1
        symbol.last_price_ticks = price
        fees = take_fees(
            venue, registry, balances, margin, symbol_id, np.int64(taker.side), taker.account, maker.account, lots * symbol.lot_units,
            lots * price * symbol.tick_lot_units, True, True,
        )  # fmt: skip
        trade_event(
            venue, out, EventKind.TRADE, _AUCTION | fees.flags, taker_status, maker_status, taker, maker, price, lots, fees.taker,
            fees.maker, symbol.last_trade_id, 0, 0,
        )  # fmt: skip
        after_fill(venue, registry, balances, margin, out, taker, np.int64(maker.account), np.int64(maker.side_effect), fees)
    else:
        symbol.last_prevented_id += 1
        trade_event(
            venue, out, EventKind.PREVENTED, _HANDED_OVER if mode == Stp.TRANSFER else 0, taker_status, maker_status, taker, maker,
            price, lots, 0, lots, symbol.last_prevented_id, 0, 0,
        )  # fmt: skip
        if mode == Stp.TRANSFER:
            notice(venue, margin, margin_row(registry, taker.account))
            notice(venue, margin, margin_row(registry, maker.account))
    for slot in (maker_slot, taker_slot):
        if rest_of(book.orders[slot]) == 0:
            _leave(venue, registry, book, balances, out, slot, trades)
    if trades:
        note_match(venue, registry, book, symbol_id, price, price)


@kernel
def _hand_over(venue, balances, symbol, order, lots, price):
    """One side's part, out of its owner's available and into it."""
    account = np.int64(order.account)
    base = balances[balance_slot(venue, balances, account, symbol.base)]
    quote = balances[balance_slot(venue, balances, account, symbol.quote)]
    sign = 1 if order.side == Side.BUY else -1
    base_amount = lots * symbol.lot_units
    quote_amount = lots * price * symbol.tick_lot_units
    base.available += sign * base_amount
    quote.available -= sign * quote_amount


@kernel
def _tell_rest(venue, symbol, book, out, slot, lots, trades):
    """Takes the lots from the order's level and tells what is left there; returns the order's status."""
    order = book.orders[slot]
    rest = rest_of(order)
    if order.special & ICEBERG != 0:
        level_lots = show(venue, book, slot, lots, min(order.iceberg_lots, rest), False)
    else:
        level = book.levels[order.level]
        level.lots -= lots
        level_lots = level.lots
    status = status_of(order)
    if rest == 0:
        status = OrderStatus.FILLED if trades else OrderStatus.EXPIRED_IN_MATCH
    order_event(venue, book, out, EventKind.RESTED, Code.OK, status, order, rest, next_update_id(symbol), level_lots)
    return status


@kernel
def _leave(venue, registry, book, balances, out, slot, filled):
    """An order of which nothing is left leaves the book."""
    order = book.orders[slot]
    leave_book(venue, registry, book, roster_of(book, order), slot)
    if not filled:
        order_event(venue, book, out, EventKind.EXPIRED, Code.SELF_TRADE, OrderStatus.EXPIRED_IN_MATCH, order, 0, 0, 0)
    if order.special & LISTED != 0:
        if filled:
            leg_filled(venue, registry, book, out, slot)
        else:
            leg_expired(venue, registry, book, balances, out, slot)
    free_order_slot(venue, book, slot)
