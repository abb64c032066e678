"""Confirming a checkout: its orders, the use of its voucher and its payment are entered in one transaction, or none of them.

The step from open to confirming is made under the row's lock, so a checkout is paid once, however often and from wherever it is
confirmed; nothing but the payment's outcome ends a confirming checkout. What is charged is at most what the quote said (I14).

The payment is one linked chain: the conversions; for each order its money into escrow, from store credit first, and the hold that keeps
it there for the seller. All of it happens, or nothing.
"""

import uuid
from collections.abc import Sequence

import asyncpg
import msgspec
import numpy as np

from engine import commands as make
from engine.types import HOUSE_ESCROW, Code, Kind
from storefront.checkout import content as contents
from storefront.checkout import vouchers
from storefront.checkout.answer import Checkout, as_json, checkout_of, ended_checkout
from storefront.checkout.content import Content, Order
from storefront.checkout.outcome import PURPOSE, apply_outcomes
from storefront.checkout.quote import Leg
from storefront.checkout.quoting import after_credit, credit_of, legs_of, requote
from storefront.errors import Refusal, ShopError
from storefront.ledger import Reason, uuid_pair
from storefront.payments.credit import credit_account
from storefront.settlement import ENTERED_COLUMNS, Settlement
from storefront.work import Shop, Shopper, Work, told_later

_LOCK = """
SELECT k.*, EXISTS (SELECT FROM shop_reservations JOIN shop_variants USING (variant_id) JOIN shop_products p USING (product_id)
                    JOIN shop_sellers s USING (seller_id)
                    WHERE checkout_id = k.checkout_id AND (p.state = 'blocked' OR s.state <> 'approved')) AS withdrawn
FROM shop_checkouts k WHERE checkout_id = $1 AND user_id = $2 FOR NO KEY UPDATE OF k"""
_PLACE = f"""
WITH checkout AS (UPDATE shop_checkouts SET state = 'confirming', failure = '', settlement_id = $8 WHERE checkout_id = $1),
     settlement AS (INSERT INTO shop_settlements ({ENTERED_COLUMNS}) SELECT $8, $9, $10, $11, $12::json, $13 WHERE $8::uuid IS NOT NULL),
     orders AS (
    INSERT INTO shop_orders (order_id, checkout_id, buyer_id, buyer_account, seller_id, asset, items_total, discount, shipping, tax,
                             tax_included, total, from_credit, commission_ppm, escrow_hi, escrow_lo, address, shipping_name, placed_at)
    SELECT order_id, $1, $2, $3, seller_id, asset, items_total, discount, shipping, tax, tax_included, total, from_credit, commission_ppm,
           escrow_hi, escrow_lo, $4::json, shipping_name, $5
    FROM json_to_recordset($6::json) AS o (order_id uuid, seller_id uuid, asset int, items_total bigint, discount bigint, shipping bigint,
         tax bigint, tax_included bigint, total bigint, from_credit bigint, commission_ppm int, escrow_hi bigint, escrow_lo bigint,
         shipping_name text))
INSERT INTO shop_order_lines (line_id, order_id, product_id, variant_id, image_id, title, sku, options, quantity, unit_price, discount, tax,
                              tax_included, total)
SELECT gen_random_uuid(), order_id, product_id, variant_id, image_id, title, sku, options, quantity, unit_price, discount, tax,
       tax_included, total
FROM json_to_recordset($7::json) AS l (order_id uuid, product_id uuid, variant_id uuid, image_id uuid, title text, sku text,
     options json, quantity int, unit_price bigint, discount bigint, tax bigint, tax_included bigint, total bigint)"""
_NOTHING_TO_PAY = (None,) * 6  # instead of a settlement's values
_ORDER_FIELDS = ("seller_id", "asset", "items_total", "discount", "shipping", "tax", "tax_included", "total", "commission_ppm")
_LINE_FIELDS = ("product_id", "variant_id", "image_id", "title", "sku", "options", "quantity", "unit_price", "discount", "tax",
                "tax_included", "total")  # fmt: skip


class _Placed:
    """An order on its way: its ids, and how much of it store credit pays."""

    def __init__(self, shop: Shop, order: Order, from_credit: int):
        self.order_id = uuid.uuid4()
        self.order = order
        self.from_credit = from_credit
        self.escrow_id = shop.transfer_id() if order.total else (0, 0)


async def confirm(work: Work, checkout_id: uuid.UUID, most: tuple[int, int]) -> None:
    """Pay; `most` is (asset, units). The answer follows when the payment has ended.

    Raises NOT_FOUND, PRICE_CHANGED, QUOTE_EXPIRED, NOT_NOW, VOUCHER_USED_UP, VOUCHER_INVALID, INSUFFICIENT_BALANCE.
    """
    user, shop, db, now = work.user(), work.shop, work.db, work.now
    row = await db.fetchrow(_LOCK, checkout_id, user.user_id)
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    if row["state"] != "open":
        _confirmed_before(work, row)
        return
    if row["reserved_until"] <= now:
        raise ShopError(Refusal.QUOTE_EXPIRED, "What was kept for you has been given back. Start again from the cart.")
    if row["withdrawn"]:  # by a moderator; what its seller takes off sale stays sold to whom it was kept for
        raise ShopError(Refusal.NOT_NOW, "Something of this is not for sale any more. Start again from the cart.")
    content = contents.from_text(row["content"])
    if most != (row["pay_asset"], row["most"]):
        raise ShopError(Refusal.PRICE_CHANGED, detail=await _as_it_is(work, checkout_id))
    if row["expires_at"] <= now:
        await requote(shop, db, checkout_id, user.account, row, content.totals(), row["pay_asset"], row["use_credit"], now)
        work.answer_later(_renewed, str(checkout_id))
        return
    legs, credit = legs_of(row), credit_of(row)
    if not legs and not await _has(shop, user.account, row["pay_asset"], row["most"]):
        raise ShopError(Refusal.INSUFFICIENT_BALANCE, detail=await _as_it_is(work, checkout_id))
    if row["voucher_id"] is not None:
        await vouchers.claim(db, row["voucher_id"], checkout_id, user.user_id, now)
    placed = _share_credit(shop, content, credit)
    source = await credit_account(db, user.user_id) if credit else None
    chain = _chain(shop, checkout_id, user.account, source, legs, placed)
    detail = {
        "legs": len(legs),
        "paying": sum(leg.paid == row["pay_asset"] for leg in legs),  # these come first; the others pay with what they bought
        "own": after_credit(content.totals(), credit).get(row["pay_asset"], 0),
        "holds": {str(one.order_id): [str(half) for half in one.escrow_id] for one in placed},
    }
    settlement = work.settling(PURPOSE, checkout_id, chain, **detail) if chain else _NOTHING_TO_PAY
    await db.execute(_PLACE, checkout_id, user.user_id, user.account, row["address"], now, *_rows(placed), *settlement)
    if not chain:  # nothing to pay
        await apply_outcomes(shop, db, [Settlement(uuid.uuid4(), PURPOSE, checkout_id, detail, Code.OK)], now)
    work.answer_later(_ended, str(checkout_id))


