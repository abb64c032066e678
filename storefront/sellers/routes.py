"""HTTP of the sellers room: applying, the profile, shipping zones and methods, vouchers."""

import uuid
from typing import Annotated

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import FromPath, JSONBody

from storefront.catalog.words import refresh_seller
from storefront.errors import Refusal, ShopError
from storefront.http import AmountText, Answer, AssetName, Body, Country, CurrentWork, line, prose
from storefront.moderation.settings import settings
from storefront.sellers import profile, vouchers, zones
from storefront.sellers.profile import SellerRow, seller_of
from storefront.sellers.vouchers import NewVoucher, VoucherChange, VoucherInfo, Vouchers
from storefront.sellers.zones import MethodRow, ZoneRow
from storefront.work import Work

Days = Annotated[int, msgspec.Meta(ge=0, le=365)]
SellerName = line(2, 60)
About = prose(0, 4000)


class Application(Body):
    name: SellerName
    country: Country
    about: About = ""


class ProfileChange(Body):
    name: SellerName | None = None
    about: About | None = None


class SellerInfo(Answer):
    """`state` is none, applied, approved, rejected or suspended; `note` is the moderator's; the terms are those that hold now."""

    state: str
    note: str
    slug: str
    name: str
    about: str
    country: str
    commission_ppm: int
    reserve_ppm: int
    reserve_days: int


class ZoneWanted(Body):
    """No countries: the rest of the world."""

    name: line(1, 60)
    countries: Annotated[list[Country], msgspec.Meta(max_length=260)]


class MethodWanted(Body):
    """Amounts are of `asset`; `pricePerKg` is for each started kilogram, `freeFrom` the items' total from which it costs nothing."""

    name: line(1, 60)
    asset: AssetName
    base_price: AmountText
    price_per_kg: AmountText = "0"
    free_from: AmountText | None = None
    weight_max_g: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] | None = None
    days_min: Days = 1
    days_max: Days = 5


class MethodInfo(Answer):
    id: uuid.UUID
    name: str
    asset: str
    base_price: str
    price_per_kg: str
    free_from: str | None
    weight_max_g: int | None
    days_min: int
    days_max: int


class ZoneInfo(Answer):
    id: uuid.UUID
    name: str
    countries: list[str]
    methods: list[MethodInfo]


class Zones(Answer):
    items: list[ZoneInfo]


# ---------------------------------------------------------------- the seller


@get("/seller")
async def own_seller(work: CurrentWork) -> SellerInfo:
    """The seller that the user is; state none where they never applied."""
    return await _seller_info(work, await profile.find(work.db, work.user().user_id))


@post("/seller", status_code=201)
async def apply(data: JSONBody[Application], work: CurrentWork) -> SellerInfo:
    """Ask to sell; a moderator decides."""
    return await _seller_info(work, await profile.apply(work.db, work.user().user_id, data.name, data.country, data.about, work.now))


@patch("/seller", status_code=200)
async def change_seller(data: JSONBody[ProfileChange], work: CurrentWork) -> SellerInfo:
    """Change what the seller's page says."""
    seller = await seller_of(work)
    changed = await profile.change(work.db, seller.seller_id, data.name, data.about)
    if changed.name != seller.name:
        await refresh_seller(work.db, seller.seller_id)  # products are found by it
    return await _seller_info(work, changed)


# ---------------------------------------------------------------- shipping


@get("/seller/zones")
async def list_zones(work: CurrentWork) -> Zones:
    """Where the seller sends to, and for how much."""
    seller = await seller_of(work)
    return Zones([_zone_info(work, zone) for zone in await zones.zones(work.db, seller.seller_id)])


@post("/seller/zones", status_code=201)
async def add_zone(data: JSONBody[ZoneWanted], work: CurrentWork) -> ZoneInfo:
    """A new zone, without methods."""
    seller = await seller_of(work)
    return _zone_info(work, await zones.add_zone(work.db, seller.seller_id, data.name, data.countries))


@put("/seller/zones/{zone_id:uuid}", status_code=200)
async def change_zone(zone_id: FromPath[uuid.UUID], data: JSONBody[ZoneWanted], work: CurrentWork) -> ZoneInfo:
    """Another name, other countries."""
    seller = await seller_of(work)
    return _zone_info(work, await zones.change_zone(work.db, seller.seller_id, zone_id, data.name, data.countries))


@delete("/seller/zones/{zone_id:uuid}", status_code=200)
async def remove_zone(zone_id: FromPath[uuid.UUID], work: CurrentWork) -> dict[str, str]:
    """The zone and its methods."""
    seller = await seller_of(work)
    await zones.remove_zone(work.db, seller.seller_id, zone_id)
    return {}


