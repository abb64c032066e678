"""What a scenario measured."""

from typing import NamedTuple


class Result(NamedTuple):
    """One figure, printed only after `hash` was found to be right."""

    scenario: str
    metric: str
    value: float
    unit: str
    hash: str  # of what the measured work produced
    baseline: float  # the figure to compare with, in the same unit; 0 = none
    seed: int = 0
