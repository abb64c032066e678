"""Administration of margin and fees: docs/MARGIN.md section 7.

Owns margin accounts, thresholds, margin assets, collateral tiers, prices that come in, fee tiers and the discount asset.
"""

from collections.abc import Callable
from typing import NamedTuple

from engine.oracle.fees import automatic_tier
from engine.oracle.levels import is_margin, is_margin_symbol, rate_of
from engine.oracle.loans import roll
from engine.oracle.margin_state import SETUP, MarginAccount, MarginAsset, Setup
from engine.oracle.prices import compute_index, set_source
from engine.oracle.records import AdminCommand
from engine.oracle.state import Account, State
from engine.types import (
    AMOUNT_MAX,
    COLLATERAL_TIERS,
    DAY_NS,
    FEE_TIERS,
    HOUR_NS,
    LEVEL_PPM_MAX,
    MARGIN_ASSETS_MAX,
    PPM,
    PRICE_MAX,
    PRICE_SCALE_MAX,
    RATE_MAX,
    SOURCES_MAX,
    VALUE_MAX,
    AccountStatus,
    Code,
    Kind,
    Pool,
)

SINCE = 3  # rules version


class Answer(NamedTuple):
    """What the event reports."""

    code: Code = Code.OK
    account: int = 0
    key: int = 0
    symbol: int = 0
    asset: int = 0
    value: int = 0


