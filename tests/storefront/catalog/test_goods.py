"""A seller's products: made, changed, counted, and nobody else's."""

import asyncio
import uuid

from storefront import stock
from tests.storefront.catalog import market

PRODUCTS = "/shop/seller/products"


async def wanted(world, **fields) -> dict:
    there = await world.pool.fetchval("SELECT category_id FROM shop_categories WHERE slug = 'home'")
    category_id = there or await market.category(world, "home")
    variants = [{"sku": f"w-{size}", "price": "19.90", "options": {"Size": size}, "onHand": 5, "weightG": 400} for size in ("S", "L")]
    return {
        "title": "Walnut bowl", "description": "Turned by hand.\nOiled.", "categoryId": category_id, "asset": "USDT",
        "attributes": {"Material": "Walnut"}, "variants": variants,
    } | fields  # fmt: skip


async def made(world, seller, **fields) -> dict:
    async with world.client(seller) as client:
        answer = await client.post(PRODUCTS, json=await wanted(world, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def reserve(world, buyer, product, quantity: int) -> None:
    """As an open checkout does."""
    checkout_id = uuid.uuid4()
    await world.pool.execute(
        """INSERT INTO shop_checkouts (checkout_id, user_id, address, content, pay_asset, most, legs, rate_source, expires_at, created_at)
           VALUES ($1, $2, '{}', '{}', 1, 0, '[]', '{}', now(), now())""", checkout_id, buyer.user_id,
    )  # fmt: skip
    async with world.pool.acquire() as db, db.transaction():
        await stock.reserve(db, checkout_id, {product.variant_id: quantity})


async def test_a_draft_becomes_a_product_that_is_found(world):
    seller = await world.seller("sam")
    draft = await made(world, seller)
    assert (draft["state"], draft["slug"], draft["category"]["slug"]) == ("draft", "walnut-bowl", "home")
    variants = [(each["sku"], each["price"]["amount"], each["onHand"]) for each in draft["variants"]]
    assert variants == [("w-S", "19.900000", 5), ("w-L", "19.900000", 5)]
    assert (await market.ask(world, "/shop/products", q="walnut"))["total"] == 0
    async with world.client(seller) as client:
        changes = {"state": "active", "title": "Oak bowl", "attributes": {"Wood": "Oak"}}
        changed = await client.patch(f"{PRODUCTS}/{draft['id']}", json=changes)
        assert changed.json() | {"updatedAt": 0} == draft | changes | {"updatedAt": 0}
    found = await market.ask(world, "/shop/products", q="oak")
    assert [item["slug"] for item in found["items"]] == ["walnut-bowl"]
    assert (await made(world, seller))["slug"] == "walnut-bowl-2"
    assert (await made(world, seller, title="木の器"))["slug"] == "product"
    listed = await market.all_pages(world, PRODUCTS, seller, limit=1)
    assert [item["slug"] for item in listed] == ["product", "walnut-bowl-2", "walnut-bowl"]
    assert [item["slug"] for item in (await market.ask(world, PRODUCTS, seller, state="active"))["items"]] == ["walnut-bowl"]


OUT_OF_BOUNDS = [
    ({"title": " x"}, "INVALID_REQUEST"), ({"title": "a\0b"}, "INVALID_REQUEST"), ({"title": "x" * 121}, "INVALID_REQUEST"),
    ({"asset": "GOLD"}, "UNKNOWN_ASSET"), ({"categoryId": 999_999}, "INVALID_REQUEST"), ({"variants": []}, "INVALID_REQUEST"),
    ({"attributes": {f"a{n}": "b" for n in range(21)}}, "INVALID_REQUEST"), ({"attributes": {"a": "x" * 61}}, "INVALID_REQUEST"),
    ({"attributes": {"a:b": "c"}}, "INVALID_REQUEST"), ({"variants": [{"sku": "a", "price": "0"}]}, "INVALID_AMOUNT"),
    ({"variants": [{"sku": "a", "price": "0.0000001"}]}, "INVALID_AMOUNT"),
    ({"variants": [{"sku": "a", "price": "1"}, {"sku": "a", "price": "1", "options": {"Size": "S"}}]}, "ALREADY_EXISTS"),
    ({"variants": [{"sku": "a", "price": "1"}, {"sku": "b", "price": "1"}]}, "ALREADY_EXISTS"),
    ({"variants": [{"sku": "a", "price": "1", "options": {"Size": "S"}}, {"sku": "b", "price": "1"}]}, "INVALID_REQUEST"),
    ({"variants": [{"sku": "a", "price": "1", "onHand": -1}]}, "INVALID_REQUEST"), ({"state": "active"}, "INVALID_REQUEST"),
]  # fmt: skip


async def test_a_product_out_of_bounds_is_refused_and_leaves_nothing(world):
    seller = await world.seller()
    async with world.client(seller) as client:
        for fields, code in OUT_OF_BOUNDS:
            answer = await client.post(PRODUCTS, json=await wanted(world, **fields))
            assert answer.json()["code"] == code and answer.status_code in (400, 409), fields
    assert await world.pool.fetchval("SELECT count(*) FROM shop_products") == 0


async def test_what_is_blocked_stays_so_and_what_is_for_sale_keeps_a_variant(world):
    seller = await world.seller()
    product = await made(world, seller)
    async with world.client(seller) as client:
        path = f"{PRODUCTS}/{product['id']}"
        assert (await client.patch(path, json={"state": "active"})).status_code == 200
        first, second = (each["id"] for each in product["variants"])
        assert (await client.patch(f"/shop/seller/variants/{first}", json={"active": False})).status_code == 200
        assert (await client.patch(f"/shop/seller/variants/{second}", json={"active": False})).json()["code"] == "NOT_NOW"
        await world.pool.execute("UPDATE shop_products SET state = 'blocked'")
        assert (await client.patch(path, json={"state": "active"})).json()["code"] == "NOT_NOW"
        assert (await client.patch(path, json={"title": "Repaired"})).json()["state"] == "blocked"


async def test_variants_are_added_and_changed_and_the_product_follows(world):
    seller = await world.seller()
    product = await made(world, seller)
    async with world.client(seller) as client:
        added = await client.post(f"{PRODUCTS}/{product['id']}/variants", json={"sku": "w-XL", "price": "40", "options": {"Size": "XL"}})
        assert added.status_code == 201 and added.json()["stock"] == "out"
        for options, code in (({"Size": "S"}, "ALREADY_EXISTS"), ({"Colour": "Red"}, "INVALID_REQUEST")):
            answer = await client.patch(f"/shop/seller/variants/{added.json()['id']}", json={"options": options})
            assert answer.json()["code"] == code
        changed = await client.patch(f"/shop/seller/variants/{added.json()['id']}", json={"price": "50.5", "threshold": -2})
        assert (changed.json()["price"]["amount"], changed.json()["saleable"]) == ("50.500000", 2)
        await client.patch(f"{PRODUCTS}/{product['id']}", json={"state": "active"})
    (card,) = (await market.ask(world, "/shop/products"))["items"]
    assert (card["priceMin"]["amount"], card["priceMax"]["amount"]) == ("19.900000", "50.500000")


async def test_stock_is_compared_and_swapped(world):
    """Of many who count at once from the same number, one is right; the others are told what is there now."""
    seller = await world.seller()
    variant = (await made(world, seller))["variants"][0]["id"]
    async with world.client(seller) as client:
        path = f"/shop/seller/variants/{variant}/stock"
        answers = await asyncio.gather(*(client.post(path, json={"change": n, "was": 5}) for n in range(1, 9)))
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        on_hand = won[0].json()["onHand"]
        assert all(answer.json()["detail"] == {"onHand": on_hand} for answer in answers if answer.status_code == 409)
        assert await world.pool.fetchval("SELECT on_hand FROM shop_variants WHERE variant_id = $1", uuid.UUID(variant)) == on_hand
        gone = await client.post(path, json={"change": -on_hand, "was": on_hand})
        assert (gone.json()["stock"], gone.json()["onHand"]) == ("out", 0)
        assert (await client.post(path, json={"change": -1, "was": 0})).json()["code"] == "NOT_NOW"


async def test_what_buyers_have_reserved_cannot_be_counted_or_kept_away(world):
    seller, buyer = await world.seller(), await world.person()
    product = await world.product(seller, stock=5)
    await reserve(world, buyer, product, 4)
    async with world.client(seller) as client:
        path = f"/shop/seller/variants/{product.variant_id}"
        assert (await client.post(f"{path}/stock", json={"change": -2, "was": 5})).json()["detail"] == {"onHand": 5}
        assert (await client.patch(path, json={"threshold": 2})).json()["code"] == "NOT_NOW"
        assert (await client.post(f"{path}/stock", json={"change": -1, "was": 5})).json()["saleable"] == 0
    assert (await market.ask(world, "/shop/products", inStock="true"))["total"] == 0


async def test_counting_while_buyers_reserve_leaves_the_product_as_its_variants_are(world):
    """Buyers take what is there while the seller counts and changes prices: no deadlock, and in_stock is what the variants say."""
    seller, buyer = await world.seller(), await world.person()
    products = [await world.product(seller, stock=3) for _ in range(3)]

    async with world.client(seller) as client:
        changes = [
            client.patch(f"/shop/seller/variants/{product.variant_id}", json={"price": str(n)}) for product in products for n in range(1, 7)
        ]
        answers = await asyncio.gather(*changes, *(reserve(world, buyer, product, 1) for product in products for _ in range(3)))
    assert all(answer.status_code == 200 for answer in answers if answer is not None)
    rows = await world.pool.fetch("SELECT in_stock, price_min, price FROM shop_products JOIN shop_variants USING (product_id)")
    assert [(row["in_stock"], row["price_min"] == row["price"]) for row in rows] == [(False, True)] * 3


async def test_nobody_reads_or_changes_what_is_anothers(world):
    owner, other, buyer = await world.seller(), await world.seller(), await world.person()
    product = await made(world, owner)
    variant, image = product["variants"][0]["id"], uuid.uuid4()
    await world.pool.execute("INSERT INTO shop_images VALUES ($1, $2, 0, '', 1, 1, 'x', 'x')", image, uuid.UUID(product["id"]))
    calls = [
        ("GET", f"{PRODUCTS}/{product['id']}", None), ("PATCH", f"{PRODUCTS}/{product['id']}", {"title": "Mine now"}),
        ("POST", f"{PRODUCTS}/{product['id']}/variants", {"sku": "x", "price": "1", "options": {"Size": "M"}}),
        ("PATCH", f"/shop/seller/variants/{variant}", {"price": "1"}),
        ("POST", f"/shop/seller/variants/{variant}/stock", {"change": 1, "was": 5}),
        ("PUT", f"{PRODUCTS}/{product['id']}/images", {"order": [str(image)]}), ("DELETE", f"/shop/seller/images/{image}", None),
    ]  # fmt: skip
    for who, status in ((other, 404), (buyer, 403), (None, 401)):
        async with world.client(who) as client:
            for method, path, body in calls:
                answer = await client.request(method, path, json=body)
                assert answer.status_code == status, (method, path, answer.text)
    async with world.client(owner) as client:
        assert (await client.get(f"{PRODUCTS}/{product['id']}")).json()["title"] == "Walnut bowl"
