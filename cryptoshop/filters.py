"""Filters as people speak of them: names, units and meanings, and the integers of SET_FILTER.

A filter holds for one market, for an account over all markets (`all`), or for one asset. Every conversion is exact; what does not fit
is refused in words. Nothing here talks to a venue.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from cryptoshop.listing import ListingError, amount_units
from engine.commands import admin
from engine.types import BPS, PPM, Filter, Kind
from engine.units import SymbolUnits, UnitsError, format_units, parse_units
from engine.views import AssetView, SymbolView

OFF = "off"
EVERYWHERE = "all"
_FACTOR_DECIMALS = 6  # as many as parts per million have


class Market(NamedTuple):
    """A market with what its numbers mean."""

    view: SymbolView
    base: AssetView
    quote: AssetView

    @property
    def units(self) -> SymbolUnits:
        return SymbolUnits(self.view, self.base, self.quote)


class FilterName(NamedTuple):
    """One filter: what it is called, in what it is counted, and what it does."""

    which: Filter
    example: str  # a value, which tells the unit
    about: str
    parse: Callable[[str, Market], int]
    show: Callable[[int, Market], str]


def _price(text: str, market: Market) -> int:
    return market.units.price_to_ticks(text)


def _quantity(text: str, market: Market) -> int:
    return market.units.quantity_to_lots(text)


def _quote(text: str, market: Market) -> int:
    return amount_units(text, market.quote)


def _base(text: str, market: Market) -> int:
    return amount_units(text, market.base)


def _factor(text: str, _market: Market | None) -> int:
    return parse_units(text, _FACTOR_DECIMALS)


def _count(text: str, _market: Market | None) -> int:
    return parse_units(text, 0)


def _trailing(text: str, _market: Market | None) -> int:
    """Percent, in basis points."""
    return parse_units(text.removesuffix("%"), 2)


_SPARED = {"minimum": 1, "maximum": 2, "both": 3}


def _spares(text: str, _market: Market | None) -> int:
    if text not in _SPARED:
        raise ListingError(f"'{text}' is none of {', '.join(_SPARED)}, {OFF}")
    return _SPARED[text]


def _plain(decimal: str) -> str:
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def _show_factor(value: int, _market: Market | None) -> str:
    return _plain(f"{value // PPM}.{value % PPM:06d}")


def _show_count(value: int, _market: Market | None) -> str:
    return str(value)


def _show_trailing(value: int, _market: Market | None) -> str:
    return _plain(f"{value * 100 // BPS}.{value * 100 % BPS:04d}") + "%"


def _show_spares(value: int, _market: Market | None) -> str:
    return next(name for name, bits in _SPARED.items() if bits == value)


def _priced(which: Filter, example: str, about: str) -> FilterName:
    return FilterName(which, example, about, _price, lambda value, market: _plain(market.units.ticks_to_price(value)))


def _measured(which: Filter, example: str, about: str) -> FilterName:
    return FilterName(which, example, about, _quantity, lambda value, market: _plain(market.units.lots_to_quantity(value)))


def _counted(which: Filter, example: str, about: str) -> FilterName:
    return FilterName(which, example, about, _count, _show_count)


def _scaled(which: Filter, example: str, about: str) -> FilterName:
    return FilterName(which, example, about, _factor, _show_factor)


def _trailed(which: Filter, example: str, about: str) -> FilterName:
    return FilterName(which, example, about, _trailing, _show_trailing)


OF_MARKETS: dict[str, FilterName] = {
    "min-price": _priced(Filter.MIN_PRICE_TICKS, "0.10", "lowest price of an order"),
    "min-quantity": _measured(Filter.MIN_LOTS, "0.001", "least quantity of an order"),
    "min-market-quantity": _measured(Filter.MIN_MARKET_LOTS, "0.001", "least quantity of a market order"),
    "bid-up": _scaled(Filter.BID_UP_PPM, "1.2", "a buy order's price is at most the last price times this"),
    "bid-down": _scaled(Filter.BID_DOWN_PPM, "0.2", "a buy order's price is at least the last price times this"),
    "ask-up": _scaled(Filter.ASK_UP_PPM, "5", "a sell order's price is at most the last price times this"),
    "ask-down": _scaled(Filter.ASK_DOWN_PPM, "0.8", "a sell order's price is at least the last price times this"),
    "max-notional": FilterName(Filter.MAX_NOTIONAL, "9000000", "largest value of an order, in quote", _quote,
                               lambda value, market: _plain(format_units(value, market.quote.scale))),
    "notional-spares-market": FilterName(Filter.NOTIONAL_SPARES_MARKET, "maximum",
                                         "which bound of the value market orders need not keep: minimum, maximum or both",
                                         _spares, _show_spares),
    "iceberg-parts": _counted(Filter.ICEBERG_PARTS, "100", "into how many parts an iceberg order may break"),
    "max-algo-orders": _counted(Filter.MAX_ALGO_ORDERS, "50", "open stop and take-profit orders of an account"),
    "max-iceberg-orders": _counted(Filter.MAX_ICEBERG_ORDERS, "50", "open iceberg orders of an account"),
    "max-position": FilterName(Filter.MAX_POSITION, "1000", "most of the base asset that an account may have or bid for", _base,
                               lambda value, market: _plain(format_units(value, market.base.scale))),
    "min-trailing-above": _trailed(Filter.MIN_TRAILING_ABOVE, "0.1%", "least trailing delta of stops above the price"),
    "max-trailing-above": _trailed(Filter.MAX_TRAILING_ABOVE, "20%", "largest trailing delta of stops above the price"),
    "min-trailing-below": _trailed(Filter.MIN_TRAILING_BELOW, "0.1%", "least trailing delta of stops below the price"),
    "max-trailing-below": _trailed(Filter.MAX_TRAILING_BELOW, "20%", "largest trailing delta of stops below the price"),
    "max-amends": _counted(Filter.MAX_AMENDS, "10", "how often an order may be amended"),
    "max-lists": _counted(Filter.MAX_LISTS, "20", "open order lists of an account"),
    "range-up": _scaled(Filter.RANGE_UP_PPM, "1.05", "no trade above the last price times this"),
    "range-down": _scaled(Filter.RANGE_DOWN_PPM, "0.95", "no trade below the last price times this"),
}  # fmt: skip
EVERYWHERE_FILTERS: dict[str, FilterName] = {
    "max-orders": _counted(Filter.EXCHANGE_MAX_ORDERS, "1000", "open orders of an account on all markets"),
    "max-algo-orders": _counted(Filter.EXCHANGE_MAX_ALGO_ORDERS, "200", "open stop and take-profit orders of an account on all markets"),
    "max-iceberg-orders": _counted(Filter.EXCHANGE_MAX_ICEBERG_ORDERS, "200", "open iceberg orders of an account on all markets"),
    "max-lists": _counted(Filter.EXCHANGE_MAX_LISTS, "100", "open order lists of an account on all markets"),
}
OF_ASSETS = {"max-order": "the most of the asset that one order may move"}


def market_filter(market: Market, name: str, text: str) -> np.ndarray:
    """SET_FILTER for one market. Raises ListingError."""
    known = _known(OF_MARKETS, name, market.view.name)
    return admin(Kind.SET_FILTER, symbol=market.view.symbol, filter=known.which, value=_value(known, name, text, market))


def everywhere_filter(name: str, text: str) -> np.ndarray:
    """SET_FILTER for an account over all markets. Raises ListingError."""
    known = _known(EVERYWHERE_FILTERS, name, "all markets")
    return admin(Kind.SET_FILTER, filter=known.which, value=_value(known, name, text, None))


def asset_filter(asset: AssetView, name: str, text: str) -> np.ndarray:
    """SET_FILTER for one asset. Raises ListingError."""
    if name not in OF_ASSETS:
        raise ListingError(f"there is no filter {name} of {asset.name}: it is one of {', '.join(OF_ASSETS)}")
    return admin(Kind.SET_FILTER, filter=Filter.MAX_ASSET, base=asset.asset, value=0 if text == OFF else amount_units(text, asset))


def told(market: Market | None, values: dict[int, int]) -> list[tuple[str, str, str]]:
    """(name, value, meaning) of what is set, of a market or (None) of all."""
    names = OF_MARKETS if market else EVERYWHERE_FILTERS
    return [(name, known.show(values[known.which], market), known.about) for name, known in names.items() if known.which in values]


def _known(names: dict[str, FilterName], name: str, of: str) -> FilterName:
    if name not in names:
        raise ListingError(f"there is no filter {name} of {of}: it is one of {', '.join(names)}")
    return names[name]


def _value(known: FilterName, name: str, text: str, market: Market | None) -> int:
    if text == OFF:
        return 0
    try:
        value = known.parse(text, market)
    except UnitsError as error:
        raise ListingError(f"{name} {text}: {error}; write it like {known.example}, or {OFF}") from None
    if not value:
        raise ListingError(f"{name} {text}: must be above 0, or {OFF}")
    return value
