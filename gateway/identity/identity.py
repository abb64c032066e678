"""The people of a venue: who they are, how they come in, and which account of the core is theirs.

A user's row, with a random reference, is written before the core opens the account of that reference; so a crash in
between is finished at the next login, and never opens a second account. What changes a user, a session or a key
leaves a row in the audit table.
"""

import re
import uuid
from typing import NamedTuple

import asyncpg

from gateway.identity import core
from gateway.identity.attempts import (
    KEYS_ACCOUNT,
    LOGIN_ACCOUNT,
    LOGIN_ADDRESS,
    LOGIN_PAIR,
    PASSWORD_ACCOUNT,
    SIGN_UP_ADDRESS,
    Attempts,
    network,
)
from gateway.identity.errors import AccountError, Refusal
from gateway.identity.keys import ApiKey, ApiKeys, KeyRow, NewKey, verify
from gateway.identity.passwords import Passwords, checked_password
from gateway.identity.sessions import Session, SessionRow, Sessions

EMAIL_LENGTH_MAX = 254
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII)
_USER = "user_id, email, role, account, reference_hi, reference_lo"


class User(NamedTuple):
    """`account` is the user's in the core."""

    user_id: int
    email: str
    role: str
    account: int


class Login(NamedTuple):
    """A started session; `token` goes into the cookie and nowhere else."""

    token: str
    session: Session


