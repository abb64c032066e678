"""Filters by their names: exact in both directions, and refused in words."""

import pytest

from cryptoshop.demo.markets import ASSETS, FILTERS, MAX_NOTIONAL, SYMBOLS
from cryptoshop.filters import EVERYWHERE_FILTERS, OF_MARKETS, OFF, Market, asset_filter, everywhere_filter, market_filter, told
from cryptoshop.listing import ListingError, symbol_command
from engine.types import Filter, Kind
from engine.views import AssetView, SymbolView

BTC, USDT = AssetView(1, "BTC", 8), AssetView(2, "USDT", 8)


def listed(base: AssetView, quote: AssetView, tick: str, lot: str) -> Market:
    row = symbol_command("MARKET", base, quote, tick, lot)[0]
    return Market(SymbolView(7, "MARKET", base.asset, quote.asset, int(row["value"]), int(row["value2"]), int(row["max_price_ticks"]),
                             int(row["max_quantity_lots"]), int(row["max_market_lots"]), 0, 200, 1, 0, 0, 0), base, quote)  # fmt: skip


@pytest.fixture
def market() -> Market:
    return listed(BTC, USDT, "0.01", "0.00001")


def test_every_filter_of_the_core_has_one_name():
    names = [known.which for known in (*OF_MARKETS.values(), *EVERYWHERE_FILTERS.values())]
    assert sorted([*names, Filter.MAX_ASSET]) == sorted(Filter)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("min-price", "0.10", 10), ("min-quantity", "0.001", 100), ("bid-up", "1.2", 1_200_000), ("ask-down", "0.000001", 1),
        ("max-notional", "9000000", 9 * 10**14), ("notional-spares-market", "both", 3), ("iceberg-parts", "100", 100),
        ("max-position", "1.5", 15 * 10**7), ("min-trailing-above", "0.1%", 10), ("max-trailing-below", "20", 2000), ("max-lists", OFF, 0),
    ],
)  # fmt: skip
def test_what_is_said_and_what_it_is(market, name, text, value):
    command = market_filter(market, name, text)[0]
    assert (command["kind"], command["symbol"], command["filter"], command["value"]) == (Kind.SET_FILTER, 7, OF_MARKETS[name].which, value)


def test_it_is_shown_as_it_is_said(market):
    values = {known.which: int(market_filter(market, name, known.example)[0]["value"]) for name, known in OF_MARKETS.items()}
    shown = {name: value for name, value, _ in told(market, values)}
    assert shown == {name: known.example for name, known in OF_MARKETS.items()} | {"min-price": "0.1"}
    values = {known.which: int(everywhere_filter(name, known.example)[0]["value"]) for name, known in EVERYWHERE_FILTERS.items()}
    assert {name: value for name, value, _ in told(None, values)} == {name: known.example for name, known in EVERYWHERE_FILTERS.items()}


def test_of_an_asset():
    command = asset_filter(BTC, "max-order", "2.5")[0]
    assert (command["filter"], command["base"], command["value"]) == (Filter.MAX_ASSET, 1, 25 * 10**7)
    assert asset_filter(BTC, "max-order", OFF)[0]["value"] == 0


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("nonsense", "1", "there is no filter nonsense of MARKET: it is one of min-price"),
        ("bid-up", "1.2345678", "more than 6 decimals; write it like 1.2, or off"),
        ("bid-up", "-1", "not a plain decimal number"), ("iceberg-parts", "1.5", "more than 0 decimals"),
        ("max-lists", "0", "must be above 0, or off"), ("max-trailing-above", "0.001%", "more than 2 decimals"),
    ],
)  # fmt: skip
def test_what_cannot_be_set(market, name, text, says):
    with pytest.raises(ListingError, match=".") as caught:
        market_filter(market, name, text)
    assert says in str(caught.value)


@pytest.mark.parametrize("symbol", SYMBOLS, ids=lambda symbol: symbol.name)
def test_the_demo_sets_what_fits(symbol):
    assets = {asset.name: AssetView(number, asset.name, asset.scale) for number, asset in enumerate(ASSETS, 1)}
    market = listed(assets[symbol.base], assets[symbol.quote], symbol.tick, symbol.lot)
    for name, text in (FILTERS | {"max-notional": MAX_NOTIONAL[symbol.quote]}).items():
        assert market_filter(market, name, text)[0]["value"] > 0
