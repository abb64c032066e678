"""API keys: made and revoked by their owner, found by every request that carries one, and the check of signatures.

The database knows whose key it is and what checks its signatures; the core knows what it may do, under an id that
every order carries. A key is made in the core first, so that one whose row is there works at once; it is revoked in
the core first, so that one revocation is the truth in every process: `find` asks the replica each time and takes
scopes from nowhere else.
"""

import base64
import binascii
import hmac
import secrets
import string
from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple

import asyncpg
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from engine.types import KeyScope
from gateway.identity import core
from gateway.identity.errors import AccountError, Refusal
from gateway.identity.sealing import seal, unseal

HMAC = "HMAC"
ED25519 = "Ed25519"
KEY_LENGTH = 64  # of an API key and of a secret
KEYS_MAX = 30  # of one user
CACHED_MAX = 1 << 14
PEM_LENGTH_MAX = 1024
LABEL_LENGTH_MAX = 64
ALL_SCOPES = KeyScope.READ | KeyScope.TRADE | KeyScope.WITHDRAW
_ALPHABET = string.ascii_letters + string.digits
_ED25519_SIGNATURE_BYTES = 64


class ApiKey(NamedTuple):
    """A key that works. `key_id`, `account` and `scopes` (KeyScope) are the core's; `secret` is of HMAC, `public_key` (raw) of Ed25519."""

    api_key: str
    key_id: int
    account: int
    user_id: int
    type: str
    secret: bytes
    public_key: bytes
    scopes: int


class NewKey(NamedTuple):
    """`secret` is shown this once; "" for Ed25519, whose secret never leaves its owner."""

    api_key: str
    secret: str


class KeyRow(NamedTuple):
    """A key as its owner sees it in a list."""

    api_key: str
    type: str
    label: str
    scopes: int
    created_at: datetime
    key_id: int


