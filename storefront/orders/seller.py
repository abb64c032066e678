"""What a seller asks for: ship, cancel what cannot be delivered, give money back, answer a dispute, decide returns."""

import json
import uuid

import asyncpg

from storefront import stock
from storefront.errors import Refusal, ShopError
from storefront.escrow.settling import begin
from storefront.orders import lines as order_lines
from storefront.orders.access import locked
from storefront.orders.outcomes import CANCEL, REFUND, RETURN, start_release_clock
from storefront.orders.states import shipping_event, step_return
from storefront.orders.trail import advance, note
from storefront.work import Work

SHIPMENTS_MAX = 100  # of an order


async def ship(work: Work, order_id: uuid.UUID, carrier: str, tracking: str, wanted: list[tuple[uuid.UUID, int]] | None) -> None:
    """`wanted` None: all that is left. Raises as access.locked and lines.within; OUT_OF_STOCK for what is not on hand."""
    _, actor = await locked(work, order_id, "ship")
    lines = await order_lines.lines_of(work.db, order_id)
    left = order_lines.unshipped(lines)
    asked = left if wanted is None else order_lines.within(wanted, {line["line_id"]: left.get(line["line_id"], 0) for line in lines})
    if await work.db.fetchval("SELECT count(*) FROM shop_shipments WHERE order_id = $1", order_id) >= SHIPMENTS_MAX:
        raise ShopError(Refusal.TOO_MANY)
    await stock.ship(work.db, order_lines.by_variant(lines, asked))
    await order_lines.add(work.db, "shipped", asked)
    await work.db.execute(
        "INSERT INTO shop_shipments (shipment_id, order_id, carrier, tracking, lines, shipped_at) VALUES ($1, $2, $3, $4, $5, $6)",
        uuid.uuid4(), order_id, carrier, tracking, json.dumps(order_lines.to_json(asked)), work.now,
    )  # fmt: skip
    event = shipping_event(sum(left.values()) - sum(asked.values()), shipped=1, canceling=False)
    told = {"carrier": carrier, "tracking": tracking}
    after = await advance(work.db, order_id, "fulfilment", event, actor=actor, user_id=work.user().user_id, now=work.now, detail=told)
    if after == "shipped":
        await start_release_clock(work.db, order_id, work.now)


async def cancel_lines(work: Work, order_id: uuid.UUID, wanted: list[tuple[uuid.UUID, int]], reason: str) -> None:
    """What cannot be delivered: its money back, with its share of tax and discount; all that is held once nothing is left to deliver.
    Raises as access.locked and lines.within."""
    order, actor = await locked(work, order_id, "cancel_lines")
    lines = await order_lines.lines_of(work.db, order_id)
    left = order_lines.unshipped(lines)
    asked = order_lines.within(wanted, {line["line_id"]: left.get(line["line_id"], 0) for line in lines})
    everything = asked == left and not any(line["shipped"] for line in lines)
    amount = order["held"] if everything else min(order["held"], order_lines.worth(lines, asked))
    await begin(work, order, CANCEL, to_buyer=amount, of_nothing="refund" if everything else "", actor=actor, reason=reason,
                lines=order_lines.to_json(asked))  # fmt: skip


async def refund(work: Work, order_id: uuid.UUID, amount: str, reason: str) -> None:
    """Money back out of escrow, or after the release out of the payable account. Raises as access.locked; INVALID_AMOUNT; NOT_NOW for a
    part of it while it is disputed."""
    order, actor = await locked(work, order_id, "refund")
    units = work.shop.units(order["asset"], amount)
    most = order["held"] or order["released"]
    if not 1 <= units <= most:
        raise ShopError(Refusal.INVALID_AMOUNT, detail={"most": work.shop.text(order["asset"], most)})
    if order["dispute"] == "open" and units != order["held"]:
        raise ShopError(Refusal.NOT_NOW, "While it is disputed, only everything can be given back.")
    await begin(work, order, REFUND, to_buyer=units, actor=actor, reason=reason)


async def reply_dispute(work: Work, order_id: uuid.UUID, text: str) -> None:
    """The seller's side, once; it may be changed until the decision. Raises as access.locked."""
    await locked(work, order_id, "reply_dispute")
    await work.db.execute("UPDATE shop_disputes SET seller_reply = $2 WHERE order_id = $1", order_id, text)


async def decide_return(work: Work, return_id: uuid.UUID, event: str) -> uuid.UUID:
    """`event`: 'approve', 'decline', or 'receive', which gives the money back. Returns the order. Raises as access.locked; NOT_NOW."""
    order_id = await work.db.fetchval("SELECT order_id FROM shop_returns WHERE return_id = $1", return_id)
    if order_id is None:
        raise ShopError(Refusal.NOT_FOUND)
    order, actor = await locked(work, order_id, "decide_return")
    row = await work.db.fetchrow("SELECT * FROM shop_returns WHERE return_id = $1 FOR NO KEY UPDATE", return_id)
    state = step_return(row["state"], event)
    await work.db.execute("UPDATE shop_returns SET state = $2, updated_at = $3 WHERE return_id = $1", return_id, state, work.now)
    await note(work.db, order_id, "fulfilment", f"return_{state}", order["fulfilment"], order["fulfilment"], actor=actor,
               user_id=work.user().user_id, now=work.now)  # fmt: skip
    if event == "receive":
        await _pay_back(work, order, row, actor)
    return order_id


async def _pay_back(work: Work, order: asyncpg.Record, row: asyncpg.Record, actor: str) -> None:
    """What the returned units were charged at, as far as it has not come back already."""
    back = order_lines.quantities_of(row["lines"])
    amount = min(order["released"], order_lines.worth(await order_lines.lines_of(work.db, order["order_id"]), back))
    await work.db.execute("UPDATE shop_returns SET amount = $2 WHERE return_id = $1", row["return_id"], amount)
    await begin(work, order, RETURN, to_buyer=amount, actor=actor, reason=row["reason"], lines=order_lines.to_json(back),
                returnId=str(row["return_id"]))  # fmt: skip
