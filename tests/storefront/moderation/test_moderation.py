"""What moderators do: each thing once through HTTP, what it changes, what it refuses, and the trace it leaves."""

import asyncio
import json
import random
import uuid

import pytest

from storefront.moderation.categories import DEPTH_MAX


@pytest.fixture
async def office(world):
    async with world.client(await world.person("mia", role="moderator")) as client:
        yield client


async def actions(world):
    return [row["action"] for row in await world.pool.fetch("SELECT action FROM audit ORDER BY audit_id")]


READ = ("overview", "sellers", "categories", "collections", "taxes", "vouchers", "settings", "audit")
CHANGED = (
    ("POST", f"sellers/{uuid.UUID(int=1)}/approve"), ("PATCH", f"sellers/{uuid.UUID(int=1)}"), ("POST", "categories"),
    ("PATCH", "categories/1"), ("POST", "collections"), ("PATCH", "collections/x"), ("DELETE", "collections/x"), ("PUT", "taxes"),
    ("POST", "vouchers"), ("PATCH", f"vouchers/{uuid.UUID(int=1)}"), ("PATCH", "settings"), ("PATCH", f"products/{uuid.UUID(int=1)}"),
    ("PATCH", f"reviews/{uuid.UUID(int=1)}"),
)  # fmt: skip
BODIES = {
    "categories": {"name": "Books"}, "collections": {"name": "New"}, "taxes": {"rates": []}, "products": {"state": "blocked"},
    "vouchers": {"code": "FREE", "kind": "free_shipping", "active": True}, "reviews": {"hidden": True},
}  # fmt: skip


async def test_all_of_it_is_for_moderators(world):
    seller, admin = await world.seller("sam"), await world.person("root", role="admin")
    async with world.client() as guest, world.client(seller) as client, world.client(admin) as root:
        for path in READ:
            assert (await guest.get(f"/shop/admin/{path}")).json()["code"] == "NOT_LOGGED_IN"
            assert (await client.get(f"/shop/admin/{path}")).json()["code"] == "NOT_ALLOWED"
            assert (await root.get(f"/shop/admin/{path}")).status_code == 200
        for method, path in CHANGED:
            body = BODIES.get(path.partition("/")[0], {})
            if method == "POST":
                body = {name: value for name, value in body.items() if name != "active"}
            elif path.startswith("vouchers"):
                body = {"active": True}
            elif path.startswith("categories") or path.startswith("collections"):
                body = {}
            sent = {} if method == "DELETE" else {"json": body}
            assert (await guest.request(method, f"/shop/admin/{path}", **sent)).json()["code"] == "NOT_LOGGED_IN", path
            assert (await client.request(method, f"/shop/admin/{path}", **sent)).json()["code"] == "NOT_ALLOWED", path
            if path.partition("/")[2]:
                assert (await root.request(method, f"/shop/admin/{path}", **sent)).status_code == 404, path
    assert await actions(world) == []


async def test_sellers_come_in_pages_in_the_order_in_which_they_applied(world, office):
    for n in range(5):
        async with world.client(await world.person(f"ann{n}")) as client:
            await client.post("/shop/seller", json={"name": f"Shop {n}", "country": "DE"})
    names, after = [], ""
    while True:
        page = (await office.get("/shop/admin/sellers", params={"state": "applied", "limit": 2, "after": after})).json()
        names += [item["name"] for item in page["items"]]
        if not (after := page["next"]):
            break
    assert names == [f"Shop {n}" for n in range(5)]
    assert (await office.get("/shop/admin/sellers?state=approved")).json()["items"] == []
    for query in ("state=asleep", "limit=0", "limit=101", "after=x", "after=" + "A" * 2000):
        assert (await office.get(f"/shop/admin/sellers?{query}")).status_code == 400, query


