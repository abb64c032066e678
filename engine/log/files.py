"""The seam between the log and the disk: a flat directory of files, with every operation that can fail named.

The log's own code runs unchanged over another implementation of Directory and File, and the tests do so: one that loses what was
not synced, tears writes, flips bits and fails the n-th operation.
Errors are OSError, as the operating system gives them.
"""

import fcntl
import os
from pathlib import Path
from typing import Protocol


class DirectoryInUse(Exception):
    """Another process has this directory open for writing; the text names it."""


class File(Protocol):
    """An open file, addressed by offset."""

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer only at the end of the file."""

    def write(self, offset: int, data: bytes) -> None:
        """All of `data` at `offset`, or OSError with any part of it written."""

    def sync(self) -> None:
        """Return once what was written is durable. After an OSError nothing is known about it."""

    def truncate(self, size: int) -> None: ...

    def size(self) -> int: ...

    def close(self) -> None: ...


class Directory(Protocol):
    """A flat directory."""

    def names(self) -> list[str]: ...

    def open(self, name: str, *, create: bool = False) -> File:
        """Open for reading and writing; FileNotFoundError unless it exists or `create`."""

    def open_to_read(self, name: str) -> File: ...

    def remove(self, name: str) -> None: ...

    def rename(self, old: str, new: str) -> None:
        """Atomically, replacing `new`."""

    def sync(self) -> None:
        """Make creations, renames and removals durable."""

    def lock(self) -> None:
        """Become the one writer, until `unlock` or the end of the process. Raises DirectoryInUse."""

    def unlock(self) -> None: ...

    def free_bytes(self) -> int:
        """What this process may still write."""

    def describe(self, name: str) -> str:
        """Where `name` is, for messages."""


class DiskFile:
    """A File of the operating system."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor

    def read(self, offset: int, size: int) -> bytes:
        parts = []
        while size > 0 and (part := os.pread(self._descriptor, size, offset)):
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, offset: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            offset += written
            view = view[written:]

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._descriptor, size)

    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class DiskDirectory:
    """A Directory of the operating system."""

    _LOCK = "lock"

    def __init__(self, path: str | os.PathLike, *, create: bool = True):
        self.path = Path(path)
        if create:
            self.path.mkdir(parents=True, exist_ok=True)
        self._lock_descriptor = -1

    def names(self) -> list[str]:
        return sorted(os.listdir(self.path))

    def open(self, name: str, *, create: bool = False) -> DiskFile:
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        return DiskFile(os.open(self.path / name, flags, 0o600))

    def open_to_read(self, name: str) -> DiskFile:
        return DiskFile(os.open(self.path / name, os.O_RDONLY | os.O_CLOEXEC))

    def remove(self, name: str) -> None:
        os.remove(self.path / name)

    def rename(self, old: str, new: str) -> None:
        os.replace(self.path / old, self.path / new)

    def sync(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock(self) -> None:
        descriptor = os.open(self.path / self._LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise DirectoryInUse(f"{self.path} is already open for writing by process {holder}") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock_descriptor = descriptor

    def unlock(self) -> None:
        if self._lock_descriptor >= 0:
            os.close(self._lock_descriptor)
            self._lock_descriptor = -1

    def free_bytes(self) -> int:
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_frsize

    def describe(self, name: str) -> str:
        return str(self.path / name)
