"""gateway/dialect/market.py and info.py: what the venue lists and what happened on it."""

import pytest

from engine.types import Kind, SymbolStatus
from gateway.dialect.errors import DialectError
from gateway.dialect.market import percent
from gateway.dialect.operations import OPERATIONS
from gateway.dialect.venue import Ask, AskAll
from marketdata.records import Kline
from tests.gateway.dialect_venue import START_NS, DialectVenue

TICKER = {"symbol", "openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume", "openTime", "closeTime", "firstId",
          "lastId", "count"}  # fmt: skip
FULL = TICKER | {"priceChange", "priceChangePercent", "weightedAvgPrice"}
FULL_24H = FULL | {"prevClosePrice", "lastQty", "bidPrice", "bidQty", "askPrice", "askQty"}


@pytest.fixture
def venue() -> DialectVenue:
    """Two trades of 0.5 at 100 and 0.25 at 110, and a book of two levels a side."""
    venue = DialectVenue()
    venue.place(venue.bob, side="SELL", quantity="0.5", price="100")
    venue.place(venue.bob, side="SELL", quantity="1", price="110")
    venue.place(quantity="0.75", price="110")
    venue.place(venue.bob, side="SELL", quantity="2", price="120")
    venue.place(quantity="1", price="90")
    venue.place(quantity="1", price="80.5")
    return venue


def refusal(venue, operation, **params) -> tuple[int, str]:
    with pytest.raises(DialectError) as caught:
        venue.answer(operation, params)
    return caught.value.code, caught.value.text


def test_exchange_info(venue):
    venue.admin(Kind.SET_ORDER_LIMITS, value=100, value2=200_000)
    told = venue.answer("exchangeInfo", {})
    assert told["rateLimits"] == [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
        {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000},
        {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61_000},
    ]
    symbol = told["symbols"][0]
    assert (symbol["symbol"], symbol["status"], symbol["baseAsset"], symbol["quoteAsset"]) == ("BTCUSDT", "TRADING", "BTC", "USDT")
    assert symbol["orderTypes"] == [
        "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
    ]  # fmt: skip
    allowed = ("icebergAllowed", "ocoAllowed", "otoAllowed", "allowTrailingStop", "cancelReplaceAllowed", "amendAllowed",
               "pegInstructionsAllowed")  # fmt: skip
    assert all(symbol[name] is True for name in allowed)
    assert symbol["opoAllowed"] is False
    assert set(symbol["allowedSelfTradePreventionModes"]) == {
        "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER",
    }  # fmt: skip
    assert symbol["permissionSets"] == [["SPOT"]]
    assert symbol["filters"][0] == {
        "filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000",
    }  # fmt: skip
    by_type = {rule["filterType"]: rule for rule in symbol["filters"]}
    assert by_type["LOT_SIZE"] == {
        "filterType": "LOT_SIZE", "minQty": "0.00010000", "maxQty": "100.00000000", "stepSize": "0.00010000",
    }  # fmt: skip
    assert by_type["MARKET_LOT_SIZE"]["maxQty"] == "10.00000000"
    assert by_type["NOTIONAL"]["minNotional"] == by_type["MIN_NOTIONAL"]["minNotional"] == "5.00000000"
    assert by_type["MAX_NUM_ORDERS"]["maxNumOrders"] == 20


