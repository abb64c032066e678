"""Compiles every entry kernel once, or loads it from the cache; parallel starts wait for the first.

Where there is no complete cache yet, two processes share the work: each takes the next kernel that the other has not claimed, the longest
first, and in the end this one loads from the cache what the other has made.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import typeof

from engine.kernels import CACHE_DIRECTORY
from engine.kernels.appraisal import fee_terms, lender_of, levels_of, loan_of, most_borrowable, most_transferable, pool_rate
from engine.kernels.auction import uncross_now
from engine.kernels.binding import FAMILY_TYPES, families
from engine.kernels.book import gather_rosters
from engine.kernels.buffers import output
from engine.kernels.convert import plan_conversion
from engine.kernels.frame import BEGIN, Frames, run_bound
from engine.kernels.hashed import fits, rehash
from engine.kernels.queries import depth, indexed_row, list_row, order_row, slot_of
from engine.kernels.state import BALANCE, EVENTS_MAX, INDEX, LEG, LENDER, LOAN, ROSTER, State, create, table
from engine.kernels.statehash import state_hash
from engine.kernels.transfers import move_ring
from engine.kernels.validate import first_broken
from engine.types import ORDER_COMMAND, TRANSFER_COMMAND, Pool

Entry = tuple[str, Callable[[], object]]

_COMPLETE = CACHE_DIRECTORY / "complete"
_HOME = Path(__file__).resolve().parents[2]
_SECOND = "import sys; from engine.kernels.compiling import compile_beside; compile_beside(sys.argv[1])"
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
            _compile_or_load(progress or (lambda line: None))
        _seconds.append(time.perf_counter() - begun)
    return _seconds[0]


def _compile_or_load(progress: Callable[[str], None]) -> None:
    if not _COMPLETE.exists():
        with tempfile.TemporaryDirectory(dir=CACHE_DIRECTORY, prefix="claims-") as claims:
            environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(_HOME), *sys.path))}
            with subprocess.Popen([sys.executable, "-c", _SECOND, claims], env=environment, stdin=subprocess.DEVNULL):
                _compile_unclaimed(Path(claims), progress)
                progress("waiting for the second process")
    for name, call in _entries():
        progress(f"loading {name}")
        call()
    _COMPLETE.touch()


def compile_beside(claims: str) -> None:
    """What the second process does; were it to fail, the first one would compile its share as well."""
    _compile_unclaimed(Path(claims), lambda line: None)


def _compile_unclaimed(claims: Path, progress: Callable[[str], None]) -> None:
    """Compiles what no other process has claimed: whoever makes a kernel's file first has it."""
    for name, call in _entries():
        try:
            (claims / name).touch(exist_ok=False)
        except FileExistsError:
            continue
        progress(f"compiling {name}")
        call()


# ---------------------------------------------------------------- every kernel that Python calls, with what it is called with


def _entries() -> list[Entry]:
    """The longest first."""
    state = create((32,) * len(Pool))
    no_commands, no_codes, no_words = np.zeros(0, ORDER_COMMAND), np.zeros(0, np.int16), np.zeros(0, np.int64)
    handed = tuple(typeof(argument) for argument in (no_words, no_commands, no_codes, BEGIN))
    return [
        *((entry.__name__.replace("_", " "), lambda entry=entry: entry.compile(FAMILY_TYPES)) for entry in families),
        ("orders", lambda: run_bound.compile(handed)),
        ("validate", lambda: first_broken(state)),
        ("auction", lambda: uncross_now(state, 1)),
        ("appraisal", lambda: _appraise(state)),
        ("state hash", lambda: state_hash(state, np.zeros((0, 4), np.int64))),
        ("conversion", lambda: plan_conversion(state, np.zeros(1, TRANSFER_COMMAND), table(LEG, 2))),
        ("tables", lambda: _tables(state)),
        ("frame", lambda: Frames(state, output(EVENTS_MAX))),
    ]


def _tables(state: State) -> None:
    book, ledger = state.book, state.ledger
    move_ring(state.venue, ledger.transfers, ledger.transfers, ledger.transfer_ids)
    depth(book, 1, 0, np.zeros((1, 2), np.int64))
    gather_rosters(state.venue, book.rosters, table(ROSTER, 4))
    for find in (order_row, list_row):
        find(book, 1)
    indexed_row(book.client_ids, 0, 1)
    for dtype in (INDEX, BALANCE, ROSTER, LOAN, LENDER):
        slot_of(table(dtype, 2), 1, 1)
        rehash(table(dtype, 2), table(dtype, 4))
        fits(1, table(dtype, 2))


def _appraise(state: State) -> None:
    for one in (levels_of, pool_rate, fee_terms):
        one(state, 1)
    for other in (loan_of, lender_of, most_borrowable, most_transferable):
        other(state, 1, 1)
