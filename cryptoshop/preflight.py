"""What is checked before anything starts, each failure one clear line (StartError).

Owns the lock of the data directory: one venue at a time may have it open.
"""

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


def check_ports(settings: Settings) -> None:
    """Both ports can be bound."""
    if settings.http_port == settings.ws_port:
        raise StartError(f"--http-port and --ws-port are both {settings.http_port}: they must differ")
    for flag, port in (("--http-port", settings.http_port), ("--ws-port", settings.ws_port)):
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                raise StartError(
                    f"port {port} on {settings.host} cannot be used ({error.strerror}): stop what uses it, or choose another with {flag}"
                ) from None
