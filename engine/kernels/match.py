"""Matching: makers are taken best price first, then first come, first served; money moves at once. docs/CORE.md section 3, "The match",
and docs/ORDERS.md section 4.

`order` is the taker's ORDER record, not in the book. Nothing here can fail: admission has seen to funds, and a market order that runs
out of them ends early. There are two of it: the plain one is what nearly every order needs, and all that is compiled into its path.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.balances import balance_slot
from engine.kernels.book import (
    executes_as_market,
    free_order_slot,
    ladder_of,
    leave_book,
    lose_lots,
    next_update_id,
    rest_of,
    roster_of,
)
from engine.kernels.events import TERMS_SINCE, trade_event
from engine.kernels.fees import count_plainly, day_of, is_plain_fill
from engine.kernels.fills import after_fill, take_fees
from engine.kernels.filters import price_range
from engine.kernels.ladder import next_level
from engine.kernels.levels import fair_range
from engine.kernels.limits import uncount_order
from engine.kernels.lists import end_order, leg_executes, leg_filled
from engine.kernels.selftrade import prevent
from engine.kernels.settle import Places, affordable_lots, fee_of, settle
from engine.kernels.state import ICEBERG, LISTED, TIMED
from engine.types import (
    AMOUNT_MAX,
    FEE_TIERS,
    HOUSE_FEES,
    STEPS_MAX,
    Code,
    EventKind,
    OrderStatus,
    Side,
    Stp,
)

UNUSUAL = -1
FOR_ITSELF, FOR_CONVERT, FOR_LIQUIDATION = 0, 1, 2  # what an order is matched for


@inlined_kernel
def limit_of(order_side, order_type, price_ticks):
    """The worst price the taker accepts."""
    if executes_as_market(order_type):
        return AMOUNT_MAX if order_side == Side.BUY else 0
    return price_ticks


@inlined_kernel
def crosses(side, limit_ticks, maker_ticks):
    """Whether a maker's price is no worse than a taker's limit."""
    return maker_ticks <= limit_ticks if side == Side.BUY else maker_ticks >= limit_ticks


@inlined_kernel
def is_over(venue, order):
    """Whether an order's time is up though its timer has not run yet."""
    return order.special & TIMED != 0 and order.expires_ns <= venue.now


@kernel
def _range_of(venue, registry, margin, order):
    """(lowest, highest) price at which the taker may trade now."""
    symbol_id = np.int64(order.symbol)
    lowest, highest = price_range(registry, symbol_id)
    least, most = fair_range(venue, registry, margin, np.int64(order.account), symbol_id, np.int64(order.side))
    return max(lowest, least), min(highest, most)


@kernel
def can_fill(venue, registry, book, margin, order):
    """FOK: whether the match would fill the whole order, walking maker after maker by the match's own rules."""
    side = np.int64(order.side)
    lowest, highest = _range_of(venue, registry, margin, order)
    ladder = ladder_of(book, np.int64(order.symbol), 1 - side)
    group = registry.accounts[order.account].group
    left = rest_of(order)
    steps = 0
    place = np.int64(ladder.best)
    while place != 0:
        level = book.levels[place]
        if not crosses(side, order.price_ticks, level.price_ticks) or level.price_ticks < lowest or level.price_ticks > highest:
            return False
        slot = np.int64(level.head)
        while slot != 0:
            if steps == STEPS_MAX:
                return False
            steps += 1
            maker = book.orders[slot]
            if not is_over(venue, maker):
                if order.stp == Stp.NONE or registry.accounts[maker.account].group != group:
                    left -= rest_of(maker)
                    if left <= 0:
                        return True
                elif order.stp != Stp.EXPIRE_MAKER:
                    return False
            slot = np.int64(maker.next)
        place = np.int64(next_level(book, ladder, 1 - side, level.price_ticks))
    return False


# ---------------------------------------------------------------- the match


@inlined_kernel
def _ppm(registry, symbol_id, account):
    """The FEE record of an ACCOUNT record on a symbol."""
    return registry.fees[symbol_id * FEE_TIERS + account.tier]


@inlined_kernel
def _places_of(venue, symbol, balances, account):
    return Places(balance_slot(venue, balances, account, symbol.base), balance_slot(venue, balances, account, symbol.quote))


@inlined_kernel
def _pay_plainly(venue, symbol, balances, fees, owner, side, taker_ppm, maker, maker_ppm, lots, lot_quote):
    """Moves the money of a fill: (its value in the quote asset, the taker's fee, the maker's)."""
    base_amount = lots * symbol.lot_units
    quote_amount = lots * lot_quote
    taker_fee = fee_of(base_amount if side == Side.BUY else quote_amount, taker_ppm)
    maker_fee = fee_of(quote_amount if side == Side.BUY else base_amount, maker_ppm)
    maker_places = _places_of(venue, symbol, balances, np.int64(maker.account))
    settle(balances, side, Places(owner.base, owner.quote), maker_places, fees, base_amount, quote_amount, taker_fee, maker_fee)
    return quote_amount, taker_fee, maker_fee


