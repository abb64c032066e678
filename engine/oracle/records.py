"""Bytes to named values and back: one NamedTuple per command family, one packer per event family."""

import struct
from collections import namedtuple

import numpy as np

from engine.types import (
    ADMIN_COMMAND,
    ADMIN_EVENT,
    CLIENT_ID_BYTES,
    EVENT_BYTES,
    LIST_EVENT,
    LOAN_EVENT,
    MARGIN_EVENT,
    ORDER_COMMAND,
    ORDER_EVENT,
    TRANSFER_COMMAND,
    TRANSFER_EVENT,
)

OrderCommand = namedtuple("OrderCommand", ORDER_COMMAND.names)
TransferCommand = namedtuple("TransferCommand", TRANSFER_COMMAND.names)
AdminCommand = namedtuple("AdminCommand", ADMIN_COMMAND.names)

_FORMATS = {"u1": "<B", "u2": "<H", "i2": "<h", "i4": "<i", "i8": "<q", f"S{CLIENT_ID_BYTES}": f"{CLIENT_ID_BYTES}s"}

NEW_IN_ORDERS = ("peg", "peg_offset", "stop_price_ticks", "iceberg_lots", "trailing_bps", "side_effect", "list_type")


def order_command(record: np.void, knows_orders: bool) -> OrderCommand:
    """Under earlier rules the fields that docs/ORDERS.md adds are read as 0."""
    command = OrderCommand(*record.item())
    return command if knows_orders else command._replace(**dict.fromkeys(NEW_IN_ORDERS, 0))


class EventPacker:
    """Writes events of one dtype; fields not named are 0, and so are the gaps. Of fields that share a place one at most may be named."""

    def __init__(self, dtype: np.dtype) -> None:
        assert dtype.itemsize == EVENT_BYTES
        self._places = {name: (_FORMATS[field.str.lstrip("<|")], offset) for name, (field, offset, *_) in dtype.fields.items()}

    def __call__(self, **values: int | bytes) -> bytes:
        event = bytearray(EVENT_BYTES)
        for name, value in values.items():
            form, offset = self._places[name]
            if value:
                assert not any(event[offset : offset + struct.calcsize(form)]), f"two values in the place of {name}"
                struct.pack_into(form, event, offset, value)
        return bytes(event)


order_event = EventPacker(ORDER_EVENT)
list_event = EventPacker(LIST_EVENT)
transfer_event = EventPacker(TRANSFER_EVENT)
loan_event = EventPacker(LOAN_EVENT)
admin_event = EventPacker(ADMIN_EVENT)
margin_event = EventPacker(MARGIN_EVENT)


def events_array(packed: list[bytes]) -> np.ndarray:
    """The events of a frame as an ORDER_EVENT array that its receiver may keep and write to."""
    return np.frombuffer(bytearray(b"".join(packed)), ORDER_EVENT)
