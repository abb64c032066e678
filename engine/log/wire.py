"""What a client and the log process say to each other over the Unix socket. Bytes in, messages out; no sockets here.

Every message is a head of 16 bytes, `<I payload bytes, B type, 3x, q tag`, and the payload. The tag of an answer is the tag of its request.
A client speaks HELLO first and is answered WELCOME; requests may then be sent without waiting for answers.

    client -> log                                    log -> client
    HELLO     version                                WELCOME   version, head
    APPEND    an unstamped frame                     APPENDED  position, or REFUSED reason, text
    READ      position                               READING   first, head, chain before `position`; then
                                                     BYTES     pieces of the log from `position` on, cut anywhere, without end
    STOP      (the tag of a READ)                    ends it; without an answer
    HEAD                                             HEAD_IS   first, head
    TRUNCATE  before                                 HEAD_IS   first, head
    any READ that cannot be (or no longer)           GONE      position, first  ·  AHEAD  position, head

All integers are little-endian int64. A peer that breaks these rules is disconnected; nobody else notices.
"""

import struct
from enum import IntEnum
from typing import NamedTuple

from engine.log.frame import FRAME_BYTES_MAX
from engine.types import HASH_BYTES

VERSION = 1
PIECE_BYTES = 256 << 10  # the log cuts BYTES into pieces of at most this size where it reads them from files
PAYLOAD_BYTES_MAX = 16 << 20  # and passes on a whole group commit in one

_HEAD = struct.Struct("<IB3xq")
HEAD_BYTES = _HEAD.size
_ONE = struct.Struct("<q")
_TWO = struct.Struct("<qq")
_READING = struct.Struct(f"<qq{HASH_BYTES}s")


class Type(IntEnum):
    HELLO = 1
    APPEND = 2
    READ = 3
    HEAD = 4
    TRUNCATE = 5
    STOP = 6
    WELCOME = 65
    APPENDED = 66
    REFUSED = 67
    READING = 68
    BYTES = 69
    HEAD_IS = 70
    GONE = 71
    AHEAD = 72


_PAYLOAD_MAX = {
    Type.HELLO: _ONE.size,
    Type.APPEND: FRAME_BYTES_MAX,
    Type.READ: _ONE.size,
    Type.HEAD: 0,
    Type.TRUNCATE: _ONE.size,
    Type.STOP: 0,
    Type.WELCOME: _TWO.size,
    Type.APPENDED: _ONE.size,
    Type.REFUSED: 1024,
    Type.READING: _READING.size,
    Type.BYTES: PAYLOAD_BYTES_MAX,
    Type.HEAD_IS: _TWO.size,
    Type.GONE: _TWO.size,
    Type.AHEAD: _TWO.size,
}

_TYPES = {int(kind): kind for kind in Type}


class WireError(Exception):
    """The peer does not speak this protocol."""


class Message(NamedTuple):
    type: Type
    tag: int
    payload: bytes

    def one(self) -> int:
        """The payload as one integer. Raises WireError where it is something else, as the other readers do."""
        return self._unpack(_ONE)[0]

    def two(self) -> tuple[int, int]:
        return self._unpack(_TWO)

    def reading(self) -> tuple[int, int, bytes]:
        """(first, head, chain) of READING."""
        return self._unpack(_READING)

    def refusal(self) -> tuple[int, str]:
        """(reason, text) of REFUSED."""
        if len(self.payload) < _ONE.size:
            raise WireError("a refusal without a reason")
        return _ONE.unpack_from(self.payload)[0], self.payload[_ONE.size :].decode("utf-8", "replace")

    def _unpack(self, layout: struct.Struct) -> tuple:
        if len(self.payload) != layout.size:
            raise WireError(f"{self.type.name} with {len(self.payload)} bytes instead of {layout.size}")
        return layout.unpack(self.payload)


def message(kind: Type, tag: int, payload: bytes = b"") -> bytes:
    """A message, encoded."""
    return _HEAD.pack(len(payload), kind, tag) + payload


def integers(kind: Type, tag: int, *values: int) -> bytes:
    """A message whose payload is one or two integers."""
    return message(kind, tag, (_ONE if len(values) == 1 else _TWO).pack(*values))


def reading(tag: int, first: int, head: int, chain: bytes) -> bytes:
    return message(Type.READING, tag, _READING.pack(first, head, chain))


def refused(tag: int, reason: int, text: str) -> bytes:
    return message(Type.REFUSED, tag, _ONE.pack(reason) + text.encode()[:1000])


class Parser:
    """Cuts received bytes into messages."""

    def __init__(self):
        self._parts: list[bytes] = []  # received, not yet cut
        self._size = 0
        self._needed = HEAD_BYTES  # bytes without which there is no next message

    def feed(self, data: bytes) -> list[Message]:
        """The messages completed by `data`. Raises WireError; the parser is then dead."""
        self._parts.append(data)
        self._size += len(data)
        if self._size < self._needed:  # a long message is joined once, not once for each piece
            return []
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        messages, at = [], 0
        self._needed = HEAD_BYTES
        while len(data) - at >= HEAD_BYTES:
            size, kind, tag = _HEAD.unpack_from(data, at)
            kind = self._checked(kind, size)
            end = at + HEAD_BYTES + size
            if end > len(data):
                self._needed = end - at
                break
            messages.append(Message(kind, tag, data[at + HEAD_BYTES : end]))
            at = end
        self._parts = [data[at:]]
        self._size = len(data) - at
        return messages

    @staticmethod
    def _checked(kind: int, size: int) -> Type:
        known = _TYPES.get(kind)
        if known is None:
            raise WireError(f"unknown message type {kind}")
        if size > _PAYLOAD_MAX[known]:
            raise WireError(f"{known.name} of {size} bytes, at most {_PAYLOAD_MAX[known]} are allowed")
        return known
