"""Frames for tests of margin and fees: `CollidingStream` under the newest rules, with margin accounts among its accounts.

Prices wander and jump, sources fall silent, hours and days pass, pools run dry; so accounts are called and liquidated, now and then with a
loss. The same seed and answers give the same frames.
"""

import numpy as np

from engine import commands as make
from engine.types import (
    ADMIN_EVENT,
    AMOUNT_MAX,
    HOUSE_INSURANCE,
    HOUSE_LENDING,
    MARGIN_EVENT,
    MARGIN_KINDS,
    PPM,
    PRICE_MAX,
    RATE_ONE,
    RULES_VERSION,
    TIER_AUTOMATIC,
    VALUE_MAX,
    EventKind,
    Kind,
    OrderType,
    Role,
    Side,
    SideEffect,
)
from engine.views import Applied
from tests.engine.streams import EXTREMES, LISTED, SECOND_NS, CollidingStream

NUMERAIRE = 2
MARKETS = {1: 1, 3: 2}  # asset: its symbol with the numeraire
_LIQUIDATIONS = (EventKind.LIQUIDATION_STARTED, EventKind.LIQUIDATION_ENDED)
HOUR_NS = 3600 * SECOND_NS


class MarginStream(CollidingStream):
    """As `CollidingStream`; `orders` without which nobody trades but the liquidations."""

    ORIGINS = (
        (101, Role.OPERATOR), (102, Role.TRADING), (103, Role.LEDGER), (104, Role.CUSTODY), (105, Role.IDENTITY), (106, Role.RATES),
        (107, Role.TRADING | Role.LEDGER), (108, Role.MARGIN),
    )  # fmt: skip

    def __init__(self, seed: int, orders: bool = True) -> None:
        super().__init__(seed, RULES_VERSION)
        rng = self.rng
        self.rules, self.rules_after = RULES_VERSION, None
        self.scale, self.deep, self.garbage = 1, rng.random() < 0.8, rng.choice((0, 0.01))
        self.capacity = self._draw_capacity()
        self.prices = range(90, 111)  # around the index prices
        self.owners = list(self.accounts)
        self.margin_accounts: list[int] = []
        self.owned: list[tuple[int, int, int]] = []  # (margin account, owner, symbol)
        self.liquidating: set[int] = set()
        self.index_prices = {asset: 100_000 for asset in MARKETS}
        self.price_scales = {1: rng.choice((3, 3, 0)), 3: 3}
        if self.price_scales[1] == 0:
            self.index_prices[1] = 100
        self.stormy = rng.random() < 0.5  # many live on credit, and prices crash
        self.volatile = rng.choice((0.03, 0.1, 0.3))
        self.loans_done: list[np.ndarray] = []
        share = (0.2 if self.stormy else 1) if orders else 0
        self.kinds = {draw: share * weight for draw, weight in self.kinds.items()} | {
            self._transfer: 0.5, self._second_phase: 0.2, self._loan: rng.choice((3, 8)), self._fund_margin: rng.choice((2, 5)),
            self._price: rng.choice((2, 8)), self._margin_terms: rng.choice((0.02, 0.3)),
            self._open_margin: 0.3, self._depth: rng.choice((0.2, 1)), self._lever: rng.choice((1, 4)), self._administration: 0.3,
        }  # fmt: skip
        if self.stormy:
            self.kinds |= {self._price: 8, self._depth: 2, self._lever: 6, self._administration: 0.1}
        self.of_role |= {
            Role.RATES: (self._price,), Role.IDENTITY: (self._open_margin, self._administration),
            Role.MARGIN: (self._loan, self._fund_margin, self._open_margin, self._lever),
        }  # fmt: skip
        self._opening = [[make.admin(Kind.REGISTER_ORIGIN, role=role)] for _, role in self.ORIGINS]
        self._opening[0] += [make.admin(Kind.SET_RULES, value=RULES_VERSION), *self._listing(), *self._margin_opening()]

    # ------------------------------------------------------------ what it learns

    def learn(self, applied: Applied) -> None:
        super().learn(applied)
        opened = applied.commands["kind"] == Kind.OPEN_MARGIN
        for event in applied.events[applied.events["kind"] == EventKind.ADMIN]:
            if 0 <= event["index"] < len(opened) and opened[event["index"]]:
                opening = event.view(ADMIN_EVENT)
                account, owner, symbol = (int(opening[name]) for name in ("account", "value", "symbol"))
                self.margin_accounts.append(account)
                self.owned.append((account, owner, symbol))
                self.accounts = [*self.owners * 3, *self.margin_accounts]

        for event in applied.events[np.isin(applied.events["kind"], _LIQUIDATIONS)].view(MARGIN_EVENT):
            started = event["kind"] == EventKind.LIQUIDATION_STARTED
            (self.liquidating.add if started else self.liquidating.discard)(int(event["account"]))

    def _let_time_pass(self) -> None:
        super()._let_time_pass()
        if self.rng.random() < 0.05:
            self.time_ns += self.rng.choice((20 * 60 * SECOND_NS, HOUR_NS, 25 * HOUR_NS))

    # ------------------------------------------------------------ the opening

    def _margin_opening(self) -> list[np.ndarray]:
        rng = self.rng
        batch = [make.admin(Kind.SET_MARGIN, **self._setup())]
        batch += [self._asset_terms(asset) for asset in (NUMERAIRE, *MARKETS)]
        for asset in LISTED:
            ratios = sorted((rng.choice((500_000, 900_000, PPM)) for _ in range(2)), reverse=True)
            batch += [
                make.admin(Kind.SET_COLLATERAL, asset=asset, tier=tier, value=value, ratio_ppm=ratio)
                for tier, (value, ratio) in enumerate(zip((rng.choice((5_000, 10**6)), VALUE_MAX), ratios, strict=True))
            ]
        batch += [make.set_price(asset, source, price) for asset, price in self.index_prices.items() for source in (1, 2, 3)]
        for asset in LISTED:
            lender = rng.choice(self.owners)
            batch.append(make.transfer(Kind.TRANSFER, self._fresh_id(), debit=2, credit=lender, asset=asset, amount=10**7))
            lent = rng.choices((300, 20_000, 10**7), (1, 2, 9))[0]
            batch.append(make.loan(Kind.LEND, self._fresh_id(), account=lender, asset=asset, amount=lent))
        batch += [make.open_margin(owner, symbol) for owner in self.owners for symbol in (0, 1) if rng.random() < 0.7]
        batch += [
            make.admin(Kind.SET_FEES, symbol=symbol, tier=tier, maker_ppm=rng.choice((-2_000, 0, 1_000)), taker_ppm=rng.choice((0, 3_000)))
            for symbol in LISTED for tier in range(4)
        ]  # fmt: skip
        batch += [make.admin(Kind.SET_TIER, tier=tier, value=volume) for tier, volume in ((1, 500), (2, 20_000))]
        batch.append(make.admin(Kind.SET_DISCOUNT, asset=rng.choice((0, 1, 2, 3)), value=rng.choice((0, 250_000, PPM))))
        batch += [make.set_account_discount(owner, rng.random() < 0.5) for owner in self.owners]
        return batch

    def _setup(self) -> dict[str, int]:
        rng = self.rng
        return {
            "asset": NUMERAIRE, "liquidation_ppm": 1_100_000, "call_ppm": 1_300_000, "borrow_ppm": rng.choice((1_350_000, 1_500_000)),
            "transfer_ppm": 2_000_000, "fee_ppm": rng.choice((0, 5_000, 100_000)),
            "slippage_ppm": rng.choice((10_000, 100_000, 100_000, 500_000)), "slice_ppm": rng.choice((1, 200_000, PPM, PPM, PPM)),
            "deviation_ppm": rng.choice((20_000, 200_000, PPM, PPM)), "slice_min": rng.choice((0, 50, 5_000)),
            "grace_ns": rng.choice((0, SECOND_NS, 60 * SECOND_NS)),
            "staleness_ns": 24 * HOUR_NS if self.stormy else rng.choice((10 * SECOND_NS, HOUR_NS, 24 * HOUR_NS)),
        }  # fmt: skip

    def _asset_terms(self, asset: int) -> np.ndarray:
        rng = self.rng
        rates = {name: rng.choice((0, 10_000, RATE_ONE // 1_000)) for name in ("base_rate", "slope1_rate", "slope2_rate")}
        return make.admin(
            Kind.SET_MARGIN_ASSET, asset=asset, symbol=MARKETS.get(asset, 0), scale=self.price_scales.get(asset, 0),
            status=rng.random() < 0.95, borrow_limit=rng.choices((1_000, 10**6, AMOUNT_MAX), (1, 5, 5))[0],
            reserve_ppm=rng.choice((0, 100_000, PPM)),
            optimal_ppm=rng.choice((1, 800_000, PPM)), **rates,
        )  # fmt: skip

    def _symbol_listing(self, name: bytes, base: int, quote: int) -> np.ndarray:
        """Most often such that a lot is a unit, and 100 ticks are the index price."""
        command = super()._symbol_listing(name, base, quote)
        if self.rng.random() < 0.8:
            command["value"] = command["value2"] = 1
        command["max_price_ticks"] = 10**6
        command["max_quantity_lots"] = command["max_market_lots"] = 10**6
        return command

    def _fresh_id(self) -> tuple[int, int]:
        return self.time_ns, self.rng.getrandbits(63)

    # ------------------------------------------------------------ commands

    def _margin_account(self) -> int:
        if not self.margin_accounts or self.rng.random() < 0.03:
            return self._account()
        return self.rng.choice(self.margin_accounts)

    def _asset(self) -> int:
        return self.rng.choices((1, 2, 3, 0, 9), (8, 8, 3, 0.1, 0.1))[0]

    def _order_terms(self, symbol: int = 1) -> dict:
        terms = super()._order_terms(symbol)
        if self.rng.random() < 0.3:
            terms["side_effect"] = self.rng.choice(list(SideEffect))
        return terms

    def _open_margin(self) -> list[np.ndarray]:
        if len(self.margin_accounts) > 20 and self.rng.random() < 0.9:
            return self._loan()
        return [make.open_margin(self.rng.choice(self.owners), self.rng.choice((0, 1, 2, 3, 9)))]

    def _fund_margin(self) -> list[np.ndarray]:
        """Between an owner's account and a margin account, mostly its own, either way."""
        rng = self.rng
        parties = [rng.choice(self.owners), self._margin_account()]
        if rng.random() < 0.3:
            parties.reverse()
        amount = rng.choices((rng.randint(1, 400), rng.randint(1, 20_000), rng.choice(EXTREMES)), (8, 8, 0.3))[0]
        if parties[1] in self.liquidating and rng.random() < 0.9:
            return self._depth()
        party = rng.choice((HOUSE_LENDING, HOUSE_INSURANCE)) if rng.random() < 0.03 else parties[1]
        return [make.transfer(Kind.TRANSFER, self._fresh_id(), debit=parties[0], credit=party, asset=self._asset(), amount=amount)]

    def _lever(self) -> list[np.ndarray]:
        """Money of the owner's, about as much as can be borrowed on it, and an order that spends it on somebody: what may be liquidated."""
        rng = self.rng
        if not self.owned:
            return self._open_margin()
        account, owner, symbol = rng.choice(self.owned)
        if account in self.liquidating:  # let it come to its end
            return self._depth()
        symbol = symbol or rng.choice((1, 1, 2))
        own, (base, quote) = rng.randint(500, 20_000), LISTED.get(symbol, LISTED[1])
        is_long = account % 3 > 0  # always on the same side, so that it adds up
        lots = max(1, own * rng.choice((10, 18, 19)) // 10 // self._ticks(symbol))
        asset, borrowed = (quote, own * rng.choice((10, 19, 19)) // 10) if is_long else (base, lots)
        other, price = rng.choice(self.owners), self._ticks(symbol)
        offered = (base, lots) if is_long else (quote, lots * price)
        return [
            make.transfer(Kind.TRANSFER, self._fresh_id(), debit=2, credit=other, asset=offered[0], amount=offered[1]),
            make.place(other, symbol, Side.SELL if is_long else Side.BUY, price_ticks=price, quantity_lots=lots),
            make.transfer(Kind.TRANSFER, self._fresh_id(), debit=2, credit=owner, asset=quote, amount=own),
            make.transfer(Kind.TRANSFER, self._fresh_id(), debit=owner, credit=account, asset=quote, amount=own),
            make.loan(Kind.BORROW, self._fresh_id(), account=account, asset=asset, amount=borrowed),
            make.place(account, symbol, Side.BUY if is_long else Side.SELL, OrderType.MARKET, quantity_lots=lots),
        ]

    def _depth(self) -> list[np.ndarray]:
        """Somebody trades much near the index price: what liquidations meet."""
        rng = self.rng
        owner, symbol, lots = rng.choice(self.owners), rng.choice((1, 1, 2)), rng.randint(100, 2_000)
        (base, quote), price, side = LISTED[symbol], self._ticks(symbol), rng.choice(list(Side))
        asset, amount = (base, 3 * lots) if side == Side.SELL else (quote, 3 * lots * price)
        return [
            make.transfer(Kind.TRANSFER, self._fresh_id(), debit=2, credit=owner, asset=asset, amount=amount),
            make.place(owner, symbol, side, price_ticks=price, quantity_lots=lots),
        ]

    def _ticks(self, symbol: int) -> int:
        """About the index price."""
        price = self.index_prices.get(LISTED.get(symbol, LISTED[1])[0], 100)
        return max(1, price // (1 if price < 5_000 else 1_000) + self.rng.choice((-2, 0, 0, 2)))

    def _loan(self) -> list[np.ndarray]:
        rng = self.rng
        if self.loans_done and rng.random() < 0.1:
            command = rng.choice(self.loans_done).copy()
            if rng.random() < 0.5:
                command[rng.choice(command.dtype.names[3:])] += 1
            return [command]
        kind = rng.choices((Kind.BORROW, Kind.REPAY, Kind.LEND, Kind.REDEEM), (6, 3, 2, 2))[0]
        account = self._margin_account() if kind in (Kind.BORROW, Kind.REPAY) else rng.choice(self.owners)
        amount = rng.choices((0, rng.randint(1, 300), rng.randint(1, 30_000), rng.choice(EXTREMES)), (2, 8, 6, 0.3))[0]
        command = make.loan(kind, self._transfer_id(), account=account, asset=self._asset(), amount=amount, reason=rng.choice((0, 7)),
                            user=rng.choice(((0, 0), (5, 6))), valid_until_ns=self._until())  # fmt: skip
        if rng.random() < 0.02:
            command["flags"] = 1
        self.loans_done = [*self.loans_done[-20:], command]
        return [command]

    def _price(self) -> list[np.ndarray]:
        """Sources near a price that wanders; now and then one is far off, or falls silent."""
        rng = self.rng
        asset = rng.choice(list(MARKETS))
        price = self.index_prices[asset] * (1 + rng.choice((-1, 1, 0)) * rng.random() * self.volatile)
        if rng.random() < (0.06 if self.stormy else 0.02):
            price *= rng.choice((0.3, 0.6, 1.7, 3))
        middle = 100 if self.price_scales[asset] == 0 else 100_000
        self.index_prices[asset] = price = round(min(max(price, middle // 4), middle * 4))
        self.prices = range(max(1, self._ticks(1) - 8), self._ticks(1) + 9)
        batch = [make.set_price(asset, source, round(price * rng.choice((1, 1, 0.999, 1.01))), valid_until_ns=self._until())
                 for source in rng.sample((1, 2, 3, 4), rng.choice((1, 2, 3, 4)))]  # fmt: skip
        if rng.random() < 0.05:
            batch.append(make.set_price(asset, rng.randint(0, 16), rng.choice((0, 0, price * 3, PRICE_MAX, PRICE_MAX + 1, -1))))
        return batch

    def _margin_terms(self) -> list[np.ndarray]:
        """New thresholds, rates, tiers, discounts; mostly such as are accepted."""
        rng = self.rng
        kind = rng.choice([kind for kind in MARGIN_KINDS if kind not in (Kind.OPEN_MARGIN, Kind.SET_PRICE)] + [Kind.SET_ACCOUNT_TIER])
        if kind == Kind.SET_MARGIN:
            command = make.admin(kind, **self._setup())
        elif kind == Kind.SET_MARGIN_ASSET:
            command = self._asset_terms(rng.choice((1, 2, 3, 9)))
        else:
            command = make.admin(kind, **{
                Kind.SET_COLLATERAL: {"asset": rng.choice((1, 2, 3, 9)), "tier": rng.randint(0, 3),
                                      "value": rng.choice((0, 2_000, 50_000, VALUE_MAX, VALUE_MAX + 1)),
                                      "ratio_ppm": rng.choice((0, 900_000, PPM))},
                Kind.SET_TIER: {"tier": rng.randint(0, 3), "value": rng.choice((0, 100, 10_000, 10**6))},
                Kind.SET_DISCOUNT: {"asset": rng.choice((0, 1, 2, 3, 9)), "value": rng.choice((0, 250_000, PPM, PPM + 1))},
                Kind.SET_ACCOUNT_DISCOUNT: {"account": self._account(), "value": rng.choice((0, 1, 1, 2))},
                Kind.SET_ACCOUNT_TIER: {"account": self._account(), "tier": rng.choice((0, 1, 2, TIER_AUTOMATIC, TIER_AUTOMATIC))},
            }[kind])  # fmt: skip
        command["valid_until_ns"] = self._until()
        return [command]
