"""The lines of an order: what is left to ship, what may come back, and what a part of a line is worth."""

import json
import uuid
from collections.abc import Iterable, Mapping

import asyncpg

from storefront.errors import Refusal, ShopError

OPEN_RETURNS = ("requested", "approved", "received")
Quantities = dict[uuid.UUID, int]  # by line


def share(total: int, quantity: int, before: int, count: int) -> int:
    """What `count` units of a line bring back, after `before` others did: the parts of a line add up to its total, to the unit.

    floor of what all of them are worth, less floor of those before.
    """
    return total * (before + count) // quantity - total * before // quantity


def worth(lines: Iterable[asyncpg.Record], wanted: Mapping[uuid.UUID, int]) -> int:
    """What these units were charged at: with their share of tax and discount, without shipping."""
    return sum(
        share(line["total"], line["quantity"], line["canceled"] + line["returned"], wanted[line["line_id"]])
        for line in lines
        if line["line_id"] in wanted
    )


def unshipped(lines: Iterable[asyncpg.Record]) -> Quantities:
    """What is left to ship, by line; lines without any are left out."""
    left = {line["line_id"]: line["quantity"] - line["shipped"] - line["canceled"] for line in lines}
    return {line_id: count for line_id, count in left.items() if count}


def returnable(lines: Iterable[asyncpg.Record], returns: Iterable[asyncpg.Record]) -> Quantities:
    """What was shipped, has not come back and is in no open return, by line."""
    left = {line["line_id"]: line["shipped"] - line["returned"] for line in lines}
    for row in returns:
        if row["state"] in OPEN_RETURNS:
            for line_id, count in quantities_of(row["lines"]).items():
                left[line_id] -= count
    return left


def within(wanted: Iterable[tuple[uuid.UUID, int]], left: Mapping[uuid.UUID, int]) -> Quantities:
    """What was asked for, each line once. Raises NOT_FOUND for another order's line, INVALID_REQUEST for a line twice, NOT_NOW for more
    than there is left."""
    asked: Quantities = {}
    for line_id, count in wanted:
        if line_id in asked:
            raise ShopError(Refusal.INVALID_REQUEST, "A line is named twice.")
        asked[line_id] = count
    for line_id, count in asked.items():
        if line_id not in left:
            raise ShopError(Refusal.NOT_FOUND)
        if count > left[line_id]:
            detail = {"lineId": str(line_id), "left": left[line_id]}
            raise ShopError(Refusal.NOT_NOW, "There are not so many left of a line.", detail=detail)
    return asked


def by_variant(lines: Iterable[asyncpg.Record], wanted: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    """The same units, as stock counts them."""
    counts: dict[uuid.UUID, int] = {}
    for line in lines:
        if count := wanted.get(line["line_id"], 0):
            counts[line["variant_id"]] = counts.get(line["variant_id"], 0) + count
    return counts


def quantities_of(stored: str | Mapping[str, int]) -> Quantities:
    """Quantities as they are kept in JSON."""
    read = json.loads(stored) if isinstance(stored, str) else stored
    return {uuid.UUID(line_id): count for line_id, count in read.items()}


def to_json(wanted: Mapping[uuid.UUID, int]) -> dict[str, int]:
    return {str(line_id): count for line_id, count in wanted.items()}


async def lines_of(db: asyncpg.Connection, order_id: uuid.UUID) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM shop_order_lines WHERE order_id = $1 ORDER BY title, sku, line_id", order_id)


async def add(db: asyncpg.Connection, column: str, wanted: Mapping[uuid.UUID, int]) -> None:
    """Count units as 'shipped', 'canceled' or 'returned'."""
    assert column in ("shipped", "canceled", "returned")
    await db.execute(
        f"""UPDATE shop_order_lines SET {column} = {column} + n FROM unnest($1::uuid[], $2::int[]) AS w (id, n) WHERE line_id = w.id""",
        list(wanted), list(wanted.values()),
    )  # fmt: skip
