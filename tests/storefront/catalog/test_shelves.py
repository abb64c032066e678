"""The pages that are looked through: home, categories, collections, product, seller, wishes, the list of pages."""

import json
import uuid
from xml.etree import ElementTree

from tests.storefront.catalog import market


async def collection(world, slug: str, product_ids=(), rule=None) -> None:
    collection_id = await world.pool.fetchval(
        "INSERT INTO shop_collections (slug, name, rule) VALUES ($1, $2, $3) RETURNING collection_id",
        slug, slug.title(), None if rule is None else json.dumps(rule),
    )  # fmt: skip
    for place, product_id in enumerate(product_ids):
        await world.pool.execute("INSERT INTO shop_collection_products VALUES ($1, $2, $3)", collection_id, product_id, place)


def titles(items) -> list[str]:
    return [item["title"] for item in items]


async def test_home_shows_collections_what_is_new_and_what_is_rated_best(world):
    seller = await world.seller()
    best = await market.add(world, seller, "Best", ratings=(5, 5, 5, 5))
    lone = await market.add(world, seller, "Loved once", ratings=(5,))
    poor = await market.add(world, seller, "Poor", ratings=(1, 2))
    await collection(world, "picked", [poor, best])
    await collection(world, "ruled", rule={"q": "loved"})
    await collection(world, "empty")
    await collection(world, "broken", rule={"asset": "GOLD"})
    home = await market.ask(world, "/shop/home")
    assert [(row["title"], titles(row["products"])) for row in home["rows"]] == [
        ("Picked", ["Poor", "Best"]), ("Ruled", ["Loved once"]), ("New arrivals", ["Poor", "Loved once", "Best"]),
        ("Best rated", ["Best", "Loved once"]),
    ]  # fmt: skip
    assert [category["slug"] for category in home["categories"]] == ["goods"]
    listed = await market.ask(world, "/shop/collections")
    assert {each["slug"]: each["count"] for each in listed["items"]} == {"picked": 2, "ruled": 1, "empty": 0, "broken": 0}
    assert titles((await market.ask(world, "/shop/collections/ruled"))["items"]) == ["Loved once"]
    assert lone


async def test_a_named_collection_keeps_its_order_over_pages_that_change(world):
    seller = await world.seller()
    products = [await market.add(world, seller, f"Number {n}") for n in range(7)]
    await collection(world, "counted", products)
    first = await market.ask(world, "/shop/collections/counted", limit=3)
    await world.pool.execute("DELETE FROM shop_collection_products WHERE product_id = $1", products[1])
    second = await market.ask(world, "/shop/collections/counted", limit=3, after=first["next"])
    third = await market.ask(world, "/shop/collections/counted", limit=3, after=second["next"])
    assert titles(first["items"] + second["items"] + third["items"]) == [f"Number {n}" for n in range(7)] and not third["next"]


async def test_categories_count_what_is_below_them_and_bear_a_ring(world):
    seller = await world.seller()
    home, kitchen = await market.category(world, "home"), await market.category(world, "kitchen", "home")
    await market.add(world, seller, "Bowl", category="kitchen")
    await market.add(world, seller, "Chair", category="home")
    listed = {each["slug"]: each for each in (await market.ask(world, "/shop/categories"))["items"]}
    assert (listed["home"]["count"], listed["kitchen"]["count"], listed["kitchen"]["parentId"]) == (2, 1, home)
    await world.pool.execute("UPDATE shop_categories SET parent_id = $1 WHERE category_id = $2", kitchen, home)
    assert (await market.ask(world, "/shop/categories"))["items"][0]["count"] == 2
    assert (await market.ask(world, "/shop/products", category="kitchen"))["total"] == 2


