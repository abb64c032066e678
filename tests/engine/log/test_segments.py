"""The files of the log under faults: nothing acknowledged is lost, nothing damaged is served, nothing torn is kept."""

import errno
import random

import pytest

from engine import commands as build
from engine.log import frame as frames
from engine.log.files import DirectoryInUse
from engine.log.frame import GENESIS
from engine.log.port import LogAhead, LogDamaged, LogGone, Refusal
from engine.log.segments import SEGMENT_HEADER_BYTES, NoSpace, SegmentStore, StoreFailed, archived, read_mark, segment_names
from engine.types import Side
from tests.engine.log.disk import ForgetfulDisk, PowerCut
from tests.engine.log.samples import ORIGIN, request, values_of

SMALL = 2000  # bytes of a segment: a handful of frames


def opened(disk, segment_bytes=SMALL, zeros_ahead=0) -> SegmentStore:
    store = SegmentStore(disk, segment_bytes=segment_bytes, zeros_ahead=zeros_ahead)
    store.open()
    return store


def stored_values(disk) -> list[int]:
    """The values of all acknowledged commands, as the auditor reads them."""
    return [value for _, commands, _ in archived(disk) for value in values_of(commands)]


def written(groups: int, *, segment_bytes: int = SMALL, per_group: int = 2, zeros_ahead: int = 0) -> ForgetfulDisk:
    """A disk with frames 1 … groups * per_group, each with its number as value."""
    disk = ForgetfulDisk()
    store = opened(disk, segment_bytes, zeros_ahead)
    for group in range(groups):
        first = group * per_group + 1
        store.append([request(number) for number in range(first, first + per_group)], 1000 + group)
    store.close()
    return disk


# ---------------------------------------------------------------- the plain life of a store


def test_a_fresh_store_is_empty():
    store = opened(ForgetfulDisk())
    assert (store.first, store.last) == (1, 0)
    assert store.locate(1)[1:] == (SEGMENT_HEADER_BYTES, GENESIS)


def test_appended_frames_survive_reopening_over_many_segments():
    disk = written(20)
    assert len(segment_names(disk)) > 3
    store = opened(disk)
    assert (store.first, store.last, store.time_ns, store.cut) == (1, 40, 1019, "")
    store.append([request(41)], 5)
    assert store.time_ns == 1019  # log time never runs backwards
    store.close()
    assert stored_values(disk) == list(range(1, 42))


def test_a_sealed_segment_is_trusted_by_its_seal_and_checked_frame_by_frame_without_it():
    disk = written(20)
    sealed = segment_names(disk)[0]
    seal = sealed.replace(".log", ".seal")
    for damaged_seal in (None, b"", bytes(len(disk.content(seal)))):
        again = disk.copy()
        if damaged_seal is None:
            del again.inodes[seal]
        else:
            again.content(seal)[:] = damaged_seal
        store = opened(again)
        store.close()
        assert store.last == 40
        assert bytes(again.content(seal)) == bytes(disk.content(seal))  # made anew


def test_of_segments_long_sealed_a_start_checks_the_seal_and_the_auditor_the_content(monkeypatch):
    monkeypatch.setattr("engine.log.segments.SEALED_CHECKED", 2)
    disk = written(20)
    names = segment_names(disk)
    old, new = disk.copy(), disk.copy()
    old.content(names[0])[600] ^= 1
    new.content(names[-2])[600] ^= 1
    assert opened(old).last == 40
    with pytest.raises(LogDamaged):
        stored_values(old)
    with pytest.raises(LogDamaged):
        opened(new)
    del old.inodes[names[0].replace(".log", ".seal")]
    with pytest.raises(LogDamaged):  # without its seal it is read
        opened(old.copy())
    cut = disk.copy()
    del cut.content(names[0])[-1:]
    with pytest.raises(LogDamaged):
        opened(cut)


def test_a_resend_is_answered_with_its_first_position():
    disk = ForgetfulDisk()
    store = opened(disk)
    assert store.append([request(1), request(2)], 1).answers == [1, 2]
    again = store.append([request(2), request(2, 99), request(3)], 2)
    assert again.answers == [2, Refusal.CONFLICT, 3]
    store.close()
    assert opened(disk.process_killed()).append([request(3)], 3).answers == [3]  # known again after a start


def test_locate_finds_every_position_and_its_chain():
    disk = written(20)
    store = opened(disk)
    for header, _, chain_before in archived(disk):
        assert store.locate(int(header["position"]))[2] == chain_before
    assert store.locate(41)[2] == header["chain"].tobytes()
    with pytest.raises(LogAhead):
        store.locate(42)


