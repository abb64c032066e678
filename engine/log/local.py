"""The client of the log process: the Log port over its Unix socket. One object is one connection; who needs another one opens it."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator

import numpy as np

from engine.log import frame as frames
from engine.log import wire
from engine.log.port import LogAhead, LogDamaged, LogError, LogGone, LogRefused, LogUnavailable, Refusal
from engine.log.wire import Type

UNREAD_MAX = 8 << 20  # bytes received for readers above which the socket is not read


class LocalLog:
    """A connection to a log process. Make it with `open`."""

    def __init__(self, protocol: "_Protocol"):
        self._protocol = protocol

    @classmethod
    async def open(cls, socket_path: str, timeout: float = 5.0) -> "LocalLog":
        """Connect and greet. Raises LogUnavailable."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, protocol = await loop.create_unix_connection(_Protocol, socket_path)
                await protocol.request(Type.HELLO, wire.VERSION)
        except (OSError, TimeoutError) as error:
            raise LogUnavailable(f"no log process answers at {socket_path}: {error or 'time-out'}") from error
        return cls(protocol)

    async def append(self, frame: bytes) -> int:
        frames.check(frame)
        return await self._protocol.append(frame)

    async def read(
        self, from_position: int, chain: bytes | None = None
    ) -> AsyncIterator[tuple[np.void, np.ndarray]]:
        pieces = self._protocol.read(from_position)
        try:
            chain_before = await pieces.begun
            if chain not in (None, chain_before):
                raise LogDamaged(from_position, "the log is not the one that was read before")
            stream = frames.FrameStream(from_position, chain_before)
            while True:
                try:
                    arrived = stream.feed(await pieces.take())
                except frames.FrameError as error:
                    raise LogDamaged(stream.position, str(error)) from error
                for header, commands in arrived:
                    yield header, commands
        finally:
            self._protocol.forget(pieces)

    async def head(self) -> int:
        return (await self._protocol.request(Type.HEAD))[1]

    async def truncate(self, before: int) -> int:
        return (await self._protocol.request(Type.TRUNCATE, before))[0]

    async def close(self) -> None:
        self._protocol.close()


class _Pieces:
    """What arrived for one reader and was not taken yet."""

    def __init__(self, protocol: "_Protocol", tag: int):
        self._protocol = protocol
        self._pieces: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._error: LogError | None = None
        self.tag = tag
        self.begun: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def take(self) -> bytes:
        """All that has arrived, at least a byte. Raises why there will be no more."""
        while not self._pieces:
            if self._error is not None:
                raise self._error
            self._arrived.clear()
            await self._arrived.wait()
        data = self._pieces.popleft() if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._protocol.taken(len(data))
        return data

    def put(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._arrived.set()

    def fail(self, error: LogError) -> None:
        self._error = error
        self._arrived.set()
        if not self.begun.done():
            self.begun.set_exception(error)
            self.begun.exception()  # whoever awaits it still gets it; nobody has to

    def unread(self) -> int:
        return sum(map(len, self._pieces))


class _Protocol(asyncio.Protocol):
    """The socket's side: matches answers to requests by tag."""

    def __init__(self):
        self._parser = wire.Parser()
        self._transport: asyncio.Transport | None = None
        self._tags = itertools.count(1)
        self._answers: dict[int, asyncio.Future] = {}
        self._readers: dict[int, _Pieces] = {}
        self._unread = 0
        self._lost: LogUnavailable | None = None

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        # At once, not at the end of the loop's turn: the log shall be at work while this process applies the frames before.
        transport.set_write_buffer_limits(high=0)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(LogUnavailable("the connection to the log was lost"))

    def data_received(self, data: bytes) -> None:
        try:
            for answer in self._parser.feed(data):
                self._handle(answer)
        except wire.WireError as error:
            self._fail(LogUnavailable(f"the log process does not speak the protocol: {error}"))
            self._transport.abort()
        if self._unread > UNREAD_MAX:
            self._transport.pause_reading()

    # -- requests

    async def request(self, kind: Type, *values: int) -> tuple[int, int]:
        tag = next(self._tags)
        data = wire.integers(kind, tag, *values) if values else wire.message(kind, tag)
        return await self._ask(tag, data)

    async def append(self, frame: bytes) -> int:
        tag = next(self._tags)
        return await self._ask(tag, wire.message(Type.APPEND, tag, frame))

    def _ask(self, tag: int, data: bytes) -> asyncio.Future:
        if self._lost is not None:
            raise self._lost
        answer = self._answers[tag] = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return answer

    def read(self, from_position: int) -> _Pieces:
        if self._lost is not None:
            raise self._lost
        tag = next(self._tags)
        pieces = self._readers[tag] = _Pieces(self, tag)
        self._transport.write(wire.integers(Type.READ, tag, from_position))
        return pieces

    def forget(self, pieces: _Pieces) -> None:
        """It is not wanted any more."""
        if self._readers.pop(pieces.tag, None) is not None and self._lost is None:
            self._transport.write(wire.message(Type.STOP, pieces.tag))
        self.taken(pieces.unread())

    def taken(self, size: int) -> None:
        paused = self._unread > UNREAD_MAX
        self._unread -= size
        if paused and self._unread <= UNREAD_MAX and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        self._fail(LogUnavailable("the connection to the log is closed"))
        self._transport.close()

    # -- answers

    def _handle(self, answer: wire.Message) -> None:
        kind, tag = answer.type, answer.tag
        if kind is Type.BYTES:
            if (pieces := self._readers.get(tag)) is not None:
                self._unread += len(answer.payload)
                pieces.put(answer.payload)
        elif kind is Type.APPENDED:
            self._resolve(tag, answer.one())
        elif kind is Type.REFUSED:
            reason, text = answer.refusal()
            self._reject(tag, reason, text)
        elif kind in (Type.HEAD_IS, Type.WELCOME):
            self._resolve(tag, answer.two())
        elif kind is Type.READING:
            if (pieces := self._readers.get(tag)) is not None and not pieces.begun.done():
                pieces.begun.set_result(answer.reading()[2])
        elif kind in (Type.GONE, Type.AHEAD):
            if (pieces := self._readers.get(tag)) is not None:
                pieces.fail((LogGone if kind is Type.GONE else LogAhead)(*answer.two()))
        else:
            raise wire.WireError(f"{kind.name} is not an answer")

    def _resolve(self, tag: int, value) -> None:
        answer = self._answers.pop(tag, None)
        if answer is not None and not answer.done():
            answer.set_result(value)

    def _reject(self, tag: int, reason: int, text: str) -> None:
        answer = self._answers.pop(tag, None)
        if answer is not None and not answer.done():
            if reason not in Refusal.__members__.values():
                raise wire.WireError(f"unknown refusal {reason}")
            answer.set_exception(LogRefused(Refusal(reason), text))

    def _fail(self, error: LogUnavailable) -> None:
        if self._lost is not None:
            return
        self._lost = error
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(error)
        self._answers.clear()
        for pieces in self._readers.values():
            pieces.fail(error)
