"""The one way an order's state changes: the row locked, the state stepped, an audit row written and the seller told, in one transaction."""

import datetime
import json
import uuid
from collections.abc import Sequence
from typing import Any

import asyncpg

from storefront.errors import Refusal, ShopError
from storefront.orders.states import step
from storefront.webhooks.outbox import tell, tell_many

# What sellers are told of, by axis and event.
TOLD = {
    ("payment", "settled"): "order.paid",
    ("payment", "release"): "order.released",
    ("payment", "refund_part"): "refund.done",
    ("payment", "refund"): "refund.done",
    ("payment", "divide"): "order.released",  # the rest went to the seller
    ("fulfilment", "cancel"): "order.canceled",
    ("fulfilment", "ship_part"): "order.shipped",
    ("fulfilment", "ship"): "order.shipped",
    ("fulfilment", "receive"): "order.received",
    ("dispute", "open"): "dispute.opened",
    ("dispute", "concede"): "dispute.decided",
    ("dispute", "decide_for_buyer"): "dispute.decided",
    ("dispute", "decide_for_seller"): "dispute.decided",
    ("dispute", "decide_divided"): "dispute.decided",
}
# Columns that belong to a step; $3 is the time.
_WITH = {
    ("payment", "settled"): ", held = total, paid_at = $3",
    ("payment", "refused"): ", held = 0, escrow_hi = 0, escrow_lo = 0, closed_at = $3",
    ("payment", "release"): ", closed_at = $3",
    ("payment", "refund"): ", closed_at = $3",
    ("payment", "divide"): ", closed_at = $3",
    ("fulfilment", "receive"): ", received_at = $3",
}


async def advance(db: asyncpg.Connection, order_id: uuid.UUID, axis: str, event: str, *, actor: str, user_id: int | None = None,
                  now: datetime.datetime, detail: dict[str, Any] | None = None) -> str:  # fmt: skip
    """Step one axis of an order; `actor` is 'buyer', 'seller', 'moderator' or 'system'. Returns the new state.

    Payment's "settled" makes the whole total held and sets paid_at; "refused" leaves no escrow. Other amounts are the escrow room's to
    write. Raises NOT_FOUND, NOT_NOW.
    """
    order = await db.fetchrow(
        "SELECT number, seller_id, payment, fulfilment, dispute FROM shop_orders WHERE order_id = $1 FOR NO KEY UPDATE", order_id
    )
    if order is None:
        raise ShopError(Refusal.NOT_FOUND)
    before = order[axis]
    after = step(axis, before, event)
    extra = _WITH.get((axis, event), "")
    arguments = (order_id, after, now) if extra else (order_id, after)
    await db.execute(f"UPDATE shop_orders SET {axis} = $2{extra} WHERE order_id = $1", *arguments)
    await note(db, order_id, axis, event, before, after, actor=actor, user_id=user_id, now=now, detail=detail)
    if told := TOLD.get((axis, event)):
        states = {name: order[name] for name in ("payment", "fulfilment", "dispute")} | {axis: after}
        body = {"orderId": str(order_id), "number": order["number"], **states, **(detail or {})}
        await tell(db, order["seller_id"], told, body, now)
    return after


async def note(db: asyncpg.Connection, order_id: uuid.UUID, axis: str, event: str, before: str, after: str, *, actor: str,
               user_id: int | None, now: datetime.datetime, detail: dict[str, Any] | None = None) -> None:  # fmt: skip
    """An audit row alone: also for what leaves the state as it is, such as a refused move."""
    await db.execute(
        """INSERT INTO shop_transitions (order_id, axis, event, before, after, actor, user_id, detail, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        order_id, axis, event, before, after, actor, user_id, json.dumps(detail or {}), now,
    )  # fmt: skip


async def advance_many(db: asyncpg.Connection, order_ids: Sequence[uuid.UUID], axis: str, event: str, *, actor: str,
                       now: datetime.datetime) -> None:  # fmt: skip
    """As `advance`, for any number of orders: locked in the order of their ids, stepped and noted in four statements."""
    orders = await db.fetch(
        """SELECT order_id, number, seller_id, payment, fulfilment, dispute FROM shop_orders WHERE order_id = ANY($1)
           ORDER BY order_id FOR NO KEY UPDATE""", order_ids,
    )  # fmt: skip
    if not orders:
        return
    ids, before = [order["order_id"] for order in orders], [order[axis] for order in orders]
    after = [step(axis, state, event) for state in before]
    extra = _WITH.get((axis, event), "")
    await db.execute(
        f"""UPDATE shop_orders SET {axis} = stepped.after{extra} FROM unnest($1::uuid[], $2::text[]) AS stepped (id, after)
            WHERE order_id = stepped.id""", ids, after, *([now] if extra else []),
    )  # fmt: skip
    await db.execute(
        """INSERT INTO shop_transitions (order_id, axis, event, before, after, actor, at)
           SELECT id, $4, $5, before, after, $6, $7 FROM unnest($1::uuid[], $2::text[], $3::text[]) AS stepped (id, before, after)""",
        ids, before, after, axis, event, actor, now,
    )  # fmt: skip
    if told := TOLD.get((axis, event)):
        bodies = [
            {"orderId": str(order["order_id"]), "number": order["number"], "payment": order["payment"], "fulfilment": order["fulfilment"],
             "dispute": order["dispute"]} | {axis: state} for order, state in zip(orders, after, strict=True)
        ]  # fmt: skip
        await tell_many(db, [(order["seller_id"], told, body) for order, body in zip(orders, bodies, strict=True)], now)
