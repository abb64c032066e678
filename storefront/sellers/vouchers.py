"""Vouchers as their issuers keep them: a seller's for their own goods, the platform's (seller None) for everybody's.

How a voucher is taken at a checkout and its uses are counted is storefront/checkout/vouchers.py.
"""

import uuid
from typing import Annotated, Literal

import asyncpg
import msgspec

from engine.types import PPM
from engine.units import UnitsError, parse_units
from storefront.errors import Refusal, ShopError
from storefront.http import AmountText, Answer, AssetName, Body, Moment, instant, milliseconds
from storefront.work import Shop, Work

VOUCHERS_MAX = 500  # of an issuer
PERCENT_DECIMALS = 4  # of a percentage: its smallest step is a millionth
_COLUMNS = "voucher_id, code, kind, ppm, asset, amount, items_min, uses_max, uses_per_user, uses, starts_at, ends_at, active, created_at"
Uses = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]


class NewVoucher(Body):
    """`percent` ("12.5") for kind percent; `amount`, of `asset`, for kind amount; `itemsMin`, of `asset`, for any."""

    code: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{3,40}$(?!\n)")]
    kind: Literal["percent", "amount", "free_shipping"]
    percent: AmountText | None = None
    amount: AmountText | None = None
    asset: AssetName | None = None
    items_min: AmountText | None = None
    uses_max: Uses | None = None
    uses_per_user: Uses | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None


class VoucherChange(Body):
    """An inactive voucher is taken nowhere."""

    active: bool


class VoucherInfo(Answer):
    """`text` says in words what it takes off; `uses` how often it was taken."""

    id: uuid.UUID
    code: str
    kind: str
    percent: str | None
    amount: str | None
    asset: str | None
    items_min: str | None
    uses_max: int | None
    uses_per_user: int | None
    uses: int
    starts_at: int | None
    ends_at: int | None
    active: bool
    created_at: int
    text: str


class Vouchers(Answer):
    items: list[VoucherInfo]


async def list_vouchers(work: Work, seller_id: uuid.UUID | None) -> Vouchers:
    """An issuer's, newest first."""
    rows = await work.db.fetch(
        f"SELECT {_COLUMNS} FROM shop_vouchers WHERE seller_id IS NOT DISTINCT FROM $1 ORDER BY created_at DESC, code LIMIT $2",
        seller_id, VOUCHERS_MAX,
    )  # fmt: skip
    return Vouchers([_info(work.shop, row) for row in rows])


async def add_voucher(work: Work, seller_id: uuid.UUID | None, wanted: NewVoucher) -> VoucherInfo:
    """Raises INVALID_REQUEST, UNKNOWN_ASSET, INVALID_AMOUNT; ALREADY_EXISTS: a code is one issuer's only; TOO_MANY."""
    shop = work.shop
    ppm, amount = _takes_off(shop, wanted)
    asset = None if wanted.asset is None else shop.asset(wanted.asset).asset
    if wanted.items_min is not None and asset is None:
        raise ShopError(Refusal.INVALID_REQUEST, "itemsMin needs the asset that it is in.")
    items_min = shop.units(asset, wanted.items_min) if wanted.items_min is not None else 0
    starts_at, ends_at = (None if at is None else instant(at) for at in (wanted.starts_at, wanted.ends_at))
    if starts_at and ends_at and ends_at <= starts_at:
        raise ShopError(Refusal.INVALID_REQUEST, "A voucher ends after it starts.")
    if await work.db.fetchval("SELECT count(*) FROM shop_vouchers WHERE seller_id IS NOT DISTINCT FROM $1", seller_id) >= VOUCHERS_MAX:
        raise ShopError(Refusal.TOO_MANY, f"There are {VOUCHERS_MAX} vouchers at most.")
    row = await work.db.fetchrow(
        f"""INSERT INTO shop_vouchers (voucher_id, code, seller_id, kind, ppm, asset, amount, items_min, uses_max, uses_per_user, starts_at,
                                       ends_at, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (code) DO NOTHING RETURNING {_COLUMNS}""",
        uuid.uuid4(), wanted.code.upper(), seller_id, wanted.kind, ppm, asset, amount, items_min, wanted.uses_max, wanted.uses_per_user,
        starts_at, ends_at, work.now,
    )  # fmt: skip
    if row is None:
        raise ShopError(Refusal.ALREADY_EXISTS, "There is a voucher with this code.")
    return _info(shop, row)


