"""Administration of margin accounts, pools, index prices and fees by volume. docs/MARGIN.md section 7."""

import numpy as np

from engine.kernels import kernel
from engine.kernels.balances import balance_slot
from engine.kernels.events import admin_event
from engine.kernels.hashed import link, row_of
from engine.kernels.levels import is_margin_symbol, power_of_ten, units_compare
from engine.kernels.pools import roll
from engine.kernels.prices import compute_index, pool_row
from engine.types import (
    AMOUNT_MAX,
    COLLATERAL_TIERS,
    DAY_NS,
    FEE_TIERS,
    FIRST_CUSTOMER,
    HOUR_NS,
    HOUSE_FEES,
    HOUSE_INSURANCE,
    HOUSE_LENDING,
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
    EventKind,
    Kind,
    Pool,
)

_ACCOUNTS = int(Pool.ACCOUNTS)
_PLACES = SOURCES_MAX + 1


@kernel
def is_margin_kind(kind):
    return Kind.OPEN_MARGIN <= kind <= Kind.SET_ACCOUNT_DISCOUNT


@kernel
def margin_command(state, out, command, kind):
    """Applies one command of these kinds, which its origin may send, and returns its code."""
    code, account, key, symbol, asset, value = _apply(state, command, kind)
    venue = state.venue[0]
    if code != Code.OK:
        return refuse_margin(venue, out, command, kind, code, account)
    admin_event(venue, out, EventKind.ADMIN, Code.OK, kind, account, key, symbol, asset, value)
    if kind == Kind.SET_PRICE:
        compute_index(venue, state.margin, out, pool_row(state.registry, asset))
    return code


@kernel
def refuse_margin(venue, out, command, kind, code, present):
    """ADMIN_REJECTED with the ids that the command gives, or the account that is there already."""
    account = present
    symbol = 0
    asset = 0
    if kind == Kind.OPEN_MARGIN or kind == Kind.SET_ACCOUNT_DISCOUNT:
        account = present if present != 0 else np.int64(command.account)
    if kind == Kind.OPEN_MARGIN or kind == Kind.SET_MARGIN_ASSET:
        symbol = np.int64(command.symbol)
    if Kind.SET_MARGIN <= kind <= Kind.SET_PRICE or kind == Kind.SET_DISCOUNT:
        asset = np.int64(command.asset)
    admin_event(venue, out, EventKind.ADMIN_REJECTED, code, kind, account, 0, symbol, asset, 0)
    return code


@kernel
def _apply(state, command, kind):
    """(code, then what ADMIN tells: account, key, symbol, asset, value)"""
    venue = state.venue[0]
    registry = state.registry
    margin = state.margin
    account = np.int64(0)
    key = np.int64(0)
    symbol = np.int64(0)
    asset = np.int64(0)
    value = np.int64(0)
    if kind == Kind.OPEN_MARGIN:
        code, account = _open_margin(venue, registry, margin, command)
        symbol = np.int64(command.symbol)
        value = np.int64(command.account)
    elif kind == Kind.SET_MARGIN:
        code = np.int64(_set_margin(venue, margin, command))
        asset = np.int64(command.asset)
        value = np.int64(command.liquidation_ppm)
    elif kind == Kind.SET_MARGIN_ASSET:
        code = np.int64(_set_margin_asset(venue, registry, state.ledger.balances, margin, command))
        symbol = np.int64(command.symbol)
        asset = np.int64(command.asset)
        value = np.int64(command.status)
    elif kind == Kind.SET_COLLATERAL:
        code = np.int64(_set_collateral(registry, margin, command))
        asset = np.int64(command.asset)
        value = command.value
    elif kind == Kind.SET_PRICE:
        code = np.int64(_set_price(venue, registry, margin, command))
        key = np.int64(command.source)
        asset = np.int64(command.asset)
        value = command.value
    elif kind == Kind.SET_TIER:
        code = np.int64(_set_tier(margin, command))
        key = np.int64(command.tier)
        value = command.value
    elif kind == Kind.SET_DISCOUNT:
        code = np.int64(_set_discount(venue, state.ledger.balances, margin, command))
        asset = np.int64(command.asset)
        value = command.value
    else:
        code = np.int64(_set_account_discount(venue, registry, command))
        account = np.int64(command.account)
        value = command.value
    if code != Code.OK and code != Code.ALREADY_EXISTS:
        account = np.int64(0)
    return code, account, key, symbol, asset, value


