"""What a row of the table of operations says."""

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

from gateway.dialect.parameters import Table
from gateway.dialect.venue import Request, Venue

Weight = int | Callable[[dict[str, Any]], int]


class Security(Enum):
    """Who may call an operation."""

    NONE = "NONE"  # everybody
    MARKET_DATA = "MARKET_DATA"  # who has an API key; nothing need be signed
    USER_STREAM = "USER_STREAM"  # the same, for what concerns one's own streams
    USER_DATA = "USER_DATA"  # a signed request, or a signed-in session
    TRADE = "TRADE"  # the same, with the permission to trade


class Operation(NamedTuple):
    """One row of the table.

    `fresh`: answered only after the replica has reached the log's head as of the request. `offered` False: part of the dialect, and
    answered with -1020 here.
    """

    name: str
    function: Callable[[Venue, Request], Any]
    table: Table
    required: tuple[str, ...] = ()
    security: Security = Security.NONE
    weight: Weight = 1
    places_order: bool = False
    fresh: bool = True
    websocket: bool = True
    offered: bool = True

    @property
    def signed(self) -> bool:
        return self.security in (Security.USER_DATA, Security.TRADE)

    def weight_of(self, params: dict[str, Any]) -> int:
        """By the parameters as sent."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)
