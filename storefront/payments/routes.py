"""HTTP of the payments room: store credit, gift cards, holds, and a seller's balance, payouts and entries."""

import uuid
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import FromQuery, JSONBody

from storefront.catalog.paging import next_in_time, place_in_time
from storefront.errors import Refusal, ShopError
from storefront.http import (
    PAGE_DEFAULT,
    After,
    AmountText,
    Answer,
    AssetName,
    Body,
    CurrentWork,
    Limit,
    Money,
    cursor,
    cursor_key,
    milliseconds,
)
from storefront.ledger import Reason
from storefront.payments import gift_cards, payouts, statements, wallet
from storefront.payments.credit import credit_account
from storefront.sellers import seller_of
from storefront.work import Shop, Shopper, told_later


class GiftCardWanted(Body):
    asset: AssetName
    amount: AmountText


class GiftCardCode(Body):
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class PayoutWanted(Body):
    asset: AssetName
    amount: AmountText


class CreditEntry(Answer):
    at: int
    text: str
    amount: Money
    sign: str


class Credit(Answer):
    balances: list[Money]
    history: list[CreditEntry]


class GiftCard(Answer):
    """`code` is told in the answer to its purchase, and "" ever after."""

    id: uuid.UUID
    amount: Money
    state: str
    created_at: int
    code: str = ""


class GiftCards(Answer):
    items: list[GiftCard]


class Redeemed(Answer):
    amount: Money
    balances: list[Money]


class HoldInfo(Answer):
    kind: str
    order_id: uuid.UUID | None
    number: int | None
    text: str
    amount: Money
    since: int
    until: int | None


class Holds(Answer):
    items: list[HoldInfo]


class AssetBalance(Answer):
    asset: str
    held: str
    reserve: str
    payable: str
    paid_out: str


class SellerBalances(Answer):
    balances: list[AssetBalance]


class Payout(Answer):
    id: uuid.UUID
    amount: Money
    state: str
    created_at: int


class Payouts(Answer):
    items: list[Payout]
    next: str


class EntryInfo(Answer):
    at: int
    text: str
    order_id: uuid.UUID | None
    amount: Money
    sign: str
    balance: Money


class Entries(Answer):
    items: list[EntryInfo]
    next: str


class WalletEntry(Answer):
    """`symbol` of a trade, else ""; `balance` is what was there after it, available and held."""

    at: int
    text: str
    symbol: str
    order_id: uuid.UUID | None
    amount: Money
    sign: str
    balance: Money


class WalletEntries(Answer):
    items: list[WalletEntry]
    next: str


# ---------------------------------------------------------------- store credit and gift cards


