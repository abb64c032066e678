"""A tiny deterministic machine with the core's admission rule: it keeps the values of all ticks that were applied, in order."""

import json

import numpy as np
import xxhash

from engine import commands as build
from engine.types import ADMIN_COMMAND, ADMIN_EVENT, ORDER_EVENT, EventKind, Kind, Role
from engine.views import Applied
from tests.engine.log.samples import ticks

__all__ = ["POISON", "TallyMachine", "registering", "ticks"]

POISON = 13_131_313  # the value of a tick that makes the machine assert


def registering(role: Role, *values: int) -> np.ndarray:
    """The commands of an origin's first frame: its registration, then ticks."""
    return build.frame(build.admin(Kind.REGISTER_ORIGIN, role=role), ticks(*values))


class TallyMachine:
    """Applies ticks; everything else is taken and does nothing."""

    def __init__(self):
        self.position = 0
        self.now_ns = 0
        self.opened = True
        self.event_seq = 0
        self.values: list[int] = []
        self.numbers: dict[int, int] = {}

    def apply(self, header: np.void, commands: np.ndarray) -> Applied:
        position, origin, number = int(header["position"]), int(header["origin"]), int(header["number"])
        assert position == self.position + 1, "frames come in order"
        self.position = position
        records = commands.view(ADMIN_COMMAND)
        skipped = self._skipped(origin, number, records)
        if skipped:
            return Applied(
                position, self.now_ns, origin, number, commands, np.zeros(0, np.int16), np.zeros(0, ORDER_EVENT), skipped
            )
        self.numbers[origin] = number
        self.now_ns = max(self.now_ns + 1, int(header["time_ns"]))
        return Applied(
            position, self.now_ns, origin, number, commands, np.zeros(len(records), np.int16), self._events(records)
        )

    def _skipped(self, origin: int, number: int, records: np.ndarray) -> str:
        last = self.numbers.get(origin)
        if last is None:
            return "" if number == 1 and records["kind"][0] == Kind.REGISTER_ORIGIN else "unknown origin"
        return "" if number == last + 1 else "duplicate" if number <= last else "gap"

    def _events(self, records: np.ndarray) -> np.ndarray:
        events = np.zeros(len(records), ADMIN_EVENT)
        events["kind"] = EventKind.ADMIN
        events["command"] = records["kind"]
        events["index"] = np.arange(len(records))
        events["value"] = records["value"]
        for kind, value in zip(records["kind"].tolist(), records["value"].tolist(), strict=True):
            assert value != POISON, "poison"
            self.now_ns += 1
            if kind == Kind.TICK:
                self.values.append(value)
        events["time_ns"] = self.now_ns - len(records) + 1 + np.arange(len(records))
        return events.view(ORDER_EVENT)

    def forget_origins(self) -> None:
        self.numbers.clear()

    def state_hash(self) -> int:
        return xxhash.xxh3_64_intdigest(self.snapshot())

    def validate(self) -> str:
        return "" if len(set(self.values)) == len(self.values) else "UNIQUE: a value was applied twice"

    def snapshot(self) -> bytes:
        return json.dumps([self.position, self.now_ns, self.values, sorted(self.numbers.items())]).encode()

    @classmethod
    def restore(cls, data: bytes) -> "TallyMachine":
        machine = cls()
        machine.position, machine.now_ns, machine.values, numbers = json.loads(data)
        machine.numbers = dict(numbers)
        return machine
