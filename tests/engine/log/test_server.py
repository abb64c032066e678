"""The log process: clients of all manners, a full disk, a failing one, kill -9."""

import asyncio
import errno
import os
import signal
import socket
import time
from contextlib import aclosing

import pytest

from engine.log import wire
from engine.log.clock import LogClock
from engine.log.files import DiskDirectory
from engine.log.local import UNREAD_MAX, LocalLog
from engine.log.port import LogGone, LogRefused, LogUnavailable, Refusal
from engine.log.segments import archived, segment_names
from tests.engine.log.disk import ForgetfulDisk
from tests.engine.log.processes import log_process
from tests.engine.log.samples import request, values_of
from tests.engine.log.servers import log_server
from tests.engine.log.test_contract import take


def hello(tag: int = 0) -> bytes:
    return wire.integers(wire.Type.HELLO, tag, wire.VERSION)


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        wire.message(wire.Type.APPEND, 1, request(1)),  # without a greeting
        wire.integers(wire.Type.HELLO, 0, 99),
        hello() + wire.message(wire.Type.APPEND, 1, b"x" * 300),
        hello() + wire.message(wire.Type.APPEND, 1, request(1)[:-128]),
        hello() + wire.message(wire.Type.READ, 1, b"short"),
        hello() + wire.message(wire.Type.WELCOME, 1, b"x" * 16),
        hello() + b"\xff\xff\xff\xff" + bytes(12),
        hello() + b"".join(wire.integers(wire.Type.READ, tag, 1) for tag in range(50)),
    ],
    ids=["http", "no greeting", "version", "no frame", "cut frame", "short", "an answer", "too long", "readers"],
)
async def test_a_client_that_breaks_the_rules_is_alone_in_noticing(said):
    async with log_server(ForgetfulDisk()) as (_, path):
        good = await LocalLog.open(path)
        await good.append(request(1))
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(said)
        while await _read_or_reset(reader):
            pass
        writer.close()
        assert await good.append(request(2)) == 2
        await good.close()


async def _read_or_reset(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65536)
    except ConnectionResetError:
        return b""


async def test_groups_gather_while_the_disk_is_busy():
    async with log_server(ForgetfulDisk()) as (server, path):
        logs = [await LocalLog.open(path) for _ in range(20)]
        for number in range(1, 11):
            await asyncio.gather(*(log.append(request(number, origin=1 + i)) for i, log in enumerate(logs)))
        assert server.counters.frames == 200
        assert server.counters.groups < 100
        for log in logs:
            await log.close()


async def test_a_reader_that_does_not_read_costs_the_log_nothing():
    async with log_server(ForgetfulDisk(), segment_bytes=1 << 20) as (server, path):
        lazy = socket.socket(socket.AF_UNIX)
        lazy.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(lazy, path)
        await loop.sock_sendall(lazy, hello() + wire.integers(wire.Type.READ, 1, 1))
        log = await LocalLog.open(path)
        for number in range(1, 101):
            await log.append(request(number, *range(1000)))  # 12.8 MB, more than any buffer would take
        buffered = max(connection._transport.get_write_buffer_size() for connection in server.connections)
        assert buffered < 3 << 20
        # And when it wakes up it is served everything, from the files.
        parser, received, size = wire.Parser(), [], sum(128 + 128 * 1000 for _ in range(100))
        while sum(map(len, received)) < size:
            for message in parser.feed(await loop.sock_recv(lazy, 1 << 20)):
                if message.type is wire.Type.BYTES:
                    received.append(message.payload)
        assert sum(map(len, received)) == size
        lazy.close()
        await log.close()


async def test_a_client_that_does_not_take_what_it_asked_for_stops_reading_its_socket():
    async with log_server(ForgetfulDisk()) as (_, path):
        lazy, log = await LocalLog.open(path), await LocalLog.open(path)
        frame_count = 100
        async with aclosing(lazy.read(1)) as arriving:
            await log.append(request(1, *range(1000)))
            await anext(arriving)
            for number in range(2, frame_count + 1):
                await log.append(request(number, *range(1000)))
            assert lazy._protocol._unread < UNREAD_MAX + (2 << 20)
            for number in range(2, frame_count + 1):
                header, _ = await anext(arriving)
                assert header["position"] == number
        assert await lazy.head() == frame_count
        await lazy.close()
        await log.close()


async def test_a_reader_overtaken_by_truncation_is_told():
    async with log_server(ForgetfulDisk(), segment_bytes=2000) as (_, path):
        log = await LocalLog.open(path)
        await log.append(request(1))
        async with aclosing(log.read(1)) as arriving:
            await anext(arriving)
            for number in range(2, 60):
                await log.append(request(number))
            first = await log.truncate(50)
            assert first > 1
        with pytest.raises(LogGone):
            await take(log, 1, 2)
        await log.close()


async def test_a_full_disk_refuses_appends_serves_reads_and_recovers(caplog):
    disk = ForgetfulDisk()
    async with log_server(disk) as (server, path):
        log = await LocalLog.open(path)
        await log.append(request(1))
        disk.fail = lambda operation, count: errno.ENOSPC if operation == "write" else None
        for _ in range(3):
            with pytest.raises(LogRefused) as refused:
                await log.append(request(2))
            assert refused.value.reason is Refusal.NO_SPACE
        assert server.no_space
        assert await take(log, 1) == [(1, [1])]
        disk.fail = lambda operation, count: None
        assert await log.append(request(2)) == 2
        assert not server.no_space
        assert [record.getMessage().split()[0] for record in caplog.records if "space" in record.getMessage()] == [
            "event=no_space",
            "event=space_returned",
        ]
        await log.close()


