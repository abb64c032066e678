"""Matching with reports only writes what a slow reference writes, on streams that are the published ones in kind and size."""

import numpy as np
import pytest
from xxhash import xxh3_64_hexdigest

from bench.matching import PINNED, PUBLISHED, matching, standing
from bench.streams import flash
from engine.kernels.matching import MESSAGE, REPORT, REPORTS_A_MESSAGE, Message, matcher, run_messages
from tests.bench.matching_reference import ReferenceBook

SMALL = 5_000


def reports_of(messages: np.ndarray, batch: int = 1 << 20) -> np.ndarray:
    book, written = matcher(), []
    for start in range(0, len(messages), batch):
        part = messages[start : start + batch]
        room = np.zeros(REPORTS_A_MESSAGE * len(part) + len(messages), REPORT)
        book, count = run_messages(book, part, room)
        written.append(room[:count])
    return np.concatenate(written)


def colliding(seed: int, count: int = 30_000) -> np.ndarray:
    """Few ids, few prices, small quantities: reuse, stale messages and crossing at every step."""
    rng = np.random.default_rng(seed)
    messages = np.zeros(count, MESSAGE)
    messages["kind"] = rng.choice([0, 0, 0, 1, 2], count)
    messages["side"] = rng.integers(0, 2, count)
    messages["ioc"] = rng.random(count) < 0.2
    messages["quantity"] = rng.integers(1, 9, count)
    messages["order_id"] = rng.choice([0, 2**63 - 1, *range(1, 200), *(np.arange(200) * 2**32).tolist()], count)
    messages["price_ticks"] = rng.choice([1, 2, 63, 64, 65, 4095, 4096, 2**40, 2**61], count)
    messages["sequence"] = np.arange(count)
    return messages


@pytest.mark.parametrize("name", flash.SCENARIOS)
def test_a_short_stream_yields_the_references_reports(name):
    messages = flash.generate(name, SMALL)
    assert np.array_equal(reports_of(messages), ReferenceBook().run(messages))


@pytest.mark.parametrize("seed", range(3))
def test_colliding_messages_yield_the_references_reports(seed):
    messages = colliding(seed)
    found = reports_of(messages, batch=1_000)
    assert np.array_equal(found, ReferenceBook().run(messages))
    assert set(found["kind"].tolist()) == set(range(6))


def test_tables_grow_as_the_book_fills():
    messages = np.zeros(20_000, MESSAGE)
    messages["order_id"] = messages["sequence"] = np.arange(len(messages))
    messages["price_ticks"] = 1 + np.arange(len(messages)) * 977
    messages["quantity"] = 1
    cancels = messages.copy()
    cancels["kind"] = Message.CANCEL
    both = np.concatenate([messages, cancels])
    assert np.array_equal(reports_of(both), ReferenceBook().run(both))


@pytest.mark.parametrize("name", flash.SCENARIOS)
def test_the_whole_stream_is_the_pinned_one_and_like_the_published(name):
    messages = flash.generate(name)
    reports = reports_of(messages)
    assert f"{xxh3_64_hexdigest(messages)}-{xxh3_64_hexdigest(reports)}" == PINNED[name, flash.ORDERS, flash.SEED]
    counts = np.bincount(messages["kind"])
    assert counts[Message.NEW] == 1_000_000
    assert counts[Message.CANCEL] == pytest.approx(823_000, rel=0.01)
    assert counts[Message.MODIFY] == pytest.approx(173_000, rel=0.01)
    assert np.mean(messages["ioc"][messages["kind"] == Message.NEW]) == pytest.approx(0.15, rel=0.01)
    found, published = standing(messages), PUBLISHED[name]
    assert found.fills == pytest.approx(published.fills, rel=0.08)
    # In the widest scenario the book is the smallest, and one more far order is a larger part of it.
    assert found[:4] == pytest.approx(published[:4], rel=1.0 if name == "flash-crash" else 0.2)


def test_a_recorded_stream_is_read_as_it_was_written(tmp_path):
    messages = flash.generate("normal", 100)
    flash.write(tmp_path / "stream", messages)
    assert np.array_equal(flash.read(tmp_path / "stream"), messages)
    (tmp_path / "other").write_bytes(b"something else, and long enough")
    with pytest.raises(ValueError, match="not a recorded order stream"):
        flash.read(tmp_path / "other")


def test_the_scenario_tells_its_figures():
    results = list(matching("swing-40", SMALL, runs=1))
    assert [result.metric for result in results] == ["throughput", "orders", "orders, peak", "levels", "levels, peak", "fills"]
    assert len({result.hash for result in results}) == 1
