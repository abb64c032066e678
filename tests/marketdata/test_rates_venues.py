"""Prices from a venue elsewhere, through ccxt over real HTTP: another CryptoShop, one that is down, nonsense, wrong clocks."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import orjson
import pytest
import pytest_asyncio
import uvicorn

from engine.commands import admin, cancel_all, frame, place, transfer
from engine.exchange import ExchangeClient
from engine.log.clock import LogClock
from engine.log.memory import MemoryLog
from engine.oracle.machine import OracleMachine
from engine.types import HOUSE_GATEWAY, RULES_VERSION, Code, Kind, Role, Side
from gateway.gateway import Gateway
from gateway.rest import trading_app
from marketdata import MarketData
from marketdata.rates import CcxtVenue, OwnBook, Rates, SourceError, parse_source
from tests.cryptoshop.processes import free_ports
from tests.gateway.margin_venue import margin_commands

HOUR_MS = 3_600_000


@contextlib.asynccontextmanager
async def served(app) -> AsyncIterator[str]:
    """The URL of an ASGI application on loopback."""
    (port,) = free_ports(1)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    server.capture_signals = contextlib.nullcontext
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


class North:
    """The other CryptoShop: its command log in memory, its REST application; its clock may be wrong."""

    def __init__(self, ahead_ms: int = 0) -> None:
        self.now_ns = lambda: time.time_ns() + ahead_ms * 10**6

    async def open(self) -> None:
        marketdata = MarketData()
        log = MemoryLog(LogClock(wall=self.now_ns))
        self.exchange = await ExchangeClient.open(
            log, role=Role.OPERATOR, reducers={"marketdata": marketdata}, machine=OracleMachine, now=self.now_ns
        )
        self.gateway = Gateway(exchange=self.exchange, marketdata=marketdata, history=None, identity=None, clock=self.now_ns)
        await self.run(admin(Kind.OPEN), admin(Kind.ADD_ASSET, name=b"BTC", scale=8), admin(Kind.ADD_ASSET, name=b"USDT", scale=6),
                       admin(Kind.ADD_ASSET, name=b"ETH", scale=8), admin(Kind.OPEN_ACCOUNT, reference_hi=1))  # fmt: skip
        for base, name in ((1, b"BTCUSDT"), (3, b"ETHUSDT")):
            await self.run(admin(Kind.ADD_SYMBOL, name=name, base=base, quote=2, value=10_000, value2=1, max_price_ticks=10**8,
                                 max_quantity_lots=10**7, max_market_lots=10**7, max_orders=200))  # fmt: skip
        self.account = 16
        for asset in (1, 2, 3):
            await self.run(
                transfer(Kind.TRANSFER, (self.now_ns(), asset), debit=HOUSE_GATEWAY, credit=self.account, asset=asset, amount=10**14)
            )

    async def run(self, *commands) -> None:
        outcomes = await self.exchange.execute(frame(*commands))
        assert {outcome.code for outcome in outcomes} == {Code.OK}

    async def quote(self, symbol: int, bid: int, ask: int) -> None:
        """New best prices, in whole USDT."""
        await self.exchange.execute(frame(admin(Kind.TICK)))
        for side, price in ((Side.BUY, bid), (Side.SELL, ask)):
            await self.run(place(self.account, symbol, side, price_ticks=price * 100, quantity_lots=100))


@pytest_asyncio.fixture
async def north(request):
    venue = North(getattr(request, "param", 0))
    await venue.open()
    yield venue
    await venue.exchange.close()


@contextlib.asynccontextmanager
async def source_at(url: str, **options):
    source = CcxtVenue(parse_source(f"4=north:cryptoshop@{url}"), paced=False, **options)
    try:
        yield source
    finally:
        await source.close()


ASKED = ["BTC", "ETH", "SOL"]


async def test_another_cryptoshop_says_what_its_books_say(north):
    await north.quote(1, 64_000, 64_010)
    async with served(trading_app(north.gateway)) as url, source_at(url) as source:
        assert await source.poll(ASKED, "USDT") == {"BTC": Decimal("64005")}  # ETH has no book yet, SOL no market
        assert source.rejected == 1
        await north.quote(2, 3_000, 3_001)
        assert await source.poll(ASKED, "USDT") == {"BTC": Decimal("64005"), "ETH": Decimal("3000.5")}
        assert await source.poll(ASKED, "EUR") == {}


@pytest.mark.parametrize("north", [-3 * HOUR_MS, 3 * HOUR_MS], indirect=True)
async def test_a_venue_whose_clock_is_wrong_is_still_understood(north):
    await north.quote(1, 64_000, 64_010)
    async with served(trading_app(north.gateway)) as url, source_at(url) as source:
        assert await source.poll(ASKED, "USDT") == {"BTC": Decimal("64005")}


async def test_a_clock_that_is_set_is_measured_again(north):
    await north.quote(1, 64_000, 64_010)
    ahead = 0
    async with served(trading_app(north.gateway)) as url, source_at(url, now_ms=lambda: time.time_ns() // 10**6 + ahead) as source:
        assert await source.poll(ASKED, "USDT")
        ahead = HOUR_MS
        assert await source.poll(ASKED, "USDT") == {}  # by what is known, its tickers are an hour old
        assert await source.poll(ASKED, "USDT") == {"BTC": Decimal("64005")}


async def test_a_venue_that_is_down_raises_and_is_heard_when_it_is_back(north):
    await north.quote(1, 64_000, 64_010)
    app = trading_app(north.gateway)
    is_down = False

    async def sometimes(scope, receive, send):
        if is_down:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"<html>gateway away</html>"})
        else:
            await app(scope, receive, send)

    async with served(sometimes) as url, source_at(url) as source:
        assert await source.poll(ASKED, "USDT")
        is_down = True
        with pytest.raises(Exception, match="503|gateway away"):
            await source.poll(ASKED, "USDT")
        is_down = False
        assert await source.poll(ASKED, "USDT") == {"BTC": Decimal("64005")}


async def test_nobody_listens_at_the_address():
    (port,) = free_ports(1)
    async with source_at(f"http://127.0.0.1:{port}") as source:
        with pytest.raises(Exception, match="127.0.0.1"):
            await source.poll(ASKED, "USDT")


def test_a_venue_that_ccxt_does_not_know():
    with pytest.raises(SourceError, match="nosuchvenue"):
        CcxtVenue(parse_source("4=nosuchvenue"))


# ---------------------------------------------------------------- from there into the own core


async def until(met) -> None:
    async with asyncio.timeout(30):
        while not met():
            await asyncio.sleep(0.01)


async def test_one_cryptoshop_feeds_another(north):
    """The index here is made of the own book and of the book there; without the venue there it gets old, and is not made up."""
    here = North()
    await here.open()
    await here.run(admin(Kind.SET_RULES, value=RULES_VERSION))
    await here.run(*(admin(kind, **fields) for kind, fields in margin_commands(2, {1: 1})))
    await here.quote(1, 64_020, 64_030)
    await north.quote(1, 64_000, 64_010)
    app, is_down = trading_app(north.gateway), False

    async def sometimes(scope, receive, send):
        if is_down:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b"away"})
        else:
            await app(scope, receive, send)

    def index():
        return here.exchange.machine.index(1)

    try:
        async with served(sometimes) as url:
            there = CcxtVenue(parse_source(f"4=north:cryptoshop@{url}"), paced=False)
            sources = [OwnBook(parse_source("1=book"), here.exchange), there]
            for source in sources:
                source.period_seconds = 0.02
            rates = Rates(here.exchange, sources)
            running = asyncio.create_task(rates.run())
            await until(lambda: not index().frozen)
            assert index().price == 64_015 * 10**6  # between 64,005 there and 64,025 here
            assert [(source.source, source.price) for source in index().sources] == [(1, 64_025 * 10**6), (4, 64_005 * 10**6)]
            await north.run(cancel_all(north.account, 1))
            await north.quote(1, 64_400, 64_410)
            await until(lambda: index().price == 64_215 * 10**6)
            is_down = True
            await until(lambda: not rates.health[4].up and rates.health[4].failures > 2)
            assert rates.health[1].up
            said_ns = index().sources[1].time_ns
            await here.run(cancel_all(here.account, 1))
            await here.quote(1, 64_100, 64_110)
            await until(lambda: index().sources[0].price == 64_105 * 10**6)
            assert index().sources[1] == (4, 64_405 * 10**6, said_ns, True)
            is_down = False
            await north.run(cancel_all(north.account, 1))
            await north.quote(1, 64_000, 64_010)
            await until(lambda: index().price == 64_055 * 10**6)
            running.cancel()
            await asyncio.wait([running])
    finally:
        await here.exchange.close()


# ---------------------------------------------------------------- nonsense


class Liar:
    """exchangeInfo, time and tickers of BTCUSDT, as told."""

    def __init__(self) -> None:
        self.ticker: object = {}

    async def __call__(self, scope, receive, send) -> None:
        now_ms = time.time_ns() // 10**6
        answers = {
            "/api/v3/exchangeInfo": {
                "serverTime": now_ms, "rateLimits": [], "exchangeFilters": [],
                "symbols": [{"symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "baseAssetPrecision": 8, "quoteAsset": "USDT",
                             "quotePrecision": 8, "orderTypes": ["LIMIT"], "isSpotTradingAllowed": True, "permissions": [],
                             "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.01", "minPrice": "0.01", "maxPrice": "1000000"}]}],
            },
            "/api/v3/time": {"serverTime": now_ms},
            "/api/v3/ticker/24hr": self.ticker,
        }  # fmt: skip
        body = orjson.dumps(answers[scope["path"]])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})


def ticker(bid: object, ask: object, close_ms: int | None = None) -> list[dict]:
    return [{"symbol": "BTCUSDT", "bidPrice": bid, "askPrice": ask, "lastPrice": "64000", "closeTime": close_ms or time.time_ns() // 10**6}]


async def test_nonsense_is_not_believed():
    liar = Liar()
    now_ms = time.time_ns() // 10**6
    async with served(liar) as url, source_at(url) as source:
        lies = [
            ticker("0", "64000"), ticker("64000", "0"), ticker("-1", "64000"), ticker("nan", "64000"), ticker("64000", "inf"),
            ticker("64000", "1e400"), ticker("64001", "64000"), ticker("60000", "68000"), ticker("", ""), ticker(None, None),
            ticker("64000", "64001", now_ms - HOUR_MS), ticker("64000", "64001", now_ms + HOUR_MS),
            [{"symbol": "ETHUSDT", "bidPrice": "1", "askPrice": "1"}], [],
        ]  # fmt: skip
        for lie in lies:
            liar.ticker = lie
            assert await source.poll(["BTC"], "USDT") == {}, lie
        assert source.rejected == len(lies)
        liar.ticker = ticker("64000", "64001")
        assert await source.poll(["BTC"], "USDT") == {"BTC": Decimal("64000.5")}


@pytest.mark.parametrize("answer", [{"code": -1003, "msg": "Too much request weight used."}, "nonsense", 7, [1, 2, 3], [{"bidPrice": {}}]])
async def test_an_answer_of_another_shape_raises_or_says_nothing(answer):
    liar = Liar()
    liar.ticker = answer
    async with served(liar) as url, source_at(url) as source:
        with contextlib.suppress(Exception):
            assert await source.poll(["BTC"], "USDT") == {}
        liar.ticker = ticker("64000", "64001")
        assert await source.poll(["BTC"], "USDT") == {"BTC": Decimal("64000.5")}
