"""A replica: newest snapshot, then every frame behind it, through the same machine; and the reducers fed with what came of it.

Invariants: frames are applied in the order of the log, each exactly once; a snapshot holds machine, reducers and the log's chain at
one position. An exception out of the machine or a reducer means that this replica's state is not to be trusted: it stops, loudly,
and stays stopped.
Must not do: sockets, event loops, the choice of a log.
"""

import logging
import os
import struct
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from blake3 import blake3

from engine.log.files import Directory, DiskDirectory
from engine.log.frame import GENESIS
from engine.types import HASH_BYTES
from engine.views import Applied, ReplicaStopped

logger = logging.getLogger(__name__)

SNAPSHOTS_KEPT = 3
PARTS_MAX = 64
CORE_PART = "core"
CHAIN_PART = "chain"

_MAGIC = b"CSN1"
_VERSION = 1
_HEAD = struct.Struct("<4sIqI")  # magic, version, position, parts
_PART = struct.Struct("<Hq")  # bytes of the name, bytes of the content


class SnapshotDamaged(Exception):
    """A snapshot's bytes are not what was saved."""


class Reducer(Protocol):
    """State derived from the events, snapshotted at the same position as the core."""

    def apply(self, applied: Applied) -> None:
        """Take in what came of one frame. An exception stops the replica."""

    def snapshot(self) -> bytes: ...

    def restore(self, data: bytes) -> None: ...


# ---------------------------------------------------------------------- snapshots


class SnapshotStore:
    """A directory of snapshots, `<position, 20 digits>.snapshot`: written aside, synced, then renamed. The newest few are kept."""

    def __init__(self, directory: str | os.PathLike | Directory, *, keep: int = SNAPSHOTS_KEPT):
        self._directory = DiskDirectory(directory) if isinstance(directory, (str, os.PathLike)) else directory
        self._keep = keep

    def save(self, position: int, parts: dict[str, bytes]) -> None:
        """Return once the snapshot is durable under its name. Raises OSError; then the snapshots before it are untouched."""
        name = _snapshot_name(position)
        aside = f"{name}.{os.getpid()}.tmp"
        file = self._directory.open(aside, create=True)
        try:
            file.truncate(0)
            file.write(0, _encode(position, parts))
            file.sync()
        except OSError:
            self._directory.remove(aside)
            raise
        finally:
            file.close()
        self._directory.rename(aside, name)
        self._directory.sync()
        self._prune()

    def newest(self, needed: tuple[str, ...] = (), at_most: int | None = None) -> tuple[int, dict[str, bytes]] | None:
        """The first of `sound`."""
        return next(self.sound(needed, at_most), None)

    def sound(self, needed: tuple[str, ...] = (), at_most: int | None = None) -> Iterator[tuple[int, dict[str, bytes]]]:
        """Snapshots at position `at_most` or before that have all `needed` parts, newest first: (position, parts).

        Damaged ones are reported and passed over.
        """
        for position in reversed(self.positions()):
            if at_most is not None and position > at_most:
                continue
            try:
                parts = self.load(position)
            except (SnapshotDamaged, FileNotFoundError) as error:
                logger.error("event=snapshot_passed_over position=%d reason=%s", position, error)
                continue
            if all(name in parts for name in needed):
                yield position, parts

    def positions(self) -> list[int]:
        """Of the snapshots that are there, rising."""
        stems = (name.removesuffix(".snapshot") for name in self._directory.names() if name.endswith(".snapshot"))
        return sorted(int(stem) for stem in stems if stem.isdigit())

    def load(self, position: int) -> dict[str, bytes]:
        """The parts of the snapshot at `position`. Raises SnapshotDamaged, FileNotFoundError."""
        name = _snapshot_name(position)
        file = self._directory.open_to_read(name)
        try:
            return _decode(position, file.read(0, file.size()), self._directory.describe(name))
        finally:
            file.close()

    def _prune(self) -> None:
        for position in self.positions()[: -self._keep]:
            self._directory.remove(_snapshot_name(position))


def _snapshot_name(position: int) -> str:
    return f"{position:020d}.snapshot"


def _encode(position: int, parts: dict[str, bytes]) -> bytes:
    pieces = [_HEAD.pack(_MAGIC, _VERSION, position, len(parts))]
    for name, content in parts.items():
        pieces += (_PART.pack(len(name.encode()), len(content)), name.encode(), content)
    body = b"".join(pieces)
    return body + blake3(body).digest()