def test_exchange_info_of_some(venue):
    venue.list_symbol("BTCUSDC")

    def names(**params):
        return [symbol["symbol"] for symbol in venue.answer("exchangeInfo", params)["symbols"]]

    assert names() == ["BTCUSDT", "BTCUSDC"]
    assert names(symbol="BTCUSDC") == ["BTCUSDC"]
    assert names(symbols='["BTCUSDC","BTCUSDT"]') == ["BTCUSDC", "BTCUSDT"]
    assert names(permissions="SPOT") == ["BTCUSDT", "BTCUSDC"]
    assert names(permissions='["MARGIN","LEVERAGED"]') == []
    venue.admin(Kind.SET_SYMBOL_STATUS, symbol=venue.symbol, status=SymbolStatus.CANCEL_ONLY)
    assert names(symbolStatus="BREAK") == ["BTCUSDT"]
    assert names(symbolStatus="HALT") == []
    assert refusal(venue, "exchangeInfo", symbol="X") == (-1121, "Invalid symbol.")
    assert refusal(venue, "exchangeInfo", symbol="BTCUSDT", symbols='["BTCUSDT"]') == (-1128, "Combination of optional parameters invalid.")
    assert refusal(venue, "exchangeInfo", symbolStatus="OPEN") == (-1122, "Invalid symbolStatus.")


def test_what_the_venue_does_without(venue):
    assert venue.answer("executionRules", {}) == {"symbolRules": [{"symbol": "BTCUSDT", "rules": []}]}
    assert venue.answer("executionRules", {"symbol": "BTCUSDT"}) == venue.answer("executionRules", {"symbols": '["BTCUSDT"]'})
    assert refusal(venue, "executionRules", symbol="BTCUSDT", symbolStatus="HALT")[0] == -1128
    assert refusal(venue, "referencePrice", symbol="BTCUSDT") == (-2043, "This symbol doesn't have a reference price.")
    assert venue.answer("blockTrades.historical", {"symbol": "BTCUSDT", "fromId": "1"}) == []
    assert venue.answer("myAllocations", {"symbol": "BTCUSDT"}) == []
    assert refusal(venue, "myAllocations", symbol="NOPE") == (-1121, "Invalid symbol.")


def test_depth(venue):
    told = venue.answer("depth", {"symbol": "BTCUSDT"})
    assert told == {
        "lastUpdateId": venue.exchange.machine.update_id(venue.symbol),
        "bids": [["90.00000000", "1.00000000"], ["80.50000000", "1.00000000"]],
        "asks": [["110.00000000", "0.75000000"], ["120.00000000", "2.00000000"]],
    }
    assert len(venue.answer("depth", {"symbol": "BTCUSDT", "limit": "1"})["bids"]) == 1
    assert refusal(venue, "depth", symbol="BTCUSDT", symbolStatus="HALT") == (
        -1220, "The symbol's status does not match the requested symbolStatus.",
    )  # fmt: skip


def test_trades(venue):
    told = venue.answer("trades.recent", {"symbol": "BTCUSDT"})
    assert told == [
        {"id": 1, "price": "100.00000000", "qty": "0.50000000", "quoteQty": "50.00000000", "time": 1_700_000_000_003,
         "isBuyerMaker": False, "isBestMatch": True},
        {"id": 2, "price": "110.00000000", "qty": "0.25000000", "quoteQty": "27.50000000", "time": 1_700_000_000_003,
         "isBuyerMaker": False, "isBestMatch": True},
    ]  # fmt: skip
    assert venue.answer("trades.recent", {"symbol": "BTCUSDT", "limit": "1"}) == told[1:]
    ask = venue.answer("trades.historical", {"symbol": "BTCUSDT", "fromId": "1"})
    assert (ask.method, ask.arguments) == ("trades", {"symbol": venue.symbol, "from_id": 1, "limit": 500})
    assert ask.render(venue.marketdata.trades(venue.symbol, 500)) == told


def test_aggregate_trades(venue):
    ask = venue.answer("trades.aggregate", {"symbol": "BTCUSDT", "startTime": "1700000000000", "limit": "5000"})
    assert ask.arguments == {
        "symbol": venue.symbol, "from_id": None, "start_ms": 1_700_000_000_000, "end_ms": None, "limit": 1000,
    }  # fmt: skip
    told = ask.render(venue.marketdata.agg_trades(venue.symbol, 10))
    assert told[0] == {
        "a": 1, "p": "100.00000000", "q": "0.50000000", "f": 1, "l": 1, "T": 1_700_000_000_003, "m": False, "M": True,
    }  # fmt: skip


