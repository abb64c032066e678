"""Stock of variants: on hand, reserved for open checkouts, allocated to paid orders.

    saleable = on_hand - allocated - reserved - threshold

All changes of stock by selling, shipping and returning go through here; several variants are locked in the order of their ids first, so
that any number of buyers meet without deadlock. Nothing is sold that is not there: what is reserved was saleable under the
variant's lock. A reservation's rows are deleted by whoever ends it, so it ends once. shop_products.in_stock is kept with it.
Where one transaction changes stock twice (a checkout that replaces another, outcomes of several kinds applied together), it may meet a
buyer half way all the same: the database ends one of the two, outcomes are applied again, and a buyer is told BUSY.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from storefront.errors import Refusal, ShopError

SALEABLE_SQL = "(v.on_hand - v.allocated - v.reserved - v.threshold)"  # of shop_variants v

_GIVEN = "wanted AS (SELECT * FROM unnest($1::uuid[], $2::int[]) AS w (variant_id, n))"
_RESERVED = """ended AS (DELETE FROM shop_reservations WHERE checkout_id = ANY($1) RETURNING variant_id, quantity),
     wanted AS (SELECT variant_id, sum(quantity)::int AS n FROM ended GROUP BY 1)"""


def _change(source: str, changes: str, condition: str = "true") -> str:
    """Parts of one statement: change what is wanted, and tell what is left of it."""
    return f"""{source},
     changed AS (UPDATE shop_variants v SET {changes} FROM wanted WHERE v.variant_id = wanted.variant_id AND {condition}
                 RETURNING v.variant_id, v.product_id, n AS quantity, {SALEABLE_SQL} AS saleable)"""


_RESERVE = f"""{_change(_GIVEN, "reserved = reserved + n", f"{SALEABLE_SQL} >= n")},
     noted AS (INSERT INTO shop_reservations (checkout_id, variant_id, quantity) SELECT $3, variant_id, quantity FROM changed)
SELECT * FROM changed"""
_RELEASE = f"WITH {_change(_RESERVED, 'reserved = reserved - n')} SELECT * FROM changed"
_ALLOCATE = f"WITH {_change(_RESERVED, 'reserved = reserved - n, allocated = allocated + n')} SELECT * FROM changed"
_UNALLOCATE = f"WITH {_change(_GIVEN, 'allocated = allocated - n')} SELECT * FROM changed"
_SHIP = f"WITH {_change(_GIVEN, 'on_hand = on_hand - n, allocated = allocated - n', 'on_hand >= n')} SELECT * FROM changed"
_RESTOCK = f"WITH {_change(_GIVEN, 'on_hand = on_hand + n')} SELECT * FROM changed"
# Locks are taken by a statement of their own: one that locks a row and then changes it meets others half way, which is a deadlock.
_LOCK = "SELECT FROM shop_variants WHERE variant_id = ANY($1) ORDER BY variant_id FOR NO KEY UPDATE"
_LOCK_RESERVED = """
SELECT FROM shop_variants WHERE variant_id IN (SELECT variant_id FROM shop_reservations WHERE checkout_id = ANY($1))
ORDER BY variant_id FOR NO KEY UPDATE"""
_LOCK_PRODUCTS = "SELECT FROM shop_products WHERE product_id = ANY($1) ORDER BY product_id FOR NO KEY UPDATE"
_TELL_PRODUCTS = f"""
UPDATE shop_products p SET in_stock = NOT p.in_stock WHERE product_id = ANY($1) AND p.in_stock <> EXISTS (
    SELECT FROM shop_variants v WHERE v.product_id = p.product_id AND v.active AND {SALEABLE_SQL} > 0)"""


def saleable(on_hand: int, allocated: int, reserved: int, threshold: int) -> int:
    """How many may be sold now; a negative threshold allows back-orders."""
    return max(0, on_hand - allocated - reserved - threshold)


async def reserve(db: asyncpg.Connection, checkout_id: uuid.UUID, wanted: Mapping[uuid.UUID, int], entering: str = "",
                  *values: Any) -> None:  # fmt: skip
    """Keep these quantities for a checkout, all or none. Raises OUT_OF_STOCK, which takes the transaction back.

    `entering` is a statement that enters the checkout, $3, and goes with this one: its other parameters are `values`, from $4 on.
    """
    statement = f"WITH entered AS ({entering}), {_RESERVE}" if entering else f"WITH {_RESERVE}"
    rows = await _changed(db, statement, wanted, checkout_id, *values)
    if len(rows) < len(wanted):
        await _out_of_stock(db, wanted, {row["variant_id"] for row in rows})
    await _keep_in_stock(db, rows, -1)


async def release(db: asyncpg.Connection, checkout_id: uuid.UUID) -> bool:
    """Give a checkout's reservation back to sale; False where it has ended before."""
    return bool(await release_many(db, [checkout_id]))


