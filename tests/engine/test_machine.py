"""What is the Machine's own: the event hash, snapshots that are refused, large results, growth, memory."""

from collections.abc import Callable

import numpy as np
import pytest
from xxhash import xxh3_64_intdigest

from engine import commands as make
from engine.machine import Machine, permitted_kinds
from engine.types import FIRST_CUSTOMER, HOUSE_GATEWAY, STEPS_MAX, EventKind, Kind, OrderType, Pool, Role, Side, TimeInForce
from engine.views import Applied, ReplicaStopped
from tests.engine.streams import CollidingStream, Feed, header


def listed(machine: Machine, users: int = 2) -> Callable[..., Applied]:
    """A feed into a machine with one symbol and funded users."""
    feed = Feed(machine).send
    feed(
        *(make.admin(Kind.ADD_ASSET, name=name, scale=8) for name in (b"A", b"B")),
        make.admin(
            Kind.ADD_SYMBOL, name=b"AB", base=1, quote=2, value=1, value2=1, max_price_ticks=10**6, max_quantity_lots=10**6,
            max_market_lots=10**6, max_orders=STEPS_MAX,
        ),
        *(make.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=user + 1) for user in range(users)),
    )  # fmt: skip
    now = machine.now_ns
    feed(
        *(
            make.transfer(
                Kind.TRANSFER, (now, 2 * user + asset), debit=HOUSE_GATEWAY, credit=FIRST_CUSTOMER + user, asset=asset, amount=10**12
            )
            for user in range(users)
            for asset in (1, 2)
        )
    )
    return feed


def test_the_event_hash_rolls_over_the_bytes_of_every_frame():
    machine, stream = Machine(), CollidingStream(5)
    rolled = 0
    for position in range(1, 30):
        frame = stream.next_frame()
        applied = machine.apply(header(frame, position), frame.commands)
        stream.learn(applied)
        if not applied.skipped:
            rolled = xxh3_64_intdigest(applied.events, rolled)
        assert machine.event_hash == rolled


@pytest.mark.parametrize("seed", range(3))
def test_a_restored_machine_goes_on_as_if_nothing_had_happened(seed):
    stream = CollidingStream(seed)
    machine = Machine(stream.capacity)
    for position in range(1, 41):
        frame = stream.next_frame()
        stream.learn(machine.apply(header(frame, position), frame.commands))
    image = machine.snapshot()
    restored = Machine.restore(image)
    assert restored.snapshot() == image
    for position in range(41, 61):
        frame = stream.next_frame()
        one = machine.apply(header(frame, position), frame.commands)
        other = restored.apply(header(frame, position), frame.commands)
        stream.learn(one)
        assert one.events.tobytes() == other.events.tobytes()
        assert machine.state_hash() == restored.state_hash()
        assert machine.event_hash == restored.event_hash
    assert restored.validate() == ""


def test_damaged_and_foreign_snapshots_are_refused():
    machine = Machine()
    listed(machine)
    image = machine.snapshot()
    for at in range(0, len(image), len(image) // 40):
        damaged = bytearray(image)
        damaged[at] ^= 1
        with pytest.raises(ValueError, match="damaged"):
            Machine.restore(bytes(damaged))
    for length in (0, 10, len(image) // 2, len(image) - 1):
        with pytest.raises(ValueError, match="damaged"):
            Machine.restore(image[:length])


def test_a_snapshot_is_small_where_little_is_used():
    assert len(Machine().snapshot()) < 8_000


def test_a_fresh_machine_is_light():
    state = Machine()._state
    arrays = [state.venue, *state.registry, *state.book, *state.ledger]
    assert sum(array.nbytes for array in arrays) < 60_000_000


def test_results_larger_than_one_buffer_come_in_order():
    """Eight thousand orders, taken and cancelled in single frames that yield more events than the kernels' buffer holds."""
    machine = Machine()
    feed = listed(machine)
    bids = [make.place(FIRST_CUSTOMER, 1, Side.BUY, price_ticks=10 + n % 5, quantity_lots=1) for n in range(STEPS_MAX)]
    asks = [make.place(FIRST_CUSTOMER + 1, 1, Side.SELL, price_ticks=100 + n % 7, quantity_lots=1) for n in range(STEPS_MAX)]
    feed(*bids, *asks)
    sweep = make.place(
        FIRST_CUSTOMER, 1, Side.BUY, OrderType.LIMIT, price_ticks=200, quantity_lots=STEPS_MAX - 1, time_in_force=TimeInForce.IOC
    )
    cancels = make.cancel_all(FIRST_CUSTOMER, 1)
    again = [sweep, cancels, *bids, *asks, sweep, cancels, *bids[:10]]
    before = machine.event_seq
    applied = feed(*again[:8000])
    assert np.array_equal(applied.events["seq"], np.arange(before + 1, before + 1 + len(applied.events)))
    assert np.all(np.diff(applied.events["index"]) >= 0)
    assert np.count_nonzero(applied.events["kind"] == EventKind.TRADE) >= STEPS_MAX - 1
    assert not applied.codes[:2].any()
    assert machine.validate() == ""


def test_growing_every_pool_keeps_what_is_there():
    machine = Machine((2, 2, 32, 2, 2, 2, 2))
    feed = listed(machine)
    feed(make.place(FIRST_CUSTOMER, 1, Side.BUY, price_ticks=7, quantity_lots=1, client_id=b"kept"))
    order = machine.open_orders(FIRST_CUSTOMER)[0]
    deposits = machine.balances(FIRST_CUSTOMER)
    for capacity in (64, 256):
        feed(*(make.admin(Kind.GROW, pool=pool, value=capacity) for pool in Pool))
        assert [machine.capacity(pool) for pool in Pool] == [capacity] * 7
        assert machine.validate() == ""
    assert machine.order(order.order_id) == order
    assert machine.balances(FIRST_CUSTOMER) == deposits
    assert machine.find_account(1, 2) == FIRST_CUSTOMER + 1
    assert machine.symbol(1).name == "AB"


def test_unknown_rules_stop_the_machine():
    machine = Machine()
    feed = listed(machine)
    with pytest.raises(ReplicaStopped):
        feed(make.admin(Kind.SET_RULES, value=99))


def test_frames_that_are_not_the_next_are_a_programmers_error():
    machine, stream = Machine(), CollidingStream(1)
    frame = stream.next_frame()
    with pytest.raises(AssertionError):
        machine.apply(header(frame, 2), frame.commands)
    with pytest.raises(AssertionError):
        machine.apply(header(frame, 1), frame.commands[:-1])


def test_commands_need_not_lie_together():
    stream = CollidingStream(3)
    frame = stream.next_frame()
    spread = np.zeros(2 * len(frame.commands), "V128")
    spread[::2] = frame.commands.view("V128")
    one, other = Machine(stream.capacity), Machine(stream.capacity)
    record = header(frame, 1)
    expected = one.apply(record, frame.commands)
    assert other.apply(record, spread[::2]).events.tobytes() == expected.events.tobytes()
    assert one.state_hash() == other.state_hash()


def test_roles_permit_what_the_table_says():
    assert permitted_kinds(Role.CLOCK) == 1 << Kind.TICK | 1 << Kind.REGISTER_ORIGIN
    assert permitted_kinds(Role.OPERATOR) == sum(1 << kind for kind in Kind)
    assert permitted_kinds(Role.TRADING) & 1 << Kind.TRANSFER == 0
