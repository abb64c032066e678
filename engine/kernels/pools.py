"""Lending pools and loans: rates, interest, borrowing and repaying. docs/MARGIN.md section 2.

A pool keeps what a whole principal has come to owe since the pool began, a loan what that was when it was last accrued; so an hour costs
no work, and a loan's interest is known at any time. `pool` is a POOL record, `loan` a LOAN record. What is here must succeed: the callers
have checked.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.arithmetic import ceil_ppm
from engine.kernels.balances import balance_slot
from engine.kernels.events import loan_event
from engine.kernels.hashed import NOWHERE, find, insert, remove
from engine.kernels.wide import mul_div, mul_div_up
from engine.types import AMOUNT_MAX, HOUR_NS, HOUSE_INSURANCE, HOUSE_LENDING, PPM, RATE_ONE, EventKind

# ---------------------------------------------------------------- rates


@kernel
def _rate_by_use(pool):
    """The hourly rate that the pool's present numbers ask for."""
    used = mul_div(pool.borrowed, PPM, pool.lent, PPM) if pool.lent > 0 else 0
    if used <= pool.optimal_ppm:
        return pool.base_rate + pool.slope1_rate * used // pool.optimal_ppm
    return pool.base_rate + pool.slope1_rate + pool.slope2_rate * (used - pool.optimal_ppm) // (PPM - pool.optimal_ppm)


@kernel
def rate_at(pool, hour):
    """The rate that holds in an hour, the pool's or a later one."""
    return _rate_by_use(pool) if hour > pool.hour else pool.rate


@kernel
def cumulative_at(pool, hour):
    """The interest of a whole principal up to an hour, without rolling the pool to it."""
    return pool.cumulative + _rate_by_use(pool) * (hour - pool.hour) if hour > pool.hour else pool.cumulative


@kernel
def dearest_rate(pool):
    return pool.base_rate + pool.slope1_rate + pool.slope2_rate


@kernel
def roll(pool, hour):
    """Brings the pool to an hour: it is charged for those that have passed, and its rate holds for all of this one."""
    if hour > pool.hour:
        pool.rate = _rate_by_use(pool)
        pool.cumulative += pool.rate * (hour - pool.hour)
        pool.hour = hour


# ---------------------------------------------------------------- loans


@inlined_kernel
def owed(loan):
    return loan.principal + loan.interest


@kernel
def interest_at(loan, cumulative):
    """A loan's interest when a whole principal's has come to `cumulative`."""
    grown = mul_div_up(loan.principal, cumulative - loan.index, RATE_ONE, AMOUNT_MAX)
    return loan.interest + min(grown, AMOUNT_MAX - owed(loan))


@kernel
def owed_at(loans, account, asset, cumulative):
    """What an account owes of an asset when a whole principal's interest has come to `cumulative`; 0 where it has no loan."""
    slot = find(loans, account, asset)
    if slot == NOWHERE:
        return np.int64(0)
    return loans[slot].principal + interest_at(loans[slot], cumulative)


@kernel
def principal_of(loans, account, asset):
    slot = find(loans, account, asset)
    return loans[slot].principal if slot != NOWHERE else np.int64(0)


@kernel
def accrue(loan, pool):
    """Brings a loan's interest to the hour of its pool."""
    loan.interest = interest_at(loan, pool.cumulative)
    loan.index = pool.cumulative


@kernel
def _loan_of(margin, account, pool):
    """The LOAN of an account in a pool's asset, made where there is none."""
    slot = find(margin.loans, account, pool.asset)
    if slot != NOWHERE:
        return slot
    slot = insert(margin.loans, account, pool.asset)
    loan = margin.loans[slot]
    loan.principal = 0
    loan.interest = 0
    loan.index = pool.cumulative
    margin.setup[0].loans_used += 1
    return slot


@kernel
def drop_loan(margin, loan_slot):
    """Takes out a loan of which nothing is owed any more."""
    remove(margin.loans, loan_slot)
    margin.setup[0].loans_used -= 1


