"""What waits for a moderator, and what the shop has come to; and its trail."""

import uuid
from typing import NamedTuple

import asyncpg


class Overview(NamedTuple):
    """Sums are units by asset, of orders that were paid."""

    sellers_waiting: int
    disputes_open: int
    stuck: int
    reviews_hidden: int
    volume: dict[int, int]
    commission: dict[int, int]
    escrow: dict[int, int]


async def overview(db: asyncpg.Connection) -> Overview:
    counts = await db.fetchrow(
        """SELECT (SELECT count(*) FROM shop_sellers WHERE state = 'applied') AS sellers,
                  (SELECT count(*) FROM shop_orders WHERE dispute = 'open') AS disputes,
                  (SELECT count(*) FROM shop_settlements WHERE state = 'stuck') AS stuck,
                  (SELECT count(*) FROM shop_reviews WHERE hidden) AS hidden"""
    )
    sums = await db.fetch(
        """SELECT asset, sum(total)::text AS volume, sum(commission)::text AS commission, sum(held)::text AS escrow
           FROM shop_orders WHERE payment NOT IN ('pending', 'failed') GROUP BY asset ORDER BY asset"""
    )
    return Overview(*counts, *({row["asset"]: int(row[name]) for row in sums} for name in ("volume", "commission", "escrow")))


async def transitions(db: asyncpg.Connection, order_id: uuid.UUID | None, before: int | None, limit: int) -> list[asyncpg.Record]:
    """The audit trail of an order, or of all, newest first, older than the id `before`."""
    return await db.fetch(
        """SELECT transition_id, order_id, axis, event, before, after, actor, user_id, detail, at FROM shop_transitions
           WHERE ($1::uuid IS NULL OR order_id = $1) AND ($2::bigint IS NULL OR transition_id < $2)
           ORDER BY transition_id DESC LIMIT $3""", order_id, before, limit,
    )  # fmt: skip
