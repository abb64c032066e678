"""The shop's app within this process, for the demo's people: requests without sockets, at any moment of the past week.

    floor.ask(person, "POST", "/shop/checkouts", body, at=moment, key="order-7")

The moment is the Shop's clock for that request and for what it sets in motion. A request that is refused raises ShopSaysNo.
"""

import contextvars
import datetime
import functools
import urllib.parse
from typing import Any

import asyncpg
import msgspec

from cryptoshop.errors import StartError
from engine.exchange import ExchangeClient
from gateway.identity.sealing import seal, unseal
from storefront.app import shop_app
from storefront.settlement import Settlements
from storefront.work import Shop, Shopper, utc_now

_moment: contextvars.ContextVar[datetime.datetime | None] = contextvars.ContextVar("moment", default=None)


class ShopSaysNo(StartError):
    """`code` is the shop's, `detail` what it told with it."""

    def __init__(self, request: str, code: str, message: str, detail: dict[str, Any]):
        super().__init__(f"{request}: {code} {message}")
        self.code = code
        self.detail = detail


def clock() -> datetime.datetime:
    return _moment.get() or utc_now()


class Floor:
    """`people`: name -> Shopper. `exchange` needs the roles LEDGER and IDENTITY, or OPERATOR."""

    def __init__(self, pool: asyncpg.Pool, exchange: ExchangeClient, master_key: bytes, people: dict[str, Shopper]):
        self.people = people
        self.shop = Shop(
            pool, exchange, Settlements(pool, exchange, clock), clock=clock,
            seal=functools.partial(seal, master_key, api_key="shop"), unseal=functools.partial(unseal, master_key, api_key="shop"),
        )  # fmt: skip
        self._app = shop_app(self.shop)

    async def ask(self, person: str, method: str, path: str, body: Any = None, *, at: datetime.datetime | None = None, key: str = "",
                  content_type: str = "application/json", **query: str) -> Any:  # fmt: skip
        """The answer's JSON; a body of bytes is sent as it is. Raises ShopSaysNo."""
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        headers = [(b"host", b"demo"), (b"content-length", str(len(raw)).encode())]
        headers += [(b"content-type", content_type.encode())] * bool(raw) + [(b"idempotency-key", key.encode())] * bool(key)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
            "raw_path": path.encode(), "root_path": "", "query_string": urllib.parse.urlencode(query).encode(), "headers": headers,
            "client": ("127.0.0.1", 0), "server": ("demo", 80), "state": {"shopper": self.people[person]} if person else {},
        }  # fmt: skip
        messages: list[dict] = []

        async def receive() -> dict:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: dict) -> None:
            messages.append(message)

        token = _moment.set(at)
        try:
            await self._app(scope, receive, send)
        finally:
            _moment.reset(token)
        answer = msgspec.json.decode(b"".join(message.get("body", b"") for message in messages[1:]) or b"null")
        if messages[0]["status"] >= 400:
            raise ShopSaysNo(f"{method} {path}", answer["code"], answer["message"], answer.get("detail", {}))
        return answer

    async def settle_left(self, at: datetime.datetime) -> None:
        """End what a set-up that was killed had left on its way to the ledger, as of that moment."""
        token = _moment.set(at)
        try:
            for row in await self.shop.pool.fetch("SELECT settlement_id FROM shop_settlements WHERE state = 'pending'"):
                await self.shop.settlements.ended(row["settlement_id"], timeout=30)
        finally:
            _moment.reset(token)
