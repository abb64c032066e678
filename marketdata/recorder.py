"""Recorder: the command log into PostgreSQL, exactly once, and snapshots of the replica at positions that PostgreSQL has.

It pulls frames from the log, applies them to a replica of its own, and writes what came of a batch in one transaction with the batch's last
position. So memory is bounded by one batch and what the log's reader has ready, whatever PostgreSQL does: while it is away, nothing is
pulled. After any kind of end the next recorder begins with the newest snapshot at or before the recorded position, applies the frames up
to it without writing, and goes on. A transaction whose outcome is unknown is settled by reading the position.

Two recorders on one database cannot both write: each commit moves the position from the one it knows, or fails with SecondRecorder.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import asyncpg
import numpy as np

from engine.log import open_log
from engine.log.port import Log, LogAhead, LogGone, LogUnavailable
from engine.replica import Replica, SnapshotStore
from marketdata.errors import NotThisLog, SecondRecorder
from marketdata.facts import (
    CONTINGENT,
    KEEP,
    Frame,
    OrderChange,
    amendment_facts,
    candle_rows,
    entries_of,
    list_facts,
    listings_of,
    order_facts,
    prevented_facts,
    trades_of,
    transfer_facts,
)
from marketdata.margin_reads import MarginRows
from marketdata.reducer import MarketData
from marketdata.rows import (
    ENTRY_COLUMNS,
    KLINE_UPSERT,
    LIST_COLUMNS,
    ORDER_COLUMNS,
    PREVENTED_COLUMNS,
    TERMS_COLUMNS,
    TRADE_COLUMNS,
    TRANSFER_COLUMNS,
    list_row,
    order_row,
    transfer_row,
)

logger = logging.getLogger(__name__)

BATCH_EVENTS = 16_384  # a batch ends when it has that many events
FRAMES_AHEAD = 64  # read from the log and not applied yet
LINGER_SECONDS = 0.05  # how long a batch waits for more; readers are not behind, they have the tail
PAUSE_SECONDS = (0.1, 5.0)  # first and longest pause while PostgreSQL or the log is away
SNAPSHOT_COMMANDS = 200_000
SNAPSHOT_SECONDS = 60.0
SCHEMA = "history"

# PostgreSQL is away, or cannot take more for now; all else is a defect and ends the recorder.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InternalClientError,
)


class Recorded(NamedTuple):
    """What PostgreSQL has."""

    position: int
    time_ns: int
    seq: int


class Recorder:
    """Follows one log into one database. `run` ends only by cancellation or with an error that a restart may not cure."""

    def __init__(self, log: str | Log, pool: asyncpg.Pool, snapshots: SnapshotStore | None = None, *, machine=None):
        """`log` is a url, or a Log that stays the caller's; `machine` is the class of the replica's machine (default Machine)."""
        self._source = log
        self._pool = pool
        self._snapshots = snapshots
        self._machine = machine
        self._marketdata = MarketData()
        self._replica: Replica | None = None
        self._recorded = Recorded(0, 0, 0)
        self._head = 0
        self._commands_since_snapshot = 0
        self._snapshot_due = 0.0
        self._batches = 0
        self._advanced = asyncio.Condition()

    # ---------------------------------------------------------------- what others may ask

    @property
    def position(self) -> int:
        """The last position that PostgreSQL has."""
        return self._recorded.position

    def counters(self) -> dict[str, int]:
        """For metrics: recorded position, frames of the log that are not recorded yet, batches written."""
        return {
            "recorder_position": self.position,
            "recorder_lag_frames": max(0, self._head - self.position),
            "recorder_batches": self._batches,
        }

    async def reached(self, position: int) -> None:
        """Return once everything up to `position` is recorded."""
        async with self._advanced:
            await self._advanced.wait_for(lambda: self.position >= position)

    # ---------------------------------------------------------------- life

    async def run(self) -> None:
        """Record until cancelled. Raises SecondRecorder, NotThisLog, LogDamaged, ReplicaStopped, and PostgreSQL's refusals of a row."""
        self._recorded = await self._patiently(self._read_recorded)
        self._start_replica()
        self._snapshot_due = asyncio.get_running_loop().time() + SNAPSHOT_SECONDS
        logger.info("event=recorder_started recorded=%d replica=%d", self.position, self._replica.position)
        try:
            await self._follow_for_ever()
        except asyncio.CancelledError:
            self._snapshot_at_the_end()
            raise

    async def _follow_for_ever(self) -> None:
        pause = PAUSE_SECONDS[0]
        while True:
            try:
                log = await open_log(self._source) if isinstance(self._source, str) else self._source
                try:
                    await self._follow(log)
                finally:
                    if log is not self._source:
                        await log.close()
            except (LogGone, LogAhead) as error:
                raise NotThisLog(f"the database has everything up to position {self.position}, but {error}") from error
            except LogUnavailable as error:
                logger.warning("event=log_away position=%d reason=%s", self._replica.position, error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSE_SECONDS[1])

    def _start_replica(self) -> None:
        reducers = {"marketdata": self._marketdata}
        self._replica = Replica.restore(self._snapshots, reducers, self._machine, at_most=self.position)

    async def _follow(self, log: Log) -> None:
        """Record from the replica's position on, as long as the connection lasts."""
        if self.position > (head := await log.head()):
            raise LogAhead(self.position, head)
        self._head = max(self._head, head)
        async with _ahead(log.read(self._replica.position + 1, self._replica.chain), FRAMES_AHEAD) as arrived:
            while True:
                batch = await self._gather(arrived)
                if batch:
                    await self._record(batch)

    async def _gather(self, arrived: asyncio.Queue) -> list[Frame]:
        """Apply at least one frame, and those that come within LINGER_SECONDS; return what is not recorded yet."""
        frames: list[Frame] = []
        events = 0
        ends = None
        loop = asyncio.get_running_loop()
        while events < BATCH_EVENTS:
            try:
                async with asyncio.timeout_at(ends):
                    item = await arrived.get()
            except TimeoutError:
                break
            if isinstance(item, Exception):
                if frames:
                    arrived.put_nowait(item)  # first write what came before it
                    break
                raise item
            frame = self._apply(*item)
            ends = ends or loop.time() + LINGER_SECONDS
            events += len(frame.events)
            if frame.position > self.position:
                frames.append(frame)
        return frames

    def _apply(self, header: np.void, commands: np.ndarray) -> Frame:
        applied = self._replica.apply(header, commands)
        self._head = max(self._head, applied.position, int(header["durable"]))
        self._commands_since_snapshot += len(applied.commands)
        return Frame.of(applied, self._marketdata)

    # ---------------------------------------------------------------- writing

    async def _record(self, frames: list[Frame]) -> None:
        """Write a batch, however long PostgreSQL is away; the replica stands at its last frame."""
        rows = _Rows(frames, self._marketdata)
        events = [frame.events["seq"][-1] for frame in frames if len(frame.events)]
        after = Recorded(frames[-1].position, frames[-1].time_ns, int(events[-1]) if events else self._recorded.seq)
        await self._patiently(lambda: self._write(rows, after))
        async with self._advanced:
            self._recorded = after
            self._advanced.notify_all()
        self._batches += 1
        self._snapshot_when_due()

    async def _write(self, rows: "_Rows", after: Recorded) -> None:
        """One transaction; does nothing where an earlier attempt turns out to have been committed."""
        async with self._pool.acquire() as connection, connection.transaction():
            moved = await connection.fetchval(
                "UPDATE history.recorder SET position = $2, time_ns = $3, seq = $4 WHERE position = $1 RETURNING position",
                self.position, *after,
            )  # fmt: skip
            if moved is not None:
                await rows.write(connection)
                return
            found = Recorded(*await connection.fetchrow("SELECT position, time_ns, seq FROM history.recorder"))
            if found != after:
                raise SecondRecorder(f"the database was recorded up to {self.position}, now it is {found.position}")

    async def _read_recorded(self) -> Recorded:
        async with self._pool.acquire() as connection:
            return Recorded(*await connection.fetchrow("SELECT position, time_ns, seq FROM history.recorder"))

    async def _patiently(self, attempt: Callable[[], Awaitable]):
        """The result of `attempt`, tried again with growing pauses while PostgreSQL is away."""
        pause = PAUSE_SECONDS[0]
        while True:
            try:
                return await attempt()
            except AWAY as error:
                logger.warning("event=database_away recorded=%d reason=%r", self.position, error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSE_SECONDS[1])

    # ---------------------------------------------------------------- snapshots

    def _snapshot_when_due(self) -> None:
        if self._snapshots is None:
            return
        now = asyncio.get_running_loop().time()
        if self._commands_since_snapshot < SNAPSHOT_COMMANDS and (now < self._snapshot_due or not self._commands_since_snapshot):
            return
        self.snapshot()

    def _snapshot_at_the_end(self) -> None:
        """So that the next start has nothing to replay; only where nothing is applied that is not recorded."""
        if self._snapshots is not None and self._commands_since_snapshot and self._replica.position == self.position:
            self.snapshot()

    def snapshot(self) -> None:
        """Save the replica, which stands at the recorded position. A full disk is reported and tried again later."""
        assert self._replica.position == self.position, "a snapshot may not be ahead of PostgreSQL"
        self._snapshot_due = asyncio.get_running_loop().time() + SNAPSHOT_SECONDS
        try:
            self._snapshots.save(self.position, self._replica.parts())
        except OSError as error:
            logger.error("event=snapshot_failed position=%d reason=%s", self.position, error)
            return
        self._commands_since_snapshot = 0
        logger.info("event=snapshot_saved position=%d", self.position)


