"""Reviews: by those who bought and received it, once a line, and the sums are those of what is shown."""

import asyncio
import json
import uuid

from tests.storefront.catalog import market


async def bought(world, buyer, product, *, fulfilment: str = "received", shipped: int = 1, lines: int = 1) -> list[uuid.UUID]:
    """The lines of an order of this product, as the orders room leaves it."""
    checkout_id, order_id = uuid.uuid4(), uuid.uuid4()
    address = json.dumps({"name": "ada Lovelace"})
    async with world.pool.acquire() as db, db.transaction():
        await db.execute(
            """INSERT INTO shop_checkouts (checkout_id, user_id, state, address, content, pay_asset, most, legs, rate_source, expires_at,
                                           created_at) VALUES ($1, $2, 'paid', $3, '{}', 1, 0, '[]', '{}', now(), now())""",
            checkout_id, buyer.user_id, address,
        )  # fmt: skip
        await db.execute(
            """INSERT INTO shop_orders (order_id, checkout_id, buyer_id, buyer_account, seller_id, payment, fulfilment, asset, items_total,
                                        total, released, commission_ppm, address, placed_at)
               VALUES ($1, $2, $3, $4, $5, 'released', $6, $7, 10, 10, 10, 0, $8, now())""",
            order_id, checkout_id, buyer.user_id, buyer.account, product.seller.seller_id, fulfilment, world.asset("USDT"), address,
        )  # fmt: skip
        ids = [uuid.uuid4() for _ in range(lines)]
        for line_id in ids:
            await db.execute(
                """INSERT INTO shop_order_lines (line_id, order_id, product_id, variant_id, title, sku, options, quantity, unit_price,
                                                 total, shipped) VALUES ($1, $2, $3, $4, 'Bowl', 's', '{}', 1, 10, 10, $5)""",
                line_id, order_id, product.product_id, product.variant_id, shipped,
            )  # fmt: skip
    return ids


def review(line_id: uuid.UUID, rating: int = 5, **more) -> dict:
    return {"lineId": str(line_id), "rating": rating} | more


async def ratings(world, product) -> tuple[int, int, int, int]:
    """(sum, count) of the product and of its seller."""
    return tuple(await world.pool.fetchrow(
        """SELECT p.rating_sum, p.rating_count, s.rating_sum, s.rating_count FROM shop_products p JOIN shop_sellers s USING (seller_id)
           WHERE product_id = $1""", product.product_id,
    ))  # fmt: skip


async def test_a_received_purchase_is_reviewed_and_answered(world):
    seller, buyer = await world.seller(), await world.person()
    product = await world.product(seller, "Bowl")
    (line_id,) = await bought(world, buyer, product)
    path = f"/shop/products/{product.slug}/reviews"
    async with world.client(buyer) as client:
        posted = await client.post(path, json=review(line_id, 4, title="Good", text="Turns well.\nHolds soup."))
        assert posted.status_code == 201 and posted.json()["author"] == "A. verified buyer"
    async with world.client(seller) as client:
        answered = await client.post(f"/shop/reviews/{posted.json()['id']}/reply", json={"text": "Thank you!"})
        assert answered.json()["reply"] == "Thank you!"
    (shown,) = (await market.ask(world, path))["items"]
    assert shown == posted.json() | {"reply": "Thank you!"}
    page = await market.ask(world, f"/shop/products/{product.slug}")
    assert (page["rating"], page["ratingCount"], page["reviewsSummary"]["counts"]) == (4.0, 1, [0, 0, 0, 1, 0])
    assert (page["seller"]["rating"], await ratings(world, product)) == (4.0, (4, 1, 4, 1))
    event = await world.pool.fetchrow("SELECT type, body FROM shop_events")
    assert (event["type"], json.loads(event["body"])["rating"]) == ("review.posted", 4)


