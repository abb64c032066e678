"""What sellers are told, written in the transaction of the change that it tells of: so it is told exactly when that happened.

From here the keepers of storefront/webhooks take it to each endpoint that wants it.
"""

import datetime
import json
import uuid
from collections.abc import Sequence
from typing import Any

import asyncpg

TEST_EVENT = "webhook.test"
EVENT_TYPES = (
    "order.paid", "order.canceled", "order.shipped", "order.received", "order.released", "refund.done", "dispute.opened",
    "dispute.decided", "return.requested", "payout.done", "stock.low", "review.posted",
)  # fmt: skip


async def tell(db: asyncpg.Connection, seller_id: uuid.UUID, type: str, body: dict[str, Any], now: datetime.datetime) -> int:
    """Tell the seller of an event of EVENT_TYPES; `body` is JSON. Returns the event's id, which grows with each event of a seller."""
    if type not in EVENT_TYPES:
        raise ValueError(f"{type} is no type of event")
    return await db.fetchval(
        "INSERT INTO shop_events (seller_id, type, body, at) VALUES ($1, $2, $3, $4) RETURNING event_id",
        seller_id, type, json.dumps(body, default=str), now,
    )  # fmt: skip


async def tell_many(db: asyncpg.Connection, events: Sequence[tuple[uuid.UUID, str, dict[str, Any]]], now: datetime.datetime) -> None:
    """As `tell`, of (seller, type, body), in this order, in one statement."""
    sellers, types, bodies = zip(*events, strict=True)
    if not set(types) <= set(EVENT_TYPES):
        raise ValueError(f"{set(types) - set(EVENT_TYPES)} are no types of events")
    await db.execute(
        """INSERT INTO shop_events (seller_id, type, body, at)
           SELECT seller_id, type, body, $4
           FROM unnest($1::uuid[], $2::text[], $3::json[]) WITH ORDINALITY AS e (seller_id, type, body, place) ORDER BY place""",
        sellers, types, [json.dumps(body, default=str) for body in bodies], now,
    )  # fmt: skip
