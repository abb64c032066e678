"""Store credit: a core account of its own beside a user's trading account, spent at checkout and given by gift cards and refunds."""

import asyncpg

from storefront.accounts import account_reference, open_account
from storefront.work import Shop


async def credit_account(db: asyncpg.Connection | asyncpg.Pool, user_id: int) -> int | None:
    """The user's credit account in the core; None where the user never had credit."""
    return await db.fetchval("SELECT account FROM shop_credit_accounts WHERE user_id = $1", user_id)


async def open_credit_account(shop: Shop, db: asyncpg.Connection, user_id: int) -> int:
    """The user's credit account, opened where there is none. Raises UNAVAILABLE."""
    if (account := await credit_account(db, user_id)) is not None:
        return account
    reference = account_reference("credit", user_id)
    account = await open_account(shop.exchange, reference)
    await db.execute(
        """INSERT INTO shop_credit_accounts (user_id, reference_hi, reference_lo, account) VALUES ($1, $2, $3, $4)
           ON CONFLICT (user_id) DO UPDATE SET account = excluded.account""", user_id, *reference, account,
    )  # fmt: skip
    return account
