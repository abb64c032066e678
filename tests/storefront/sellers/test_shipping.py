"""What sending costs: by zone, weight, and from which total it is free."""

import uuid

import pytest

from storefront.sellers.shipping import choices, price


@pytest.mark.parametrize(
    ("weight_g", "items_total", "expected"),
    [(0, 0, 500), (1, 0, 600), (1000, 0, 600), (1001, 0, 700), (2500, 9999, 800), (2500, 10_000, 0), (1, 10_001, 0)],
)
def test_each_started_kilogram_costs_and_from_a_total_on_nothing_does(weight_g, items_total, expected):
    assert price(500, 100, 10_000, weight_g, items_total) == expected


async def test_a_named_country_has_its_own_zone_and_all_others_the_rest_of_the_world(world):
    seller = await world.seller("sam")  # everywhere for 5 USDT
    usdt, btc = world.asset("USDT"), world.asset("BTC")
    zone = uuid.uuid4()
    await world.pool.execute("INSERT INTO shop_shipping_zones VALUES ($1, $2, 'Home', '{DE,AT}')", zone, seller.seller_id)
    methods = [("slow", usdt, 1_000_000, 9, None), ("quick", usdt, 1_000_000, 1, None), ("dear", usdt, 9_000_000, 1, None),
               ("light", usdt, 100, 3, 500), ("coin", btc, 7, 3, None)]  # fmt: skip
    for name, asset, base, days, heaviest in methods:
        await world.pool.execute(
            """INSERT INTO shop_shipping_methods (method_id, zone_id, name, asset, base_price, days_min, days_max, weight_max_g)
               VALUES ($1, $2, $3, $4, $5, 0, $6, $7)""", uuid.uuid4(), zone, name, asset, base, days, heaviest,
        )  # fmt: skip

    async def names(country, weight_g=501, asset=usdt):
        return [choice.name for choice in await choices(world.pool, seller.seller_id, country, weight_g, 0, asset)]

    assert await names("AT") == ["quick", "slow", "dear"]
    assert await names("DE", 500) == ["light", "quick", "slow", "dear"]
    assert await names("DE", asset=btc) == ["coin"]
    assert await names("FR") == ["Parcel"]
    assert await names("FR", asset=btc) == []
    assert [choice.price for choice in await choices(world.pool, seller.seller_id, "FR", 1, 0, usdt)] == [5_000_000]
