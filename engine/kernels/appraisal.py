"""What margin accounts and pools stand at, for queries: nothing here changes the state. docs/MARGIN.md section 11."""

import numpy as np

from engine.kernels import entry_kernel
from engine.kernels.balances import available_of
from engine.kernels.fees import day_of, tier_now, volume_before, volume_row
from engine.kernels.hashed import NOWHERE, find
from engine.kernels.levels import judge_leaving, level_of, standing_of
from engine.kernels.loans import judge_loan
from engine.kernels.pools import cumulative_at, interest_at, principal_of, rate_at, shares_of, worth_of
from engine.kernels.prices import pool_row
from engine.types import HOUR_NS, Code, MarginState


@entry_kernel
def levels_of(state, row):
    """(level, collateral level, assets, collateral, debts) of a margin account."""
    standing = standing_of(state, row)
    level = level_of(standing.assets, standing.debts)
    return level, level_of(standing.collateral, standing.debts), standing.assets, standing.collateral, standing.debts


@entry_kernel
def loan_of(state, account, row):
    """(principal, interest at the present hour) of the account's loan in the asset whose pool is at `row`; (0, 0) without one."""
    pool = state.margin.pools[row]
    slot = find(state.margin.loans, account, pool.asset)
    if slot == NOWHERE:
        return np.int64(0), np.int64(0)
    loan = state.margin.loans[slot]
    return loan.principal, interest_at(loan, cumulative_at(pool, state.venue[0].now // HOUR_NS))


@entry_kernel
def lender_of(state, account, row):
    """(shares, what they would pay now)"""
    shares = shares_of(state.margin.lenders, account, state.margin.pools[row].asset)
    return shares, worth_of(state.margin.pools[row], shares)


@entry_kernel
def pool_rate(state, row):
    """The rate of the present hour."""
    return rate_at(state.margin.pools[row], state.venue[0].now // HOUR_NS)


@entry_kernel
def most_borrowable(state, row, asset):
    """The largest amount that the loan's ladder lets pass, found by halving."""
    margin = state.margin
    pool = margin.pools[pool_row(state.registry, asset)]
    account = margin.accounts[row].account
    low = np.int64(0)
    high = max(min(pool.borrow_limit - principal_of(margin.loans, account, asset), pool.free), 0)
    while low < high:
        middle = high - (high - low) // 2
        if judge_loan(state.venue[0], state.registry, state.ledger.balances, margin, row, asset, middle) == Code.OK:
            low = middle
        else:
            high = middle - 1
    return low


@entry_kernel
def most_transferable(state, row, asset):
    """The largest amount that may leave a margin account, found by halving."""
    account = state.margin.accounts[row]
    low = np.int64(0)
    high = available_of(state.ledger.balances, account.account, asset)
    if account.state == MarginState.LIQUIDATING:
        return low
    while low < high:
        middle = high - (high - low) // 2
        if judge_leaving(state.venue[0], state.registry, state.ledger.balances, state.margin, row, asset, middle) == Code.OK:
            low = middle
        else:
            high = middle - 1
    return low


@entry_kernel
def fee_terms(state, owner):
    """(tier at now, volume of the thirty whole days before today, today's) of an account that owns itself."""
    venue = state.venue[0]
    today = day_of(venue.now)
    traded = state.margin.volumes[volume_row(owner, today)] if state.registry.accounts[owner].fee_day == today else np.int64(0)
    return tier_now(venue, state.registry, state.margin, owner), volume_before(state.registry, state.margin, owner, today), traded
