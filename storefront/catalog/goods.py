"""A seller's own products: what they are, their variants and what is on hand of these.

Whoever changes what a product consists of holds its lock (`lock`), so that limits and the sameness of options hold among its variants.
Variants are changed before the product's row, as buyers' reservations do. A product that a moderator blocked can be edited, but stays
blocked.
"""

import json
import uuid
from collections.abc import Sequence
from typing import Any

import asyncpg

from storefront.catalog.cards import ImageRef, average, image_ref
from storefront.catalog.paging import next_in_time, place_in_time
from storefront.catalog.product import Variant, variant_fields
from storefront.catalog.slugs import numbered, slug_of
from storefront.catalog.words import refresh
from storefront.errors import Refusal, ShopError
from storefront.http import Answer, milliseconds
from storefront.sellers import profile
from storefront.work import Shop, Work

VARIANTS_MAX = 100  # of a product, sold or not
PRODUCTS_MAX = 10_000  # of a seller
ON_HAND_MAX = 10_000_000
_SLUGS_TRIED = 50
_COLUMNS = """
    p.product_id, p.slug, p.title, p.state, p.asset, p.description, p.attributes, p.sold, p.rating_sum, p.rating_count, p.created_at,
    p.updated_at, c.category_id, c.slug AS category_slug, c.name AS category_name,
    (SELECT coalesce(json_agg(json_build_object('image_id', image_id, 'alt', alt, 'width', width, 'height', height)
                              ORDER BY i.position, image_id), '[]')
     FROM shop_images i WHERE i.product_id = p.product_id) AS images,
    (SELECT coalesce(json_agg(to_jsonb(v) ORDER BY v.position, v.sku, v.variant_id), '[]')
     FROM shop_variants v WHERE v.product_id = p.product_id) AS variants
"""
_ONE = f"SELECT {_COLUMNS} FROM shop_products p JOIN shop_categories c USING (category_id) WHERE p.product_id = $1"
_PAGE = f"""
    SELECT {_COLUMNS} FROM shop_products p JOIN shop_categories c USING (category_id)
    WHERE p.seller_id = $1 AND ($2 = '' OR p.state = $2) AND ($3::timestamptz IS NULL OR (p.created_at, p.product_id) < ($3, $4::uuid))
    ORDER BY p.created_at DESC, p.product_id DESC LIMIT $5
"""
_STOCK = f"""
    UPDATE shop_variants SET on_hand = on_hand + $2
    WHERE variant_id = $1 AND on_hand = $3 AND on_hand + $2 BETWEEN 0 AND {ON_HAND_MAX}
      AND (reserved = 0 OR on_hand + $2 - reserved - allocated - threshold >= 0) RETURNING true
"""
_VARIANT = """
    SELECT v.*, p.asset FROM shop_variants v JOIN shop_products p USING (product_id) WHERE v.variant_id = $1 AND p.seller_id = $2
"""


class CategoryInfo(Answer):
    id: int
    slug: str
    name: str


class SellerVariant(Variant):
    """Saleable are onHand - reserved - allocated - threshold."""

    on_hand: int
    reserved: int
    allocated: int
    threshold: int
    active: bool


class SellerProduct(Answer):
    """As its seller sees it."""

    id: uuid.UUID
    slug: str
    title: str
    state: str
    category: CategoryInfo
    asset: str
    description: str
    attributes: dict[str, str]
    images: list[ImageRef]
    variants: list[SellerVariant]
    sold: int
    rating: float | None
    rating_count: int
    updated_at: int


class SellerProducts(Answer):
    items: list[SellerProduct]
    next: str


# ---------------------------------------------------------------- whose it is


async def owned(work: Work, product_id: uuid.UUID | None) -> asyncpg.Record:
    """The row of a product of the seller who asks. Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND."""
    seller = await profile.seller_of(work)
    row = await work.db.fetchrow("SELECT * FROM shop_products WHERE product_id = $1 AND seller_id = $2", product_id, seller.seller_id)
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    return row


