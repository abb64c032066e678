"""stream/json-orders: JSON orders over one websocket, acknowledged when durable, through the real processes of a venue.

    this process                    stream process                         log process
    order.place, K in flight ─ws─▶ session ─▶ Gateway ─▶ ExchangeClient ─▶ group commit: write, fdatasync
    replies ◀──────────────────ws─ JSON ◀── outcome ◀── replica ◀───────── broadcast

Each order waits for its reply before another one takes its place, so that K are in flight. Requests are made beforehand and the
connection is logged on (session.logon); one run signs every request with HMAC instead. Beside it, in turns, the same messages to a
bare `websockets` server that parses and writes them with orjson and does nothing else. CPU seconds are those of the one process at
the other end: log, database and this client are not in them.

Before a figure counts, every reply must be 200 and the order ids, statuses and executed quantities must hash to what the same orders
give in a venue in memory.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import multiprocessing
import os
import statistics
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
import psutil
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from xxhash import xxh3_64

from bench.processes import START_SECONDS, free_port, listening, role
from bench.result import Result
from cryptoshop import database
from cryptoshop.settings import Settings
from engine import Exchange
from engine.commands import admin, cancel_all, transfer
from engine.exchange import ExchangeClient
from engine.types import ADMIN_EVENT, HOUSE_GATEWAY, Code, KeyScope, Kind, OrderStatus, Role, Side
from gateway.identity import Identity, load_master_key

SCENARIO = "stream/json-orders"
SEED = 1
ORDERS = {1: 3_000, 64: 30_000, 512: 60_000}  # by how many are in flight
RUNS = 3
WINDOW_MS = 60_000  # requests are made before a run; the venue takes them this long
SYMBOL = 1
MIDDLE = 4_000_000  # ticks
FUNDS = 2**60
CPU_TICK = 0.01  # seconds; the system counts no finer


class Mismatch(Exception):
    """The replies are not those that these orders have; no figure of the run is worth anything."""


class Order(NamedTuple):
    side: str
    price: str
    quantity: str
    price_ticks: int
    lots: int


class Run(NamedTuple):
    """One run: seconds it took, CPU seconds of the server, each order's latency, the replies and what they hash to."""

    seconds: float
    cpu: float
    latencies: np.ndarray
    replies: list[bytes]
    hash: str = ""


def json_orders(seed: int = SEED, runs: int = RUNS, sizes: dict[int, int] | None = None) -> Iterator[Result]:
    """The median of `runs`, in turns with the echo. `sizes`: orders of a run, by how many are in flight."""
    rows: list[Result] = []
    uvloop.run(_measure(seed, runs, sizes or ORDERS, rows))
    yield from rows


async def _measure(seed: int, runs: int, sizes: dict[int, int], rows: list[Result]) -> None:
    with _echo_process() as (echo_port, echo_process):
        async with _venue() as venue:
            for in_flight, count in sizes.items():
                orders = _orders(count, seed)
                for style in ("logged on", "signed") if in_flight == max(sizes) else ("logged on",):
                    pairs = []
                    for _ in range(runs):
                        requests = venue.requests(orders, style)
                        ours = await venue.run(requests, orders, in_flight, logged_on=style == "logged on")
                        bare = await _drive(echo_port, "/", echo_process, [], requests, in_flight)
                        pairs.append((ours, bare))
                    rows += _rows(seed, in_flight, style, count, pairs)


def _rows(seed: int, in_flight: int, style: str, count: int, pairs: list[tuple[Run, Run]]) -> Iterator[Result]:
    """The figures of one setting; the baseline of each is the echo's."""

    def median(figure) -> list[float]:
        return [statistics.median(figure(pair[which]) for pair in pairs) for which in (0, 1)]

    label = f"{in_flight} in flight, {style}"
    found = pairs[0][0].hash
    figures = (
        ("orders", "1/s", lambda run: count / run.seconds),
        ("orders per CPU second", "1/s", lambda run: count / max(run.cpu, CPU_TICK)),
        ("p50", "ms", lambda run: float(np.percentile(run.latencies, 50) * 1e3)),
        ("p99", "ms", lambda run: float(np.percentile(run.latencies, 99) * 1e3)),
    )
    for name, unit, figure in figures:
        ours, bare = median(figure)
        yield Result(SCENARIO, f"{name}, {label}", ours, unit, found, bare, seed)