def _confirmed_before(work: Work, row: asyncpg.Record) -> None:
    """The other click, the other tab: it gets the outcome of the first."""
    if row["state"] == "expired":
        raise ShopError(Refusal.QUOTE_EXPIRED)
    if row["state"] not in ("confirming", "paid"):
        raise ShopError(Refusal.NOT_NOW, detail={"state": row["state"]})
    work.answer_later(_ended, str(row["checkout_id"]), awaiting=[row["settlement_id"]] if row["state"] == "confirming" else [])


async def _has(shop: Shop, account: int, asset: int, amount: int) -> bool:
    """Whether so much is available; before it says no, the replica has caught up."""
    machine = shop.exchange.machine
    if machine.balance(account, asset)[0] < amount:
        await shop.exchange.caught_up()
    return machine.balance(account, asset)[0] >= amount


@told_later("checkout ended")
async def _ended(shop: Shop, _: Shopper, checkout_id: str) -> Checkout:
    """The checkout after its payment has ended, or while it still runs. Raises why it was refused."""
    checkout = await ended_checkout(shop, uuid.UUID(checkout_id))
    if checkout.failure:
        raise ShopError(Refusal[checkout.failure], detail={"checkout": as_json(checkout)})
    return checkout


@told_later("quote renewed")
async def _renewed(shop: Shop, _: Shopper, checkout_id: str) -> None:
    """Raises QUOTE_EXPIRED, with the new quote."""
    checkout = await ended_checkout(shop, uuid.UUID(checkout_id))
    raise ShopError(Refusal.QUOTE_EXPIRED, detail={"checkout": as_json(checkout)})


async def _as_it_is(work: Work, checkout_id: uuid.UUID) -> dict:
    """The detail of a refusal that leaves the checkout as it was."""
    return {"checkout": as_json(await checkout_of(work.shop, work.db, checkout_id, work.user().user_id, work.now))}


def _share_credit(shop: Shop, content: Content, credit: dict[int, int]) -> list[_Placed]:
    """Store credit pays the first order first."""
    left = dict(credit)
    placed = []
    for order in content.orders:
        taken = min(order.total, left.get(order.asset, 0))
        left[order.asset] = left.get(order.asset, 0) - taken
        placed.append(_Placed(shop, order, taken))
    return placed


def _rows(placed: Sequence[_Placed]) -> tuple[str, str]:
    """The rows of shop_orders and shop_order_lines, as JSON."""
    orders = [
        {name: getattr(one.order, name) for name in _ORDER_FIELDS}
        | {"order_id": one.order_id, "from_credit": one.from_credit, "escrow_hi": one.escrow_id[0], "escrow_lo": one.escrow_id[1],
           "shipping_name": one.order.method.name}
        for one in placed
    ]  # fmt: skip
    lines = [
        {name: getattr(line, name) for name in _LINE_FIELDS} | {"order_id": one.order_id} for one in placed for line in one.order.lines
    ]
    return msgspec.json.encode(orders).decode(), msgspec.json.encode(lines).decode()


def _chain(shop: Shop, checkout_id: uuid.UUID, account: int, credit_source: int | None, legs: Sequence[Leg],
           placed: Sequence[_Placed]) -> list[np.ndarray]:  # fmt: skip
    """The payment's commands, in order; none where nothing is to be paid."""
    payer = uuid_pair(checkout_id)
    chain = [
        make.convert(shop.transfer_id(), account=account, asset=leg.asset, amount=leg.amount, most=leg.most, symbol=leg.symbol,
                     via_symbol=leg.via_symbol, reason=Reason.PAYMENT, user=payer) for leg in legs
    ]  # fmt: skip
    for one in placed:
        order, user = one.order, uuid_pair(one.order_id)
        for source, amount in ((credit_source, one.from_credit), (account, order.total - one.from_credit)):
            if amount:
                chain.append(make.transfer(Kind.TRANSFER, shop.transfer_id(), debit=source, credit=HOUSE_ESCROW, asset=order.asset,
                                           amount=amount, reason=Reason.PAYMENT, user=user))  # fmt: skip
        if order.total:
            chain.append(make.transfer(Kind.HOLD, one.escrow_id, debit=HOUSE_ESCROW, credit=order.payable_account, asset=order.asset,
                                       amount=order.total, reason=Reason.ESCROW, user=user))  # fmt: skip
    return chain


