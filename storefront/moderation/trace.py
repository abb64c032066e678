"""What moderators decide leaves a row in the venue's audit table, in the deciding transaction."""

import asyncpg

_DETAIL_MAX = 256


async def trace(db: asyncpg.Connection, user_id: int, action: str, detail: str) -> None:
    """`action` is a word like SELLER_APPROVED."""
    await db.execute("INSERT INTO audit (user_id, action, detail) VALUES ($1, $2, $3)", user_id, action, detail[:_DETAIL_MAX])
