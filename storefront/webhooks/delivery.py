"""From events to endpoints: each enabled endpoint that wants an event gets it, in order, at least once.

    fan_out          events -> deliveries, in the order in which they were committed; of one order's events, that in which they happened
    deliver_next     the endpoint's first waiting delivery, if it is due, once

Order is kept for each endpoint: its next delivery is not sent before the former was delivered or given up. A process that dies while it
sends leaves the delivery held for HOLD_SECONDS, after which it is sent again under the same id: receivers must know an id they have had.
"""

import asyncio
import datetime
import json
import logging
import uuid
from typing import NamedTuple

import aiohttp
import asyncpg

from marketdata.errors import DATABASE_AWAY
from storefront.errors import DATABASE_BUSY
from storefront.webhooks.sending import Result, open_session, send
from storefront.webhooks.signing import signature
from storefront.work import Shop

RETRY_SECONDS = (10, 60, *[600] * 6)  # after the first attempt, the second, …; then it is given up
HOLD_SECONDS = 30  # longer than a request can take
POLL_SECONDS = 1.0
PURGE_SECONDS = 3600.0
KEPT = datetime.timedelta(days=30)
FAN_OUT_MAX = 500  # events at a time
SENDING_MAX = 64  # endpoints at a time
_FAN_OUT_LOCK = 0x43535748  # of PostgreSQL's advisory locks: one fans out at a time, so that deliveries are in the events' order
logger = logging.getLogger(__name__)


class Attempt(NamedTuple):
    """A delivery that this process is to send now."""

    delivery_id: uuid.UUID
    url: str
    sealed_secret: bytes
    event_id: int
    type: str
    body: str
    at: datetime.datetime
    attempts: int  # before this one


async def fan_out(shop: Shop) -> int:
    """Make the deliveries of events that have none yet; returns of how many events."""
    async with shop.pool.acquire() as db, db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", _FAN_OUT_LOCK)
        events = [row["event_id"] for row in await db.fetch(
            "UPDATE shop_events SET fanned_out = true WHERE event_id IN "
            "(SELECT event_id FROM shop_events WHERE NOT fanned_out ORDER BY event_id LIMIT $1) RETURNING event_id", FAN_OUT_MAX,
        )]  # fmt: skip
        if events:
            await db.execute(
                """INSERT INTO shop_deliveries (delivery_id, webhook_id, event_id, next_at)
                   SELECT gen_random_uuid(), webhook_id, event_id, $2 FROM shop_events event JOIN shop_webhooks hook USING (seller_id)
                   WHERE event_id = ANY($1) AND enabled AND created_at <= at AND (events = '{}' OR type = ANY(events))
                   ORDER BY event_id, webhook_id FOR SHARE OF hook""", events, shop.clock(),
            )  # fmt: skip
    return len(events)


async def due(shop: Shop) -> list[uuid.UUID]:
    """Enabled endpoints whose first waiting delivery may be sent now."""
    rows = await shop.pool.fetch(
        """SELECT webhook_id FROM (
               SELECT DISTINCT ON (webhook_id) webhook_id, next_at, held_until FROM shop_deliveries WHERE state = 'waiting'
               ORDER BY webhook_id, position
           ) head JOIN shop_webhooks USING (webhook_id)
           WHERE enabled AND next_at <= $1 AND (held_until IS NULL OR held_until <= $1) ORDER BY next_at LIMIT $2""",
        shop.clock(), SENDING_MAX,
    )  # fmt: skip
    return [row["webhook_id"] for row in rows]


async def deliver_next(shop: Shop, session: aiohttp.ClientSession, webhook_id: uuid.UUID) -> Result | None:
    """None where nothing of this endpoint is due, or another process is at it."""
    attempt = await _claim(shop, webhook_id)
    if attempt is None:
        return None
    try:
        result = await _send(shop, session, attempt)
    except Exception:  # a defect, or a master key that is another: it must not stand in the way of the endpoint's other deliveries for ever
        logger.exception("event=delivery_failed id=%s", attempt.delivery_id)
        result = Result(None, "the venue could not send it", retry=True)
    await _record(shop, attempt, result)
    return result


async def _send(shop: Shop, session: aiohttp.ClientSession, attempt: Attempt) -> Result:
    body = message(attempt)
    secret = shop.unseal(attempt.sealed_secret).decode()
    headers = {
        "Content-Type": "application/json", "User-Agent": "CryptoShop", "Accept-Encoding": "identity",
        "X-CryptoShop-Event": attempt.type, "X-CryptoShop-Delivery": str(attempt.delivery_id),
        "X-CryptoShop-Signature": signature(secret, body, int(shop.clock().timestamp())),
    }  # fmt: skip
    return await send(session, attempt.url, body, headers)


def message(attempt: Attempt) -> bytes:
    """The body, the same in every attempt: {id, type, createdAt, data}."""
    created_at = int(attempt.at.timestamp() * 1000)
    content = {"id": attempt.event_id, "type": attempt.type, "createdAt": created_at, "data": json.loads(attempt.body)}
    return json.dumps(content, separators=(",", ":")).encode()


