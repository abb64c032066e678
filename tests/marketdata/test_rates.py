"""marketdata/rates without a network: how sources are named, what is believed, what is published and when."""

import asyncio
import math
from decimal import Decimal
from typing import NamedTuple

import pytest

from engine.commands import admin
from engine.exchange import Exchange, Outcome
from engine.log.port import LogUnavailable
from engine.oracle.machine import OracleMachine
from engine.types import ADMIN_COMMAND, PRICE_MAX, Code, Kind, Side, SymbolStatus
from engine.views import AssetView
from marketdata.rates import OwnBook, Rates, Simulated, SourceError, SourceSpec, middle, parse_source, parse_sources, publisher
from marketdata.rates.own import wave_ppm
from marketdata.rates.publisher import is_due, price_units

COIN = 10**8

# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("1=book", (1, "book", "book", "")),
        ("15=kraken", (15, "kraken", "kraken", "")),
        ("3=euro:bitvavo", (3, "euro", "bitvavo", "")),
        ("2=simulated", (2, "simulated", "simulated", "")),
        ("4=north:cryptoshop@http://10.0.0.7:8080/", (4, "north", "cryptoshop", "http://10.0.0.7:8080")),
    ],
)
def test_a_source_is_one_line(text, spec):
    assert parse_source(text) == SourceSpec(*spec)
    assert parse_source(parse_source(text).text()) == SourceSpec(*spec)


@pytest.mark.parametrize(
    "text",
    ["", "kraken", "0=kraken", "16=kraken", "1=", "1=Kraken", "1=a-b:kraken", "1=kraken@http://x", "1=cryptoshop", "1=n:cryptoshop@ftp://x",
     "1=real:simulated", "1=simulated:kraken", "1=n:cryptoshop@http://", "x=kraken", "1=kraken 2=book", "1=:kraken"],
)  # fmt: skip
def test_what_names_no_source_is_refused_in_one_line(text):
    with pytest.raises(SourceError) as refused:
        parse_source(text)
    assert "\n" not in str(refused.value)


def test_numbers_and_names_are_given_once():
    assert [spec.number for spec in parse_sources(["3=kraken", "1=book"])] == [1, 3]
    for texts in (["1=book", "1=kraken"], ["1=book", "2=book"], ["1=a:kraken", "2=a:bitvavo"]):
        with pytest.raises(SourceError):
            parse_sources(texts)


# ---------------------------------------------------------------- what is believed


def test_the_middle_of_two_near_prices():
    assert middle(100.0, 100.5) == Decimal("100.25")
    assert middle(0.1, 0.1) == Decimal("0.1")
    assert middle(100, 101) == Decimal("100.5")
    assert middle(100, 101.01) is None


@pytest.mark.parametrize("garbage", [None, 0, 0.0, -1.0, math.nan, math.inf, -math.inf, "100", True, [], {}, Decimal("NaN"), Decimal(0)])
def test_garbage_is_no_price(garbage):
    assert middle(garbage, 100.0) is None
    assert middle(100.0, garbage) is None


def test_crossed_prices_are_no_price():
    assert middle(101.0, 100.0) is None


def test_prices_become_units_of_the_core():
    assert price_units(Decimal("64000.01"), 8, 8, 6) == 64_000_010_000
    assert price_units(Decimal("64000.01"), 8, 0, 6) == 640  # a price scale too small says little
    assert price_units(Decimal("0.000000001"), 8, 8, 6) == 0
    assert price_units(Decimal(PRICE_MAX), 0, 0, 0) == PRICE_MAX
    assert price_units(Decimal(PRICE_MAX + 1), 0, 0, 0) == 0


def test_a_price_is_sent_when_it_moved_or_grows_old():
    assert is_due(None, 100, 0.0, 10.0)
    assert not is_due((1_000_000, 0.0), 1_000_019, 9.9, 10.0)
    assert is_due((1_000_000, 0.0), 1_000_020, 0.1, 10.0)
    assert is_due((1_000_000, 0.0), 999_980, 0.1, 10.0)
    assert is_due((1_000_000, 0.0), 1_000_000, 10.0, 10.0)
    assert not is_due((5, 0.0), 5, 1.0, 10.0)


# ---------------------------------------------------------------- the own book


