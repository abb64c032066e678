"""Where an operator works: connected to a running venue, to its command log as an OPERATOR and to its database.

It finds both through DIR/run.json, which the supervisor writes.
"""

import argparse
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import NamedTuple

import asyncpg
import numpy as np

from cryptoshop import database, preflight
from cryptoshop.errors import StartError
from cryptoshop.settings import Settings, add_arguments, from_arguments
from engine.exchange import ExchangeClient
from engine.log.port import LogError
from engine.replica import ReplicaStopped
from engine.types import FIRST_CUSTOMER, Code, Role
from engine.views import AssetView, SymbolView
from gateway.identity import Identity, MasterKeyError, User, load_master_key
from gateway.identity.identity import checked_email
from marketdata.rates import parse_sources

CONNECT_SECONDS = 5.0
BY_COMMAND = "command line"  # the address in the audit table


class Refused(Exception):
    """What was asked for cannot be done; the message is the one line that says why."""


class Office(NamedTuple):
    """Where an operator works."""

    exchange: ExchangeClient
    pool: asyncpg.Pool
    identity: Identity
    source_names: dict[int, str]  # of reference prices, by their numbers


def running_settings(given: argparse.Namespace) -> Settings:
    """Those of the running venue; its log's address and the sources of its prices from run.json unless they were given."""
    defaults = argparse.ArgumentParser()
    add_arguments(defaults)
    settings = from_arguments(argparse.Namespace(**(vars(defaults.parse_args([])) | vars(given))))
    with contextlib.suppress(OSError, ValueError, KeyError):
        told = json.loads(settings.run_path.read_text())
        return replace(settings, log_url=settings.log_url or told["log_url"],
                       price_sources=settings.price_sources or tuple(told.get("price_sources", ())))  # fmt: skip
    return settings


@contextlib.asynccontextmanager
async def open_office(settings: Settings) -> AsyncIterator[Office]:
    """Connected to the running venue of the settings. Raises StartError where there is none."""
    url = settings.running_database_url()
    async with contextlib.AsyncExitStack() as stack:
        try:
            pool = await database.pool(url, connections=2, name="cryptoshop admin")
        except StartError:
            if settings.database_url or preflight.is_open(settings.data_dir):
                raise
            raise settings.not_running() from None  # a killed venue left its run.json behind
        stack.push_async_callback(pool.close)
        try:
            master_key = load_master_key(settings.master_key_path)
            exchange = await ExchangeClient.open(
                settings.resolved_log_url, role=Role.OPERATOR, snapshots=settings.snapshot_dir, connect_timeout=CONNECT_SECONDS
            )
        except (LogError, ReplicaStopped, ValueError, MasterKeyError) as error:
            raise StartError(f"the venue on {settings.data_dir} cannot be used: {error}") from None
        stack.push_async_callback(exchange.close)
        names = {source.number: source.name for source in parse_sources(settings.sources_of_prices)}
        yield Office(exchange, pool, Identity(pool, exchange, master_key), names)


async def execute(exchange: ExchangeClient, command: np.ndarray, refusals: dict[Code, str] | None = None) -> None:
    """Run one command. Raises Refused in the words given for its code, or with the code's name."""
    (outcome,) = await exchange.execute(command)
    if outcome.code != Code.OK:
        code = Code(outcome.code)
        raise Refused((refusals or {}).get(code, f"the core refused it: {code.name}"))


def find_asset(office: Office, name: str) -> AssetView:
    found = next((asset for asset in office.exchange.machine.assets() if asset.name == name), None)
    if found is None:
        raise Refused(f"there is no asset {name}: add it with add-asset, or see the list with assets")
    return found


def find_symbol(office: Office, name: str) -> SymbolView:
    found = next((symbol for symbol in office.exchange.machine.symbols() if symbol.name == name), None)
    if found is None:
        raise Refused(f"there is no symbol {name}: add it with add-symbol, or see the list with symbols")
    return found


async def find_account(office: Office, text: str) -> int:
    """The number of an account given by its number or its owner's address."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        account = int(text)
        if account < FIRST_CUSTOMER or office.exchange.machine.account(account) is None:
            raise Refused(f"there is no account {text}: see the list with accounts")
        return account
    return (await find_user(office, text)).account


async def find_user(office: Office, text: str) -> User:
    if text.isascii() and text.isdigit() and len(text) < 10:
        user = await office.identity.user(account=int(text))
    else:
        user = await office.identity.user(email=checked_email(text))
    if user is None:
        raise Refused(f"nobody is signed up as {text}: see the list with accounts")
    return user
