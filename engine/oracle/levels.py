"""What a margin account has, owes and may do: docs/MARGIN.md sections 1, 2 and 4. Values, levels, takes and trades.

Owns the judgement and changes nothing. Interest is counted to the present hour without rolling any pool.
"""

from typing import NamedTuple

from engine.oracle.margin_state import Loan, MarginAsset
from engine.oracle.prices import has_price
from engine.oracle.state import Order, State
from engine.types import (
    AMOUNT_MAX,
    HOUR_NS,
    LEVEL_MAX,
    PPM,
    RATE_ONE,
    VALUE_MAX,
    AccountStatus,
    Code,
    MarginState,
    Side,
)

FAIR_SINCE = 4  # rules version


class Worth(NamedTuple):
    """Of an account, in the numeraire's units: assets, what they count for as collateral, debts."""

    assets: int
    collateral: int
    debts: int

    @property
    def level_ppm(self) -> int:
        return _level(self.assets, self.debts)

    @property
    def collateral_level_ppm(self) -> int:
        return _level(self.collateral, self.debts)

    def above(self, threshold_ppm: int) -> bool:
        return self.assets * PPM > threshold_ppm * self.debts


def ceil_div(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def _level(assets: int, debts: int) -> int:
    return min(LEVEL_MAX, assets * PPM // debts) if debts else LEVEL_MAX


# ---------------------------------------------------------------- rates and interest


def rate_of(row: MarginAsset) -> int:
    """Hourly, by the pool's utilisation as it is."""
    used_ppm = min(PPM, row.borrowed * PPM // row.lent) if row.lent else 0
    if used_ppm <= row.optimal_ppm:
        return row.base_rate + row.slope1_rate * used_ppm // row.optimal_ppm
    return row.base_rate + row.slope1_rate + row.slope2_rate * (used_ppm - row.optimal_ppm) // (PPM - row.optimal_ppm)


def rate_at(row: MarginAsset, now: int) -> int:
    """The rate of the present hour."""
    return rate_of(row) if now // HOUR_NS > row.hour else row.rate


def cumulative_at(row: MarginAsset, now: int) -> int:
    return row.cumulative + rate_of(row) * max(0, now // HOUR_NS - row.hour)


def interest_with(loan: Loan, cumulative: int) -> int:
    """The interest of a loan once its pool has come to `cumulative`."""
    grown = ceil_div(loan.principal * (cumulative - loan.index), RATE_ONE)
    return loan.interest + min(grown, AMOUNT_MAX - loan.owed)


def interest_at(state: State, loan: Loan, now: int) -> int:
    return interest_with(loan, cumulative_at(state.margin.assets[loan.asset], now))


def owed_at(state: State, account: int, asset: int, now: int) -> int:
    loan = state.margin.loans.get((account, asset))
    return loan.principal + interest_at(state, loan, now) if loan else 0


# ---------------------------------------------------------------- values


def asset_value(row: MarginAsset, units: int) -> int:
    return min(VALUE_MAX, units * row.price // 10**row.price_scale)


def debt_value(row: MarginAsset, units: int) -> int:
    return min(VALUE_MAX, ceil_div(units * row.price, 10**row.price_scale))


def volume_value(state: State, asset: int, units: int) -> int:
    """What a traded amount counts for in fee volumes."""
    row = state.margin.assets.get(asset)
    if asset == state.margin.numeraire:
        return units
    return asset_value(row, units) if row else 0


def collateral_value(state: State, asset: int, value: int) -> int:
    """What `value` of an asset counts for, by its tiers."""
    counted = before = 0
    for limit, ratio_ppm in state.margin.tiers_of(asset):
        part = max(0, min(value, limit) - before)
        counted += part * ratio_ppm // PPM
        before = limit
    return counted


def holding(state: State, account: int, asset: int) -> int:
    balance = state.balance(account, asset)
    return balance.available + balance.held


def worth(state: State, account: int, now: int, asset: int = 0, more: int = 0, owed: int = 0) -> Worth:
    """As it is, or as it would be with `more` of `asset` (less, if negative), and `owed` more of it."""
    assets = collateral = debts = 0
    for number, row in sorted(state.margin.assets.items()):
        changed = number == asset
        value = asset_value(row, holding(state, account, number) + (more if changed else 0))
        assets += value
        collateral += collateral_value(state, number, value)
        debts += debt_value(row, min(AMOUNT_MAX, owed_at(state, account, number, now) + (owed if changed else 0)))
    return Worth(assets, collateral, debts)


def is_indebted(state: State, account: int) -> bool:
    return any(holder == account for holder, _ in state.margin.loans)


def concerned(state: State, account: int) -> list[MarginAsset]:
    """The margin assets of which the account has or owes something, by rising asset."""
    margin = state.margin
    return [row for asset, row in sorted(margin.assets.items()) if holding(state, account, asset) or (account, asset) in margin.loans]


def is_frozen(state: State, account: int) -> bool:
    """INDEX_FROZEN of an account."""
    return not all(has_price(row) for row in concerned(state, account))


def is_in_doubt(state: State, account: int, now: int) -> bool:
    """Whether it would be above the threshold of liquidation, were the frozen things it has worth twice as much and those it owes free."""
    if state.rules_version < FAIR_SINCE:
        return is_frozen(state, account)
    assets = debts = 0
    for row in concerned(state, account):
        value, debt = asset_value(row, holding(state, account, row.asset)), debt_value(row, owed_at(state, account, row.asset, now))
        assets += value if has_price(row) else value * 2
        debts += debt if has_price(row) else 0
    return is_frozen(state, account) and assets * PPM > state.margin.setup.liquidation_ppm * debts


# ---------------------------------------------------------------- fair prices


def fair_limit(state: State, number: int, side: int) -> int:
    """The index price of a symbol, in ticks, worsened by the slippage allowed."""
    symbol, slippage = state.symbols[number], state.margin.setup.slippage_ppm
    base, quote = state.margin.assets[symbol.base], state.margin.assets[symbol.quote]
    for_lots, for_ticks = scales(state, number)
    divisor = quote.price * symbol.tick_lot_units * for_ticks
    if side == Side.SELL:
        limit = ceil_div(ceil_div(base.price * (PPM - slippage), PPM) * symbol.lot_units * for_lots, divisor)
    else:
        limit = base.price * (PPM + slippage) // PPM * symbol.lot_units * for_lots // divisor
    return max(1, min(limit, symbol.max_price_ticks))


def is_fair(state: State, order: Order, price: int) -> bool:
    """Whether the order may trade or rest at that price."""
    if state.rules_version < FAIR_SINCE or not is_margin(state, order.account):
        return True
    limit = fair_limit(state, order.symbol, order.side)
    return price <= limit if order.side == Side.BUY else price >= limit


def refuse_fairness(state: State, order: Order, now: int, is_pending: bool) -> Code | None:
    """Step 9c."""
    if state.rules_version < FAIR_SINCE or not is_margin(state, order.account):
        return None
    symbol = state.symbols[order.symbol]
    if 0 in (state.margin.assets[symbol.base].price, state.margin.assets[symbol.quote].price):
        return Code.INDEX_FROZEN
    is_due = is_indebted(state, order.account) and state.margin.accounts[order.account].due_ns <= now
    is_low = is_due and not worth(state, order.account, now).above(state.margin.setup.liquidation_ppm)
    if is_low and not is_in_doubt(state, order.account, now):
        return Code.ACCOUNT_LIQUIDATING
    works_at_once = order.price_ticks and not order.is_contingent and not is_pending
    return Code.UNFAIR_PRICE if works_at_once and not is_fair(state, order, order.price_ticks) else None


# ---------------------------------------------------------------- what an account takes and trades


def is_margin(state: State, account: int) -> bool:
    return account in state.margin.accounts


def is_liquidating(state: State, account: int) -> bool:
    row = state.margin.accounts.get(account)
    return row is not None and row.state == MarginState.LIQUIDATING


def is_frozen_account(state: State, account: int) -> bool:
    """By its own status or its owner's."""
    return AccountStatus.FROZEN in (state.status(account), state.status(state.margin.owner(account)))


def scales(state: State, symbol: int) -> tuple[int, int]:
    """What lot and tick units of a symbol are multiplied with, so that prices of its base and quote have one scale."""
    row, assets = state.symbols[symbol], state.margin.assets
    exponent = assets[row.quote].price_scale - assets[row.base].price_scale
    return 10 ** max(exponent, 0), 10 ** max(-exponent, 0)


def is_margin_symbol(state: State, symbol: int) -> bool:
    row, assets = state.symbols[symbol], state.margin.assets
    if row.base not in assets or row.quote not in assets:
        return False
    for_lots, for_ticks = scales(state, symbol)
    return row.lot_units * for_lots <= AMOUNT_MAX and row.tick_lot_units * for_ticks <= AMOUNT_MAX


def is_cross_asset(state: State, asset: int) -> bool:
    row = state.margin.assets.get(asset)
    return row is not None and (asset == state.margin.numeraire or row.symbol != 0)


def takes(state: State, account: int, asset: int) -> bool:
    isolated_on = state.margin.accounts[account].symbol
    if isolated_on:
        symbol = state.symbols[isolated_on]
        return asset in (symbol.base, symbol.quote)
    return is_cross_asset(state, asset)


def trades_on(state: State, account: int, symbol: int) -> bool:
    isolated_on = state.margin.accounts[account].symbol
    if isolated_on:
        return symbol == isolated_on
    row = state.symbols[symbol]
    return is_margin_symbol(state, symbol) and takes(state, account, row.base) and takes(state, account, row.quote)