async def lock(db: asyncpg.Connection, product_id: uuid.UUID) -> None:
    """Until the transaction ends, nobody else changes what the product consists of. Buyers are not held up."""
    await db.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(product_id.bytes[:8], signed=True))


async def _owned_variant(work: Work, variant_id: uuid.UUID) -> asyncpg.Record:
    seller = await profile.seller_of(work)
    row = await work.db.fetchrow(_VARIANT, variant_id, seller.seller_id)
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    return row


# ---------------------------------------------------------------- products


async def products(work: Work, state: str, after: str, limit: int) -> SellerProducts:
    """The seller's, latest first; `state` "": all. Raises NOT_LOGGED_IN, NOT_A_SELLER, INVALID_REQUEST."""
    seller = await profile.seller_of(work)
    rows = await work.db.fetch(_PAGE, seller.seller_id, state, *place_in_time(after), limit + 1)
    return SellerProducts([_product(work.shop, row) for row in rows[:limit]], next_in_time(rows, limit, "created_at", "product_id"))


async def product(work: Work, product_id: uuid.UUID) -> SellerProduct:
    """Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND."""
    await owned(work, product_id)
    return await _shown(work, product_id)


async def add_product(
    work: Work, *, title: str, description: str, category_id: int, asset: str, attributes: dict[str, str], variants: Sequence[Any]
) -> SellerProduct:
    """A draft. Raises NOT_LOGGED_IN, NOT_A_SELLER, UNKNOWN_ASSET, INVALID_REQUEST, INVALID_AMOUNT, ALREADY_EXISTS (a SKU or options
    twice), TOO_MANY."""
    seller = await profile.seller_of(work)
    asset_id = work.shop.asset(asset).asset
    await _check_category(work.db, category_id)
    if await work.db.fetchval("SELECT count(*) FROM shop_products WHERE seller_id = $1", seller.seller_id) >= PRODUCTS_MAX:
        raise ShopError(Refusal.TOO_MANY)
    _check_skus([variant.sku for variant in variants])
    check_options([variant.options for variant in variants])
    product_id = uuid.uuid4()
    for number in range(1, _SLUGS_TRIED + 1):
        slug = numbered(slug_of(title), number) if number < _SLUGS_TRIED else f"{slug_of(title)}-{product_id.hex[:12]}"
        if await work.db.fetchval(
            """INSERT INTO shop_products (product_id, seller_id, category_id, slug, title, description, asset, attributes, created_at,
                                          updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (slug) DO NOTHING RETURNING true""",
            product_id, seller.seller_id, category_id, slug, title, description, asset_id, json.dumps(attributes), work.now,
        ):  # fmt: skip
            break
    for position, variant in enumerate(variants):
        await _insert_variant(work, product_id, asset_id, variant, position)
    await refresh(work.db, product_id)
    return await _shown(work, product_id)


async def change_product(work: Work, product_id: uuid.UUID, changes: dict[str, Any]) -> SellerProduct:
    """`changes`: any of title, description, category_id, attributes, state. The slug stays, links lead to it.
    Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND, INVALID_REQUEST, NOT_NOW."""
    await owned(work, product_id)
    await lock(work.db, product_id)
    row = await work.db.fetchrow("SELECT * FROM shop_products WHERE product_id = $1 FOR NO KEY UPDATE", product_id)
    new = dict(row) | changes
    if "state" in changes:
        if row["state"] == "blocked":
            raise ShopError(Refusal.NOT_NOW, "A moderator has blocked this product.")
        if new["state"] == "active" and not await _active_variants(work.db, product_id):
            raise ShopError(Refusal.NOT_NOW, "A product for sale needs a variant that is.")
    if "category_id" in changes:
        await _check_category(work.db, new["category_id"])
    attributes = json.dumps(changes["attributes"]) if "attributes" in changes else row["attributes"]
    await work.db.execute(
        """UPDATE shop_products SET title = $2, description = $3, category_id = $4, attributes = $5, state = $6, updated_at = $7
           WHERE product_id = $1""",
        product_id, new["title"], new["description"], new["category_id"], attributes, new["state"], work.now,
    )  # fmt: skip
    await refresh(work.db, product_id)
    return await _shown(work, product_id)


