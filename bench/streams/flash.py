"""Order streams for matching alone: one liquid share, of which a million orders are placed, most of them cancelled at once.

Owns a generator after the public description of flash1-dev/matching-engine-benchmark (its METHODOLOGY.md): the same model, constants, seed
and wire format, so that its recorded streams are read here, too; the draws are in an order of our own, only the path of the mid price comes
first in both. Five scenarios differ in how far that path goes:

    static       does not move: the deepest book, on few prices
    normal       2 % a session                     swing-25, swing-40, flash-crash       25, 40 and 60 %

An order is placed on its own side of the mid, buys along the first half of the path and sells along the second; then all are shuffled into
their order of arrival. That is where crossing comes from: orders meet that were priced at different times.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.kernels.matching import MESSAGE, Message

MAGIC = 0x4D4542575F303031  # of a recorded stream: u64 magic, u32 version, u32 count, then the messages
_HEADER = np.dtype([("magic", "<u8"), ("version", "<u4"), ("count", "<u4")])

SEED = 23
PATH = 56  # which of the paths that a seed can have: one whose books are as deep as the published ones
ORDERS = 1_000_000
START_TICKS = 33_504
SESSION_MS = 6.5 * 3600 * 1000
DEPTH_EXPONENT, DEPTH_MAX = 2.23, 1000
HUMP_AMPLITUDE, HUMP_TICKS = 5.0, 8
QUANTITY_MAX = 100
IOC, MODIFIED, REPRICED, CANCELLED, REPEATED = 0.15, 0.20, 0.80, 0.95, 0.02  # shares
MEDIAN_LIFE_MS = 0.431


class Scenario(NamedTuple):
    volatility: float  # annualised
    swing: float  # what the path typically departs from its start in a session


SCENARIOS = {
    "static": Scenario(0.00, 0.00),
    "normal": Scenario(0.15, 0.02),
    "swing-25": Scenario(0.50, 0.25),
    "swing-40": Scenario(0.50, 0.40),
    "flash-crash": Scenario(0.50, 0.60),
}


def generate(name: str, orders: int = ORDERS, seed: int = SEED) -> np.ndarray:
    """The stream of a scenario as MESSAGE records in the order of the wire."""
    # The Mersenne twister's doubles are the same everywhere and for ever, which NumPy does not promise of its newer generators.
    random = np.random.RandomState(seed).random_sample
    mid = _path(np.random.RandomState((seed, PATH)).random_sample, orders, SCENARIOS[name])
    placed = _place(random, mid)
    return _lives(random, placed[np.argsort(random(orders), kind="stable")])


def _path(random, steps: int, scenario: Scenario) -> np.ndarray:
    """Geometric Brownian motion, one step an order."""
    if scenario.volatility == 0:
        return np.full(steps, float(START_TICKS))
    step = (scenario.swing / scenario.volatility) ** 2 / steps
    first, second = random((steps, 2)).T
    normal = np.sqrt(-2.0 * np.log(np.maximum(first, 1e-300))) * np.cos(2.0 * np.pi * second)
    return START_TICKS * np.exp(np.cumsum(-0.5 * scenario.volatility**2 * step + scenario.volatility * np.sqrt(step) * normal))


def _place(random, mid: np.ndarray) -> np.ndarray:
    """NEW messages in the order of the path, which gives them their ids."""
    count = len(mid)
    away = np.arange(DEPTH_MAX + 1.0)
    weights = (away + 1.0) ** -DEPTH_EXPONENT + HUMP_AMPLITUDE * np.exp(-0.5 * (away - HUMP_TICKS) ** 2)
    depth = 1 + np.searchsorted(np.cumsum(weights / weights.sum())[:-1], random(count), side="right")
    placed = np.zeros(count, MESSAGE)
    placed["side"] = np.arange(count) >= count // 2
    near = np.rint(mid).astype(np.int64)
    placed["price_ticks"] = np.maximum(np.where(placed["side"] == 0, near - depth, near + depth), 1)
    placed["quantity"] = 1 + (random(count) * QUANTITY_MAX).astype(np.int64)
    placed["ioc"] = random(count) < IOC
    placed["order_id"] = 1 + np.arange(count)
    placed["kind"] = Message.NEW
    return placed


def _lives(random, placed: np.ndarray) -> np.ndarray:
    """What becomes of each order: modified half-way, cancelled at its end, either repeated too late; all by time of arrival."""
    count = len(placed)
    arrival = np.arange(count) * (SESSION_MS / count)
    life = -np.log(np.maximum(random(count), 1e-300)) * MEDIAN_LIFE_MS / np.log(2.0)
    rests = placed["ioc"] == 0
    modified = rests & (random(count) < MODIFIED)
    repriced = random(count) < REPRICED
    cancelled = rests & (random(count) < CANCELLED)
    cancelled_again = cancelled & (random(count) < REPEATED)
    modified_again = modified & cancelled & (random(count) < REPEATED)

    other = placed.copy()
    other["ioc"] = 0
    modification = other.copy()
    modification["kind"] = Message.MODIFY
    modification["quantity"] += 1
    modification["price_ticks"] += np.where(repriced, np.where(placed["side"] == 0, 1, -1), 0)
    cancel = np.zeros(count, MESSAGE)
    cancel["kind"] = Message.CANCEL
    cancel["order_id"] = placed["order_id"]

    parts = (
        (placed, arrival, np.ones(count, bool)),
        (modification, arrival + life / 2, modified),
        (cancel, arrival + life, cancelled),
        (cancel, arrival + life * 1.01, cancelled_again),
        (modification, arrival + life * 1.02, modified_again),
    )
    messages = np.concatenate([part[which] for part, _, which in parts])
    times = np.concatenate([time[which] for _, time, which in parts])
    messages = messages[np.argsort(times, kind="stable")]
    messages["sequence"] = np.arange(len(messages))
    return messages


def read(path: Path) -> np.ndarray:
    """A recorded stream of that benchmark's. Raises ValueError where the file is none."""
    header = np.fromfile(path, _HEADER, 1)
    if len(header) != 1 or header["magic"][0] != MAGIC:
        raise ValueError(f"{path} is not a recorded order stream")
    messages = np.fromfile(path, MESSAGE, offset=_HEADER.itemsize)
    if len(messages) != header["count"][0]:
        raise ValueError(f"{path} has {len(messages)} messages, its header says {header['count'][0]}")
    return messages


def write(path: Path, messages: np.ndarray) -> None:
    with path.open("wb") as file:
        np.array([(MAGIC, 1, len(messages))], _HEADER).tofile(file)
        messages.tofile(file)
