"""The wire protocol, without a socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log import wire
from engine.log.wire import Parser, Type, WireError

SAID = [
    wire.integers(Type.HELLO, 1, wire.VERSION),
    wire.message(Type.APPEND, 2, b"x" * 100_000),
    wire.message(Type.HEAD, 3),
    wire.reading(4, 1, 9, b"c" * 32),
    wire.refused(5, 1, "no space for é"),
    wire.integers(Type.GONE, 6, 3, 7),
]


@pytest.mark.parametrize("piece", [1, 15, 16, 17, 4096, 10**6])
def test_messages_survive_any_cutting(piece):
    parser, heard, data = Parser(), [], b"".join(SAID)
    for at in range(0, len(data), piece):
        heard += parser.feed(data[at : at + piece])
    assert [(one.type, one.tag) for one in heard] == [
        (Type.HELLO, 1), (Type.APPEND, 2), (Type.HEAD, 3), (Type.READING, 4), (Type.REFUSED, 5), (Type.GONE, 6),
    ]  # fmt: skip
    assert heard[0].one() == wire.VERSION
    assert heard[1].payload == b"x" * 100_000
    assert heard[3].reading() == (1, 9, b"c" * 32)
    assert heard[4].refusal() == (1, "no space for é")
    assert heard[5].two() == (3, 7)


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_a_wire_error(data):
    try:
        for one in Parser().feed(data):
            assert one.type in Type
    except WireError:
        pass


@pytest.mark.parametrize("kind", list(Type))
def test_every_type_has_a_largest_size(kind):
    with pytest.raises(WireError):
        Parser().feed((wire.PAYLOAD_BYTES_MAX + 1).to_bytes(4, "little") + bytes([kind]) + bytes(11))


def test_a_payload_of_another_shape_is_a_wire_error():
    for read in ("one", "two", "reading", "refusal"):
        with pytest.raises(WireError):
            getattr(wire.Message(Type.HEAD, 1, b"abc"), read)()
