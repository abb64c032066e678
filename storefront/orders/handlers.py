"""HTTP of the orders room: orders of buyers and sellers, what each may ask for, and the messages between them."""

import uuid
from typing import Annotated, Literal

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from storefront.catalog.cards import images_of
from storefront.catalog.paging import next_in_time, place_in_time
from storefront.errors import Refusal, ShopError
from storefront.escrow.settling import raise_refusal
from storefront.http import (
    PAGE_DEFAULT,
    After,
    AmountText,
    Answer,
    Body,
    CurrentWork,
    Limit,
    Quantity,
    as_uuid,
    cursor,
    cursor_key,
    line,
    milliseconds,
    prose,
)
from storefront.orders import buyer, seller
from storefront.orders.access import seen
from storefront.orders.answers import (
    MESSAGES_MAX,
    ROW_COLUMNS,
    ROW_TABLES,
    Order,
    OrderRow,
    SellerOrderRow,
    order_answer,
    order_rows,
    row_fields,
)
from storefront.orders.states import PAID
from storefront.sellers import seller_of
from storefront.work import Shop, Shopper, Work, told_later

_BEFORE = """($2::timestamptz IS NULL OR (o.placed_at, o.order_id) < ($2, $3))
             ORDER BY o.placed_at DESC, o.order_id DESC LIMIT $4"""
_BUYERS = f"SELECT {ROW_COLUMNS} FROM {ROW_TABLES} WHERE o.buyer_id = $1 AND o.payment <> 'failed' AND {_BEFORE}"
_SELLERS = f"""SELECT {ROW_COLUMNS} FROM {ROW_TABLES}
               WHERE o.seller_id = $1 AND o.payment NOT IN ('pending', 'failed') AND {{which}} AND {_BEFORE}"""
_WHICH = {
    "to_ship": "o.payment IN ('held', 'released', 'divided') AND o.fulfilment IN ('unfulfilled', 'partially_shipped')",
    "shipped": "o.fulfilment IN ('shipped', 'received', 'returned')",
    "disputed": "o.dispute = 'open'",
    "all": "true",
}

Reason = prose(0, 1000)
_NOT_BLANK = r"^(?=[\s\S]*\S)[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Said = Annotated[str, msgspec.Meta(min_length=1, max_length=4000, pattern=_NOT_BLANK)]


class Why(Body):
    reason: Reason = ""


class LineWanted(Body):
    line_id: uuid.UUID
    quantity: Quantity


Lines = Annotated[list[LineWanted], msgspec.Meta(min_length=1, max_length=100)]


class DisputeWanted(Body):
    reason: Literal["not_received", "not_as_described", "damaged", "other"]
    text: Said


class Words(Body):
    text: Said


class ReturnWanted(Body):
    lines: Lines
    reason: prose(1, 1000)


class ShipmentWanted(Body):
    carrier: line(1, 60)
    tracking: line(0, 100) = ""
    lines: Lines | None = None


class LinesCanceled(Body):
    lines: Lines
    reason: Reason = ""


class RefundWanted(Body):
    amount: AmountText
    reason: Reason = ""


class OrderPage(Answer):
    items: list[OrderRow]
    next: str


class SellerOrderPage(Answer):
    items: list[SellerOrderRow]
    next: str


class Message(Answer):
    id: int
    author: str
    text: str
    at: int


class MessagePage(Answer):
    items: list[Message]
    next: str


async def answered(work: Work, order_id: uuid.UUID) -> Order:
    """The order as it is in this transaction; and once its money has moved, as it is then, or why it did not move."""
    if work.settlement_ids:
        work.answer_later(_moved, str(order_id), [str(one) for one in work.settlement_ids])
    return await order_answer(work.shop, work.db, order_id, work.user(), work.now)


@told_later("order moved")
async def _moved(shop: Shop, shopper: Shopper, order_id: str, settlement_ids: list[str]) -> Order:
    async with shop.pool.acquire() as db:
        await raise_refusal(db, [uuid.UUID(one) for one in settlement_ids])
        return await order_answer(shop, db, uuid.UUID(order_id), shopper, shop.clock())


def _pairs(lines: list[LineWanted]) -> list[tuple[uuid.UUID, int]]:
    return [(line.line_id, line.quantity) for line in lines]


