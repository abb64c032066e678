"""The façade: the venue in memory, and the client of a log that comes and goes."""

import asyncio
import errno
import itertools
import sys
import threading

import pytest

from engine import commands as build
from engine.exchange import (
    SUBMISSION_COMMANDS_MAX,
    WAITING_COMMANDS_MAX,
    Exchange,
    ExchangeBusy,
    ExchangeClient,
    OutcomeUnknown,
    Refused,
)
from engine.log.files import DiskDirectory
from engine.log.memory import MemoryLog
from engine.log.port import LogAhead, LogDamaged, LogGone, LogRefused, LogUnavailable, Refusal
from engine.log.segments import archived
from engine.oracle.machine import OracleMachine
from engine.replica import SnapshotStore
from engine.types import ADMIN_EVENT, Code, EventKind, Kind, Role, Side
from engine.views import ReplicaStopped
from tests.engine.log.disk import ForgetfulDisk
from tests.engine.log.processes import log_process
from tests.engine.log.samples import ticks, values_of
from tests.engine.log.servers import log_server
from tests.engine.log.tally import POISON, TallyMachine
from tests.engine.test_replica import Totals

# ---------------------------------------------------------------- in memory


def test_a_venue_in_a_few_lines():
    venue = Exchange(OracleMachine())
    btc, usdt = venue.add_asset("BTC", 8), venue.add_asset("USDT", 8)
    market = venue.add_symbol("BTCUSDT", btc, usdt, lot_units=1000, tick_lot_units=10, taker_ppm=1000)
    alice, bob = venue.open_account(), venue.open_account()
    venue.deposit(alice, usdt, 10**10)
    venue.deposit(bob, btc, 10**8)
    assert venue.place(alice, market, Side.BUY, 500, 20).code == Code.OK
    outcome = venue.place(bob, market, Side.SELL, quantity_lots=5)
    assert [event["kind"] for event in outcome.events] == [EventKind.NEW, EventKind.TRADE]
    bids, asks = venue.depth(market)
    assert bids.tolist() == [[500, 15]]
    assert asks.tolist() == []
    order = venue.machine.open_orders(alice)[0].order_id
    assert venue.cancel(alice, market, order).code == Code.OK
    assert venue.cancel(alice, market, order).code == Code.UNKNOWN_ORDER
    assert venue.balance(alice, btc) == (5 * 1000, 0)
    venue.withdraw(bob, usdt, 1000)
    with pytest.raises(Refused) as refused:
        venue.withdraw(bob, usdt, 10**12)
    assert refused.value.code == Code.INSUFFICIENT_AVAILABLE
    assert venue.machine.validate() == ""


def test_events_belong_to_the_command_that_caused_them():
    venue = Exchange(OracleMachine(), clock=lambda: 10**18)
    heard = []
    venue.listen(heard.append)
    outcomes = venue.execute(build.frame(*(build.admin(Kind.ADD_ASSET, name=name, scale=8) for name in (b"A", b"B", b"A"))))
    assert [outcome.code for outcome in outcomes] == [Code.OK, Code.OK, Code.ALREADY_EXISTS]
    assert [outcome.events.view(ADMIN_EVENT)["asset"].tolist() for outcome in outcomes] == [[1], [2], [1]]
    assert [outcome.index for outcome in outcomes] == [0, 1, 2]
    assert len({outcome.time_ns for outcome in outcomes}) == 3
    assert [applied.position for applied in heard] == [3]


def test_time_is_the_callers_and_never_runs_backwards():
    venue = Exchange(OracleMachine(), opened=False)
    times = [venue.execute(build.admin(Kind.TICK), time_ns=time_ns)[0].time_ns for time_ns in (2 * 10**18, 3 * 10**18, 10**18)]
    assert times[0] // 10**18 == 2
    assert times[1] // 10**18 == 3
    assert times == sorted(times)


# ---------------------------------------------------------------- over a log


async def client_of(log, **options) -> ExchangeClient:
    return await ExchangeClient.open(log, **{"role": Role.OPERATOR, "machine": TallyMachine, **options})


