"""The audit: PostgreSQL's records against a machine that was replayed from the log to the recorded position.

Two independent ways from the log to what a customer sees must agree: the core's balances and open orders, and the rows that the recorder
derived from events. Reads everything, writes nothing; memory is bounded by the accounts and by TRADES_READ trades.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator

import asyncpg
import numpy as np

from engine.types import FIRST_CUSTOMER, EventKind, ListStatus, ListType, OrderStatus, Side
from engine.views import Applied, OrderView
from marketdata.facts import storable
from marketdata.intervals import INTERVALS, period
from marketdata.kernels import fold_trades
from marketdata.records import KLINE, TRADE, OrderRecord, TransferRecord
from marketdata.rows import (
    KLINE_COLUMNS,
    LIST_COLUMNS,
    ORDER_COLUMNS,
    TRADE_COLUMNS,
    TRANSFER_COLUMNS,
    columns,
    order_list,
    record_array,
    transfer_record,
)

TRADES_READ = 50_000
_OPEN = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_NEW)
_SHARED_FIELDS = tuple(field for field in OrderView._fields if field in OrderRecord._fields)


class _Different(Exception):
    """The first difference, in words."""


async def compare(pool: asyncpg.Pool, machine, applied: Iterable[Applied] = ()) -> list[str]:
    """Findings in words: the first difference between the database and `machine` (Machine or OracleMachine), none where they agree.

    `applied` drives the machine: each step of it applies one more frame. It is compared where it stands at the recorded position, and
    `applied` is then run to its end. All is read as of one moment, so a venue may be running.
    """
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        frames = iter(applied)
        try:
            await _replay_to_recorded(connection, machine, frames)
            await _compare_ledger(connection, machine)
            await _compare_open(connection, machine)
            await _compare_margin(connection, machine)
            await _compare_trades(connection, machine)
            await _compare_klines(connection)
        except _Different as difference:
            return [str(difference)]
        finally:
            for _ in frames:
                pass
    return []


async def _replay_to_recorded(connection: asyncpg.Connection, machine, frames: Iterator[Applied]) -> None:
    row = await connection.fetchrow("SELECT position, seq FROM history.recorder")
    while machine.position < row["position"] and next(frames, None) is not None:
        pass
    _expect("recorded position", row["position"], machine.position)
    _expect("sequence of the last event", row["seq"], machine.event_seq)


def _expect(what: str, recorded, computed) -> None:
    if recorded != computed:
        raise _Different(f"{what}: the database has {recorded}, the log gives {computed}")


def _accounts(machine) -> list[int]:
    """House accounts and customers; ids have no gaps."""
    accounts = list(range(1, FIRST_CUSTOMER))
    while machine.account(len(accounts) + 1) is not None:
        accounts.append(len(accounts) + 1)
    return accounts


async def _compare_ledger(connection: asyncpg.Connection, machine) -> None:
    """Every event's entries add up to 0 in each asset, and each account's to its balance."""
    unbalanced = await connection.fetchrow(
        "SELECT seq, asset, sum(amount)::numeric AS total FROM history.entries GROUP BY seq, asset HAVING sum(amount) <> 0 LIMIT 1"
    )
    if unbalanced:
        raise _Different(f"entries of event {unbalanced['seq']} in asset {unbalanced['asset']} add up to {unbalanced['total']}, not 0")
    rows = await connection.fetch("SELECT account, asset, sum(amount) AS total FROM history.entries GROUP BY account, asset")
    recorded = {(row["account"], row["asset"]): int(row["total"]) for row in rows if row["total"]}
    computed = {
        (account, asset): available + held
        for account in _accounts(machine)
        for asset, available, held in machine.balances(account)
        if available + held
    }
    for account, asset in sorted(recorded.keys() | computed.keys()):
        _expect(f"balance of account {account} in asset {asset}", recorded.get((account, asset), 0), computed.get((account, asset), 0))


async def _compare_open(connection: asyncpg.Connection, machine) -> None:
    """Open orders and lists and held transfers are the machine's, and together explain everything that is held."""
    pairs = await _compare_lists(connection, machine)
    holds = _Holds(machine, pairs)
    query = f"SELECT {columns(ORDER_COLUMNS)} FROM history.orders WHERE status = ANY($1::smallint[]) ORDER BY order_id"
    count = 0
    async for row in connection.cursor(query, list(_OPEN)):
        order = OrderRecord(*row)
        _compare_order(order, machine.order(order.order_id))
        holds.add(order, await _hold_ticks(connection, order))
        count += 1
    _expect("number of open orders", count, sum(len(machine.open_orders(account)) for account in _accounts(machine)))
    held = holds.total()
    query = f"SELECT {columns(TRANSFER_COLUMNS)} FROM history.transfers WHERE kind = $1 AND ended = 0"
    async for row in connection.cursor(query, int(EventKind.HELD)):
        transfer = transfer_record(row)
        _compare_held(transfer, machine.pending(*transfer.transfer_id))
        held[transfer.debit, transfer.asset] += transfer.amount
    for account in _accounts(machine):
        for asset, _, of_machine in machine.balances(account):
            _expect(f"held by account {account} in asset {asset}", held[account, asset], of_machine)