class ApiKeys:
    def __init__(self, pool: asyncpg.Pool, exchange, master_key: bytes):
        """`exchange` is an ExchangeClient with the role IDENTITY."""
        self._pool = pool
        self._exchange = exchange
        self._master_key = master_key
        self._cache: OrderedDict[str, ApiKey] = OrderedDict()

    async def create(self, user_id: int, account: int, type: str, label: str, *, scopes: int,
                     public_key: str | None = None) -> NewKey:  # fmt: skip
        """A new key of the user; `public_key` is PEM text, for Ed25519 only.

        Raises AccountError: INVALID_*, TOO_MANY_KEYS, VENUE_FULL, UNAVAILABLE.
        """
        if not 1 <= len(label) <= LABEL_LENGTH_MAX or not label.isprintable() or label.isspace():
            raise AccountError(Refusal.INVALID_LABEL)
        if not 1 <= scopes <= ALL_SCOPES:
            raise AccountError(Refusal.INVALID_SCOPES)
        if type not in (HMAC, ED25519) or (type == HMAC) != (public_key is None):
            raise AccountError(Refusal.INVALID_REQUEST, "type is HMAC, without publicKey, or Ed25519, with it.")
        api_key, secret = _random_text(), _random_text() if type == HMAC else ""
        sealed = seal(self._master_key, secret.encode(), api_key) if secret else None
        raw_public_key = _raw_public_key(public_key) if public_key is not None else None
        if await self._count(user_id) >= KEYS_MAX:
            raise AccountError(Refusal.TOO_MANY_KEYS)
        reference = core.fresh_reference()
        key_id = await core.add_key(self._exchange, account, reference, scopes)
        try:
            await self._pool.execute(
                "INSERT INTO api_keys (api_key, user_id, account, key_id, reference_hi, reference_lo, type, label, scopes, sealed_secret, "
                "public_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                api_key, user_id, account, key_id, *reference, type, label, scopes, sealed, raw_public_key,
            )  # fmt: skip
        except BaseException:
            await core.set_key(self._exchange, key_id, 0)  # nobody will ever know this key
            raise
        return NewKey(api_key, secret)

    async def _count(self, user_id: int) -> int:
        return await self._pool.fetchval("SELECT count(*) FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL", user_id)

    async def list(self, user_id: int) -> list[KeyRow]:
        """The user's keys that work, oldest first."""
        rows = await self._pool.fetch(
            "SELECT api_key, type, label, scopes, created_at, key_id FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL "
            "ORDER BY created_at, key_id", user_id,
        )  # fmt: skip
        keys = []
        for row in map(KeyRow._make, rows):
            view = self._exchange.machine.key(row.key_id)
            if view is None or view.scopes:
                keys.append(row if view is None else row._replace(scopes=view.scopes))
        return keys

    async def revoke(self, user_id: int, api_key: str) -> bool:
        """End a key of the user; once this returns, the core takes nothing that comes with it. False where there is none such."""
        if not _may_be_key(api_key):
            return False
        key_id = await self._pool.fetchval(
            "SELECT key_id FROM api_keys WHERE user_id = $1 AND api_key = $2 AND revoked_at IS NULL", user_id, api_key
        )
        if key_id is None:
            return False
        await core.set_key(self._exchange, key_id, 0)
        self._cache.pop(api_key, None)
        await self._pool.execute("UPDATE api_keys SET revoked_at = now() WHERE api_key = $1 AND revoked_at IS NULL", api_key)
        return True

    async def find(self, api_key: str) -> ApiKey | None:
        """The key, if it works. Asks the database once for each key; the core's replica each time.

        Raises TimeoutError or LogError where a key's first use needs the log's head and it does not answer.
        """
        found = self._cache.get(api_key)
        if found is None:
            found = await self._load(api_key)
            if found is None:
                return None
            if self._exchange.machine.key(found.key_id) is None:
                await self._exchange.caught_up()  # made in another process this very moment
            self._cache[api_key] = found
            if len(self._cache) > CACHED_MAX:
                self._cache.popitem(last=False)
        view = self._exchange.machine.key(found.key_id)
        if view is None or not view.scopes or view.account != found.account:
            self._cache.pop(api_key, None)
            return None
        self._cache.move_to_end(api_key)
        return found if view.scopes == found.scopes else found._replace(scopes=view.scopes)

    async def _load(self, api_key: str) -> ApiKey | None:
        if not _may_be_key(api_key):
            return None
        row = await self._pool.fetchrow(
            "SELECT key_id, account, user_id, type, sealed_secret, public_key, scopes FROM api_keys "
            "WHERE api_key = $1 AND revoked_at IS NULL", api_key,
        )  # fmt: skip
        if row is None:
            return None
        secret = unseal(self._master_key, row["sealed_secret"], api_key) if row["type"] == HMAC else b""
        return ApiKey(api_key, row["key_id"], row["account"], row["user_id"], row["type"], secret, row["public_key"] or b"", row["scopes"])


def verify(key: ApiKey, payload: bytes, signature: str) -> bool:
    """Whether the key's owner signed the payload: HMAC-SHA256 in hexadecimal of any case, or Ed25519 in base64. Never raises."""
    if not signature.isascii():
        return False
    if key.type == HMAC:
        return hmac.compare_digest(hmac.digest(key.secret, payload, "sha256").hex(), signature.lower())
    try:
        raw = base64.b64decode(signature, validate=True)
        if len(raw) != _ED25519_SIGNATURE_BYTES:
            return False
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(raw, payload)
    except (binascii.Error, InvalidSignature):
        return False
    return True


def _random_text() -> str:
    """KEY_LENGTH letters and digits: 381 random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH))


def _may_be_key(text: str) -> bool:
    return len(text) == KEY_LENGTH and text.isascii() and text.isalnum()


def _raw_public_key(pem: str) -> bytes:
    try:
        if len(pem) > PEM_LENGTH_MAX:
            raise ValueError
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise AccountError(Refusal.INVALID_PUBLIC_KEY) from None
    if not isinstance(key, Ed25519PublicKey):
        raise AccountError(Refusal.INVALID_PUBLIC_KEY)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
