"""The platform's figures, and which commission an order bears."""

import pytest

from storefront.errors import ShopError
from storefront.moderation.settings import ShopSettings, change_settings, commission_ppm, settings


async def test_figures_are_the_defaults_until_they_are_changed(world):
    moderator = await world.person("mia", role="moderator")
    assert await settings(world.pool) == ShopSettings(50_000, 14, 10, 60, 10_000, 30)
    changed = await change_settings(world.pool, {"commission_ppm": 0, "return_days": 7}, moderator.user_id, world.clock())
    assert changed == await settings(world.pool) == ShopSettings(0, 14, 10, 60, 10_000, 7)
    with pytest.raises(ShopError, match="between 5 and 600"):
        await change_settings(world.pool, {"quote_seconds": 1}, moderator.user_id, world.clock())
    assert (await settings(world.pool)).quote_seconds == 60


async def test_the_commission_is_the_sellers_else_the_lowest_of_the_categories_else_the_platforms(world):
    free, bound = await world.seller("free"), await world.seller("bound", commission_ppm=12_345)

    async def category(slug, parent=None, ppm=None):
        sql = "INSERT INTO shop_categories (slug, name, parent_id, commission_ppm) VALUES ($1, $1, $2, $3) RETURNING category_id"
        return await world.pool.fetchval(sql, slug, parent, ppm)

    books = await category("books", ppm=30_000)
    novels = await category("novels", books)
    crime = await category("crime", novels)
    rare = await category("rare", novels, 90_000)
    toys = await category("toys")
    for categories, expected in (([], 50_000), ([toys], 50_000), ([crime], 30_000), ([rare], 90_000), ([rare, toys], 50_000),
                                 ([crime, rare, toys, toys], 30_000)):  # fmt: skip
        assert await commission_ppm(world.pool, free.seller_id, categories) == expected
        assert await commission_ppm(world.pool, bound.seller_id, categories) == 12_345