@inlined_kernel
def _execute(order, lots, quote_amount):
    order.executed_lots += lots
    order.executed_quote += quote_amount


@inlined_kernel
def _is_filled(book, ladder, symbol, order, by_quote, budget, price):
    """Whether nothing of the taker is left: by quote, what is left buys (earns) not one lot at the best price."""
    if not by_quote:
        return rest_of(order) == 0
    best = np.int64(ladder.best)
    return budget < (book.levels[best].price_ticks if best != 0 else price) * symbol.tick_lot_units


@inlined_kernel
def match_plain(venue, registry, book, balances, margin, out, owner, order, budget):
    """Executes what can be executed at once, where the taker and its symbol are plain. `budget` > 0: by quote; so much is spent or earned
    at most, order_lots follows executed_lots.

    Returns Code.OK where the order is filled, else why it is not: NO_LIQUIDITY (the limit or the end of the book was met), WORK_LIMIT,
    BUDGET_SPENT; or UNUSUAL where the next maker has special terms, a rebate, or is of the taker's group, or where its fees are not plain:
    `match` then goes on.
    `venue.first_ticks` is the first trade's price, 0 if there was none; `venue.steps` the makers met, `venue.budget` what is left of it.
    """
    side = np.int64(order.side)
    symbol_id = np.int64(order.symbol)
    symbol = registry.symbols[symbol_id]
    ladder = ladder_of(book, symbol_id, 1 - side)
    limit = limit_of(side, order.order_type, order.price_ticks)
    market = executes_as_market(order.order_type)
    by_quote = budget > 0
    taker_account = registry.accounts[order.account]
    taker_ppm = np.int64(_ppm(registry, symbol_id, taker_account).taker_ppm)
    fees = _places_of(venue, symbol, balances, HOUSE_FEES)
    counted = venue.rules_version >= TERMS_SINCE
    setup = margin.setup[0]
    today = day_of(venue.now)
    steps = 0
    first = np.int64(0)
    ending = np.int64(Code.OK)
    while True:
        place = np.int64(ladder.best)
        if place == 0 or not crosses(side, limit, book.levels[place].price_ticks):
            ending = np.int64(Code.NO_LIQUIDITY)
            break
        level = book.levels[place]
        price = level.price_ticks
        lot_quote = price * symbol.tick_lot_units
        if by_quote and budget < lot_quote:
            ending = np.int64(Code.BUDGET_SPENT)
            break
        if steps == STEPS_MAX:
            ending = np.int64(Code.WORK_LIMIT)
            break
        slot = np.int64(level.head)
        maker = book.orders[slot]
        maker_account = registry.accounts[maker.account]
        maker_ppm = np.int64(_ppm(registry, symbol_id, maker_account).maker_ppm)
        if (
            maker.special != 0
            or maker_ppm < 0
            or not is_plain_fill(setup, today, taker_account, maker_account)
            or (order.stp != Stp.NONE and maker_account.group == taker_account.group)
        ):
            ending = np.int64(UNUSUAL)
            break
        steps += 1
        maker_rest = rest_of(maker)
        lots = affordable_lots(symbol, balances, owner, order, market, by_quote, budget, lot_quote, maker_rest)
        if lots == 0:
            ending = np.int64(Code.BUDGET_SPENT)
            break
        quote_amount, taker_fee, maker_fee = _pay_plainly(
            venue, symbol, balances, fees, owner, side, taker_ppm, maker, maker_ppm, lots, lot_quote
        )
        count_plainly(registry, margin, np.int64(order.account), np.int64(maker.account), symbol.quote, quote_amount, today)
        if counted:
            if order.executed_lots == 0:
                uncount_order(venue, taker_account)
            if maker.executed_lots == 0:
                uncount_order(venue, maker_account)
        _execute(order, lots, quote_amount)
        _execute(maker, lots, quote_amount)
        level.lots -= lots
        level_lots = level.lots
        gone = lots == maker_rest
        if gone:
            leave_book(venue, registry, book, roster_of(book, maker), slot)
        symbol.last_trade_id += 1
        symbol.last_price_ticks = price
        if first == 0:
            first = price
        if by_quote:
            budget -= quote_amount
            order.order_lots = order.executed_lots
        filled = _is_filled(book, ladder, symbol, order, by_quote, budget, price)
        trade_event(
            venue, out, EventKind.TRADE, 0, OrderStatus.FILLED if filled else OrderStatus.PARTIALLY_FILLED,
            OrderStatus.FILLED if gone else OrderStatus.PARTIALLY_FILLED, order, maker, price, lots, taker_fee, maker_fee,
            symbol.last_trade_id, next_update_id(symbol), level_lots,
        )  # fmt: skip
        if gone:
            free_order_slot(venue, book, slot)
        if filled:
            break
    venue.steps = steps
    venue.first_ticks = first
    venue.budget = budget
    return ending


