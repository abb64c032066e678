"""Arrays of bytes as the kernels want them: every record type as a view of the same memory."""

from sys import getrefcount

import numpy as np

from engine.kernels.state import EVENTS_MAX, Batch, Output
from engine.types import (
    ADMIN_COMMAND,
    ADMIN_EVENT,
    COMMAND_BYTES,
    EVENT_BYTES,
    LIST_EVENT,
    LOAN_EVENT,
    MARGIN_EVENT,
    ORDER_COMMAND,
    ORDER_EVENT,
    TRANSFER_COMMAND,
    TRANSFER_EVENT,
)

_EVENT_WORDS = EVENT_BYTES // 8


def batch_of(commands: np.ndarray) -> Batch:
    """A contiguous array of 128-byte records, of whatever dtype, as a batch with room for its codes."""
    words = commands.reshape(-1).view(np.int64)
    return Batch(
        orders=words.view(ORDER_COMMAND),
        transfers=words.view(TRANSFER_COMMAND),
        admin=words.view(ADMIN_COMMAND),
        words=words,
        codes=np.zeros(words.size * 8 // COMMAND_BYTES, np.int16),
        binding=np.zeros(0, np.int64),
    )


def output(events: int) -> Output:
    """A fresh buffer for so many events; its content is undefined."""
    words = np.empty(events * _EVENT_WORDS, np.int64)
    views = (words.view(view) for view in (ORDER_EVENT, TRANSFER_EVENT, ADMIN_EVENT, LIST_EVENT, LOAN_EVENT, MARGIN_EVENT))
    return Output(*views, words=words, wanted=np.zeros(1, np.int64))


class EventBuffer:
    """Memory for the events of many frames, so that none is copied: what is handed out is not written again while anyone holds it.

    Frames follow each other in a buffer; where nobody holds events of it any more, the next frame starts at its beginning, in memory that
    the processor's caches still have. Where it is full, another one takes its place, and its holders keep it alive.
    """

    def __init__(self, events: int = EVENTS_MAX * 3) -> None:
        self._events = events  # of one buffer, unless a command wants more
        self._renew(events)

    def _renew(self, events: int) -> None:
        self.out = output(events)
        self._next = 0
        self._unheld = getrefcount(self.out.words)  # every view of a buffer, and every view of such a view, refers to its words

    def place(self) -> int:
        """The place of the next event, with room for what the next command wants."""
        wanted = max(int(self.out.wanted[0]), EVENTS_MAX)
        if getrefcount(self.out.words) == self._unheld:
            self._next = 0
        if self._next + wanted > self.out.orders.size:
            self._renew(max(self._events, wanted))
        return self._next

    def take(self, end: int) -> np.ndarray:
        """The words of the events from `place` to before `end`."""
        first, self._next = self._next, end
        return self.out.words[first * _EVENT_WORDS : end * _EVENT_WORDS]
