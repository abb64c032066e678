"""Goods for the catalog's tests: many products at once, and short ways to ask."""

import itertools
import json
import random
import uuid
from typing import Any

from storefront.catalog import refresh
from storefront.catalog.slugs import slug_of

_numbers = itertools.count(1)


async def category(world, slug: str, parent: str = "") -> int:
    return await world.pool.fetchval(
        """INSERT INTO shop_categories (slug, name, parent_id)
           VALUES ($1, $2, (SELECT category_id FROM shop_categories WHERE slug = $3)) RETURNING category_id""",
        slug, slug.replace("-", " ").title(), parent,
    )  # fmt: skip


async def add(
    world, seller, title: str, *, price: str = "20", asset: str = "USDT", category: str = "goods", stock: int = 10,
    attributes: dict[str, str] | None = None, ratings: tuple[int, ...] = (), sold: int = 0, description: str = "",
) -> uuid.UUID:  # fmt: skip
    """An active product of one variant, with all that is searched for."""
    product_id = uuid.uuid4()
    async with world.pool.acquire() as db, db.transaction():
        await db.execute("INSERT INTO shop_categories (slug, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", category, category.title())
        await db.execute(
            """INSERT INTO shop_products (product_id, seller_id, category_id, slug, title, description, state, asset, attributes, sold,
                                          rating_sum, rating_count, created_at, updated_at)
               SELECT $1, $2, category_id, $3, $4, $5, 'active', $6, $7, $8, $9, $10, $11, $11 FROM shop_categories WHERE slug = $12""",
            product_id, seller.seller_id, f"{slug_of(title)}-{next(_numbers)}", title, description, world.asset(asset),
            json.dumps(attributes or {}), sold, sum(ratings), len(ratings), world.clock(), category,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO shop_variants (variant_id, product_id, sku, price, on_hand) VALUES ($1, $2, 'one', $3, $4)",
            uuid.uuid4(), product_id, world.units(asset, price), stock,
        )  # fmt: skip
        await refresh(db, product_id)
    return product_id


async def fill(world, sellers, count: int, seed: int = 1) -> list[uuid.UUID]:
    """`count` products over three categories, two assets, three attributes; few values of each, so that filters meet."""
    draw = random.Random(seed)
    for slug, parent in (("home", ""), ("kitchen", "home"), ("lamps", "home")):
        await category(world, slug, parent)
    made = []
    for _ in range(count):
        material, colour, thing = draw.choice(("Walnut", "Oak", "Steel")), draw.choice(("Red", "Blue")), draw.choice(("bowl", "lamp"))
        attributes = {"Material": material, "Colour": colour} | ({"Size": "L"} if draw.random() < 0.3 else {})
        made.append(await add(
            world, draw.choice(sellers), f"{colour} {material.lower()} {thing}", price=str(draw.randint(1, 20)), attributes=attributes,
            asset=draw.choice(("USDT", "BTC")), category=draw.choice(("home", "kitchen", "lamps")), stock=draw.choice((0, 2, 9)),
            ratings=tuple(draw.randint(1, 5) for _ in range(draw.choice((0, 3)))), sold=draw.randint(0, 5),
        ))  # fmt: skip
    return made


async def ask(world, path: str, person=None, **query: Any) -> dict:
    async with world.client(person) as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def all_pages(world, path: str, person=None, **query: Any) -> list[dict]:
    items, after = [], ""
    while True:
        page = await ask(world, path, person, **query, after=after)
        items += page["items"]
        after = page["next"]
        if not after:
            return items
