"""What sending goods costs: a seller's zones, of each the methods, of each the price by weight.

A zone names countries; one that names none is for the countries that no zone of the seller names.
"""

import json
import uuid
from typing import NamedTuple

import asyncpg

from engine.types import AMOUNT_MAX

GRAMS = 1000  # of a kilogram


class Choice(NamedTuple):
    """A method for one parcel; `price` in units of the asset that was asked for."""

    method_id: uuid.UUID
    name: str
    price: int
    days_min: int
    days_max: int


def price(base: int, per_kg: int, free_from: int | None, weight_g: int, items_total: int) -> int:
    """Base price and the rate of each started kilogram; nothing from `free_from` on."""
    if free_from is not None and items_total >= free_from:
        return 0
    return base + per_kg * -(-weight_g // GRAMS)


# Of shop_sellers s, shop_products p and the country $2: every method, for `choices_from`.
METHODS_SQL = """(
    SELECT coalesce(json_agg(json_build_array(method_id, m.name, base_price, price_per_kg, free_from, weight_max_g, days_min, days_max)),
                    '[]')
    FROM shop_shipping_zones zone JOIN shop_shipping_methods m USING (zone_id)
    WHERE zone.seller_id = s.seller_id AND m.asset = p.asset AND ($2 = ANY(countries) OR (countries = '{}' AND NOT EXISTS (
        SELECT FROM shop_shipping_zones other WHERE other.seller_id = s.seller_id AND $2 = ANY(other.countries)))))"""


async def choices(db: asyncpg.Connection | asyncpg.Pool, seller_id: uuid.UUID, country: str, weight_g: int, items_total: int,
                  asset: int) -> list[Choice]:  # fmt: skip
    """The methods for a parcel of the seller to a country, of goods priced in `asset` (an order has one asset, so its shipping is priced
    in the same), the cheapest first, then the quickest. None where the seller does not send there."""
    methods = await db.fetchval(
        f"SELECT {METHODS_SQL} FROM (SELECT $1::uuid AS seller_id) s, (SELECT $3::int AS asset) p", seller_id, country, asset
    )
    return choices_from(methods, weight_g, items_total)


def choices_from(methods: str, weight_g: int, items_total: int) -> list[Choice]:
    """The same, from what another statement read as METHODS_SQL."""
    found = [
        Choice(uuid.UUID(method_id), name, price(base, per_kg, free_from, weight_g, items_total), days_min, days_max)
        for method_id, name, base, per_kg, free_from, heaviest, days_min, days_max in json.loads(methods)
        if heaviest is None or weight_g <= heaviest
    ]
    affordable = (choice for choice in found if choice.price <= AMOUNT_MAX)
    return sorted(affordable, key=lambda choice: (choice.price, choice.days_max, choice.name))
