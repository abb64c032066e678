"""The tree of categories: a forest of at most DEPTH_MAX levels, without cycles. Each may name a commission; all name a tax class."""

import secrets
from typing import Any, NamedTuple

import asyncpg

from storefront.catalog.slugs import slug_of
from storefront.catalog.words import refresh_category
from storefront.errors import Refusal, ShopError

CATEGORIES_MAX, DEPTH_MAX = 500, 5
SLUG_MAX = 50
_ROW = """SELECT category_id, parent_id, slug, name, position, commission_ppm, tax_class,
                 (SELECT count(*) FROM shop_products product WHERE product.category_id = category.category_id AND state = 'active') AS count
          FROM shop_categories category"""


class CategoryRow(NamedTuple):
    """`count` is of its own active products; `commission_ppm` None: its parent's, or the platform's."""

    category_id: int
    parent_id: int | None
    slug: str
    name: str
    position: int
    commission_ppm: int | None
    tax_class: str
    count: int


async def categories(db: asyncpg.Connection) -> list[CategoryRow]:
    """Siblings in their order."""
    return [CategoryRow(*row) for row in await db.fetch(f"{_ROW} ORDER BY parent_id NULLS FIRST, position, name, category_id")]


async def category(db: asyncpg.Connection, category_id: int) -> CategoryRow:
    """Raises NOT_FOUND."""
    row = await db.fetchrow(f"{_ROW} WHERE category_id = $1", category_id)
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    return CategoryRow(*row)


async def add_category(db: asyncpg.Connection, slug: str | None, columns: dict[str, Any]) -> CategoryRow:
    """Raises ALREADY_EXISTS, INVALID_REQUEST, TOO_MANY."""
    await _lock(db)
    if await db.fetchval("SELECT count(*) FROM shop_categories") >= CATEGORIES_MAX:
        raise ShopError(Refusal.TOO_MANY, f"There are {CATEGORIES_MAX} categories at most.")
    columns = columns | {"slug": await _free_slug(db, slug, columns["name"])}
    await _check_place(db, None, columns.get("parent_id"))
    names = list(columns)
    category_id = await db.fetchval(
        f"""INSERT INTO shop_categories ({", ".join(names)}) VALUES ({", ".join(f"${n}" for n in range(1, len(names) + 1))})
            RETURNING category_id""", *columns.values(),
    )  # fmt: skip
    return await category(db, category_id)


async def change_category(db: asyncpg.Connection, category_id: int, slug: str | None, columns: dict[str, Any]) -> CategoryRow:
    """Only the columns that are given. Raises NOT_FOUND, ALREADY_EXISTS, INVALID_REQUEST."""
    await _lock(db)
    before = await category(db, category_id)
    if slug is not None and slug != before.slug:
        columns = columns | {"slug": await _free_slug(db, slug, before.name)}
    if "parent_id" in columns:
        await _check_place(db, category_id, columns["parent_id"])
    if columns:
        changes = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 2))
        await db.execute(f"UPDATE shop_categories SET {changes} WHERE category_id = $1", category_id, *columns.values())
        if columns.keys() & {"name", "parent_id"}:
            await refresh_category(db, category_id)  # products are found by it
    return await category(db, category_id)


async def _lock(db: asyncpg.Connection) -> None:
    """Only one changes the tree at a time: two moves could make a cycle together."""
    await db.execute("LOCK TABLE shop_categories IN SHARE ROW EXCLUSIVE MODE")


async def _check_place(db: asyncpg.Connection, category_id: int | None, parent_id: int | None) -> None:
    """Raises INVALID_REQUEST where the parent is unknown, lies below the category, or the tree would grow too deep."""
    parents = dict(await db.fetch("SELECT category_id, parent_id FROM shop_categories"))
    if parent_id is not None and parent_id not in parents:
        raise ShopError(Refusal.INVALID_REQUEST, "parentId names no category.")
    above = 0
    while parent_id is not None:
        if parent_id == category_id:
            raise ShopError(Refusal.INVALID_REQUEST, "A category cannot lie within itself.")
        parent_id, above = parents[parent_id], above + 1
    if above + _height(parents, category_id) > DEPTH_MAX:
        raise ShopError(Refusal.INVALID_REQUEST, f"Categories lie at most {DEPTH_MAX} deep.")


def _height(parents: dict[int, int | None], category_id: int | None) -> int:
    """Levels of the tree below and with the category; 1 for one that has none below, or is new."""
    below = [child for child, parent in parents.items() if category_id is not None and parent == category_id]
    return 1 + max((_height(parents, child) for child in below), default=0)


async def _free_slug(db: asyncpg.Connection, slug: str | None, name: str) -> str:
    """The slug that was asked for, or one made of the name. Raises ALREADY_EXISTS for one that was asked for."""
    wanted = slug or slug_of(name, "category")[:SLUG_MAX].strip("-")
    if not await db.fetchval("SELECT true FROM shop_categories WHERE slug = $1", wanted):
        return wanted
    if slug:
        raise ShopError(Refusal.ALREADY_EXISTS, "There is a category with this slug.")
    return f"{wanted}-{secrets.token_hex(2)}"
