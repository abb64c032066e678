"""`cryptoshop verify`: recompute everything from the archived log, and compare what was kept with what comes out.

It reads the segments themselves, so it needs no running venue, and beside one it sees what was acknowledged when it began to read. It
checks the hash chain over position, time and bytes; the core's invariants, now and then and at the end; every kept snapshot against
the state at its position; and, given a database, PostgreSQL's records, and of a venue at rest the shop's tables against the ledger.
It begins from nothing, or, where the beginning of the log was dropped, from the oldest snapshot that the rest continues, and says so.
"""

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from cryptoshop import database, preflight
from cryptoshop.settings import Settings, add_arguments, from_arguments
from engine.log.files import DiskDirectory
from engine.log.port import LogDamaged
from engine.log.segments import archived, first_position, segment_names
from engine.replica import CHAIN_PART, CORE_PART, Replica, SnapshotDamaged, SnapshotStore, default_machine
from engine.views import Applied, ReplicaStopped

VALIDATE_FRAMES = 100_000  # frames between two walks through all invariants
PROGRESS_SECONDS = 1.0


class Finding(Exception):
    """Something does not hold; `position` is where."""

    def __init__(self, position: int, text: str):
        super().__init__(f"position {position}: {text}")
        self.position = position


class Verification:
    """One pass over a log's files. `replay` yields what came of each frame; the counts are of what it has yielded."""

    def __init__(self, log_dir: Path, snapshot_dir: Path, *, validate_frames: int = VALIDATE_FRAMES, machine=None):
        """`machine` is the class (default Machine). Raises Finding where there is nothing to begin with."""
        self._directory = DiskDirectory(log_dir, create=False)
        self._store = SnapshotStore(DiskDirectory(snapshot_dir, create=False)) if snapshot_dir.is_dir() else None
        self._validate_frames = validate_frames
        self._machine_class = machine or default_machine()
        self._snapshots = self._store.positions() if self._store else []  # still to be compared
        self.replica = self._beginning()
        self.began_after = self.replica.position  # of the snapshot that it began with, 0 = from nothing
        self.compared: list[int] = []  # positions of snapshots that hold
        self.frames = self.commands = self.events = self.skipped = 0

    def _beginning(self) -> Replica:
        """Nothing, or the oldest snapshot that the kept part of the log continues."""
        names = segment_names(self._directory)
        if not names:
            raise Finding(1, f"there is no log in {self._directory.path}")
        first = first_position(names[0])
        if first == 1:
            return Replica(self._machine_class())
        self._snapshots = [position for position in self._snapshots if position >= first - 1]
        if not self._snapshots:
            raise Finding(first, "the log begins here, and no snapshot is kept that it continues")
        parts = self._load(self._snapshots.pop(0))
        return Replica(self._machine_class.restore(parts[CORE_PART]), chain=parts[CHAIN_PART])

    def replay(self) -> Iterator[Applied]:
        """Every frame in order, checked. Raises Finding at the first thing that does not hold."""
        try:
            for header, commands, chain_before in archived(self._directory):
                position = int(header["position"])
                if position <= self.replica.position:
                    continue
                if chain_before != self.replica.chain:
                    raise Finding(position, "the log does not continue the snapshot that it was begun with")
                yield self._apply(header, commands)
                self._compare_snapshots(position)
                if self._validate_frames and self.frames % self._validate_frames == 0:
                    self._validate()
        except LogDamaged as damage:
            raise Finding(damage.position, damage.where) from damage
        self._validate()
        if self._snapshots:
            raise Finding(self.replica.position, f"the log ends here, but there is a snapshot of position {self._snapshots[-1]}")

    def _load(self, position: int) -> dict[str, bytes]:
        try:
            return self._store.load(position)
        except SnapshotDamaged as error:
            raise Finding(position, f"the snapshot cannot be read: {error}") from error

    def _apply(self, header, commands) -> Applied:
        try:
            applied = self.replica.apply(header, commands)
        except ReplicaStopped as stopped:
            raise Finding(int(header["position"]), f"the core stops: {stopped}") from stopped
        self.frames += 1
        self.commands += len(commands)
        self.events += len(applied.events)
        self.skipped += bool(applied.skipped)
        return applied

    def _validate(self) -> None:
        broken = self.replica.machine.validate()
        if broken:
            raise Finding(self.replica.position, f"the invariant {broken}")

    def _compare_snapshots(self, position: int) -> None:
        if self._snapshots[:1] != [position]:
            return
        try:
            parts = self._load(self._snapshots.pop(0))
        except FileNotFoundError:
            return  # a running venue has dropped it meanwhile, for newer ones
        if parts[CHAIN_PART] != self.replica.chain:
            raise Finding(position, "the snapshot is of another log")
        try:
            kept = self._machine_class.restore(parts[CORE_PART])
        except ValueError:
            return  # of another version: replicas pass it over too
        if kept.state_hash() != self.replica.machine.state_hash():
            raise Finding(position, "the snapshot's state is not the one that the log leads to")
        self.compared.append(position)


