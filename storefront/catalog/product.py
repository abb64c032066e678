"""The page of one product."""

import json
from typing import Any

import asyncpg

from storefront.catalog.cards import (
    CARD_COLUMNS,
    CARD_TABLES,
    VISIBLE,
    ImageRef,
    Named,
    ProductCard,
    card_fields,
    image_ref,
    stock_state,
    user_id_of,
)
from storefront.errors import Refusal, ShopError
from storefront.http import Answer, Money
from storefront.insights.counters import viewed
from storefront.stock import saleable
from storefront.work import Shop, Work

SALEABLE_SHOWN_MAX = 10
EVERYWHERE = "*"  # among the countries: the seller sends to all that are not named
_DEPTH_MAX = 16  # of categories
_PRODUCT = f"""
    SELECT {CARD_COLUMNS}, p.description, p.attributes,
        (SELECT coalesce(json_agg(json_build_object('image_id', image_id, 'alt', alt, 'width', width, 'height', height)
                                  ORDER BY i.position, image_id), '[]')
         FROM shop_images i WHERE i.product_id = p.product_id) AS images,
        (SELECT coalesce(json_agg(json_build_object(
                    'variant_id', variant_id, 'sku', sku, 'options', options, 'price', price, 'weight_g', weight_g, 'on_hand', on_hand,
                    'reserved', reserved, 'allocated', allocated, 'threshold', threshold) ORDER BY v.position, sku, variant_id), '[]')
         FROM shop_variants v WHERE v.product_id = p.product_id AND v.active) AS variants,
        (WITH RECURSIVE above AS (
             SELECT category_id, parent_id, slug, name, 1 AS depth FROM shop_categories WHERE category_id = p.category_id
             UNION ALL SELECT parent.category_id, parent.parent_id, parent.slug, parent.name, depth + 1
             FROM above JOIN shop_categories parent ON parent.category_id = above.parent_id WHERE depth < {_DEPTH_MAX}
         ) SELECT json_agg(json_build_array(slug, name) ORDER BY depth DESC) FROM above) AS breadcrumbs,
        (SELECT ARRAY(SELECT DISTINCT country FROM shop_shipping_zones zone JOIN shop_shipping_methods USING (zone_id),
                          unnest(CASE WHEN zone.countries = '{{}}' THEN '{{{EVERYWHERE}}}' ELSE zone.countries::text[] END) AS country
                      WHERE zone.seller_id = p.seller_id ORDER BY country)) AS ships_to,
        (SELECT ARRAY(SELECT count(r.review_id)::int FROM generate_series(1, 5) AS stars
                      LEFT JOIN shop_reviews r ON r.product_id = p.product_id AND r.rating = stars AND NOT r.hidden
                      GROUP BY stars ORDER BY stars)) AS review_counts
    FROM shop_products p {CARD_TABLES} WHERE p.slug = $1 AND {VISIBLE}
"""


class Variant(Answer):
    """`saleable`: how many can be bought now, told up to ten."""

    id: str
    sku: str
    options: dict[str, str]
    price: Money
    stock: str
    saleable: int
    weight_g: int


class Option(Answer):
    name: str
    values: list[str]


class ReviewsSummary(Answer):
    """How many give one star, two … five."""

    counts: list[int]


class Product(ProductCard):
    description: str
    attributes: dict[str, str]
    images: list[ImageRef]
    variants: list[Variant]
    options: list[Option]
    breadcrumbs: list[Named]
    ships_to: list[str]
    reviews_summary: ReviewsSummary


async def product_page(work: Work, slug: str) -> Product:
    """In one query; the look counts for the seller's figures. Raises NOT_FOUND for what is not for sale."""
    row = await work.db.fetchrow(_PRODUCT, slug, user_id_of(work))
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    viewed(row["product_id"])
    variants = [variant(work.shop, row["asset"], each) for each in json.loads(row["variants"])]
    return Product(
        **card_fields(work.shop, row),
        description=row["description"],
        attributes=json.loads(row["attributes"]),
        images=[image_ref(image) for image in json.loads(row["images"])],
        variants=variants,
        options=options_of(variants),
        breadcrumbs=[Named(*crumb) for crumb in json.loads(row["breadcrumbs"])],
        ships_to=row["ships_to"],
        reviews_summary=ReviewsSummary(row["review_counts"]),
    )


def variant(shop: Shop, asset: int, row: dict[str, Any] | asyncpg.Record) -> Variant:
    return Variant(**variant_fields(shop, asset, row))


def variant_fields(shop: Shop, asset: int, row: dict[str, Any] | asyncpg.Record) -> dict[str, Any]:
    left = saleable(row["on_hand"], row["allocated"], row["reserved"], row["threshold"])
    return {
        "id": str(row["variant_id"]),
        "sku": row["sku"],
        "options": row["options"],
        "price": Money(shop.asset(asset).name, shop.text(asset, row["price"])),
        "stock": stock_state(left),
        "saleable": min(left, SALEABLE_SHOWN_MAX),
        "weight_g": row["weight_g"],
    }


def options_of(variants: list[Variant]) -> list[Option]:
    """What there is to choose, in the order in which the variants name it."""
    values: dict[str, dict[str, None]] = {}
    for each in variants:
        for name, value in each.options.items():
            values.setdefault(name, {})[value] = None
    return [Option(name, list(chosen)) for name, chosen in values.items()]
