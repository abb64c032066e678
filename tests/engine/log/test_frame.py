"""The frame's layout and its hash chain."""

import numpy as np
import pytest
from blake3 import blake3

from engine.log.frame import (
    FRAME_BYTES_MAX,
    GENESIS,
    HEADER_BYTES,
    FrameError,
    FrameStream,
    chain_at,
    check,
    encode,
    fields_at,
    stamp,
    verify,
)
from engine.types import FRAME_COMMANDS_MAX, FRAME_HEADER
from tests.engine.log.samples import request, ticks, values_of


def log_bytes(count: int) -> bytes:
    chain, parts = GENESIS, []
    for number in range(1, count + 1):
        stamped, chain = stamp(request(number, *range(number)), number, 1000 + number, number - 1, chain)
        parts.append(stamped)
    return b"".join(parts)


def test_the_header_is_where_the_types_say():
    stamped, chain = stamp(encode(ticks(5, 6), 77, 3, 99), 9, 1234, 8, b"p" * 32)
    record = np.frombuffer(stamped, FRAME_HEADER, 1)[0]
    named = {name: int(record[name]) for name in FRAME_HEADER.names if name != "chain"}
    assert named == {
        "magic": 0x31465343, "version": 1, "flags": 0, "count": 2, "origin": 77, "number": 3, "origin_time_ns": 99,
        "position": 9, "time_ns": 1234, "durable": 8,
    }  # fmt: skip
    assert record["chain"].tobytes() == chain == chain_at(stamped)
    assert chain == blake3(b"p" * 32 + stamped[:64] + stamped[HEADER_BYTES:]).digest()


@pytest.mark.parametrize("at", range(0, HEADER_BYTES))
def test_no_byte_of_the_header_can_change_unnoticed(at):
    data = bytearray(log_bytes(1))
    data[at] ^= 0x10
    try:
        assert verify(memoryview(data), 0, 1, GENESIS) is None  # a count that asks for more than is there
        assert 8 <= at < 12
    except FrameError:
        pass


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: 0}, "magic"),
        ({4: 9}, "version"),
        ({6: 1}, "flags"),
        ({8: 0}, "commands"),
        ({11: 0x7F}, "commands"),
        ({23: 0xFF}, "origin"),
        ({24: 0}, "number"),
        ({39: 0xFF}, "time"),
        ({40: 1}, "stamps"),
        ({127: 1}, "stamps"),
    ],
)
def test_what_an_origin_may_not_send(change, reason):
    frame = bytearray(request(1))
    for at, value in change.items():
        frame[at] = value
    with pytest.raises(FrameError, match=reason):
        check(bytes(frame))


def test_encode_refuses_what_check_would():
    for arguments in ((ticks(1), 0, 1, 0), (ticks(1), 1, 0, 0), (ticks(1), 1, 1, -1), (b"", 1, 1, 0), (b"x" * 100, 1, 1, 0)):
        with pytest.raises(FrameError):
            encode(*arguments)
    assert len(encode(bytes(128 * FRAME_COMMANDS_MAX), 1, 1, 0)) == FRAME_BYTES_MAX


@pytest.mark.parametrize("piece", [1, 7, 128, 1000, 10**6])
def test_a_stream_cut_anywhere_gives_the_same_frames(piece):
    data = log_bytes(8)
    stream = FrameStream(1, GENESIS)
    arrived = []
    for at in range(0, len(data), piece):
        arrived += [(int(header["position"]), values_of(commands)) for header, commands in stream.feed(data[at : at + piece])]
    assert arrived == [(number, list(range(number)) if number > 1 else [0]) for number in range(1, 9)]


def test_a_stream_finds_frames_that_are_left_out_repeated_or_swapped():
    data = log_bytes(3)
    ends = [0]
    for _ in range(3):
        ends.append(ends[-1] + fields_at(data, ends[-1]).length)
    one, two, three = (data[ends[i] : ends[i + 1]] for i in range(3))
    for wrong in (one + three, one + one, two + one, one + three + two):
        with pytest.raises(FrameError):
            FrameStream(1, GENESIS).feed(wrong)
    with pytest.raises(FrameError):  # the same position, another history
        FrameStream(2, b"x" * 32).feed(two)
