"""engine/units.py: text and integers are the same number, always."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.types import AMOUNT_MAX
from engine.units import (
    NotAMultiple,
    NotANumber,
    SymbolUnits,
    TooLarge,
    TooPrecise,
    UnitsError,
    format_ppm,
    format_units,
    parse_units,
)
from engine.views import AssetView, SymbolView


def symbol_units(lot_units=1000, tick_lot_units=10, base_scale=8, quote_scale=8):
    symbol = SymbolView(1, "BTCUSDT", 1, 2, lot_units, tick_lot_units, 10**9, 10**9, 10**9, 0, 200, 1, 0, 0, 0)
    return SymbolUnits(symbol, AssetView(1, "BTC", base_scale), AssetView(2, "USDT", quote_scale))


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX), st.integers(0, 9))
def test_format_is_the_exact_value(value, scale):
    with localcontext() as context:
        context.prec = 60
        text = format_units(value, scale)
        assert Decimal(text) == Decimal(value).scaleb(-scale)
        assert len(text.partition(".")[2]) == max(8, scale)


@given(st.integers(0, AMOUNT_MAX), st.integers(0, 9))
def test_what_is_written_is_read_back(value, scale):
    assert parse_units(format_units(value, scale), scale) == value


@given(st.text(max_size=70))
def test_any_text_is_a_number_or_a_units_error(text):
    try:
        value = parse_units(text, 8)
    except UnitsError:
        return
    assert Decimal(text) * 10**8 == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", NotANumber), ("-1", NotANumber), ("+1", NotANumber), ("1e3", NotANumber), (".5", NotANumber),
        ("1.", NotANumber),
        (" 1", NotANumber), ("1\n", NotANumber), ("1_000", NotANumber), ("١", NotANumber), ("1" * 21, NotANumber),
        ("nan", NotANumber), ("0x10", NotANumber), ("0.000000001", TooPrecise), ("99999999999999999999", TooLarge),
    ],
)  # fmt: skip
def test_refused_texts(text, error):
    with pytest.raises(error):
        parse_units(text, 8)


def test_zeros_beyond_the_scale_are_no_precision():
    assert parse_units("1.2300000000", 2) == 123
    assert parse_units("7.000", 0) == 7


def test_bitcoin_against_tether():
    units = symbol_units()
    assert (units.tick_size, units.step_size) == ("0.01000000", "0.00001000")
    assert units.price_to_ticks("60000.01") == 6_000_001
    assert units.ticks_to_price(6_000_001) == "60000.01000000"
    assert units.quantity_to_lots("0.5") == 50_000
    assert units.lots_to_quantity(50_000) == "0.50000000"
    assert units.value(6_000_001, 50_000) == parse_units("30000.005", 8)
    assert units.value_text(6_000_001, 50_000) == "30000.00500000"
    assert units.average_price_text(parse_units("30000.005", 8), 50_000) == "60000.01000000"
    assert units.average_price_text(0, 0) == "0.00000000"
    with pytest.raises(NotAMultiple):
        units.price_to_ticks("60000.005")
    with pytest.raises(NotAMultiple):
        units.quantity_to_lots("0.000005")
    with pytest.raises(TooPrecise):
        units.quantity_to_lots("0.000000001")


def test_a_scale_of_nine_shows_nine_decimals():
    units = symbol_units(lot_units=1, tick_lot_units=1, base_scale=9, quote_scale=2)
    assert units.step_size == "0.000000001"
    assert units.lots_to_quantity(1_234_567_891) == "1.234567891"
    assert units.tick_size == "10000000.00000000"  # a cent for a billionth


@given(
    st.integers(1, 10**6), st.sampled_from([1, 2, 5, 10, 25, 1000, 10**6]),
    st.tuples(st.integers(0, 9), st.integers(0, 9)), st.integers(0, 10**6), st.integers(0, 10**6),
)  # fmt: skip
def test_value_is_price_times_quantity(tick_lot_units, lot_units, scales, ticks, lots):
    base_scale, quote_scale = scales
    units = symbol_units(lot_units, tick_lot_units, base_scale, quote_scale)
    with localcontext() as context:
        context.prec = 80
        price, quantity = Decimal(units.ticks_to_price(ticks)), Decimal(units.lots_to_quantity(lots))
        assert price * quantity == Decimal(units.value(ticks, lots)).scaleb(-quote_scale)
    if price < 10**9:
        assert units.price_to_ticks(units.ticks_to_price(ticks)) == ticks
    assert units.quantity_to_lots(units.lots_to_quantity(lots)) == lots


def test_a_tick_that_is_no_decimal_is_refused():
    with pytest.raises(UnitsError):
        symbol_units(lot_units=3)


def test_price_texts_stay_right_when_forgotten():
    units = symbol_units()
    assert all(units.ticks_to_price(ticks) == format_units(ticks, 2) for ticks in range(10_000))


def test_rates():
    assert format_ppm(1000) == "0.00100000"
    assert format_ppm(0) == "0.00000000"
