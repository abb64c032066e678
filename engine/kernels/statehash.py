"""The state hash of docs/CORE.md section 7: equal for equal states, whatever their history and layout."""

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel, kernel
from engine.kernels.arithmetic import SEED, mix
from engine.types import FEE_TIERS, FIRST_CUSTOMER, Table


@inlined_kernel
def _begin(table):
    return mix(np.int64(SEED), np.int64(table))


@kernel
def _sum_assets(venue, registry):
    total = np.int64(0)
    for asset in range(1, venue.last_asset + 1):
        row = registry.assets[asset]
        total += mix(mix(mix(mix(mix(_begin(Table.ASSET), asset), row.name_0), row.name_1), row.name_2), row.scale)
    return total


@kernel
def _sum_symbols(venue, registry):
    total = np.int64(0)
    for symbol in range(1, venue.last_symbol + 1):
        row = registry.symbols[symbol]
        h = mix(mix(mix(mix(_begin(Table.SYMBOL), symbol), row.name_0), row.name_1), row.name_2)
        h = mix(mix(mix(mix(h, row.base), row.quote), row.lot_units), row.tick_lot_units)
        h = mix(mix(mix(mix(h, row.max_price_ticks), row.max_quantity_lots), row.max_market_lots), row.min_notional)
        h = mix(mix(h, row.max_orders), row.status)
        total += mix(mix(mix(h, row.last_trade_id), row.last_update_id), row.last_price_ticks)
    return total


@kernel
def _sum_fees(venue, registry):
    total = np.int64(0)
    for symbol in range(1, venue.last_symbol + 1):
        for tier in range(FEE_TIERS):
            row = registry.fees[symbol * FEE_TIERS + tier]
            total += mix(mix(mix(mix(_begin(Table.FEES), symbol), tier), row.maker_ppm), row.taker_ppm)
    return total


@kernel
def _sum_accounts(venue, registry):
    total = np.int64(0)
    for account in range(FIRST_CUSTOMER, venue.last_account + 1):
        row = registry.accounts[account]
        h = mix(mix(mix(_begin(Table.ACCOUNT), account), row.reference_hi), row.reference_lo)
        h = mix(mix(mix(h, row.status), row.tier), row.opened_ns)
        total += mix(mix(mix(mix(h, row.window_number), row.window_count), row.day_number), row.day_count)
    return total


@kernel
def _sum_balances(balances):
    total = np.int64(0)
    for slot in range(balances.size):
        row = balances[slot]
        if row.available != 0 or row.held != 0:
            total += mix(mix(mix(mix(_begin(Table.BALANCE), row.high), row.low), row.available), row.held)
    return total


@kernel
def _sum_orders(venue, book):
    total = np.int64(0)
    for slot in range(1, venue.orders_top + 1):
        row = book.orders[slot]
        if row.order_id != 0:
            h = mix(mix(mix(_begin(Table.ORDER), row.order_id), row.account), row.symbol)
            h = mix(mix(mix(mix(h, row.side), row.order_type), row.time_in_force), row.stp)
            h = mix(mix(mix(mix(h, row.price_ticks), row.order_lots), row.executed_lots), row.executed_quote)
            h = mix(mix(mix(mix(mix(h, row.client_0), row.client_1), row.client_2), row.client_3), row.client_4)
            total += mix(mix(h, row.placed_ns), row.updated_ns)
    return total


@kernel
def _sum_pending(venue, ledger):
    total = np.int64(0)
    for slot in range(1, venue.pending_top + 1):
        row = ledger.pending[slot]
        if row.id_hi != 0:
            h = mix(mix(_begin(Table.PENDING), row.id_hi), row.id_lo)
            h = mix(mix(mix(mix(h, row.debit), row.credit), row.asset), row.amount)
            total += mix(mix(mix(mix(mix(h, row.expires_ns), row.reason), row.user_hi), row.user_lo), row.held_ns)
    return total


@kernel
def _sum_transfers(venue, ledger):
    total = np.int64(0)
    mask = ledger.transfers.size - 1
    for age in range(venue.transfers_count):
        row = ledger.transfers[(venue.transfers_oldest + age) & mask]
        h = mix(mix(mix(_begin(Table.TRANSFER_ID), row.id_hi), row.id_lo), row.kind)
        h = mix(mix(mix(mix(h, row.debit), row.credit), row.asset), row.amount)
        h = mix(mix(mix(mix(h, row.pending_hi), row.pending_lo), row.timeout_ns), row.reason)
        total += mix(mix(mix(mix(mix(h, row.user_hi), row.user_lo), row.code), row.ended), row.time_ns)
    return total


@kernel
def _sum_keys(venue, registry):
    total = np.int64(0)
    for key in range(1, venue.last_key + 1):
        row = registry.keys[key]
        total += mix(mix(mix(mix(mix(_begin(Table.KEY), key), row.account), row.scopes), row.reference_hi), row.reference_lo)
    return total


@kernel
def _sum_origins(origins):
    total = np.int64(0)
    for row in range(origins.shape[0]):
        h = _begin(Table.ORIGIN)
        for field in range(origins.shape[1]):
            h = mix(h, origins[row, field])
        total += h
    return total


@kernel
def _hash_meta(venue, registry):
    h = mix(mix(mix(mix(_begin(Table.META), venue.rules_version), venue.opened), venue.position), venue.now)
    h = mix(mix(mix(mix(h, venue.last_order_id), venue.seq), venue.last_account), venue.last_key)
    h = mix(mix(mix(h, venue.horizon), venue.limit_10s), venue.limit_day)
    for pool in range(registry.capacity.size):
        h = mix(h, registry.capacity[pool])
    return h


@entry_kernel
def state_hash(state, origins):
    """The hash as a signed 64-bit pattern. `origins`: int64 (n, 4) of origin, role, last number, position of its last frame."""
    venue = state.venue[0]
    h = _hash_meta(venue, state.registry)
    h = mix(h, _sum_assets(venue, state.registry))
    h = mix(h, _sum_symbols(venue, state.registry))
    h = mix(h, _sum_fees(venue, state.registry))
    h = mix(h, _sum_accounts(venue, state.registry))
    h = mix(h, _sum_balances(state.ledger.balances))
    h = mix(h, _sum_orders(venue, state.book))
    h = mix(h, _sum_pending(venue, state.ledger))
    h = mix(h, _sum_transfers(venue, state.ledger))
    h = mix(h, _sum_keys(venue, state.registry))
    return mix(h, _sum_origins(origins))
