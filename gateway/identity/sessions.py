"""Sessions of signed-in people, kept in the database: made at login, found by their token, listed and revoked by their owner.

The token is 256 random bits that only the cookie holds; the database holds its SHA-256, and the csrf value is derived
from the token. A session ends IDLE after its last use, LIFETIME after its start, when it is revoked, or when its
owner starts more than SESSIONS_MAX. A session found in the last CACHE_SECONDS is not asked for again; one that this
process revokes is forgotten at once.
"""

import hashlib
import hmac
import secrets
import time
import uuid
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

IDLE = timedelta(hours=24)
LIFETIME = timedelta(days=30)
SEEN_RESOLUTION = timedelta(minutes=1)  # "last seen" is no finer, so that a request seldom writes
SESSIONS_MAX = 20  # of one user
CACHE_SECONDS = 2.0
CACHED_MAX = 10_000
TOKEN_LENGTH = 43


class Session(NamedTuple):
    """A signed-in user. `account` is the user's in the core."""

    session_id: uuid.UUID
    user_id: int
    account: int
    email: str
    role: str
    csrf: str

    def csrf_matches(self, value: str) -> bool:
        return value.isascii() and hmac.compare_digest(self.csrf, value)


class SessionRow(NamedTuple):
    """A session as its owner sees it in a list."""

    session_id: uuid.UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    user_agent: str


class Sessions:
    def __init__(self, pool: asyncpg.Pool):
        self._pool = pool
        self._cache: OrderedDict[bytes, tuple[float, Session]] = OrderedDict()  # by token hash -> good until, session
        self._forgotten = 0  # how often the cache was emptied

    async def start(self, user_id: int, address: str, user_agent: str) -> str:
        """A new session; returns its token, which cannot be had again."""
        token = secrets.token_urlsafe(32)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO sessions (session_id, token_hash, user_id, expires_at, address, user_agent) "
                "VALUES ($1, $2, $3, now() + $4::interval, $5, $6)",
                uuid.uuid4(), _token_hash(token), user_id, LIFETIME, address[:64], "".join(filter(str.isprintable, user_agent))[:256],
            )  # fmt: skip
            await connection.execute(
                "DELETE FROM sessions WHERE user_id = $1 AND (expires_at <= now() OR last_seen_at <= now() - $2::interval OR session_id IN "
                "(SELECT session_id FROM sessions WHERE user_id = $1 ORDER BY last_seen_at DESC, created_at DESC OFFSET $3))",
                user_id, IDLE, SESSIONS_MAX,
            )  # fmt: skip
        self._forget()
        return token

    async def find(self, token: str) -> Session | None:
        """The living session of the token."""
        if len(token) != TOKEN_LENGTH or not token.isascii():
            return None
        token_hash = _token_hash(token)
        good_until, session = self._cache.get(token_hash, (0.0, None))
        if good_until > time.monotonic():
            return session
        forgotten = self._forgotten
        session = await self._load(token, token_hash)
        if session is None or forgotten != self._forgotten:  # revoked while the database was asked: the next request asks again
            self._cache.pop(token_hash, None)
            return session
        self._cache[token_hash] = (time.monotonic() + CACHE_SECONDS, session)
        self._cache.move_to_end(token_hash)
        if len(self._cache) > CACHED_MAX:
            self._cache.popitem(last=False)
        return session

    async def _load(self, token: str, token_hash: bytes) -> Session | None:
        row = await self._pool.fetchrow(
            "SELECT session_id, user_id, account, email, role, last_seen_at < now() - $2::interval AS to_note "
            "FROM sessions JOIN users USING (user_id) "
            "WHERE token_hash = $1 AND expires_at > now() AND last_seen_at > now() - $3::interval AND account IS NOT NULL",
            token_hash, SEEN_RESOLUTION, IDLE,
        )  # fmt: skip
        if row is None:
            return None
        if row["to_note"]:
            await self._pool.execute("UPDATE sessions SET last_seen_at = now() WHERE session_id = $1", row["session_id"])
        return Session(row["session_id"], row["user_id"], row["account"], row["email"], row["role"], csrf_of(token))

    async def list(self, user_id: int) -> list[SessionRow]:
        """The user's living sessions, latest used first."""
        rows = await self._pool.fetch(
            "SELECT session_id, created_at, last_seen_at, expires_at, address, user_agent FROM sessions "
            "WHERE user_id = $1 AND expires_at > now() AND last_seen_at > now() - $2::interval ORDER BY last_seen_at DESC, created_at DESC",
            user_id, IDLE,
        )  # fmt: skip
        return [SessionRow(*row) for row in rows]

    async def revoke(self, user_id: int, session_id: uuid.UUID) -> bool:
        """End one session of the user; False where there is none such."""
        done = await self._pool.execute("DELETE FROM sessions WHERE user_id = $1 AND session_id = $2", user_id, session_id)
        self._forget()
        return done == "DELETE 1"

    async def revoke_all(self, user_id: int, *, but: uuid.UUID | None = None) -> int:
        """End every session of the user, except the one named; returns how many."""
        done = await self._pool.execute("DELETE FROM sessions WHERE user_id = $1 AND session_id IS DISTINCT FROM $2", user_id, but)
        self._forget()
        return int(done.split()[1])

    def _forget(self) -> None:
        self._cache.clear()
        self._forgotten += 1


def csrf_of(token: str) -> str:
    """What a page that may read our answers can know, and a page that can only make the browser send the cookie cannot."""
    return hashlib.sha256(b"csrf " + token.encode()).hexdigest()


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
