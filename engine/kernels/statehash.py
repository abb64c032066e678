"""The state hash of docs/CORE.md section 7: equal for equal states, whatever their history and layout."""

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel, kernel
from engine.kernels.arithmetic import SEED, mix
from engine.kernels.events import TERMS_SINCE
from engine.kernels.fees import volume_row
from engine.kernels.state import ICEBERG, LISTED, MARGIN_SINCE, VOLUME_SLOTS
from engine.kernels.waiting import carries, hold_ticks_of
from engine.kernels.watches import CLOCK, price_of
from engine.types import COLLATERAL_TIERS, FEE_TIERS, FILTERS, FIRST_CUSTOMER, SOURCES_MAX, Filter, OrderState, Table


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
        h = mix(mix(mix(h, row.last_trade_id), row.last_update_id), row.last_price_ticks)
        if venue.rules_version >= TERMS_SINCE:
            h = mix(mix(mix(h, row.last_prevented_id), row.resumed_ns), row.low_ticks)
            h = mix(mix(mix(h, row.high_ticks), row.first_ticks), row.uncross_ticks)
        total += h
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
        h = mix(mix(mix(mix(h, row.window_number), row.window_count), row.day_number), row.day_count)
        if venue.rules_version >= TERMS_SINCE:
            h = mix(mix(h, row.group if row.margin == 0 else 0), row.countdown_ns)
        total += h
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
            if row.named != 0:
                name = book.names[slot]
                h = mix(mix(mix(mix(mix(h, name.client_0), name.client_1), name.client_2), name.client_3), name.client_4)
            else:
                h = mix(mix(mix(mix(mix(h, 0), 0), 0), 0), 0)
            h = mix(mix(h, row.placed_ns), row.updated_ns)
            total += _mix_terms(book, row, h) if venue.rules_version >= TERMS_SINCE else h
    return total


@kernel
def _mix_terms(book, row, h):
    """What docs/ORDERS.md adds to an order's row."""
    resting = row.state == OrderState.RESTING
    h = mix(h, row.prevented_lots)
    priority = row.priority if resting else np.int64(0)
    if row.special == 0:
        h = mix(mix(mix(mix(h, 0), 0), priority), 0)
        h = mix(mix(mix(mix(mix(h, row.price_ticks), 0), 0), row.state), 1)
        return mix(mix(mix(mix(mix(mix(h, 0), 0), 0), 0), 0), row.amends)
    shown = row.shown_lots if resting and row.special & ICEBERG != 0 else np.int64(0)
    h = mix(mix(mix(mix(h, row.iceberg_lots), shown), priority), row.stop_price_ticks)
    extreme = row.extreme_ticks if row.state == OrderState.TRACKING else np.int64(0)
    h = mix(mix(mix(mix(h, hold_ticks_of(row)), row.trailing_bps), extreme), row.state)
    h = mix(mix(mix(mix(h, 1 if carries(row) else 0), row.peg), row.peg_offset), row.side_effect)
    list_id = book.lists[row.list].list_id if row.special & LISTED != 0 else np.int64(0)
    return mix(mix(mix(h, list_id), row.expires_ns), row.amends)


@kernel
def _sum_lists(venue, book):
    total = np.int64(0)
    for slot in range(1, venue.lists_top + 1):
        row = book.lists[slot]
        if row.list_id != 0:
            h = mix(mix(mix(mix(_begin(Table.LIST), row.list_id), row.account), row.symbol), row.list_type)
            h = mix(mix(mix(h, row.order_0), row.order_1), row.order_2)
            h = mix(mix(mix(mix(mix(h, row.client_0), row.client_1), row.client_2), row.client_3), row.client_4)
            total += mix(h, row.placed_ns)
    return total


@kernel
def _sum_filters(venue, registry):
    total = np.int64(0)
    for symbol in range(venue.last_symbol + 1):
        for which in range(FILTERS):
            value = registry.filters[symbol * FILTERS + which]
            if value != 0:
                total += mix(mix(mix(_begin(Table.FILTER), symbol), which), value)
    for asset in range(1, venue.last_asset + 1):
        if registry.assets[asset].max_order != 0:
            total += mix(mix(mix(_begin(Table.FILTER), -asset), Filter.MAX_ASSET), registry.assets[asset].max_order)
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
def _sum_margin(setup):
    if setup.numeraire == 0:
        return np.int64(0)
    h = mix(mix(mix(_begin(Table.MARGIN), setup.numeraire), setup.call_ppm), setup.liquidation_ppm)
    h = mix(mix(mix(mix(h, setup.borrow_ppm), setup.transfer_ppm), setup.fee_ppm), setup.slippage_ppm)
    return mix(mix(mix(mix(mix(h, setup.slice_ppm), setup.deviation_ppm), setup.slice_min), setup.grace_ns), setup.staleness_ns)