class Book:
    """BTCUSDT in memory, as an ExchangeClient shows it."""

    connected = True

    def __init__(self):
        self.exchange = Exchange(OracleMachine(), clock=lambda: 10**18)
        btc, usdt = self.exchange.add_asset("BTC", 8), self.exchange.add_asset("USDT", 6)
        self.symbol = self.exchange.add_symbol("BTCUSDT", btc, usdt, lot_units=10_000, max_price_ticks=10**8)  # a tick is 0.01
        self.account = self.exchange.open_account()
        self.exchange.deposit(self.account, btc, 100 * COIN)
        self.exchange.deposit(self.account, usdt, 10**13)

    @property
    def machine(self):
        return self.exchange.machine

    def quote(self, side: Side, price: str) -> int:
        return int(self.exchange.place(self.account, self.symbol, side, int(Decimal(price) * 100), 10).events["order_id"][0])


def own_book(exchange) -> OwnBook:
    return OwnBook(SourceSpec(1, "book", "book"), exchange)


async def test_the_own_book_needs_both_sides_near_to_each_other():
    book = Book()
    source = own_book(book)
    assert await source.poll(["BTC"], "USDT") == {}
    book.quote(Side.BUY, "64000")
    assert await source.poll(["BTC"], "USDT") == {}
    far = book.quote(Side.SELL, "65000")
    assert await source.poll(["BTC"], "USDT") == {}
    book.quote(Side.SELL, "64001")
    assert await source.poll(["BTC"], "USDT") == {"BTC": Decimal("64000.5")}
    assert await source.poll(["ETH"], "USDT") == {}
    assert await source.poll(["BTC"], "EUR") == {}
    assert source.rejected == 3
    book.exchange.cancel(book.account, book.symbol, far)


async def test_the_last_price_moves_nothing():
    book = Book()
    book.quote(Side.BUY, "64000")
    book.quote(Side.SELL, "64001")
    other = book.exchange.open_account()
    book.exchange.deposit(other, 1, COIN)
    book.quote(Side.BUY, "64000.9")
    book.exchange.place(other, book.symbol, Side.SELL, 0, 10)
    assert book.machine.symbol(book.symbol).last_price_ticks == 6_400_090
    assert await own_book(book).poll(["BTC"], "USDT") == {"BTC": Decimal("64000.5")}


async def test_a_halted_market_and_a_replica_that_hears_nothing_say_nothing():
    book = Book()
    book.quote(Side.BUY, "64000")
    book.quote(Side.SELL, "64001")
    book.exchange.execute(admin(Kind.SET_SYMBOL_STATUS, symbol=book.symbol, status=SymbolStatus.CANCEL_ONLY))
    assert await own_book(book).poll(["BTC"], "USDT") == {}
    book.connected = False
    with pytest.raises(OSError, match="log"):
        await own_book(book).poll(["BTC"], "USDT")


async def test_the_simulated_source_wanders_around_the_book_and_says_what_it_is():
    book, now = Book(), 1_000.0
    book.quote(Side.BUY, "64000")
    offer = book.quote(Side.SELL, "64001")
    source = Simulated(SourceSpec(2, "simulated", "simulated"), own_book(book), now=lambda: now)
    assert source.name == "simulated"
    seen = []
    for _ in range(200):
        now += 7.0
        seen.append(float((await source.poll(["BTC"], "USDT"))["BTC"]))
    assert max(seen) - min(seen) > 64_000 * 0.0005
    assert all(abs(price / 64_000.5 - 1) < 0.001 for price in seen)
    assert wave_ppm("BTC", 7.0) == wave_ppm("BTC", 7.0) != wave_ppm("ETH", 7.0)
    book.exchange.cancel(book.account, book.symbol, offer)  # the book goes, the venue that is not there stays
    assert 63_000 < float((await source.poll(["BTC"], "USDT"))["BTC"]) < 65_000


# ---------------------------------------------------------------- publishing


class Setup(NamedTuple):
    numeraire: int = 2
    staleness_ns: int = 30 * 10**9


class MarginAsset(NamedTuple):
    asset: int
    price_scale: int = 8


