"""The façade of the core: submit commands, hear what came of them, query the state. All other packages come in through here.

`Exchange` is a venue in memory, synchronous: for notebooks, backtests and tests. `ExchangeClient` is one process's door to a shared log.
Both take commands as records of 128 bytes (engine.commands) and answer with one Outcome for each.

Invariants of the client: it has at most one frame on its way, and resends the identical bytes until it knows their fate; every
submission is answered exactly once, `done` after its own replica applied it or `failed` when it was not or cannot be known any
more; submissions keep their order.

    LogError (engine.log.port)
    ├── OutcomeUnknown  the time is up, and the commands may or may not take effect yet
    └── ExchangeBusy    too many commands wait already; these were not taken
"""

import asyncio
import logging
import os
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine import commands as build
from engine.log import frame as frames
from engine.log import open_log
from engine.log.frame import GENESIS
from engine.log.port import Log, LogAhead, LogDamaged, LogError, LogGone, LogRefused, LogUnavailable, Refusal
from engine.replica import Reducer, Replica, SnapshotStore, default_machine
from engine.types import (
    ADMIN_EVENT,
    AMOUNT_MAX,
    COMMAND_BYTES,
    FRAME_COMMANDS_MAX,
    FRAME_HEADER,
    HOUSE_GATEWAY,
    ORDER_COMMAND,
    RULES_VERSION,
    Code,
    Kind,
    OrderType,
    Role,
    Side,
)
from engine.views import Applied, ReplicaStopped

logger = logging.getLogger(__name__)

SUBMISSION_COMMANDS_MAX = FRAME_COMMANDS_MAX - 1  # the first frame also registers the origin
WAITING_COMMANDS_MAX = 1 << 16  # submitted and not applied yet; more are refused
EXECUTE_SECONDS = 5.0
CONNECT_SECONDS = 10.0
RECONNECT_SECONDS = (0.02, 1.0)  # first and longest pause between two attempts
QUIET_SECONDS = 1.0  # after which a client with a clock lets time pass
SLICE_SECONDS = 0.005  # of applying frames, after which the loop gets its turn


class OutcomeUnknown(LogError):
    """Not answered in time; the commands may still take effect."""


class ExchangeBusy(LogError):
    """Too many commands wait; these were not taken."""


class Refused(Exception):
    """A convenience of Exchange was refused by the core; `code` says why."""

    def __init__(self, code: int):
        super().__init__(Code(code).name)
        self.code = Code(code)


class Outcome(NamedTuple):
    """What came of one command."""

    code: int  # Code
    position: int  # of its frame
    index: int  # in its frame
    time_ns: int  # core time of the command
    events: np.ndarray  # its ORDER_EVENT records; view them as TRANSFER_EVENT or ADMIN_EVENT by family


def outcomes_of(applied: Applied) -> list[Outcome]:
    """The outcomes of all commands of an applied frame."""
    position, events, end_ns = applied.position, applied.events, applied.time_ns
    codes, times = applied.codes.tolist(), events["time_ns"].tolist()
    bounds = np.searchsorted(events["index"], np.arange(len(codes) + 1)).tolist()
    return [
        Outcome(code, position, index, times[begin] if begin < end else end_ns, events[begin:end])
        for index, (code, begin, end) in enumerate(zip(codes, bounds, bounds[1:], strict=False))
    ]


# ---------------------------------------------------------------------- in memory


