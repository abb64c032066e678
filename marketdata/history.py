"""History: reads of what happened, complete up to the moment they are asked for.

Every read is one statement to PostgreSQL, which also tells the position its rows belong to, folded with the frames that this process has
applied since (fold.py). So it is never behind what this process has told a client, wherever the recorder is. The frames are kept from the
last recorded position known, at most TAIL_RECORDS of events and commands; where that does not reach back, a read waits for the recorder,
at most WAIT_SECONDS, and raises HistoryUnavailable.

It writes nothing and never changes what it reads.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg
import numpy as np

from engine.types import EventKind, ListStatus
from engine.views import Applied
from marketdata.errors import HistoryUnavailable
from marketdata.facts import Frame, Terms, prevented_facts, storable, trades_of
from marketdata.fold import (
    Bounds,
    first_open,
    fold_agg_trades,
    fold_amendments,
    fold_fills,
    fold_klines,
    fold_list_ids,
    fold_lists,
    fold_order,
    fold_orders,
    fold_orders_by_id,
    fold_prevented,
    fold_trades_from,
    fold_transfers,
    is_between,
    is_open_list,
    renamed_in,
)
from marketdata.intervals import DAY_NS, INTERVALS, MINUTE_NS, kline_back, kline_open, opens_alike
from marketdata.margin_reads import MarginReads
from marketdata.records import (
    AGG_TRADE,
    KLINE,
    TRADE,
    Amendment,
    Fill,
    Kline,
    OrderList,
    OrderRecord,
    PreventedMatch,
    TransferRecord,
)
from marketdata.reducer import TRADES_KEPT, MarketData
from marketdata.rows import (
    KLINE_COLUMNS,
    LIST_COLUMNS,
    ORDER_COLUMNS,
    PREVENTED_COLUMNS,
    TERMS_COLUMNS,
    TRADE_COLUMNS,
    TRANSFER_COLUMNS,
    columns,
    order_list,
    record_array,
    transfer_record,
)

LIMIT_MAX = 1000
TAIL_RECORDS = 400_000  # events and commands kept; 60 MB
REFRESH_RECORDS = 20_000  # after that many more, the recorded position is asked for
WAIT_SECONDS = 3.0
WAIT_STEP_SECONDS = 0.02
FINER_ROWS_MAX = 100_000  # candles read for one answer at an offset that needs finer ones
TIME_MS_MAX = 2**63 // 10**6 - 1
ID_MAX = 2**62  # beyond every id


class Tail:
    """The frames after a position, up to a bound."""

    def __init__(self, position: int, records_max: int = TAIL_RECORDS):
        self.start = position  # every frame after it, so far, is here
        self._frames: deque[Frame] = deque()
        self._records = 0
        self._records_max = records_max

    def add(self, frame: Frame) -> None:
        """The next frame; beyond the bound the oldest are forgotten."""
        self._frames.append(frame)
        self._records += _records(frame)
        while self._records > self._records_max:
            self.start = self._forget_first()

    def trim(self, position: int) -> None:
        """Forget the frames up to `position`."""
        while self._frames and self._frames[0].position <= position:
            self._forget_first()
        self.start = max(self.start, position)

    def _forget_first(self) -> int:
        frame = self._frames.popleft()
        self._records -= _records(frame)
        return frame.position

    def after(self, position: int) -> list[Frame] | None:
        """The frames after `position`; None where they are not all here any more."""
        if position < self.start:
            return None
        return [frame for frame in self._frames if frame.position > position]


def _records(frame: Frame) -> int:
    return len(frame.events) + len(frame.commands)


class History(MarginReads):
    """The venue's past, for one process."""

    def __init__(self, pool: asyncpg.Pool, exchange, marketdata: MarketData, *, records_max: int = TAIL_RECORDS):
        """`exchange`: an ExchangeClient (or Exchange) of whose frames `marketdata` is kept. Make it before anything else happens there."""
        self._pool = pool
        self._exchange = exchange
        self._marketdata = marketdata
        self._recorded = 0  # the highest recorded position known
        self._tail = Tail(marketdata.position, records_max)
        self._reading: dict[object, int] = {}  # reads under way -> the recorded position known at their start
        self._records_since_refresh = 0
        self._refreshing: asyncio.Task | None = None
        exchange.listen(self._on_applied)

    # ---------------------------------------------------------------- the tail

    def _on_applied(self, applied: Applied) -> None:
        frame = Frame.of(applied, self._marketdata)
        self._tail.add(frame)
        self._records_since_refresh += _records(frame)
        if self._records_since_refresh > REFRESH_RECORDS and (self._refreshing is None or self._refreshing.done()):
            self._records_since_refresh = 0
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh())

    async def _refresh(self) -> None:
        """Learn the recorded position, so that the tail gets shorter though nobody reads; failing is no matter, reads will tell."""
        try:
            await self.recorded_position()
        except HistoryUnavailable:
            return

    def _learn(self, recorded: int) -> None:
        self._recorded = max(self._recorded, recorded)
        self._tail.trim(min((*self._reading.values(), self._recorded)))

    @asynccontextmanager
    async def _reading_now(self) -> AsyncIterator[None]:
        """While inside, the frames after the recorded position that is known now stay in the tail (within its bound)."""
        token = object()
        self._reading[token] = self._recorded
        try:
            yield
        finally:
            del self._reading[token]

    async def recorded_position(self) -> int:
        """The position up to which PostgreSQL has everything. Raises HistoryUnavailable."""
        recorded = await self._fetch("SELECT position FROM history.recorder")
        self._learn(recorded[0][0])
        return recorded[0][0]

    async def _fetch(self, query: str, *arguments) -> list[asyncpg.Record]:
        try:
            return await self._pool.fetch(query, *arguments)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise HistoryUnavailable(f"the database does not answer: {error!r}") from error

    async def _read(self, query: str, *arguments) -> tuple[list[tuple], list[Frame]]:
        """The rows of `query` and the frames after the position that they belong to.

        `query` gives rows with a column `place`, by which they are to be ordered, first.
        """
        whole = f"SELECT r.position, q.* FROM history.recorder AS r LEFT JOIN ({query}) AS q ON true ORDER BY q.place"
        waits_until = asyncio.get_running_loop().time() + WAIT_SECONDS
        async with self._reading_now():
            while True:
                found = await self._fetch(whole, *arguments)
                position = found[0][0]
                frames = self._tail.after(position)
                self._learn(position)
                if frames is not None:
                    return [tuple(row)[2:] for row in found if row[1] is not None], frames
                if asyncio.get_running_loop().time() > waits_until:
                    raise HistoryUnavailable(f"recorded up to {position}, the replica began after {self._tail.start}")
                await asyncio.sleep(WAIT_STEP_SECONDS)

    # ---------------------------------------------------------------- public reads

    async def klines(self, symbol: int, interval: str, *, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500,
                     offset_minutes: int = 0) -> list[Kline]:  # fmt: skip
        """Candles that open in start_ms … end_ms, oldest first, candles without a trade filled in, from the symbol's first trade to now.

        With start_ms the first `limit` of them, else the last. At an offset from UTC that needs finer candles FINER_ROWS_MAX of those
        are read at most, so fewer may come. Raises KeyError for an interval not in INTERVALS, HistoryUnavailable.
        """
        bounds = _bounds(limit, start_ms=start_ms, end_ms=end_ms)
        base = finer_interval(interval, offset_minutes)
        finer_each = -(-(INTERVALS[interval].step_ns or 31 * DAY_NS) // INTERVALS[base].step_ns) if base != interval else 1
        limit = min(bounds.limit, max(1, FINER_ROWS_MAX // finer_each))
        first_ns, last_ns = self._kline_range(interval, offset_minutes, bounds, limit)
        if first_ns > last_ns:
            return []
        rows, frames = await self._read(_KLINES, symbol, INTERVALS[base].index, first_ns, limit * finer_each)
        first_ns, last_ns = self._kline_range(interval, offset_minutes, bounds, limit)  # time may have passed
        tail = trades_of(frames, symbol)
        return fold_klines(record_array(rows, KLINE), tail, interval, offset_minutes, first_ns=first_ns, last_ns=last_ns, limit=limit)

    def _kline_range(self, interval: str, offset_minutes: int, bounds: Bounds, limit: int) -> tuple[int, int]:
        """Open times of the first and the last candle that the bounds admit, up to now."""
        last_ns = kline_open(interval, min(bounds.end_ns, self._now_ns()), offset_minutes)
        if bounds.first:
            return first_open(interval, offset_minutes, min(bounds.start_ns, last_ns + 1)), last_ns
        return kline_back(interval, last_ns, limit - 1, offset_minutes), last_ns

    def _now_ns(self) -> int:
        """Core time: candles are there up to it."""
        return self._marketdata.time_ns

    async def trades(self, symbol: int, *, from_id: int | None = None, limit: int = 500) -> np.ndarray:
        """TRADE array, oldest first: the first `limit` from trade id `from_id` on, or the latest. Raises HistoryUnavailable."""
        bounds = _bounds(limit, from_id=from_id)
        kept = self._marketdata.trades(symbol, TRADES_KEPT)
        if _reaches(kept, "trade_id", bounds):
            return bounds.cut(kept[kept["trade_id"] >= bounds.from_id])
        rows, frames = await self._read(_TRADES, symbol, bounds.from_id, bounds.limit)
        return fold_trades_from(record_array(rows, TRADE), trades_of(frames, symbol), bounds)

    async def agg_trades(self, symbol: int, *, from_id: int | None = None, start_ms: int | None = None, end_ms: int | None = None,
                         limit: int = 500) -> np.ndarray:  # fmt: skip
        """AGG_TRADE array, oldest first: the first `limit` from aggregate id `from_id` on or in start_ms … end_ms, or the latest ones
        (up to end_ms). Raises HistoryUnavailable."""
        bounds = _bounds(limit, from_id=from_id, start_ms=start_ms, end_ms=end_ms)
        kept = self._marketdata.agg_trades(symbol, TRADES_KEPT)
        if start_ms is None and end_ms is None and _reaches(kept, "agg_id", bounds):
            return bounds.cut(kept[kept["agg_id"] >= bounds.from_id])
        query = _AGG_TRADES_FIRST if bounds.first else _AGG_TRADES_LAST
        rows, frames = await self._read(query, symbol, bounds.from_id, bounds.start_ns, bounds.end_ns, bounds.limit)
        return fold_agg_trades(record_array(rows, AGG_TRADE), trades_of(frames, symbol), bounds)

    # ---------------------------------------------------------------- an account's reads

    async def my_trades(self, account: int, symbol: int, *, order_id: int | None = None, from_id: int | None = None,
                        start_ms: int | None = None, end_ms: int | None = None, limit: int = 500) -> list[Fill]:  # fmt: skip
        """The account's fills, oldest first: the first `limit` from trade id `from_id` on or in start_ms … end_ms, or the latest ones;
        of one order where order_id is given (then the first, too). Raises HistoryUnavailable."""
        if order_id is not None:
            if not 0 < order_id <= ID_MAX:
                return []
            from_id = from_id or 0
        bounds = _bounds(limit, from_id=from_id, start_ms=start_ms, end_ms=end_ms)
        arguments = (symbol, account, bounds.from_id, bounds.start_ns, bounds.end_ns, bounds.limit)
        if order_id is not None:
            query, arguments = _FILLS_OF_ORDER, (*arguments, order_id)
        else:
            query = _FILLS_FIRST if bounds.first else _FILLS_LAST
        rows, frames = await self._read(query, *arguments)
        fills = fold_fills(record_array(rows, TRADE), trades_of(frames, symbol), account, order_id or 0, bounds)
        lists = await self._list_ids(account, {fill.order_id for fill in fills})
        return [fill._replace(list_id=lists[fill.order_id]) if fill.order_id in lists else fill for fill in fills]

    async def _list_ids(self, account: int, order_ids: set[int]) -> dict[int, int]:
        """Of those orders of the account that are part of a list."""
        if not order_ids:
            return {}
        rows, frames = await self._read(_LIST_IDS, list(order_ids))
        return fold_list_ids(rows, frames, account)

    async def orders(self, account: int, symbol: int, *, order_id_from: int | None = None, start_ms: int | None = None,
                     end_ms: int | None = None, limit: int = 500) -> list[OrderRecord]:  # fmt: skip
        """The account's orders, open and closed, by rising id: the first `limit` from `order_id_from` on or placed in start_ms … end_ms,
        or the latest ones. Raises HistoryUnavailable."""
        bounds = _bounds(limit, from_id=order_id_from, start_ms=start_ms, end_ms=end_ms)
        if start_ms is None and end_ms is None:
            query, arguments = (_ORDERS_FIRST if bounds.first else _ORDERS_LAST), ()
        else:
            query, arguments = (_ORDERS_FIRST_BY_TIME if bounds.first else _ORDERS_LAST_BY_TIME), (bounds.start_ns, bounds.end_ns)
        rows, frames = await self._read(query, account, symbol, bounds.from_id, bounds.limit, *arguments)
        return fold_orders(map(OrderRecord._make, rows), frames, account, symbol, bounds)

    async def order(self, account: int, symbol: int, *, order_id: int | None = None, client_id: str | None = None) -> OrderRecord | None:
        """One order of the account on the symbol: that with the id, or the latest with the client id. Raises HistoryUnavailable."""
        if order_id is not None:
            if not 0 < order_id <= ID_MAX:
                return None
            rows, frames = await self._read(_ORDER_BY_ID, order_id)
            wanted = _is_order(account, symbol, order_id=order_id)
        else:
            client_id = storable((client_id or "").encode(errors="replace").decode())
            renamed = renamed_in(self._tail.after(self._tail.start) or [], account)
            rows, frames = await self._read(_ORDER_BY_CLIENT_ID, account, symbol, client_id, len(renamed) + 1, renamed)
            wanted = _is_order(account, symbol, client_id=client_id)
        return fold_order(map(OrderRecord._make, rows), frames, account, wanted)

    async def orders_by_id(self, account: int, order_ids: list[int]) -> list[OrderRecord]:
        """Those of the account's orders with these ids, by rising id. Raises HistoryUnavailable."""
        rows, frames = await self._read(_ORDERS_BY_ID, order_ids)
        return fold_orders_by_id(map(OrderRecord._make, rows), frames, account, order_ids)

    async def order_lists(self, account: int, *, list_id: int | None = None, client_id: str | None = None, only_open: bool = False,
                          from_id: int | None = None, start_ms: int | None = None, end_ms: int | None = None,
                          limit: int = 500) -> list[OrderList]:  # fmt: skip
        """The account's order lists by rising id: the one with the id, the latest with the client id, all that are open, or as `orders`
        the first `limit` from `from_id` on or placed in start_ms … end_ms, or the latest ones. Raises HistoryUnavailable."""
        bounds = _bounds(limit, from_id=from_id, start_ms=start_ms, end_ms=end_ms)
        if list_id is not None:
            query, arguments, wanted = _LIST_BY_ID, (min(list_id, ID_MAX),), lambda found: found.list_id == list_id
        elif client_id is not None:
            name = storable(client_id)
            query, arguments, wanted = _LIST_BY_CLIENT_ID, (name,), lambda found: found.client_id == name
        elif only_open:
            query, arguments, wanted, bounds.limit = _LISTS_OPEN, (), is_open_list, FINER_ROWS_MAX
        else:
            query, wanted = (_LISTS_FIRST if bounds.first else _LISTS_LAST), lambda _: True
            arguments = (bounds.from_id, bounds.start_ns, bounds.end_ns, bounds.limit)
        rows, frames = await self._read(query, account, *arguments)
        return fold_lists(map(order_list, rows), frames, account, wanted, bounds)

    async def amendments(self, account: int, symbol: int, order_id: int, *, from_seq: int = 0, limit: int = 500) -> list[Amendment]:
        """How the account's order on the symbol was amended, by rising seq: the first `limit` from `from_seq` on. Raises
        HistoryUnavailable."""
        bounds = _bounds(limit, from_id=from_seq)
        rows, frames = await self._read(_TERMS, min(order_id, ID_MAX), account, symbol)
        return fold_amendments(map(Terms._make, rows), frames, account, symbol, order_id, bounds)

    async def prevented_matches(self, account: int, symbol: int, *, match_id: int | None = None, order_id: int | None = None,
                                from_id: int | None = None, limit: int = 500) -> list[PreventedMatch]:  # fmt: skip
        """Matches of the account's orders that were prevented, by rising id: the one with the id, or of one order the first `limit` from
        `from_id` on. Raises HistoryUnavailable."""
        bounds = _bounds(limit, from_id=from_id or 0)
        if match_id is not None:
            query, arguments = _PREVENTED_BY_ID, (min(match_id, ID_MAX),)
        else:
            query, arguments = _PREVENTED_OF_ORDER, (min(order_id or 0, ID_MAX), bounds.from_id, bounds.limit)

        def wanted(match: PreventedMatch) -> bool:
            is_ours = account in (match.taker_account, match.maker_account)
            is_meant = match.match_id == match_id if match_id is not None else order_id in (match.taker_order, match.maker_order)
            return is_ours and is_meant

        rows, frames = await self._read(query, symbol, account, *arguments)
        return fold_prevented(map(PreventedMatch._make, rows), prevented_facts(frames, symbol), wanted, bounds)

    async def transfers(self, account: int, asset: int = 0, *, incoming: bool | None = None, counterparty: int = 0,
                        start_ms: int | None = None, end_ms: int | None = None, offset: int = 0,
                        limit: int = 1000) -> list[TransferRecord]:  # fmt: skip
        """Transfers from or to the account, newest first, in one asset or (0) all, with one other side or (0) all.

        Deposits are incoming with counterparty HOUSE_GATEWAY, withdrawals not incoming with it. Conversions are among them only where
        neither direction nor other side is asked for. Raises HistoryUnavailable.
        """
        bounds = _bounds(limit, start_ms=start_ms, end_ms=end_ms)
        offset = max(0, min(offset, FINER_ROWS_MAX))

        def wanted(transfer: TransferRecord) -> bool:
            return (
                is_between(transfer, account, incoming, counterparty)
                and asset in (0, transfer.asset)
                and bounds.start_ns <= transfer.time_ns <= bounds.end_ns
            )

        sides = (incoming is not False, incoming is not True)
        rows, frames = await self._read(
            _TRANSFERS, account, asset, *sides, counterparty, bounds.start_ns, bounds.end_ns, offset + bounds.limit
        )
        return fold_transfers(map(transfer_record, rows), frames, wanted, offset, bounds.limit)


def _bounds(limit: int, *, from_id: int | None = None, start_ms: int | None = None, end_ms: int | None = None) -> Bounds:
    """Bounds in ns, within what PostgreSQL can compare; end_ms is the last millisecond that counts."""
    start_ns = None if start_ms is None else max(0, min(start_ms, TIME_MS_MAX)) * 10**6
    end_ns = None if end_ms is None else max(0, min(end_ms, TIME_MS_MAX)) * 10**6 + 999_999
    from_id = None if from_id is None else max(0, min(from_id, ID_MAX))
    return Bounds(max(1, min(limit, LIMIT_MAX)), from_id=from_id, start_ns=start_ns, end_ns=end_ns)


def _reaches(kept: np.ndarray, id_field: str, bounds: Bounds) -> bool:
    """Whether the records in memory (rising ids, up to the latest) answer without the database."""
    if not len(kept) or kept[id_field][0] == 1:
        return True
    return bool(kept[id_field][0] <= bounds.from_id) if bounds.first else len(kept) >= bounds.limit


def finer_interval(interval: str, offset_minutes: int) -> str:
    """The widest interval out of whose candles, kept in UTC, those of `interval` at an offset can be made."""
    if opens_alike(interval, offset_minutes):
        return interval
    whole_ns = INTERVALS[interval].step_ns or DAY_NS
    fitting = [
        name
        for name, (_, step_ns, anchor_ns) in INTERVALS.items()
        if step_ns and not anchor_ns and whole_ns % step_ns == 0 and offset_minutes * MINUTE_NS % step_ns == 0
    ]
    return fitting[-1]


def _is_order(account: int, symbol: int, *, order_id: int | None = None, client_id: str = "") -> Callable[[OrderRecord], bool]:
    def wanted(order: OrderRecord) -> bool:
        named = order.client_id == client_id if order_id is None else order.order_id == order_id
        return named and order.account == account and order.symbol == symbol

    return wanted


# ---------------------------------------------------------------- statements: each gives `place`, then the record's columns


def _select(place: str, names: Sequence[str], table: str) -> str:
    return f"SELECT {place} AS place, {columns(names)} FROM history.{table}"


_KLINES = f"""
    ({_select("open_ns", KLINE_COLUMNS, "klines")} WHERE symbol = $1 AND interval = $2 AND open_ns < $3 ORDER BY open_ns DESC LIMIT 1)
    UNION ALL
    ({_select("open_ns", KLINE_COLUMNS, "klines")} WHERE symbol = $1 AND interval = $2 AND open_ns >= $3 ORDER BY open_ns LIMIT $4)
"""

_TRADES = f"{_select('trade_id', TRADE_COLUMNS, 'trades')} WHERE symbol = $1 AND trade_id >= $2 ORDER BY trade_id LIMIT $3"

# Ids have no gaps, and times never fall with rising ids: a range of times is a range of ids.
_FIRST_AT = """
    coalesce((SELECT {id} FROM history.trades WHERE symbol = $1 AND time_ns >= {time} ORDER BY time_ns, trade_id LIMIT 1), 1::bigint << 62)
"""
_LAST_AT = """
    coalesce((SELECT {id} FROM history.trades WHERE symbol = $1 AND time_ns <= {time} ORDER BY time_ns DESC, trade_id DESC LIMIT 1), 0)
"""

_AGG_TRADES = """
    SELECT agg_id AS place, agg_id, min(time_ns), min(price_ticks), sum(quantity_lots)::bigint, sum(quote_quantity)::bigint,
        min(trade_id), max(trade_id), min(taker_order), min(symbol), min(taker_side)
    FROM history.trades WHERE symbol = $1 AND agg_id BETWEEN {first} AND {last} GROUP BY agg_id
"""
_FIRST_AGG = f"greatest($2, {_FIRST_AT.format(id='agg_id', time='$3')})"
_LAST_AGG = _LAST_AT.format(id="agg_id", time="$4")
_AGG_TRADES_FIRST = _AGG_TRADES.format(first=_FIRST_AGG, last=f"least({_LAST_AGG}, {_FIRST_AGG} + $5 - 1)")
_AGG_TRADES_LAST = _AGG_TRADES.format(first=f"greatest({_FIRST_AGG}, {_LAST_AGG} - $5 + 1)", last=_LAST_AGG)

_FILLS_IN_BOUNDS = f"""
    trade_id BETWEEN greatest($3, {_FIRST_AT.format(id="trade_id", time="$4")}) AND {_LAST_AT.format(id="trade_id", time="$5")}
"""


def _fills(taker: str, maker: str, order: str) -> str:
    """Trades of which the account was taker or maker: each once."""
    half = f"""
        ({_select("trade_id", TRADE_COLUMNS, "trades")} WHERE symbol = $1 AND {{who}} AND {_FILLS_IN_BOUNDS}
        ORDER BY trade_id {order} LIMIT $6)
    """
    return f"{half.format(who=taker)} UNION {half.format(who=maker)} ORDER BY place {order} LIMIT $6"


_FILLS_FIRST = _fills("taker_account = $2", "maker_account = $2", "")
_FILLS_LAST = _fills("taker_account = $2", "maker_account = $2", "DESC")
_FILLS_OF_ORDER = _fills("taker_account = $2 AND taker_order = $7", "maker_account = $2 AND maker_order = $7", "")

_ORDERS = f"{_select('order_id', ORDER_COLUMNS, 'orders')} WHERE account = $1 AND symbol = $2 AND order_id >= $3"
_ORDERS_FIRST = f"{_ORDERS} ORDER BY order_id LIMIT $4"
_ORDERS_LAST = f"{_ORDERS} ORDER BY order_id DESC LIMIT $4"
_ORDERS_FIRST_BY_TIME = f"{_ORDERS} AND placed_ns BETWEEN $5 AND $6 ORDER BY placed_ns LIMIT $4"
_ORDERS_LAST_BY_TIME = f"{_ORDERS} AND placed_ns BETWEEN $5 AND $6 ORDER BY placed_ns DESC LIMIT $4"
_ORDER_BY_ID = f"{_select('order_id', ORDER_COLUMNS, 'orders')} WHERE order_id = $1"
_ORDER_BY_CLIENT_ID = f"""
    ({_select("order_id", ORDER_COLUMNS, "orders")} WHERE account = $1 AND client_id = $3 AND symbol = $2 ORDER BY order_id DESC LIMIT $4)
    UNION
    ({_select("order_id", ORDER_COLUMNS, "orders")} WHERE order_id = ANY($5::bigint[]))
"""

_ORDERS_BY_ID = f"{_select('order_id', ORDER_COLUMNS, 'orders')} WHERE order_id = ANY($1::bigint[])"
_LIST_IDS = "SELECT order_id AS place, order_id, list_id FROM history.orders WHERE order_id = ANY($1::bigint[]) AND list_id <> 0"

_LISTS = f"""
    SELECT l.list_id AS place, {columns(LIST_COLUMNS, "l")}, o1.client_id AS name1, o2.client_id AS name2, o3.client_id AS name3
    FROM history.lists AS l
    LEFT JOIN history.orders AS o1 ON o1.order_id = l.first_order
    LEFT JOIN history.orders AS o2 ON o2.order_id = l.second_order
    LEFT JOIN history.orders AS o3 ON o3.order_id = l.third_order
    WHERE l.account = $1
"""
_LIST_BY_ID = f"{_LISTS} AND l.list_id = $2"
_LIST_BY_CLIENT_ID = f"{_LISTS} AND l.client_id = $2 ORDER BY l.list_id DESC LIMIT 1"
_LISTS_OPEN = f"{_LISTS} AND l.status = {ListStatus.EXECUTING:d}"
_LISTS_IN_BOUNDS = f"{_LISTS} AND l.list_id >= $2 AND l.placed_ns BETWEEN $3 AND $4"
_LISTS_FIRST = f"{_LISTS_IN_BOUNDS} ORDER BY l.list_id LIMIT $5"
_LISTS_LAST = f"{_LISTS_IN_BOUNDS} ORDER BY l.list_id DESC LIMIT $5"

# Of an order that was never amended, the terms are those of its row.
_TERMS = f"""
    SELECT t.* FROM (
        {_select("seq", TERMS_COLUMNS, "amendments")} WHERE order_id = $1
        UNION ALL
        SELECT 0, order_id, 0, order_lots, client_id, placed_ns FROM history.orders
        WHERE order_id = $1 AND NOT EXISTS (SELECT FROM history.amendments WHERE order_id = $1)
    ) AS t
    WHERE EXISTS (SELECT FROM history.orders WHERE order_id = $1 AND account = $2 AND symbol = $3)
"""

_PREVENTED = f"{_select('match_id', PREVENTED_COLUMNS, 'prevented')} WHERE symbol = $1 AND (taker_account = $2 OR maker_account = $2)"
_PREVENTED_BY_ID = f"{_PREVENTED} AND match_id = $3"
_PREVENTED_OF_ORDER = f"{_PREVENTED} AND (taker_order = $3 OR maker_order = $3) AND match_id >= $4 ORDER BY match_id LIMIT $5"

_TRANSFERS_HALF = f"""
    ({_select("-time_ns", TRANSFER_COLUMNS, "transfers")}
    WHERE {{mine}} = $1 AND ($2 = 0 OR asset = $2) AND {{asked}} AND ($5 = 0 OR {{other}} = $5) AND time_ns BETWEEN $6 AND $7
    ORDER BY time_ns DESC LIMIT $8)
"""
_TRANSFERS = f"""
    {_TRANSFERS_HALF.format(mine="credit", other="debit", asked="$3::boolean")}
    UNION
    {_TRANSFERS_HALF.format(mine="debit", other="credit", asked=f"$4::boolean AND ($3 OR kind <> {EventKind.CONVERTED:d})")}
    ORDER BY place LIMIT $8
"""
