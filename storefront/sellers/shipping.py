"""What sending goods costs: a seller's zones, of each the methods, of each the price by weight.

A zone names countries; one that names none is for the countries that no zone of the seller names.
"""

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


async def choices(db: asyncpg.Connection, seller_id: uuid.UUID, country: str, weight_g: int, items_total: int, asset: int) -> list[Choice]:
    """The methods for a parcel of the seller to a country, of goods priced in `asset` (an order has one asset, so its shipping is priced
    in the same), the cheapest first, then the quickest. None where the seller does not send there."""
    rows = await db.fetch(
        """SELECT method_id, method.name, base_price, price_per_kg, free_from, days_min, days_max
           FROM shop_shipping_methods method JOIN shop_shipping_zones zone USING (zone_id)
           WHERE seller_id = $1 AND asset = $4 AND (weight_max_g IS NULL OR weight_max_g >= $3)
             AND ($2 = ANY(countries) OR (countries = '{}' AND NOT EXISTS (
                    SELECT FROM shop_shipping_zones other WHERE other.seller_id = $1 AND $2 = ANY(other.countries))))""",
        seller_id, country, weight_g, asset,
    )  # fmt: skip
    found = [
        Choice(row["method_id"], row["name"], price(row["base_price"], row["price_per_kg"], row["free_from"], weight_g, items_total),
               row["days_min"], row["days_max"]) for row in rows
    ]  # fmt: skip
    affordable = (choice for choice in found if choice.price <= AMOUNT_MAX)
    return sorted(affordable, key=lambda choice: (choice.price, choice.days_max, choice.name))
