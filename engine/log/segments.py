"""The files of a log: segments of stamped frames, a mark of what was acknowledged, and what is done with them after a crash.

A segment `<first position, 20 digits>.log` is SEGMENT_HEADER_BYTES and then frames. Its header carries the chain before its
first frame, so that it can be checked without the segments before it. When a segment is full it is sealed: `<…>.seal` holds its
last position, chain and BLAKE3, so that the next start checks it as one block. `commit` holds, in two slots written in turn, the
last acknowledged position.

Invariants
- Nothing is acknowledged before fdatasync returned for it, and the mark was written after that.
- A frame that was acknowledged is never cut. Bytes that are not a frame are cut only behind the last position known to be
  acknowledged (the mark, and `durable` in every header that can be read) and only at the end of the last segment; anywhere else
  they are damage, which stops the start with position, file and offset named.
- The file is written ahead with zeros, because a sync of bytes that the file already has is a quarter faster than one that also
  makes it longer. Zeros up to the end of the last segment are where the log goes on, not damage.
- After a failed sync, or a failed write that is not "no space", nothing more is written: what the disk holds is not known.
- What a start finds behind the mark is written again and synced before anyone is shown it: a page that failed to reach the disk
  may still be readable.
A hole: if power is lost before the mark of the very last group reached the disk, damage to that same group cannot be told from a
torn tail.

Must not do: sockets, event loops, clocks. One thread appends and truncates; `locate` and `open_segment` may run beside it.
"""

import bisect
import errno
import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from blake3 import blake3

from engine.log import frame as frames
from engine.log.files import Directory, File
from engine.log.frame import GENESIS, HEADER_BYTES, POSITION_MAX, FrameError, FrameFields
from engine.log.port import LogAhead, LogDamaged, LogError, LogGone, Refusal
from engine.types import COMMAND_BYTES, FRAME_MAGIC, HASH_BYTES

logger = logging.getLogger(__name__)

SEGMENT_BYTES = 64 << 20
SEGMENT_HEADER_BYTES = 128
SEALED_CHECKED = 64  # newest sealed segments whose every byte a start checks; older ones by header, seal and size
RESERVE_BYTES = 64 << 20  # of free space, below which only frames that bring relief are taken
ORIGINS_KNOWN = 1024  # origins whose last frame is known, to answer a resend with the first one's position
ZEROS_AHEAD = 1 << 20  # bytes written at once in front of the last frame
INDEX_STRIDE = 256 << 10  # bytes between two entries of a segment's position index

_MAGIC = b"CSS1"
_VERSION = 1
_SEGMENT_HEADER = struct.Struct("<4sIqq32s")  # magic, version, first position, time and chain of the frame before
_SEAL = struct.Struct("<4sIqqqq32s32s")  # magic, version, first, last, bytes, time, chain, BLAKE3 of the file
_MARK = struct.Struct("<4sIq")  # magic, version, position
_MARK_SLOTS = (0, 4096)
MARK_NAME = "commit"
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class NoSpace(LogError):
    """The disk is full: nothing of this batch was kept, and the store goes on."""


class StoreFailed(LogError):
    """A write or sync failed: what the disk holds is not known, and nothing more may be appended by this process."""


