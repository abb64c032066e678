"""The command line: help that teaches, and each thing that can be wrong at the start said in one line with a non-zero exit."""

import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("serve", "log", "recorder", "rest", "stream", "admin", "verify", "replay", "bench")


def cryptoshop(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "cryptoshop.cli", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60,
                          check=False, env={**os.environ, **environment})  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def refusal(result: subprocess.CompletedProcess) -> str:
    """The one line on standard error of a start that was refused."""
    assert result.returncode == 1, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_help_lists_every_command() -> None:
    result = cryptoshop("--help")
    assert result.returncode == 0
    assert all(re.search(rf"\b{name}\b", result.stdout) for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = cryptoshop(command, "--help")
    assert result.returncode == 0, result.stderr
    assert "usage:" in result.stdout and len(result.stdout) > 200


def test_no_command_and_an_unknown_one() -> None:
    assert cryptoshop().returncode == 2
    unknown = cryptoshop("trade")
    assert unknown.returncode == 2 and "no command 'trade'" in unknown.stderr


def test_a_busy_port_is_named_with_the_flag_that_helps(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        line = refusal(cryptoshop("serve", "--data-dir", str(tmp_path), "--http-port", port, "--ws-port", str(free_port())))
        assert port in line and "--http-port" in line
        line = refusal(cryptoshop("serve", "--data-dir", str(tmp_path), "--ws-port", port, "--http-port", str(free_port())))
        assert port in line and "--ws-port" in line


def test_a_data_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    line = refusal(cryptoshop("serve", "--data-dir", str(tmp_path / "file" / "data")))
    assert "cannot write" in line and "--data-dir" in line


def test_a_data_directory_that_is_open_already(tmp_path: Path) -> None:
    with open(tmp_path / "serve.lock", "w") as lock:
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        line = refusal(cryptoshop("serve", "--data-dir", str(tmp_path)))
    assert "already open" in line and "4711" in line


@pytest.mark.parametrize(
    "url", ["mysql://localhost/x", "postgresql://nobody:wrong@127.0.0.1:1/none", "nonsense"], ids=["scheme", "unreachable", "nonsense"]
)
def test_a_wrong_database_url(tmp_path: Path, url: str) -> None:
    ports = ("--http-port", str(free_port()), "--ws-port", str(free_port()))
    result = cryptoshop("serve", "--data-dir", str(tmp_path), *ports, "--database-url", url)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1 and "database" in result.stderr
    assert "wrong" not in result.stderr  # the password is not repeated


def test_too_old_a_python_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    result = subprocess.run(["make", "run", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0
    assert "needs Python 3.11 or newer" in result.stderr and "3.8.2" in result.stderr
    assert not (tmp_path / ".venv").exists()
