"""The stream of margin commands on the oracle alone: that it meets what it is for, and that no account is passed over."""

from collections import Counter

import pytest

from engine.oracle.machine import OracleMachine
from engine.types import LOAN_KINDS, MARGIN_KINDS, Code, EventKind, MarginState
from tests.engine.margin_streams import MarginStream
from tests.engine.streams import header

SEEDS = (1, 7, 10, 12, 20, 22)
COMMANDS_PER_SEED = 5_000
EVENTS = [kind for kind in EventKind if EventKind.BORROWED <= kind <= EventKind.REDEEMED or kind >= EventKind.INDEX]
CODES = [code for code in Code if Code.OTHER_OWNER <= code <= Code.INSUFFICIENT_SHARES]


def run(seed: int):
    """(machine, what it made of a frame), frame after frame."""
    stream = MarginStream(seed)
    machine, commands = OracleMachine(stream.capacity), 0
    while commands < COMMANDS_PER_SEED:
        frame = stream.next_frame()
        applied = machine.apply(header(frame, machine.position + 1), frame.commands)
        stream.learn(applied)
        commands += len(frame.commands)
        yield machine, applied


def test_the_stream_meets_every_event_and_code_of_margin():
    events, codes, done = Counter(), Counter(), Counter()
    for _, applied in (frame for seed in SEEDS for frame in run(seed)):
        events.update(applied.events["kind"].tolist())
        codes.update(applied.codes.tolist())
        if not applied.skipped:
            done.update(applied.commands["kind"][applied.codes == Code.OK].tolist())
    assert [kind.name for kind in EVENTS if not events[kind]] == []
    assert [code.name for code in CODES if not codes[code]] == []
    assert [kind.name for kind in (*LOAN_KINDS, *MARGIN_KINDS) if not done[kind]] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_invariants_hold_and_hashes_add_up(seed):
    for number, (machine, _) in enumerate(run(seed)):
        if number % 20 == 0:
            assert machine.validate() == ""
            assert machine.state_hash(recount=True) == machine.state_hash()
            restored = OracleMachine.restore(machine.snapshot())
            assert restored.state_hash() == machine.state_hash() and restored.validate() == ""
            for account in machine.margin_accounts(16):
                assert machine.margin(account).state in set(MarginState)
