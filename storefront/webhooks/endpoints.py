"""Sellers' endpoints: where a seller is told of events, of which, and with which secret; and what came of each delivery."""

import datetime
import json
import uuid
from typing import NamedTuple

import asyncpg

from storefront.errors import Refusal, ShopError
from storefront.sellers import profile
from storefront.webhooks.address import checked_url
from storefront.webhooks.outbox import EVENT_TYPES, TEST_EVENT
from storefront.webhooks.signing import fresh_secret
from storefront.work import Shop

ENDPOINTS_MAX = 5  # of a seller
TESTS_WAITING_MAX = 10  # of an endpoint
_ENDPOINT = "webhook_id, url, events, enabled"
_DELIVERY = """SELECT delivery_id, event_id, type, state, attempts, status, error, at,
                      CASE WHEN state = 'waiting' THEN next_at END AS next_at, position
               FROM shop_deliveries JOIN shop_events USING (event_id)"""
_DISABLED = "the endpoint was disabled"


class EndpointRow(NamedTuple):
    """`events` is empty where all are wanted."""

    webhook_id: uuid.UUID
    url: str
    events: list[str]
    enabled: bool


class DeliveryRow(NamedTuple):
    """`attempts` since it was last asked for; `status` and `error` of the last; `at` is the event's time."""

    delivery_id: uuid.UUID
    event_id: int
    type: str
    state: str
    attempts: int
    status: int | None
    error: str
    at: datetime.datetime
    next_at: datetime.datetime | None
    position: int


async def endpoints(db: asyncpg.Connection, seller_id: uuid.UUID) -> list[EndpointRow]:
    """Oldest first."""
    rows = await db.fetch(f"SELECT {_ENDPOINT} FROM shop_webhooks WHERE seller_id = $1 ORDER BY created_at, webhook_id", seller_id)
    return [EndpointRow(*row) for row in rows]


async def add_endpoint(shop: Shop, db: asyncpg.Connection, seller_id: uuid.UUID, url: str, events: list[str],
                       now: datetime.datetime) -> tuple[EndpointRow, str]:  # fmt: skip
    """The endpoint and its secret, which is told nowhere else. Raises INVALID_REQUEST, TOO_MANY."""
    await profile.lock(db, seller_id)  # who counts, adds
    if len(await endpoints(db, seller_id)) >= ENDPOINTS_MAX:
        raise ShopError(Refusal.TOO_MANY, f"A seller has at most {ENDPOINTS_MAX} endpoints.")
    secret = fresh_secret()
    row = await db.fetchrow(
        f"""INSERT INTO shop_webhooks (webhook_id, seller_id, url, events, sealed_secret, created_at) VALUES ($1, $2, $3, $4, $5, $6)
            RETURNING {_ENDPOINT}""",
        uuid.uuid4(), seller_id, checked_url(url, shop.endpoint_networks), checked_events(events), shop.seal(secret.encode()), now,
    )  # fmt: skip
    return EndpointRow(*row), secret


async def change_endpoint(shop: Shop, db: asyncpg.Connection, seller_id: uuid.UUID, webhook_id: uuid.UUID, *, url: str | None,
                          events: list[str] | None, enabled: bool | None) -> EndpointRow:  # fmt: skip
    """What waits for an endpoint that is disabled is given up; it can be sent again by hand. Raises NOT_FOUND, INVALID_REQUEST."""
    row = await db.fetchrow(
        f"""UPDATE shop_webhooks SET url = coalesce($3, url), events = coalesce($4, events), enabled = coalesce($5, enabled)
            WHERE webhook_id = $1 AND seller_id = $2 RETURNING {_ENDPOINT}""",
        webhook_id, seller_id, None if url is None else checked_url(url, shop.endpoint_networks),
        None if events is None else checked_events(events), enabled,
    )  # fmt: skip
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    if not row["enabled"]:
        await db.execute(
            "UPDATE shop_deliveries SET state = 'failed', error = $2 WHERE webhook_id = $1 AND state = 'waiting'", webhook_id, _DISABLED
        )
    return EndpointRow(*row)


async def remove_endpoint(db: asyncpg.Connection, seller_id: uuid.UUID, webhook_id: uuid.UUID) -> None:
    """With its deliveries. Raises NOT_FOUND."""
    if await db.execute("DELETE FROM shop_webhooks WHERE webhook_id = $1 AND seller_id = $2", webhook_id, seller_id) != "DELETE 1":
        raise ShopError(Refusal.NOT_FOUND)


