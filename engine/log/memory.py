"""The log in memory: for tests, notebooks and backtests. One object is one log; it is as durable as its process."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from engine.log import frame as frames
from engine.log.clock import LogClock
from engine.log.port import LogAhead, LogDamaged, LogGone, LogRefused, LogUnavailable, Refusal


class MemoryLog:
    """A Log whose frames lie in a list."""

    def __init__(self, clock: LogClock | None = None):
        self._clock = clock or LogClock()
        self._frames: list[bytes] = []
        self._first = 1
        self._chain = frames.GENESIS
        self._chain_before_first = frames.GENESIS
        self._last_of_origin: dict[int, tuple[int, int]] = {}  # origin -> (number, position)
        self._appended = asyncio.Event()
        self._closed = False

    async def append(self, frame: bytes) -> int:
        fields = frames.check(frame)
        if self._closed:
            raise LogUnavailable("the log is closed")
        number, position = self._last_of_origin.get(fields.origin, (0, 0))
        if number == fields.number and position >= self._first:
            if frames.same_request(self._frames[position - self._first], frame):
                return position
            raise LogRefused(Refusal.CONFLICT)
        head = self._head()
        stamped, self._chain = frames.stamp(frame, head + 1, self._clock.now(), head, self._chain)
        self._frames.append(stamped)
        self._last_of_origin[fields.origin] = (fields.number, head + 1)
        self._announce()
        return head + 1

    async def read(
        self, from_position: int, chain: bytes | None = None
    ) -> AsyncIterator[tuple[np.void, np.ndarray]]:
        chain_before = self._chain_before(from_position)
        if chain not in (None, chain_before):
            raise LogDamaged(from_position, "the log is not the one that was read before")
        stream = frames.FrameStream(from_position, chain_before)
        while not self._closed:
            if stream.position < self._first:
                raise LogGone(stream.position, self._first)
            appended = self._appended
            if stream.position > self._head():
                await appended.wait()
                continue
            try:
                arrived = stream.feed(self._frames[stream.position - self._first])
            except frames.FrameError as error:
                raise LogDamaged(stream.position, str(error)) from error
            for header, commands in arrived:
                yield header, commands
        raise LogUnavailable("the log is closed")

    async def head(self) -> int:
        return self._head()

    async def truncate(self, before: int) -> int:
        drop = min(before, self._head() + 1) - self._first
        if drop > 0:
            self._chain_before_first = frames.chain_at(self._frames[drop - 1])
            del self._frames[:drop]
            self._first += drop
        return self._first

    async def close(self) -> None:
        self._closed = True
        self._announce()

    def _head(self) -> int:
        return self._first + len(self._frames) - 1

    def _chain_before(self, position: int) -> bytes:
        if position < self._first:
            raise LogGone(position, self._first)
        if position > self._head() + 1:
            raise LogAhead(position, self._head())
        if position == self._first:
            return self._chain_before_first
        return frames.chain_at(self._frames[position - 1 - self._first])

    def _announce(self) -> None:
        self._appended.set()
        self._appended = asyncio.Event()
