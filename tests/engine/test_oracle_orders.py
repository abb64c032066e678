"""The colliding stream on the oracle alone: that it meets everything of docs/ORDERS.md, and that the oracle is sound after every frame."""

from collections import Counter

import pytest

from engine.oracle.machine import OracleMachine
from engine.types import ORDER_KINDS, RULES_VERSION, Code, EventFlag, EventKind, Filter, Kind, ListStatus, OrderState, OrderType
from tests.engine.streams import CollidingStream, header

SEEDS = range(1, 41)
COMMANDS_PER_SEED = 3_000
EVENTS = [kind for kind in EventKind if kind <= EventKind.COUNTDOWN]
FLAGS = (EventFlag.RESTED, EventFlag.CANCEL_LEG, EventFlag.HANDED_OVER, EventFlag.FIRED, EventFlag.AUCTION)
# What takes thousands of orders on one symbol is met in test_rules_orders_*.py and test_differential.py.
TOO_MANY = (Code.MARKET_BUSY, Code.TRAILING_FULL, Code.WORK_LIMIT)
CODES = [code for code in Code if code < Code.INVALID_TRANSFER_ID and code not in TOO_MANY]


def run(seed: int):
    """(machine, stream, what the machine made of a frame), frame after frame."""
    stream = CollidingStream(seed, newest=RULES_VERSION)
    machine, commands = OracleMachine(stream.capacity), 0
    while commands < COMMANDS_PER_SEED:
        frame = stream.next_frame()
        applied = machine.apply(header(frame, machine.position + 1), frame.commands)
        stream.learn(applied)
        commands += len(frame.commands)
        yield machine, stream, applied


def test_the_stream_meets_every_event_code_and_state_of_orders():
    events, codes, done, states, activated, lists = (Counter() for _ in range(6))
    flags = 0
    for machine, stream, applied in (frame for seed in SEEDS for frame in run(seed)):
        own = applied.events[applied.events["kind"] <= EventKind.COUNTDOWN]
        events.update(own["kind"].tolist())
        codes.update(own["code"].tolist())
        flags |= int(sum({1 << bit for flag in set(own["flags"].tolist()) for bit in range(8) if flag >> bit & 1}))
        codes.update(applied.codes.tolist())
        activated.update(own["order_type"][own["kind"] == EventKind.ACTIVATED].tolist())
        lists.update(own["time_in_force"][own["kind"] == EventKind.LIST].tolist())
        states.update(order.state for account in stream.accounts for order in machine.open_orders(account))
        if not applied.skipped:
            done.update(applied.commands["kind"][applied.codes == Code.OK].tolist())
    assert [kind.name for kind in EVENTS if events[kind] < 20] == []
    assert [code.name for code in CODES if not codes[code]] == []
    assert [kind.name for kind in (*ORDER_KINDS, Kind.SET_FILTER, Kind.SET_GROUP) if done[kind] < 3] == []
    assert [state.name for state in OrderState if not states[state] and state != OrderState.DUE] == []
    assert {OrderType(order_type) for order_type in activated} == set(OrderType)
    assert [flag.name for flag in FLAGS if not flags & flag] == [] and len(lists) >= len(ListStatus) - 1 and len(Filter) > 20


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_invariants_hold_and_hashes_add_up(seed):
    for number, (machine, _, _) in enumerate(run(seed)):
        problem = machine.validate()
        assert problem == ""
        if number % 20 == 0:
            assert machine.state_hash(recount=True) == machine.state_hash()
            restored = OracleMachine.restore(machine.snapshot())
            assert restored.state_hash() == machine.state_hash() and restored.validate() == ""
            assert restored.snapshot() == machine.snapshot()
