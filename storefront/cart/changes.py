"""Changes of a cart: each one statement that finds or makes the cart and looks at what is on sale.

A line holds at most what can be sold at that moment; its price_seen is the price at which it was put in.
"""

import datetime
import uuid
from collections.abc import Mapping
from typing import NamedTuple

import asyncpg

from storefront.cart.lines import LINES_MAX, ON_SALE, Owner
from storefront.errors import Refusal, ShopError
from storefront.stock import SALEABLE_SQL

QUANTITY_MAX = 999
_OFFERED = f"""
    SELECT v.variant_id, v.product_id, v.price, s.user_id AS seller_user, wanted.quantity, {SALEABLE_SQL} + coalesce((
        SELECT r.quantity FROM shop_carts c JOIN shop_checkouts k USING (cart_id) JOIN shop_reservations r USING (checkout_id)
        WHERE c.{{column}} = $2 AND k.state = 'open' AND r.variant_id = v.variant_id), 0) AS saleable
    FROM unnest($4::uuid[], $5::int[]) AS wanted (variant_id, quantity)
    JOIN shop_variants v USING (variant_id) JOIN shop_products p USING (product_id) JOIN shop_sellers s USING (seller_id)
    WHERE {ON_SALE}"""
_PUT = f"""
WITH cart AS (INSERT INTO shop_carts (cart_id, {{column}}, updated_at) VALUES ($1, $2, $3)
              ON CONFLICT ({{column}}) DO UPDATE SET updated_at = excluded.updated_at RETURNING cart_id),
     offered AS ({_OFFERED}),
     put AS (INSERT INTO shop_cart_lines AS l (cart_id, variant_id, quantity, price_seen, added_at)
             SELECT cart_id, variant_id, least(o.quantity, saleable), price, $3 FROM cart, offered o
             WHERE o.quantity > 0 AND saleable > 0 AND seller_user IS DISTINCT FROM $6
             ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = least({{quantity}}, {QUANTITY_MAX},
                 (SELECT saleable FROM offered o WHERE o.variant_id = excluded.variant_id))
             RETURNING variant_id, quantity, xmax = 0 AS fresh)
SELECT o.*, put.quantity AS put, put.fresh FROM offered o LEFT JOIN put USING (variant_id)"""
_MERGE = """
WITH guest AS (SELECT cart_id FROM shop_carts WHERE token_hash = $3 FOR UPDATE),
     cart AS (INSERT INTO shop_carts (cart_id, user_id, updated_at) SELECT $1, $2, $4 FROM guest
              ON CONFLICT (user_id) DO UPDATE SET updated_at = excluded.updated_at RETURNING cart_id)
INSERT INTO shop_cart_lines AS l (cart_id, variant_id, quantity, price_seen, added_at)
SELECT cart.cart_id, variant_id, quantity, price_seen, added_at FROM cart, guest JOIN shop_cart_lines USING (cart_id)
ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = greatest(l.quantity, excluded.quantity)"""
_TRIM = f"""
DELETE FROM shop_cart_lines l USING (SELECT cart_id, variant_id FROM shop_cart_lines JOIN shop_carts USING (cart_id) WHERE user_id = $1
                                     ORDER BY added_at, variant_id OFFSET {LINES_MAX}) excess
WHERE l.cart_id = excess.cart_id AND l.variant_id = excess.variant_id"""


class Put(NamedTuple):
    """What became of one variant that was to be put into a cart."""

    variant_id: uuid.UUID
    product_id: uuid.UUID
    wanted: int
    saleable: int
    put: int | None  # the line's quantity now; None: nothing was put
    fresh: bool  # it is a new line
    own: bool  # the buyer sells it


async def put(db: asyncpg.Connection, owner: Owner, quantities: Mapping[uuid.UUID, int], now: datetime.datetime, *,
              adding: bool = False) -> list[Put]:  # fmt: skip
    """Set (or add to) the quantities of these lines, as far as there is stock; variants that are not on sale are left out of the answer."""
    quantity = "l.quantity + excluded.quantity" if adding else "excluded.quantity"
    buyer = owner.key if owner.column == "user_id" else None
    rows = await db.fetch(
        _PUT.format(column=owner.column, quantity=quantity),
        uuid.uuid4(), owner.key, now, list(quantities), list(quantities.values()), buyer,
    )  # fmt: skip
    return [
        Put(row["variant_id"], row["product_id"], row["quantity"], row["saleable"], row["put"], bool(row["fresh"]),
            buyer is not None and row["seller_user"] == buyer) for row in rows
    ]  # fmt: skip


async def put_one(db: asyncpg.Connection, owner: Owner, variant_id: uuid.UUID, quantity: int, now: datetime.datetime, *,
                  adding: bool) -> Put:  # fmt: skip
    """As `put`. Raises NOT_FOUND, OWN_GOODS, OUT_OF_STOCK."""
    done = next(iter(await put(db, owner, {variant_id: quantity}, now, adding=adding)), None)
    if done is None:
        raise ShopError(Refusal.NOT_FOUND)
    if done.own:
        raise ShopError(Refusal.OWN_GOODS)
    if done.put is None:
        raise ShopError(Refusal.OUT_OF_STOCK, detail={"variantId": str(variant_id), "saleable": max(0, done.saleable)})
    return done


async def remove(db: asyncpg.Connection, owner: Owner, variant_ids: list[uuid.UUID]) -> None:
    await db.execute(
        f"""DELETE FROM shop_cart_lines WHERE variant_id = ANY($2)
            AND cart_id = (SELECT cart_id FROM shop_carts WHERE {owner.column} = $1)""", owner.key, variant_ids,
    )  # fmt: skip


async def accept_prices(db: asyncpg.Connection, owner: Owner) -> None:
    """price_seen := the price now."""
    await db.execute(
        f"""UPDATE shop_cart_lines l SET price_seen = v.price FROM shop_variants v
            WHERE v.variant_id = l.variant_id AND l.cart_id = (SELECT cart_id FROM shop_carts WHERE {owner.column} = $1)""", owner.key,
    )  # fmt: skip


async def merge(db: asyncpg.Connection, user_id: int, guest: bytes, now: datetime.datetime) -> None:
    """The guest's lines come into the user's cart, of both quantities the larger; the guest's cart is gone."""
    await db.execute(_MERGE, uuid.uuid4(), user_id, guest, now)
    await db.execute(_TRIM, user_id)
    await db.execute("DELETE FROM shop_carts WHERE token_hash = $1", guest)


async def exists(db: asyncpg.Connection, owner: Owner) -> bool:
    return await db.fetchval(f"SELECT EXISTS (SELECT FROM shop_carts WHERE {owner.column} = $1)", owner.key)
