"""`validate()`: the invariants of docs/CORE.md section 8, each counted from nothing."""

from collections import Counter
from collections.abc import Callable, Iterator

from engine.oracle.match import order_hold
from engine.oracle.state import MAY_BE_NEGATIVE, State
from engine.types import Pool, Side


def first_broken_invariant(state: State) -> str:
    """ "" or "NAME: detail" of the first invariant, in the order of the page, that does not hold."""
    for name, check in _CHECKS.items():
        detail = next(check(state), None)
        if detail is not None:
            return f"{name}: {detail}"
    return ""


def _sum_zero(state: State) -> Iterator[str]:
    sums = Counter()
    for (_, asset), row in state.balances.items():
        sums[asset] += row.available + row.held
    yield from (f"asset {asset} sums to {total}" for asset, total in sums.items() if total)


def _no_customer_below_zero(state: State) -> Iterator[str]:
    for (account, asset), row in state.balances.items():
        if row.held < 0 or (row.available < 0 and account not in MAY_BE_NEGATIVE):
            yield f"account {account} has {row.available} available and {row.held} held of asset {asset}"


def _held_explained(state: State) -> Iterator[str]:
    held = Counter()
    for order in state.orders.values():
        asset, units = order_hold(state, order, order.rest)
        held[order.account, asset] += units
    for hold in state.pending.values():
        held[hold.debit, hold.asset] += hold.amount
    for key in held.keys() | state.balances.keys():
        if held[key] != state.balance(*key).held:
            yield f"account {key[0]}, asset {key[1]}: {state.balance(*key).held} held, {held[key]} explained"


def _book_not_crossed(state: State) -> Iterator[str]:
    for symbol in state.symbols:
        bid, ask = state.best_price(symbol, Side.BUY), state.best_price(symbol, Side.SELL)
        if bid and ask and bid >= ask:
            yield f"symbol {symbol}: bid {bid}, ask {ask}"


def _levels_add_up(state: State) -> Iterator[str]:
    totals, counts = Counter(), Counter()
    for order in state.orders.values():
        if order.rest < 1:
            yield f"order {order.order_id} has nothing left"
        totals[order.symbol, order.side, order.price_ticks] += order.rest
        counts[order.symbol, order.side, order.price_ticks] += 1
    for (symbol, side), levels in state.book.items():
        for price, level in levels.items():
            key = (symbol, side, price)
            if (level.lots, len(level.orders)) != (totals.pop(key, 0), counts.pop(key, 0)):
                yield f"level {key} does not equal its orders"
    yield from (f"no level for the orders at {key}" for key in totals)


def _fifo(state: State) -> Iterator[str]:
    for levels in state.book.values():
        for level in levels.values():
            if list(level.orders) != sorted(level.orders):
                yield f"orders {list(level.orders)} of one level"


def _index_complete(state: State) -> Iterator[str]:
    named = {(order.account, order.digest): order.order_id for order in state.orders.values() if order.digest}
    if named != state.by_client_id or any(key != row.order_id for key, row in state.orders.items()):
        yield "open orders and their indexes differ"


def _account_lists(state: State) -> Iterator[str]:
    listed = {order_id for orders in state.of_account.values() for order_id in orders}
    if listed != set(state.orders) or sum(map(len, state.of_account.values())) != len(listed):
        yield "the lists per account do not hold exactly the open orders"
    for (account, symbol), orders in state.of_account.items():
        if any((order.account, order.symbol) != (account, symbol) for order in orders.values()):
            yield f"the list of account {account} on symbol {symbol} holds another's order"


def _free_lists(state: State) -> Iterator[str]:
    used = {
        Pool.ASSETS: len(state.assets), Pool.SYMBOLS: len(state.symbols), Pool.ACCOUNTS: state.last_account,
        Pool.ORDERS: len(state.orders), Pool.PENDING: len(state.pending), Pool.KEYS: len(state.keys),
    }  # fmt: skip
    for pool, count in used.items():
        if count > state.capacity[pool]:
            yield f"{count} of {state.capacity[pool]} in {pool.name}"


def _pending_ordered(state: State) -> Iterator[str]:
    for key, hold in state.pending.items():
        if key != (hold.id_hi, hold.id_lo) or hold.amount < 1 or hold.held_ns > state.now:
            yield f"pending transfer {key} is not itself"


def _ids_bounded(state: State) -> Iterator[str]:
    if len(state.remembered) > state.capacity[Pool.TRANSFER_IDS] or set(state.remembered) != set(state.remembered_order):
        yield f"{len(state.remembered)} ids, {len(state.remembered_order)} in order"


_CHECKS: dict[str, Callable[[State], Iterator[str]]] = {
    "SUM_ZERO": _sum_zero,
    "NO_CUSTOMER_BELOW_ZERO": _no_customer_below_zero,
    "HELD_EXPLAINED": _held_explained,
    "BOOK_NOT_CROSSED": _book_not_crossed,
    "LEVELS_ADD_UP": _levels_add_up,
    "FIFO": _fifo,
    "INDEX_COMPLETE": _index_complete,
    "ACCOUNT_LISTS": _account_lists,
    "FREE_LISTS": _free_lists,
    "PENDING_ORDERED": _pending_ordered,
    "IDS_BOUNDED": _ids_bounded,
}
