"""The frame: the unit that origins append, the log stores and machines apply.

Owns the layout around the commands: FRAME_HEADER (128 bytes) and `count` commands of 128 bytes. An origin encodes a frame with
the stamped fields zero; the log stamps position, time, durable and chain. `chain` is BLAKE3 over the previous frame's chain, the
header up to `chain`, and the commands: who reads a log recomputes the hash chain over position, time and bytes.
Must not do: read clocks, touch files or sockets, look into commands beyond their kind.
"""

import struct
from typing import NamedTuple

import numpy as np
from blake3 import blake3

from engine.types import COMMAND_BYTES, FRAME_COMMANDS_MAX, FRAME_HEADER, FRAME_MAGIC, HASH_BYTES, ORDER_COMMAND, Kind

FRAME_VERSION = 1
HEADER_BYTES = FRAME_HEADER.itemsize
FRAME_BYTES_MAX = HEADER_BYTES + FRAME_COMMANDS_MAX * COMMAND_BYTES
# What frees money or stops trading: these still go into a log that is running out of space.
RELIEF_KINDS = frozenset(
    (Kind.CANCEL, Kind.CANCEL_ALL, Kind.RELEASE, Kind.REGISTER_ORIGIN, Kind.TICK, Kind.SET_SYMBOL_STATUS, Kind.SET_ACCOUNT_STATUS,
     Kind.SET_KEY)
)  # fmt: skip
GENESIS = bytes(HASH_BYTES)  # the chain before the first frame
POSITION_MAX = 2**63 - 1

_CHAIN_AT = FRAME_HEADER.fields["chain"][1]
_STAMP_AT = FRAME_HEADER.fields["position"][1]
_FIELDS = struct.Struct("<IHHi4xqqqqqq")  # FRAME_HEADER up to `chain`
_STAMP = struct.Struct("<qqq")
_UNSTAMPED = bytes(HEADER_BYTES - _STAMP_AT)
_RESERVED_TAIL = bytes(HEADER_BYTES - _CHAIN_AT - HASH_BYTES)


class FrameError(Exception):
    """These bytes are not the frame that belongs here; the text says why."""


class FrameFields(NamedTuple):
    """The header's fields before `chain`, as plain integers."""

    magic: int
    version: int
    flags: int
    count: int
    origin: int
    number: int
    origin_time_ns: int
    position: int
    time_ns: int
    durable: int

    @property
    def length(self) -> int:
        """Bytes of the whole frame."""
        return HEADER_BYTES + self.count * COMMAND_BYTES


def encode(commands: np.ndarray | bytes, origin: int, number: int, origin_time_ns: int) -> bytes:
    """An unstamped frame of `commands` (records of 128 bytes, or their bytes). Raises FrameError where `check` would."""
    body = commands if isinstance(commands, bytes) else commands.tobytes()
    if len(body) % COMMAND_BYTES:
        raise FrameError(f"{len(body)} bytes are not whole commands")
    fields = FrameFields(
        FRAME_MAGIC, FRAME_VERSION, 0, len(body) // COMMAND_BYTES, origin, number, origin_time_ns, 0, 0, 0
    )
    _check_fields(fields)
    return b"".join((_FIELDS.pack(*fields), _UNSTAMPED[_CHAIN_AT - _STAMP_AT :], body))


def fields_at(buffer, offset: int = 0) -> FrameFields:
    """The header fields at `offset`; HEADER_BYTES must be there. Nothing is checked."""
    return FrameFields(*_FIELDS.unpack_from(buffer, offset))


def chain_at(buffer, offset: int = 0) -> bytes:
    """The `chain` that the header at `offset` carries."""
    return bytes(buffer[offset + _CHAIN_AT : offset + _CHAIN_AT + HASH_BYTES])


def check(frame: bytes) -> FrameFields:
    """The fields of an unstamped frame as an origin sends it. Raises FrameError on anything a log must not take."""
    if len(frame) < HEADER_BYTES:
        raise FrameError(f"a frame has at least {HEADER_BYTES} bytes, not {len(frame)}")
    fields = fields_at(frame)
    _check_fields(fields)
    if fields.length != len(frame):
        raise FrameError(f"{fields.count} commands do not take {len(frame)} bytes")
    if frame[_STAMP_AT:HEADER_BYTES] != _UNSTAMPED:
        raise FrameError("fields that the log stamps are not zero")
    return fields


