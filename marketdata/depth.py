"""DepthDiff: which levels of a book changed since the last look, as the dialect's depth streams tell it.

The core numbers every change of a level 1, 2, 3 … per symbol, so consecutive diffs join without a gap and without a book of our own.
"""

import numpy as np

from engine.types import ORDER_EVENT, Side
from engine.views import Applied
from marketdata.kernels import take_levels
from marketdata.records import LEVEL


def level_changes(events: np.ndarray) -> np.ndarray:
    """Every change of a level in an array of events, in order: a LEVEL array, symbols mixed. Scan a frame once, feed many diffs."""
    levels = np.empty(len(events), LEVEL)
    return levels[: take_levels(events.view(ORDER_EVENT), levels)]


class DepthDiff:
    """Gathers the changes of one symbol's levels until they are taken."""

    def __init__(self, symbol: int, update_id: int):
        """`update_id` is the symbol's present one (Machine.update_id): the first diff begins right after it."""
        self.symbol = symbol
        self.update_id = update_id  # of the last change that was fed
        self._taken_id = update_id
        self._sides: tuple[dict[int, int], dict[int, int]] = ({}, {})  # by Side: price_ticks -> lots

    def feed(self, applied: Applied) -> None:
        """Take over the changes of one frame."""
        self.feed_levels(level_changes(applied.events))

    def feed_levels(self, levels: np.ndarray) -> None:
        """Take over changes in LEVEL form; those of other symbols, and those known already, are passed over."""
        mine = levels[(levels["symbol"] == self.symbol) & (levels["update_id"] > self.update_id)]
        if not len(mine):
            return
        assert mine["update_id"][0] == self.update_id + 1, "changes of a book are missing"
        for side in Side:
            of_side = mine[mine["side"] == side]
            self._sides[side].update(zip(of_side["price_ticks"].tolist(), of_side["level_lots"].tolist(), strict=True))
        self.update_id = int(mine["update_id"][-1])

    def take(self) -> tuple[int, int, list[tuple[int, int]], list[tuple[int, int]]] | None:
        """(U, u, bids, asks) since the last take: first and last update id, and (price_ticks, lots) of each changed level, lots 0
        where it is gone; bids from the highest price, asks from the lowest. None: nothing changed."""
        if self.update_id == self._taken_id:
            return None
        bids = sorted(self._sides[Side.BUY].items(), reverse=True)
        asks = sorted(self._sides[Side.SELL].items())
        first_id, self._taken_id = self._taken_id + 1, self.update_id
        for levels in self._sides:
            levels.clear()
        return first_id, self.update_id, bids, asks
