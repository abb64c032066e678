"""The processes of a venue that a scenario measures: each role as the supervisor would start it, on ports of its own."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
from websockets.asyncio.client import connect

from cryptoshop.settings import Settings

START_SECONDS = 60.0


@contextlib.contextmanager
def role(name: str, settings: Settings) -> Iterator[psutil.Process]:
    """One role of the venue; ended with the context."""
    command = [sys.executable, "-m", "cryptoshop.cli", name, *settings.arguments()]
    process = subprocess.Popen(command, env=os.environ | settings.environment(), stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


async def listening(port: int) -> None:
    """Until a websocket server answers on the port."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            async with connect(f"ws://127.0.0.1:{port}/ws"):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
