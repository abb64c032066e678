"""The dialect's venue in memory with margin: three margin assets, pools with money, prices from two sources."""

from typing import Any

from engine.commands import loan, set_price
from engine.types import PPM, RATE_ONE, VALUE_MAX, Code, Kind
from gateway.dialect.operations import OPERATIONS
from gateway.dialect.venue import Submit
from tests.gateway.dialect_venue import COIN, DialectVenue

USDT = 10**6
DAY_NS = 24 * 3600 * 10**9
HOURLY = RATE_ONE // 100_000  # 0.001 %, at any use of the pool
PRICE_SCALE = 8  # prices are those of a whole coin
SOURCES = {1: "book", 2: "simulated"}


def margin_commands(numeraire: int, others: dict[int, int]) -> list[tuple[Kind, dict]]:
    """Set-up of margin: borrowing ends at 1.5, the call is at 1.3, liquidation at 1.1; `others`: asset -> its market with the numeraire."""
    terms = {"status": 1, "base_rate": HOURLY, "optimal_ppm": PPM, "borrow_limit": 10**15}
    everything = {"tier": 0, "value": VALUE_MAX, "ratio_ppm": PPM}
    setup = {
        "asset": numeraire, "call_ppm": 1_300_000, "liquidation_ppm": 1_100_000, "borrow_ppm": 1_500_000, "transfer_ppm": 2_000_000,
        "fee_ppm": 5_000, "slippage_ppm": 50_000, "slice_ppm": PPM, "deviation_ppm": 50_000, "slice_min": 1_000 * USDT,
        "grace_ns": 60 * 10**9, "staleness_ns": DAY_NS,
    }  # fmt: skip
    commands = [(Kind.SET_MARGIN, setup), (Kind.SET_MARGIN_ASSET, {"asset": numeraire, **terms})]
    for asset, symbol in others.items():
        commands.append((Kind.SET_MARGIN_ASSET, {"asset": asset, "symbol": symbol, "scale": PRICE_SCALE, **terms}))
    return commands + [(Kind.SET_COLLATERAL, {"asset": asset, **everything}) for asset in (numeraire, *others)]


class MarginDialectVenue(DialectVenue):
    """BTCUSDT, ETHUSDT, and ETHBTC, on all of which margin accounts trade. A bitcoin is worth 10,000 USDT, an ether 500. Carol lent
    100 BTC, 1,000 ETH and 1,000,000 USDT."""

    def __init__(self) -> None:
        super().__init__()
        self.venue.source_names = SOURCES
        self.eth = self.exchange.add_asset("ETH", 8)
        self.carol = self.open_account(3)
        more = {"lot_units": 10_000, "tick_lot_units": 1, "max_price_ticks": 10**8, "max_quantity_lots": 10**6, "max_orders": 20}
        self.eth_symbol = self.exchange.add_symbol("ETHUSDT", self.eth, self.usdt, **more)
        self.exchange.add_symbol("ETHBTC", self.eth, self.btc, **more)
        for kind, fields in margin_commands(self.usdt, {self.btc: self.symbol, self.eth: self.eth_symbol}):
            assert self.admin(kind, **fields).code == Code.OK
        self.price("BTC", 10_000)
        self.price("ETH", 500)
        for asset, amount in ((self.btc, 100 * COIN), (self.eth, 1_000 * COIN), (self.usdt, 1_000_000 * USDT)):
            self.exchange.deposit(self.carol, asset, amount)
            command = loan(Kind.LEND, (self.time_ns, asset), account=self.carol, asset=asset, amount=amount)
            assert self.exchange.execute(command)[0].code == Code.OK

    def price(self, name: str, price: float) -> None:
        """Both sources say that a whole coin is worth `price` USDT."""
        self.time_ns += 10**6
        asset = {"BTC": self.btc, "ETH": self.eth}[name]
        for source in SOURCES:
            assert self.exchange.execute(set_price(asset, source, round(price * USDT)))[0].code == Code.OK

    def answer(self, operation: str, params: dict, account: int = 0, **fields) -> Any:
        """What comes of it in the end: one step may lead to another. Reads of history are answered as they are."""
        self.time_ns += 10**6
        answer = OPERATIONS[operation].function(self.venue, self.request(operation, params, account, **fields))
        while isinstance(answer, Submit):
            answer = answer.render(self.exchange.execute(answer.commands))
        return answer

    def transfer(self, kind: str, asset: str, amount: str, account: int = 0, **more: str) -> int:
        return self.answer("asset.transfer", {"type": kind, "asset": asset, "amount": amount, **more}, account)["tranId"]

    def borrow(self, asset: str, amount: str, account: int = 0, **more: str) -> int:
        return self.answer("margin.borrowRepay", {"type": "BORROW", "asset": asset, "amount": amount, **more}, account)["tranId"]

    def repay(self, asset: str, amount: str, account: int = 0, **more: str) -> int:
        return self.answer("margin.borrowRepay", {"type": "REPAY", "asset": asset, "amount": amount, **more}, account)["tranId"]

    def margin_order(self, account: int = 0, **params: str | None) -> dict:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "10000"} | params
        return self.answer("margin.order.place", {name: value for name, value in order.items() if value is not None}, account)

    def row(self, asset: str, account: int = 0) -> dict:
        """One asset of the cross account."""
        return next(row for row in self.answer("margin.account", {}, account)["userAssets"] if row["asset"] == asset)

    def is_sound(self) -> None:
        assert not self.exchange.machine.validate()
