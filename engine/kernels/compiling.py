"""Compiles every entry kernel once, or loads it from the cache; parallel starts wait for the first."""

import fcntl
import time
from collections.abc import Callable

import numpy as np

from engine.kernels import CACHE_DIRECTORY
from engine.kernels.book import gather_rosters
from engine.kernels.buffers import batch_of, output
from engine.kernels.convert import plan_conversion
from engine.kernels.frame import BEGIN, run_commands
from engine.kernels.hashed import rehash
from engine.kernels.queries import depth, indexed_row, order_row, slot_of
from engine.kernels.state import BALANCE, EVENTS_MAX, INDEX, LEG, ROSTER, State, create, table
from engine.kernels.statehash import state_hash
from engine.kernels.transfers import move_ring
from engine.kernels.validate import first_broken
from engine.types import TRANSFER_COMMAND

_seconds: list[float] = []


def warm(progress: Callable[[str], None] | None = None) -> float:
    """Seconds that compiling or loading took; a second call in the same process returns the first's answer.

    `progress` is called with a line of text before each kernel.
    """
    if not _seconds:
        begun = time.perf_counter()
        CACHE_DIRECTORY.mkdir(parents=True, exist_ok=True)
        with (CACHE_DIRECTORY / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for name, call in _entries(create((32,) * 7)):
                if progress:
                    progress(f"compiling {name}")
                call()
        _seconds.append(time.perf_counter() - begun)
    return _seconds[0]


def _entries(state: State) -> list[tuple[str, Callable[[], object]]]:
    """Every kernel that Python calls, with arguments of the types it is called with."""
    batch = batch_of(np.zeros((0, 16), np.int64))
    out = output(EVENTS_MAX)
    return [
        ("commands", lambda: run_commands(state, batch, out, BEGIN)),
        ("conversion", lambda: plan_conversion(state, np.zeros(1, TRANSFER_COMMAND), table(LEG, 2))),
        ("validate", lambda: first_broken(state)),
        ("ring", lambda: move_ring(state.venue, state.ledger.transfers, state.ledger.transfers, state.ledger.transfer_ids)),
        ("state hash", lambda: state_hash(state, np.zeros((0, 4), np.int64))),
        ("depth", lambda: depth(state.book, 1, 0, np.zeros((1, 2), np.int64))),
        ("rosters", lambda: (slot_of(state.book.rosters, 1, 1), gather_rosters(state.venue, state.book.rosters, table(ROSTER, 4)))),
        ("index", lambda: (indexed_row(state.book.client_ids, 0, 1), order_row(state.book, 1))),
        *(
            (f"table {name}", lambda dtype=dtype: (slot_of(table(dtype, 2), 1, 1), rehash(table(dtype, 2), table(dtype, 4))))
            for name, dtype in (("indexes", INDEX), ("balances", BALANCE))
        ),
    ]