class MarginAdmin:
    """The administration commands of margin and fees; `emit` takes (index, time, packer, event fields)."""

    def __init__(self, state: State, emit: Callable) -> None:
        self.state = state
        self._emit = emit
        self._answers = {
            Kind.OPEN_MARGIN: self._open_margin, Kind.SET_MARGIN: self._set_margin, Kind.SET_MARGIN_ASSET: self._set_margin_asset,
            Kind.SET_COLLATERAL: self._set_collateral, Kind.SET_PRICE: self._set_price, Kind.SET_TIER: self._set_tier,
            Kind.SET_DISCOUNT: self._set_discount, Kind.SET_ACCOUNT_DISCOUNT: self._set_account_discount,
        }  # fmt: skip

    def owns(self, kind: int) -> bool:
        return kind in self._answers

    def answer(self, command: AdminCommand, now: int) -> Answer:
        return self._answers[command.kind](command, now)

    def follow_up(self, command: AdminCommand, index: int, now: int) -> None:
        """What happens after the command's own event."""
        if command.kind == Kind.SET_PRICE:
            compute_index(self.state, command.asset, index, now, self._emit)

    # ------------------------------------------------------------ accounts

    def _open_margin(self, command: AdminCommand, now: int) -> Answer:
        state, owner, symbol = self.state, command.account, command.symbol
        code = self._refuse_margin_account(owner, symbol)
        if code is not None:
            return Answer(code, account=owner, symbol=symbol)
        if (owner, symbol) in state.margin.by_owner:
            return Answer(Code.ALREADY_EXISTS, account=state.margin.by_owner[owner, symbol], symbol=symbol)
        if state.last_account >= state.capacity[Pool.ACCOUNTS]:
            return Answer(Code.POOL_FULL, account=owner, symbol=symbol)
        state.last_account += 1
        state.accounts.put(state.last_account, Account(state.last_account, 0, 0, AccountStatus.ACTIVE, 0, now))
        state.margin.add_account(MarginAccount(state.last_account, owner, symbol))
        return Answer(account=state.last_account, symbol=symbol, value=owner)

    def _refuse_margin_account(self, owner: int, symbol: int) -> Code | None:
        state = self.state
        if not state.is_customer(owner) or is_margin(state, owner):
            return Code.UNKNOWN_ACCOUNT
        if not state.margin.setup:
            return Code.NOT_CONFIGURED
        if symbol and symbol not in state.symbols:
            return Code.UNKNOWN_SYMBOL
        if symbol and not is_margin_symbol(state, symbol):
            return Code.MARGIN_SYMBOL
        return None

    # ------------------------------------------------------------ terms

    def _set_margin(self, command: AdminCommand, _now: int) -> Answer:
        margin, asset = self.state.margin, command.asset
        if asset not in self.state.assets:
            return Answer(Code.UNKNOWN_ASSET, asset=asset)
        if margin.numeraire not in (0, asset) or not _are_terms(command):
            return Answer(Code.INVALID_ARGUMENT, asset=asset)
        values = {name: getattr(command, name) for name in Setup._fields if name != "numeraire"}
        margin.setups.put(SETUP, Setup(numeraire=asset, **values))
        return Answer(asset=asset, value=command.liquidation_ppm)

    def _set_margin_asset(self, command: AdminCommand, now: int) -> Answer:
        margin, asset = self.state.margin, command.asset
        row = margin.assets.get(asset)
        code = self._refuse_margin_asset(command, row)
        if code is not None:
            return Answer(code, asset=asset, symbol=command.symbol)
        is_new = row is None
        if is_new:
            row = self._list(asset)
        else:
            roll(self.state, row, now)
        row.symbol, row.status, row.price_scale = command.symbol, command.status, command.scale
        for name in ("reserve_ppm", "optimal_ppm", "base_rate", "slope1_rate", "slope2_rate", "borrow_limit"):
            setattr(row, name, getattr(command, name))
        if is_new:
            row.hour, row.rate = now // HOUR_NS, rate_of(row)
        margin.assets.touch(asset)
        return Answer(asset=asset, symbol=command.symbol, value=command.status)

    def _list(self, asset: int) -> MarginAsset:
        is_numeraire = asset == self.state.margin.numeraire
        row = MarginAsset(asset, 0, 0, 0, 0, 0, 0, 0, 0, 0, price=int(is_numeraire), frozen=int(not is_numeraire))
        self.state.margin.assets.put(asset, row)
        return row

    def _refuse_margin_asset(self, command: AdminCommand, row: MarginAsset | None) -> Code | None:
        state, asset, symbol = self.state, command.asset, command.symbol
        if asset not in state.assets:
            return Code.UNKNOWN_ASSET
        if not state.margin.setup:
            return Code.NOT_CONFIGURED
        if not _are_asset_terms(command) or (row is not None and row.price_scale != command.scale):
            return Code.INVALID_ARGUMENT
        if asset == state.margin.numeraire and (command.scale or symbol):
            return Code.INVALID_ARGUMENT
        if symbol and symbol not in state.symbols:
            return Code.UNKNOWN_SYMBOL
        if symbol and not self._is_market(asset, symbol, command.scale):
            return Code.MARGIN_SYMBOL
        if row is not None and row.symbol not in (0, symbol):
            return Code.INVALID_ARGUMENT
        if row is None and len(state.margin.assets) >= MARGIN_ASSETS_MAX:
            return Code.POOL_FULL
        return None

    def _is_market(self, asset: int, symbol: int, price_scale: int) -> bool:
        """Whether a symbol trades an asset of this scale for the numeraire, and would be a margin symbol."""
        numeraire, row = self.state.margin.numeraire, self.state.symbols[symbol]
        if {row.base, row.quote} != {asset, numeraire} or numeraire not in self.state.margin.assets:
            return False
        scale = 10**price_scale
        factors = (1, scale) if row.base == asset else (scale, 1)
        return row.lot_units * factors[0] <= AMOUNT_MAX and row.tick_lot_units * factors[1] <= AMOUNT_MAX

    def _set_collateral(self, command: AdminCommand, _now: int) -> Answer:
        margin, asset, tier, limit = self.state.margin, command.asset, command.tier, command.value
        if asset not in margin.assets:
            return Answer(Code.MARGIN_ASSET, asset=asset)
        limits = [limit for limit, _ in margin.tiers_of(asset)]
        if tier > len(limits) or tier >= COLLATERAL_TIERS or not 0 <= command.ratio_ppm <= PPM or not 0 <= limit <= VALUE_MAX:
            return Answer(Code.INVALID_ARGUMENT, asset=asset)
        if limit and ((tier and limit <= limits[tier - 1]) or (tier + 1 < len(limits) and limit >= limits[tier + 1])):
            return Answer(Code.INVALID_ARGUMENT, asset=asset)
        if limit:
            margin.collateral.put((asset, tier), (limit, command.ratio_ppm))
        else:
            for gone in range(tier, len(limits)):
                margin.collateral.drop((asset, gone))
        return Answer(asset=asset, value=limit)

    def _set_price(self, command: AdminCommand, now: int) -> Answer:
        margin, asset = self.state.margin, command.asset
        if asset not in margin.assets or asset == margin.numeraire:
            return Answer(Code.MARGIN_ASSET, asset=asset)
        if not 1 <= command.source <= SOURCES_MAX or not 0 <= command.value <= PRICE_MAX:
            return Answer(Code.INVALID_ARGUMENT, asset=asset)
        set_source(self.state, asset, command.source, command.value, now)
        return Answer(asset=asset, key=command.source, value=command.value)

    # ------------------------------------------------------------ fees

    def _set_tier(self, command: AdminCommand, _now: int) -> Answer:
        tiers, tier, volume = self.state.margin.tiers, command.tier, command.value
        if not 1 <= tier < FEE_TIERS or not 0 <= volume <= AMOUNT_MAX:
            return Answer(Code.INVALID_ARGUMENT)
        if volume:
            tiers.put(tier, volume)
        elif tier in tiers:
            tiers.drop(tier)
        return Answer(key=tier, value=volume)

    def _set_discount(self, command: AdminCommand, _now: int) -> Answer:
        discounts, asset = self.state.margin.discounts, command.asset
        if asset and asset not in self.state.assets:
            return Answer(Code.UNKNOWN_ASSET, asset=asset)
        if not 0 <= command.value <= PPM:
            return Answer(Code.INVALID_ARGUMENT, asset=asset)
        if asset:
            discounts.put(SETUP, (asset, command.value))
        elif SETUP in discounts:
            discounts.drop(SETUP)
        return Answer(asset=asset, value=command.value)

    def _set_account_discount(self, command: AdminCommand, _now: int) -> Answer:
        state, account = self.state, command.account
        if not state.is_customer(account) or is_margin(state, account):
            return Answer(Code.UNKNOWN_ACCOUNT, account=account)
        if command.value not in (0, 1):
            return Answer(Code.INVALID_ARGUMENT, account=account)
        state.margin.fee_account(account).discount = command.value
        state.margin.fee_accounts.touch(account)
        return Answer(account=account, value=command.value)


