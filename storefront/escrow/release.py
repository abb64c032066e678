"""The keeper of auto release: what was shipped long enough ago, and is not disputed, is the seller's."""

import asyncio
import datetime
import logging

from marketdata.errors import DATABASE_AWAY
from storefront.errors import DATABASE_BUSY, Refusal, ShopError
from storefront.escrow.settling import ORDER, begin
from storefront.orders.outcomes import RELEASE
from storefront.work import Shop, Work

SWEEP_SECONDS = 5.0
BATCH = 100
REFUSED_AGAIN = datetime.timedelta(hours=1)  # after a release that the ledger refused
_DUE = f"""{ORDER.partition("WHERE")[0]}
           WHERE o.payment = 'held' AND o.fulfilment = 'shipped' AND o.dispute IN ('none', 'withdrawn')
                 AND o.auto_release_at <= $1 AND o.closed_at IS NULL AND o.settlement_id IS NULL
                 AND NOT EXISTS (SELECT FROM shop_settlements t WHERE t.subject_id = o.order_id AND t.purpose = 'release'
                                 AND t.state = 'failed' AND t.ended_at > $2)
           ORDER BY o.auto_release_at LIMIT {BATCH} FOR NO KEY UPDATE OF o SKIP LOCKED"""
logger = logging.getLogger(__name__)


async def release_due(shop: Shop) -> int:
    """Release what is due now, each on its own; returns how many were decided."""
    async with shop.pool.acquire() as db:
        work = Work(shop, db, None, None)
        async with db.transaction():
            due = await db.fetch(_DUE, work.now, work.now - REFUSED_AGAIN)
            for order in due:
                await begin(work, order, RELEASE, to_seller=order["held"], of_nothing="release", actor="system")
    for settlement_id in work.settlement_ids:
        shop.settlements.dispatch(settlement_id)
    return len(due)


async def keep_releasing(shop: Shop) -> None:
    """Until cancelled."""
    while True:
        try:
            if await release_due(shop) == BATCH:
                continue
        except (*DATABASE_AWAY, *DATABASE_BUSY) as error:
            logger.warning("event=release_sweep_failed error=%s", type(error).__name__)
        except ShopError as error:
            if error.refusal is not Refusal.UNKNOWN_ASSET:  # the replica has not heard of it yet
                raise
        await asyncio.sleep(SWEEP_SECONDS)
