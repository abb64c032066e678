"""What all rooms of the shop share at their door: the shapes of bodies and answers, amounts as text, paging."""

import base64
import binascii
import datetime
import uuid
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from storefront.errors import Refusal, ShopError
from storefront.work import Work

BODY_MAX = 64 * 1024
IMAGE_BODY_MAX = 8 * 1024 * 1024
PAGE_DEFAULT, PAGE_MAX = 24, 100
_CURSOR_MAX = 1024

CurrentWork = NamedDependency[SkipValidation[Work]]
AmountText = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?$(?!\n)")]
AssetName = Annotated[str, msgspec.Meta(min_length=1, max_length=24)]
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$(?!\n)")]  # ISO 3166-1 alpha-2
Quantity = Annotated[int, msgspec.Meta(ge=1, le=999)]
# Of query parameters: litestar checks bounds only where a QueryParameter says them, it passes over msgspec's.
After = Annotated[str, QueryParameter(max_length=_CURSOR_MAX)]  # `next` of an earlier page
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)]
Moment = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800_000)]  # milliseconds since 1970, up to 2100
_CURSOR_PARTS = {int: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)], str: Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]}


def line(least: int, most: int) -> Any:
    """The type of one line of text: so many characters, none of them a control character, and if there must be one, no space first."""
    first = r"[^\s\x00-\x1f\x7f]" if least else ""
    return Annotated[str, msgspec.Meta(min_length=least, max_length=most, pattern=rf"^{first}[^\x00-\x1f\x7f]*$(?!\n)")]


def prose(least: int, most: int) -> Any:
    """The type of a text of several lines: no control characters but tabs and line ends."""
    return Annotated[str, msgspec.Meta(min_length=least, max_length=most, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class Body(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What a client sends."""


class Answer(msgspec.Struct, rename="camel"):
    """What a client gets; times are milliseconds since 1970, ids are UUIDs unless they say otherwise."""


class Money(Answer):
    """An amount of an asset, as decimal text with all of the asset's decimals."""

    asset: str
    amount: str


def milliseconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp() * 1000)


def instant(milliseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)


def cursor(*key: Any) -> str:
    """Where a page ended, as opaque text: the sort key of its last row. Stable under writes, since it names a place and no count."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def cursor_key(text: str, *types: type) -> tuple | None:
    """The key in a cursor, with its parts of these types; None for "". Raises INVALID_REQUEST."""
    if not text:
        return None
    try:
        if len(text) > _CURSOR_MAX:
            raise ValueError
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(raw, type=tuple[*(_CURSOR_PARTS.get(part, part) for part in types)])  # type: ignore[misc]
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise ShopError(Refusal.INVALID_REQUEST, "`after` is not the `next` of an earlier page.") from None


async def work_of(request: Request) -> Work:
    """The request's unit of work, put there by the Door."""
    return request.scope["state"]["work"]


def as_uuid(text: str) -> uuid.UUID:
    """Raises NOT_FOUND: what is no id names nothing."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ShopError(Refusal.NOT_FOUND) from None
