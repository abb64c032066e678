"""HTTP of the moderation room: sellers, categories, collections, taxes, the platform's vouchers and figures, blocking, the trail."""

import json
import uuid
from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter
from msgspec import UNSET, UnsetType

from engine.types import PPM
from storefront.errors import Refusal, ShopError
from storefront.http import (
    PAGE_DEFAULT,
    After,
    Answer,
    Body,
    Country,
    CurrentWork,
    Limit,
    Money,
    cursor,
    cursor_key,
    line,
    milliseconds,
    prose,
)
from storefront.moderation import blocking, taxes
from storefront.moderation import categories as tree
from storefront.moderation import collections as shelves
from storefront.moderation import overview as looking
from storefront.moderation.settings import ShopSettings, change_settings, settings
from storefront.moderation.trace import trace
from storefront.sellers import profile, vouchers
from storefront.sellers.vouchers import NewVoucher, VoucherChange, VoucherInfo, Vouchers
from storefront.work import Work

_INT4_MAX = 2**31 - 1
Ppm = Annotated[int, msgspec.Meta(ge=0, le=PPM)]
Slug = Annotated[str, msgspec.Meta(min_length=2, max_length=50, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)")]
SlugInPath = Annotated[str, PathParameter(max_length=60, pattern=r"^[^\x00]*$")]
Position = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
CategoryId = Annotated[int, msgspec.Meta(ge=0, le=_INT4_MAX)]
TaxClass = Literal["standard", "reduced", "zero"]
Name = line(2, 60)
Figure = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
StateInQuery = Annotated[Literal["applied", "approved", "rejected", "suspended"] | None, QueryParameter(name="state")]
OrderIdInQuery = Annotated[uuid.UUID | None, QueryParameter(name="orderId")]
_DECISIONS = {"approve": "approved", "reject": "rejected", "suspend": "suspended"}


class Note(Body):
    note: prose(0, 1000) = ""


class Terms(Body):
    """`commissionPpm` null: the category's or the platform's."""

    commission_ppm: Ppm | None | UnsetType = UNSET
    reserve_ppm: Ppm | UnsetType = UNSET
    reserve_days: Annotated[int, msgspec.Meta(ge=0, le=180)] | UnsetType = UNSET


class ModeratedSeller(Answer):
    """`commissionPpm` is what holds now, `ownCommissionPpm` the seller's own rate if there is one."""

    id: uuid.UUID
    state: str
    note: str
    slug: str
    name: str
    about: str
    country: str
    commission_ppm: int
    own_commission_ppm: int | None
    reserve_ppm: int
    reserve_days: int
    sales_count: int
    email: str
    created_at: int


class ModeratedSellers(Answer):
    items: list[ModeratedSeller]
    next: str


class NewCategory(Body):
    name: Name
    slug: Slug | None = None
    parent_id: CategoryId | None = None
    position: Position = 0
    commission_ppm: Ppm | None = None
    tax_class: TaxClass = "standard"


class CategoryChange(Body):
    """`parentId` null: to the top; `commissionPpm` null: its parent's or the platform's."""

    name: Name | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    parent_id: CategoryId | None | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    commission_ppm: Ppm | None | UnsetType = UNSET
    tax_class: TaxClass | UnsetType = UNSET


class CategoryInfo(Answer):
    id: int
    parent_id: int | None
    slug: str
    name: str
    count: int
    position: int
    commission_ppm: int | None
    tax_class: str


class Categories(Answer):
    items: list[CategoryInfo]


class NewCollection(Body):
    """`rule` (a search: the query of GET /shop/products) or `products`."""

    name: Name
    slug: Slug | None = None
    position: Position = 0
    rule: dict[str, Any] | None = None
    products: Annotated[list[uuid.UUID], msgspec.Meta(max_length=shelves.PRODUCTS_MAX)] = []


class CollectionChange(Body):
    """A rule takes the place of the products, and they of it."""

    name: Name | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    rule: dict[str, Any] | None = None
    products: Annotated[list[uuid.UUID], msgspec.Meta(max_length=shelves.PRODUCTS_MAX)] | None = None


class CollectionInfo(Answer):
    """`count` of the products named; 0 where a rule finds them."""

    slug: str
    name: str
    count: int
    position: int
    rule: dict[str, Any] | None
    products: list[uuid.UUID]


class Collections(Answer):
    items: list[CollectionInfo]


class TaxRateWanted(Body):
    country: Country
    tax_class: TaxClass
    name: line(1, 40)
    ppm: Ppm
    inclusive: bool


class TaxRatesWanted(Body):
    rates: Annotated[list[TaxRateWanted], msgspec.Meta(max_length=taxes.RATES_MAX)]


class TaxRateInfo(Answer):
    country: str
    tax_class: str
    name: str
    ppm: int
    inclusive: bool


class TaxRates(Answer):
    rates: list[TaxRateInfo]


class SettingsChange(Body):
    commission_ppm: Figure | UnsetType = UNSET
    auto_release_days: Figure | UnsetType = UNSET
    reservation_minutes: Figure | UnsetType = UNSET
    quote_seconds: Figure | UnsetType = UNSET
    slippage_ppm: Figure | UnsetType = UNSET
    return_days: Figure | UnsetType = UNSET


class SettingsInfo(Answer):
    commission_ppm: int
    auto_release_days: int
    reservation_minutes: int
    quote_seconds: int
    slippage_ppm: int
    return_days: int


class OverviewInfo(Answer):
    """What waits, and the sums of all orders that were paid."""

    sellers_waiting: int
    disputes_open: int
    stuck: int
    reviews_hidden: int
    volume: list[Money]
    commission: list[Money]
    escrow: list[Money]


class ProductState(Body):
    state: Literal["blocked", "active"]


class ModeratedProduct(Answer):
    id: uuid.UUID
    slug: str
    title: str
    state: str


class ReviewState(Body):
    hidden: bool


class ModeratedReview(Answer):
    id: uuid.UUID
    product_id: uuid.UUID
    rating: int
    hidden: bool


class Transition(Answer):
    id: int
    order_id: uuid.UUID
    axis: str
    event: str
    before: str
    after: str
    actor: str
    user_id: int | None
    detail: dict[str, Any]
    text: str
    at: int


class Transitions(Answer):
    items: list[Transition]
    next: str


# ---------------------------------------------------------------- overview and sellers


@get("/admin/overview")
async def overview(work: CurrentWork) -> OverviewInfo:
    """What waits for a moderator, and what the shop has come to."""
    work.moderator()
    found = await looking.overview(work.db)
    sums = ([_money(work, asset, units) for asset, units in by_asset.items()] for by_asset in found[4:])
    return OverviewInfo(*found[:4], *sums)


@get("/admin/sellers")
async def list_sellers(work: CurrentWork, standing: StateInQuery = None, after: After = "",
                       limit: Limit = PAGE_DEFAULT) -> ModeratedSellers:  # fmt: skip
    """Sellers, who applied first first; with `state`, those in it."""
    work.moderator()
    micros, seller_id = cursor_key(after, int, uuid.UUID) or (None, None)
    rows = await work.db.fetch(
        """SELECT seller_id, state, note, slug, name, about, country, commission_ppm, reserve_ppm, reserve_days, sales_count, email,
                  applied_at, (extract(epoch FROM applied_at) * 1000000)::bigint AS micros
           FROM shop_sellers JOIN users USING (user_id)
           WHERE ($1::text IS NULL OR state = $1)
             AND ($2::bigint IS NULL OR ((extract(epoch FROM applied_at) * 1000000)::bigint, seller_id) > ($2, $3::uuid))
           ORDER BY micros, seller_id LIMIT $4""", standing, micros, seller_id, limit + 1,
    )  # fmt: skip
    platform = (await settings(work.db)).commission_ppm
    page = rows[:limit]
    following = cursor(page[-1]["micros"], page[-1]["seller_id"]) if len(rows) > limit else ""
    return ModeratedSellers([_seller(row, platform) for row in page], following)


@post("/admin/sellers/{seller_id:uuid}/{decision:str}", status_code=200)
async def decide_seller(seller_id: FromPath[uuid.UUID], decision: FromPath[Literal["approve", "reject", "suspend"]], data: JSONBody[Note],
                        work: CurrentWork) -> ModeratedSeller:  # fmt: skip
    """Approve or reject who applied, suspend who sells, approve again who was suspended."""
    moderator = work.moderator()
    state = _DECISIONS[decision]
    await profile.decide(work.shop, work.db, seller_id, state, data.note, moderator.user_id, work.now)
    await trace(work.db, moderator.user_id, f"SELLER_{state.upper()}", f"{seller_id} {data.note}")
    return await _one_seller(work, seller_id)


@patch("/admin/sellers/{seller_id:uuid}", status_code=200)
async def change_terms(seller_id: FromPath[uuid.UUID], data: JSONBody[Terms], work: CurrentWork) -> ModeratedSeller:
    """The seller's commission and reserve, of orders and releases from now on."""
    moderator = work.moderator()
    await profile.lock(work.db, seller_id)
    for column, value in _given(data).items():
        await work.db.execute(f"UPDATE shop_sellers SET {column} = $2 WHERE seller_id = $1", seller_id, value)
    await trace(work.db, moderator.user_id, "SELLER_TERMS", f"{seller_id} {json.dumps(_given(data))}")
    return await _one_seller(work, seller_id)


# ---------------------------------------------------------------- the catalog's frame


@get("/admin/categories")
async def list_categories(work: CurrentWork) -> Categories:
    """All categories with their terms."""
    work.moderator()
    return Categories([_category(row) for row in await tree.categories(work.db)])


@post("/admin/categories", status_code=201)
async def add_category(data: JSONBody[NewCategory], work: CurrentWork) -> CategoryInfo:
    """A new category."""
    moderator = work.moderator()
    columns = {name: getattr(data, name) for name in ("name", "parent_id", "position", "commission_ppm", "tax_class")}
    row = await tree.add_category(work.db, data.slug, columns)
    await trace(work.db, moderator.user_id, "CATEGORY_ADDED", row.slug)
    return _category(row)


@patch("/admin/categories/{category_id:int}", status_code=200)
async def change_category(category_id: FromPath[int], data: JSONBody[CategoryChange], work: CurrentWork) -> CategoryInfo:
    """Change a category's name, place or terms."""
    moderator = work.moderator()
    if not 0 <= category_id <= _INT4_MAX:
        raise ShopError(Refusal.NOT_FOUND)
    columns = _given(data)
    slug = columns.pop("slug", None)
    row = await tree.change_category(work.db, category_id, slug, columns)
    await trace(work.db, moderator.user_id, "CATEGORY_CHANGED", f"{row.slug} {json.dumps(columns)}")
    return _category(row)


@get("/admin/collections")
async def list_collections(work: CurrentWork) -> Collections:
    """All collections, with what they hold."""
    work.moderator()
    return Collections([_collection(row) for row in await shelves.collections(work.db)])


@post("/admin/collections", status_code=201)
async def add_collection(data: JSONBody[NewCollection], work: CurrentWork) -> CollectionInfo:
    """A new collection."""
    moderator = work.moderator()
    row = await shelves.add_collection(work, data.slug, data.name, data.position, data.rule, data.products)
    await trace(work.db, moderator.user_id, "COLLECTION_ADDED", row.slug)
    return _collection(row)


@patch("/admin/collections/{slug:str}", status_code=200)
async def change_collection(slug: SlugInPath, data: JSONBody[CollectionChange], work: CurrentWork) -> CollectionInfo:
    """Change a collection's name, place, or what it holds."""
    moderator = work.moderator()
    columns = {name: value for name, value in _given(data).items() if name in ("name", "position")}
    row = await shelves.change_collection(work, slug, columns, rule=data.rule, products=data.products)
    await trace(work.db, moderator.user_id, "COLLECTION_CHANGED", row.slug)
    return _collection(row)


@delete("/admin/collections/{slug:str}", status_code=200)
async def remove_collection(slug: SlugInPath, work: CurrentWork) -> dict[str, str]:
    """The collection, not its products."""
    moderator = work.moderator()
    await shelves.remove_collection(work.db, slug)
    await trace(work.db, moderator.user_id, "COLLECTION_REMOVED", slug)
    return {}


# ---------------------------------------------------------------- taxes, vouchers, figures


@get("/admin/taxes")
async def list_taxes(work: CurrentWork) -> TaxRates:
    """The platform's tax rates."""
    work.moderator()
    return TaxRates([TaxRateInfo(*rate) for rate in await taxes.tax_rates(work.db)])


@put("/admin/taxes", status_code=200)
async def replace_taxes(data: JSONBody[TaxRatesWanted], work: CurrentWork) -> TaxRates:
    """These rates, and no others, for checkouts from now on."""
    moderator = work.moderator()
    wanted = [taxes.TaxRate(rate.country, rate.tax_class, rate.name, rate.ppm, rate.inclusive) for rate in data.rates]
    rates = await taxes.replace_tax_rates(work.db, wanted)
    await trace(work.db, moderator.user_id, "TAXES", f"{len(rates)} rates")
    return TaxRates([TaxRateInfo(*rate) for rate in rates])


@get("/admin/vouchers")
async def list_vouchers(work: CurrentWork) -> Vouchers:
    """The platform's vouchers, newest first."""
    work.moderator()
    return await vouchers.list_vouchers(work, None)


@post("/admin/vouchers", status_code=201)
async def add_voucher(data: JSONBody[NewVoucher], work: CurrentWork) -> VoucherInfo:
    """A voucher for every seller's goods."""
    moderator = work.moderator()
    made = await vouchers.add_voucher(work, None, data)
    await trace(work.db, moderator.user_id, "VOUCHER_ADDED", made.code)
    return made


@patch("/admin/vouchers/{voucher_id:uuid}", status_code=200)
async def change_voucher(voucher_id: FromPath[uuid.UUID], data: JSONBody[VoucherChange], work: CurrentWork) -> VoucherInfo:
    """Switch a voucher of the platform on or off."""
    moderator = work.moderator()
    changed = await vouchers.set_active(work, None, voucher_id, data.active)
    await trace(work.db, moderator.user_id, "VOUCHER_ON" if data.active else "VOUCHER_OFF", changed.code)
    return changed


@get("/admin/settings")
async def read_settings(work: CurrentWork) -> SettingsInfo:
    """The platform's figures."""
    work.moderator()
    return SettingsInfo(*await settings(work.db))


@patch("/admin/settings", status_code=200)
async def patch_settings(data: JSONBody[SettingsChange], work: CurrentWork) -> SettingsInfo:
    """Change figures, for what begins from now on."""
    moderator = work.moderator()
    changed: ShopSettings = await change_settings(work.db, _given(data), moderator.user_id, work.now)
    await trace(work.db, moderator.user_id, "SHOP_SETTINGS", json.dumps(_given(data)))
    return SettingsInfo(*changed)


# ---------------------------------------------------------------- blocking, and the trail


@patch("/admin/products/{product_id:uuid}", status_code=200)
async def moderate_product(product_id: FromPath[uuid.UUID], data: JSONBody[ProductState], work: CurrentWork) -> ModeratedProduct:
    """Take a product off the shop, or give it back."""
    moderator = work.moderator()
    product = await blocking.set_blocked(work.db, product_id, data.state == "blocked")
    await trace(work.db, moderator.user_id, f"PRODUCT_{data.state.upper()}", str(product_id))
    return ModeratedProduct(*product)


@patch("/admin/reviews/{review_id:uuid}", status_code=200)
async def moderate_review(review_id: FromPath[uuid.UUID], data: JSONBody[ReviewState], work: CurrentWork) -> ModeratedReview:
    """Hide a review, or show it again."""
    moderator = work.moderator()
    review = await blocking.set_hidden(work.db, review_id, data.hidden)
    await trace(work.db, moderator.user_id, "REVIEW_HIDDEN" if data.hidden else "REVIEW_SHOWN", str(review_id))
    return ModeratedReview(*review)


@get("/admin/audit")
async def audit(work: CurrentWork, order_id: OrderIdInQuery = None, after: After = "",
                limit: Limit = PAGE_DEFAULT) -> Transitions:  # fmt: skip
    """Every change of an order's states, newest first; with `orderId`, of that order."""
    work.moderator()
    (before,) = cursor_key(after, int) or (None,)
    rows = await looking.transitions(work.db, order_id, before, limit + 1)
    page = rows[:limit]
    return Transitions([_transition(row) for row in page], cursor(page[-1]["transition_id"]) if len(rows) > limit else "")


# ---------------------------------------------------------------- shapes


def _given(change: Body) -> dict[str, Any]:
    """The fields that were sent, by their columns' names."""
    return {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}


def _money(work: Work, asset: int, units: int) -> Money:
    return Money(work.shop.asset(asset).name, work.shop.text(asset, units))


async def _one_seller(work: Work, seller_id: uuid.UUID) -> ModeratedSeller:
    row = await work.db.fetchrow(
        """SELECT seller_id, state, note, slug, name, about, country, commission_ppm, reserve_ppm, reserve_days, sales_count, email,
                  applied_at FROM shop_sellers JOIN users USING (user_id) WHERE seller_id = $1""", seller_id,
    )  # fmt: skip
    return _seller(row, (await settings(work.db)).commission_ppm)


def _seller(row, platform_ppm: int) -> ModeratedSeller:
    own = row["commission_ppm"]
    return ModeratedSeller(
        row["seller_id"], row["state"], row["note"], row["slug"], row["name"], row["about"], row["country"],
        platform_ppm if own is None else own, own, row["reserve_ppm"], row["reserve_days"], row["sales_count"], row["email"],
        milliseconds(row["applied_at"]),
    )  # fmt: skip


def _category(row: tree.CategoryRow) -> CategoryInfo:
    return CategoryInfo(row.category_id, row.parent_id, row.slug, row.name, row.count, row.position, row.commission_ppm, row.tax_class)


def _collection(row: shelves.CollectionRow) -> CollectionInfo:
    return CollectionInfo(row.slug, row.name, len(row.products), row.position, row.rule, row.products)


def _transition(row) -> Transition:
    detail = json.loads(row["detail"])
    text = f"{row['actor']}: {row['event']} ({row['axis']} {row['before']} → {row['after']})"
    return Transition(row["transition_id"], row["order_id"], row["axis"], row["event"], row["before"], row["after"], row["actor"],
                      row["user_id"], detail, text, milliseconds(row["at"]))  # fmt: skip


HANDLERS = [
    overview, list_sellers, decide_seller, change_terms, list_categories, add_category, change_category, list_collections, add_collection,
    change_collection, remove_collection, list_taxes, replace_taxes, list_vouchers, add_voucher, change_voucher, read_settings,
    patch_settings, moderate_product, moderate_review, audit,
]  # fmt: skip
