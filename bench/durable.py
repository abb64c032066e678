"""durable/ack and durable/throughput: from submit to events at the façade, over the real log process on this machine's disk.

    this process                                    log process
    orders, open loop ─▶ ExchangeClient ── frame ─▶ group commit: write, fdatasync
    latency ◀─ done(outcomes) ◀─ replica ◀─ frame ── broadcast

durable/ack   Orders are due at fixed times, whatever the answers do, and each latency counts from the moment that the order was
              due. The loop spins between two orders, because timers are too coarse for it. Beside it, the bare write and fdatasync
              of a frame with three orders, on the same disk, before and after.
durable/throughput
              Frames as large as they can be, a few always waiting.

Before anything is measured, the same frames go through a memory log and through the log process, and both replicas must come to
one state hash. After a measured run the log's files are replayed into a fresh machine, whose state hash must be that of the
replica that was measured.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import numpy as np
import uvloop

from bench.result import Result
from engine import commands as build
from engine.exchange import SUBMISSION_COMMANDS_MAX, ExchangeClient
from engine.log import frame as frames
from engine.log import open_log
from engine.log.files import DiskDirectory
from engine.log.memory import MemoryLog
from engine.log.port import Log, LogUnavailable
from engine.log.segments import archived
from engine.machine import Machine
from engine.replica import Replica
from engine.types import FIRST_CUSTOMER, HOUSE_GATEWAY, ORDER_COMMAND, Kind, OrderType, Pool, Role, Side

RATE = 10_000  # orders a second
SECONDS = 5.0
SEED = 1
GOAL = 2.5  # bare fdatasyncs from submit to events, at the median
THROUGHPUT_GOAL = 2_000_000
ACCOUNTS = 64
PRICES = 20  # ticks around the middle
CHECKED_FRAMES = 200
LARGE_FRAMES = 64
FRAMES_WAITING = 4
BARE_SYNCS = 400
ORIGIN = 1


class Mismatch(Exception):
    """Two runs that must end in the same state did not; no figure of them is worth anything."""


def durable_ack(rate: int = RATE, seconds: float = SECONDS, seed: int = SEED) -> Iterator[Result]:
    """Latency at `rate` orders a second; the baseline is the bare sync, and for the quotient of both medians the goal."""
    with _log_process() as (url, _):
        uvloop.run(_check(url, seed))
    with _log_process() as (url, log_dir):
        before = _bare_syncs(log_dir.parent, 512)
        latencies, client = uvloop.run(_open_loop(url, _orders(int(rate * seconds), seed), rate))
        state = f"{_replayed(log_dir, client):016x}"
        after = _bare_syncs(log_dir.parent, 512)
    syncs = np.concatenate([before, after])
    scenario, frame_rate = "durable/ack", client.counters.frames_sent / seconds
    for name, percentile in (("p50", 50), ("p99", 99), ("max", 100)):
        latency, sync = (float(np.percentile(values, percentile)) * 1e3 for values in (latencies, syncs))
        yield Result(scenario, f"{name} at {rate} orders/s", latency, "ms", state, sync, seed)
    quotient = float(np.median(latencies) / np.median(syncs))
    yield Result(scenario, "p50 in bare fdatasyncs", quotient, "x", state, GOAL, seed)
    yield Result(scenario, "frames", frame_rate, "1/s", state, 0.0, seed)


def durable_throughput(frame_count: int = LARGE_FRAMES, seed: int = SEED) -> Iterator[Result]:
    """Commands a second in frames as large as they can be."""
    orders = _orders(frame_count * SUBMISSION_COMMANDS_MAX, seed)
    with _log_process() as (url, log_dir):
        seconds, client = uvloop.run(_flood(url, orders))
        state = f"{_replayed(log_dir, client):016x}"
    yield Result("durable/throughput", "throughput", len(orders) / seconds, "commands/s", state, THROUGHPUT_GOAL, seed)


# ---------------------------------------------------------------------- the load


def _setting_up(time_ns: int) -> np.ndarray:
    """Two assets, a market, and accounts with money in both; `time_ns` is when the transfers' ids are made."""
    commands = [
        build.admin(Kind.ADD_ASSET, name=b"BASE", scale=8),
        build.admin(Kind.ADD_ASSET, name=b"QUOTE", scale=8),
        build.admin(Kind.ADD_SYMBOL, name=b"BASEQUOTE", base=1, quote=2, value=1, value2=1, max_price_ticks=10**6,
                    max_quantity_lots=10**6, max_market_lots=10**6, max_orders=4096),
        build.admin(Kind.GROW, pool=Pool.ORDERS, value=1 << 18),
    ]  # fmt: skip
    for number in range(ACCOUNTS):
        commands.append(build.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=1 + number))
        commands += (
            build.transfer(Kind.TRANSFER, (time_ns, 1 + 2 * number + asset), debit=HOUSE_GATEWAY, credit=FIRST_CUSTOMER + number,
                           asset=1 + asset, amount=10**15)
            for asset in (0, 1)
        )  # fmt: skip
    return build.frame(*commands)


