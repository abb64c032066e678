"""States of a symbol, and the auction: orders gather, and trading begins with one price for all. docs/ORDERS.md section 8."""

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel, kernel
from engine.kernels.book import ladder_of
from engine.kernels.ladder import next_level
from engine.kernels.state import IN_AUCTION
from engine.kernels.waiting import attend
from engine.types import Side, SymbolStatus


@kernel
def change_status(venue, registry, book, symbol_id, status):
    """Gives a symbol another status; False where it may not have it now. From a crossed auction to TRADING leads an uncross."""
    symbol = registry.symbols[symbol_id]
    if symbol.uncross_ticks != 0:
        return False
    if symbol.status == SymbolStatus.AUCTION:
        price, _, _ = uncross_price(registry, book, symbol_id)
        if status == SymbolStatus.AUCTION or (price != 0 and status != SymbolStatus.TRADING):
            return False
        symbol.uncross_ticks = price
    if symbol.uncross_ticks == 0:
        set_status(venue, symbol, status)
    attend(venue, registry, book, symbol_id)
    return True


@inlined_kernel
def set_status(venue, symbol, status):
    if status == SymbolStatus.TRADING and symbol.status != SymbolStatus.TRADING:
        symbol.resumed_ns = venue.now
    symbol.status = status
    symbol.special = symbol.special | IN_AUCTION if status == SymbolStatus.AUCTION else symbol.special & ~IN_AUCTION


@kernel
def uncross_price(registry, book, symbol_id):
    """(price, lots, levels looked at): the price at which the largest volume is executed, of several the one with the smallest difference
    of the two sides, of those the nearest to the last price, of those the lowest. All 0 where the book is not crossed.

    Walks the levels between the two best prices from the lowest up: more asks, fewer bids.
    """
    bids = ladder_of(book, symbol_id, Side.BUY)
    asks = ladder_of(book, symbol_id, Side.SELL)
    highest = book.levels[bids.best].price_ticks
    lowest = book.levels[asks.best].price_ticks
    if bids.best == 0 or asks.best == 0 or lowest > highest:
        return np.int64(0), np.int64(0), np.int64(0)
    looked = np.int64(0)
    buying = np.int64(0)
    place = np.int64(bids.best)
    while place != 0 and book.levels[place].price_ticks >= lowest:
        buying += _rests_at(book, place)
        looked += 1
        place = np.int64(next_level(book, bids, Side.BUY, book.levels[place].price_ticks))
    selling = np.int64(0)
    last = registry.symbols[symbol_id].last_price_ticks
    price, volume, difference = np.int64(0), np.int64(-1), np.int64(0)
    ask = np.int64(asks.best)
    bid = np.int64(next_level(book, bids, Side.SELL, lowest - 1))  # upwards
    while True:
        ask_ticks = book.levels[ask].price_ticks if ask != 0 else highest + 1
        ticks = min(ask_ticks, book.levels[bid].price_ticks if bid != 0 else highest + 1)
        if ticks > highest:
            return price, volume, looked
        if ask_ticks == ticks:
            selling += _rests_at(book, ask)
            looked += 1
            ask = np.int64(next_level(book, asks, Side.SELL, ticks))
        executable = min(buying, selling)
        apart = abs(buying - selling)
        nearer = executable == volume and (apart < difference or (apart == difference and abs(ticks - last) < abs(price - last)))
        if executable > volume or nearer:
            price, volume, difference = ticks, executable, apart
        if bid != 0 and book.levels[bid].price_ticks == ticks:
            buying -= _rests_at(book, bid)
            bid = np.int64(next_level(book, bids, Side.SELL, ticks))


@inlined_kernel
def _rests_at(book, place):
    """Lots at a level, hidden ones too."""
    return book.levels[place].lots + book.hidden[place]


@entry_kernel
def uncross_now(state, symbol_id):
    """The query: price and lots of `uncross_price`."""
    price, lots, _ = uncross_price(state.registry, state.book, symbol_id)
    return price, lots