async def _compare_lists(connection: asyncpg.Connection, machine) -> dict[int, int]:
    """{order id: list id} of the orders of which each list's pair is made."""
    rows = await connection.fetch(f"SELECT {columns(LIST_COLUMNS)} FROM history.lists WHERE status = $1", int(ListStatus.EXECUTING))
    open_lists = (view for account in _accounts(machine) for view in machine.open_lists(account))
    computed = {view.list_id: (view.account, view.symbol, view.list_type, view.placed_ns, view.order_ids) for view in open_lists}
    pairs = {}
    for row in rows:
        found = order_list((*row, None, None, None))
        recorded = (found.account, found.symbol, found.list_type, found.placed_ns, found.order_ids)
        _expect(f"order list {found.list_id}", recorded, computed.pop(found.list_id, None))
        if found.list_type != ListType.OTO:
            pairs |= dict.fromkeys(found.order_ids[-2:], found.list_id)
    if computed:
        raise _Different(f"order list {min(computed)} is open in the log, but not in the database")
    return pairs


def _compare_order(order: OrderRecord, view: OrderView | None) -> None:
    if view is None:
        raise _Different(f"order {order.order_id} is open in the database, but not in the log")
    for field in _SHARED_FIELDS:
        computed = getattr(view, field)
        _expect(f"{field} of order {order.order_id}", getattr(order, field), storable(computed) if field == "client_id" else computed)


async def _hold_ticks(connection: asyncpg.Connection, order: OrderRecord) -> int:
    """The price that a buyer holds for, docs/ORDERS.md section 1: of a trailing order without one it is the last before it was placed."""
    given = order.price_ticks or order.stop_price_ticks
    if given or order.side == Side.SELL:
        return given
    return await connection.fetchval(_LAST_BEFORE, order.symbol, order.placed_ns) or 1


_LAST_BEFORE = "SELECT price_ticks FROM history.trades WHERE symbol = $1 AND time_ns < $2 ORDER BY time_ns DESC, trade_id DESC LIMIT 1"


class _Holds:
    """What open orders hold, by account and asset: of a pair of which one executes, the larger of its two holds."""

    def __init__(self, machine, pairs: dict[int, int]) -> None:
        self._machine = machine
        self._pairs = pairs
        self._alone: Counter[tuple[int, int]] = Counter()
        self._paired: dict[int, list[tuple[OrderRecord, tuple[int, int], int]]] = {}

    def add(self, order: OrderRecord, ticks: int) -> None:
        symbol = self._machine.symbol(order.symbol)
        rest = order.order_lots - order.executed_lots - order.prevented_lots
        if order.side == Side.BUY:
            key, amount = (order.account, symbol.quote), rest * ticks * symbol.tick_lot_units
        else:
            key, amount = (order.account, symbol.base), rest * symbol.lot_units
        if order.order_id in self._pairs:
            self._paired.setdefault(self._pairs[order.order_id], []).append((order, key, amount))
        elif order.turn_ns:
            self._alone[key] += amount

    def total(self) -> Counter[tuple[int, int]]:
        held = Counter(self._alone)
        for legs in self._paired.values():
            if any(order.turn_ns for order, _, _ in legs):
                held[legs[0][1]] += max(amount for _, _, amount in legs)
        return held


def _compare_held(transfer: TransferRecord, view) -> None:
    if view is None:
        raise _Different(f"transfer {transfer.transfer_id} is held in the database, but not in the log")
    for field in ("debit", "credit", "asset", "amount", "expires_ns", "reason", "user"):
        _expect(f"{field} of held transfer {transfer.transfer_id}", getattr(transfer, field), getattr(view, field))


async def _compare_margin(connection: asyncpg.Connection, machine) -> None:
    """Loans and lenders' shares are the machine's, and the interest of each loan is what grew less what was paid or forgiven."""
    recorded = {(row["account"], row["asset"]): row for row in await connection.fetch(_LOANS_NOW)}
    for (account, asset), row in recorded.items():
        of = f"of account {account} in asset {asset}"
        _expect(f"interest {of}, as it grew and was paid", row["interest"], int(row["grown"]) - int(row["paid"]))
        loan = next((loan for loan in machine.loans(account) if loan.asset == asset), None)
        _expect(f"principal {of}", row["principal"], loan.principal if loan else 0)
        if loan is not None and loan.interest < row["interest"]:
            raise _Different(f"interest {of}: the database has {row['interest']}, the log gives less, {loan.interest}")
    _expect("number of loans", sum(row["principal"] + row["interest"] > 0 for row in recorded.values()),
            sum(len(machine.loans(account)) for account in _accounts(machine)))  # fmt: skip
    for row in await connection.fetch(_SHARES_NOW):
        shares, _ = machine.lender(row["account"], row["asset"])
        _expect(f"shares of account {row['account']} in the pool of asset {row['asset']}", row["shares"], shares)


