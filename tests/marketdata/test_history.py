"""History equals a brute-force look at all events, wherever the recorder is."""

import asyncio
import random

import pytest

from cryptoshop.database import pool as open_pool
from engine.exchange import ExchangeClient
from engine.types import HOUSE_GATEWAY, EventKind
from marketdata import INTERVALS, History, HistoryUnavailable, MarketData, Recorder
from tests.marketdata.brute import Past
from tests.marketdata.venue import HeldBack, Market

NS = 10**6


class Scene:
    """A market, a follower with history, a recorder that can be held back, and the past as a list."""

    def __init__(self, seed: int, pool, **history):
        self.random = random.Random(seed)
        self.market = Market(seed)
        self.past = Past()
        self.pool = pool
        self.held_back = HeldBack(self.market.log)
        self.recorder = Recorder(self.held_back, pool)
        self.options = history

    async def __aenter__(self) -> "Scene":
        self.marketdata = MarketData()
        self.exchange = await ExchangeClient.open(self.market.log, reducers={"marketdata": self.marketdata})
        self.history = History(self.pool, self.exchange, self.marketdata, **self.options)
        self.recording = asyncio.create_task(self.recorder.run())
        return self

    async def __aexit__(self, *_exc_info) -> None:
        self.recording.cancel()
        await self.exchange.close()

    async def go_on(self, frames: int) -> None:
        for applied in await self.market.append(frames):
            self.past.take(applied)
        await self.exchange.caught_up(10)

    async def record_to(self, position: int) -> None:
        self.held_back.let(position)
        await asyncio.wait_for(self.recorder.reached(position), 30)


@pytest.fixture
async def pool(database: str):
    pool = await open_pool(database)
    yield pool
    await pool.close()


@pytest.mark.parametrize("seed", [2, 4, 5, 11])
async def test_every_read_equals_brute_force(pool, seed: int) -> None:
    async with Scene(seed, pool) as scene:
        for _ in range(8):
            await scene.go_on(60)
            behind = scene.random.choice((0, 1, 5, 60, 100))
            await scene.record_to(max(scene.recorder.position, scene.market.machine.position - behind))
            for check in (check_klines, check_trades, check_agg_trades, check_fills, check_orders, check_one_order, check_transfers):
                for _ in range(6):
                    await check(scene)
        assert any(transfer.kind == EventKind.CONVERTED for transfer in scene.past.transfers.values())


def some_time_ms(scene: Scene) -> int | None:
    """A moment near something that happened, or none."""
    if not scene.past.trades or scene.random.random() < 0.4:
        return None
    return scene.random.choice(scene.past.trades)["time_ns"] // NS + scene.random.choice((0, 0, -1, 1, 1000, -100_000, 10**8))


def bounds(scene: Scene) -> tuple[dict, int, int]:
    """(arguments, start_ns, end_ns)"""
    start, end = some_time_ms(scene), some_time_ms(scene)
    return {"start_ms": start, "end_ms": end}, (start or 0) * NS, 2**63 if end is None else end * NS + NS - 1


def cut(found: list, limit: int, first: bool) -> list:
    return found[:limit] if first else found[-limit:]


async def check_klines(scene: Scene) -> None:
    interval = scene.random.choice(list(INTERVALS))
    symbol, limit = scene.random.randint(1, 3), scene.random.choice((1, 2, 10, 300))
    offset = scene.random.choice((0, 0, 480, -60, 345, 7))
    asked, start_ns, end_ns = bounds(scene)
    found = await scene.history.klines(symbol, interval, **asked, limit=limit, offset_minutes=offset)
    expected = scene.past.klines(
        symbol, interval, start_ns=None if asked["start_ms"] is None else start_ns,
        end_ns=None if asked["end_ms"] is None else end_ns, limit=limit, offset=offset,
    )  # fmt: skip
    if len(found) < len(expected) and offset:
        expected = cut(expected, len(found), asked["start_ms"] is not None)
        assert found, "the bound on finer candles leaves at least one"
    assert found == expected, (interval, symbol, limit, offset, asked)


