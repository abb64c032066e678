"""The state as bytes and back, exactly: every table's size and those of its cache lines that are not all zero.

Layouts are part of the image: one that was written with other tables or records is refused, and the log is replayed instead.
"""

import struct

import numpy as np
from blake3 import blake3

from engine.kernels.state import LINE_BYTES, State, create, table

_MAGIC = b"CSIMAGE1"
_DIGEST_BYTES = 32
_SIZES = struct.Struct("<QQ")  # rows of the table, lines that follow


def _tables(state: State) -> list[tuple[str, np.ndarray]]:
    """Every table with its name, in a fixed order."""
    groups = ("registry", "book", "ledger", "margin")
    inner = [(f"{group}.{name}", array) for group in groups for name, array in getattr(state, group)._asdict().items()]
    return [("venue", state.venue), *inner]


def _layout() -> bytes:
    """Names the layout of every table."""
    described = "\n".join(f"{name} {array.dtype.descr}" for name, array in _tables(create((2,) * 7)))
    return blake3(described.encode()).digest()


_LAYOUT = _layout()


def write_image(state: State, attachment: bytes) -> bytes:
    """The state and some bytes of the caller's, sealed with a digest."""
    parts = [_MAGIC, _LAYOUT, struct.pack("<Q", len(attachment)), attachment]
    for _, array in _tables(state):
        parts += _lines(array)
    body = b"".join(parts)
    return body + blake3(body).digest()


def read_image(image: bytes) -> tuple[State, bytes]:
    """What `write_image` was given. Raises ValueError where the bytes are damaged or of another layout."""
    body = memoryview(image)[:-_DIGEST_BYTES]
    if len(image) < len(_MAGIC) + 2 * _DIGEST_BYTES + 8 or blake3(body).digest() != image[-_DIGEST_BYTES:]:
        raise ValueError("the snapshot is damaged")
    start = len(_MAGIC)
    if body[:start] != _MAGIC or body[start : start + _DIGEST_BYTES] != _LAYOUT:
        raise ValueError("the snapshot was written by another version of the core")
    start += _DIGEST_BYTES
    (length,) = struct.unpack_from("<Q", body, start)
    start += 8
    attachment = bytes(body[start : start + length])
    start += length
    state = create((2,) * 7)
    arrays = []
    for _, blank in _tables(state):
        array, start = _read_lines(body, start, blank.dtype)
        arrays.append(array)
    return _rebuilt(state, arrays), attachment


def _rebuilt(state: State, arrays: list[np.ndarray]) -> State:
    groups, at = [], 1
    for group in (state.registry, state.book, state.ledger, state.margin):
        groups.append(type(group)(*arrays[at : at + len(group)]))
        at += len(group)
    return State(arrays[0], *groups, state.legs)


def _as_lines(array: np.ndarray) -> np.ndarray:
    """The table's bytes as whole cache lines of words, the last one filled up with zeros."""
    octets = array.view(np.uint8)
    whole = octets.size // LINE_BYTES * LINE_BYTES
    if whole != octets.size:
        octets = np.concatenate([octets, np.zeros(whole + LINE_BYTES - octets.size, np.uint8)])
    return octets.view(np.int64).reshape(-1, LINE_BYTES // 8)


def _lines(array: np.ndarray) -> list[bytes]:
    lines = _as_lines(array)
    used = np.flatnonzero(np.bitwise_or.reduce(lines, axis=1)).astype(np.uint32)
    return [_SIZES.pack(array.size, used.size), used.tobytes(), lines[used].tobytes()]


def _read_lines(body: memoryview, start: int, dtype: np.dtype) -> tuple[np.ndarray, int]:
    rows, count = _SIZES.unpack_from(body, start)
    start += _SIZES.size
    used = np.frombuffer(body, np.uint32, count, start)
    start += used.nbytes
    lines = np.frombuffer(body, np.int64, count * (LINE_BYTES // 8), start).reshape(count, LINE_BYTES // 8)
    octets = table(np.uint8, -(-rows * dtype.itemsize // LINE_BYTES) * LINE_BYTES)
    octets.view(np.int64).reshape(-1, LINE_BYTES // 8)[used] = lines
    return octets[: rows * dtype.itemsize].view(dtype), start + lines.nbytes
