"""What a payment's outcome does, for any number of checkouts in one transaction.

Paid: the orders are held in escrow, the stock allocated, what was bought leaves the cart, the receipt is kept. Refused: the orders of the
attempt have failed, the voucher is given back, and the checkout is open again with a new quote as long as its stock is kept; its next
attempt has orders and ids of its own. Only a confirming checkout is touched.
"""

import datetime
import json
import uuid
from collections.abc import Sequence

import asyncpg

from storefront import stock
from storefront.catalog.cards import LOW_STOCK
from storefront.checkout import content as contents
from storefront.checkout import vouchers
from storefront.checkout.quote import refusal_of
from storefront.checkout.quoting import requote
from storefront.checkout.receipt import facts
from storefront.errors import ShopError
from storefront.orders.trail import advance_many
from storefront.settlement import Settlement
from storefront.webhooks.outbox import tell_many
from storefront.work import Shop

PURPOSE = "checkout"
_PAID = """
UPDATE shop_checkouts c SET state = 'paid', failure = '', receipt = p.receipt, ended_at = $3
FROM unnest($1::uuid[], $2::json[]) AS p (checkout_id, receipt)
WHERE c.checkout_id = p.checkout_id AND c.state = 'confirming'"""
_ATTEMPTED = "SELECT order_id FROM shop_orders WHERE checkout_id = ANY($1) AND payment = 'pending'"
_LOCK_SOLD = """
SELECT FROM shop_products WHERE product_id IN (SELECT product_id FROM shop_order_lines WHERE order_id = ANY($1))
ORDER BY product_id FOR NO KEY UPDATE"""
_BOUGHT = """
WITH lines AS (SELECT c.cart_id, l.variant_id, l.product_id, o.seller_id, o.order_id, l.quantity
               FROM shop_checkouts c JOIN shop_orders o USING (checkout_id) JOIN shop_order_lines l USING (order_id)
               WHERE o.order_id = ANY($1)),
     bought AS (SELECT cart_id, variant_id, sum(quantity) AS n FROM lines GROUP BY 1, 2),
     emptied AS (DELETE FROM shop_cart_lines l USING bought b
                 WHERE l.cart_id = b.cart_id AND l.variant_id = b.variant_id AND l.quantity <= n),
     lowered AS (UPDATE shop_cart_lines l SET quantity = l.quantity - n FROM bought b
                 WHERE l.cart_id = b.cart_id AND l.variant_id = b.variant_id AND l.quantity > n),
     sellers AS (SELECT seller_id, count(DISTINCT order_id)::int AS n FROM lines GROUP BY 1),
     sales AS (UPDATE shop_sellers s SET sales_count = sales_count + n FROM sellers WHERE s.seller_id = sellers.seller_id),
     products AS (SELECT product_id, sum(quantity)::int AS n FROM lines GROUP BY 1)
UPDATE shop_products p SET sold = sold + n FROM products WHERE p.product_id = products.product_id"""
_LOW = f"""
SELECT p.seller_id, v.variant_id, v.sku, p.title, greatest(0, {stock.SALEABLE_SQL}) AS saleable
FROM shop_variants v JOIN shop_products p USING (product_id) WHERE variant_id = ANY($1) ORDER BY variant_id"""
_REFUSED = """
SELECT c.*, u.account FROM shop_checkouts c JOIN users u USING (user_id)
WHERE checkout_id = $1 AND state = 'confirming' FOR NO KEY UPDATE OF c"""
_NO_QUOTE = """
UPDATE shop_checkouts SET state = $2, failure = $3, expires_at = $4, settlement_id = NULL, ended_at = $5 WHERE checkout_id = $1"""


async def apply_outcomes(shop: Shop, db: asyncpg.Connection, settlements: Sequence[Settlement], now: datetime.datetime) -> None:
    """Carry outcomes of payments into the database."""
    if paid := [settlement for settlement in settlements if settlement.done]:
        await _paid(db, paid, now)
    if refused := [settlement for settlement in settlements if not settlement.done]:
        await _refused(shop, db, refused, now)


async def _paid(db: asyncpg.Connection, settlements: Sequence[Settlement], now: datetime.datetime) -> None:
    checkouts = [settlement.subject_id for settlement in settlements]
    await db.execute(_PAID, checkouts, [json.dumps(facts(settlement)) for settlement in settlements], now)
    orders = await _attempted(db, checkouts)
    await advance_many(db, orders, "payment", "settled", actor="buyer", now=now)
    sold = await stock.allocate_many(db, checkouts)
    if low := [row["variant_id"] for row in sold if row["saleable"] <= LOW_STOCK < row["saleable"] + row["quantity"]]:
        await _tell_low(db, low, now)
    await db.execute(_LOCK_SOLD, orders)
    await db.execute(_BOUGHT, orders)


async def _tell_low(db: asyncpg.Connection, variant_ids: Sequence[uuid.UUID], now: datetime.datetime) -> None:
    """Sellers hear once that little is left of something."""
    events = [
        (row["seller_id"], "stock.low", {"variantId": str(row["variant_id"]), "sku": row["sku"], "title": row["title"],
                                        "saleable": row["saleable"]})
        for row in await db.fetch(_LOW, variant_ids)
    ]  # fmt: skip
    await tell_many(db, events, now)


async def _refused(shop: Shop, db: asyncpg.Connection, settlements: Sequence[Settlement], now: datetime.datetime) -> None:
    checkouts = [settlement.subject_id for settlement in settlements]
    await advance_many(db, await _attempted(db, checkouts), "payment", "refused", actor="system", now=now)
    await vouchers.give_back_many(db, checkouts)
    for settlement in settlements:
        await _open_again(shop, db, settlement, now)


async def _attempted(db: asyncpg.Connection, checkouts: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """The orders of the attempt that has ended; those of earlier ones have failed before."""
    return [row["order_id"] for row in await db.fetch(_ATTEMPTED, checkouts)]


async def _open_again(shop: Shop, db: asyncpg.Connection, settlement: Settlement, now: datetime.datetime) -> None:
    """Open with a new quote; without one where the asset cannot pay now; expired where the stock's time is up."""
    row = await db.fetchrow(_REFUSED, settlement.subject_id)
    failure = refusal_of(settlement.code).name
    if row["reserved_until"] <= now:
        await db.execute(_NO_QUOTE, row["checkout_id"], "expired", failure, now, now)
        await stock.release(db, row["checkout_id"])
        return
    totals = contents.from_text(row["content"]).totals()
    try:
        await requote(shop, db, row["checkout_id"], row["account"], row, totals, row["pay_asset"], row["use_credit"], now, failure)
    except ShopError:
        await db.execute(_NO_QUOTE, row["checkout_id"], "open", failure, now, None)
