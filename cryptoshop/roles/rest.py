"""`cryptoshop rest`: REST for traders, accounts, and the web app, on the HTTP port."""

import asyncio
import contextlib

import uvicorn

from cryptoshop import preflight
from cryptoshop.bounded_http import BoundedHttp
from cryptoshop.capacity import keep_capacities
from cryptoshop.forward import Forward
from cryptoshop.roles.common import open_gateway, run_role, sampled, spare_garbage_collector
from cryptoshop.settings import Settings
from cryptoshop.site import Health, site_app
from gateway.gateway import Gateway
from gateway.identity.routes import SessionMiddleware, identity_app
from gateway.rest import trading_app

DESCRIPTION = "HTTP of a running venue: REST for traders (/api, /sapi), accounts (/account), shop (/shop), web app, health and metrics."
NOT_OFFERED = ("fapi", "dapi", "eapi", "papi")  # futures, options, portfolio margin: refused in the dialect's words, not with a page
_NOT_PAGES = ("/shop/images/", "/shop/openapi.json", "/shop/sitemap.xml")  # also where a browser opens them in a tab


def http_app(settings: Settings, gateway: Gateway, shop: Forward):
    """One ASGI app over the rooms that speak HTTP, chosen by the path's first part."""
    trading = SessionMiddleware(trading_app(gateway), gateway.identity)
    account = identity_app(gateway.identity, demo=settings.demo)
    site = site_app(settings, Health(settings, gateway.exchange, gateway.history))
    rooms = {"account": account, "shop": shop, **dict.fromkeys(("api", "sapi", *NOT_OFFERED), trading)}

    async def app(scope, receive, send) -> None:
        room = site
        if scope["type"] == "http":
            room = rooms.get(scope["path"].removeprefix("/").partition("/")[0], site)
            if room is shop and wants_page(scope):
                room = site
        await room(scope, receive, send)

    return app


def wants_page(scope) -> bool:
    """Whether a browser opens this address as a page: pages of the shop and its API share their paths, as a thing and its description."""
    if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith(_NOT_PAGES):
        return False
    return any(key == b"accept" and b"text/html" in value for key, value in scope["headers"])


async def serve(settings: Settings) -> None:
    preflight.check_port(settings.host, settings.http_port, "--http-port")
    async with (
        open_gateway(settings) as gateway,
        Forward(settings.shop_socket, gateway.limits) as shop,
        sampled("rest", gateway.exchange),
    ):
        config = uvicorn.Config(
            http_app(settings, gateway, shop), host=settings.host, port=settings.http_port, log_config=None, access_log=False,
            server_header=False, http=BoundedHttp, timeout_graceful_shutdown=3, lifespan="on",
        )  # fmt: skip
        server = uvicorn.Server(config)
        spare_garbage_collector()
        server.capture_signals = contextlib.nullcontext  # the role's shell owns the signals
        serving = asyncio.ensure_future(server.serve())
        keeping = asyncio.ensure_future(keep_capacities(gateway.exchange))
        try:
            await asyncio.wait((serving, gateway.exchange.failed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            await serving
            keeping.cancel()
        if gateway.exchange.failed.done():
            gateway.exchange.failed.result()


def main(arguments: list[str]) -> int:
    return run_role("rest", DESCRIPTION, arguments, serve)
