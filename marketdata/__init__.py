"""Market data: reducers over the event feed, the recorder to PostgreSQL, and reads of history.

    MarketData   trades, aggregates, candles and rolling windows of a replica, in memory (a Reducer)
    DepthDiff    changed levels of one book, for depth streams
    History      rows of PostgreSQL and the replica's tail, read as one
    Recorder     frames to PostgreSQL, exactly once; snapshots

Imports only engine. Quantities are lots, prices ticks, values quote units, all ints; formatting is the gateway's.
"""

from marketdata.depth import DepthDiff, level_changes
from marketdata.errors import HistoryUnavailable, MarketDataError
from marketdata.history import History
from marketdata.intervals import INTERVALS, kline_next, kline_open
from marketdata.recorder import Recorder
from marketdata.records import (
    AGG_TRADE,
    KLINE,
    LEVEL,
    TRADE,
    AveragePrice,
    Fill,
    Kline,
    OrderRecord,
    Ticker,
    TransferRecord,
)
from marketdata.reducer import STREAM_OFFSET_MINUTES, MarketData
from marketdata.warm import warm

__all__ = [
    "AGG_TRADE", "INTERVALS", "KLINE", "LEVEL", "STREAM_OFFSET_MINUTES", "TRADE", "AveragePrice", "DepthDiff", "Fill", "History",
    "HistoryUnavailable", "Kline", "MarketData", "MarketDataError", "OrderRecord", "Recorder", "Ticker", "TransferRecord",
    "kline_next", "kline_open", "level_changes", "warm",
]  # fmt: skip
