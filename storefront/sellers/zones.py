"""A seller's shipping zones and methods: kept by their owner, read by storefront/sellers/shipping.py."""

import uuid
from typing import NamedTuple

import asyncpg

from storefront.errors import Refusal, ShopError
from storefront.sellers import profile

ZONES_MAX, METHODS_MAX = 30, 10  # of a seller; of a zone
_METHOD = "method_id, zone_id, name, asset, base_price, price_per_kg, free_from, weight_max_g, days_min, days_max"


class MethodRow(NamedTuple):
    """Amounts in units of `asset`; `price_per_kg` is for each started kilogram."""

    method_id: uuid.UUID
    zone_id: uuid.UUID
    name: str
    asset: int
    base_price: int
    price_per_kg: int
    free_from: int | None
    weight_max_g: int | None
    days_min: int
    days_max: int


class ZoneRow(NamedTuple):
    """`countries` is empty for the rest of the world."""

    zone_id: uuid.UUID
    name: str
    countries: list[str]
    methods: list[MethodRow]


async def zones(db: asyncpg.Connection, seller_id: uuid.UUID) -> list[ZoneRow]:
    """By name, the methods of each cheapest first."""
    methods = await db.fetch(
        f"""SELECT {_METHOD} FROM shop_shipping_methods
            WHERE zone_id IN (SELECT zone_id FROM shop_shipping_zones WHERE seller_id = $1) ORDER BY base_price, name, method_id""",
        seller_id,
    )  # fmt: skip
    rows = await db.fetch("SELECT zone_id, name, countries FROM shop_shipping_zones WHERE seller_id = $1 ORDER BY name, zone_id", seller_id)
    return [ZoneRow(*row, [MethodRow(*method) for method in methods if method["zone_id"] == row["zone_id"]]) for row in rows]


async def zone(db: asyncpg.Connection, seller_id: uuid.UUID, zone_id: uuid.UUID) -> ZoneRow:
    """Raises NOT_FOUND, also for another seller's."""
    found = next((row for row in await zones(db, seller_id) if row.zone_id == zone_id), None)
    if found is None:
        raise ShopError(Refusal.NOT_FOUND)
    return found


async def add_zone(db: asyncpg.Connection, seller_id: uuid.UUID, name: str, countries: list[str]) -> ZoneRow:
    """Raises TOO_MANY."""
    await profile.lock(db, seller_id)  # who counts, adds
    if await db.fetchval("SELECT count(*) FROM shop_shipping_zones WHERE seller_id = $1", seller_id) >= ZONES_MAX:
        raise ShopError(Refusal.TOO_MANY, f"A seller has at most {ZONES_MAX} zones.")
    zone_id = uuid.uuid4()
    countries = sorted(set(countries))
    await db.execute("INSERT INTO shop_shipping_zones VALUES ($1, $2, $3, $4)", zone_id, seller_id, name, countries)
    return ZoneRow(zone_id, name, countries, [])


async def change_zone(db: asyncpg.Connection, seller_id: uuid.UUID, zone_id: uuid.UUID, name: str, countries: list[str]) -> ZoneRow:
    """Raises NOT_FOUND."""
    await db.execute(
        "UPDATE shop_shipping_zones SET name = $3, countries = $4 WHERE zone_id = $1 AND seller_id = $2",
        zone_id, seller_id, name, sorted(set(countries)),
    )  # fmt: skip
    return await zone(db, seller_id, zone_id)


async def remove_zone(db: asyncpg.Connection, seller_id: uuid.UUID, zone_id: uuid.UUID) -> None:
    """With its methods. Raises NOT_FOUND."""
    if await db.execute("DELETE FROM shop_shipping_zones WHERE zone_id = $1 AND seller_id = $2", zone_id, seller_id) != "DELETE 1":
        raise ShopError(Refusal.NOT_FOUND)


async def add_method(db: asyncpg.Connection, seller_id: uuid.UUID, zone_id: uuid.UUID, method: MethodRow) -> None:
    """Raises NOT_FOUND, TOO_MANY."""
    await profile.lock(db, seller_id)
    if len((await zone(db, seller_id, zone_id)).methods) >= METHODS_MAX:
        raise ShopError(Refusal.TOO_MANY, f"A zone has at most {METHODS_MAX} methods.")
    await db.execute(f"INSERT INTO shop_shipping_methods ({_METHOD}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", *method)


async def change_method(db: asyncpg.Connection, seller_id: uuid.UUID, method: MethodRow) -> None:
    """All but its zone. Raises NOT_FOUND."""
    found = await db.fetchval(
        """UPDATE shop_shipping_methods method SET name = $3, asset = $4, base_price = $5, price_per_kg = $6, free_from = $7,
                                                   weight_max_g = $8, days_min = $9, days_max = $10
           FROM shop_shipping_zones zone
           WHERE zone.zone_id = method.zone_id AND method.method_id = $1 AND zone.seller_id = $2 RETURNING true""",
        method.method_id, seller_id, *method[2:],
    )  # fmt: skip
    if not found:
        raise ShopError(Refusal.NOT_FOUND)


async def remove_method(db: asyncpg.Connection, seller_id: uuid.UUID, method_id: uuid.UUID) -> None:
    """Raises NOT_FOUND."""
    found = await db.fetchval(
        """DELETE FROM shop_shipping_methods method USING shop_shipping_zones zone
           WHERE zone.zone_id = method.zone_id AND method.method_id = $1 AND zone.seller_id = $2 RETURNING true""",
        method_id, seller_id,
    )  # fmt: skip
    if not found:
        raise ShopError(Refusal.NOT_FOUND)
