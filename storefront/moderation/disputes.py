"""Disputes: the moderators' list, and the decision, which divides what is in escrow between the two sides."""

import datetime
import uuid
from typing import Annotated, Literal

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from storefront.errors import Refusal, ShopError
from storefront.escrow.settling import begin
from storefront.http import PAGE_DEFAULT, After, AmountText, Answer, Body, CurrentWork, Limit, as_uuid, cursor, cursor_key
from storefront.orders.access import locked
from storefront.orders.answers import ROW_COLUMNS, ROW_TABLES, Dispute, Order, OrderRow, dispute_fields, order_rows
from storefront.orders.handlers import Said, answered
from storefront.orders.outcomes import DECISION
from storefront.work import Work

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_LIST = f"""
    SELECT d.*, {ROW_COLUMNS} FROM shop_disputes d JOIN ({ROW_TABLES}) USING (order_id)
    WHERE {{which}} AND (d.opened_at, d.dispute_id) < ($1, $2) ORDER BY d.opened_at DESC, d.dispute_id DESC LIMIT $3"""
_WHICH = {"open": "o.dispute = 'open'", "decided": "o.dispute IN ('for_buyer', 'for_seller', 'divided')", "all": "true"}


class Decision(Body):
    """`toBuyer`, of what is held; the rest goes to the seller."""

    to_buyer: AmountText
    text: Said


class DisputeOfOrder(Dispute):
    order: OrderRow


class DisputePage(Answer):
    items: list[DisputeOfOrder]
    next: str


@get("/admin/disputes")
async def list_disputes(
    work: CurrentWork,
    which: Annotated[Literal["open", "decided", "all"], QueryParameter(name="state")] = "open",
    after: FromQuery[After] = "",
    limit: FromQuery[Limit] = PAGE_DEFAULT,
) -> DisputePage:
    """Disputes with their orders, those opened last first."""
    work.moderator()
    key = cursor_key(after, int, uuid.UUID)
    try:
        before = (_EPOCH + key[0] * _MICROSECOND, key[1]) if key else (datetime.datetime.max.replace(tzinfo=datetime.UTC), uuid.UUID(int=0))
    except OverflowError:
        raise ShopError(Refusal.INVALID_REQUEST) from None
    rows = await work.db.fetch(_LIST.format(which=_WHICH[which]), *before, limit + 1)
    orders = await order_rows(work.shop, work.db, rows[:limit])
    items = [
        DisputeOfOrder(**dispute_fields(work.shop, row["asset"], row), order=order) for row, order in zip(rows, orders, strict=False)
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    return DisputePage(items, cursor((last["opened_at"] - _EPOCH) // _MICROSECOND, last["dispute_id"]) if last else "")


@post("/orders/{order_id:str}/dispute/decide", status_code=200)
async def decide_dispute(order_id: FromPath[str], data: JSONBody[Decision], work: CurrentWork) -> Order:
    """Full or split: so much of what is held goes back to the buyer, the rest to the seller."""
    work.moderator()
    await decide(work, as_uuid(order_id), data.to_buyer, data.text)
    return await answered(work, as_uuid(order_id))


async def decide(work: Work, order_id: uuid.UUID, to_buyer: str, words: str) -> None:
    """Raises as access.locked (a moderator who has a part in the order is none here); INVALID_AMOUNT for more than is held."""
    order, actor = await locked(work, order_id, "decide")
    held, units = order["held"], work.shop.units(order["asset"], to_buyer)
    if units > held:
        raise ShopError(Refusal.INVALID_AMOUNT, detail={"most": work.shop.text(order["asset"], held)})
    event = "decide_for_seller" if not units else "decide_for_buyer" if units == held else "decide_divided"
    await begin(work, order, DECISION, to_seller=held - units, to_buyer=units, of_nothing="release", actor=actor, reason=words, event=event)


ROUTES = [list_disputes, decide_dispute]