def watched(verification: Verification, applied: Iterator[Applied]) -> Iterator[Applied]:
    """The same frames, with a line on stderr now and then."""
    began = said = time.monotonic()
    for one in applied:
        yield one
        now = time.monotonic()
        if now - said >= PROGRESS_SECONDS:
            said = now
            rate = verification.commands / (now - began)
            sys.stderr.write(f"\rposition {one.position:,}  {verification.commands:,} commands  {rate:,.0f}/s ")
            sys.stderr.flush()
    if said != began:
        sys.stderr.write("\n")


async def verify(verification: Verification, database_url: str, *, at_rest: bool = False) -> list[str]:
    """Replay, and compare with the database if one is named, `at_rest` also with the shop; returns what does not hold. Raises Finding."""
    applied = watched(verification, verification.replay())
    if not database_url:
        for _ in applied:
            pass
        return []
    from marketdata import audit as history
    from storefront import audit as shop

    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=2)
    try:
        machine = verification.replica.machine
        findings = await history.compare(pool, machine, applied)
        return findings + (await shop.compare(pool, machine) if at_rest else [])
    finally:
        await pool.close()


@contextlib.contextmanager
def records_of(settings: Settings) -> Iterator[str]:
    """The URL of the database that belongs to the log: named, of the running venue, or the directory's own, started meanwhile; or ""."""
    if settings.database_url:
        yield settings.database_url
    elif preflight.is_open(settings.data_dir):
        yield settings.running_database_url()
    elif (settings.data_dir / "postgres").is_dir():
        with database.start(settings.data_dir) as server:
            yield server.url
    else:
        yield ""


def main(argv: list[str]) -> int:
    """Returns 0 where everything holds, 1 where something does not: the first finding is the last line."""
    parser = argparse.ArgumentParser("cryptoshop verify", description="Recompute everything from the log; compare what was kept.")
    add_arguments(parser)
    parser.add_argument("--validate-every", type=int, default=VALIDATE_FRAMES, metavar="FRAMES",
                        help=f"walk through all invariants so often, 0 = at the end only (default: {VALIDATE_FRAMES})")  # fmt: skip
    arguments = parser.parse_args(argv)
    settings = from_arguments(arguments)
    if not settings.log_dir.is_dir():
        return _complain(f"{settings.log_dir} is not there: name the data directory with --data-dir")
    try:
        verification = Verification(settings.log_dir, settings.snapshot_dir, validate_frames=arguments.validate_every)
        with records_of(settings) as database_url:
            at_rest = not preflight.is_open(settings.data_dir)
            findings = asyncio.run(verify(verification, database_url, at_rest=at_rest))
    except Finding as finding:
        return _complain(str(finding))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return _complain(f"could not look at everything: {error}")
    _report(verification, database_url, at_rest)
    for finding in findings:
        _complain(finding)
    return 1 if findings else 0


def _report(verification: Verification, database_url: str, at_rest: bool) -> None:
    machine = verification.replica.machine
    began = f"the snapshot of position {verification.began_after:,}" if verification.began_after else "nothing"
    lines = {
        "replayed from": began,
        "position": f"{verification.replica.position:,}",
        "frames": f"{verification.frames:,} ({verification.skipped:,} skipped as repeats)",
        "commands": f"{verification.commands:,}",
        "events": f"{verification.events:,}",
        "chain": verification.replica.chain.hex(),
        "snapshots": ", ".join(f"{position:,} holds" for position in verification.compared) or "none to compare",
        "invariants": "hold",
        "database": "compared" if database_url else "none beside this log (name one with --database-url)",
        "shop": ("compared" if at_rest else "not compared: the venue is running") if database_url else "none",
        "state hash": f"{machine.state_hash():016x}",
    }
    for name, value in lines.items():
        sys.stdout.write(f"{name:<14} {value}\n")


def _complain(line: str) -> int:
    sys.stderr.write(f"cryptoshop verify: {line}\n")
    return 1
