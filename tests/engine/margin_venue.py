"""A small venue with margin: two margin assets, pools with money in them, prices from two sources, in either machine."""

import numpy as np

from engine import commands as make
from engine.types import (
    LOAN_EVENT,
    MARGIN_EVENT,
    PPM,
    RATE_ONE,
    RULES_VERSION,
    VALUE_MAX,
    Code,
    EventKind,
    Kind,
    OrderType,
    Side,
)
from engine.views import Applied
from tests.engine.machines import ALICE, BASE, BOB, CAROL, QUOTE, SYMBOL, Venue, both_machines

margin_machines = both_machines

HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
MIDNIGHT_NS = 1_700_006_400 * 10**9  # 2023-11-15
HOURLY = RATE_ONE // 100_000  # 0.001 %
SETUP = {
    "asset": QUOTE, "call_ppm": 1_300_000, "liquidation_ppm": 1_100_000, "borrow_ppm": 1_500_000, "transfer_ppm": 2_000_000,
    "fee_ppm": 5_000, "slippage_ppm": 50_000, "slice_ppm": PPM, "deviation_ppm": 50_000, "slice_min": 1_000,
    "grace_ns": 60 * 10**9, "staleness_ns": DAY_NS,
}  # fmt: skip
TERMS = {"status": 1, "base_rate": HOURLY, "optimal_ppm": PPM, "borrow_limit": 10**15}


class MarginVenue(Venue):
    """`Venue` under the newest rules, its quote asset the numeraire, its symbol a margin symbol; 1 base is worth `price` of the quote.
    CAROL has lent `lent` of each asset. Nobody has a margin account yet."""

    def __init__(self, make_machine, price: int = 100, lent: int = 1_000_000, funds: int = 10_000, terms: dict | None = None,
                 listing: dict | None = None, price_scale: int = 3, **setup: int) -> None:  # fmt: skip
        self._unit = 10**price_scale if price_scale < 8 else 1  # with 8, prices are those of a whole base
        super().__init__(make_machine, funds=0, **(listing or {}))
        self.done(make.admin(Kind.SET_RULES, value=RULES_VERSION))
        self.done(make.admin(Kind.SET_MARGIN, **SETUP | setup))
        self.list_asset(QUOTE, **terms or {})
        self.list_asset(BASE, symbol=SYMBOL, scale=price_scale, **terms or {})
        self.price(price)
        for asset in (BASE, QUOTE):
            self.done(make.admin(Kind.SET_COLLATERAL, asset=asset, tier=0, value=VALUE_MAX, ratio_ppm=PPM))
            if lent:
                self.done(self.deposit(CAROL, asset, lent))
                self.done(self.loan(Kind.LEND, CAROL, asset, lent))
            if funds:
                self.done(*(self.deposit(account, asset, funds) for account in (ALICE, BOB, CAROL)))

    def list_asset(self, asset: int, **terms: int) -> None:
        self.done(make.admin(Kind.SET_MARGIN_ASSET, asset=asset, **TERMS | terms))

    def price(self, price: int | float, asset: int = BASE, **how: int) -> Applied:
        """Two sources say that one unit of the asset is worth `price` units of the numeraire."""
        scaled = round(price * self._unit)
        return self.done(*(make.set_price(asset, source, scaled) for source in (1, 2)), **how)

    def loan(self, kind: Kind, account: int, asset: int, amount: int = 0) -> np.ndarray:
        return make.loan(kind, self.fresh_id(), account=account, asset=asset, amount=amount)

    def open_margin(self, owner: int, symbol: int = 0) -> int:
        self.done(make.open_margin(owner, symbol))
        return self.machine.margin_account(owner, symbol)

    def move(self, debit: int, credit: int, asset: int, amount: int) -> np.ndarray:
        return make.transfer(Kind.TRANSFER, self.fresh_id(), debit=debit, credit=credit, asset=asset, amount=amount)

    def fund_margin(self, owner: int, symbol: int = 0, **amounts: int) -> int:
        """A margin account of the owner with `base` and `quote` of their own money in it."""
        account = self.open_margin(owner, symbol)
        for asset, amount in ((BASE, amounts.get("base", 0)), (QUOTE, amounts.get("quote", 0))):
            if amount:
                self.done(self.deposit(owner, asset, amount))
                self.done(self.move(owner, account, asset, amount))
        return account

    def offer(self, account: int, side: Side, price_ticks: int, lots: int, **terms: int) -> np.ndarray:
        return make.place(account, SYMBOL, side, OrderType.LIMIT, price_ticks=price_ticks, quantity_lots=lots, **terms)

    def refused(self, command: np.ndarray, code: Code, **how: int) -> None:
        """The command changes nothing and is answered with `code`."""
        applied = self.send(command, **how)
        assert [Code(answer) for answer in applied.codes] == [code]
        assert self.machine.validate() == ""

    def tick(self, later_ns: int = 1000) -> Applied:
        """Let time pass, and what is due happen."""
        return self.done(make.admin(Kind.TICK), time_ns=self.time_ns + later_ns)


def loans_told(applied: Applied) -> list[tuple[EventKind, int, int, int, int, int]]:
    """(kind, account, asset, amount, principal, interest) of each loan event."""
    kinds = (EventKind.BORROWED, EventKind.REPAID, EventKind.LENT, EventKind.REDEEMED)
    events = applied.events[np.isin(applied.events["kind"], kinds)].view(LOAN_EVENT)
    names = ["account", "asset", "amount", "principal", "interest"]
    return [(EventKind(event["kind"]), *event[names].item()) for event in events]


def margin_told(applied: Applied, *kinds: EventKind) -> np.ndarray:
    """The MARGIN_EVENTs of these kinds, all without kinds."""
    wanted = kinds or tuple(kind for kind in EventKind if kind >= EventKind.INDEX)
    return applied.events[np.isin(applied.events["kind"], wanted)].view(MARGIN_EVENT)
