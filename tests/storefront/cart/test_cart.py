"""The cart over HTTP: guests and users, what is left of things, prices that change, carts that come together."""

import asyncio
import uuid

from storefront.cart.lines import LINES_MAX


async def test_a_guest_gets_a_cart_and_its_cookie(world):
    product = await world.product(await world.seller("sam"), price="20", stock=5)
    async with world.client() as client:
        assert (await client.get("/shop/cart")).json() == {"id": None, "sellers": [], "count": 0, "totals": [], "notices": []}
        answer = await client.post("/shop/cart/lines", json={"variantId": str(product.variant_id), "quantity": 2})
        assert answer.status_code == 201
        assert "httponly" in answer.headers["set-cookie"].lower() and "samesite=lax" in answer.headers["set-cookie"].lower()
        cart = (await client.get("/shop/cart")).json()
        assert cart == answer.json()
        line = cart["sellers"][0]["lines"][0]
        assert (line["quantity"], line["total"], line["saleable"]) == (2, {"asset": "USDT", "amount": "40.000000"}, 5)
        assert cart["totals"] == [{"asset": "USDT", "amount": "40.000000"}] and cart["count"] == 2
    async with world.client() as stranger:
        assert (await stranger.get("/shop/cart")).json()["count"] == 0


async def test_a_planted_cookie_names_no_cart(world):
    product = await world.product(await world.seller("sam"))
    async with world.client(cookies={"cryptoshop_cart": "chosen-by-another"}) as client:
        await client.post("/shop/cart/lines", json={"variantId": str(product.variant_id), "quantity": 1})
    async with world.client(cookies={"cryptoshop_cart": "chosen-by-another"}) as other:
        assert (await other.get("/shop/cart")).json()["count"] == 0


async def test_quantities_end_at_what_is_left(world):
    seller = await world.seller("sam")
    few, none = await world.product(seller, stock=3), await world.product(seller, stock=0)
    async with world.client(await world.person("bea")) as client:
        path = f"/shop/cart/lines/{few.variant_id}"
        cart = (await client.put(path, json={"quantity": 7})).json()
        assert (cart["count"], cart["notices"][0]["code"]) == (3, "REDUCED")
        assert (await client.put(path, json={"quantity": 2})).json()["count"] == 2
        cart = (await client.post("/shop/cart/lines", json={"variantId": str(few.variant_id), "quantity": 2})).json()
        assert cart["count"] == 3
        answer = await client.post("/shop/cart/lines", json={"variantId": str(none.variant_id), "quantity": 1})
        assert (answer.status_code, answer.json()["code"]) == (409, "OUT_OF_STOCK")
        assert answer.json()["detail"] == {"variantId": str(none.variant_id), "saleable": 0}
        assert (await client.put(path, json={"quantity": 0})).json()["sellers"] == []


async def test_what_cannot_be_put_into_a_cart(world):
    seller = await world.seller("sam")
    product = await world.product(seller)
    async with world.client(seller) as client:
        answer = await client.post("/shop/cart/lines", json={"variantId": str(product.variant_id), "quantity": 1})
        assert answer.json()["code"] == "OWN_GOODS"
        answer = await client.post("/shop/cart/lines", json={"variantId": str(uuid.uuid4()), "quantity": 1})
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        for wrong in ({"variantId": "x", "quantity": 1}, {"variantId": str(product.variant_id), "quantity": 1000}, {"quantity": 1}, []):
            assert (await client.post("/shop/cart/lines", json=wrong)).status_code == 400
        assert (await client.put("/shop/cart/lines/nonsense", json={"quantity": 1})).status_code == 404
    await world.pool.execute("UPDATE shop_products SET state = 'blocked'")
    async with world.client(await world.person()) as client:
        assert (await client.put(f"/shop/cart/lines/{product.variant_id}", json={"quantity": 1})).status_code == 404


