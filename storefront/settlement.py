"""Where database and ledger meet: an outbox of transfer chains with fixed ids.

A decision that moves money commits a row of `shop_settlements` with it. The row's chain is then sent to the log, again and again with the
same ids until its fate is known, and the outcome is applied in one transaction that ends the row. So a crash between any two steps leaves
either nothing, or a pending row that the next start finishes: the ledger executes a chain once however often it is sent, and the outcome is
applied once since only a pending row is ended. Outcomes of a purpose that can be applied together are, where they arrive together; all
others, and those together that failed, have a transaction each, so that none locks rows in another's order.

    Settlement          a row
    Settlements.add     in the deciding transaction
    Settlements.dispatch, .ended   after its commit: send, and wait for the outcome
    Settlements.on, .on_many       who applies the outcome of a purpose, one by one or together
    Settlements.run     finishes what was left pending
"""

import asyncio
import datetime
import json
import logging
import uuid
from collections import OrderedDict, defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import asyncpg
import numpy as np

from engine import commands as make
from engine.exchange import ExchangeClient, Outcome
from engine.log.port import LogError
from engine.types import Code, TransferFlag

SWEEP_SECONDS = 2.0
TOGETHER_MAX = 64  # outcomes of one transaction
CHAINS_KEPT = 4096  # in memory from their entry to their dispatch; others are read from their rows
ATTEMPTS_MAX = 20  # of applying an outcome; then it is stuck and waits for a person
# Codes that say nothing about the money: the chain was not judged. Whether an id that is too old was executed, only the history can tell.
UNDECIDED = frozenset(
    (Code.ID_TOO_OLD, Code.ID_IN_FUTURE, Code.NOT_PERMITTED, Code.STALE, Code.LINKED_CHAIN_OPEN, Code.LINKED_CHAIN_TOO_LONG)
)
ENTERED_COLUMNS = "settlement_id, purpose, subject_id, commands, detail, created_at"
_ENTER = f"INSERT INTO shop_settlements ({ENTERED_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)"
_PENDING = "SELECT settlement_id FROM shop_settlements WHERE state = 'pending' ORDER BY created_at LIMIT 500"
_CHAIN = "SELECT purpose, commands FROM shop_settlements WHERE settlement_id = $1 AND state = 'pending'"
_END = """UPDATE shop_settlements s SET state = e.state, code = e.code, cause = e.cause, ended_at = $5, attempts = attempts + 1
          FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[]) AS e (settlement_id, state, code, cause)
          WHERE s.settlement_id = e.settlement_id AND s.state = 'pending' RETURNING s.settlement_id, purpose, subject_id, detail"""
_ENDED = """SELECT purpose, subject_id, detail, code FROM shop_settlements
            WHERE settlement_id = $1 AND state IN ('done', 'failed')"""
logger = logging.getLogger(__name__)


class Settlement(NamedTuple):
    settlement_id: uuid.UUID
    purpose: str
    subject_id: uuid.UUID
    detail: dict[str, Any]
    code: int  # Code.OK: the chain is done; else why it is not
    outcomes: Sequence[Outcome] = ()  # of the chain's members; their events are missing where an earlier sending did it

    @property
    def done(self) -> bool:
        return self.code == Code.OK


Apply = Callable[[asyncpg.Connection, Settlement, datetime.datetime], Awaitable[None]]
ApplyMany = Callable[[asyncpg.Connection, list[Settlement], datetime.datetime], Awaitable[None]]


class _Fate(NamedTuple):
    """A chain that was judged, on its way into the database."""

    settlement_id: uuid.UUID
    purpose: str
    code: int
    outcomes: Sequence[Outcome]
    applied: "asyncio.Future[Settlement | None]"


def chain_bytes(chain: Sequence[np.ndarray]) -> bytes:
    """Transfer commands as one linked chain."""
    body = make.frame(*chain)
    body["flags"][:-1] |= np.uint8(TransferFlag.LINKED)
    body["flags"][-1] &= ~np.uint8(TransferFlag.LINKED)
    return body.tobytes()


def fate(codes: Sequence[int]) -> int | None:
    """What became of a chain, by its members' codes: OK, the code of the member that failed, or None where it was not judged."""
    if all(code in (Code.OK, Code.EXISTS) for code in codes):
        return int(Code.OK)
    failed = next(code for code in codes if code not in (Code.OK, Code.EXISTS, Code.LINKED_FAILED))
    return None if failed in UNDECIDED else int(failed)


