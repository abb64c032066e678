"""The log process: one writer, any number of origins and readers on a Unix socket.

While a group of frames is being written and synced in a thread, the loop gathers the next group from all clients (group
commit). Only when the sync has returned are origins answered and readers shown the frames. A reader gets its past from the
files and then each group as it is committed; one that reads too slowly is put back to the files, so nothing is ever buffered
for it.

No space on the disk: the group is refused, everything else goes on, and the next group is tried again; before that, near the end
of space, only frames that bring relief (cancels and their like) are taken. Any other failure of a
write or a sync ends the process: what the disk holds is then only known after a fresh start has read it.

Run with `python -m engine.log.server --data-dir DIR`; cryptoshop/roles/log.py calls `run`.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import uvloop

from engine.log import frame as frames
from engine.log import wire
from engine.log.clock import LogClock
from engine.log.files import DirectoryInUse, DiskDirectory, File
from engine.log.port import LogAhead, LogDamaged, LogGone, Refusal
from engine.log.segments import (
    SEGMENT_BYTES,
    SEGMENT_HEADER_BYTES,
    Batch,
    NoSpace,
    Segment,
    SegmentStore,
    StoreFailed,
)
from engine.log.wire import Type

logger = logging.getLogger(__name__)

GROUP_BYTES_MAX = 8 << 20  # of one write and sync, above which it takes no more frames
WRITE_BUFFER_HIGH = 1 << 20  # bytes waiting for one client above which it is no longer sent the live groups
WRITE_BUFFER_MAX = 4 << 20  # above which it is disconnected: it asks without reading the answers
CLIENTS_MAX = 256
APPENDS_WAITING_MAX = 16  # of one client, above which it is not read from
READERS_MAX = 16  # of one client
GOODBYE_SECONDS = 1.0
SOCKET_PATH_MAX = 107  # bytes, by the operating system

_REFUSALS = {
    Refusal.NO_SPACE: "the disk is nearly full: only cancels and their like are taken",
    Refusal.CONFLICT: "the origin sent other bytes under this number",
}


@dataclass
class Counters:
    """What the process did since it started."""

    groups: int = 0
    frames: int = 0
    bytes: int = 0
    refused: int = 0
    commit_seconds: float = 0.0


class _Writer:
    """The one thread that writes and syncs. An executor would do, at twice the time from hand to hand."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop = loop
        self._jobs: SimpleQueue[tuple | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="log-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Callable, *arguments, then: Callable[[object, BaseException | None], None]) -> None:
        """Call `job(*arguments)` in the thread and `then(result, error)` in the loop."""
        self._jobs.put((job, arguments, then))

    def stop(self) -> None:
        """Finish what was submitted, and end."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (work := self._jobs.get()) is not None:
            job, arguments, then = work
            result = error = None
            try:
                result = job(*arguments)
            except BaseException as raised:
                error = raised
            self._loop.call_soon_threadsafe(then, result, error)


class LogServer:
    """Serves one SegmentStore, already open, which it owns from then on."""

    def __init__(self, store: SegmentStore, clock: LogClock | None = None):
        self._store = store
        self._clock = clock or LogClock(store.time_ns)
        self._loop = asyncio.get_running_loop()
        self._writer = _Writer(self._loop)
        self._readers_pool = ThreadPoolExecutor(2, "log-reader")
        self._waiting: list[tuple[_Connection, int, bytes]] = []
        self._committing = False  # a group is with the writer, or about to be
        self._commit_began = 0.0
        self._idle = asyncio.Event()  # nothing is being committed
        self._idle.set()
        self._listener: asyncio.Server | None = None
        self._published = self._end()
        self._stopping = False
        self.no_space = False
        self.failed = False  # nothing more can be committed
        self.counters = Counters()
        self.connections: set[_Connection] = set()
        self.stopped: asyncio.Future[str] = self._loop.create_future()  # why; "" = was asked to

    # ------------------------------------------------------------------ life

    async def start(self, socket_path: str | os.PathLike) -> None:
        """Listen. Raises OSError where the socket cannot be made."""
        path = Path(socket_path)
        if len(os.fsencode(path)) > SOCKET_PATH_MAX:
            raise OSError(f"the socket path {path} is longer than {SOCKET_PATH_MAX} bytes")
        path.unlink(missing_ok=True)  # left by a process that was killed: the directory's lock says that it is gone
        self._listener = await self._loop.create_unix_server(lambda: _Connection(self), str(path))
        os.chmod(path, 0o600)
        logger.info("event=log_ready first=%d last=%d socket=%s", self._store.first, self._store.last, path)

    async def stop(self) -> None:
        """Take no more requests, commit what was taken, say goodbye, let go of the files."""
        self._stopping = True
        self._listener.close()
        await self._idle.wait()
        for connection in tuple(self.connections):
            connection.close()
        await self._goodbyes_sent()
        self._writer.stop()
        self._readers_pool.shutdown(cancel_futures=True)
        self._store.close()
        logger.info("event=log_stopped last=%d groups=%d", self._published.last, self.counters.groups)

    async def _goodbyes_sent(self) -> None:
        """Wait until all answers are on their way, but not for a client that does not read."""
        deadline = self._loop.time() + GOODBYE_SECONDS
        while self.connections and self._loop.time() < deadline:
            await asyncio.sleep(0.005)

    # ------------------------------------------------------------------ requests

    def take_append(self, connection: "_Connection", tag: int, frame: bytes) -> None:
        """Queue a frame for the next group. Raises FrameError where it is none."""
        frames.check(frame)
        if self._stopping or self.failed:
            connection.send(wire.refused(tag, Refusal.STOPPING, "the log is stopping"))
            return
        self._waiting.append((connection, tag, frame))
        connection.appends_waiting += 1
        if not self._committing:
            self._committing = True
            self._idle.clear()
            self._loop.call_soon(self._commit)  # behind everything else that has arrived in this turn

    def answer_head(self, connection: "_Connection", kind: Type, tag: int) -> None:
        connection.send(wire.integers(kind, tag, self._store.first, self._published.last))

    async def truncate(self, connection: "_Connection", tag: int, before: int) -> None:
        truncated: asyncio.Future[BaseException | None] = self._loop.create_future()
        self._writer.submit(
            self._store.truncate, before, then=lambda _, error: truncated.done() or truncated.set_result(error)
        )
        if (error := await truncated) is not None:
            logger.error("event=truncate_failed before=%d reason=%s", before, error)
        self.answer_head(connection, Type.HEAD_IS, tag)

    # ------------------------------------------------------------------ group commit

    def _commit(self) -> None:
        """Hand the next group to the writer; `_committed` goes on."""
        group = self._take_group()
        self._commit_began = time.monotonic()
        requests = [frame for _, _, frame in group]
        self._writer.submit(
            self._store.append, requests, self._clock.now(), then=lambda batch, error: self._committed(group, batch, error)
        )

    def _committed(self, group: list[tuple["_Connection", int, bytes]], batch: Batch | None, error: BaseException | None) -> None:
        end, scarce = self._end(), self._store.scarce  # as long as the writer rests
        no_space = isinstance(error, NoSpace)
        if self._waiting and not self.failed and (error is None or no_space):
            self._commit()  # the writer goes on while the answers are written
        else:
            self._committing = False
            self._idle.set()
        try:
            if no_space:
                self._refuse(group, str(error))
            elif error is not None:
                raise error
            elif not self.failed:
                self._publish(group, batch, end, scarce)
        except StoreFailed as failure:
            self._die(str(failure))
        except Exception as defect:
            logger.exception("event=log_defect position=%d", end.last)
            self._die(f"{type(defect).__name__}: {defect}")

    def _take_group(self) -> list[tuple["_Connection", int, bytes]]:
        size = count = 0
        while count < len(self._waiting) and size < GROUP_BYTES_MAX:
            size += len(self._waiting[count][2])
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    def _publish(self, group: list[tuple["_Connection", int, bytes]], batch: Batch, end: "_End", scarce: bool) -> None:
        """A group is durable: answer its origins and show it to the readers."""
        self._note_space(scarce, "only cancels and their like are taken")
        self._published = end
        self._answer(group, batch)
        for connection in self.connections:
            connection.publish(batch, end)
        self.counters.groups += 1
        self.counters.frames += batch.last - batch.first + 1
        self.counters.bytes += len(batch.data)
        self.counters.commit_seconds += time.monotonic() - self._commit_began

    def _answer(self, group: list[tuple["_Connection", int, bytes]], batch: Batch) -> None:
        for (connection, tag, _), answer in zip(group, batch.answers, strict=True):
            connection.append_answered()
            if isinstance(answer, Refusal):
                self.counters.refused += 1
                connection.send(wire.refused(tag, answer, _REFUSALS[answer]))
            else:
                connection.send(wire.integers(Type.APPENDED, tag, answer))

    def _refuse(self, group: list[tuple["_Connection", int, bytes]], reason: str) -> None:
        self._note_space(True, reason)
        self.counters.refused += len(group)
        for connection, tag, _ in group:
            connection.append_answered()
            connection.send(wire.refused(tag, Refusal.NO_SPACE, reason))

    def _note_space(self, scarce: bool, reason: str) -> None:
        if scarce and not self.no_space:
            logger.error("event=no_space reason=%s action=refuse_appends_until_space_returns", reason)
        elif self.no_space and not scarce:
            logger.warning("event=space_returned position=%d", self._published.last)
        self.no_space = scarce

    def _die(self, reason: str) -> None:
        """Nothing that waits is answered: whether it is on the disk is not known."""
        logger.critical("event=log_failed reason=%s", reason)
        self.failed = True
        for connection in tuple(self.connections):
            connection.close()
        if not self.stopped.done():
            self.stopped.set_result(reason)

    # ------------------------------------------------------------------ what readers may see

    def _end(self) -> "_End":
        segment = self._store.segments[-1]
        return _End(segment, segment.end, segment.last)

    @property
    def published(self) -> "_End":
        """The end of what is durable."""
        return self._published

    async def locate(self, position: int) -> tuple[Segment, int, bytes]:
        return await self._loop.run_in_executor(self._readers_pool, self._store.locate, position)

    async def read(self, file: File, offset: int, size: int) -> bytes:
        return await self._loop.run_in_executor(self._readers_pool, file.read, offset, size)

    def open_segment(self, segment: Segment) -> File:
        return self._store.open_segment(segment)

    def next_segment(self, segment: Segment) -> Segment | None:
        """The segment behind `segment`; None where it is not kept any more."""
        return next((one for one in self._store.segments if one.first == segment.last + 1), None)

    @property
    def first(self) -> int:
        return self._store.first


@dataclass(frozen=True)
class _End:
    """Where the durable log ends."""

    segment: Segment
    offset: int
    last: int


class _Reader:
    """One READ: a place in the files that moves on as the client takes bytes."""

    def __init__(self, connection: "_Connection", server: LogServer, tag: int):
        self._connection = connection
        self._server = server
        self.tag = tag
        self._segment: Segment | None = None
        self._offset = 0
        self._file: File | None = None
        self._wake = asyncio.Event()
        self._next = 0  # the position behind the last byte sent, while idle at the end
        self._idle = False

    async def run(self, position: int) -> None:
        """Answer the READ and then send all there is and will be, until cancelled or the past is dropped."""
        try:
            self._segment, self._offset, chain = await self._server.locate(position)
            self._file = self._server.open_segment(self._segment)
            end = self._server.published
            self._connection.send(wire.reading(self.tag, self._server.first, end.last, chain))
            while True:
                await self._catch_up()
        except (LogGone, FileNotFoundError):
            self._connection.send(wire.integers(Type.GONE, self.tag, position, self._server.first))
        except LogAhead as error:
            self._connection.send(wire.integers(Type.AHEAD, self.tag, position, error.head))
        except OSError as error:
            logger.error("event=reader_failed reason=%s", error.strerror)
            self._connection.close()
        finally:
            if self._file is not None:
                self._file.close()
            self._connection.reader_ended(self)

    async def _catch_up(self) -> None:
        """Send from the files up to what is published now, then wait for more."""
        await self._connection.drained()
        self._idle = False
        end = self._server.published
        at_end = self._segment.first == end.segment.first
        size = (end.offset if at_end else self._segment.end) - self._offset
        if size > 0:
            piece = await self._server.read(self._file, self._offset, min(size, wire.PIECE_BYTES))
            self._connection.send(wire.message(Type.BYTES, self.tag, piece))
            self._offset += len(piece)
        elif not at_end:
            self._enter(self._server.next_segment(self._segment))
        else:
            self._next, self._idle = end.last + 1, True  # until `publish` wakes it
            self._wake.clear()
            await self._wake.wait()

    def _enter(self, segment: Segment | None) -> None:
        if segment is None:
            raise FileNotFoundError("the next segment was dropped")
        file = self._server.open_segment(segment)
        self._file.close()
        self._file, self._segment, self._offset = file, segment, SEGMENT_HEADER_BYTES

    def publish(self, batch: Batch, end: _End) -> None:
        """A group was committed: pass it on where this reader waits right before it, else let it read the files."""
        if not self._idle:
            return  # it is reading files and will come to this group
        if self._next != batch.first or self._connection.congested or end.segment is not self._segment:
            self._wake.set()
            return
        self._connection.send(wire.message(Type.BYTES, self.tag, batch.data))
        self._offset, self._next = end.offset, batch.last + 1


class _Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, server: LogServer):
        self._server = server
        self._parser = wire.Parser()
        self._transport: asyncio.Transport | None = None
        self._greeted = False
        self._readers: dict[_Reader, asyncio.Task] = {}
        self._tasks: set[asyncio.Task] = set()
        self._drained = asyncio.Event()
        self._drained.set()
        self._reading_paused = False
        self.appends_waiting = 0

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER_HIGH)
        if len(self._server.connections) >= CLIENTS_MAX:
            logger.error("event=too_many_clients limit=%d", CLIENTS_MAX)
            transport.abort()
            return
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        for task in (*self._readers.values(), *self._tasks):
            task.cancel()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def data_received(self, data: bytes) -> None:
        try:
            for request in self._parser.feed(data):
                self._handle(request)
        except (wire.WireError, frames.FrameError) as error:
            logger.warning("event=client_disconnected reason=%s", error)
            self._transport.abort()

    # -- requests

    def _handle(self, request: wire.Message) -> None:
        if not self._greeted:
            self._greet(request)
        elif request.type is Type.APPEND:
            self._server.take_append(self, request.tag, request.payload)
            self._limit_appends()
        elif request.type is Type.HEAD:
            self._server.answer_head(self, Type.HEAD_IS, request.tag)
        elif request.type is Type.READ:
            self._read(request.tag, request.one())
        elif request.type is Type.STOP:
            self._stop(request.tag)
        elif request.type is Type.TRUNCATE:
            self._spawn(self._server.truncate(self, request.tag, request.one()))
        else:
            raise wire.WireError(f"{request.type.name} is not a request")

    def _greet(self, request: wire.Message) -> None:
        if request.type is not Type.HELLO or request.one() != wire.VERSION:
            raise wire.WireError("no greeting of a version that this log speaks")
        self._greeted = True
        self.send(wire.integers(Type.WELCOME, request.tag, wire.VERSION, self._server.published.last))

    def _read(self, tag: int, position: int) -> None:
        if len(self._readers) >= READERS_MAX:
            raise wire.WireError(f"more than {READERS_MAX} readers")
        reader = _Reader(self, self._server, tag)
        self._readers[reader] = asyncio.get_running_loop().create_task(reader.run(position))

    def _stop(self, tag: int) -> None:
        for reader, task in self._readers.items():
            if reader.tag == tag:
                task.cancel()

    def _spawn(self, work) -> None:
        if len(self._tasks) >= READERS_MAX:
            work.close()
            raise wire.WireError("too many requests at once")
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _limit_appends(self) -> None:
        if self.appends_waiting >= APPENDS_WAITING_MAX and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def append_answered(self) -> None:
        self.appends_waiting -= 1
        if self._reading_paused and self.appends_waiting < APPENDS_WAITING_MAX // 2:
            self._reading_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    # -- answers

    @property
    def congested(self) -> bool:
        """The client does not keep up with what it is sent."""
        return not self._drained.is_set()

    async def drained(self) -> None:
        await self._drained.wait()

    def send(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > WRITE_BUFFER_MAX + len(data):
            logger.warning("event=client_disconnected reason=does not read its answers")
            self._transport.abort()
            return
        self._transport.write(data)

    def publish(self, batch: Batch, end: _End) -> None:
        if batch.data:
            for reader in self._readers:
                reader.publish(batch, end)

    def reader_ended(self, reader: _Reader) -> None:
        self._readers.pop(reader, None)

    def close(self) -> None:
        self._transport.close()


async def serve(
    directory: str | os.PathLike, socket_path: str | os.PathLike, *, segment_bytes: int = SEGMENT_BYTES
) -> int:
    """Open the log in `directory` and serve it until SIGTERM or SIGINT; returns the exit code. Raises as SegmentStore.open does."""
    store = SegmentStore(DiskDirectory(directory), segment_bytes=segment_bytes)
    store.open()
    server = LogServer(store)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: server.stopped.done() or server.stopped.set_result(""))
    try:
        await server.start(socket_path)
    except OSError:
        store.close()
        raise
    failure = await server.stopped
    await server.stop()
    Path(socket_path).unlink(missing_ok=True)
    if failure:
        _complain(f"the log stopped: {failure}")
        return 1
    return 0


def run(directory: str | os.PathLike, socket_path: str | os.PathLike, *, segment_bytes: int = SEGMENT_BYTES) -> int:
    """The whole life of a log process; returns its exit code. What goes wrong is one line on stderr."""
    try:
        return uvloop.run(serve(directory, socket_path, segment_bytes=segment_bytes))
    except (DirectoryInUse, LogDamaged) as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"the log cannot start: {error}")


def _complain(line: str) -> int:
    sys.stderr.write(line + "\n")
    return 1


def main(argv: list[str] | None = None) -> int:
    """`python -m engine.log.server`."""
    parser = argparse.ArgumentParser(prog="python -m engine.log.server", description="The command log of one venue.")
    parser.add_argument("--data-dir", required=True, type=Path, help="the venue's data; segments go to DIR/log")
    parser.add_argument("--socket", type=Path, help="Unix socket to listen on (default DIR/log.sock)")
    parser.add_argument("--segment-bytes", type=int, default=SEGMENT_BYTES, help="size at which a new file is begun")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    socket_path = arguments.socket or arguments.data_dir / "log.sock"
    return run(arguments.data_dir / "log", socket_path, segment_bytes=arguments.segment_bytes)


if __name__ == "__main__":
    sys.exit(main())
