"""`cryptoshop rest`: REST for traders, accounts, and the web app, on the HTTP port."""

import asyncio
import contextlib

import uvicorn

from cryptoshop import preflight
from cryptoshop.bounded_http import BoundedHttp
from cryptoshop.roles.common import open_gateway, run_role, sampled
from cryptoshop.settings import Settings
from cryptoshop.site import Health, site_app
from gateway.gateway import Gateway
from gateway.identity.routes import SessionMiddleware, identity_app
from gateway.rest import trading_app

DESCRIPTION = "HTTP of a running venue: REST for traders (/api, /sapi), accounts (/account), the web app, health and metrics."


def http_app(settings: Settings, gateway: Gateway):
    """One ASGI app over the rooms that speak HTTP, chosen by the path's first part."""
    trading = SessionMiddleware(trading_app(gateway), gateway.identity)
    account = identity_app(gateway.identity, demo=settings.demo)
    site = site_app(settings, Health(settings, gateway.exchange, gateway.history))
    rooms = {"api": trading, "sapi": trading, "account": account}

    async def app(scope, receive, send) -> None:
        room = site
        if scope["type"] == "http":
            room = rooms.get(scope["path"].removeprefix("/").partition("/")[0], site)
        await room(scope, receive, send)

    return app


async def serve(settings: Settings) -> None:
    preflight.check_port(settings.host, settings.http_port, "--http-port")
    async with open_gateway(settings) as gateway, sampled("rest", gateway.exchange):
        config = uvicorn.Config(
            http_app(settings, gateway), host=settings.host, port=settings.http_port, log_config=None, access_log=False,
            server_header=False, http=BoundedHttp, timeout_graceful_shutdown=3, lifespan="on",
        )  # fmt: skip
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # the role's shell owns the signals
        serving = asyncio.ensure_future(server.serve())
        try:
            await asyncio.wait((serving, gateway.exchange.failed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            await serving
        if gateway.exchange.failed.done():
            gateway.exchange.failed.result()


def main(arguments: list[str]) -> int:
    return run_role("rest", DESCRIPTION, arguments, serve)
