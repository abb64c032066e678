"""A recorder in a process of its own, to be killed: python -m tests.marketdata.recorder_process LOG_URL DATABASE_URL SNAPSHOT_DIR

It makes small batches and many snapshots, so that a kill meets every kind of moment.
"""

import asyncio
import sys

from cryptoshop.database import pool as open_pool
from engine.replica import SnapshotStore
from marketdata import recorder


async def main(log_url: str, database_url: str, snapshot_dir: str) -> None:
    recorder.BATCH_EVENTS = 60
    recorder.LINGER_SECONDS = 0.001
    recorder.SNAPSHOT_COMMANDS = 300
    pool = await open_pool(database_url, connections=1)
    await recorder.Recorder(log_url, pool, SnapshotStore(snapshot_dir)).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
