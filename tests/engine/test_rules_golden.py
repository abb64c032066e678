"""Recorded journals whose outcome is pinned: what the rules of a version do with theirs may never change again.

Each is a run of frames, a FRAME_HEADER and its commands each, as they were drawn once from the colliding stream: under the first rules,
and under the second with conversions.
"""

import gzip
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

from engine.types import COMMAND_BYTES, FRAME_HEADER, ORDER_COMMAND, EventKind
from tests.engine.machines import both_machines

CAPACITY = {1: (8, 8, 32, 32, 16, 64, 16), 2: (8, 8, 32, 256, 16, 64, 16)}
JOURNAL = {1: "golden_journal.gz", 2: "golden_conversions.gz"}  # by rules version
PINNED = {
    1: "state f8b8de91525914f0 events f797090475f2749097d187337c01d0dd",
    2: "state bb4ac7b6f5de5a65 events 2fe698669733cb510bd4ac96c79c9d01",
}
CONVERSIONS = {1: 0, 2: 37}


def frames(version: int):
    """(header record, commands) of each frame of a journal."""
    raw, at = gzip.decompress(Path(__file__).with_name(JOURNAL[version]).read_bytes()), 0
    while at < len(raw):
        header = np.frombuffer(raw, FRAME_HEADER, 1, at)[0]
        yield header, np.frombuffer(raw, ORDER_COMMAND, header["count"], at + FRAME_HEADER.itemsize)
        at += FRAME_HEADER.itemsize + int(header["count"]) * COMMAND_BYTES


@pytest.mark.parametrize("version", JOURNAL)
@both_machines
def test_a_golden_journal_ends_as_it_always_has(make_machine, version):
    machine, hasher, conversions = make_machine(CAPACITY[version]), blake3(), 0
    for header, commands in frames(version):
        applied = machine.apply(header, commands)
        hasher.update(applied.codes.tobytes())
        hasher.update(applied.events.view(np.uint8).tobytes())
        conversions += np.count_nonzero(applied.events["kind"] == EventKind.CONVERTED)
    assert machine.rules_version == version
    assert conversions == CONVERSIONS[version]
    assert f"state {machine.state_hash():016x} events {hasher.hexdigest()[:32]}" == PINNED[version]
