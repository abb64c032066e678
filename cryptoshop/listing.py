"""What it takes to list an asset or a symbol: from the units people speak to the integers of ADD_ASSET, ADD_SYMBOL and SET_FEES.

Every conversion is exact: what is not a whole number of units is refused with the figure that would fit. The core checks once more; here
the reason is said in words. Nothing here talks to a venue.
"""

import re
from fractions import Fraction

import numpy as np

from engine.commands import admin
from engine.types import AMOUNT_MAX, ASSET_SCALE_MAX, FEE_TIERS, PPM, STEPS_MAX, Kind
from engine.units import NUMBER_PATTERN, UnitsError, parse_units, tick_decimals
from engine.views import AssetView

DEFAULT_MAX_PRICE_TICKS = 10**8
DEFAULT_MAX_QUANTITY_LOTS = 10**9
DEFAULT_MAX_ORDERS = 200
DEFAULT_FEE_PPM = 1000
_NAME = re.compile(r"[A-Z0-9]{1,20}", re.ASCII)


class ListingError(ValueError):
    """Figures that cannot be listed; the message says which and why, in one line."""


def asset_command(name: str, scale: int) -> np.ndarray:
    """ADD_ASSET for an asset whose smallest unit is 10**-scale. Raises ListingError."""
    if not 0 <= scale <= ASSET_SCALE_MAX:
        raise ListingError(f"an asset has 0 to {ASSET_SCALE_MAX} decimals, not {scale}")
    return admin(Kind.ADD_ASSET, name=_name(name, "an asset"), scale=scale)


