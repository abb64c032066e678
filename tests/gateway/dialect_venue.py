"""A venue in memory for tests of the dialect: BTCUSDT with two customers, and operations called as the gateway calls them."""

import numpy as np

from engine.commands import admin
from engine.exchange import Exchange, Outcome
from engine.oracle.machine import OracleMachine
from engine.types import KeyScope, Kind
from gateway.dialect import parameters
from gateway.dialect.operations import OPERATIONS
from gateway.dialect.records import RecentClientIds
from gateway.dialect.venue import Ask, Request, Submit, Venue
from gateway.listen_keys import ListenKeys
from marketdata import TRADE, MarketData
from marketdata.facts import Frame, prevented_facts, trades_of
from marketdata.fold import (
    Bounds,
    fold_amendments,
    fold_fills,
    fold_list_ids,
    fold_lists,
    fold_order,
    fold_orders,
    fold_orders_by_id,
    fold_prevented,
    is_open_list,
)

START_NS = 1_700_000_000 * 10**9
COIN = 10**8
ALL = Bounds(1000, from_id=0)


class DialectVenue:
    """BTCUSDT: tick 0.01, lot 0.00001, at least 5 USDT, fees 0.1 % and 0.2 %. Time moves by a millisecond with each command."""

    def __init__(self) -> None:
        self.time_ns = START_NS
        self.exchange = Exchange(OracleMachine(), clock=lambda: self.time_ns)
        self.marketdata = MarketData()
        recent = RecentClientIds()
        self.frames: list[Frame] = []
        self.exchange.listen(self.marketdata.apply)
        self.exchange.listen(recent.feed)
        self.exchange.listen(lambda applied: self.frames.append(Frame.of(applied, self.marketdata)))
        self.venue = Venue(self.exchange, self.marketdata, recent, ListenKeys())
        self.btc = self.exchange.add_asset("BTC", 8)
        self.usdt = self.exchange.add_asset("USDT", 6)
        self.symbol = self.list_symbol("BTCUSDT")
        self.alice, self.bob = self.open_account(1), self.open_account(2)
        for account in (self.alice, self.bob):
            self.exchange.deposit(account, self.btc, 10 * COIN)
            self.exchange.deposit(account, self.usdt, 1_000_000 * 10**6)

    def list_symbol(self, name: str, **limits: int) -> int:
        """One tick times one lot is 0.01 · 0.0001 = 0.000001 USDT, its smallest unit."""
        options = {
            "lot_units": 10_000, "tick_lot_units": 1, "max_price_ticks": 10**8, "max_quantity_lots": 10**6, "max_market_lots": 10**5,
            "min_notional": 5 * 10**6, "max_orders": 20, "maker_ppm": 1000, "taker_ppm": 2000,
        }  # fmt: skip
        return self.exchange.add_symbol(name, self.btc, self.usdt, **options | limits)

    def open_account(self, reference: int) -> int:
        return int(self.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=reference).events.view("<i4")[8])

    def add_key(self, account: int, scopes: int = KeyScope.READ | KeyScope.TRADE) -> int:
        outcome = self.admin(Kind.ADD_KEY, account=account, scopes=scopes, reference_hi=1, reference_lo=account)
        return int(outcome.events.view("<i4")[9])

    def admin(self, kind: Kind, **fields) -> Outcome:
        return self.exchange.execute(admin(kind, **fields))[0]

    def request(self, operation: str, params: dict, account: int = 0, *, strict: bool = True, **fields) -> Request:
        wanted = OPERATIONS[operation]
        parsed = parameters.parse(wanted.table, wanted.required, params, strict=strict, signed=wanted.signed)
        return Request(parsed, self.time_ns, account or self.alice, caught_up=True, **fields)

    def answer(self, operation: str, params: dict, account: int = 0, **fields):
        """What the dialect function answers: a result, or an Ask. Commands are executed."""
        self.time_ns += 10**6
        answer = OPERATIONS[operation].function(self.venue, self.request(operation, params, account, **fields))
        return answer.render(self.exchange.execute(answer.commands)) if isinstance(answer, Submit) else answer

    def told(self, operation: str, params: dict, account: int = 0):
        """As `answer`; what is asked of the history is answered out of all frames."""
        answer = self.answer(operation, params, account)
        return answer.render(getattr(self, f"_{answer.method}")(**answer.arguments)) if isinstance(answer, Ask) else answer

    def _order(self, account: int, symbol: int, order_id: int = 0, client_id: str = ""):
        return fold_order([], self.frames, account, lambda order: order.order_id == order_id or order.client_id == client_id)

    def _orders(self, account: int, symbol: int, **_bounds):
        return fold_orders([], self.frames, account, symbol, ALL)

    def _orders_by_id(self, account: int, order_ids: list[int]):
        return fold_orders_by_id([], self.frames, account, order_ids)

    def _my_trades(self, account: int, symbol: int, **_bounds):
        lists = fold_list_ids([], self.frames, account)
        fills = fold_fills(np.empty(0, TRADE), trades_of(self.frames, symbol), account, 0, ALL)
        return [fill._replace(list_id=lists.get(fill.order_id, 0)) for fill in fills]

    def _order_lists(self, account: int, list_id: int | None = None, client_id: str | None = None, only_open: bool = False, **_bounds):
        def wanted(found) -> bool:
            return list_id in (None, found.list_id) and client_id in (None, found.client_id) and (not only_open or is_open_list(found))

        return fold_lists([], self.frames, account, wanted, ALL)

    def _amendments(self, account: int, symbol: int, order_id: int, from_seq: int = 0, limit: int = 500):
        return fold_amendments([], self.frames, account, symbol, order_id, Bounds(limit, from_id=from_seq))

    def _prevented_matches(self, account: int, symbol: int, match_id: int | None, order_id: int | None, from_id: int | None, limit: int):
        def wanted(match) -> bool:
            return match_id in (None, match.match_id) and order_id in (None, match.taker_order, match.maker_order)

        return fold_prevented([], prevented_facts(self.frames, symbol), wanted, Bounds(limit, from_id=from_id))

    def place(self, account: int = 0, **params):
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "100"} | params
        return self.answer("order.place", {name: value for name, value in order.items() if value is not None}, account)
