"""`validate()`: the invariants of docs/CORE.md section 8 and docs/ORDERS.md section 12, each counted from nothing."""

from collections import Counter
from collections.abc import Callable, Iterator

from engine.oracle.desk import order_hold
from engine.oracle.levels import is_indebted, takes
from engine.oracle.state import COUNTDOWN_TIMER, GTD_TIMER, MAY_BE_NEGATIVE, Order, State
from engine.oracle.triggers import has_work
from engine.types import AMOUNT_MAX, HOUSE_LENDING, TRAILING_MAX, VALUE_MAX, MarginState, OrderState, Pool, Side, SymbolStatus


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
        if order.carries:
            asset, units = order_hold(state, order, order.rest)
            held[order.account, asset] += units
    for hold in state.pending.values():
        held[hold.debit, hold.asset] += hold.amount
    for key in held.keys() | state.balances.keys():
        if held[key] != state.balance(*key).held:
            yield f"account {key[0]}, asset {key[1]}: {state.balance(*key).held} held, {held[key]} explained"


def _book_not_crossed(state: State) -> Iterator[str]:
    for symbol, row in state.symbols.items():
        if row.status == SymbolStatus.AUCTION:
            continue
        bid, ask = state.best_price(symbol, Side.BUY), state.best_price(symbol, Side.SELL)
        if bid and ask and bid >= ask:
            yield f"symbol {symbol}: bid {bid}, ask {ask}"


def _levels_add_up(state: State) -> Iterator[str]:
    totals, counts = Counter(), Counter()
    for order in state.orders.values():
        if order.rest < 1:
            yield f"order {order.order_id} has nothing left"
        if order.state == OrderState.RESTING:
            totals[order.symbol, order.side, order.price_ticks] += order.shows
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
            priorities = [order.priority for order in level.orders.values()]
            if priorities != sorted(set(priorities)):
                yield f"priorities {priorities} in one level"


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


def _iceberg_shown(state: State) -> Iterator[str]:
    for order in state.orders.values():
        is_right = order.shown == 0
        if order.iceberg_lots and order.state == OrderState.RESTING:
            is_right = 1 <= order.shown <= min(order.iceberg_lots, order.rest)
        if not is_right:
            yield f"order {order.order_id} shows {order.shown} of {order.rest}"


def _in_state(state: State, where: OrderState) -> set[int]:
    return {order.order_id for order in state.orders.values() if order.state == where}


def _stops_placed(state: State) -> Iterator[str]:
    placed = [
        (symbol, is_above, stop, order_id)
        for (symbol, is_above), ladder in state.stops.items()
        for stop, orders in ladder.items()
        for order_id in orders
    ]
    waiting = [state.orders[order_id] for order_id in _in_state(state, OrderState.WAITING)]
    if sorted(placed) != sorted((row.symbol, row.is_above, row.stop_price_ticks, row.order_id) for row in waiting):
        yield "the ladders of stop prices do not hold exactly the waiting orders"


def _trailing_bounded(state: State) -> Iterator[str]:
    if {order_id for queue in state.tracking.values() for order_id in queue} != _in_state(state, OrderState.TRACKING):
        yield "what tracks is not what is listed as tracking"
    trailing = Counter(order.symbol for order in state.orders.values() if order.trailing_bps)
    yield from (f"{count} trailing orders on symbol {symbol}" for symbol, count in trailing.items() if count > TRAILING_MAX)


def _lists_complete(state: State) -> Iterator[str]:
    for order in state.orders.values():
        row = state.lists.get(order.list_id)
        if order.list_id and (row is None or order.order_id not in row.order_ids):
            yield f"order {order.order_id} names list {order.list_id}, which does not name it"
    for row in state.lists.values():
        orders = state.open_orders_of(row)
        if not orders or any((order.list_id, order.account, order.symbol) != (row.list_id, row.account, row.symbol) for order in orders):
            yield f"list {row.list_id} is not its orders'"
        yield from _pair_carries(row.list_id, [order for order in orders if order.order_id in row.pair])
    named = {(row.account, row.digest): row.list_id for row in state.lists.values() if row.digest}
    if named != state.list_by_client_id:
        yield "open lists and their names differ"


def _pair_carries(list_id: int, pair: list[Order]) -> Iterator[str]:
    """One of the two, as soon as one of them was placed."""
    placed = [order for order in pair if not order.awaits_turn]
    if len(pair) == 2 and sum(order.carries for order in pair) != bool(placed):
        yield f"of the pair of list {list_id}, {sum(order.carries for order in pair)} carry a hold"


