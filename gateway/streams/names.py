"""Stream names: what a client may subscribe to, and nothing else.

A name is parsed once, when it is subscribed to. Whether its symbol is listed is not asked here: as in the dialect, an unknown
symbol is a stream on which nothing happens.
"""

import re
from enum import Enum
from typing import NamedTuple

INTERVALS = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M")
WINDOWS = ("1h", "4h", "1d")
LEVELS = (5, 10, 20)
NAME_LENGTH_MAX = 64
EAST_HOURS = 8  # the one time zone the dialect offers beside UTC: @+08:00


class Topic(Enum):
    """What a stream is about."""

    TRADE = "trade"
    AGG_TRADE = "aggTrade"
    BOOK_TICKER = "bookTicker"
    DEPTH_DIFF = "depth"
    DEPTH_TOP = "depth levels"
    KLINE = "kline"
    MINI_TICKER = "miniTicker"
    TICKER = "ticker"
    WINDOW_TICKER = "ticker window"
    AVERAGE_PRICE = "avgPrice"
    ALL_MINI_TICKERS = "!miniTicker@arr"
    ALL_TICKERS = "!ticker@arr"
    ALL_WINDOW_TICKERS = "!ticker window@arr"
    ALL_BOOK_TICKERS = "!bookTicker"


class StreamName(NamedTuple):
    """A parsed name. `symbol` is upper case, "" for all markets; `every_ms` 0 = at once."""

    text: str
    topic: Topic
    symbol: str = ""
    every_ms: int = 0
    levels: int = 0
    interval: str = ""  # of a kline, or a ticker's window
    east_hours: int = 0  # klines that open by the clock of UTC+8


_PLAIN = {
    "trade": (Topic.TRADE, 0),
    "aggTrade": (Topic.AGG_TRADE, 0),
    "bookTicker": (Topic.BOOK_TICKER, 0),
    "miniTicker": (Topic.MINI_TICKER, 1000),
    "ticker": (Topic.TICKER, 1000),
    "avgPrice": (Topic.AVERAGE_PRICE, 1000),
    "depth": (Topic.DEPTH_DIFF, 1000),
    "depth@1000ms": (Topic.DEPTH_DIFF, 1000),
    "depth@100ms": (Topic.DEPTH_DIFF, 100),
}
_MARKET_WIDE = {
    "!miniTicker@arr": StreamName("!miniTicker@arr", Topic.ALL_MINI_TICKERS, every_ms=1000),
    "!miniTicker@arr@1000ms": StreamName("!miniTicker@arr@1000ms", Topic.ALL_MINI_TICKERS, every_ms=1000),
    "!ticker@arr": StreamName("!ticker@arr", Topic.ALL_TICKERS, every_ms=1000),
    "!bookTicker": StreamName("!bookTicker", Topic.ALL_BOOK_TICKERS),
}
_SYMBOL = re.compile(r"[^\s@/!\x00-\x1f]{1,24}")
_TOP = re.compile(rf"depth({'|'.join(map(str, LEVELS))})(?:@(100|1000)ms)?")
_KLINE = re.compile(rf"kline_({'|'.join(INTERVALS)})(@\+08:00)?")
_WINDOW = re.compile(rf"ticker_({'|'.join(WINDOWS)})")
_ALL_WINDOWS = re.compile(rf"!ticker_({'|'.join(WINDOWS)})@arr")


def parse_stream(text: str) -> StreamName | None:
    """The stream called `text`, or None where no stream can have that name."""
    if len(text) > NAME_LENGTH_MAX:
        return None
    if text.startswith("!"):
        return _MARKET_WIDE.get(text) or _all_windows(text)
    symbol, _, what = text.partition("@")
    if not what or not _SYMBOL.fullmatch(symbol) or symbol != symbol.lower():
        return None
    return _of_symbol(text, symbol.upper(), what)


def _all_windows(text: str) -> StreamName | None:
    found = _ALL_WINDOWS.fullmatch(text)
    return StreamName(text, Topic.ALL_WINDOW_TICKERS, every_ms=1000, interval=found[1]) if found else None


def _of_symbol(text: str, symbol: str, what: str) -> StreamName | None:
    if what in _PLAIN:
        topic, every_ms = _PLAIN[what]
        return StreamName(text, topic, symbol, every_ms)
    if found := _TOP.fullmatch(what):
        return StreamName(text, Topic.DEPTH_TOP, symbol, int(found[2] or 1000), levels=int(found[1]))
    if found := _KLINE.fullmatch(what):
        every_ms = 1000 if found[1] == "1s" else 2000
        return StreamName(text, Topic.KLINE, symbol, every_ms, interval=found[1], east_hours=EAST_HOURS if found[2] else 0)
    if found := _WINDOW.fullmatch(what):
        return StreamName(text, Topic.WINDOW_TICKER, symbol, 1000, interval=found[1])
    return None
