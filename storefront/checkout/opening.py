"""Opening a checkout: the cart is priced, its stock reserved, a quote made; all of it or nothing.

A cart has at most one checkout that is open or being paid: opening one gives up the one before, under the cart's lock. What is bought is
what the cart shows: lines that are not on sale are left out, a quantity is what is left of it, in the cart from then on too; of a line
of which nothing is left it is said so.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import asyncpg
import msgspec

from engine.types import AMOUNT_MAX
from storefront import stock
from storefront.cart.lines import LINE_COLUMNS, LINE_ORDER, LINE_TABLES, LINES_MAX, buyable, line_options
from storefront.checkout import vouchers
from storefront.checkout.addresses import address_of
from storefront.checkout.answer import Checkout, Standing, checkout_as
from storefront.checkout.content import Content, Line, Method, Order, to_text
from storefront.checkout.pricing import Goods, Item, PricedOrder, TaxRate, price
from storefront.checkout.quoting import make_quote
from storefront.errors import Refusal, ShopError
from storefront.moderation.settings import CATEGORY_PPM_SQL, SETTINGS_SQL, ShopSettings, lowest_ppm, settings_from
from storefront.sellers.shipping import METHODS_SQL, Choice, choices_from
from storefront.work import Work

ORDERS_MAX = 15  # of one checkout: of each a conversion, two transfers and a hold, and a conversion for all, are within CHAIN_MAX
_LOCK_CART = f"""
SELECT c.cart_id, ARRAY(SELECT state FROM shop_checkouts k WHERE k.cart_id = c.cart_id AND k.state IN ('open', 'confirming')) AS states,
       a.*, {SETTINGS_SQL} AS settings
FROM shop_carts c LEFT JOIN shop_addresses a ON a.address_id = $2 AND a.user_id = c.user_id WHERE c.user_id = $1 FOR NO KEY UPDATE OF c"""
_GIVE_UP = "UPDATE shop_checkouts SET state = 'abandoned', ended_at = $2 WHERE cart_id = $1 AND state = 'open' RETURNING checkout_id"
_LINES = f"""
SELECT {LINE_COLUMNS}, s.payable_account, category.tax_class, rate.name AS tax_name, rate.ppm AS tax_ppm, rate.inclusive,
       s.commission_ppm AS seller_ppm, CASE WHEN s.commission_ppm IS NULL THEN {CATEGORY_PPM_SQL} END AS category_ppm,
       EXISTS (SELECT FROM shop_checkouts k WHERE k.cart_id = $1 AND k.state IN ('open', 'confirming')) AS paying,
       {METHODS_SQL} AS methods
FROM {LINE_TABLES} JOIN shop_categories category USING (category_id)
LEFT JOIN shop_tax_rates rate ON rate.tax_class = category.tax_class AND rate.country = $2
WHERE cart.cart_id = $1 {LINE_ORDER}"""
_REDUCE = """
UPDATE shop_cart_lines l SET quantity = w.quantity FROM unnest($2::uuid[], $3::int[]) AS w (variant_id, quantity)
WHERE l.cart_id = $1 AND l.variant_id = w.variant_id"""
_INSERT = """
INSERT INTO shop_checkouts (checkout_id, user_id, cart_id, address, content, voucher_id, created_at, reserved_until,
                            pay_asset, most, credit, legs, rate_source, use_credit, expires_at)
