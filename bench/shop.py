"""checkout: complete purchases through the real processes of a venue; browsing: pages for shoppers while traders trade.

    shoppers (this process) ─HTTP─▶ rest ─Unix socket─▶ shop ─┬▶ PostgreSQL
                                                             └▶ command log ─▶ every replica, the recorder

A complete checkout is a signed-in buyer who adds to the cart, asks for a quote, and confirms: paid into escrow, stock taken. One scenario
pays in the seller's asset, one with a conversion on the live book. Beside them, what PostgreSQL commits in the same place: single-row
transactions from as many connections.

Before a figure counts, every purchase must be answered as paid, what lies in escrow must be what the orders say, the stock that left must
be what was bought, and of an article with few pieces exactly those few may have been sold. The hash is over who bought what for how much.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import secrets
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import aiohttp
import asyncpg
import msgspec
import numpy as np
import psutil
import uvloop
from xxhash import xxh3_64

from bench.processes import START_SECONDS, free_port, listening, role
from bench.result import Result
from cryptoshop import database
from cryptoshop.http_client import Connection
from cryptoshop.listing import asset_command, symbol_command
from cryptoshop.settings import Settings
from engine import commands as make
from engine.exchange import ExchangeClient
from engine.types import HOUSE_ESCROW, HOUSE_GATEWAY, RULES_VERSION, Code, Kind, OrderType, Role, Side, TimeInForce
from gateway.identity import Identity, load_master_key
from gateway.identity.passwords import Passwords

SEED = 1
SHOPPERS = 32
CHECKOUTS = 1500
PRODUCTS = 200
SELLERS = 4
SCARCE = 10  # pieces of the one article that every shopper wants at the end
PAGE_SHOPPERS = 50
WARM_SECONDS = 3.0
PAGE_SECONDS = 15.0  # also of trading
THINK_SECONDS = 0.5
ORDERS_PER_SECOND = 200
COMMIT_SECONDS = 2.0
DEPTH = 80  # levels a side
CPU_TICK = 0.01  # seconds; the system counts no finer


class Mismatch(Exception):
    """What came of the purchases is not what they were; no figure of the run is worth anything."""


@dataclass
class Shopper:
    number: int
    headers: dict[str, str]
    address_id: str

    @property
    def heads(self) -> list[tuple[bytes, bytes]]:
        """The headers of what this shopper posts."""
        return [(b"content-type", b"application/json"), *((name.lower().encode(), text.encode()) for name, text in self.headers.items())]


class Purchases(NamedTuple):
    seconds: float
    steps: dict[str, list[float]]  # seconds of each request, by step
    cpu: dict[str, float]  # seconds, by role
    hash: str


def checkout(seed: int = SEED, size: int = CHECKOUTS) -> Iterator[Result]:
    """`size` checkouts by 32 shoppers, first paid in the seller's asset, then through a conversion."""
    rows: list[Result] = []
    uvloop.run(_checkout(seed, size, rows))
    yield from rows


def browsing(seed: int = SEED) -> Iterator[Result]:
    """Page latencies of 50 shoppers, and the latency of traders' orders without them and beside them."""
    rows: list[Result] = []
    uvloop.run(_browsing(seed, rows))
    yield from rows


async def _checkout(seed: int, size: int, rows: list[Result]) -> None:
    async with _venue() as venue:
        commits = await venue.commits_per_second()
        for asset in ("USDT", "BTC"):
            await venue.buy(seed, SHOPPERS * 2, asset)  # warm
            run = await venue.buy(seed + 1, size, asset)
            label = f"paid in {asset}"
            rows.append(Result("checkout", f"checkouts, {label}", size / run.seconds, "1/s", run.hash, commits, seed))
            for step, latencies in run.steps.items():
                for quantile in (50, 99):
                    figure = float(np.percentile(latencies, quantile)) * 1e3
                    rows.append(Result("checkout", f"{step} p{quantile}, {label}", figure, "ms", run.hash, 0, seed))
            for name, seconds in run.cpu.items():
                rows.append(Result("checkout", f"CPU of {name}, {label}", seconds / size * 1e3, "ms each", run.hash, 0, seed))
        sold = await venue.sell_the_last()
        rows.append(Result("checkout", f"of {SCARCE} pieces, {SHOPPERS} wanted one: sold", sold, "pieces", run.hash, SCARCE, seed))


