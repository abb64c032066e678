"""The recorder: exactly once, whatever happens to it or to PostgreSQL."""

import asyncio
import contextlib
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from cryptoshop import database as postgresql
from cryptoshop.database import pool as open_pool
from engine.exchange import ExchangeClient
from engine.log.clock import LogClock
from engine.log.local import LocalLog
from engine.machine import Machine
from engine.replica import SnapshotStore
from marketdata import MarketData, Recorder, recorder
from marketdata.audit import compare
from marketdata.errors import NotThisLog, SecondRecorder
from tests.engine.log.disk import ForgetfulDisk
from tests.engine.log.servers import log_server
from tests.engine.streams import START_NS
from tests.marketdata.venue import HeldBack, Market

ROOT = Path(__file__).resolve().parents[2]


@contextlib.asynccontextmanager
async def recording(log, pool, snapshots=None):
    """A running recorder; what ends it ends the test."""
    recorder = Recorder(log, pool, snapshots)
    recorder.running = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        recorder.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await recorder.running


async def reached(recorder: Recorder, position: int) -> None:
    there = asyncio.create_task(recorder.reached(position))
    await asyncio.wait((there, recorder.running), timeout=60, return_when=asyncio.FIRST_COMPLETED)
    assert there.done() or recorder.running.result(), f"recorded up to {recorder.position}, not {position}"


@pytest.fixture
async def pool(database: str):
    pool = await open_pool(database)
    yield pool
    await pool.close()


@pytest.mark.parametrize("seed", range(6))
async def test_records_agree_with_the_machine(pool, seed: int) -> None:
    market = Market(seed)
    async with recording(market.log, pool) as recorder:
        for _ in range(3):
            await market.append(100)
            await reached(recorder, market.machine.position)
            assert await compare(pool, market.machine) == []
        assert recorder.counters()["recorder_lag_frames"] == 0


async def test_batches_do_not_matter(pool, postgres_server, monkeypatch) -> None:
    """However the frames are cut into transactions, the rows are the same."""
    market = Market(2)
    await market.append(300)
    found = []
    for events in (1, 50, 100_000):
        monkeypatch.setattr(recorder, "BATCH_EVENTS", events)
        async with pool.acquire() as connection:
            kept = [name for name, in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'history'")]
            await connection.execute(f"TRUNCATE {', '.join(f'history.{name}' for name in kept if name != 'recorder')}")
            await connection.execute("UPDATE history.recorder SET position = 0, time_ns = 0, seq = 0")
        async with recording(market.log, pool) as one:
            await reached(one, market.machine.position)
        tables = ("orders", "trades", "klines", "entries", "transfers", "assets", "symbols", "recorder")
        found.append({name: sorted(map(tuple, await pool.fetch(f"SELECT * FROM history.{name}"))) for name in sorted(kept)})
        assert all(found[-1][table] for table in tables), "every one of these has rows"
    assert found[0] == found[1] == found[2]


async def test_goes_on_from_a_snapshot_at_or_before_the_recorded_position(pool, tmp_path) -> None:
    market = Market(3)
    held_back = HeldBack(market.log)
    snapshots = SnapshotStore(tmp_path)
    await market.append(200)
    held_back.let(120)
    async with recording(held_back, pool, snapshots) as first:
        await reached(first, 120)
    assert snapshots.positions() == [120]  # taken at its end

    client = await ExchangeClient.open(market.log, reducers={"marketdata": MarketData()})
    snapshots.save(client.position, client.replica.parts())  # PostgreSQL is not there yet
    await client.close()
    held_back.let(150)
    async with recording(held_back, pool) as second:  # from the first frame, for want of snapshots
        await reached(second, 150)
    async with recording(market.log, pool, snapshots) as third:
        await reached(third, 200)
    assert await compare(pool, market.machine) == []


async def test_a_second_recorder_stops_the_first(pool) -> None:
    market = Market(4)
    held_back = HeldBack(market.log)
    slow = asyncio.create_task(Recorder(held_back, pool).run())
    await market.append(20)
    held_back.let(10)
    while await pool.fetchval("SELECT position FROM history.recorder") < 10:
        await asyncio.sleep(0.01)
    async with recording(market.log, pool) as quick:
        await reached(quick, 20)
    held_back.let(15)
    with pytest.raises(SecondRecorder):
        await asyncio.wait_for(slow, 30)
    assert await compare(pool, market.machine) == []


async def test_another_log_is_refused(pool) -> None:
    market = Market(5)
    await market.append(20)
    async with recording(market.log, pool) as recorder:
        await reached(recorder, 20)
    other = Market(6)
    await other.append(10)
    with pytest.raises(NotThisLog):
        await asyncio.wait_for(Recorder(other.log, pool).run(), 30)


async def test_kill_at_any_moment(database: str, tmp_path) -> None:
    """kill -9 of the recorder's process while it records: nothing is lost, nothing is there twice, no snapshot is ahead of the rows."""
    rng = random.Random(1)
    pool = await open_pool(database)
    snapshots = SnapshotStore(tmp_path)
    market = Market(8)
    clock = LogClock(START_NS, wall=lambda: market.stream.time_ns, steady=lambda: 0, jump_limit_ns=2**62)
    async with log_server(ForgetfulDisk(), clock=clock) as (_, path):
        market.log = await LocalLog.open(path)
        kills_while_recording = 0
        for _ in range(5):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.marketdata.recorder_process", f"local:{path}", database, str(tmp_path), cwd=ROOT
            )
            before = await pool.fetchval("SELECT position FROM history.recorder")
            await market.append(80)
            while (recorded := await pool.fetchval("SELECT position FROM history.recorder")) <= before:
                await asyncio.sleep(0.005)
            await asyncio.sleep(rng.uniform(0, 0.15))
            process.kill()
            await process.wait()
            recorded = await pool.fetchval("SELECT position FROM history.recorder")
            kills_while_recording += recorded < market.machine.position
            assert all(position <= recorded for position in snapshots.positions())
        assert kills_while_recording, "no kill met a recorder at work"
        assert snapshots.positions()
        async with recording(f"local:{path}", pool, snapshots) as recorder:
            await reached(recorder, market.machine.position)
        assert await compare(pool, market.machine) == []
        await market.log.close()
    await pool.close()