def _orders(count: int, seed: int) -> np.ndarray:
    """Limit orders around one price, about half of which trade at once, so that the book stays small."""
    rng = np.random.default_rng(seed)
    orders = np.zeros(count, ORDER_COMMAND)
    orders["kind"] = Kind.PLACE
    orders["account"] = FIRST_CUSTOMER + rng.integers(0, ACCOUNTS, count)
    orders["symbol"] = 1
    orders["side"] = rng.integers(Side.BUY, Side.SELL + 1, count)
    orders["order_type"] = OrderType.LIMIT
    orders["price_ticks"] = 1000 + rng.integers(-PRICES // 2, PRICES // 2 + 1, count)
    orders["quantity_lots"] = rng.integers(1, 100, count)
    return orders


async def _open_loop(url: str, orders: np.ndarray, rate: float) -> tuple[np.ndarray, ExchangeClient]:
    """Submit each order when it is due; seconds from then to its outcome, for each, and the client."""
    client = await _prepared(url)
    bodies = [order.tobytes() for order in orders]
    latencies = np.zeros(len(bodies))
    finished = asyncio.get_running_loop().create_future()
    clock = time.perf_counter
    start = clock() + 0.05
    answered = submitted = 0

    def answer(index: int):
        def done(_outcomes) -> None:
            nonlocal answered
            latencies[index] = clock() - start - index / rate
            answered += 1
            if answered == len(bodies):
                finished.set_result(None)

        return done

    while submitted < len(bodies):
        due = min(len(bodies), int((clock() - start) * rate) + 1)
        while submitted < due:
            client.submit(bodies[submitted], answer(submitted))
            submitted += 1
        await asyncio.sleep(0)
    await finished
    await client.close()
    return latencies, client


async def _flood(url: str, orders: np.ndarray) -> tuple[float, ExchangeClient]:
    client = await _prepared(url)
    began = time.perf_counter()
    room = asyncio.Semaphore(FRAMES_WAITING)
    for at in range(0, len(orders), SUBMISSION_COMMANDS_MAX):
        await room.acquire()
        client.submit_block(orders[at : at + SUBMISSION_COMMANDS_MAX], lambda applied, start: room.release())
    for _ in range(FRAMES_WAITING):
        await room.acquire()
    seconds = time.perf_counter() - began
    await client.close()
    return seconds, client


async def _prepared(url: str) -> ExchangeClient:
    client = await ExchangeClient.open(url, role=Role.OPERATOR)
    await client.execute(_setting_up(time.time_ns()), timeout=30)
    await client.execute(build.admin(Kind.OPEN))
    return client


# ---------------------------------------------------------------------- correctness


async def _check(url: str, seed: int) -> None:
    """The same frames through both logs. They bring their own time, because the venue is never opened."""
    memory, local = MemoryLog(), await open_log(url)
    try:
        states = [await _state_after(log, seed) for log in (memory, local)]
    finally:
        await local.close()
    if states[0] != states[1]:
        raise Mismatch(f"state hash {states[1]:016x} over the log process, {states[0]:016x} over the memory log")


async def _state_after(log: Log, seed: int) -> int:
    registration = build.admin(Kind.REGISTER_ORIGIN, role=Role.OPERATOR)
    orders = _orders(CHECKED_FRAMES * 50, seed)
    batches = [build.frame(registration, _setting_up(1000)), *np.array_split(orders, CHECKED_FRAMES)]
    for number, commands in enumerate(batches, 1):
        await log.append(frames.encode(commands, ORIGIN, number, number * 1000))
    replica = Replica(Machine())
    async with aclosing(log.read(1)) as arriving:
        async for header, commands in arriving:
            replica.apply(header, commands)
            if replica.position == len(batches):
                return replica.machine.state_hash()
    raise Mismatch("the log ended")


def _replayed(log_dir: Path, client: ExchangeClient) -> int:
    """The state hash of what the files hold, which must be that of the client's replica, and of a market that has traded."""
    replica = Replica(Machine())
    for header, commands, _ in archived(DiskDirectory(log_dir, create=False)):
        replica.apply(header, commands)
    state, measured = replica.machine.state_hash(), client.machine.state_hash()
    if state != measured:
        raise Mismatch(f"state hash {measured:016x} in the measured replica, {state:016x} from the log's files")
    if not client.machine.symbol(1).last_trade_id:
        raise Mismatch("nothing was traded")
    return state


# ---------------------------------------------------------------------- the disk and the process


def _bare_syncs(directory: Path, size: int) -> np.ndarray:
    """Seconds of each of some appends of `size` bytes with fdatasync."""
    path = directory / "bare"
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC)
    data, seconds = bytes(size), np.zeros(BARE_SYNCS)
    try:
        for at in range(BARE_SYNCS):
            began = time.perf_counter()
            os.pwrite(descriptor, data, at * size)
            os.fdatasync(descriptor)
            seconds[at] = time.perf_counter() - began
    finally:
        os.close(descriptor)
        path.unlink()
    return seconds


@contextmanager
def _log_process() -> Iterator[tuple[str, Path]]:
    """The log process on a fresh directory of the present disk; yields its url and its segments' directory."""
    with tempfile.TemporaryDirectory(prefix="durable-", dir=os.environ.get("CRYPTOSHOP_BENCH_DIR")) as name:
        command = [sys.executable, "-m", "engine.log.server", "--data-dir", name]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            url = f"local:{name}/log.sock"
            uvloop.run(_answering(url, process))
            yield url, Path(name) / "log"
        finally:
            process.terminate()
            process.wait()


async def _answering(url: str, process: subprocess.Popen) -> None:
    while True:
        try:
            log = await open_log(url)
        except LogUnavailable:
            if process.poll() is not None:
                raise
            await asyncio.sleep(0.01)
        else:
            await log.close()
            return
