"""What is checked before anything starts, each failure one clear line (StartError).

Owns the lock of the data directory: one venue at a time may have it open.
"""

import errno
import fcntl
import os
import socket
import sys
from pathlib import Path

from cryptoshop.errors import StartError
from cryptoshop.settings import Settings

MINIMUM_PYTHON = (3, 11)


def check_python() -> None:
    if sys.version_info < MINIMUM_PYTHON:
        raise StartError(f"Python {sys.version.split()[0]} is too old: install Python 3.11 or newer")


def open_data_dir(data_dir: Path) -> int:
    """Create the data directory and take its lock; returns the lock's file descriptor, held as long as it is open."""
    try:
        data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
        lock = os.open(data_dir / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartError(
            f"cannot write to the data directory {data_dir} ({error.strerror}): choose another with --data-dir"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(lock, 32).decode() or "unknown"
        os.close(lock)
        raise StartError(
            f"the data directory {data_dir} is already open (process {holder}): stop that venue first, "
            "or choose another with --data-dir"
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def is_open(data_dir: Path) -> bool:
    """Whether a venue runs on the data directory now."""
    try:
        with open(data_dir / "serve.lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def check_log(settings: Settings) -> None:
    """The log of a venue that has opened before is still there: an empty one in its place would begin another history."""
    if any(settings.log_dir.glob("*.log")) or not (settings.opened_path.exists() or any(settings.snapshot_dir.glob("*.snapshot"))):
        return
    raise StartError(
        f"the command log of this venue is gone from {settings.log_dir}: put its files back, or begin anew in another --data-dir"
    )


def check_ports(settings: Settings) -> None:
    """Both ports can be bound."""
    if settings.http_port == settings.ws_port:
        raise StartError(f"--http-port and --ws-port are both {settings.http_port}: they must differ")
    check_port(settings.host, settings.http_port, "--http-port")
    check_port(settings.host, settings.ws_port, "--ws-port")


def check_port(host: str, port: int, flag: str) -> None:
    """The port, which `flag` names, can be bound on the host."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise StartError(f"{host} is no address of this machine ({error.strerror}): choose another with --host") from None
            raise StartError(
                f"port {port} on {host} cannot be used ({error.strerror}): stop what uses it, or choose another with {flag}"
            ) from None
