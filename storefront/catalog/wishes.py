"""A user's wishes, latest first."""

import uuid

from storefront.catalog.cards import VISIBLE, cards
from storefront.catalog.paging import next_in_time, place_in_time
from storefront.catalog.shelves import CardPage
from storefront.errors import Refusal, ShopError
from storefront.work import Work

WISHES_MAX = 500
_PAGE = f"""
    SELECT w.created_at, product_id FROM shop_wishes w JOIN shop_products p USING (product_id) JOIN shop_sellers s USING (seller_id)
    WHERE w.user_id = $1 AND {VISIBLE} AND ($2::timestamptz IS NULL OR (w.created_at, product_id) < ($2, $3::uuid))
    ORDER BY w.created_at DESC, product_id DESC LIMIT $4
"""


async def wish(work: Work, product_id: uuid.UUID) -> None:
    """Raises NOT_LOGGED_IN, NOT_FOUND, TOO_MANY."""
    user_id = work.user().user_id
    if not await work.db.fetchval(
        f"SELECT true FROM shop_products p JOIN shop_sellers s USING (seller_id) WHERE product_id = $1 AND {VISIBLE}", product_id
    ):
        raise ShopError(Refusal.NOT_FOUND)
    if await work.db.fetchval("SELECT count(*) FROM shop_wishes WHERE user_id = $1", user_id) >= WISHES_MAX:
        raise ShopError(Refusal.TOO_MANY)
    await work.db.execute(
        "INSERT INTO shop_wishes (user_id, product_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        user_id, product_id, work.now,
    )  # fmt: skip


async def unwish(work: Work, product_id: uuid.UUID) -> None:
    """Raises NOT_LOGGED_IN."""
    await work.db.execute("DELETE FROM shop_wishes WHERE user_id = $1 AND product_id = $2", work.user().user_id, product_id)


async def wishes(work: Work, after: str, limit: int) -> CardPage:
    """What is not for sale any more is left out. Raises NOT_LOGGED_IN, INVALID_REQUEST."""
    user_id = work.user().user_id
    rows = await work.db.fetch(_PAGE, user_id, *place_in_time(after), limit + 1)
    more = next_in_time(rows, limit, "created_at", "product_id")
    return CardPage(await cards(work, [row["product_id"] for row in rows[:limit]]), more)
