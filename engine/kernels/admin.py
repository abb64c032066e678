"""Administration: assets, symbols, accounts, keys, fees, limits, capacities, time. docs/CORE.md section 2.

Names are found by their digest; two names with one digest (which only an operator could make) take turns 1, 2, 3 … in the index's low key.
"""

import numpy as np

from engine.kernels import kernel
from engine.kernels.arithmetic import SEED, mix, product_exceeds
from engine.kernels.auction import change_status
from engine.kernels.events import TERMS_SINCE, admin_event
from engine.kernels.fees import unpin
from engine.kernels.hashed import link, row_of
from engine.kernels.margin import is_margin_kind, join_group, margin_command, refuse_margin
from engine.kernels.state import FILTERED, MARGIN_SINCE
from engine.types import (
    ADMIN_COMMAND,
    AMOUNT_MAX,
    ASSET_SCALE_MAX,
    CAPACITY_MAX,
    COMMAND_BYTES,
    FEE_TIERS,
    FILTERS,
    FIRST_CUSTOMER,
    PPM,
    RULES_FIRST,
    RULES_VERSION,
    STEPS_MAX,
    TIER_AUTOMATIC,
    AccountStatus,
    Code,
    EventKind,
    Filter,
    KeyScope,
    Kind,
    Pool,
    SymbolStatus,
)

_COMMAND_WORDS = COMMAND_BYTES // 8
_NAME_WORD = ADMIN_COMMAND.fields["name"][1] // 8
_POOLS = len(Pool)
_ASSETS, _SYMBOLS, _ACCOUNTS, _KEYS = int(Pool.ASSETS), int(Pool.SYMBOLS), int(Pool.ACCOUNTS), int(Pool.KEYS)
_SCOPES = sum(KeyScope)
_CAPACITY_MAX = tuple(CAPACITY_MAX)


@kernel
def admin_command(state, batch, out, at):
    """Applies one administration command (or one of no known kind) and returns its code."""
    venue = state.venue[0]
    registry = state.registry
    command = batch.admin[at]
    kind = np.int64(command.kind)
    word = at * _COMMAND_WORDS + _NAME_WORD
    if not _is_kind(venue, kind):
        admin_event(venue, out, EventKind.ADMIN_REJECTED, Code.UNKNOWN_KIND, kind, 0, 0, 0, 0, 0)
        return Code.UNKNOWN_KIND
    if (venue.permitted >> kind) & 1 == 0:
        return _refuse(venue, out, command, kind, Code.NOT_PERMITTED)
    if kind != Kind.REGISTER_ORIGIN and command.valid_until_ns != 0 and command.valid_until_ns < venue.now:
        return _refuse(venue, out, command, kind, Code.STALE)
    if is_margin_kind(kind):
        return margin_command(state, out, command, kind)
    if kind == Kind.ADD_ASSET:
        return _add_asset(venue, registry, out, command, batch.words, word)
    if kind == Kind.ADD_SYMBOL:
        return _add_symbol(venue, registry, out, command, batch.words, word)
    if kind == Kind.SET_SYMBOL_STATUS:
        return _set_symbol_status(venue, registry, state.book, out, command)
    if kind == Kind.SET_FEES:
        return _set_fees(venue, registry, out, command)
    if kind == Kind.OPEN_ACCOUNT:
        return _open_account(venue, registry, out, command)
    if kind == Kind.SET_ACCOUNT_STATUS:
        return _set_account_status(venue, registry, out, command)
    if kind == Kind.SET_ACCOUNT_TIER:
        return _set_account_tier(venue, registry, state.margin, out, command)
    if kind == Kind.ADD_KEY:
        return _add_key(venue, registry, out, command)
    if kind == Kind.SET_KEY:
        return _set_key(venue, registry, out, command)
    if kind == Kind.SET_FILTER:
        return _set_filter(venue, registry, out, command)
    if kind == Kind.SET_GROUP:
        return _set_group(venue, registry, state.margin, out, command)
    return _govern(venue, registry, out, command, kind)