def pin_tier(state: State, account: int, tier: int | None, now: int) -> None:
    """SET_ACCOUNT_TIER: the tier is the account's for good, or (None) again that of its volume."""
    fees, row = state.margin.fee_account(account), state.accounts[account]
    fees.pinned = int(tier is not None)
    row.tier = automatic_tier(state, fees, now // DAY_NS) if tier is None else tier
    state.accounts.touch(account)
    state.margin.fee_accounts.touch(account)


def _are_terms(command: AdminCommand) -> bool:
    thresholds = (command.liquidation_ppm, command.call_ppm, command.borrow_ppm, command.transfer_ppm)
    return (
        thresholds[0] > PPM
        and list(thresholds) == sorted(thresholds)
        and thresholds[-1] <= LEVEL_PPM_MAX
        and 0 <= command.fee_ppm <= PPM // 10
        and 0 <= command.slippage_ppm <= PPM // 2
        and 1 <= command.slice_ppm <= PPM
        and 0 <= command.deviation_ppm <= PPM
        and 0 <= command.slice_min <= VALUE_MAX
        and 1 <= command.staleness_ns <= DAY_NS
        and 0 <= command.grace_ns <= DAY_NS
    )


def _are_asset_terms(command: AdminCommand) -> bool:
    rates = (command.base_rate, command.slope1_rate, command.slope2_rate)
    return (
        command.scale <= PRICE_SCALE_MAX
        and command.status <= 1
        and min(rates) >= 0
        and sum(rates) <= RATE_MAX
        and 0 <= command.borrow_limit <= AMOUNT_MAX
        and 0 <= command.reserve_ppm <= PPM
        and 1 <= command.optimal_ppm <= PPM
    )
