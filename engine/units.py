"""Decimal text <-> integers, exactly: the one place where an amount, a price or a quantity is written or read as text.

Amounts are integers in an asset's smallest unit (`scale` decimals), prices in ticks, quantities in lots.
Text is what the dialect shows and accepts: plain decimals without sign or exponent. Nothing here uses floats,
or accepts what it cannot represent; only `average_price_text` rounds.
"""

import re

from engine.types import AMOUNT_MAX, ASSET_SCALE_MAX, PPM
from engine.views import AssetView, SymbolView

SHOWN_DECIMALS = 8  # at least this many are shown
PRICE_DECIMALS_MAX = 18  # a tick that needs more decimals cannot be listed
NUMBER_PATTERN = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"

_match_number = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?", re.ASCII).fullmatch
_POWERS = tuple(10**n for n in range(41))
_PRICES_KEPT = 4096  # texts of prices remembered for each symbol: the same few are written again and again


class UnitsError(ValueError):
    """Text that is not a representable amount."""


class NotANumber(UnitsError):
    """Not of NUMBER_PATTERN: a sign, an exponent, other characters, or more than 20 digits on a side."""


class TooPrecise(UnitsError):
    """Digits other than 0 beyond the last decimal there is."""


class TooLarge(UnitsError):
    """Beyond AMOUNT_MAX."""


class NotAMultiple(UnitsError):
    """Not a whole number of ticks or lots."""


def parse_units(text: str, scale: int) -> int:
    """The amount in units of 10**-scale. Raises NotANumber, TooPrecise or TooLarge (all UnitsError)."""
    found = _match_number(text)
    if found is None:
        raise NotANumber("not a plain decimal number")
    whole, fraction = found.groups()
    if fraction is None:
        amount = int(whole) * _POWERS[scale]
    else:
        if len(fraction) > scale:
            if fraction[scale:].strip("0"):
                raise TooPrecise(f"more than {scale} decimals")
            fraction = fraction[:scale]
        amount = int(whole) * _POWERS[scale] + int(fraction or "0") * _POWERS[scale - len(fraction)]
    if amount > AMOUNT_MAX:
        raise TooLarge("larger than any amount can be")
    return amount


def format_units(value: int, scale: int) -> str:
    """`value` units of 10**-scale as text with max(8, scale) decimals, e.g. (1_000_000, 8) -> "0.01000000"."""
    if scale < SHOWN_DECIMALS:
        value *= _POWERS[SHOWN_DECIMALS - scale]
        scale = SHOWN_DECIMALS
    if value < 0:
        return "-" + format_units(-value, scale)
    if scale == SHOWN_DECIMALS:
        return f"{value // 100_000_000}.{value % 100_000_000:08d}"
    return f"{value // _POWERS[scale]}.{value % _POWERS[scale]:0{scale}d}"


def format_ppm(ppm: int) -> str:
    """A rate in parts per million as a decimal fraction, e.g. 1000 -> "0.00100000"."""
    return format_units(ppm * (_POWERS[SHOWN_DECIMALS] // PPM), SHOWN_DECIMALS)


def tick_decimals(lot_units: int, tick_lot_units: int, base_scale: int, quote_scale: int) -> tuple[int, int]:
    """The tick as (units, decimals): tick size = units · 10**-decimals quote per base, with the fewest exact decimals.

    Raises UnitsError where no decimal of at most PRICE_DECIMALS_MAX places is exact.
    """
    divisor = lot_units * _POWERS[quote_scale]
    for decimals in range(PRICE_DECIMALS_MAX + 1):
        units, rest = divmod(tick_lot_units * _POWERS[base_scale + decimals], divisor)
        if not rest:
            return units, decimals
    raise UnitsError("the tick size is not a decimal number")


class SymbolUnits:
    """Prices and quantities of one symbol: text <-> ticks and lots, and amounts of its two assets as text.

    `tick_size`, `step_size`: text of one tick, one lot. `price_decimals`, `base_decimals`, `quote_decimals`: how many
    decimals are shown. `zero_quantity`, `zero_quote`: nothing, as it is shown.
    """

    __slots__ = (
        "_price_texts", "_tick_units", "base_decimals", "base_scale", "lot_units", "price_decimals", "quote_decimals",
        "quote_scale", "step_size", "tick_lot_units", "tick_size", "zero_quantity", "zero_quote",
    )  # fmt: skip

    def __init__(self, symbol: SymbolView, base: AssetView, quote: AssetView) -> None:
        self.lot_units = symbol.lot_units
        self.tick_lot_units = symbol.tick_lot_units
        self.base_scale = base.scale
        self.quote_scale = quote.scale
        units, decimals = tick_decimals(symbol.lot_units, symbol.tick_lot_units, base.scale, quote.scale)
        self.price_decimals = max(SHOWN_DECIMALS, decimals)
        self.base_decimals = max(SHOWN_DECIMALS, base.scale)
        self.quote_decimals = max(SHOWN_DECIMALS, quote.scale)
        self._tick_units = units * _POWERS[self.price_decimals - decimals]
        self._price_texts: dict[int, str] = {}
        self.tick_size = self.ticks_to_price(1)
        self.step_size = self.lots_to_quantity(1)
        self.zero_quantity = self.lots_to_quantity(0)
        self.zero_quote = self.quote_text(0)

    def price_to_ticks(self, text: str) -> int:
        """Raises UnitsError; NotAMultiple for a price between two ticks."""
        ticks, rest = divmod(parse_units(text, self.price_decimals), self._tick_units)
        if rest:
            raise NotAMultiple(f"not a multiple of {self.tick_size}")
        return ticks

    def ticks_to_price(self, ticks: int) -> str:
        text = self._price_texts.get(ticks)
        if text is None:
            text = format_units(ticks * self._tick_units, self.price_decimals)
            if len(self._price_texts) >= _PRICES_KEPT:
                self._price_texts.clear()
            self._price_texts[ticks] = text
        return text

    def quantity_to_lots(self, text: str) -> int:
        """Raises UnitsError; NotAMultiple for a quantity between two lots."""
        lots, rest = divmod(parse_units(text, self.base_scale), self.lot_units)
        if rest:
            raise NotAMultiple(f"not a multiple of {self.step_size}")
        return lots

    def lots_to_quantity(self, lots: int) -> str:
        return format_units(lots * self.lot_units, self.base_scale)

    def text_to_quote(self, text: str) -> int:
        """An amount of the quote asset in its units. Raises UnitsError."""
        return parse_units(text, self.quote_scale)

    def quote_text(self, units: int) -> str:
        return format_units(units, self.quote_scale)

    def base_text(self, units: int) -> str:
        return format_units(units, self.base_scale)

    def value(self, ticks: int, lots: int) -> int:
        """What `lots` are worth at `ticks`, in quote units."""
        return ticks * lots * self.tick_lot_units

    def value_text(self, ticks: int, lots: int) -> str:
        return format_units(ticks * lots * self.tick_lot_units, self.quote_scale)

    def average_price_text(self, quote_units: int, lots: int) -> str:
        """quote_units / lots as a price, rounded down to the decimals shown; 0 lots give a price of zero."""
        if not lots:
            return format_units(0, self.price_decimals)
        shown = quote_units * _POWERS[self.base_scale + self.price_decimals]
        return format_units(shown // (lots * self.lot_units * _POWERS[self.quote_scale]), self.price_decimals)


assert len(_POWERS) > PRICE_DECIMALS_MAX + 2 * ASSET_SCALE_MAX
