"""Index prices of margin assets, and what an amount is worth by them. docs/MARGIN.md sections 3 and 4.

`pool` is a POOL record. Assets are valued downwards and debts upwards, each VALUE_MAX at most, in units of the numeraire.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.events import margin_event
from engine.kernels.wide import exceeds, mul_div, mul_div_up
from engine.types import COLLATERAL_TIERS, PPM, SOURCES_MAX, VALUE_MAX, Code, EventKind

_PLACES = SOURCES_MAX + 1  # of an asset's sources; place 0 is nobody's


@inlined_kernel
def pool_row(registry, asset):
    """The row of an asset's pool, 0 where it is no margin asset (or none at all)."""
    return registry.assets[asset].pool if 0 < asset < registry.assets.size else 0


@inlined_kernel
def has_price(pool):
    """Whether there is a price, and it holds."""
    return pool.frozen == 0 and pool.price != 0


# ---------------------------------------------------------------- values


@kernel
def asset_value(pool, units):
    return mul_div(units, pool.price, pool.unit, VALUE_MAX)


@kernel
def debt_value(pool, units):
    return mul_div_up(units, pool.price, pool.unit, VALUE_MAX)


@kernel
def collateral_value(collateral, row, pool, value):
    """What an asset value of the pool at `row` counts for as collateral: tier by tier, and nothing above the last."""
    counted = np.int64(0)
    below = np.int64(0)
    for tier in range(row * COLLATERAL_TIERS, row * COLLATERAL_TIERS + pool.tiers):
        if value <= below:
            break
        limit = collateral[tier].limit
        counted += mul_div(min(value, limit) - below, collateral[tier].ratio_ppm, PPM, VALUE_MAX)
        below = limit
    return counted


# ---------------------------------------------------------------- the index


@kernel
def compute_index(venue, margin, out, row):
    """The index of the asset whose pool is at `row`, as its sources are now; INDEX is told where price or frozen change."""
    setup = margin.setup[0]
    pool = margin.pools[row]
    count, until_ns = _gather_fresh(venue.now, setup.staleness_ns, margin, row)
    pool.until_ns = until_ns
    first, end = _agreeing(margin.fresh, count, setup.deviation_ppm)
    frozen = end - first < 2
    price = pool.price if frozen else _median(margin.fresh, first, end)
    if price == pool.price and frozen == (pool.frozen != 0):
        return
    pool.price = price
    pool.frozen = 1 if frozen else 0
    event = out.margin[margin_event(venue, out, EventKind.INDEX, Code.INDEX_FROZEN if frozen else Code.OK)]
    event.asset = pool.asset
    event.price = price
    event.count = 0 if frozen else end - first


@kernel
def _gather_fresh(now, staleness_ns, margin, row):
    """Fills `margin.fresh` with the fresh prices, rising; returns how many there are and until when all of them are fresh."""
    fresh = margin.fresh
    count = 0
    until_ns = np.int64(0)
    for place in range(row * _PLACES, row * _PLACES + _PLACES):
        source = margin.sources[place]
        if source.price == 0 or now - source.time_ns > staleness_ns:
            continue
        end_ns = source.time_ns + staleness_ns
        until_ns = end_ns if count == 0 else min(until_ns, end_ns)
        at = count
        while at > 0 and fresh[at - 1] > source.price:
            fresh[at] = fresh[at - 1]
            at -= 1
        fresh[at] = source.price
        count += 1
    return count, until_ns


@kernel
def _agreeing(fresh, count, deviation_ppm):
    """Where the prices begin and end that are not too far from the median of all; (0, 0) for fewer than two."""
    if count < 2:
        return 0, 0
    median = _median(fresh, 0, count)
    first = 0
    end = count
    while first < end and exceeds(abs(fresh[first] - median), PPM, deviation_ppm, median):
        first += 1
    while end > first and exceeds(abs(fresh[end - 1] - median), PPM, deviation_ppm, median):
        end -= 1
    return first, end


@kernel
def _median(fresh, first, end):
    return (fresh[(first + end - 1) // 2] + fresh[(first + end) // 2]) // 2
