"""Pools grow before they are full, by logged commands, and only so far."""

import asyncio
import secrets

import pytest

from cryptoshop.capacity import TRANSFER_IDS_MAX, grown, keep_capacities
from engine import commands as make
from engine.exchange import ExchangeClient
from engine.machine import Machine
from engine.oracle.machine import OracleMachine
from engine.types import CAPACITY_MAX, INITIAL_CAPACITY, Kind, Pool, Role


def test_a_pool_doubles_at_three_quarters_and_ends_at_its_limit():
    assert grown(Pool.PENDING, 3072, 4096) == 0
    assert grown(Pool.PENDING, 3073, 4096) == 8192
    assert grown(Pool.PENDING, CAPACITY_MAX[Pool.PENDING], CAPACITY_MAX[Pool.PENDING]) == 0
    assert grown(Pool.TRANSFER_IDS, TRANSFER_IDS_MAX, TRANSFER_IDS_MAX) == 0


@pytest.mark.parametrize("machine", [Machine, OracleMachine])
async def test_a_venue_takes_more_accounts_than_it_began_with_room_for(machine):
    exchange = await ExchangeClient.open("memory:", role=Role.IDENTITY | Role.CAPACITY, machine=machine)
    keeper = asyncio.create_task(keep_capacities(exchange))
    try:
        first = INITIAL_CAPACITY[Pool.ACCOUNTS]
        references = [(1 + secrets.randbits(61), number) for number in range(first * 3 // 4)]
        await exchange.execute(make.frame(*(make.admin(Kind.OPEN_ACCOUNT, reference_hi=hi, reference_lo=lo) for hi, lo in references)))
        while exchange.machine.capacity(Pool.ACCOUNTS) == first:
            await asyncio.sleep(0.05)
        assert exchange.machine.capacity(Pool.ACCOUNTS) == 2 * first
        assert exchange.machine.validate() == ""
    finally:
        keeper.cancel()
        await exchange.close()