# ---------------------------------------------------------------- the load


def _orders(count: int, seed: int) -> list[Order]:
    """Limit orders of one account that always cross what rests on the other side, so the book is as long as a random walk."""
    rng = np.random.default_rng(seed)
    sells = rng.integers(0, 2, count).tolist()
    away = rng.integers(0, 3, count).tolist()
    lots = rng.integers(1, 1000, count).tolist()
    orders = []
    for is_sell, ticks, size in zip(sells, away, lots, strict=True):
        price = MIDDLE - ticks if is_sell else MIDDLE + ticks
        text = f"{price // 100}.{price % 100:02d}"
        orders.append(Order("SELL" if is_sell else "BUY", text, f"0.{size:05d}", price, size))
    return orders


def _expected(orders: list[Order]) -> str:
    """What the replies must hash to: the same orders in a venue in memory."""
    venue = Exchange()
    base, quote = venue.add_asset("BTC", 8), venue.add_asset("USDT", 8)
    symbol = venue.add_symbol("BTCUSDT", base, quote, **_market())
    account = venue.open_account()
    for asset in (base, quote):
        venue.deposit(account, asset, FUNDS)
    told = xxh3_64()
    for number, order in enumerate(orders, 1):
        outcome = venue.place(account, symbol, Side[order.side], order.price_ticks, order.lots)
        last = next(event for event in outcome.events[::-1] if event["order_id"] == number)
        told.update(b"%d %d;" % (last["status"], last["executed_lots"]))
    return told.hexdigest()


def _told(replies: list[bytes]) -> str:
    """Raises Mismatch for a reply that is not 200, or out of order."""
    told = xxh3_64()
    first = None
    for number, reply in enumerate(map(orjson.loads, replies)):
        if reply["status"] != 200 or reply["id"] != number:
            raise Mismatch(f"order {number} was answered with {reply}")
        result = reply["result"]
        first = result["orderId"] if first is None else first
        if result["orderId"] != first + number:
            raise Mismatch(f"order {number} got the id {result['orderId']}, not {first + number}")
        lots = round(float(result["executedQty"]) * 1e5)
        told.update(b"%d %d;" % (OrderStatus[result["status"]], lots))
    return told.hexdigest()


def _market() -> dict[str, int]:
    return {"lot_units": 1000, "tick_lot_units": 10, "max_price_ticks": 10**8, "max_quantity_lots": 10**8, "max_orders": 4096}


def _frame(message: bytes) -> bytes:
    """A client's text frame; the mask is zero, so that masking costs this process nothing."""
    size = len(message)
    assert size < 1 << 16
    head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0xFE)) + size.to_bytes(2, "big")
    return head + bytes(4) + message


# ---------------------------------------------------------------- the client


