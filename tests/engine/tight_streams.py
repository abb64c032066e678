"""Streams that are about one thing: what a wide mix of commands meets too seldom. tests/engine/test_situations.py says how often they do.

`AuctionStream`: markets that gather orders and resume, again and again. `CrashStream`: accounts that live on credit in markets that crash.
"""

import numpy as np

from engine import commands as make
from engine.types import (
    AMOUNT_MAX,
    FIRST_CUSTOMER,
    HOUSE_GATEWAY,
    HOUSE_INSURANCE,
    INITIAL_CAPACITY,
    RULES_VERSION,
    Filter,
    Kind,
    OrderType,
    Side,
    Stp,
    SymbolStatus,
    TimeInForce,
)
from tests.engine.margin_streams import HOUR_NS, MARKETS, MarginStream
from tests.engine.streams import CLIENT_IDS, LISTED, SECOND_NS, CollidingStream

FUNDS = 10**12


class AuctionStream(CollidingStream):
    """A few rich accounts, some of one trade group, on a narrow range of prices; every few frames a market begins to gather, or resumes."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        rng = self.rng
        self.rules, self.rules_after = RULES_VERSION, None
        self.capacity, self.scale, self.deep, self.quiet = INITIAL_CAPACITY, 1, True, True
        self.listed = dict(LISTED)
        self.accounts = [FIRST_CUSTOMER + n for n in range(rng.randint(3, 6))]
        self.prices, self.size = range(95, 95 + rng.randint(3, 12)), rng.choice((3, 10, 40))
        self.garbage, self.contingent, self.terms = 0.002, rng.choice((1, 3)), rng.choice((0.4, 0.8))
        self.favourites = [Filter.RANGE_UP_PPM, Filter.RANGE_DOWN_PPM, Filter.BID_UP_PPM]
        self.statuses: dict[int, int] = {}  # by symbol: what was asked for last
        self.kinds = {draw: 0.02 for draw in self.kinds} | {
            self._place: 12, self._place_list: rng.choice((1, 4)), self._amend: 0.7, self._cancel: 0.5, self._replace: 0.5,
            self._cancel_list: 0.3, self._change_status: rng.choice((0.3, 1)), self._group: 0.1, self._convert: 0.1,
        }  # fmt: skip
        self.kinds |= {self._auction: 0, self._administration: 0, self._transfer: 0, self._chain: 0}
        self._opening = [[make.admin(Kind.REGISTER_ORIGIN, role=role)] for _, role in self.ORIGINS]
        self._opening[0] += [make.admin(Kind.SET_RULES, value=RULES_VERSION), *self._listing()]
        grouped = self.accounts[1 : rng.randint(1, 4)]
        self._opening[0] += [make.admin(Kind.SET_GROUP, account=account, value=FIRST_CUSTOMER) for account in grouped]

    def _listing(self) -> list[np.ndarray]:
        return super()._listing() + [
            make.transfer(Kind.TRANSFER, (self.time_ns, account * 8 + asset), debit=HOUSE_GATEWAY, credit=account, asset=asset,
                          amount=FUNDS)
            for account in self.accounts for asset in (1, 2, 3)
        ]  # fmt: skip

    def _symbol_listing(self, name: bytes, base: int, quote: int) -> np.ndarray:
        command = super()._symbol_listing(name, base, quote)
        command["max_price_ticks"] = command["max_quantity_lots"] = command["max_market_lots"] = 10**6
        command["min_notional"], command["max_orders"] = 0, 4096
        command["maker_ppm"], command["taker_ppm"] = self.rng.choice(((0, 1000), (500, 700), (-30_000, 50_000), (-90_000, 20_000)))
        return command

    def _change_status(self) -> list[np.ndarray]:
        """Mostly one begins to gather, or one that gathers resumes."""
        rng = self.rng
        symbol = rng.choice((1, 1, 2, 3))
        weights = {SymbolStatus.TRADING: (0, 1, 12), SymbolStatus.AUCTION: (12, 1, 0)}
        status = self.statuses.get(symbol, SymbolStatus.TRADING)
        closed = rng.choice((SymbolStatus.HALTED, SymbolStatus.CANCEL_ONLY))
        to = rng.choices((SymbolStatus.TRADING, closed, SymbolStatus.AUCTION), weights.get(status, (1, 0, 3)))[0]
        self.statuses[symbol] = to
        return [make.admin(Kind.SET_SYMBOL_STATUS, symbol=symbol, status=to)]

    def _plain_terms(self) -> dict:
        """In an auction everything may cross, and nothing that takes at once is taken."""
        terms = super()._plain_terms()
        rng = self.rng
        if SymbolStatus.AUCTION in self.statuses.values() and rng.random() < 0.8:
            terms = {"side": rng.randint(0, 1), "order_type": OrderType.LIMIT, "price_ticks": rng.choice(self.prices),
                     "quantity_lots": rng.randint(1, self.size), "client_id": rng.choice(CLIENT_IDS)}  # fmt: skip
        terms["stp"] = rng.choice(list(Stp))
        return terms

    def _add_term(self, terms: dict) -> None:
        super()._add_term(terms)
        if terms.get("time_in_force") == TimeInForce.GTD:
            terms["expires_ns"] = self.time_ns + self.rng.choice((500, 10_000, 10**7, SECOND_NS, 5 * SECOND_NS, 3600 * SECOND_NS))

    def _working(self, account: int, symbol: int, side: int, lots: int) -> np.ndarray:
        """Now and then far enough from the last price to rest until the next auction."""
        command = super()._working(account, symbol, side, lots)
        command["stp"] = self.rng.choice(list(Stp))
        if self.rng.random() < 0.5:
            command["price_ticks"] = self.prices[0] if side == Side.BUY else self.prices[-1]
            command["time_in_force"], command["peg"], command["peg_offset"] = TimeInForce.GTC, 0, 0
            command["quote_quantity"] = 0
        return command

    def _pair(self, account: int, symbol: int, side: int, lots: int) -> list[np.ndarray]:
        legs = super()._pair(account, symbol, side, lots)
        for leg in legs:
            leg["stp"] = self.rng.choice(list(Stp))
        return legs

    def _amend(self) -> list[np.ndarray]:
        """Of an order of a list, now and then."""
        batch = super()._amend()
        if self.rng.random() < 0.3:
            batch[0]["quantity_lots"] = 1
        return batch


class CrashStream(MarginStream):
    """Everybody is long or short on credit; prices fall and rise by a third, there is little to trade against, and pools run dry."""

    SIZES = (1, 4, 8, 12)

    def __init__(self, seed: int) -> None:
        super().__init__(seed, orders=seed % 2 > 0)
        rng = self.rng
        self.capacity, self.deep, self.garbage = INITIAL_CAPACITY, True, 0.002
        self.crashes, self.halted = rng.choice((0.5, 1.5)), 0
        few = {draw: weight * 0.2 for draw, weight in self.kinds.items()}
        self.kinds = few | {
            self._lever: 5, self._crash: self.crashes, self._price: 2, self._depth: rng.choice((1, 4)), self._hours: 0.1, self._redeem: 0.3,
            self._halt: 0.2, self._repay: 0.3, self._insure: 0.2, self._take_out: 0.3, self._margin_terms: 0.03, self._administration: 0.02,
        }  # fmt: skip

    def _let_time_pass(self) -> None:
        """Rounds of a liquidation are a second apart."""
        super()._let_time_pass()
        self.time_ns += self.rng.choice((0, 1, 1, 2)) * SECOND_NS

    def _setup(self) -> dict[str, int]:
        rng = self.rng
        return super()._setup() | {
            "slice_ppm": rng.choice((100_000, 300_000, 10**6)), "slice_min": rng.choice((50, 5_000)), "deviation_ppm": 10**6,
            "slippage_ppm": rng.choice((50_000, 200_000, 500_000)), "staleness_ns": 24 * HOUR_NS, "borrow_ppm": 1_350_000,
        }  # fmt: skip

    def _asset_terms(self, asset: int) -> np.ndarray:
        command = super()._asset_terms(asset)
        command["status"], command["borrow_limit"] = self.rng.random() < 0.98, AMOUNT_MAX
        return command

    def _symbol_listing(self, name: bytes, base: int, quote: int) -> np.ndarray:
        command = super()._symbol_listing(name, base, quote)
        command["max_orders"], command["min_notional"] = 4096, 0
        return command

    def _open_margin(self) -> list[np.ndarray]:
        """On the markets that have a book."""
        return [make.open_margin(self.rng.choice(self.owners), self.rng.choice((0, *MARKETS.values())))]

    def _lever(self) -> list[np.ndarray]:
        """As much again as can be borrowed on what was bought."""
        batch = super()._lever()
        loan = batch[-2] if len(batch) > 1 else batch[0]
        if loan["kind"][0] == Kind.BORROW:
            more = loan.copy()
            more["id_lo"], more["amount"] = self.rng.getrandbits(63), more["amount"] * self.rng.randint(2, 5) // 10
            batch.append(more)
        return batch

    def _crash(self) -> list[np.ndarray]:
        """The index goes up or down at once, and the market with it."""
        rng = self.rng
        asset = rng.choice(list(MARKETS))
        middle = 100 if self.price_scales[asset] == 0 else 100_000
        price = self.index_prices[asset] * rng.choice((0.6, 0.8, 0.9, 1.1, 1.25, 1.6))
        self.index_prices[asset] = price = round(min(max(price, middle // 3), middle * 3))
        self.prices = range(max(1, self._ticks(1) - 8), self._ticks(1) + 9)
        batch = [make.set_price(asset, source, price) for source in (1, 2, 3, 4)]
        return batch + (self._book_of(MARKETS[asset]) if rng.random() < 0.8 else [])

    def _book_of(self, symbol: int) -> list[np.ndarray]:
        """Bids and asks near the index price, enough for a liquidation or two."""
        rng = self.rng
        owner, (base, quote), lots, price = rng.choice(self.owners), LISTED[symbol], rng.choice((30, 300, 3_000)), self._ticks(symbol)
        return [
            make.mass_cancel(owner, symbol),
            *(make.transfer(Kind.TRANSFER, self._fresh_id(), debit=HOUSE_GATEWAY, credit=owner, asset=asset, amount=lots * price * 3)
              for asset in (base, quote)),
            make.place(owner, symbol, Side.SELL, price_ticks=price + 1, quantity_lots=lots),
            make.place(owner, symbol, Side.BUY, price_ticks=max(1, price - 1), quantity_lots=lots),
        ]  # fmt: skip

    def _depth(self) -> list[np.ndarray]:
        return self._book_of(self.rng.choice((1, 2)))

    def _hours(self) -> list[np.ndarray]:
        self.time_ns += self.rng.choice((1, 5, 13, 30)) * HOUR_NS
        return [make.set_price(asset, source, price) for asset, price in self.index_prices.items() for source in (1, 2)]

    def _redeem(self) -> list[np.ndarray]:
        """A lender wants back more than may be free."""
        amount = self.rng.choice((0, 1, 10_000, 10**7))
        return [make.loan(Kind.REDEEM, self._fresh_id(), account=self.rng.choice(self.owners), asset=self._asset(), amount=amount)]

    def _repay(self) -> list[np.ndarray]:
        amount = self.rng.choice((0, 1, self.rng.randint(1, 5_000)))
        return [make.loan(Kind.REPAY, self._fresh_id(), account=self._margin_account(), asset=self._asset(), amount=amount)]

    def _take_out(self) -> list[np.ndarray]:
        """An owner takes out a part of what was borrowed on."""
        if not self.owned:
            return self._open_margin()
        account, owner, _ = self.rng.choice(self.owned)
        amount = self.rng.randint(1, 3_000)
        return [make.transfer(Kind.TRANSFER, self._fresh_id(), debit=account, credit=owner, asset=self._asset(), amount=amount)]

    def _insure(self) -> list[np.ndarray]:
        """A little for the insurance, so that it covers some losses and not others."""
        return [make.transfer(Kind.TRANSFER, self._fresh_id(), debit=HOUSE_GATEWAY, credit=HOUSE_INSURANCE, asset=self._asset(),
                              amount=self.rng.choice((1, 500, 5_000)))]  # fmt: skip

    def _halt(self) -> list[np.ndarray]:
        """A market stops and resumes: liquidations wait, and then some more."""
        rng = self.rng
        symbol, self.halted = (self.halted, 0) if self.halted else (0, rng.choice((1, 1, 2)))
        self.kinds[self._halt] = 1 if self.halted else 0.2
        status = rng.choice((SymbolStatus.HALTED, SymbolStatus.CANCEL_ONLY, SymbolStatus.AUCTION)) if not symbol else SymbolStatus.TRADING
        return [make.admin(Kind.SET_SYMBOL_STATUS, symbol=symbol or self.halted, status=status)]