_LOANS_NOW = f"""
    SELECT DISTINCT ON (account, asset) account, asset, principal, interest,
        sum(grown) OVER w AS grown, sum(CASE WHEN kind = {EventKind.BORROWED:d} THEN 0 ELSE part END) OVER w AS paid
    FROM history.loans WHERE kind NOT IN ({EventKind.LENT:d}, {EventKind.REDEEMED:d})
    WINDOW w AS (PARTITION BY account, asset) ORDER BY account, asset, seq DESC
"""
_SHARES_NOW = f"""
    SELECT DISTINCT ON (account, asset) account, asset, principal AS shares FROM history.loans
    WHERE kind IN ({EventKind.LENT:d}, {EventKind.REDEEMED:d}) ORDER BY account, asset, seq DESC
"""


async def _compare_trades(connection: asyncpg.Connection, machine) -> None:
    """Trade ids and aggregate ids of each symbol are 1, 2, 3 … up to the machine's."""
    rows = await connection.fetch(
        "SELECT symbol, count(*), min(trade_id), max(trade_id), count(DISTINCT agg_id) AS aggregates, max(agg_id) AS last_aggregate "
        "FROM history.trades GROUP BY symbol"
    )
    recorded = {row["symbol"]: row for row in rows}
    for symbol in machine.symbols():
        row = recorded.pop(symbol.symbol, None)
        found = (row["count"], row["min"], row["max"]) if row else (0, 0, 0)
        last = symbol.last_trade_id
        _expect(f"count, first and last id of the trades of {symbol.name}", found, (last, min(1, last), last))
        if row:
            _expect(f"aggregates of {symbol.name}", row["aggregates"], row["last_aggregate"])
    if recorded:
        raise _Different(f"trades of symbol {min(recorded)}, which the log does not list")


async def _compare_klines(connection: asyncpg.Connection) -> None:
    """Candles of every interval are what the trades give."""
    expected: Counter[tuple[int, int]] = Counter()
    for row in await connection.fetch("SELECT DISTINCT symbol FROM history.trades ORDER BY symbol"):
        carried: dict[str, np.ndarray] = {}
        async for trades in _chunks_of_trades(connection, row["symbol"]):
            for name, interval in INTERVALS.items():
                candles = _continued(carried.get(name), trades, name)
                carried[name] = candles[-1:]
                expected[row["symbol"], interval.index] += len(candles) - 1
                await _compare_candles(connection, row["symbol"], name, candles[:-1])
        for name, interval in INTERVALS.items():
            expected[row["symbol"], interval.index] += 1
            await _compare_candles(connection, row["symbol"], name, carried[name])
    for row in await connection.fetch("SELECT symbol, interval, count(*) FROM history.klines GROUP BY symbol, interval"):
        key = (row["symbol"], row["interval"])
        _expect(f"number of candles of symbol {key[0]}, interval number {key[1]}", row["count"], expected[key])


async def _chunks_of_trades(connection: asyncpg.Connection, symbol: int) -> AsyncIterator[np.ndarray]:
    cursor = await connection.cursor(f"SELECT {columns(TRADE_COLUMNS)} FROM history.trades WHERE symbol = $1 ORDER BY trade_id", symbol)
    while rows := await cursor.fetch(TRADES_READ):
        yield record_array(rows, TRADE)


def _continued(carried: np.ndarray | None, trades: np.ndarray, interval: str) -> np.ndarray:
    """The candle that was not over yet, with what follows."""
    candles = np.empty(len(trades) + 1, KLINE)
    count = 0
    if carried is not None:
        candles[0], count = carried[0], 1
    return candles[: fold_trades(trades, candles, count, period(interval))]


async def _compare_candles(connection: asyncpg.Connection, symbol: int, interval: str, candles: np.ndarray) -> None:
    if not len(candles):
        return
    rows = await connection.fetch(
        f"SELECT {columns(KLINE_COLUMNS)} FROM history.klines WHERE symbol = $1 AND interval = $2 AND open_ns BETWEEN $3 AND $4 "
        "ORDER BY open_ns",
        symbol, INTERVALS[interval].index, int(candles["open_ns"][0]), int(candles["open_ns"][-1]),
    )  # fmt: skip
    recorded = {row["open_ns"]: tuple(row) for row in rows}
    for candle in candles.tolist():
        _expect(f"candle {interval} of symbol {symbol} that opens at {candle[0]}", recorded.pop(candle[0], None), candle)
    if recorded:
        raise _Different(f"a candle {interval} of symbol {symbol} opens at {min(recorded)} without a trade")
