"""History: reads of what happened, complete up to the moment they are asked for."""

import numpy as np

from marketdata.records import Fill, Kline, OrderRecord, TransferRecord


class History:
    """PostgreSQL's rows up to the recorded position, and the replica's frames after it."""

    def __init__(self, pool, exchange, marketdata):
        """`pool` of asyncpg; `exchange` an ExchangeClient whose reducers contain `marketdata` (a MarketData)."""

    async def recorded_position(self) -> int:
        """The position up to which PostgreSQL has everything."""
        raise NotImplementedError

    async def klines(self, symbol: int, interval: str, *, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500,
                     offset_minutes: int = 0) -> list[Kline]:  # fmt: skip
        """Candles that open in start_ms … end_ms, oldest first, candles without a trade filled in, from the symbol's first trade to now.

        With start_ms the first `limit` of them, else the last. Raises KeyError for an interval not in INTERVALS.
        """
        raise NotImplementedError

    async def trades(self, symbol: int, *, from_id: int | None = None, limit: int = 500) -> np.ndarray:
        """TRADE array, oldest first: from trade id `from_id` on, or the latest."""
        raise NotImplementedError

    async def agg_trades(self, symbol: int, *, from_id: int | None = None, start_ms: int | None = None, end_ms: int | None = None,
                         limit: int = 500) -> np.ndarray:  # fmt: skip
        """AGG_TRADE array, oldest first: from aggregate id `from_id` on, or the first in start_ms … end_ms, or the latest."""
        raise NotImplementedError

    async def my_trades(self, account: int, symbol: int, *, order_id: int | None = None, from_id: int | None = None,
                        start_ms: int | None = None, end_ms: int | None = None, limit: int = 500) -> list[Fill]:  # fmt: skip
        """The account's fills, oldest first: from trade id `from_id` on, or the first in start_ms …, or the latest; all of one order."""
        raise NotImplementedError

    async def orders(self, account: int, symbol: int, *, order_id_from: int | None = None, start_ms: int | None = None,
                     end_ms: int | None = None, limit: int = 500) -> list[OrderRecord]:  # fmt: skip
        """The account's orders, open and closed, by id: from `order_id_from` on, or the first placed in start_ms …, or the latest."""
        raise NotImplementedError

    async def order(self, account: int, symbol: int, *, order_id: int | None = None, client_id: str | None = None) -> OrderRecord | None:
        """One order of the account by its id, or the latest with that client id."""
        raise NotImplementedError

    async def transfers(self, account: int, asset: int = 0, *, incoming: bool | None = None, counterparty: int = 0,
                        start_ms: int | None = None, end_ms: int | None = None, offset: int = 0,
                        limit: int = 1000) -> list[TransferRecord]:  # fmt: skip
        """Transfers from or to the account, newest first. Deposits are incoming with counterparty HOUSE_GATEWAY."""
        raise NotImplementedError