async def test_a_product_page_tells_all_that_a_buyer_chooses_by(world):
    seller = await world.seller("sam")
    await market.category(world, "home")
    await market.category(world, "kitchen", "home")
    product_id = await market.add(world, seller, "Bowl", category="kitchen", stock=0, attributes={"Material": "Oak"})
    for n, (size, stock) in enumerate((("S", 2), ("L", 40))):
        await world.pool.execute(
            """INSERT INTO shop_variants (variant_id, product_id, sku, options, price, on_hand, position)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            uuid.uuid4(), product_id, size, json.dumps({"Size": size}), 1_000_000 * (n + 1), stock, n + 1,
        )  # fmt: skip
    slug = await world.pool.fetchval("SELECT slug FROM shop_products WHERE product_id = $1", product_id)
    page = await market.ask(world, f"/shop/products/{slug}")
    variants = [(each["sku"], each["saleable"], each["stock"]) for each in page["variants"]]
    assert variants == [("one", 0, "out"), ("S", 2, "low"), ("L", 10, "in")]
    assert page["options"] == [{"name": "Size", "values": ["S", "L"]}]
    assert [crumb["slug"] for crumb in page["breadcrumbs"]] == ["home", "kitchen"]
    assert (page["attributes"], page["shipsTo"], page["reviewsSummary"]) == ({"Material": "Oak"}, ["*"], {"counts": [0] * 5})
    assert page["variants"][1]["price"] == {"asset": "USDT", "amount": "1.000000"}


async def test_what_is_not_for_sale_has_no_page(world):
    seller = await world.seller("sam")
    product = await world.product(seller)
    async with world.client() as client:
        for change in (
            "UPDATE shop_products SET state = 'blocked'", "UPDATE shop_products SET state = 'active', price_min = 0",
            "UPDATE shop_products SET price_min = 5", "UPDATE shop_sellers SET state = 'suspended'",
        ):  # fmt: skip
            await world.pool.execute(change)
            expected = 200 if "= 5" in change else 404
            assert (await client.get(f"/shop/products/{product.slug}")).status_code == expected, change
        assert (await client.get("/shop/sellers/sam")).status_code == 404
        assert (await client.get("/shop/products/nothing-here")).json()["code"] == "NOT_FOUND"
        assert (await client.get("/shop/products/a%00b")).status_code == 400


async def test_a_sellers_page_goes_on_as_a_search(world):
    seller = await world.seller("sam")
    wanted = {str(await market.add(world, seller, f"Thing {n}", sold=n)) for n in range(30)}
    page = await market.ask(world, "/shop/sellers/sam")
    rest = await market.ask(world, "/shop/products", seller="sam", after=page["products"]["next"])
    assert {item["id"] for item in page["products"]["items"] + rest["items"]} == wanted
    assert (page["name"], page["country"], page["rating"], rest["next"]) == ("Sam", "DE", None, "")


async def test_wishes_are_ones_own(world):
    seller, ann, bob = await world.seller(), await world.person("ann"), await world.person("bob")
    products = [await world.product(seller, f"Wish {n}") for n in range(5)]
    async with world.client(ann) as client:
        for product in (*products, products[0]):
            assert (await client.put(f"/shop/wishes/{product.product_id}")).status_code == 200
        assert (await client.put(f"/shop/wishes/{uuid.uuid4()}")).status_code == 404
        assert (await client.delete(f"/shop/wishes/{products[3].product_id}")).status_code == 200
    wished = await market.all_pages(world, "/shop/wishes", ann, limit=2)
    assert [item["title"] for item in wished] == ["Wish 4", "Wish 2", "Wish 1", "Wish 0"] and all(item["wished"] for item in wished)
    assert await market.all_pages(world, "/shop/wishes", bob) == []
    assert not (await market.ask(world, f"/shop/products/{products[0].slug}", bob))["wished"]
    async with world.client() as client:
        assert (await client.get("/shop/wishes")).status_code == 401
        assert (await client.put(f"/shop/wishes/{products[0].product_id}")).status_code == 401


async def test_the_sitemap_is_xml_of_this_host(world):
    product = await world.product(await world.seller("sam"))
    async with world.client() as client:
        answer = await client.get("/shop/sitemap.xml", headers={"host": "shop.example:8080"})
        found = [element.text for element in ElementTree.fromstring(answer.text).iter() if element.tag.endswith("loc")]
        assert found == ["http://shop.example:8080/shop/s/sam", f"http://shop.example:8080/shop/p/{product.slug}"]
        assert answer.headers["content-type"].startswith("application/xml")
        assert (await client.get("/shop/sitemap.xml", headers={"host": "a<b>"})).status_code == 400
