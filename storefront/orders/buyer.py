"""What a buyer asks for: cancel, confirm receipt, dispute, return."""

import json
import uuid

from storefront.errors import Refusal, ShopError
from storefront.escrow.settling import begin
from storefront.moderation.settings import settings
from storefront.orders import lines as order_lines
from storefront.orders.access import in_return_time, locked
from storefront.orders.outcomes import CANCEL, RELEASE
from storefront.orders.trail import advance, note
from storefront.webhooks.outbox import tell
from storefront.work import Work


async def cancel(work: Work, order_id: uuid.UUID, reason: str) -> None:
    """Before anything is shipped: all money back, stock back to sale, the voucher back. Raises as access.locked."""
    order, actor = await locked(work, order_id, "cancel")
    await begin(work, order, CANCEL, to_buyer=order["held"], of_nothing="refund", actor=actor, reason=reason)


async def confirm_receipt(work: Work, order_id: uuid.UUID) -> None:
    """What is in escrow is the seller's. Raises as access.locked."""
    order, actor = await locked(work, order_id, "confirm_receipt")
    await begin(work, order, RELEASE, to_seller=order["held"], of_nothing="release", actor=actor)


async def open_dispute(work: Work, order_id: uuid.UUID, reason: str, text: str) -> None:
    """The money stays where it is until a moderator decides, the seller gives everything back or the buyer withdraws. Raises as
    access.locked."""
    order, actor = await locked(work, order_id, "open_dispute")
    await work.db.execute(
        """INSERT INTO shop_disputes (dispute_id, order_id, reason, text, opened_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (order_id) DO UPDATE SET reason = $3, text = $4, opened_at = $5, seller_reply = ''""",
        uuid.uuid4(), order["order_id"], reason, text, work.now,
    )  # fmt: skip
    await advance(work.db, order_id, "dispute", "open", actor=actor, user_id=work.user().user_id, now=work.now, detail={"reason": reason})


async def withdraw_dispute(work: Work, order_id: uuid.UUID) -> None:
    """The days of auto release go on where they stood. Raises as access.locked."""
    order, actor = await locked(work, order_id, "withdraw_dispute")
    await advance(work.db, order_id, "dispute", "withdraw", actor=actor, user_id=work.user().user_id, now=work.now)
    days = (await settings(work.db)).auto_release_days
    await work.db.execute(
        """UPDATE shop_orders o SET auto_release_at = least(auto_release_at + ($2 - d.opened_at), $2 + make_interval(days => $3))
           FROM shop_disputes d WHERE o.order_id = $1 AND d.order_id = $1 AND auto_release_at IS NOT NULL""",
        order["order_id"], work.now, days,
    )  # fmt: skip


async def request_return(work: Work, order_id: uuid.UUID, wanted: list[tuple[uuid.UUID, int]], reason: str) -> None:
    """Within the days of return. Raises as access.locked and lines.within."""
    order, actor = await locked(work, order_id, "request_return")
    if not await in_return_time(work.db, order, work.now):
        raise ShopError(Refusal.NOT_NOW, "The time in which it could be returned is over.")
    lines = await order_lines.lines_of(work.db, order_id)
    returns = await work.db.fetch("SELECT state, lines FROM shop_returns WHERE order_id = $1", order_id)
    asked = order_lines.within(wanted, order_lines.returnable(lines, returns))
    await work.db.execute(
        """INSERT INTO shop_returns (return_id, order_id, lines, reason, amount, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $6)""",
        uuid.uuid4(), order_id, json.dumps(order_lines.to_json(asked)), reason, order_lines.worth(lines, asked), work.now,
    )  # fmt: skip
    state = order["fulfilment"]
    await note(work.db, order_id, "fulfilment", "return_requested", state, state, actor=actor, user_id=work.user().user_id, now=work.now,
               detail={"reason": reason})  # fmt: skip
    body = {"orderId": str(order_id), "number": order["number"], "lines": order_lines.to_json(asked), "reason": reason}
    await tell(work.db, order["seller_id"], "return.requested", body, work.now)
