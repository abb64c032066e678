"""The real log server inside the test's own loop, over any Directory."""

import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

from engine.log.clock import LogClock
from engine.log.files import Directory
from engine.log.segments import SEGMENT_BYTES, SegmentStore
from engine.log.server import LogServer


@asynccontextmanager
async def log_server(directory: Directory, *, clock: LogClock | None = None, segment_bytes: int = SEGMENT_BYTES):
    """Serve `directory`; yields (server, socket path)."""
    store = SegmentStore(directory, segment_bytes=segment_bytes)
    store.open()
    folder = Path(tempfile.mkdtemp(prefix="log-"))
    server = LogServer(store, clock)
    try:
        await server.start(folder / "log.sock")
        yield server, str(folder / "log.sock")
    finally:
        await server.stop()
        shutil.rmtree(folder)
