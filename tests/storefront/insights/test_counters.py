"""Counting in memory loses nothing that the database can take."""

import asyncio
import uuid

import asyncpg
import pytest

from storefront.insights import carted, counters, viewed

ROWS = "SELECT product_id, views, carts FROM shop_daily_counts WHERE day = $1 ORDER BY views"


async def test_counts_add_up_over_flushes_and_outlive_a_database_that_is_away(world):
    seller = await world.seller("sam")
    one, two = (await world.product(seller)).product_id, (await world.product(seller)).product_id
    viewed(one)
    viewed(two)
    viewed(two)
    viewed(uuid.uuid4())  # of a product that was deleted meanwhile
    await counters.flush(world.shop)
    viewed(one)
    carted(two)
    away = world.shop.pool
    world.shop.pool = await asyncpg.create_pool(min_size=0, host="/nowhere")
    with pytest.raises(OSError):
        await counters.flush(world.shop)
    await world.shop.pool.close()
    world.shop.pool = away
    await asyncio.gather(*(counters.flush(world.shop) for _ in range(5)))
    assert sorted(map(tuple, await world.pool.fetch(ROWS, world.clock().date()))) == sorted([(one, 2, 0), (two, 2, 1)])