@kernel
def _is_owner(venue, registry, account):
    """Whether the account may have others: a customer's, and no margin account."""
    return FIRST_CUSTOMER <= account <= venue.last_account and registry.accounts[account].margin == 0


@kernel
def _is_asset(venue, asset):
    return 1 <= asset <= venue.last_asset


# ---------------------------------------------------------------- accounts


@kernel
def _open_margin(venue, registry, margin, command):
    """(code, the account: the new one, or the one that is there)"""
    owner = np.int64(command.account)
    symbol = np.int64(command.symbol)
    none = np.int64(0)
    if not _is_owner(venue, registry, owner):
        return np.int64(Code.UNKNOWN_ACCOUNT), none
    if margin.setup[0].numeraire == 0:
        return np.int64(Code.NOT_CONFIGURED), none
    if symbol != 0:
        if symbol < 1 or symbol > venue.last_symbol:
            return np.int64(Code.UNKNOWN_SYMBOL), none
        if not is_margin_symbol(registry, margin, symbol):
            return np.int64(Code.MARGIN_SYMBOL), none
    present = row_of(margin.account_index, owner, symbol)
    if present != 0:
        return np.int64(Code.ALREADY_EXISTS), margin.accounts[present].account
    if venue.last_account >= registry.capacity[_ACCOUNTS]:
        return np.int64(Code.POOL_FULL), none
    venue.last_account += 1
    setup = margin.setup[0]
    setup.accounts += 1
    account = registry.accounts[venue.last_account]
    account.status = AccountStatus.ACTIVE
    account.opened_ns = venue.now
    account.margin = setup.accounts
    account.group = registry.accounts[owner].group
    own = margin.accounts[setup.accounts]
    own.account = venue.last_account
    own.owner = owner
    own.symbol = symbol
    own.next = registry.accounts[owner].margins
    registry.accounts[owner].margins = setup.accounts
    link(margin.account_index, owner, symbol, setup.accounts)
    return np.int64(Code.OK), venue.last_account


@kernel
def join_group(registry, margin, owner):
    """The margin accounts of an owner, an ACCOUNT record, are of its trade group."""
    row = owner.margins
    while row != 0:
        registry.accounts[margin.accounts[row].account].group = owner.group
        row = margin.accounts[row].next


@kernel
def _set_account_discount(venue, registry, command):
    if not _is_owner(venue, registry, command.account):
        return Code.UNKNOWN_ACCOUNT
    if command.value != 0 and command.value != 1:
        return Code.INVALID_ARGUMENT
    registry.accounts[command.account].discount = command.value
    return Code.OK


# ---------------------------------------------------------------- margin


