"""HTTP of the checkout: /shop/checkouts/*, /shop/vouchers/{code}. For signed-in users, each of whom sees their own."""

import uuid
from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, JSONBody

from storefront import stock
from storefront.checkout import addresses, vouchers
from storefront.checkout import content as contents
from storefront.checkout.answer import Checkout, checkout_of
from storefront.checkout.confirming import confirm
from storefront.checkout.opening import open_checkout
from storefront.checkout.quoting import requote
from storefront.errors import Refusal, ShopError
from storefront.http import AmountText, Answer, AssetName, Body, CurrentWork, as_uuid
from storefront.work import Work

_Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
_Code = Annotated[str, msgspec.Meta(max_length=vouchers.CODE_MAX)]
_LOCK = "SELECT * FROM shop_checkouts WHERE checkout_id = $1 AND user_id = $2 FOR NO KEY UPDATE"
_GIVE_UP = "UPDATE shop_checkouts SET state = 'abandoned', ended_at = $2 WHERE checkout_id = $1"


class CheckoutWanted(Body):
    """`shipping`: method by seller; sellers that are not named send the cheapest way."""

    address_id: uuid.UUID
    pay_asset: AssetName
    shipping: Annotated[dict[_Slug, uuid.UUID], msgspec.Meta(max_length=100)] = {}
    voucher: _Code = ""
    use_credit: bool = False


class QuoteWanted(Body):
    """`use_credit` absent: as before."""

    pay_asset: AssetName
    use_credit: bool | None = None


class MoneyGiven(Body):
    asset: AssetName
    amount: AmountText


class Confirmation(Body):
    """The most that the buyer agrees to: what the quote says."""

    most: MoneyGiven


class VoucherInfo(Answer):
    """`reason`: why it does not hold."""

    code: str
    text: str
    valid: bool
    reason: str


@post("/checkouts", status_code=201)
async def start_checkout(data: JSONBody[CheckoutWanted], work: CurrentWork) -> Checkout:
    """Price the cart, keep its stock for some minutes and quote what it costs in an asset. Ends the user's checkout before this one."""
    work.user()
    pay_asset = work.shop.asset(data.pay_asset).asset
    return await open_checkout(work, data.address_id, data.shipping, pay_asset, data.voucher, data.use_credit)


@get("/checkouts/{checkout_id:str}")
async def read_checkout(checkout_id: FromPath[str], work: CurrentWork) -> Checkout:
    """The user's checkout as it is now."""
    return await checkout_of(work.shop, work.db, as_uuid(checkout_id), work.user().user_id, work.now)


@post("/checkouts/{checkout_id:str}/quote", status_code=200)
async def new_quote(checkout_id: FromPath[str], data: JSONBody[QuoteWanted], work: CurrentWork) -> Checkout:
    """Another quote for the same things, which stay kept until the same time."""
    user, pay_asset = work.user(), work.shop.asset(data.pay_asset).asset
    row = await _locked(work, checkout_id)
    _must_be_open(row, work)
    use_credit = row["use_credit"] if data.use_credit is None else data.use_credit
    totals = contents.from_text(row["content"]).totals()
    await requote(work.shop, work.db, row["checkout_id"], user.account, row, totals, pay_asset, use_credit, work.now)
    return await checkout_of(work.shop, work.db, row["checkout_id"], user.user_id, work.now)


@post("/checkouts/{checkout_id:str}/confirm", status_code=200)
async def confirm_checkout(checkout_id: FromPath[str], data: JSONBody[Confirmation], work: CurrentWork) -> dict[str, str]:
    """Pay and place the orders. Answers the Checkout when the payment has ended: paid, or a refusal with a new quote in its detail."""
    work.user()
    asset = work.shop.asset(data.most.asset).asset
    await confirm(work, as_uuid(checkout_id), (asset, work.shop.units(asset, data.most.amount)))
    return {}


@delete("/checkouts/{checkout_id:str}", status_code=200)
async def give_up_checkout(checkout_id: FromPath[str], work: CurrentWork) -> dict[str, str]:
    """Give back what is kept for it."""
    row = await _locked(work, checkout_id)
    if row["state"] == "confirming":
        raise ShopError(Refusal.SETTLING)
    if row["state"] == "open":
        await work.db.execute(_GIVE_UP, row["checkout_id"], work.now)
        await stock.release(work.db, row["checkout_id"])
    elif row["state"] == "paid":
        raise ShopError(Refusal.NOT_NOW, detail={"state": "paid"})
    return {}


@get("/vouchers/{code:str}")
async def look_up_voucher(code: FromPath[str], work: CurrentWork) -> VoucherInfo:
    """Whether a voucher holds for the user now, and what it gives."""
    user = work.user()
    code = code.upper()
    if len(code) > vouchers.CODE_MAX:
        raise ShopError(Refusal.NOT_FOUND)
    try:
        row = await vouchers.find(work.db, code, user.user_id, work.now)
    except ShopError as error:
        return VoucherInfo(code, "", False, str(error))
    return VoucherInfo(code, vouchers.in_words(work.shop, row) + vouchers.minimum_in_words(work.shop, row), True, "")


async def _locked(work: Work, checkout_id: str):
    """The user's checkout, locked. Raises NOT_LOGGED_IN, NOT_FOUND."""
    row = await work.db.fetchrow(_LOCK, as_uuid(checkout_id), work.user().user_id)
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    return row


def _must_be_open(row, work: Work) -> None:
    if row["state"] == "confirming":
        raise ShopError(Refusal.SETTLING)
    if row["state"] == "expired" or (row["state"] == "open" and row["reserved_until"] <= work.now):
        raise ShopError(Refusal.QUOTE_EXPIRED, "What was kept for you has been given back. Start again from the cart.")
    if row["state"] != "open":
        raise ShopError(Refusal.NOT_NOW, detail={"state": row["state"]})


ROUTES = [*addresses.ROUTES, start_checkout, read_checkout, new_quote, confirm_checkout, give_up_checkout, look_up_voucher]