def _timers_complete(state: State) -> Iterator[str]:
    timers = {(order.expires_ns, GTD_TIMER, order.order_id) for order in state.orders.values() if order.expires_ns}
    timers |= {(row.countdown_ns, COUNTDOWN_TIMER, row.account) for row in state.accounts.values() if row.countdown_ns}
    if timers != set(state.timers):
        yield f"{len(state.timers)} timers, {len(timers)} orders and switches that have one"


def _backlog_complete(state: State) -> Iterator[str]:
    if {order_id for queue in state.due.values() for order_id in queue} != _in_state(state, OrderState.DUE):
        yield "what is due is not what is listed as due"
    for symbol, row in state.symbols.items():
        works = row.uncross_ticks or (row.status == SymbolStatus.TRADING and has_work(state, symbol))
        if works and state.backlog.count(symbol) != 1:
            yield f"symbol {symbol} has something to do and is {state.backlog.count(symbol)} times on the backlog"
        if row.status == SymbolStatus.TRADING and symbol not in state.backlog and (row.low or row.high or row.first):
            yield f"symbol {symbol} has marks and nothing to do"


def _pools_add_up(state: State) -> Iterator[str]:
    borrowed, shares = Counter(), Counter()
    for (_, asset), loan in state.margin.loans.items():
        borrowed[asset] += loan.principal
    for (_, asset), own in state.margin.lenders.items():
        shares[asset] += own
    for asset, pool in state.margin.assets.items():
        if (pool.lent, pool.borrowed, pool.shares) != (pool.borrowed + pool.free, borrowed.pop(asset, 0), shares.pop(asset, 0)):
            yield f"pool of asset {asset}: {pool.lent} lent, {pool.borrowed} borrowed, {pool.free} free, {pool.shares} shares"
        if not 0 <= pool.free <= state.balance(HOUSE_LENDING, asset).available:
            yield f"pool of asset {asset}: {pool.free} free, {state.balance(HOUSE_LENDING, asset).available} there"
    yield from (f"no pool for asset {asset}" for asset in borrowed.keys() | shares.keys())


def _loans_owned(state: State) -> Iterator[str]:
    for (account, asset), loan in state.margin.loans.items():
        is_sound = loan.principal >= 0 <= loan.interest and 0 < loan.owed <= AMOUNT_MAX
        if not is_sound or loan.index > state.margin.assets[asset].cumulative:
            yield f"loan of account {account}, asset {asset}: {loan.principal} and {loan.interest} interest at {loan.index}"
        elif account not in state.margin.accounts or not takes(state, account, asset):
            yield f"account {account} has a loan of asset {asset}, which it does not take"


def _margin_index(state: State) -> Iterator[str]:
    if state.margin.by_owner != {(row.owner, row.symbol): account for account, row in state.margin.accounts.items()}:
        yield "margin accounts and their index differ"


def _watches_complete(state: State) -> Iterator[str]:
    for account, row in state.margin.accounts.items():
        is_liquidating, watched = row.state == MarginState.LIQUIDATING, any(holder == account for holder, _ in state.margin.watches)
        if (row.due_ns != 0) != (is_indebted(state, account) or is_liquidating):
            yield f"account {account} is due at {row.due_ns}"
        if watched and (is_liquidating or not is_indebted(state, account)):
            yield f"account {account} is watched"
    if any(asset == state.margin.numeraire or asset not in state.margin.assets for _, asset in state.margin.watches):
        yield "a watch on the numeraire"


def _volumes_bounded(state: State) -> Iterator[str]:
    for account, row in state.margin.fee_accounts.items():
        if not all(0 <= volume <= VALUE_MAX for volume in (row.today, *row.days)):
            yield f"volumes of account {account}"


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
    "ICEBERG_SHOWN": _iceberg_shown,
    "STOPS_PLACED": _stops_placed,
    "TRAILING_BOUNDED": _trailing_bounded,
    "LISTS_COMPLETE": _lists_complete,
    "TIMERS_COMPLETE": _timers_complete,
    "BACKLOG_COMPLETE": _backlog_complete,
    "POOLS_ADD_UP": _pools_add_up,
    "LOANS_OWNED": _loans_owned,
    "MARGIN_INDEX": _margin_index,
    "WATCHES_COMPLETE": _watches_complete,
    "VOLUMES_BOUNDED": _volumes_bounded,
}