async def check_trades(scene: Scene) -> None:
    symbol, limit = scene.random.randint(1, 2), scene.random.choice((1, 5, 1000))
    from_id = scene.random.choice((None, 0, 1, scene.random.randint(1, 400)))
    found = await scene.history.trades(symbol, from_id=from_id, limit=limit)
    expected = [trade for trade in scene.past.of_symbol(symbol) if trade["trade_id"] >= (from_id or 0)]
    assert [(t["trade_id"], t["agg_id"], t["quote_quantity"], t["maker_order"]) for t in found] == [
        (t["trade_id"], t["agg_id"], t["quote"], t["counter_order_id"]) for t in cut(expected, limit, from_id is not None)
    ]


async def check_agg_trades(scene: Scene) -> None:
    symbol, limit = scene.random.randint(1, 2), scene.random.choice((1, 5, 1000))
    asked, start_ns, end_ns = bounds(scene)
    from_id = scene.random.choice((None, 1, scene.random.randint(1, 400)))
    if from_id is not None:
        asked, start_ns, end_ns = {}, 0, 2**63
    found = await scene.history.agg_trades(symbol, from_id=from_id, **asked, limit=limit)
    expected = [agg for agg in scene.past.agg_trades(symbol) if agg[0] >= (from_id or 0) and start_ns <= agg[1] <= end_ns]
    assert found.tolist() == cut(expected, limit, from_id is not None or asked.get("start_ms") is not None), (from_id, asked, limit)


async def check_fills(scene: Scene) -> None:
    account, symbol = scene.random.choice(scene.market.stream.accounts), scene.random.randint(1, 2)
    asked, start_ns, end_ns = bounds(scene)
    from_id = scene.random.choice((None, None, scene.random.randint(1, 400)))
    order_id = scene.random.choice((None, None, scene.random.choice(list(scene.past.orders) or [1])))
    limit = scene.random.choice((1, 5, 1000))
    found = await scene.history.my_trades(account, symbol, order_id=order_id, from_id=from_id, **asked, limit=limit)
    expected = [
        fill
        for fill in scene.past.fills(account, symbol)
        if fill.trade_id >= (from_id or 0) and start_ns <= fill.time_ns <= end_ns and order_id in (None, fill.order_id)
    ]
    first = any(given is not None for given in (from_id, order_id, asked["start_ms"]))
    on_page = {fill.trade_id for fill in cut(expected, limit, first)}  # a trade with oneself is not torn apart
    assert found == [fill for fill in expected if fill.trade_id in on_page], (asked, from_id, order_id, limit)


async def check_orders(scene: Scene) -> None:
    account, symbol = scene.random.choice(scene.market.stream.accounts), scene.random.randint(1, 2)
    asked, start_ns, end_ns = bounds(scene)
    from_id = scene.random.choice((None, None, scene.random.randint(1, 600)))
    limit = scene.random.choice((1, 5, 1000))
    found = await scene.history.orders(account, symbol, order_id_from=from_id, **asked, limit=limit)
    expected = [
        order
        for order_id, order in sorted(scene.past.orders.items())
        if (order.account, order.symbol) == (account, symbol) and order_id >= (from_id or 0) and start_ns <= order.placed_ns <= end_ns
    ]
    assert found == cut(expected, limit, from_id is not None or asked["start_ms"] is not None), (asked, from_id, limit)


async def check_one_order(scene: Scene) -> None:
    if not scene.past.orders:
        return
    order = scene.random.choice(list(scene.past.orders.values()))
    account = scene.random.choice((order.account, order.account, scene.market.stream.accounts[0]))
    found = await scene.history.order(account, order.symbol, order_id=order.order_id)
    assert found == (order if order.account == account else None)
    found = await scene.history.order(account, order.symbol, client_id=order.client_id)
    same = [o for o in scene.past.orders.values() if (o.account, o.symbol, o.client_id) == (account, order.symbol, order.client_id)]
    assert found == max(same, default=None, key=lambda o: o.order_id)


