"""Arrays of bytes as the kernels want them: every record type as a view of the same memory."""

import numpy as np

from engine.kernels.state import Batch, Output
from engine.types import (
    ADMIN_COMMAND,
    ADMIN_EVENT,
    COMMAND_BYTES,
    EVENT_BYTES,
    LOAN_EVENT,
    MARGIN_EVENT,
    ORDER_COMMAND,
    ORDER_EVENT,
    TRANSFER_COMMAND,
    TRANSFER_EVENT,
)


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
    words = np.empty(events * (EVENT_BYTES // 8), np.int64)
    views = (words.view(view) for view in (ORDER_EVENT, TRANSFER_EVENT, ADMIN_EVENT, LOAN_EVENT, MARGIN_EVENT))
    return Output(*views, words=words, wanted=np.zeros(1, np.int64))
