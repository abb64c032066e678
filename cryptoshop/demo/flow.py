"""The demo's order flow: a seeded random walk of prices, a ladder of quotes around it, and takers who cross it.

Pure: it draws numbers and says what to do. The back-fill sends it through the core in logged time, the traders through the public API.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from cryptoshop.demo.markets import DemoSymbol

DAY_S = 86_400.0
LEVEL_SPACING = 0.00012  # of the price, between two quotes of a ladder
PULL = 0.15  # how much of its distance from the start the price walks back in a day


@dataclass
class Walk:
    """The fair price of one symbol over time: volatility comes in clusters, and nothing wanders off for good."""

    symbol: DemoSymbol
    random: np.random.Generator
    price: float = 0.0
    heat: float = field(default=1.0)

    def __post_init__(self) -> None:
        self.price = self.price or self.symbol.start_price

    def step(self, seconds: float) -> float:
        """Let `seconds` pass; returns the new fair price."""
        self.heat = float(np.clip(self.heat * math.exp(0.12 * self.random.normal()) + 0.03 * (1.0 - self.heat), 0.3, 3.0))
        share = seconds / DAY_S
        pull = PULL * share * math.log(self.symbol.start_price / self.price)
        self.price *= math.exp(pull + self.symbol.daily_volatility * self.heat * math.sqrt(share) * self.random.normal())
        return self.price


def ladder(walk: Walk, levels: int) -> list[tuple[bool, float, float]]:
    """Quotes around the fair price: (is a buy, price, quantity), best first, buy and sell in turn."""
    quotes = []
    for level in range(levels):
        for is_buy in (True, False):
            distance = LEVEL_SPACING * (level + 0.4 + 0.5 * walk.random.random()) * (1.0 + 0.05 * level)
            price = walk.price * (1.0 - distance if is_buy else 1.0 + distance)
            quotes.append((is_buy, price, quantity(walk) * (2.0 + level)))
    return quotes


def quantity(walk: Walk) -> float:
    """The size of one trade: many small, few large."""
    return walk.symbol.typical_quantity * float(np.clip(walk.random.lognormal(-0.6, 1.0), 0.02, 12.0))
