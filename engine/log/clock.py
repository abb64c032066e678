"""The log's time: the wall clock, never backwards, and never far ahead of the machine's own steady clock.

A wall clock that jumps forward would expire holds and open order windows for everybody, and a log cannot take time back. So a
jump beyond the limit is not followed: time goes on from where it was, by the steady clock, until the wall clock is back within
the limit or an operator has looked and restarts the log.
"""

import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

JUMP_LIMIT_NS = 60 * 10**9


def steady_ns() -> int:
    """Nanoseconds since boot, time asleep included: a laptop that was closed did not jump."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class LogClock:
    """max(wall clock, last time given), with forward jumps of the wall clock bounded."""

    def __init__(
        self,
        last_ns: int = 0,
        *,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = steady_ns,
        jump_limit_ns: int = JUMP_LIMIT_NS,
    ):
        """`last_ns` is the time of the last frame in the log."""
        self._wall = wall
        self._steady = steady
        self._limit_ns = jump_limit_ns
        self._offset_ns = wall() - steady()  # the furthest that the wall clock was ahead of the steady one, and followed
        self.last_ns = last_ns
        self.jumped = False  # the wall clock is not being followed

    def now(self) -> int:
        """The time to stamp next."""
        wall, steady = self._wall(), self._steady()
        ahead = wall - steady - self._offset_ns
        if ahead > self._limit_ns:
            self._not_followed(ahead)
            wall = steady + self._offset_ns
        else:
            self.jumped = False
            self._offset_ns = max(self._offset_ns, wall - steady)
        self.last_ns = max(self.last_ns, wall)
        return self.last_ns

    def _not_followed(self, ahead: int) -> None:
        if not self.jumped:
            logger.error(
                "event=clock_jump seconds=%.3f limit=%.0f action=not_followed hint=restart_the_log_once_the_clock_is_right",
                ahead / 1e9,
                self._limit_ns / 1e9,
            )
        self.jumped = True