async def release_many(db: asyncpg.Connection, checkout_ids: Sequence[uuid.UUID]) -> int:
    """As `release`; how many variants got something back."""
    await db.execute(_LOCK_RESERVED, checkout_ids)
    rows = await db.fetch(_RELEASE, checkout_ids)
    await _keep_in_stock(db, rows, +1)
    return len(rows)


async def allocate(db: asyncpg.Connection, checkout_id: uuid.UUID) -> bool:
    """Turn a checkout's reservation into its paid orders' allocation; False where it has ended before."""
    return bool(await allocate_many(db, [checkout_id]))


async def allocate_many(db: asyncpg.Connection, checkout_ids: Sequence[uuid.UUID]) -> list[asyncpg.Record]:
    """As `allocate`; (variant_id, product_id, quantity, saleable) of the variants concerned. What is saleable stays as it was."""
    await db.execute(_LOCK_RESERVED, checkout_ids)
    return await db.fetch(_ALLOCATE, checkout_ids)


async def unallocate(db: asyncpg.Connection, quantities: Mapping[uuid.UUID, int]) -> None:
    """Lines of paid orders were cancelled: back to sale."""
    await _keep_in_stock(db, await _changed(db, _UNALLOCATE, quantities), +1)


async def ship(db: asyncpg.Connection, quantities: Mapping[uuid.UUID, int]) -> None:
    """Allocated units leave the house. Raises OUT_OF_STOCK where so many are not on hand (back-orders)."""
    rows = await _changed(db, _SHIP, quantities)
    if len(rows) < len(quantities):
        await _out_of_stock(db, quantities, {row["variant_id"] for row in rows})


async def restock(db: asyncpg.Connection, quantities: Mapping[uuid.UUID, int]) -> None:
    """Returned goods are on hand again."""
    await _keep_in_stock(db, await _changed(db, _RESTOCK, quantities), +1)


async def _changed(db: asyncpg.Connection, statement: str, quantities: Mapping[uuid.UUID, int], *more: Any) -> list[asyncpg.Record]:
    variant_ids = list(quantities)
    if len(variant_ids) > 1:
        await db.execute(_LOCK, variant_ids)
    return await db.fetch(statement, variant_ids, list(quantities.values()), *more)


async def _out_of_stock(db: asyncpg.Connection, wanted: Mapping[uuid.UUID, int], served: set[uuid.UUID]) -> None:
    missing = min(variant_id for variant_id in wanted if variant_id not in served)
    left = await db.fetchval(f"SELECT {SALEABLE_SQL} FROM shop_variants v WHERE variant_id = $1", missing)
    raise ShopError(Refusal.OUT_OF_STOCK, detail={"variantId": str(missing), "saleable": max(0, left or 0)})


async def _keep_in_stock(db: asyncpg.Connection, rows: Sequence[asyncpg.Record], sign: int) -> None:
    """shop_products.in_stock, where a variant came to its end or back from it. `sign`: which way its saleable quantity went."""
    turned = {row["product_id"] for row in rows if (row["saleable"] > 0) != (row["saleable"] - sign * row["quantity"] > 0)}
    if turned:
        await db.execute(_LOCK_PRODUCTS, list(turned))  # two variants of a product that end at once: the second sees the first's end
        await db.execute(_TELL_PRODUCTS, list(turned))
