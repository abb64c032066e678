"""What follows a move of escrow that the ledger has done: goods, stock, vouchers, disputes and returns, each exactly once.

Each Purpose here is decided in buyer.py, seller.py, storefront/escrow/release.py or storefront/moderation/disputes.py.
"""

import datetime
import uuid
from collections.abc import Mapping

import asyncpg

from storefront import stock
from storefront.escrow.settling import Purpose
from storefront.moderation.settings import settings
from storefront.orders import lines as order_lines
from storefront.orders.states import UNSHIPPED, shipping_event, step_return
from storefront.orders.trail import advance
from storefront.settlement import Settlement


async def _released(db: asyncpg.Connection, order: asyncpg.Record, settlement: Settlement, now: datetime.datetime) -> None:
    """Receipt was confirmed, or is presumed after the days of auto release."""
    await advance(db, order["order_id"], "fulfilment", "receive", **_who(settlement), now=now)


async def _canceled(db: asyncpg.Connection, order: asyncpg.Record, settlement: Settlement, now: datetime.datetime) -> None:
    """These lines, or without any named all that is not shipped; and all of it where nothing is left to pay for."""
    lines = await order_lines.lines_of(db, order["order_id"])
    wanted = order_lines.quantities_of(settlement.detail["lines"]) if settlement.detail.get("lines") else order_lines.unshipped(lines)
    await cancel_lines(db, order, wanted, settlement, now)
    await _close_if_refunded(db, order, settlement, now)


async def _refunded(db: asyncpg.Connection, order: asyncpg.Record, settlement: Settlement, now: datetime.datetime) -> None:
    """Whoever gives everything back while it is disputed concedes."""
    if order["dispute"] == "open":
        await advance(db, order["order_id"], "dispute", "concede", **_who(settlement), now=now)
        await _decided_at(db, order["order_id"], settlement, now, "")
    await _close_if_refunded(db, order, settlement, now)


async def _decided(db: asyncpg.Connection, order: asyncpg.Record, settlement: Settlement, now: datetime.datetime) -> None:
    """A moderator's decision; where the goods are under way and not all money went back, the matter ends as received."""
    detail = settlement.detail
    await advance(db, order["order_id"], "dispute", detail["event"], **_who(settlement), now=now, detail=detail["told"])
    await _decided_at(db, order["order_id"], settlement, now, detail["reason"])
    await _close_if_refunded(db, order, settlement, now)
    if order["fulfilment"] == "shipped" and order["payment"] != "refunded":
        await advance(db, order["order_id"], "fulfilment", "receive", **_who(settlement), now=now)


async def _returned(db: asyncpg.Connection, order: asyncpg.Record, settlement: Settlement, now: datetime.datetime) -> None:
    """Returned goods are on hand again."""
    back = order_lines.quantities_of(settlement.detail["lines"])
    await order_lines.add(db, "returned", back)
    lines = await order_lines.lines_of(db, order["order_id"])
    await stock.restock(db, order_lines.by_variant(lines, back))
    refund_id = settlement.detail["refundId"]
    await _step_return(db, settlement, "refund", now)
    await db.execute(
        "UPDATE shop_returns SET refund_id = $2 WHERE return_id = $1",
        uuid.UUID(settlement.detail["returnId"]), refund_id and uuid.UUID(refund_id),
    )  # fmt: skip
    event = "return" if all(line["returned"] == line["shipped"] for line in lines) else "return_part"
    await advance(db, order["order_id"], "fulfilment", event, **_who(settlement), now=now)


async def _not_returned(db: asyncpg.Connection, _order: asyncpg.Record, settlement: Settlement, now: datetime.datetime) -> None:
    await _step_return(db, settlement, "refuse", now)


async def _step_return(db: asyncpg.Connection, settlement: Settlement, event: str, now: datetime.datetime) -> None:
    return_id = uuid.UUID(settlement.detail["returnId"])
    state = await db.fetchval("SELECT state FROM shop_returns WHERE return_id = $1 FOR NO KEY UPDATE", return_id)
    await db.execute(
        "UPDATE shop_returns SET state = $2, updated_at = $3 WHERE return_id = $1", return_id, step_return(state, event), now
    )


