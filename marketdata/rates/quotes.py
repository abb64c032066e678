"""What makes a pair of best prices a price that may be believed."""

import math
from decimal import Decimal

PPM = 1_000_000
SPREAD_PPM_MAX = 10_000  # one per cent of the bid: beyond it the middle says little


def middle(bid: object, ask: object, spread_ppm_max: int = SPREAD_PPM_MAX) -> Decimal | None:
    """Between best bid and best ask; None unless both are there, positive, finite, not crossed and near to each other."""
    low, high = _positive(bid), _positive(ask)
    if low is None or high is None or not low <= high or (high - low) * PPM > low * spread_ppm_max:
        return None
    return (low + high) / 2


def _positive(value: object) -> Decimal | None:
    """As a Decimal, by its shortest text: ccxt's numbers are floats."""
    if isinstance(value, Decimal):
        return value if value.is_finite() and value > 0 else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return None
    return Decimal(repr(value))