def _decode(position: int, data: bytes, where: str) -> dict[str, bytes]:
    body = memoryview(data)[:-HASH_BYTES]
    if len(body) < _HEAD.size or blake3(body).digest() != data[-HASH_BYTES:]:
        raise SnapshotDamaged(f"{where} does not hold")
    magic, version, saved, count = _HEAD.unpack_from(body)
    if (magic, version, saved) != (_MAGIC, _VERSION, position) or count > PARTS_MAX:
        raise SnapshotDamaged(f"{where} is not the snapshot at {position} in a version that is known")
    parts, at = {}, _HEAD.size
    for _ in range(count):
        name_bytes, size = _PART.unpack_from(body, at)
        at += _PART.size
        name = bytes(body[at : at + name_bytes]).decode()
        parts[name] = bytes(body[at + name_bytes : at + name_bytes + size])
        at += name_bytes + size
    return parts


# ---------------------------------------------------------------------- the replica


class Replica:
    """A machine and its reducers at one position of one log."""

    def __init__(self, machine, reducers: dict[str, Reducer] | None = None, chain: bytes = GENESIS):
        """`chain` is that of the frame at the machine's position."""
        self.machine = machine
        self.reducers = reducers or {}
        self.chain = chain
        self.stopped: BaseException | None = None
        self._listeners: list[Callable[[Applied], None]] = []

    @classmethod
    def restore(
        cls, store: SnapshotStore | None, reducers: dict[str, Reducer] | None = None, machine=None, *, at_most: int | None = None
    ) -> "Replica":
        """From the newest sound snapshot (at position `at_most` or before) that has a part for every reducer, or from nothing.

        One that machine or a reducer cannot read (ValueError: another version wrote it) is reported and passed over: the log has it all.
        `machine` is the class.
        """
        machine = machine or default_machine()
        reducers = reducers or {}
        blank = {name: reducer.snapshot() for name, reducer in reducers.items()}
        for position, parts in store.sound((CORE_PART, CHAIN_PART, *reducers), at_most) if store is not None else ():
            try:
                restored = machine.restore(parts[CORE_PART])
                for name, reducer in reducers.items():
                    reducer.restore(parts[name])
            except ValueError as error:
                logger.warning("event=snapshot_passed_over position=%d reason=%s", position, error)
                for name, reducer in reducers.items():
                    reducer.restore(blank[name])
            else:
                return cls(restored, reducers, parts[CHAIN_PART])
        return cls(machine(), reducers)

    @property
    def position(self) -> int:
        """Of the last frame applied; 0 = none."""
        return self.machine.position

    def listen(self, callback: Callable[[Applied], None]) -> None:
        """Call `callback(applied)` after each frame, in order. It may look but not fail: what it raises is logged."""
        self._listeners.append(callback)

    def apply(self, header: np.void, commands: np.ndarray) -> Applied:
        """The next frame. Raises ReplicaStopped where machine or reducer fail, now and ever after."""
        if self.stopped is not None:
            raise ReplicaStopped("the replica has stopped") from self.stopped
        try:
            applied = self.machine.apply(header, commands)
            for reducer in self.reducers.values():
                reducer.apply(applied)
        except ReplicaStopped as error:
            self.stopped = error
            raise ReplicaStopped(f"frame {int(header['position'])}: {error}") from error
        except Exception as error:
            self.stopped = error
            raise ReplicaStopped(f"frame {int(header['position'])}: {type(error).__name__}: {error}") from error
        self.chain = header["chain"].tobytes()
        return applied

    def tell(self, applied: Applied) -> None:
        """Call the listeners."""
        for listener in self._listeners:
            try:
                listener(applied)
            except Exception:
                logger.exception("event=listener_failed position=%d", applied.position)

    def parts(self) -> dict[str, bytes]:
        """What a snapshot at this position holds, for SnapshotStore.save."""
        parts = {CORE_PART: self.machine.snapshot(), CHAIN_PART: self.chain}
        parts.update((name, reducer.snapshot()) for name, reducer in self.reducers.items())
        return parts


def default_machine():
    """The compiled Machine; imported late because importing it loads the kernels."""
    from engine.machine import Machine

    return Machine