@kernel
def _is_kind(venue, kind):
    if is_margin_kind(kind):
        return venue.rules_version >= MARGIN_SINCE
    if kind == Kind.SET_FILTER or kind == Kind.SET_GROUP:
        return venue.rules_version >= TERMS_SINCE
    return Kind.REGISTER_ORIGIN <= kind <= Kind.GROW or Kind.ADD_ASSET <= kind <= Kind.SET_ORDER_LIMITS


@kernel
def _refuse(venue, out, command, kind, code):
    """ADMIN_REJECTED with the ids that the command gives; those the core would have assigned are 0."""
    if is_margin_kind(kind):
        return refuse_margin(venue, out, command, kind, code, np.int64(0))
    account = 0
    key = 0
    symbol = 0
    asset = 0
    if kind == Kind.SET_ACCOUNT_STATUS or kind == Kind.SET_ACCOUNT_TIER or kind == Kind.ADD_KEY or kind == Kind.SET_GROUP:
        account = command.account
    elif kind == Kind.SET_KEY:
        key = command.key
    elif kind == Kind.SET_SYMBOL_STATUS or kind == Kind.SET_FEES:
        symbol = command.symbol
    elif kind == Kind.ADD_SYMBOL:
        asset = command.base
    elif kind == Kind.SET_FILTER:
        symbol = command.symbol
        asset = command.base if command.filter == Filter.MAX_ASSET else 0
        key = np.int64(command.filter)
    admin_event(venue, out, EventKind.ADMIN_REJECTED, code, kind, account, key, symbol, asset, 0)
    return code


@kernel
def _done(venue, out, command, account, key, symbol, asset, value):
    admin_event(venue, out, EventKind.ADMIN, Code.OK, np.int64(command.kind), account, key, symbol, asset, value)
    return Code.OK


@kernel
def _govern(venue, registry, out, command, kind):
    """The commands that concern the venue as a whole."""
    value = command.value
    if kind == Kind.REGISTER_ORIGIN:
        if venue.registering == 0 or venue.index != 0:
            return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
        value = np.int64(command.role)
    elif kind == Kind.TICK:
        value = np.int64(0)
    elif kind == Kind.OPEN:
        if venue.opened != 0:
            return _refuse(venue, out, command, kind, Code.ALREADY_OPEN)
        venue.opened = 1
        value = np.int64(0)
    elif kind == Kind.SET_RULES:
        if value < RULES_FIRST or value > RULES_VERSION:
            venue.unknown_rules = 1
            return _refuse(venue, out, command, kind, Code.UNKNOWN_RULES)
        if value < venue.rules_version:
            return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
        venue.rules_version = value
    elif kind == Kind.GROW:
        pool = np.int64(command.pool)
        if pool >= _POOLS or value < 1 or value & (value - 1) != 0:
            return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
        if value <= registry.asked[pool] or value > _CAPACITY_MAX[pool]:
            return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
        registry.asked[pool] = value
        venue.growing = 1
    else:
        if value < 0 or command.value2 < 0:
            return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
        venue.limit_10s = value
        venue.limit_day = command.value2
    return _done(venue, out, command, 0, 0, 0, 0, value)


# ---------------------------------------------------------------- assets and symbols


@kernel
def _name_digest(words, word):
    return mix(mix(mix(np.int64(SEED), words[word]), words[word + 1]), words[word + 2])


@kernel
def _is_named(row, words, word):
    return row.name_0 == words[word] and row.name_1 == words[word + 1] and row.name_2 == words[word + 2]


@kernel
def _find_name(names, rows, words, word):
    """The id under a name (0 if none), and the turn at which the search ended."""
    digest = _name_digest(words, word)
    turn = np.int64(1)
    while True:
        row = np.int64(row_of(names, digest, turn))
        if row == 0 or _is_named(rows[row], words, word):
            return row, turn
        turn += 1


