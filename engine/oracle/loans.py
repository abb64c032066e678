"""Pools, loans and lenders: docs/MARGIN.md section 2. BORROW, REPAY, LEND, REDEEM and what orders do with loans by side effect.

Owns every change of a pool, a loan and a lender's shares but that of a bad debt, and notes which accounts are due because of them.
Idempotency of the commands is the ledger's.
"""

from collections.abc import Callable

from engine.oracle.levels import (
    ceil_div,
    debt_value,
    has_price,
    interest_with,
    is_frozen,
    is_frozen_account,
    is_indebted,
    is_liquidating,
    is_margin,
    owed_at,
    rate_at,
    rate_of,
    takes,
    worth,
)
from engine.oracle.margin_state import Loan, MarginAsset
from engine.oracle.records import TransferCommand, loan_event
from engine.oracle.state import Order, State
from engine.types import (
    AMOUNT_MAX,
    HOUR_NS,
    HOUSE_INSURANCE,
    HOUSE_LENDING,
    PPM,
    RATE_ONE,
    VALUE_MAX,
    Code,
    EventKind,
    Kind,
    MarginState,
    SideEffect,
)

_BORROWING = (SideEffect.MARGIN_BUY, SideEffect.AUTO_BORROW_REPAY)
_REPAYING = (SideEffect.AUTO_REPAY, SideEffect.AUTO_BORROW_REPAY)


def roll(state: State, row: MarginAsset, now: int) -> None:
    """Let the hours that have begun since count, at the rate of the pool as it was all the while."""
    hour = now // HOUR_NS
    if hour > row.hour:
        rate = rate_of(row)
        row.cumulative += rate * (hour - row.hour)
        row.rate, row.hour = rate, hour
    state.margin.assets.touch(row.asset)


def touch(state: State, account: int, now: int) -> None:
    """A balance or loan of the account has changed: it is due, or, without a loan, never more."""
    row = state.margin.accounts.get(account)
    if row is None or row.state == MarginState.LIQUIDATING:
        return
    if is_indebted(state, account):
        row.due_ns = min(row.due_ns or now, now)
    else:
        row.due_ns, row.state = 0, MarginState.NORMAL
        drop_watches(state, account)
    state.margin.accounts.touch(account)


def drop_watches(state: State, account: int) -> None:
    for key in [key for key in state.margin.watches if key[0] == account]:
        state.margin.watches.drop(key)


def accrue(state: State, account: int, asset: int, now: int) -> Loan:
    """The loan with its interest up to the present hour, pool rolled; an empty new one where there is none."""
    pool = state.margin.assets[asset]
    roll(state, pool, now)
    loan = state.margin.loans.get((account, asset)) or Loan(account, asset, index=pool.cumulative)
    loan.interest = interest_with(loan, pool.cumulative)
    loan.index = pool.cumulative
    return loan


def keep(state: State, loan: Loan) -> None:
    """Put the loan down; it is no more where nothing is owed."""
    key = (loan.account, loan.asset)
    if loan.owed:
        state.margin.loans.put(key, loan)
    elif key in state.margin.loans:
        state.margin.loans.drop(key)