async def test_the_tree_of_categories(world, office):
    async def add(**body):
        return await office.post("/shop/admin/categories", json=body)

    home = (await add(name="Home", commissionPpm=10_000)).json()
    chairs = (await add(name="Chairs & Stools", parentId=home["id"], position=2, taxClass="reduced")).json()
    assert (chairs["slug"], chairs["parentId"], chairs["taxClass"]) == ("chairs-stools", home["id"], "reduced")
    assert chairs["commissionPpm"] is None
    assert (await add(name="Chairs & Stools")).json()["slug"].startswith("chairs-stools-")
    assert (await add(name="Other", slug="home")).json()["code"] == "ALREADY_EXISTS"
    path = f"/shop/admin/categories/{home['id']}"
    for body in ({"parentId": chairs["id"]}, {"parentId": home["id"]}, {"parentId": 2**31 - 1}, {"taxClass": "none"}, {"slug": "A b"},
                 {"commissionPpm": 1_000_001}, {"name": None}, {"position": 2**40}):  # fmt: skip
        assert (await office.patch(path, json=body)).json()["code"] == "INVALID_REQUEST", body
    changed = (await office.patch(path, json={"name": "House", "commissionPpm": None, "slug": "house"})).json()
    assert changed == home | {"name": "House", "commissionPpm": None, "slug": "house"}
    assert (await office.patch(f"/shop/admin/categories/{chairs['id']}", json={"parentId": None})).json()["parentId"] is None
    assert (await office.patch("/shop/admin/categories/99999999999", json={"name": "Nothing"})).status_code == 404
    below = home["id"]
    for n in range(DEPTH_MAX - 1):
        below = (await add(name=f"Level {n}", parentId=below)).json()["id"]
    assert (await add(name="Too deep", parentId=below)).status_code == 400
    assert (await office.patch(path, json={"parentId": chairs["id"]})).status_code == 400
    listed = (await office.get("/shop/admin/categories")).json()["items"]
    assert {item["slug"] for item in listed} >= {"house", "chairs-stools"}
    assert set(await actions(world)) == {"CATEGORY_ADDED", "CATEGORY_CHANGED"}