@kernel
def borrow_from(venue, balances, margin, out, account, pool, amount):
    """Lends the account `amount`; returns the place of BORROWED."""
    roll(pool, venue.now // HOUR_NS)
    loan = margin.loans[_loan_of(margin, account, pool)]
    interest = loan.interest
    accrue(loan, pool)
    loan.principal += amount
    loan.interest += min(mul_div_up(amount, pool.rate, RATE_ONE, AMOUNT_MAX), AMOUNT_MAX - owed(loan))
    pool.borrowed += amount
    pool.free -= amount
    balances[balance_slot(venue, balances, HOUSE_LENDING, pool.asset)].available -= amount
    balance = balances[balance_slot(venue, balances, account, pool.asset)]
    balance.available += amount
    place = loan_event(venue, out, EventKind.BORROWED, account, pool, balance, amount, loan.interest - interest)
    out.loans[place].principal = loan.principal
    out.loans[place].interest = loan.interest
    return place


@kernel
def repay_to(venue, balances, margin, out, account, pool, most):
    """The account pays what it owes, `most` at most; returns the place of REPAID. The loan stays, and may be of nothing."""
    roll(pool, venue.now // HOUR_NS)
    loan = margin.loans[find(margin.loans, account, pool.asset)]
    accrue(loan, pool)
    paid = min(most, owed(loan))
    part = min(paid, loan.interest)
    reserve = ceil_ppm(part, pool.reserve_ppm)
    balances[balance_slot(venue, balances, HOUSE_INSURANCE, pool.asset)].available += reserve
    balances[balance_slot(venue, balances, HOUSE_LENDING, pool.asset)].available += paid - reserve
    balance = balances[balance_slot(venue, balances, account, pool.asset)]
    balance.available -= paid
    loan.interest -= part
    loan.principal -= paid - part
    pool.free += paid - reserve
    pool.borrowed -= paid - part
    pool.lent += part - reserve
    place = loan_event(venue, out, EventKind.REPAID, account, pool, balance, paid, part)
    event = out.loans[place]
    event.principal = loan.principal
    event.interest = loan.interest
    event.reserve = reserve
    return place


# ---------------------------------------------------------------- lenders


@kernel
def shares_for(pool, amount):
    """The shares that an amount brings; more than AMOUNT_MAX is told as AMOUNT_MAX + 1."""
    return mul_div(amount, pool.shares + 1, pool.lent + 1, AMOUNT_MAX + 1)


@kernel
def shares_burnt(pool, amount):
    """The shares that an amount costs."""
    return mul_div_up(amount, pool.shares + 1, pool.lent + 1, AMOUNT_MAX + 1)


@kernel
def worth_of(pool, shares):
    """What so many shares pay."""
    return mul_div(shares, pool.lent + 1, pool.shares + 1, AMOUNT_MAX + 1)


@kernel
def shares_of(lenders, account, asset):
    slot = find(lenders, account, asset)
    return lenders[slot].shares if slot != NOWHERE else np.int64(0)


@kernel
def lend_to(venue, balances, margin, out, account, pool, amount, shares):
    """The account puts in `amount` for new shares; returns the place of LENT."""
    slot = find(margin.lenders, account, pool.asset)
    if slot == NOWHERE:
        slot = insert(margin.lenders, account, pool.asset)
        margin.lenders[slot].shares = 0
        margin.setup[0].lenders_used += 1
    _move_shares(venue, balances, margin, account, pool, slot, amount, shares)
    return _lender_event(venue, balances, out, EventKind.LENT, account, pool, amount, shares, margin.lenders[slot].shares)


@kernel
def redeem_from(venue, balances, margin, out, account, pool, amount, shares):
    """The account takes out `amount` for its shares; returns the place of REDEEMED."""
    slot = find(margin.lenders, account, pool.asset)
    _move_shares(venue, balances, margin, account, pool, slot, -amount, -shares)
    left = margin.lenders[slot].shares
    if left == 0:
        remove(margin.lenders, slot)
        margin.setup[0].lenders_used -= 1
    return _lender_event(venue, balances, out, EventKind.REDEEMED, account, pool, amount, shares, left)


@kernel
def _move_shares(venue, balances, margin, account, pool, slot, amount, shares):
    """Into the pool, or (below zero) out of it."""
    roll(pool, venue.now // HOUR_NS)
    balances[balance_slot(venue, balances, account, pool.asset)].available -= amount
    balances[balance_slot(venue, balances, HOUSE_LENDING, pool.asset)].available += amount
    pool.lent += amount
    pool.free += amount
    pool.shares += shares
    margin.lenders[slot].shares += shares


@kernel
def _lender_event(venue, balances, out, kind, account, pool, amount, shares, left):
    balance = balances[balance_slot(venue, balances, account, pool.asset)]
    place = loan_event(venue, out, kind, account, pool, balance, amount, shares)
    out.loans[place].principal = left
    return place
