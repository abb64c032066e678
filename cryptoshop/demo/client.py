"""A small client of the public WebSocket API, as anyone could write it: signed requests, one connection, replies by id."""

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import time
from typing import Any

import orjson
from websockets.asyncio.client import connect

REPLY_TIMEOUT_S = 10.0


class RequestRefused(Exception):
    """The venue answered with an error: `code` and its text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code


class ApiClient:
    """One connection to /ws-api/v3 for one API key. Use as an async context manager."""

    def __init__(self, ws_url: str, api_key: str, secret: str) -> None:
        self._url = f"{ws_url}/ws-api/v3"
        self._api_key = api_key
        self._secret = secret.encode()
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future] = {}

    async def __aenter__(self) -> "ApiClient":
        self._connection = await connect(self._url, max_size=2**22)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reader.cancel()
        await self._connection.close()

    async def _read(self) -> None:
        """Hands replies to those who wait; when the connection ends, everyone learns it."""
        try:
            async for message in self._connection:
                reply = orjson.loads(message)
                future = self._waiting.pop(reply.get("id"), None)
                if future is not None and not future.done():
                    future.set_result(reply)
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(ConnectionError("the websocket closed"))

    async def call(self, method: str, *, signed: bool = False, **parameters: Any) -> Any:
        """The `result` of one request. Raises RequestRefused, ConnectionError or TimeoutError."""
        number = next(self._ids)
        if signed:
            parameters |= {"apiKey": self._api_key, "timestamp": int(time.time() * 1000), "recvWindow": 10_000}
            payload = "&".join(f"{key}={parameters[key]}" for key in sorted(parameters))
            parameters["signature"] = hmac.new(self._secret, payload.encode(), hashlib.sha256).hexdigest()
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            await self._connection.send(orjson.dumps({"id": number, "method": method, "params": parameters}).decode())
            reply = await asyncio.wait_for(future, REPLY_TIMEOUT_S)
        finally:
            self._waiting.pop(number, None)
        if reply.get("status") != 200:
            error = reply.get("error") or {}
            raise RequestRefused(error.get("code", 0), error.get("msg", "no reason given"))
        return reply["result"]

    async def try_call(self, method: str, **parameters: Any) -> Any:
        """As `call`, signed; None where the venue refused."""
        with contextlib.suppress(RequestRefused):
            return await self.call(method, signed=True, **parameters)
        return None
