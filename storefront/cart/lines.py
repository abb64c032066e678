"""A cart's lines as the cart shows them and a checkout prices them: one query, no line is asked for alone.

What an open checkout of the same cart keeps in reserve counts as saleable to that cart.
"""

import json
from typing import Any, NamedTuple

import asyncpg

from storefront.catalog.cards import ImageRef, image_ref
from storefront.errors import Refusal, ShopError
from storefront.stock import SALEABLE_SQL
from storefront.work import Work

LINES_MAX = 100
ON_SALE = "v.active AND p.state = 'active' AND s.state = 'approved'"  # of shop_variants v, shop_products p, shop_sellers s
LINE_COLUMNS = f"""
    l.variant_id, l.quantity, l.price_seen, v.price, v.options, v.sku, v.weight_g, p.product_id, p.slug, p.title, p.asset, p.category_id,
    s.seller_id, s.slug AS seller_slug, s.name AS seller_name, s.user_id AS seller_user, ({ON_SALE}) AS on_sale,
    {SALEABLE_SQL} + coalesce(mine.quantity, 0) AS saleable, image.image_id, image.alt, image.width, image.height"""
LINE_TABLES = """
    shop_carts cart
    JOIN shop_cart_lines l USING (cart_id)
    JOIN shop_variants v USING (variant_id)
    JOIN shop_products p USING (product_id)
    JOIN shop_sellers s USING (seller_id)
    LEFT JOIN LATERAL (
        SELECT r.quantity FROM shop_checkouts k JOIN shop_reservations r USING (checkout_id)
        WHERE k.cart_id = cart.cart_id AND k.state = 'open' AND r.variant_id = l.variant_id
    ) mine ON true
    LEFT JOIN LATERAL (
        SELECT image_id, alt, width, height FROM shop_images i WHERE i.product_id = p.product_id ORDER BY i.position, i.image_id LIMIT 1
    ) image ON true"""
LINE_ORDER = "ORDER BY s.name, s.seller_id, p.asset, l.added_at, l.variant_id"


class Owner(NamedTuple):
    """Whose cart: the column of shop_carts that says so, and its value."""

    column: str
    key: Any


def owner_of(work: Work) -> Owner | None:
    """The signed-in user, or the guest that the cookie names; None: nobody yet."""
    if work.shopper is not None:
        return Owner("user_id", work.shopper.user_id)
    return Owner("token_hash", work.guest) if work.guest else None


async def cart_lines(db: asyncpg.Connection, owner: Owner) -> list[asyncpg.Record]:
    """Rows of LINE_COLUMNS and cart_id, those of a seller and asset beside each other. Raises TOO_MANY beyond LINES_MAX."""
    rows = await db.fetch(
        f"SELECT cart.cart_id, {LINE_COLUMNS} FROM {LINE_TABLES} WHERE cart.{owner.column} = $1 {LINE_ORDER}", owner.key
    )
    if len(rows) > LINES_MAX:
        raise ShopError(Refusal.TOO_MANY, f"A cart has at most {LINES_MAX} different things.")
    return rows


def buyable(row: asyncpg.Record) -> int:
    """How many of what was asked for can be bought now."""
    return max(0, min(row["quantity"], row["saleable"])) if row["on_sale"] else 0


def line_image(row: asyncpg.Record) -> ImageRef | None:
    return image_ref(row) if row["image_id"] else None


def line_options(row: asyncpg.Record) -> dict[str, str]:
    return json.loads(row["options"])
