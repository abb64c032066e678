"""What is looked through without searching: the home page, categories, collections, a seller's page, and the list of all pages.

A collection holds the products named in it, in their order, or those that its rule (a search) finds.
"""

import json
import uuid
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import asyncpg

from storefront.catalog import search as searching
from storefront.catalog.cards import VISIBLE, ProductCard, average, cards
from storefront.catalog.search import CATEGORY_TREE, Search
from storefront.errors import Refusal, ShopError
from storefront.http import PAGE_DEFAULT, Answer, cursor, cursor_key, milliseconds
from storefront.work import Shop, Work

HOME_COLLECTIONS_MAX = 6
HOME_ROW = 8
SITEMAP_MAX = 50_000  # addresses in one file, by the sitemap protocol
COLLECTIONS_MAX = 200
_CATEGORIES = f"""
    WITH RECURSIVE {CATEGORY_TREE}, goods AS (
        SELECT p.category_id, count(*) AS count FROM shop_products p JOIN shop_sellers s USING (seller_id)
        WHERE {VISIBLE} GROUP BY p.category_id
    )
    SELECT c.category_id, c.parent_id, c.slug, c.name, coalesce(sum(goods.count), 0)::int AS count
    FROM shop_categories c JOIN tree ON tree.root_id = c.category_id LEFT JOIN goods ON goods.category_id = tree.category_id
    GROUP BY c.category_id ORDER BY c.position, c.name, c.category_id
"""
_COLLECTIONS = f"""
    SELECT collection_id, slug, name, rule, (
        SELECT count(*)::int FROM shop_collection_products JOIN shop_products p USING (product_id) JOIN shop_sellers s USING (seller_id)
        WHERE collection_id = collection.collection_id AND {VISIBLE}) AS count
    FROM shop_collections collection ORDER BY position, name, collection_id LIMIT {COLLECTIONS_MAX}
"""
_HOME_COLLECTIONS = f"""
    SELECT slug, name, rule, ARRAY(
        SELECT product_id FROM shop_collection_products named JOIN shop_products p USING (product_id) JOIN shop_sellers s USING (seller_id)
        WHERE named.collection_id = collection.collection_id AND {VISIBLE} ORDER BY named.position, product_id LIMIT {HOME_ROW}) AS products
    FROM shop_collections collection ORDER BY position, name, collection_id LIMIT {HOME_COLLECTIONS_MAX}
"""
_NAMED = f"""
    SELECT named.position, product_id
    FROM shop_collection_products named JOIN shop_products p USING (product_id) JOIN shop_sellers s USING (seller_id)
    WHERE collection_id = $1 AND {VISIBLE} AND ($2::bigint IS NULL OR (named.position, product_id) > ($2, $3::uuid))
    ORDER BY named.position, product_id LIMIT $4
"""
_SELLER = """SELECT slug, name, about, country, rating_sum, rating_count, sales_count, coalesce(decided_at, applied_at) AS since
             FROM shop_sellers WHERE slug = $1 AND state = 'approved'"""
_PAGES = f"""
    SELECT '/shop/s/' || slug AS path, NULL::timestamptz AS changed FROM shop_sellers WHERE state = 'approved'
    UNION ALL
    (SELECT '/shop/p/' || p.slug, p.updated_at FROM shop_products p JOIN shop_sellers s USING (seller_id)
     WHERE {VISIBLE} ORDER BY p.updated_at DESC) LIMIT {SITEMAP_MAX}
"""


class Category(Answer):
    """`count`: products for sale in it and below it."""

    id: int
    parent_id: int | None
    slug: str
    name: str
    count: int


class HomeRow(Answer):
    title: str
    link: str
    products: list[ProductCard]


class Home(Answer):
    rows: list[HomeRow]
    categories: list[Category]


class Collection(Answer):
    slug: str
    name: str
    count: int


class CardPage(Answer):
    items: list[ProductCard]
    next: str


class CollectionPage(Answer):
    slug: str
    name: str
    items: list[ProductCard]
    next: str


class SellerPage(Answer):
    slug: str
    name: str
    about: str
    country: str
    rating: float | None
    rating_count: int
    sales_count: int
    since: int
    products: CardPage