@kernel
def _sum_pools(margin):
    total = np.int64(0)
    for number in range(1, margin.setup[0].assets + 1):
        row = margin.pools[number]
        h = mix(mix(mix(mix(_begin(Table.MARGIN_ASSET), row.asset), row.symbol), row.status), row.price_scale)
        h = mix(mix(mix(mix(mix(h, row.reserve_ppm), row.optimal_ppm), row.base_rate), row.slope1_rate), row.slope2_rate)
        h = mix(mix(mix(mix(mix(h, row.borrow_limit), row.lent), row.borrowed), row.free), row.shares)
        h = mix(mix(mix(h, row.hour), row.cumulative), row.rate)
        total += mix(mix(mix(h, row.price), row.frozen), row.until_ns)
    return total


@kernel
def _sum_collateral(margin):
    total = np.int64(0)
    for number in range(1, margin.setup[0].assets + 1):
        for tier in range(margin.pools[number].tiers):
            row = margin.collateral[number * COLLATERAL_TIERS + tier]
            h = mix(mix(_begin(Table.COLLATERAL), margin.pools[number].asset), tier)
            total += mix(mix(h, row.limit), row.ratio_ppm)
    return total


@kernel
def _sum_sources(margin):
    total = np.int64(0)
    for number in range(1, margin.setup[0].assets + 1):
        for source in range(SOURCES_MAX + 1):
            row = margin.sources[number * (SOURCES_MAX + 1) + source]
            if row.price != 0:
                total += mix(mix(mix(mix(_begin(Table.SOURCE), margin.pools[number].asset), source), row.price), row.time_ns)
    return total


@kernel
def _sum_margin_accounts(margin):
    total = np.int64(0)
    for number in range(1, margin.setup[0].accounts + 1):
        row = margin.accounts[number]
        h = mix(mix(mix(_begin(Table.MARGIN_ACCOUNT), row.account), row.owner), row.symbol)
        total += mix(mix(h, row.state), row.due_ns)
    return total


@kernel
def _sum_loans(loans):
    total = np.int64(0)
    for slot in range(loans.size):
        row = loans[slot]
        if row.high != 0:
            total += mix(mix(mix(mix(mix(_begin(Table.LOAN), row.high), row.low), row.principal), row.interest), row.index)
    return total


@kernel
def _sum_lenders(lenders):
    total = np.int64(0)
    for slot in range(lenders.size):
        row = lenders[slot]
        if row.high != 0:
            total += mix(mix(mix(_begin(Table.LENDER), row.high), row.low), row.shares)
    return total


@kernel
def _sum_watches(margin):
    total = np.int64(0)
    for number in range(1, margin.setup[0].watches_top + 1):
        row = margin.watches[number]
        if row.account != 0 and row.heap != CLOCK:
            h = mix(mix(_begin(Table.WATCH), row.account), margin.pools[row.heap >> 1].asset)
            total += mix(mix(h, row.heap & 1), price_of(row.heap, row.key))
    return total


@kernel
def _sum_tiers(margin):
    total = np.int64(0)
    for tier in range(FEE_TIERS):
        if margin.thresholds[tier] != 0:
            total += mix(mix(_begin(Table.TIER), tier), margin.thresholds[tier])
    return total


@kernel
def _sum_discount(setup):
    if setup.discount_asset == 0:
        return np.int64(0)
    return mix(mix(_begin(Table.DISCOUNT), setup.discount_asset), setup.discount_ppm)


@kernel
def _sum_fee_accounts(venue, registry, margin):
    total = np.int64(0)
    for account in range(FIRST_CUSTOMER, venue.last_account + 1):
        row = registry.accounts[account]
        day = np.int64(row.fee_day)
        if row.pinned == 0 and row.discount == 0 and day == 0:
            continue
        h = mix(mix(mix(_begin(Table.FEE_ACCOUNT), account), row.pinned), row.discount)
        h = mix(h, day)
        for age in range(VOLUME_SLOTS):
            h = mix(h, margin.volumes[volume_row(account, day - age)])
        total += h
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
    if venue.rules_version >= TERMS_SINCE:
        h = mix(mix(h, venue.last_list_id), venue.last_priority)
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
    h = mix(h, _sum_origins(origins))
    if venue.rules_version >= TERMS_SINCE:
        h = mix(mix(h, _sum_lists(venue, state.book)), _sum_filters(venue, state.registry))
    return _mix_margin(h, venue, state.registry, state.margin) if venue.rules_version >= MARGIN_SINCE else h


@kernel
def _mix_margin(h, venue, registry, margin):
    h = mix(mix(h, _sum_margin(margin.setup[0])), _sum_pools(margin))
    h = mix(mix(h, _sum_collateral(margin)), _sum_sources(margin))
    h = mix(mix(h, _sum_margin_accounts(margin)), _sum_loans(margin.loans))
    h = mix(mix(h, _sum_lenders(margin.lenders)), _sum_watches(margin))
    h = mix(mix(h, _sum_tiers(margin)), _sum_discount(margin.setup[0]))
    return mix(h, _sum_fee_accounts(venue, registry, margin))
