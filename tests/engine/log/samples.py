"""Frames for tests: ticks, each with a value that tells it from all others."""

import numpy as np

from engine import commands as build
from engine.log import frame as frames
from engine.types import ADMIN_COMMAND, Kind

ORIGIN = 77


def ticks(*values: int) -> np.ndarray:
    """One TICK for each value."""
    return build.frame(*(build.admin(Kind.TICK, value=value) for value in values))


def request(number: int, *values: int, origin: int = ORIGIN) -> bytes:
    """An unstamped frame of ticks; its values default to its number."""
    return frames.encode(ticks(*(values or (number,))), origin, number, number)


def values_of(commands: np.ndarray) -> list[int]:
    return commands.view(ADMIN_COMMAND)["value"].tolist()