@contextlib.asynccontextmanager
async def _ahead(frames: AsyncIterator, limit: int) -> AsyncIterator[asyncio.Queue]:
    """A queue that is kept filled from `frames`, at most `limit` ahead; the exception that ends them is its last item."""
    queue: asyncio.Queue = asyncio.Queue(limit + 1)

    async def fill() -> None:
        try:
            async for header, commands in frames:
                await queue.put((header, commands))
        except Exception as error:  # noqa: BLE001  whatever it is, the reader of the queue raises it
            await queue.put(error)

    filling = asyncio.create_task(fill())
    try:
        yield queue
    finally:
        filling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await filling


class _Rows:
    """The rows of a batch, made once, written as often as it takes."""

    def __init__(self, frames: list[Frame], marketdata: MarketData):
        trades = trades_of(frames)
        placed, changed = order_facts(frames)
        made, ended = transfer_facts(frames)
        self.assets, self.symbols = listings_of(frames)
        self.orders = [order_row(order) for order in placed.values()]
        self.changes = list(changed.values())
        self.lists = [list_row(found) for found in list_facts(frames).values()]
        self.terms = amendment_facts(frames)
        self.amended_before = [order_id for order_id in {terms.order_id for terms in self.terms} if order_id not in placed]
        self.prevented = prevented_facts(frames)
        self.trades = trades[list(TRADE_COLUMNS)].tolist()
        self.klines = [(symbol, index, *row) for symbol, index, klines in candle_rows(trades) for row in klines.tolist()]
        self.entries = entries_of(frames, marketdata).tolist()
        self.transfers = [transfer_row(transfer) for transfer in made.values()]
        self.ended = [(*transfer_id, *end) for transfer_id, end in ended.items()]
        self.margin = MarginRows(frames)

    async def write(self, connection: asyncpg.Connection) -> None:
        """Inside the caller's transaction."""
        await self._copy(connection, "assets", ("asset", "name", "scale"), self.assets)
        await self._copy(connection, "symbols", ("symbol", "name", "base", "quote", "lot_units", "tick_lot_units"), self.symbols)
        await self._copy(connection, "orders", ORDER_COLUMNS, self.orders)
        await self._copy(connection, "trades", TRADE_COLUMNS, self.trades)
        await self._copy(connection, "entries", ENTRY_COLUMNS, self.entries)
        await self._copy(connection, "transfers", TRANSFER_COLUMNS, self.transfers)
        await self._copy(connection, "prevented", PREVENTED_COLUMNS, self.prevented)
        await self.margin.write(connection, self._copy)
        if self.amended_before:
            await connection.execute(_KEEP_FIRST_TERMS, self.amended_before)
        await self._copy(connection, "amendments", TERMS_COLUMNS, self.terms)
        if self.lists:
            await connection.executemany(_CHANGE_LISTS, self.lists)
        if self.changes:
            await connection.execute(_CHANGE_ORDERS, *zip(*self.changes, strict=True))
        if self.klines:
            await connection.execute(KLINE_UPSERT, *zip(*self.klines, strict=True))
        if self.ended:
            await connection.execute(_END_TRANSFERS, *zip(*self.ended, strict=True))

    @staticmethod
    async def _copy(connection: asyncpg.Connection, table: str, columns: tuple[str, ...], rows: list[tuple]) -> None:
        if rows:
            await connection.copy_records_to_table(table, schema_name=SCHEMA, columns=columns, records=rows)


