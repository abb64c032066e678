"""A small marketplace for the shop's tests: a real PostgreSQL, a core over a log in memory, markets with depth, people, and goods.

    world.client(person)     an HTTP client of the shop's app, without sockets; None: nobody is signed in
    world.person(name)       a new user with money; world.seller(name): an approved one with shipping everywhere
    world.product(seller)    goods with stock
    world.restart()          another process's shop on the same database and log: what a crash left is there, nothing else
"""

import asyncio
import contextlib
import datetime
import itertools
import json
import os
import secrets
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import asyncpg
import pytest
from httpx import ASGITransport, AsyncClient

from cryptoshop import database as postgresql
from cryptoshop.listing import asset_command, symbol_command
from engine import commands as make
from engine.exchange import ExchangeClient
from engine.log.memory import MemoryLog
from engine.oracle.machine import OracleMachine
from engine.types import HOUSE_GATEWAY, RULES_VERSION, Code, Kind, OrderType, Role, Side
from engine.units import parse_units
from storefront.app import keep, shop_app
from storefront.audit import compare
from storefront.settlement import Settlements
from storefront.work import Shop, Shopper

MACHINE = OracleMachine if os.environ.get("SHOP_TESTS_ON_ORACLE") else None  # None: the kernels
SHOP_ROLE = Role.LEDGER | Role.IDENTITY
ASSETS = {"USDT": 6, "BTC": 8, "ETH": 8}
MARKETS = {  # name: base, quote, tick, lot, price
    "BTCUSDT": ("BTC", "USDT", "0.01", "0.0001", "50000"),
    "ETHUSDT": ("ETH", "USDT", "0.01", "0.0001", "2500"),
    "ETHBTC": ("ETH", "BTC", "0.00001", "0.001", "0.05"),
}
PURSE = {"USDT": "100000", "BTC": "10", "ETH": "100"}
PLENTY = {"USDT": "1000000000", "BTC": "100000", "ETH": "1000000"}
TAKER_PPM = 1000


@dataclass(frozen=True)
class Person:
    name: str
    user_id: int
    account: int
    role: str = "user"

    @property
    def shopper(self) -> Shopper:
        return Shopper(self.user_id, self.account, self.role)


@dataclass(frozen=True)
class Seller:
    person: Person
    seller_id: uuid.UUID
    slug: str
    payable: int  # account in the core
    method_id: uuid.UUID  # of its one shipping method, to everywhere


@dataclass(frozen=True)
class Product:
    product_id: uuid.UUID
    variant_id: uuid.UUID
    slug: str
    seller: Seller


