"""Orders with more than a price: stops, trailing stops, icebergs, pegs, ends, prevented matches; and how they are told ever after."""

import pytest

from engine.types import Filter, Kind, SymbolStatus
from gateway.dialect.errors import DialectError
from tests.gateway.dialect_venue import DialectVenue

MS = 1_700_000_000_000


@pytest.fixture
def venue() -> DialectVenue:
    """The last price is 100; bob bids 50."""
    venue = DialectVenue()
    venue.place(venue.bob, side="SELL", quantity="1", price="100")
    venue.place(quantity="1", price="100")
    venue.place(venue.bob, quantity="5", price="50")
    return venue


def refusal(call, *args, **params) -> tuple[int, str]:
    with pytest.raises(DialectError) as caught:
        call(*args, **params)
    return caught.value.code, caught.value.text


def stop(venue: DialectVenue, **params) -> dict:
    return venue.place(**{"side": "SELL", "type": "STOP_LOSS_LIMIT", "price": "90", "stopPrice": "95", "newOrderRespType": "FULL"} | params)


def some(told: dict, *names: str) -> dict:
    return {name: told.get(name) for name in names}


def order(venue: DialectVenue, order_id: int, account: int = 0) -> dict:
    return venue.told("order.status", {"symbol": "BTCUSDT", "orderId": str(order_id)}, account)


# ---------------------------------------------------------------- stops


def test_a_stop_waits_works_and_is_told_so(venue):
    placed = stop(venue)
    assert some(placed, "status", "stopPrice", "workingTime", "fills") == {
        "status": "NEW", "stopPrice": "95.00000000", "workingTime": -1, "fills": [],
    }  # fmt: skip
    waiting = order(venue, placed["orderId"])
    assert some(waiting, "isWorking", "workingTime", "stopPrice", "price") == {
        "isWorking": False, "workingTime": -1, "stopPrice": "95.00000000", "price": "90.00000000",
    }  # fmt: skip
    venue.place(venue.bob, quantity="1", price="94")
    venue.place(venue.bob, side="SELL", quantity="1", price="94")
    working = order(venue, placed["orderId"])
    assert (working["isWorking"], working["status"]) == (True, "NEW")
    assert working["workingTime"] > working["time"]
    assert venue.told("openOrders.status", {"symbol": "BTCUSDT"}) == [working]
    assert venue.told("allOrders", {"symbol": "BTCUSDT"})[-1] == working


def test_what_a_trigger_does_is_not_the_takers_answer(venue):
    """The order that triggers a stop is told its own fills only."""
    stop(venue, type="STOP_LOSS", price=None, timeInForce=None, quantity="2")
    venue.place(venue.bob, quantity="1", price="94")
    taker = venue.place(venue.bob, side="SELL", quantity="1.5", price="94")
    assert (taker["status"], taker["executedQty"], len(taker["fills"])) == ("PARTIALLY_FILLED", "1.00000000", 1)
    assert venue.told("allOrders", {"symbol": "BTCUSDT"})[-1]["status"] == "FILLED"


def test_a_stop_at_the_market(venue):
    placed = stop(venue, type="STOP_LOSS", price=None, timeInForce=None)
    assert (placed["type"], placed["price"], placed["timeInForce"]) == ("STOP_LOSS", "0.00000000", "GTC")
    assert set(stop(venue, newOrderRespType=None)) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}


def test_stops_on_the_wrong_side_would_trigger(venue):
    wrong = (-2010, "Order would trigger immediately.")
    assert refusal(stop, venue, stopPrice="100") == wrong
    assert refusal(stop, venue, side="BUY", stopPrice="99") == wrong
    assert refusal(stop, venue, type="TAKE_PROFIT_LIMIT", stopPrice="99") == wrong
    assert stop(venue, type="TAKE_PROFIT_LIMIT", stopPrice="101")["status"] == "NEW"


