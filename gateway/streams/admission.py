"""How many connections one address may have, and how many it may try to open."""

from collections import deque

ADDRESSES_MAX = 100_000  # remembered; beyond it, those that have been quiet longest are forgotten


class Admission:
    """Counts by peer address. `attempts` in `window_seconds`, `open_max` at once; 0 = no limit."""

    def __init__(self, attempts: int = 300, window_seconds: float = 300.0, open_max: int = 1024) -> None:
        self._attempts = attempts
        self._window = window_seconds
        self._open_max = open_max
        self._recent: dict[str, deque[float]] = {}
        self._open: dict[str, int] = {}

    def admit(self, peer: str, now: float) -> bool:
        """Whether the connection that `peer` just opened may stay; every try counts."""
        recent = self._recent.pop(peer, None)
        if recent is None:
            recent = deque(maxlen=self._attempts + 1)
            if len(self._recent) >= ADDRESSES_MAX:
                del self._recent[next(iter(self._recent))]
        self._recent[peer] = recent
        while recent and recent[0] <= now - self._window:
            recent.popleft()
        recent.append(now)
        if self._attempts and len(recent) > self._attempts:
            return False
        return not self._open_max or self._open.get(peer, 0) <= self._open_max

    def opened(self, peer: str) -> None:
        self._open[peer] = self._open.get(peer, 0) + 1

    def closed(self, peer: str) -> None:
        """Once for each `opened`."""
        left = self._open[peer] - 1
        if left:
            self._open[peer] = left
        else:
            del self._open[peer]
