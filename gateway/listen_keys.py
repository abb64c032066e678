"""Listen keys: names by which a client reads its account's events without signing. Retired in the dialect, still used by its clients.

Owns a small table in a file that all processes of one machine map: an account has at most one key for each of its API keys, valid for
an hour after it was made or last extended. A key begins with the slot of its row, so it is found without a search; the rest is random.
Writers hold a file lock; a reader that meets a row being written finds no key in it. Whether the API key still works is for the
reader to find out (gateway/dialect/venue.py): a listen key opens no more than the API key it was made with.
"""

import fcntl
import hmac
import mmap
import os
import secrets
import struct
from pathlib import Path
from typing import NamedTuple

SLOTS = 4096  # keys at one time
VALID_NS = 3600 * 10**9
KEY_LENGTH = 64
PROBES = 64
_SPREAD = 2_654_435_761  # keeps the rows of neighbouring accounts apart

_ROW = struct.Struct("<64sqqq")  # key, account, API key's core id, expiry in ns
_SLOT_DIGITS = 3  # base 62: up to 238,327 slots
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Listener(NamedTuple):
    """Whose events a listen key opens, and with which API key it was made (0: a signed-in session)."""

    account: int
    key: int


class TooManyListenKeys(Exception):
    """No room; keys expire within the hour."""


class ListenKeys:
    """The table. `path` None keeps it in this process alone (tests)."""

    def __init__(self, path: Path | None = None) -> None:
        size = SLOTS * _ROW.size
        self._file = None
        if path is None:
            self._map = mmap.mmap(-1, size)
        else:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            os.ftruncate(self._file, size)
            self._map = mmap.mmap(self._file, size)

    def close_table(self) -> None:
        self._map.close()
        if self._file is not None:
            os.close(self._file)

    def create(self, account: int, key: int, now_ns: int, valid_ns: int = VALID_NS) -> str:
        """The account's listen key by this API key, the present one where there is; valid for an hour (or `valid_ns`) from now.

        Raises TooManyListenKeys.
        """
        with _Locked(self._file):
            free = -1
            for probe in range(PROBES):
                slot = (account * _SPREAD + key + probe) % SLOTS
                name, owner, made_with, expires_ns = self._row(slot)
                if (owner, made_with) == (account, key) and expires_ns > now_ns:
                    self._write(slot, name, account, key, now_ns + valid_ns)
                    return name.decode()
                if free < 0 and expires_ns <= now_ns:
                    free = slot
            if free < 0:
                raise TooManyListenKeys
            name = _new_name(free).encode()
            self._write(free, name, account, key, now_ns + valid_ns)
            return name.decode()

    def extend(self, listen_key: str, account: int, now_ns: int) -> bool:
        """Whether the account has this key; then it is valid for an hour from now."""
        with _Locked(self._file):
            slot = self._find(listen_key, now_ns)
            name, owner, key, _ = self._row(slot)
            if slot < 0 or owner != account:
                return False
            self._write(slot, name, account, key, now_ns + VALID_NS)
            return True

    def close(self, listen_key: str, account: int, now_ns: int) -> bool:
        """Whether the account had this key; it is gone then."""
        with _Locked(self._file):
            slot = self._find(listen_key, now_ns)
            if slot < 0 or self._row(slot)[1] != account:
                return False
            self._write(slot, b"", 0, 0, 0)
            return True

    def listener(self, listen_key: str, now_ns: int) -> Listener | None:
        """Who listens with this key; None for a key that is unknown, expired or closed."""
        slot = self._find(listen_key, now_ns)
        if slot < 0:
            return None
        _, account, key, _ = self._row(slot)
        return Listener(account, key)

    def expires_ns(self, listen_key: str, now_ns: int) -> int:
        """Until when a key is valid; 0 for one that is not."""
        slot = self._find(listen_key, now_ns)
        return self._row(slot)[3] if slot >= 0 else 0

    def _find(self, listen_key: str, now_ns: int) -> int:
        """The slot of a valid key, -1 for none."""
        slot = _slot_of(listen_key)
        if slot < 0:
            return -1
        name, _, _, expires_ns = self._row(slot)
        return slot if expires_ns > now_ns and hmac.compare_digest(name, listen_key.encode()) else -1

    def _row(self, slot: int) -> tuple[bytes, int, int, int]:
        return _ROW.unpack_from(self._map, max(slot, 0) * _ROW.size)

    def _write(self, slot: int, name: bytes, account: int, key: int, expires_ns: int) -> None:
        _ROW.pack_into(self._map, slot * _ROW.size, name, account, key, expires_ns)


class _Locked:
    """Holds the file's lock; nothing where there is no file."""

    def __init__(self, file: int | None) -> None:
        self._file = file

    def __enter__(self) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)


def _new_name(slot: int) -> str:
    digits = ""
    for _ in range(_SLOT_DIGITS):
        slot, digit = divmod(slot, 62)
        digits = _BASE62[digit] + digits
    return digits + "".join(secrets.choice(_BASE62) for _ in range(KEY_LENGTH - _SLOT_DIGITS))


def _slot_of(listen_key: str) -> int:
    """The slot that a key names, -1 where it is none of ours."""
    if len(listen_key) != KEY_LENGTH or not (listen_key.isascii() and listen_key.isalnum()):
        return -1
    slot = 0
    for letter in listen_key[:_SLOT_DIGITS]:
        slot = slot * 62 + _BASE62.index(letter)
    return slot if slot < SLOTS else -1