def symbol_command(name: str, base: AssetView, quote: AssetView, tick: str, lot: str, *, min_notional: str = "0", max_price: str = "",
                   max_quantity: str = "", max_market_quantity: str = "", max_orders: int = DEFAULT_MAX_ORDERS,
                   maker_ppm: int = DEFAULT_FEE_PPM, taker_ppm: int = DEFAULT_FEE_PPM) -> np.ndarray:  # fmt: skip
    """ADD_SYMBOL. `tick` and `max_price` in quote per base, `lot` and quantities in base, `min_notional` in quote, all as decimal text.

    Left out: the highest price is DEFAULT_MAX_PRICE_TICKS ticks; the largest quantity is the largest 1, 2 or 5 · 10**n lots, up to
    DEFAULT_MAX_QUANTITY_LOTS, with which no order's value can overflow; market orders may be as large. Raises ListingError.
    """
    name = _name(name, "a symbol")
    if base.asset == quote.asset:
        raise ListingError(f"{name}: base and quote are both {base.name}")
    lot_units = _positive_amount(lot, base, f"--lot {lot}")
    tick_lot_units = _tick_lot_units(tick, lot, lot_units, base, quote)
    max_price_ticks = _multiples(max_price, tick, "--max-price", "--tick") or DEFAULT_MAX_PRICE_TICKS
    lots_that_fit = min(AMOUNT_MAX // (max_price_ticks * tick_lot_units), AMOUNT_MAX // lot_units)
    max_quantity_lots = _multiples(max_quantity, lot, "--max-quantity", "--lot") or _round_down(lots_that_fit)
    if not 1 <= max_quantity_lots <= lots_that_fit:
        raise ListingError(f"{name}: an order of {max_price_ticks} ticks and {max_quantity_lots} lots is worth more than any amount can "
                           "be: lower --max-price or --max-quantity")  # fmt: skip
    max_market_lots = _multiples(max_market_quantity, lot, "--max-market-quantity", "--lot") or max_quantity_lots
    if max_market_lots > max_quantity_lots:
        raise ListingError(f"{name}: --max-market-quantity is larger than --max-quantity")
    if not 1 <= max_orders <= STEPS_MAX:
        raise ListingError(f"{name}: an account may have 1 to {STEPS_MAX} open orders, not {max_orders}")
    return admin(
        Kind.ADD_SYMBOL, name=name, base=base.asset, quote=quote.asset, value=lot_units, value2=tick_lot_units,
        max_price_ticks=max_price_ticks, max_quantity_lots=max_quantity_lots, max_market_lots=max_market_lots,
        min_notional=_amount(min_notional, quote, f"--min-notional {min_notional}"), max_orders=max_orders,
        maker_ppm=_maker_ppm(maker_ppm), taker_ppm=_ppm(taker_ppm),
    )  # fmt: skip


def fees_command(symbol: int, tier: int, maker_ppm: int, taker_ppm: int) -> np.ndarray:
    """SET_FEES of one tier of a symbol. Raises ListingError."""
    if not 0 <= tier < FEE_TIERS:
        raise ListingError(f"fee tiers are 0 to {FEE_TIERS - 1}, not {tier}")
    return admin(Kind.SET_FEES, symbol=symbol, tier=tier, maker_ppm=_maker_ppm(maker_ppm), taker_ppm=_ppm(taker_ppm))


def maker_percent_to_ppm(text: str) -> int:
    """As `percent_to_ppm`; below 0 it is a rebate: "-0.01" -> -100. Raises ListingError."""
    return -percent_to_ppm(text[1:]) if text.startswith("-") else percent_to_ppm(text)


def percent_to_ppm(text: str) -> int:
    """ "0.1" or "0.1%" -> 1000. Raises ListingError."""
    try:
        return _ppm(parse_units(text.removesuffix("%"), 4))
    except UnitsError as error:
        raise ListingError(f"'{text}' is not a fee in percent, like 0.1 (at most 4 decimals): {error}") from None


def amount_units(text: str, asset: AssetView) -> int:
    """An amount above 0 of the asset, in its units. Raises ListingError."""
    return _positive_amount(text, asset, f"{text} {asset.name}")


def _name(name: str, of: str) -> str:
    if not _NAME.fullmatch(name):
        raise ListingError(f"'{name}' cannot be the name of {of}: 1 to 20 letters A-Z and digits")
    return name


def _figure(text: str, shown: str) -> Fraction:
    if not re.fullmatch(NUMBER_PATTERN, text, re.ASCII):
        raise ListingError(f"{shown}: not a plain decimal number")
    return Fraction(text)


def _amount(text: str, asset: AssetView, shown: str) -> int:
    """An amount of the asset in its units, 0 allowed."""
    units = _figure(text, shown) * 10**asset.scale
    if units.denominator != 1:
        raise ListingError(f"{shown}: {asset.name} has {asset.scale} decimals")
    if units > AMOUNT_MAX:
        raise ListingError(f"{shown}: larger than any amount can be")
    return int(units)


def _positive_amount(text: str, asset: AssetView, shown: str) -> int:
    units = _amount(text, asset, shown)
    if not units:
        raise ListingError(f"{shown}: must be above 0")
    return units


def _tick_lot_units(tick: str, lot: str, lot_units: int, base: AssetView, quote: AssetView) -> int:
    """What one tick of one lot is worth, in quote units; whole, or the listing is refused."""
    shown = f"--tick {tick}"
    if not _figure(tick, shown):
        raise ListingError(f"{shown}: must be above 0")
    units = _figure(tick, shown) * _figure(lot, "--lot") * 10**quote.scale
    if units.denominator != 1:
        raise ListingError(f"{shown} times --lot {lot} is not a whole number of {quote.name}'s smallest unit "
                           f"({quote.name} has {quote.scale} decimals): make one of them larger")  # fmt: skip
    if units > AMOUNT_MAX:
        raise ListingError(f"{shown} times --lot {lot} is larger than any amount can be")
    try:
        tick_decimals(lot_units, int(units), base.scale, quote.scale)
    except UnitsError as error:
        raise ListingError(f"{shown}: {error}") from None
    return int(units)


def _multiples(text: str, step: str, name: str, step_name: str) -> int:
    """How many steps the figure is; 0 where it was not given."""
    if not text:
        return 0
    count = _figure(text, f"{name} {text}") / Fraction(step)
    if not count or count.denominator != 1:
        raise ListingError(f"{name} {text} is not a whole number of {step_name} {step}")
    if count > AMOUNT_MAX:
        raise ListingError(f"{name} {text} is larger than any figure can be")
    return int(count)


def _round_down(lots: int) -> int:
    """The largest 1, 2 or 5 times a power of ten that is not above `lots` and the default; 0 for 0."""
    lots = min(lots, DEFAULT_MAX_QUANTITY_LOTS)
    if lots < 1:
        return 0
    power = 10 ** (len(str(lots)) - 1)
    return next(step * power for step in (5, 2, 1) if step * power <= lots)


def _ppm(ppm: int) -> int:
    if not 0 <= ppm <= PPM:
        raise ListingError(f"a fee is 0 to {PPM} parts per million, not {ppm}")
    return ppm


def _maker_ppm(ppm: int) -> int:
    if not -PPM <= ppm <= PPM:
        raise ListingError(f"a maker's fee is {-PPM} to {PPM} parts per million, not {ppm}")
    return ppm
