"""/shop/* of the HTTP port goes to the shop's own process, so that a slow page of the shop never delays a trade.

Owns what lies between the two: the bound on requests under way, the request weight of each, and the answer where no shop is there. Bodies
are passed on in pieces in both directions. A request takes its place among those under way when its body is there, or BEGINNING_MAX of it:
who sends slowly keeps nobody waiting. Nor does who reads slowly, or sends much: one address has at most half of the places.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from cryptoshop.http_client import Broken, UnixHttp
from cryptoshop.shoppers import answer
from gateway.dialect.errors import DialectError
from gateway.limits import Limits, client_address
from storefront.errors import Refusal

UNDER_WAY_MAX = 256
UNDER_WAY_OF_ONE = UNDER_WAY_MAX // 2  # of one address
BEGINNING_MAX = 64 * 1024  # of a body that is waited for; all of it, but for images
WAIT_SECONDS = 5.0  # for a place among them
ANSWER_SECONDS = 60.0
_HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
                         b"transfer-encoding", b"upgrade", b"x-forwarded-for", b"expect", b"date"))  # fmt: skip
log = structlog.get_logger("forward")


class Forward:
    """ASGI app: sends every request to the Unix socket. Use as an async context manager."""

    def __init__(self, socket: Path, limits: Limits) -> None:
        self._shop = UnixHttp(str(socket))
        self._limits = limits
        self._places = asyncio.Semaphore(UNDER_WAY_MAX)
        self._of_address: Counter[str] = Counter()  # under way, or waiting for a place

    async def __aenter__(self) -> "Forward":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._shop.close()

    async def __call__(self, scope, receive, send) -> None:
        headers = [pair for pair in scope["headers"] if pair[0] not in _HOP_BY_HOP]
        peer = scope["client"][0] if scope.get("client") else ""
        named = next((value.decode("latin-1") for key, value in scope["headers"] if key == b"x-forwarded-for"), None)
        address = client_address(peer, named)
        try:
            self._limits.charge(address, 1)
        except DialectError:
            await answer(send, Refusal.TOO_MANY_REQUESTS, retry_after=60)
            return
        has_body = any(key in (b"content-length", b"transfer-encoding") for key, _ in scope["headers"])
        try:
            body = await _arriving(receive) if has_body else None
        except _ClientGone:
            return
        if self._of_address[address] >= UNDER_WAY_OF_ONE:
            await answer(send, Refusal.BUSY, retry_after=1)
            return
        self._of_address[address] += 1
        try:
            await self._in_turn(scope, body, send, [*headers, (b"x-forwarded-for", address.encode("latin-1"))])
        finally:
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]

    async def _in_turn(self, scope, body: AsyncIterator[bytes] | None, send, headers: list[tuple[bytes, bytes]]) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS if self._places.locked() else None):
                await self._places.acquire()
        except TimeoutError:
            await answer(send, Refusal.BUSY, retry_after=1)
            return
        try:
            await self._pass_on(scope, body, send, headers)
        finally:
            self._places.release()

    async def _pass_on(self, scope, body: AsyncIterator[bytes] | None, send, headers: list[tuple[bytes, bytes]]) -> None:
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")  # the shop decides what it means
        begun = False
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                reply = await self._shop.request(scope["method"], target, headers, body)
                try:
                    kept = [pair for pair in reply.headers if pair[0] not in _HOP_BY_HOP]
                    begun = True
                    await send({"type": "http.response.start", "status": reply.status, "headers": kept})
                    async for piece in reply.pieces():
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                    await send({"type": "http.response.body", "body": b""})
                finally:
                    self._shop.release(reply)
        except (Broken, TimeoutError) as error:
            log.warning("shop does not answer", path=target[:128].decode("latin-1"), error=f"{type(error).__name__}: {error}")
            if not begun:
                await answer(send, Refusal.UNAVAILABLE, retry_after=1)
        except _ClientGone:
            pass


class _ClientGone(Exception):
    """Nobody waits for the answer any more."""


async def _arriving(receive) -> AsyncIterator[bytes]:
    """The body's pieces, once all of it is there, or BEGINNING_MAX. Raises _ClientGone, here and later."""
    beginning, size, more = [], 0, True
    while more and size < BEGINNING_MAX:
        piece, more = await _next(receive)
        beginning.append(piece)
        size += len(piece)

    async def pieces() -> AsyncIterator[bytes]:
        unread = more
        if size:
            yield b"".join(beginning)
        while unread:
            piece, unread = await _next(receive)
            if piece:
                yield piece

    return pieces()


async def _next(receive) -> tuple[bytes, bool]:
    """A piece, and whether there are more."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _ClientGone
    return message.get("body", b""), message.get("more_body", False)