def test_trailing_stops(venue):
    at_once = stop(venue, stopPrice=None, trailingDelta="100")
    assert some(at_once, "trailingDelta", "trailingTime", "stopPrice") == {
        "trailingDelta": 100, "trailingTime": at_once["transactTime"], "stopPrice": "0.00000000",
    }  # fmt: skip
    later = stop(venue, trailingDelta=100)
    assert (later["trailingTime"], later["stopPrice"]) == (-1, "95.00000000")
    assert some(order(venue, at_once["orderId"]), "trailingDelta", "trailingTime") == {
        "trailingDelta": 100, "trailingTime": at_once["transactTime"],
    }  # fmt: skip
    cancelled = venue.answer("order.cancel", {"symbol": "BTCUSDT", "orderId": str(later["orderId"])})
    assert some(cancelled, "trailingDelta", "stopPrice") == {"trailingDelta": 100, "stopPrice": "95.00000000"}


def test_a_stop_that_is_refused_at_its_turn(venue):
    placed = stop(venue, type="STOP_LOSS_LIMIT", price=None, pegPriceType="PRIMARY_PEG", pegOffsetType="PRICE_LEVEL", pegOffsetValue="9")
    assert some(placed, "pegPriceType", "pegOffsetType", "pegOffsetValue", "peggedPrice") == {
        "pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 9, "peggedPrice": None,
    }  # fmt: skip
    venue.place(venue.bob, quantity="1", price="94")
    venue.place(venue.bob, side="SELL", quantity="1", price="94")
    after = order(venue, placed["orderId"])
    assert some(after, "status", "expiryReason", "isWorking") == {"status": "EXPIRED", "expiryReason": "REJECTED", "isWorking": False}


# ---------------------------------------------------------------- icebergs, pegs, ends


def test_an_iceberg_shows_a_part(venue):
    placed = venue.place(price="60", quantity="3", icebergQty="0.5")
    assert placed["icebergQty"] == order(venue, placed["orderId"])["icebergQty"] == "0.50000000"
    assert venue.answer("depth", {"symbol": "BTCUSDT"})["bids"][0] == ["60.00000000", "0.50000000"]
    assert "icebergQty" not in venue.place(price="61", icebergQty="0")


def test_pegged_orders(venue):
    placed = venue.place(price=None, pegPriceType="PRIMARY_PEG")
    wanted = {"price": "0.00000000", "pegPriceType": "PRIMARY_PEG", "peggedPrice": "50.00000000", "pegOffsetType": None}
    assert some(placed, *wanted) == some(order(venue, placed["orderId"]), *wanted) == wanted
    taker = venue.place(side="SELL", price=None, pegPriceType="MARKET_PEG", timeInForce="IOC", quantity="0.5")
    assert (taker["status"], taker["peggedPrice"]) == ("FILLED", "50.00000000")


def test_good_till_date(venue):
    placed = venue.place(price="60", timeInForce="GTD", goodTillDate=str(MS + 60_000))
    assert some(placed, "timeInForce", "goodTillDate") == {"timeInForce": "GTD", "goodTillDate": MS + 60_000}
    maker = venue.place(type="LIMIT_MAKER", price="61", timeInForce="GTD", goodTillDate=str(MS + 60_000), newOrderRespType="RESULT")
    assert maker["goodTillDate"] == MS + 60_000
    venue.time_ns += 60 * 10**9
    venue.admin(Kind.TICK)
    for order_id in (placed["orderId"], maker["orderId"]):
        after = order(venue, order_id)
        assert some(after, "status", "expiryReason") == {"status": "EXPIRED", "expiryReason": "GOOD_TILL_DATE"}


# ---------------------------------------------------------------- self-trade prevention