class Exchange:
    """A venue in memory: a machine that is its own log. It has the newest rules and opens itself, so that time passes by the clock given.

    >>> venue = Exchange()
    >>> usdt = venue.add_asset("USDT", 8)
    """

    _ORIGIN = 1

    def __init__(self, machine=None, *, clock: Callable[[], int] = time.time_ns, opened: bool = True):
        """`machine` is an instance (default: a new Machine). With `opened` False, `execute` takes each frame's time until OPEN."""
        self.machine = machine if machine is not None else default_machine()()
        self._clock = clock
        self._number = 0
        self._time_ns = 0
        self._listeners: list[Callable[[Applied], None]] = []
        newest_rules = build.admin(Kind.SET_RULES, value=RULES_VERSION)
        self.execute(build.frame(build.admin(Kind.REGISTER_ORIGIN, role=Role.OPERATOR), newest_rules))
        if opened:
            self.execute(build.admin(Kind.OPEN))

    def execute(self, commands: np.ndarray, *, time_ns: int | None = None) -> list[Outcome]:
        """Apply the commands as one frame, at `time_ns` (default: the clock; never backwards). Raises FrameError on no or too many."""
        return outcomes_of(self.apply(commands, time_ns=time_ns))

    def apply(self, commands: np.ndarray, *, time_ns: int | None = None) -> Applied:
        """As `execute`, without an object for each command."""
        self._time_ns = max(self._time_ns, self._clock() if time_ns is None else time_ns)
        self._number += 1
        frame = frames.encode(commands, self._ORIGIN, self._number, self._time_ns)
        records = np.frombuffer(bytearray(frame), ORDER_COMMAND, offset=frames.HEADER_BYTES)
        header = np.frombuffer(frame, FRAME_HEADER, 1).copy()
        header["position"] = self.machine.position + 1
        header["time_ns"] = self._time_ns
        applied = self.machine.apply(header[0], records)
        for listener in self._listeners:
            listener(applied)
        return applied

    def listen(self, callback: Callable[[Applied], None]) -> None:
        """Call `callback(applied)` after each applied frame."""
        self._listeners.append(callback)

    # -- conveniences: each builds one command, executes it, and raises Refused unless told otherwise

    def add_asset(self, name: str, scale: int) -> int:
        """List an asset with `scale` decimals; returns its id."""
        return self._admin("asset", Kind.ADD_ASSET, name=name.encode(), scale=scale)

    def add_symbol(self, name: str, base: int, quote: int, *, lot_units: int = 1, tick_lot_units: int = 1,
                   max_price_ticks: int = 10**9, max_quantity_lots: int | None = None, max_market_lots: int | None = None,
                   min_notional: int = 0, max_orders: int = 200, maker_ppm: int = 0, taker_ppm: int = 0) -> int:  # fmt: skip
        """List a market; returns its id. One lot is `lot_units` of base, one tick times one lot `tick_lot_units` of quote.

        The largest quantities default to what the largest price leaves room for.
        """
        if max_quantity_lots is None:
            max_quantity_lots = AMOUNT_MAX // max(1, max_price_ticks * tick_lot_units, lot_units)
        return self._admin(
            "symbol", Kind.ADD_SYMBOL, name=name.encode(), base=base, quote=quote, value=lot_units, value2=tick_lot_units,
            max_price_ticks=max_price_ticks, max_quantity_lots=max_quantity_lots,
            max_market_lots=max_quantity_lots if max_market_lots is None else max_market_lots,
            min_notional=min_notional, max_orders=max_orders, maker_ppm=maker_ppm, taker_ppm=taker_ppm,
        )  # fmt: skip

    def open_account(self, reference: tuple[int, int] | None = None) -> int:
        """Open a customer account; returns its id. `reference` is the caller's own 128-bit name for it (default: a random one)."""
        reference = reference or (1, secrets.randbits(62))
        return self._admin("account", Kind.OPEN_ACCOUNT, reference_hi=reference[0], reference_lo=reference[1])

    def deposit(self, account: int, asset: int, amount: int) -> Outcome:
        """Money comes in from outside."""
        return self._transfer(debit=HOUSE_GATEWAY, credit=account, asset=asset, amount=amount)

    def withdraw(self, account: int, asset: int, amount: int) -> Outcome:
        """Money leaves to the outside."""
        return self._transfer(debit=account, credit=HOUSE_GATEWAY, asset=asset, amount=amount)

    def place(self, account: int, symbol: int, side: Side, price_ticks: int = 0, quantity_lots: int = 0, **options) -> Outcome:
        """Place an order, LIMIT where a price is given, else MARKET; `options` as commands.place. A refusal is in the Outcome's code."""
        options.setdefault("order_type", OrderType.LIMIT if price_ticks else OrderType.MARKET)
        return self.execute(
            build.place(account, symbol, side, price_ticks=price_ticks, quantity_lots=quantity_lots, **options)
        )[0]

    def cancel(self, account: int, symbol: int, order_id: int = 0, **options) -> Outcome:
        """Cancel an order; `options` as commands.cancel. A refusal is in the Outcome's code."""
        return self.execute(build.cancel(account, symbol, order_id, **options))[0]

    def depth(self, symbol: int, limit: int = 20) -> tuple[np.ndarray, np.ndarray]:
        """(bids, asks), each (n, 2) int64: price_ticks, lots; best first."""
        return self.machine.depth(symbol, Side.BUY, limit), self.machine.depth(symbol, Side.SELL, limit)

    def balance(self, account: int, asset: int) -> tuple[int, int]:
        """(available, held)."""
        return self.machine.balance(account, asset)

    def _admin(self, wanted: str, kind: Kind, **fields) -> int:
        """Execute an administration command; returns the id `wanted` from its event."""
        return int(self._accepted(build.admin(kind, **fields)).events.view(ADMIN_EVENT)[wanted][0])

    def _transfer(self, **fields) -> Outcome:
        transfer_id = (max(self._time_ns, 1), secrets.randbits(62))
        return self._accepted(build.transfer(Kind.TRANSFER, transfer_id, **fields))

    def _accepted(self, commands: np.ndarray) -> Outcome:
        outcome = self.execute(commands)[0]
        if outcome.code != Code.OK:
            raise Refused(outcome.code)
        return outcome