@pytest.fixture
def server_dir() -> Iterator[Path]:
    """Not below pytest's own directory: as root the server runs as another user, whom pytest shuts out of it at each start."""
    with tempfile.TemporaryDirectory(prefix="cryptoshop-test-") as directory:
        yield Path(directory)


async def test_postgresql_goes_away_and_comes_back(server_dir, monkeypatch) -> None:
    monkeypatch.setattr(recorder, "LINGER_SECONDS", 0.001)
    monkeypatch.setattr(recorder, "PAUSE_SECONDS", (0.05, 0.2))
    unsafe_but_fast = {"fsync": "off", "synchronous_commit": "off"}
    market = Market(9)
    server = await asyncio.to_thread(postgresql.start, server_dir, unsafe_but_fast)
    try:
        await postgresql.migrate(server.url)
        pool = await open_pool(server.url)
        async with recording(market.log, pool) as one:
            for _ in range(3):
                await market.append(60)
                await asyncio.to_thread(server.stop)  # while it records
                await market.append(60)
                server = await asyncio.to_thread(postgresql.start, server_dir, unsafe_but_fast)
                await reached(one, market.machine.position)
                assert await compare(pool, market.machine) == []
        await asyncio.wait_for(pool.close(), 10)
    finally:
        await asyncio.to_thread(server.stop)


async def test_a_commit_whose_answer_was_lost_is_not_written_again(pool, monkeypatch) -> None:
    """The connection breaks after COMMIT took effect and before the recorder heard of it."""
    market = Market(2)
    lost = 0
    write = Recorder._write

    async def write_and_lose_the_answer(self, rows, after) -> None:
        nonlocal lost
        await write(self, rows, after)
        if lost < 3:
            lost += 1
            raise asyncpg.ConnectionDoesNotExistError("lost after the commit")

    monkeypatch.setattr(Recorder, "_write", write_and_lose_the_answer)
    monkeypatch.setattr(recorder, "PAUSE_SECONDS", (0.01, 0.01))
    await market.append(50)
    async with recording(market.log, pool) as one:
        await reached(one, market.machine.position)
        await market.append(50)
        await reached(one, market.machine.position)
    assert lost == 3
    assert await compare(pool, market.machine) == []


async def test_the_audit_replays_to_the_recorded_position(pool) -> None:
    """A machine that begins anew and frames that go on past what is recorded."""
    market = Market(2)
    held_back = HeldBack(market.log)
    await market.append(60)
    held_back.let(40)
    async with recording(held_back, pool) as one:
        await reached(one, 40)
    machine = Machine()
    frames = [frame async for frame in _frames(market, 60)]
    assert await compare(pool, machine, (machine.apply(*frame) for frame in frames)) == []
    assert machine.position == 60


async def _frames(market: Market, count: int):
    async for frame in market.log.read(1):
        yield frame
        if frame[0]["position"] == count:
            return