def test_a_prevented_match_of_each_mode(venue):
    for mode, statuses, lost in (
        ("EXPIRE_TAKER", ("NEW", "EXPIRED_IN_MATCH"), ("0.40000000", None)),
        ("EXPIRE_MAKER", ("EXPIRED_IN_MATCH", "NEW"), (None, "1.00000000")),
        ("EXPIRE_BOTH", ("EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"), ("0.40000000", "1.00000000")),
        ("DECREMENT", ("NEW", "EXPIRED_IN_MATCH"), ("0.40000000", "0.40000000")),
        ("TRANSFER", ("NEW", "EXPIRED_IN_MATCH"), ("0.40000000", "0.40000000")),
    ):
        maker = venue.place(side="SELL", quantity="1", price="200", selfTradePreventionMode="TRANSFER")
        taker = venue.place(quantity="0.4", price="200", selfTradePreventionMode=mode)
        match = taker["preventedMatches"][0]
        assert some(match, "makerOrderId", "price", "takerPreventedQuantity", "makerPreventedQuantity") == {
            "makerOrderId": maker["orderId"], "price": "200.00000000", "takerPreventedQuantity": lost[0],
            "makerPreventedQuantity": lost[1],
        }, mode  # fmt: skip
        assert taker.get("preventedQuantity") == lost[0]
        both = [order(venue, placed["orderId"]) for placed in (maker, taker)]
        assert tuple(one["status"] for one in both) == statuses, mode
        assert tuple(one.get("preventedQuantity") for one in both) == (lost[1], lost[0]), mode
        assert {one.get("preventedMatchId") for one in both} <= {match["preventedMatchId"], None}
        told = venue.told("myPreventedMatches", {"symbol": "BTCUSDT", "preventedMatchId": str(match["preventedMatchId"])})
        effective = "DECREMENT" if mode == "TRANSFER" else mode
        assert some(told[0], "takerOrderId", "makerOrderId", "selfTradePreventionMode", "tradeGroupId") == {
            "takerOrderId": taker["orderId"], "makerOrderId": maker["orderId"], "selfTradePreventionMode": effective, "tradeGroupId": -1,
        }  # fmt: skip
        assert venue.told("myPreventedMatches", {"symbol": "BTCUSDT", "orderId": str(maker["orderId"])}) == told
        if "NEW" in statuses:
            venue.answer("openOrders.cancelAll", {"symbol": "BTCUSDT"})


def test_a_transfer_within_a_trade_group(venue):
    venue.admin(Kind.SET_GROUP, account=venue.bob, value=venue.alice)
    assert venue.answer("account.status", {}, venue.bob)["tradeGroupId"] == venue.alice
    assert venue.answer("account.status", {})["tradeGroupId"] == -1
    before = venue.exchange.machine.balance(venue.bob, venue.btc)
    venue.place(side="SELL", quantity="1", price="90", selfTradePreventionMode="TRANSFER")
    taker = venue.place(venue.bob, quantity="1", price="90", selfTradePreventionMode="TRANSFER")
    assert some(taker, "status", "executedQty", "preventedQuantity", "tradeGroupId") == {
        "status": "EXPIRED_IN_MATCH", "executedQty": "0.00000000", "preventedQuantity": "1.00000000", "tradeGroupId": venue.alice,
    }  # fmt: skip
    assert venue.exchange.machine.balance(venue.bob, venue.btc)[0] == before[0] + 10**8
    told = venue.told("myPreventedMatches", {"symbol": "BTCUSDT", "orderId": str(taker["orderId"])}, venue.bob)
    assert told[0]["selfTradePreventionMode"] == "TRANSFER"


def test_which_prevented_matches_can_be_asked_for(venue):
    def ask(**params):
        return refusal(venue.told, "myPreventedMatches", {"symbol": "BTCUSDT"} | params)

    assert ask() == (-1102, "Param 'preventedMatchId' or 'orderId' must be sent, but both were empty/null!")
    combination = (-1128, "Combination of optional parameters invalid.")
    assert ask(preventedMatchId="1", orderId="1") == ask(preventedMatchId="1", limit="5") == combination


# ---------------------------------------------------------------- amendments


