"""core/large, core/latency, core/scaling: the whole core on one thread when it is large, in small frames, and as it grows.

    core/large      1 M accounts with 10 assets each, 1,000 symbols, 1 M resting orders; access by Zipf's law and alike; memory
    core/latency    frames of 1, 16 and 256 commands, on a small venue and on the large one
    core/scaling    nanoseconds a command against depth, accounts and symbols; `--plot` of this module draws docs/cost.svg

Every stream must be accepted whole, and its event hash must be the same in every run; the venue must be sound at the end.
"""

import contextlib
import gc
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from bench.core import FRAME_COMMANDS
from bench.matching import pin
from bench.plot import Line, draw
from bench.result import Result
from bench.venues import Resting, Size, Venue, traffic

LARGE = Size(accounts=1_000_000, symbols=1_000, orders=1_000_000, assets=10)
SMALL = Size(accounts=1_000, symbols=1, orders=1_000)
SEED = 4
COMMANDS = 1_000_000
RUNS = 5
MEMORY_GOAL = 2 * 2**30
LARGE_GOAL = 3_000_000
FRAME_SIZES = {1: 20_000, 16: 5_000, 256: 1_000}  # commands in a frame -> frames measured
SCALES = {  # of what -> venues
    "depth": [Size(1_000, 1, orders) for orders in (100, 1_000, 10_000, 100_000, 1_000_000)],
    "accounts": [Size(accounts, 1, 100_000) for accounts in (100, 1_000, 10_000, 100_000, 1_000_000)],
    "symbols": [Size(10_000, symbols, 100_000) for symbols in (1, 10, 100, 1_000, 10_000)],
}
PLOT = Path(__file__).resolve().parents[1] / "docs" / "cost.svg"


@contextlib.contextmanager
def pinned() -> Iterator[None]:
    """On one core, without collections of garbage."""
    allowed = os.sched_getaffinity(0)
    pin()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        os.sched_setaffinity(0, allowed)


class Measured:
    """A venue and what moves on it; each call measures further commands, as a venue in use gets them."""

    def __init__(self, size: Size, seed: int = SEED, skewed: bool = False) -> None:
        self.venue = Venue(size)
        self.resting: Resting = self.venue.fill(seed, skewed)
        self._seed = seed

    def _frames(self, count: int, skewed: bool, size: int) -> list:
        self._seed += 1
        machine = self.venue.machine
        commands = traffic(self.resting, count, self._seed, int(machine._venue["last_order_id"]), skewed)
        frames = self.venue.frames(commands, size)
        return list(zip(frames.headers, frames.commands, strict=True))

    def rate(self, count: int, skewed: bool) -> float:
        """Commands a second, in frames of FRAME_COMMANDS."""
        apply, taken = self.venue.machine.apply, 0.0
        for header, commands in self._frames(count, skewed, FRAME_COMMANDS):
            begun = time.perf_counter()
            applied = apply(header, commands)
            taken += time.perf_counter() - begun
            assert not applied.codes.any(), "a command of the stream was refused"
        return count / taken

    def latencies(self, size: int, frames: int) -> np.ndarray:
        """Nanoseconds of each of so many frames."""
        apply, taken = self.venue.machine.apply, np.zeros(frames, np.int64)
        for at, (header, commands) in enumerate(self._frames(size * frames, True, size)):
            begun = time.perf_counter_ns()
            apply(header, commands)
            taken[at] = time.perf_counter_ns() - begun
        return taken

    def hash(self) -> str:
        """Of state and events; the venue must be sound."""
        machine = self.venue.machine
        broken = machine.validate()
        assert not broken, broken
        return f"{machine.state_hash():016x}-{machine.event_hash:016x}"


def large(size: int = COMMANDS, seed: int = SEED, runs: int = RUNS) -> Iterator[Result]:
    """Commands a second by Zipf's law and uniformly, resident memory, latency of frames."""
    with pinned():
        before = psutil.Process().memory_info().rss
        measured = Measured(LARGE, seed, skewed=True)
        rows = [("resident memory", float(psutil.Process().memory_info().rss), "bytes", MEMORY_GOAL)]
        rows.append(("of it before the venue", float(before), "bytes", 0))
        for name, skewed in (("Zipf", True), ("uniform", False)):
            rates = [measured.rate(size, skewed) for _ in range(runs + 1)]
            rows.append((f"throughput, {name}", statistics.median(rates[1:]), "commands/s", LARGE_GOAL if skewed else 0))
        rows += _latency_rows(measured)
        found = measured.hash()
    for metric, value, unit, baseline in rows:
        yield Result("core/large", metric, value, unit, found, baseline, seed)


def latency(seed: int = SEED) -> Iterator[Result]:
    """Latency of one frame on a venue with 1,000 accounts and 1,000 orders."""
    with pinned():
        measured = Measured(SMALL, seed)
        measured.rate(100_000, skewed=False)
        rows = _latency_rows(measured)
        found = measured.hash()
    for metric, value, unit, baseline in rows:
        yield Result("core/latency", metric, value, unit, found, baseline, seed)


def _latency_rows(measured: Measured) -> list[tuple[str, float, str, float]]:
    rows = []
    for size, frames in FRAME_SIZES.items():
        taken = measured.latencies(size, frames)
        for share in (50, 99, 99.9):
            rows.append((f"frame of {size}, p{share:g}", float(np.percentile(taken, share)) / 1e3, "us", 0.0))
    return rows


def scaling(size: int = 300_000, seed: int = SEED, runs: int = 3) -> Iterator[Result]:
    """Nanoseconds a command, uniform access, as one thing grows and the others stay."""
    with pinned():
        for name, sizes in SCALES.items():
            for scale in sizes:
                measured = Measured(scale, seed)
                rates = [measured.rate(size, skewed=False) for _ in range(runs + 1)]
                of = {"depth": scale.orders, "accounts": scale.accounts, "symbols": scale.symbols}[name]
                yield Result("core/scaling", f"{of:,} {name}", 1e9 / statistics.median(rates[1:]), "ns", measured.hash(), 0, seed)


def main() -> int:
    """Draws docs/cost.svg anew."""
    lines: dict[str, list[tuple[float, float]]] = {name: [] for name in SCALES}
    for result in scaling():
        of, name = result.metric.split()
        lines[name].append((float(of.replace(",", "")), result.value))
        print(f"{result.metric:20} {result.value:8.1f} ns", flush=True)
    labels = {"depth": "resting orders (one symbol)", "accounts": "accounts (100,000 orders)", "symbols": "symbols (100,000 orders)"}
    PLOT.write_text(draw("Cost of a command", "how many", "ns a command", [Line(labels[name], points) for name, points in lines.items()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
