"""Settlements that wait for a person: listed with their cause, retried without paying twice, ended by what the history says."""

import asyncio
import contextlib
import secrets

import pytest

from engine.types import TRANSFER_ID_WINDOW_NS
from marketdata.recorder import Recorder
from storefront.moderation import settlements as stuck
from tests.storefront.orders.paid import Line, act, ask, paid_order, row, states, stock_of

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def deal(world):
    """(world, buyer, seller, product, moderator, order)."""
    seller, buyer, moderator = await world.seller("sam"), await world.person("bea"), await world.person("mia", role="moderator")
    product = await world.product(seller, price="20", stock=10)
    return world, buyer, seller, product, moderator, await paid_order(world, buyer, seller, Line(product))


@contextlib.asynccontextmanager
async def recording(world):
    task = asyncio.create_task(Recorder(world.log, world.pool).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _the_stuck_one(world, moderator) -> dict:
    status, page = await ask(world, moderator, "GET", "/admin/settlements?state=stuck")
    assert (status, len(page["items"])) == (200, 1), page
    return page["items"][0]


async def _retry(world, moderator, settlement_id: str) -> tuple[int, dict]:
    return await ask(world, moderator, "POST", f"/admin/settlements/{settlement_id}/retry")


async def test_an_outcome_that_could_not_be_applied_is_applied_by_a_retry(deal, monkeypatch):
    world, buyer, _, product, moderator, order_id = deal
    settlements = world.shop.settlements

    async def fails(_db, _settlements, _now):
        raise RuntimeError("the dog ate it")

    with monkeypatch.context() as patch:
        patch.setattr(settlements, "_apply", {**settlements._apply, "cancel": fails})
        patch.setattr("storefront.settlement.ATTEMPTS_MAX", 2)
        shown = await act(world, buyer, order_id, "cancel", {})
        assert (shown["settling"], shown["actions"]) == (True, ["message"])
        assert (await ask(world, buyer, "POST", f"/orders/{order_id}/cancel", {}))[1]["code"] == "SETTLING"
        pending = await world.pool.fetchval("SELECT settlement_id FROM shop_settlements WHERE state = 'pending'")
        await settlements.ended(pending)
    found = await _the_stuck_one(world, moderator)
    assert (found["purpose"], found["subjectId"], found["cause"]) == ("cancel", str(order_id), "RuntimeError: the dog ate it")
    assert world.balance(buyer.account, "USDT")[0] == "100000.000000", "the ledger has done it already"
    status, answer = await _retry(world, moderator, found["id"])
    assert (status, answer["state"]) == (200, "done")
    assert await states(world, order_id) == ("refunded", "canceled", "none")
    assert await stock_of(world, product) == (10, 0)
    assert world.balance(buyer.account, "USDT")[0] == "100000.000000"
    assert (await _retry(world, moderator, found["id"]))[1]["code"] == "NOT_NOW"
    await world.check()


async def test_a_chain_too_old_for_the_ledger_that_was_never_done_is_put_back(deal, monkeypatch):
    world, buyer, _, product, moderator, order_id = deal
    old_ns = world.exchange.machine.now_ns - TRANSFER_ID_WINDOW_NS - 1
    with monkeypatch.context() as patch:
        patch.setattr(world.shop, "transfer_id", lambda: (old_ns, secrets.randbits(62)))
        assert (await act(world, buyer, order_id, "cancel", {}))["settling"]
    found = await _the_stuck_one(world, moderator)
    assert found["cause"] == "the ledger answered ID_TOO_OLD"
    with monkeypatch.context() as patch:
        patch.setattr(stuck, "RECORDED_WAITS", 1)
        assert (await _retry(world, moderator, found["id"]))[1]["code"] == "UNAVAILABLE", "nothing is recorded yet"
    assert (await _the_stuck_one(world, moderator))["id"] == found["id"]
    async with recording(world):
        status, answer = await _retry(world, moderator, found["id"])
    assert (status, answer["state"], answer["cause"]) == (200, "failed", "ID_TOO_OLD")
    assert await states(world, order_id) == ("held", "unfulfilled", "none")
    assert (await act(world, buyer, order_id, "", method="GET"))["actions"] == ["cancel", "open_dispute", "message"]
    await act(world, buyer, order_id, "cancel", {})
    assert await stock_of(world, product) == (10, 0)
    await world.check()


async def test_a_chain_too_old_for_the_ledger_that_was_done_is_done(deal, monkeypatch):
    """The process died after the ledger had done it, and nobody came back for longer than the ledger remembers."""
    world, buyer, _, _, moderator, order_id = deal
    settlements = world.shop.settlements

    async def dies(_settlement_id):
        return None

    with monkeypatch.context() as patch:
        patch.setattr(settlements, "_settle", dies)
        await act(world, buyer, order_id, "cancel", {})
    settlement_id, commands = await world.pool.fetchrow("SELECT settlement_id, commands FROM shop_settlements WHERE state = 'pending'")
    await world.exchange.execute(commands)
    await world.pool.execute("UPDATE shop_settlements SET state = 'stuck', cause = 'the ledger answered ID_TOO_OLD'")
    async with recording(world):
        status, answer = await _retry(world, moderator, str(settlement_id))
    assert (status, answer["state"]) == (200, "done")
    assert await states(world, order_id) == ("refunded", "canceled", "none")
    assert (await row(world, order_id))["settlement_id"] is None
    await world.check()


async def test_stuck_settlements_are_for_moderators(deal):
    world, buyer, seller, _, moderator, _ = deal
    asked = (("GET", "/admin/settlements"), ("POST", f"/admin/settlements/{UNKNOWN}/retry"), ("GET", "/admin/disputes"))
    for person, code in ((None, "NOT_LOGGED_IN"), (buyer, "NOT_ALLOWED"), (seller, "NOT_ALLOWED")):
        for method, path in asked:
            assert (await ask(world, person, method, path))[1]["code"] == code
    assert (await _retry(world, moderator, UNKNOWN))[1]["code"] == "NOT_FOUND"
    assert (await _retry(world, moderator, "rubbish"))[1]["code"] == "NOT_FOUND"
    assert (await ask(world, moderator, "GET", "/admin/settlements?after=rubbish"))[1]["code"] == "INVALID_REQUEST"

