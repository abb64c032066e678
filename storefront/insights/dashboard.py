"""A seller's figures, each counted from the rows that it is about: orders, lines, refunds, and the daily counts of views and carts.

Sales are the totals of orders that were paid, on the UTC day of their payment, whatever became of them later; refunds stand beside them on
the day they were asked for. A week is seven UTC days, the last of which is today. `days` is the span of everything that names no other.
"""

import datetime
import uuid
from decimal import Decimal
from typing import NamedTuple

import asyncpg

TOP_PRODUCTS = 5
_WEEK = 7
_PAID = "payment NOT IN ('pending', 'failed')"
_DAY = "(coalesce(paid_at, placed_at) AT TIME ZONE 'UTC')::date"


class Week(NamedTuple):
    orders: int
    sales: dict[int, int]  # asset -> units


class Numbers(NamedTuple):
    """Units by asset; `views`, `carts`, `orders`, `returned`, `shipped` (items) within the span."""

    to_ship: int
    disputes: int
    held: dict[int, int]
    this_week: Week
    last_week: Week
    views: int
    carts: int
    orders: int
    returned: int
    shipped: int


class Day(NamedTuple):
    """`sales` and `refunds` in units of the asset that was asked for; `views` of goods priced in it."""

    day: datetime.date
    orders: int
    sales: int
    refunds: int
    views: int


class TopProduct(NamedTuple):
    product_id: uuid.UUID
    slug: str
    title: str
    quantity: int
    sales: int


async def numbers(db: asyncpg.Connection, seller_id: uuid.UUID, today: datetime.date, days: int) -> Numbers:
    since = today - datetime.timedelta(days=days - 1)
    waiting = await db.fetchrow(
        """SELECT count(*) FILTER (WHERE payment IN ('held', 'released', 'divided') AND fulfilment IN ('unfulfilled', 'partially_shipped')),
                  count(*) FILTER (WHERE dispute = 'open')
           FROM shop_orders WHERE seller_id = $1""", seller_id,
    )  # fmt: skip
    held = await db.fetch(
        "SELECT asset, sum(held)::text FROM shop_orders WHERE seller_id = $1 AND held > 0 GROUP BY asset ORDER BY asset", seller_id
    )
    counts = await db.fetchrow(
        """SELECT coalesce(sum(views), 0)::bigint, coalesce(sum(carts), 0)::bigint
           FROM shop_daily_counts JOIN shop_products USING (product_id) WHERE seller_id = $1 AND day BETWEEN $2 AND $3""",
        seller_id, since, today,
    )  # fmt: skip
    items = await db.fetchrow(
        f"""SELECT count(DISTINCT order_id), coalesce(sum(returned), 0)::bigint, coalesce(sum(shipped), 0)::bigint
            FROM shop_orders JOIN shop_order_lines USING (order_id) WHERE seller_id = $1 AND {_PAID} AND {_DAY} BETWEEN $2 AND $3""",
        seller_id, since, today,
    )  # fmt: skip
    week_ago = today - datetime.timedelta(days=_WEEK)
    this_week, last_week = await _week(db, seller_id, today), await _week(db, seller_id, week_ago)
    return Numbers(*waiting, {row[0]: int(row[1]) for row in held}, this_week, last_week, *counts, *items)


async def _week(db: asyncpg.Connection, seller_id: uuid.UUID, last: datetime.date) -> Week:
    """The seven days up to `last`."""
    rows = await db.fetch(
        f"""SELECT asset, count(*), sum(total)::text FROM shop_orders
            WHERE seller_id = $1 AND {_PAID} AND {_DAY} BETWEEN $2 AND $3 GROUP BY asset ORDER BY asset""",
        seller_id, last - datetime.timedelta(days=_WEEK - 1), last,
    )  # fmt: skip
    return Week(sum(row[1] for row in rows), {row[0]: int(row[2]) for row in rows})


async def series(db: asyncpg.Connection, seller_id: uuid.UUID, asset: int, today: datetime.date, days: int) -> list[Day]:
    """Every day of the span, oldest first."""
    rows = await db.fetch(
        f"""WITH days AS (SELECT generate_series($3::date, $4::date, '1 day')::date AS day),
            sold AS (
                SELECT {_DAY} AS day, count(*) AS orders, sum(total) AS sales FROM shop_orders
                WHERE seller_id = $1 AND asset = $2 AND {_PAID} AND {_DAY} BETWEEN $3 AND $4 GROUP BY 1
            ), given AS (
                SELECT (refund.created_at AT TIME ZONE 'UTC')::date AS day, sum(amount) AS refunds
                FROM shop_refunds refund JOIN shop_orders USING (order_id)
                WHERE seller_id = $1 AND asset = $2 AND refund.state = 'done'
                  AND (refund.created_at AT TIME ZONE 'UTC')::date BETWEEN $3 AND $4 GROUP BY 1
            ), seen AS (
                SELECT day, sum(views) AS views FROM shop_daily_counts JOIN shop_products USING (product_id)
                WHERE seller_id = $1 AND asset = $2 AND day BETWEEN $3 AND $4 GROUP BY day
            )
            SELECT day, coalesce(orders, 0), coalesce(sales, 0)::text, coalesce(refunds, 0)::text, coalesce(views, 0)::bigint
            FROM days LEFT JOIN sold USING (day) LEFT JOIN given USING (day) LEFT JOIN seen USING (day) ORDER BY day""",
        seller_id, asset, today - datetime.timedelta(days=days - 1), today,
    )  # fmt: skip
    return [Day(day, orders, int(sales), int(refunds), views) for day, orders, sales, refunds, views in rows]


async def top_products(db: asyncpg.Connection, seller_id: uuid.UUID, asset: int, today: datetime.date, days: int) -> list[TopProduct]:
    """By sales in the asset (lines' totals), the most first."""
    rows = await db.fetch(
        f"""SELECT product.product_id, product.slug, product.title, sum(quantity)::bigint, sum(line.total)::text
            FROM shop_orders orders JOIN shop_order_lines line USING (order_id) JOIN shop_products product USING (product_id)
            WHERE orders.seller_id = $1 AND orders.asset = $2 AND {_PAID} AND {_DAY} BETWEEN $3 AND $4
            GROUP BY product.product_id ORDER BY sum(line.total) DESC, product.product_id LIMIT {TOP_PRODUCTS}""",
        seller_id, asset, today - datetime.timedelta(days=days - 1), today,
    )  # fmt: skip
    return [TopProduct(product_id, slug, title, quantity, int(sales)) for product_id, slug, title, quantity, sales in rows]


async def usual_asset(db: asyncpg.Connection, seller_id: uuid.UUID) -> int | None:
    """In which the seller has had the most orders, or prices the most goods; None for one who has neither."""
    for table in (f"shop_orders WHERE {_PAID} AND seller_id = $1", "shop_products WHERE seller_id = $1"):
        asset = await db.fetchval(f"SELECT asset FROM {table} GROUP BY asset ORDER BY count(*) DESC, asset LIMIT 1", seller_id)
        if asset is not None:
            return asset
    return None


def rate(part: int, whole: int, decimals: int) -> float | None:
    """part / whole, rounded half to even; None of nothing."""
    return float(round(Decimal(part) / whole, decimals)) if whole else None
