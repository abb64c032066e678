"""Rows and tail: wherever the past is cut in two, the answer is the same. And what frames say, event by event."""

import random

import numpy as np
import pytest

from marketdata import AGG_TRADE, INTERVALS, KLINE, TRADE, MarketData
from marketdata.facts import Frame, candles_of, entries_of, order_facts, trades_of, transfer_facts
from marketdata.fold import (
    Bounds,
    fills_of,
    fold_agg_trades,
    fold_fills,
    fold_klines,
    fold_order,
    fold_orders,
    fold_trades_from,
    fold_transfers,
)
from marketdata.history import Tail, finer_interval
from marketdata.intervals import kline_back, kline_open
from tests.marketdata.brute import Past
from tests.marketdata.venue import Market


class Cuts:
    """The frames of a market, and the past as it was at some of them."""

    def __init__(self, frames, seed: int):
        self.random = random.Random(seed)
        self.marketdata, self.past, self.frames = MarketData(), Past(), []
        self.pasts: list[tuple[int, dict, dict]] = []
        at = set(self.random.sample(range(len(frames)), 12))
        for number, applied in enumerate(frames):
            if number in at:
                self.pasts.append((number, dict(self.past.orders), dict(self.past.transfers)))
            self.marketdata.apply(applied)
            self.past.take(applied)
            self.frames.append(Frame.of(applied, self.marketdata))


@pytest.fixture(params=[2, 4])
async def cuts(request) -> Cuts:
    return Cuts(await Market(request.param).append(350), request.param)


def test_klines(cuts: Cuts) -> None:
    trades = trades_of(cuts.frames, 1)
    assert len(trades) > 100
    for at, _, _ in cuts.pasts:
        done = trades_of(cuts.frames[:at], 1)
        for interval in INTERVALS:
            offset, limit = cuts.random.choice((0, 480, -210)), cuts.random.choice((1, 7, 200))
            rows = candles_of(done, finer_interval(interval, offset))
            last_ns = kline_open(interval, cuts.past.now_ns, offset)
            first_ns = kline_back(interval, last_ns, limit - 1, offset)
            found = fold_klines(rows, trades[len(done) :], interval, offset, first_ns=first_ns, last_ns=last_ns, limit=limit)
            assert found == cuts.past.klines(1, interval, start_ns=None, end_ns=None, limit=limit, offset=offset)


def test_no_candle_before_the_first_trade() -> None:
    assert fold_klines(np.empty(0, KLINE), np.empty(0, TRADE), "1m", 0, first_ns=0, last_ns=10**12, limit=5) == []


def test_trades_aggregates_and_fills(cuts: Cuts) -> None:
    trades = trades_of(cuts.frames, 1)
    aggregates = np.array(cuts.past.agg_trades(1), AGG_TRADE)
    account = cuts.past.trades[0]["account"]
    for at, _, _ in cuts.pasts:
        rows, tail = np.split(trades, [len(trades_of(cuts.frames[:at], 1))])
        done = aggregates[: len(np.unique(rows["agg_id"]))]
        for bounds in (Bounds(1000), Bounds(5), Bounds(5, from_id=len(trades) - 7), Bounds(9, start_ns=int(trades["time_ns"][-20]))):
            if bounds.start_ns == 0:
                from_id = rows[rows["trade_id"] >= bounds.from_id]
                expected = bounds.cut(trades[trades["trade_id"] >= bounds.from_id])
                assert fold_trades_from(from_id, tail, bounds).tobytes() == expected.tobytes()
            inside = [agg for agg in aggregates.tolist() if agg[0] >= bounds.from_id and agg[1] >= bounds.start_ns]
            mine = done[(done["agg_id"] >= bounds.from_id) & (done["time_ns"] >= bounds.start_ns)]
            assert fold_agg_trades(mine, tail, bounds).tolist() == bounds.cut(inside)
            every = [fill._replace(list_id=0) for fill in cuts.past.fills(account, 1)]  # History looks the lists up afterwards
            fills = [fill for fill in every if bounds.admit(fill.trade_id, fill.time_ns)]
            page = fold_fills(rows, tail, account, 0, bounds)
            assert {fill.trade_id for fill in page} == {fill.trade_id for fill in bounds.cut(fills)}
            assert page == [fill for fill in fills if page[0].trade_id <= fill.trade_id <= page[-1].trade_id]


