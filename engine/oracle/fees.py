"""What a fill costs: docs/CORE.md section 3, "Fees", and docs/ORDERS.md section 8 for auctions.

Owns the rates and the rounding, up, for the house.
"""

from typing import NamedTuple

from engine.oracle.state import Order, State
from engine.types import PPM


class Fill(NamedTuple):
    """One side of a trade: whose order, what it receives of which asset, and in which role."""

    order: Order
    asset: int
    received: int
    taker: bool
    auction: bool = False


def fee_of(state: State, fill: Fill) -> int:
    """In units of the asset received."""
    maker_ppm, taker_ppm = state.fees[fill.order.symbol, state.tier(fill.order.account)]
    if fill.auction:
        return -(-fill.received * (maker_ppm + taker_ppm) // (2 * PPM))
    return -(-fill.received * (taker_ppm if fill.taker else maker_ppm) // PPM)