async def _claim(shop: Shop, webhook_id: uuid.UUID) -> Attempt | None:
    now = shop.clock()
    async with shop.pool.acquire() as db, db.transaction():
        hook = await db.fetchrow(
            "SELECT url, sealed_secret FROM shop_webhooks WHERE webhook_id = $1 AND enabled FOR NO KEY UPDATE SKIP LOCKED", webhook_id
        )
        if hook is None:
            return None
        head = await db.fetchrow(
            """SELECT delivery_id, event_id, type, body, at, attempts, next_at, held_until
               FROM shop_deliveries JOIN shop_events USING (event_id)
               WHERE webhook_id = $1 AND state = 'waiting' ORDER BY position LIMIT 1""", webhook_id,
        )  # fmt: skip
        if head is None or head["next_at"] > now or (head["held_until"] and head["held_until"] > now):
            return None
        await db.execute(
            "UPDATE shop_deliveries SET held_until = $2 WHERE delivery_id = $1",
            head["delivery_id"], now + datetime.timedelta(seconds=HOLD_SECONDS),
        )  # fmt: skip
    return Attempt(head["delivery_id"], hook["url"], hook["sealed_secret"], head["event_id"], head["type"], head["body"], head["at"],
                   head["attempts"])  # fmt: skip


async def _record(shop: Shop, attempt: Attempt, result: Result) -> None:
    """What came of it. An endpoint that was removed or disabled meanwhile has nothing waiting any more, and gets nothing of it back."""
    now = shop.clock()
    again = result.retry and attempt.attempts < len(RETRY_SECONDS)
    state = "delivered" if result.delivered else "waiting" if again else "failed"
    next_at = now + datetime.timedelta(seconds=RETRY_SECONDS[attempt.attempts]) if again else now
    async with shop.pool.acquire() as db, db.transaction():
        known = await db.fetchval(
            """UPDATE shop_deliveries SET state = CASE WHEN $2 = 'delivered' OR state = 'waiting' THEN $2 ELSE state END, next_at = $3,
                   attempts = attempts + 1, status = $4, error = $5, held_until = NULL,
                   delivered_at = CASE WHEN $2 = 'delivered' THEN $6 ELSE delivered_at END
               WHERE delivery_id = $1 RETURNING true""",
            attempt.delivery_id, state, next_at, result.status, result.error, now,
        )  # fmt: skip
        if known:
            await db.execute(
                "INSERT INTO shop_delivery_attempts (delivery_id, status, error, at) VALUES ($1, $2, $3, $4)",
                attempt.delivery_id, result.status, result.error, now,
            )  # fmt: skip


async def keep_fanning_out(shop: Shop) -> None:
    """Until cancelled."""
    while True:
        try:
            while await fan_out(shop) == FAN_OUT_MAX:
                pass
        except (*DATABASE_AWAY, *DATABASE_BUSY) as error:
            logger.warning("event=fan_out_failed error=%s", type(error).__name__)
        await asyncio.sleep(POLL_SECONDS)


async def keep_delivering(shop: Shop) -> None:
    """Until cancelled: one task for each endpoint that has something due, at most SENDING_MAX."""
    sending: dict[uuid.UUID, asyncio.Task] = {}
    async with open_session(shop.endpoint_networks, SENDING_MAX) as session, asyncio.TaskGroup() as group:
        while True:
            try:
                ready = await due(shop)
            except (*DATABASE_AWAY, *DATABASE_BUSY) as error:
                logger.warning("event=deliveries_unread error=%s", type(error).__name__)
                ready = []
            for webhook_id in ready:
                if webhook_id not in sending and len(sending) < SENDING_MAX:
                    task = sending[webhook_id] = group.create_task(_deliver_all(shop, session, webhook_id))
                    task.add_done_callback(lambda _, webhook_id=webhook_id: sending.pop(webhook_id))
            await asyncio.sleep(POLL_SECONDS)


async def _deliver_all(shop: Shop, session: aiohttp.ClientSession, webhook_id: uuid.UUID) -> None:
    """Of one endpoint, as long as it takes them."""
    try:
        while await deliver_next(shop, session, webhook_id):
            pass
    except (*DATABASE_AWAY, *DATABASE_BUSY, asyncpg.ForeignKeyViolationError) as error:
        logger.warning("event=delivery_unrecorded webhook=%s error=%s", webhook_id, type(error).__name__)


async def purge(shop: Shop) -> None:
    """Forget what was told more than KEPT ago."""
    before = shop.clock() - KEPT
    async with shop.pool.acquire() as db, db.transaction():
        await db.execute(
            """DELETE FROM shop_deliveries USING shop_events event
               WHERE event.event_id = shop_deliveries.event_id AND event.at < $1 AND state <> 'waiting'""", before,
        )  # fmt: skip
        await db.execute(
            """DELETE FROM shop_events WHERE at < $1 AND fanned_out
               AND NOT EXISTS (SELECT FROM shop_deliveries WHERE shop_deliveries.event_id = shop_events.event_id)""", before,
        )  # fmt: skip


async def keep_purging(shop: Shop) -> None:
    """Until cancelled."""
    while True:
        try:
            await purge(shop)
        except (*DATABASE_AWAY, *DATABASE_BUSY) as error:
            logger.warning("event=purge_failed error=%s", type(error).__name__)
        await asyncio.sleep(PURGE_SECONDS)
