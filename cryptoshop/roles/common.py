"""What the REST and the stream role have in common: one replica, one database pool, one Gateway."""

import argparse
import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import asdict

import uvloop

from cryptoshop import database
from cryptoshop.errors import StartError
from cryptoshop.observability import Sampler, configure_logging
from cryptoshop.settings import Settings, add_arguments, from_arguments
from engine.exchange import ExchangeClient
from engine.log.port import LogError
from engine.types import Role
from engine.views import ReplicaStopped
from gateway.gateway import Gateway
from gateway.identity import Identity, MasterKeyError, load_master_key
from gateway.limits import Limits
from gateway.listen_keys import ListenKeys
from gateway.stream import GC_THRESHOLDS
from marketdata import History, MarketData
from marketdata.errors import MarketDataError
from marketdata.rates.spec import parse_sources

EDGE_ROLE = Role.TRADING | Role.MARGIN | Role.IDENTITY | Role.CUSTODY | Role.CLOCK | Role.CAPACITY


@contextlib.asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """A Gateway over this process's own replica, caught up; closes everything it opened."""
    async with contextlib.AsyncExitStack() as stack:
        pool = await database.pool(settings.database_url or settings.running_database_url())
        stack.push_async_callback(pool.close)
        marketdata = MarketData()
        exchange = await ExchangeClient.open(
            settings.resolved_log_url, role=EDGE_ROLE, snapshots=settings.snapshot_dir,
            reducers={"marketdata": marketdata}, clock=True,
        )  # fmt: skip
        stack.push_async_callback(exchange.close)
        history = History(pool, exchange, marketdata)
        identity = Identity(pool, exchange, master_key(settings))
        settings.shared_dir.mkdir(exist_ok=True)
        limits = Limits(settings.shared_dir / "limits", weight_per_minute=settings.weight_per_minute)
        listen_keys = ListenKeys(settings.shared_dir / "listen-keys")
        yield Gateway(exchange=exchange, marketdata=marketdata, history=history, identity=identity, limits=limits, listen_keys=listen_keys,
                      source_names={source.number: source.name for source in parse_sources(settings.sources_of_prices)})  # fmt: skip


def master_key(settings: Settings) -> bytes:
    """The key that secrets in the database are sealed with, made at the first start. Raises StartError."""
    try:
        return load_master_key(settings.master_key_path)
    except MasterKeyError as error:
        raise StartError(str(error)) from None


def run_role(name: str, description: str, arguments: list[str], serve: Callable[[Settings], Awaitable[None]], epilog: str = "") -> int:
    """The shell of a role: flags, logging, one uvloop, SIGTERM and SIGINT cancel `serve`. Returns the exit status.

    Raises StartError, in one line, for what an operator can mend: a log that is away or not this venue's, a database, a port.
    """
    parser = argparse.ArgumentParser(f"cryptoshop {name}", description=description, epilog=epilog,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add_arguments(parser)
    settings = from_arguments(parser.parse_args(arguments))
    configure_logging(name)

    async def body() -> None:
        task = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await serve(settings)

    try:
        uvloop.run(body())
    except asyncio.CancelledError:
        pass
    except (LogError, ReplicaStopped, MarketDataError, OSError) as error:
        raise StartError(f"the role {name} cannot go on: {error or type(error).__name__}") from None
    return 0


def spare_garbage_collector() -> None:
    """Before serving: what a role has loaded is never garbage, and a request leaves few cycles behind, so it is seldom looked for."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


@contextlib.asynccontextmanager
async def sampled(role: str, exchange: ExchangeClient, counters: Callable[[], dict] = dict) -> AsyncIterator[None]:
    """While inside: the replica's figures and the role's own `counters` go to /metrics."""
    sampler = asyncio.create_task(Sampler(role, lambda: figures(exchange) | counters()).run())
    try:
        yield
    finally:
        sampler.cancel()


async def while_replica_lives(exchange: ExchangeClient, serving: Coroutine) -> None:
    """Run `serving` until it ends, this task is cancelled, or the replica stops, which is raised; `serving` is always wound up."""
    task = asyncio.create_task(serving)
    try:
        await asyncio.wait((task, exchange.failed), return_when=asyncio.FIRST_COMPLETED)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    if exchange.failed.done():
        exchange.failed.result()


def figures(exchange: ExchangeClient) -> dict[str, float]:
    """A replica's counters and where it stands."""
    return {**asdict(exchange.counters), "replica_position": exchange.position, "replica_lag_frames": exchange.lag}
