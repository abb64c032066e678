"""What the machine answers about margin and fees: docs/MARGIN.md section 11."""

from collections.abc import Callable

from engine.oracle.fees import tier_at, trailing_volume
from engine.oracle.ledger import refuse_withdrawal
from engine.oracle.levels import holding, interest_at, is_indebted, is_liquidating, is_margin, owed_at, rate_at, worth
from engine.oracle.loans import Loans, redemption
from engine.oracle.margin_state import SETUP, FeeAccount, MarginAsset
from engine.oracle.prices import is_fresh, sources_of
from engine.oracle.state import State
from engine.types import DAY_NS, PPM
from engine.views import (
    FeeAccountView,
    IndexView,
    LevelView,
    LoanView,
    MarginAssetView,
    MarginSetup,
    MarginView,
    PoolView,
    SourceView,
)


class MarginQueries:
    """A part of `OracleMachine`, whose `_state` it asks."""

    _state: State

    def margin_setup(self) -> MarginSetup | None:
        setup = self._state.margin.setup
        return MarginSetup(*setup) if setup else None

    def margin_assets(self) -> list[MarginAssetView]:
        return [
            MarginAssetView(row.asset, row.symbol, bool(row.status), row.price_scale, row.reserve_ppm, row.optimal_ppm, row.base_rate,
                            row.slope1_rate, row.slope2_rate, row.borrow_limit)
            for _, row in sorted(self._state.margin.assets.items())
        ]  # fmt: skip

    def pool(self, asset: int) -> PoolView | None:
        row = self._asset(asset)
        return PoolView(asset, row.lent, row.borrowed, row.free, row.shares, rate_at(row, self._state.now)) if row else None

    def index(self, asset: int) -> IndexView | None:
        row, state = self._asset(asset), self._state
        if row is None:
            return None
        sources = (SourceView(number, *source, is_fresh(state, source, state.now)) for number, source in sources_of(state, asset).items())
        return IndexView(asset, row.price, row.price_scale, bool(row.frozen), tuple(sources))

    def collateral_tiers(self, asset: int) -> list[tuple[int, int]]:
        """(limit in the numeraire's units, ratio_ppm), by rising limit."""
        return self._state.margin.tiers_of(asset)

    def margin_account(self, owner: int, symbol: int = 0) -> int:
        """The owner's margin account, cross or isolated on a symbol; 0 where there is none."""
        return self._state.margin.by_owner.get((owner, symbol), 0)

    def margin_accounts(self, owner: int) -> list[int]:
        return sorted(account for (of, _), account in self._state.margin.by_owner.items() if of == owner)

    def margin(self, account: int) -> MarginView | None:
        row = self._state.margin.accounts.get(account)
        return MarginView(row.account, row.owner, row.symbol, row.state, row.due_ns) if row else None

    def owner(self, account: int) -> int:
        """Whose margin account it is; the account itself where it is none."""
        return self._state.margin.owner(account)

    def loans(self, account: int) -> list[LoanView]:
        """By rising asset, with interest up to the present hour."""
        loans = self._state.margin.loans_of(account)
        return [LoanView(loan.asset, loan.principal, interest_at(self._state, loan, self._state.now)) for loan in loans]

    def lender(self, account: int, asset: int) -> tuple[int, int]:
        """(shares of the pool, what they would pay now)"""
        row, shares = self._asset(asset), self._state.margin.lenders.get((account, asset), 0)
        return (shares, redemption(row, shares, 0)[1]) if row else (0, 0)

    def level(self, account: int) -> LevelView:
        value = worth(self._state, account, self._state.now)
        return LevelView(value.level_ppm, value.collateral_level_ppm, value.assets, value.collateral, value.debts)

    def watches(self, account: int) -> list[tuple[int, int, int]]:
        """(asset, direction, price) by rising asset."""
        watches = sorted(self._state.margin.watches.items())
        return [(asset, *watch) for (holder, asset), watch in watches if holder == account]

    def max_borrowable(self, account: int, asset: int) -> int:
        row, state = self._asset(asset), self._state
        if row is None or not is_margin(state, account):
            return 0
        loan = state.margin.loans.get((account, asset))
        ladder = Loans(state, lambda *_, **__: None).refuse_loan
        most = min(row.borrow_limit - (loan.principal if loan else 0), row.free)
        return _largest(most, lambda amount: ladder(account, asset, amount, state.now) is None)

    def max_transferable(self, account: int, asset: int) -> int:
        """Out of a margin account."""
        state = self._state
        if self._asset(asset) is None or not is_margin(state, account) or is_liquidating(state, account):
            return 0
        available = state.balance(account, asset).available
        return _largest(available, lambda amount: refuse_withdrawal(state, account, asset, amount, state.now) is None)

    def liquidation_price(self, account: int) -> int:
        """Of an indebted isolated account: in ticks of its symbol; 0 where there is none."""
        state, row = self._state, self._state.margin.accounts.get(account)
        if row is None or not row.symbol or not is_indebted(state, account):
            return 0
        symbol, threshold = state.symbols[row.symbol], state.margin.setup.liquidation_ppm
        base, quote = (holding(state, account, asset) for asset in (symbol.base, symbol.quote))
        owed_base, owed_quote = (owed_at(state, account, asset, state.now) for asset in (symbol.base, symbol.quote))
        dividend = (threshold * owed_quote - PPM * quote) * symbol.lot_units
        divisor = (PPM * base - threshold * owed_base) * symbol.tick_lot_units
        return max(0, dividend // divisor) if divisor else 0

    def fee_account(self, account: int) -> FeeAccountView:
        """Of the account's owner."""
        state, owner = self._state, self._state.margin.owner(account)
        row, today = state.margin.fee_accounts.get(owner) or FeeAccount(), state.now // DAY_NS
        volume_today = row.today if row.day == today else 0
        tier = tier_at(state, owner, state.now)
        return FeeAccountView(owner, bool(row.pinned), bool(row.discount), tier, trailing_volume(row, today), volume_today)

    def fee_tiers(self) -> dict[int, int]:
        """The volume from which each tier applies, where one is set."""
        return dict(sorted(self._state.margin.tiers.items()))

    def discount(self) -> tuple[int, int]:
        """(discount asset, ppm); 0 where there is none."""
        return self._state.margin.discounts.get(SETUP, (0, 0))

    def _asset(self, asset: int) -> MarginAsset | None:
        return self._state.margin.assets.get(asset)


def _largest(most: int, passes: Callable[[int], bool]) -> int:
    """The largest amount up to `most` that passes, by bisection; 0 where none does."""
    low, high = 0, max(0, most)
    while low < high:
        middle = (low + high + 1) // 2
        if passes(middle):
            low = middle
        else:
            high = middle - 1
    return low
