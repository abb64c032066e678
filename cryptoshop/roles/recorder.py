"""`cryptoshop recorder`: history to PostgreSQL, snapshots beside the log."""

import asyncio
import contextlib

from cryptoshop import database
from cryptoshop.observability import Sampler
from cryptoshop.roles.common import run_role
from cryptoshop.settings import Settings
from engine.replica import SnapshotStore
from marketdata import Recorder

DESCRIPTION = "Follows the log of a running venue: history into PostgreSQL, exactly once, and snapshots at recorded positions."


async def serve(settings: Settings) -> None:
    pool = await database.pool(settings.database_url or settings.running_database_url())
    recorder = Recorder(settings.resolved_log_url, pool, SnapshotStore(settings.snapshot_dir))
    sampler = asyncio.create_task(Sampler("recorder", recorder.counters).run())
    try:
        await recorder.run()
    finally:
        sampler.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), 2)


def main(arguments: list[str]) -> int:
    return run_role("recorder", DESCRIPTION, arguments, serve)
