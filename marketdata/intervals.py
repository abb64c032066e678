"""The intervals of klines: when each opens and closes.

Owns the table of intervals and the calendar. Weeks open on Monday, months on their first day, all others at whole multiples since 1970,
in UTC or at a fixed offset from it (`offset_minutes`, as the dialect's timeZone). Times are ns since 1970; an interval covers
[open, next open).
"""

from typing import NamedTuple

from marketdata.kernels import Period, next_open, period_open

SECOND_NS = 10**9
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS
_FIRST_MONDAY_NS = 4 * DAY_NS  # 1970-01-05

OFFSET_MINUTES_MIN = -12 * 60
OFFSET_MINUTES_MAX = 14 * 60


class Interval(NamedTuple):
    """One interval: `step_ns` long, counted from `anchor_ns`; step 0 is a calendar month."""

    index: int  # in INTERVALS, in SQL and in series tables
    step_ns: int
    anchor_ns: int = 0


INTERVALS = {
    "1s": Interval(0, SECOND_NS),
    "1m": Interval(1, MINUTE_NS),
    "3m": Interval(2, 3 * MINUTE_NS),
    "5m": Interval(3, 5 * MINUTE_NS),
    "15m": Interval(4, 15 * MINUTE_NS),
    "30m": Interval(5, 30 * MINUTE_NS),
    "1h": Interval(6, HOUR_NS),
    "2h": Interval(7, 2 * HOUR_NS),
    "4h": Interval(8, 4 * HOUR_NS),
    "6h": Interval(9, 6 * HOUR_NS),
    "8h": Interval(10, 8 * HOUR_NS),
    "12h": Interval(11, 12 * HOUR_NS),
    "1d": Interval(12, DAY_NS),
    "3d": Interval(13, 3 * DAY_NS),
    "1w": Interval(14, 7 * DAY_NS, _FIRST_MONDAY_NS),
    "1M": Interval(15, 0),
}


def period(interval: str, offset_minutes: int = 0) -> Period:
    """The interval as the kernels take it. Raises KeyError for an interval not in INTERVALS."""
    _, step_ns, anchor_ns = INTERVALS[interval]
    return Period(step_ns, anchor_ns, offset_minutes * MINUTE_NS)


def kline_open(interval: str, time_ns: int, offset_minutes: int = 0) -> int:
    """When the kline that contains `time_ns` opened, in ns. Raises KeyError for an interval not in INTERVALS."""
    return int(period_open(time_ns, period(interval, offset_minutes)))


def kline_next(interval: str, open_ns: int, offset_minutes: int = 0) -> int:
    """When the kline after the one that opened at `open_ns` opens, in ns; the dialect's close time is 1 ms (1 µs) before."""
    return int(next_open(open_ns, period(interval, offset_minutes)))


def opens_alike(interval: str, offset_minutes: int) -> bool:
    """Whether candles open at the same times at this offset from UTC as in UTC."""
    step_ns = INTERVALS[interval].step_ns
    return offset_minutes == 0 or (step_ns > 0 and offset_minutes * MINUTE_NS % step_ns == 0)


def kline_back(interval: str, open_ns: int, count: int, offset_minutes: int = 0) -> int:
    """The open time of the kline `count` before the one that opened at `open_ns`, in ns."""
    step_ns = INTERVALS[interval].step_ns
    if step_ns:
        return open_ns - count * step_ns
    for _ in range(count):
        open_ns = kline_open(interval, open_ns - 1, offset_minutes)
    return open_ns