def test_truncate_drops_whole_segments_only_and_the_rest_can_be_checked_alone():
    disk = written(20)
    store = opened(disk)
    second = store.segments[1].first
    assert store.truncate(second + 1) == second
    with pytest.raises(LogGone):
        store.locate(second - 1)
    assert store.truncate(10**9) == store.segments[-1].first  # never the last
    store.close()
    store = opened(disk)
    assert store.append([request(41)], 1).answers == [41]
    store.close()
    assert stored_values(disk)[-1] == 41


def test_there_is_one_writer():
    disk = ForgetfulDisk()
    opened(disk)
    with pytest.raises(DirectoryInUse):
        opened(disk)


# ---------------------------------------------------------------- torn tails


def test_truncation_at_every_byte_of_the_last_frames_keeps_what_was_acknowledged_and_cuts_the_rest():
    before = written(3, segment_bytes=1 << 20)
    name = segment_names(before)[0]
    after = before.copy()
    store = opened(after, 1 << 20)
    store.append([request(7), request(8, 8, 8), request(9)], 2000)
    store.close()
    full, acknowledged_bytes = bytes(after.content(name)), len(before.content(name))
    ends = [acknowledged_bytes, acknowledged_bytes + 256, acknowledged_bytes + 256 + 384, len(full)]
    for cut in range(acknowledged_bytes, len(full) + 1):
        disk = before.copy()  # the mark is as it was before the last group
        disk.content(name)[:] = full[:cut]
        store = opened(disk, 1 << 20)
        whole = sum(cut >= end for end in ends) - 1
        assert store.last == 6 + whole
        assert bool(store.cut) == (cut not in ends)
        assert len(disk.content(name)) == ends[whole]
        assert store.append([request(100)], 3000).answers == [7 + whole]
        store.close()
        assert stored_values(disk)[:6] == [1, 2, 3, 4, 5, 6]
        assert stored_values(disk)[-1] == 100


def test_truncation_of_what_was_acknowledged_stops_the_start_at_every_byte():
    disk = written(3, segment_bytes=1 << 20)
    name = segment_names(disk)[0]
    full = bytes(disk.content(name))
    for size in range(SEGMENT_HEADER_BYTES, len(full)):
        damaged = disk.copy()
        damaged.content(name)[:] = full[:size]
        with pytest.raises(LogDamaged) as found:
            opened(damaged, 1 << 20)
        assert found.value.position == 1 + (size - SEGMENT_HEADER_BYTES) // 256
        assert name in str(found.value)


def test_a_group_of_which_any_part_arrived_is_cut_at_its_first_missing_frame():
    before = written(2, segment_bytes=1 << 20)
    name = segment_names(before)[0]
    after = before.copy()
    store = opened(after, 1 << 20)
    store.append([request(number) for number in (5, 6, 7)], 1)
    store.close()
    full, start = bytes(after.content(name)), len(before.content(name))
    for missing in range(start, len(full), 128):
        disk = before.copy()
        disk.content(name)[:] = full[:missing] + bytes(128) + full[missing + 128 :]
        store = opened(disk, 1 << 20)
        assert store.last == 4 + (missing - start) // 256
        assert store.cut


def test_a_segment_that_was_being_made_is_removed_and_made_again():
    disk = written(20)
    last = opened(disk.copy()).segments[-1]
    for garbage in (b"", bytes(50), b"x" * 128):
        torn = disk.copy()
        torn.open(f"{last.last + 1:020d}.log", create=True).write(0, garbage)
        store = opened(torn)
        assert store.last == 40
        assert "not begun in full" in store.cut
        assert store.append([request(41)], 1).answers == [41]
        store.close()
        assert stored_values(torn) == list(range(1, 42))


def test_zeros_behind_the_last_frame_are_where_the_log_goes_on():
    disk = written(4, segment_bytes=4000, zeros_ahead=2000)
    name = segment_names(disk)[0]
    assert len(disk.content(name)) > SEGMENT_HEADER_BYTES + 8 * 256
    assert stored_values(disk) == list(range(1, 9))
    store = opened(disk, 4000, 2000)
    assert (store.last, store.cut) == (8, "")
    for number in range(9, 30):
        store.append([request(number)], 1)
    assert store.segments[0].end == len(disk.content(name))  # none are left in a segment that is done with
    store.close()
    assert stored_values(disk) == list(range(1, 30))


