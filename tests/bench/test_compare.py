"""What is compared with other engines, and how the benchmark's canonical text is made."""

import hashlib

import numpy as np

from bench.compare.__main__ import canonical_sha256, compare, first_difference
from bench.matching import room_for_reports, timed_run
from bench.streams import flash
from engine.kernels.matching import MESSAGE, Message

MESSAGES = [  # kind, side, ioc, quantity, order id, price
    (Message.NEW, 1, 0, 10, 1, 100),
    (Message.NEW, 0, 0, 5, 2, 99),
    (Message.MODIFY, 0, 0, 6, 2, 101),
    (Message.NEW, 0, 1, 9, 3, 100),
    (Message.CANCEL, 0, 0, 0, 2, 0),
    (Message.MODIFY, 0, 0, 1, 2, 50),
]
CANONICAL = """0,0,1,1,100,10
0,1,0,2,99,5
1,2,100,6,1,2
3,2,0,2,101,6
0,3,0,3,100,9
1,3,100,4,1,3
2,3,0,3,100
4,4,2
5,5,2"""


def stream() -> np.ndarray:
    messages = np.zeros(len(MESSAGES), MESSAGE)
    for at, (kind, side, ioc, quantity, order_id, price) in enumerate(MESSAGES):
        messages[at] = (kind, side, ioc, 0, quantity, at, order_id, price, 0)
    return messages


def test_the_canonical_text_is_the_benchmarks():
    messages = stream()
    _, reports = timed_run(messages, room_for_reports(messages))
    assert canonical_sha256(reports) == hashlib.sha256(CANONICAL.encode()).hexdigest()


def test_an_engine_that_writes_other_reports_is_told(tmp_path, monkeypatch, capsys):
    other = tmp_path / "driver"
    other.write_text('#!/bin/sh\necho 0.5\nhead -c 80 /dev/zero > "$3"\n')
    other.chmod(0o755)
    monkeypatch.setenv("CRYPTOSHOP_COMPARE_CPPTRADER", str(other))
    monkeypatch.delenv("CRYPTOSHOP_COMPARE_CPP_ORDERBOOK", raising=False)
    assert not compare("normal", flash.generate("normal", 100), tmp_path, rounds=1)
    assert "CppTrader writes other reports" in capsys.readouterr().out


def test_the_first_difference_is_named():
    messages = stream()
    _, reports = timed_run(messages, room_for_reports(messages))
    changed = reports.copy()
    changed["quantity"][3] += 1
    assert first_difference(reports, changed).startswith("report 3: ")
    assert first_difference(reports, reports[:-1]) == "9 and 8 reports"