async def check_transfers(scene: Scene) -> None:
    account, asset = scene.random.choice(scene.market.stream.accounts), scene.random.choice((0, 1, 2))
    incoming, other = scene.random.choice((None, True, False)), scene.random.choice((0, 0, HOUSE_GATEWAY))
    offset, limit = scene.random.choice((0, 0, 2)), scene.random.choice((1, 4, 1000))
    asked, start_ns, end_ns = bounds(scene)
    found = await scene.history.transfers(
        account, asset, incoming=incoming, counterparty=other, **asked, offset=offset, limit=limit
    )

    def wanted(t) -> bool:
        comes = t.credit == account and other in (0, t.debit) and incoming is not False
        goes = t.debit == account and other in (0, t.credit) and incoming is not True
        if t.kind == EventKind.CONVERTED and (incoming is not None or other):
            return False
        return (comes or goes) and asset in (0, t.asset) and start_ns <= t.time_ns <= end_ns

    expected = [t for t in scene.past.transfers.values() if wanted(t)]
    expected.sort(key=lambda t: -t.time_ns)
    assert found == expected[offset : offset + limit], (incoming, other, asked)


@pytest.mark.parametrize("extreme", [-(2**70), -1, 0, 2**62, 2**63, 2**64, 10**30])
async def test_extreme_arguments_are_answered(pool, extreme: int) -> None:
    async with Scene(2, pool) as scene:
        await scene.go_on(60)
        await scene.record_to(scene.market.machine.position)
        history, account = scene.history, scene.market.stream.accounts[0]
        times = {"start_ms": extreme, "end_ms": extreme}
        for limit in (extreme, 5):
            for interval in INTERVALS:
                assert len(await history.klines(1, interval, start_ms=extreme, limit=limit)) <= 1000
                assert len(await history.klines(1, interval, end_ms=extreme, limit=limit, offset_minutes=7)) <= 1000
            assert len(await history.trades(1, from_id=extreme, limit=limit)) <= 1000
            assert len(await history.agg_trades(1, **times, limit=limit)) == 0
            assert await history.my_trades(account, 1, order_id=extreme, limit=limit) == []
            assert len(await history.my_trades(account, 1, from_id=extreme, limit=limit)) <= 1000
            assert await history.orders(account, 1, **times, limit=limit) == []
            assert await history.transfers(account, **times, offset=extreme, limit=limit) == []
        assert await history.order(account, 1, order_id=extreme) is None
        for client_id in ("nobody's", "\0", "\ud800", "\u20ac", "x" * 10_000):
            assert await history.order(account, 1, client_id=client_id) is None


async def test_beyond_its_bound_the_tail_waits_for_the_recorder(pool, monkeypatch) -> None:
    monkeypatch.setattr("marketdata.history.WAIT_SECONDS", 0.1)
    async with Scene(3, pool, records_max=50) as scene:
        await scene.go_on(40)
        with pytest.raises(HistoryUnavailable):
            await scene.history.orders(16, 1)
        monkeypatch.setattr("marketdata.history.WAIT_SECONDS", 30)
        asked = asyncio.create_task(scene.history.orders(16, 1))
        await scene.record_to(scene.market.machine.position)
        assert await asked == [order for order in scene.past.orders.values() if (order.account, order.symbol) == (16, 1)]


async def test_without_a_database_it_says_so(pool) -> None:
    async with Scene(3, pool) as scene:
        scene.recording.cancel()
        await pool.close()
        await scene.go_on(5)
        with pytest.raises(HistoryUnavailable):
            await scene.history.orders(16, 1)
        with pytest.raises(HistoryUnavailable):
            await scene.history.recorded_position()
