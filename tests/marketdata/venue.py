"""A venue for tests of this room: a stream of commands that collide, through a real log, at any pace."""

import asyncio

from engine.log.clock import LogClock
from engine.log.frame import encode
from engine.log.memory import MemoryLog
from engine.log.port import Log, LogRefused
from engine.machine import Machine
from engine.views import Applied
from tests.engine.streams import START_NS, CollidingStream


class Market:
    """A stream of frames that meet a market: appended to a log as they come, and applied to a machine of its own so that it learns."""

    def __init__(self, seed: int, log: Log | None = None, *, stream=None, machine=None):
        """`stream`: default a CollidingStream; `machine`: default the compiled one."""
        self.stream = stream or CollidingStream(seed)
        self.log = log or MemoryLog(LogClock(START_NS, wall=lambda: self.stream.time_ns, steady=lambda: 0, jump_limit_ns=2**62))
        self.machine = machine or Machine()

    async def append(self, frames: int = 1) -> list[Applied]:
        """Append that many more frames (those that the log takes); returns what came of them."""
        done = []
        while len(done) < frames:
            frame = self.stream.next_frame()
            if not len(frame.commands) or frame.number < 1:
                continue
            try:
                position = await self.log.append(encode(frame.commands, frame.origin, frame.number, frame.origin_time_ns))
            except LogRefused:
                continue
            if position <= self.machine.position:
                continue
            applied = self.machine.apply(*await anext(self.log.read(position)))
            self.stream.learn(applied)
            done.append(applied)
        return done


class HeldBack:
    """A log of which only the frames up to a position are shown; `let` shows more."""

    def __init__(self, log: Log):
        self._log = log
        self._limit = 0
        self._moved = asyncio.Event()

    def let(self, position: int) -> None:
        self._limit = position
        self._moved.set()
        self._moved = asyncio.Event()

    async def head(self) -> int:
        return min(self._limit, await self._log.head())

    async def read(self, from_position: int, chain: bytes | None = None):
        async for header, commands in self._log.read(from_position, chain):
            while header["position"] > self._limit:
                await self._moved.wait()
            yield header, commands
