"""Bytes to named values and back: one NamedTuple per command family, one packer per event family."""

import struct
from collections import namedtuple

import numpy as np

from engine.types import ADMIN_COMMAND, ADMIN_EVENT, EVENT_BYTES, ORDER_COMMAND, ORDER_EVENT, TRANSFER_COMMAND, TRANSFER_EVENT

OrderCommand = namedtuple("OrderCommand", ORDER_COMMAND.names)
TransferCommand = namedtuple("TransferCommand", TRANSFER_COMMAND.names)
AdminCommand = namedtuple("AdminCommand", ADMIN_COMMAND.names)

_FORMATS = {"u1": "B", "u2": "H", "i2": "h", "i4": "i", "i8": "q"}


class EventPacker:
    """Writes events of one dtype; fields not named are 0, and so are the gaps."""

    def __init__(self, dtype: np.dtype) -> None:
        ordered = sorted(dtype.names, key=lambda name: dtype.fields[name][1])
        form, at = "<", 0
        for name in ordered:
            field, offset = dtype.fields[name]
            form += "x" * (offset - at) + _FORMATS[field.str[1:]]
            at = offset + field.itemsize
        self._struct = struct.Struct(form + "x" * (dtype.itemsize - at))
        assert self._struct.size == EVENT_BYTES
        self._zeros = dict.fromkeys(ordered, 0)

    def __call__(self, **values: int) -> bytes:
        row = self._zeros | values
        assert len(row) == len(self._zeros), f"no such event field in {sorted(values)}"
        return self._struct.pack(*row.values())


order_event = EventPacker(ORDER_EVENT)
transfer_event = EventPacker(TRANSFER_EVENT)
admin_event = EventPacker(ADMIN_EVENT)


def events_array(packed: list[bytes]) -> np.ndarray:
    """The events of a frame as an ORDER_EVENT array that its receiver may keep and write to."""
    return np.frombuffer(bytearray(b"".join(packed)), ORDER_EVENT)