def test_klines(venue):
    ask = venue.answer("klines", {"symbol": "BTCUSDT", "interval": "1m", "timeZone": "-1:30"})
    assert ask.arguments == {
        "symbol": venue.symbol, "interval": "1m", "start_ms": None, "end_ms": None, "limit": 500, "offset_minutes": -90,
    }  # fmt: skip
    kline = venue.marketdata.kline(venue.symbol, "1m")
    assert ask.render([kline]) == [[
        1_699_999_980_000, "100.00000000", "110.00000000", "100.00000000", "110.00000000", "0.75000000", 1_700_000_039_999,
        "77.50000000", 2, "0.75000000", "77.50000000", "0",
    ]]  # fmt: skip
    assert refusal(venue, "klines", symbol="BTCUSDT", interval="2m") == (-1120, "Invalid interval.")
    assert refusal(venue, "klines", symbol="BTCUSDT", interval="1d", timeZone="+15") == (
        -1130, "Data sent for parameter 'timeZone' is not valid.",
    )  # fmt: skip


def test_prices(venue):
    assert venue.answer("ticker.price", {"symbol": "BTCUSDT"}) == {"symbol": "BTCUSDT", "price": "110.00000000"}
    assert venue.answer("ticker.price", {}) == [{"symbol": "BTCUSDT", "price": "110.00000000"}]
    assert venue.answer("ticker.book", {"symbols": '["BTCUSDT"]'}) == [
        {"symbol": "BTCUSDT", "bidPrice": "90.00000000", "bidQty": "1.00000000", "askPrice": "110.00000000", "askQty": "0.75000000"}
    ]
    average = venue.answer("avgPrice", {"symbol": "BTCUSDT"})
    assert average == {"mins": 5, "price": "103.33333333", "closeTime": 1_700_000_000_003}


def test_the_ticker_of_a_day(venue):
    told = venue.answer("ticker.24hr", {"symbol": "BTCUSDT"})
    assert set(told) == FULL_24H
    assert (told["priceChange"], told["priceChangePercent"], told["weightedAvgPrice"]) == ("10.00000000", "10.000", "103.33333333")
    assert (told["openPrice"], told["highPrice"], told["lowPrice"], told["lastPrice"], told["lastQty"]) == (
        "100.00000000", "110.00000000", "100.00000000", "110.00000000", "0.25000000",
    )  # fmt: skip
    assert (told["volume"], told["quoteVolume"], told["firstId"], told["lastId"], told["count"]) == (
        "0.75000000", "77.50000000", 1, 2, 2,
    )  # fmt: skip
    assert set(venue.answer("ticker.24hr", {"symbol": "BTCUSDT", "type": "MINI"})) == TICKER
    assert [row["symbol"] for row in venue.answer("ticker.24hr", {})] == ["BTCUSDT"]
    assert refusal(venue, "ticker.24hr", type="SMALL") == (-1139, "Invalid ticker type.")
    assert refusal(venue, "ticker.24hr", symbol="BTCUSDT", symbols='["BTCUSDT"]') == (-1128, "Combination of optional parameters invalid.")


def test_a_symbol_that_never_traded(venue):
    venue.list_symbol("NEWUSDT")
    told = venue.answer("ticker.24hr", {"symbol": "NEWUSDT"})
    assert (told["lastPrice"], told["count"], told["priceChangePercent"]) == ("0.00000000", 0, "0.000")
    assert venue.answer("ticker.price", {"symbol": "NEWUSDT"})["price"] == "0.00000000"
    assert venue.answer("avgPrice", {"symbol": "NEWUSDT"})["price"] == "0.00000000"


def test_rolling_windows(venue):
    told = venue.answer("ticker", {"symbol": "BTCUSDT", "windowSize": "2h"})
    assert set(told) == FULL
    assert told["openTime"] % 60_000 == 0
    assert refusal(venue, "ticker", symbol="BTCUSDT", windowSize="90m")[0] == -1130
    assert refusal(venue, "ticker") == (-1102, "Param 'symbol' or 'symbols' must be sent, but both were empty/null!")


