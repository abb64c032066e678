"""Diffs join without a gap and lead from one book to the next: our own books, and real recordings."""

import bisect
import gzip
import json
import random

import numpy as np
import pytest

from engine.types import ORDER_EVENT, EventFlag, EventKind, Side
from marketdata import DepthDiff, level_changes
from tests.data import data_path
from tests.marketdata import feed
from tests.marketdata.venue import Market


class ClientBook:
    """A local book as the dialect's clients keep it: a snapshot, then diffs by its rules."""

    def __init__(self, update_id: int, bids, asks):
        self.update_id = update_id
        self.sides = (dict(bids), dict(asks))

    def take(self, diff) -> None:
        first, last, *changes = diff
        assert first == self.update_id + 1, "U is the last u + 1"
        assert last >= first
        for side, levels in zip(self.sides, changes, strict=True):
            for price, lots in levels:
                if lots:
                    side[price] = lots
                else:
                    side.pop(price, None)
        self.update_id = last


@pytest.mark.parametrize("seed", range(6))
async def test_diffs_lead_to_the_machines_book(seed: int) -> None:
    """Snapshots at any moment, diffs taken at any moment: the client's book is always the machine's."""
    rng = random.Random(seed)
    market = Market(seed)
    await market.append(20)
    machine, books, diffs = market.machine, {}, {}
    for symbol in (1, 2):
        diffs[symbol] = DepthDiff(symbol, machine.update_id(symbol))
        books[symbol] = ClientBook(machine.update_id(symbol), *(machine.depth(symbol, side, 4096).tolist() for side in Side))
    changed = 0
    for _ in range(60):
        for applied in await market.append(rng.randint(1, 8)):
            levels = level_changes(applied.events)
            diffs[1].feed(applied)
            diffs[2].feed_levels(levels)
            diffs[2].feed_levels(levels)  # what is known already is passed over
        for symbol, book in books.items():
            diff = diffs[symbol].take()
            assert (diff is None) == (book.update_id == machine.update_id(symbol))
            if diff:
                changed += 1
                book.take(diff)
                assert diff[2] == sorted(diff[2], reverse=True)
                assert diff[3] == sorted(diff[3])
            assert book.update_id == machine.update_id(symbol)
            for side in Side:
                assert book.sides[side] == dict(machine.depth(symbol, side, 4096).tolist())
            assert diffs[symbol].take() is None
    assert changed


def test_a_missing_change_is_noticed() -> None:
    events = resting([(5, 1, Side.BUY)], first_id=3)
    with pytest.raises(AssertionError, match="missing"):
        DepthDiff(1, 1).feed(feed.frame(events, 1))


def resting(levels: list[tuple[int, int, int]], first_id: int) -> np.ndarray:
    """NEW events that set (price, lots, side)."""
    events = np.zeros(len(levels), ORDER_EVENT)
    events["kind"], events["flags"], events["symbol"] = EventKind.NEW, EventFlag.RESTED, 1
    events["price_ticks"], events["level_lots"], events["side"] = np.array(levels, np.int64).reshape(-1, 3).T
    events["update_id"] = np.arange(first_id, first_id + len(levels))
    return events


def scaled(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(8, "0"))


@pytest.mark.parametrize("name", ["spot_btcusdt", "spot_ethusdt"])
def test_real_changes_through_our_diffs_keep_the_published_best_prices(name: str) -> None:
    """Six minutes of a real venue: its changes of levels, fed as ours and taken at random moments, give its own best bid and ask."""
    with gzip.open(data_path(f"binance_ws_recordings/{name}_20240808.gz"), "rt") as lines:
        messages = [json.loads(line.partition(" ")[2]) for line in lines]
    snapshot = next(message for message in messages if "lastUpdateId" in message)
    published = [message["data"] for message in messages if "bookTicker" in message.get("stream", "")]
    updates = [message["data"] for message in messages if "depth" in message.get("stream", "")]
    published_at = [ticker["u"] for ticker in published]
    book = ClientBook(0, *([(scaled(price), scaled(lots)) for price, lots in snapshot[side]] for side in ("bids", "asks")))
    diff, rng, checked = DepthDiff(1, 0), random.Random(name), 0
    for update in updates:
        if update["u"] <= snapshot["lastUpdateId"]:
            continue
        changes = [(scaled(p), scaled(q), side) for side, key in ((Side.BUY, "b"), (Side.SELL, "a")) for p, q in update[key]]
        diff.feed(feed.frame(resting(changes, diff.update_id + 1), 1, 1))
        if rng.random() < 0.5 and (taken := diff.take()):
            book.take(taken)
            ticker = published[bisect.bisect(published_at, update["u"]) - 1]
            bid, ask = max(book.sides[Side.BUY]), min(book.sides[Side.SELL])
            best = (bid, book.sides[Side.BUY][bid], ask, book.sides[Side.SELL][ask])
            assert best == tuple(scaled(ticker[key]) for key in ("b", "B", "a", "A"))
            checked += 1
    assert checked > 1000
