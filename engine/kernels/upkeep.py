"""Upkeep before a frame's first command: indexes that grow old, and the margin accounts that are due. docs/MARGIN.md section 5.

An evaluation leaves watches behind: as long as no price has passed one of them and no time is up, the account's level is still above what
it was measured by, so the work of a price change is that of the accounts whose watches it passes. One frame's is bounded by UPKEEP_BUDGET.
"""

import numpy as np

from engine.kernels import kernel
from engine.kernels.due import add_price_watch, drop_watches, set_due
from engine.kernels.levels import assets_of, balance_of, is_above, is_in_doubt, margin_row, pool_of, standing_event, standing_of
from engine.kernels.liquidation import liquidation_round
from engine.kernels.pools import cumulative_at, dearest_rate, owed_at
from engine.kernels.prices import asset_value, compute_index, debt_value
from engine.kernels.state import ROUND_EVENTS_MAX
from engine.kernels.watches import CLOCK, heap_of, key_of
from engine.kernels.wide import mul_div, mul_div_up
from engine.types import (
    AMOUNT_MAX,
    CALLED_NS,
    EVALUATE_HOURS,
    EVALUATE_NS,
    HOUR_NS,
    PPM,
    ROUND_COST,
    ROUND_NS,
    UPKEEP_BUDGET,
    WATCH_SLACK,
    Direction,
    EventKind,
    MarginState,
)

# ---------------------------------------------------------------- what is due


@kernel
def refresh_indexes(state, out):
    """Begins the upkeep: each index of which a source is no longer fresh is computed, in a nanosecond of its own."""
    venue = state.venue[0]
    margin = state.margin
    margin.setup[0].budget = UPKEEP_BUDGET
    for place in range(margin.setup[0].assets):
        row = margin.rising[place]
        until_ns = margin.pools[row].until_ns
        if until_ns != 0 and until_ns < venue.now:
            venue.now += 1
            compute_index(venue, margin, out, row)


@kernel
def _next_due(state):
    """The row of the margin account that is next; 0 where none is due, or the budget is spent."""
    margin = state.margin
    if margin.setup[0].budget <= 0 or margin.setup[0].watches_used == 0:
        return np.int64(0)
    watch = _first_passed(margin)
    if watch == 0:
        watch = np.int64(margin.heaps[CLOCK])
        if watch == 0 or margin.watches[watch].key > state.venue[0].now:
            return np.int64(0)
    return margin_row(state.registry, margin.watches[watch].account)


@kernel
def _first_passed(margin):
    """The watch that a price has passed and that comes first, or 0."""
    for place in range(margin.setup[0].assets):
        row = margin.rising[place]
        price = margin.pools[row].price
        for direction in range(2):
            heap = heap_of(row, direction)
            watch = np.int64(margin.heaps[heap])
            if watch != 0 and margin.watches[watch].key < key_of(direction, price):
                return watch
    return np.int64(0)


@kernel
def attend_next(state, out):
    """Evaluates the account that is next, or takes its liquidation a round further, in a nanosecond of its own; False where none is due.

    A round waits where there is no room for its events, as a chain that trades does (engine/kernels/frame.py).
    """
    venue = state.venue[0]
    setup = state.margin.setup[0]
    row = _next_due(state)
    if row == 0:
        return False
    if state.margin.accounts[row].state != MarginState.LIQUIDATING:
        venue.now += 1
        _evaluate(state, out, row)
        setup.budget -= 1
    elif venue.events + ROUND_EVENTS_MAX > out.orders.size:
        out.wanted[0] = ROUND_EVENTS_MAX
    else:
        venue.now += 1
        liquidation_round(state, out, row)
        setup.budget -= ROUND_COST
    return True


# ---------------------------------------------------------------- evaluation


@kernel
def _evaluate(state, out, row):
    """How the account stands, what follows, and what it waits for next."""
    venue = state.venue[0]
    margin = state.margin
    setup = margin.setup[0]
    account = margin.accounts[row]
    drop_watches(margin, row)
    standing = standing_of(state, row)
    solvent = is_above(standing.assets, standing.debts, setup.liquidation_ppm)
    if is_above(standing.assets, standing.debts, setup.call_ppm):
        account.state = MarginState.NORMAL
        set_due(margin, row, venue.now + EVALUATE_NS)
        _watch(state, row, setup.call_ppm)
    elif solvent or is_in_doubt(venue, margin, standing):
        if account.state == MarginState.NORMAL:
            account.state = MarginState.CALLED
            standing_event(venue, out, EventKind.MARGIN_CALL, account.account, standing)
        set_due(margin, row, venue.now + (CALLED_NS if solvent else ROUND_NS))
        _watch(state, row, setup.liquidation_ppm)
    else:
        account.state = MarginState.LIQUIDATING
        standing_event(venue, out, EventKind.LIQUIDATION_STARTED, account.account, standing)
        set_due(margin, row, venue.now)


@kernel
def _worth(state, account, pool, threshold_ppm):
    """(what the account has of a pool's asset, what it must have to owe what it owes and will owe by the next evaluation), in value."""
    venue = state.venue[0]
    cumulative = cumulative_at(pool, venue.now // HOUR_NS) + EVALUATE_HOURS * dearest_rate(pool)
    debt = debt_value(pool, owed_at(state.margin.loans, account, pool.asset, cumulative))
    value = asset_value(pool, balance_of(state.ledger.balances, account, pool.asset))
    return value, mul_div_up(debt, threshold_ppm, PPM, AMOUNT_MAX)


@kernel
def _watch(state, row, threshold_ppm):
    """Sets the watches: so many parts per million that all prices may move against the account before its level can reach the threshold."""
    margin = state.margin
    account = margin.accounts[row].account
    numeraire = margin.setup[0].numeraire
    spare = np.int64(0)
    exposed = np.int64(0)
    for place in range(margin.setup[0].assets):
        if margin.pools[margin.rising[place]].price != 0:
            spare -= WATCH_SLACK
    for place in range(assets_of(margin, row)):
        pool = margin.pools[pool_of(state.registry, margin, row, place)]
        has, needs = _worth(state, account, pool, threshold_ppm)
        spare += has - needs
        if pool.asset != numeraire:
            exposed += abs(has - needs)
    if exposed == 0:
        return
    distance_ppm = mul_div(spare, PPM, exposed, PPM) if spare > 0 else np.int64(0)
    for place in range(assets_of(margin, row)):
        number = pool_of(state.registry, margin, row, place)
        pool = margin.pools[number]
        has, needs = _worth(state, account, pool, threshold_ppm)
        if pool.asset == numeraire or has == needs:
            continue
        move = mul_div(pool.price, distance_ppm, PPM, AMOUNT_MAX)
        if has > needs:
            add_price_watch(margin, row, heap_of(number, Direction.DOWN), key_of(Direction.DOWN, pool.price - move))
        else:
            add_price_watch(margin, row, heap_of(number, Direction.UP), key_of(Direction.UP, pool.price + move))
