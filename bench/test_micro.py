"""Micro-benchmarks of the kernels: frames of one kind of command, each on a small warm state (`pytest bench/test_micro.py`).

They tell what a change did to one path; the scenarios of `cryptoshop bench` tell what it did to the whole. Each asserts what its frames
must have come to.
"""

import numpy as np
import pytest

from bench.core import FRAME_COMMANDS, cut, listing, run
from engine.machine import Machine
from engine.types import FIRST_CUSTOMER, FRAME_COMMANDS_MAX, ORDER_COMMAND, EventKind, Kind, Side

FRAMES = 64
COUNT = FRAMES * FRAME_COMMANDS


@pytest.fixture(scope="module")
def image() -> bytes:
    machine = Machine()
    run(machine, cut(listing(100), 1, FRAME_COMMANDS_MAX))
    return machine.snapshot()


def commands(kind: Kind) -> np.ndarray:
    made = np.zeros(COUNT, ORDER_COMMAND)
    made["kind"] = kind
    made["account"] = FIRST_CUSTOMER
    made["symbol"] = 1
    made["price_ticks"] = 1000
    made["quantity_lots"] = 5
    return made


def ticks() -> np.ndarray:
    return commands(Kind.TICK)


def refusals() -> np.ndarray:
    made = commands(Kind.PLACE)
    made["price_ticks"] = 0
    return made


def placed_and_cancelled() -> np.ndarray:
    made = commands(Kind.PLACE)
    made["kind"][1::2] = Kind.CANCEL
    made["order_id"][1::2] = np.arange(1, COUNT // 2 + 1)
    return made


def replaced() -> np.ndarray:
    made = commands(Kind.REPLACE)
    made["kind"][0] = Kind.PLACE
    made["price_ticks"] += np.arange(COUNT) % 2
    made["order_id"] = np.arange(COUNT)
    return made


def traded() -> np.ndarray:
    made = commands(Kind.PLACE)
    made["side"][1::2] = Side.SELL
    made["account"][1::2] += 1
    return made


CASES = {
    ticks: {EventKind.ADMIN: COUNT},
    refusals: {EventKind.REJECTED: COUNT},
    placed_and_cancelled: {EventKind.NEW: COUNT // 2, EventKind.CANCELED: COUNT // 2},
    replaced: {EventKind.NEW: COUNT, EventKind.CANCELED: COUNT - 1},
    traded: {EventKind.NEW: COUNT, EventKind.TRADE: COUNT // 2},
}


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_frames_of(benchmark, image, make):
    made = make()
    told: list[np.ndarray] = []

    def fresh() -> tuple[tuple, dict]:
        machine = Machine.restore(image)
        told.clear()
        return (machine, cut(made, machine.position + 1)), {}

    def apply(machine: Machine, frames) -> None:
        for header, part in zip(frames.headers, frames.commands, strict=True):
            told.append(machine.apply(header, part).events)

    benchmark.extra_info["commands"] = COUNT
    benchmark.pedantic(apply, setup=fresh, rounds=7, warmup_rounds=1)
    kinds, counts = np.unique(np.concatenate([events["kind"] for events in told]), return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == CASES[make]