VALUES ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"""  # with the reservation


async def open_checkout(work: Work, address_id: uuid.UUID, shipping: Mapping[str, uuid.UUID], pay_asset: int, voucher_code: str,
                        use_credit: bool) -> Checkout:  # fmt: skip
    """The checkout, open.

    Raises NOT_FOUND (address), CART_EMPTY, SETTLING, OUT_OF_STOCK, PRICE_CHANGED, OWN_GOODS, NO_SHIPPING, TOO_MANY, VOUCHER_INVALID,
    VOUCHER_USED_UP, or why the asset cannot pay.
    """
    user, db, now = work.user(), work.db, work.now
    cart = await _clear(db, user.user_id, address_id, now)
    cart_id, address, rules = cart["cart_id"], address_of(cart), settings_from(cart["settings"])
    rows = await db.fetch(_LINES, cart_id, address.country)
    _judge(rows, user.user_id)
    voucher = await vouchers.find(db, voucher_code, user.user_id, now) if voucher_code else None
    content = _priced(work, [row for row in rows if buyable(row)], address.country, shipping, voucher, rules)
    quote = await make_quote(work.shop, db, user.user_id, user.account, content.totals(), pay_asset, use_credit, rules, now)
    checkout_id = uuid.uuid4()
    reserved_until = now + datetime.timedelta(minutes=rules.reservation_minutes)
    try:
        await stock.reserve(
            db, checkout_id, content.quantities(), _INSERT, user.user_id, cart_id, msgspec.json.encode(address).decode(), to_text(content),
            voucher and voucher["voucher_id"], now, reserved_until, *quote.columns(reserved_until),
        )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise ShopError(Refusal.SETTLING, "This cart is being paid at this moment, or in another window.") from None
    if reduced := {row["variant_id"]: buyable(row) for row in rows if 0 < buyable(row) < row["quantity"]}:
        await db.execute(_REDUCE, cart_id, list(reduced), list(reduced.values()))
    standing = Standing(
        checkout_id, "open", address, min(quote.expires_at, reserved_until), reserved_until, content, quote.plan.asset,
        quote.plan.most, quote.credit, list(quote.plan.legs), "", user.account,
    )  # fmt: skip
    return checkout_as(work.shop, standing, rules.slippage_ppm)


async def _clear(db: asyncpg.Connection, user_id: int, address_id: uuid.UUID, now: datetime.datetime) -> asyncpg.Record:
    """The user's cart, locked, with no open checkout any more; and what else must be known: the address, the settings. One that was opened
    while the lock was waited for is not seen here, but beside the lines."""
    cart = await db.fetchrow(_LOCK_CART, user_id, address_id)
    if cart is None:
        raise ShopError(Refusal.CART_EMPTY)
    if cart["address_id"] is None:
        raise ShopError(Refusal.NOT_FOUND, "There is no such address.")
    if "confirming" in cart["states"]:
        raise ShopError(Refusal.SETTLING, "This cart is being paid at this moment.")
    if cart["states"] and (given_up := [row["checkout_id"] for row in await db.fetch(_GIVE_UP, cart["cart_id"], now)]):
        await stock.release_many(db, given_up)
    return cart


def _judge(rows: Sequence[asyncpg.Record], user_id: int) -> None:
    """Whether these lines can be bought as the cart shows them. A checkout of the cart that is open here was opened while its lock was
    waited for; by the time of this one's entry it may be paid, and what it bought would be bought again."""
    if rows and rows[0]["paying"]:
        raise ShopError(Refusal.SETTLING, "This cart is being paid at this moment, or in another window.")
    on_sale = [row for row in rows if row["on_sale"]]
    if not on_sale:
        raise ShopError(Refusal.CART_EMPTY)
    if len(on_sale) > LINES_MAX:
        raise ShopError(Refusal.TOO_MANY)
    for row in on_sale:
        if row["seller_user"] == user_id:
            raise ShopError(Refusal.OWN_GOODS)
        if row["saleable"] <= 0:
            raise ShopError(Refusal.OUT_OF_STOCK, detail={"variantId": str(row["variant_id"]), "saleable": 0})
    if changed := [str(row["variant_id"]) for row in on_sale if row["price"] != row["price_seen"]]:
        raise ShopError(Refusal.PRICE_CHANGED, detail={"variantIds": changed})


