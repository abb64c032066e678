"""Orders as they are shown: rows of a list, and the whole order to one who has a part in it."""

import datetime
import json
import uuid
from decimal import Decimal
from typing import Any

import asyncpg

from storefront.catalog.cards import ImageRef, Named, images_of
from storefront.checkout.receipt import Receipt, receipt_of
from storefront.errors import ShopError
from storefront.http import Answer, Money, milliseconds
from storefront.orders.access import seen, standing
from storefront.orders.lines import lines_of, quantities_of
from storefront.orders.states import actions
from storefront.work import Shop, Shopper

TIMELINE_MAX, MESSAGES_MAX = 500, 1000

ROW_COLUMNS = """
    o.order_id, o.number, o.payment, o.fulfilment, o.dispute, o.asset, o.total, o.placed_at, o.address, s.slug AS seller_slug,
    s.name AS seller_name, first.title, first.image_id,
    (SELECT count(*) FROM shop_order_lines l WHERE l.order_id = o.order_id) AS line_count
"""
ROW_TABLES = """
    shop_orders o JOIN shop_sellers s USING (seller_id)
    JOIN LATERAL (SELECT title, image_id FROM shop_order_lines l WHERE l.order_id = o.order_id ORDER BY title, sku, line_id LIMIT 1) first
        ON true
"""
_SENTENCES = {
    ("payment", "settled"): "Paid; the money is held in escrow.",
    ("payment", "refused"): "The payment was refused.",
    ("payment", "release"): "{toSeller} {asset} went to the seller.",
    ("payment", "refund"): "{toBuyer} {asset} went back to the buyer.",
    ("payment", "refund_part"): "{toBuyer} {asset} went back to the buyer.",
    ("payment", "divide"): "{toSeller} {asset} went to the seller, {toBuyer} {asset} back to the buyer.",
    ("payment", "move_refused"): "The ledger refused a move ({purpose}: {code}); nothing was moved.",
    ("fulfilment", "ship_part"): "A part was shipped with {carrier}.",
    ("fulfilment", "ship"): "Shipped with {carrier}.",
    ("fulfilment", "cancel_part"): "A part was cancelled.",
    ("fulfilment", "cancel_rest"): "What was not shipped yet was cancelled.",
    ("fulfilment", "cancel"): "Cancelled.",
    ("fulfilment", "receive"): "Received.",
    ("fulfilment", "return_part"): "A part came back.",
    ("fulfilment", "return"): "Everything came back.",
    ("fulfilment", "return_requested"): "A return was asked for.",
    ("fulfilment", "return_approved"): "The return was approved.",
    ("fulfilment", "return_declined"): "The return was declined.",
    ("fulfilment", "return_received"): "The returned goods arrived.",
    ("dispute", "open"): "A dispute was opened; the money stays where it is.",
    ("dispute", "withdraw"): "The dispute was withdrawn.",
    ("dispute", "concede"): "The seller gave everything back.",
    ("dispute", "decide_for_buyer"): "Decided for the buyer.",
    ("dispute", "decide_for_seller"): "Decided for the seller.",
    ("dispute", "decide_divided"): "Decided: {toBuyer} {asset} to the buyer, {toSeller} {asset} to the seller.",
}
_UNSAID = {"carrier": "a carrier", "toSeller": "0", "toBuyer": "0", "asset": "", "purpose": "", "code": ""}


class OrderRow(Answer):
    id: uuid.UUID
    number: int
    seller: Named
    payment: str
    fulfilment: str
    dispute: str
    total: Money
    placed_at: int
    image: ImageRef | None
    title: str
    line_count: int


class SellerOrderRow(OrderRow):
    buyer: str  # the name it is sent to


class OrderLine(Answer):
    id: uuid.UUID
    product_slug: str
    title: str
    options: dict[str, str]
    sku: str
    image: ImageRef | None
    quantity: int
    unit_price: Money
    discount: Money
    tax: Money
    total: Money
    shipped: int
    canceled: int
    returned: int
    reviewed: bool


class EscrowHold(Answer):
    """The hold in the ledger; ids as text, they do not fit into JSON's numbers everywhere."""

    hi: str
    lo: str
    amount: Money


class LineCount(Answer):
    line_id: uuid.UUID
    quantity: int


class Shipment(Answer):
    id: uuid.UUID
    carrier: str
    tracking: str
    lines: list[LineCount]
    shipped_at: int


