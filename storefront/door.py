"""The shop's door: one unit of work, and for what changes something one transaction, around every request; answers that are given once.

A POST may carry an `Idempotency-Key`. Its answer is stored in the transaction that does the work, so it exists exactly when the work
was done: the same key and request get the same answer again, without the work; another request under the key is KEY_REUSED. A refusal
(4xx) is stored too, with all that the request had changed taken back. Of requests with the same key at the same time the first to store
its answer has done the work; what another did goes back, and it gives the first one's answer. Where an answer follows on a settlement,
the transaction stores how it will be made; whoever is asked under the key, another process after a crash too, waits for the settlement's
end and makes it, and the first one made is everybody's.
"""

import hashlib
import logging
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from marketdata.errors import DATABASE_AWAY
from storefront.errors import DATABASE_BUSY, Refusal, ShopError
from storefront.http import BODY_MAX, IMAGE_BODY_MAX
from storefront.work import Later, Shop, Shopper, Work

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
KEY_MAX = 64
GUEST_COOKIE = "cryptoshop_cart"
_ACQUIRE_SECONDS = 10.0
_COOKIE_HEADER_MAX = 16 * 1024
_JSON_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_ENTER = """
INSERT INTO shop_answers (actor, key, request_hash, status, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING true"""
_MAKE = """
UPDATE shop_answers a SET status = made.status, body = made.body
FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bytea[]) AS made (actor, key, status, body)
WHERE a.actor = made.actor AND a.key = made.key AND a.status = 0 RETURNING a.actor, a.key"""
logger = logging.getLogger(__name__)


class Door:
    """ASGI middleware around the shop's app; puts scope["state"]["work"]."""

    def __init__(self, app: Any, shop: Shop):
        self._app = app
        self._shop = shop

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            if scope["method"] in SAFE_METHODS:
                await self._read(scope, receive, send)
            else:
                await _send(send, await self._change(scope, receive))
        except ShopError as error:
            await _send(send, _refusal(error))
        except DATABASE_AWAY as error:
            logger.warning("event=database_away path=%s error=%s", scope["path"][:100], type(error).__name__)
            await _send(send, _refusal(ShopError(Refusal.UNAVAILABLE)))
        except DATABASE_BUSY as error:
            logger.warning("event=database_busy path=%s error=%s", scope["path"][:100], type(error).__name__)
            await _send(send, _refusal(ShopError(Refusal.BUSY)))
        except Exception as error:
            logger.exception("event=request_failed path=%s error=%s", scope["path"][:100], type(error).__name__)
            await _send(send, _refusal(ShopError(Refusal.INTERNAL)))

    async def _read(self, scope, receive, send) -> None:
        async with self._shop.pool.acquire(timeout=_ACQUIRE_SECONDS) as db:
            self._work(scope, db)
            await self._app(scope, receive, send)

    async def _change(self, scope, receive) -> "_Reply":
        body = await _whole_body(scope, receive)
        key = _header(scope, b"idempotency-key") if scope["method"] == "POST" else ""
        if len(key) > KEY_MAX or not key.isascii():
            raise ShopError(Refusal.INVALID_REQUEST, f"An Idempotency-Key has at most {KEY_MAX} ASCII characters.")
        async with self._shop.pool.acquire(timeout=_ACQUIRE_SECONDS) as db:
            work = self._work(scope, db)
            actor = f"user:{work.shopper.user_id}" if work.shopper else f"guest:{work.guest.hex()}" if work.guest else ""
            answers = _Answers(self._shop, actor, key, _request_hash(scope, body)) if key and actor else None
            found = answers and await answers.given(db)
            if found is None:
                found = await self._within(work, scope, body, answers)
        if isinstance(found, _Reply):
            return found
        return await self._tell(*found, work.shopper, answers)

    async def _within(self, work: Work, scope, body: bytes, answers: "_Answers | None") -> "_Reply | tuple[int, Later]":
        """One transaction: the answer, or what it follows on."""
        db = work.db
        transaction = db.transaction()
        await transaction.start()
        try:
            reply = await self._handle(scope, body)
            if reply.status >= 400:
                await transaction.rollback()
                if answers and reply.status < 500 and not await answers.enter(db, reply.status, self._shop.seal(reply.body)):
                    return await answers.given(db) or reply
                return reply
            later = work.later
            if answers and not (
                await answers.enter(db, reply.status, self._shop.seal(reply.body)) if later is None
                else await answers.enter(db, 0, self._shop.seal(later.text(reply.status)))
            ):  # fmt: skip
                await transaction.rollback()
                return await answers.given(db) or _refusal(ShopError(Refusal.BUSY))
            await transaction.commit()
        except BaseException:
            if not db.is_closed() and db.is_in_transaction():
                await transaction.rollback()
            raise
        if later is not None:
            return reply.status, later
        for settlement_id in work.settlement_ids:
            self._shop.settlements.dispatch(settlement_id)
        return reply

    async def _tell(self, status: int, later: Later, shopper: Shopper | None, answers: "_Answers | None") -> "_Reply":
        """What followed. It is stored when its settlements have ended; while they have not, whoever asks is told how it stands."""
        ended = [await self._shop.settlements.ended(settlement_id) for settlement_id in later.settlement_ids]
        try:
            value = await later.tell.make(self._shop, shopper, *later.arguments)
            reply = _Reply(status, list(_JSON_HEADERS), msgspec.json.encode(value))
        except ShopError as error:
            reply = _refusal(error)
        if answers is None or reply.status >= 500 or None in ended:
            return reply
        return await answers.make(reply)

    async def _handle(self, scope, body: bytes) -> "_Reply":
        """The app's whole answer."""
        parts: list[dict] = []
        sent = False

        async def receive() -> dict:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict) -> None:
            parts.append(message)

        await self._app(scope, receive, send)
        return _Reply(parts[0]["status"], list(parts[0]["headers"]), b"".join(part.get("body", b"") for part in parts[1:]))

    def _work(self, scope, db: asyncpg.Connection) -> Work:
        state = scope.setdefault("state", {})
        shopper: Shopper | None = state.get("shopper")
        token = _cookie(scope, GUEST_COOKIE)
        work = state["work"] = Work(self._shop, db, shopper, hashlib.sha256(token.encode("latin-1")).digest() if token else None)
        return work


