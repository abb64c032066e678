"""Order events as Python values: read from the core's records in one sweep, for the few that concern a connected client."""

import struct
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from engine.types import ORDER_EVENT, EventKind, Kind

RECENT_CLIENT_IDS = 1 << 16


class OrderEvent(NamedTuple):
    """One ORDER_EVENT; field by field as in engine/types.py."""

    kind: int
    flags: int
    side: int
    order_type: int
    time_in_force: int
    stp: int
    status: int
    counter_status: int
    code: int
    index: int
    seq: int
    time_ns: int
    account: int
    counter_account: int
    symbol: int
    order_id: int
    counter_order_id: int
    price_ticks: int
    quantity_lots: int
    executed_lots: int
    executed_quote: int
    fee: int
    counter_fee: int
    counter_executed_lots: int
    counter_executed_quote: int
    trade_id: int
    update_id: int
    level_lots: int
    order_lots: int


def _layout() -> struct.Struct:
    """The struct of ORDER_EVENT with fields in the order of their offsets, which is the order of OrderEvent's."""
    letters = {"u1": "B", "i2": "h", "i4": "i", "i8": "q"}
    fields = sorted((offset, name, dtype) for name, (dtype, offset) in ORDER_EVENT.fields.items())
    assert tuple(name for _, name, _ in fields) == OrderEvent._fields
    form, at = "<", 0
    for offset, _, dtype in fields:
        form += "x" * (offset - at) + letters[dtype.str[1:]]
        at = offset + dtype.itemsize
    return struct.Struct(form + "x" * (ORDER_EVENT.itemsize - at))


_iter_unpack = _layout().iter_unpack


def read_order_events(events: np.ndarray) -> list[OrderEvent]:
    """`events`: records of ORDER_EVENT's 160 bytes (any view of them); those of other families read as nonsense."""
    return [OrderEvent._make(row) for row in _iter_unpack(events.tobytes())]


class RecentClientIds:
    """Client ids of the orders placed or amended lately, by order id: the events that close an order do not carry it.

    Feed it every applied frame. Keeps the last RECENT_CLIENT_IDS; older orders are found open in the machine, or in the history.
    """

    def __init__(self) -> None:
        self._ids: OrderedDict[int, str] = OrderedDict()

    def feed(self, applied) -> None:
        events = applied.events
        if not len(events):
            return
        kinds = events["kind"]
        named = (kinds == EventKind.NEW) | (kinds == EventKind.AMENDED)
        if not named.any():
            return
        index = events["index"][named]
        commands = applied.commands
        order_ids, amends = events["order_id"][named].tolist(), (commands["kind"][index] == Kind.AMEND).tolist()
        for order_id, client_id, amend in zip(order_ids, commands["client_id"][index].tolist(), amends, strict=True):
            if client_id or not amend:
                self._ids[order_id] = client_id.decode()
        while len(self._ids) > RECENT_CLIENT_IDS:
            self._ids.popitem(last=False)

    def get(self, order_id: int) -> str:
        return self._ids.get(order_id, "")
