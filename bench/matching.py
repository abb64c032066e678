"""core/matching-*: matching with reports only, on one core, over the five streams of bench/streams/flash.py.

    messages in memory ──▶ match_messages (engine/kernels/matching.py) ──▶ reports in memory

The stream is handed over whole; the clock runs while messages are taken and every report is written into memory that was touched before.
Every run starts from an empty book and must write the pinned reports before its time counts. What stands in the book is sampled in a run
of its own; the baselines beside it are those that the benchmark's authors publish for their streams.
"""

import os
import statistics
import time
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from xxhash import xxh3_64_hexdigest

from bench.result import Result
from bench.streams.flash import ORDERS, SEED, generate
from engine.kernels.matching import REPORT, REPORTS_A_MESSAGE, Report, matcher, run_messages

RUNS = 15
SAMPLE_EVERY = 1_000  # messages
PINNED = {  # (scenario, orders, seed) -> hash of the stream and of its reports
    ("static", ORDERS, SEED): "81be84c330dfee14-76c0b0eab265ab83",
    ("normal", ORDERS, SEED): "9ee307007b04dc67-d395b153916a84ec",
    ("swing-25", ORDERS, SEED): "ede896b7ce6a31af-5d6e42bc77e16834",
    ("swing-40", ORDERS, SEED): "6f7786316588afd4-4c00bda86851dba1",
    ("flash-crash", ORDERS, SEED): "b933f7e9acf9e1f9-d409357cf83da897",
}


class Standing(NamedTuple):
    """What a stream leaves in the book: orders and price levels, average and peak, and how many trades it makes."""

    orders: float
    orders_peak: float
    levels: float
    levels_peak: float
    fills: float


PUBLISHED = {
    "static": Standing(20_900, 41_800, 60, 90, 800),
    "normal": Standing(2_700, 5_500, 290, 330, 62_000),
    "swing-25": Standing(1_300, 2_600, 830, 1_400, 67_000),
    "swing-40": Standing(700, 1_400, 560, 1_000, 69_000),
    "flash-crash": Standing(240, 500, 210, 400, 70_000),
}


def room_for_reports(messages: np.ndarray) -> np.ndarray:
    """Memory for the reports of a stream; the first part, which these streams need, is touched."""
    reports = np.empty(REPORTS_A_MESSAGE * len(messages), REPORT)
    reports[: len(messages) * 3 // 2].view(np.uint8).fill(0)
    return reports


def pin() -> None:
    """Stays on one core from now on, the last one this process may use."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def timed_run(messages: np.ndarray, reports: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds, and the reports written."""
    book = matcher()
    begun = time.perf_counter()
    _, count = run_messages(book, messages, reports)
    return time.perf_counter() - begun, reports[:count]


def standing(messages: np.ndarray) -> Standing:
    """What stands in the book, sampled every SAMPLE_EVERY messages."""
    book, reports = matcher(), np.empty(REPORTS_A_MESSAGE * SAMPLE_EVERY + len(messages), REPORT)
    orders, levels, fills = [], [], 0
    for start in range(0, len(messages), SAMPLE_EVERY):
        book, count = run_messages(book, messages[start : start + SAMPLE_EVERY], reports)
        orders.append(int(book.counters[0]["resting"]))
        levels.append(int(book.ladders["count"].sum()))
        fills += int(np.count_nonzero(reports["kind"][:count] == Report.TRADE))
    return Standing(statistics.mean(orders), max(orders), statistics.mean(levels), max(levels), fills)


def matching(name: str, size: int = ORDERS, seed: int = SEED, runs: int = RUNS) -> Iterator[Result]:
    """Messages a second, the median of `runs` after one to warm up; `size` counts new orders."""
    allowed = os.sched_getaffinity(0)
    try:
        pin()
        messages = generate(name, size, seed)
        reports = room_for_reports(messages)
        seconds, hashes = [], set()
        for _ in range(runs + 1):
            taken, written = timed_run(messages, reports)
            seconds.append(taken)
            hashes.add(f"{xxh3_64_hexdigest(messages)}-{xxh3_64_hexdigest(written)}")
        assert len(hashes) == 1, f"runs of the same messages ended differently: {hashes}"
        found = hashes.pop()
        assert found == PINNED.get((name, size, seed), found), f"ended with {found}, not {PINNED[name, size, seed]}"
        scenario = f"core/matching-{name}"
        yield Result(scenario, "throughput", len(messages) / statistics.median(seconds[1:]), "messages/s", found, 0, seed)
        for figure, value, published in zip(Standing._fields, standing(messages), PUBLISHED[name], strict=True):
            yield Result(scenario, figure.replace("_", ", "), value, "", found, published, seed)
    finally:
        os.sched_setaffinity(0, allowed)


static, normal, swing_25, swing_40, flash_crash = (partial(matching, name) for name in PUBLISHED)
