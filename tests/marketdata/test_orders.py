"""Orders that wait, show a part, belong to lists or are prevented from trading: facts, history and audit against the machine."""

import asyncio
import random
from collections import Counter

import numpy as np
import pytest

from cryptoshop.database import pool as open_pool
from engine.exchange import ExchangeClient
from engine.oracle.machine import OracleMachine
from engine.types import ORDER_EVENT, EventKind, ListStatus, OrderState, OrderStatus, Side
from engine.views import OrderView
from marketdata import DepthDiff, History, MarketData, Recorder
from marketdata.audit import compare
from marketdata.facts import CONTINGENT, Frame, amendment_facts, entries_of, list_facts, order_facts, prevented_facts
from marketdata.records import OrderRecord
from tests.marketdata.orders_stream import ACCOUNTS, SYMBOLS, OrdersStream
from tests.marketdata.venue import HeldBack, Market

OPEN = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_NEW)
SHARED = [field for field in OrderView._fields if field in OrderRecord._fields]


class Story:
    """A market of such orders, and its frames."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.market = Market(seed, stream=OrdersStream(seed), machine=OracleMachine())
        self.marketdata = MarketData()
        self.frames: list[Frame] = []

    async def go_on(self, frames: int) -> None:
        for applied in await self.market.append(frames):
            self.marketdata.apply(applied)
            self.frames.append(Frame.of(applied, self.marketdata))

    @property
    def machine(self) -> OracleMachine:
        return self.market.machine

    def kinds(self) -> Counter:
        return Counter(EventKind(kind) for frame in self.frames for kind in frame.events["kind"].tolist())


@pytest.fixture(scope="module", params=[1, 2])
def story(request) -> Story:
    """Told once for all tests that only look."""
    story = Story(request.param)
    asyncio.run(story.go_on(300))
    return story


def test_much_happens(story: Story) -> None:
    told = story.kinds()
    for kind in (EventKind.ACTIVATED, EventKind.PREVENTED, EventKind.LIST, EventKind.AMENDED, EventKind.TRADE, EventKind.RESTED):
        assert told[kind] > 5, kind


async def test_open_orders_are_the_machines() -> None:
    story = Story(4)
    for _ in range(8):
        await story.go_on(40)
        placed, _ = order_facts(story.frames)
        found = {order.order_id: order for order in placed.values() if order.status in OPEN}
        views = {view.order_id: view for account in ACCOUNTS for view in story.machine.open_orders(account)}
        assert found.keys() == views.keys()
        for order_id, view in views.items():
            order = found[order_id]
            assert [getattr(order, field) for field in SHARED] == [getattr(view, field) for field in SHARED]
            assert (order.status == OrderStatus.PENDING_NEW) == (view.state in (OrderState.PENDING, OrderState.DUE) and order.turn_ns == 0)
            if view.state == OrderState.RESTING:
                assert order.working_ns > 0
            if view.state in (OrderState.WAITING, OrderState.TRACKING):
                assert order.working_ns == 0 < order.turn_ns
                assert order.order_type in CONTINGENT


def test_wherever_the_past_is_cut(story: Story) -> None:
    """Orders placed before a cut, changed by what came after it, are what they are without the cut."""
    whole, _ = order_facts(story.frames)
    lists = list_facts(story.frames)
    for at in story.random.sample(range(len(story.frames)), 12):
        before, _ = order_facts(story.frames[:at])
        after, changed = order_facts(story.frames[at:])
        rows = {order_id: changed[order_id].applied_to(order) if order_id in changed else order for order_id, order in before.items()}
        assert rows | after == whole
        told = list_facts(story.frames[:at])
        assert {**told, **list_facts(story.frames[at:])} == lists


def test_lists_are_the_machines(story: Story) -> None:
    found = {one.list_id: one for one in list_facts(story.frames).values() if one.status == ListStatus.EXECUTING}
    views = {view.list_id: view for account in ACCOUNTS for view in story.machine.open_lists(account)}
    assert found.keys() == views.keys()
    for list_id, view in views.items():
        one = found[list_id]
        assert (one.account, one.symbol, one.list_type, one.client_id, one.placed_ns, one.order_ids) == (
            view.account, view.symbol, view.list_type, view.client_id, view.placed_ns, view.order_ids,
        )  # fmt: skip


def test_entries_are_the_balances(story: Story) -> None:
    entries = entries_of(story.frames, story.marketdata)
    for seq in np.unique(entries["seq"]):
        assert not entries["amount"][entries["seq"] == seq].sum()
    for account in ACCOUNTS:
        for asset in (1, 2, 3):
            mine = entries["amount"][(entries["account"] == account) & (entries["asset"] == asset)].sum()
            assert mine == sum(story.machine.balance(account, asset))


async def test_depth_of_icebergs_and_auctions() -> None:
    """What the events say of levels leads to the machine's book, whatever is hidden, prevented or uncrossed."""
    story = Story(5)
    await story.go_on(2)
    diffs = {symbol: DepthDiff(symbol, story.machine.update_id(symbol)) for symbol in SYMBOLS}
    books = {symbol: ({}, {}) for symbol in SYMBOLS}
    for _ in range(30):
        for applied in await story.market.append(10):
            for diff in diffs.values():
                diff.feed(applied)
        for symbol, diff in diffs.items():
            _apply(books[symbol], diff.take())
            for side in Side:
                depth = {int(price): int(lots) for price, lots in story.machine.depth(symbol, side, 1000)}
                assert depth == books[symbol][side]
            assert diff.update_id == story.machine.update_id(symbol)