# ---------------------------------------------------------------- lists


@get("/orders")
async def list_orders(work: CurrentWork, after: After = "", limit: Limit = PAGE_DEFAULT) -> OrderPage:
    """The user's purchases, newest first."""
    rows, ending = await _page(work, _BUYERS, work.user().user_id, after, limit)
    return OrderPage(await order_rows(work.shop, work.db, rows), ending)


@get("/seller/orders")
async def list_seller_orders(
    work: CurrentWork,
    which: Annotated[Literal["to_ship", "shipped", "disputed", "all"], QueryParameter(name="state")] = "all",
    after: After = "",
    limit: Limit = PAGE_DEFAULT,
) -> SellerOrderPage:
    """The seller's paid orders, newest first. A suspended seller still has them to finish."""
    owner = await seller_of(work, also_suspended=True)
    rows, ending = await _page(work, _SELLERS.format(which=_WHICH[which]), owner.seller_id, after, limit)
    images = await images_of(work.db, {row["image_id"] for row in rows if row["image_id"]})
    names = [msgspec.json.decode(row["address"]).get("name", "") for row in rows]
    items = [SellerOrderRow(**row_fields(work.shop, row, images), buyer=name) for row, name in zip(rows, names, strict=True)]
    return SellerOrderPage(items, ending)


async def _page(work: Work, query: str, owner: object, after: str, limit: int) -> tuple[list, str]:
    """One page, and where it ended."""
    rows = await work.db.fetch(query, owner, *place_in_time(after), limit + 1)
    return rows[:limit], next_in_time(rows, limit, "placed_at", "order_id")


@get("/orders/{order_id:str}")
async def read_order(order_id: FromPath[str], work: CurrentWork) -> Order:
    """The whole order, to its buyer, its seller and moderators."""
    return await order_answer(work.shop, work.db, as_uuid(order_id), work.user(), work.now)


# ---------------------------------------------------------------- the buyer


@post("/orders/{order_id:str}/cancel", status_code=200)
async def cancel(order_id: FromPath[str], data: JSONBody[Why], work: CurrentWork) -> Order:
    """Before anything is shipped: everything back."""
    work.user()
    await buyer.cancel(work, as_uuid(order_id), data.reason)
    return await answered(work, as_uuid(order_id))


@post("/orders/{order_id:str}/receipt", status_code=200)
async def confirm_receipt(order_id: FromPath[str], work: CurrentWork) -> Order:
    """The goods have come: the money goes to the seller."""
    work.user()
    await buyer.confirm_receipt(work, as_uuid(order_id))
    return await answered(work, as_uuid(order_id))


@post("/orders/{order_id:str}/dispute", status_code=201)
async def open_dispute(order_id: FromPath[str], data: JSONBody[DisputeWanted], work: CurrentWork) -> Order:
    """Put the order in question: its money stays where it is."""
    work.user()
    await buyer.open_dispute(work, as_uuid(order_id), data.reason, data.text)
    return await answered(work, as_uuid(order_id))


@delete("/orders/{order_id:str}/dispute", status_code=200)
async def withdraw_dispute(order_id: FromPath[str], work: CurrentWork) -> Order:
    """Nothing is in question any more."""
    work.user()
    await buyer.withdraw_dispute(work, as_uuid(order_id))
    return await answered(work, as_uuid(order_id))


@post("/orders/{order_id:str}/returns", status_code=201)
async def request_return(order_id: FromPath[str], data: JSONBody[ReturnWanted], work: CurrentWork) -> Order:
    """Ask to send something back, within the days of return."""
    work.user()
    await buyer.request_return(work, as_uuid(order_id), _pairs(data.lines), data.reason)
    return await answered(work, as_uuid(order_id))


# ---------------------------------------------------------------- the seller


@post("/orders/{order_id:str}/shipments", status_code=201)
async def ship(order_id: FromPath[str], data: JSONBody[ShipmentWanted], work: CurrentWork) -> Order:
    """Goods are under way: these lines, or all that is left."""
    work.user()
    await seller.ship(work, as_uuid(order_id), data.carrier, data.tracking, None if data.lines is None else _pairs(data.lines))
    return await answered(work, as_uuid(order_id))