async def test_outcomes_come_in_the_order_of_submission_and_frames_are_shared():
    client = await client_of(MemoryLog())
    answered, last = [], asyncio.get_running_loop().create_future()
    for value in range(1000):
        client.submit(ticks(value, 10_000 + value), lambda outcomes, value=value: answered.append((value, outcomes)))
    client.submit(ticks(5000), last.set_result)
    await last
    assert [value for value, _ in answered] == list(range(1000))
    for value, (first, second) in answered:
        assert first.events.view(ADMIN_EVENT)["value"].tolist() == [value]
        assert second.events.view(ADMIN_EVENT)["value"].tolist() == [10_000 + value]
        assert second.time_ns == first.time_ns + 1
    assert client.counters.frames_sent < 10
    assert client.counters.commands_sent == 2001
    await client.close()


async def test_a_block_is_answered_with_its_frame_and_its_place_in_it():
    client = await client_of(MemoryLog())
    answers = []
    client.submit(ticks(1, 2), None)
    client.submit_block(ticks(3, 4, 5), lambda applied, start: answers.append((applied, start)))
    await client.execute(ticks(6))
    ((applied, start),) = answers
    assert values_of(applied.commands[start : start + 3]) == [3, 4, 5]
    assert start == 3  # behind the registration and the two
    await client.close()


async def test_replicas_agree_and_read_their_own_writes_anywhere():
    log = MemoryLog()
    writer, reader = await client_of(log), await client_of(log, role=Role(0))
    heard = []
    reader.listen(lambda applied: heard.append(applied.position))
    for value in range(20):
        await writer.execute(ticks(value))
        await reader.caught_up()
        assert reader.machine.values[-1] == value
    assert heard == list(range(1, 21))
    assert reader.machine.state_hash() == writer.machine.state_hash()
    assert (reader.lag, writer.lag) == (0, 0)
    with pytest.raises(ValueError, match="only read"):
        reader.submit(ticks(1), None)
    await writer.close()
    await reader.close()


async def test_submissions_are_bounded():
    client = await client_of(MemoryLog())
    for wrong in (b"", b"x" * 100, bytes(128 * (SUBMISSION_COMMANDS_MAX + 1))):
        with pytest.raises(ValueError, match="whole commands"):
            client.submit(wrong, None)
    largest = ticks(0).tobytes() * SUBMISSION_COMMANDS_MAX
    taken = 0
    with pytest.raises(ExchangeBusy):
        for _ in itertools.count():
            client.submit(largest, None)
            taken += SUBMISSION_COMMANDS_MAX
    assert taken <= WAITING_COMMANDS_MAX < taken + SUBMISSION_COMMANDS_MAX
    await client.close(timeout=20)
    assert client.counters.commands_applied >= taken


async def test_a_callers_mistake_is_the_callers_alone(caplog):
    client = await client_of(MemoryLog())
    client.submit(ticks(1), lambda outcomes: 1 / 0)
    client.listen(lambda applied: 1 / 0)
    (outcome,) = await client.execute(ticks(2))
    assert outcome.code == Code.OK
    assert "callback_failed" in caplog.text
    assert not client.failed.done()
    await client.close()


async def test_a_frame_that_makes_the_machine_assert_stops_every_replica_loudly():
    log = MemoryLog()
    client, other = await client_of(log), await client_of(log)
    await client.execute(ticks(1))
    with pytest.raises(LogUnavailable, match="poison"):
        await client.execute(ticks(POISON))
    for stopped in (client, other):
        with pytest.raises(ReplicaStopped, match="frame 2: AssertionError: poison"):
            await stopped.failed
        with pytest.raises(ReplicaStopped):
            stopped.submit(ticks(3), None)
        await stopped.close()


async def test_an_origin_that_the_core_has_forgotten_goes_on_under_a_new_one(caplog):
    client = await client_of(MemoryLog())
    await client.execute(ticks(1))
    client.machine.forget_origins()
    outcomes = await asyncio.gather(*(client.execute(ticks(value)) for value in range(2, 8)))
    assert [outcome[0].code for outcome in outcomes] == [Code.OK] * 6
    assert client.machine.values == list(range(1, 8))
    assert "origin_forgotten" in caplog.text
    await client.close()