def _apply(book: tuple[dict, dict], taken: tuple | None) -> None:
    for side, levels in zip(book, taken[2:] if taken else (), strict=False):
        for price, lots in levels:
            side[price] = lots
            if not lots:
                del side[price]


# ---------------------------------------------------------------- with a database


class Recorded(Story):
    """The same, recorded as far as it is let, and read back."""

    async def open(self, pool) -> None:
        self.held_back = HeldBack(self.market.log)
        self.recorder = Recorder(self.held_back, pool, machine=OracleMachine)
        tail = MarketData()
        self.exchange = await ExchangeClient.open(self.market.log, reducers={"marketdata": tail}, machine=OracleMachine)
        self.history = History(pool, self.exchange, tail)
        self.recording = asyncio.create_task(self.recorder.run())

    async def close(self) -> None:
        self.recording.cancel()
        await self.exchange.close()

    async def go_on(self, frames: int) -> None:
        await super().go_on(frames)
        await self.exchange.caught_up(10)

    async def record_to(self, position: int) -> None:
        self.held_back.let(position)
        await asyncio.wait_for(self.recorder.reached(position), 30)


@pytest.fixture
async def pool(database: str):
    pool = await open_pool(database)
    yield pool
    await pool.close()


async def test_history_of_lists_amendments_and_prevented_matches(pool) -> None:
    story = Recorded(10)
    await story.open(pool)
    for behind in (0, 40, 1):
        await story.go_on(100)
        await story.record_to(max(story.recorder.position, story.machine.position - behind))
        await check_orders(story)
        await check_lists(story)
        await check_amendments(story)
        await check_prevented(story)
    await story.record_to(story.machine.position)
    orders = [order for account in ACCOUNTS for order in story.machine.open_orders(account)]
    assert any(order.side == Side.BUY and order.price_ticks == order.stop_price_ticks == 0 for order in orders), "holds the last price"
    assert await compare(pool, story.machine) == []
    await story.close()


async def check_orders(story: Recorded) -> None:
    placed, _ = order_facts(story.frames)
    for account in ACCOUNTS:
        for symbol in SYMBOLS:
            mine = [order for order in placed.values() if (order.account, order.symbol) == (account, symbol)]
            assert await story.history.orders(account, symbol, order_id_from=0, limit=1000) == mine[:1000]
        some = story.random.sample(sorted(placed), 20)
        wanted = [placed[order_id] for order_id in sorted(some) if placed[order_id].account == account]
        assert await story.history.orders_by_id(account, some) == wanted
        fills = await story.history.my_trades(account, 1, limit=1000)
        assert all(fill.list_id == placed[fill.order_id].list_id for fill in fills)


async def check_lists(story: Recorded) -> None:
    placed, _ = order_facts(story.frames)
    told = [
        one._replace(client_ids=tuple(placed[order_id].client_id for order_id in one.order_ids))
        for one in list_facts(story.frames).values()
    ]
    for account in ACCOUNTS:
        mine = sorted((one for one in told if one.account == account), key=lambda one: one.list_id)
        assert await story.history.order_lists(account, from_id=0, limit=1000) == mine
        assert await story.history.order_lists(account, limit=3) == mine[-3:]
        assert await story.history.order_lists(account, only_open=True) == [one for one in mine if one.status == ListStatus.EXECUTING]
        for one in mine[-2:]:
            assert await story.history.order_lists(account, list_id=one.list_id, limit=1) == [one]
            assert await story.history.order_lists(ACCOUNTS[0] + 99, list_id=one.list_id) == []
        if named := [one for one in mine if one.client_id]:
            assert await story.history.order_lists(account, client_id=named[-1].client_id, limit=1) == [named[-1]]


async def check_amendments(story: Recorded) -> None:
    events = np.concatenate([frame.events.view(ORDER_EVENT)[frame.events["kind"] == EventKind.AMENDED] for frame in story.frames])
    placed, _ = order_facts(story.frames)
    first = {terms.order_id: terms for terms in amendment_facts(story.frames) if not terms.seq}
    for order_id in np.unique(events["order_id"]).tolist():
        order = placed[order_id]
        found = await story.history.amendments(order.account, order.symbol, order_id)
        assert [amendment.seq for amendment in found] == events["seq"][events["order_id"] == order_id].tolist()
        assert (found[0].former_lots, found[0].former_client_id) == (first[order_id].order_lots, first[order_id].client_id)
        assert all(one.order_lots == other.former_lots for one, other in zip(found, found[1:], strict=False))
        assert found[-1].client_id == order.client_id
        assert await story.history.amendments(order.account, order.symbol, order_id, from_seq=found[-1].seq) == found[-1:]
        assert await story.history.amendments(order.account + 1, order.symbol, order_id) == []
    assert await story.history.amendments(ACCOUNTS[0], 1, 10**9) == []


async def check_prevented(story: Recorded) -> None:
    matches = prevented_facts(story.frames)
    for match in story.random.sample(matches, min(6, len(matches))):
        for account, order_id in ((match.taker_account, match.taker_order), (match.maker_account, match.maker_order)):
            of_order = [one for one in matches if one.symbol == match.symbol and order_id in (one.taker_order, one.maker_order)]
            assert await story.history.prevented_matches(account, match.symbol, order_id=order_id) == of_order
            assert await story.history.prevented_matches(account, match.symbol, match_id=match.match_id) == [match]
        assert await story.history.prevented_matches(ACCOUNTS[3] + 9, match.symbol, match_id=match.match_id) == []
