"""The oracle's own state: every field is hashed, every invariant is noticed when it is broken, and a snapshot loses nothing."""

import dataclasses

import numpy as np
import pytest

from engine import commands as make
from engine.oracle.hashing import digest, mix, words
from engine.oracle.machine import OracleMachine
from engine.oracle.state import Balance, Level
from engine.types import (
    CLIENT_ID_BYTES,
    MIX_SEED,
    RULES_VERSION,
    Filter,
    Kind,
    ListType,
    OrderType,
    Pool,
    Side,
    TimeInForce,
)
from tests.engine.machines import ALICE, BASE, BOB, QUOTE, SYMBOL, Venue
from tests.engine.streams import CollidingStream, header


def _of_later_rules(now: int) -> list[np.ndarray]:
    """An iceberg, a stop, a trailing order, an order with its end, a pair, a pending order, and a switch."""
    sells = {"side": Side.SELL, "quantity_lots": 2}
    stop = make.place(BOB, SYMBOL, **sells, order_type=OrderType.STOP_LOSS, stop_price_ticks=3)
    trailing = make.place(BOB, SYMBOL, **sells, order_type=OrderType.STOP_LOSS, trailing_bps=100)
    maker = make.place(BOB, SYMBOL, **sells, order_type=OrderType.LIMIT_MAKER, price_ticks=12)
    return [
        make.place(BOB, SYMBOL, **sells, price_ticks=11, iceberg_lots=1), stop, trailing,
        make.place(BOB, SYMBOL, **sells, price_ticks=11, time_in_force=TimeInForce.GTD, expires_ns=now + 10**15),
        make.place_list(ListType.OCO, maker, stop, client_id="pair"), make.place_list(ListType.OTO, maker, stop),
        make.countdown(BOB, 10**12),
    ]  # fmt: skip


def lived_in() -> OracleMachine:
    """A machine with a row in every table."""
    venue = Venue(OracleMachine)
    now = venue.time_ns
    venue.done(
        make.admin(Kind.SET_RULES, value=RULES_VERSION),
        make.admin(Kind.SET_FILTER, symbol=SYMBOL, filter=Filter.MAX_ALGO_ORDERS, value=50),
        make.admin(Kind.ADD_KEY, account=ALICE, scopes=3, reference_hi=4, reference_lo=4),
        make.place(ALICE, SYMBOL, Side.BUY, price_ticks=5, quantity_lots=6, client_id="one"),
        make.place(BOB, SYMBOL, Side.SELL, price_ticks=5, quantity_lots=2),
        make.place(BOB, SYMBOL, Side.SELL, price_ticks=9, quantity_lots=2),
        make.place(BOB, SYMBOL, Side.SELL, price_ticks=9, quantity_lots=2),
        *_of_later_rules(now),
        make.transfer(Kind.HOLD, venue.fresh_id(), debit=ALICE, credit=BOB, asset=BASE, amount=7, timeout_ns=10**15),
    )
    return venue.machine


# ---------------------------------------------------------------- the state hash

ROWS = {
    "assets": BASE, "symbols": SYMBOL, "accounts": ALICE, "balances": (ALICE, QUOTE), "orders": 1, "pending": None, "remembered": None,
    "keys": 1, "origins": 1, "lists": 1,
}  # fmt: skip


def _changed(value):
    return value + b"!" if isinstance(value, bytes) else value + 1


@pytest.mark.parametrize("table", ROWS)
def test_the_hash_differs_when_any_field_of_a_row_differs(table):
    state = lived_in()._state
    rows = getattr(state, table)
    key = ROWS[table] or next(iter(rows))
    seen = {state.hash()}
    for name in [field.name for field in dataclasses.fields(rows[key])]:
        if name in ("frame_digest", "awaits_turn"):  # belongs to admission; follows from the state
            continue
        kept = rows[key]
        rows.put(key, dataclasses.replace(kept, **{name: _changed(getattr(kept, name))}))
        assert state.hash() not in seen, f"{table}.{name}"
        seen.add(state.hash())
        rows.put(key, kept)
    assert state.hash() == state.hash(recount=True)


def test_the_hash_differs_when_any_counter_capacity_or_fee_differs():
    state = lived_in()._state
    seen = {state.hash()}
    for name in (*state.COUNTERS[1:], *state.LATER_COUNTERS):
        setattr(state, name, getattr(state, name) + 1)
        seen.add(state.hash())
    for pool in Pool:
        state.capacity[pool] *= 2
        seen.add(state.hash())
    state.fees.put((SYMBOL, 3), (0, 1))
    seen.add(state.hash())
    state.fees.put((SYMBOL, 3), (1, 0))
    seen.add(state.hash())
    state.filters.put((-BASE, Filter.MAX_ASSET), 1)
    seen.add(state.hash())
    assert len(seen) == 1 + len(state.COUNTERS[1:]) + len(state.LATER_COUNTERS) + len(Pool) + 3


def test_a_row_of_zeros_and_no_row_are_one_balance():
    state = lived_in()._state
    before = state.hash()
    state.balances.put((99, 99), Balance())
    assert state.hash() == before


def test_mix_is_the_documented_step():
    assert mix(0, 0) == 0
    assert mix(MIX_SEED, -1) == mix(MIX_SEED, 2**64 - 1)
    assert mix(1, 0) == 0x9E3779B97F4A7C15 ^ (0x9E3779B97F4A7C15 >> 32)
    assert words(b"\x01" + b"\0" * 7 + b"\x02", 24) == [1, 2, 0]