RELEASE = Purpose("release", _released)
CANCEL = Purpose("cancel", _canceled)
REFUND = Purpose("refund", _refunded)
DECISION = Purpose("decision", _decided)
RETURN = Purpose("return", _returned, _not_returned)
PURPOSES = (RELEASE, CANCEL, REFUND, DECISION, RETURN)


async def cancel_lines(db: asyncpg.Connection, order: asyncpg.Record, wanted: Mapping[uuid.UUID, int], settlement: Settlement,
                       now: datetime.datetime) -> None:  # fmt: skip
    """Units that will not be shipped: their stock goes back to sale, and with the last of them the order is cancelled or all shipped."""
    await order_lines.add(db, "canceled", wanted)
    lines = await order_lines.lines_of(db, order["order_id"])
    await stock.unallocate(db, order_lines.by_variant(lines, wanted))
    left, shipped = sum(order_lines.unshipped(lines).values()), sum(line["shipped"] for line in lines)
    event = shipping_event(left, shipped=shipped, canceling=True)
    why = {"reason": settlement.detail["reason"]}
    after = await advance(db, order["order_id"], "fulfilment", event, **_who(settlement), now=now, detail=why)
    if after == "canceled":
        await _give_voucher_back(db, order)
    elif after == "shipped":
        await start_release_clock(db, order["order_id"], now)


async def start_release_clock(db: asyncpg.Connection, order_id: uuid.UUID, now: datetime.datetime) -> None:
    """All is shipped: unless the buyer disputes it, the money is released by itself after the platform's days."""
    days = (await settings(db)).auto_release_days
    due = now + datetime.timedelta(days=days)
    await db.execute("UPDATE shop_orders SET auto_release_at = $2 WHERE order_id = $1 AND payment = 'held'", order_id, due)


async def _close_if_refunded(db: asyncpg.Connection, order: asyncpg.Record, settlement: Settlement, now: datetime.datetime) -> None:
    """What nobody pays for any more is not shipped any more."""
    fulfilment = await db.fetchval("SELECT fulfilment FROM shop_orders WHERE order_id = $1", order["order_id"])
    if order["payment"] == "refunded" and fulfilment in UNSHIPPED:
        left = order_lines.unshipped(await order_lines.lines_of(db, order["order_id"]))
        await cancel_lines(db, order, left, settlement, now)


async def _give_voucher_back(db: asyncpg.Connection, order: asyncpg.Record) -> None:
    """Once every order of the purchase is cancelled. The checkout's row is locked, so that of two cancelled at once the later sees both."""
    from storefront.checkout.vouchers import give_back  # noqa: PLC0415 (the checkout imports this room's trail)

    await db.execute("SELECT FROM shop_checkouts WHERE checkout_id = $1 FOR NO KEY UPDATE", order["checkout_id"])
    if not await db.fetchval(
        "SELECT EXISTS (SELECT FROM shop_orders WHERE checkout_id = $1 AND payment <> 'failed' AND fulfilment <> 'canceled')",
        order["checkout_id"],
    ):
        await give_back(db, order["checkout_id"])


async def _decided_at(db: asyncpg.Connection, order_id: uuid.UUID, settlement: Settlement, now: datetime.datetime, words: str) -> None:
    moderator = settlement.detail["userId"] if settlement.detail["actor"] == "moderator" else None
    await db.execute(
        "UPDATE shop_disputes SET decision = $2, to_buyer = $3, decided_at = $4, decided_by = $5 WHERE order_id = $1",
        order_id, words, settlement.detail["toBuyer"], now, moderator,
    )  # fmt: skip


def _who(settlement: Settlement) -> dict:
    return {"actor": settlement.detail["actor"], "user_id": settlement.detail["userId"]}