class Settlements:
    """The outbox of one process."""

    def __init__(self, pool: asyncpg.Pool, exchange: ExchangeClient, clock: Callable[[], datetime.datetime]):
        self._pool = pool
        self._exchange = exchange
        self._clock = clock
        self._apply: dict[str, ApplyMany] = {}
        self._many: set[str] = set()  # purposes of which several outcomes are applied at once
        self._chains: OrderedDict[uuid.UUID, tuple[str, bytes]] = OrderedDict()
        self._judged: deque[_Fate] = deque()
        self._applying: asyncio.Task[None] | None = None
        self._running: dict[uuid.UUID, asyncio.Task[Settlement | None]] = {}

    def on(self, purpose: str, apply: Apply) -> None:
        """`apply(db, settlement, now)` carries the outcome of a purpose into the database, in the transaction that ends the row."""

        async def apply_each(db: asyncpg.Connection, settlements: list[Settlement], now: datetime.datetime) -> None:
            for settlement in settlements:
                await apply(db, settlement, now)

        self._apply[purpose] = apply_each

    def on_many(self, purpose: str, apply: ApplyMany) -> None:
        """As `on`, where `apply(db, settlements, now)` carries any number of outcomes at once."""
        self._apply[purpose] = apply
        self._many.add(purpose)

    async def add(self, db: asyncpg.Connection, purpose: str, subject_id: uuid.UUID, chain: Sequence[np.ndarray],
                  detail: dict[str, Any], now: datetime.datetime) -> uuid.UUID:  # fmt: skip
        """A pending row, in the caller's transaction."""
        row = self.row(purpose, subject_id, chain, detail, now)
        await db.execute(_ENTER, *row)
        return row[0]

    def row(self, purpose: str, subject_id: uuid.UUID, chain: Sequence[np.ndarray], detail: dict[str, Any],
            now: datetime.datetime) -> tuple[uuid.UUID, str, uuid.UUID, bytes, str, datetime.datetime]:  # fmt: skip
        """The values of ENTERED_COLUMNS, for a caller that enters them with a statement of its own."""
        settlement_id, commands = uuid.uuid4(), chain_bytes(chain)
        self._chains[settlement_id] = purpose, commands
        if len(self._chains) > CHAINS_KEPT:
            self._chains.popitem(last=False)
        return settlement_id, purpose, subject_id, commands, json.dumps(detail), now

    def dispatch(self, settlement_id: uuid.UUID) -> asyncio.Task:
        """Send a committed row now; the same task for all who ask."""
        task = self._running.get(settlement_id)
        if task is None:
            task = self._running[settlement_id] = asyncio.create_task(self._settle(settlement_id))
            task.add_done_callback(lambda _: self._running.pop(settlement_id, None))
        return task

    async def ended(self, settlement_id: uuid.UUID, timeout: float = 5.0) -> Settlement | None:
        """Dispatch, and wait for the end; None where it is not known within `timeout` seconds (it goes on by itself)."""
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(self.dispatch(settlement_id))
        except TimeoutError:
            return None

    async def run(self) -> None:
        """Until cancelled: sends what was left pending, by a process that died or because the log was away."""
        while True:
            try:
                rows = await self._pool.fetch(_PENDING)
                await asyncio.gather(*(self.dispatch(row["settlement_id"]) for row in rows))
            except Exception as error:  # noqa: BLE001 (a database that is away comes back)
                logger.warning("event=sweep_failed error=%s", type(error).__name__)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _settle(self, settlement_id: uuid.UUID) -> Settlement | None:
        chain = self._chains.pop(settlement_id, None) or await self._pool.fetchrow(_CHAIN, settlement_id)
        if chain is None:
            return await self._past(settlement_id)
        purpose, commands = chain
        try:
            outcomes = await self._exchange.execute(commands)
        except LogError as error:  # nothing is known; the sweep sends the same chain again
            logger.warning("event=settlement_unsent id=%s error=%s", settlement_id, type(error).__name__)
            return None
        codes = [outcome.code for outcome in outcomes]
        code = fate(codes)
        if code is None:
            await self._stuck(settlement_id, f"the ledger answered {Code(next(c for c in codes if c in UNDECIDED)).name}")
            return None
        applied: asyncio.Future[Settlement | None] = asyncio.get_running_loop().create_future()
        self._judged.append(_Fate(settlement_id, purpose, code, outcomes, applied))
        if self._applying is None or self._applying.done():
            self._applying = asyncio.create_task(self._apply_judged())
        return await applied

    async def _apply_judged(self) -> None:
        """Until none is left: the oldest, and with it those of its purpose where they can be applied together."""
        while self._judged:
            fates = self._next_fates()
            try:
                await self._end(fates)
            except Exception as error:  # noqa: BLE001 (which of them failed shows when each is tried alone)
                if len(fates) > 1:
                    logger.warning("event=outcomes_not_applied_together count=%d error=%s", len(fates), type(error).__name__)
                for one in fates:
                    await self._end_alone(one)

    def _next_fates(self) -> list[_Fate]:
        purpose = self._judged[0].purpose
        if purpose not in self._many:
            return [self._judged.popleft()]
        fates = [one for one in self._judged if one.purpose == purpose][:TOGETHER_MAX]
        for one in fates:
            self._judged.remove(one)
        return fates

    async def end(self, db: asyncpg.Connection, settlement_id: uuid.UUID, code: int, now: datetime.datetime) -> None:
        """End a pending row by what is known of its chain from elsewhere than the ledger's answer, in the caller's transaction."""
        await self._end_rows(db, {settlement_id: (code, ())}, now)

    async def _end(self, fates: Sequence[_Fate]) -> None:
        """End the rows and apply their outcomes, in one transaction; whoever comes second finds them ended."""
        async with self._pool.acquire() as db, db.transaction():
            found = await self._end_rows(db, {one.settlement_id: (one.code, one.outcomes) for one in fates}, self._clock())
        for one in fates:
            _answer(one, found.get(one.settlement_id) or await self._past(one.settlement_id))

    async def _end_rows(self, db: asyncpg.Connection, fates: dict[uuid.UUID, tuple[int, Sequence[Outcome]]],
                        now: datetime.datetime) -> dict[uuid.UUID, Settlement]:  # fmt: skip
        codes = [code for code, _ in fates.values()]
        rows = await db.fetch(
            _END, list(fates), ["failed" if code else "done" for code in codes], codes,
            [Code(code).name if code else "" for code in codes], now,
        )  # fmt: skip
        ended = defaultdict(list)
        for row in rows:
            settlement_id = row["settlement_id"]
            ended[row["purpose"]].append(
                Settlement(settlement_id, row["purpose"], row["subject_id"], json.loads(row["detail"]), *fates[settlement_id])
            )
        for purpose, settlements in ended.items():
            await self._apply[purpose](db, settlements, now)
        return {settlement.settlement_id: settlement for settlements in ended.values() for settlement in settlements}

    async def _end_alone(self, one: _Fate) -> None:
        try:
            await self._end([one])
        except Exception as error:
            logger.exception("event=outcome_not_applied id=%s", one.settlement_id)
            try:
                await self._failed_to_apply(one.settlement_id, f"{type(error).__name__}: {error}"[:500])
            except Exception as away:  # noqa: BLE001 (whoever waits for it must hear that it is not applied)
                logger.warning("event=attempt_not_counted id=%s error=%s", one.settlement_id, type(away).__name__)
            _answer(one, None)

    async def _past(self, settlement_id: uuid.UUID) -> Settlement | None:
        row = await self._pool.fetchrow(_ENDED, settlement_id)
        return None if row is None else Settlement(settlement_id, row["purpose"], row["subject_id"], json.loads(row["detail"]), row["code"])

    async def _failed_to_apply(self, settlement_id: uuid.UUID, cause: str) -> None:
        await self._pool.execute(
            """UPDATE shop_settlements
               SET attempts = attempts + 1, cause = $2, state = CASE WHEN attempts + 1 >= $3 THEN 'stuck' ELSE state END
               WHERE settlement_id = $1 AND state = 'pending'""",
            settlement_id, cause, ATTEMPTS_MAX,
        )  # fmt: skip

    async def _stuck(self, settlement_id: uuid.UUID, cause: str) -> None:
        logger.error("event=settlement_stuck id=%s cause=%s", settlement_id, cause)
        await self._pool.execute(
            """UPDATE shop_settlements SET state = 'stuck', cause = $2, attempts = attempts + 1
               WHERE settlement_id = $1 AND state = 'pending'""",
            settlement_id, cause,
        )  # fmt: skip


def _answer(one: _Fate, settlement: Settlement | None) -> None:
    if not one.applied.done():
        one.applied.set_result(settlement)
