"""Filters: what SET_FILTER allows an order to be. docs/ORDERS.md section 2, steps 9 to 13.

A filter of 0 is off. Each check returns a Code; the ladder (engine/kernels/terms.py) calls them in their order.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.arithmetic import scaled_ppm
from engine.kernels.book import executes_as_market, hold_asset, rest_of
from engine.kernels.hashed import NOWHERE, find
from engine.kernels.waiting import is_above
from engine.types import AMOUNT_MAX, BPS, FILTERS, PPM, Code, Filter, Side

_SPARES_MINIMUM, _SPARES_MAXIMUM = 1, 2  # bits of NOTIONAL_SPARES_MARKET


@inlined_kernel
def filter_of(registry, symbol_id, which):
    """A filter of a symbol; symbol 0: of the exchange."""
    return registry.filters[symbol_id * FILTERS + which]


@inlined_kernel
def _exceeds(limit, number):
    """Whether a limit is set and less than the number."""
    return limit != 0 and number > limit


@kernel
def check_price(registry, symbol_id, price_ticks, stop_price_ticks):
    """Step 9."""
    highest = registry.symbols[symbol_id].max_price_ticks
    lowest = filter_of(registry, symbol_id, Filter.MIN_PRICE_TICKS)
    if price_ticks > highest or stop_price_ticks > highest:
        return np.int64(Code.PRICE_FILTER)
    if (price_ticks != 0 and price_ticks < lowest) or (stop_price_ticks != 0 and stop_price_ticks < lowest):
        return np.int64(Code.PRICE_FILTER)
    return np.int64(Code.OK)


@kernel
def check_band(registry, symbol_id, side, price_ticks):
    """Step 9b: not too far from the last price."""
    last = registry.symbols[symbol_id].last_price_ticks
    if last == 0 or price_ticks == 0:
        return np.int64(Code.OK)
    up = filter_of(registry, symbol_id, Filter.BID_UP_PPM if side == Side.BUY else Filter.ASK_UP_PPM)
    down = filter_of(registry, symbol_id, Filter.BID_DOWN_PPM if side == Side.BUY else Filter.ASK_DOWN_PPM)
    if up != 0 and price_ticks > scaled_ppm(last, up, 0):
        return np.int64(Code.PERCENT_PRICE)
    if down != 0 and price_ticks < scaled_ppm(last, down, PPM - 1):
        return np.int64(Code.PERCENT_PRICE)
    return np.int64(Code.OK)


@kernel
def price_range(registry, symbol_id):
    """(lowest, highest) price at which trades may take place now."""
    last = registry.symbols[symbol_id].last_price_ticks
    up = filter_of(registry, symbol_id, Filter.RANGE_UP_PPM)
    down = filter_of(registry, symbol_id, Filter.RANGE_DOWN_PPM)
    highest = scaled_ppm(last, up, 0) if up != 0 and last != 0 else np.int64(AMOUNT_MAX)
    lowest = scaled_ppm(last, down, PPM - 1) if down != 0 and last != 0 else np.int64(0)
    return lowest, highest


@kernel
def check_lots(registry, symbol_id, order_type, quantity, iceberg_lots):
    """Steps 10 and 11; `quantity` is 0 for MARKET by quote."""
    symbol = registry.symbols[symbol_id]
    least = filter_of(registry, symbol_id, Filter.MIN_LOTS)
    if quantity > symbol.max_quantity_lots or (quantity != 0 and quantity < least) or (iceberg_lots != 0 and iceberg_lots < least):
        return np.int64(Code.LOT_SIZE)
    if not executes_as_market(order_type) or quantity == 0:
        return np.int64(Code.OK)
    if quantity > symbol.max_market_lots or quantity < filter_of(registry, symbol_id, Filter.MIN_MARKET_LOTS):
        return np.int64(Code.MARKET_LOT_SIZE)
    return np.int64(Code.OK)


@kernel
def check_notional(registry, symbol_id, order_type, value):
    """Step 12; a value of 0 is not known."""
    if value == 0:
        return np.int64(Code.OK)
    spares = filter_of(registry, symbol_id, Filter.NOTIONAL_SPARES_MARKET) if executes_as_market(order_type) else np.int64(0)
    if value < registry.symbols[symbol_id].min_notional and spares & _SPARES_MINIMUM == 0:
        return np.int64(Code.NOTIONAL)
    if _exceeds(filter_of(registry, symbol_id, Filter.MAX_NOTIONAL), value) and spares & _SPARES_MAXIMUM == 0:
        return np.int64(Code.NOTIONAL)
    return np.int64(Code.OK)


@kernel
def check_parts(registry, symbol_id, side, order_type, quantity, iceberg_lots, trailing_bps):
    """Steps 12b and 12c."""
    parts = (quantity - 1) // iceberg_lots + 1 if iceberg_lots != 0 else np.int64(0)
    if _exceeds(filter_of(registry, symbol_id, Filter.ICEBERG_PARTS), parts):
        return np.int64(Code.ICEBERG_PARTS)
    if trailing_bps != 0:
        above = is_above(side, order_type)
        least = filter_of(registry, symbol_id, Filter.MIN_TRAILING_ABOVE if above else Filter.MIN_TRAILING_BELOW)
        most = filter_of(registry, symbol_id, Filter.MAX_TRAILING_ABOVE if above else Filter.MAX_TRAILING_BELOW)
        if trailing_bps >= BPS or trailing_bps < least or _exceeds(most, trailing_bps):
            return np.int64(Code.TRAILING_DELTA)
    return np.int64(Code.OK)


@kernel
def check_size(registry, book, balances, symbol_id, account, side, quantity, value, earlier_lots, roster):
    """Steps 12d and 12e; `earlier_lots`: of the buying orders of the same list that come before this one."""
    symbol = registry.symbols[symbol_id]
    if _exceeds(registry.assets[symbol.base].max_order, quantity * symbol.lot_units):
        return np.int64(Code.MAX_ASSET)
    if _exceeds(registry.assets[symbol.quote].max_order, value):
        return np.int64(Code.MAX_ASSET)
    most = filter_of(registry, symbol_id, Filter.MAX_POSITION)
    if most == 0 or side != Side.BUY:
        return np.int64(Code.OK)
    slot = find(balances, account, hold_asset(symbol, Side.SELL))
    room = most - (balances[slot].available + balances[slot].held if slot != NOWHERE else 0)
    room -= quantity * symbol.lot_units
    if room < 0 or earlier_lots > room // symbol.lot_units:  # by steps: the sum of all may exceed 64 bits
        return np.int64(Code.MAX_POSITION)
    room -= earlier_lots * symbol.lot_units
    slot = np.int64(book.rosters[roster].head)
    while slot != 0 and room >= 0:
        order = book.orders[slot]
        if order.side == Side.BUY:
            room -= rest_of(order) * symbol.lot_units
        slot = np.int64(order.roster_next)
    return np.int64(Code.MAX_POSITION if room < 0 else Code.OK)
