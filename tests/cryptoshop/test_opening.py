"""The step that opens a venue: a new one, one that is open already, and one whose log was written under older rules."""

import itertools
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cryptoshop.opening import open_venue
from cryptoshop.settings import Settings
from cryptoshop.verify import Verification
from engine import commands
from engine.exchange import ExchangeClient
from engine.log.files import DiskDirectory
from engine.machine import Machine
from engine.oracle.machine import OracleMachine
from engine.replica import SnapshotStore
from engine.types import ADMIN_EVENT, HOUSE_GATEWAY, RULES_FIRST, RULES_VERSION, Code, Kind, Role, Side
from tests.engine.log.servers import log_server

ID_LO = itertools.count(1)


@pytest.fixture(params=[OracleMachine, Machine], ids=["oracle", "kernels"])
def machine(request, monkeypatch):
    for module in ("engine.replica", "engine.exchange", "cryptoshop.verify"):
        monkeypatch.setattr(f"{module}.default_machine", lambda: request.param, raising=False)
    return request.param


@asynccontextmanager
async def venue_at(data_dir: Path):
    """(settings, an operator's client) of a data directory whose log runs."""
    settings = Settings(data_dir)
    settings.log_dir.mkdir(exist_ok=True)
    settings.snapshot_dir.mkdir(exist_ok=True)
    async with log_server(DiskDirectory(settings.log_dir)) as (_, path):
        settings = Settings(data_dir, log_url=f"local:{path}")
        client = await ExchangeClient.open(settings.resolved_log_url, role=Role.OPERATOR, snapshots=settings.snapshot_dir)
        try:
            yield settings, client
        finally:
            await client.close()


async def done(client: ExchangeClient, *batch) -> list:
    outcomes = await client.execute(commands.frame(*batch))
    assert not any(outcome.code for outcome in outcomes), [Code(outcome.code).name for outcome in outcomes]
    return outcomes


async def list_and_quote(client: ExchangeClient) -> tuple[int, int]:
    """A market with an offer on it; returns (who offers, who may buy)."""
    listing = {"base": 1, "quote": 2, "value": 1, "value2": 1, "max_price_ticks": 10**6, "max_quantity_lots": 10**6}
    await done(
        client, commands.admin(Kind.ADD_ASSET, name=b"A", scale=2), commands.admin(Kind.ADD_ASSET, name=b"B", scale=2),
        commands.admin(Kind.ADD_SYMBOL, name=b"AB", **listing, max_market_lots=10**6, max_orders=10),
    )  # fmt: skip
    opened = await done(client, *(commands.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=number) for number in (1, 2)))
    bob, alice = (int(outcome.events.view(ADMIN_EVENT)["account"][0]) for outcome in opened)
    await done(client, deposit(client, bob, 1), deposit(client, alice, 2))
    await done(client, commands.place(bob, 1, Side.SELL, price_ticks=5, quantity_lots=100))
    return bob, alice


def fresh_id(client: ExchangeClient) -> tuple[int, int]:
    return client.machine.now_ns, next(ID_LO)


def deposit(client: ExchangeClient, account: int, asset: int):
    return commands.transfer(Kind.TRANSFER, fresh_id(client), debit=HOUSE_GATEWAY, credit=account, asset=asset, amount=1000)


def conversion(client: ExchangeClient, account: int):
    return commands.convert(fresh_id(client), account=account, asset=1, amount=10, most=1000, symbol=1)


async def test_a_new_venue_opens_once_under_the_newest_rules(machine, tmp_path: Path):
    async with venue_at(tmp_path) as (settings, client):
        assert settings.opened_rules == 0
        await open_venue(settings)
        assert settings.opened_rules == RULES_VERSION
        await client.caught_up()
        assert (client.machine.opened, client.machine.rules_version) == (True, RULES_VERSION)
        position = client.position
        await open_venue(settings)
        await client.caught_up()
        assert client.position == position, "nothing is left to do"


async def test_data_of_the_first_rules_is_lifted_and_stays_what_it_was(machine, tmp_path: Path):
    async with venue_at(tmp_path) as (settings, client):
        await done(client, commands.admin(Kind.OPEN))
        _, alice = await list_and_quote(client)
        assert client.machine.rules_version == RULES_FIRST
        assert (await client.execute(conversion(client, alice)))[0].code == Code.UNKNOWN_KIND
        SnapshotStore(settings.snapshot_dir).save(client.position, client.replica.parts())
        settings.opened_path.touch()  # as the first version left it
        assert 0 < settings.opened_rules < RULES_VERSION
    async with venue_at(tmp_path) as (settings, client):
        assert client.machine.rules_version == RULES_FIRST
        await open_venue(settings)
        await client.caught_up()
        assert client.machine.rules_version == RULES_VERSION
        await done(client, conversion(client, alice))
        assert client.machine.balance(alice, 1) == (10, 0)
        position, state = client.position, client.machine.state_hash()
    verification = Verification(tmp_path / "log", tmp_path / "snapshots")
    last = list(verification.replay())[-1]
    assert (last.position, verification.replica.machine.state_hash()) == (position, state)
    assert len(verification.compared) == 1, "the snapshot of the first rules still holds"


def test_what_the_opened_file_does_not_say_is_looked_up(tmp_path: Path):
    settings = Settings(tmp_path)
    for content, version in (("", 1), ("2", 2), ("not a number", 0)):
        settings.opened_path.write_text(content)
        assert settings.opened_rules == version
