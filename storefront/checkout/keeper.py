"""What ends by itself: open checkouts whose time is up, carts that guests forgot, stored answers that nobody asks for any more.

Only an open checkout expires: one that is being paid is ended by its payment alone (I9). Rows are taken with SKIP LOCKED, so any number
of processes keep together, and none waits for a buyer.
"""

import asyncio
import datetime
import logging

import asyncpg

from marketdata.errors import DATABASE_AWAY
from storefront import stock
from storefront.errors import DATABASE_BUSY
from storefront.work import Shop

EVERY_SECONDS = 2.0
ROWS_MAX = 200  # of one transaction
GUEST_CART_DAYS = 30
ANSWER_HOURS = 48
_EXPIRE = """
UPDATE shop_checkouts SET state = 'expired', ended_at = $1 WHERE checkout_id IN (
    SELECT checkout_id FROM shop_checkouts WHERE state = 'open' AND reserved_until <= $1 ORDER BY reserved_until LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED) AND state = 'open' RETURNING checkout_id"""
_FORGET_CARTS = """
DELETE FROM shop_carts WHERE cart_id IN (
    SELECT cart_id FROM shop_carts WHERE token_hash IS NOT NULL AND updated_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"""
_FORGET_ANSWERS = """
DELETE FROM shop_answers WHERE (actor, key) IN (
    SELECT actor, key FROM shop_answers WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)"""
logger = logging.getLogger(__name__)


async def keep_checkouts(shop: Shop) -> None:
    """Until cancelled."""
    while True:
        try:
            await sweep(shop)
        except (*DATABASE_AWAY, *DATABASE_BUSY) as error:
            logger.warning("event=checkouts_not_swept error=%s", type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def sweep(shop: Shop) -> int:
    """End what is over, once; how many checkouts expired."""
    now = shop.clock()
    expired = 0
    async with shop.pool.acquire() as db:
        while count := await _expire(db, now):
            expired += count
        await db.execute(_FORGET_CARTS, now - datetime.timedelta(days=GUEST_CART_DAYS), ROWS_MAX)
        await db.execute(_FORGET_ANSWERS, now - datetime.timedelta(hours=ANSWER_HOURS), ROWS_MAX)
    return expired


async def _expire(db: asyncpg.Connection, now: datetime.datetime) -> int:
    async with db.transaction():
        expired = [row["checkout_id"] for row in await db.fetch(_EXPIRE, now, ROWS_MAX)]
        if expired:
            await stock.release_many(db, expired)
    return len(expired)