@pytest.mark.parametrize("client_id", [b"", b"a", b"x" * CLIENT_ID_BYTES, b"\xff" * 8])
def test_the_digest_is_that_of_the_builders(client_id):
    assert digest(client_id, CLIENT_ID_BYTES) == make.client_id_digest(client_id)


# ---------------------------------------------------------------- invariants, broken on purpose


def _unbalance(state) -> None:
    state.balances[ALICE, QUOTE].available += 1


def _overdraw(state) -> None:
    state.balances[ALICE, QUOTE].available -= 20_000
    state.balances[BOB, QUOTE].available += 20_000


def _hold_unexplained(state) -> None:
    state.balances[ALICE, QUOTE].available -= 1
    state.balances[ALICE, QUOTE].held += 1


def _cross(state) -> None:
    side = state.side(SYMBOL, Side.SELL)
    side[4] = side.pop(9)


def _miscount(state) -> None:
    state.side(SYMBOL, Side.SELL)[9].lots += 1


def _lose_a_level(state) -> None:
    del state.side(SYMBOL, Side.BUY)[5]


def _stray_level(state) -> None:
    state.side(SYMBOL, Side.SELL)[77] = Level(3)


def _jump_the_queue(state) -> None:
    level = state.side(SYMBOL, Side.SELL)[9]
    level.orders = dict(reversed(level.orders.items()))


def _lose_a_name(state) -> None:
    state.by_client_id.clear()


def _forget_an_order(state) -> None:
    state.of_account[BOB, SYMBOL].popitem()


def _overfill(state) -> None:
    state.capacity[Pool.ORDERS] = 1


def _disorder_pending(state) -> None:
    next(iter(state.pending.values())).held_ns = state.now + 1


def _forget_in_part(state) -> None:
    state.remembered_order.popleft()


def _show_too_much(state) -> None:
    iceberg = next(order for order in state.orders.values() if order.iceberg_lots)
    iceberg.shown, level = 2, state.side(SYMBOL, Side.SELL)[11]
    level.lots += 1


def _lose_a_stop(state) -> None:
    state.stops[SYMBOL, False].popitem()


def _lose_track(state) -> None:
    state.tracking[SYMBOL].clear()


def _leave_a_list(state) -> None:
    next(order for order in state.orders.values() if order.list_id).list_id = 0


def _carry_twice(state) -> None:
    order = next(order for order in state.orders.values() if order.list_id == 1 and not order.carries)
    order.carries = 1
    state.change(BOB, BASE, available=-order.rest, held=order.rest)


def _lose_a_timer(state) -> None:
    state.timers.pop()


def _forget_what_is_reached(state) -> None:
    state.symbols[SYMBOL].low = 3


@pytest.mark.parametrize(
    ("name", "breaks"),
    [
        ("SUM_ZERO", _unbalance), ("NO_CUSTOMER_BELOW_ZERO", _overdraw), ("HELD_EXPLAINED", _hold_unexplained),
        ("BOOK_NOT_CROSSED", _cross), ("LEVELS_ADD_UP", _miscount), ("LEVELS_ADD_UP", _lose_a_level), ("LEVELS_ADD_UP", _stray_level),
        ("FIFO", _jump_the_queue), ("INDEX_COMPLETE", _lose_a_name), ("ACCOUNT_LISTS", _forget_an_order), ("FREE_LISTS", _overfill),
        ("PENDING_ORDERED", _disorder_pending), ("IDS_BOUNDED", _forget_in_part),
        ("ICEBERG_SHOWN", _show_too_much), ("STOPS_PLACED", _lose_a_stop), ("TRAILING_BOUNDED", _lose_track),
        ("LISTS_COMPLETE", _leave_a_list), ("LISTS_COMPLETE", _carry_twice), ("TIMERS_COMPLETE", _lose_a_timer),
        ("BACKLOG_COMPLETE", _forget_what_is_reached),
    ],
)  # fmt: skip
def test_validate_names_the_invariant_that_is_broken(name, breaks):
    machine = lived_in()
    assert machine.validate() == ""
    breaks(machine._state)
    assert machine.validate().split(":")[0] == name


# ---------------------------------------------------------------- snapshots


@pytest.mark.parametrize("seed", [21, 22, 23, 24])
def test_a_restored_oracle_goes_on_as_if_nothing_had_happened(seed):
    stream = CollidingStream(seed)
    machine = OracleMachine(stream.capacity)
    for _ in range(40):
        frame = stream.next_frame()
        stream.learn(machine.apply(header(frame, machine.position + 1), frame.commands))
    restored = OracleMachine.restore(machine.snapshot())
    assert restored.snapshot() == machine.snapshot() and restored.validate() == ""
    for _ in range(20):
        frame = stream.next_frame()
        one = machine.apply(header(frame, machine.position + 1), frame.commands)
        other = restored.apply(header(frame, restored.position + 1), frame.commands)
        stream.learn(one)
        assert (one.codes.tolist(), one.events.tobytes(), one.skipped) == (other.codes.tolist(), other.events.tobytes(), other.skipped)
        assert machine.state_hash() == restored.state_hash() == restored.state_hash(recount=True)
