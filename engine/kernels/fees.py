"""Fees: tiers by what was traded in thirty days, rebates, and the asset in which fees are cheaper. docs/MARGIN.md section 8.

Tier, volumes and discount switch of a margin account are its owner's. An account's volumes are a ring of days, counted up to its `fee_day`,
the day of its last fill. Fees are taken after base and quote have changed hands.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.arithmetic import ceil_ppm
from engine.kernels.balances import available_of, balance_slot
from engine.kernels.levels import holder_of, power_of_ten
from engine.kernels.prices import asset_value, pool_row
from engine.kernels.state import VOLUME_SLOTS
from engine.kernels.wide import mul_div, mul_div_up
from engine.types import AMOUNT_MAX, DAY_NS, FEE_TIERS, HOUSE_FEES, PPM, VALUE_MAX, VOLUME_DAYS

# ---------------------------------------------------------------- volumes and tiers


@inlined_kernel
def day_of(now):
    return now // DAY_NS


@inlined_kernel
def volume_row(owner, day):
    return owner * VOLUME_SLOTS + day % VOLUME_SLOTS


@kernel
def volume_before(registry, margin, owner, today):
    """What the owner traded on the thirty whole days before a day."""
    total = np.int64(0)
    last = min(np.int64(registry.accounts[owner].fee_day), today - 1)
    for day in range(max(today - VOLUME_DAYS, 0), last + 1):
        total += margin.volumes[volume_row(owner, day)]
    return total


@kernel
def automatic_tier(registry, margin, owner, today):
    """The highest tier whose volume the owner has reached."""
    volume = volume_before(registry, margin, owner, today)
    for tier in range(FEE_TIERS - 1, 0, -1):
        if margin.thresholds[tier] != 0 and margin.thresholds[tier] <= volume:
            return np.int64(tier)
    return np.int64(0)


@kernel
def tier_now(venue, registry, margin, account):
    """The tier at `now`, without beginning the day."""
    owner = holder_of(registry, margin, account)
    row = registry.accounts[owner]
    today = day_of(venue.now)
    if row.pinned != 0 or margin.setup[0].numeraire == 0 or row.fee_day == today:
        return np.int64(row.tier)
    return automatic_tier(registry, margin, owner, today)


@kernel
def unpin(venue, registry, margin, owner):
    """From here on the owner's tier goes by volume."""
    row = registry.accounts[owner]
    row.pinned = 0
    row.tier = automatic_tier(registry, margin, owner, day_of(venue.now))


@kernel
def _begin_day(registry, margin, owner, today):
    """The owner's first fill of a day: days without one had no volume, and the tier is the day's."""
    row = registry.accounts[owner]
    for day in range(max(np.int64(row.fee_day) + 1, today - VOLUME_DAYS), today + 1):
        margin.volumes[volume_row(owner, day)] = 0
    row.fee_day = today
    if row.pinned == 0:
        row.tier = automatic_tier(registry, margin, owner, today)


@inlined_kernel
def _add_volume(margin, owner, today, value):
    place = volume_row(owner, today)
    margin.volumes[place] = min(margin.volumes[place] + value, VALUE_MAX)


@kernel
def _count_fill(registry, margin, account, value, today):
    owner = holder_of(registry, margin, account)
    if registry.accounts[owner].fee_day != today:
        _begin_day(registry, margin, owner, today)
    _add_volume(margin, owner, today, value)


@inlined_kernel
def _fill_value(registry, margin, quote, quote_amount):
    """What a fill counts for, in the numeraire's units."""
    if quote == margin.setup[0].numeraire:
        return min(quote_amount, VALUE_MAX)
    row = pool_row(registry, quote)
    return asset_value(margin.pools[row], quote_amount) if row != 0 else np.int64(0)


@kernel
def count_fill(venue, registry, margin, taker, maker, quote, quote_amount):
    """Adds a fill to the volumes of both parties, before its fees; nothing without a numeraire."""
    if margin.setup[0].numeraire == 0:
        return
    value = _fill_value(registry, margin, quote, quote_amount)
    today = day_of(venue.now)
    _count_fill(registry, margin, taker, value, today)
    _count_fill(registry, margin, maker, value, today)