@dataclass
class Segment:
    """One file of the log and what is known of it."""

    first: int
    time_before_ns: int
    chain_before: bytes
    end: int = SEGMENT_HEADER_BYTES  # offset behind the last frame
    last: int = 0
    time_ns: int = 0
    chain: bytes = b""
    digest: blake3 = field(default_factory=blake3)  # over the file up to `end`
    index: list[tuple[int, int]] = field(default_factory=list)  # some (position, offset), rising

    def __post_init__(self):
        self.last, self.time_ns, self.chain = self.first - 1, self.time_before_ns, self.chain_before
        self.index.append((self.first, SEGMENT_HEADER_BYTES))

    @property
    def name(self) -> str:
        return f"{self.first:020d}.log"

    @property
    def seal_name(self) -> str:
        return f"{self.first:020d}.seal"

    def header(self) -> bytes:
        """The first SEGMENT_HEADER_BYTES of the file."""
        head = _SEGMENT_HEADER.pack(_MAGIC, _VERSION, self.first, self.time_before_ns, self.chain_before)
        return _sealed_record(head, SEGMENT_HEADER_BYTES)

    def note(self, position: int, offset: int) -> None:
        """Remember where a position is, now and then."""
        if offset - self.index[-1][1] >= INDEX_STRIDE:
            self.index.append((position, offset))

    @classmethod
    def from_header(cls, name: str, head: bytes) -> "Segment":
        """Raises FrameError where `head` is not the header of the file called `name`."""
        content = _open_record(head[:SEGMENT_HEADER_BYTES], SEGMENT_HEADER_BYTES, _SEGMENT_HEADER)
        if content is None:
            raise FrameError("the segment's header does not hold")
        _, _, first, time_ns, chain = content
        segment = cls(first, time_ns, chain)
        if segment.name != name:
            raise FrameError(f"the segment's header says that it is {segment.name}")
        return segment


def _sealed_record(content: bytes, size: int) -> bytes:
    """`content` padded to `size` bytes, the last 32 of which are the BLAKE3 of the rest."""
    padded = content.ljust(size - HASH_BYTES, b"\0")
    return padded + blake3(padded).digest()


def _open_record(record: bytes, size: int, layout: struct.Struct) -> tuple | None:
    if len(record) != size or blake3(record[:-HASH_BYTES]).digest() != record[-HASH_BYTES:]:
        return None
    content = layout.unpack_from(record)
    return content if content[:2] == (_MAGIC, _VERSION) else None


class Batch(NamedTuple):
    """What one group commit made durable."""

    first: int  # positions first … last; last < first where all were resends or refused
    last: int
    data: bytes  # the stamped frames
    answers: list[int | Refusal]  # for each request: its position, or why it has none


class _Known(NamedTuple):
    """The last frame of an origin."""

    number: int
    position: int
    segment: Segment
    offset: int
    length: int