class World:
    """`now` is the shop's clock where it is set."""

    def __init__(self, pool: asyncpg.Pool, log: MemoryLog, operator: ExchangeClient, exchange: ExchangeClient):
        self.pool = pool
        self.log = log
        self.operator = operator
        self.exchange = exchange
        self.now: datetime.datetime | None = None
        self.shop = self._shop(exchange)
        self.app = shop_app(self.shop)
        self._others: list[ExchangeClient] = []
        self._numbers = itertools.count(1)

    def _shop(self, exchange: ExchangeClient) -> Shop:
        clock = self.clock
        return Shop(self.pool, exchange, Settlements(self.pool, exchange, clock), seal=bytes, unseal=bytes, clock=clock)

    def clock(self) -> datetime.datetime:
        return self.now or datetime.datetime.now(datetime.UTC)

    # ---- processes

    async def restart(self) -> Shop:
        """A fresh shop over the same database and log; also becomes `world.shop` and `world.app`."""
        exchange = await ExchangeClient.open(self.log, role=SHOP_ROLE, machine=MACHINE)
        self._others.append(exchange)
        self.exchange = exchange
        self.shop = self._shop(exchange)
        self.app = shop_app(self.shop)
        return self.shop

    @contextlib.asynccontextmanager
    async def keepers(self) -> AsyncIterator[None]:
        """While inside: the outbox sweep and the rooms' keepers run."""
        task = asyncio.create_task(keep(self.shop))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        for client in (*self._others, self.operator):
            for task in client._tasks:  # not close(): the log is everybody's
                task.cancel()

    # ---- people

    def client(self, person: Person | Seller | None = None, *, cookies: dict[str, str] | None = None) -> AsyncClient:
        """As `person`; the app sees what the session middleware would have put into the scope."""
        who = person.person if isinstance(person, Seller) else person

        async def app(scope, receive, send) -> None:
            if who is not None:
                scope.setdefault("state", {})["shopper"] = who.shopper
            await self.app(scope, receive, send)

        transport = ASGITransport(app, raise_app_exceptions=False)
        return AsyncClient(transport=transport, base_url="http://shop.test", cookies=cookies, timeout=60)

    async def person(self, name: str = "", *, role: str = "user", purse: dict[str, str] | None = None) -> Person:
        name = name or f"person{next(self._numbers)}"
        reference = (secrets.randbits(62) + 1, secrets.randbits(62))
        account = await self.open_account(reference)
        user_id = await self.pool.fetchval(
            """INSERT INTO users (email, password_hash, role, reference_hi, reference_lo, account)
               VALUES ($1, '', $2, $3, $4, $5) RETURNING user_id""", f"{name}@shop.test", role, *reference, account,
        )  # fmt: skip
        await self.deposit(account, PURSE if purse is None else purse)
        return Person(name, user_id, account, role)

    async def seller(self, name: str = "", *, shipping: str = "5", asset: str = "USDT", **columns) -> Seller:
        """An approved seller, with one shipping method at `shipping` of `asset` to the whole world."""
        person = await self.person(name)
        reference = (secrets.randbits(62) + 1, secrets.randbits(62))
        payable = await self.open_account(reference)
        seller_id, zone_id, method_id = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
        row = {"commission_ppm": None, "reserve_ppm": 0, "reserve_days": 0, "country": "DE"} | columns
        await self.pool.execute(
            """INSERT INTO shop_sellers (seller_id, user_id, slug, name, country, state, commission_ppm, reserve_ppm, reserve_days,
                                         payable_reference_hi, payable_reference_lo, payable_account, applied_at, decided_at)
               VALUES ($1, $2, $3, $4, $5, 'approved', $6, $7, $8, $9, $10, $11, $12, $12)""",
            seller_id, person.user_id, person.name, person.name.title(), row["country"], row["commission_ppm"], row["reserve_ppm"],
            row["reserve_days"], *reference, payable, self.clock(),
        )  # fmt: skip
        await self.pool.execute("INSERT INTO shop_shipping_zones VALUES ($1, $2, 'Everywhere', '{}')", zone_id, seller_id)
        await self.pool.execute(
            "INSERT INTO shop_shipping_methods (method_id, zone_id, name, asset, base_price) VALUES ($1, $2, 'Parcel', $3, $4)",
            method_id, zone_id, self.asset(asset), self.units(asset, shipping),
        )  # fmt: skip
        return Seller(person, seller_id, person.name, payable, method_id)

    async def product(self, seller: Seller, title: str = "", *, price: str = "20", asset: str = "USDT", stock: int = 10,
                      weight_g: int = 500, category: str = "goods", threshold: int = 0) -> Product:  # fmt: skip
        """Active, of one variant."""
        number = next(self._numbers)
        title = title or f"Thing {number}"
        slug = f"{title.lower().replace(' ', '-')}-{number}"
        product_id, variant_id = uuid.uuid4(), uuid.uuid4()
        units = self.units(asset, price)
        await self.pool.execute(
            "INSERT INTO shop_categories (slug, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", category, category.title()
        )
        await self.pool.execute(
            """INSERT INTO shop_products (product_id, seller_id, category_id, slug, title, description, state, asset, price_min, price_max,
                                          in_stock, created_at, updated_at, words)
               SELECT $1, $2, category_id, $3, $4, '', 'active', $5, $6, $6, $7, $8, $8, to_tsvector('english', $4)
               FROM shop_categories WHERE slug = $9""",
            product_id, seller.seller_id, slug, title, self.asset(asset), units, stock - threshold > 0, self.clock(), category,
        )  # fmt: skip
        await self.pool.execute(
            """INSERT INTO shop_variants (variant_id, product_id, sku, options, price, weight_g, on_hand, threshold)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            variant_id, product_id, f"sku-{number}", json.dumps({}), units, weight_g, stock, threshold,
        )  # fmt: skip
        return Product(product_id, variant_id, slug, seller)

    async def address(self, person: Person, country: str = "DE") -> uuid.UUID:
        address_id = uuid.uuid4()
        await self.pool.execute(
            """INSERT INTO shop_addresses (address_id, user_id, name, line1, city, postcode, country, created_at)
               VALUES ($1, $2, 'A. Buyer', 'Main Street 1', 'Town', '12345', $3, $4)""", address_id, person.user_id, country, self.clock(),
        )  # fmt: skip
        return address_id

    # ---- the ledger

    def asset(self, name: str) -> int:
        return next(asset.asset for asset in self.exchange.machine.assets() if asset.name == name)

    def symbol(self, name: str) -> int:
        return next(symbol.symbol for symbol in self.exchange.machine.symbols() if symbol.name == name)

    def units(self, asset: str, text: str) -> int:
        return parse_units(text, ASSETS[asset])

    def text(self, asset: str, units: int) -> str:
        return f"{Decimal(units).scaleb(-ASSETS[asset]):f}"

    async def operate(self, *commands) -> list:
        outcomes = await self.operator.execute(make.frame(*commands))
        assert all(outcome.code in (Code.OK, Code.ALREADY_EXISTS) for outcome in outcomes), [Code(o.code).name for o in outcomes]
        await self.exchange.caught_up()
        return outcomes

    async def open_account(self, reference: tuple[int, int]) -> int:
        await self.operate(make.admin(Kind.OPEN_ACCOUNT, reference_hi=reference[0], reference_lo=reference[1]))
        return self.exchange.machine.find_account(*reference)

    async def deposit(self, account: int, amounts: dict[str, str]) -> None:
        if amounts:
            await self.operate(*(
                make.transfer(Kind.TRANSFER, (self.operator.machine.now_ns + 1, secrets.randbits(62)), debit=HOUSE_GATEWAY, credit=account,
                              asset=self.asset(name), amount=self.units(name, text)) for name, text in amounts.items()
            ))  # fmt: skip

    def balance(self, account: int, asset: str) -> tuple[str, str]:
        """(available, held) as decimal text."""
        available, held = self.exchange.machine.balance(account, self.asset(asset))
        return self.text(asset, available), self.text(asset, held)

    async def check(self) -> None:
        """What must hold at rest: the core's invariants, and that shop and ledger say the same."""
        await self.exchange.caught_up()
        assert self.exchange.machine.validate() == ""
        assert await compare(self.pool, self.exchange.machine) == []


async def open_world(database: str) -> World:
    log = MemoryLog()
    operator = await ExchangeClient.open(log, role=Role.OPERATOR, machine=MACHINE)
    exchange = await ExchangeClient.open(log, role=SHOP_ROLE, machine=MACHINE)
    world = World(await postgresql.pool(database, connections=24), log, operator, exchange)
    await world.operate(make.admin(Kind.SET_RULES, value=RULES_VERSION), *(asset_command(name, scale) for name, scale in ASSETS.items()))
    assets = {asset.name: asset for asset in operator.machine.assets()}
    await world.operate(*(
        symbol_command(name, assets[base], assets[quote], tick=tick, lot=lot, taker_ppm=TAKER_PPM, maker_ppm=0)
        for name, (base, quote, tick, lot, _) in MARKETS.items()
    ), make.admin(Kind.OPEN))  # fmt: skip
    await _make_markets(world)
    return world


async def _make_markets(world: World) -> None:
    """A maker with twenty levels on each side, 0.02 % apart."""
    maker = await world.open_account((1, 1))
    await world.deposit(maker, PLENTY)
    for name, (base, _, tick, lot, price) in MARKETS.items():
        symbol, middle = world.symbol(name), round(float(price) / float(tick))
        lots = round({"BTC": 2, "ETH": 40}[base] / float(lot))
        step = max(1, middle // 5000)
        await world.operate(*(
            make.place(maker, symbol, side, OrderType.LIMIT, price_ticks=middle + sign * step * level, quantity_lots=lots)
            for side, sign in ((Side.BUY, -1), (Side.SELL, 1)) for level in range(1, 21)
        ))  # fmt: skip


@pytest.fixture
async def world(database) -> AsyncIterator[World]:
    world = await open_world(database)
    yield world
    await world.close()
    await world.pool.close()