@inlined_kernel
def count_plainly(registry, margin, taker, maker, quote, quote_amount, today):
    """The same, where `is_plain_fill`."""
    if margin.setup[0].numeraire != 0:
        value = _fill_value(registry, margin, quote, quote_amount)
        _add_volume(margin, taker, today, value)
        _add_volume(margin, maker, today, value)


# ---------------------------------------------------------------- fees


@inlined_kernel
def is_plain_fill(setup, today, taker, maker):
    """Whether fees between two ACCOUNT records that are no margin accounts are nothing but a rate of what is received: neither pays with a
    discount, and neither's tier changes with this fill, as it may with the first of a day."""
    if setup.discount_asset != 0 and (taker.discount != 0 or maker.discount != 0):
        return False
    return setup.numeraire == 0 or (taker.fee_day == today and maker.fee_day == today)


@kernel
def take_fee(venue, registry, balances, margin, account, asset, received, ppm, parts, spared, discounts):
    """Takes the fee for what an account has just received: received · ppm / parts, rounded to the house; a rebate where ppm is below 0.
    `discounts`: it may be in the discount's asset, if that is not the one to be `spared`.

    Returns (fee, what is left of what was received, whether the fee is discounted).
    """
    if ppm < 0:
        rebate = _pay_rebate(venue, balances, account, asset, received, ppm, parts)
        return -rebate, received + rebate, False
    fee = mul_div_up(received, ppm, parts, AMOUNT_MAX)
    fee_asset = asset
    discounted = False
    if fee > 0 and discounts and margin.setup[0].discount_asset != 0 and _is_discounted(registry, margin, account):
        fee_asset, fee, discounted = _discounted(registry, balances, margin, account, asset, fee, spared)
    balances[balance_slot(venue, balances, account, fee_asset)].available -= fee
    balances[balance_slot(venue, balances, HOUSE_FEES, fee_asset)].available += fee
    return fee, received - fee if fee_asset == asset else received, discounted


@inlined_kernel
def _is_discounted(registry, margin, account):
    return registry.accounts[holder_of(registry, margin, account)].discount != 0


@kernel
def _pay_rebate(venue, balances, account, asset, received, ppm, parts):
    """What the house pays, rounded to the house and cut to what both balances bear."""
    house = balances[balance_slot(venue, balances, HOUSE_FEES, asset)]
    balance = balances[balance_slot(venue, balances, account, asset)]
    rebate = mul_div(received, -ppm, parts, AMOUNT_MAX)
    rebate = max(min(rebate, house.available + AMOUNT_MAX, AMOUNT_MAX - balance.available - balance.held), 0)
    house.available -= rebate
    balance.available += rebate
    return rebate


@kernel
def _discounted(registry, balances, margin, account, asset, fee, spared):
    """(asset, fee, whether it is discounted) of a fee in `asset` that the account may pay with the discount's asset."""
    setup = margin.setup[0]
    cheaper = ceil_ppm(fee, PPM - setup.discount_ppm)
    if asset == setup.discount_asset:
        return asset, cheaper, True
    if setup.discount_asset == spared:
        return asset, fee, False
    price, scale = _price_of(registry, margin, asset)
    other_price, other_scale = _price_of(registry, margin, setup.discount_asset)
    if price == 0 or other_price == 0:
        return asset, fee, False
    power = power_of_ten(max(other_scale - scale, 0))
    other_power = power_of_ten(max(scale - other_scale, 0))
    if price > AMOUNT_MAX // power or other_price > AMOUNT_MAX // other_power:
        return asset, fee, False
    amount = mul_div_up(cheaper, price * power, other_price * other_power, AMOUNT_MAX + 1)
    if amount > AMOUNT_MAX or amount > available_of(balances, account, setup.discount_asset):
        return asset, fee, False
    return setup.discount_asset, amount, True


@kernel
def _price_of(registry, margin, asset):
    """(price, price_scale) of an asset with a price that holds, else (0, 0)."""
    if asset == margin.setup[0].numeraire:
        return np.int64(1), np.int64(0)
    row = pool_row(registry, asset)
    if row == 0 or margin.pools[row].frozen != 0:
        return np.int64(0), np.int64(0)
    return margin.pools[row].price, margin.pools[row].price_scale