async def test_time_passes_on_a_quiet_log_only_with_a_clock(monkeypatch):
    monkeypatch.setattr("engine.exchange.QUIET_SECONDS", 0.02)
    log = MemoryLog()
    client = await client_of(log, role=Role.TRADING, clock=True)
    await client.execute(ticks(1))
    ticked = asyncio.get_running_loop().create_future()
    client.listen(lambda applied: ticked.done() or ticked.set_result(applied))
    applied = await ticked
    assert applied.commands["kind"].tolist() == [Kind.TICK]
    await client.close()
    head = await log.head()
    idle = await client_of(log)
    await asyncio.sleep(0.06)
    assert await log.head() == head
    await idle.close()


async def test_a_snapshot_bounds_the_start_and_holds_the_reducers(tmp_path):
    log, store = MemoryLog(), SnapshotStore(tmp_path)
    client = await client_of(log, reducers={"totals": Totals()})
    for value in range(10):
        await client.execute(ticks(value))
    store.save(client.position, client.replica.parts())
    await client.execute(ticks(10))
    await log.truncate(client.position)
    again = await client_of(log, snapshots=tmp_path, reducers={"totals": Totals()})
    assert again.counters.frames_applied == 1
    assert again.machine.state_hash() == client.machine.state_hash()
    assert again.replica.reducers["totals"].commands == 12
    with pytest.raises(LogGone):
        await client_of(log)
    await client.close()
    await again.close()


async def test_a_snapshot_of_another_log_stops_the_replica(tmp_path):
    first, second = MemoryLog(), MemoryLog()
    client, other = await client_of(first), await client_of(second)
    for value in range(3):
        await client.execute(ticks(value))
        await other.execute(ticks(value))
    SnapshotStore(tmp_path).save(client.position, client.replica.parts())
    with pytest.raises(LogAhead):
        await client_of(MemoryLog(), snapshots=tmp_path)
    await other.execute(ticks(9))
    with pytest.raises(LogDamaged):
        await client_of(second, snapshots=tmp_path)
    await client.close()
    await other.close()


async def test_no_log_is_said_in_time():
    with pytest.raises(LogUnavailable):
        await client_of("local:/nowhere/log.sock", connect_timeout=0.1)
    with pytest.raises(ValueError, match="is not a log"):
        await client_of("postgres:x")


async def test_a_full_disk_sheds_what_is_submitted_and_recovers():
    disk = ForgetfulDisk()
    async with log_server(disk) as (_, path):
        client = await client_of(f"local:{path}")
        disk.fail = lambda operation, count: errno.ENOSPC if operation == "write" else None
        failures = []
        client.submit(ticks(1), None, failures.append)
        with pytest.raises(LogRefused) as refused:
            await client.execute(ticks(2))
        assert refused.value.reason is Refusal.NO_SPACE
        assert failures[0].reason is Refusal.NO_SPACE
        assert client.refusing
        disk.fail = lambda operation, count: None
        assert (await client.execute(ticks(3)))[0].code == Code.OK
        await client.execute(build.place(16, 1, Side.BUY, price_ticks=1, quantity_lots=1))
        assert not client.refusing
        assert client.machine.values == [3]
        await client.close()


async def test_near_the_end_of_space_orders_are_shed_and_cancels_go_through():
    disk = ForgetfulDisk()
    async with log_server(disk) as (server, path):
        client = await client_of(f"local:{path}")
        await client.execute(ticks(1))
        disk.free = 1000
        order, cancel = build.place(16, 1, Side.BUY, price_ticks=1, quantity_lots=1), build.cancel(16, 1, 5)
        results = await asyncio.gather(
            *(client.execute(commands) for commands in (order, cancel, order, ticks(2))), return_exceptions=True
        )
        assert [type(result) for result in results] == [LogRefused, list, LogRefused, list]
        assert server.no_space
        assert client.refusing
        assert client.machine.values == [1, 2]
        disk.free = 1 << 40
        await client.execute(order)
        assert not server.no_space
        assert not client.refusing
        await client.close()


