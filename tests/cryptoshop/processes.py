"""A venue as its operator sees it: `cryptoshop serve` in a process of its own, its roles found by name, killed by their ids."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

READY_TIMEOUT_S = 240


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Serve:
    """`cryptoshop serve` on a data directory; stopped at the end whatever happens."""

    def __init__(self, data_dir: Path, *flags: str) -> None:
        self.data_dir = data_dir
        self.flags = flags
        self.http_port, self.ws_port = free_ports(2)
        self.process: subprocess.Popen | None = None

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.ws_port}"

    @property
    def output_path(self) -> Path:
        return self.data_dir.with_name(self.data_dir.name + ".out")

    def __enter__(self) -> "Serve":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        command = [sys.executable, "-m", "cryptoshop.cli", "serve", "--data-dir", str(self.data_dir), "--http-port", str(self.http_port),
                   "--ws-port", str(self.ws_port), *self.flags]  # fmt: skip
        with open(self.output_path, "ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True)
        self.wait_ready()

    def wait_ready(self) -> None:
        until = time.monotonic() + READY_TIMEOUT_S
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with {self.process.returncode}:\n{self.output()}")
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.rest_url}/health/ready", timeout=3) as answer:
                if answer.status == 200 and self.data_dir.joinpath("run.json").exists() and "is open" in self.output():
                    return
            if time.monotonic() > until:
                raise AssertionError(f"serve was not ready after {READY_TIMEOUT_S} s:\n{self.output()}")
            time.sleep(0.1)

    def output(self) -> str:
        return self.output_path.read_text(errors="replace")

    def stop(self) -> int:
        """Ctrl-C, and wait; returns the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(60)
        self.process = None
        return status

    def demo_accounts(self) -> dict[str, dict]:
        return {account["name"]: account for account in json.loads((self.data_dir / "demo.json").read_text())["accounts"]}

    def role(self, name: str) -> psutil.Process:
        """The process of one role. Raises LookupError while there is none."""
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):
                words = child.cmdline()
                if name in words or f"cryptoshop.demo.{name}" in words:
                    return child
        raise LookupError(name)

    def everything(self) -> list[psutil.Process]:
        """The supervisor and all that it started, PostgreSQL included."""
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def kill_everything(self) -> None:
        """kill -9 of the supervisor, every role and the database, as a power switch would."""
        for process in self.everything():
            with contextlib.suppress(ProcessLookupError):  # who loses its parent may be gone already
                os.kill(process.pid, signal.SIGKILL)
        self.process.wait(30)
        self.process = None