def test_paging_from_the_last_id_misses_no_side_of_a_trade_with_oneself() -> None:
    trades = np.zeros(6, TRADE)
    trades["trade_id"] = np.arange(1, 7)
    trades["taker_account"] = 16
    trades["maker_account"] = [16, 17, 16, 16, 17, 16]
    trades["taker_order"], trades["maker_order"] = 1, 2
    everything = fills_of(trades, 16)
    paged, from_id = [], 1
    while page := fold_fills(trades[:3], trades[3:], 16, 0, Bounds(2, from_id=from_id)):
        paged += page
        from_id = page[-1].trade_id + 1
    assert paged == everything


def test_orders(cuts: Cuts) -> None:
    everything = list(cuts.past.orders.values())
    for account, symbol in {(order.account, order.symbol) for order in everything}:
        expected = [order for order in everything if (order.account, order.symbol) == (account, symbol)]
        for at, orders, _ in cuts.pasts:
            rows = [order for order in orders.values() if (order.account, order.symbol) == (account, symbol)]
            assert fold_orders(rows, cuts.frames[at:], account, symbol, Bounds(10_000)) == expected
            wanted = expected[-1].client_id
            found = fold_order(
                rows,
                cuts.frames[at:],
                account,
                lambda order, wanted=wanted, symbol=symbol: (order.client_id, order.symbol) == (wanted, symbol),
            )
            assert found == expected[-1]


def test_transfers(cuts: Cuts) -> None:
    expected = list(cuts.past.transfers.values())[::-1]
    assert any(transfer.ended for transfer in expected)
    for at, _, transfers in cuts.pasts:
        assert fold_transfers(list(transfers.values())[::-1], cuts.frames[at:], lambda _: True, 0, 10_000) == expected
        assert fold_transfers(list(transfers.values())[::-1][:13], cuts.frames[at:], lambda _: True, 3, 10) == expected[3:13]


def test_facts_of_all_frames_are_the_past(cuts: Cuts) -> None:
    placed, changed = order_facts(cuts.frames)
    assert (placed, changed) == (cuts.past.orders, {})
    made, ended = transfer_facts(cuts.frames)
    assert (made, ended) == (cuts.past.transfers, {})


def test_entries_add_up_to_nothing(cuts: Cuts) -> None:
    """Per event and asset; and each trade's entries are its quantity, its value and its fees."""
    entries = entries_of(cuts.frames, cuts.marketdata)
    sums: dict[tuple[int, int], int] = {}
    for entry in entries:
        key = (int(entry["seq"]), int(entry["asset"]))
        sums[key] = sums.get(key, 0) + int(entry["amount"])
    assert set(sums.values()) == {0}
    seqs = entries["seq"].tolist()
    assert seqs == sorted(seqs)
    for trade in trades_of(cuts.frames)[:50]:
        lines = entries[entries["seq"] == trade["seq"]]
        listing = cuts.marketdata.listing(int(trade["symbol"]))
        moved = sorted(int(line["amount"]) for line in lines if line["kind"] == 1)
        base, quote = int(trade["quantity_lots"] * listing["lot_units"]), int(trade["quote_quantity"])
        assert moved == sorted((base, -base, quote, -quote))
        fees = sorted(int(line["amount"]) for line in lines if line["kind"] == 2 and line["account"] == 1)
        assert fees == sorted(int(fee) for fee in (trade["taker_fee"], trade["maker_fee"]) if fee)


def test_the_tail_knows_how_far_it_reaches(cuts: Cuts) -> None:
    tail = Tail(0, records_max=10**9)
    for frame in cuts.frames:
        tail.add(frame)
    assert [frame.position for frame in tail.after(340)] == list(range(341, 351))
    tail.trim(100)
    assert tail.after(99) is None
    assert len(tail.after(100)) == 250
    small = Tail(0, records_max=500)
    for frame in cuts.frames:
        small.add(frame)
    kept = small.after(small.start)
    assert small.after(small.start - 1) is None
    assert 0 < sum(len(frame.events) + len(frame.commands) for frame in kept) <= 500
    assert kept[-1].position == 350
