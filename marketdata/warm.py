"""Compiles every kernel of market data once, or loads it from the cache; parallel starts wait for the first."""

import fcntl
import time
from collections.abc import Callable, Iterator

import numpy as np

from engine.kernels import CACHE_DIRECTORY
from engine.types import ORDER_EVENT
from marketdata import kernels
from marketdata.kernels import Period
from marketdata.records import AGG_TRADE, KLINE, LEVEL, PERIOD, SYMBOL_STATE, TRADE

_seconds: list[float] = []


def warm(progress: Callable[[str], None] | None = None) -> float:
    """Seconds that compiling or loading took; a second call in the same process returns the first's answer.

    `progress` is called with a line of text before each kernel.
    """
    if not _seconds:
        begun = time.perf_counter()
        CACHE_DIRECTORY.mkdir(parents=True, exist_ok=True)
        with (CACHE_DIRECTORY / "marketdata.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for kernel, arguments in _entries():
                if progress:
                    progress(f"compiling market data: {kernel.__name__.replace('_', ' ')}")
                kernel(*arguments)
        _seconds.append(time.perf_counter() - begun)
    return _seconds[0]


def _entries() -> Iterator[tuple[Callable, tuple]]:
    """Every kernel that Python calls, with arguments of the types it is called with."""
    day = Period(86_400 * 10**9, 0, 0)
    slot_of = np.zeros(1, np.int64)
    events, levels = np.zeros(0, ORDER_EVENT), np.zeros(0, LEVEL)
    trades, aggregates, states = np.zeros(0, TRADE), np.zeros(0, AGG_TRADE), np.zeros(1, SYMBOL_STATE)
    klines, grid = np.zeros(1, KLINE), np.zeros((1, 1), KLINE)
    yield kernels.period_open, (0, day)
    yield kernels.next_open, (0, day)
    yield kernels.merge_klines, (klines[:0], klines, 0, day)
    yield kernels.fold_trades, (trades, klines, 0, day)
    yield kernels.fill_klines, (klines[:0], klines, 0, np.int64(0), day)
    yield kernels.scan, (events,)
    yield kernels.take_trades, (events, slot_of, states, trades)
    yield kernels.aggregate, (trades, aggregates)
    yield kernels.keep_trades, (trades, slot_of, states, np.zeros((1, 1), TRADE))
    yield kernels.keep_aggregates, (aggregates, slot_of, np.zeros((1, 1), AGG_TRADE))
    yield kernels.keep_klines, (trades, slot_of, grid, np.zeros(1, PERIOD))
    yield kernels.keep_minutes, (trades, slot_of, states, grid)
    yield kernels.sum_minutes, (klines, 0, 0, klines)
    yield kernels.close_before, (klines, 0, np.int64(0), np.int64(0))
    yield kernels.take_levels, (events, levels)