class _Load(asyncio.Protocol):
    """Keeps K requests in flight on one connection, after the handshake."""

    def __init__(self, handshake: bytes, first: list[bytes], requests: list[bytes], in_flight: int) -> None:
        self._handshake = handshake
        self._first = deque(first)  # sent one by one before the clock starts
        self._requests = requests
        self._in_flight = in_flight
        self._buffer = b""
        self._sent = 0
        self._times = np.zeros(len(requests))
        self._is_open = False
        self.replies: list[bytes] = []
        self.latencies = np.zeros(len(requests))
        self.started: asyncio.Future = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.write(self._handshake)

    def begin(self) -> None:
        """The clock starts."""
        self._send(self._in_flight)

    def _send(self, count: int) -> None:
        end = min(self._sent + count, len(self._requests))
        self._times[self._sent : end] = time.perf_counter()
        self.transport.write(b"".join(self._requests[self._sent : end]))
        self._sent = end

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self._is_open:
            _, separator, buffer = buffer.partition(b"\r\n\r\n")
            if not separator:
                self._buffer = data
                return
            self._is_open = True
            self._next_first()
        at, before = 0, len(self.replies)
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            if len(buffer) < start + size or start > len(buffer):
                break
            if buffer[at] == 0x81:
                self._reply(buffer[start : start + size])
            at = start + size
        self._buffer = buffer[at:]
        got = len(self.replies)
        if got > before:
            self.latencies[before:got] = time.perf_counter() - self._times[before:got]
            self._send(got - before)
            if got == len(self._requests):
                self.done.set_result(None)

    def _reply(self, message: bytes) -> None:
        if self.started.done():
            self.replies.append(message)
            return
        if b'"status":200' not in message:
            self.done.set_exception(Mismatch(message.decode()))
        self._next_first()

    def _next_first(self) -> None:
        if self._first:
            self.transport.write(self._first.popleft())
        else:
            self.started.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        for future in (self.started, self.done):
            if not future.done():
                future.set_exception(exc or ConnectionError("the server closed the connection"))


async def _drive(port: int, path: str, process: psutil.Process, first: list[bytes], requests: list[bytes], in_flight: int) -> Run:
    """Send all requests with `in_flight` of them unanswered; to check the replies is left to the caller."""
    handshake = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    transport, load = await loop.create_connection(
        lambda: _Load(handshake.encode(), first, requests, in_flight), "127.0.0.1", port
    )
    await load.started
    cpu, began = sum(process.cpu_times()[:2]), time.perf_counter()
    load.begin()
    await load.done
    seconds, cpu = time.perf_counter() - began, sum(process.cpu_times()[:2]) - cpu
    transport.close()
    return Run(seconds, cpu, load.latencies, load.replies)


# ---------------------------------------------------------------- the venue


