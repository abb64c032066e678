"""A move of escrow from its decision to its outcome.

    begin    decides: the settlement's row, the refund's row and the order's `settlement_id`, in the caller's transaction
    ended    applies the outcome: amounts, holds, states and audit, in the transaction that ends the settlement

The decision changes nothing but that: what else is to happen (lines cancelled, stock, a dispute's end) happens with the outcome, by
the move's Purpose. While `settlement_id` is set nobody else may change the order, so what was decided still fits when the outcome comes.
A refused outcome has nothing to undo but the `settlement_id` and the refund's state, and leaves its cause in the audit trail.
"""

import datetime
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import asyncpg

from engine.types import Code
from storefront.errors import Refusal, ShopError
from storefront.escrow.moves import NO_ID, Escrow, Move, Reserve, divide, give_back
from storefront.ledger import uuid_pair
from storefront.orders.states import payment_event
from storefront.orders.trail import advance, note
from storefront.settlement import Settlement, Settlements
from storefront.work import Shop, Work

DAY_NS = 86_400 * 10**9
ORDER = """SELECT o.*, s.user_id AS seller_user, s.slug AS seller_slug, s.name AS seller_name, s.payable_account, s.reserve_ppm,
                  s.reserve_days, c.account AS credit_account
           FROM shop_orders o JOIN shop_sellers s USING (seller_id) LEFT JOIN shop_credit_accounts c ON c.user_id = o.buyer_id
           WHERE o.order_id = $1"""
_REFUSALS = {
    Code.INSUFFICIENT_AVAILABLE: (Refusal.INSUFFICIENT_BALANCE, "The seller's payable balance is not enough for this."),
    Code.ACCOUNT_FROZEN: (Refusal.ACCOUNT_FROZEN, ""),
    Code.PENDING_FULL: (Refusal.BUSY, ""),
}


class Purpose(NamedTuple):
    """Why escrow moves, and what follows beside the money: `done` or `refused`, with the order's row as it is then."""

    name: str
    done: Callable[[asyncpg.Connection, asyncpg.Record, Settlement, datetime.datetime], Awaitable[None]]
    refused: Callable[[asyncpg.Connection, asyncpg.Record, Settlement, datetime.datetime], Awaitable[None]] | None = None


def on(settlements: Settlements, purpose: Purpose) -> None:
    """Moves of this purpose end here."""
    settlements.on(purpose.name, partial(ended, purpose))


async def lock(db: asyncpg.Connection, order_id: uuid.UUID) -> asyncpg.Record:
    """The order's row (ORDER), kept as it is until the transaction ends. Raises NOT_FOUND."""
    order = await db.fetchrow(f"{ORDER} FOR NO KEY UPDATE OF o", order_id)
    if order is None:
        raise ShopError(Refusal.NOT_FOUND)
    return order


def escrow_of(order: asyncpg.Record) -> Escrow:
    return Escrow(
        user=uuid_pair(order["order_id"]), asset=order["asset"], total=order["total"], from_credit=order["from_credit"],
        held=order["held"], released=order["released"], refunded=order["refunded"], commission_ppm=order["commission_ppm"],
        buyer=order["buyer_account"], credit=order["credit_account"] or 0, payable=order["payable_account"],
        hold=(order["escrow_hi"], order["escrow_lo"]), reserve_ppm=order["reserve_ppm"], reserve_ns=order["reserve_days"] * DAY_NS,
        reserve_hold=(order["reserve_hi"], order["reserve_lo"]),
    )  # fmt: skip


def reserve_of(shop: Shop, escrow: Escrow) -> Reserve | None:
    """The order's reserve, where the ledger still holds it."""
    machine = shop.exchange.machine
    held = machine.pending(*escrow.reserve_hold) if escrow.reserve_hold != NO_ID else None
    left_ns = held.expires_ns - machine.now_ns if held else 0
    return Reserve(held.amount, left_ns) if left_ns > 0 else None


