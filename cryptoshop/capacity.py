"""Keeps the core's pools from filling up: capacities are logged state, so somebody must ask for more in time.

Runs in the REST role. Of two processes that ask at once, one is refused, which changes nothing.
"""

import asyncio

import structlog

from engine import commands
from engine.exchange import ExchangeClient
from engine.log.port import LogError
from engine.types import CAPACITY_MAX, Kind, Pool

LOOK_SECONDS = 1.0
FULL_AT = 3, 4  # a pool grows when three quarters of it are taken …
TRANSFER_IDS_MAX = 1 << 20  # … but remembered ids, which are always as many as there is room for, only to this: 150 MB a replica
log = structlog.get_logger("capacity")


async def keep_capacities(exchange: ExchangeClient) -> None:
    """Until cancelled: doubles what is about to be full."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for pool in Pool:
            if wanted := grown(pool, exchange.machine.used(pool), exchange.machine.capacity(pool)):
                try:
                    await exchange.execute(commands.admin(Kind.GROW, pool=pool, value=wanted))
                    log.info("pool grown", pool=pool.name, capacity=wanted)
                except LogError as error:
                    log.warning("pool not grown", pool=pool.name, error=type(error).__name__)


def grown(pool: Pool, used: int, capacity: int) -> int:
    """The capacity that the pool should have instead; 0 where it is large enough or cannot grow."""
    most = min(CAPACITY_MAX[pool], TRANSFER_IDS_MAX if pool == Pool.TRANSFER_IDS else CAPACITY_MAX[pool])
    return capacity * 2 if used * FULL_AT[1] > capacity * FULL_AT[0] and capacity * 2 <= most else 0