class _Venue:
    """A log process and a stream process, with one market and one rich customer."""

    def __init__(self, port: int, process: psutil.Process, client: ExchangeClient, account: int) -> None:
        self.port = port
        self.process = process
        self.client = client
        self.account = account
        self.private_key = Ed25519PrivateKey.generate()
        self.ed25519_key = ""
        self.hmac_key = ""
        self.secret = b""

    def requests(self, orders: list[Order], style: str) -> list[bytes]:
        """Frames of order.place, valid from now on for a minute."""
        now_ms = time.time_ns() // 1_000_000
        frames = []
        for number, order in enumerate(orders):
            params: dict[str, object] = {
                "symbol": "BTCUSDT", "side": order.side, "type": "LIMIT", "timeInForce": "GTC", "price": order.price,
                "quantity": order.quantity, "newClientOrderId": f"bench-{number}", "recvWindow": WINDOW_MS, "timestamp": now_ms,
            }  # fmt: skip
            if style == "signed":
                params["apiKey"] = self.hmac_key
                payload = "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()
                params["signature"] = hmac.new(self.secret, payload, hashlib.sha256).hexdigest()
            frames.append(_frame(orjson.dumps({"id": number, "method": "order.place", "params": params})))
        return frames

    async def run(self, requests: list[bytes], orders: list[Order], in_flight: int, *, logged_on: bool) -> Run:
        """One run from an empty book; its replies are checked."""
        await self._empty_the_book()
        first = [self._logon()] if logged_on else []
        run = await _drive(self.port, "/ws-api/v3?returnRateLimits=false", self.process, first, requests, in_flight)
        found, expected = _told(run.replies), _expected(orders)
        if found != expected:
            raise Mismatch(f"the replies hash to {found}, not {expected}")
        return run._replace(replies=[], hash=found)

    def _logon(self) -> bytes:
        params = {"apiKey": self.ed25519_key, "timestamp": time.time_ns() // 1_000_000}
        payload = "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()
        params["signature"] = base64.b64encode(self.private_key.sign(payload)).decode()
        return _frame(orjson.dumps({"id": "logon", "method": "session.logon", "params": params}))

    async def _empty_the_book(self) -> None:
        if self.client.machine.open_orders(self.account):
            await self.client.execute(cancel_all(self.account, SYMBOL))


@contextlib.asynccontextmanager
async def _venue() -> AsyncIterator[_Venue]:
    with tempfile.TemporaryDirectory(prefix="stream-", dir=os.environ.get("CRYPTOSHOP_BENCH_DIR")) as name:
        settings = Settings(data_dir=Path(name), ws_port=free_port(), request_weight=0)
        with database.start(settings.data_dir) as server, contextlib.ExitStack() as stack:
            settings = replace(settings, database_url=server.url)
            await database.migrate(server.url)
            for directory in (settings.metrics_dir, settings.snapshot_dir):
                directory.mkdir(parents=True, exist_ok=True)
            stack.enter_context(role("log", settings))
            client = await ExchangeClient.open(settings.resolved_log_url, role=Role.OPERATOR, connect_timeout=START_SECONDS)
            pool = await database.pool(server.url)
            try:
                identity = Identity(pool, client, load_master_key(settings.master_key_path))
                account = await _set_up(client, identity)
                process = stack.enter_context(role("stream", settings))
                await listening(settings.ws_port)
                venue = _Venue(settings.ws_port, process, client, account)
                await _make_keys(venue, identity)
                yield venue
            finally:
                await client.close()
                await pool.close()


async def _set_up(client: ExchangeClient, identity: Identity) -> int:
    """One market, one customer with money; returns the account."""

    async def done(commands: np.ndarray) -> np.ndarray:
        (outcome,) = await client.execute(commands)
        if outcome.code != Code.OK:
            raise Mismatch(f"setting up was refused: {Code(outcome.code).name}")
        return outcome.events.view(ADMIN_EVENT)

    assets = [int((await done(admin(Kind.ADD_ASSET, name=name, scale=8)))["asset"][0]) for name in (b"BTC", b"USDT")]
    market = _market()
    await done(
        admin(Kind.ADD_SYMBOL, name=b"BTCUSDT", base=assets[0], quote=assets[1], value=market["lot_units"],
              value2=market["tick_lot_units"], max_price_ticks=market["max_price_ticks"], max_market_lots=market["max_quantity_lots"],
              max_quantity_lots=market["max_quantity_lots"], max_orders=market["max_orders"])
    )  # fmt: skip
    await done(admin(Kind.OPEN))
    user = await identity.sign_up("bench@venue.test", "correct horse battery staple")
    for asset in assets:
        await done(
            transfer(Kind.TRANSFER, (time.time_ns(), asset), debit=HOUSE_GATEWAY, credit=user.account, asset=asset, amount=FUNDS)
        )
    return user.account


async def _make_keys(venue: _Venue, identity: Identity) -> None:
    scopes = KeyScope.READ | KeyScope.TRADE
    pem = venue.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    venue.ed25519_key = (await identity.create_key(venue.account, "Ed25519", "bench", scopes, pem)).api_key
    key = await identity.create_key(venue.account, "HMAC", "bench", scopes)
    venue.hmac_key, venue.secret = key.api_key, key.secret.encode()


# ---------------------------------------------------------------- the echo


async def _echo_forever(ready) -> None:
    async def echo(connection) -> None:
        with contextlib.suppress(ConnectionClosed):  # the load goes away without a word
            async for message in connection:
                await connection.send(orjson.dumps(orjson.loads(message)), text=True)

    async with serve(echo, "127.0.0.1", 0, compression=None) as server:
        ready.send(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().create_future()


def _run_echo(ready) -> None:
    uvloop.run(_echo_forever(ready))


@contextlib.contextmanager
def _echo_process() -> Iterator[tuple[int, psutil.Process]]:
    """The bare server: its port and process."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run_echo, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv(), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.join()