async def set_active(work: Work, seller_id: uuid.UUID | None, voucher_id: uuid.UUID, active: bool) -> VoucherInfo:
    """Raises NOT_FOUND, also for another issuer's."""
    row = await work.db.fetchrow(
        f"UPDATE shop_vouchers SET active = $3 WHERE voucher_id = $1 AND seller_id IS NOT DISTINCT FROM $2 RETURNING {_COLUMNS}",
        voucher_id, seller_id, active,
    )  # fmt: skip
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    return _info(work.shop, row)


def _takes_off(shop: Shop, wanted: NewVoucher) -> tuple[int | None, int | None]:
    """(ppm, amount), of which exactly the kind's is there. Raises INVALID_REQUEST, UNKNOWN_ASSET, INVALID_AMOUNT."""
    if (wanted.percent is None) == (wanted.kind == "percent") or (wanted.amount is None) == (wanted.kind == "amount"):
        raise ShopError(Refusal.INVALID_REQUEST, "percent is for vouchers of kind percent, amount for those of kind amount.")
    if wanted.percent is not None:
        try:
            ppm = parse_units(wanted.percent, PERCENT_DECIMALS)
        except UnitsError:
            ppm = 0
        if not 0 < ppm <= PPM:
            raise ShopError(Refusal.INVALID_REQUEST, "percent is above 0, at most 100, and has at most four decimals.")
        return ppm, None
    if wanted.amount is not None:
        if wanted.asset is None:
            raise ShopError(Refusal.INVALID_REQUEST, "amount needs the asset that it is in.")
        amount = shop.units(wanted.asset, wanted.amount)
        if amount < 1:
            raise ShopError(Refusal.INVALID_AMOUNT)
        return None, amount
    return None, None


def percent_text(ppm: int) -> str:
    """Millionths as percent, without needless zeros: 125000 is "12.5"."""
    whole, rest = divmod(ppm, 10**PERCENT_DECIMALS)
    return f"{whole}.{rest:0{PERCENT_DECIMALS}d}".rstrip("0").rstrip(".")


def voucher_text(shop: Shop, row: asyncpg.Record) -> str:
    """What a row of shop_vouchers takes off, in words."""
    asset = None if row["asset"] is None else shop.asset(row["asset"]).name
    if row["kind"] == "percent":
        text = f"{percent_text(row['ppm'])} % off"
    elif row["kind"] == "amount":
        text = f"{shop.text(row['asset'], row['amount'])} {asset} off"
    else:
        text = "Free shipping"
    return f"{text} from {shop.text(row['asset'], row['items_min'])} {asset}" if row["items_min"] else text


def _info(shop: Shop, row: asyncpg.Record) -> VoucherInfo:
    asset = row["asset"]
    starts_at, ends_at = (None if row[name] is None else milliseconds(row[name]) for name in ("starts_at", "ends_at"))
    return VoucherInfo(
        row["voucher_id"], row["code"], row["kind"], None if row["ppm"] is None else percent_text(row["ppm"]),
        None if row["amount"] is None else shop.text(asset, row["amount"]), None if asset is None else shop.asset(asset).name,
        shop.text(asset, row["items_min"]) if row["items_min"] else None, row["uses_max"], row["uses_per_user"], row["uses"],
        starts_at, ends_at, row["active"], milliseconds(row["created_at"]), voucher_text(shop, row),
    )  # fmt: skip
