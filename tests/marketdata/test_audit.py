"""The audit names what is wrong: each kind of record, spoiled in one place."""

import asyncio

import pytest

from cryptoshop.database import pool as open_pool
from marketdata import Recorder
from marketdata.audit import compare
from tests.marketdata.venue import Market

_FIRST = "SELECT min(seq) FROM history.entries"
_LAST_TRANSFER = "SELECT max(seq) FROM history.entries WHERE kind = 3"

SPOILED = [
    ("UPDATE history.recorder SET position = position - 1", "recorded position"),
    ("UPDATE history.recorder SET position = position + 1", "recorded position"),
    ("UPDATE history.recorder SET seq = seq + 1", "sequence of the last event"),
    (f"UPDATE history.entries SET amount = amount + 1 WHERE seq = ({_FIRST}) AND line = 0", "add up to 1, not 0"),
    (f"DELETE FROM history.entries WHERE seq = ({_LAST_TRANSFER})", "balance of account"),
    (f"UPDATE history.entries SET amount = 2 * amount WHERE seq = ({_LAST_TRANSFER})", "balance of account"),
    ("DELETE FROM history.orders WHERE order_id = (SELECT max(order_id) FROM history.orders WHERE status = 1)", "number of open orders"),
    ("UPDATE history.orders SET status = 1 WHERE order_id = (SELECT max(order_id) FROM history.orders WHERE status = 4)", "is open in the"),
    ("UPDATE history.orders SET client_id = client_id || 'x' WHERE status = 1", "client_id of order"),
    ("UPDATE history.orders SET executed_lots = executed_lots + 1 WHERE status IN (1, 2)", "executed_lots of order"),
    ("DELETE FROM history.transfers WHERE kind = 21 AND ended = 0", "held by account"),
    ("UPDATE history.transfers SET ended = 0 WHERE kind = 21 AND ended <> 0", "is held in the database"),
    ("UPDATE history.transfers SET amount = amount + 1 WHERE kind = 21 AND ended = 0", "amount of held transfer"),
    ("DELETE FROM history.trades WHERE symbol = 1 AND trade_id = 2", "count, first and last id of the trades of BASEQUOTE"),
    ("UPDATE history.trades SET agg_id = agg_id + 1 WHERE trade_id = (SELECT max(trade_id) FROM history.trades)", "aggregates of"),
    ("INSERT INTO history.trades SELECT 77, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1", "trades of symbol 77, which the log does not list"),
    ("UPDATE history.klines SET high_ticks = high_ticks + 1 WHERE interval = 15", "candle 1M of symbol 1"),
    ("DELETE FROM history.klines WHERE interval = 0", "candle 1s of symbol 1"),
    ("INSERT INTO history.klines SELECT 1, 1, 60000000000, 120000000000, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1", "number of candles of symbol 1"),
]


async def test_each_kind_of_difference_is_named(database: str) -> None:
    market = Market(2)
    pool = await open_pool(database)
    recorder = Recorder(market.log, pool)
    running = asyncio.create_task(recorder.run())
    await market.append(300)
    await asyncio.wait_for(recorder.reached(300), 30)
    running.cancel()
    await asyncio.wait([running])
    assert await compare(pool, market.machine) == []
    for spoil, named in SPOILED:
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            status = await connection.execute(spoil)
            assert status.split()[-1] != "0", f"{spoil} meets no row"
            found = await compare(OneConnection(connection), market.machine)
            await transaction.rollback()
        assert len(found) == 1, spoil
        assert named in found[0], (spoil, found)
    await pool.close()


async def test_a_log_that_ends_too_early_is_named(database: str) -> None:
    market = Market(2)
    pool = await open_pool(database)
    await market.append(10)
    await pool.execute("UPDATE history.recorder SET position = 11")
    assert await compare(pool, market.machine) == ["recorded position: the database has 11, the log gives 10"]
    await pool.close()


class OneConnection:
    """Looks like a pool to the audit, so that it sees what one open transaction has spoiled."""

    def __init__(self, connection):
        self._connection = connection

    def acquire(self):
        return self

    async def __aenter__(self):
        return Within(self._connection)

    async def __aexit__(self, *_exc_info):
        return None


class Within:
    def __init__(self, connection):
        self._connection = connection

    def transaction(self, **_kind):
        return self._connection.transaction()

    def __getattr__(self, name):
        return getattr(self._connection, name)


@pytest.fixture(autouse=True)
def _audit_reads_in_small_pieces(monkeypatch) -> None:
    monkeypatch.setattr("marketdata.audit.TRADES_READ", 17)
