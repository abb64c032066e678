"""What the demo lists and whom it knows: assets, symbols, people and traders, with where their prices start."""

from typing import NamedTuple


class DemoAsset(NamedTuple):
    name: str
    scale: int
    person_gets: str  # what each demo person starts with
    trader_gets: str


class DemoSymbol(NamedTuple):
    name: str
    base: str
    quote: str
    tick: str
    lot: str
    min_notional: str
    start_price: float
    daily_volatility: float
    typical_quantity: float  # of one trade, in base


ASSETS = (
    DemoAsset("BTC", 8, "10", "100000"),
    DemoAsset("ETH", 8, "200", "1000000"),
    DemoAsset("SOL", 8, "3000", "10000000"),
    DemoAsset("XRP", 6, "100000", "500000000"),
    DemoAsset("USDT", 8, "1000000", "5000000000"),
)

SYMBOLS = (
    DemoSymbol("BTCUSDT", "BTC", "USDT", "0.01", "0.00001", "5", 64_000.0, 0.030, 0.08),
    DemoSymbol("ETHUSDT", "ETH", "USDT", "0.01", "0.0001", "5", 3_100.0, 0.038, 1.2),
    DemoSymbol("SOLUSDT", "SOL", "USDT", "0.01", "0.001", "5", 148.0, 0.050, 18.0),
    DemoSymbol("XRPUSDT", "XRP", "USDT", "0.0001", "0.1", "5", 0.52, 0.045, 4_000.0),
    DemoSymbol("ETHBTC", "ETH", "BTC", "0.00001", "0.001", "0.0001", 0.04844, 0.020, 0.9),
)

PEOPLE = ("alice", "bob", "carol", "dora", "emil", "fumiko", "grace", "henrik")  # they trade, and they buy
MODERATOR = "moderator"
SELLERS = ("hearth", "slowcup", "nordlys", "groove", "fernhill", "papertrail")
MAKERS = ("maker-1", "maker-2")
TAKERS = ("taker-1", "taker-2")

MAKER_PPM = 800
TAKER_PPM = 1000
ORDERS_PER_10_S = 50_000
ORDERS_PER_DAY = 100_000_000
SHOP_MARK = "demo"  # the row of shop_settings that says how far the demo's shop has come
