"""What may go wrong in this room.

    MarketDataError
    ├── HistoryUnavailable  the database does not answer, or the recorder is too far behind: try again later
    ├── SecondRecorder      another process writes the history of the same database
    └── NotThisLog          the database holds the history of another log

`DATABASE_AWAY` are the exceptions by which a database that does not answer shows itself, here and in the rooms above.
"""

import asyncpg

# InternalClientError is what asyncpg's pool says of a connection that breaks while it is given back.
DATABASE_AWAY = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError,
                 asyncpg.CannotConnectNowError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError,
                 asyncpg.TooManyConnectionsError)  # fmt: skip


class MarketDataError(Exception):
    """Root of this room's errors."""


class HistoryUnavailable(MarketDataError):
    """What is asked for cannot be read now; nothing is lost."""


class SecondRecorder(MarketDataError):
    """The recorded position moved under the recorder."""


class NotThisLog(MarketDataError):
    """The recorded position or a snapshot lies behind the end of the log, or the log does not reach back to it."""