class TimelineEntry(Answer):
    at: int
    axis: str
    event: str
    after: str
    actor: str
    text: str


class Dispute(Answer):
    id: uuid.UUID
    reason: str
    text: str
    seller_reply: str
    decision: str
    to_buyer: Money | None
    opened_at: int
    decided_at: int | None


class Return(Answer):
    id: uuid.UUID
    state: str
    reason: str
    lines: list[LineCount]
    amount: Money
    at: int


class Refund(Answer):
    id: uuid.UUID
    amount: Money
    reason: str
    state: str
    at: int


class Order(OrderRow):
    """What the buyer paid with, and its receipt, only the buyer is told; `settling` while its money moves."""

    address: dict[str, Any]
    lines: list[OrderLine]
    items_total: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: Money
    shipping_name: str
    paid_with: Money | None
    receipt: Receipt | None
    held: Money
    released: Money
    refunded: Money
    commission: Money | None
    escrow: EscrowHold | None
    auto_release_at: int | None
    shipments: list[Shipment]
    timeline: list[TimelineEntry]
    dispute_case: Dispute | None  # `dispute` is its state
    returns: list[Return]
    refunds: list[Refund]
    messages: int
    settling: bool
    role: str  # 'buyer', 'seller' or 'moderator': what the asker is to it
    actions: list[str]


def money(shop: Shop, asset: int, units: int) -> Money:
    return Money(shop.asset(asset).name, shop.text(asset, units))


def row_fields(shop: Shop, row: asyncpg.Record, images: dict[uuid.UUID, ImageRef]) -> dict[str, Any]:
    """The fields of an OrderRow, from a row with ROW_COLUMNS."""
    return {
        "id": row["order_id"], "number": row["number"], "seller": Named(row["seller_slug"], row["seller_name"]),
        "payment": row["payment"], "fulfilment": row["fulfilment"], "dispute": row["dispute"],
        "total": money(shop, row["asset"], row["total"]), "placed_at": milliseconds(row["placed_at"]),
        "image": images.get(row["image_id"]), "title": row["title"], "line_count": row["line_count"],
    }  # fmt: skip


async def order_rows(shop: Shop, db: asyncpg.Connection, rows: list[asyncpg.Record]) -> list[OrderRow]:
    images = await images_of(db, {row["image_id"] for row in rows if row["image_id"]})
    return [OrderRow(**row_fields(shop, row, images)) for row in rows]


async def order_answer(shop: Shop, db: asyncpg.Connection, order_id: uuid.UUID, shopper: Shopper, now: datetime.datetime) -> Order:
    """The whole order, as this user may see it. Raises NOT_FOUND."""
    order, actor = await seen(db, order_id, shopper)
    row = await db.fetchrow(f"SELECT {ROW_COLUMNS} FROM {ROW_TABLES} WHERE o.order_id = $1", order_id)
    lines = await lines_of(db, order_id)
    images = await images_of(db, {line["image_id"] for line in (*lines, row) if line["image_id"]})
    asset = order["asset"]

    def amount(units: int) -> Money:
        return money(shop, asset, units)

    dispute = await db.fetchrow("SELECT * FROM shop_disputes WHERE order_id = $1", order_id)
    returns = await db.fetch("SELECT * FROM shop_returns WHERE order_id = $1 ORDER BY created_at, return_id", order_id)
    refunds = await db.fetch("SELECT * FROM shop_refunds WHERE order_id = $1 ORDER BY created_at, refund_id", order_id)
    allowed = actions(await standing(db, order, now), actor)
    if order["payment"] not in ("pending", "failed"):
        allowed.append("message")
    receipt = await _receipt(shop, db, order["checkout_id"]) if actor == "buyer" else None
    return Order(
        **row_fields(shop, row, images), address=json.loads(order["address"]), lines=await _lines(shop, db, asset, lines, images),
        items_total=amount(order["items_total"]), discount=amount(order["discount"]), shipping=amount(order["shipping"]),
        tax=amount(order["tax"]), tax_included=amount(order["tax_included"]), shipping_name=order["shipping_name"],
        paid_with=receipt.paid if receipt else None, receipt=receipt, held=amount(order["held"]), released=amount(order["released"]),
        refunded=amount(order["refunded"]), commission=amount(order["commission"]) if actor != "buyer" else None,
        escrow=EscrowHold(str(order["escrow_hi"]), str(order["escrow_lo"]), amount(order["held"])) if order["held"] else None,
        auto_release_at=milliseconds(order["auto_release_at"]) if order["auto_release_at"] and order["payment"] == "held" else None,
        shipments=await _shipments(db, order_id), timeline=await _timeline(db, order_id),
        dispute_case=dispute_answer(shop, asset, dispute) if dispute else None,
        returns=[Return(r["return_id"], r["state"], r["reason"], _counts(r["lines"]), amount(r["amount"]), milliseconds(r["created_at"]))
                 for r in returns],
        refunds=[Refund(r["refund_id"], amount(r["amount"]), r["reason"], r["state"], milliseconds(r["created_at"])) for r in refunds],
        messages=await db.fetchval("SELECT count(*) FROM shop_messages WHERE order_id = $1", order_id),
        settling=order["settlement_id"] is not None, role=actor, actions=allowed,
    )  # fmt: skip


