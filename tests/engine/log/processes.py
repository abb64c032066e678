"""The real log process, started and ended by tests."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

from engine.log.local import LocalLog
from engine.log.port import LogUnavailable


class LogProcess:
    """`python -m engine.log.server` over a data directory."""

    def __init__(self, data_dir: Path):
        self.data_dir = data_dir
        self.socket = data_dir / "log.sock"
        self.url = f"local:{self.socket}"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, *arguments: str) -> None:
        """Start and wait until it answers. Raises AssertionError with its last words where it ends instead."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "engine.log.server", "--data-dir", str(self.data_dir), *arguments,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        while self.process.returncode is None:
            try:
                log = await LocalLog.open(str(self.socket))
            except LogUnavailable:
                await asyncio.sleep(0.02)
            else:
                await log.close()
                return
        raise AssertionError(await self.last_words())

    async def last_words(self) -> str:
        return (await self.process.stderr.read()).decode()

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()


@asynccontextmanager
async def log_process(*arguments: str, start: bool = True):
    """A LogProcess over a fresh directory with a short path (a Unix socket's is limited), killed at the end."""
    data_dir = Path(tempfile.mkdtemp(prefix="log-"))
    log = LogProcess(data_dir)
    try:
        if start:
            await log.start(*arguments)
        yield log
    finally:
        if log.process is not None and log.process.returncode is None:
            os.kill(log.process.pid, signal.SIGKILL)
            await log.process.wait()
        shutil.rmtree(data_dir)