class SegmentStore:
    """The one writer's view of the files. Open with `open`; then `append` batches, `locate` and read for readers."""

    def __init__(self, directory: Directory, *, segment_bytes: int = SEGMENT_BYTES, zeros_ahead: int = ZEROS_AHEAD,
                 reserve_bytes: int = RESERVE_BYTES):  # fmt: skip
        self._reserve_bytes = reserve_bytes
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._zeros_ahead = zeros_ahead
        self._file: File | None = None  # of the last segment
        self._file_bytes = 0  # of that file, zeros included
        self._mark_file: File | None = None
        self._mark_turn = 0
        self._known: dict[int, _Known] = {}
        self.segments: list[Segment] = []
        self.failed = ""  # why nothing more is appended
        self.scarce = False  # only frames that bring relief are taken
        self.cut = ""  # what the start cut off, "" = nothing

    # ------------------------------------------------------------------ opening

    def open(self) -> None:
        """Take the directory, check all that is there, cut a torn tail. Raises DirectoryInUse, LogDamaged, OSError."""
        self._directory.lock()
        try:
            self._load(self._marked())
            self._open_mark()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for file in (self._file, self._mark_file):
            if file is not None:
                file.close()
        self._file = self._mark_file = None
        self._directory.unlock()

    @property
    def first(self) -> int:
        """The first position that is kept (the next one, in an empty log)."""
        return self.segments[0].first

    @property
    def last(self) -> int:
        """The last durable position, 0 where there is none."""
        return self.segments[-1].last

    @property
    def time_ns(self) -> int:
        """The time of the last frame."""
        return self.segments[-1].time_ns

    def _marked(self) -> int:
        """What the mark of the last run says; 0 where there is none that can be read."""
        try:
            file = self._directory.open_to_read(MARK_NAME)
        except FileNotFoundError:
            return 0
        try:
            marked = read_mark(file)
        finally:
            file.close()
        if marked is None:
            logger.warning("event=commit_mark_damaged action=trust_durable_positions_in_headers")
        return marked or 0

    def _open_mark(self) -> None:
        """Only once all was found sound: a start that fails leaves the mark as it is."""
        self._mark_file = self._directory.open(MARK_NAME, create=True)
        for slot in _MARK_SLOTS:
            self._mark_file.write(slot, _mark_record(self.last))
        self._mark_file.sync()
        self._directory.sync()

    def _load(self, acknowledged: int) -> None:
        names = segment_names(self._directory)
        for name in names[:-1]:
            self._join(self._load_sealed(name, older=len(names) - len(self.segments) > SEALED_CHECKED + 1))
        if names:
            self._load_last(names[-1], acknowledged)
        if not self.segments:
            self._start_empty(acknowledged)
        elif self._file is None:
            self._file = self._directory.open(self.segments[-1].name)
        self._file_bytes = self._file.size()
        if self.last < acknowledged:
            where = self._directory.describe(self.segments[-1].name)
            raise LogDamaged(self.last + 1, f"{where} ends here, but frames up to {acknowledged} were acknowledged")

    def _start_empty(self, acknowledged: int) -> None:
        if acknowledged:
            where = self._directory.describe("")
            raise LogDamaged(1, f"{where} has no segment, but frames up to {acknowledged} were acknowledged")
        self._file = self._create(Segment(1, 0, GENESIS))
        self._file.sync()
        self._directory.sync()

    def _create(self, segment: Segment) -> File:
        file = self._directory.open(segment.name, create=True)
        file.truncate(0)
        file.write(0, segment.header())
        segment.digest.update(segment.header())
        self.segments.append(segment)
        return file

    def _join(self, segment: Segment) -> None:
        if self.segments:
            check_continues(self._directory, self.segments[-1], segment)
        self.segments.append(segment)

    def _load_sealed(self, name: str, older: bool) -> Segment:
        """A segment that is not the last: by its seal where that holds, else frame by frame.

        Of one that is `older` the content is left to `cryptoshop verify`, so that a start does not take longer with every year.
        """
        if older and (segment := self._by_seal_alone(name)) is not None:
            return segment
        data = _read_all(self._directory, name)
        segment = _segment_of(self._directory, name, data)
        if not self._seal_holds(segment, data):
            for offset, fields in scan(self._directory, segment, data):
                self._advance(segment, offset, fields, data)
            segment.digest = blake3(memoryview(data)[: segment.end])
            self._seal(segment)
        return segment

    def _by_seal_alone(self, name: str) -> Segment | None:
        file = self._directory.open_to_read(name)
        try:
            head, size = file.read(0, SEGMENT_HEADER_BYTES), file.size()
        finally:
            file.close()
        segment = _segment_of(self._directory, name, head)
        return segment if self._take_seal(segment) is not None and segment.end <= size else None

    def _seal_holds(self, segment: Segment, data: bytes) -> bool:
        sealed = Segment(segment.first, segment.time_before_ns, segment.chain_before)
        digest = self._take_seal(sealed)
        if digest != blake3(memoryview(data)[: sealed.end]).digest() or not _only_zeros(data, sealed.end):
            return False
        self._take_seal(segment)
        return True

    def _take_seal(self, segment: Segment) -> bytes | None:
        """Let the segment end as its seal says; returns the digest that its content must have, None where there is no sound seal."""
        try:
            seal = _open_record(_read_all(self._directory, segment.seal_name), _SEAL.size + HASH_BYTES, _SEAL)
        except FileNotFoundError:
            return None
        if seal is None or seal[2] != segment.first:
            return None
        _, _, _, segment.last, segment.end, segment.time_ns, segment.chain, digest = seal
        return digest

    def _seal(self, segment: Segment) -> None:
        content = _SEAL.pack(
            _MAGIC, _VERSION, segment.first, segment.last, segment.end, segment.time_ns, segment.chain,
            segment.digest.digest(),
        )  # fmt: skip
        file = self._directory.open(segment.seal_name, create=True)
        try:
            file.truncate(0)
            file.write(0, _sealed_record(content, _SEAL.size + HASH_BYTES))
        finally:
            file.close()

    def _load_last(self, name: str, acknowledged: int) -> None:
        data = _read_all(self._directory, name)
        try:
            segment = Segment.from_header(name, data)
        except FrameError as error:
            self._drop_unborn(name, data, acknowledged, str(error))
            return
        self._join(segment)
        rewrite_from = 0
        try:
            for offset, fields in scan(self._directory, segment, data):
                self._advance(segment, offset, fields, data)
                acknowledged = max(acknowledged, fields.durable)
                if fields.position <= acknowledged:
                    rewrite_from = segment.end
        except LogDamaged as error:
            self._only_torn(segment, data, acknowledged, error.where)
        segment.digest = blake3(memoryview(data)[: segment.end])
        self._file = self._directory.open(name)
        if not _only_zeros(data, segment.end):
            self._cut(segment, len(data))
        self._file.write(rewrite_from, data[rewrite_from : segment.end])
        self._file.sync()
        self._directory.sync()

    def _drop_unborn(self, name: str, data: bytes, acknowledged: int, reason: str) -> None:
        """The last segment has no sound header: it was being made when the end came, unless something in it was acknowledged."""
        first = first_position(name)
        if first <= max(acknowledged, _later_evidence(memoryview(data), 0, first)):
            raise LogDamaged(first, f"{self._directory.describe(name)} offset 0: {reason}")
        self._directory.remove(name)
        self._directory.sync()
        self.cut = f"{self._directory.describe(name)} was not begun in full ({len(data)} bytes) and is removed"
        logger.warning("event=torn_segment_removed position=%d bytes=%d", first, len(data))

    def _only_torn(self, segment: Segment, data: bytes, acknowledged: int, where: str) -> None:
        """Raises LogDamaged unless what lies behind `segment.end` was certainly never acknowledged."""
        position = segment.last + 1
        acknowledged = max(acknowledged, _later_evidence(memoryview(data), segment.end, position))
        if position <= acknowledged:
            raise LogDamaged(position, f"{where} (frames up to {acknowledged} were acknowledged)")

    def _cut(self, segment: Segment, size: int) -> None:
        self._file.truncate(segment.end)
        self.cut = (
            f"{self._directory.describe(segment.name)}: {size - segment.end} bytes behind position {segment.last} were"
            " never acknowledged and are cut off"
        )
        logger.warning("event=torn_tail_cut position=%d bytes=%d", segment.last, size - segment.end)

    def _advance(self, segment: Segment, offset: int, fields: FrameFields, data) -> None:
        segment.note(fields.position, offset)
        segment.last, segment.time_ns, segment.end = fields.position, fields.time_ns, offset + fields.length
        segment.chain = frames.chain_at(data, offset)
        self._know(fields, segment, offset)

    def _know(self, fields: FrameFields, segment: Segment, offset: int) -> None:
        self._known.pop(fields.origin, None)
        self._known[fields.origin] = _Known(fields.number, fields.position, segment, offset, fields.length)
        if len(self._known) > ORIGINS_KNOWN:
            del self._known[next(iter(self._known))]

    # ------------------------------------------------------------------ appending

    def append(self, requests: list[bytes], time_ns: int) -> Batch:
        """Stamp, write and sync one group of checked, unstamped frames; near the end of space only those that bring relief.

        Raises NoSpace (nothing was kept, the store goes on) or StoreFailed (the store is dead).
        """
        if self.failed:
            raise StoreFailed(self.failed)
        durable = self.last
        time_ns = max(time_ns, self.time_ns)
        position, chain = durable, self.segments[-1].chain
        stamped, accepted, answers = [], [], []
        self.scarce = self._directory.free_bytes() < self._reserve_bytes
        for request in requests:
            answer = self._resent(request)
            if answer is None and self.scarce and not frames.brings_relief(memoryview(request)[HEADER_BYTES:]):
                answer = Refusal.NO_SPACE
            if answer is None:
                position += 1
                frame, chain = frames.stamp(request, position, time_ns, durable, chain)
                stamped.append(frame)
                accepted.append(frames.fields_at(frame))
                answer = position
            answers.append(answer)
        data = b"".join(stamped)
        if data:
            self._commit(data, accepted, chain)
        return Batch(durable + 1, position, data, answers)

    def _resent(self, request: bytes) -> int | Refusal | None:
        """Where this very frame already is, or that its number is taken by another one."""
        fields = frames.fields_at(request)
        known = self._known.get(fields.origin)
        if known is None or known.number != fields.number:
            return None
        try:
            stored = self._read(known.segment, known.offset, known.length)
        except FileNotFoundError:  # dropped by truncate
            return None
        return known.position if frames.same_request(stored, request) else Refusal.CONFLICT

    def _commit(self, data: bytes, accepted: list[FrameFields], chain: bytes) -> None:
        segment, file, born = self._segment_for(data)
        start = segment.end
        try:
            file.write(start, data)
            file_bytes = self._write_ahead(file, start + len(data), start if born else self._file_bytes)
        except OSError as error:
            self._take_back(segment, file, born, error)
        try:
            file.sync()
            if born:
                self._directory.sync()
                self._file.close()
                self._file = file
                self.segments.append(segment)
            self._file_bytes = file_bytes
            self._mark(accepted[-1].position)
        except OSError as error:
            raise self._fail(f"sync of {self._directory.describe(segment.name)} failed: {error.strerror}") from error
        offset = start
        for fields in accepted:
            segment.note(fields.position, offset)
            self._know(fields, segment, offset)
            offset += fields.length
        segment.digest.update(data)
        segment.chain, segment.time_ns = chain, accepted[-1].time_ns
        segment.last, segment.end = accepted[-1].position, offset

    def _write_ahead(self, file: File, end: int, file_bytes: int) -> int:
        """Zeros behind `end` once the file is used up; returns the file's bytes. Large frames bring their own length.

        No space for zeros is no reason to refuse the frames before them.
        """
        if end < file_bytes:
            return file_bytes
        ahead = min(self._zeros_ahead, self._segment_bytes - end)
        if ahead < self._zeros_ahead // 2 or end - file_bytes > self._zeros_ahead // 2:
            return end
        try:
            file.write(end, bytes(ahead))
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            file.truncate(end)
            return end
        return end + ahead

    def _segment_for(self, data: bytes) -> tuple[Segment, File, bool]:
        """The segment that takes `data`: the last, or a new one behind it, which joins `segments` only once it is durable."""
        segment = self.segments[-1]
        if segment.end + len(data) <= self._segment_bytes or segment.last < segment.first:
            return segment, self._file, False
        born = Segment(segment.last + 1, segment.time_ns, segment.chain)
        file = None
        try:
            self._file.truncate(segment.end)
            self._file_bytes = segment.end
            self._seal(segment)
            file = self._directory.open(born.name, create=True)
            file.truncate(0)
            file.write(0, born.header())
        except OSError as error:
            self._take_back(born, file, True, error)
        born.digest.update(born.header())
        return born, file, True

    def _take_back(self, segment: Segment, file: File | None, born: bool, error: OSError) -> None:
        """A write failed: undo what is there of it and raise NoSpace, or StoreFailed."""
        where = self._directory.describe(segment.name)
        if error.errno not in _NO_SPACE:
            raise self._fail(f"write to {where} failed: {error.strerror}") from error
        try:
            if not born:
                file.truncate(segment.end)
                self._file_bytes = segment.end
            elif file is not None:
                file.close()
                self._directory.remove(segment.name)
        except OSError as second:
            raise self._fail(f"write to {where} failed and could not be undone: {second.strerror}") from second
        raise NoSpace(f"no space for {where}") from error

    def _fail(self, reason: str) -> StoreFailed:
        self.failed = reason
        return StoreFailed(reason)

    def _mark(self, position: int) -> None:
        self._mark_file.write(_MARK_SLOTS[self._mark_turn], _mark_record(position))
        self._mark_turn = 1 - self._mark_turn

    def truncate(self, before: int) -> int:
        """Drop whole segments, never the last, whose frames all lie before `before`; returns the first position kept."""
        while len(self.segments) > 1 and self.segments[0].last < before:
            dropped = self.segments[0]
            self.segments = self.segments[1:]
            self._directory.remove(dropped.name)
            if dropped.seal_name in self._directory.names():
                self._directory.remove(dropped.seal_name)
        self._directory.sync()
        return self.first

    # ------------------------------------------------------------------ reading

    def open_segment(self, segment: Segment) -> File:
        """The segment's file, for one reader; FileNotFoundError once it was dropped."""
        return self._directory.open_to_read(segment.name)

    def locate(self, position: int) -> tuple[Segment, int, bytes]:
        """Where the frame at `position` begins (or will, at the end) and the chain before it. Raises LogGone, LogAhead."""
        segments = self.segments
        if position < segments[0].first:
            raise LogGone(position, segments[0].first)
        if position > segments[-1].last + 1:
            raise LogAhead(position, segments[-1].last)
        segment = segments[bisect.bisect_right(segments, position, key=lambda one: one.first) - 1]
        if position == segment.first:
            return segment, SEGMENT_HEADER_BYTES, segment.chain_before
        try:
            return segment, *self._walk(segment, position)
        except FileNotFoundError:
            raise LogGone(position, self.first) from None

    def _walk(self, segment: Segment, position: int) -> tuple[int, bytes]:
        """Hop over headers from the nearest known offset to the frame before `position`."""
        at, offset = segment.index[bisect.bisect_left(segment.index, (position,)) - 1]
        file = self.open_segment(segment)
        try:
            while True:
                head = file.read(offset, HEADER_BYTES)
                after = offset + frames.fields_at(head).length
                if at == position - 1:
                    return after, frames.chain_at(head)
                at, offset = at + 1, after
        finally:
            file.close()

    def _read(self, segment: Segment, offset: int, length: int) -> bytes:
        file = self.open_segment(segment)
        try:
            return file.read(offset, length)
        finally:
            file.close()