def test_a_frame_torn_at_every_byte_among_zeros_is_cut():
    before = written(3, segment_bytes=1 << 20, zeros_ahead=4000)
    name = segment_names(before)[0]
    after = before.copy()
    store = opened(after, 1 << 20, 4000)
    start = store.segments[-1].end
    store.append([request(7), request(8)], 2000)
    store.close()
    full, end = bytes(after.content(name)), start + 512
    for torn in range(start, end + 1):
        disk = before.copy()
        disk.content(name)[:] = full[:torn] + bytes(len(full) - torn)
        store = opened(disk, 1 << 20, 4000)
        whole = sum(full[torn : start + size].count(0) == max(0, start + size - torn) for size in (256, 512))
        assert store.last == 6 + whole  # a frame may end in zeros of its own
        assert store.append([request(100)], 3000).answers == [7 + whole]
        store.close()
        assert stored_values(disk)[:6] == [1, 2, 3, 4, 5, 6]
        assert stored_values(disk)[-1] == 100


def test_acknowledged_frames_that_became_zeros_stop_the_start():
    disk = written(3, segment_bytes=1 << 20, zeros_ahead=4000)
    name = segment_names(disk)[0]
    for frame in range(6):
        damaged = disk.copy()
        at = SEGMENT_HEADER_BYTES + 256 * frame
        damaged.content(name)[at:] = bytes(len(damaged.content(name)) - at)
        with pytest.raises(LogDamaged) as found:
            opened(damaged, 1 << 20)
        assert found.value.position == frame + 1


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("marked", [True, False], ids=["with the mark", "without the mark"])
def test_a_flipped_bit_stops_the_start_with_the_position_named(marked):
    disk = written(12, per_group=1, segment_bytes=1500)
    rng = random.Random(7)
    names = segment_names(disk)
    for name in names:
        last = name == names[-1]
        size = len(disk.content(name)) - (256 if last and not marked else 0)  # the very last group needs the mark: the hole
        for at in range(0, size, 5):
            damaged = disk.copy()
            damaged.content(name)[at] ^= 1 << rng.randrange(8)
            if not marked:
                del damaged.inodes["commit"]
            with pytest.raises(LogDamaged) as found:
                opened(damaged, 1500)
            inside = max(0, at - SEGMENT_HEADER_BYTES) // 256
            assert found.value.position == int(name[:20]) + inside
            assert name in str(found.value)
            with pytest.raises(LogDamaged):
                stored_values(damaged)


def test_a_missing_swapped_or_emptied_segment_stops_the_start():
    disk = written(20)
    names = segment_names(disk)
    missing = disk.copy()
    del missing.inodes[names[1]]
    swapped = disk.copy()
    swapped.content(names[1])[:], swapped.content(names[2])[:] = disk.content(names[2]), disk.content(names[1])
    emptied = disk.copy()
    emptied.content(names[1])[:] = b""
    for damaged in (missing, swapped, emptied):
        with pytest.raises(LogDamaged) as found:
            opened(damaged)
        assert found.value.position == int(names[1][:20])
        with pytest.raises(LogDamaged):
            stored_values(damaged)


def test_all_segments_gone_but_the_mark_is_there():
    disk = written(2)
    for name in segment_names(disk):
        del disk.inodes[name]
    with pytest.raises(LogDamaged, match="up to 4 were acknowledged"):
        opened(disk)


def test_a_damaged_slot_of_the_mark_is_survived():
    disk = written(5)
    for slot in (0, 4096):
        damaged = disk.copy()
        damaged.content("commit")[slot + 10] ^= 1
        assert opened(damaged).last == 10


def test_the_slots_of_the_mark_are_written_in_turn():
    disk = ForgetfulDisk()
    store = opened(disk)
    for number in range(1, 6):
        store.append([request(number)], 1)
        marked = []
        for slot in (0, 4096):
            damaged = disk.copy()
            damaged.content("commit")[slot + 10] ^= 1
            marked.append(read_mark(damaged.open("commit")))
        assert sorted(marked) == [number - 1, number]


# ---------------------------------------------------------------- power cuts and failing operations


def test_power_cuts_at_random_operations_never_lose_an_acknowledged_frame():
    for seed in range(150):
        rng = random.Random(seed)
        disk, acknowledged, number = ForgetfulDisk(), [], 0
        unsure: list[int] = []
        for _ in range(4):
            at = disk.operations + rng.randrange(1, 60)

            def cut(operation, count, at=at):
                if count >= at:
                    raise PowerCut

            disk.fail = cut
            disk.partial = rng.random()
            try:
                store = opened(disk, rng.choice((600, 1500, 6000)), rng.choice((0, 1700, 3000)))
                while True:
                    group = [number + 1 + i for i in range(rng.randrange(1, 4))]
                    unsure = group
                    store.append([request(one) for one in group], number)
                    acknowledged += group
                    number, unsure = group[-1], []
            except PowerCut:
                disk = disk.power_cut(rng)
            store = opened(disk)
            store.close()
            found = stored_values(disk)
            assert found[: len(acknowledged)] == acknowledged, f"seed {seed}"
            assert found[len(acknowledged) :] == unsure[: len(found) - len(acknowledged)], f"seed {seed}"
            acknowledged, number = found, len(found)


