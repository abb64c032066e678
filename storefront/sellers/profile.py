"""Sellers: who applied, who may sell, on which terms, and the core account that each is paid into.

    none -> applied -> approved <-> suspended
              ^  |-> rejected (may apply again)

The payable account is opened in the core by the reference in the seller's row, just before the row says "approved": a crash in between
leaves an applicant, whose next approval finds the same account. An approved seller always has one.
"""

import datetime
import secrets
import uuid
from typing import NamedTuple

import asyncpg

from storefront.accounts import account_reference, open_account
from storefront.errors import Refusal, ShopError
from storefront.work import Shop, Work

PURPOSE = "payable"  # of the account's reference
_COLUMNS = """seller_id, user_id, slug, name, about, country, state, note, commission_ppm, reserve_ppm, reserve_days, payable_account,
              sales_count, rating_sum, rating_count, applied_at"""
_FROM = {"approved": ("applied", "rejected", "suspended"), "rejected": ("applied",), "suspended": ("approved",)}
_SLUG_MAX = 50


class SellerRow(NamedTuple):
    """A row of shop_sellers; `commission_ppm` is None where the seller has no rate of their own."""

    seller_id: uuid.UUID
    user_id: int
    slug: str
    name: str
    about: str
    country: str
    state: str
    note: str
    commission_ppm: int | None
    reserve_ppm: int
    reserve_days: int
    payable_account: int | None
    sales_count: int
    rating_sum: int
    rating_count: int
    applied_at: datetime.datetime


async def seller_of(work: Work, *, also_suspended: bool = False) -> SellerRow:
    """The approved seller that the signed-in user is; with `also_suspended`, one who may finish what was sold but sell nothing new.
    Raises NOT_LOGGED_IN, NOT_A_SELLER."""
    seller = await find(work.db, work.user().user_id)
    if seller is None or seller.state not in (("approved", "suspended") if also_suspended else ("approved",)):
        raise ShopError(Refusal.NOT_A_SELLER)
    return seller


async def find(db: asyncpg.Connection, user_id: int) -> SellerRow | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM shop_sellers WHERE user_id = $1", user_id)
    return row and SellerRow(*row)


async def lock(db: asyncpg.Connection, seller_id: uuid.UUID) -> SellerRow:
    """The row, kept as it is until the transaction ends. Raises NOT_FOUND."""
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM shop_sellers WHERE seller_id = $1 FOR NO KEY UPDATE", seller_id)
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    return SellerRow(*row)


async def apply(db: asyncpg.Connection, user_id: int, name: str, country: str, about: str, now: datetime.datetime) -> SellerRow:
    """A new applicant; one who was rejected applies again, under the same slug. Raises ALREADY_EXISTS."""
    again = await db.fetchrow(
        f"""UPDATE shop_sellers SET state = 'applied', name = $2, country = $3, about = $4, note = '', applied_at = $5
            WHERE user_id = $1 AND state = 'rejected' RETURNING {_COLUMNS}""", user_id, name, country, about, now,
    )  # fmt: skip
    if again is not None:
        return SellerRow(*again)
    slug = base = _slug_of(name, "seller")[:_SLUG_MAX].strip("-")
    while True:
        seller_id = uuid.uuid4()
        row = await db.fetchrow(
            f"""INSERT INTO shop_sellers (seller_id, user_id, slug, name, about, country, payable_reference_hi, payable_reference_lo,
                                          applied_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING {_COLUMNS}""",
            seller_id, user_id, slug, name, about, country, *account_reference(PURPOSE, seller_id), now,
        )  # fmt: skip
        if row is not None:
            return SellerRow(*row)
        if await find(db, user_id) is not None:
            raise ShopError(Refusal.ALREADY_EXISTS)
        slug = f"{base}-{secrets.token_hex(3)}"


def _slug_of(name: str, otherwise: str) -> str:
    from storefront.catalog.slugs import slug_of  # here: the catalog's own handlers ask for seller_of

    return slug_of(name, otherwise)


async def change(db: asyncpg.Connection, seller_id: uuid.UUID, name: str | None, about: str | None) -> SellerRow:
    """The slug stays: links to the seller's page live."""
    row = await db.fetchrow(
        f"UPDATE shop_sellers SET name = coalesce($2, name), about = coalesce($3, about) WHERE seller_id = $1 RETURNING {_COLUMNS}",
        seller_id, name, about,
    )  # fmt: skip
    return SellerRow(*row)


async def decide(shop: Shop, db: asyncpg.Connection, seller_id: uuid.UUID, state: str, note: str, moderator: int,
                 now: datetime.datetime) -> SellerRow:  # fmt: skip
    """`state` is 'approved', 'rejected' or 'suspended'. Raises NOT_FOUND; NOT_NOW where it does not follow; UNAVAILABLE where the account
    could not be opened, and nothing is decided."""
    seller = await lock(db, seller_id)
    if seller.state == state:
        return seller
    if seller.state not in _FROM[state]:
        raise ShopError(Refusal.NOT_NOW, f"This seller is {seller.state}.")
    account = seller.payable_account
    if state == "approved" and account is None:
        reference = await db.fetchrow(
            "SELECT payable_reference_hi, payable_reference_lo FROM shop_sellers WHERE seller_id = $1", seller_id
        )  # fmt: skip
        account = await open_account(shop.exchange, tuple(reference))
    row = await db.fetchrow(
        f"""UPDATE shop_sellers SET state = $2, note = $3, payable_account = $4, decided_at = $5, decided_by = $6
            WHERE seller_id = $1 RETURNING {_COLUMNS}""", seller_id, state, note, account, now, moderator,
    )  # fmt: skip
    return SellerRow(*row)
