"""Self-trade prevention: what happens where the next maker is of the taker's own group. docs/ORDERS.md section 4."""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.balances import balance_slot
from engine.kernels.book import (
    executes_as_market,
    free_order_slot,
    give_hold_back,
    ladder_of,
    leave_book,
    lose_lots,
    next_update_id,
    owner_of,
    rest_of,
    roster_of,
)
from engine.kernels.due import notice
from engine.kernels.events import TERMS_SINCE, order_event, trade_event
from engine.kernels.levels import margin_row
from engine.kernels.lists import end_order, leg_executes, leg_expired
from engine.kernels.settle import Places, affordable_lots, settle
from engine.kernels.state import ICEBERG, LISTED
from engine.types import Code, EventFlag, EventKind, OrderStatus, Stp

_HANDED_OVER = int(EventFlag.HANDED_OVER)


@inlined_kernel
def status_of(order):
    """The status of an order that lives on."""
    return OrderStatus.PARTIALLY_FILLED if order.executed_lots > 0 else OrderStatus.NEW


@inlined_kernel
def mode_between(taker, maker):
    """What the taker's mode comes to with this maker."""
    if taker.stp == Stp.TRANSFER and (maker.stp != Stp.TRANSFER or maker.account == taker.account):
        return np.int64(Stp.DECREMENT)
    return np.int64(taker.stp)


@kernel
def prevent(venue, registry, book, balances, margin, out, owner, order, slot, by_quote, budget):
    """Takes a step at a maker of the taker's group: (Code.OK to go on, else why the match stops; the budget left)."""
    maker = book.orders[slot]
    mode = mode_between(order, maker)
    if mode <= Stp.EXPIRE_BOTH:
        if venue.rules_version >= TERMS_SINCE:
            _tell_expiries(venue, registry, out, order, maker, mode, by_quote)
        if mode != Stp.EXPIRE_TAKER:
            end_order(
                venue, registry, book, balances, out, slot, EventKind.EXPIRED, Code.SELF_TRADE, OrderStatus.EXPIRED_IN_MATCH
            )  # fmt: skip
        return np.int64(Code.OK if mode == Stp.EXPIRE_MAKER else Code.SELF_TRADE), budget
    return _decrement(venue, registry, book, balances, margin, out, owner, order, slot, by_quote, budget, mode)


@kernel
def _tell_expiries(venue, registry, out, order, maker, mode, by_quote):
    """PREVENTED where the taker, the maker or both expire with all they have left."""
    symbol = registry.symbols[order.symbol]
    taker_lots = rest_of(order) if mode != Stp.EXPIRE_MAKER and not by_quote else np.int64(0)
    maker_lots = rest_of(maker) if mode != Stp.EXPIRE_TAKER else np.int64(0)
    status = status_of(order) if mode == Stp.EXPIRE_MAKER else OrderStatus.EXPIRED_IN_MATCH
    counter_status = status_of(maker) if mode == Stp.EXPIRE_TAKER else OrderStatus.EXPIRED_IN_MATCH
    symbol.last_prevented_id += 1
    trade_event(
        venue, out, EventKind.PREVENTED, 0, status, counter_status, order, maker, maker.price_ticks, taker_lots, 0, maker_lots,
        symbol.last_prevented_id, 0, 0,
    )  # fmt: skip
    order.prevented_lots += taker_lots


@kernel
def _decrement(venue, registry, book, balances, margin, out, owner, order, slot, by_quote, budget, mode):
    """Both orders lose what would have been traded; with TRANSFER it changes hands, without fees."""
    maker = book.orders[slot]
    symbol_id = np.int64(order.symbol)
    symbol = registry.symbols[symbol_id]
    side = np.int64(order.side)
    price = maker.price_ticks
    lot_quote = price * symbol.tick_lot_units
    offered = maker.shown_lots if maker.special & ICEBERG != 0 else rest_of(maker)
    market = executes_as_market(order.order_type)
    lots = affordable_lots(symbol, balances, owner, order, market, by_quote, budget, lot_quote, offered)
    if lots == 0:
        return np.int64(Code.BUDGET_SPENT), budget
    listed = maker.special & LISTED != 0
    if listed:
        leg_executes(venue, registry, book, balances, out, slot)
    if mode == Stp.TRANSFER:
        account = np.int64(maker.account)
        taker_places = Places(owner.base, owner.quote)
        maker_places = Places(balance_slot(venue, balances, account, symbol.base), balance_slot(venue, balances, account, symbol.quote))
        settle(balances, side, taker_places, maker_places, taker_places, lots * symbol.lot_units, lots * lot_quote, 0, 0)
    else:
        maker_owner = owner_of(venue, symbol, book, balances, np.int64(maker.account), symbol_id)
        give_hold_back(symbol, balances, maker_owner, maker, lots)
    order.prevented_lots += lots
    maker.prevented_lots += lots
    level_lots = lose_lots(venue, book, slot, lots)
    gone = rest_of(maker) == 0
    if gone:
        leave_book(venue, registry, book, roster_of(book, maker), slot)
    if by_quote:
        budget -= lots * lot_quote
        best = np.int64(ladder_of(book, symbol_id, 1 - side).best)
        done = budget < (book.levels[best].price_ticks if best != 0 else price) * symbol.tick_lot_units
    else:
        done = rest_of(order) == 0
    symbol.last_prevented_id += 1
    trade_event(
        venue, out, EventKind.PREVENTED, _HANDED_OVER if mode == Stp.TRANSFER else 0,
        OrderStatus.EXPIRED_IN_MATCH if done else status_of(order), OrderStatus.EXPIRED_IN_MATCH if gone else status_of(maker),
        order, maker, price, lots, 0, lots, symbol.last_prevented_id, next_update_id(symbol), level_lots,
    )  # fmt: skip
    if mode == Stp.TRANSFER:
        notice(venue, margin, margin_row(registry, order.account))
        notice(venue, margin, margin_row(registry, maker.account))
    if gone:
        order_event(venue, book, out, EventKind.EXPIRED, Code.SELF_TRADE, OrderStatus.EXPIRED_IN_MATCH, maker, 0, 0, 0)
        if listed:
            leg_expired(venue, registry, book, balances, out, slot)
        free_order_slot(venue, book, slot)
    return np.int64(Code.SELF_TRADE if done else Code.OK), budget
