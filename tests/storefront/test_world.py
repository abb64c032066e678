"""The marketplace of the tests is sound, and the shop's door holds where no room has a part in it."""


async def test_a_world_has_people_goods_and_depth(world):
    seller = await world.seller("sam")
    product = await world.product(seller, stock=3)
    assert await world.pool.fetchval("SELECT on_hand FROM shop_variants WHERE variant_id = $1", product.variant_id) == 3
    assert world.balance(seller.person.account, "USDT") == ("100000.000000", "0.000000")
    bid, _, ask, _ = world.exchange.machine.best(world.symbol("BTCUSDT"))
    assert 0 < bid < ask
    await world.check()


async def test_what_is_not_there_is_said_in_the_shops_words(world):
    async with world.client() as client:
        answer = await client.get("/shop/nowhere")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        answer = await client.get("/shop/openapi.json")
        assert answer.status_code == 200