@post("/orders/{order_id:str}/cancel-lines", status_code=200)
async def cancel_lines(order_id: FromPath[str], data: JSONBody[LinesCanceled], work: CurrentWork) -> Order:
    """What cannot be delivered, with its money."""
    work.user()
    await seller.cancel_lines(work, as_uuid(order_id), _pairs(data.lines), data.reason)
    return await answered(work, as_uuid(order_id))


@post("/orders/{order_id:str}/refunds", status_code=201)
async def refund(order_id: FromPath[str], data: JSONBody[RefundWanted], work: CurrentWork) -> Order:
    """Money back to the buyer."""
    work.user()
    await seller.refund(work, as_uuid(order_id), data.amount, data.reason)
    return await answered(work, as_uuid(order_id))


@post("/orders/{order_id:str}/dispute/reply", status_code=200)
async def reply_dispute(order_id: FromPath[str], data: JSONBody[Words], work: CurrentWork) -> Order:
    """The seller's side of a dispute."""
    work.user()
    await seller.reply_dispute(work, as_uuid(order_id), data.text)
    return await answered(work, as_uuid(order_id))


@post("/returns/{return_id:str}/approve", status_code=200)
async def approve_return(return_id: FromPath[str], work: CurrentWork) -> Order:
    """The buyer may send it back."""
    work.user()
    return await answered(work, await seller.decide_return(work, as_uuid(return_id), "approve"))


@post("/returns/{return_id:str}/decline", status_code=200)
async def decline_return(return_id: FromPath[str], work: CurrentWork) -> Order:
    """The buyer may not."""
    work.user()
    return await answered(work, await seller.decide_return(work, as_uuid(return_id), "decline"))


@post("/returns/{return_id:str}/received", status_code=200)
async def receive_return(return_id: FromPath[str], work: CurrentWork) -> Order:
    """It has come back: so does its money."""
    work.user()
    return await answered(work, await seller.decide_return(work, as_uuid(return_id), "receive"))


# ---------------------------------------------------------------- messages


@get("/orders/{order_id:str}/messages")
async def list_messages(order_id: FromPath[str], work: CurrentWork, after: After = "",
                        limit: Limit = PAGE_DEFAULT) -> MessagePage:  # fmt: skip
    """What was said, oldest first."""
    await seen(work.db, as_uuid(order_id), work.user())
    (last,) = cursor_key(after, int) or (0,)
    if not 0 <= last < 2**63:
        raise ShopError(Refusal.INVALID_REQUEST)
    rows = await work.db.fetch(
        "SELECT * FROM shop_messages WHERE order_id = $1 AND message_id > $2 ORDER BY message_id LIMIT $3",
        as_uuid(order_id), last, limit + 1,
    )  # fmt: skip
    items = [_message(row) for row in rows[:limit]]
    return MessagePage(items, cursor(items[-1].id) if len(rows) > limit else "")


@post("/orders/{order_id:str}/messages", status_code=201)
async def say(order_id: FromPath[str], data: JSONBody[Words], work: CurrentWork) -> Message:
    """Say something to the others of this order."""
    order, actor = await seen(work.db, as_uuid(order_id), work.user())
    if order["payment"] not in PAID:
        raise ShopError(Refusal.NOT_NOW)
    if await work.db.fetchval("SELECT count(*) FROM shop_messages WHERE order_id = $1", order["order_id"]) >= MESSAGES_MAX:
        raise ShopError(Refusal.TOO_MANY)
    row = await work.db.fetchrow(
        "INSERT INTO shop_messages (order_id, author, user_id, text, at) VALUES ($1, $2, $3, $4, $5) RETURNING *",
        order["order_id"], actor, work.user().user_id, data.text, work.now,
    )  # fmt: skip
    return _message(row)


def _message(row) -> Message:
    return Message(row["message_id"], row["author"], row["text"], milliseconds(row["at"]))


ROUTES = [
    list_orders, list_seller_orders, read_order, cancel, confirm_receipt, open_dispute, withdraw_dispute, request_return, ship,
    cancel_lines, refund, reply_dispute, approve_return, decline_return, receive_return, list_messages, say,
]  # fmt: skip
