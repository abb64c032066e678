"""A venue in memory for the identity room: a log, two processes' clients on it, a database, and HTTP without sockets."""

import pytest
from httpx import ASGITransport, AsyncClient

from cryptoshop import database as postgresql
from engine.commands import admin
from engine.exchange import ExchangeClient
from engine.log.memory import MemoryLog
from engine.oracle.machine import OracleMachine
from engine.types import Code, Kind, Role
from gateway.identity import Identity
from gateway.identity.passwords import Passwords
from gateway.identity.routes import identity_app

MASTER_KEY = bytes(range(32))
PASSWORD = "correct horse battery"


class Venue:
    """`exchange` and `identity` are of one process, `other_*` of another one on the same log and database."""

    def __init__(self, log, pool, exchange, other_exchange):
        self.log = log
        self.pool = pool
        self.exchange = exchange
        self.other_exchange = other_exchange
        self.identity = Identity(pool, exchange, MASTER_KEY, passwords=quick_passwords())
        self.other_identity = Identity(pool, other_exchange, MASTER_KEY, passwords=quick_passwords())

    def logged_bytes(self) -> bytes:
        return b"".join(self.log._frames)

    async def operate(self, *commands):
        operator = await ExchangeClient.open(self.log, role=Role.OPERATOR, machine=OracleMachine)
        for command in commands:
            (outcome,) = await operator.execute(command)
            assert outcome.code == Code.OK
        for task in operator._tasks:  # not close(): the log is everybody's
            task.cancel()

    def browser(self, *, demo=False, scheme="http", address="198.51.100.7") -> AsyncClient:
        app = identity_app(self.identity, demo=demo)
        return AsyncClient(transport=ASGITransport(app, client=(address, 40000), raise_app_exceptions=False), base_url=f"{scheme}://venue.test")


def quick_passwords() -> Passwords:
    return Passwords(time_cost=1, memory_kib=64)


@pytest.fixture
async def venue(database):
    log = MemoryLog()
    role = Role.TRADING | Role.IDENTITY | Role.CUSTODY
    pool = await postgresql.pool(database, connections=4)
    exchange = await ExchangeClient.open(log, role=role, machine=OracleMachine)
    other = await ExchangeClient.open(log, role=role, machine=OracleMachine)
    venue = Venue(log, pool, exchange, other)
    await venue.operate(admin(Kind.ADD_ASSET, name="USDT", scale=8), admin(Kind.ADD_ASSET, name="BTC", scale=8), admin(Kind.OPEN))
    yield venue
    await exchange.close()
    await other.close()
    await pool.close()