# ---------------------------------------------------------------------- what the writer and the auditor share


def segment_names(directory: Directory) -> list[str]:
    """The segment files of a log, in order."""
    return sorted(name for name in directory.names() if name.endswith(".log") and name[:-4].isdigit())


def first_position(name: str) -> int:
    """Of a segment file, by its name."""
    return int(name.removesuffix(".log"))


def read_mark(file: File) -> int | None:
    """The last acknowledged position that the mark holds; None where neither slot can be read."""
    size = _MARK.size + HASH_BYTES
    slots = (_open_record(file.read(slot, size), size, _MARK) for slot in _MARK_SLOTS)
    return max((content[2] for content in slots if content is not None), default=None)


def _mark_record(position: int) -> bytes:
    return _sealed_record(_MARK.pack(_MAGIC, _VERSION, position), _MARK.size + HASH_BYTES)


def check_continues(directory: Directory, before: Segment, segment: Segment) -> None:
    """Raises LogDamaged unless `segment` begins where `before` ends."""
    if (segment.first, segment.chain_before) != (before.last + 1, before.chain):
        where = directory.describe(segment.name)
        raise LogDamaged(before.last + 1, f"{where} does not continue {before.name}, which ends at {before.last}")


def scan(directory: Directory, segment: Segment, data: bytes) -> Iterator[tuple[int, FrameFields]]:
    """The verified frames in a segment's bytes: (offset, fields). Raises LogDamaged at the first that does not hold."""
    view = memoryview(data)
    offset, position, chain = SEGMENT_HEADER_BYTES, segment.first, segment.chain_before
    time_ns = segment.time_before_ns
    while offset < len(data) and not _only_zeros(data, offset):
        where = f"{directory.describe(segment.name)} offset {offset}"
        try:
            fields = frames.verify(view, offset, position, chain)
        except FrameError as error:
            raise LogDamaged(position, f"{where}: {error}") from error
        if fields is None:
            raise LogDamaged(position, f"{where}: the file ends in the middle of the frame")
        if fields.time_ns < time_ns:
            raise LogDamaged(position, f"{where}: time runs backwards")
        yield offset, fields
        chain, time_ns = frames.chain_at(view, offset), fields.time_ns
        offset, position = offset + fields.length, position + 1


