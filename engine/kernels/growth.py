"""Larger tables with the same content: the pools that GROW asked for, at the end of a frame, and the tables without a logged capacity."""

import numpy as np

from engine.kernels.book import gather_rosters
from engine.kernels.hashed import fits, rehash
from engine.kernels.state import (
    BALANCES_MAX,
    FANOUT,
    LADDERS,
    LOANS_MAX,
    NODES_MAX,
    ORDERS_MAX,
    VOLUME_SLOTS,
    WATCHES_MAX,
    Margin,
    State,
    table,
)
from engine.kernels.transfers import move_ring
from engine.types import FEE_TIERS, FILTERS, Pool


def _longer(old: np.ndarray, rows: int) -> np.ndarray:
    new = table(old.dtype, rows)
    new[: old.size] = old
    return new


def _rehashed(old: np.ndarray, slots: int) -> np.ndarray:
    new = table(old.dtype, slots)
    rehash(old, new)
    return new


def grow_pools(state: State) -> State:
    """The state with the capacities that this frame asked for."""
    registry = state.registry
    for pool in np.flatnonzero(registry.asked != registry.capacity):
        capacity = int(registry.asked[pool])
        state = _GROWERS[Pool(int(pool))](state, capacity)
    registry.capacity[:] = registry.asked
    return state


def _grow_assets(state: State, capacity: int) -> State:
    registry = state.registry
    return state._replace(
        registry=registry._replace(assets=_longer(registry.assets, capacity + 1), asset_names=_rehashed(registry.asset_names, 2 * capacity))
    )


def _grow_symbols(state: State, capacity: int) -> State:
    registry = state.registry
    return state._replace(
        registry=registry._replace(
            symbols=_longer(registry.symbols, capacity + 1),
            symbol_names=_rehashed(registry.symbol_names, 2 * capacity),
            fees=_longer(registry.fees, (capacity + 1) * FEE_TIERS),
            filters=_longer(registry.filters, (capacity + 1) * FILTERS),
        ),
        book=state.book._replace(ladders=_longer(state.book.ladders, (capacity + 1) * LADDERS)),
    )


def _grow_accounts(state: State, capacity: int) -> State:
    registry = state.registry
    return state._replace(
        registry=registry._replace(
            accounts=_longer(registry.accounts, capacity + 1),
            account_references=_rehashed(registry.account_references, 2 * capacity),
        ),
        margin=state.margin._replace(volumes=_longer(state.margin.volumes, (capacity + 1) * VOLUME_SLOTS)),
    )


def _grow_orders(state: State, capacity: int) -> State:
    book = state.book
    return state._replace(
        book=book._replace(
            orders=_longer(book.orders, capacity + 1),
            names=_longer(book.names, capacity + 1),
            levels=_longer(book.levels, capacity + 1),
            hidden=_longer(book.hidden, capacity + 1),
            lists=_longer(book.lists, capacity + 1),
        )
    )


def _grow_pending(state: State, capacity: int) -> State:
    ledger = state.ledger
    return state._replace(
        ledger=ledger._replace(
            pending=_longer(ledger.pending, capacity + 1),
            pending_ids=_rehashed(ledger.pending_ids, 2 * capacity),
            expiries=_longer(ledger.expiries, capacity + 1),
        )
    )


def _grow_transfer_ids(state: State, capacity: int) -> State:
    ledger = state.ledger
    ring = table(ledger.transfers.dtype, capacity)
    ids = table(ledger.transfer_ids.dtype, 2 * capacity)
    move_ring(state.venue, ledger.transfers, ring, ids)
    return state._replace(ledger=ledger._replace(transfers=ring, transfer_ids=ids))


def _grow_keys(state: State, capacity: int) -> State:
    registry = state.registry
    return state._replace(
        registry=registry._replace(
            keys=_longer(registry.keys, capacity + 1), key_references=_rehashed(registry.key_references, 2 * capacity)
        )
    )


_GROWERS = {
    Pool.ASSETS: _grow_assets,
    Pool.SYMBOLS: _grow_symbols,
    Pool.ACCOUNTS: _grow_accounts,
    Pool.ORDERS: _grow_orders,
    Pool.PENDING: _grow_pending,
    Pool.TRANSFER_IDS: _grow_transfer_ids,
    Pool.KEYS: _grow_keys,
}


def make_room(state: State) -> State:
    """The state with the tables that grow as they fill large enough for whatever the next command is."""
    venue, book, ledger = state.venue[0], state.book, state.ledger
    if not fits(int(venue["balances_used"]) + BALANCES_MAX, ledger.balances):
        ledger = ledger._replace(balances=_rehashed(ledger.balances, 2 * ledger.balances.size))
    if not fits(int(venue["orders_open"]) + ORDERS_MAX, book.order_ids):
        slots = 2 * book.order_ids.size
        book = book._replace(order_ids=_rehashed(book.order_ids, slots), client_ids=_rehashed(book.client_ids, slots))
    if not fits(int(venue["lists_open"]) + 1, book.list_ids):
        slots = 2 * book.list_ids.size
        book = book._replace(list_ids=_rehashed(book.list_ids, slots), list_names=_rehashed(book.list_names, slots))
    if int(venue["timers"]) + ORDERS_MAX >= book.timers.size:
        book = book._replace(timers=_longer(book.timers, 2 * book.timers.size))
    if not fits(int(venue["rosters_used"]) + 1, book.rosters):
        crowded = int(venue["orders_open"]) * 4 > book.rosters.size
        rosters = table(book.rosters.dtype, book.rosters.size * (2 if crowded else 1))
        gather_rosters(state.venue, book.rosters, rosters)
        book = book._replace(rosters=rosters)
    if int(venue["nodes_top"]) + NODES_MAX >= book.node_bits.size:
        nodes = 2 * book.node_bits.size
        book = book._replace(node_bits=_longer(book.node_bits, nodes), node_children=_longer(book.node_children, nodes * FANOUT))
    return state._replace(book=book, ledger=ledger, margin=_make_margin_room(state))


def _make_margin_room(state: State) -> Margin:
    margin = state.margin
    setup = margin.setup[0]
    if int(setup["accounts"]) + 1 >= margin.accounts.size:
        rows = 2 * margin.accounts.size
        margin = margin._replace(accounts=_longer(margin.accounts, rows), account_index=_rehashed(margin.account_index, 2 * rows))
    if not fits(int(setup["loans_used"]) + LOANS_MAX, margin.loans):
        margin = margin._replace(loans=_rehashed(margin.loans, 2 * margin.loans.size))
    if not fits(int(setup["lenders_used"]) + 1, margin.lenders):
        margin = margin._replace(lenders=_rehashed(margin.lenders, 2 * margin.lenders.size))
    if int(setup["watches_top"]) + WATCHES_MAX >= margin.watches.size:
        margin = margin._replace(watches=_longer(margin.watches, 2 * margin.watches.size))
    return margin
