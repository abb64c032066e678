"""The kernels' own parts for margin: wide quotients and heaps of watches against plain Python, growing tables, broken invariants."""

import random
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest

from engine import commands as make
from engine.kernels import entry_kernel
from engine.kernels.growth import make_room
from engine.kernels.state import create
from engine.kernels.watches import add_watch, drop_watch
from engine.kernels.wide import exceeds, ratio
from engine.machine import Machine
from engine.types import Kind, Pool
from tests.engine.machines import ALICE, QUOTE
from tests.engine.margin_venue import MarginVenue

LARGEST = 2**63 - 1


@entry_kernel
def _ratio(first, second, third, fourth, limit, up):
    return ratio(first, second, third, fourth, limit, up)


@entry_kernel
def _exceeds(first, second, third, fourth):
    return exceeds(first, second, third, fourth)


@entry_kernel
def _add(margin, heap, key, account):
    return np.int64(add_watch(margin, heap, key, account))


@entry_kernel
def _drop(margin, row):
    drop_watch(margin, row)


def _number(rng: random.Random, least: int = 0) -> int:
    bits = rng.randrange(64)
    near = rng.choice((2**bits - 1, 2**bits, 2**62 - 1, 2**53, rng.getrandbits(bits) if bits else 0))
    return max(least, min(near, LARGEST))


def test_wide_quotients_are_exact():
    rng = random.Random(1)
    for _ in range(20_000):
        first, second, limit = (_number(rng) for _ in range(3))
        third, fourth = rng.choice((1, _number(rng, 1))), _number(rng, 1)
        exact = Fraction(first * second, third * fourth)
        assert _ratio(first, second, third, fourth, limit, 0) == min(floor(exact), limit)
        assert _ratio(first, second, third, fourth, limit, 1) == min(ceil(exact), limit)
        assert _exceeds(first, second, third, fourth) == (first * second > third * fourth)


@pytest.mark.parametrize("seed", range(3))
def test_a_heap_of_watches_gives_the_lowest_key_then_the_lowest_account(seed):
    rng = random.Random(seed)
    margin = create((32,) * len(Pool)).margin
    model: dict[int, tuple[int, int, int]] = {}
    for _ in range(2_000):
        if model and rng.random() < 0.45:
            row = rng.choice(list(model))
            _drop(margin, row)
            del model[row]
        elif len(model) < 300:
            watch = rng.randrange(4), rng.choice((-5, 0, 7, rng.randrange(-(2**53), 2**53))), rng.randrange(16, 10_000)
            row = _add(margin, *watch)
            assert row not in model
            model[row] = watch
        for heap in range(4):
            first = margin.heaps[heap]
            expected = min(((key, account) for of, key, account in model.values() if of == heap), default=None)
            assert (model[first][1:] if first else None) == expected
    assert margin.setup[0]["watches_used"] == len(model)


def test_tables_of_margin_grow_with_what_they_hold():
    """As soon as there is no room for one more of each, twice the room, the same content."""
    state = create((32,) * len(Pool))
    margin = state.margin
    row = _add(margin, 3, 5, 16)
    setup = margin.setup[0]
    setup["accounts"], setup["watches_top"] = margin.accounts.size - 1, margin.watches.size - 1
    setup["loans_used"], setup["lenders_used"] = margin.loans.size // 2, margin.lenders.size // 2
    grown = make_room(state).margin
    for name in ("accounts", "loans", "lenders", "watches"):
        assert getattr(grown, name).size == 2 * getattr(margin, name).size
    assert grown.watches[row] == margin.watches[row] and grown.heaps[3] == row


# ---------------------------------------------------------------- invariants


@pytest.fixture
def venue() -> MarginVenue:
    """An account that has borrowed and waits for prices, and lenders."""
    venue = MarginVenue(Machine)
    account = venue.fund_margin(ALICE, base=100, quote=100)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 500))
    venue.done(make.admin(Kind.TICK))
    assert venue.machine.watches(account) and venue.machine.validate() == ""
    return venue


def _lose_free(margin):
    margin.pools["free"][1] -= 1


def _lose_share(margin):
    margin.lenders["shares"][np.flatnonzero(margin.lenders["high"])[0]] -= 1


def _owe_nothing(margin):
    slot = np.flatnonzero(margin.loans["high"])[0]
    margin.loans["index"][slot] += 1


def _misplace(margin):
    margin.account_index["row"][np.flatnonzero(margin.account_index["high"])[0]] = 2


def _forget_time(margin):
    margin.accounts["due_ns"][1] += 1


def _move_watch(margin):
    margin.watches["heap"][margin.accounts["watches"][1]] ^= 1


def _trade_nothing(margin):
    margin.volumes[ALICE * 31] = -1


@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        ("POOLS_ADD_UP", _lose_free), ("POOLS_ADD_UP", _lose_share), ("LOANS_OWNED", _owe_nothing), ("MARGIN_INDEX", _misplace),
        ("WATCHES_COMPLETE", _forget_time), ("WATCHES_COMPLETE", _move_watch), ("VOLUMES_BOUNDED", _trade_nothing),
    ],
)  # fmt: skip
def test_a_broken_invariant_of_margin_is_named(venue, name, break_it):
    break_it(venue.machine._state.margin)
    assert venue.machine.validate().startswith(name + ":")