class Core:
    """What Rates asks of a replica, and every price it was sent."""

    assets = (AssetView(1, "BTC", 8), AssetView(2, "USDT", 6), AssetView(3, "ETH", 8))

    def __init__(self, code: Code = Code.OK):
        self.machine = self
        self.code = code
        self.away = False
        self.frames: list[list[tuple[int, int, int]]] = []

    def margin_setup(self):
        return Setup()

    def margin_assets(self):
        return [MarginAsset(1), MarginAsset(2), MarginAsset(3)]

    def asset(self, asset: int) -> AssetView:
        return self.assets[asset - 1]

    async def execute(self, commands, _timeout: float):
        if self.away:
            raise LogUnavailable("away")
        records = commands.view(ADMIN_COMMAND)
        assert (records["kind"] == Kind.SET_PRICE).all()
        assert (records["valid_until_ns"] > 0).all()
        self.frames.append([(int(one["source"]), int(one["asset"]), int(one["value"])) for one in records])
        return [Outcome(self.code, 1, 0, 0, None) for _ in records]

    @property
    def prices(self) -> list[tuple[int, int, int]]:
        return [price for frame in self.frames for price in frame]


class Scripted:
    """A source that answers from a list; an exception is raised, None never comes."""

    period_seconds = 0.001

    def __init__(self, number: int, *answers):
        self.number, self.name = number, f"source{number}"
        self.rejected = 0
        self.answers = list(answers)
        self.polls = 0
        self.closed = False

    async def poll(self, assets, numeraire):
        assert (assets, numeraire) == (["BTC", "ETH"], "USDT")
        answer = self.answers[min(self.polls, len(self.answers) - 1)]
        self.polls += 1
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self):
        self.closed = True


async def run_until(rates: Rates, reached) -> None:
    running = asyncio.create_task(rates.run())
    async with asyncio.timeout(20):
        while not reached():
            assert not running.done()
            await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_only_what_changed_is_published():
    core = Core()
    source = Scripted(3, {"BTC": Decimal(100)}, {"BTC": Decimal(100), "ETH": Decimal(5)}, {"BTC": Decimal("100.1")})
    rates = Rates(core, [source])
    await run_until(rates, lambda: source.polls > 20)
    assert core.frames == [[(3, 1, 100 * 10**6)], [(3, 3, 5 * 10**6)], [(3, 1, 100_100_000)]]
    assert source.closed
    figures = rates.counters()
    assert (figures["rates_source3_up"], figures["rates_source3_prices_published"], figures["rates_source3_polls_failed"]) == (1, 3, 0)


async def test_one_source_that_hangs_and_one_that_fails_hold_up_no_other(monkeypatch):
    monkeypatch.setattr(publisher, "POLL_SECONDS", 0.02)
    core = Core()
    hanging, failing = Scripted(1, None), Scripted(2, RuntimeError("garbage"), OSError("away"))
    good = Scripted(3, *({"BTC": Decimal(100 + i)} for i in range(40)))
    rates = Rates(core, [hanging, failing, good])
    await run_until(rates, lambda: len(core.prices) >= 40 and rates.health[1].failed)
    assert {source for source, _, _ in core.prices} == {3}
    assert failing.polls < good.polls  # asked less and less often
    assert not rates.health[1].up
    assert not rates.health[2].up
    assert rates.health[3].up


async def test_a_source_that_comes_back_is_heard_again():
    core = Core()
    source = Scripted(2, {"BTC": Decimal(1)}, OSError("away"), OSError("away"), {"BTC": Decimal(2)})
    rates = Rates(core, [source])
    await run_until(rates, lambda: len(core.prices) == 2)
    assert [price for _, _, price in core.prices] == [10**6, 2 * 10**6]
    assert (rates.health[2].failed, rates.health[2].failures) == (2, 0)


async def test_prices_that_the_log_cannot_take_are_not_queued():
    core = Core()
    core.away = True
    source = Scripted(2, *({"BTC": Decimal(100 + i)} for i in range(10)))
    rates = Rates(core, [source])

    def back() -> bool:
        if source.polls == 10:
            core.away = False
        return bool(core.prices)

    await run_until(rates, back)
    assert core.prices == [(2, 1, 109 * 10**6)]
    assert rates.health[2].refused >= 9


async def test_a_refused_price_is_tried_again():
    core = Core(Code.STALE)
    source = Scripted(2, {"BTC": Decimal(100)})
    rates = Rates(core, [source])
    await run_until(rates, lambda: len(core.prices) > 2)
    assert rates.health[2].published == 0
    assert rates.health[2].refused > 2