# ---------------------------------------------------------------- variants


async def add_variant(work: Work, product_id: uuid.UUID, wanted: Any) -> SellerVariant:
    """Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND, INVALID_REQUEST, INVALID_AMOUNT, ALREADY_EXISTS, TOO_MANY."""
    product_row = await owned(work, product_id)
    await lock(work.db, product_id)
    there = await work.db.fetch("SELECT sku, options, active, position FROM shop_variants WHERE product_id = $1", product_id)
    if len(there) >= VARIANTS_MAX:
        raise ShopError(Refusal.TOO_MANY, f"A product has at most {VARIANTS_MAX} variants.")
    _check_skus([*(row["sku"] for row in there), wanted.sku])
    check_options([*(json.loads(row["options"]) for row in there if row["active"]), wanted.options])
    position = max((row["position"] for row in there), default=-1) + 1
    variant_id = await _insert_variant(work, product_id, product_row["asset"], wanted, position)
    await _touch(work, product_id)
    return await _shown_variant(work, variant_id)


async def change_variant(work: Work, variant_id: uuid.UUID, changes: dict[str, Any]) -> SellerVariant:
    """`changes`: any of price (text), active, weight_g, threshold, options. Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND,
    INVALID_REQUEST, INVALID_AMOUNT, ALREADY_EXISTS, NOT_NOW."""
    product_id = (await _owned_variant(work, variant_id))["product_id"]
    await lock(work.db, product_id)
    row = await work.db.fetchrow(
        "SELECT v.*, p.asset FROM shop_variants v JOIN shop_products p USING (product_id) WHERE variant_id = $1 FOR NO KEY UPDATE OF v",
        variant_id,
    )
    if "price" in changes:
        changes = changes | {"price": _price(work.shop, row["asset"], changes["price"])}
    options = changes.get("options", json.loads(row["options"]))
    new = dict(row) | changes | {"options": json.dumps(options)}
    others = await _active_variants(work.db, product_id, but=variant_id)
    if new["active"]:
        check_options([*others, options])
    elif not others and await work.db.fetchval("SELECT state = 'active' FROM shop_products WHERE product_id = $1", product_id):
        raise ShopError(Refusal.NOT_NOW, "A product for sale needs a variant that is; archive the product instead.")
    if new["reserved"] and new["on_hand"] - new["reserved"] - new["allocated"] - new["threshold"] < 0:
        raise ShopError(Refusal.NOT_NOW, "More than that is reserved for buyers at this moment.", detail={"onHand": row["on_hand"]})
    await work.db.execute(
        "UPDATE shop_variants SET price = $2, active = $3, weight_g = $4, threshold = $5, options = $6 WHERE variant_id = $1",
        variant_id, new["price"], new["active"], new["weight_g"], new["threshold"], new["options"],
    )  # fmt: skip
    await _touch(work, product_id)
    return await _shown_variant(work, variant_id)


async def change_stock(work: Work, variant_id: uuid.UUID, change: int, was: int) -> SellerVariant:
    """Compare and swap: `was` must still be on hand. Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND, NOT_NOW with {onHand}."""
    row = await _owned_variant(work, variant_id)
    if not await work.db.fetchval(_STOCK, variant_id, change, was):
        on_hand = await work.db.fetchval("SELECT on_hand FROM shop_variants WHERE variant_id = $1", variant_id)
        words = "The stock has changed since." if on_hand != was else f"Buyers have reserved more, or it is more than {ON_HAND_MAX}."
        raise ShopError(Refusal.NOT_NOW, words, detail={"onHand": on_hand})
    await _touch(work, row["product_id"])
    return await _shown_variant(work, variant_id)


