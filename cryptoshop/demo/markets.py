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

# What orders must keep to on every market (cryptoshop/filters.py).
FILTERS = {
    "bid-up": "5", "bid-down": "0.2", "ask-up": "5", "ask-down": "0.2", "notional-spares-market": "maximum", "iceberg-parts": "100",
    "max-algo-orders": "50", "max-iceberg-orders": "50", "min-trailing-above": "0.1%", "max-trailing-above": "20%",
    "min-trailing-below": "0.1%", "max-trailing-below": "20%", "max-amends": "10", "max-lists": "20",
}  # fmt: skip
MAX_NOTIONAL = {"USDT": "9000000", "BTC": "140"}  # by quote asset


class DemoLending(NamedTuple):
    """What the lender puts into an asset's pool, and on which terms it is lent (cryptoshop.margin.Loans: per cent a day, per cent)."""

    lent: str
    terms: tuple[str, ...]


NUMERAIRE = "USDT"  # what values of margin accounts are told in
LENDING = {
    "USDT": DemoLending("20000000", ("0.015", "0.035", "0.6", "80", "10", "2000000")),
    "BTC": DemoLending("400", ("0.004", "0.012", "0.4", "75", "10", "40")),
    "ETH": DemoLending("6000", ("0.006", "0.014", "0.4", "75", "10", "800")),
    "SOL": DemoLending("80000", ("0.01", "0.03", "0.6", "70", "15", "12000")),
    "XRP": DemoLending("6000000", ("0.008", "0.03", "0.6", "70", "15", "1000000")),
}
COLLATERAL = {  # up to so much of its value an asset counts for so many per cent
    "USDT": "all:100",
    "BTC": "1000000:97,5000000:90,20000000:75",
    "ETH": "1000000:95,5000000:85",
    "SOL": "250000:85,1000000:70",
    "XRP": "250000:80,1000000:65",
}
FEE_VOLUMES = "1:1000000,2:10000000,3:100000000"

PEOPLE = ("alice", "bob", "carol", "dora", "emil", "fumiko", "grace", "henrik")  # they trade, and they buy
MODERATOR = "moderator"
SELLERS = ("hearth", "slowcup", "nordlys", "groove", "fernhill", "papertrail")
MAKERS = ("maker-1", "maker-2")
TAKERS = ("taker-1", "taker-2")
LENDER = "lender"
BORROWERS = ("margin-1", "margin-2")  # on a cross account, on an isolated one
MARGIN_PERSON = "alice"  # has margin accounts from the start

MAKER_PPM = 800
TAKER_PPM = 1000
ORDERS_PER_10_S = 50_000
ORDERS_PER_DAY = 100_000_000
SHOP_MARK = "demo"  # the row of shop_settings that says how far the demo's shop has come
