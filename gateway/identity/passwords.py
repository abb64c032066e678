"""Passwords: what may be one, and argon2id in threads, a bounded number at a time.

One check costs about 60 ms of a core and 32 MB, so at most CONCURRENT run and at most WAITING wait; more are refused.
A check against nobody's password costs as much as one against somebody's. Passwords and hashes are in no log and no
error.
"""

import asyncio
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.identity.errors import AccountError, Refusal

LENGTH = (8, 128)  # characters
CONCURRENT = 2
WAITING = 64


class Passwords:
    def __init__(self, *, time_cost: int = 3, memory_kib: int = 32 * 1024):
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._nobodys = self._hasher.hash(secrets.token_hex(16))
        self._turn = asyncio.Semaphore(CONCURRENT)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The text to store. Raises AccountError BUSY."""
        return await self._in_thread(self._hasher.hash, _bytes(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; None, nobody's, takes as long and is False. Raises AccountError BUSY."""
        if len(password) > LENGTH[1]:
            stored, password = None, ""
        return await self._in_thread(self._verify, stored or self._nobodys, _bytes(password)) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether it was hashed with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work, *arguments):
        if self._waiting >= WAITING:
            raise AccountError(Refusal.BUSY, retry_after=5)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._waiting -= 1


def checked_password(password: str, email: str) -> str:
    """The password, where it may be one for this address. Raises AccountError INVALID_PASSWORD."""
    if not LENGTH[0] <= len(password) <= LENGTH[1] or password.strip().lower() == email:
        raise AccountError(Refusal.INVALID_PASSWORD)
    return password


def _bytes(password: str) -> bytes:
    """The same for every keyboard that can write it; half a surrogate pair, which JSON may hold, is bytes like any other."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