async def _browsing(seed: int, rows: list[Result]) -> None:
    async with _venue(stream=True) as venue:
        await venue.browse(seed, WARM_SECONDS)
        alone, found = await venue.trade(seed)
        shoppers = asyncio.ensure_future(venue.browse(seed + 1, PAGE_SECONDS))
        beside, again = await venue.trade(seed)
        pages = await shoppers
        if found != again:
            raise Mismatch(f"the same orders came to {found} and to {again}")
        for quantile in (50, 99):
            now, before = (float(np.percentile(latencies, quantile)) * 1e3 for latencies in (beside, alone))
            rows.append(Result("browsing", f"order p{quantile} beside {PAGE_SHOPPERS} shoppers", now, "ms", found, before, seed))
        for page, latencies in pages.items():
            for quantile in (50, 99):
                figure = float(np.percentile(latencies, quantile)) * 1e3
                rows.append(Result("browsing", f"{page} p{quantile}", figure, "ms", found, 0, seed))
        rows.append(Result("browsing", "pages", sum(map(len, pages.values())) / PAGE_SECONDS, "1/s", found, 0, seed))


# ---------------------------------------------------------------- the venue


class _Venue:
    """Processes, goods, and people with sessions."""

    def __init__(self, settings: Settings, pool: asyncpg.Pool, client: ExchangeClient, roles: dict[str, psutil.Process]):
        self.settings = settings
        self.pool = pool
        self.client = client
        self.roles = roles
        self.shoppers: list[Shopper] = []
        self.variants: list[tuple[str, str]] = []  # id, product's slug
        self.scarce = ""
        self.account = 0  # of one shopper, who also trades

    def session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.settings.rest_url, connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar())

    # ---- buying

    async def buy(self, seed: int, count: int, asset: str) -> Purchases:
        """`count` purchases by all shoppers at once."""
        rng = np.random.default_rng(seed)
        picks = rng.integers(0, len(self.variants), count).tolist()
        sizes = rng.integers(1, 4, count).tolist()
        wanted = list(zip(range(count), picks, sizes, strict=True))
        queues = [wanted[at :: len(self.shoppers)] for at in range(len(self.shoppers))]
        before = await self._state()
        cpu, began = self._cpu(), time.perf_counter()
        steps: dict[str, list[float]] = {"add to cart": [], "quote": [], "confirm": [], "whole": []}
        told: list[tuple[int, int, int, str]] = []
        await asyncio.gather(*(self._shop(shopper, queue, asset, steps, told)
                               for shopper, queue in zip(self.shoppers, queues, strict=True)))  # fmt: skip
        seconds = time.perf_counter() - began
        spent = {name: now - cpu[name] for name, now in self._cpu().items()}
        await self._check(before, sum(sizes), count)
        return Purchases(seconds, steps, spent, xxh3_64(json.dumps(sorted(told)).encode()).hexdigest())

    async def _shop(self, shopper: Shopper, queue, asset: str, steps, told) -> None:
        http = await self.connect()
        for number, pick, quantity in queue:
            whole = time.perf_counter()
            variant, _ = self.variants[pick]
            await self._timed(steps["add to cart"], http, shopper, "/shop/cart/lines", {"variantId": variant, "quantity": quantity})
            wanted = {"addressId": shopper.address_id, "shipping": {}, "payAsset": asset}
            quote = await self._timed(steps["quote"], http, shopper, "/shop/checkouts", wanted)
            path = f"/shop/checkouts/{quote['id']}/confirm"
            paid = await self._timed(steps["confirm"], http, shopper, path, {"most": quote["most"]})
            if paid["state"] != "paid":
                raise Mismatch(f"a checkout ended {paid['state']}: {paid['failure']}")
            told.append((number, pick, quantity, paid["orders"][0]["total"]["amount"]))
            steps["whole"].append(time.perf_counter() - whole)
        http.close()

    async def connect(self) -> Connection:
        """A shopper's connection: one that costs little, since shoppers and venue share the machine."""
        return (await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.settings.http_port))[1]

    @staticmethod
    async def _timed(latencies: list[float], http: Connection, shopper: Shopper, path: str, body: dict) -> dict:
        began = time.perf_counter()
        content = msgspec.json.encode(body)
        headers = [*shopper.heads, (b"idempotency-key", secrets.token_hex(8).encode()), (b"content-length", b"%d" % len(content))]
        await http.request("POST", path.encode(), headers, _whole(content))
        value = msgspec.json.decode(b"".join([piece async for piece in http.pieces()]))
        latencies.append(time.perf_counter() - began)
        if http.status >= 300:
            raise Mismatch(f"{path} was answered with {http.status} {value}")
        return value

    async def sell_the_last(self) -> int:
        """Every shopper wants one of the few pieces; how many got one. Raises Mismatch where somebody paid for nothing."""

        async def want(shopper: Shopper) -> bool:
            http = await self.connect()
            try:
                await self._timed([], http, shopper, "/shop/cart/lines", {"variantId": self.scarce, "quantity": 1})
                wanted = {"addressId": shopper.address_id, "shipping": {}, "payAsset": "USDT"}
                quote = await self._timed([], http, shopper, "/shop/checkouts", wanted)
                await self._timed([], http, shopper, f"/shop/checkouts/{quote['id']}/confirm", {"most": quote["most"]})
            except Mismatch as refused:
                if "OUT_OF_STOCK" in str(refused) or "CART_EMPTY" in str(refused):
                    return False
                raise
            finally:
                http.close()
            return True

        before = await self._state()
        sold = sum(await asyncio.gather(*(want(shopper) for shopper in self.shoppers)))
        await self._check(before, sold, sold)
        if sold != SCARCE:
            raise Mismatch(f"{sold} of {SCARCE} pieces were sold")
        return sold

    async def _state(self) -> tuple[int, int]:
        """(pieces promised to paid orders, orders paid)"""
        pieces = await self.pool.fetchval("SELECT sum(allocated) FROM shop_variants")
        return pieces, await self.pool.fetchval("SELECT count(*) FROM shop_orders WHERE payment = 'held'")

    async def _check(self, before: tuple[int, int], pieces: int, orders: int) -> None:
        now = await self._state()
        if now != (before[0] + pieces, before[1] + orders):
            raise Mismatch(f"{pieces} pieces in {orders} orders were bought, {now[0] - before[0]} in {now[1] - before[1]} left")
        if await self.pool.fetchval("SELECT count(*) FROM shop_variants WHERE on_hand < allocated"):
            raise Mismatch("more was sold than there was")
        held = await self.pool.fetchval("SELECT sum(held)::bigint FROM shop_orders")
        await self.client.caught_up()
        if self.client.machine.balance(HOUSE_ESCROW, _asset(self.client, "USDT")) != (0, held):
            raise Mismatch("what lies in escrow is not what the orders say")

    def _cpu(self) -> dict[str, float]:
        """CPU seconds so far, by role; PostgreSQL's with its children."""
        seconds = {name: sum(process.cpu_times()[:2]) for name, process in self.roles.items() if name != "PostgreSQL"}
        server = self.roles["PostgreSQL"]
        seconds["PostgreSQL"] = sum(sum(process.cpu_times()[:2]) for process in (server, *server.children()))
        seconds["shoppers"] = sum(psutil.Process().cpu_times()[:2])
        return seconds

    async def commits_per_second(self) -> float:
        """Single-row transactions from as many connections as the shop has."""
        await self.pool.execute("CREATE TABLE bench_commits (number bigint)")
        ends = time.perf_counter() + COMMIT_SECONDS

        async def commit() -> int:
            count = 0
            while time.perf_counter() < ends:
                await self.pool.execute("INSERT INTO bench_commits VALUES ($1)", count)
                count += 1
            return count

        began = time.perf_counter()
        done = sum(await asyncio.gather(*(commit() for _ in range(16))))
        return done / (time.perf_counter() - began)

    # ---- browsing and trading

    async def browse(self, seed: int, seconds: float) -> dict[str, list[float]]:
        """50 shoppers look at pages, half a second apart each."""
        rng = np.random.default_rng(seed)
        pages = {"home": lambda: "/shop/home", "search": lambda: f"/shop/products?q=thing+{rng.integers(PRODUCTS)}",
                 "product": lambda: f"/shop/products/{self.variants[rng.integers(len(self.variants))][1]}",
                 "cart": lambda: "/shop/cart"}  # fmt: skip
        latencies: dict[str, list[float]] = {name: [] for name in pages}
        ends = time.perf_counter() + seconds

        async def look(http, number: int) -> None:
            shopper = self.shoppers[number % len(self.shoppers)]
            await asyncio.sleep(THINK_SECONDS * number / PAGE_SHOPPERS)
            while time.perf_counter() < ends:
                for name, path in pages.items():
                    began = time.perf_counter()
                    async with http.get(path(), headers=shopper.headers) as answer:
                        await answer.read()
                    if answer.status != 200:
                        raise Mismatch(f"{name} was answered with {answer.status}")
                    latencies[name].append(time.perf_counter() - began)
                    await asyncio.sleep(THINK_SECONDS)

        async with self.session() as http:
            await asyncio.gather(*(look(http, number) for number in range(PAGE_SHOPPERS)))
        return latencies

    async def trade(self, seed: int) -> tuple[list[float], str]:
        """Orders at a steady pace from a process of their own: latencies, and a hash of what came of them."""
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=_trade, args=(theirs, self.settings.resolved_log_url, self.account, seed), daemon=True)
        process.start()
        theirs.close()  # so that a trader who dies ends the wait
        try:
            return await asyncio.to_thread(ours.recv)
        except EOFError:
            raise Mismatch("the trader's process ended without a word") from None
        finally:
            process.join()

    # ---- setting up

    async def set_up(self) -> None:
        await _market(self.client)
        key = load_master_key(self.settings.master_key_path)
        identity = Identity(self.pool, self.client, key, passwords=Passwords(time_cost=1, memory_kib=64))
        for number in range(SHOPPERS):
            user = await identity.sign_up(f"shopper{number}@bench.test", "correct horse battery staple")
            await _deposit(self.client, user.account, {"USDT": 10**9, "BTC": 10**5})
            login = await identity.start_session(user)
            headers = {"Cookie": f"cryptoshop_session={login.token}", "X-CSRF-Token": login.session.csrf}
            address_id = uuid.uuid4()
            await self.pool.execute(
                """INSERT INTO shop_addresses (address_id, user_id, name, line1, city, country, created_at)
                   VALUES ($1, $2, 'A. Buyer', 'Main Street 1', 'Town', 'DE', now())""", address_id, user.user_id,
            )  # fmt: skip
            self.shoppers.append(Shopper(number, headers, str(address_id)))
            self.account = user.account
        await self._goods(identity)

    async def _goods(self, identity: Identity) -> None:
        usdt = _asset(self.client, "USDT")
        await self.pool.execute("INSERT INTO shop_categories (slug, name) VALUES ('goods', 'Goods')")
        sellers = []
        for number in range(SELLERS):
            user = await identity.sign_up(f"seller{number}@bench.test", "correct horse battery staple")
            reference = (secrets.randbits(62) + 1, secrets.randbits(62))
            await _done(self.client, make.admin(Kind.OPEN_ACCOUNT, reference_hi=reference[0], reference_lo=reference[1]))
            seller_id, zone_id = uuid.uuid4(), uuid.uuid4()
            await self.pool.execute(
                """INSERT INTO shop_sellers (seller_id, user_id, slug, name, country, state, payable_reference_hi, payable_reference_lo,
                                             payable_account, applied_at)
                   VALUES ($1, $2, $3, $3, 'DE', 'approved', $4, $5, $6, now())""",
                seller_id, user.user_id, f"seller-{number}", *reference, self.client.machine.find_account(*reference),
            )  # fmt: skip
            await self.pool.execute("INSERT INTO shop_shipping_zones VALUES ($1, $2, 'Everywhere', '{}')", zone_id, seller_id)
            await self.pool.execute(
                "INSERT INTO shop_shipping_methods (method_id, zone_id, name, asset, base_price) VALUES ($1, $2, 'Parcel', $3, $4)",
                uuid.uuid4(), zone_id, usdt, 5 * 10**6,
            )  # fmt: skip
            sellers.append(seller_id)
        for number in range(PRODUCTS + 1):
            variant_id, slug, price = uuid.uuid4(), f"thing-{number}", (10 + number) * 10**6
            product_id = uuid.uuid4()
            await self.pool.execute(
                """INSERT INTO shop_products (product_id, seller_id, category_id, slug, title, state, asset, price_min, price_max, in_stock,
                                              created_at, updated_at, words)
                   SELECT $1, $2, category_id, $3, $4, 'active', $5, $6, $6, true, now(), now(), to_tsvector('english', $4)
                   FROM shop_categories""", product_id, sellers[number % SELLERS], slug, f"Thing {number}", usdt, price,
            )  # fmt: skip
            await self.pool.execute(
                "INSERT INTO shop_variants (variant_id, product_id, sku, price, weight_g, on_hand) VALUES ($1, $2, $3, $4, 500, $5)",
                variant_id, product_id, slug, price, 10**6 if number < PRODUCTS else SCARCE,
            )  # fmt: skip
            if number < PRODUCTS:
                self.variants.append((str(variant_id), slug))
            else:
                self.scarce = str(variant_id)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _trade(pipe, log_url: str, account: int, seed: int) -> None:
    pipe.send(uvloop.run(_orders(log_url, account, seed)))


