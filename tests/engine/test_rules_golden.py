"""A recorded journal whose outcome is pinned: what the rules do with it may not change unless RULES_VERSION does.

`golden_journal.gz` is a run of frames, each a FRAME_HEADER and its commands, as they were drawn once from the colliding stream.
"""

import gzip
from pathlib import Path

import numpy as np
from blake3 import blake3

from engine.types import COMMAND_BYTES, FRAME_HEADER, ORDER_COMMAND, RULES_FIRST
from tests.engine.machines import both_machines

JOURNAL = Path(__file__).with_name("golden_journal.gz")
CAPACITY = (8, 8, 32, 32, 16, 64, 16)
PINNED = {1: "state f8b8de91525914f0 events f797090475f2749097d187337c01d0dd"}  # by rules version


def frames():
    """(header record, commands) of each frame of the journal."""
    raw, at = gzip.decompress(JOURNAL.read_bytes()), 0
    while at < len(raw):
        header = np.frombuffer(raw, FRAME_HEADER, 1, at)[0]
        yield header, np.frombuffer(raw, ORDER_COMMAND, header["count"], at + FRAME_HEADER.itemsize)
        at += FRAME_HEADER.itemsize + int(header["count"]) * COMMAND_BYTES


@both_machines
def test_the_golden_journal_ends_as_it_always_has(make_machine):
    machine, hasher = make_machine(CAPACITY), blake3()
    for header, commands in frames():
        applied = machine.apply(header, commands)
        hasher.update(applied.codes.tobytes())
        hasher.update(applied.events.view(np.uint8).tobytes())
    assert f"state {machine.state_hash():016x} events {hasher.hexdigest()[:32]}" == PINNED[RULES_FIRST]
