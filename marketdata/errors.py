"""What may go wrong in this room.

    MarketDataError
    ├── HistoryUnavailable  the database does not answer, or the recorder is too far behind: try again later
    ├── SecondRecorder      another process writes the history of the same database
    └── NotThisLog          the database holds the history of another log
"""


class MarketDataError(Exception):
    """Root of this room's errors."""


class HistoryUnavailable(MarketDataError):
    """What is asked for cannot be read now; nothing is lost."""


class SecondRecorder(MarketDataError):
    """The recorded position moved under the recorder."""


class NotThisLog(MarketDataError):
    """The recorded position or a snapshot lies behind the end of the log, or the log does not reach back to it."""