def _priced(work: Work, rows: Sequence[asyncpg.Record], country: str, shipping: Mapping[str, uuid.UUID],
            voucher: asyncpg.Record | None, rules: ShopSettings) -> Content:  # fmt: skip
    """One order for each seller and asset."""
    groups = [list(group) for _, group in groupby(rows, key=lambda row: (row["seller_id"], row["asset"]))]
    if len(groups) > ORDERS_MAX:
        raise ShopError(Refusal.TOO_MANY, f"Buy from at most {ORDERS_MAX} sellers at once.")
    methods = [_methods(group, country) for group in groups]
    chosen = _chosen(groups, methods, shipping)
    rates = {row["tax_class"]: TaxRate(row["tax_name"], row["tax_ppm"], row["inclusive"]) for row in rows if row["tax_name"]}
    goods = [
        Goods(group[0]["seller_id"], group[0]["asset"], [Item(row["price"], buyable(row), row["tax_class"]) for row in group], way.price)
        for group, way in zip(groups, chosen, strict=True)
    ]  # fmt: skip
    priced = price(goods, vouchers.terms(voucher) if voucher else None, rates)
    if voucher:
        _must_matter(work, voucher, goods, priced)
    if any(order.items_total + order.shipping + order.tax > AMOUNT_MAX for order in priced):
        raise ShopError(Refusal.INVALID_AMOUNT, "This is more than can be bought at once.")
    orders = [
        _order(group, order, way, ways, lowest_ppm(group[0]["seller_ppm"], [row["category_ppm"] for row in group], rules.commission_ppm))
        for group, order, way, ways in zip(groups, priced, chosen, methods, strict=True)
    ]  # fmt: skip
    content = Content(orders, (voucher["code"], vouchers.in_words(work.shop, voucher)) if voucher else None, _tax_text(rates))
    if any(total > AMOUNT_MAX for total in content.totals().values()):
        raise ShopError(Refusal.INVALID_AMOUNT, "This is more than can be bought at once.")
    return content


def _methods(group: Sequence[asyncpg.Record], country: str) -> list[Choice]:
    weight = sum(row["weight_g"] * buyable(row) for row in group)
    items_total = sum(row["price"] * buyable(row) for row in group)
    found = choices_from(group[0]["methods"], weight, items_total)
    if not found:
        raise ShopError(Refusal.NO_SHIPPING, f"{group[0]['seller_name']} does not send this to {country}.")
    return found


def _chosen(groups: Sequence[Any], methods: Sequence[list[Choice]], shipping: Mapping[str, uuid.UUID]) -> list[Choice]:
    """Of each order the method asked for, else the cheapest. A seller of two orders offers each its own; the one that is named must be
    among them."""
    named: dict[str, bool] = {}
    chosen = []
    for group, ways in zip(groups, methods, strict=True):
        slug = group[0]["seller_slug"]
        wanted = shipping.get(slug)
        way = next((way for way in ways if way.method_id == wanted), None)
        named[slug] = named.get(slug, wanted is None) or way is not None
        chosen.append(way or ways[0])
    if not all(named.values()):
        raise ShopError(Refusal.NO_SHIPPING)
    return chosen


def _must_matter(work: Work, voucher: asyncpg.Record, goods: Sequence[Goods], priced: Sequence[PricedOrder]) -> None:
    """A voucher that takes nothing off is not used up for nothing."""
    if all(order.discount == 0 and order.shipping == one.shipping for order, one in zip(priced, goods, strict=True)):
        words = f"This voucher does not hold for what is in the cart: {vouchers.in_words(work.shop, voucher)}"
        raise ShopError(Refusal.VOUCHER_INVALID, f"{words}{vouchers.minimum_in_words(work.shop, voucher)}.")


def _order(group: Sequence[asyncpg.Record], priced: PricedOrder, way: Choice, ways: Sequence[Choice], ppm: int) -> Order:
    first = group[0]
    lines = [
        Line(row["variant_id"], row["product_id"], row["image_id"], (row["alt"], row["width"], row["height"]) if row["image_id"] else None,
             row["title"], row["sku"], line_options(row), buyable(row), row["price"], line.discount, line.tax, line.tax_included,
             line.total) for row, line in zip(group, priced.lines, strict=True)
    ]  # fmt: skip
    return Order(
        first["seller_id"], first["seller_slug"], first["seller_name"], first["payable_account"], first["asset"], ppm, lines,
        priced.items_total, priced.discount, priced.shipping, priced.tax, priced.tax_included, priced.total, Method(*way),
        [Method(*one) for one in ways],
    )  # fmt: skip


def _tax_text(rates: Mapping[str, TaxRate]) -> str:
    """'VAT 19 % included, Sales tax 7 % added'"""
    words = {f"{rate.name} {rate.ppm / 10_000:g} % {'included' if rate.inclusive else 'added'}" for rate in rates.values() if rate.ppm}
    return ", ".join(sorted(words))


