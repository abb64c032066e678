"""Frames made by hand, for tests of reducers: what a machine would have applied, without a machine."""

import numpy as np

from engine import commands
from engine.types import ADMIN_EVENT, ORDER_EVENT, EventKind, Kind
from engine.views import Applied

LOT_UNITS = 10
TICK_LOT_UNITS = 7


def listed(*symbols: int, tick_lot_units: int = TICK_LOT_UNITS, time_ns: int = 1) -> Applied:
    """A frame that lists symbols; base asset 1, quote asset 2."""
    given = commands.frame(
        *(
            commands.admin(Kind.ADD_SYMBOL, base=1, quote=2, value=LOT_UNITS, value2=tick_lot_units, name=f"S{symbol}")
            for symbol in symbols
        )
    )
    events = np.zeros(len(symbols), ADMIN_EVENT)
    events["kind"] = EventKind.ADMIN
    events["command"] = Kind.ADD_SYMBOL
    events["symbol"] = symbols
    events["index"] = np.arange(len(symbols))
    events["time_ns"] = time_ns
    return frame(events, 1, time_ns, given)


def frame(events: np.ndarray, position: int, time_ns: int | None = None, given: np.ndarray | None = None) -> Applied:
    """A frame with these events (of any family)."""
    events = events.view(ORDER_EVENT)
    time_ns = int(events["time_ns"][-1]) if time_ns is None else time_ns
    given = commands.frame(commands.admin(Kind.TICK)) if given is None else given
    return Applied(position, time_ns, 1, position, given, np.zeros(len(given), np.int16), events)


def trades(symbol: int, times_ns, prices, lots, *, sides=None, orders=None, first_id: int = 1) -> np.ndarray:
    """TRADE events with rising trade ids; each its own taker order unless `orders` says otherwise."""
    count = len(times_ns)
    events = np.zeros(count, ORDER_EVENT)
    events["kind"] = EventKind.TRADE
    events["symbol"] = symbol
    events["time_ns"] = times_ns
    events["price_ticks"] = prices
    events["quantity_lots"] = lots
    events["side"] = 0 if sides is None else sides
    events["trade_id"] = np.arange(first_id, first_id + count)
    events["order_id"] = np.arange(first_id, first_id + count) if orders is None else orders
    events["seq"] = np.arange(first_id, first_id + count)
    events["index"] = np.arange(count)
    return events


def frames(events: np.ndarray, sizes, position: int = 2):
    """The events cut into frames of as many takers as `sizes` yields: each taker is a command, and a command is of one frame."""
    starts = np.flatnonzero(np.diff(events["order_id"], prepend=-1))
    ends = np.append(starts[1:], len(events))
    first = 0
    while first < len(starts):
        last = min(first + next(sizes), len(starts))
        some = events[starts[first] : ends[last - 1]].copy()
        some["index"] = np.cumsum(np.diff(some["order_id"], prepend=some["order_id"][0]) != 0)
        yield frame(some, position, given=commands.frame(*[commands.admin(Kind.TICK)] * (last - first)))
        first, position = last, position + 1
