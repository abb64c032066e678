"""How often products are looked at and put into carts: counted in memory, carried to shop_daily_counts every few seconds.

What a process had counted in its last seconds is lost with it: these are figures for a chart, not for money.
"""

import asyncio
import logging
import uuid
from collections import Counter

from marketdata.errors import DATABASE_AWAY
from storefront.errors import DATABASE_BUSY
from storefront.work import Shop

FLUSH_SECONDS = 5.0
_views: Counter[uuid.UUID] = Counter()
_carts: Counter[uuid.UUID] = Counter()
logger = logging.getLogger(__name__)


def viewed(product_id: uuid.UUID) -> None:
    """A product's page was shown. Only for products that exist."""
    _views[product_id] += 1


def carted(product_id: uuid.UUID) -> None:
    """A product was put into a cart that did not hold it."""
    _carts[product_id] += 1


async def flush(shop: Shop) -> None:
    """Add what was counted since the last time to today's rows; where the database does not take it, it stays counted."""
    views, carts = Counter(_views), Counter(_carts)
    _views.clear()
    _carts.clear()
    products = sorted({*views, *carts})
    if not products:
        return
    try:
        await shop.pool.execute(
            """INSERT INTO shop_daily_counts (day, product_id, views, carts)
               SELECT $1, counted.product_id, counted.views, counted.carts
               FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS counted (product_id, views, carts)
               JOIN shop_products USING (product_id)
               ON CONFLICT (product_id, day) DO UPDATE
               SET views = shop_daily_counts.views + excluded.views, carts = shop_daily_counts.carts + excluded.carts""",
            shop.clock().date(), products, [views[product] for product in products], [carts[product] for product in products],
        )  # fmt: skip
    except BaseException:
        _views.update(views)
        _carts.update(carts)
        raise


async def keep_counts(shop: Shop) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        try:
            await flush(shop)
        except (*DATABASE_AWAY, *DATABASE_BUSY) as error:
            logger.warning("event=counts_not_stored error=%s", type(error).__name__)