def archived(directory: Directory) -> Iterator[tuple[np.void, np.ndarray, bytes]]:
    """Every acknowledged frame in a log's files, verified, without taking the directory: (header, commands, chain before it).

    Frames behind the mark, which a running log may be writing right now, are left out; where the mark cannot be read, all must hold.
    Raises LogDamaged, LogGone (no segments).
    """
    names = segment_names(directory)
    if not names:
        raise LogGone(1, 0)
    acknowledged = _acknowledged(directory)
    before = None
    for name in names:
        data = bytearray(_read_all(directory, name))
        segment = _segment_of(directory, name, data)
        if before is not None:
            check_continues(directory, before, segment)
        try:
            for offset, fields in scan(directory, segment, data):
                if fields.position > acknowledged:
                    return
                yield *frames.arrays_at(data, offset, fields.count), segment.chain
                segment.last, segment.chain = fields.position, frames.chain_at(data, offset)
        except LogDamaged as damage:
            if damage.position <= acknowledged:
                raise
            return
        before = segment
    if before.last < acknowledged < POSITION_MAX:
        raise LogDamaged(before.last + 1, f"the files end here, but frames up to {acknowledged} were acknowledged")


def _acknowledged(directory: Directory) -> int:
    try:
        file = directory.open_to_read(MARK_NAME)
    except FileNotFoundError:
        return POSITION_MAX
    try:
        marked = read_mark(file)
    finally:
        file.close()
    return POSITION_MAX if marked is None else marked


