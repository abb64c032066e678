"""Fees: docs/MARGIN.md section 8. Tiers by volume, rebates, and fees in the discount asset.

Owns what a fill costs whom, rounded for the house, and the volumes from which tiers follow.
"""

from typing import NamedTuple

from engine.oracle.levels import ceil_div, volume_value
from engine.oracle.margin_state import SETUP, FeeAccount
from engine.oracle.prices import has_price
from engine.oracle.state import State
from engine.types import AMOUNT_MAX, DAY_NS, HOUSE_FEES, PPM, VALUE_MAX, VOLUME_DAYS


class Fee(NamedTuple):
    """What was charged: `units` in the asset received, or, discounted, in the discount asset. Negative is a rebate."""

    units: int
    kept: int  # of what was received, after the fee
    discounted: bool = False


class Rate(NamedTuple):
    """`parts` of `whole`; negative is a rebate."""

    parts: int
    whole: int = PPM


def rate_of(state: State, symbol: int, account: int, is_taker: bool, is_auction: bool, now: int) -> Rate:
    maker_ppm, taker_ppm = state.fees[symbol, tier_at(state, account, now)]
    if is_auction:
        return Rate(maker_ppm + taker_ppm, 2 * PPM)
    return Rate(taker_ppm if is_taker else maker_ppm)


def tier_at(state: State, account: int, now: int) -> int:
    """The fee tier of an account: its owner's."""
    owner = state.margin.owner(account)
    row = state.margin.fee_accounts.get(owner) or FeeAccount()
    today = now // DAY_NS
    if row.pinned or not state.margin.numeraire or state.rules_version < 3 or row.day == today:
        return state.tier(owner)
    return automatic_tier(state, row, today)


def automatic_tier(state: State, row: FeeAccount, today: int) -> int:
    """The highest tier whose volume was reached in the whole days before `today`."""
    volume = trailing_volume(row, today)
    return max((tier for tier, threshold in state.margin.tiers.items() if threshold <= volume), default=0)


def trailing_volume(row: FeeAccount, today: int) -> int:
    return sum(days_before(row, today))


def days_before(row: FeeAccount, today: int) -> list[int]:
    """The volumes of the whole days before `today`, yesterday's first."""
    passed = today - row.day
    if passed <= 0:
        return row.days
    idle = [0] * min(passed - 1, VOLUME_DAYS)
    return [*idle, row.today, *row.days][:VOLUME_DAYS]


def taker_ppm(state: State, symbol: int, account: int, now: int) -> int:
    return state.fees[symbol, tier_at(state, account, now)][1]


def count_volume(state: State, account: int, quote_asset: int, quote: int, now: int) -> None:
    """A fill: the day of its party is rolled, so that the tier holds for its fee, and the volume counts."""
    if state.rules_version < 3 or not state.margin.numeraire:
        return
    owner, today = state.margin.owner(account), now // DAY_NS
    row = state.margin.fee_account(owner)
    if row.day != today:
        tier = state.tier(owner) if row.pinned else automatic_tier(state, row, today)
        row.days, row.today, row.day = list(days_before(row, today)), 0, today
        if state.accounts[owner].tier != tier:
            state.accounts[owner].tier = tier
            state.accounts.touch(owner)
    row.today = min(VALUE_MAX, row.today + volume_value(state, quote_asset, quote))
    state.margin.fee_accounts.touch(owner)


def charge(state: State, account: int, asset: int, received: int, rate: Rate, may_discount: bool, spared: int = 0) -> Fee:
    """Take the fee for `received` units of `asset`, which have already been credited to the account; the house gets it. No fee is taken
    out of what the account has of the asset `spared`."""
    if rate.parts < 0:
        rebate = _rebate(state, account, asset, received * -rate.parts // rate.whole)
        state.change(account, asset, available=rebate)
        state.change(HOUSE_FEES, asset, available=-rebate)
        return Fee(-rebate, received + rebate)
    fee = ceil_div(received * rate.parts, rate.whole)
    discounted = _discounted(state, account, asset, fee, spared) if may_discount and fee else None
    payable, units = discounted or (asset, fee)
    state.change(account, payable, available=-units)
    state.change(HOUSE_FEES, payable, available=units)
    return Fee(units, received - (units if payable == asset else 0), discounted is not None)


def _rebate(state: State, account: int, asset: int, rebate: int) -> int:
    own = state.balance(account, asset)
    return max(0, min(rebate, state.balance(HOUSE_FEES, asset).available + AMOUNT_MAX, AMOUNT_MAX - own.available - own.held))


def _discounted(state: State, account: int, asset: int, fee: int, spared: int) -> tuple[int, int] | None:
    """(discount asset, units) in which the fee is paid instead, where that is possible."""
    discount, ppm = state.margin.discounts.get(SETUP, (0, 0))
    row = state.margin.fee_accounts.get(state.margin.owner(account))
    if not discount or row is None or not row.discount or state.rules_version < 3:
        return None
    reduced = ceil_div(fee * (PPM - ppm), PPM)
    if asset == discount:
        return asset, reduced
    if discount == spared or not (_is_priced(state, asset) and _is_priced(state, discount)):
        return None
    (price, scale), (discount_price, discount_scale) = _price(state, asset), _price(state, discount)
    exponent = discount_scale - scale
    numerator, denominator = price * 10 ** max(exponent, 0), discount_price * 10 ** max(-exponent, 0)
    if max(numerator, denominator) > AMOUNT_MAX:
        return None
    units = ceil_div(reduced * numerator, denominator)
    return (discount, units) if units <= min(AMOUNT_MAX, state.balance(account, discount).available) else None


def _is_priced(state: State, asset: int) -> bool:
    return asset == state.margin.numeraire or has_price(state.margin.assets.get(asset))


def _price(state: State, asset: int) -> tuple[int, int]:
    """(price, price scale)"""
    row = state.margin.assets.get(asset)
    return (row.price, row.price_scale) if row else (1, 0)