def dispute_answer(shop: Shop, asset: int, row: asyncpg.Record) -> Dispute:
    return Dispute(**dispute_fields(shop, asset, row))


def dispute_fields(shop: Shop, asset: int, row: asyncpg.Record) -> dict[str, Any]:
    """The fields of a Dispute, from a row of shop_disputes."""
    return {
        "id": row["dispute_id"], "reason": row["reason"], "text": row["text"], "seller_reply": row["seller_reply"],
        "decision": row["decision"], "to_buyer": None if row["to_buyer"] is None else money(shop, asset, row["to_buyer"]),
        "opened_at": milliseconds(row["opened_at"]), "decided_at": row["decided_at"] and milliseconds(row["decided_at"]),
    }  # fmt: skip


async def _lines(shop: Shop, db: asyncpg.Connection, asset: int, lines: list[asyncpg.Record], images: dict) -> list[OrderLine]:
    product_ids = {line["product_id"] for line in lines}
    slugs = dict(await db.fetch("SELECT product_id, slug FROM shop_products WHERE product_id = ANY($1)", product_ids))
    ids = [line["line_id"] for line in lines]
    reviewed = {row["line_id"] for row in await db.fetch("SELECT line_id FROM shop_reviews WHERE line_id = ANY($1)", ids)}
    return [
        OrderLine(
            line["line_id"], slugs[line["product_id"]], line["title"], json.loads(line["options"]), line["sku"],
            images.get(line["image_id"]), line["quantity"],
            *(money(shop, asset, line[name]) for name in ("unit_price", "discount", "tax", "total")),
            line["shipped"], line["canceled"], line["returned"], line["line_id"] in reviewed,
        ) for line in lines
    ]  # fmt: skip


async def _receipt(shop: Shop, db: asyncpg.Connection, checkout_id: uuid.UUID) -> Receipt | None:
    """What the whole purchase came to; None where it is not paid yet, or where the history has not got so far."""
    if not await db.fetchval("SELECT receipt IS NOT NULL FROM shop_checkouts WHERE checkout_id = $1", checkout_id):
        return None
    try:
        return await receipt_of(shop, db, checkout_id)
    except ShopError:
        return None


async def _shipments(db: asyncpg.Connection, order_id: uuid.UUID) -> list[Shipment]:
    rows = await db.fetch("SELECT * FROM shop_shipments WHERE order_id = $1 ORDER BY shipped_at, shipment_id", order_id)
    return [Shipment(r["shipment_id"], r["carrier"], r["tracking"], _counts(r["lines"]), milliseconds(r["shipped_at"])) for r in rows]


async def _timeline(db: asyncpg.Connection, order_id: uuid.UUID) -> list[TimelineEntry]:
    """What happened, oldest first."""
    rows = await db.fetch("SELECT * FROM shop_transitions WHERE order_id = $1 ORDER BY transition_id LIMIT $2", order_id, TIMELINE_MAX)
    return [
        TimelineEntry(
            milliseconds(row["at"]), row["axis"], row["event"], row["after"], row["actor"],
            sentence(row["axis"], row["event"], json.loads(row["detail"])),
        ) for row in rows
    ]  # fmt: skip


def sentence(axis: str, event: str, detail: dict[str, Any]) -> str:
    """An entry of the audit trail in words."""
    if (axis, event) == ("payment", "divide") and not Decimal(detail["toBuyer"]):
        event = "release"  # what came back to the buyer came back before
    return _SENTENCES[axis, event].format_map(_UNSAID | detail)


def _counts(stored: str) -> list[LineCount]:
    return [LineCount(line_id, count) for line_id, count in quantities_of(stored).items()]