def _segment_of(directory: Directory, name: str, data: bytes) -> Segment:
    try:
        return Segment.from_header(name, bytes(data[:SEGMENT_HEADER_BYTES]))
    except FrameError as error:
        raise LogDamaged(first_position(name), f"{directory.describe(name)} offset 0: {error}") from error


def _later_evidence(view: memoryview, offset: int, position: int) -> int:
    """The highest `durable` in what look like headers of frames at or behind `position`, from `offset` on; 0 = none.

    A frame that was written later knows what was acknowledged before it. Frames lie at multiples of 128 bytes from the segment's start.
    """
    highest = 0
    limit = position + (len(view) - offset) // (HEADER_BYTES + COMMAND_BYTES) + 1
    for at in range(offset, len(view) - HEADER_BYTES + 1, HEADER_BYTES):
        if int.from_bytes(view[at : at + 4], "little") == FRAME_MAGIC:
            fields = frames.fields_at(view, at)
            if position <= fields.position <= limit and fields.durable < fields.position:
                highest = max(highest, fields.durable)
    return highest


def _only_zeros(data: bytes, offset: int) -> bool:
    """Whether nothing but zeros lies from `offset` on."""
    return not any(data[offset : offset + 4]) and data.count(0, offset) == len(data) - offset


def _read_all(directory: Directory, name: str) -> bytes:
    file = directory.open_to_read(name)
    try:
        return file.read(0, file.size())
    finally:
        file.close()