async def test_a_failed_sync_ends_the_service_without_an_answer():
    disk = ForgetfulDisk()
    async with log_server(disk) as (server, path):
        log = await LocalLog.open(path)
        await log.append(request(1))
        disk.fail = lambda operation, count: errno.EIO if operation == "sync" else None
        with pytest.raises(LogUnavailable):
            await log.append(request(2))
        assert "EIO" in await server.stopped
        await log.close()


async def test_log_time_follows_the_clock_never_backwards_and_not_over_a_jump():
    wall, steady = [10**18], [0]
    clock = LogClock(wall=lambda: wall[0], steady=lambda: steady[0], jump_limit_ns=10**9)
    async with log_server(ForgetfulDisk(), clock=clock) as (_, path):
        log = await LocalLog.open(path)
        for number, (later_wall, later_steady) in enumerate([(5, 5), (-(10**10), 10), (3 * 10**12, 15)], 1):
            wall[0], steady[0] = 10**18 + later_wall, later_steady
            await log.append(request(number))
        times = []
        async with aclosing(log.read(1)) as arriving:
            async for header, _ in arriving:
                times.append(int(header["time_ns"]) - 10**18)
                if len(times) == 3:
                    break
        assert times == [5, 5, 15]
        await log.close()


# ---------------------------------------------------------------- the process


async def test_sigterm_drains_and_exits_with_zero():
    async with log_process() as process:
        log = await LocalLog.open(str(process.socket))
        appends = [asyncio.create_task(log.append(request(number))) for number in range(1, 11)]
        await asyncio.sleep(0)
        await appends[0]
        assert await process.terminate() == 0
        answers = await asyncio.gather(*appends, return_exceptions=True)
        acknowledged = [answer for answer in answers if isinstance(answer, int)]
        assert acknowledged == list(range(1, len(acknowledged) + 1))
        stored = [value for _, commands, _ in archived(DiskDirectory(process.data_dir / "log")) for value in values_of(commands)]
        assert stored[: len(acknowledged)] == acknowledged
        assert not process.socket.exists()


async def test_a_second_process_on_one_directory_names_the_first():
    async with log_process() as process:
        second = await asyncio.create_subprocess_exec(
            *process.process._transport.get_extra_info("subprocess").args, stderr=asyncio.subprocess.PIPE
        )
        _, said = await second.communicate()
        assert second.returncode == 1
        assert said.decode().count("\n") == 1
        assert f"already open for writing by process {process.process.pid}" in said.decode()
        log = await LocalLog.open(str(process.socket))  # and the first is not disturbed
        assert await log.append(request(1)) == 1
        await log.close()


async def test_a_damaged_middle_stops_the_start_in_one_line():
    async with log_process() as process:
        log = await LocalLog.open(str(process.socket))
        for number in range(1, 6):
            await log.append(request(number))
        await log.close()
        await process.kill()
        directory = DiskDirectory(process.data_dir / "log")
        segment = directory.path / segment_names(directory)[0]
        content = bytearray(segment.read_bytes())
        content[128 + 2 * 256 + 130] ^= 4
        segment.write_bytes(content)
        with pytest.raises(AssertionError) as stopped:
            await process.start()
        assert str(stopped.value).count("\n") == 1
        assert f"damaged at position 3: {segment} offset 640: the hash chain does not hold" in str(stopped.value)


async def test_an_unusable_directory_or_socket_is_one_line():
    async with log_process(start=False) as process:
        (process.data_dir / "log").write_text("a file where a directory belongs")
        with pytest.raises(AssertionError, match="^the log cannot start: .*\n$"):
            await process.start()
        os.remove(process.data_dir / "log")
        with pytest.raises(AssertionError, match="longer than 107 bytes\n$"):
            await process.start("--socket", str(process.data_dir / ("x" * 120)))


async def test_kill_9_under_load_keeps_everything_acknowledged():
    async with log_process("--segment-bytes", "20000") as process:
        acknowledged: list[list[int]] = [[] for _ in range(4)]
        stopped = asyncio.Event()

        async def origin(index):
            log, number = None, 1
            while not (stopped.is_set() and len(acknowledged[index]) > 50):
                try:
                    log = log or await LocalLog.open(str(process.socket))
                    await log.append(request(number, 10_000 * index + number, origin=index + 1))
                except LogUnavailable:
                    log = None
                    await asyncio.sleep(0.01)
                else:
                    acknowledged[index].append(10_000 * index + number)
                    number += 1
            await log.close()

        origins = [asyncio.create_task(origin(index)) for index in range(4)]
        for pause in (0.3, 0.1, 0.2):
            await asyncio.sleep(pause)
            await process.kill()
            await process.start("--segment-bytes", "20000")
        await asyncio.sleep(0.1)
        stopped.set()
        await asyncio.gather(*origins)
        assert await process.terminate() == 0
        stored = {}  # what the core's rule for repeated frames leaves of the log
        for header, commands, _ in archived(DiskDirectory(process.data_dir / "log")):
            frame = (int(header["origin"]), int(header["number"]))
            assert stored.setdefault(frame, values_of(commands)) == values_of(commands)
        for index in range(4):
            assert [values for (origin, _), values in stored.items() if origin == index + 1] == [[v] for v in acknowledged[index]]


async def test_a_stopped_and_continued_process_goes_on():
    async with log_process() as process:
        log = await LocalLog.open(str(process.socket))
        await log.append(request(1))
        process.process.send_signal(signal.SIGSTOP)
        append = asyncio.create_task(log.append(request(2)))
        before = time.time_ns()
        await asyncio.sleep(0.3)
        assert not append.done()
        process.process.send_signal(signal.SIGCONT)
        assert await append == 2
        async with aclosing(log.read(2)) as arriving:
            header, _ = await anext(arriving)
        assert int(header["time_ns"]) > before
        await log.close()
