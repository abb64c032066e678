"""The shop as one ASGI app: /shop/*, JSON both ways, described at /shop/openapi.json.

Here the rooms are put together. Each offers `routes`, handlers below /shop; `wire(shop)`, which registers who applies the outcomes of its
settlements; and `keepers`, coroutine functions of the Shop that run as long as the process (timers, deliveries).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Literal

import asyncpg
import msgspec
from litestar import Litestar, Request, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin

from marketdata.errors import DATABASE_AWAY
from storefront.door import Door
from storefront.errors import DATABASE_BUSY, Refusal, ShopError
from storefront.http import IMAGE_BODY_MAX, Answer, work_of
from storefront.work import Shop

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}  # where a handler says nothing else
_BY_STATUS = {404: Refusal.NOT_FOUND, 405: Refusal.METHOD_NOT_ALLOWED, 413: Refusal.TOO_LARGE, 415: Refusal.NOT_JSON}
logger = logging.getLogger(__name__)


class Error(Answer, omit_defaults=True):
    """Why not: a code that stays what it is, words for people, and with some codes what to change."""

    code: Literal[tuple(refusal.name for refusal in Refusal)]  # type: ignore[misc]
    message: str
    detail: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


def _error_answers() -> dict[int, ResponseSpec]:
    """By HTTP status; any operation may be refused with any of them."""
    codes: dict[int, list[str]] = {}
    for refusal in Refusal:
        codes.setdefault(refusal.status, []).append(refusal.name)
    return {status: ResponseSpec(Error, generate_examples=False, description=", ".join(names)) for status, names in codes.items()}


def rooms() -> list[Any]:
    """The rooms, in the order of a purchase."""
    from storefront import cart, catalog, checkout, escrow, insights, moderation, orders, payments, sellers, webhooks  # noqa: PLC0415

    return [catalog, cart, checkout, payments, orders, escrow, sellers, insights, webhooks, moderation]


def shop_app(shop: Shop) -> Callable[..., Any]:
    """The ASGI app over all rooms, behind the Door. scope["state"]["shopper"] says who asks."""
    handlers = []
    for room in rooms():
        room.wire(shop)
        handlers.extend(room.routes)
    for handler in handlers:
        handler.responses = _error_answers() | dict(handler.responses or {})
    app = Litestar(
        route_handlers=[Router("/shop", route_handlers=handlers)],
        dependencies={"work": Provide(work_of)},
        exception_handlers={
            ShopError: _refused, HTTPException: _refused_by_framework, RecursionError: _too_deep, Exception: _failed,
            **dict.fromkeys(DATABASE_AWAY, _database_away), **dict.fromkeys(DATABASE_BUSY, _database_busy),
            asyncpg.DataError: _failed,  # an InterfaceError to asyncpg, but of ours: a value that no column holds got past the door
        },
        openapi_config=OpenAPIConfig(
            title="CryptoShop shop", version="1", path="/shop/openapi.json", render_plugins=[JsonRenderPlugin(path="/")],
            description="Changes of a signed-in user need the header X-CSRF-Token; every POST takes an Idempotency-Key.",
        ),
        request_max_body_size=IMAGE_BODY_MAX,
        logging_config=None,
        debug=False,
    )  # fmt: skip
    return Door(app, shop)


async def keep(shop: Shop) -> None:
    """Until cancelled: the outbox, and the keepers of all rooms. A keeper that fails is a defect and ends the process."""
    async with asyncio.TaskGroup() as group:
        group.create_task(shop.settlements.run())
        for room in rooms():
            for keeper in room.keepers:
                group.create_task(keeper(shop))


def _refused(_request: Request, error: ShopError) -> Response[dict]:
    body = {"code": error.refusal.name, "message": str(error)} | ({"detail": error.detail} if error.detail else {})
    return Response(body, status_code=error.refusal.status, headers=_HEADERS)


def _refused_by_framework(request: Request, error: HTTPException) -> Response[dict]:
    """What never reached a handler: no such path, a body that does not parse or is out of bounds."""
    if error.status_code >= 500:
        return _failed(request, error)
    refusal = _BY_STATUS.get(error.status_code, Refusal.INVALID_REQUEST)
    return _refused(request, ShopError(refusal, _first_fault(error) if refusal is Refusal.INVALID_REQUEST else ""))


def _first_fault(error: HTTPException) -> str:
    """Which field is wrong, where that is known; what was sent is not repeated."""
    faults = error.extra if isinstance(error.extra, list) else []
    named = [f"{fault['key']}: {fault['message']}" for fault in faults if isinstance(fault, dict) and "key" in fault and "message" in fault]
    return f"The request is not valid ({named[0]})." if named else ""


def _too_deep(request: Request, _error: RecursionError) -> Response[dict]:
    """JSON nested beyond all reason."""
    return _refused(request, ShopError(Refusal.INVALID_REQUEST))


def _database_away(request: Request, error: Exception) -> Response[dict]:
    logger.warning("event=database_away path=%s error=%s", request.scope["path"][:100], type(error).__name__)
    return _refused(request, ShopError(Refusal.UNAVAILABLE))


def _database_busy(request: Request, error: Exception) -> Response[dict]:
    logger.warning("event=database_busy path=%s error=%s", request.scope["path"][:100], type(error).__name__)
    return _refused(request, ShopError(Refusal.BUSY))


def _failed(request: Request, error: Exception) -> Response[dict]:
    """A fault of ours: told to those who run the venue, by the place where it happened, not to the client."""
    logger.error("event=request_failed path=%s error=%s", request.scope["path"][:100], type(error).__name__, exc_info=error)
    return _refused(request, ShopError(Refusal.INTERNAL))