@kernel
def _set_margin(venue, margin, command):
    setup = margin.setup[0]
    if not _is_asset(venue, command.asset):
        return Code.UNKNOWN_ASSET
    if setup.numeraire != 0 and command.asset != setup.numeraire:
        return Code.INVALID_ARGUMENT
    if command.liquidation_ppm <= PPM or command.call_ppm < command.liquidation_ppm or command.borrow_ppm < command.call_ppm:
        return Code.INVALID_ARGUMENT
    if command.transfer_ppm < command.borrow_ppm or command.transfer_ppm > LEVEL_PPM_MAX:
        return Code.INVALID_ARGUMENT
    if command.fee_ppm < 0 or command.fee_ppm > PPM // 10 or command.slippage_ppm < 0 or command.slippage_ppm > PPM // 2:
        return Code.INVALID_ARGUMENT
    if command.slice_ppm < 1 or command.slice_ppm > PPM or command.deviation_ppm < 0 or command.deviation_ppm > PPM:
        return Code.INVALID_ARGUMENT
    if command.slice_min < 0 or command.slice_min > VALUE_MAX or command.staleness_ns < 1 or command.staleness_ns > DAY_NS:
        return Code.INVALID_ARGUMENT
    if command.grace_ns < 0 or command.grace_ns > DAY_NS:
        return Code.INVALID_ARGUMENT
    setup.numeraire = command.asset
    setup.call_ppm = command.call_ppm
    setup.liquidation_ppm = command.liquidation_ppm
    setup.borrow_ppm = command.borrow_ppm
    setup.transfer_ppm = command.transfer_ppm
    setup.fee_ppm = command.fee_ppm
    setup.slippage_ppm = command.slippage_ppm
    setup.slice_ppm = command.slice_ppm
    setup.deviation_ppm = command.deviation_ppm
    setup.slice_min = command.slice_min
    setup.grace_ns = command.grace_ns
    setup.staleness_ns = command.staleness_ns
    return Code.OK


