"""Replica and snapshots: the same state from a snapshot and the tail as from everything; damage is passed over or stops it."""

import errno
import random

import pytest

from engine.log import frame as frames
from engine.log.frame import GENESIS
from engine.replica import Replica, SnapshotDamaged, SnapshotStore
from engine.types import Role
from engine.views import ReplicaStopped
from tests.engine.log.disk import ForgetfulDisk, PowerCut
from tests.engine.log.samples import ORIGIN
from tests.engine.log.tally import POISON, TallyMachine, registering, ticks


class Totals:
    """A reducer: how many commands it saw."""

    def __init__(self):
        self.commands = 0

    def apply(self, applied):
        self.commands += len(applied.codes)

    def snapshot(self):
        return str(self.commands).encode()

    def restore(self, data):
        self.commands = int(data)


def log_of(count: int, *special: int) -> list:
    """(header, commands) of `count` frames, one tick each, and behind them one for each special value."""
    stream, chain, arrived = frames.FrameStream(1, GENESIS), GENESIS, []
    for number, value in enumerate((*range(1, count + 1), *special), 1):
        commands = registering(Role.OPERATOR, value) if number == 1 else ticks(value)
        stamped, chain = frames.stamp(frames.encode(commands, ORIGIN, number, 0), number, number, number - 1, chain)
        arrived += stream.feed(stamped)
    return arrived


def fed(replica: Replica, log: list) -> Replica:
    for header, commands in log[replica.position :]:
        replica.apply(header, commands)
    return replica


def test_snapshot_and_tail_equal_everything(tmp_path):
    store, log = SnapshotStore(tmp_path), log_of(20)
    whole = fed(Replica(TallyMachine(), {"totals": Totals()}), log)
    half = fed(Replica(TallyMachine(), {"totals": Totals()}), log[:10])
    store.save(half.position, half.parts())
    again = Replica.restore(store, {"totals": Totals()}, TallyMachine)
    assert (again.position, again.chain) == (10, half.chain)
    fed(again, log)
    assert again.machine.state_hash() == whole.machine.state_hash()
    assert again.reducers["totals"].commands == whole.reducers["totals"].commands == 21
    assert again.chain == whole.chain


def test_a_snapshot_without_a_reducers_part_is_not_used(tmp_path):
    store, log = SnapshotStore(tmp_path), log_of(5)
    plain = fed(Replica(TallyMachine()), log)
    store.save(plain.position, plain.parts())
    assert Replica.restore(store, {"totals": Totals()}, TallyMachine).position == 0
    assert Replica.restore(store, {}, TallyMachine).position == 5


class _Later(TallyMachine):
    """Of a version that does not read the snapshots of another."""

    @classmethod
    def restore(cls, snapshot):
        raise ValueError("another version wrote this")


class _Picky(Totals):
    """Does not read the snapshots after 5."""

    def restore(self, data):
        if int(data) > 6:
            raise ValueError("another version wrote this")
        super().restore(data)


def test_a_snapshot_of_another_version_is_passed_over(tmp_path, caplog):
    store, log = SnapshotStore(tmp_path), log_of(20)
    replica = Replica(TallyMachine(), {"first": Totals(), "totals": Totals()})
    for position in (5, 10):
        fed(replica, log[:position])
        store.save(position, replica.parts())
    again = Replica.restore(store, {"first": Totals(), "totals": _Picky()}, TallyMachine)
    assert again.position == 5
    fed(again, log)
    assert again.reducers["first"].commands == again.reducers["totals"].commands == 21
    afresh = Replica.restore(store, {"first": Totals(), "totals": Totals()}, _Later)
    assert (afresh.position, afresh.reducers["first"].commands, afresh.chain) == (0, 0, GENESIS)
    assert caplog.text.count("another version wrote this") == 3


def test_no_store_or_an_empty_one_means_from_nothing(tmp_path):
    assert Replica.restore(None, {}, TallyMachine).position == 0
    assert Replica.restore(SnapshotStore(tmp_path / "fresh"), {}, TallyMachine).position == 0


def test_an_assertion_in_the_machine_stops_the_replica_for_good():
    log = log_of(3, POISON, 5)
    replica = fed(Replica(TallyMachine()), log[:3])
    with pytest.raises(ReplicaStopped, match="frame 4: AssertionError: poison"):
        replica.apply(*log[3])
    with pytest.raises(ReplicaStopped):
        replica.apply(*log[4])


def test_a_failing_reducer_stops_the_replica_a_failing_listener_does_not(caplog):
    class Broken(Totals):
        def apply(self, applied):
            raise ZeroDivisionError

    log, heard = log_of(2), []
    with pytest.raises(ReplicaStopped, match="ZeroDivisionError"):
        Replica(TallyMachine(), {"broken": Broken()}).apply(*log[0])
    replica = Replica(TallyMachine())
    replica.listen(lambda applied: 1 / 0)
    replica.listen(lambda applied: heard.append(applied.position))
    for frame in log:
        replica.tell(replica.apply(*frame))
    assert heard == [1, 2]
    assert "listener_failed" in caplog.text


# ---------------------------------------------------------------- the store of snapshots


def test_the_last_few_are_kept(tmp_path):
    store = SnapshotStore(tmp_path, keep=3)
    for position in (5, 1, 9, 3, 12):
        store.save(position, {"core": b"%d" % position})
    assert store.positions() == [5, 9, 12]
    assert store.newest() == (12, {"core": b"12"})
    assert store.newest(at_most=11) == (9, {"core": b"9"})
    assert store.newest(at_most=4) is None


def test_a_damaged_snapshot_falls_back_to_the_one_before_at_every_byte(caplog):
    disk = ForgetfulDisk()
    store = SnapshotStore(disk)
    store.save(1, {"core": b"one", "x": b""})
    store.save(2, {"core": b"two", "y": b"why"})
    name = f"{2:020d}.snapshot"
    whole = bytes(disk.content(name))
    for at in range(len(whole)):
        disk.content(name)[:] = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        assert store.newest() == (1, {"core": b"one", "x": b""})
        disk.content(name)[:] = whole[:at]
        assert store.newest()[0] == 1
    with pytest.raises(SnapshotDamaged):
        store.load(2)
    assert "snapshot_passed_over position=2" in caplog.text


def test_power_cuts_while_saving_leave_the_snapshots_before(tmp_path):
    for seed in range(100):
        rng = random.Random(seed)
        disk, saved = ForgetfulDisk(), []
        store = SnapshotStore(disk, keep=2)
        at = rng.randrange(2, 30)

        def cut(operation, count, at=at):
            if count >= at:
                raise PowerCut

        disk.fail = cut
        try:
            for position in range(1, 20):
                store.save(position, {"core": b"%d" % position * 300})
                saved.append(position)
        except PowerCut:
            disk = disk.power_cut(rng)
        newest = SnapshotStore(disk).newest()
        if saved:
            assert newest[0] in (saved[-1], saved[-1] + 1), f"seed {seed}"
            assert newest[1] == {"core": b"%d" % newest[0] * 300}


def test_no_space_for_a_snapshot_leaves_the_ones_before():
    disk = ForgetfulDisk()
    store = SnapshotStore(disk)
    store.save(1, {"core": b"one"})
    disk.fail = lambda operation, count: errno.ENOSPC if operation == "write" else None
    with pytest.raises(OSError):
        store.save(2, {"core": b"two"})
    disk.fail = lambda operation, count: None
    assert store.newest() == (1, {"core": b"one"})
    assert not [name for name in disk.names() if name.endswith(".tmp")]
