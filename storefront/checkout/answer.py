"""A checkout as it is told: from its row, its orders and, while it is open, the markets as they are now."""

import datetime
import json
import uuid
from collections.abc import Sequence
from typing import Literal, NamedTuple

import asyncpg
import msgspec

from storefront.catalog.cards import ImageRef, Named
from storefront.checkout import content as contents
from storefront.checkout.addresses import Address
from storefront.checkout.content import Content, Method, Order
from storefront.checkout.quote import Leg, choices
from storefront.checkout.quoting import after_credit, credit_of, legs_of
from storefront.checkout.receipt import PLACED_SQL, Placed, Receipt, receipt_from
from storefront.errors import Refusal, ShopError
from storefront.http import Answer, Money, milliseconds
from storefront.moderation.settings import settings
from storefront.work import Shop

State = Literal["open", "confirming", "paid", "failed", "expired", "abandoned"]
_READ = f"""
SELECT c.*, u.account, {PLACED_SQL} AS orders FROM shop_checkouts c JOIN users u USING (user_id)
WHERE c.checkout_id = ANY($1)"""


class CheckoutLine(Answer):
    variant_id: uuid.UUID
    title: str
    options: dict[str, str]
    image: ImageRef | None
    quantity: int
    unit_price: Money
    discount: Money
    tax: Money
    tax_included: Money
    total: Money


class ShippingMethod(Answer):
    id: uuid.UUID
    name: str
    days_min: int
    days_max: int


class ShippingChoice(ShippingMethod):
    price: Money


class CheckoutOrder(Answer):
    """`order_id` and `number` once it is paid."""

    seller: Named
    asset: str
    lines: list[CheckoutLine]
    items_total: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: Money
    total: Money
    shipping_method: ShippingMethod
    shipping_choices: list[ShippingChoice]
    order_id: uuid.UUID | None
    number: int | None


class Conversion(Answer):
    symbol: str
    via_symbol: str | None
    buys: Money
    expected: Money
    most: Money


class PayChoice(Answer):
    """`reason`: why this asset cannot pay, or INSUFFICIENT_BALANCE."""

    asset: str
    most: Money | None
    expected: Money | None
    available: Money
    enough: bool
    reason: str


class VoucherUsed(Answer):
    code: str
    text: str


class Checkout(Answer):
    """`most` is what confirming can take at most, `expected` what it would take now; until `expires_at`."""

    id: uuid.UUID
    state: State
    address: Address
    expires_at: int
    reserved_until: int
    orders: list[CheckoutOrder]
    due: list[Money]
    credit: list[Money]
    voucher: VoucherUsed | None
    tax_text: str
    pay_asset: str
    most: Money
    expected: Money
    conversions: list[Conversion]
    choices: list[PayChoice]
    failure: str
    receipt: Receipt | None


class Standing(NamedTuple):
    """What is known of a checkout; `account` is the buyer's, `receipt` is there once it is paid."""

    checkout_id: uuid.UUID
    state: State
    address: Address
    expires_at: datetime.datetime
    reserved_until: datetime.datetime
    content: Content
    pay_asset: int
    most: int
    credit: dict[int, int]
    legs: list[Leg]
    failure: str
    account: int
    placed: Sequence[Placed] = ()
    receipt: Receipt | None = None


async def checkout_of(shop: Shop, db: asyncpg.Connection, checkout_id: uuid.UUID, user_id: int, now: datetime.datetime) -> Checkout:
    """A user's, as it is now. Raises NOT_FOUND, also for another user's."""
    row = await db.fetchrow(_READ, [checkout_id])
    if row is None or row["user_id"] != user_id:
        raise ShopError(Refusal.NOT_FOUND)
    return await _from_row(shop, db, row, now)


async def ended_checkout(shop: Shop, checkout_id: uuid.UUID) -> Checkout:
    """As it is now, whosever it is; read together with the others that have ended at this moment."""
    return await _from_row(shop, shop.pool, await shop.together(_read).ask(checkout_id), shop.clock())


async def _read(shop: Shop, checkout_ids: Sequence[uuid.UUID]) -> list[asyncpg.Record]:
    rows = {row["checkout_id"]: row for row in await shop.pool.fetch(_READ, checkout_ids)}
    return [rows[checkout_id] for checkout_id in checkout_ids]


