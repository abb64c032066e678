"""Looking ahead changes nothing but time: a venue large enough for it, sent commands in whole frames and one by one."""

import numpy as np
import pytest

from bench.venues import Resting, Size, Venue, traffic
from engine.kernels.foresight import NEAR_SLOTS
from engine.machine import Machine
from engine.types import FIRST_CUSTOMER, ORDER_COMMAND, ORDER_EVENT, Kind

COMMANDS = 3_000
TIMES = ["time_ns", "index", "seq"]  # what depends on how commands are cut into frames


@pytest.fixture(scope="module")
def filled() -> tuple[Venue, Resting]:
    venue = Venue(Size(accounts=1_000, symbols=7, orders=NEAR_SLOTS // 2, assets=3))
    return venue, venue.fill(seed=1)


def hostile(count: int) -> np.ndarray:
    """Commands of random bytes, of the kinds that concern orders one by one; many name accounts and symbols that exist."""
    rng = np.random.RandomState(2)
    commands = np.frombuffer(bytearray(rng.bytes(count * ORDER_COMMAND.itemsize)), ORDER_COMMAND)
    commands["kind"] = rng.choice([Kind.PLACE, Kind.CANCEL, Kind.REPLACE, Kind.AMEND], count)
    commands["valid_until_ns"][::2] = commands["key"][::2] = 0
    commands["account"][::2] = FIRST_CUSTOMER + rng.randint(0, 1_000, len(commands[::2]))
    commands["symbol"][::2] %= 9
    commands["order_id"][::4] %= NEAR_SLOTS
    commands["price_ticks"][::7] = 2**62 + 5
    return commands


@pytest.mark.parametrize("kind", ["traffic", "hostile"])
def test_frames_do_what_their_commands_do(filled, kind):
    venue, resting = filled
    image = venue.machine.snapshot()
    assert venue.machine._state.book.order_ids.size > NEAR_SLOTS, "too small for anything to be foreseen"
    if kind == "traffic":
        copied = Resting(*(field.copy() for field in resting))
        commands = traffic(copied, COMMANDS, 3, int(venue.machine._venue["last_order_id"]), skewed=True)
    else:
        commands = hostile(COMMANDS)
    whole, single = told(image, venue.frames(commands, 1024)), told(image, venue.frames(commands, 1))
    assert whole[0].tolist() == single[0].tolist()
    assert whole[1] == single[1]


def told(image: bytes, frames) -> tuple[np.ndarray, list[bytes]]:
    """The codes, and the events without times, that a restored machine answers with."""
    machine = Machine.restore(image)
    codes, events = [], []
    for header, commands in zip(frames.headers, frames.commands, strict=True):
        applied = machine.apply(header, commands)
        codes.append(applied.codes)
        kept = np.frombuffer(bytearray(applied.events.tobytes()), ORDER_EVENT)  # a copy would lose the bytes between the fields
        for name in TIMES:
            kept[name] = 0
        events += [event.tobytes() for event in kept]
    assert machine.validate() == ""
    return np.concatenate(codes), events
