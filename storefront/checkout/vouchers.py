"""Vouchers at checkout: whether one holds, its use claimed at confirmation and given back once.

A use is claimed under the voucher's row lock, which the claiming transaction keeps to its end: so `uses` never passes `uses_max`, nor one
user's uses `uses_per_user`, however many confirm at once. A use is a row; whoever deletes it gives it back.
"""

import datetime
import uuid
from collections.abc import Sequence

import asyncpg

from storefront.checkout.pricing import Voucher
from storefront.errors import Refusal, ShopError
from storefront.work import Shop

CODE_MAX = 40
_FIND = """
SELECT v.*, (SELECT count(*) FROM shop_voucher_uses u WHERE u.voucher_id = v.voucher_id AND u.user_id = $2) AS used_by_user
FROM shop_vouchers v WHERE code = $1"""
_IN_FORCE = "active AND (starts_at IS NULL OR starts_at <= $2) AND (ends_at IS NULL OR ends_at > $2)"
_CLAIM = f"""
UPDATE shop_vouchers SET uses = uses + 1 WHERE voucher_id = $1 AND {_IN_FORCE} AND (uses_max IS NULL OR uses < uses_max)
RETURNING uses_per_user"""
_HOLDS = f"SELECT {_IN_FORCE} FROM shop_vouchers WHERE voucher_id = $1"
_NOTE_USE = """
INSERT INTO shop_voucher_uses (voucher_id, checkout_id, user_id, used_at) SELECT $1, $2, $3, $4
WHERE $5::int IS NULL OR $5 > (SELECT count(*) FROM shop_voucher_uses WHERE voucher_id = $1 AND user_id = $3) RETURNING true"""
_GIVE_BACK = """
WITH ended AS (DELETE FROM shop_voucher_uses WHERE checkout_id = ANY($1) RETURNING voucher_id),
     counted AS (SELECT voucher_id, count(*)::int AS n FROM ended GROUP BY 1)
UPDATE shop_vouchers v SET uses = uses - n FROM counted WHERE v.voucher_id = counted.voucher_id RETURNING n"""


async def find(db: asyncpg.Connection, code: str, user_id: int, now: datetime.datetime) -> asyncpg.Record:
    """The voucher of a code, if the user may use it now. Raises VOUCHER_INVALID, VOUCHER_USED_UP."""
    row = await db.fetchrow(_FIND, code.upper(), user_id) if "\0" not in code else None
    if row is None or not row["active"]:
        raise ShopError(Refusal.VOUCHER_INVALID, "There is no such voucher.")
    if row["starts_at"] and now < row["starts_at"]:
        raise ShopError(Refusal.VOUCHER_INVALID, "This voucher does not hold yet.")
    if row["ends_at"] and now >= row["ends_at"]:
        raise ShopError(Refusal.VOUCHER_INVALID, "This voucher has expired.")
    if row["uses_max"] is not None and row["uses"] >= row["uses_max"]:
        raise ShopError(Refusal.VOUCHER_USED_UP)
    if row["uses_per_user"] is not None and row["used_by_user"] >= row["uses_per_user"]:
        raise ShopError(Refusal.VOUCHER_USED_UP, "You have used this voucher already.")
    return row


def terms(row: asyncpg.Record) -> Voucher:
    """What pricing needs of it."""
    return Voucher(row["kind"], row["seller_id"], row["asset"], row["ppm"] or 0, row["amount"] or 0, row["items_min"])


def in_words(shop: Shop, row: asyncpg.Record) -> str:
    if row["kind"] == "free_shipping":
        return "Free shipping"
    if row["kind"] == "percent":
        return f"{row['ppm'] / 10_000:g} % off"
    return f"{_money(shop, row['asset'], row['amount'])} off"


def minimum_in_words(shop: Shop, row: asyncpg.Record) -> str:
    return f" from {_money(shop, row['asset'], row['items_min'])} on" if row["items_min"] else ""


def _money(shop: Shop, asset: int, units: int) -> str:
    whole, _, fraction = shop.text(asset, units).partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}{'.' if fraction else ''}{fraction} {shop.asset(asset).name}"


async def claim(db: asyncpg.Connection, voucher_id: uuid.UUID, checkout_id: uuid.UUID, user_id: int, now: datetime.datetime) -> None:
    """Use it for a checkout. Raises VOUCHER_USED_UP, VOUCHER_INVALID, which takes the transaction back."""
    claimed = await db.fetchrow(_CLAIM, voucher_id, now)
    if claimed is None and not await db.fetchval(_HOLDS, voucher_id, now):
        raise ShopError(Refusal.VOUCHER_INVALID, "This voucher does not hold any more.")
    if claimed is None or not await db.fetchval(_NOTE_USE, voucher_id, checkout_id, user_id, now, claimed["uses_per_user"]):
        raise ShopError(Refusal.VOUCHER_USED_UP)


async def give_back(db: asyncpg.Connection, checkout_id: uuid.UUID) -> bool:
    """The use of a checkout that failed or whose orders are all cancelled; False where there is none (any more)."""
    return bool(await give_back_many(db, [checkout_id]))


async def give_back_many(db: asyncpg.Connection, checkout_ids: Sequence[uuid.UUID]) -> int:
    """As `give_back`; how many uses."""
    return sum(row["n"] for row in await db.fetch(_GIVE_BACK, checkout_ids))