class Identity:
    """The room's façade; one for each process. `address` is where a request came from, "" inside the house, which is not limited."""

    def __init__(self, pool: asyncpg.Pool, exchange, master_key: bytes, *, passwords: Passwords | None = None,
                 attempts: Attempts | None = None):  # fmt: skip
        """`exchange` is an ExchangeClient with the role IDENTITY; `master_key` is from load_master_key."""
        self.pool = pool
        self.exchange = exchange
        self.attempts = attempts or Attempts()
        self._passwords = passwords or Passwords()
        self._sessions = Sessions(pool)
        self._keys = ApiKeys(pool, exchange, master_key)

    # ------------------------------------------------------------------ coming in

    async def sign_up(self, email: str, password: str, *, address: str = "") -> User:
        """A new user with an account. To sign up again with the same password gives the same user, so a lost answer can be asked for again.

        Raises AccountError: INVALID_EMAIL, INVALID_PASSWORD, EMAIL_TAKEN, TOO_MANY_ATTEMPTS, BUSY, VENUE_FULL, UNAVAILABLE.
        """
        email = checked_email(email)
        checked_password(password, email)
        if address:
            self.attempts.count(SIGN_UP_ADDRESS, network(address))
        if await self._row(email) is None:
            made = await self._insert(email, await self._passwords.hash(password))
            if made is not None:
                user = await self._with_account(made)
                await self.note(user.user_id, "SIGN_UP", address)
                return user
        if address:  # a password is tried here as well as at login
            self._count_login(email, address)
        row = await self._row(email)
        if not await self._passwords.matches(row["password_hash"], password):
            raise AccountError(Refusal.EMAIL_TAKEN)
        return await self._with_account(row)

    async def login(self, email: str, password: str, *, address: str = "", user_agent: str = "") -> Login:
        """A new session. Raises AccountError: WRONG_CREDENTIALS, whatever was wrong; TOO_MANY_ATTEMPTS, BUSY, VENUE_FULL, UNAVAILABLE."""
        try:
            email = checked_email(email)
        except AccountError:
            email = ""  # nobody's
        if address:
            self._count_login(email, address)
        row = await self._row(email)
        if not await self._passwords.matches(row and row["password_hash"], password):
            await self.note(row and row["user_id"], "LOGIN_FAILED", address)
            raise AccountError(Refusal.WRONG_CREDENTIALS)
        self.attempts.forget(LOGIN_PAIR, email, network(address))
        if self._passwords.is_outdated(row["password_hash"]):
            await self._store_password(row["user_id"], await self._passwords.hash(password))
        return await self._start_session(await self._with_account(row), address, user_agent)

    async def start_session(self, user: User, *, address: str = "", user_agent: str = "") -> Login:
        """A session of a user who has just proven who they are."""
        return await self._start_session(user, address, user_agent)

    async def _start_session(self, user: User, address: str, user_agent: str) -> Login:
        token = await self._sessions.start(user.user_id, address, user_agent)
        await self.note(user.user_id, "LOGIN", address)
        session = await self._sessions.find(token)
        assert session is not None
        return Login(token, session)

    def _count_login(self, email: str, address: str) -> None:
        self.attempts.count(LOGIN_PAIR, email, network(address))
        self.attempts.count(LOGIN_ADDRESS, network(address))
        self.attempts.count(LOGIN_ACCOUNT, email)

    async def _with_account(self, row: asyncpg.Record) -> User:
        """The user, once the core has opened the account."""
        account = row["account"]
        if account is None:
            account = await core.open_account(self.exchange, (row["reference_hi"], row["reference_lo"]))
            await self.pool.execute("UPDATE users SET account = $2 WHERE user_id = $1", row["user_id"], account)
        return User(row["user_id"], row["email"], row["role"], account)

    async def _row(self, email: str) -> asyncpg.Record | None:
        return await self.pool.fetchrow(f"SELECT {_USER}, password_hash FROM users WHERE email = $1", email)

    async def _insert(self, email: str, password_hash: str) -> asyncpg.Record | None:
        """None where another was quicker."""
        return await self.pool.fetchrow(
            "INSERT INTO users (email, password_hash, reference_hi, reference_lo) VALUES ($1, $2, $3, $4) ON CONFLICT (email) DO NOTHING "
            f"RETURNING {_USER}", email, password_hash, *core.fresh_reference(),
        )  # fmt: skip

    # ------------------------------------------------------------------ users

    async def user(self, *, email: str = "", account: int = 0) -> User | None:
        """The user with this address (as checked_email gives it) or this account; None also where the account is not opened yet."""
        row = await self.pool.fetchrow(
            f"SELECT {_USER} FROM users WHERE account IS NOT NULL AND (email = $1 OR account = $2)", email, account
        )
        return row and User(row["user_id"], row["email"], row["role"], row["account"])

    async def set_role(self, user: User, role: str) -> None:
        """`role` is "user", "moderator" or "admin"."""
        await self.pool.execute("UPDATE users SET role = $2 WHERE user_id = $1", user.user_id, role)
        await self.note(user.user_id, "ROLE", detail=role)

    async def change_password(self, session: Session, current: str, new: str, *, address: str = "") -> None:
        """Also ends the user's other sessions. Raises AccountError: WRONG_PASSWORD, INVALID_PASSWORD, TOO_MANY_ATTEMPTS, BUSY."""
        checked_password(new, session.email)
        self.attempts.count(PASSWORD_ACCOUNT, session.user_id)
        stored = await self.pool.fetchval("SELECT password_hash FROM users WHERE user_id = $1", session.user_id)
        if not await self._passwords.matches(stored, current):
            await self.note(session.user_id, "PASSWORD_FAILED", address)
            raise AccountError(Refusal.WRONG_PASSWORD)
        await self._store_password(session.user_id, await self._passwords.hash(new))
        await self._sessions.revoke_all(session.user_id, but=session.session_id)
        await self.note(session.user_id, "PASSWORD_CHANGED", address)

    async def _store_password(self, user_id: int, password_hash: str) -> None:
        await self.pool.execute("UPDATE users SET password_hash = $2 WHERE user_id = $1", user_id, password_hash)

    async def note(self, user_id: int | None, action: str, address: str = "", detail: str = "") -> None:
        """One row of the audit table."""
        await self.pool.execute(
            "INSERT INTO audit (user_id, action, address, detail) VALUES ($1, $2, $3, $4)", user_id, action, address[:64], detail[:256]
        )

    # ------------------------------------------------------------------ sessions

    async def session(self, token: str) -> Session | None:
        """The living session of a cookie's token."""
        return await self._sessions.find(token)

    async def list_sessions(self, user_id: int) -> list[SessionRow]:
        return await self._sessions.list(user_id)

    async def revoke_session(self, user_id: int, session_id: uuid.UUID, *, address: str = "") -> bool:
        """End one session of the user; False where there is none such."""
        done = await self._sessions.revoke(user_id, session_id)
        if done:
            await self.note(user_id, "SESSION_ENDED", address)
        return done

    async def revoke_other_sessions(self, session: Session, *, address: str = "") -> int:
        """End all sessions of the user but this one; returns how many."""
        count = await self._sessions.revoke_all(session.user_id, but=session.session_id)
        await self.note(session.user_id, "SESSIONS_ENDED", address, str(count))
        return count

    # ------------------------------------------------------------------ API keys

    async def create_key(self, account: int, type: str, label: str, scopes: int, public_key: str | None = None, *,
                         address: str = "") -> NewKey:  # fmt: skip
        """A new API key of the account's owner: `type` "HMAC" or "Ed25519" (with `public_key`, PEM), `scopes` of KeyScope.

        Raises AccountError: INVALID_REQUEST, INVALID_LABEL, INVALID_SCOPES, INVALID_PUBLIC_KEY, TOO_MANY_KEYS, TOO_MANY_ATTEMPTS,
        NOT_FOUND, VENUE_FULL, UNAVAILABLE.
        """
        user = await self._owner(account)
        if address:
            self.attempts.count(KEYS_ACCOUNT, account)
        key = await self._keys.create(user.user_id, account, type, label, scopes=scopes, public_key=public_key)
        await self.note(user.user_id, "KEY_CREATED", address, key.api_key)
        return key

    async def list_keys(self, account: int) -> list[KeyRow]:
        """The keys of the account that work, oldest first."""
        return await self._keys.list((await self._owner(account)).user_id)

    async def revoke_key(self, account: int, api_key: str, *, address: str = "") -> bool:
        """Once this returns, nothing that comes with the key takes effect any more, in any process. False where there is none such."""
        user = await self._owner(account)
        done = await self._keys.revoke(user.user_id, api_key)
        if done:
            await self.note(user.user_id, "KEY_REVOKED", address, api_key)
        return done

    async def key(self, api_key: str) -> ApiKey | None:
        """The key, if it works at this moment; costs a query only at its first use."""
        return await self._keys.find(api_key)

    @staticmethod
    def verify(key: ApiKey, payload: bytes, signature: str) -> bool:
        """Whether the key's owner signed the payload."""
        return verify(key, payload, signature)

    async def _owner(self, account: int) -> User:
        user = await self.user(account=account)
        if user is None:
            raise AccountError(Refusal.NOT_FOUND, f"Account {account} belongs to nobody.")
        return user


def checked_email(text: str) -> str:
    """The address as it is stored: trimmed, in lower case. Raises AccountError INVALID_EMAIL."""
    email = text.strip().lower()
    if len(email) > EMAIL_LENGTH_MAX or not _EMAIL.fullmatch(email):
        raise AccountError(Refusal.INVALID_EMAIL)
    return email
