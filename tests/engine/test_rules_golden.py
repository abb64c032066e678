"""Recorded journals whose outcome is pinned: what the rules of a version do with theirs may never change again.

Each is a run of frames, a FRAME_HEADER and its commands each, as they were drawn once from a generated stream: under the first rules, under
the second with conversions, and two under the third: every command of docs/ORDERS.md, and every command and event of docs/MARGIN.md.
"""

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from blake3 import blake3

from engine.types import (
    COMMAND_BYTES,
    FRAME_HEADER,
    INITIAL_CAPACITY,
    LOAN_KINDS,
    MARGIN_KINDS,
    ORDER_COMMAND,
    ORDER_KINDS,
    EventKind,
    Kind,
)
from tests.engine.machines import both_machines


class Golden(NamedTuple):
    version: int
    capacity: tuple[int, ...]
    outcome: str
    met: tuple[int, ...]  # kinds of events that it has
    done: tuple[int, ...]  # kinds of commands of which one at least took effect


GOLDEN = {
    "journal": Golden(
        1, (8, 8, 32, 32, 16, 64, 16), "state f8b8de91525914f0 events f797090475f2749097d187337c01d0dd", (EventKind.TRADE,), ()),
    "conversions": Golden(
        2, (8, 8, 32, 256, 16, 64, 16), "state bb4ac7b6f5de5a65 events 2fe698669733cb510bd4ac96c79c9d01", (EventKind.CONVERTED,),
        (Kind.CONVERT,)),
    "orders": Golden(
        3, INITIAL_CAPACITY, "state 5c4c3a5bcdcb29fe events 6f5149360aa2b4351fae9ee75d2b5bba",
        tuple(kind for kind in EventKind if kind <= EventKind.COUNTDOWN), ORDER_KINDS),
    "margin": Golden(
        3, INITIAL_CAPACITY, "state 65970f1e5d3c6f46 events c8310c47da3a1c58182e968574fa9ce4",
        tuple(kind for kind in EventKind if kind >= EventKind.BORROWED),
        (*LOAN_KINDS, *MARGIN_KINDS)),
}  # fmt: skip


def frames(name: str):
    """(header record, commands) of each frame of a journal."""
    raw, at = gzip.decompress(Path(__file__).with_name(f"golden_{name}.gz").read_bytes()), 0
    while at < len(raw):
        header = np.frombuffer(raw, FRAME_HEADER, 1, at)[0]
        yield header, np.frombuffer(raw, ORDER_COMMAND, header["count"], at + FRAME_HEADER.itemsize)
        at += FRAME_HEADER.itemsize + int(header["count"]) * COMMAND_BYTES


@pytest.mark.parametrize("name", GOLDEN)
@both_machines
def test_a_golden_journal_ends_as_it_always_has(make_machine, name):
    golden = GOLDEN[name]
    machine, hasher, met, done = make_machine(golden.capacity), blake3(), set(), set()
    for header, commands in frames(name):
        applied = machine.apply(header, commands)
        hasher.update(applied.codes.tobytes())
        hasher.update(applied.events.view(np.uint8).tobytes())
        met.update(applied.events["kind"].tolist())
        if not applied.skipped:
            done.update(commands["kind"][applied.codes == 0].tolist())
    assert machine.rules_version == golden.version
    assert set(golden.met) <= met and set(golden.done) <= done
    assert f"state {machine.state_hash():016x} events {hasher.hexdigest()[:32]}" == golden.outcome
