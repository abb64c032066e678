"""The command line: help that teaches, and each thing that can be wrong at the start said in one line with a non-zero exit."""

import asyncio
import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from cryptoshop import preflight
from cryptoshop.errors import StartError
from cryptoshop.settings import Settings
from cryptoshop.supervisor import Role, Supervisor

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


@pytest.mark.parametrize("arguments", [["--help"], ["replay", "--help"]], ids=" ".join)
def test_a_reader_that_has_enough_is_no_trouble(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as nobody:
        result = subprocess.run([sys.executable, "-m", "cryptoshop.cli", *arguments], cwd=ROOT, stdout=nobody, stderr=subprocess.PIPE,
                                timeout=60, check=False)  # fmt: skip
    assert result.stderr == b""


def test_a_directory_is_no_recording(tmp_path: Path) -> None:
    assert "Is a directory" in refusal(cryptoshop("replay", "--format", "bitstamp", str(tmp_path)))


def test_a_busy_port_is_named_with_the_flag_that_helps(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        line = refusal(cryptoshop("serve", "--data-dir", str(tmp_path), "--http-port", port, "--ws-port", str(free_port())))
        assert port in line and "--http-port" in line
        line = refusal(cryptoshop("serve", "--data-dir", str(tmp_path), "--ws-port", port, "--http-port", str(free_port())))
        assert port in line and "--ws-port" in line


@pytest.mark.parametrize(("role", "flag"), [("rest", "--http-port"), ("stream", "--ws-port")])
def test_a_role_alone_on_a_busy_port(tmp_path: Path, role: str, flag: str) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        line = refusal(cryptoshop(role, "--data-dir", str(tmp_path), flag, port))
    assert port in line and flag in line


def test_a_host_that_is_not_this_machine(tmp_path: Path) -> None:
    line = refusal(cryptoshop("serve", "--data-dir", str(tmp_path), "--host", "192.0.2.1"))
    assert "192.0.2.1" in line and "--host" in line


@pytest.mark.parametrize("flag", ["--http-port=abc", "--ws-port=65536", "--request-weight=-5", "--log=garbage", "--log=local:"])
def test_a_flag_that_cannot_be_read_is_explained(tmp_path: Path, flag: str) -> None:
    result = cryptoshop("serve", "--data-dir", str(tmp_path), flag)
    assert result.returncode == 2
    last = result.stderr.strip().splitlines()[-1]
    name, _, value = flag.partition("=")
    assert name in last and f"'{value}' is not a" in last


def test_a_log_elsewhere_that_does_not_answer(tmp_path: Path) -> None:
    supervisor = Supervisor(Settings(tmp_path, log_url=f"local:{tmp_path}/log.sock"))
    with mock.patch("cryptoshop.supervisor.FOREIGN_LOG_TIMEOUT_S", 0), pytest.raises(StartError, match="no command log answers at"):
        asyncio.run(supervisor.wait_for_log())


async def test_a_log_elsewhere_that_answers(tmp_path: Path) -> None:
    path = tmp_path / "log.sock"
    async with await asyncio.start_unix_server(lambda _reader, writer: writer.close(), str(path)):
        await Supervisor(Settings(tmp_path, log_url=f"local:{path}")).wait_for_log()


def test_a_log_that_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    settings.log_dir.mkdir()
    preflight.check_log(settings)  # a new venue
    settings.opened_path.touch()
    with pytest.raises(StartError, match="log of this venue is gone"):
        preflight.check_log(settings)
    (settings.log_dir / "00000000000000000001.log").touch()
    preflight.check_log(settings)


def test_what_a_role_said_last_is_of_this_run(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    settings.role_log_dir.mkdir()
    (settings.role_log_dir / "rest.log").write_text("words of an earlier run\n")
    role = Role("rest", [sys.executable, "-c", "print('words of this run')"], settings)

    async def run() -> None:
        await role.start()
        await role.process.wait()

    asyncio.run(run())
    assert "words of this run" in role.last_words()
    role.written = (settings.role_log_dir / "rest.log").stat().st_size
    assert "words" not in role.last_words()


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
