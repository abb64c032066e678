"""Listing in human units: exact, and refused with the reason where it cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptoshop.demo.markets import ASSETS, SYMBOLS
from cryptoshop.listing import ListingError, amount_units, asset_command, fees_command, percent_to_ppm, symbol_command
from engine.types import AMOUNT_MAX, Kind
from engine.units import SymbolUnits
from engine.views import AssetView, SymbolView

BTC, USDT = AssetView(1, "BTC", 8), AssetView(2, "USDT", 8)


def _view(command) -> SymbolView:
    row = command[0]
    return SymbolView(1, row["name"].decode(), int(row["base"]), int(row["quote"]), int(row["value"]), int(row["value2"]),
                      int(row["max_price_ticks"]), int(row["max_quantity_lots"]), int(row["max_market_lots"]), int(row["min_notional"]),
                      int(row["max_orders"]), 1, 0, 0, 0)  # fmt: skip


def test_a_symbol_in_human_units():
    command = symbol_command("BTCUSDT", BTC, USDT, "0.01", "0.00001", min_notional="5", max_price="1000000", max_quantity="9000",
                             max_market_quantity="120", max_orders=200, maker_ppm=800, taker_ppm=1000)  # fmt: skip
    row = command[0]
    assert row["kind"] == Kind.ADD_SYMBOL
    assert (row["name"], row["base"], row["quote"]) == (b"BTCUSDT", 1, 2)
    assert (row["value"], row["value2"]) == (1000, 10)  # 0.00001 BTC in satoshi; 0.01 USDT x 0.00001 in 1e-8 USDT
    assert (row["max_price_ticks"], row["max_quantity_lots"], row["max_market_lots"]) == (10**8, 9 * 10**8, 12_000_000)
    assert (row["min_notional"], row["max_orders"], row["maker_ppm"], row["taker_ppm"]) == (5 * 10**8, 200, 800, 1000)


@pytest.mark.parametrize("symbol", SYMBOLS, ids=lambda symbol: symbol.name)
def test_the_demo_lists_what_it_says(symbol):
    assets = {asset.name: AssetView(number, asset.name, asset.scale) for number, asset in enumerate(ASSETS, 1)}
    base, quote = assets[symbol.base], assets[symbol.quote]
    view = _view(symbol_command(symbol.name, base, quote, symbol.tick, symbol.lot, min_notional=symbol.min_notional))
    units = SymbolUnits(view, base, quote)
    assert (float(units.tick_size), float(units.step_size)) == (float(symbol.tick), float(symbol.lot))
    assert units.ticks_to_price(view.max_price_ticks) > units.tick_size
    assert float(units.value_text(view.max_price_ticks, view.max_quantity_lots)) > 1000 * symbol.start_price * symbol.typical_quantity


@given(base_scale=st.integers(0, 9), quote_scale=st.integers(0, 9), tick_exponent=st.integers(0, 9), lot_exponent=st.integers(0, 9))
def test_what_is_listed_by_default_never_overflows(base_scale, quote_scale, tick_exponent, lot_exponent):
    def step(exponent):
        return "0." + "1".rjust(exponent, "0") if exponent else "1"

    base, quote = AssetView(1, "A", base_scale), AssetView(2, "B", quote_scale)
    try:
        view = _view(symbol_command("AB", base, quote, step(tick_exponent), step(lot_exponent)))
    except ListingError as error:
        assert lot_exponent > base_scale or tick_exponent + lot_exponent > quote_scale or "larger" in str(error) or "lower" in str(error)
        return
    assert view.max_price_ticks * view.max_quantity_lots * view.tick_lot_units <= AMOUNT_MAX
    assert view.max_quantity_lots * view.lot_units <= AMOUNT_MAX
    assert view.lot_units * 10**lot_exponent == 10**base_scale
    assert view.tick_lot_units * 10 ** (tick_exponent + lot_exponent) == 10**quote_scale


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": "btcusdt"}, "cannot be the name"),
        ({"name": ""}, "cannot be the name"),
        ({"name": "B" * 21}, "cannot be the name"),
        ({"quote": BTC}, "both BTC"),
        ({"tick": "0"}, "--tick 0: must be above 0"),
        ({"tick": "1e-2"}, "not a plain decimal"),
        ({"tick": "0.0001"}, "not a whole number of USDT's smallest unit"),
        ({"lot": "0.000000001"}, "BTC has 8 decimals"),
        ({"lot": "-1"}, "not a plain decimal"),
        ({"min_notional": "0.000000001"}, "USDT has 8 decimals"),
        ({"max_price": "0.015"}, "not a whole number of --tick"),
        ({"max_price": "0.001"}, "not a whole number of --tick"),
        ({"max_price": "99999999999999999999"}, "larger than any figure"),
        ({"max_quantity": "1", "max_market_quantity": "2"}, "larger than --max-quantity"),
        ({"max_price": "1000000", "max_quantity": "100000"}, "worth more than any amount"),
        ({"max_orders": 0}, "open orders"),
        ({"max_orders": 4097}, "open orders"),
        ({"taker_ppm": -1}, "parts per million"),
        ({"taker_ppm": 1_000_001}, "parts per million"),
    ],
)
def test_figures_that_cannot_be_listed_are_refused_in_one_line(changed, says):
    arguments = {"name": "BTCUSDT", "base": BTC, "quote": USDT, "tick": "0.01", "lot": "0.00001"} | changed
    with pytest.raises(ListingError, match=says) as raised:
        symbol_command(**arguments)
    assert "\n" not in str(raised.value)


def test_assets_fees_and_amounts():
    row = asset_command("USDT", 8)[0]
    assert (row["kind"], row["name"], row["scale"]) == (Kind.ADD_ASSET, b"USDT", 8)
    for name, scale in (("USDT", 10), ("USDT", -1), ("us", 8), ("A B", 8)):
        with pytest.raises(ListingError):
            asset_command(name, scale)
    row = fees_command(3, 31, 100, 200)[0]
    assert (row["kind"], row["symbol"], row["tier"], row["maker_ppm"], row["taker_ppm"]) == (Kind.SET_FEES, 3, 31, 100, 200)
    with pytest.raises(ListingError, match="fee tiers"):
        fees_command(3, 32, 0, 0)
    assert [percent_to_ppm(text) for text in ("0", "0.1", "0.1%", "0.0001", "100")] == [0, 1000, 1000, 1, 1_000_000]
    for text in ("0.00001", "101", "-1", "free", ""):
        with pytest.raises(ListingError):
            percent_to_ppm(text)
    assert amount_units("1.5", BTC) == 150_000_000
    for text in ("0", "-1", "0.000000001", "1e8", "99999999999999"):
        with pytest.raises(ListingError):
            amount_units(text, BTC)
