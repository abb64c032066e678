"""Collections: products that a moderator put together, by name or by a rule, which is a search of the catalog."""

import json
import secrets
import uuid
from typing import Any, NamedTuple

import asyncpg

from storefront.catalog.search import parse
from storefront.catalog.slugs import slug_of
from storefront.errors import Refusal, ShopError
from storefront.work import Work

COLLECTIONS_MAX, PRODUCTS_MAX = 100, 200  # all; of one
SLUG_MAX = 50


class CollectionRow(NamedTuple):
    """Either `rule`, or the products in their order."""

    slug: str
    name: str
    position: int
    rule: dict[str, Any] | None
    products: list[uuid.UUID]


async def collections(db: asyncpg.Connection) -> list[CollectionRow]:
    rows = await db.fetch(
        """SELECT slug, name, position, rule, array(
               SELECT product_id FROM shop_collection_products named
               WHERE named.collection_id = collection.collection_id ORDER BY position, product_id) AS products
           FROM shop_collections collection ORDER BY collection.position, name, collection_id"""
    )
    return [CollectionRow(slug, name, position, rule and json.loads(rule), products) for slug, name, position, rule, products in rows]


async def collection(db: asyncpg.Connection, slug: str) -> CollectionRow:
    """Raises NOT_FOUND."""
    found = next((row for row in await collections(db) if row.slug == slug), None)
    if found is None:
        raise ShopError(Refusal.NOT_FOUND)
    return found


async def add_collection(work: Work, slug: str | None, name: str, position: int, rule: dict[str, Any] | None,
                         products: list[uuid.UUID]) -> CollectionRow:  # fmt: skip
    """Raises ALREADY_EXISTS, INVALID_REQUEST, TOO_MANY, and what a search that is not valid raises."""
    db = work.db
    await db.execute("LOCK TABLE shop_collections IN SHARE ROW EXCLUSIVE MODE")
    if await db.fetchval("SELECT count(*) FROM shop_collections") >= COLLECTIONS_MAX:
        raise ShopError(Refusal.TOO_MANY, f"There are {COLLECTIONS_MAX} collections at most.")
    wanted = slug or slug_of(name, "collection")[:SLUG_MAX].strip("-")
    if await db.fetchval("SELECT true FROM shop_collections WHERE slug = $1", wanted):
        if slug:
            raise ShopError(Refusal.ALREADY_EXISTS, "There is a collection with this slug.")
        wanted = f"{wanted}-{secrets.token_hex(2)}"
    collection_id = await db.fetchval(
        "INSERT INTO shop_collections (slug, name, position) VALUES ($1, $2, $3) RETURNING collection_id", wanted, name, position
    )
    await _fill(work, collection_id, rule, products)
    return await collection(db, wanted)


async def change_collection(work: Work, slug: str, columns: dict[str, Any], *, rule: dict[str, Any] | None = None,
                            products: list[uuid.UUID] | None = None) -> CollectionRow:  # fmt: skip
    """`columns` of name and position; a rule takes the place of the products, and they of it. Raises NOT_FOUND and as add_collection."""
    collection_id = await work.db.fetchval("SELECT collection_id FROM shop_collections WHERE slug = $1 FOR UPDATE", slug)
    if collection_id is None:
        raise ShopError(Refusal.NOT_FOUND)
    for name, value in columns.items():
        await work.db.execute(f"UPDATE shop_collections SET {name} = $2 WHERE collection_id = $1", collection_id, value)
    if rule is not None or products is not None:
        await _fill(work, collection_id, rule, products or [])
    return await collection(work.db, slug)


async def remove_collection(db: asyncpg.Connection, slug: str) -> None:
    """Raises NOT_FOUND."""
    if await db.execute("DELETE FROM shop_collections WHERE slug = $1", slug) != "DELETE 1":
        raise ShopError(Refusal.NOT_FOUND)


async def _fill(work: Work, collection_id: int, rule: dict[str, Any] | None, products: list[uuid.UUID]) -> None:
    if rule is not None and products:
        raise ShopError(Refusal.INVALID_REQUEST, "A collection has a rule or names products.")
    if rule is not None:
        parse(work.shop, rule)
    await work.db.execute("DELETE FROM shop_collection_products WHERE collection_id = $1", collection_id)
    await work.db.execute(
        "UPDATE shop_collections SET rule = $2 WHERE collection_id = $1", collection_id, None if rule is None else json.dumps(rule)
    )
    found = await work.db.fetchval("SELECT count(*) FROM shop_products WHERE product_id = ANY($1)", products)
    if found != len(set(products)) or found != len(products):
        raise ShopError(Refusal.INVALID_REQUEST, "products are named once each, and exist.")
    await work.db.executemany(
        "INSERT INTO shop_collection_products VALUES ($1, $2, $3)", [(collection_id, product, n) for n, product in enumerate(products)]
    )
