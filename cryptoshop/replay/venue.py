"""The venue that recordings are replayed in: two assets, one market, traders with all the money there is.

Owns the in-memory exchange and its listing. Recordings say nothing about funds, fees or limits, so none of them is in the way here.
"""

from collections.abc import Iterable

import numpy as np

from cryptoshop.errors import StartError
from engine import commands as build
from engine.exchange import Exchange, Outcome
from engine.types import AMOUNT_MAX, FIRST_CUSTOMER, HOUSE_GATEWAY, STEPS_MAX, Code, Kind, OrderType, Side, TimeInForce
from engine.views import Applied

BASE, QUOTE, SYMBOL = 1, 2, 1


class NotReplayable(StartError):
    """A recording asks for something that cannot be done here."""


class ReplayVenue:
    """`traders` customers (accounts FIRST_CUSTOMER and on) with equal shares of both assets. A tick times a lot is one quote unit."""

    def __init__(self, traders: int, *, max_price_ticks: int, machine=None) -> None:
        self._exchange = Exchange(machine, clock=lambda: 0, opened=False)
        self.machine = self._exchange.machine
        most_lots = AMOUNT_MAX // max_price_ticks
        accounts = range(FIRST_CUSTOMER, FIRST_CUSTOMER + traders)
        self.accepted([
            build.admin(Kind.ADD_ASSET, name=b"BASE"), build.admin(Kind.ADD_ASSET, name=b"QUOTE"),
            build.admin(Kind.ADD_SYMBOL, name=b"BASEQUOTE", base=BASE, quote=QUOTE, value=1, value2=1, max_orders=STEPS_MAX,
                        max_price_ticks=max_price_ticks, max_quantity_lots=most_lots, max_market_lots=most_lots),
        ])  # fmt: skip
        self.accepted(build.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=account) for account in accounts)
        share = AMOUNT_MAX // traders
        self.accepted(
            build.transfer(Kind.TRANSFER, (1, account * 4 + asset), debit=HOUSE_GATEWAY, credit=account, asset=asset, amount=share)
            for account in accounts
            for asset in (BASE, QUOTE)
        )

    def apply(self, commands: Iterable[np.ndarray], time_ns: int = 0) -> Applied:
        """One frame, at `time_ns` of the recording."""
        return self._exchange.apply(build.frame(*commands), time_ns=time_ns)

    def accepted(self, commands: Iterable[np.ndarray], time_ns: int = 0) -> Applied:
        """One frame of commands that the core must accept. Raises NotReplayable."""
        applied = self.apply(commands, time_ns)
        if applied.codes.any():
            raise NotReplayable(f"the core refused a command of the recording: {Code(int(applied.codes[applied.codes != 0][0])).name}")
        return applied

    def execute(self, command: np.ndarray, time_ns: int) -> Outcome:
        return self._exchange.execute(command, time_ns=time_ns)[0]

    def levels(self, side: Side, limit: int) -> list[tuple[int, int]]:
        """(price, lots) of the best levels."""
        return [(price, lots) for price, lots in self.machine.depth(SYMBOL, side, limit).tolist()]


def limit_order(account: int, side: Side, price: int, lots: int, *, client_id: str = "", immediate: bool = False,
                only_maker: bool = False) -> np.ndarray:  # fmt: skip
    """A LIMIT order that rests, one that does not (`immediate`), or one that only rests (`only_maker`)."""
    return build.place(
        account, SYMBOL, side, OrderType.LIMIT_MAKER if only_maker else OrderType.LIMIT, price_ticks=price, quantity_lots=lots,
        time_in_force=TimeInForce.IOC if immediate else TimeInForce.GTC, client_id=client_id,
    )  # fmt: skip
