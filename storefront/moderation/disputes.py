"""Disputes: the moderators' list, and the decision, which divides what is in escrow between the two sides."""

import uuid
from typing import Annotated, Literal

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from storefront.catalog.paging import next_in_time, place_in_time
from storefront.errors import Refusal, ShopError
from storefront.escrow.settling import begin
from storefront.http import PAGE_DEFAULT, After, AmountText, Answer, Body, CurrentWork, Limit, as_uuid
from storefront.orders.access import locked
from storefront.orders.answers import ROW_COLUMNS, ROW_TABLES, Dispute, Order, OrderRow, dispute_fields, order_rows
from storefront.orders.handlers import Said, answered
from storefront.orders.outcomes import DECISION
from storefront.work import Work

_LIST = f"""
    SELECT d.*, {ROW_COLUMNS} FROM shop_disputes d JOIN ({ROW_TABLES}) USING (order_id)
    WHERE {{which}} AND ($1::timestamptz IS NULL OR (d.opened_at, d.dispute_id) < ($1, $2))
    ORDER BY d.opened_at DESC, d.dispute_id DESC LIMIT $3"""
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
    after: After = "",
    limit: Limit = PAGE_DEFAULT,
) -> DisputePage:
    """Disputes with their orders, those opened last first."""
    work.moderator()
    rows = await work.db.fetch(_LIST.format(which=_WHICH[which]), *place_in_time(after), limit + 1)
    orders = await order_rows(work.shop, work.db, rows[:limit])
    items = [
        DisputeOfOrder(**dispute_fields(work.shop, row["asset"], row), order=order) for row, order in zip(rows, orders, strict=False)
    ]
    return DisputePage(items, next_in_time(rows, limit, "opened_at", "dispute_id"))


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