async def deliveries(db: asyncpg.Connection, seller_id: uuid.UUID, webhook_id: uuid.UUID, before: int | None,
                     limit: int) -> list[DeliveryRow]:  # fmt: skip
    """The last to be sent first, of those before the position `before`. Raises NOT_FOUND."""
    if not await db.fetchval("SELECT true FROM shop_webhooks WHERE webhook_id = $1 AND seller_id = $2", webhook_id, seller_id):
        raise ShopError(Refusal.NOT_FOUND)
    rows = await db.fetch(
        f"{_DELIVERY} WHERE webhook_id = $1 AND ($2::bigint IS NULL OR position < $2) ORDER BY position DESC LIMIT $3",
        webhook_id, before, limit,
    )  # fmt: skip
    return [DeliveryRow(*row) for row in rows]


async def redeliver(db: asyncpg.Connection, seller_id: uuid.UUID, delivery_id: uuid.UUID, now: datetime.datetime) -> DeliveryRow:
    """Send it again, under its id and after what waits already; one that waits is sent as soon as it is its turn.
    Raises NOT_FOUND; NOT_NOW where the endpoint is disabled."""
    found = await db.fetchrow(
        """SELECT webhook_id, state FROM shop_deliveries JOIN shop_webhooks USING (webhook_id) WHERE delivery_id = $1 AND seller_id = $2""",
        delivery_id, seller_id,
    )  # fmt: skip
    if found is None:
        raise ShopError(Refusal.NOT_FOUND)
    await _enabled(db, found["webhook_id"])
    await db.execute(
        """UPDATE shop_deliveries SET next_at = $2, attempts = 0, state = 'waiting',
               position = CASE WHEN state = 'waiting' THEN position ELSE nextval(pg_get_serial_sequence('shop_deliveries', 'position')) END
           WHERE delivery_id = $1""", delivery_id, now,
    )  # fmt: skip
    return await _delivery(db, delivery_id)


async def send_test(db: asyncpg.Connection, seller_id: uuid.UUID, webhook_id: uuid.UUID, now: datetime.datetime) -> DeliveryRow:
    """An event of type webhook.test for this endpoint alone. Raises NOT_FOUND, NOT_NOW, TOO_MANY."""
    if not await db.fetchval("SELECT true FROM shop_webhooks WHERE webhook_id = $1 AND seller_id = $2", webhook_id, seller_id):
        raise ShopError(Refusal.NOT_FOUND)
    await _enabled(db, webhook_id)
    waiting = await db.fetchval(
        """SELECT count(*) FROM shop_deliveries JOIN shop_events USING (event_id)
           WHERE webhook_id = $1 AND state = 'waiting' AND type = $2""", webhook_id, TEST_EVENT,
    )  # fmt: skip
    if waiting >= TESTS_WAITING_MAX:
        raise ShopError(Refusal.TOO_MANY, f"{TESTS_WAITING_MAX} tests wait for this endpoint already.")
    delivery_id = uuid.uuid4()
    await db.execute(
        """WITH event AS (
               INSERT INTO shop_events (seller_id, type, body, at, fanned_out) VALUES ($3, $4, $5, $6, true) RETURNING event_id
           ) INSERT INTO shop_deliveries (delivery_id, webhook_id, event_id, next_at) SELECT $1, $2, event_id, $6 FROM event""",
        delivery_id, webhook_id, seller_id, TEST_EVENT, json.dumps({"webhookId": str(webhook_id)}), now,
    )  # fmt: skip
    return await _delivery(db, delivery_id)


def checked_events(events: list[str]) -> list[str]:
    """Raises INVALID_REQUEST for a type that there is not."""
    unknown = sorted(set(events) - set(EVENT_TYPES))
    if unknown:
        raise ShopError(Refusal.INVALID_REQUEST, f"There are no events {unknown[0][:40]!r}; there are {', '.join(EVENT_TYPES)}.")
    return sorted(set(events), key=EVENT_TYPES.index)


async def _enabled(db: asyncpg.Connection, webhook_id: uuid.UUID) -> None:
    """The endpoint stays as it is until the transaction ends. Raises NOT_NOW."""
    if not await db.fetchval("SELECT enabled FROM shop_webhooks WHERE webhook_id = $1 FOR NO KEY UPDATE", webhook_id):
        raise ShopError(Refusal.NOT_NOW, "This endpoint is disabled.")


async def _delivery(db: asyncpg.Connection, delivery_id: uuid.UUID) -> DeliveryRow:
    return DeliveryRow(*await db.fetchrow(f"{_DELIVERY} WHERE delivery_id = $1", delivery_id))
