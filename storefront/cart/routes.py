"""HTTP of the cart: /shop/cart/*. A user has one cart in all browsers; a guest's is named by a cookie that says nothing else."""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Literal

import msgspec
from litestar import Request, Response, get, post, put
from litestar.datastructures import Cookie
from litestar.params import FromPath, JSONBody

from storefront.cart import changes
from storefront.cart.changes import Put
from storefront.cart.lines import LINES_MAX, Owner, buyable, cart_lines, line_image, line_options, owner_of
from storefront.catalog.cards import ImageRef, Named
from storefront.door import GUEST_COOKIE
from storefront.http import Answer, Body, CurrentWork, Money, Quantity, as_uuid
from storefront.insights.counters import carted
from storefront.work import Shop, Work

GUEST_SECONDS = 30 * 24 * 3600
_QuantityOrNone = Annotated[int, msgspec.Meta(ge=0, le=changes.QUANTITY_MAX)]


class AddLine(Body):
    variant_id: uuid.UUID
    quantity: Quantity


class SetLine(Body):
    """0 removes the line."""

    quantity: _QuantityOrNone


class OfflineLine(Body):
    variant_id: uuid.UUID
    quantity: _QuantityOrNone


class OfflineCart(Body):
    lines: Annotated[list[OfflineLine], msgspec.Meta(max_length=LINES_MAX)]


class CartLine(Answer):
    """`quantity` is what can be bought now of what was asked for; 0 where nothing is left."""

    variant_id: uuid.UUID
    product_slug: str
    title: str
    options: dict[str, str]
    image: ImageRef | None
    quantity: int
    unit_price: Money
    price_seen: Money
    total: Money
    saleable: int


class CartSeller(Answer):
    seller: Named
    asset: str
    lines: list[CartLine]
    items_total: Money


class Notice(Answer):
    code: Literal["PRICE_CHANGED", "OUT_OF_STOCK", "REDUCED", "UNAVAILABLE"]
    variant_id: uuid.UUID
    text: str


class Cart(Answer):
    """`totals`: one for each asset."""

    id: uuid.UUID | None
    sellers: list[CartSeller]
    count: int
    totals: list[Money]
    notices: list[Notice]


# ---------------------------------------------------------------- handlers


@get("/cart")
async def read_cart(work: CurrentWork) -> Cart:
    """The cart of the user, or of the guest that the cookie names."""
    return await cart_of(work, owner_of(work))


@post("/cart/lines", status_code=201)
async def add_line(data: JSONBody[AddLine], work: CurrentWork, request: Request) -> Response[Cart]:
    """Put something into the cart, beside what is there of it. A guest without a cart gets one, and the cookie."""
    owner, cookies = await _owner_or_guest(work, request)
    done = await changes.put_one(work.db, owner, data.variant_id, data.quantity, work.now, adding=True)
    return await _changed(work, owner, [done], cookies)


@put("/cart/lines/{variant_id:str}")
async def set_line(variant_id: FromPath[str], data: JSONBody[SetLine], work: CurrentWork, request: Request) -> Response[Cart]:
    """Set a line's quantity; 0 removes it."""
    owner, cookies = await _owner_or_guest(work, request)
    variant = as_uuid(variant_id)
    done = []
    if data.quantity:
        done = [await changes.put_one(work.db, owner, variant, data.quantity, work.now, adding=False)]
    else:
        await changes.remove(work.db, owner, [variant])
    return await _changed(work, owner, done, cookies)


@post("/cart/merge", status_code=200)
async def merge_carts(work: CurrentWork, request: Request) -> Response[Cart]:
    """After the login: what the guest had in the cart comes into the user's."""
    user = work.user()
    if work.guest:
        await changes.merge(work.db, user.user_id, work.guest, work.now)
    return Response(await cart_of(work, owner_of(work)), cookies=[_cookie(request, "", 0)] if work.guest else [])


@post("/cart/sync", status_code=200)
async def sync_cart(data: JSONBody[OfflineCart], work: CurrentWork, request: Request) -> Response[Cart]:
    """A cart that was changed offline comes back: the quantities of these lines are replaced, the others stay."""
    owner, cookies = await _owner_or_guest(work, request)
    wanted = {line.variant_id: line.quantity for line in data.lines}
    if gone := [variant for variant, quantity in wanted.items() if not quantity]:
        await changes.remove(work.db, owner, gone)
    kept = {variant: quantity for variant, quantity in wanted.items() if quantity}
    done = await changes.put(work.db, owner, kept, work.now) if kept else []
    unknown = kept.keys() - {one.variant_id for one in done}
    more = [Notice("UNAVAILABLE", variant, "This is not for sale any more.") for variant in sorted(unknown)]
    more += [Notice("UNAVAILABLE", one.variant_id, "Sellers cannot buy from themselves.") for one in done if one.own]
    more += [Notice("OUT_OF_STOCK", one.variant_id, "Nothing is left of this.") for one in done if one.put is None and not one.own]
    return await _changed(work, owner, done, cookies, more)


