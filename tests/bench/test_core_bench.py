"""The core's benchmark stream is exchange-core's, and the command line refuses what it does not know."""

import json

import numpy as np
import pytest

import bench.cli
from bench.core import PINNED, SEED, exchange_core_1k
from bench.streams.exchange_core import CANCEL, MOVE, PLACE, REDUCE, generate
from tests.data import data_path

SMALL = 20_000


def test_a_small_run_ends_with_the_pinned_hash():
    results = list(exchange_core_1k(SMALL, SEED, runs=1))
    assert [result.hash for result in results] == [PINNED[SMALL, SEED]]
    assert results[0].value > 0


def test_the_stream_is_the_recorded_one():
    recorded = np.load(data_path("exchange_core_stream/first_300k.npz"))["commands"]
    stream = generate(len(recorded) - 1000, SEED)
    assert np.array_equal(stream.messages, recorded)
    assert (stream.trades, stream.reductions) == (12_254, 43_451)


def test_the_mix_is_the_published_one():
    stream = generate(300_000, 1)
    kinds = stream.messages[stream.prefill :, 0]
    shares = {kind: float(np.mean(kinds == kind)) for kind in (PLACE, CANCEL, MOVE, REDUCE)}
    assert shares[PLACE] == pytest.approx(0.1457, abs=0.02)
    assert shares[MOVE] == pytest.approx(0.7086, abs=0.02)
    assert shares[CANCEL] == pytest.approx(0.0729, abs=0.01)
    assert shares[REDUCE] == pytest.approx(0.0729, abs=0.01)


def test_an_unknown_scenario_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as stopped:
        bench.cli.main(["core/nothing"])
    assert stopped.value.code == 2
    assert "core/exchange-core-1k" in capsys.readouterr().err


def test_every_scenario_can_be_loaded():
    assert all(callable(bench.cli.scenario(name)) for name in bench.cli.SCENARIOS)


def test_json_is_one_object_a_line(capsys, monkeypatch):
    monkeypatch.setattr(bench.cli, "scenario", lambda name: lambda: exchange_core_1k(SMALL, SEED, runs=1))
    assert bench.cli.main(["core/exchange-core-1k", "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line.keys() >= {"scenario", "metric", "value", "unit", "hash", "baseline", "commit", "machine", "seed"}
    assert (line["hash"], line["seed"]) == (PINNED[SMALL, SEED], SEED)


def test_a_scenario_that_ends_otherwise_fails(capsys, monkeypatch):
    monkeypatch.setitem(PINNED, (SMALL, SEED), "another")
    monkeypatch.setattr(bench.cli, "scenario", lambda name: lambda: exchange_core_1k(SMALL, SEED, runs=1))
    assert bench.cli.main(["core/exchange-core-1k"]) == 1
    assert "not another" in capsys.readouterr().err
