"""/shop/* of the HTTP port goes to the shop's own process, so that a slow page of the shop never delays a trade.

Owns what lies between the two: the bound on requests under way, the request weight of each, and the answer where no shop is there. Bodies
are passed on in pieces in both directions; nothing is kept.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import structlog
from yarl import URL

from cryptoshop.shoppers import answer
from gateway.dialect.errors import DialectError
from gateway.limits import Limits, client_address
from storefront.errors import Refusal

UNDER_WAY_MAX = 256
WAIT_SECONDS = 5.0  # for a place among them
ANSWER_SECONDS = 60.0
_HOP_BY_HOP = frozenset((b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
                         b"transfer-encoding", b"upgrade", b"host", b"x-forwarded-for", b"expect", b"date"))  # fmt: skip
log = structlog.get_logger("forward")


class Forward:
    """ASGI app: sends every request to the Unix socket. Use as an async context manager."""

    def __init__(self, socket: Path, limits: Limits) -> None:
        self._socket = str(socket)
        self._limits = limits
        self._places = asyncio.Semaphore(UNDER_WAY_MAX)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Forward":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(path=self._socket, limit=UNDER_WAY_MAX), cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=2), auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def __call__(self, scope, receive, send) -> None:
        headers = [(key, value) for key, value in scope["headers"] if key not in _HOP_BY_HOP]
        peer = scope["client"][0] if scope.get("client") else ""
        named = next((value.decode("latin-1") for key, value in scope["headers"] if key == b"x-forwarded-for"), None)
        address = client_address(peer, named)
        try:
            self._limits.charge(address, 1)
        except DialectError:
            await answer(send, Refusal.TOO_MANY_REQUESTS, retry_after=60)
            return
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            await answer(send, Refusal.BUSY, retry_after=1)
            return
        try:
            await self._pass_on(scope, receive, send, [*headers, (b"x-forwarded-for", address.encode("latin-1"))])
        finally:
            self._places.release()

    async def _pass_on(self, scope, receive, send, headers: list[tuple[bytes, bytes]]) -> None:
        path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        has_body = any(key in (b"content-length", b"transfer-encoding") for key, _ in scope["headers"])
        begun = False
        try:
            async with self._session.request(
                scope["method"], _url(path, query), headers=[(key.decode("latin-1"), value.decode("latin-1")) for key, value in headers],
                data=_pieces(receive) if has_body else None, allow_redirects=False,
            ) as reply:  # fmt: skip
                kept = [(key.lower(), value) for key, value in reply.raw_headers if key.lower() not in _HOP_BY_HOP]
                await send({"type": "http.response.start", "status": reply.status, "headers": kept})
                begun = True
                async for piece in reply.content.iter_any():
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("shop does not answer", path=path[:128], error=type(error).__name__)
            if not begun:
                await answer(send, Refusal.UNAVAILABLE, retry_after=1)


def _url(path: str, query: str) -> URL:
    """As it came: the shop decides what it means."""
    return URL(f"http://shop{path}{'?' if query else ''}{query}", encoded=True)


async def _pieces(receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise aiohttp.ClientConnectionError("the client is gone")
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return
