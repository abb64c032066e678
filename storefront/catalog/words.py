"""What a product's row keeps of other rows, so that searching reads one table: prices and stock of its variants, and the words it is
found by.

Words weigh by where they stand: title A, category (with those above it) and attributes B, seller C, description D. Short texts are kept
twice, as they are ('simple') and by their English stem: the first finds a word by its beginning and lets "The Who" be found, the second
finds "bowls" by "bowl". Accents are taken off.

Whoever changes variants, a category's or a seller's name calls `refresh`, `refresh_category`, `refresh_seller` in the same transaction.
"""

import uuid

import asyncpg

from storefront.catalog.cards import SALEABLE

# Locked before they are read: what a concurrent transaction changed in the variants is committed, and seen, once its lock is ours.
_LOCK = "SELECT product_id FROM shop_products WHERE product_id = ANY($1::uuid[]) ORDER BY product_id FOR NO KEY UPDATE"
_REFRESH = f"""
    WITH RECURSIVE above AS (  -- of each category: itself and all above it
        SELECT category_id, category_id AS above_id, parent_id, name FROM shop_categories
        UNION
        SELECT above.category_id, parent.category_id, parent.parent_id, parent.name
        FROM above JOIN shop_categories parent ON parent.category_id = above.parent_id
    ), texts AS (
        SELECT p.product_id, unaccent(p.title) AS title, unaccent(s.name) AS seller, unaccent(p.description) AS description,
            unaccent((SELECT string_agg(name, ' ') FROM above WHERE above.category_id = p.category_id) || ' '
                || coalesce((SELECT string_agg(value, ' ') FROM jsonb_each_text(p.attributes)), '')) AS kind
        FROM shop_products p JOIN shop_sellers s USING (seller_id) WHERE p.product_id = ANY($1::uuid[])
    ), goods AS (
        SELECT wanted.product_id, coalesce(min(v.price), 0) AS price_min, coalesce(max(v.price), 0) AS price_max,
            coalesce(bool_or({SALEABLE} > 0), false) AS in_stock
        FROM unnest($1::uuid[]) AS wanted (product_id)
        LEFT JOIN shop_variants v ON v.product_id = wanted.product_id AND v.active GROUP BY wanted.product_id
    )
    UPDATE shop_products p SET price_min = goods.price_min, price_max = goods.price_max, in_stock = goods.in_stock,
        words = setweight(to_tsvector('simple', texts.title) || to_tsvector('english', texts.title), 'A')
             || setweight(to_tsvector('simple', texts.kind) || to_tsvector('english', texts.kind), 'B')
             || setweight(to_tsvector('simple', texts.seller) || to_tsvector('english', texts.seller), 'C')
             || setweight(to_tsvector('english', texts.description), 'D')
    FROM texts JOIN goods USING (product_id) WHERE p.product_id = texts.product_id
"""
_OF_SELLER = "SELECT product_id FROM shop_products WHERE seller_id = $1"
_OF_CATEGORY = """
    WITH RECURSIVE below AS (
        SELECT category_id FROM shop_categories WHERE category_id = $1
        UNION SELECT child.category_id FROM below JOIN shop_categories child ON child.parent_id = below.category_id
    ) SELECT product_id FROM shop_products JOIN below USING (category_id)
"""


async def refresh(db: asyncpg.Connection, *product_ids: uuid.UUID) -> None:
    """Bring price_min, price_max, in_stock and words of these products up to date. Call it in a transaction, after its changes."""
    await db.execute(_LOCK, product_ids)
    await db.execute(_REFRESH, product_ids)


async def refresh_seller(db: asyncpg.Connection, seller_id: uuid.UUID) -> None:
    """After a seller's name has changed."""
    await refresh(db, *[row["product_id"] for row in await db.fetch(_OF_SELLER, seller_id)])


async def refresh_category(db: asyncpg.Connection, category_id: int) -> None:
    """After a category's name or place has changed."""
    await refresh(db, *[row["product_id"] for row in await db.fetch(_OF_CATEGORY, category_id)])
