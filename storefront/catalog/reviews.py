"""What those who bought a product say of it. A review belongs to a received order line, once; the sums of the ratings of product and
seller are those of the reviews that are shown (moderators hide them in storefront/moderation/blocking.py).
"""

import datetime
import uuid

import asyncpg

from storefront.catalog.paging import next_in_time, place_in_time
from storefront.errors import Refusal, ShopError
from storefront.http import Answer, milliseconds
from storefront.sellers import profile
from storefront.webhooks import outbox
from storefront.work import Work

_RECEIVED = ("received", "returned")
_COLUMNS = """review_id, r.rating, r.title, text, reply, at,
              (SELECT address ->> 'name' FROM shop_order_lines l JOIN shop_orders USING (order_id) WHERE l.line_id = r.line_id) AS buyer"""
_PAGE = f"""
    SELECT {_COLUMNS} FROM shop_reviews r JOIN shop_products p USING (product_id)
    WHERE p.slug = $1 AND NOT hidden AND ($2::timestamptz IS NULL OR (at, review_id) < ($2, $3::uuid))
    ORDER BY at DESC, review_id DESC LIMIT $4
"""
_LINE = """
    SELECT l.product_id, o.seller_id, o.fulfilment, l.shipped, o.order_id, p.title
    FROM shop_order_lines l JOIN shop_orders o USING (order_id) JOIN shop_products p USING (product_id)
    WHERE l.line_id = $1 AND o.buyer_id = $2 AND p.slug = $3
"""
_REPLY = """
    UPDATE shop_reviews SET reply = $3 WHERE review_id = $1 AND NOT hidden
    AND product_id IN (SELECT product_id FROM shop_products WHERE seller_id = $2) RETURNING review_id
"""


class Review(Answer):
    """`author` is the first letter of the name that the goods were sent to."""

    id: uuid.UUID
    rating: int
    title: str
    text: str
    reply: str
    author: str
    at: int


class ReviewPage(Answer):
    items: list[Review]
    next: str


async def reviews(db: asyncpg.Connection, slug: str, after: str, limit: int) -> ReviewPage:
    """Latest first; those of what is no longer for sale too, since orders still lead to them. Raises INVALID_REQUEST."""
    rows = await db.fetch(_PAGE, slug, *place_in_time(after), limit + 1)
    return ReviewPage([_review(row) for row in rows[:limit]], next_in_time(rows, limit, "at", "review_id"))


async def post_review(work: Work, slug: str, line_id: uuid.UUID, rating: int, title: str, text: str) -> Review:
    """Raises NOT_LOGGED_IN, NOT_FOUND (no such line of theirs), NOT_NOW (not received), ALREADY_EXISTS."""
    db, user_id = work.db, work.user().user_id
    line = await db.fetchrow(_LINE, line_id, user_id, slug)
    if line is None:
        raise ShopError(Refusal.NOT_FOUND)
    if line["fulfilment"] not in _RECEIVED or not line["shipped"]:
        raise ShopError(Refusal.NOT_NOW, "A product can be reviewed once it has been received.")
    review_id = await db.fetchval(
        """INSERT INTO shop_reviews (review_id, product_id, line_id, user_id, rating, title, text, at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (line_id) DO NOTHING RETURNING review_id""",
        uuid.uuid4(), line["product_id"], line_id, user_id, rating, title, text, work.now,
    )  # fmt: skip
    if review_id is None:
        raise ShopError(Refusal.ALREADY_EXISTS, "This purchase has been reviewed.")
    await _count(db, line["product_id"], line["seller_id"], rating)
    await outbox.tell(
        db, line["seller_id"], "review.posted", {"reviewId": str(review_id), "product": slug, "rating": rating, "title": title}, work.now
    )
    return await _one(db, review_id)


async def reply(work: Work, review_id: uuid.UUID, text: str) -> Review:
    """The seller's answer, in place of an earlier one. Raises NOT_LOGGED_IN, NOT_A_SELLER, NOT_FOUND."""
    seller = await profile.seller_of(work)
    if await work.db.fetchval(_REPLY, review_id, seller.seller_id, text) is None:
        raise ShopError(Refusal.NOT_FOUND)
    return await _one(work.db, review_id)


async def _count(db: asyncpg.Connection, product_id: uuid.UUID, seller_id: uuid.UUID, rating: int) -> None:
    """The product first, then the seller: the same order for all."""
    sums = "rating_sum = rating_sum + $2, rating_count = rating_count + 1"
    await db.execute(f"UPDATE shop_products SET {sums} WHERE product_id = $1", product_id, rating)
    await db.execute(f"UPDATE shop_sellers SET {sums} WHERE seller_id = $1", seller_id, rating)


async def _one(db: asyncpg.Connection, review_id: uuid.UUID) -> Review:
    return _review(await db.fetchrow(f"SELECT {_COLUMNS} FROM shop_reviews r WHERE review_id = $1", review_id))


def _review(row: asyncpg.Record) -> Review:
    at: datetime.datetime = row["at"]
    return Review(row["review_id"], row["rating"], row["title"], row["text"], row["reply"], _author(row["buyer"] or ""), milliseconds(at))


def _author(name: str) -> str:
    initial = name.strip()[:1].upper()
    return f"{initial}. verified buyer" if initial.isalpha() else "Verified buyer"
