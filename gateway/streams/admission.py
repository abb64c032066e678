"""How many connections one address may have, and how many it may try to open.

The machine's own loopback addresses are not limited: what comes from there is the operator's, or a proxy's.
"""

from collections import deque

ADDRESSES_MAX = 100_000  # remembered; beyond it, those that have been quiet longest are forgotten
_LOOPBACK = ("127.", "::1", "::ffff:127.")


class Admission:
    """Counts by client address. `attempts` in `window_seconds`, `open_max` at once; 0 = no limit."""

    def __init__(self, attempts: int = 300, window_seconds: float = 300.0, open_max: int = 1024) -> None:
        self._attempts = attempts
        self._window = window_seconds
        self._open_max = open_max
        self._recent: dict[str, deque[float]] = {}
        self._open: dict[str, int] = {}

    def admit(self, address: str, now: float) -> bool:
        """Whether `address` may have one more connection; if so it has it, until `released`. Every try counts."""
        if not address.startswith(_LOOPBACK) and not self._is_within_limits(address, now):
            return False
        self._open[address] = self._open.get(address, 0) + 1
        return True

    def released(self, address: str) -> None:
        """A connection that was admitted is gone."""
        left = self._open[address] - 1
        if left:
            self._open[address] = left
        else:
            del self._open[address]

    def _is_within_limits(self, address: str, now: float) -> bool:
        recent = self._recent.pop(address, None)
        if recent is None:
            recent = deque(maxlen=self._attempts + 1)
            if len(self._recent) >= ADDRESSES_MAX:
                del self._recent[next(iter(self._recent))]
        self._recent[address] = recent
        while recent and recent[0] <= now - self._window:
            recent.popleft()
        recent.append(now)
        if self._attempts and len(recent) > self._attempts:
            return False
        return not self._open_max or self._open.get(address, 0) < self._open_max
