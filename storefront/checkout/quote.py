"""What a checkout costs in the asset that the buyer pays with: paths over the markets, and the most that can be charged.

    plan      for one asset to pay with: its own part of what is owed, and for each other asset owed one conversion (a leg)
    choices   the same for every asset that the buyer holds or owes

A leg buys exactly what is owed on one market, or through one asset between. Its cost is what the book would take now, its `most` that and
the slippage allowed, rounded up. No market is in two legs: the ledger refuses that (PATH_OVERLAP). Of all plans the cheapest is taken, by
what each unit received costs: what the last lot brings above the amount stays the payer's, so it counts. Where all plans would meet on a
market (every way of SOL leads through USDT), the asset between is bought once for all legs, for the most of each, and they pay with it;
what they leave of it stays the payer's. Reads a replica; sends nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from engine.types import AMOUNT_MAX, PPM, Code
from engine.views import SymbolView
from storefront.errors import Refusal

ROUTES_KEPT = 4  # of each leg, the cheapest, among which a plan without a shared market is sought

# What the ledger says, in the shop's words; all else is PAYMENT_FAILED.
REFUSALS = {
    Code.LIMIT_EXCEEDED: Refusal.LIMIT_EXCEEDED,
    Code.NO_LIQUIDITY: Refusal.NO_LIQUIDITY,
    Code.WORK_LIMIT: Refusal.NO_LIQUIDITY,
    Code.MARKET_LOT_SIZE: Refusal.NO_LIQUIDITY,
    Code.NOTIONAL: Refusal.TOO_SMALL,
    Code.MARKET_CLOSED: Refusal.MARKET_CLOSED,
    Code.INSUFFICIENT_AVAILABLE: Refusal.INSUFFICIENT_BALANCE,
    Code.ACCOUNT_FROZEN: Refusal.ACCOUNT_FROZEN,
}


def refusal_of(code: int) -> Refusal:
    return REFUSALS.get(Code(code), Refusal.PAYMENT_FAILED)


class Leg(NamedTuple):
    """One conversion: `amount` of `asset` for at most `most` of the asset paid."""

    asset: int
    amount: int
    symbol: int
    via_symbol: int  # 0: none
    expected: int
    most: int
    paid: int  # the asset that `expected` and `most` are of: the one to pay with, or the one that the first leg bought

    @property
    def markets(self) -> frozenset[int]:
        return frozenset((self.symbol, self.via_symbol)) - {0}


class _Route(NamedTuple):
    """A way that a leg could go; `worth` is its cost without what is received above the amount."""

    worth: Fraction
    leg: Leg


@dataclass(frozen=True, slots=True)
class Plan:
    """`refusal` says why this asset cannot pay; then `most`, `expected` and `legs` say nothing."""

    asset: int
    most: int = 0
    expected: int = 0
    legs: tuple[Leg, ...] = ()
    refusal: Refusal | None = None


def plan(machine: Any, account: int, due: Mapping[int, int], pay_asset: int, slippage_ppm: int) -> Plan:
    """Pay what is due, by asset, with one asset. `machine` answers queries (engine.machine.Machine)."""
    own = due.get(pay_asset, 0)
    owed = {asset: amount for asset, amount in due.items() if amount and asset != pay_asset}
    if not owed:
        return Plan(pay_asset, own, own)
    markets = machine.symbols()
    routes = []
    for asset, amount in owed.items():
        found, why = _routes(machine, markets, account, asset, amount, pay_asset, slippage_ppm)
        if not found:
            return Plan(pay_asset, refusal=why)
        routes.append(found)
    legs = _cheapest(routes) or _pooled(machine, markets, account, owed, pay_asset, slippage_ppm)
    most, expected = (own + sum(getattr(leg, name) for leg in legs if leg.paid == pay_asset) for name in ("most", "expected"))
    return Plan(pay_asset, most, expected, legs) if legs and most <= AMOUNT_MAX else Plan(pay_asset, refusal=Refusal.NO_LIQUIDITY)


def _cheapest(routes: Sequence[Sequence[_Route]]) -> tuple[Leg, ...]:
    """One leg of each; none where they cannot do without a common market."""
    ways = min(_combinations(routes), key=lambda ways: sum(way.worth for way in ways), default=())
    return tuple(way.leg for way in ways)


def _pooled(machine: Any, markets: Sequence[SymbolView], account: int, owed: Mapping[int, int], pay_asset: int,
            slippage_ppm: int) -> tuple[Leg, ...]:  # fmt: skip
    """Legs of which the first buys an asset for all others to pay with, at the least cost; none where no asset will do."""
    plans = []
    for pool in {market.base + market.quote - pay_asset for market in markets if pay_asset in (market.base, market.quote)}:
        others = {asset: amount for asset, amount in owed.items() if asset != pool}
        paying = _cheapest([_routes(machine, markets, account, asset, amount, pool, slippage_ppm)[0] for asset, amount in others.items()])
        taken = frozenset().union(*(leg.markets for leg in paying))
        amount = owed.get(pool, 0) + sum(leg.most for leg in paying)
        if len(paying) == len(others) and amount <= AMOUNT_MAX:
            buying, _ = _routes(machine, markets, account, pool, amount, pay_asset, slippage_ppm)
            plans += [(way.worth, (way.leg, *paying)) for way in buying if not way.leg.markets & taken]
    return min(plans, default=(Fraction(0), ()))[1]


def choices(machine: Any, account: int, due: Mapping[int, int], slippage_ppm: int) -> list[tuple[Plan, int]]:
    """Of every asset that the account holds or that is owed: the plan, and what is available of it."""
    available = {asset: amount for asset, amount, _ in machine.balances(account)}
    wanted = sorted({asset for asset, amount in available.items() if amount} | {asset for asset, amount in due.items() if amount})
    return [(plan(machine, account, due, asset, slippage_ppm), available.get(asset, 0)) for asset in wanted]


def rate_source(machine: Any, legs: Sequence[Leg]) -> dict[str, Any]:
    """Where the figures come from: the log position read, and for each market its update id there."""
    markets = sorted(frozenset().union(*(leg.markets for leg in legs)))
    return {"position": machine.position, "updateIds": {str(symbol): machine.update_id(symbol) for symbol in markets}}


def _routes(machine: Any, markets: Sequence[SymbolView], account: int, asset: int, amount: int, pay_asset: int,
            slippage_ppm: int) -> tuple[list[_Route], Refusal]:  # fmt: skip
    """The ways that can be gone now, the cheapest first, and why the shortest that cannot cannot."""
    found, why = [], None
    for symbol, via_symbol in _paths(markets, asset, pay_asset):
        view = machine.conversion(account, asset, amount, symbol, via_symbol)
        if view.code == Code.OK:
            most = -(-view.cost * (PPM + slippage_ppm) // PPM)
            leg = Leg(asset, amount, symbol, via_symbol, view.cost, most, pay_asset)
            found.append(_Route(Fraction(view.cost * amount, view.received), leg))
        else:
            why = why or refusal_of(view.code)
    found.sort()
    return found[:ROUTES_KEPT], why or Refusal.NO_LIQUIDITY


def _paths(markets: Sequence[SymbolView], asset: int, pay_asset: int) -> list[tuple[int, int]]:
    """(symbol, via_symbol) by which `asset` can be bought with `pay_asset`, direct ones first."""
    between: dict[frozenset[int], list[int]] = {}
    for market in markets:
        between.setdefault(frozenset((market.base, market.quote)), []).append(market.symbol)
    direct = [(symbol, 0) for symbol in between.get(frozenset((asset, pay_asset)), ())]
    others = ((market.symbol, market.base + market.quote - asset) for market in markets if asset in (market.base, market.quote))
    around = ((symbol, via) for symbol, other in others if other != pay_asset for via in between.get(frozenset((other, pay_asset)), ()))
    return [*direct, *around]


def _combinations(routes: Sequence[Sequence[_Route]], taken: frozenset[int] = frozenset()) -> Iterator[tuple[_Route, ...]]:
    """One way of each leg, no market twice."""
    if not routes:
        yield ()
        return
    for way in routes[0]:
        if not way.leg.markets & taken:
            for rest in _combinations(routes[1:], taken | way.leg.markets):
                yield (way, *rest)