class _Reply:
    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes):
        self.status, self.headers, self.body = status, headers, body


class _Answers:
    """The stored answer of one actor's key; sealed, since there are answers with secrets that are shown once."""

    def __init__(self, shop: Shop, actor: str, key: str, request_hash: bytes):
        self._shop, self._actor, self._key, self._hash = shop, actor, key, request_hash

    async def given(self, db: asyncpg.Connection | asyncpg.Pool) -> "_Reply | tuple[int, Later] | None":
        """The answer given before, or what it follows on; None where the key is new. Raises KEY_REUSED."""
        row = await db.fetchrow("SELECT request_hash, status, body FROM shop_answers WHERE actor = $1 AND key = $2", self._actor, self._key)
        if row is None:
            return None
        if row["request_hash"] != self._hash:
            raise ShopError(Refusal.KEY_REUSED)
        if not row["status"]:
            return Later.of_text(self._shop.unseal(row["body"]))
        return _Reply(row["status"], [*_JSON_HEADERS, (b"idempotent-replay", b"true")], self._shop.unseal(row["body"]))

    async def enter(self, db: asyncpg.Connection, status: int, body: bytes) -> bool:
        """The answer, or with status 0 how it will be made; False where another was first. Waits for one who is about to be."""
        return bool(await db.fetchval(_ENTER, self._actor, self._key, self._hash, status, body))

    async def make(self, reply: _Reply) -> "_Reply":
        """Store the answer that followed, unless another was first; returns the one that holds."""
        if await self._shop.together(_made).ask((self._actor, self._key, reply.status, self._shop.seal(reply.body))):
            return reply
        found = await self.given(self._shop.pool)
        return found if isinstance(found, _Reply) else reply  # forgotten meanwhile, for its age


async def _made(shop: Shop, answers: Sequence[tuple[str, str, int, bytes]]) -> list[bool]:
    """Of each answer (actor, key, status, body) that was to follow: whether it is the first and is stored now."""
    first: dict[tuple[str, str], int] = {}
    for at, (actor, key, _, _) in enumerate(answers):
        first.setdefault((actor, key), at)
    rows = await shop.pool.fetch(_MAKE, *zip(*(answers[at] for at in first.values()), strict=True))
    stored = {first[row["actor"], row["key"]] for row in rows}
    return [at in stored for at in range(len(answers))]


def _refusal(error: ShopError) -> _Reply:
    body = {"code": error.refusal.name, "message": str(error)} | ({"detail": error.detail} if error.detail else {})
    return _Reply(error.refusal.status, list(_JSON_HEADERS), msgspec.json.encode(body))


async def _send(send, reply: _Reply) -> None:
    headers = [pair for pair in reply.headers if pair[0].lower() != b"content-length"]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _whole_body(scope, receive) -> bytes:
    """Raises TOO_LARGE before more than that is kept; NOT_JSON for a body that another site's form could have sent."""
    is_image = scope["path"].endswith("/images")
    limit = IMAGE_BODY_MAX if is_image else BODY_MAX
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ShopError(Refusal.INVALID_REQUEST)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise ShopError(Refusal.TOO_LARGE)
        if not message.get("more_body"):
            break
    content_type = _header(scope, b"content-type").partition(";")[0].strip().lower()
    if size and not is_image and content_type != "application/json":
        raise ShopError(Refusal.NOT_JSON)
    body = b"".join(parts)
    if not is_image and not _is_text(body):
        raise ShopError(Refusal.INVALID_REQUEST, "The request is not UTF-8.")
    return body


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _request_hash(scope, body: bytes) -> bytes:
    hasher = hashlib.sha256(f"{scope['method']} {scope['path']}?".encode() + scope["query_string"] + b"\n")
    hasher.update(body)
    return hasher.digest()


def _header(scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _cookie(scope, name: str) -> str:
    text = _header(scope, b"cookie")
    if name not in text or len(text) > _COOKIE_HEADER_MAX:
        return ""
    parts = (part.strip().partition("=") for part in text.split(";"))
    return next((value for key, _, value in parts if key == name), "")
