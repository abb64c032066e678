"""Larger tables with the same content: the pools that GROW asked for, at the end of a frame, and the tables without a logged capacity."""

import numpy as np

from engine.kernels.hashed import rehash
from engine.kernels.state import EVENTS_MAX, FANOUT, NODES_MAX, State, table
from engine.kernels.transfers import move_ring
from engine.types import FEE_TIERS, Pool


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
        registry=registry._replace(
            assets=_longer(registry.assets, capacity + 1), asset_names=_rehashed(registry.asset_names, 2 * capacity)
        )
    )


def _grow_symbols(state: State, capacity: int) -> State:
    registry = state.registry
    return state._replace(
        registry=registry._replace(
            symbols=_longer(registry.symbols, capacity + 1),
            symbol_names=_rehashed(registry.symbol_names, 2 * capacity),
            fees=_longer(registry.fees, (capacity + 1) * FEE_TIERS),
        ),
        book=state.book._replace(ladders=_longer(state.book.ladders, (capacity + 1) * 2)),
    )


def _grow_accounts(state: State, capacity: int) -> State:
    registry = state.registry
    return state._replace(
        registry=registry._replace(
            accounts=_longer(registry.accounts, capacity + 1),
            account_references=_rehashed(registry.account_references, 2 * capacity),
        )
    )


def _grow_orders(state: State, capacity: int) -> State:
    book = state.book
    return state._replace(
        book=book._replace(
            orders=_longer(book.orders, capacity + 1),
            levels=_longer(book.levels, capacity + 1),
            order_ids=_rehashed(book.order_ids, 2 * capacity),
            client_ids=_rehashed(book.client_ids, 2 * capacity),
            rosters=_rehashed(book.rosters, 2 * capacity),
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
    """The state with balances and ladder nodes enough for whatever the next command is."""
    venue = state.venue[0]
    if (int(venue["balances_used"]) + EVENTS_MAX) * 2 > state.ledger.balances.size:
        balances = _rehashed(state.ledger.balances, 2 * state.ledger.balances.size)
        state = state._replace(ledger=state.ledger._replace(balances=balances))
    if int(venue["nodes_top"]) + NODES_MAX >= state.book.node_bits.size:
        nodes = 2 * state.book.node_bits.size
        bits, children = _longer(state.book.node_bits, nodes), _longer(state.book.node_children, nodes * FANOUT)
        state = state._replace(book=state.book._replace(node_bits=bits, node_children=children))
    return state