async def test_commands_in_time_out_are_withdrawn_or_unknown():
    disk = ForgetfulDisk()
    async with log_server(disk) as (_, path):
        client = await client_of(f"local:{path}")
        await client.execute(ticks(1))
        unblocked = threading.Event()

        def slow(operation, count):
            unblocked.wait()  # in the writer's thread

        disk.fail = slow
        sent = asyncio.create_task(client.execute(ticks(2), timeout=0.1))
        await asyncio.sleep(0.02)
        with pytest.raises(LogUnavailable, match="withdrawn"):
            await client.execute(ticks(3), timeout=0.02)
        with pytest.raises(OutcomeUnknown):
            await sent
        unblocked.set()
        await client.execute(ticks(4))
        assert client.machine.values == [1, 2, 4]
        await client.close()


# ---------------------------------------------------------------- with processes that are killed


async def test_kill_9_of_the_log_under_load_answers_every_submission_once():
    async with log_process() as process:
        clients = [await client_of(process.url) for _ in range(3)]
        answers: list[list[int]] = [[] for _ in clients]
        values = itertools.count(1)
        stopped = asyncio.Event()

        async def load(index):
            while not stopped.is_set():
                for _ in range(5):
                    value = next(values)
                    clients[index].submit(ticks(value), lambda outcomes, value=value: answers[index].append(value))
                await asyncio.sleep(0.002)

        loads = [asyncio.create_task(load(index)) for index in range(3)]
        for pause in (0.3, 0.15, 0.2):
            await asyncio.sleep(pause)
            await process.kill()
            await process.start()
        await asyncio.sleep(0.1)
        stopped.set()
        await asyncio.gather(*loads)
        last = next(values)
        for index, client in enumerate(clients):
            await client.execute(ticks(last + index))
            await client.caught_up()
        submitted = set(range(1, last))
        assert sorted(itertools.chain(*answers)) == sorted(submitted)  # each exactly once
        for own in answers:
            assert own == sorted(own)
        reference = clients[0].machine
        assert reference.validate() == ""
        assert len({client.machine.state_hash() for client in clients}) == 1
        assert [value for value in reference.values if value < last and value in set(answers[1])] == answers[1]
        assert all(client.counters.connections > 1 for client in clients)
        for client in clients:
            await client.close()
        assert await process.terminate() == 0
        replayed = TallyMachine()
        for header, commands, _ in archived(DiskDirectory(process.data_dir / "log")):
            replayed.apply(header, commands)
        assert replayed.state_hash() == reference.state_hash()


KILLED_CLIENT = """
import asyncio, sys
from engine.exchange import ExchangeClient
from engine.types import Role
from tests.engine.log.samples import ticks
from tests.engine.log.tally import TallyMachine

async def main():
    client = await ExchangeClient.open(sys.argv[1], role=Role.OPERATOR, machine=TallyMachine)
    value = int(sys.argv[2])
    while True:
        await client.execute(ticks(value))
        print(value, flush=True)
        value += 1

asyncio.run(main())
"""


async def test_kill_9_of_a_client_keeps_what_it_was_told_and_disturbs_nobody():
    async with log_process() as process:
        witness = await client_of(process.url, role=Role(0))
        told = []
        for start in (1000, 2000):
            client = await asyncio.create_subprocess_exec(
                sys.executable, "-c", KILLED_CLIENT, process.url, str(start), stdout=asyncio.subprocess.PIPE
            )
            for _ in range(100):
                told.append(int(await client.stdout.readline()))
            client.kill()
            told += [int(line) for line in (await client.stdout.read()).split() if len(line) == 4]
            await client.wait()
        await witness.caught_up()
        values = witness.machine.values
        assert witness.machine.validate() == ""
        assert set(told) <= set(values)
        assert len(values) <= len(told) + 2  # at most the one on its way at each kill was not told
        await witness.close()
        stored = [values_of(commands) for _, commands, _ in archived(DiskDirectory(process.data_dir / "log"))]
        assert len(stored) == witness.position