@kernel
def _set_name(names, row, identity, words, word, turn):
    row.name_0 = words[word]
    row.name_1 = words[word + 1]
    row.name_2 = words[word + 2]
    link(names, _name_digest(words, word), turn, identity)


@kernel
def _add_asset(venue, registry, out, command, words, word):
    kind = np.int64(command.kind)
    if words[word] | words[word + 1] | words[word + 2] == 0 or command.scale > ASSET_SCALE_MAX:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    present, turn = _find_name(registry.asset_names, registry.assets, words, word)
    if present != 0:
        admin_event(venue, out, EventKind.ADMIN_REJECTED, Code.ALREADY_EXISTS, kind, 0, 0, 0, present, 0)
        return Code.ALREADY_EXISTS
    if venue.last_asset >= registry.capacity[_ASSETS]:
        return _refuse(venue, out, command, kind, Code.POOL_FULL)
    venue.last_asset += 1
    asset = registry.assets[venue.last_asset]
    asset.scale = command.scale
    _set_name(registry.asset_names, asset, venue.last_asset, words, word, turn)
    return _done(venue, out, command, 0, 0, 0, venue.last_asset, asset.scale)


@kernel
def _is_ppm(venue, maker_ppm, taker_ppm):
    least = -PPM if venue.rules_version >= MARGIN_SINCE else 0  # a rebate
    return least <= maker_ppm <= PPM and 0 <= taker_ppm <= PPM


@kernel
def _symbol_is_sound(venue, command):
    """Units, limits and fees are in range, and no product of them can overflow."""
    lot_units = command.value
    tick_lot_units = command.value2
    if command.base < 1 or command.base > venue.last_asset or command.quote < 1 or command.quote > venue.last_asset:
        return False
    if command.base == command.quote or lot_units < 1 or tick_lot_units < 1:
        return False
    if command.max_price_ticks < 1 or command.max_quantity_lots < 1 or command.max_market_lots < 1:
        return False
    if command.max_market_lots > command.max_quantity_lots or command.min_notional < 0 or command.min_notional > AMOUNT_MAX:
        return False
    if command.max_orders < 1 or command.max_orders > STEPS_MAX or not _is_ppm(venue, command.maker_ppm, command.taker_ppm):
        return False
    if product_exceeds(command.max_price_ticks, command.max_quantity_lots, tick_lot_units, AMOUNT_MAX):
        return False
    return not product_exceeds(command.max_quantity_lots, lot_units, 1, AMOUNT_MAX)


@kernel
def _add_symbol(venue, registry, out, command, words, word):
    kind = np.int64(command.kind)
    if words[word] | words[word + 1] | words[word + 2] == 0 or not _symbol_is_sound(venue, command):
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    present, turn = _find_name(registry.symbol_names, registry.symbols, words, word)
    if present != 0:
        admin_event(venue, out, EventKind.ADMIN_REJECTED, Code.ALREADY_EXISTS, kind, 0, 0, present, np.int64(command.base), 0)
        return Code.ALREADY_EXISTS
    if venue.last_symbol >= registry.capacity[_SYMBOLS]:
        return _refuse(venue, out, command, kind, Code.POOL_FULL)
    venue.last_symbol += 1
    symbol = registry.symbols[venue.last_symbol]
    _set_name(registry.symbol_names, symbol, venue.last_symbol, words, word, turn)
    symbol.base = command.base
    symbol.quote = command.quote
    symbol.lot_units = command.value
    symbol.tick_lot_units = command.value2
    symbol.max_price_ticks = command.max_price_ticks
    symbol.max_quantity_lots = command.max_quantity_lots
    symbol.max_market_lots = command.max_market_lots
    symbol.min_notional = command.min_notional
    symbol.max_orders = command.max_orders
    symbol.status = SymbolStatus.TRADING
    for tier in range(FEE_TIERS):
        fee = registry.fees[venue.last_symbol * FEE_TIERS + tier]
        fee.maker_ppm = command.maker_ppm
        fee.taker_ppm = command.taker_ppm
    return _done(venue, out, command, 0, 0, venue.last_symbol, symbol.base, 0)