def test_a_resend_after_a_power_cut_is_stored_once():
    for seed in range(60):
        rng = random.Random(seed)
        disk = written(3)
        store = opened(disk)
        at = disk.operations + rng.randrange(1, 5)

        def cut(operation, count, at=at):
            if count >= at:
                raise PowerCut

        disk.fail = cut
        with pytest.raises(PowerCut):
            for number in range(7, 20):
                store.append([request(number)], 1)
        disk = disk.power_cut(rng)
        store = opened(disk)
        store.append([request(number)], 1)  # the one whose fate was not known
        store.close()
        assert stored_values(disk) == list(range(1, number + 1)), f"seed {seed}"


@pytest.mark.parametrize("zeros_ahead", [0, 1100])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_every_single_failing_operation_loses_nothing_acknowledged(number, zeros_ahead):
    survived = failed = 0
    for at in range(1, 300):
        disk = ForgetfulDisk()
        opened(disk).close()
        start = disk.operations
        disk.fail = lambda operation, count, at=start + at: number if count == at else None
        acknowledged, refused = [], []
        try:
            store = opened(disk, 3000 if zeros_ahead else 800, zeros_ahead)
            for value in range(1, 20):
                try:
                    store.append([request(value)], value)
                    acknowledged.append(value)
                except NoSpace:
                    refused.append(value)
                    store.append([request(value)], value)  # space has returned
                    acknowledged.append(value)
            store.close()
            survived += 1
        except (StoreFailed, OSError):
            failed += 1
        happened = disk.operations >= start + at
        disk = disk.process_killed()
        opened(disk).close()
        found = stored_values(disk)
        assert found[: len(acknowledged)] == acknowledged, f"operation {at}"
        assert len(found) <= len(acknowledged) + 1, f"operation {at}"  # at most the group that failed
        if number == errno.EIO:
            assert not refused
        if not happened:
            break
    assert not happened, "the loop must come to the end of the run"
    assert failed
    assert survived > 1 or number == errno.EIO


def test_after_a_failed_sync_nothing_is_believed():
    disk = written(2)
    store = opened(disk)
    disk.fail = lambda operation, count: errno.EIO if operation == "sync" else None
    with pytest.raises(StoreFailed):
        store.append([request(5)], 1)
    disk.fail = lambda operation, count: None
    with pytest.raises(StoreFailed):  # not even when it seems to work again
        store.append([request(6)], 1)


def test_what_a_failed_sync_left_readable_is_durable_before_a_start_shows_it():
    disk = written(2)
    store = opened(disk)
    disk.fail = lambda operation, count: errno.EIO if operation == "sync" else None
    with pytest.raises(StoreFailed):
        store.append([request(5)], 1)
    store = opened(disk.process_killed())  # the page is still readable, though it never reached the disk
    shown = store.last
    assert shown == 5
    after = disk.power_cut(random.Random(1))
    assert opened(after).last == shown


def test_near_the_end_of_space_only_frames_that_bring_relief_are_taken():
    disk = written(1)
    store = opened(disk)
    order = frames.encode(build.place(16, 1, Side.BUY, price_ticks=1, quantity_lots=1), ORIGIN, 3, 0)
    mixed = frames.encode(build.frame(build.cancel(16, 1, 5), build.place(16, 1, Side.BUY)), ORIGIN, 3, 0)
    cancel = frames.encode(build.frame(build.cancel(16, 1, 5), build.cancel_all(16, 1)), ORIGIN, 3, 0)
    disk.free = 1000
    assert store.append([order, mixed, cancel, request(2)], 1).answers == [Refusal.NO_SPACE, Refusal.NO_SPACE, 3, 2]
    disk.free = 1 << 40
    assert store.append([frames.encode(build.place(16, 1, Side.BUY), ORIGIN, 4, 0)], 1).answers == [4]


def test_no_space_takes_back_what_was_partially_written():
    disk = written(2, segment_bytes=1 << 20)
    store = opened(disk, 1 << 20)
    size = len(disk.content(store.segments[-1].name))
    disk.fail = lambda operation, count: errno.ENOSPC if operation == "write" else None
    for _ in range(3):
        with pytest.raises(NoSpace):
            store.append([request(5), request(6)], 1)
        assert len(disk.content(store.segments[-1].name)) == size
    disk.fail = lambda operation, count: None
    assert store.append([request(5), request(6)], 1).answers == [5, 6]
    assert stored_values(disk) == [1, 2, 3, 4, 5, 6]
