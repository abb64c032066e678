"""Pegs: a limit price that is taken from the book, once, when the order becomes working. docs/ORDERS.md section 6."""

import numpy as np

from engine.kernels import kernel
from engine.kernels.book import ladder_of
from engine.kernels.ladder import next_level
from engine.types import Peg


@kernel
def peg_price(book, symbol_id, side, peg, offset):
    """The price of the level so many levels behind the best, of the own side (PRIMARY) or the other one (MARKET); 0 if there is none."""
    row_side = side if peg == Peg.PRIMARY else 1 - side
    ladder = ladder_of(book, symbol_id, row_side)
    place = np.int64(ladder.best)
    for _ in range(offset):
        if place == 0:
            break
        place = np.int64(next_level(book, ladder, row_side, book.levels[place].price_ticks))
    return book.levels[place].price_ticks  # level 0 is all zero