@get("/credit")
async def credit(work: CurrentWork) -> Credit:
    """What the user has as store credit, and where it came from."""
    account = await credit_account(work.db, work.user().user_id)
    if account is None:
        return Credit([], [])
    rows = await statements.entries(work.db, account, None, statements.ENTRIES_MAX)
    history = [
        CreditEntry(row.time_ns // 1_000_000, row.text, _money(work.shop, row.asset, abs(row.amount)), _sign(row.amount)) for row in rows
    ]
    return Credit(_credit_balances(work.shop, account), history)


@get("/giftcards")
async def list_gift_cards(work: CurrentWork) -> GiftCards:
    """The cards that the user bought, newest first."""
    user_id = work.user().user_id
    rows = await work.db.fetch("SELECT * FROM shop_gift_cards WHERE bought_by = $1 ORDER BY created_at DESC, card_id", user_id)
    return GiftCards([_card(work.shop, row) for row in rows])


@post("/giftcards", status_code=201)
async def buy_gift_card(data: JSONBody[GiftCardWanted], work: CurrentWork) -> GiftCard:
    """A gift card, paid from the user's trading account in its own asset; its code is told here, once."""
    asset = work.shop.asset(data.asset).asset
    card = await gift_cards.buy(work, asset, work.shop.units(data.asset, data.amount))
    work.answer_later(_bought, str(card.card_id), card.code)
    amount = _money(work.shop, asset, work.shop.units(data.asset, data.amount))
    return GiftCard(card.card_id, amount, "buying", milliseconds(work.now), card.code)


@told_later("gift card bought")
async def _bought(shop: Shop, _: Shopper, card_id: str, code: str) -> GiftCard:
    row = await shop.pool.fetchrow("SELECT * FROM shop_gift_cards WHERE card_id = $1", uuid.UUID(card_id))
    if row["state"] == "failed":
        raise ShopError(Refusal.PAYMENT_FAILED)
    answer = _card(shop, row)
    answer.code = code
    return answer


@post("/giftcards/redeem", status_code=200)
async def redeem_gift_card(data: JSONBody[GiftCardCode], work: CurrentWork) -> Redeemed:
    """All that is on the card becomes store credit."""
    card_id = await gift_cards.redeem(work, data.code)
    row = await work.db.fetchrow("SELECT asset, amount FROM shop_gift_cards WHERE card_id = $1", card_id)
    work.answer_later(_redeemed, str(card_id))
    return Redeemed(_money(work.shop, row["asset"], row["amount"]), [])


@told_later("gift card redeemed")
async def _redeemed(shop: Shop, shopper: Shopper, card_id: str) -> Redeemed:
    row = await shop.pool.fetchrow("SELECT state, asset, amount FROM shop_gift_cards WHERE card_id = $1", uuid.UUID(card_id))
    if row["state"] == "active":
        raise ShopError(Refusal.PAYMENT_FAILED, "The card could not be redeemed now. Try again.")
    account = await credit_account(shop.pool, shopper.user_id)
    return Redeemed(_money(shop, row["asset"], row["amount"]), _credit_balances(shop, account))


@get("/holds")
async def list_holds(work: CurrentWork) -> Holds:
    """What of the user's money is held, and why."""
    user = work.user()
    rows = await statements.holds(work.shop, work.db, user.user_id, user.account)
    items = [
        HoldInfo(row.kind, row.order_id, row.number, row.text, _money(work.shop, row.asset, row.amount), row.since_ms, row.until_ms)
        for row in rows
    ]
    return Holds(items)


@get("/wallet/entries")
async def wallet_entries(asset: FromQuery[AssetName], work: CurrentWork, after: After = "",
                         limit: Limit = PAGE_DEFAULT) -> WalletEntries:  # fmt: skip
    """What changed the user's trading account in one asset, with the balance after each entry, newest first."""
    user, view = work.user(), work.shop.asset(asset)
    before = cursor_key(after, int, int, int, int, bool)
    rows = await wallet.entries(work.shop, work.db, user.user_id, user.account, view.asset, before, limit + 1)
    page = rows[:limit]
    items = [
        WalletEntry(row.time_ns // 1_000_000, row.text, row.symbol, row.order_id, _money(work.shop, view.asset, abs(row.amount)),
                    _sign(row.amount), _money(work.shop, view.asset, row.balance)) for row in page
    ]  # fmt: skip
    return WalletEntries(items, cursor(*page[-1].key) if len(rows) > limit else "")


# ---------------------------------------------------------------- sellers


@get("/seller/balance")
async def seller_balance(work: CurrentWork) -> SellerBalances:
    """Per asset: in escrow, in reserve, payable, and paid out so far."""
    seller = await seller_of(work, also_suspended=True)
    text = work.shop.text
    rows = await payouts.balances(work.shop, work.db, seller.seller_id, seller.payable_account)
    return SellerBalances([
        AssetBalance(work.shop.asset(row.asset).name, text(row.asset, row.held), text(row.asset, row.reserve),
                     text(row.asset, row.payable), text(row.asset, row.paid_out)) for row in rows
    ])  # fmt: skip


@get("/seller/payouts")
async def list_payouts(work: CurrentWork, after: After = "", limit: Limit = PAGE_DEFAULT) -> Payouts:
    """The seller's payouts, newest first."""
    seller = await seller_of(work, also_suspended=True)
    rows = await work.db.fetch(
        """SELECT payout_id, asset, amount, state, created_at FROM shop_payouts
           WHERE seller_id = $1 AND ($2::timestamptz IS NULL OR (created_at, payout_id) < ($2, $3))
           ORDER BY created_at DESC, payout_id DESC LIMIT $4""",
        seller.seller_id, *place_in_time(after), limit + 1,
    )  # fmt: skip
    return Payouts([_payout(work.shop, row) for row in rows[:limit]], next_in_time(rows, limit, "created_at", "payout_id"))


@post("/seller/payouts", status_code=201)
async def pay_out(data: JSONBody[PayoutWanted], work: CurrentWork) -> Payout:
    """From what is payable to the seller's trading account, at once."""
    seller = await seller_of(work, also_suspended=True)
    asset = work.shop.asset(data.asset).asset
    amount = work.shop.units(data.asset, data.amount)
    payout_id = await payouts.pay_out(work, seller.seller_id, seller.payable_account, asset, amount)
    work.answer_later(_paid_out, str(payout_id))
    return Payout(payout_id, _money(work.shop, asset, amount), "settling", milliseconds(work.now))


@told_later("payout ended")
async def _paid_out(shop: Shop, _: Shopper, payout_id: str) -> Payout:
    row = await shop.pool.fetchrow("SELECT * FROM shop_payouts WHERE payout_id = $1", uuid.UUID(payout_id))
    if row["state"] == "failed":
        raise ShopError(Refusal.INSUFFICIENT_BALANCE)
    return _payout(shop, row)


@get("/seller/entries")
async def seller_entries(work: CurrentWork, after: After = "", limit: Limit = PAGE_DEFAULT) -> Entries:
    """What went in and out of the payable account, with the balance after each entry, newest first."""
    seller = await seller_of(work, also_suspended=True)
    rows = await statements.entries(work.db, seller.payable_account, cursor_key(after, int, int, int), limit)
    items = [
        EntryInfo(row.time_ns // 1_000_000, row.text, row.subject_id if row.reason in (Reason.RELEASE, Reason.REFUND) else None,
                  _money(work.shop, row.asset, abs(row.amount)), _sign(row.amount), _money(work.shop, row.asset, row.balance))
        for row in rows
    ]  # fmt: skip
    return Entries(items, cursor(rows[-1].time_ns, *rows[-1].transfer_id) if len(rows) == limit else "")


# ---------------------------------------------------------------- shapes


def _money(shop: Shop, asset: int, units: int) -> Money:
    return Money(shop.asset(asset).name, shop.text(asset, units))


def _sign(amount: int) -> str:
    return "+" if amount > 0 else "-"


def _credit_balances(shop: Shop, account: int) -> list[Money]:
    return [_money(shop, asset, available) for asset, available, _ in shop.exchange.machine.balances(account)]


def _card(shop: Shop, row) -> GiftCard:
    return GiftCard(row["card_id"], _money(shop, row["asset"], row["amount"]), row["state"], milliseconds(row["created_at"]))


def _payout(shop: Shop, row) -> Payout:
    return Payout(row["payout_id"], _money(shop, row["asset"], row["amount"]), row["state"], milliseconds(row["created_at"]))


routes = [
    credit, list_gift_cards, buy_gift_card, redeem_gift_card, list_holds, wallet_entries, seller_balance, list_payouts, pay_out,
    seller_entries,
]  # fmt: skip