@post("/seller/zones/{zone_id:uuid}/methods", status_code=201)
async def add_method(zone_id: FromPath[uuid.UUID], data: JSONBody[MethodWanted], work: CurrentWork) -> MethodInfo:
    """A new way of sending within a zone."""
    seller = await seller_of(work)
    method = _method(work, uuid.uuid4(), zone_id, data)
    await zones.add_method(work.db, seller.seller_id, zone_id, method)
    return _method_info(work, method)


@put("/seller/methods/{method_id:uuid}", status_code=200)
async def change_method(method_id: FromPath[uuid.UUID], data: JSONBody[MethodWanted], work: CurrentWork) -> MethodInfo:
    """All of a method anew; checkouts that are open keep the price they were told."""
    seller = await seller_of(work)
    method = _method(work, method_id, uuid.UUID(int=0), data)
    await zones.change_method(work.db, seller.seller_id, method)
    return _method_info(work, method)


@delete("/seller/methods/{method_id:uuid}", status_code=200)
async def remove_method(method_id: FromPath[uuid.UUID], work: CurrentWork) -> dict[str, str]:
    """The method; orders keep its name."""
    seller = await seller_of(work)
    await zones.remove_method(work.db, seller.seller_id, method_id)
    return {}


# ---------------------------------------------------------------- vouchers


@get("/seller/vouchers")
async def list_vouchers(work: CurrentWork) -> Vouchers:
    """The seller's vouchers, newest first."""
    return await vouchers.list_vouchers(work, (await seller_of(work)).seller_id)


@post("/seller/vouchers", status_code=201)
async def add_voucher(data: JSONBody[NewVoucher], work: CurrentWork) -> VoucherInfo:
    """A voucher for the seller's goods."""
    return await vouchers.add_voucher(work, (await seller_of(work)).seller_id, data)


@patch("/seller/vouchers/{voucher_id:uuid}", status_code=200)
async def change_voucher(voucher_id: FromPath[uuid.UUID], data: JSONBody[VoucherChange], work: CurrentWork) -> VoucherInfo:
    """Switch a voucher on or off."""
    return await vouchers.set_active(work, (await seller_of(work)).seller_id, voucher_id, data.active)


# ---------------------------------------------------------------- shapes


async def _seller_info(work: Work, seller: SellerRow | None) -> SellerInfo:
    platform = (await settings(work.db)).commission_ppm
    if seller is None:
        return SellerInfo("none", "", "", "", "", "", platform, 0, 0)
    commission = platform if seller.commission_ppm is None else seller.commission_ppm
    return SellerInfo(seller.state, seller.note, seller.slug, seller.name, seller.about, seller.country, commission, seller.reserve_ppm,
                      seller.reserve_days)  # fmt: skip


def _zone_info(work: Work, zone: ZoneRow) -> ZoneInfo:
    return ZoneInfo(zone.zone_id, zone.name, zone.countries, [_method_info(work, method) for method in zone.methods])


def _method_info(work: Work, method: MethodRow) -> MethodInfo:
    def text(units: int) -> str:
        return work.shop.text(method.asset, units)

    return MethodInfo(
        method.method_id, method.name, work.shop.asset(method.asset).name, text(method.base_price), text(method.price_per_kg),
        None if method.free_from is None else text(method.free_from), method.weight_max_g, method.days_min, method.days_max,
    )  # fmt: skip


def _method(work: Work, method_id: uuid.UUID, zone_id: uuid.UUID, data: MethodWanted) -> MethodRow:
    """Raises UNKNOWN_ASSET, INVALID_AMOUNT, INVALID_REQUEST."""
    if data.days_max < data.days_min:
        raise ShopError(Refusal.INVALID_REQUEST, "daysMax is not below daysMin.")
    units = work.shop.units
    free_from = None if data.free_from is None else units(data.asset, data.free_from)
    if free_from == 0:
        raise ShopError(Refusal.INVALID_REQUEST, "freeFrom is above 0; a method that always is free has basePrice 0.")
    return MethodRow(method_id, zone_id, data.name, work.shop.asset(data.asset).asset, units(data.asset, data.base_price),
                     units(data.asset, data.price_per_kg), free_from, data.weight_max_g, data.days_min, data.days_max)  # fmt: skip


HANDLERS = [own_seller, apply, change_seller, list_zones, add_zone, change_zone, remove_zone, add_method, change_method, remove_method,
            list_vouchers, add_voucher, change_voucher]  # fmt: skip
