"""`cryptoshop shop`: the storefront, on a Unix socket of the data directory; the REST role passes /shop/* on to it."""

import asyncio
import contextlib
import functools
import ipaddress

import uvicorn

from cryptoshop import database
from cryptoshop.bounded_http import BoundedHttp
from cryptoshop.roles.common import master_key, run_role, sampled, spare_garbage_collector
from cryptoshop.settings import Settings
from cryptoshop.shoppers import ShopperMiddleware
from engine.exchange import ExchangeClient
from engine.types import Role
from gateway.identity import Identity
from gateway.identity.sealing import seal, unseal
from storefront.app import keep, shop_app
from storefront.settlement import Settlements
from storefront.webhooks.address import LOOPBACK
from storefront.work import Shop, utc_now

DESCRIPTION = "The shop of a running venue: catalog to orders, on DIR/shop.sock; `cryptoshop rest` passes /shop/* on."
SHOP_ROLE = Role.LEDGER | Role.IDENTITY  # it moves money and opens sellers' accounts; it neither trades for others nor deposits
CONNECTIONS = 16
_SEALED_FOR = "shop"


@contextlib.asynccontextmanager
async def open_shop(settings: Settings):
    """(Shop, Identity) over this process's own replica, caught up; closes everything it opened."""
    async with contextlib.AsyncExitStack() as stack:
        pool = await database.pool(settings.database_url or settings.running_database_url(), connections=CONNECTIONS, plan_once=True)
        stack.push_async_callback(pool.close)
        exchange = await ExchangeClient.open(settings.resolved_log_url, role=SHOP_ROLE, snapshots=settings.snapshot_dir, clock=True)
        stack.push_async_callback(exchange.close)
        key = master_key(settings)
        shop = Shop(
            pool, exchange, Settlements(pool, exchange, utc_now),
            seal=functools.partial(seal, key, api_key=_SEALED_FOR), unseal=functools.partial(unseal, key, api_key=_SEALED_FOR),
            endpoint_networks=(*(LOOPBACK if settings.demo else ()), *map(ipaddress.ip_network, settings.webhook_networks)),
        )  # fmt: skip
        yield shop, Identity(pool, exchange, key)


async def serve(settings: Settings) -> None:
    settings.shop_socket.unlink(missing_ok=True)
    async with open_shop(settings) as (shop, identity), sampled("shop", shop.exchange):
        config = uvicorn.Config(
            ShopperMiddleware(shop_app(shop), identity), uds=str(settings.shop_socket), log_config=None, access_log=False,
            server_header=False, date_header=False, proxy_headers=False, http=BoundedHttp, timeout_graceful_shutdown=3, lifespan="off",
        )  # fmt: skip
        server = uvicorn.Server(config)
        spare_garbage_collector()
        server.capture_signals = contextlib.nullcontext  # the role's shell owns the signals
        serving = asyncio.ensure_future(server.serve())
        keeping = asyncio.ensure_future(keep(shop))
        try:
            await asyncio.wait((serving, keeping, shop.exchange.failed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            await serving
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
        if shop.exchange.failed.done():
            shop.exchange.failed.result()


def main(arguments: list[str]) -> int:
    return run_role("shop", DESCRIPTION, arguments, serve)