class _Row(NamedTuple):
    title: str
    link: str
    product_ids: list[uuid.UUID]


async def home(work: Work) -> Home:
    """Collections, what is new and what is rated best; rows without products are left out."""
    rows = []
    for collection in await work.db.fetch(_HOME_COLLECTIONS):
        rule = _rule(work.shop, collection["rule"])
        ids = (await searching.product_ids(work.db, rule, limit=HOME_ROW))[0] if rule else collection["products"]
        rows.append(_Row(collection["name"], f"/shop/collections/{collection['slug']}", ids))
    for title, sort, rating in (("New arrivals", "newest", 0), ("Best rated", "rating", 4)):
        ids, _ = await searching.product_ids(work.db, Search(sort=sort, rating=rating), limit=HOME_ROW)
        rows.append(_Row(title, f"/shop/products?sort={sort}", ids))
    shown = {card.id: card for card in await cards(work, list({product_id for row in rows for product_id in row.product_ids}))}
    return Home(
        [HomeRow(row.title, row.link, [shown[product_id] for product_id in row.product_ids if product_id in shown])
         for row in rows if row.product_ids],
        await categories(work.db),
    )  # fmt: skip


async def categories(db: asyncpg.Connection) -> list[Category]:
    """All of them, as a list: parents by `parent_id`."""
    return [Category(*row) for row in await db.fetch(_CATEGORIES)]


async def collections(work: Work) -> list[Collection]:
    listed = []
    for row in await work.db.fetch(_COLLECTIONS):
        rule = _rule(work.shop, row["rule"])
        listed.append(Collection(row["slug"], row["name"], await searching.count(work.db, rule) if rule else row["count"]))
    return listed


async def collection(work: Work, slug: str, after: str, limit: int) -> CollectionPage:
    """Raises NOT_FOUND, INVALID_REQUEST."""
    row = await work.db.fetchrow("SELECT collection_id, slug, name, rule FROM shop_collections WHERE slug = $1", slug)
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    rule = _rule(work.shop, row["rule"])
    ids, more = await (searching.product_ids(work.db, rule, after, limit) if rule else _named(work.db, row["collection_id"], after, limit))
    return CollectionPage(row["slug"], row["name"], await cards(work, ids), more)


async def _named(db: asyncpg.Connection, collection_id: int, after: str, limit: int) -> tuple[list[uuid.UUID], str]:
    place = cursor_key(after, int, uuid.UUID) or (None, None)
    rows = await db.fetch(_NAMED, collection_id, *place, limit + 1)
    more = cursor(rows[limit - 1]["position"], str(rows[limit - 1]["product_id"])) if len(rows) > limit else ""
    return [row["product_id"] for row in rows[:limit]], more


def _rule(shop: Shop, text: str | None) -> Search | None:
    """The search of a collection's rule; None for a collection that names its products. One that is no longer valid (an asset that is
    not listed any more) finds nothing."""
    if text is None:
        return None
    rule: dict[str, Any] = json.loads(text)
    try:
        return searching.parse(shop, rule)
    except ShopError:
        return Search(category="\n")  # no category has this name


async def seller_page(work: Work, slug: str) -> SellerPage:
    """Raises NOT_FOUND, for those who may not sell too."""
    row = await work.db.fetchrow(_SELLER, slug)
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    ids, more = await searching.product_ids(work.db, Search(seller=slug), limit=PAGE_DEFAULT)
    return SellerPage(
        row["slug"], row["name"], row["about"], row["country"], average(row["rating_sum"], row["rating_count"]), row["rating_count"],
        row["sales_count"], milliseconds(row["since"]), CardPage(await cards(work, ids), more),
    )  # fmt: skip


async def sitemap(db: asyncpg.Connection, origin: str) -> str:
    """The web app's pages of sellers and products, as sitemaps.org wants them; `origin` as in https://shop.example."""
    pages = []
    for row in await db.fetch(_PAGES):
        changed = f"<lastmod>{row['changed']:%Y-%m-%d}</lastmod>" if row["changed"] else ""
        pages.append(f"<url><loc>{escape(origin + row['path'])}</loc>{changed}</url>")
    body = "\n".join(pages)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{body}\n</urlset>\n'
