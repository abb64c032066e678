"""Searching: what is found, in which order, what the facets count, and pages that stay put."""

import itertools
import random

import pytest

from tests.storefront.catalog import market

PRODUCTS = "/shop/products"


def ids(page: dict) -> list[str]:
    return [item["id"] for item in page["items"]]


async def test_words_are_found_where_they_stand_and_titles_weigh_most(world):
    seller = await world.seller("walnutworks")
    in_text = await market.add(world, seller, "Plain board", description="Oiled like our walnut bowls.")
    in_title = await market.add(world, seller, "Walnut bowl")
    in_kind = await market.add(world, seller, "Round bowl", attributes={"Material": "Walnut"})
    assert ids(await market.ask(world, PRODUCTS, q="walnut bowls")) == [str(each) for each in (in_title, in_kind, in_text)]
    assert ids(await market.ask(world, PRODUCTS, q="bowl -walnut")) == []
    assert set(ids(await market.ask(world, PRODUCTS, q="walnutworks"))) == {str(each) for each in (in_text, in_title, in_kind)}


async def test_accents_stems_and_all_too_common_words(world):
    seller = await world.seller()
    table, who = await market.add(world, seller, "Café tables"), await market.add(world, seller, "The Who")
    assert ids(await market.ask(world, PRODUCTS, q="cafe table")) == [str(table)]
    assert ids(await market.ask(world, PRODUCTS, q="CAFÉ TABLE")) == [str(table)]
    assert ids(await market.ask(world, PRODUCTS, q="the who")) == [str(who)]


MISTAKES = {
    "wlanut": "walnut", "walnutt bowll": "walnut bowl", "walnut bwol": "walnut bowl", "lantrn": "lantern", "walnut qqqq": "walnut",
}  # fmt: skip


async def test_typing_mistakes_are_corrected_and_it_is_said(world):
    seller = await world.seller()
    await market.add(world, seller, "Walnut bowl")
    await market.add(world, seller, "Paper lantern")
    for typed, meant in MISTAKES.items():
        page = await market.ask(world, PRODUCTS, q=typed)
        assert (page["corrected"], page["total"]) == (meant, 1), typed
        assert (await market.ask(world, PRODUCTS, q=meant))["corrected"] == ""


async def test_nothing_like_it_finds_nothing(world):
    await market.add(world, await world.seller(), "Walnut bowl")
    for text in ("xyzzy", "!!!", "%_", "' OR 1=1 --", "\u202e", "🦉", "a" * 100):
        page = await market.ask(world, PRODUCTS, q=text)
        assert (page["total"], page["items"], page["corrected"]) == (0, [], "")


async def test_a_filter_that_leaves_nothing_corrects_no_words(world):
    await market.add(world, await world.seller(), "Walnut bowl", stock=0)
    page = await market.ask(world, PRODUCTS, q="walnut", inStock="true")
    assert (page["total"], page["corrected"]) == (0, "")


async def test_only_what_is_for_sale_is_found(world):
    seller, suspended = await world.seller(), await world.seller()
    await market.add(world, suspended, "Walnut bowl")
    await world.pool.execute("UPDATE shop_sellers SET state = 'suspended' WHERE seller_id = $1", suspended.seller_id)
    for state in ("draft", "archived", "blocked"):
        product_id = await market.add(world, seller, f"Walnut {state}")
        await world.pool.execute("UPDATE shop_products SET state = $2 WHERE product_id = $1", product_id, state)
    page = await market.ask(world, PRODUCTS, q="walnut")
    assert page["total"] == 0 and not any(page["facets"].values())


async def test_each_count_of_a_facet_is_what_choosing_it_finds(world):
    """Under filters drawn by lot, choosing any value of any facet in place of that facet's own choice finds as many as it says."""
    draw = random.Random(7)
    await market.fill(world, [await world.seller(name) for name in ("ann", "bob")], 60)
    choices = {
        "q": ["", "bowl", "walnut"], "category": ["", "home", "kitchen"], "seller": ["", "ann"], "asset": ["", "USDT"],
        "rating": [0, 3], "inStock": ["false", "true"],
    }  # fmt: skip
    checked = 0
    for _ in range(6):
        query = {name: draw.choice(values) for name, values in choices.items()}
        attributes = draw.choice(([], ["Material:Walnut", "Material:Oak"], ["Colour:Red"], ["Material:Steel", "Colour:Blue"]))
        facets = (await market.ask(world, PRODUCTS, **query, attr=attributes))["facets"]
        for facet, parameter in (("categories", "category"), ("sellers", "seller"), ("assets", "asset"), ("ratings", "rating")):
            for value in facets[facet]:
                found = await market.ask(world, PRODUCTS, **query | {parameter: value["value"]}, attr=attributes)
                assert found["total"] == value["count"], (query, attributes, facet, value)
                checked += 1
        for attribute in facets["attributes"]:
            others = [text for text in attributes if not text.startswith(attribute["name"] + ":")]
            for value in attribute["values"]:
                found = await market.ask(world, PRODUCTS, **query, attr=[*others, f"{attribute['name']}:{value['value']}"])
                assert found["total"] == value["count"], (query, attributes, attribute["name"], value)
                checked += 1
    assert checked > 30