@kernel
def match(venue, registry, book, balances, margin, out, owner, order, budget, steps, first, purpose):
    """The match with all its rules, from the start (`steps` and `first` 0) or where `match_plain` has left it. Returns as that does, and
    PRICE_RANGE and SELF_TRADE besides. `purpose`: FOR_ITSELF is an order as its owner wants it; the others are not counted and pay without
    discount, and FOR_CONVERT takes icebergs at once.
    """
    whole = purpose == FOR_CONVERT
    own = purpose == FOR_ITSELF
    side = np.int64(order.side)
    symbol_id = np.int64(order.symbol)
    symbol = registry.symbols[symbol_id]
    ladder = ladder_of(book, symbol_id, 1 - side)
    lowest, highest = _range_of(venue, registry, margin, order)
    limit = limit_of(side, order.order_type, order.price_ticks)
    market = executes_as_market(order.order_type)
    by_quote = budget > 0
    taker_account = registry.accounts[order.account]
    counted = venue.rules_version >= TERMS_SINCE
    ending = np.int64(Code.OK)
    while True:
        place = np.int64(ladder.best)
        if place == 0 or not crosses(side, limit, book.levels[place].price_ticks):
            ending = np.int64(Code.NO_LIQUIDITY)
            break
        level = book.levels[place]
        price = level.price_ticks
        if price < lowest or price > highest:
            ending = np.int64(Code.PRICE_RANGE)
            break
        lot_quote = price * symbol.tick_lot_units
        if by_quote and budget < lot_quote:
            ending = np.int64(Code.BUDGET_SPENT)
            break
        if steps == STEPS_MAX:
            ending = np.int64(Code.WORK_LIMIT)
            break
        steps += 1
        slot = np.int64(level.head)
        maker = book.orders[slot]
        if is_over(venue, maker):
            end_order(venue, registry, book, balances, out, slot, EventKind.EXPIRED, Code.TIME_UP, OrderStatus.EXPIRED)
            continue
        maker_account = registry.accounts[maker.account]
        if order.stp != Stp.NONE and maker_account.group == taker_account.group:
            ending, budget = prevent(venue, registry, book, balances, margin, out, owner, order, slot, by_quote, budget)
            if ending != Code.OK:
                break
            continue
        iceberg = maker.special & ICEBERG != 0
        maker_rest = rest_of(maker)
        offered = maker.shown_lots if iceberg and not whole else maker_rest
        lots = affordable_lots(symbol, balances, owner, order, market, by_quote, budget, lot_quote, offered)
        if lots == 0:
            ending = np.int64(Code.BUDGET_SPENT)
            break
        listed = maker.special & LISTED != 0
        if listed:
            leg_executes(venue, registry, book, balances, out, slot)
        maker_number = np.int64(maker.account)
        maker_side_effect = np.int64(maker.side_effect)
        quote_amount = lots * lot_quote
        base_amount = lots * symbol.lot_units
        taker_places = Places(owner.base, owner.quote)
        maker_places = _places_of(venue, symbol, balances, maker_number)
        settle(balances, side, taker_places, maker_places, taker_places, base_amount, quote_amount, 0, 0)
        fees = take_fees(
            venue, registry, balances, margin, symbol_id, side, order.account, maker_number, base_amount, quote_amount, False, own
        )
        if counted:
            if order.executed_lots == 0 and own:
                uncount_order(venue, taker_account)
            if maker.executed_lots == 0:
                uncount_order(venue, maker_account)
        _execute(order, lots, quote_amount)
        _execute(maker, lots, quote_amount)
        level_lots = lose_lots(venue, book, slot, lots)
        gone = lots == maker_rest
        if gone:
            leave_book(venue, registry, book, roster_of(book, maker), slot)
        symbol.last_trade_id += 1
        symbol.last_price_ticks = price
        if first == 0:
            first = price
        if by_quote:
            budget -= quote_amount
            order.order_lots = order.executed_lots
        filled = _is_filled(book, ladder, symbol, order, by_quote, budget, price)
        trade_event(
            venue, out, EventKind.TRADE, fees.flags, OrderStatus.FILLED if filled else OrderStatus.PARTIALLY_FILLED,
            OrderStatus.FILLED if gone else OrderStatus.PARTIALLY_FILLED, order, maker, price, lots, fees.taker, fees.maker,
            symbol.last_trade_id, next_update_id(symbol), level_lots,
        )  # fmt: skip
        after_fill(venue, registry, balances, margin, out, order, maker_number, maker_side_effect, fees)
        if gone:
            if listed:
                leg_filled(venue, registry, book, out, slot)
            free_order_slot(venue, book, slot)
        if filled:
            break
    venue.steps = steps
    venue.first_ticks = first
    return ending
