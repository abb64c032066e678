"""A seller's endpoint over real HTTP, which behaves as badly as it is told to."""

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from aiohttp import web

DROP = "drop"  # the connection, without an answer
HANG = "hang"  # until the test is over
OTHER = "SSH-2.0-SomethingElse"  # than HTTP
Behaviour = Callable[[int], int | str]  # of the n-th message: a status, or one of the above


class Got(NamedTuple):
    delivery: str
    event: str
    signature: str
    body: bytes
    answered: int | str

    @property
    def content(self) -> dict:
        return json.loads(self.body)


class Receiver:
    """`got` is all that came, in order."""

    def __init__(self, behaviour: Behaviour):
        self.behaviour = behaviour
        self.got: list[Got] = []
        self.url = ""
        self.came = asyncio.Event()
        self.over = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        answer = self.behaviour(len(self.got))
        headers = (request.headers[f"X-CryptoShop-{name}"] for name in ("Delivery", "Event", "Signature"))
        self.got.append(Got(*headers, body, answer))
        self.came.set()
        if answer == DROP:
            request.transport.abort()
        if answer == OTHER:
            request.transport.write(f"{OTHER}\r\n".encode())
            request.transport.close()
        if answer == HANG:
            await self.over.wait()
        if isinstance(answer, int) and 300 <= answer < 400:
            return web.Response(status=answer, headers={"Location": self.url + "/elsewhere"})
        return web.Response(status=200 if isinstance(answer, str) else answer, body=b"x" * 200_000)

    @property
    def accepted(self) -> list[Got]:
        return [got for got in self.got if isinstance(got.answered, int) and 200 <= got.answered < 300]


@contextlib.asynccontextmanager
async def receiving(behaviour: Behaviour = lambda _n: 200) -> AsyncIterator[Receiver]:
    receiver = Receiver(behaviour)
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}"
    try:
        yield receiver
    finally:
        receiver.over.set()
        await runner.cleanup()


def verifies(secret: str, got: Got) -> bool:
    """As a receiver does it."""
    time, _, value = got.signature.removeprefix("t=").partition(",v1=")
    return hmac.compare_digest(hmac.new(secret.encode(), time.encode() + b"." + got.body, hashlib.sha256).hexdigest(), value)
