"""The core's order records as Python values, for the few that concern a connected client: events read in one sweep, commands packed.

Both go around numpy, whose access to single fields would cost more than all else about an order.
"""

import struct
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from engine.commands import client_id_digest
from engine.types import CLIENT_ID_BYTES, ORDER_COMMAND, ORDER_EVENT, EventKind, Kind
from marketdata.facts import conversion_client_id

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


def _layout(record: np.dtype, names: tuple[str, ...]) -> struct.Struct:
    """The struct of a record with its fields in the order of their offsets, which must be that of `names`."""
    letters = {"u1": "B", "i2": "h", "i4": "i", "i8": "q", f"S{CLIENT_ID_BYTES}": f"{CLIENT_ID_BYTES}s"}
    fields = sorted((offset, name, dtype) for name, (dtype, offset) in record.fields.items())
    assert tuple(name for _, name, _ in fields) == names
    form, at = "<", 0
    for offset, _, dtype in fields:
        form += "x" * (offset - at) + letters[dtype.str[1:]]
        at = offset + dtype.itemsize
    return struct.Struct(form + "x" * (record.itemsize - at))


_iter_unpack = _layout(ORDER_EVENT, OrderEvent._fields).iter_unpack

_pack = _layout(
    ORDER_COMMAND,
    (
        "kind", "flags", "side", "order_type", "time_in_force", "stp", "account", "symbol", "valid_until_ns", "order_id", "price_ticks",
        "quantity_lots", "quote_quantity", "target", "key", "client_id",
    ),
).pack  # fmt: skip


def order_command(kind: Kind, account: int, symbol: int, *, key: int, valid_until_ns: int, side: int = 0, order_type: int = 0,
                  time_in_force: int = 0, stp: int = 0, flags: int = 0, order_id: int = 0, price_ticks: int = 0, quantity_lots: int = 0,
                  quote_quantity: int = 0, target: str = "", client_id: str = "") -> bytes:  # fmt: skip
    """The bytes of one ORDER_COMMAND, as the builders of engine/commands.py make them. `target`, `client_id`: ASCII."""
    return _pack(
        kind, flags, side, order_type, time_in_force, stp, account, symbol, valid_until_ns, order_id, price_ticks, quantity_lots,
        quote_quantity, client_id_digest(target) if target else 0, key, client_id.encode(),
    )  # fmt: skip


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
        order_ids, causes = events["order_id"][named].tolist(), commands["kind"][index].tolist()
        for order_id, client_id, cause in zip(order_ids, commands["client_id"][index].tolist(), causes, strict=True):
            if cause == Kind.CONVERT:
                self._ids[order_id] = conversion_client_id(order_id)
            elif client_id or cause != Kind.AMEND:
                self._ids[order_id] = client_id.decode()
        while len(self._ids) > RECENT_CLIENT_IDS:
            self._ids.popitem(last=False)

    def get(self, order_id: int) -> str:
        return self._ids.get(order_id, "")
