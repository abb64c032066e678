"""A venue in memory for tests of the dialect: BTCUSDT with two customers, and operations called as the gateway calls them."""

from engine.commands import admin
from engine.exchange import Exchange, Outcome
from engine.oracle.machine import OracleMachine
from engine.types import KeyScope, Kind
from gateway.dialect import parameters
from gateway.dialect.operations import OPERATIONS
from gateway.dialect.records import RecentClientIds
from gateway.dialect.venue import Request, Submit, Venue
from gateway.listen_keys import ListenKeys
from marketdata import MarketData

START_NS = 1_700_000_000 * 10**9
COIN = 10**8


class DialectVenue:
    """BTCUSDT: tick 0.01, lot 0.00001, at least 5 USDT, fees 0.1 % and 0.2 %. Time moves by a millisecond with each command."""

    def __init__(self) -> None:
        self.time_ns = START_NS
        self.exchange = Exchange(OracleMachine(), clock=lambda: self.time_ns)
        self.marketdata = MarketData()
        recent = RecentClientIds()
        self.exchange.listen(self.marketdata.apply)
        self.exchange.listen(recent.feed)
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

    def place(self, account: int = 0, **params):
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "100"} | params
        return self.answer("order.place", {name: value for name, value in order.items() if value is not None}, account)