def minute(number: int, *prices: int, trades: int = 1) -> Kline:
    open_ns = START_NS + number * 60 * 10**9
    first, last = (number, number + trades - 1) if trades else (-1, -1)
    return Kline(open_ns, open_ns + 60 * 10**9, *prices, 10 * trades, 1000 * trades, trades, 0, 0, first, last)


def test_longer_windows_are_added_up(venue):
    answer = venue.answer("ticker", {"symbols": '["BTCUSDT"]', "windowSize": "7d"})
    assert isinstance(answer, AskAll)
    minutes, hours = (ask.arguments for ask in answer.asks)
    assert (minutes["interval"], hours["interval"]) == ("1m", "1h")
    assert minutes["start_ms"] == START_NS // 10**6 // 60_000 * 60_000 - 7 * 86_400_000
    assert minutes["end_ms"] + 1 == hours["start_ms"]
    assert hours["start_ms"] % 3_600_000 == 0
    klines = [minute(0, 500, 500, 500, 500, trades=0), minute(1, 600, 900, 400, 700), minute(2, 700, 800, 300, 350, trades=2)]
    told = answer.render([klines[:2], klines[2:]])[0]
    assert (told["openPrice"], told["highPrice"], told["lowPrice"], told["lastPrice"]) == (
        "6.00000000", "9.00000000", "3.00000000", "3.50000000",
    )  # fmt: skip
    assert (told["volume"], told["firstId"], told["lastId"], told["count"]) == ("0.00300000", 1, 3, 3)
    assert (told["priceChange"], told["priceChangePercent"]) == ("-2.50000000", "-41.667")


def test_the_trading_day(venue):
    answer = venue.answer("ticker.tradingDay", {"symbol": "BTCUSDT", "timeZone": "8"})
    assert answer.asks == [
        Ask("klines", {"symbol": venue.symbol, "interval": "1d", "limit": 1, "offset_minutes": 480}, list)
    ]  # fmt: skip
    day = venue.marketdata.kline(venue.symbol, "1d")
    told = answer.render([[day]])
    assert (told["openTime"], told["closeTime"]) == (1_699_920_000_000, 1_700_006_399_999)
    assert told["count"] == 2


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 5, "0.000"), (1, 0, "0.000"), (1, 3, "33.333"), (2, 3, "66.667"), (-1, 3, "-33.333"), (-1, 10**9, "0.000")],
)
def test_per_cents(part, whole, text):
    assert percent(part, whole) == text


@pytest.mark.parametrize(
    ("operation", "params", "weight"),
    [
        ("depth", {}, 5), ("depth", {"limit": "100"}, 5), ("depth", {"limit": "101"}, 25), ("depth", {"limit": 1000}, 50),
        ("depth", {"limit": "5000"}, 250), ("depth", {"limit": "many"}, 5),
        ("ticker.24hr", {"symbol": "A"}, 2), ("ticker.24hr", {}, 80), ("ticker.24hr", {"symbols": '["A","B"]'}, 2),
        ("ticker.24hr", {"symbols": ["A"] * 30}, 40), ("ticker.24hr", {"symbols": ["A"] * 200}, 80),
        ("ticker.price", {"symbol": "A"}, 2), ("ticker.price", {}, 4), ("ticker.price", {"symbols": '["A"]'}, 4),
        ("ticker", {"symbols": '["A","B","C"]'}, 12), ("ticker", {"symbols": ["A"] * 60}, 200),
        ("openOrders.status", {}, 80), ("openOrders.status", {"symbol": "A"}, 6), ("myTrades", {"orderId": 1}, 5), ("myTrades", {}, 20),
        ("order.test", {"computeCommissionRates": "true"}, 20), ("order.place", {}, 1),
    ],
)  # fmt: skip
def test_weights(operation, params, weight):
    assert OPERATIONS[operation].weight_of(params) == weight
