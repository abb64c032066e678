"""The platform's figures: what they are where nobody changed them, their bounds, and which commission an order bears."""

import datetime
import json
import uuid
from collections.abc import Iterable
from typing import NamedTuple

import asyncpg

from engine.types import PPM
from storefront.errors import Refusal, ShopError


class ShopSettings(NamedTuple):
    """Rates in millionths (ppm)."""

    commission_ppm: int = 50_000  # of what is released to a seller
    auto_release_days: int = 14  # after all was shipped, without a dispute
    reservation_minutes: int = 10  # that a checkout keeps its stock
    quote_seconds: int = 60  # that a quote holds
    slippage_ppm: int = 10_000  # that the most of a quote lies above what is expected
    return_days: int = 30  # after receipt, within which a return can be asked for


BOUNDS = ShopSettings(
    commission_ppm=(0, PPM), auto_release_days=(1, 180), reservation_minutes=(1, 120), quote_seconds=(5, 600),
    slippage_ppm=(0, 200_000), return_days=(0, 365),
)  # fmt: skip


SETTINGS_SQL = "(SELECT json_object_agg(name, value) FROM shop_settings)"  # for `settings_from`


async def settings(db: asyncpg.Connection | asyncpg.Pool) -> ShopSettings:
    """The figures that hold now."""
    return settings_from(await db.fetchval(f"SELECT {SETTINGS_SQL}"))


def settings_from(text: str | None) -> ShopSettings:
    """The same, from what another statement read as SETTINGS_SQL."""
    kept = json.loads(text) if text else {}
    return ShopSettings(**{name: kept[name] for name in ShopSettings._fields if name in kept})


async def change_settings(db: asyncpg.Connection, changes: dict[str, int], user_id: int, now: datetime.datetime) -> ShopSettings:
    """Raises INVALID_REQUEST for a figure out of BOUNDS."""
    for name, value in changes.items():
        least, most = getattr(BOUNDS, name)
        if not least <= value <= most:
            raise ShopError(Refusal.INVALID_REQUEST, f"{name} is between {least} and {most}.")
    await db.executemany(
        """INSERT INTO shop_settings (name, value, updated_at, updated_by) VALUES ($1, $2, $3, $4)
           ON CONFLICT (name) DO UPDATE SET value = $2, updated_at = $3, updated_by = $4""",
        [(name, json.dumps(value), now, user_id) for name, value in changes.items()],
    )  # fmt: skip
    return await settings(db)


# The rate of a row's category_id (of what is called `category`), its own or its nearest ancestor's; NULL: none of them has one.
CATEGORY_PPM_SQL = """(
    WITH RECURSIVE line AS (
        SELECT parent_id, commission_ppm FROM shop_categories WHERE category_id = category.category_id
        UNION SELECT above.parent_id, above.commission_ppm
        FROM line JOIN shop_categories above ON above.category_id = line.parent_id WHERE line.commission_ppm IS NULL
    ) SELECT max(commission_ppm) FROM line)"""


async def commission_ppm(db: asyncpg.Connection, seller_id: uuid.UUID, category_ids: Iterable[int]) -> int:
    """Of an order of goods of these categories: the seller's own rate; else the lowest of the categories' (so no line bears more than
    was told for it), where a category without a rate has its nearest ancestor's, and without any the platform's."""
    own = await db.fetchval("SELECT commission_ppm FROM shop_sellers WHERE seller_id = $1", seller_id)
    if own is not None:
        return own
    rates = await db.fetch(
        f"SELECT {CATEGORY_PPM_SQL} AS ppm FROM unnest($1::int[]) AS category (category_id)", list(set(category_ids))
    )
    return lowest_ppm(own, [rate["ppm"] for rate in rates], (await settings(db)).commission_ppm)


def lowest_ppm(own: int | None, categories: Iterable[int | None], platform: int) -> int:
    """The same from what was read: `categories` by CATEGORY_PPM_SQL."""
    return own if own is not None else min((platform if ppm is None else ppm for ppm in categories), default=platform)