def _check_fields(fields: FrameFields) -> None:
    if fields.magic != FRAME_MAGIC:
        raise FrameError("no frame magic")
    if fields.version != FRAME_VERSION:
        raise FrameError(f"unknown frame version {fields.version}")
    if fields.flags:
        raise FrameError(f"unknown frame flags {fields.flags:#x}")
    if not 1 <= fields.count <= FRAME_COMMANDS_MAX:
        raise FrameError(f"a frame has 1 to {FRAME_COMMANDS_MAX} commands, not {fields.count}")
    if fields.origin < 1 or fields.number < 1 or fields.origin_time_ns < 0:
        raise FrameError("origin and number must be positive and the origin's time not negative")


def brings_relief(commands: bytes | memoryview) -> bool:
    """Whether all of these commands (their bytes) are of RELIEF_KINDS."""
    return RELIEF_KINDS.issuperset(bytes(commands[::COMMAND_BYTES]))


def stamp(frame: bytes, position: int, time_ns: int, durable: int, chain: bytes) -> tuple[bytes, bytes]:
    """The frame as the log stores it, and its chain. `chain` is the frame's before; `frame` must have passed `check`."""
    head = frame[:_STAMP_AT] + _STAMP.pack(position, time_ns, durable)
    body = memoryview(frame)[HEADER_BYTES:]
    own = _digest(chain, head, body)
    return b"".join((head, own, _RESERVED_TAIL, body)), own


def _digest(chain: bytes, head, body) -> bytes:
    hasher = blake3(chain)
    hasher.update(head)
    hasher.update(body)
    return hasher.digest()


def same_request(stored: bytes, frame: bytes) -> bool:
    """Whether the stamped frame `stored` is what the unstamped `frame` asked for."""
    return stored[:_STAMP_AT] == frame[:_STAMP_AT] and stored[HEADER_BYTES:] == frame[HEADER_BYTES:]


def verify(view: memoryview, offset: int, position: int, chain: bytes) -> FrameFields | None:
    """The stamped frame at `offset`, checked to be the one at `position` that follows `chain`; None where it is not all there yet.

    Raises FrameError where the bytes that are there cannot be it.
    """
    available = len(view) - offset
    if available < HEADER_BYTES:
        return None
    fields = fields_at(view, offset)
    _check_fields(fields)
    if fields.position != position:
        raise FrameError(f"position {fields.position} where {position} belongs")
    if not 0 <= fields.durable < position:
        raise FrameError(f"a durable position {fields.durable} that is not before it")
    if view[offset + _CHAIN_AT + HASH_BYTES : offset + HEADER_BYTES] != _RESERVED_TAIL:
        raise FrameError("reserved bytes are not zero")
    end = offset + fields.length
    if end > len(view):
        return None
    own = _digest(chain, view[offset : offset + _CHAIN_AT], view[offset + HEADER_BYTES : end])
    if own != view[offset + _CHAIN_AT : offset + _CHAIN_AT + HASH_BYTES]:
        raise FrameError("the hash chain does not hold")
    return fields


def arrays_at(buffer: bytearray, offset: int, count: int) -> tuple[np.void, np.ndarray]:
    """The header record and the commands (count,) ORDER_COMMAND at `offset`, as writable views of `buffer`."""
    header = np.frombuffer(buffer, FRAME_HEADER, 1, offset)[0]
    return header, np.frombuffer(buffer, ORDER_COMMAND, count, offset + HEADER_BYTES)


class FrameStream:
    """Turns the bytes of a log, in pieces of any size, into verified frames.

    Feed bytes with `feed`, which returns the frames completed by them. Raises FrameError where the chain breaks; the stream is then dead.
    """

    def __init__(self, position: int, chain: bytes):
        """`position` is the first frame's to come and `chain` that of the frame before it."""
        self.position = position
        self.chain = chain
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[np.void, np.ndarray]]:
        buffer = bytearray(self._rest + data) if self._rest else bytearray(data)
        view = memoryview(buffer)
        frames = []
        offset = 0
        while (fields := verify(view, offset, self.position, self.chain)) is not None:
            frames.append(arrays_at(buffer, offset, fields.count))
            self.chain = chain_at(view, offset)
            self.position += 1
            offset += fields.length
        self._rest = bytes(view[offset:])
        return frames
