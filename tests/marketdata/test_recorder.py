"""The recorder: exactly once, whatever happens."""

import asyncio

import pytest

from cryptoshop.database import pool as open_pool
from marketdata import Recorder
from marketdata.audit import compare
from tests.marketdata.venue import Market


@pytest.mark.parametrize("seed", range(6))
async def test_records_agree_with_the_machine(database: str, seed: int) -> None:
    market = Market(seed)
    pool = await open_pool(database)
    recorder = Recorder(market.log, pool)
    running = asyncio.create_task(recorder.run())
    for _ in range(4):
        await market.append(100)
        await asyncio.wait_for(recorder.reached(market.machine.position), 30)
        assert await compare(pool, market.machine) == []
    running.cancel()
    await pool.close()