async def test_a_changed_price_is_told_until_it_is_accepted(world):
    product = await world.product(await world.seller("sam"), price="20")
    async with world.client(await world.person("bea")) as client:
        await client.put(f"/shop/cart/lines/{product.variant_id}", json={"quantity": 1})
        await world.pool.execute("UPDATE shop_variants SET price = price + 1")
        cart = (await client.get("/shop/cart")).json()
        assert [notice["code"] for notice in cart["notices"]] == ["PRICE_CHANGED"]
        line = cart["sellers"][0]["lines"][0]
        assert (line["priceSeen"]["amount"], line["unitPrice"]["amount"]) == ("20.000000", "20.000001")
        assert (await client.post("/shop/cart/accept")).json()["notices"] == []
        await world.pool.execute("UPDATE shop_products SET state = 'archived'")
        cart = (await client.get("/shop/cart")).json()
        assert ([notice["code"] for notice in cart["notices"]], cart["count"]) == (["UNAVAILABLE"], 0)


async def test_carts_merge_to_the_larger_of_both_quantities_once(world):
    seller, bea = await world.seller("sam"), await world.person("bea")
    both, guests = await world.product(seller, stock=50), await world.product(seller, stock=50)
    async with world.client(bea) as user, world.client() as guest:
        await user.put(f"/shop/cart/lines/{both.variant_id}", json={"quantity": 4})
        await guest.put(f"/shop/cart/lines/{both.variant_id}", json={"quantity": 7})
        await guest.put(f"/shop/cart/lines/{guests.variant_id}", json={"quantity": 1})
        token = guest.cookies["cryptoshop_cart"]
        async with world.client(bea, cookies={"cryptoshop_cart": token}) as signed_in:
            await asyncio.gather(*(signed_in.post("/shop/cart/merge") for _ in range(4)))
            cart = (await signed_in.get("/shop/cart")).json()
        assert sorted(line["quantity"] for seller in cart["sellers"] for line in seller["lines"]) == [1, 7]
        assert (await guest.get("/shop/cart")).json()["count"] == 0
        assert await world.pool.fetchval("SELECT count(*) FROM shop_carts") == 1


async def test_an_offline_cart_comes_back(world):
    seller = await world.seller("sam")
    kept, gone, fresh = [await world.product(seller, stock=5) for _ in range(3)]
    unknown = uuid.uuid4()
    async with world.client(await world.person("bea")) as client:
        for product in (kept, gone):
            await client.put(f"/shop/cart/lines/{product.variant_id}", json={"quantity": 1})
        lines = [(gone.variant_id, 0), (fresh.variant_id, 9), (unknown, 1)]
        answer = await client.post("/shop/cart/sync", json={"lines": [{"variantId": str(v), "quantity": q} for v, q in lines]})
        cart = answer.json()
        assert {line["variantId"]: line["quantity"] for line in cart["sellers"][0]["lines"]} == {
            str(kept.variant_id): 1, str(fresh.variant_id): 5,
        }  # fmt: skip
        assert {(notice["code"], notice["variantId"]) for notice in cart["notices"]} == {
            ("UNAVAILABLE", str(unknown)), ("REDUCED", str(fresh.variant_id)),
        }  # fmt: skip


async def test_a_cart_has_an_end(world):
    seller = await world.seller("sam")
    product = await world.product(seller)
    variants = await world.pool.fetch(
        """INSERT INTO shop_variants (variant_id, product_id, sku, price, on_hand)
           SELECT gen_random_uuid(), $1, 'more-' || n, 5, 9 FROM generate_series(1, $2) n RETURNING variant_id""",
        product.product_id, LINES_MAX,
    )  # fmt: skip
    lines = [{"variantId": str(row["variant_id"]), "quantity": 1} for row in variants]
    async with world.client(await world.person("bea")) as client:
        assert (await client.post("/shop/cart/sync", json={"lines": lines})).json()["count"] == LINES_MAX
        answer = await client.post("/shop/cart/lines", json={"variantId": str(product.variant_id), "quantity": 1})
        assert answer.json()["code"] == "TOO_MANY"
        assert (await client.get("/shop/cart")).json()["count"] == LINES_MAX