async def _orders(log_url: str, account: int, seed: int) -> tuple[list[float], str]:
    """From submitting an order to its event in this process's replica, when it is durable."""
    client = await ExchangeClient.open(log_url, role=Role.TRADING, connect_timeout=START_SECONDS)
    symbol, count = _symbol(client, "BTCUSDT"), int(PAGE_SECONDS * ORDERS_PER_SECOND)
    latencies, codes, began = [], xxh3_64(), time.perf_counter()
    for number, side in enumerate(np.random.default_rng(seed).integers(0, 2, count).tolist()):
        await asyncio.sleep(max(0.0, began + number / ORDERS_PER_SECOND - time.perf_counter()))
        sent = time.perf_counter()
        order = make.place(account, symbol, Side(side), OrderType.LIMIT, price_ticks=5_000_000, quantity_lots=1,
                           time_in_force=TimeInForce.IOC)  # fmt: skip
        (outcome,) = await client.execute(order)
        latencies.append(time.perf_counter() - sent)
        codes.update(b"%d;" % outcome.code)
    await client.close()
    return latencies, codes.hexdigest()


@contextlib.asynccontextmanager
async def _venue(*, stream: bool = False) -> AsyncIterator[_Venue]:
    """Log, recorder, shop and REST, with `stream` that role too; all as `serve` runs them."""
    with tempfile.TemporaryDirectory(prefix="shop-", dir=os.environ.get("CRYPTOSHOP_BENCH_DIR")) as name:
        settings = Settings(data_dir=Path(name), http_port=free_port(), ws_port=free_port(), request_weight=0)
        with database.start(settings.data_dir) as server, contextlib.ExitStack() as stack:
            settings = replace(settings, database_url=server.url)
            await database.migrate(server.url)
            for directory in (settings.metrics_dir, settings.snapshot_dir):
                directory.mkdir(parents=True, exist_ok=True)
            roles = {"log": stack.enter_context(role("log", settings))}
            client = await ExchangeClient.open(settings.resolved_log_url, role=Role.OPERATOR, connect_timeout=START_SECONDS)
            pool = await database.pool(server.url, connections=16)
            try:
                for other in ("recorder", "shop", "rest", *(("stream",) if stream else ())):
                    roles[other] = stack.enter_context(role(other, settings))
                roles["PostgreSQL"] = psutil.Process(_postmaster(settings))
                venue = _Venue(settings, pool, client, roles)
                await venue.set_up()
                await _answering(settings)
                if stream:
                    await listening(settings.ws_port)
                yield venue
            finally:
                await client.close()
                await pool.close()


