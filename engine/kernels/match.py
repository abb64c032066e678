"""Matching: makers are taken best price first, then oldest first; money moves at once. docs/CORE.md section 3, "The match".

`order` is the taker's ORDER record, not in the book. Nothing here can fail: admission has seen to funds, and a market order that runs
out of them ends early.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.arithmetic import ceil_ppm
from engine.kernels.balances import balance_slot
from engine.kernels.book import free_order_slot, give_hold_back, leave_book, next_update_id, rest_of, roster_of
from engine.kernels.events import order_event, trade_event
from engine.kernels.ladder import next_level
from engine.types import (
    AMOUNT_MAX,
    FEE_TIERS,
    HOUSE_FEES,
    STEPS_MAX,
    Code,
    EventKind,
    OrderStatus,
    OrderType,
    Side,
    Stp,
)


@inlined_kernel
def limit_of(order_side, order_type, price_ticks):
    """The worst price the taker accepts."""
    if order_type == OrderType.MARKET:
        return AMOUNT_MAX if order_side == Side.BUY else 0
    return price_ticks


@inlined_kernel
def crosses(side, limit_ticks, maker_ticks):
    """Whether a maker's price is no worse than a taker's limit."""
    return maker_ticks <= limit_ticks if side == Side.BUY else maker_ticks >= limit_ticks


@kernel
def can_fill(book, order):
    """FOK: whether the match would fill the whole order, walking maker after maker by the match's own rules."""
    side = np.int64(order.side)
    ladder = book.ladders[np.int64(order.symbol) * 2 + 1 - side]
    left = order.order_lots
    steps = 0
    place = np.int64(ladder.best)
    while place != 0:
        level = book.levels[place]
        if not crosses(side, order.price_ticks, level.price_ticks):
            return False
        slot = np.int64(level.head)
        while slot != 0:
            if steps == STEPS_MAX:
                return False
            steps += 1
            maker = book.orders[slot]
            if maker.account != order.account or order.stp == Stp.NONE:
                left -= rest_of(maker)
                if left <= 0:
                    return True
            elif order.stp != Stp.EXPIRE_MAKER:
                return False
            slot = np.int64(maker.next)
        place = np.int64(next_level(book, ladder, 1 - side, level.price_ticks))
    return False


@inlined_kernel
def match(venue, registry, book, balances, out, owner, order, budget):
    """Executes what can be executed at once. `budget` > 0: by quote; so much is spent or earned at most, order_lots follows executed_lots.

    Returns Code.OK where the order is filled, else why it is not: NO_LIQUIDITY (the limit or the end of the book was met), SELF_TRADE,
    WORK_LIMIT or BUDGET_SPENT.
    """
    side = np.int64(order.side)
    symbol_id = np.int64(order.symbol)
    symbol = registry.symbols[symbol_id]
    ladder = book.ladders[symbol_id * 2 + 1 - side]
    limit = limit_of(side, order.order_type, order.price_ticks)
    market = order.order_type == OrderType.MARKET
    by_quote = budget > 0
    taker_base, taker_quote = owner.base, owner.quote
    fees_base = balance_slot(venue, balances, HOUSE_FEES, symbol.base)
    fees_quote = balance_slot(venue, balances, HOUSE_FEES, symbol.quote)
    taker_fees = registry.fees[symbol_id * FEE_TIERS + registry.accounts[order.account].tier].taker_ppm
    steps = 0
    while True:
        place = np.int64(ladder.best)
        if place == 0 or not crosses(side, limit, book.levels[place].price_ticks):
            return Code.NO_LIQUIDITY
        level = book.levels[place]
        price = level.price_ticks
        lot_quote = price * symbol.tick_lot_units
        if by_quote and budget < lot_quote:
            return Code.BUDGET_SPENT
        if steps == STEPS_MAX:
            return Code.WORK_LIMIT
        steps += 1
        slot = np.int64(level.head)
        maker = book.orders[slot]

        if maker.account == order.account and order.stp != Stp.NONE:
            if order.stp != Stp.EXPIRE_TAKER:
                _expire_maker(venue, symbol, book, balances, out, owner, slot)
            if order.stp != Stp.EXPIRE_MAKER:
                return Code.SELF_TRADE
            continue

        maker_rest = rest_of(maker)
        lots = min(maker_rest, budget // lot_quote if by_quote else rest_of(order))
        if market and side == Side.BUY:
            lots = min(lots, balances[taker_quote].available // lot_quote)
        elif by_quote:
            lots = min(lots, balances[taker_base].available // symbol.lot_units)
        if lots == 0:
            return Code.BUDGET_SPENT

        base_amount = lots * symbol.lot_units
        quote_amount = lots * lot_quote
        maker_base = balance_slot(venue, balances, np.int64(maker.account), symbol.base)
        maker_quote = balance_slot(venue, balances, np.int64(maker.account), symbol.quote)
        maker_fees = registry.fees[symbol_id * FEE_TIERS + registry.accounts[maker.account].tier].maker_ppm
        if side == Side.BUY:
            taker_fee = ceil_ppm(base_amount, np.int64(taker_fees))
            maker_fee = ceil_ppm(quote_amount, np.int64(maker_fees))
            balances[taker_quote].available -= quote_amount
            balances[taker_base].available += base_amount - taker_fee
            balances[maker_base].held -= base_amount
            balances[maker_quote].available += quote_amount - maker_fee
            balances[fees_base].available += taker_fee
            balances[fees_quote].available += maker_fee
        else:
            taker_fee = ceil_ppm(quote_amount, np.int64(taker_fees))
            maker_fee = ceil_ppm(base_amount, np.int64(maker_fees))
            balances[taker_base].available -= base_amount
            balances[taker_quote].available += quote_amount - taker_fee
            balances[maker_quote].held -= quote_amount
            balances[maker_base].available += base_amount - maker_fee
            balances[fees_quote].available += taker_fee
            balances[fees_base].available += maker_fee

        order.executed_lots += lots
        order.executed_quote += quote_amount
        maker.executed_lots += lots
        maker.executed_quote += quote_amount
        level.lots -= lots
        level_lots = level.lots
        gone = lots == maker_rest
        if gone:
            leave_book(venue, book, roster_of(book, maker), slot)
        symbol.last_trade_id += 1
        symbol.last_price_ticks = price

        if by_quote:
            budget -= quote_amount
            order.order_lots = order.executed_lots
            best = np.int64(ladder.best)
            filled = budget < (book.levels[best].price_ticks if best != 0 else price) * symbol.tick_lot_units
        else:
            filled = order.executed_lots == order.order_lots
        status = OrderStatus.FILLED if filled else OrderStatus.PARTIALLY_FILLED
        trade_event(
            venue, out, status, order, maker, lots, taker_fee, maker_fee, symbol.last_trade_id, next_update_id(symbol), level_lots
        )
        if gone:
            free_order_slot(venue, book, slot)
        if filled:
            return Code.OK


@kernel
def _expire_maker(venue, symbol, book, balances, out, owner, slot):
    """Self-trade prevention takes the maker, an order of the taker's owner, out of the book."""
    maker = book.orders[slot]
    lots = rest_of(maker)
    level_lots = leave_book(venue, book, owner.roster, slot)
    give_hold_back(symbol, balances, owner, maker, lots)
    order_event(
        venue, out, EventKind.EXPIRED, Code.SELF_TRADE, OrderStatus.EXPIRED_IN_MATCH, maker, lots, next_update_id(symbol), level_lots
    )
    free_order_slot(venue, book, slot)