_IS_CONTINGENT = f"o.order_type IN ({', '.join(str(int(order_type)) for order_type in CONTINGENT)})"

# An order's first terms, before its row is changed by the first amendment.
_KEEP_FIRST_TERMS = """
    INSERT INTO history.amendments (order_id, seq, order_lots, client_id, time_ns)
    SELECT order_id, 0, order_lots, client_id, placed_ns FROM history.orders WHERE order_id = ANY($1::bigint[])
    ON CONFLICT DO NOTHING
"""

# As OrderChange.applied_to.
_CHANGE_ORDERS = f"""
    UPDATE history.orders AS o
    SET status = c.status, code = c.code, executed_lots = c.executed_lots, executed_quote = c.executed_quote, updated_ns = c.updated_ns,
        order_lots = CASE WHEN c.order_lots = {KEEP} THEN o.order_lots ELSE c.order_lots END,
        client_id = CASE WHEN c.client_id = '' THEN o.client_id ELSE c.client_id END,
        price_ticks = CASE WHEN c.price_ticks = {KEEP} THEN o.price_ticks ELSE c.price_ticks END,
        turn_ns = CASE WHEN o.turn_ns = 0 THEN c.activated_first_ns ELSE o.turn_ns END,
        working_ns = CASE
            WHEN c.activations = 0 OR (o.turn_ns = 0 AND {_IS_CONTINGENT} AND c.activations = 1) THEN o.working_ns
            ELSE c.activated_last_ns
        END,
        prevented_lots = o.prevented_lots + c.prevented_more,
        prevented_match = CASE WHEN c.prevented_match = 0 THEN o.prevented_match ELSE c.prevented_match END
    FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[],
                $9::bigint[], $10::integer[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[])
        AS c ({", ".join(OrderChange._fields)})
    WHERE o.order_id = c.order_id
"""

_CHANGE_LISTS = f"""
    INSERT INTO history.lists ({", ".join(LIST_COLUMNS)}) VALUES ({", ".join(f"${place + 1}" for place in range(len(LIST_COLUMNS)))})
    ON CONFLICT (list_id) DO UPDATE SET status = excluded.status, updated_ns = excluded.updated_ns
"""

_END_TRANSFERS = """
    UPDATE history.transfers AS t
    SET ended = e.ended, ended_ns = e.ended_ns
    FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::bigint[]) AS e (id_hi, id_lo, ended, ended_ns)
    WHERE t.id_hi = e.id_hi AND t.id_lo = e.id_lo
"""
