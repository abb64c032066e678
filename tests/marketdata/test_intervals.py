"""Candles open where the calendar of the standard library says."""

import random

import pytest

from marketdata import INTERVALS, kline_next, kline_open
from marketdata.history import finer_interval
from marketdata.intervals import kline_back, opens_alike
from tests.marketdata.brute import following, opened

OFFSETS = (0, 480, -720, 840, 345, -61, 1)


@pytest.mark.parametrize("interval", INTERVALS)
def test_opens_and_follows_the_calendar(interval: str) -> None:
    rng = random.Random(interval)
    for _ in range(300):
        time_ns = rng.randrange(4_000_000_000) * 10**9 + rng.choice((0, 1, 999_999_999))
        offset = rng.choice(OFFSETS)
        open_ns = kline_open(interval, time_ns, offset)
        assert open_ns == opened(interval, time_ns, offset)
        next_ns = kline_next(interval, open_ns, offset)
        assert next_ns == following(interval, open_ns, offset)
        assert open_ns <= time_ns < next_ns
        assert kline_open(interval, next_ns - 1, offset) == open_ns
        assert kline_back(interval, next_ns, 1, offset) == open_ns
        if opens_alike(interval, offset):
            assert open_ns == kline_open(interval, time_ns)


def test_weeks_open_on_monday_and_months_on_the_first() -> None:
    leap_day_ns = 1_709_164_800 * 10**9  # 2024-02-29, a Thursday
    assert kline_open("1w", leap_day_ns) == leap_day_ns - 3 * 86_400 * 10**9
    assert kline_open("1M", leap_day_ns) == leap_day_ns - 28 * 86_400 * 10**9
    assert kline_next("1M", kline_open("1M", leap_day_ns)) == leap_day_ns + 86_400 * 10**9


@pytest.mark.parametrize(
    ("interval", "offset", "finer"),
    [("1d", 0, "1d"), ("4h", 480, "4h"), ("1d", 480, "8h"), ("12h", 480, "4h"), ("1w", 480, "8h"), ("1M", -60, "1h"), ("1d", 345, "15m"),
     ("1h", 345, "15m"), ("3m", 1, "1m"), ("1M", 7, "1m"), ("1s", 7, "1s"), ("1w", 720, "12h")],
)  # fmt: skip
def test_candles_at_an_offset_are_made_of_the_widest_that_fit(interval: str, offset: int, finer: str) -> None:
    assert finer_interval(interval, offset) == finer
    assert opens_alike(finer, offset)