async def test_prices_are_filtered_and_sorted_within_one_asset(world):
    seller = await world.seller()
    cheap, middle, dear = [await market.add(world, seller, "Bowl", price=price) for price in ("5", "20.5", "100")]
    await market.add(world, seller, "Bowl", price="1", asset="BTC")
    page = await market.ask(world, PRODUCTS, asset="USDT", priceMin="5.01", priceMax="100", sort="-price")
    assert ids(page) == [str(dear), str(middle)]
    assert ids(await market.ask(world, PRODUCTS, asset="USDT", sort="price")) == [str(each) for each in (cheap, middle, dear)]
    assert {value["value"]: value["count"] for value in page["facets"]["assets"]} == {"USDT": 2, "BTC": 1}


@pytest.mark.parametrize("sort", ["relevance", "newest", "price", "-price", "rating", "sold"])
async def test_pages_stay_put_while_products_come_and_go(world, sort):
    """Between pages products are added and removed: none comes twice, and none that was there all the time is missed."""
    seller = await world.seller()
    query = {"sort": sort, "limit": 7, "asset": "USDT", "q": "bowl"}
    untouched = {
        str(await market.add(world, seller, f"Bowl {'bowl ' * (n % 3)}", price=str(1 + n % 5), sold=n % 4, ratings=(1 + n % 5,)))
        for n in range(20)
    }  # fmt: skip
    doomed = [await market.add(world, seller, "Bowl", price=str(1 + n), sold=n) for n in range(5)]
    seen, after = [], ""
    for turn in itertools.count():
        page = await market.ask(world, PRODUCTS, **query, after=after)
        seen += ids(page)
        after = page["next"]
        if not after:
            break
        await market.add(world, seller, "Bowl", price=str(1 + turn), sold=turn, ratings=(5,))
        await world.pool.execute("UPDATE shop_products SET state = 'archived' WHERE product_id = $1", doomed.pop())
    assert len(seen) == len(set(seen)) and untouched <= set(seen)


async def test_pages_of_a_corrected_search_go_on_with_its_words(world):
    seller = await world.seller()
    wanted = {str(await market.add(world, seller, "Walnut bowl")) for _ in range(5)}
    first = await market.ask(world, PRODUCTS, q="wlanut", limit=3)
    await market.add(world, seller, "Wlanut")  # now the words themselves find something
    second = await market.ask(world, PRODUCTS, q="wlanut", limit=3, after=first["next"])
    assert set(ids(first)) | set(ids(second)) == wanted and second["corrected"] == "walnut"


OUT_OF_BOUNDS = [
    {"q": "x" * 101}, {"sort": "price"}, {"priceMin": "5"}, {"asset": "USDT", "priceMin": "-5"}, {"asset": "USDT", "priceMax": "0.0000001"},
    {"asset": "GOLD"}, {"rating": 6}, {"rating": "x"}, {"attr": ["Material"]}, {"attr": [f"a:{n}" for n in range(9)]}, {"sort": "best"},
    {"limit": 0}, {"limit": 101}, {"after": "x"}, {"after": "W10"}, {"after": "A" * 1025}, {"q": "a\0b"}, {"attr": ["a:\0"]},
    {"category": "\0"},
]  # fmt: skip


async def test_what_is_out_of_bounds_is_refused(world):
    async with world.client() as client:
        for query in OUT_OF_BOUNDS:
            answer = await client.get(PRODUCTS, params=query)
            assert answer.status_code == 400, (query, answer.text)
            assert answer.json()["code"] in ("INVALID_REQUEST", "UNKNOWN_ASSET", "INVALID_AMOUNT")


async def test_a_cursor_of_another_order_is_refused(world):
    seller = await world.seller()
    for _ in range(3):
        await market.add(world, seller, "Bowl")
    after = (await market.ask(world, PRODUCTS, sort="newest", limit=1))["next"]
    async with world.client() as client:
        assert (await client.get(PRODUCTS, params={"sort": "sold", "after": after})).json()["code"] == "INVALID_REQUEST"


async def test_suggestions_complete_what_is_typed(world):
    seller = await world.seller()
    await market.category(world, "walnut-things")
    await market.add(world, seller, "Walnut bowl")
    await market.add(world, seller, "Walnut board")
    await market.add(world, seller, "Wallet", description="bolts")
    found = await market.ask(world, "/shop/suggest", q="wal")
    assert {product["title"] for product in found["products"]} == {"Walnut bowl", "Walnut board", "Wallet"}
    assert [category["slug"] for category in found["categories"]] == ["walnut-things"]
    assert found["queries"] == ["walnut", "wallet"]
    assert (await market.ask(world, "/shop/suggest", q="walnut bo"))["queries"] == ["walnut board", "walnut bowl"]
    for text in ("", "'", "wal'nut\\", "½", "a & | ! : *", "🦉"):
        assert set(await market.ask(world, "/shop/suggest", q=text)) == {"products", "categories", "queries"}