class Loans:
    """The loans of one frame; `emit` takes (index, time, packer, event fields)."""

    def __init__(self, state: State, emit: Callable) -> None:
        self.state = state
        self.emit = emit

    # ------------------------------------------------------------ the ladders

    def refusal(self, command: TransferCommand, now: int) -> Code | None:
        """Steps 8 and on of a loan command."""
        state, account, asset, amount = self.state, command.debit, command.asset, command.amount
        if asset not in state.assets:
            return Code.UNKNOWN_ASSET
        if not state.is_customer(account):
            return Code.UNKNOWN_ACCOUNT
        if command.credit or command.timeout_ns or command.pending_hi or command.pending_lo:
            return Code.PENDING_MISMATCH
        if not (1 if command.kind in (Kind.BORROW, Kind.LEND) else 0) <= amount <= AMOUNT_MAX:
            return Code.INVALID_AMOUNT
        if asset not in state.margin.assets:
            return Code.MARGIN_ASSET
        if is_margin(state, account) != (command.kind in (Kind.BORROW, Kind.REPAY)):
            return Code.OTHER_OWNER
        ladder = {
            Kind.BORROW: self._refuse_borrow, Kind.REPAY: self._refuse_repay, Kind.LEND: self._refuse_lend,
            Kind.REDEEM: self._refuse_redeem,
        }[command.kind]  # fmt: skip
        return ladder(account, asset, amount, now)

    def _refuse_borrow(self, account: int, asset: int, amount: int, now: int) -> Code | None:
        if is_frozen_account(self.state, account):
            return Code.ACCOUNT_FROZEN
        return self.refuse_loan(account, asset, amount, now)

    def refuse_loan(self, account: int, asset: int, amount: int, now: int) -> Code | None:
        """The loan's ladder, for BORROW and for side effects."""
        state, row = self.state, self.state.margin.assets[asset]
        loan = state.margin.loans.get((account, asset))
        if is_liquidating(state, account):
            return Code.ACCOUNT_LIQUIDATING
        if not takes(state, account, asset) or not row.status:
            return Code.MARGIN_ASSET
        if (loan.principal if loan else 0) + amount > row.borrow_limit:
            return Code.BORROW_LIMIT
        if row.free < amount:
            return Code.POOL_SHORT
        if self._exceeds_supply(account, asset, amount):
            return Code.SUPPLY_LIMIT
        if is_frozen(state, account) or not has_price(row):
            return Code.INDEX_FROZEN
        owed = amount + ceil_div(amount * rate_at(row, now), RATE_ONE)
        after = worth(state, account, now, asset, more=amount, owed=owed)
        too_much = debt_value(row, min(AMOUNT_MAX, owed_at(state, account, asset, now) + owed)) == VALUE_MAX
        if too_much or after.collateral * PPM < state.margin.setup.borrow_ppm * after.debts:
            return Code.LEVEL_TOO_LOW
        return None

    def _refuse_repay(self, account: int, asset: int, amount: int, now: int) -> Code | None:
        if (account, asset) not in self.state.margin.loans:
            return Code.NO_DEBT
        owed = owed_at(self.state, account, asset, now)
        if self.state.balance(account, asset).available < min(amount or owed, owed):
            return Code.INSUFFICIENT_AVAILABLE
        return None

    def _refuse_lend(self, account: int, asset: int, amount: int, _now: int) -> Code | None:
        state, pool = self.state, self.state.margin.assets[asset]
        if is_frozen_account(state, account):
            return Code.ACCOUNT_FROZEN
        if state.balance(account, asset).available < amount:
            return Code.INSUFFICIENT_AVAILABLE
        shares = shares_for(pool, amount)
        if pool.lent + amount > AMOUNT_MAX or pool.shares + shares > AMOUNT_MAX:
            return Code.SUPPLY_LIMIT
        return None if shares else Code.ZERO_SHARES

    def _refuse_redeem(self, account: int, asset: int, amount: int, _now: int) -> Code | None:
        pool = self.state.margin.assets[asset]
        own = self.state.margin.lenders.get((account, asset), 0)
        shares, pays = redemption(pool, own, amount)
        if own == 0 or shares > own:
            return Code.INSUFFICIENT_SHARES
        if pays == 0:
            return Code.ZERO_SHARES
        if pays > pool.free:
            return Code.POOL_SHORT
        return Code.SUPPLY_LIMIT if self._exceeds_supply(account, asset, pays) else None

    def _exceeds_supply(self, account: int, asset: int, amount: int) -> bool:
        balance = self.state.balance(account, asset)
        return balance.available + balance.held + amount > AMOUNT_MAX

    # ------------------------------------------------------------ effects: from here on nothing fails

    def perform(self, command: TransferCommand, index: int, now: int) -> None:
        effect = {Kind.BORROW: self.borrow, Kind.REPAY: self._repay_command, Kind.LEND: self._lend, Kind.REDEEM: self._redeem}[command.kind]
        effect(command.debit, command.asset, command.amount, index, now, command)

    def borrow(self, account: int, asset: int, amount: int, index: int, now: int, command: TransferCommand | None = None) -> None:
        state, pool = self.state, self.state.margin.assets[asset]
        before = state.margin.loans[account, asset].interest if (account, asset) in state.margin.loans else 0
        loan = accrue(state, account, asset, now)
        loan.principal += amount
        loan.interest += min(ceil_div(amount * pool.rate, RATE_ONE), AMOUNT_MAX - loan.owed)
        keep(state, loan)
        pool.borrowed += amount
        pool.free -= amount
        state.change(HOUSE_LENDING, asset, available=-amount)
        state.change(account, asset, available=amount)
        self._tell_loan(EventKind.BORROWED, loan, amount, loan.interest - before, index, now, command)

    def _repay_command(self, account: int, asset: int, amount: int, index: int, now: int, command: TransferCommand) -> None:
        self.repay(account, asset, amount or AMOUNT_MAX, index, now, command)

    def repay(self, account: int, asset: int, most: int, index: int, now: int, command: TransferCommand | None = None) -> None:
        """Repay at most `most`, interest first."""
        state, pool = self.state, self.state.margin.assets[asset]
        loan = accrue(state, account, asset, now)
        paid = min(most, loan.owed)
        of_interest = min(paid, loan.interest)
        reserve = ceil_div(of_interest * pool.reserve_ppm, PPM)
        state.change(account, asset, available=-paid)
        state.change(HOUSE_INSURANCE, asset, available=reserve)
        state.change(HOUSE_LENDING, asset, available=paid - reserve)
        pool.free += paid - reserve
        pool.lent += of_interest - reserve
        pool.borrowed -= paid - of_interest
        loan.interest -= of_interest
        loan.principal -= paid - of_interest
        keep(state, loan)
        self._tell_loan(EventKind.REPAID, loan, paid, of_interest, index, now, command, reserve=reserve)

    def _tell_loan(self, kind: EventKind, loan: Loan, amount: int, part: int, index: int, now: int,
                   command: TransferCommand | None, **more: int) -> None:  # fmt: skip
        touch(self.state, loan.account, now)
        self._tell(kind, loan.account, loan.asset, index, now, command, amount=amount, part=part, principal=loan.principal,
                   interest=loan.interest, **more)  # fmt: skip

    def _tell(self, kind: EventKind, account: int, asset: int, index: int, now: int, command: TransferCommand | None, **more: int) -> None:
        pool, balance = self.state.margin.assets[asset], self.state.balance(account, asset)
        told = ("id_hi", "id_lo", "reason", "user_hi", "user_lo") if command else ()
        self.emit(index, now, loan_event, kind=kind, account=account, asset=asset, rate=pool.rate, available=balance.available,
                  held=balance.held, free=pool.free, borrowed=pool.borrowed, **{name: getattr(command, name) for name in told},
                  **more)  # fmt: skip

    def _lend(self, account: int, asset: int, amount: int, index: int, now: int, command: TransferCommand) -> None:
        state, pool = self.state, self.state.margin.assets[asset]
        shares = shares_for(pool, amount)
        roll(state, pool, now)
        state.change(account, asset, available=-amount)
        state.change(HOUSE_LENDING, asset, available=amount)
        pool.lent += amount
        pool.free += amount
        self._change_shares(EventKind.LENT, account, asset, amount, shares, index, now, command)

    def _redeem(self, account: int, asset: int, amount: int, index: int, now: int, command: TransferCommand) -> None:
        state, pool = self.state, self.state.margin.assets[asset]
        shares, pays = redemption(pool, state.margin.lenders[account, asset], amount)
        roll(state, pool, now)
        state.change(HOUSE_LENDING, asset, available=-pays)
        state.change(account, asset, available=pays)
        pool.lent -= pays
        pool.free -= pays
        self._change_shares(EventKind.REDEEMED, account, asset, pays, -shares, index, now, command)

    def _change_shares(self, kind: EventKind, account: int, asset: int, amount: int, shares: int, index: int, now: int,
                       command: TransferCommand) -> None:  # fmt: skip
        lenders, key = self.state.margin.lenders, (account, asset)
        own = lenders.get(key, 0) + shares
        self.state.margin.assets[asset].shares += shares
        if own:
            lenders.put(key, own)
        else:
            lenders.drop(key)
        self._tell(kind, account, asset, index, now, command, amount=amount, part=abs(shares), principal=own)

    # ------------------------------------------------------------ orders

    def refuse_missing(self, order: Order, asset: int, missing: int, now: int) -> Code | None:
        """Step 17: why an order that lacks as much must not be placed; None where nothing is missing, or it can be borrowed."""
        if missing <= 0:
            return None
        if not _borrows(order):
            return Code.INSUFFICIENT_BALANCE
        return self.refuse_loan(order.account, asset, missing, now)

    def borrow_missing(self, order: Order, asset: int, missing: int, index: int, now: int) -> None:
        if missing > 0:
            self.borrow(order.account, asset, missing, index, now)

    def repay_from_fill(self, order: Order, asset: int, received: int, index: int, now: int) -> None:
        """What AUTO_REPAY does with what a fill brought, net of fees in that asset."""
        if order.side_effect in _REPAYING and received > 0 and (order.account, asset) in self.state.margin.loans:
            self.repay(order.account, asset, received, index, now)


def _borrows(order: Order) -> bool:
    return order.side_effect in _BORROWING and not order.list_id


def shares_for(pool: MarginAsset, amount: int) -> int:
    return amount * (pool.shares + 1) // (pool.lent + 1)


def redemption(pool: MarginAsset, own: int, amount: int) -> tuple[int, int]:
    """(shares that go, what is paid) for `amount`, or for all own shares where it is 0."""
    if amount:
        return ceil_div(amount * (pool.shares + 1), pool.lent + 1), amount
    return own, own * (pool.lent + 1) // (pool.shares + 1)
