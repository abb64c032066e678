"""A disk that forgets: the Directory seam of engine/log/files.py with power cuts, torn writes, failing and lying operations.

What was written is readable at once, but durable only after the file's sync; a name only after the directory's. `power_cut` gives
the disk as the next start finds it: of what was not synced, every 512-byte sector may or may not have arrived. An operation fails
as `fail` says. After a sync has failed, its data is still readable but will never be written again, as on Linux.
"""

import errno
import random
from collections.abc import Callable

from engine.log.files import DirectoryInUse

SECTOR = 512


class PowerCut(BaseException):
    """The machine is gone; not an error that the code under test could handle."""


class Inode:
    """A file's content: what can be read, what is durable, and which writes are neither."""

    def __init__(self, content: bytes = b""):
        self.current = bytearray(content)
        self.durable = bytes(content)
        self.pending: list[tuple[int, bytes] | int] = []  # writes (offset, data) and truncations (size), in order

    def after_power_cut(self, rng: random.Random) -> "Inode":
        content = bytearray(self.durable)
        for change in self.pending:
            if isinstance(change, int):
                if rng.random() < 0.5:
                    del content[change:]
                continue
            offset, data = change
            for at in range(0, len(data), SECTOR):
                if rng.random() < 0.5:
                    _put(content, offset + at, data[at : at + SECTOR])
        return Inode(bytes(content))


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class ForgetfulDisk:
    """A Directory. `operations` counts what could fail; `fail(operation, count)` may return an errno or raise PowerCut."""

    def __init__(self, inodes: dict[str, Inode] | None = None):
        self.inodes = dict(inodes or {})
        self.durable_names = dict(self.inodes)
        self.operations = 0
        self.fail: Callable[[str, int], int | None] = lambda operation, count: None
        self.free = 1 << 40
        self.partial = 0.5  # of a failing write, what part is written
        self._locked = False

    # -- what tests do to it

    def power_cut(self, rng: random.Random) -> "ForgetfulDisk":
        """The disk after a power cut: names and contents as they happen to have arrived."""
        names = dict(self.durable_names)
        for name in {*self.inodes, *self.durable_names}:
            if self.inodes.get(name) is not self.durable_names.get(name) and rng.random() < 0.5:
                if name in self.inodes:
                    names[name] = self.inodes[name]
                else:
                    names.pop(name, None)
        return ForgetfulDisk({name: inode.after_power_cut(rng) for name, inode in names.items()})

    def process_killed(self) -> "ForgetfulDisk":
        """The same disk for the next process: the lock is free, all that was written can be read."""
        self._locked = False
        self.fail = lambda operation, count: None
        return self

    def copy(self) -> "ForgetfulDisk":
        """A disk with the readable contents, all durable."""
        return ForgetfulDisk({name: Inode(bytes(inode.current)) for name, inode in self.inodes.items()})

    def content(self, name: str) -> bytearray:
        return self.inodes[name].current

    def attempt(self, operation: str) -> None:
        self.operations += 1
        number = self.fail(operation, self.operations)
        if number is not None:
            raise OSError(number, errno.errorcode[number])

    # -- engine.log.files.Directory

    def names(self) -> list[str]:
        return sorted(self.inodes)

    def open(self, name: str, *, create: bool = False) -> "ForgetfulFile":
        if name not in self.inodes:
            if not create:
                raise FileNotFoundError(name)
            self.attempt("create")
            self.inodes[name] = Inode()
        return ForgetfulFile(self, self.inodes[name])

    def open_to_read(self, name: str) -> "ForgetfulFile":
        return self.open(name)

    def remove(self, name: str) -> None:
        self.attempt("remove")
        del self.inodes[name]

    def rename(self, old: str, new: str) -> None:
        self.attempt("rename")
        self.inodes[new] = self.inodes.pop(old)

    def sync(self) -> None:
        self.attempt("sync directory")
        self.durable_names = dict(self.inodes)

    def lock(self) -> None:
        if self._locked:
            raise DirectoryInUse("the disk is already open")
        self._locked = True

    def unlock(self) -> None:
        self._locked = False

    def free_bytes(self) -> int:
        return self.free

    def describe(self, name: str) -> str:
        return f"disk/{name}"


class ForgetfulFile:
    """engine.log.files.File over an Inode."""

    def __init__(self, disk: ForgetfulDisk, inode: Inode):
        self._disk = disk
        self._inode = inode

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self._inode.current[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        try:
            self._disk.attempt("write")
        except (OSError, PowerCut):
            self._change(offset, data[: int(len(data) * self._disk.partial)])
            raise
        self._change(offset, data)

    def _change(self, offset: int, data: bytes) -> None:
        self._inode.pending.append((offset, bytes(data)))
        _put(self._inode.current, offset, data)

    def sync(self) -> None:
        try:
            self._disk.attempt("sync")
        except OSError:
            self._inode.pending.clear()  # the pages count as clean now: nothing will write them
            raise
        inode = self._inode
        inode.durable = _replayed(inode)
        inode.pending.clear()

    def truncate(self, size: int) -> None:
        self._disk.attempt("truncate")
        self._inode.pending.append(size)
        del self._inode.current[size:]

    def size(self) -> int:
        return len(self._inode.current)

    def close(self) -> None:
        pass


def _replayed(inode: Inode) -> bytes:
    """What is durable once the pending changes are: pages that a failed sync left clean are not among them."""
    content = bytearray(inode.durable)
    for change in inode.pending:
        if isinstance(change, int):
            del content[change:]
        else:
            _put(content, *change)
    return bytes(content)