# ---------------------------------------------------------------------- over a log


Done = Callable[[list[Outcome]], None]
BlockDone = Callable[[Applied, int], None]
Failed = Callable[[LogError], None]


class _Submission:
    """Commands that one caller submitted together."""

    __slots__ = ("block", "body", "count", "done", "failed")

    def __init__(self, body: bytes, done: Done | BlockDone | None, failed: Failed | None, block: bool):
        self.block = block
        self.body = body
        self.count = len(body) // COMMAND_BYTES
        self.done = done
        self.failed = failed


@dataclass(slots=True)
class _Frame:
    """Submissions on their way together."""

    origin: int
    number: int
    data: bytes
    submissions: list[_Submission]
    registers: bool  # its first command registers the origin
    doubtful: bool = False  # sent before, and whether it was appended is not known


@dataclass
class Counters:
    """What a client did since it was opened."""

    frames_applied: int = 0
    commands_applied: int = 0
    frames_skipped: int = 0
    frames_sent: int = 0
    commands_sent: int = 0
    refused: int = 0
    connections: int = 0
    apply_seconds: float = 0.0


class ExchangeClient:
    """One process's door to the log: its origin, its replica, its queue. Make it with `open`; it belongs to one event loop."""

    def __init__(self, log: str | Log, replica: Replica, role: Role, now: Callable[[], int]):
        self._loop = asyncio.get_running_loop()
        self._source = log
        self._log: Log | None = None  # while connected
        self._now = now
        self._role = role
        self._origin = _fresh_origin()
        self._number = 0
        self._gathered: deque[_Submission] = deque()
        self._in_flight: _Frame | None = None
        self._unapplied: dict[tuple[int, int], _Frame] = {}
        self._waiting = 0  # commands submitted and not answered
        self._sendable = asyncio.Event()
        self._connected = asyncio.Event()
        self._tasks: list[asyncio.Task] = []
        self._reached: list[tuple[int, asyncio.Future]] = []  # who waits for a position
        self._head_asked: asyncio.Future | None = None
        self._last_applied_at = self._loop.time()
        self._clock_timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._refusing = ""  # why the log refuses frames now
        self.replica = replica
        self.head = 0  # the highest position known to be in the log
        self.counters = Counters()
        self.failed: asyncio.Future[None] = self._loop.create_future()  # an exception, once the replica has stopped

    # ------------------------------------------------------------------ life

    @classmethod
    async def open(
        cls,
        log: str | Log,
        *,
        role: Role = Role(0),
        snapshots: str | os.PathLike | SnapshotStore | None = None,
        reducers: dict[str, Reducer] | None = None,
        clock: bool = False,
        machine=None,
        now: Callable[[], int] = time.time_ns,
        connect_timeout: float = CONNECT_SECONDS,
    ) -> "ExchangeClient":
        """Restore the newest snapshot, connect, and return once the replica has reached the log's head.

        `log` is a url (engine.log.open_log), or a Log that stays the caller's. Without `role` it can read only. With `clock`
        it lets time pass on a quiet log. `now` is the origin's clock: the venue's time until OPEN is logged. `machine` is the
        class (default Machine). Raises LogUnavailable where no log answers in time, ReplicaStopped, LogGone, LogAhead or
        LogDamaged where the replica stops on the way.
        """
        store = SnapshotStore(snapshots) if isinstance(snapshots, (str, os.PathLike)) else snapshots
        role |= Role.CLOCK if clock else Role(0)
        client = cls(log, Replica.restore(store, reducers, machine), role, now)
        client._start()
        try:
            await client._first_contact(connect_timeout)
        except BaseException:
            await client.close()
            raise
        if clock:
            client._schedule_clock()
        return client

    def _start(self) -> None:
        self._tasks = [self._loop.create_task(self._follow()), self._loop.create_task(self._send())]
        for task in self._tasks:
            task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._stop(error)

    async def _first_contact(self, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._connected.wait()
        except TimeoutError:
            raise LogUnavailable(f"no log answers at {self._source}") from None
        await self.caught_up(None)

    async def close(self, timeout: float = 2.0) -> None:
        """Wait (bounded) for what was submitted, then let go. What is not answered by then fails with LogUnavailable."""
        deadline = self._loop.time() + timeout
        while self._waiting and self._log is not None and not self.failed.done() and self._loop.time() < deadline:
            await asyncio.sleep(0.002)
        self._closing = True
        if self._clock_timer is not None:
            self._clock_timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._log = None
        self._fail_all(LogUnavailable("the exchange client is closed"))

    @property
    def machine(self):
        """The replica's machine, for queries."""
        return self.replica.machine

    @property
    def position(self) -> int:
        """Of the last frame that the replica applied."""
        return self.replica.position

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the log right now."""
        return self._log is not None

    @property
    def lag(self) -> int:
        """Frames known to be in the log that the replica has not applied yet."""
        return max(0, self.head - self.position)

    @property
    def refusing(self) -> str:
        """Why the log takes no frames at present ("" = it does), e.g. no space."""
        return self._refusing

    def listen(self, callback: Callable[[Applied], None]) -> None:
        """Call `callback(applied)` after each applied frame, in order, synchronously; after the `done` of its own commands."""
        self.replica.listen(callback)

    # ------------------------------------------------------------------ submitting

    def submit(self, commands: np.ndarray | bytes, done: Done | None, failed: Failed | None = None) -> _Submission:
        """Add commands (128-byte records) to the frame being gathered; they stay together and in order.

        `done(outcomes)` is called after this process's replica applied them; `failed(error)` instead, when it is certain that they were not
        applied (LogRefused: e.g. no space) or the client is closed or stopped (LogUnavailable). Raises ExchangeBusy, ReplicaStopped,
        ValueError on no, too many or broken commands.
        """
        return self._submit(commands, done, failed, block=False)

    def submit_block(self, commands: np.ndarray | bytes, done: BlockDone, failed: Failed | None = None) -> _Submission:
        """As `submit`, without an object for each command: `done(applied, start)` gets the whole frame and where these begin in it."""
        return self._submit(commands, done, failed, block=True)

    def _submit(self, commands, done, failed, *, block: bool) -> _Submission:
        body = commands if isinstance(commands, bytes) else commands.tobytes()
        submission = _Submission(body, done, failed, block)
        if not 1 <= submission.count <= SUBMISSION_COMMANDS_MAX or len(body) % COMMAND_BYTES:
            raise ValueError(f"1 to {SUBMISSION_COMMANDS_MAX} whole commands can be submitted, not {len(body)} bytes")
        if self.failed.done() or self._closing:
            raise ReplicaStopped("the exchange client has stopped")
        if not self._role:
            raise ValueError("this exchange client was opened without a role: it can only read")
        if self._waiting + submission.count > WAITING_COMMANDS_MAX:
            raise ExchangeBusy(f"{self._waiting} commands wait for the log")
        self._waiting += submission.count
        self._gathered.append(submission)
        self._sendable.set()
        return submission

    async def execute(self, commands: np.ndarray | bytes, timeout: float = EXECUTE_SECONDS) -> list[Outcome]:
        """Submit and wait. Raises as `submit`; LogRefused or LogUnavailable: they did not take effect; OutcomeUnknown: they may yet."""
        answer: asyncio.Future[list[Outcome]] = self._loop.create_future()
        submission = self.submit(
            commands,
            lambda outcomes: answer.done() or answer.set_result(outcomes),
            lambda error: answer.done() or answer.set_exception(error),
        )
        try:
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError:
            if self._withdraw(submission):
                raise LogUnavailable("the log did not take the commands in time; they were withdrawn") from None
            raise OutcomeUnknown("no answer in time; the commands may or may not take effect") from None

    def _withdraw(self, submission: _Submission) -> bool:
        """Take back what has not been sent."""
        try:
            self._gathered.remove(submission)
        except ValueError:
            return False
        self._waiting -= submission.count
        return True

    async def caught_up(self, timeout: float | None = EXECUTE_SECONDS) -> None:
        """Return once the replica has reached the log's head as of this call. Raises TimeoutError, or what stopped the replica."""
        async with asyncio.timeout(timeout):
            position = self.position
            head = await self._ask_head()
            if head < position:
                self._stop(LogAhead(position, head))
                raise LogAhead(position, head)
            if head > self.position:
                reached = self._loop.create_future()
                self._reached.append((head, reached))
                await reached

    def _ask_head(self) -> asyncio.Future:
        """The head, asked for after now. Callers of one turn of the loop share one question."""
        if self._head_asked is None:
            self._head_asked = self._loop.create_task(self._head_once())
            self._head_asked.add_done_callback(_retrieve)
        return asyncio.shield(self._head_asked)

    async def _head_once(self) -> int:
        self._head_asked = None  # whoever comes later asks again
        while True:
            await self._connected.wait()
            if self.failed.done() or self._log is None:
                raise self.failed.exception() if self.failed.done() else LogUnavailable("the exchange client is closed")
            log = self._log
            try:
                head = await log.head()
            except LogUnavailable:
                self._disconnected(log)
                continue
            self.head = max(self.head, head)
            return head

    # ------------------------------------------------------------------ sending

    async def _send(self) -> None:
        """One frame at a time: gather, append, and the next one once its fate is known."""
        while True:
            await self._sendable.wait()
            log = self._log
            if log is None or (frame := self._in_flight or self._next_frame()) is None:
                self._sendable.clear()
                continue
            try:
                await log.append(frame.data)
            except LogRefused as refusal:
                await self._on_refusal(frame, refusal)
            except LogUnavailable:
                frame.doubtful = True
                self._disconnected(log)
            else:
                self._in_flight = None
                if self._refusing and not frames.brings_relief(frame.data[frames.HEADER_BYTES :]):
                    self._refusing = ""

    def _next_frame(self) -> _Frame | None:
        if not self._gathered:
            return None
        registers = self._number == 0
        submissions = self._take_submissions(FRAME_COMMANDS_MAX - registers)
        bodies = [submission.body for submission in submissions]
        if registers:
            bodies.insert(0, build.admin(Kind.REGISTER_ORIGIN, role=self._role).tobytes())
        self._number += 1
        data = frames.encode(b"".join(bodies), self._origin, self._number, max(self._now(), 0))
        frame = self._in_flight = _Frame(self._origin, self._number, data, submissions, registers)
        self._unapplied[frame.origin, frame.number] = frame
        self.counters.frames_sent += 1
        self.counters.commands_sent += sum(submission.count for submission in submissions)
        return frame

    def _take_submissions(self, room: int) -> list[_Submission]:
        taken, gathered = [], self._gathered
        while gathered and gathered[0].count <= room:
            room -= gathered[0].count
            taken.append(gathered.popleft())
        return taken

    async def _on_refusal(self, frame: _Frame, refusal: LogRefused) -> None:
        """The frame is not in the log by this attempt. If an earlier one may have put it there, only the same bytes may follow."""
        if not self._refusing:
            logger.error("event=log_refuses reason=%s", refusal)
        self._refusing = str(refusal)
        self.counters.refused += 1
        if refusal.reason is Refusal.CONFLICT:
            self._stop(ReplicaStopped(f"origin {frame.origin} number {frame.number}: {refusal}"))
        elif frame.doubtful or refusal.reason is Refusal.STOPPING:
            await asyncio.sleep(RECONNECT_SECONDS[1])
        else:
            self._in_flight = None
            self._number -= 1
            del self._unapplied[frame.origin, frame.number]
            self._shed(frame.submissions, refusal)

    def _shed(self, submissions: list[_Submission], refusal: LogRefused) -> None:
        """Fail them, but let cancels and their like try once more on their own."""
        relief = [submission for submission in submissions if frames.brings_relief(submission.body)]
        if len(relief) < len(submissions):
            self._requeue(relief)
            submissions = [submission for submission in submissions if not frames.brings_relief(submission.body)]
        for submission in submissions:
            self._fail(submission, refusal)

    # ------------------------------------------------------------------ following

    async def _follow(self) -> None:
        """Stay connected and apply what the log holds, until closed or stopped."""
        pause = RECONNECT_SECONDS[0]
        while not self.failed.done():
            try:
                log = await self._connect()
                pause = RECONNECT_SECONDS[0]
                await self._apply_from(log)
            except LogUnavailable as error:
                if self._log is not None:
                    logger.warning("event=log_lost position=%d reason=%s", self.position, error)
                    self._disconnected(self._log)
                await asyncio.sleep(pause)
                pause = min(2 * pause, RECONNECT_SECONDS[1])
            except (ReplicaStopped, LogGone, LogAhead, LogDamaged) as error:
                self._stop(error)
            except Exception as error:
                logger.exception("event=client_failed position=%d", self.position)
                self._stop(error)

    async def _connect(self) -> Log:
        log = await open_log(self._source) if isinstance(self._source, str) else self._source
        self._log = log
        self.counters.connections += 1
        self._connected.set()
        self._sendable.set()
        return log

    def _disconnected(self, log: Log) -> None:
        if self._log is log:
            self._log = None
            self._connected.clear()

    async def _apply_from(self, log: Log) -> None:
        chain = self.replica.chain if self.position else GENESIS
        turn_ends = time.monotonic() + SLICE_SECONDS  # the loop's own time may stand still during a turn
        try:
            async with aclosing(log.read(self.position + 1, chain)) as arriving:
                async for header, commands in arriving:
                    began = time.monotonic()
                    if began > turn_ends:
                        await asyncio.sleep(0)
                        began = time.monotonic()
                        turn_ends = began + SLICE_SECONDS
                    self._apply(header, commands)
                    self.counters.apply_seconds += time.monotonic() - began
        finally:
            if log is not self._source:
                await log.close()

    def _apply(self, header: np.void, commands: np.ndarray) -> None:
        applied = self.replica.apply(header, commands)
        self._last_applied_at = self._loop.time()
        self.head = max(self.head, applied.position)
        self.counters.frames_applied += 1
        self.counters.commands_applied += len(applied.codes)
        self.counters.frames_skipped += bool(applied.skipped)
        frame = self._unapplied.pop((applied.origin, applied.number), None)
        if frame is not None:
            self._answer(frame, applied)
        self.replica.tell(applied)
        if self._reached:
            self._wake_reached()

    def _answer(self, frame: _Frame, applied: Applied) -> None:
        if applied.skipped:
            self._send_again(frame, applied.skipped)
            return
        outcomes = None  # made once, and only if somebody wants them
        start = int(frame.registers)
        for submission in frame.submissions:
            end = start + submission.count
            self._waiting -= submission.count
            if submission.block:
                self._call(submission.done, applied, start)
            elif submission.done is not None:
                if outcomes is None:
                    outcomes = outcomes_of(applied)
                self._call(submission.done, outcomes[start:end])
            start = end

    def _send_again(self, frame: _Frame, reason: str) -> None:
        """The core skipped the first sight of a frame of ours: it has forgotten the origin. The commands go out under a new one."""
        logger.warning("event=origin_forgotten origin=%d number=%d reason=%s", frame.origin, frame.number, reason)
        if frame.origin == self._origin:
            self._origin, self._number = _fresh_origin(), 0
        self._requeue(frame.submissions)

    def _requeue(self, submissions: list[_Submission]) -> None:
        """Before everything gathered later."""
        self._gathered.extendleft(reversed(submissions))
        self._sendable.set()

    def _wake_reached(self) -> None:
        still = []
        for position, reached in self._reached:
            if position > self.position:
                still.append((position, reached))
            elif not reached.done():
                reached.set_result(None)
        self._reached = still

    # ------------------------------------------------------------------ failing

    def _stop(self, error: BaseException) -> None:
        """The replica cannot go on: everything that waits fails, and `failed` says why."""
        logger.critical("event=replica_stopped position=%d reason=%s", self.position, error)
        if not self.failed.done():
            self.failed.set_exception(error)
            _retrieve(self.failed)
        self._connected.set()  # whoever waits for a connection learns why there is none
        self._fail_all(LogUnavailable(f"the replica has stopped: {error}"))

    def _fail_all(self, error: LogError) -> None:
        waiting = [one for frame in self._unapplied.values() for one in frame.submissions]
        waiting += self._gathered
        self._unapplied.clear()
        self._gathered.clear()
        self._in_flight = None
        for submission in waiting:
            self._fail(submission, error)
        for _, reached in self._reached:
            if not reached.done():
                reached.set_exception(error)
        self._reached = []

    def _fail(self, submission: _Submission, error: LogError) -> None:
        self._waiting -= submission.count
        if submission.failed is not None:
            self._call(submission.failed, error)
        elif submission.done is not None:
            logger.error("event=commands_failed count=%d reason=%s", submission.count, error)

    @staticmethod
    def _call(callback: Callable, *arguments) -> None:
        """A caller's mistake is the caller's alone."""
        try:
            callback(*arguments)
        except Exception:
            logger.exception("event=callback_failed")

    # ------------------------------------------------------------------ clock

    def _schedule_clock(self) -> None:
        quiet_at = self._last_applied_at + QUIET_SECONDS
        if self._loop.time() >= quiet_at:
            self._tick()
            quiet_at = self._loop.time() + QUIET_SECONDS
        self._clock_timer = self._loop.call_at(quiet_at, self._schedule_clock)

    def _tick(self) -> None:
        if self.machine.opened and self._log is not None and not self._waiting and not self.failed.done():
            self.submit(build.admin(Kind.TICK), None)


def _fresh_origin() -> int:
    return secrets.randbelow(2**63 - 1) + 1


def _retrieve(future: asyncio.Future) -> None:
    """Whoever awaits the future gets its exception; that nobody did is no finding."""
    if not future.cancelled():
        future.exception()
