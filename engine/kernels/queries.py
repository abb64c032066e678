"""Read-only walks that would be slow in Python: the depth of a side, where a key's row is."""

import numpy as np

from engine.kernels import entry_kernel
from engine.kernels.book import id_key, ladder_of
from engine.kernels.hashed import find, row_of
from engine.kernels.ladder import next_level


@entry_kernel
def depth(book, symbol, side, levels):
    """Fills `levels` (int64 (n, 2): price_ticks, lots) with the best levels of a side, best first; returns how many there are."""
    ladder = ladder_of(book, symbol, side)
    place = np.int64(ladder.best)
    count = 0
    while place != 0 and count < levels.shape[0]:
        level = book.levels[place]
        levels[count, 0] = level.price_ticks
        levels[count, 1] = level.lots
        count += 1
        place = np.int64(next_level(book, ladder, side, level.price_ticks))
    return count


@entry_kernel
def order_row(book, order_id):
    """The row of an open order, or 0."""
    return np.int64(row_of(book.order_ids, 0, id_key(order_id)))


@entry_kernel
def list_row(book, list_id):
    """The row of an order list with an open order, or 0."""
    return np.int64(row_of(book.list_ids, 0, id_key(list_id)))


@entry_kernel
def slot_of(table, high, low):
    """The slot of a key in a hashed table, or -1."""
    return np.int64(find(table, high, low))


@entry_kernel
def indexed_row(index, high, low):
    """The row an INDEX gives for a key, or 0."""
    return np.int64(row_of(index, high, low))
