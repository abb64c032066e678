"""Products and images as every room shows them: the card of a product, the reference to an image.

Only what is for sale has a card: an active product, with a price, of an approved seller (VISIBLE).
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import asyncpg

from storefront.http import Answer, Money
from storefront.stock import SALEABLE_SQL
from storefront.work import Shop, Work

LOW_STOCK = 3
VISIBLE = "p.state = 'active' AND p.price_min > 0 AND s.state = 'approved'"  # of shop_products p, shop_sellers s
SALEABLE = f"greatest(0, {SALEABLE_SQL})"  # of shop_variants v

Stock = Literal["in", "low", "out"]


class ImageRef(Answer):
    """An image; its bytes are at /shop/images/{id}/{small|large}. `width` and `height` are of the large one."""

    id: uuid.UUID
    alt: str
    width: int
    height: int


class Named(Answer):
    slug: str
    name: str


class SellerRef(Named):
    rating: float | None
    rating_count: int


class ProductCard(Answer):
    id: uuid.UUID
    slug: str
    title: str
    seller: SellerRef
    price_min: Money
    price_max: Money
    image: ImageRef | None
    rating: float | None
    rating_count: int
    stock: Stock
    wished: bool
    category: Named


CARD_COLUMNS = f"""
    p.product_id, p.slug, p.title, p.asset, p.price_min, p.price_max, p.rating_sum, p.rating_count,
    s.slug AS seller_slug, s.name AS seller_name, s.rating_sum AS seller_rating_sum, s.rating_count AS seller_rating_count,
    c.slug AS category_slug, c.name AS category_name, image.image_id, image.alt, image.width, image.height,
    (SELECT coalesce(sum({SALEABLE}), 0)::bigint FROM shop_variants v WHERE v.product_id = p.product_id AND v.active) AS saleable,
    EXISTS (SELECT FROM shop_wishes w WHERE w.product_id = p.product_id AND w.user_id = $2) AS wished
"""
CARD_TABLES = """
    JOIN shop_sellers s USING (seller_id)
    JOIN shop_categories c USING (category_id)
    LEFT JOIN LATERAL (
        SELECT image_id, alt, width, height FROM shop_images i WHERE i.product_id = p.product_id ORDER BY i.position, i.image_id LIMIT 1
    ) image ON true
"""
_CARDS = f"""
    SELECT {CARD_COLUMNS} FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (product_id, place)
    JOIN shop_products p USING (product_id) {CARD_TABLES} WHERE {VISIBLE} ORDER BY place
"""
_FIRST_IMAGES = """
    SELECT DISTINCT ON (product_id) product_id, image_id, alt, width, height FROM shop_images
    WHERE product_id = ANY($1::uuid[]) ORDER BY product_id, position, image_id
"""
_IMAGES = "SELECT image_id, alt, width, height FROM shop_images WHERE image_id = ANY($1::uuid[])"


async def cards(work: Work, product_ids: Sequence[uuid.UUID]) -> list[ProductCard]:
    """The cards of these products, in this order, in one query. What is not for sale (any more) is left out."""
    if not product_ids:
        return []
    rows = await work.db.fetch(_CARDS, list(product_ids), user_id_of(work))
    return [ProductCard(**card_fields(work.shop, row)) for row in rows]


async def first_images(db: asyncpg.Connection, product_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, ImageRef]:
    """Of each product its first image; products without one are left out."""
    return {row["product_id"]: image_ref(row) for row in await db.fetch(_FIRST_IMAGES, list(product_ids))}


async def images_of(db: asyncpg.Connection, image_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, ImageRef]:
    """The images with these ids; those that are gone are left out."""
    return {row["image_id"]: image_ref(row) for row in await db.fetch(_IMAGES, list(image_ids))}


def card_fields(shop: Shop, row: asyncpg.Record) -> dict[str, Any]:
    """The fields of a ProductCard, from a row with CARD_COLUMNS."""
    asset = shop.asset(row["asset"]).name
    return {
        "id": row["product_id"],
        "slug": row["slug"],
        "title": row["title"],
        "seller": SellerRef(
            row["seller_slug"], row["seller_name"], average(row["seller_rating_sum"], row["seller_rating_count"]),
            row["seller_rating_count"],
        ),
        "price_min": Money(asset, shop.text(row["asset"], row["price_min"])),
        "price_max": Money(asset, shop.text(row["asset"], row["price_max"])),
        "image": image_ref(row) if row["image_id"] else None,
        "rating": average(row["rating_sum"], row["rating_count"]),
        "rating_count": row["rating_count"],
        "stock": stock_state(row["saleable"]),
        "wished": row["wished"],
        "category": Named(row["category_slug"], row["category_name"]),
    }  # fmt: skip


def image_ref(row: asyncpg.Record | dict[str, Any]) -> ImageRef:
    return ImageRef(row["image_id"], row["alt"], row["width"], row["height"])


def stock_state(saleable: int) -> Stock:
    return "out" if saleable <= 0 else "low" if saleable <= LOW_STOCK else "in"


def average(rating_sum: int, rating_count: int) -> float | None:
    """An average rating to one hundredth; None without any."""
    return round(rating_sum / rating_count, 2) if rating_count else None


def user_id_of(work: Work) -> int | None:
    return work.shopper.user_id if work.shopper else None
