"""Pages by time, the latest first: the cursor holds the row's microsecond and its id."""

import datetime
import uuid
from collections.abc import Sequence

import asyncpg

from storefront.errors import Refusal, ShopError
from storefront.http import cursor, cursor_key

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def place_in_time(after: str) -> tuple[datetime.datetime, uuid.UUID] | tuple[None, None]:
    """Where the earlier page ended, as two parameters; (None, None) for the first page. Raises INVALID_REQUEST."""
    key = cursor_key(after, int, uuid.UUID)
    if key is None:
        return None, None
    try:
        return _EPOCH + datetime.timedelta(microseconds=key[0]), key[1]
    except OverflowError:
        raise ShopError(Refusal.INVALID_REQUEST, "`after` is not the `next` of an earlier page.") from None


def next_in_time(rows: Sequence[asyncpg.Record], limit: int, at: str, row_id: str) -> str:
    """The cursor behind the first `limit` rows, of columns `at` and `row_id`; "" where there are no more."""
    if len(rows) <= limit:
        return ""
    last = rows[limit - 1]
    return cursor((last[at] - _EPOCH) // datetime.timedelta(microseconds=1), str(last[row_id]))