async def _from_row(shop: Shop, db: asyncpg.Connection | asyncpg.Pool, row: asyncpg.Record, now: datetime.datetime) -> Checkout:
    state = "expired" if row["state"] == "open" and row["reserved_until"] <= now else row["state"]
    placed = [Placed(*one) for one in row["orders"]]
    standing = Standing(
        row["checkout_id"], state, msgspec.json.decode(row["address"], type=Address), row["expires_at"], row["reserved_until"],
        contents.from_text(row["content"]), row["pay_asset"], row["most"], credit_of(row), legs_of(row), row["failure"], row["account"],
        placed, await receipt_from(shop, db, row, placed) if state == "paid" else None,
    )  # fmt: skip
    return checkout_as(shop, standing, (await settings(db)).slippage_ppm if state == "open" else 0)


def checkout_as(shop: Shop, standing: Standing, slippage_ppm: int) -> Checkout:
    """As it is told; choices to pay with only while it is open."""
    content, pay_asset, legs, credit = standing.content, standing.pay_asset, standing.legs, standing.credit
    due = after_credit(content.totals(), credit)
    expected = due.get(pay_asset, 0) + sum(leg.expected for leg in legs if leg.paid == pay_asset)
    money, machine = _money_of(shop), shop.exchange.machine
    return Checkout(
        id=standing.checkout_id,
        state=standing.state,
        address=standing.address,
        expires_at=milliseconds(standing.expires_at),
        reserved_until=milliseconds(standing.reserved_until),
        orders=_orders(shop, content, standing.placed),
        due=[money(asset, units) for asset, units in sorted(due.items())],
        credit=[money(asset, units) for asset, units in sorted(credit.items())],
        voucher=VoucherUsed(*content.voucher) if content.voucher else None,
        tax_text=content.tax_text,
        pay_asset=shop.asset(pay_asset).name,
        most=money(pay_asset, standing.most),
        expected=money(pay_asset, expected),
        conversions=[
            Conversion(machine.symbol(leg.symbol).name, machine.symbol(leg.via_symbol).name if leg.via_symbol else None,
                       money(leg.asset, leg.amount), money(leg.paid, leg.expected), money(leg.paid, leg.most)) for leg in legs
        ],
        choices=_choices(shop, standing.account, due, slippage_ppm) if standing.state == "open" else [],
        failure=standing.failure,
        receipt=standing.receipt,
    )  # fmt: skip


def _money_of(shop: Shop):
    return lambda asset, units: Money(shop.asset(asset).name, shop.text(asset, units))


def _orders(shop: Shop, content: Content, placed: Sequence[Placed]) -> list[CheckoutOrder]:
    names = {(one.seller_id, one.asset): (one.order_id, one.number) for one in placed}
    return [_order(shop, order, *names.get((order.seller_id, order.asset), (None, None))) for order in content.orders]


def _order(shop: Shop, order: Order, order_id: uuid.UUID | None, number: int | None) -> CheckoutOrder:
    name = shop.asset(order.asset).name

    def money(units: int) -> Money:
        return Money(name, shop.text(order.asset, units))

    def choice(way: Method) -> ShippingChoice:
        return ShippingChoice(way.method_id, way.name, way.days_min, way.days_max, money(way.price))

    lines = [
        CheckoutLine(line.variant_id, line.title, line.options, ImageRef(line.image_id, *line.image) if line.image_id else None,
                     line.quantity, money(line.unit_price), money(line.discount), money(line.tax), money(line.tax_included),
                     money(line.total)) for line in order.lines
    ]  # fmt: skip
    way = order.method
    return CheckoutOrder(
        Named(order.slug, order.name), name, lines, money(order.items_total), money(order.discount), money(order.shipping),
        money(order.tax), money(order.tax_included), money(order.total),
        ShippingMethod(way.method_id, way.name, way.days_min, way.days_max), [choice(one) for one in order.methods], order_id, number,
    )  # fmt: skip


def _choices(shop: Shop, account: int, due: dict[int, int], slippage_ppm: int) -> list[PayChoice]:
    found = []
    for plan, available in choices(shop.exchange.machine, account, due, slippage_ppm):
        asset, can = shop.asset(plan.asset), plan.refusal is None
        most, expected = (Money(asset.name, shop.text(plan.asset, units)) if can else None for units in (plan.most, plan.expected))
        enough = can and available >= plan.most
        reason = "" if enough else Refusal.INSUFFICIENT_BALANCE.name if can else plan.refusal.name
        found.append(PayChoice(asset.name, most, expected, Money(asset.name, shop.text(plan.asset, available)), enough, reason))
    return found


def as_json(checkout: Checkout) -> dict:
    """For the detail of a refusal."""
    return json.loads(msgspec.json.encode(checkout))
