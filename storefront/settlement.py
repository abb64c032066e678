"""Where database and ledger meet: an outbox of transfer chains with fixed ids.

A decision that moves money commits a row of `shop_settlements` with it. The row's chain is then sent to the log, again and again with the
same ids until its fate is known, and the outcome is applied in one transaction that ends the row. So a crash between any two steps leaves
either nothing, or a pending row that the next start finishes: the ledger executes a chain once however often it is sent, and the outcome is
applied once since only a pending row is ended.

    Settlement          a row
    Settlements.add     in the deciding transaction
    Settlements.dispatch, .ended   after its commit: send, and wait for the outcome
    Settlements.on      who applies the outcome of a purpose
    Settlements.run     finishes what was left pending
"""

import asyncio
import datetime
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import asyncpg
import numpy as np

from engine import commands as make
from engine.exchange import ExchangeClient
from engine.log.port import LogError
from engine.types import Code, TransferFlag

SWEEP_SECONDS = 2.0
ATTEMPTS_MAX = 20  # of applying an outcome; then it is stuck and waits for a person
# Codes that say nothing about the money: the chain was not judged. Whether an id that is too old was executed, only the history can tell.
UNDECIDED = frozenset(
    (Code.ID_TOO_OLD, Code.ID_IN_FUTURE, Code.NOT_PERMITTED, Code.STALE, Code.LINKED_CHAIN_OPEN, Code.LINKED_CHAIN_TOO_LONG)
)
_PENDING = "SELECT settlement_id FROM shop_settlements WHERE state = 'pending' ORDER BY created_at LIMIT 500"
_COMMANDS = "SELECT commands FROM shop_settlements WHERE settlement_id = $1 AND state = 'pending'"
_ENDED = """SELECT purpose, subject_id, detail, code FROM shop_settlements
            WHERE settlement_id = $1 AND state IN ('done', 'failed')"""
logger = logging.getLogger(__name__)


class Settlement(NamedTuple):
    settlement_id: uuid.UUID
    purpose: str
    subject_id: uuid.UUID
    detail: dict[str, Any]
    code: int  # Code.OK: the chain is done; else why it is not

    @property
    def done(self) -> bool:
        return self.code == Code.OK


Apply = Callable[[asyncpg.Connection, Settlement, datetime.datetime], Awaitable[None]]


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
        self._apply: dict[str, Apply] = {}
        self._running: dict[uuid.UUID, asyncio.Task[Settlement | None]] = {}

    def on(self, purpose: str, apply: Apply) -> None:
        """`apply(db, settlement, now)` carries the outcome of a purpose into the database, in the transaction that ends the row."""
        self._apply[purpose] = apply

    async def add(self, db: asyncpg.Connection, purpose: str, subject_id: uuid.UUID, chain: Sequence[np.ndarray],
                  detail: dict[str, Any], now: datetime.datetime) -> uuid.UUID:  # fmt: skip
        """A pending row, in the caller's transaction."""
        settlement_id = uuid.uuid4()
        await db.execute(
            """INSERT INTO shop_settlements (settlement_id, purpose, subject_id, commands, detail, created_at)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            settlement_id, purpose, subject_id, chain_bytes(chain), json.dumps(detail), now,
        )  # fmt: skip
        return settlement_id

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
        row = await self._pool.fetchrow(_COMMANDS, settlement_id)
        if row is None:
            return await self._past(settlement_id)
        try:
            outcomes = await self._exchange.execute(row["commands"])
        except LogError as error:  # nothing is known; the sweep sends the same chain again
            logger.warning("event=settlement_unsent id=%s error=%s", settlement_id, type(error).__name__)
            return None
        codes = [outcome.code for outcome in outcomes]
        code = fate(codes)
        if code is None:
            await self._stuck(settlement_id, f"the ledger answered {Code(next(c for c in codes if c in UNDECIDED)).name}")
            return None
        return await self._end(settlement_id, code)

    async def _end(self, settlement_id: uuid.UUID, code: int) -> Settlement | None:
        """End the row and apply its outcome, in one transaction; whoever comes second finds it ended."""
        now = self._clock()
        try:
            async with self._pool.acquire() as db, db.transaction():
                row = await db.fetchrow(
                    """UPDATE shop_settlements SET state = $2, code = $3, cause = $4, ended_at = $5, attempts = attempts + 1
                       WHERE settlement_id = $1 AND state = 'pending' RETURNING purpose, subject_id, detail""",
                    settlement_id, "done" if code == Code.OK else "failed", code, "" if code == Code.OK else Code(code).name, now,
                )  # fmt: skip
                if row is not None:
                    settlement = Settlement(settlement_id, row["purpose"], row["subject_id"], json.loads(row["detail"]), code)
                    await self._apply[settlement.purpose](db, settlement, now)
                    return settlement
        except Exception as error:
            logger.exception("event=outcome_not_applied id=%s", settlement_id)
            await self._failed_to_apply(settlement_id, f"{type(error).__name__}: {error}"[:500])
            return None
        return await self._past(settlement_id)

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
