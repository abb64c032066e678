"""What margin accounts borrow and repay, by a command, as a side effect of their orders, or in a liquidation. docs/MARGIN.md section 2.

`row` is a margin account's row of MARGIN_ACCOUNT.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.balances import available_of
from engine.kernels.due import notice, notice_loan
from engine.kernels.hashed import NOWHERE, find
from engine.kernels.levels import balance_of, margin_row, owed_now, standing_after, takes
from engine.kernels.pools import borrow_from, drop_loan, owed, principal_of, rate_at, repay_to
from engine.kernels.prices import debt_value, has_price, pool_row
from engine.kernels.wide import exceeds, mul_div_up
from engine.types import AMOUNT_MAX, HOUR_NS, PPM, RATE_ONE, VALUE_MAX, Code, MarginState, SideEffect


@kernel
def judge_loan(venue, registry, balances, margin, row, asset, amount):
    """The loan's ladder: whether a margin account may borrow the amount now."""
    account = margin.accounts[row].account
    if margin.accounts[row].state == MarginState.LIQUIDATING:
        return np.int64(Code.ACCOUNT_LIQUIDATING)
    pool = margin.pools[pool_row(registry, asset)]
    if not takes(registry, margin, row, asset) or pool.status == 0:
        return np.int64(Code.MARGIN_ASSET)
    if principal_of(margin.loans, account, asset) > pool.borrow_limit - amount:
        return np.int64(Code.BORROW_LIMIT)
    if pool.free < amount:
        return np.int64(Code.POOL_SHORT)
    if balance_of(balances, account, asset) > AMOUNT_MAX - amount:
        return np.int64(Code.SUPPLY_LIMIT)
    first_interest = mul_div_up(amount, rate_at(pool, venue.now // HOUR_NS), RATE_ONE, AMOUNT_MAX)
    standing = standing_after(venue, registry, balances, margin, row, asset, amount, amount + first_interest)
    if not has_price(pool) or standing.frozen:
        return np.int64(Code.INDEX_FROZEN)
    owed_before = owed_now(venue, margin, account, pool)
    debt = debt_value(pool, owed_before + min(amount + first_interest, AMOUNT_MAX - owed_before))
    if debt == VALUE_MAX or exceeds(standing.debts, margin.setup[0].borrow_ppm, PPM, standing.collateral):
        return np.int64(Code.LEVEL_TOO_LOW)
    return np.int64(Code.OK)


@kernel
def borrow(venue, registry, balances, margin, out, row, asset, amount):
    """A margin account borrows; returns the place of BORROWED."""
    account = margin.accounts[row]
    pool = margin.pools[pool_row(registry, asset)]
    loans = margin.setup[0].loans_used
    place = borrow_from(venue, balances, margin, out, account.account, pool, amount)
    account.loans += margin.setup[0].loans_used - loans
    notice_loan(venue, margin, row)
    return place


@kernel
def repay(venue, registry, balances, margin, out, row, asset, most):
    """A margin account repays what it owes of an asset, `most` at most; returns the place of REPAID."""
    account = margin.accounts[row]
    pool = margin.pools[pool_row(registry, asset)]
    place = repay_to(venue, balances, margin, out, account.account, pool, most)
    slot = find(margin.loans, account.account, asset)
    if owed(margin.loans[slot]) == 0:
        drop_loan(margin, slot)
        account.loans -= 1
    notice_loan(venue, margin, row)
    return place


# ---------------------------------------------------------------- side effects of orders


@inlined_kernel
def _borrows(side_effect):
    return side_effect == SideEffect.MARGIN_BUY or side_effect == SideEffect.AUTO_BORROW_REPAY


@inlined_kernel
def _repays(side_effect):
    return side_effect == SideEffect.AUTO_REPAY or side_effect == SideEffect.AUTO_BORROW_REPAY


@kernel
def fund(venue, registry, balances, margin, account, asset, needed, side_effect):
    """Step 17 for an order that needs so much of an asset: OK, or the refusal. `venue.missing` is then what the order borrows first."""
    venue.missing = max(needed - available_of(balances, account, asset), 0)
    if venue.missing == 0:
        return np.int64(Code.OK)
    row = margin_row(registry, account)
    if row == 0 or not _borrows(side_effect):
        return np.int64(Code.INSUFFICIENT_BALANCE)
    return judge_loan(venue, registry, balances, margin, row, asset, venue.missing)


@kernel
def borrow_missing(venue, registry, balances, margin, out, account, asset):
    """The order that `fund` has found good takes its loan, if it needs one."""
    if venue.missing != 0:
        borrow(venue, registry, balances, margin, out, margin_row(registry, account), asset, venue.missing)


@kernel
def settle_loans(venue, registry, balances, margin, out, account, asset, brought, side_effect):
    """After a fill that brought a party so much of an asset: a margin account repays from it where its order asks for that, and is due."""
    row = margin_row(registry, account)
    if row == 0:
        return
    if brought > 0 and _repays(side_effect) and find(margin.loans, account, asset) != NOWHERE:
        repay(venue, registry, balances, margin, out, row, asset, brought)
    notice(venue, margin, row)
