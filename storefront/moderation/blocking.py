"""Taking goods and words off the shop, and giving them back."""

import uuid

import asyncpg

from storefront.errors import Refusal, ShopError


async def set_blocked(db: asyncpg.Connection, product_id: uuid.UUID, blocked: bool) -> asyncpg.Record:
    """A blocked product is shown and sold to nobody, and its seller cannot unblock it. Returns product_id, slug, title, state.
    Raises NOT_FOUND; NOT_NOW for one to be unblocked that is not blocked."""
    product = await db.fetchrow("SELECT product_id, slug, title, state FROM shop_products WHERE product_id = $1 FOR UPDATE", product_id)
    if product is None:
        raise ShopError(Refusal.NOT_FOUND)
    if not blocked and product["state"] not in ("blocked", "active"):
        raise ShopError(Refusal.NOT_NOW, f"This product is {product['state']}, not blocked.")
    return await db.fetchrow(
        "UPDATE shop_products SET state = $2 WHERE product_id = $1 RETURNING product_id, slug, title, state",
        product_id, "blocked" if blocked else "active",
    )  # fmt: skip


async def set_hidden(db: asyncpg.Connection, review_id: uuid.UUID, hidden: bool) -> asyncpg.Record:
    """A hidden review is neither shown nor counted in the ratings. Returns review_id, product_id, rating, hidden. Raises NOT_FOUND."""
    changed = await db.fetchrow(
        "UPDATE shop_reviews SET hidden = $2 WHERE review_id = $1 AND hidden <> $2 RETURNING product_id, rating", review_id, hidden
    )
    if changed is not None:
        sign = -1 if hidden else 1
        seller_id = await db.fetchval(
            """UPDATE shop_products SET rating_sum = rating_sum + $2, rating_count = rating_count + $3 WHERE product_id = $1
               RETURNING seller_id""", changed["product_id"], sign * changed["rating"], sign,
        )  # fmt: skip
        await db.execute(
            "UPDATE shop_sellers SET rating_sum = rating_sum + $2, rating_count = rating_count + $3 WHERE seller_id = $1",
            seller_id, sign * changed["rating"], sign,
        )  # fmt: skip
    review = await db.fetchrow("SELECT review_id, product_id, rating, hidden FROM shop_reviews WHERE review_id = $1", review_id)
    if review is None:
        raise ShopError(Refusal.NOT_FOUND)
    return review