async def test_only_who_received_it_reviews_it(world):
    seller, buyer, other = await world.seller(), await world.person(), await world.person()
    product, another = await world.product(seller, "Bowl"), await world.product(seller, "Lamp")
    (received,), (under_way,), (canceled,) = [
        await bought(world, buyer, product, **state)
        for state in ({}, {"fulfilment": "shipped"}, {"fulfilment": "received", "shipped": 0})
    ]  # fmt: skip
    path = f"/shop/products/{product.slug}/reviews"
    for who, where, line_id, code in (
        (None, path, received, "NOT_LOGGED_IN"), (other, path, received, "NOT_FOUND"), (seller, path, received, "NOT_FOUND"),
        (buyer, f"/shop/products/{another.slug}/reviews", received, "NOT_FOUND"), (buyer, path, uuid.uuid4(), "NOT_FOUND"),
        (buyer, path, under_way, "NOT_NOW"), (buyer, path, canceled, "NOT_NOW"),
    ):  # fmt: skip
        async with world.client(who) as client:
            assert (await client.post(where, json=review(line_id))).json()["code"] == code
    async with world.client(buyer) as client:
        for fields in ({"rating": 0}, {"rating": 6}, {"title": "x" * 101}, {"text": "\0"}, {"lineId": "x"}, {"stars": 5}):
            body = review(received) | fields
            assert (await client.post(path, json=body)).json()["code"] == "INVALID_REQUEST"
    assert await ratings(world, product) == (0, 0, 0, 0)


async def test_a_line_is_reviewed_once_however_often_it_is_sent(world):
    seller, buyer = await world.seller(), await world.person()
    product = await world.product(seller, "Bowl")
    (line_id,) = await bought(world, buyer, product)
    async with world.client(buyer) as client:
        answers = await asyncio.gather(*(
            client.post(f"/shop/products/{product.slug}/reviews", json=review(line_id, 1 + n % 5)) for n in range(8)
        ))  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"ALREADY_EXISTS"}
    (won,) = (answer.json()["rating"] for answer in answers if answer.status_code == 201)
    assert await ratings(world, product) == (won, 1, won, 1)


async def test_hidden_reviews_are_in_no_list_and_no_sum(world):
    seller, buyer = await world.seller(), await world.person()
    product = await world.product(seller, "Bowl")
    lines = await bought(world, buyer, product, lines=2)
    path = f"/shop/products/{product.slug}/reviews"
    async with world.client(buyer) as client:
        kept = (await client.post(path, json=review(lines[0], 5))).json()
        hidden = (await client.post(path, json=review(lines[1], 1))).json()
    one, both = (5, 1, 5, 1), (6, 2, 6, 2)  # sum and count of the product and of the seller
    moderator = await world.person(role="moderator")
    async with world.client(moderator) as client:
        for change, sums in ((True, one), (True, one), (False, both), (True, one)):
            assert (await client.patch(f"/shop/admin/reviews/{hidden['id']}", json={"hidden": change})).status_code == 200
            assert await ratings(world, product) == sums
    assert [each["id"] for each in (await market.ask(world, path))["items"]] == [kept["id"]]
    async with world.client(seller) as client:
        assert (await client.post(f"/shop/reviews/{hidden['id']}/reply", json={"text": "?"})).status_code == 404


async def test_reviews_come_latest_first_on_steady_pages(world):
    seller, buyer, other = await world.seller(), await world.person(), await world.seller()
    product = await world.product(seller, "Bowl")
    path = f"/shop/products/{product.slug}/reviews"
    async with world.client(buyer) as client:
        posted = [
            (await client.post(path, json=review(line_id))).json()["id"] for line_id in await bought(world, buyer, product, lines=7)
        ]
        first = await market.ask(world, path, limit=3)
        (late,) = await bought(world, buyer, product)
        await client.post(path, json=review(late))
    second = await market.ask(world, path, limit=3, after=first["next"])
    third = await market.ask(world, path, limit=3, after=second["next"])
    assert [each["id"] for page in (first, second, third) for each in page["items"]] == posted[::-1] and not third["next"]
    async with world.client(other) as client:
        assert (await client.post(f"/shop/reviews/{posted[0]}/reply", json={"text": "?"})).status_code == 404
    async with world.client(buyer) as client:
        assert (await client.post(f"/shop/reviews/{posted[0]}/reply", json={"text": "?"})).status_code == 403
    async with world.client() as client:
        for after in ("x", "W10", "WzkyMjMzNzIwMzY4NTQ3NzU4MDcsICIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiXQ"):
            assert (await client.get(path, params={"after": after})).json()["code"] == "INVALID_REQUEST"
