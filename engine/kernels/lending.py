"""Loan commands: BORROW, REPAY, LEND, REDEEM. docs/MARGIN.md section 2. Laid out and remembered like transfers, each alone."""

import numpy as np

from engine.kernels import kernel
from engine.kernels.balances import available_of
from engine.kernels.events import transfer_rejected
from engine.kernels.hashed import NOWHERE, find
from engine.kernels.levels import balance_of, is_active, margin_row, owed_now
from engine.kernels.loans import borrow, judge_loan, repay
from engine.kernels.pools import (
    lend_to,
    redeem_from,
    shares_burnt,
    shares_for,
    shares_of,
    worth_of,
)
from engine.kernels.prices import pool_row
from engine.kernels.state import MARGIN_SINCE
from engine.kernels.transfers import judge_id, remember
from engine.types import AMOUNT_MAX, FIRST_CUSTOMER, Code, Kind, TransferFlag

_LINKED = int(TransferFlag.LINKED)


@kernel
def is_loan(venue, kind):
    """Whether a kind is one of the loans', by the rules at hand."""
    return Kind.BORROW <= kind <= Kind.REDEEM and venue.rules_version >= MARGIN_SINCE


@kernel
def loan_command(state, batch, out, at):
    """Applies one loan command and returns its code."""
    venue = state.venue[0]
    command = batch.transfers[at]
    if command.flags & _LINKED != 0:
        code = np.int64(Code.LINKED_CHAIN_OPEN)
    else:
        code = judge_id(venue, state.ledger, command)
        if code == Code.OK:
            code = np.int64(_execute(state, out, command))
            remember(venue, state.ledger, command, code, 0)
    if code != Code.OK:
        transfer_rejected(venue, out, command, code)
    return code


@kernel
def _execute(state, out, command):
    """Step 8 and on; what is good is done."""
    venue = state.venue[0]
    kind = command.kind
    if command.asset < 1 or command.asset > venue.last_asset:
        return np.int64(Code.UNKNOWN_ASSET)
    if command.debit < FIRST_CUSTOMER or command.debit > venue.last_account:
        return np.int64(Code.UNKNOWN_ACCOUNT)
    if command.credit != 0 or command.timeout_ns != 0 or command.pending_hi != 0 or command.pending_lo != 0:
        return np.int64(Code.PENDING_MISMATCH)
    if command.amount > AMOUNT_MAX or command.amount < (1 if kind == Kind.BORROW or kind == Kind.LEND else 0):
        return np.int64(Code.INVALID_AMOUNT)
    if pool_row(state.registry, command.asset) == 0:
        return np.int64(Code.MARGIN_ASSET)
    if kind == Kind.BORROW:
        return _borrow(state, out, command)
    if kind == Kind.REPAY:
        return _repay(state, out, command)
    if kind == Kind.LEND:
        return _lend(state, out, command)
    return _redeem(state, out, command)


@kernel
def _sign(out, place, command):
    """Whose command it was that an event tells the effect of."""
    event = out.loans[place]
    event.reason = command.reason
    event.id_hi = command.id_hi
    event.id_lo = command.id_lo
    event.user_hi = command.user_hi
    event.user_lo = command.user_lo


@kernel
def _borrow(state, out, command):
    account = np.int64(command.debit)
    row = margin_row(state.registry, account)
    if row == 0:
        return np.int64(Code.OTHER_OWNER)
    if not is_active(state.registry, state.margin, account):
        return np.int64(Code.ACCOUNT_FROZEN)
    venue = state.venue[0]
    balances = state.ledger.balances
    asset = np.int64(command.asset)
    code = judge_loan(venue, state.registry, balances, state.margin, row, asset, command.amount)
    if code == Code.OK:
        _sign(out, borrow(venue, state.registry, balances, state.margin, out, row, asset, command.amount), command)
    return code


@kernel
def _repay(state, out, command):
    account = np.int64(command.debit)
    asset = np.int64(command.asset)
    margin = state.margin
    row = margin_row(state.registry, account)
    if row == 0:
        return np.int64(Code.OTHER_OWNER)
    if find(margin.loans, account, asset) == NOWHERE:
        return np.int64(Code.NO_DEBT)
    debt = owed_now(state.venue[0], margin, account, margin.pools[pool_row(state.registry, asset)])
    amount = min(command.amount, debt) if command.amount != 0 else debt
    if available_of(state.ledger.balances, account, asset) < amount:
        return np.int64(Code.INSUFFICIENT_AVAILABLE)
    _sign(out, repay(state.venue[0], state.registry, state.ledger.balances, margin, out, row, asset, amount), command)
    return np.int64(Code.OK)


@kernel
def _lend(state, out, command):
    account = np.int64(command.debit)
    asset = np.int64(command.asset)
    pool = state.margin.pools[pool_row(state.registry, asset)]
    if margin_row(state.registry, account) != 0:
        return np.int64(Code.OTHER_OWNER)
    if not is_active(state.registry, state.margin, account):
        return np.int64(Code.ACCOUNT_FROZEN)
    if available_of(state.ledger.balances, account, asset) < command.amount:
        return np.int64(Code.INSUFFICIENT_AVAILABLE)
    shares = shares_for(pool, command.amount)
    if pool.lent > AMOUNT_MAX - command.amount or pool.shares > AMOUNT_MAX - shares:
        return np.int64(Code.SUPPLY_LIMIT)
    if shares == 0:
        return np.int64(Code.ZERO_SHARES)
    place = lend_to(state.venue[0], state.ledger.balances, state.margin, out, account, pool, command.amount, shares)
    _sign(out, place, command)
    return np.int64(Code.OK)


@kernel
def _redeem(state, out, command):
    account = np.int64(command.debit)
    asset = np.int64(command.asset)
    pool = state.margin.pools[pool_row(state.registry, asset)]
    if margin_row(state.registry, account) != 0:
        return np.int64(Code.OTHER_OWNER)
    held = shares_of(state.margin.lenders, account, asset)
    shares = shares_burnt(pool, command.amount) if command.amount != 0 else held
    if shares > held or held == 0:
        return np.int64(Code.INSUFFICIENT_SHARES)
    pays = command.amount if command.amount != 0 else worth_of(pool, shares)
    if pays == 0:
        return np.int64(Code.ZERO_SHARES)
    if pays > pool.free:
        return np.int64(Code.POOL_SHORT)
    if balance_of(state.ledger.balances, account, asset) > AMOUNT_MAX - pays:
        return np.int64(Code.SUPPLY_LIMIT)
    place = redeem_from(state.venue[0], state.ledger.balances, state.margin, out, account, pool, pays, shares)
    _sign(out, place, command)
    return np.int64(Code.OK)
