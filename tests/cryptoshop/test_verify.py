"""`cryptoshop verify` over logs that are sound, and over logs and snapshots that are not."""

import pytest

from cryptoshop import verify
from engine.log.clock import LogClock
from engine.log.files import DiskDirectory
from engine.log.frame import encode
from engine.log.segments import SegmentStore, segment_names
from engine.oracle.machine import OracleMachine
from engine.replica import Replica, SnapshotStore
from engine.types import Role
from tests.engine.log.samples import ORIGIN
from tests.engine.log.tally import POISON, TallyMachine, registering, ticks


@pytest.fixture(autouse=True)
def tally(monkeypatch):
    """The machine of these tests; its validate() names a value that was applied twice."""
    monkeypatch.setattr("cryptoshop.verify.default_machine", lambda: TallyMachine)


def a_log(data_dir, count: int, *special: int, machine=TallyMachine) -> None:
    """A log of frames with one tick each, small segments, and snapshots at every tenth position."""
    store = SegmentStore(DiskDirectory(data_dir / "log"), segment_bytes=4000)
    snapshots = SnapshotStore(data_dir / "snapshots", keep=100)
    store.open()
    clock = LogClock()
    for number, value in enumerate((*range(1, count + 1), *special), 1):
        commands = registering(Role.OPERATOR, value) if number == 1 else ticks(value)
        store.append([encode(commands, ORIGIN, number, number)], clock.now())
    store.close()
    if not special:
        checking = verify.Verification(data_dir / "log", data_dir / "snapshots", machine=machine)
        for applied in checking.replay():
            if applied.position % 10 == 0:
                snapshots.save(applied.position, checking.replica.parts())


def run(data_dir, capsys, *arguments) -> tuple[int, str, str]:
    code = verify.main(["--data-dir", str(data_dir), *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_sound_log_holds(tmp_path, capsys):
    a_log(tmp_path, 35)
    code, out, _ = run(tmp_path, capsys, "--validate-every", "7")
    assert code == 0
    assert "replayed from  nothing" in out
    assert "frames         35" in out
    assert "commands       36" in out
    assert "10 holds, 20 holds, 30 holds" in out
    whole = verify.Verification(tmp_path / "log", tmp_path / "snapshots")
    assert sum(1 for _ in whole.replay()) == 35
    assert f"state hash     {whole.replica.machine.state_hash():016x}" in out


def test_a_log_without_its_beginning_is_replayed_from_a_snapshot(tmp_path, capsys):
    a_log(tmp_path, 60)
    store = SegmentStore(DiskDirectory(tmp_path / "log"), segment_bytes=4000)
    store.open()
    first = store.truncate(25)
    store.close()
    code, out, _ = run(tmp_path, capsys)
    begun = -(-(first - 1) // 10) * 10  # the oldest snapshot that the log continues
    assert code == 0
    assert f"the snapshot of position {begun}" in out
    assert f"frames         {60 - begun}" in out
    for snapshot in (tmp_path / "snapshots").iterdir():
        snapshot.unlink()
    code, _, err = run(tmp_path, capsys)
    assert code == 1
    assert f"position {first}: the log begins here, and no snapshot is kept" in err


def test_a_flipped_bit_is_found_where_it_is(tmp_path, capsys):
    a_log(tmp_path, 40)
    name = segment_names(DiskDirectory(tmp_path / "log"))[1]
    path = tmp_path / "log" / name
    content = bytearray(path.read_bytes())
    content[128 + 2 * 256 + 200] ^= 1
    path.write_bytes(content)
    code, _, err = run(tmp_path, capsys)
    assert code == 1
    assert f"position {int(name[:20]) + 2}: {path} offset {128 + 2 * 256}: the hash chain does not hold" in err


def test_a_broken_invariant_is_named_with_the_position_of_the_walk(tmp_path, capsys):
    a_log(tmp_path, 20, 7, 101, 102)  # 7 a second time
    code, _, err = run(tmp_path, capsys, "--validate-every", "5")
    assert code == 1
    assert "position 23: the invariant UNIQUE: a value was applied twice" in err


def test_a_frame_that_stops_the_core_is_named(tmp_path, capsys):
    a_log(tmp_path, 20, POISON)
    code, _, err = run(tmp_path, capsys)
    assert code == 1
    assert "position 21: the core stops: frame 21: AssertionError: poison" in err


def other_state(replica: Replica) -> None:
    replica.machine.values[0] += 1


def other_chain(replica: Replica) -> None:
    replica.chain = b"x" * 32


@pytest.mark.parametrize(
    ("change", "said"), [(other_state, "not the one that the log leads to"), (other_chain, "of another log")]
)
def test_a_snapshot_that_is_not_what_the_log_leads_to(tmp_path, capsys, change, said):
    a_log(tmp_path, 30)
    store = SnapshotStore(tmp_path / "snapshots", keep=100)
    parts = store.load(20)
    replica = Replica(TallyMachine.restore(parts["core"]), chain=parts["chain"])
    change(replica)
    store.save(20, replica.parts())
    code, _, err = run(tmp_path, capsys)
    assert code == 1
    assert "position 20: the snapshot" in err
    assert said in err


def test_an_unreadable_snapshot_and_one_of_the_future_are_findings(tmp_path, capsys):
    a_log(tmp_path, 20)
    store = SnapshotStore(tmp_path / "snapshots", keep=100)
    store.save(99, store.load(20))
    assert "position 20: the log ends here, but there is a snapshot of position 99" in run(tmp_path, capsys)[2]
    damaged = tmp_path / "snapshots" / f"{10:020d}.snapshot"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    code, _, err = run(tmp_path, capsys)
    assert code == 1
    assert "position 10: the snapshot cannot be read" in err


def test_no_log_is_one_line(tmp_path, capsys):
    code, _, err = run(tmp_path / "nothing", capsys)
    assert code == 1
    assert err.count("\n") == 1
    (tmp_path / "log").mkdir()
    assert "position 1: there is no log in" in run(tmp_path, capsys)[2]


def test_the_real_rules_replay_too(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("cryptoshop.verify.default_machine", lambda: OracleMachine)
    a_log(tmp_path, 15, machine=OracleMachine)
    code, out, _ = run(tmp_path, capsys)
    assert code == 0
    assert "10 holds" in out