async def test_moves_at_once_never_make_a_cycle(world, office):
    one, two = [(await office.post("/shop/admin/categories", json={"name": name})).json()["id"] for name in ("One", "Two")]
    for _ in range(5):
        answers = await asyncio.gather(
            office.patch(f"/shop/admin/categories/{one}", json={"parentId": two}),
            office.patch(f"/shop/admin/categories/{two}", json={"parentId": one}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        for category in (one, two):
            await office.patch(f"/shop/admin/categories/{category}", json={"parentId": None})


async def test_a_renamed_category_finds_its_products_by_its_new_name(world, office):
    await world.product(await world.seller("sam"), "Plain thing", category="goods")
    category = (await office.get("/shop/admin/categories")).json()["items"][0]
    assert category["count"] == 1
    await office.patch(f"/shop/admin/categories/{category['id']}", json={"name": "Heirlooms"})
    assert await world.pool.fetchval("SELECT count(*) FROM shop_products WHERE words @@ to_tsquery('english', 'heirloom')") == 1


async def test_collections_name_products_or_have_a_rule(world, office):
    sam = await world.seller("sam")
    first, second = (await world.product(sam)).product_id, (await world.product(sam)).product_id
    made = await office.post("/shop/admin/collections", json={"name": "Fresh finds", "products": [str(second), str(first)]})
    assert (made.status_code, made.json()["slug"], made.json()["count"]) == (201, "fresh-finds", 2)
    path = "/shop/admin/collections/fresh-finds"
    assert (await office.patch(path, json={"products": [str(first)], "position": 3})).json()["products"] == [str(first)]
    ruled = (await office.patch(path, json={"rule": {"q": "oak", "asset": "USDT", "priceMax": "50"}})).json()
    assert (ruled["rule"]["q"], ruled["products"]) == ("oak", [])
    assert (await office.patch(path, json={"name": "Oak"})).json()["rule"] == ruled["rule"]
    for body in ({"products": [str(uuid.uuid4())]}, {"products": [str(first), str(first)]}, {"rule": {"colour": "red"}},
                 {"rule": {"priceMax": "5"}}, {"rule": {}, "products": [str(first)]}):  # fmt: skip
        assert (await office.patch(path, json=body)).json()["code"] == "INVALID_REQUEST", body
    assert (await office.get("/shop/admin/collections")).json()["items"][0]["rule"] == ruled["rule"]
    assert (await office.post("/shop/admin/collections", json={"name": "Again", "slug": "fresh-finds"})).json()["code"] == "ALREADY_EXISTS"
    assert (await office.patch("/shop/admin/collections/%00", json={})).status_code == 400
    assert (await office.delete(path)).json() == {}
    assert (await office.get("/shop/admin/collections")).json()["items"] == []
    assert await world.pool.fetchval("SELECT count(*) FROM shop_products") == 2


async def test_tax_rates_are_replaced_as_a_whole_or_not_at_all(world, office):
    rates = [{"country": "DE", "taxClass": "standard", "name": "VAT 19 %", "ppm": 190_000, "inclusive": True},
             {"country": "DE", "taxClass": "reduced", "name": "VAT 7 %", "ppm": 70_000, "inclusive": True},
             {"country": "US", "taxClass": "standard", "name": "Sales tax", "ppm": 80_000, "inclusive": False}]  # fmt: skip
    assert (await office.put("/shop/admin/taxes", json={"rates": rates})).status_code == 200
    listed = (await office.get("/shop/admin/taxes")).json()["rates"]
    assert sorted(listed, key=json.dumps) == sorted(rates, key=json.dumps)
    for wrong in (rates + rates[:1], [rates[0] | {"ppm": -1}], [rates[0] | {"country": "Germany"}], [rates[0] | {"taxClass": "none"}]):
        assert (await office.put("/shop/admin/taxes", json={"rates": wrong})).json()["code"] == "INVALID_REQUEST"
    assert (await office.get("/shop/admin/taxes")).json()["rates"] == listed
    assert (await office.put("/shop/admin/taxes", json={"rates": rates[2:]})).json()["rates"] == rates[2:]


async def test_figures_are_changed_within_their_bounds(world, office):
    assert (await office.patch("/shop/admin/settings", json={"quoteSeconds": 30, "commissionPpm": 0})).json()["quoteSeconds"] == 30
    for body in ({"quoteSeconds": 1}, {"commissionPpm": 2_000_000}, {"autoReleaseDays": 0}, {"slippagePpm": "x"}, {"colour": 1}):
        assert (await office.patch("/shop/admin/settings", json={"returnDays": 9} | body)).json()["code"] == "INVALID_REQUEST"
    assert (await office.get("/shop/admin/settings")).json() == {
        "commissionPpm": 0, "autoReleaseDays": 14, "reservationMinutes": 10, "quoteSeconds": 30, "slippagePpm": 10_000, "returnDays": 30,
    }  # fmt: skip


async def test_a_blocked_product_is_given_back_only_to_where_it_was_taken_from(world, office):
    product = await world.product(await world.seller("sam"))
    path = f"/shop/admin/products/{product.product_id}"
    assert (await office.patch(path, json={"state": "blocked"})).json()["state"] == "blocked"
    assert (await office.patch(path, json={"state": "blocked"})).json()["state"] == "blocked"
    assert (await office.patch(path, json={"state": "active"})).json()["state"] == "active"
    await world.pool.execute("UPDATE shop_products SET state = 'draft'")
    assert (await office.patch(path, json={"state": "active"})).json()["code"] == "NOT_NOW"
    assert (await office.patch(path, json={"state": "archived"})).json()["code"] == "INVALID_REQUEST"


async def purchase(world, product, buyer, *, payment="released", total=100, commission=5, held=0):
    """An order of one line, as the database has it afterwards."""
    checkout_id, order_id, line_id = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    now, asset = world.clock(), world.asset("USDT")
    await world.pool.execute(
        """INSERT INTO shop_checkouts (checkout_id, user_id, state, address, content, pay_asset, most, legs, rate_source, expires_at,
                                       created_at) VALUES ($1, $2, 'paid', '{}', '{}', $3, 0, '[]', '{}', $4, $4)""",
        checkout_id, buyer.user_id, asset, now,
    )  # fmt: skip
    await world.pool.execute(
        """INSERT INTO shop_orders (order_id, checkout_id, buyer_id, buyer_account, seller_id, payment, asset, items_total, total,
               commission_ppm, held, released, commission, address, placed_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 50000, $9, $10, $11, '{}', $12)""",
        order_id, checkout_id, buyer.user_id, buyer.account, product.seller.seller_id, payment, asset, total, held,
        0 if payment == "pending" else total - held, commission if total > held and payment != "pending" else 0, now,
    )  # fmt: skip
    await world.pool.execute(
        """INSERT INTO shop_order_lines (line_id, order_id, product_id, variant_id, title, sku, options, quantity, unit_price, total)
           VALUES ($1, $2, $3, $4, 't', 's', '{}', 1, $5, $5)""", line_id, order_id, product.product_id, product.variant_id, total,
    )  # fmt: skip
    return order_id, line_id


async def test_hidden_reviews_do_not_count(world, office):
    product, buyer = await world.product(await world.seller("sam")), await world.person("bea")
    chance, reviews = random.Random(1), []
    for _ in range(4):
        _, line_id = await purchase(world, product, buyer)
        reviews.append(uuid.uuid4())
        rating = chance.randint(1, 5)
        await world.pool.execute(
            "INSERT INTO shop_reviews (review_id, product_id, line_id, user_id, rating, at) VALUES ($1, $2, $3, $4, $5, $6)",
            reviews[-1], product.product_id, line_id, buyer.user_id, rating, world.clock(),
        )  # fmt: skip
        for table, key in (("shop_products", product.product_id), ("shop_sellers", product.seller.seller_id)):
            column = table.removeprefix("shop_").removesuffix("s") + "_id"
            await world.pool.execute(
                f"UPDATE {table} SET rating_sum = rating_sum + $2, rating_count = rating_count + 1 WHERE {column} = $1", key, rating
            )

    async def check(shown):
        counted = await world.pool.fetchrow("SELECT coalesce(sum(rating), 0)::int, count(*) FROM shop_reviews WHERE NOT hidden")
        assert counted[1] == shown
        for table in ("shop_products", "shop_sellers"):
            assert tuple(await world.pool.fetchrow(f"SELECT rating_sum, rating_count FROM {table}")) == tuple(counted)

    path = f"/shop/admin/reviews/{reviews[2]}"
    for answer in await asyncio.gather(*(office.patch(path, json={"hidden": True}) for _ in range(5))):  # five clicks count once
        assert answer.json()["hidden"] is True
    await check(3)
    assert (await office.get("/shop/admin/overview")).json()["reviewsHidden"] == 1
    for _ in range(2):
        assert (await office.patch(path, json={"hidden": False})).json()["hidden"] is False
    await check(4)


async def test_the_overview_sums_what_was_paid(world, office):
    product, buyer = await world.product(await world.seller("sam")), await world.person("bea")
    await purchase(world, product, buyer, total=1_000_000, commission=50_000)
    await purchase(world, product, buyer, payment="held", total=3_000_000, held=3_000_000)
    await purchase(world, product, buyer, payment="pending", total=9_000_000)
    async with world.client(await world.person("ann")) as client:
        await client.post("/shop/seller", json={"name": "Shop", "country": "DE"})
    await world.pool.execute("UPDATE shop_orders SET dispute = 'open' WHERE payment = 'held'")
    assert (await office.get("/shop/admin/overview")).json() == {
        "sellersWaiting": 1, "disputesOpen": 1, "stuck": 0, "reviewsHidden": 0,
        "volume": [{"asset": "USDT", "amount": "4.000000"}], "commission": [{"asset": "USDT", "amount": "0.050000"}],
        "escrow": [{"asset": "USDT", "amount": "3.000000"}],
    }  # fmt: skip


async def test_the_trail_is_read_newest_first_of_all_orders_or_of_one(world, office):
    product, buyer = await world.product(await world.seller("sam")), await world.person("bea")
    orders = [(await purchase(world, product, buyer))[0] for _ in range(2)]
    for n in range(6):
        await world.pool.execute(
            """INSERT INTO shop_transitions (order_id, axis, event, before, after, actor, user_id, detail, at)
               VALUES ($1, 'payment', $2, 'pending', 'held', 'system', NULL, '{"n": 1}', $3)""", orders[n % 2], f"event{n}", world.clock(),
        )  # fmt: skip

    async def events(**query):
        found, after = [], ""
        while True:
            page = (await office.get("/shop/admin/audit", params=query | {"limit": 2, "after": after})).json()
            found += [item["event"] for item in page["items"]]
            if not (after := page["next"]):
                return found

    assert await events() == [f"event{n}" for n in range(5, -1, -1)]
    assert await events(orderId=str(orders[1])) == ["event5", "event3", "event1"]
    assert await events(orderId=str(uuid.uuid4())) == []
    assert (await office.get("/shop/admin/audit?orderId=x")).status_code == 400
