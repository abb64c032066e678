"""The bench of JSON orders, small: real processes, and a hash that the same orders give in memory."""

import pytest

from bench.stream import Mismatch, _expected, _orders, _told, json_orders


def test_its_figures_come_with_the_hash_of_right_replies():
    rows = list(json_orders(runs=1, sizes={1: 20, 32: 300}))
    assert {row.hash for row in rows if "32 in flight" in row.metric} == {_expected(_orders(300, 1))}
    assert {row.metric.split(",")[0] for row in rows} == {"orders", "orders per CPU second", "p50", "p99"}
    assert {row.scenario for row in rows} == {"stream/json-orders"}


def test_a_wrong_reply_is_no_figure():
    with pytest.raises(Mismatch):
        _told([b'{"id":0,"status":400,"error":{"code":-2010,"msg":"no"}}'])
