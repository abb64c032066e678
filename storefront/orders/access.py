"""Who an order belongs to: its buyer, its seller, and moderators. To anybody else it is not there."""

import datetime
import uuid

import asyncpg

from storefront.errors import Refusal, ShopError
from storefront.escrow.settling import ORDER, lock
from storefront.moderation.settings import settings
from storefront.orders.lines import returnable
from storefront.orders.states import Standing, require
from storefront.work import Shopper, Work


def actor_of(order: asyncpg.Record, shopper: Shopper) -> str:
    """'buyer', 'seller' or 'moderator': whoever has a part in an order does not moderate it. Raises NOT_FOUND.

    A payment that failed, or has not ended yet, is between the buyer and the venue.
    """
    if order["buyer_id"] == shopper.user_id:
        return "buyer"
    if order["payment"] not in ("pending", "failed"):
        if order["seller_user"] == shopper.user_id:
            return "seller"
        if shopper.moderates:
            return "moderator"
    raise ShopError(Refusal.NOT_FOUND)


async def seen(db: asyncpg.Connection, order_id: uuid.UUID, shopper: Shopper) -> tuple[asyncpg.Record, str]:
    """The order's row and what the user is to it. Raises NOT_FOUND."""
    order = await db.fetchrow(ORDER, order_id)
    if order is None:
        raise ShopError(Refusal.NOT_FOUND)
    return order, actor_of(order, shopper)


async def locked(work: Work, order_id: uuid.UUID, action: str) -> tuple[asyncpg.Record, str]:
    """As `seen`, the row locked, for an action of states.ACTIONS. Raises NOT_FOUND, NOT_ALLOWED, SETTLING, NOT_NOW."""
    shopper = work.user()
    order = await lock(work.db, order_id)
    actor = actor_of(order, shopper)
    require(action, Standing(order["payment"], order["fulfilment"], order["dispute"], order["settlement_id"] is not None), actor)
    return order, actor


async def standing(db: asyncpg.Connection, order: asyncpg.Record, now: datetime.datetime) -> Standing:
    """All that the rules look at."""
    lines = await db.fetch(
        """SELECT line_id, shipped, returned, EXISTS (SELECT FROM shop_reviews r WHERE r.line_id = l.line_id) AS reviewed
           FROM shop_order_lines l WHERE order_id = $1""", order["order_id"],
    )  # fmt: skip
    returns = await db.fetch("SELECT state, lines FROM shop_returns WHERE order_id = $1", order["order_id"])
    return Standing(
        order["payment"], order["fulfilment"], order["dispute"], order["settlement_id"] is not None,
        returnable=any(returnable(lines, returns).values()) and await in_return_time(db, order, now),
        reviewable=any(line["shipped"] and not line["reviewed"] for line in lines),
        returns=frozenset(row["state"] for row in returns),
    )  # fmt: skip


async def in_return_time(db: asyncpg.Connection, order: asyncpg.Record, now: datetime.datetime) -> bool:
    if order["received_at"] is None:
        return False
    return now <= order["received_at"] + datetime.timedelta(days=(await settings(db)).return_days)