@post("/cart/accept", status_code=200)
async def accept_prices(work: CurrentWork) -> Cart:
    """The buyer has seen today's prices."""
    owner = owner_of(work)
    if owner:
        await changes.accept_prices(work.db, owner)
    return await cart_of(work, owner)


ROUTES = [read_cart, add_line, set_line, merge_carts, sync_cart, accept_prices]


# ---------------------------------------------------------------- the answer


async def cart_of(work: Work, owner: Owner | None, more: Sequence[Notice] = ()) -> Cart:
    """The cart as it is now, with these notices before those that it gives rise to."""
    rows = await cart_lines(work.db, owner) if owner else []
    sellers, totals = [], {}
    for (_, asset), group in groupby(rows, key=lambda row: (row["seller_id"], row["asset"])):
        lines = list(group)
        total = sum(buyable(row) * row["price"] for row in lines)
        totals[asset] = totals.get(asset, 0) + total
        sellers.append(CartSeller(
            Named(lines[0]["seller_slug"], lines[0]["seller_name"]), work.shop.asset(asset).name,
            [_line(work.shop, row) for row in lines], money(work.shop, asset, total),
        ))  # fmt: skip
    told = {notice.variant_id for notice in more}
    notices = [*more, *(notice for row in rows if (notice := _notice(work.shop, row)) and notice.variant_id not in told)]
    return Cart(
        rows[0]["cart_id"] if rows else None, sellers, sum(buyable(row) for row in rows),
        [money(work.shop, asset, total) for asset, total in sorted(totals.items())], notices,
    )  # fmt: skip


def money(shop: Shop, asset: int, units: int) -> Money:
    return Money(shop.asset(asset).name, shop.text(asset, units))


def _line(shop: Shop, row) -> CartLine:
    asset, quantity = row["asset"], buyable(row)
    return CartLine(
        row["variant_id"], row["slug"], row["title"], line_options(row), line_image(row), quantity, money(shop, asset, row["price"]),
        money(shop, asset, row["price_seen"]), money(shop, asset, quantity * row["price"]),
        max(0, min(row["saleable"], changes.QUANTITY_MAX)) if row["on_sale"] else 0,
    )  # fmt: skip


def _notice(shop: Shop, row) -> Notice | None:
    """The most important thing to say about a line."""
    variant_id, asset = row["variant_id"], row["asset"]
    if not row["on_sale"]:
        return Notice("UNAVAILABLE", variant_id, f"{row['title']} is not for sale any more.")
    if row["saleable"] <= 0:
        return Notice("OUT_OF_STOCK", variant_id, f"Nothing is left of {row['title']}.")
    if row["price_seen"] != row["price"]:
        was, now = (f"{shop.text(asset, price)} {shop.asset(asset).name}" for price in (row["price_seen"], row["price"]))
        return Notice("PRICE_CHANGED", variant_id, f"The price of {row['title']} was {was} and is now {now}.")
    if row["saleable"] < row["quantity"]:
        return Notice("REDUCED", variant_id, f"Only {row['saleable']} of {row['title']} are left.")
    return None


async def _changed(work: Work, owner: Owner, done: Sequence[Put], cookies: list[Cookie], more: Sequence[Notice] = ()) -> Response[Cart]:
    for one in done:
        if one.fresh:
            carted(one.product_id)
    reduced = [
        Notice("REDUCED", one.variant_id, f"Only {one.saleable} are left.")
        for one in done
        if one.put is not None and (one.put < one.wanted or one.put == one.saleable < one.wanted)
    ]
    return Response(await cart_of(work, owner, [*more, *reduced]), cookies=cookies)


# ---------------------------------------------------------------- the guest's cookie


async def _owner_or_guest(work: Work, request: Request) -> tuple[Owner, list[Cookie]]:
    """Who owns the cart that is changed; a guest whose cookie names no cart gets a new name, of the shop's choosing."""
    owner = owner_of(work)
    if owner and (owner.column == "user_id" or await changes.exists(work.db, owner)):
        return owner, []
    token = secrets.token_urlsafe(32)
    return Owner("token_hash", hashlib.sha256(token.encode()).digest()), [_cookie(request, token, GUEST_SECONDS)]


def _cookie(request: Request, token: str, seconds: int) -> Cookie:
    secure = request.scope["scheme"] == "https"
    return Cookie(GUEST_COOKIE, value=token, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)
