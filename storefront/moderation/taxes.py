"""The platform's tax rates: by country and tax class; a country without a rate pays none."""

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from storefront.errors import Refusal, ShopError

RATES_MAX = 1000


class TaxRate(NamedTuple):
    """`inclusive`: the prices shown there contain it."""

    country: str
    tax_class: str
    name: str
    ppm: int
    inclusive: bool


async def tax_rates(db: asyncpg.Connection) -> list[TaxRate]:
    """By country and class."""
    rows = await db.fetch("SELECT country, tax_class, name, ppm, inclusive FROM shop_tax_rates ORDER BY country, tax_class")
    return [TaxRate(*row) for row in rows]


async def replace_tax_rates(db: asyncpg.Connection, rates: Sequence[TaxRate]) -> list[TaxRate]:
    """These, and no others. Raises INVALID_REQUEST where two are for one country and class."""
    if len({rate[:2] for rate in rates}) < len(rates):
        raise ShopError(Refusal.INVALID_REQUEST, "There is one rate for a country and tax class.")
    await db.execute("LOCK TABLE shop_tax_rates IN SHARE ROW EXCLUSIVE MODE")
    await db.execute("DELETE FROM shop_tax_rates")
    await db.executemany("INSERT INTO shop_tax_rates (country, tax_class, name, ppm, inclusive) VALUES ($1, $2, $3, $4, $5)", rates)
    return await tax_rates(db)