def test_amendments_are_listed(venue):
    placed = venue.place(price="60", quantity="3", newClientOrderId="a")
    for quantity, name in (("2", "b"), ("1", "b")):
        asked = {"symbol": "BTCUSDT", "orderId": str(placed["orderId"]), "newQty": quantity, "newClientOrderId": name}
        answer = venue.answer("order.amend.keepPriority", asked)
        assert answer["amendedOrder"]["preventedQty"] == "0.00000000"
    told = venue.told("order.amendments", {"symbol": "BTCUSDT", "orderId": str(placed["orderId"])})
    names = ("origClientOrderId", "newClientOrderId", "origQty", "newQty")
    assert [tuple(one[name] for name in names) for one in told] == [
        ("a", "b", "3.00000000", "2.00000000"), ("b", "b", "2.00000000", "1.00000000"),
    ]  # fmt: skip
    assert told[-1]["executionId"] == answer["executionId"]
    asked = {"symbol": "BTCUSDT", "orderId": str(placed["orderId"]), "fromExecutionId": str(told[-1]["executionId"])}
    assert venue.told("order.amendments", asked) == told[-1:]
    assert venue.told("order.amendments", asked, venue.bob) == []


def test_how_often_an_order_may_be_amended(venue):
    venue.admin(Kind.SET_FILTER, symbol=venue.symbol, filter=Filter.MAX_AMENDS, value=1)
    asked = {"symbol": "BTCUSDT", "orderId": str(venue.place(price="60", quantity="3")["orderId"])}
    venue.answer("order.amend.keepPriority", asked | {"newQty": "2"})
    assert refusal(venue.answer, "order.amend.keepPriority", asked | {"newQty": "1"}) == (
        -2038, "Filter failure: MAX_NUM_ORDER_AMENDS",
    )  # fmt: skip


# ---------------------------------------------------------------- many at once


def test_cancels_of_one_side_or_of_every_market(venue):
    venue.list_symbol("BTCUSDC")
    venue.place(price="60", newClientOrderId="bid")
    venue.place(side="SELL", price="150", newClientOrderId="ask")
    venue.place(symbol="BTCUSDC", price="60", newClientOrderId="elsewhere")
    gone = venue.answer("openOrders.cancelAll", {"symbol": "BTCUSDT", "side": "SELL"})
    assert [one["origClientOrderId"] for one in gone] == ["ask"]
    gone = venue.answer("openOrders.cancelAll", {})
    assert [(one["origClientOrderId"], one["symbol"]) for one in gone] == [("bid", "BTCUSDT"), ("elsewhere", "BTCUSDC")]
    assert refusal(venue.answer, "openOrders.cancelAll", {}) == (-2011, "Unknown order sent.")