@kernel
def _set_symbol_status(venue, registry, book, out, command):
    kind = np.int64(command.kind)
    if command.symbol < 1 or command.symbol > venue.last_symbol:
        return _refuse(venue, out, command, kind, Code.UNKNOWN_SYMBOL)
    status = np.int64(command.status)
    highest = SymbolStatus.AUCTION if venue.rules_version >= TERMS_SINCE else SymbolStatus.CANCEL_ONLY
    if status < SymbolStatus.TRADING or status > highest:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    if not change_status(venue, registry, book, np.int64(command.symbol), status):
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    return _done(venue, out, command, 0, 0, np.int64(command.symbol), 0, status)


@kernel
def _set_fees(venue, registry, out, command):
    kind = np.int64(command.kind)
    if command.symbol < 1 or command.symbol > venue.last_symbol:
        return _refuse(venue, out, command, kind, Code.UNKNOWN_SYMBOL)
    tier = np.int64(command.tier)
    if tier >= FEE_TIERS or not _is_ppm(venue, command.maker_ppm, command.taker_ppm):
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    fee = registry.fees[command.symbol * FEE_TIERS + tier]
    fee.maker_ppm = command.maker_ppm
    fee.taker_ppm = command.taker_ppm
    return _done(venue, out, command, 0, 0, np.int64(command.symbol), 0, tier)


@kernel
def _set_filter(venue, registry, out, command):
    kind = np.int64(command.kind)
    which = np.int64(command.filter)
    value = command.value
    if which < Filter.MIN_PRICE_TICKS or which > Filter.MAX_ASSET or Filter.RANGE_DOWN_PPM < which < Filter.EXCHANGE_MAX_ORDERS:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    if which == Filter.MAX_ASSET:
        if command.base < 1 or command.base > venue.last_asset:
            return _refuse(venue, out, command, kind, Code.UNKNOWN_ASSET)
    elif which >= Filter.EXCHANGE_MAX_ORDERS:
        if command.symbol != 0:
            return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    elif command.symbol < 1 or command.symbol > venue.last_symbol:
        return _refuse(venue, out, command, kind, Code.UNKNOWN_SYMBOL)
    if value < 0 or value > AMOUNT_MAX:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    asset = np.int64(0)
    if which == Filter.MAX_ASSET:
        asset = np.int64(command.base)
        venue.filters += _came(registry.assets[asset].max_order, value)
        registry.assets[asset].max_order = value
    else:
        place = command.symbol * FILTERS + which
        change = _came(registry.filters[place], value)
        registry.filters[place] = value
        if command.symbol == 0:
            venue.filters += change
        else:
            symbol = registry.symbols[command.symbol]
            symbol.filters += change
            symbol.special = symbol.special | FILTERED if symbol.filters != 0 else symbol.special & ~FILTERED
    return _done(venue, out, command, 0, which, np.int64(command.symbol), asset, value)


@kernel
def _came(former, value):
    """By how many more filters are set once one of them becomes `value`."""
    return (1 if value != 0 else 0) - (1 if former != 0 else 0)


# ---------------------------------------------------------------- accounts and keys


@kernel
def _open_account(venue, registry, out, command):
    kind = np.int64(command.kind)
    if command.reference_hi == 0 and command.reference_lo == 0:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    present = np.int64(row_of(registry.account_references, command.reference_hi, command.reference_lo))
    if present != 0:
        admin_event(venue, out, EventKind.ADMIN_REJECTED, Code.ALREADY_EXISTS, kind, present, 0, 0, 0, 0)
        return Code.ALREADY_EXISTS
    if venue.last_account >= registry.capacity[_ACCOUNTS]:
        return _refuse(venue, out, command, kind, Code.POOL_FULL)
    venue.last_account += 1
    account = registry.accounts[venue.last_account]
    account.reference_hi = command.reference_hi
    account.reference_lo = command.reference_lo
    account.status = AccountStatus.ACTIVE
    account.opened_ns = venue.now
    account.group = venue.last_account
    link(registry.account_references, command.reference_hi, command.reference_lo, venue.last_account)
    return _done(venue, out, command, venue.last_account, 0, 0, 0, 0)