def _postmaster(settings: Settings) -> int:
    return int(next(settings.data_dir.rglob("postmaster.pid")).read_text().split()[0])


async def _answering(settings: Settings) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession(settings.rest_url) as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get("/shop/home") as answer:
                    if answer.status == 200:
                        return
            if time.monotonic() > deadline:
                raise Mismatch("the shop did not start")
            await asyncio.sleep(0.1)


async def _market(client: ExchangeClient) -> None:
    """USDT and BTC, a market between them, and somebody who makes it."""
    await _done(client, make.admin(Kind.SET_RULES, value=RULES_VERSION), asset_command("USDT", 6), asset_command("BTC", 8))
    assets = {asset.name: asset for asset in client.machine.assets()}
    await _done(client, symbol_command("BTCUSDT", assets["BTC"], assets["USDT"], tick="0.01", lot="0.0001"))
    await _done(client, make.admin(Kind.OPEN), make.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=1))
    maker, symbol = client.machine.find_account(1, 1), _symbol(client, "BTCUSDT")
    await _deposit(client, maker, {"USDT": 10**11, "BTC": 10**7})
    for level in range(1, DEPTH + 1):
        await _done(client, *(
            make.place(maker, symbol, side, OrderType.LIMIT, price_ticks=5_000_000 + sign * level * 100, quantity_lots=10**6)
            for side, sign in ((Side.BUY, -1), (Side.SELL, 1))
        ))  # fmt: skip


async def _done(client: ExchangeClient, *commands) -> None:
    for outcome in await client.execute(make.frame(*commands)):
        if outcome.code != Code.OK:
            raise Mismatch(f"setting up was refused: {Code(outcome.code).name}")


async def _deposit(client: ExchangeClient, account: int, whole: dict[str, int]) -> None:
    for name, amount in whole.items():
        view = next(asset for asset in client.machine.assets() if asset.name == name)
        await _done(client, make.transfer(Kind.TRANSFER, (time.time_ns(), secrets.randbits(62)), debit=HOUSE_GATEWAY, credit=account,
                                          asset=view.asset, amount=amount * 10**view.scale))  # fmt: skip


def _asset(client: ExchangeClient, name: str) -> int:
    return next(asset.asset for asset in client.machine.assets() if asset.name == name)


def _symbol(client: ExchangeClient, name: str) -> int:
    return next(symbol.symbol for symbol in client.machine.symbols() if symbol.name == name)