@kernel
def _set_margin_asset(venue, registry, balances, margin, command):
    setup = margin.setup[0]
    if not _is_asset(venue, command.asset):
        return Code.UNKNOWN_ASSET
    if setup.numeraire == 0:
        return Code.NOT_CONFIGURED
    row = pool_row(registry, command.asset)
    if not _terms_are_sound(command) or (row != 0 and command.scale != margin.pools[row].price_scale):
        return Code.INVALID_ARGUMENT
    if command.asset == setup.numeraire and (command.scale != 0 or command.symbol != 0):
        return Code.INVALID_ARGUMENT
    if command.symbol != 0:
        if command.symbol < 1 or command.symbol > venue.last_symbol:
            return Code.UNKNOWN_SYMBOL
        if not _can_be_its_market(registry, margin, command):
            return Code.MARGIN_SYMBOL
    if row != 0 and margin.pools[row].symbol != 0 and command.symbol != margin.pools[row].symbol:
        return Code.INVALID_ARGUMENT
    if row == 0:
        if setup.assets == MARGIN_ASSETS_MAX:
            return Code.POOL_FULL
        row = _list_asset(venue, registry, balances, margin, command)
    pool = margin.pools[row]
    roll(pool, venue.now // HOUR_NS)
    pool.symbol = command.symbol
    pool.status = command.status
    pool.reserve_ppm = command.reserve_ppm
    pool.optimal_ppm = command.optimal_ppm
    pool.base_rate = command.base_rate
    pool.slope1_rate = command.slope1_rate
    pool.slope2_rate = command.slope2_rate
    pool.borrow_limit = command.borrow_limit
    return Code.OK


@kernel
def _terms_are_sound(command):
    if command.scale > PRICE_SCALE_MAX or command.status > 1:
        return False
    if command.base_rate < 0 or command.slope1_rate < 0 or command.slope2_rate < 0:
        return False
    if command.base_rate > RATE_MAX or command.slope1_rate > RATE_MAX or command.slope2_rate > RATE_MAX:
        return False
    if command.base_rate + command.slope1_rate + command.slope2_rate > RATE_MAX:
        return False
    if command.borrow_limit < 0 or command.borrow_limit > AMOUNT_MAX or command.reserve_ppm < 0 or command.reserve_ppm > PPM:
        return False
    return 1 <= command.optimal_ppm <= PPM


@kernel
def _can_be_its_market(registry, margin, command):
    """Whether the symbol trades the asset for the numeraire and is a margin symbol, once the asset is listed as the command says."""
    numeraire = margin.setup[0].numeraire
    symbol = registry.symbols[command.symbol]
    if pool_row(registry, numeraire) == 0:
        return False
    scale = np.int64(command.scale)
    if symbol.base == command.asset and symbol.quote == numeraire:
        return units_compare(symbol, scale, 0)
    return symbol.quote == command.asset and symbol.base == numeraire and units_compare(symbol, 0, scale)


@kernel
def _list_asset(venue, registry, balances, margin, command):
    """A new pool, in its place among the rising; the house's balances come into being with it. Returns its row."""
    setup = margin.setup[0]
    place = setup.assets
    setup.assets += 1
    row = setup.assets
    while place > 0 and margin.pools[margin.rising[place - 1]].asset > command.asset:
        margin.rising[place] = margin.rising[place - 1]
        place -= 1
    margin.rising[place] = row
    registry.assets[command.asset].pool = row
    pool = margin.pools[row]
    pool.asset = command.asset
    pool.price_scale = command.scale
    pool.unit = power_of_ten(pool.price_scale)
    pool.hour = venue.now // HOUR_NS
    pool.rate = command.base_rate
    pool.price = 1 if command.asset == setup.numeraire else 0
    pool.frozen = 0 if command.asset == setup.numeraire else 1
    balance_slot(venue, balances, HOUSE_LENDING, pool.asset)
    balance_slot(venue, balances, HOUSE_INSURANCE, pool.asset)
    return row


@kernel
def _set_collateral(registry, margin, command):
    row = pool_row(registry, command.asset)
    if row == 0:
        return Code.MARGIN_ASSET
    pool = margin.pools[row]
    tier = np.int64(command.tier)
    limit = command.value
    if tier > pool.tiers or tier >= COLLATERAL_TIERS or command.ratio_ppm < 0 or command.ratio_ppm > PPM:
        return Code.INVALID_ARGUMENT
    if limit < 0 or limit > VALUE_MAX:
        return Code.INVALID_ARGUMENT
    place = row * COLLATERAL_TIERS + tier
    if limit == 0:
        pool.tiers = tier
        return Code.OK
    if tier > 0 and limit <= margin.collateral[place - 1].limit:
        return Code.INVALID_ARGUMENT
    if tier + 1 < pool.tiers and limit >= margin.collateral[place + 1].limit:
        return Code.INVALID_ARGUMENT
    margin.collateral[place].limit = limit
    margin.collateral[place].ratio_ppm = command.ratio_ppm
    pool.tiers = max(pool.tiers, tier + 1)
    return Code.OK


@kernel
def _set_price(venue, registry, margin, command):
    row = pool_row(registry, command.asset)
    if row == 0 or command.asset == margin.setup[0].numeraire:
        return Code.MARGIN_ASSET
    if command.source < 1 or command.source > SOURCES_MAX or command.value < 0 or command.value > PRICE_MAX:
        return Code.INVALID_ARGUMENT
    source = margin.sources[row * _PLACES + np.int64(command.source)]
    source.price = command.value
    source.time_ns = venue.now if command.value != 0 else 0
    return Code.OK


# ---------------------------------------------------------------- fees


@kernel
def _set_tier(margin, command):
    if command.tier < 1 or command.tier >= FEE_TIERS or command.value < 0 or command.value > AMOUNT_MAX:
        return Code.INVALID_ARGUMENT
    margin.thresholds[command.tier] = command.value
    return Code.OK


@kernel
def _set_discount(venue, balances, margin, command):
    if command.asset != 0 and not _is_asset(venue, command.asset):
        return Code.UNKNOWN_ASSET
    if command.value < 0 or command.value > PPM:
        return Code.INVALID_ARGUMENT
    margin.setup[0].discount_asset = command.asset
    margin.setup[0].discount_ppm = command.value
    if command.asset != 0:
        balance_slot(venue, balances, HOUSE_FEES, np.int64(command.asset))
    return Code.OK