async def begin(work: Work, order: asyncpg.Record, purpose: Purpose, *, to_seller: int = 0, to_buyer: int = 0, actor: str,
                of_nothing: str = "", reason: str = "", **detail: Any) -> None:  # fmt: skip
    """Decide a move of an order whose row is locked; `of_nothing` is payment's event for an order that cost nothing, and ends here.

    Raises SETTLING; INVALID_AMOUNT where more is asked for than there is.
    """
    if order["settlement_id"] is not None:
        raise ShopError(Refusal.SETTLING)
    escrow = escrow_of(order)
    try:
        move = _move(work.shop, order["payment"], escrow, to_seller, to_buyer)
    except ValueError:
        raise ShopError(Refusal.INVALID_AMOUNT, "This is more than there is to give back.") from None
    user_id = work.shopper.user_id if work.shopper else None
    refund_id = uuid.uuid4() if to_buyer else None
    detail |= {
        "actor": actor, "userId": user_id, "reason": reason, "ofNothing": of_nothing, "toSeller": to_seller, "toBuyer": to_buyer,
        "after": _amounts(move.after), "refundId": refund_id and str(refund_id),
        "told": {"toSeller": work.shop.text(escrow.asset, to_seller), "toBuyer": work.shop.text(escrow.asset, to_buyer),
                 "asset": work.shop.asset(escrow.asset).name, "reason": reason},
    }  # fmt: skip
    if move.chain:
        settlement_id = await work.settle(purpose.name, order["order_id"], move.chain, **detail)
    else:
        settlement_id = uuid.uuid4()
    await work.db.execute("UPDATE shop_orders SET settlement_id = $2 WHERE order_id = $1", order["order_id"], settlement_id)
    if refund_id:
        await work.db.execute(
            """INSERT INTO shop_refunds (refund_id, order_id, amount, reason, settlement_id, by_user, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            refund_id, order["order_id"], to_buyer, reason, settlement_id, user_id, work.now,
        )  # fmt: skip
    if not move.chain:
        outcome = Settlement(settlement_id, purpose.name, order["order_id"], json.loads(json.dumps(detail)), Code.OK)
        await ended(purpose, work.db, outcome, work.now)


def _move(shop: Shop, payment: str, escrow: Escrow, to_seller: int, to_buyer: int) -> Move:
    new_id, reserve = shop.transfer_id, reserve_of(shop, escrow)
    if payment == "held":
        return divide(escrow, new_id, to_seller=to_seller, to_buyer=to_buyer, reserve=reserve)
    return give_back(escrow, new_id, to_buyer, reserve)


def _amounts(escrow: Escrow) -> dict[str, Any]:
    return {
        "held": escrow.held, "released": escrow.released, "refunded": escrow.refunded, "commission": escrow.commission,
        "hold": escrow.hold, "reserve": escrow.reserve_hold,
    }  # fmt: skip


async def ended(purpose: Purpose, db: asyncpg.Connection, settlement: Settlement, now: datetime.datetime) -> None:
    """The outcome of any move of escrow."""
    order = await lock(db, settlement.subject_id)
    assert order["settlement_id"] == settlement.settlement_id, "only the move that an order waits for may end on it"
    await (_done if settlement.done else _refused)(db, order, settlement, now)
    order = await lock(db, settlement.subject_id)
    if settlement.done:
        await purpose.done(db, order, settlement, now)
    elif purpose.refused:
        await purpose.refused(db, order, settlement, now)


async def _done(db: asyncpg.Connection, order: asyncpg.Record, settlement: Settlement, now: datetime.datetime) -> None:
    detail, after = settlement.detail, settlement.detail["after"]
    await db.execute(
        """UPDATE shop_orders SET settlement_id = NULL, held = $2, released = $3, refunded = $4, commission = $5,
                                  escrow_hi = $6, escrow_lo = $7, reserve_hi = $8, reserve_lo = $9 WHERE order_id = $1""",
        order["order_id"], after["held"], after["released"], after["refunded"], after["commission"], *after["hold"], *after["reserve"],
    )  # fmt: skip
    if detail["refundId"]:
        await db.execute("UPDATE shop_refunds SET state = 'done' WHERE refund_id = $1", uuid.UUID(detail["refundId"]))
    if detail["toSeller"] or detail["toBuyer"] or detail["ofNothing"]:
        event = payment_event(
            order["payment"], held=after["held"], released=after["released"], refunded=after["refunded"], of_nothing=detail["ofNothing"]
        )
        who = {"actor": detail["actor"], "user_id": detail["userId"]}
        await advance(db, order["order_id"], "payment", event, **who, now=now, detail=detail["told"])


async def _refused(db: asyncpg.Connection, order: asyncpg.Record, settlement: Settlement, now: datetime.datetime) -> None:
    """The decision is put back, and the trail says why."""
    detail = settlement.detail
    await db.execute("UPDATE shop_orders SET settlement_id = NULL WHERE order_id = $1", order["order_id"])
    if detail["refundId"]:
        await db.execute("UPDATE shop_refunds SET state = 'failed' WHERE refund_id = $1", uuid.UUID(detail["refundId"]))
    why = {"purpose": settlement.purpose, "code": Code(settlement.code).name}
    await note(db, order["order_id"], "payment", "move_refused", order["payment"], order["payment"], actor="system",
               user_id=None, now=now, detail=why)  # fmt: skip


async def raise_refusal(db: asyncpg.Connection, settlement_ids: Sequence[uuid.UUID]) -> None:
    """Raises what became of the settlements that the ledger refused; those still under way are no refusal."""
    code = await db.fetchval("SELECT code FROM shop_settlements WHERE settlement_id = ANY($1) AND state = 'failed'", list(settlement_ids))
    if code is not None:
        refusal, words = _REFUSALS.get(code, (Refusal.NOT_NOW, "The ledger refused this; nothing was moved."))
        raise ShopError(refusal, words, detail={"ledger": Code(code).name})
