"""Stuck settlements: why each waits for a person, and a retry that cannot pay twice.

Settlements get stuck where the ledger would not judge their chain, or where the outcome could not be applied. A retry makes the row pending
and sends the same chain with the same ids: what was done before is told as done. Only an id older than the ledger remembers cannot be asked
for any more. Then the recorded history says what became of it: a chain is all or nothing, and what took effect is recorded.
"""

import asyncio
import logging
import uuid
from typing import Annotated, Literal

import asyncpg
import numpy as np
from litestar import get, post
from litestar.params import FromPath, QueryParameter

from engine.log.port import LogError
from engine.types import TRANSFER_COMMAND, TRANSFER_ID_WINDOW_NS, Code
from engine.views import ReplicaStopped
from storefront.catalog.paging import next_in_time, place_in_time
from storefront.errors import Refusal, ShopError
from storefront.http import PAGE_DEFAULT, After, Answer, CurrentWork, Limit, as_uuid, milliseconds
from storefront.work import Shop, Shopper, Work, told_later

RECORDED_WAITS, RECORDED_WAIT_SECONDS = 60, 0.05  # for the recorder, which is a moment behind
_COLUMNS = "settlement_id, purpose, subject_id, state, cause, attempts, created_at"
logger = logging.getLogger(__name__)


class SettlementInfo(Answer):
    id: uuid.UUID
    purpose: str
    subject_id: uuid.UUID
    state: str
    cause: str
    attempts: int
    created_at: int


class SettlementPage(Answer):
    items: list[SettlementInfo]
    next: str


@get("/admin/settlements")
async def list_settlements(
    work: CurrentWork,
    which: Annotated[Literal["stuck", "pending"], QueryParameter(name="state")] = "stuck",
    after: After = "",
    limit: Limit = PAGE_DEFAULT,
) -> SettlementPage:
    """Chains of transfers that have not ended, the latest first."""
    work.moderator()
    rows = await work.db.fetch(
        f"""SELECT {_COLUMNS} FROM shop_settlements
            WHERE state = $1 AND ($2::timestamptz IS NULL OR (created_at, settlement_id) < ($2, $3))
            ORDER BY created_at DESC, settlement_id DESC LIMIT $4""", which, *place_in_time(after), limit + 1,
    )  # fmt: skip
    return SettlementPage([_info(row) for row in rows[:limit]], next_in_time(rows, limit, "created_at", "settlement_id"))


@post("/admin/settlements/{settlement_id:str}/retry", status_code=200)
async def retry_settlement(settlement_id: FromPath[str], work: CurrentWork) -> SettlementInfo:
    """Send it again, or end it by what the history says; safe however often it is asked for."""
    work.moderator()
    wanted = as_uuid(settlement_id)
    await retry(work, wanted)
    work.answer_later(_retried, str(wanted), awaiting=[wanted])
    return _info(await work.db.fetchrow(f"SELECT {_COLUMNS} FROM shop_settlements WHERE settlement_id = $1", wanted))


@told_later("settlement retried")
async def _retried(shop: Shop, _: Shopper, settlement_id: str) -> SettlementInfo:
    return _info(await shop.pool.fetchrow(f"SELECT {_COLUMNS} FROM shop_settlements WHERE settlement_id = $1", uuid.UUID(settlement_id)))


async def retry(work: Work, settlement_id: uuid.UUID) -> None:
    """Make a stuck settlement pending, so that its chain is sent again; or end it, where the ledger will not judge it for its age. Raises
    NOT_FOUND; NOT_NOW where it is not stuck; UNAVAILABLE while the history does not reach to this moment."""
    row = await work.db.fetchrow("SELECT state, cause, commands FROM shop_settlements WHERE settlement_id = $1 FOR UPDATE", settlement_id)
    if row is None:
        raise ShopError(Refusal.NOT_FOUND)
    if row["state"] != "stuck":
        raise ShopError(Refusal.NOT_NOW, f"This settlement is {row['state']}.")
    await work.db.execute("UPDATE shop_settlements SET state = 'pending', attempts = 0 WHERE settlement_id = $1", settlement_id)
    chain = np.frombuffer(row["commands"], TRANSFER_COMMAND)
    if row["cause"].endswith(Code.ID_TOO_OLD.name) or _is_too_old(work.shop, chain):
        code = Code.OK if await _was_done(work, chain) else Code.ID_TOO_OLD
        logger.warning("event=settlement_ended_by_history id=%s code=%s", settlement_id, code.name)
        await work.shop.settlements.end(work.db, settlement_id, code, work.now)


def _is_too_old(shop: Shop, chain: np.ndarray) -> bool:
    return int(chain["id_hi"].min()) < shop.exchange.machine.now_ns - TRANSFER_ID_WINDOW_NS


async def _was_done(work: Work, chain: np.ndarray) -> bool:
    """Whether the recorded history has the chain's transfers, once it reaches to where the ledger stands now: an id that is too old there
    stays too old, so what is not recorded up to there will never be done."""
    exchange = work.shop.exchange
    try:
        await exchange.caught_up()
    except (LogError, ReplicaStopped, TimeoutError):
        raise ShopError(Refusal.UNAVAILABLE) from None
    for _ in range(RECORDED_WAITS):
        recorded = await work.db.fetchval("SELECT position FROM history.recorder")
        if recorded >= exchange.position:
            break
        await asyncio.sleep(RECORDED_WAIT_SECONDS)
    else:
        raise ShopError(Refusal.UNAVAILABLE, "The recorded history is behind. Try again later.")
    return await work.db.fetchval(
        """SELECT EXISTS (SELECT FROM history.transfers
                          JOIN unnest($1::bigint[], $2::bigint[]) AS member (hi, lo) ON id_hi = hi AND id_lo = lo)""",
        chain["id_hi"].tolist(), chain["id_lo"].tolist(),
    )  # fmt: skip


def _info(row: asyncpg.Record) -> SettlementInfo:
    *fields, created_at = row
    return SettlementInfo(*fields, milliseconds(created_at))


ROUTES = [list_settlements, retry_settlement]
