"""The two machines, and a small venue in either, for tests that hold both to the same rules."""

import itertools

import numpy as np
import pytest

from engine import commands as make
from engine.machine import Machine
from engine.oracle.machine import OracleMachine
from engine.types import FIRST_CUSTOMER, HOUSE_GATEWAY, INITIAL_CAPACITY, TRANSFER_EVENT, Kind, Pool, Role
from engine.views import Applied
from tests.engine.streams import Feed

both_machines = pytest.mark.parametrize("make_machine", [OracleMachine, Machine], ids=["oracle", "kernels"])

ALICE, BOB, CAROL = range(FIRST_CUSTOMER, FIRST_CUSTOMER + 3)
BASE, QUOTE = 1, 2
SYMBOL = 1
ORIGINS = {"operator": 1, "trading": 2, "ledger": 3, "custody": 4, "clock": 5}
LISTING = {
    "name": b"BASEQUOTE", "base": BASE, "quote": QUOTE, "value": 1, "value2": 1, "max_price_ticks": 10**6,
    "max_quantity_lots": 10**6, "max_market_lots": 10**6, "max_orders": 4096,
}  # fmt: skip


def capacity_with(**pools: int) -> tuple[int, ...]:
    """INITIAL_CAPACITY with some pools of another size: capacity_with(ORDERS=8)."""
    return tuple(pools.get(pool.name, INITIAL_CAPACITY[pool]) for pool in Pool)


def table(text: str) -> list[tuple[str, dict[str, str]]]:
    """The rows of a test table: a word, then key=value pairs."""
    rows = [line.split() for line in text.strip().splitlines()]
    return [(words[0], dict(word.split("=", 1) for word in words[1:])) for words in rows]


class Venue(Feed):
    """Two assets, one symbol, three customers with `funds` of each asset, and an origin of each role."""

    def __init__(self, make_machine, funds: int = 10_000, capacity: tuple[int, ...] = INITIAL_CAPACITY, **listing) -> None:
        super().__init__(make_machine(capacity))
        self._ids = itertools.count(1)
        for name, role in (("trading", Role.TRADING), ("ledger", Role.LEDGER), ("custody", Role.CUSTODY), ("clock", Role.CLOCK)):
            self.register(ORIGINS[name], role)
        self.done(
            make.admin(Kind.ADD_ASSET, name=b"BASE", scale=8), make.admin(Kind.ADD_ASSET, name=b"QUOTE", scale=2),
            make.admin(Kind.ADD_SYMBOL, **LISTING | listing),
            *(make.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=account) for account in (ALICE, BOB, CAROL)),
        )  # fmt: skip
        if funds:
            self.done(*(self.deposit(account, asset, funds) for account in (ALICE, BOB, CAROL) for asset in (BASE, QUOTE)))

    def fresh_id(self) -> tuple[int, int]:
        return self.time_ns, next(self._ids)

    def deposit(self, account: int, asset: int, amount: int) -> np.ndarray:
        return make.transfer(Kind.TRANSFER, self.fresh_id(), debit=HOUSE_GATEWAY, credit=account, asset=asset, amount=amount)

    def done(self, *commands: np.ndarray, **how: int) -> Applied:
        """Send commands that must all succeed."""
        applied = self.send(*commands, **how)
        assert not applied.codes.any(), applied.codes.tolist()
        assert self.machine.validate() == ""
        return applied

    def balances(self, account: int) -> dict[int, tuple[int, int]]:
        return {asset: (available, held) for asset, available, held in self.machine.balances(account)}


def transfers(applied: Applied) -> np.ndarray:
    """The events of a frame of ledger commands."""
    return applied.events.view(TRANSFER_EVENT)