@kernel
def _is_customer(venue, account):
    return FIRST_CUSTOMER <= account <= venue.last_account


@kernel
def _set_account_status(venue, registry, out, command):
    kind = np.int64(command.kind)
    if not _is_customer(venue, command.account):
        return _refuse(venue, out, command, kind, Code.UNKNOWN_ACCOUNT)
    status = np.int64(command.status)
    if status != AccountStatus.ACTIVE and status != AccountStatus.FROZEN:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    registry.accounts[command.account].status = status
    return _done(venue, out, command, np.int64(command.account), 0, 0, 0, status)


@kernel
def _set_account_tier(venue, registry, margin, out, command):
    kind = np.int64(command.kind)
    if not _is_customer(venue, command.account) or registry.accounts[command.account].margin != 0:
        return _refuse(venue, out, command, kind, Code.UNKNOWN_ACCOUNT)
    tier = np.int64(command.tier)
    if tier == TIER_AUTOMATIC and venue.rules_version >= MARGIN_SINCE:
        unpin(venue, registry, margin, np.int64(command.account))
        return _done(venue, out, command, np.int64(command.account), 0, 0, 0, tier)
    if tier >= FEE_TIERS:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    registry.accounts[command.account].tier = tier
    registry.accounts[command.account].pinned = 1
    return _done(venue, out, command, np.int64(command.account), 0, 0, 0, tier)


@kernel
def _set_group(venue, registry, margin, out, command):
    kind = np.int64(command.kind)
    if not _is_customer(venue, command.account):
        return _refuse(venue, out, command, kind, Code.UNKNOWN_ACCOUNT)
    if not _is_customer(venue, command.value) or registry.accounts[command.value].margin != 0:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    account = registry.accounts[command.account]
    if account.margin != 0:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    account.group = command.value
    join_group(registry, margin, account)
    return _done(venue, out, command, np.int64(command.account), 0, 0, 0, command.value)


@kernel
def _add_key(venue, registry, out, command):
    kind = np.int64(command.kind)
    if not _is_customer(venue, command.account):
        return _refuse(venue, out, command, kind, Code.UNKNOWN_ACCOUNT)
    scopes = np.int64(command.scopes)
    if (command.reference_hi == 0 and command.reference_lo == 0) or scopes == 0 or scopes > _SCOPES:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    present = np.int64(row_of(registry.key_references, command.reference_hi, command.reference_lo))
    if present != 0:
        owner = registry.keys[present].account
        admin_event(venue, out, EventKind.ADMIN_REJECTED, Code.ALREADY_EXISTS, kind, owner, present, 0, 0, 0)
        return Code.ALREADY_EXISTS
    if venue.last_key >= registry.capacity[_KEYS]:
        return _refuse(venue, out, command, kind, Code.POOL_FULL)
    venue.last_key += 1
    key = registry.keys[venue.last_key]
    key.account = command.account
    key.scopes = scopes
    key.reference_hi = command.reference_hi
    key.reference_lo = command.reference_lo
    link(registry.key_references, command.reference_hi, command.reference_lo, venue.last_key)
    return _done(venue, out, command, key.account, venue.last_key, 0, 0, scopes)


@kernel
def _set_key(venue, registry, out, command):
    kind = np.int64(command.kind)
    if command.key < 1 or command.key > venue.last_key:
        return _refuse(venue, out, command, kind, Code.UNKNOWN_KEY)
    scopes = np.int64(command.scopes)
    if scopes > _SCOPES:
        return _refuse(venue, out, command, kind, Code.INVALID_ARGUMENT)
    key = registry.keys[command.key]
    key.scopes = scopes
    return _done(venue, out, command, key.account, np.int64(command.key), 0, 0, scopes)
