"""What every log must do, whatever it is made of. Each test runs against the memory log and the local log."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest

from engine.log.frame import FRAME_BYTES_MAX, FrameError, encode
from engine.log.local import LocalLog
from engine.log.memory import MemoryLog
from engine.log.port import LogAhead, LogDamaged, LogGone, LogRefused, LogUnavailable, Refusal
from engine.types import FRAME_COMMANDS_MAX
from tests.engine.log.disk import ForgetfulDisk
from tests.engine.log.samples import ORIGIN, request, ticks, values_of
from tests.engine.log.servers import log_server


@asynccontextmanager
async def memory_log():
    log = MemoryLog()

    async def connect():
        return log

    yield connect


@asynccontextmanager
async def local_log():
    connections = []
    async with log_server(ForgetfulDisk(), segment_bytes=4000) as (_, path):

        async def connect():
            connections.append(await LocalLog.open(path))
            return connections[-1]

        yield connect
        for connection in connections:
            await connection.close()


@pytest.fixture(params=[memory_log, local_log])
async def connect(request):
    """A function that makes connections to one fresh log."""
    async with request.param() as connect:
        yield connect


async def take(log, count: int, from_position: int = 1, chain: bytes | None = None) -> list:
    """The first `count` frames from a position: (position, values)."""
    taken = []
    async with aclosing(log.read(from_position, chain)) as arriving:
        async for header, commands in arriving:
            taken.append((int(header["position"]), values_of(commands)))
            if len(taken) == count:
                break
    return taken


async def test_positions_count_from_one(connect):
    log = await connect()
    assert await log.head() == 0
    assert [await log.append(request(number)) for number in (1, 2, 3)] == [1, 2, 3]
    assert await log.head() == 3


async def test_what_is_read_is_what_was_appended_stamped_and_chained(connect):
    log = await connect()
    for number in range(1, 31):
        await log.append(request(number, *range(number)))
    assert await take(log, 30) == [(number, list(range(number)) if number > 1 else [0]) for number in range(1, 31)]
    times, chains, durable = [], set(), []
    async with aclosing(log.read(1)) as arriving:
        async for header, _ in arriving:
            assert (int(header["origin"]), int(header["number"])) == (ORIGIN, int(header["position"]))
            times.append(int(header["time_ns"]))
            durable.append(int(header["durable"]) < int(header["position"]))
            chains.add(header["chain"].tobytes())
            if header["position"] == 30:
                break
    assert times == sorted(times)
    assert times[0] > 0
    assert all(durable)
    assert len(chains) == 30


async def test_a_reader_gets_the_past_and_then_the_future(connect):
    log, other = await connect(), await connect()
    await log.append(request(1))
    reading = asyncio.create_task(take(other, 3))
    await asyncio.sleep(0.01)
    await log.append(request(2))
    await log.append(request(3))
    assert await reading == [(1, [1]), (2, [2]), (3, [3])]


async def test_reading_begins_anywhere_also_at_the_end_but_not_behind_it(connect):
    log = await connect()
    for number in range(1, 21):
        await log.append(request(number))
    for start in range(1, 21):
        assert await take(log, 1, start) == [(start, [start])]
    at_end = asyncio.create_task(take(log, 1, 21))
    await asyncio.sleep(0.01)
    await log.append(request(21))
    assert await at_end == [(21, [21])]
    with pytest.raises(LogAhead):
        await take(log, 1, 23)


async def test_a_reader_that_knows_another_chain_is_told_of_the_damage(connect):
    log = await connect()
    await log.append(request(1))
    await log.append(request(2))
    async with aclosing(log.read(1)) as arriving:
        header, _ = await anext(arriving)
    assert await take(log, 1, 2, header["chain"].tobytes()) == [(2, [2])]
    with pytest.raises(LogDamaged) as found:
        await take(log, 1, 2, b"x" * 32)
    assert found.value.position == 2


async def test_a_resend_of_identical_bytes_has_the_same_position(connect):
    log, other = await connect(), await connect()
    assert await log.append(request(1)) == 1
    assert await other.append(request(1)) == 1
    assert await log.append(request(2)) == 2
    assert await log.head() == 2


async def test_other_bytes_under_the_same_number_are_refused(connect):
    log = await connect()
    await log.append(request(1))
    with pytest.raises(LogRefused) as refused:
        await log.append(request(1, 99))
    assert refused.value.reason is Refusal.CONFLICT
    assert await log.head() == 1


async def test_origins_append_at_the_same_time_and_all_are_kept_in_their_order(connect):
    logs = [await connect() for _ in range(5)]

    async def origin(index):
        for number in range(1, 31):
            await logs[index].append(request(number, 100 * index + number, origin=index + 1))

    await asyncio.gather(*map(origin, range(5)))
    values = [values[0] for _, values in await take(logs[0], 150)]
    assert sorted(values) == sorted(100 * index + number for index in range(5) for number in range(1, 31))
    for index in range(5):
        own = [value for value in values if 100 * index < value <= 100 * index + 30]
        assert own == sorted(own)


async def test_the_largest_frame_and_no_larger(connect):
    log = await connect()
    largest = encode(ticks(*range(FRAME_COMMANDS_MAX)), ORIGIN, 1, 0)
    assert len(largest) == FRAME_BYTES_MAX
    assert await log.append(largest) == 1
    ((_, values),) = await take(log, 1)
    assert values == list(range(FRAME_COMMANDS_MAX))
    with pytest.raises(FrameError):
        encode(ticks(*range(FRAME_COMMANDS_MAX + 1)), ORIGIN, 2, 0)


async def test_what_is_no_frame_is_refused_and_changes_nothing(connect):
    log = await connect()
    good = request(1)
    for bad in (b"", good[:100], good[:-1], good + b"x", b"x" + good[1:], good[:40] + b"\1" + good[41:]):
        with pytest.raises(FrameError):
            await log.append(bad)
    assert await log.append(good) == 1


async def test_truncation_keeps_what_lies_behind(connect):
    log = await connect()
    for number in range(1, 101):
        await log.append(request(number))
    first = await log.truncate(60)
    assert 1 < first <= 60
    with pytest.raises(LogGone) as gone:
        await take(log, 1, first - 1)
    assert gone.value.first == first
    assert len(await take(log, 101 - first, first)) == 101 - first
    assert await log.append(request(101)) == 101


async def test_a_closed_log_is_unavailable(connect):
    log = await connect()
    reading = asyncio.create_task(take(log, 1))
    await asyncio.sleep(0.01)
    await log.close()
    with pytest.raises(LogUnavailable):
        await reading
    with pytest.raises(LogUnavailable):
        await log.append(request(1))