def check_options(options: Sequence[dict[str, str]]) -> None:
    """Variants that are sold side by side name the same options and differ in them. Raises INVALID_REQUEST, ALREADY_EXISTS."""
    if len({frozenset(each) for each in options}) > 1:
        raise ShopError(Refusal.INVALID_REQUEST, "All variants of a product name the same options.")
    if len({frozenset(each.items()) for each in options}) < len(options):
        raise ShopError(Refusal.ALREADY_EXISTS, "Two variants of a product cannot have the same options.")


def _check_skus(skus: Sequence[str]) -> None:
    if len(set(skus)) < len(skus):
        raise ShopError(Refusal.ALREADY_EXISTS, "A SKU names one variant of a product.")


async def _check_category(db: asyncpg.Connection, category_id: int) -> None:
    if not await db.fetchval("SELECT true FROM shop_categories WHERE category_id = $1", category_id):
        raise ShopError(Refusal.INVALID_REQUEST, "There is no such category.")


def _price(shop: Shop, asset: int, text: str) -> int:
    units = shop.units(asset, text)
    if units == 0:
        raise ShopError(Refusal.INVALID_AMOUNT, "A price is more than nothing.")
    return units


async def _active_variants(db: asyncpg.Connection, product_id: uuid.UUID, but: uuid.UUID | None = None) -> list[dict[str, str]]:
    """The options of each."""
    rows = await db.fetch(
        "SELECT options FROM shop_variants WHERE product_id = $1 AND active AND variant_id IS DISTINCT FROM $2", product_id, but
    )
    return [json.loads(row["options"]) for row in rows]


async def _insert_variant(work: Work, product_id: uuid.UUID, asset: int, wanted: Any, position: int) -> uuid.UUID:
    variant_id = uuid.uuid4()
    await work.db.execute(
        """INSERT INTO shop_variants (variant_id, product_id, sku, options, price, weight_g, position, on_hand, threshold)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        variant_id, product_id, wanted.sku, json.dumps(wanted.options), _price(work.shop, asset, wanted.price), wanted.weight_g, position,
        wanted.on_hand, wanted.threshold,
    )  # fmt: skip
    return variant_id


async def _touch(work: Work, product_id: uuid.UUID) -> None:
    await refresh(work.db, product_id)
    await work.db.execute("UPDATE shop_products SET updated_at = $2 WHERE product_id = $1", product_id, work.now)


# ---------------------------------------------------------------- shown


async def _shown(work: Work, product_id: uuid.UUID) -> SellerProduct:
    return _product(work.shop, await work.db.fetchrow(_ONE, product_id))


async def _shown_variant(work: Work, variant_id: uuid.UUID) -> SellerVariant:
    row = await work.db.fetchrow(
        "SELECT v.*, p.asset FROM shop_variants v JOIN shop_products p USING (product_id) WHERE variant_id = $1", variant_id
    )
    return _variant(work.shop, row["asset"], dict(row) | {"options": json.loads(row["options"])})


def _product(shop: Shop, row: asyncpg.Record) -> SellerProduct:
    return SellerProduct(
        id=row["product_id"],
        slug=row["slug"],
        title=row["title"],
        state=row["state"],
        category=CategoryInfo(row["category_id"], row["category_slug"], row["category_name"]),
        asset=shop.asset(row["asset"]).name,
        description=row["description"],
        attributes=json.loads(row["attributes"]),
        images=[image_ref(image) for image in json.loads(row["images"])],
        variants=[_variant(shop, row["asset"], variant) for variant in json.loads(row["variants"])],
        sold=row["sold"],
        rating=average(row["rating_sum"], row["rating_count"]),
        rating_count=row["rating_count"],
        updated_at=milliseconds(row["updated_at"]),
    )


def _variant(shop: Shop, asset: int, row: dict[str, Any]) -> SellerVariant:
    counts = {name: row[name] for name in ("on_hand", "reserved", "allocated", "threshold", "active")}
    return SellerVariant(**variant_fields(shop, asset, row), **counts)