def test_the_dead_mans_switch(venue):
    order_id = venue.place(price="60")["orderId"]
    answer = venue.answer("countdownCancelAll", {"countdownTime": "60000"})
    assert answer == {"countdownTime": 60_000, "triggerTime": venue.time_ns // 10**6 + 60_000}
    assert venue.answer("countdownCancelAll", {"countdownTime": "0"}) == {"countdownTime": 0, "triggerTime": 0}
    venue.answer("countdownCancelAll", {"countdownTime": "5000"})
    venue.time_ns += 6 * 10**9
    venue.admin(Kind.TICK)
    assert order(venue, order_id)["status"] == "CANCELED"
    assert refusal(venue.answer, "countdownCancelAll", {"countdownTime": str(10**9)})[0] == -1102


# ---------------------------------------------------------------- filters and states


FILTERS = {
    Filter.MIN_PRICE_TICKS: 100, Filter.MIN_LOTS: 10, Filter.MIN_MARKET_LOTS: 20, Filter.BID_UP_PPM: 1_200_000,
    Filter.BID_DOWN_PPM: 200_000, Filter.ASK_UP_PPM: 5_000_000, Filter.ASK_DOWN_PPM: 800_000, Filter.MAX_NOTIONAL: 9000 * 10**6,
    Filter.NOTIONAL_SPARES_MARKET: 2, Filter.ICEBERG_PARTS: 10, Filter.MAX_ALGO_ORDERS: 2, Filter.MAX_ICEBERG_ORDERS: 3,
    Filter.MAX_POSITION: 100 * 10**8, Filter.MIN_TRAILING_ABOVE: 10, Filter.MAX_TRAILING_ABOVE: 2000,
    Filter.MIN_TRAILING_BELOW: 10, Filter.MAX_TRAILING_BELOW: 2000, Filter.MAX_AMENDS: 9, Filter.MAX_LISTS: 8,
}  # fmt: skip


def test_every_filter_that_is_set_is_told_in_order(venue):
    for one, value in FILTERS.items():
        venue.admin(Kind.SET_FILTER, symbol=venue.symbol, filter=one, value=value)
    venue.admin(Kind.SET_FILTER, filter=Filter.EXCHANGE_MAX_ORDERS, value=1000)
    venue.admin(Kind.SET_FILTER, filter=Filter.MAX_ASSET, base=venue.usdt, value=20_000 * 10**6)
    told = venue.answer("exchangeInfo", {})
    assert told["exchangeFilters"] == [{"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 1000}]
    filters = told["symbols"][0]["filters"]
    assert [one["filterType"] for one in filters] == [
        "PRICE_FILTER", "PERCENT_PRICE_BY_SIDE", "LOT_SIZE", "MIN_NOTIONAL", "NOTIONAL", "ICEBERG_PARTS", "MARKET_LOT_SIZE",
        "MAX_NUM_ORDERS", "MAX_NUM_ALGO_ORDERS", "MAX_NUM_ICEBERG_ORDERS", "MAX_POSITION", "TRAILING_DELTA", "MAX_NUM_ORDER_AMENDS",
        "MAX_NUM_ORDER_LISTS",
    ]  # fmt: skip
    by_type = {one.pop("filterType"): one for one in filters}
    assert by_type["PERCENT_PRICE_BY_SIDE"] == {
        "bidMultiplierUp": "1.20000000", "bidMultiplierDown": "0.20000000", "askMultiplierUp": "5.00000000",
        "askMultiplierDown": "0.80000000", "avgPriceMins": 0,
    }  # fmt: skip
    assert some(by_type["NOTIONAL"], "maxNotional", "applyMinToMarket", "applyMaxToMarket") == {
        "maxNotional": "9000.00000000", "applyMinToMarket": True, "applyMaxToMarket": False,
    }  # fmt: skip
    assert (by_type["PRICE_FILTER"]["minPrice"], by_type["LOT_SIZE"]["minQty"], by_type["MARKET_LOT_SIZE"]["minQty"]) == (
        "1.00000000", "0.00100000", "0.00200000",
    )  # fmt: skip
    assert by_type["TRAILING_DELTA"] == {
        "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000, "minTrailingBelowDelta": 10, "maxTrailingBelowDelta": 2000,
    }  # fmt: skip
    mine = venue.answer("myFilters", {"symbol": "BTCUSDT"})
    assert mine["assetFilters"] == [{"filterType": "MAX_ASSET", "asset": "USDT", "limit": "20000.00000000"}]


def test_each_filter_fails_by_its_name(venue):
    for one, value in FILTERS.items():
        venue.admin(Kind.SET_FILTER, symbol=venue.symbol, filter=one, value=value)
    venue.admin(Kind.SET_FILTER, filter=Filter.MAX_ASSET, base=venue.usdt, value=1000 * 10**6)
    failures = {
        "PRICE_FILTER": {"price": "0.5", "quantity": "90"},
        "PERCENT_PRICE_BY_SIDE": {"price": "121"},
        "LOT_SIZE": {"quantity": "0.0009", "price": "100"},
        "NOTIONAL": {"quantity": "91"},
        "ICEBERG_PARTS": {"quantity": "2", "icebergQty": "0.1"},
        "MAX_ASSET": {"quantity": "11"},
        "TRAILING_DELTA": {"type": "STOP_LOSS_LIMIT", "trailingDelta": "9"},
    }
    for name, params in failures.items():
        expected = "NOTIONAL" if name == "LOT_SIZE" else name  # too little of it is worth too little
        assert refusal(venue.place, **params) == (-1013, f"Filter failure: {expected}"), name
    test = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "2", "price": "100"}
    assert refusal(venue.answer, "order.test", test | {"icebergQty": "0.1"}) == (-1013, "Filter failure: ICEBERG_PARTS")
    assert refusal(venue.answer, "order.test", test | {"quantity": "91"}) == (-1013, "Filter failure: NOTIONAL")
    for _ in range(2):
        stop(venue, quantity="0.1")
    assert refusal(stop, venue, quantity="0.1") == (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")


def test_execution_rules(venue):
    assert venue.answer("executionRules", {"symbol": "BTCUSDT"})["symbolRules"][0]["rules"] == []
    assert refusal(venue.answer, "referencePrice", {"symbol": "BTCUSDT"})[0] == -2043
    venue.admin(Kind.SET_FILTER, symbol=venue.symbol, filter=Filter.RANGE_UP_PPM, value=1_500_000)
    rule = venue.answer("executionRules", {"symbol": "BTCUSDT"})["symbolRules"][0]["rules"][0]
    assert rule == {"ruleType": "PRICE_RANGE", "bidLimitMultUp": "1.50000000", "askLimitMultUp": "1.50000000"}
    assert venue.answer("referencePrice", {"symbol": "BTCUSDT"})["referencePrice"] == "100.00000000"
    venue.place(venue.bob, side="SELL", price="151", quantity="1")
    answer = venue.place(price="151", quantity="1")
    assert some(answer, "status", "expiryReason") == {"status": "EXPIRED", "expiryReason": "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"}


def test_a_halted_market_takes_not_even_cancels(venue):
    order_id = str(venue.place(price="60")["orderId"])
    venue.admin(Kind.SET_SYMBOL_STATUS, symbol=venue.symbol, status=SymbolStatus.HALTED)
    assert venue.answer("exchangeInfo", {})["symbols"][0]["status"] == "HALT"
    assert refusal(venue.answer, "order.cancel", {"symbol": "BTCUSDT", "orderId": order_id}) == (-2011, "Market is closed.")
    assert refusal(venue.answer, "openOrders.cancelAll", {"symbol": "BTCUSDT"}) == (-2011, "Market is closed.")
    assert refusal(venue.place) == (-2010, "Market is closed.")


def test_an_auction(venue):
    assert venue.answer("auction", {"symbol": "BTCUSDT"}) == {
        "symbol": "BTCUSDT", "status": "TRADING", "indicativePrice": "0.00000000", "indicativeQty": "0.00000000",
    }  # fmt: skip
    venue.admin(Kind.SET_SYMBOL_STATUS, symbol=venue.symbol, status=SymbolStatus.AUCTION)
    bid = venue.place(price="101", quantity="2")
    venue.place(venue.bob, side="SELL", price="99", quantity="1")
    assert bid["status"] == "NEW"
    assert refusal(venue.place, type="MARKET", timeInForce=None, price=None) == (-2010, "Market is closed.")
    told = venue.answer("auction", {"symbol": "BTCUSDT"})
    assert some(told, "status", "indicativeQty") == {"status": "AUCTION_MATCH", "indicativeQty": "1.00000000"}
    symbol = venue.answer("exchangeInfo", {"symbol": "BTCUSDT"})["symbols"][0]
    assert some(symbol, "status", "indicativePrice") == {"status": "AUCTION_MATCH", "indicativePrice": told["indicativePrice"]}
    venue.admin(Kind.SET_SYMBOL_STATUS, symbol=venue.symbol, status=SymbolStatus.TRADING)
    venue.admin(Kind.TICK)
    assert venue.venue.status(venue.venue.listing("BTCUSDT")) == "TRADING"
    trade = venue.told("myTrades", {"symbol": "BTCUSDT"})[-1]
    assert (trade["orderId"], trade["price"]) == (bid["orderId"], told["indicativePrice"])
