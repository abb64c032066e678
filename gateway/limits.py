"""How much one address may ask: request weight a minute, requests in five minutes, and bans for those who do not back off.

Owns a table in a file that all processes of one machine map, so that REST and WebSocket API count together. Counting is without
locks: two processes that count the same address in the same microsecond may lose one of the two, which no limit here minds.
How many orders an account may place is not counted here: that is the core's.

No address is exempt; a venue that is asked a lot from one address has a higher limit, or none (weight_per_minute = 0).
"""

import mmap
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from gateway.dialect import errors
from gateway.dialect.info import raw_requests
from gateway.dialect.venue import WEIGHT_PER_MINUTE

SLOTS = 1 << 14  # addresses remembered
PROBES = 8
REFUSALS_BEFORE_BAN = 120  # in one minute
BAN_MIN_MS = 2 * 60_000
BAN_MAX_MS = 3 * 24 * 3600_000

_LOOPBACK = ("127.", "::1", "::ffff:127.")
# A row: eight int64.
_ADDRESS, _MINUTE, _WEIGHT, _WINDOW, _REQUESTS, _REFUSED, _BANNED_UNTIL_MS, _BANS = range(8)
_ROW_WORDS = 8


class Used(NamedTuple):
    """What an address has used of its limits, this request included."""

    weight: int  # this minute
    requests: int  # in these five minutes


class Limits:
    """The table. `path` None keeps it in this process alone (tests)."""

    def __init__(self, path: Path | None = None, *, weight_per_minute: int = WEIGHT_PER_MINUTE,
                 requests_per_5_minutes: int | None = None, clock: Callable[[], float] = time.time) -> None:  # fmt: skip
        size = SLOTS * _ROW_WORDS * 8
        if path is None:
            self._map = mmap.mmap(-1, size)
        else:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            os.ftruncate(file, size)
            self._map = mmap.mmap(file, size)
            os.close(file)
        self._words = memoryview(self._map).cast("q")
        self.weight_per_minute = weight_per_minute
        self._requests_per_5_minutes = raw_requests(weight_per_minute) if requests_per_5_minutes is None else requests_per_5_minutes
        self._clock = clock

    def close(self) -> None:
        self._words.release()
        self._map.close()

    def charge(self, address: str, weight: int) -> Used:
        """Count a request. Raises DialectError -1003 (429, or 418 for a banned address) where it may not be served."""
        now_ms = int(self._clock() * 1000)
        minute, window = now_ms // 60_000, now_ms // 300_000
        words, row = self._words, self._find(address, minute)
        if words[row + _MINUTE] != minute:
            words[row + _MINUTE], words[row + _WEIGHT], words[row + _REFUSED] = minute, 0, 0
        if words[row + _WINDOW] != window:
            words[row + _WINDOW], words[row + _REQUESTS] = window, 0
        if words[row + _BANNED_UNTIL_MS] > now_ms:
            raise self._banned(row, now_ms)
        words[row + _WEIGHT] += weight
        words[row + _REQUESTS] += 1
        used = Used(words[row + _WEIGHT], words[row + _REQUESTS])
        if self.weight_per_minute and used.weight > self.weight_per_minute:
            self._refuse(row, now_ms)
            raise errors.too_much_weight(self.weight_per_minute, 60 - now_ms // 1000 % 60)
        if self.weight_per_minute and used.requests > self._requests_per_5_minutes:
            self._refuse(row, now_ms)
            raise errors.too_many_requests(self._requests_per_5_minutes, 300 - now_ms // 1000 % 300)
        return used

    def used(self, address: str) -> Used:
        """What an address has used, without counting anything."""
        now_ms = int(self._clock() * 1000)
        words, row = self._words, self._find(address, now_ms // 60_000)
        weight = words[row + _WEIGHT] if words[row + _MINUTE] == now_ms // 60_000 else 0
        requests = words[row + _REQUESTS] if words[row + _WINDOW] == now_ms // 300_000 else 0
        return Used(weight, requests)

    def _refuse(self, row: int, now_ms: int) -> None:
        """Who goes on after being told to wait is banned, twice as long each time."""
        words = self._words
        words[row + _REFUSED] += 1
        if words[row + _REFUSED] > REFUSALS_BEFORE_BAN:
            length_ms = min(BAN_MIN_MS << min(words[row + _BANS], 16), BAN_MAX_MS)
            words[row + _BANNED_UNTIL_MS] = now_ms + length_ms
            words[row + _BANS] += 1
            raise self._banned(row, now_ms)

    def _banned(self, row: int, now_ms: int) -> errors.DialectError:
        until_ms = self._words[row + _BANNED_UNTIL_MS]
        return errors.banned(until_ms, -(-(until_ms - now_ms) // 1000))

    def _find(self, address: str, minute: int) -> int:
        """The word at which the address's row starts; the row quiet for longest makes room for an address not seen before."""
        words = self._words
        mark = xxh3_64_intdigest(address.encode()) >> 1 or 1
        oldest, oldest_minute = 0, minute + 1
        for probe in range(PROBES):
            row = (mark + probe) % SLOTS * _ROW_WORDS
            if words[row] == mark:
                return row
            if not words[row]:
                words[row] = mark
                return row
            seen = max(words[row + _MINUTE], words[row + _BANNED_UNTIL_MS] // 60_000)
            if seen < oldest_minute:
                oldest, oldest_minute = row, seen
        if oldest_minute > minute:
            oldest = mark % SLOTS * _ROW_WORDS
        for word in range(_ROW_WORDS):
            words[oldest + word] = 0
        words[oldest] = mark
        return oldest


def client_address(peer: str, forwarded_for: str | None) -> str:
    """Whose limits count: the peer's; behind a proxy on this machine, the address that the proxy names last."""
    if forwarded_for and peer.startswith(_LOOPBACK):
        return forwarded_for.rpartition(",")[2].strip()[:64] or peer
    return peer
