"""The port of the command log: what every log offers, whatever it is made of.

A log is a total order of frames, positions 1, 2, 3 … Whoever appends keeps one frame in flight per origin, so that a resend of
the identical bytes after a lost connection is harmless. Nothing is acknowledged or readable before it is durable (memory: as
durable as the process).

    LogError
    ├── LogUnavailable  there is no connection, or it was lost: whether the frame was appended is not known
    ├── LogRefused      the frame was not appended; `reason` is a Refusal
    ├── LogGone         the position lies before the first that is kept
    ├── LogAhead        the position lies behind the end: this is not the log that the reader read before
    └── LogDamaged      what is stored is not what was written; the position is named
"""

from collections.abc import AsyncIterator
from enum import IntEnum
from typing import Protocol

import numpy as np


class Refusal(IntEnum):
    """Why a frame was not appended."""

    NO_SPACE = 1  # the disk is full, or so nearly that only cancels and their like (frame.RELIEF_KINDS) are taken
    CONFLICT = 2  # the origin sent other bytes under this number before
    STOPPING = 3  # the log is shutting down


class LogError(Exception):
    """Root of what a log may answer."""


class LogUnavailable(LogError):
    """No connection to the log; a frame that was on its way may or may not have been appended."""


class LogRefused(LogError):
    """The frame was not appended."""

    def __init__(self, reason: Refusal, text: str = ""):
        super().__init__(text or reason.name.lower().replace("_", " "))
        self.reason = reason


class LogGone(LogError):
    """What was asked for is not kept any more."""

    def __init__(self, position: int, first: int):
        super().__init__(f"position {position} is not kept any more, the log begins at {first}")
        self.position = position
        self.first = first


class LogAhead(LogError):
    """The reader knows positions that this log does not have."""

    def __init__(self, position: int, head: int):
        super().__init__(f"position {position} was asked for, but the log ends at {head}: it is not the log read before")
        self.position = position
        self.head = head


class LogDamaged(LogError):
    """The stored bytes do not hold together."""

    def __init__(self, position: int, where: str):
        super().__init__(f"the log is damaged at position {position}: {where}")
        self.position = position
        self.where = where


class Log(Protocol):
    """One connection to a command log."""

    async def append(self, frame: bytes) -> int:
        """Append an unstamped frame (engine.log.frame.encode) and return its position once it is durable.

        Bytes identical to the origin's last frame are answered with the original position where that is still known. Raises FrameError
        (not a frame), LogRefused, LogUnavailable.
        """

    def read(self, from_position: int, chain: bytes | None = None) -> AsyncIterator[tuple[np.void, np.ndarray]]:
        """Frames from `from_position` on, and then each new one as it becomes durable, without end: (header, commands).

        `chain` is that of the frame before, where the reader knows it; then the log must continue it. Every frame's chain is verified.
        Raises LogGone, LogAhead, LogDamaged, LogUnavailable.
        """

    async def head(self) -> int:
        """The position of the last durable frame, 0 where there is none."""

    async def truncate(self, before: int) -> int:
        """Drop frames before `before`, as far as whole files allow; returns the first position that is kept."""

    async def close(self) -> None:
        """Let go of the connection; appends that wait raise LogUnavailable."""
