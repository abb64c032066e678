"""The core's order records as Python values, for the few that concern a connected client: events read in one sweep, commands packed.

Both go around numpy, whose access to single fields would cost more than all else about an order.
"""

import struct
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from engine.commands import client_id_digest
from engine.types import (
    CLIENT_ID_BYTES,
    EVENT_BYTES,
    LIST_EVENT,
    ORDER_COMMAND,
    ORDER_EVENT,
    EventKind,
    Kind,
    OrderType,
)
from marketdata.facts import conversion_client_id

RECENT_CLIENT_IDS = 1 << 16
_LIST = int(EventKind.LIST)

CONTINGENT = frozenset((OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT))


class OrderEvent(NamedTuple):
    """One ORDER_EVENT; field by field as in engine/types.py. Where TRADE and PREVENTED have the maker, fees and a match id, the others
    have more of the order's terms: those are properties here."""

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

    @property
    def list_id(self) -> int:
        return self.counter_order_id

    @property
    def stop_price_ticks(self) -> int:
        return self.fee

    @property
    def iceberg_lots(self) -> int:
        return self.counter_fee

    @property
    def prevented_lots(self) -> int:
        return self.counter_executed_lots

    @property
    def expires_ns(self) -> int:
        return self.counter_executed_quote

    @property
    def trailing_bps(self) -> int:
        return self.trade_id & 0xFFFF

    @property
    def peg(self) -> int:
        return self.trade_id >> 16 & 0xFF

    @property
    def peg_offset(self) -> int:
        return self.trade_id >> 24 & 0xFF

    @property
    def side_effect(self) -> int:
        return self.trade_id >> 32 & 0xFF

    @property
    def counter_prevented_lots(self) -> int:
        """PREVENTED: what the maker lost."""
        return self.counter_fee


class ListEvent(NamedTuple):
    """One LIST_EVENT."""

    kind: int
    flags: int
    list_type: int
    list_status: int
    code: int
    index: int
    seq: int
    time_ns: int
    account: int
    symbol: int
    list_id: int
    first_order_id: int
    second_order_id: int
    third_order_id: int
    placed_ns: int
    client_id: bytes

    @property
    def order_ids(self) -> tuple[int, ...]:
        """In the order of the legs."""
        ids = (self.first_order_id, self.second_order_id, self.third_order_id)
        return ids if ids[2] else ids[:2]

    @property
    def name(self) -> str:
        """The list's client id."""
        return self.client_id.rstrip(b"\0").decode("ascii", "replace")


def _layout(record: np.dtype, names: tuple[str, ...]) -> struct.Struct:
    """The struct of these fields of a record, which must follow each other in it and may not overlap."""
    letters = {"u1": "B", "u2": "H", "i2": "h", "i4": "i", "i8": "q", f"S{CLIENT_ID_BYTES}": f"{CLIENT_ID_BYTES}s"}
    form, at = "<", 0
    for name in names:
        dtype, offset = record.fields[name]
        assert offset >= at, name
        form += "x" * (offset - at) + letters[dtype.str[1:]]
        at = offset + dtype.itemsize
    return struct.Struct(form + "x" * (record.itemsize - at))


_iter_unpack = _layout(ORDER_EVENT, OrderEvent._fields).iter_unpack
_unpack_list = _layout(LIST_EVENT, ListEvent._fields).unpack_from

_pack = _layout(
    ORDER_COMMAND,
    (
        "kind", "flags", "side", "order_type", "time_in_force", "stp", "peg", "peg_offset", "account", "symbol", "valid_until_ns",
        "order_id", "price_ticks", "quantity_lots", "quote_quantity", "stop_price_ticks", "iceberg_lots", "target", "key",
        "trailing_bps", "side_effect", "list_type", "client_id",
    ),
).pack  # fmt: skip


def order_command(kind: Kind, account: int, symbol: int, *, key: int, valid_until_ns: int, side: int = 0, order_type: int = 0,
                  time_in_force: int = 0, stp: int = 0, flags: int = 0, order_id: int = 0, price_ticks: int = 0, quantity_lots: int = 0,
                  quote_quantity: int = 0, expires_ns: int = 0, stop_price_ticks: int = 0, trailing_bps: int = 0, iceberg_lots: int = 0,
                  peg: int = 0, peg_offset: int = 0, side_effect: int = 0, list_type: int = 0, target: str = "",
                  client_id: str = "") -> bytes:  # fmt: skip
    """The bytes of one ORDER_COMMAND, as the builders of engine/commands.py make them. `target`, `client_id`: ASCII."""
    return _pack(
        kind, flags, side, order_type, time_in_force, stp, peg, peg_offset, account, symbol, valid_until_ns, order_id, price_ticks,
        quantity_lots, quote_quantity or expires_ns, stop_price_ticks, iceberg_lots, client_id_digest(target) if target else 0, key,
        trailing_bps, side_effect, list_type, client_id.encode(),
    )  # fmt: skip


def read_order_events(events: np.ndarray) -> list[OrderEvent | ListEvent]:
    """`events`: records of EVENT_BYTES each (any view of them), LIST ones as ListEvent; those of other families read as nonsense."""
    raw = events.tobytes()
    read = [OrderEvent._make(row) for row in _iter_unpack(raw)]
    for at, event in enumerate(read):
        if event.kind == _LIST:
            read[at] = ListEvent._make(_unpack_list(raw, at * EVENT_BYTES))
    return read


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
        named = ((kinds == EventKind.NEW) | (kinds == EventKind.AMENDED)) & (events["index"] >= 0)  # the core's own orders have no name
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
