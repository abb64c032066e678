"""gateway/dialect/orders.py: requests become commands, events become answers, refusals speak the dialect."""

import pytest

from engine.types import Code, Kind, OrderStatus, SymbolStatus
from gateway.dialect import orders
from gateway.dialect.errors import DialectError
from gateway.dialect.venue import Ask, Behind
from marketdata.records import OrderRecord
from tests.gateway.dialect_venue import DialectVenue

ACK = {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
RESULT = ACK | {
    "price", "origQty", "executedQty", "origQuoteOrderQty", "cummulativeQuoteQty", "status", "timeInForce", "type", "side",
    "workingTime", "selfTradePreventionMode",
}  # fmt: skip
CANCELLATION = (RESULT | {"origClientOrderId"}) - {"workingTime"}
QUERIED = (RESULT | {"stopPrice", "icebergQty", "time", "updateTime", "isWorking"}) - {"transactTime"}


@pytest.fixture
def venue() -> DialectVenue:
    return DialectVenue()


def refusal(call, *args, **params) -> tuple[int, str]:
    with pytest.raises(DialectError) as caught:
        call(*args, **params)
    return caught.value.code, caught.value.text


# ---------------------------------------------------------------- placing


def test_a_resting_order(venue):
    answer = venue.place(quantity="0.5", price="100.01", newClientOrderId="mine-1")
    assert answer == {
        "symbol": "BTCUSDT", "orderId": 1, "orderListId": -1, "clientOrderId": "mine-1", "transactTime": 1_700_000_000_001,
        "price": "100.01000000", "origQty": "0.50000000", "executedQty": "0.00000000", "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": "0.00000000", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT", "side": "BUY",
        "workingTime": 1_700_000_000_001, "selfTradePreventionMode": "NONE", "fills": [],
    }  # fmt: skip


def test_the_three_response_types(venue):
    assert set(venue.place(newOrderRespType="ACK")) == ACK
    assert set(venue.place(newOrderRespType="RESULT")) == RESULT
    assert set(venue.place(newOrderRespType="FULL")) == RESULT | {"fills"}
    assert set(venue.place()) == RESULT | {"fills"}
    assert set(venue.place(type="LIMIT_MAKER", timeInForce=None)) == ACK


def test_fills_carry_the_commission_in_the_asset_received(venue):
    venue.place(venue.bob, side="SELL", quantity="0.3", price="100")
    venue.place(venue.bob, side="SELL", quantity="0.3", price="101")
    bought = venue.place(quantity="0.5", price="101")
    assert (bought["status"], bought["executedQty"], bought["cummulativeQuoteQty"]) == ("FILLED", "0.50000000", "50.20000000")
    assert bought["fills"] == [
        {"price": "100.00000000", "qty": "0.30000000", "commission": "0.00060000", "commissionAsset": "BTC", "tradeId": 1},
        {"price": "101.00000000", "qty": "0.20000000", "commission": "0.00040000", "commissionAsset": "BTC", "tradeId": 2},
    ]
    venue.place(quantity="0.1", price="99")
    sold = venue.place(venue.bob, side="SELL", quantity="0.1", price="99")
    assert sold["fills"][0]["commission"] == "0.01980000"
    assert sold["fills"][0]["commissionAsset"] == "USDT"


def test_a_market_order_by_value(venue):
    venue.place(venue.bob, side="SELL", quantity="1", price="100")
    answer = venue.place(type="MARKET", timeInForce=None, price=None, quantity=None, quoteOrderQty="50")
    assert (answer["origQty"], answer["executedQty"], answer["origQuoteOrderQty"], answer["status"], answer["price"]) == (
        "0.50000000", "0.50000000", "50.00000000", "FILLED", "0.00000000",
    )  # fmt: skip


def test_why_an_order_expired(venue):
    assert venue.place(timeInForce="IOC")["expiryReason"] == "UNFILLED_IOC_QUANTITY_EXPIRED"
    assert venue.place(timeInForce="FOK")["expiryReason"] == "UNFILLED_FOK_ORDER_EXPIRED"
    market = venue.place(type="MARKET", timeInForce=None, price=None)
    assert (market["status"], market["expiryReason"]) == ("EXPIRED", "INSUFFICIENT_LIQUIDITY")


def test_a_self_trade_is_prevented(venue):
    venue.place(side="SELL", quantity="1", price="100")
    answer = venue.place(quantity="0.4", price="100", selfTradePreventionMode="EXPIRE_TAKER")
    assert (answer["status"], answer["preventedQuantity"]) == ("EXPIRED_IN_MATCH", "0.40000000")


def test_labels_are_told_back(venue):
    answer = venue.place(strategyId="7", strategyType="1000000")
    assert (answer["strategyId"], answer["strategyType"]) == (7, 1_000_000)


def test_microseconds(venue):
    request = venue.request("order.place", {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "1", "price": "50"},
                            microseconds=True)  # fmt: skip
    answer = orders.place(venue.venue, request)
    assert answer.render(venue.exchange.execute(answer.commands))["transactTime"] == 1_700_000_000_000_000


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"symbol": "NOPE"}, (-1121, "Invalid symbol.")),
        ({"side": "UP"}, (-1117, "Invalid side.")),
        ({"type": "ICE"}, (-1116, "Invalid orderType.")),
        ({"timeInForce": "GTX"}, (-1115, "Invalid timeInForce.")),
        ({"timeInForce": None}, (-1102, "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed.")),
        ({"price": None}, (-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed.")),
        ({"quantity": None}, (-1102, "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.")),
        ({"symbol": None}, (-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")),
        ({"price": ""}, (-1105, "Parameter 'price' was empty.")),
        ({"price": "0.001"}, (-1013, "Filter failure: PRICE_FILTER")),
        ({"price": "0"}, (-1013, "Filter failure: PRICE_FILTER")),
        ({"price": "1000001"}, (-1013, "Filter failure: PRICE_FILTER")),
        ({"price": "99999999999999999999"}, (-1013, "Filter failure: PRICE_FILTER")),
        ({"price": "1.0000000001"}, (-1111, "Parameter 'price' has too much precision.")),
        ({"quantity": "0.00001"}, (-1013, "Filter failure: LOT_SIZE")),
        ({"quantity": "0"}, (-1013, "Filter failure: LOT_SIZE")),
        ({"quantity": "101"}, (-1013, "Filter failure: LOT_SIZE")),
        ({"quantity": "0.0000000001"}, (-1111, "Parameter 'quantity' has too much precision.")),
        ({"quantity": "0.01"}, (-1013, "Filter failure: NOTIONAL")),
        ({"quantity": "90", "price": "999999"}, (-2010, "Account has insufficient balance for requested action.")),
        ({"side": "SELL", "quantity": "11"}, (-2010, "Account has insufficient balance for requested action.")),
        ({"stopPrice": "5"}, (-1106, "Parameter 'stopPrice' sent when not required.")),
        ({"quoteOrderQty": "5"}, (-1106, "Parameter 'quoteOrderQty' sent when not required.")),
        ({"type": "LIMIT_MAKER"}, (-1106, "Parameter 'timeInForce' sent when not required.")),
        ({"type": "MARKET"}, (-1106, "Parameter 'timeInForce' sent when not required.")),
        ({"type": "MARKET", "timeInForce": None}, (-1106, "Parameter 'price' sent when not required.")),
        ({"type": "MARKET", "timeInForce": None, "price": None, "quantity": "11"}, (-1013, "Filter failure: MARKET_LOT_SIZE")),
        ({"type": "MARKET", "timeInForce": None, "price": None, "quantity": None},
         (-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!")),
        ({"type": "MARKET", "timeInForce": None, "price": None, "quoteOrderQty": "50"},
         (-1106, "Parameter 'quantity' sent when not required.")),
        ({"type": "MARKET", "timeInForce": None, "price": None, "quantity": None, "quoteOrderQty": "1"},
         (-1013, "Filter failure: NOTIONAL")),
        ({"type": "STOP_LOSS"}, (-1106, "Parameter 'timeInForce' sent when not required.")),
        ({"type": "STOP_LOSS", "timeInForce": None}, (-1106, "Parameter 'price' sent when not required.")),
        ({"type": "STOP_LOSS", "timeInForce": None, "price": None},
         (-1102, "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!")),
        ({"type": "TAKE_PROFIT_LIMIT"}, (-1102, "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!")),
        ({"type": "STOP_LOSS_LIMIT", "stopPrice": "90.001"}, (-1013, "Filter failure: PRICE_FILTER")),
        ({"type": "STOP_LOSS_LIMIT", "trailingDelta": "10000"}, (-1013, "Filter failure: TRAILING_DELTA")),
        ({"type": "STOP_LOSS_LIMIT", "trailingDelta": "0"}, (-1013, "Filter failure: TRAILING_DELTA")),
        ({"trailingDelta": "100"}, (-1106, "Parameter 'trailingDelta' sent when not required.")),
        ({"icebergQty": "2"}, (-2010, "IcebergQty exceeds QTY.")),
        ({"icebergQty": "0.00001"}, (-1013, "Filter failure: LOT_SIZE")),
        ({"icebergQty": "0.1", "timeInForce": "IOC"}, (-1106, "Parameter 'icebergQty' sent when not required.")),
        ({"type": "MARKET", "timeInForce": None, "price": None, "icebergQty": "0.1"},
         (-1106, "Parameter 'icebergQty' sent when not required.")),
        ({"pegPriceType": "PRIMARY_PEG"}, (-1106, "Parameter 'price' sent when not required.")),
        ({"pegPriceType": "BEST"}, (-1210, "Invalid pegPriceType.")),
        ({"pegOffsetType": "TICK"}, (-1211, "Invalid pegOffsetType.")),
        ({"pegPriceType": "PRIMARY_PEG", "price": None, "pegOffsetValue": "1"},
         (-1128, "Fields [pegOffsetType, pegOffsetValue] must be sent together or omitted entirely.")),
        ({"pegPriceType": "PRIMARY_PEG", "price": None, "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": "101"},
         (-1102, "'pegOffsetValue' contains unexpected value. Cannot be greater than 100.")),
        ({"pegPriceType": "PRIMARY_PEG", "price": None}, (-2010, "Order book liquidity is too low for this pegged order.")),
        ({"type": "LIMIT_MAKER", "timeInForce": None, "pegPriceType": "MARKET_PEG", "price": None},
         (-2010, "This price peg cannot be used with this order type.")),
        ({"type": "MARKET", "timeInForce": None, "price": None, "pegPriceType": "MARKET_PEG"},
         (-2010, "This order type may not use pegged price.")),
        ({"timeInForce": "GTD"}, (-1102, "Mandatory parameter 'goodTillDate' was not sent, was empty/null, or malformed.")),
        ({"goodTillDate": "1800000000000"}, (-1106, "Parameter 'goodTillDate' sent when not required.")),
        ({"timeInForce": "GTD", "goodTillDate": "1600000000000"}, (-1130, "Data sent for parameter 'goodTillDate' is not valid.")),
        ({"strategyType": "5"}, (-1134, "`strategyType` was less than 1000000.")),
        ({"selfTradePreventionMode": "SOMETIMES"}, (-1130, "Data sent for parameter 'selfTradePreventionMode' is not valid.")),
        ({"newOrderRespType": "SOME"}, (-1130, "Data sent for parameter 'newOrderRespType' is not valid.")),
        ({"foo": "1"}, (-1104, "Not all sent parameters were read; read '6' parameter(s) but was sent '7'.")),
    ],
)  # fmt: skip
def test_refused_orders(venue, params, told):
    assert refusal(venue.place, **params) == told
    assert venue.exchange.machine.open_orders(venue.alice) == []


def test_what_only_the_book_can_refuse(venue):
    venue.place(venue.bob, side="SELL", price="100")
    assert refusal(venue.place, type="LIMIT_MAKER", timeInForce=None) == (-2010, "Order would immediately match and take.")
    venue.place(newClientOrderId="same", price="90")
    assert refusal(venue.place, newClientOrderId="same", price="90") == (-2010, "Duplicate order sent.")
    venue.admin(Kind.SET_SYMBOL_STATUS, symbol=venue.symbol, status=SymbolStatus.CANCEL_ONLY)
    assert refusal(venue.place) == (-2010, "Market is closed.")


def test_too_many_orders_name_the_limit(venue):
    venue.admin(Kind.SET_ORDER_LIMITS, value=2, value2=0)
    venue.place()
    venue.place()
    with pytest.raises(DialectError) as caught:
        venue.place()
    assert (caught.value.code, caught.value.text, caught.value.status) == (
        -1015, "Too many new orders; current limit is 2 orders per 10 SECOND.", 429,
    )  # fmt: skip


def test_a_test_order_leaves_no_trace(venue):
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "100"}
    position = venue.exchange.machine.position
    assert venue.answer("order.test", order) == {}
    rates = venue.answer("order.test", order | {"computeCommissionRates": "true"})
    assert rates["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00200000"}
    assert refusal(venue.answer, "order.test", order | {"quantity": "0"}) == (-1013, "Filter failure: LOT_SIZE")
    assert venue.exchange.machine.position == position


# ---------------------------------------------------------------- cancelling


def test_cancel_by_either_id(venue):
    order_id = venue.place(newClientOrderId="first")["orderId"]
    answer = venue.answer("order.cancel", {"symbol": "BTCUSDT", "orderId": str(order_id), "newClientOrderId": "bye"})
    assert set(answer) == CANCELLATION
    assert (answer["origClientOrderId"], answer["clientOrderId"], answer["status"]) == ("first", "bye", "CANCELED")
    venue.place(newClientOrderId="second")
    assert venue.answer("order.cancel", {"symbol": "BTCUSDT", "origClientOrderId": "second"})["origClientOrderId"] == "second"


def test_cancels_that_fail(venue):
    order_id = venue.place(newClientOrderId="first")["orderId"]

    def cancel(**params):
        return refusal(venue.answer, "order.cancel", {"symbol": "BTCUSDT"} | params)

    assert cancel() == (-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
    assert cancel(orderId="99") == (-2011, "Unknown order sent.")
    assert cancel(origClientOrderId="nobody") == (-2011, "Unknown order sent.")
    assert cancel(orderId=str(order_id), origClientOrderId="other") == (-2039, "Client order ID is not correct for this order ID.")
    assert cancel(orderId=str(order_id), cancelRestrictions="NONE") == (-1145, "Invalid cancelRestrictions")
    assert cancel(orderId=str(order_id), cancelRestrictions="ONLY_PARTIALLY_FILLED") == (
        -2011, "Order was not canceled due to cancel restrictions.",
    )  # fmt: skip


def test_an_order_of_another_account_is_unknown(venue):
    order_id = venue.place()["orderId"]
    unknown = (-2011, "Unknown order sent.")
    theirs = {"symbol": "BTCUSDT", "orderId": str(order_id)}
    assert refusal(venue.answer, "order.cancel", theirs, venue.bob) == unknown


def test_nothing_is_told_of_an_order_of_another_account(venue):
    """Neither its client order id nor its quantity can be guessed at."""
    unknown = (-2011, "Unknown order sent.")
    order_id = venue.place(newClientOrderId="secret", quantity="1")["orderId"]
    theirs = {"symbol": "BTCUSDT", "orderId": str(order_id)}
    for client_id in ("secret", "other"):
        assert refusal(venue.answer, "order.cancel", theirs | {"origClientOrderId": client_id}, venue.bob) == unknown
    for quantity in ("1", "0.5", "2"):
        assert refusal(venue.answer, "order.amend.keepPriority", theirs | {"newQty": quantity}, venue.bob) == unknown


def test_a_replica_that_may_be_behind_looks_again(venue):
    request = venue.request("order.cancel", {"symbol": "BTCUSDT", "orderId": "5"})._replace(caught_up=False)
    with pytest.raises(Behind):
        orders.cancel(venue.venue, request)


def test_cancel_all(venue):
    for number in range(3):
        venue.place(newClientOrderId=f"order-{number}")
    answers = venue.answer("openOrders.cancelAll", {"symbol": "BTCUSDT"})
    assert [answer["origClientOrderId"] for answer in answers] == ["order-0", "order-1", "order-2"]
    assert all(set(answer) == CANCELLATION for answer in answers)
    assert refusal(venue.answer, "openOrders.cancelAll", {"symbol": "BTCUSDT"}) == (-2011, "Unknown order sent.")


# ---------------------------------------------------------------- cancel and replace


def replace(venue, **params):
    order = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "90",
        "cancelReplaceMode": "STOP_ON_FAILURE",
    }  # fmt: skip
    return venue.answer("order.cancelReplace", order | params)


def replace_refused(venue, **params) -> DialectError:
    with pytest.raises(DialectError) as caught:
        replace(venue, **params)
    return caught.value


def test_both_succeed(venue):
    order_id = venue.place(newClientOrderId="old")["orderId"]
    answer = replace(venue, cancelOrderId=str(order_id), newClientOrderId="new")
    assert (answer["cancelResult"], answer["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert set(answer["cancelResponse"]) == CANCELLATION
    assert answer["cancelResponse"]["origClientOrderId"] == "old"
    assert set(answer["newOrderResponse"]) == RESULT | {"fills"}
    assert answer["newOrderResponse"]["orderId"] == order_id + 1


def test_the_cancel_fails_and_stops(venue):
    error = replace_refused(venue, cancelOrderId="99")
    assert (error.status, error.code, error.text) == (400, -2022, "Order cancel-replace failed.")
    assert error.data == {
        "cancelResult": "FAILURE", "newOrderResult": "NOT_ATTEMPTED",
        "cancelResponse": {"code": -2011, "msg": "Unknown order sent."}, "newOrderResponse": None,
    }  # fmt: skip


def test_the_cancel_fails_and_the_new_order_stands(venue):
    error = replace_refused(venue, cancelOrderId="99", cancelReplaceMode="ALLOW_FAILURE")
    assert (error.status, error.code, error.text) == (409, -2021, "Order cancel-replace partially failed.")
    assert (error.data["cancelResult"], error.data["newOrderResult"]) == ("FAILURE", "SUCCESS")
    assert error.data["newOrderResponse"]["status"] == "NEW"


def test_the_new_order_fails_and_the_cancel_stands(venue):
    venue.place(venue.bob, side="SELL", price="100")
    order_id = venue.place(price="80")["orderId"]
    maker = {"type": "LIMIT_MAKER", "price": "100"}
    order = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "1", "cancelReplaceMode": "STOP_ON_FAILURE"} | maker
    with pytest.raises(DialectError) as caught:
        venue.answer("order.cancelReplace", order | {"cancelOrderId": str(order_id)})
    error = caught.value
    assert (error.status, error.code) == (409, -2021)
    assert error.data["cancelResponse"]["status"] == "CANCELED"
    assert error.data["newOrderResponse"] == {"code": -2010, "msg": "Order would immediately match and take."}


def test_both_fail(venue):
    venue.place(venue.bob, side="SELL", price="100")
    error = replace_refused(venue, cancelOrderId="99", cancelReplaceMode="ALLOW_FAILURE", quantity="100", price="999999")
    assert (error.status, error.code) == (400, -2022)
    assert (error.data["cancelResult"], error.data["newOrderResult"]) == ("FAILURE", "FAILURE")
    assert error.data["newOrderResponse"]["code"] == -2010


def test_a_closed_market_tries_neither(venue):
    order_id = venue.place()["orderId"]
    venue.admin(Kind.SET_SYMBOL_STATUS, symbol=venue.symbol, status=SymbolStatus.CANCEL_ONLY)
    error = replace_refused(venue, cancelOrderId=str(order_id))
    assert (error.code, error.text, error.data) == (-2010, "Market is closed.", None)


def test_beyond_the_order_limit_nothing_is_cancelled_unless_asked(venue):
    order_id = venue.place()["orderId"]
    venue.admin(Kind.SET_ORDER_LIMITS, value=1, value2=0)
    error = replace_refused(venue, cancelOrderId=str(order_id))
    assert (error.code, error.status) == (-1015, 429)
    assert venue.exchange.machine.order(order_id) is not None
    error = replace_refused(venue, cancelOrderId=str(order_id), orderRateLimitExceededMode="CANCEL_ONLY")
    assert (error.code, error.data["cancelResult"], error.data["newOrderResponse"]["code"]) == (-2021, "SUCCESS", -1015)


# ---------------------------------------------------------------- amending


def test_amend_keeps_the_place(venue):
    order_id = venue.place(quantity="1", newClientOrderId="before")["orderId"]
    answer = venue.answer(
        "order.amend.keepPriority", {"symbol": "BTCUSDT", "orderId": str(order_id), "newQty": "0.5", "newClientOrderId": "after"}
    )
    amended = answer["amendedOrder"]
    assert (amended["orderId"], amended["qty"], amended["status"]) == (order_id, "0.50000000", "NEW")
    assert (amended["origClientOrderId"], amended["clientOrderId"]) == ("before", "after")
    assert set(answer) == {"transactTime", "executionId", "amendedOrder"}
    assert venue.venue.recent_client_ids.get(order_id) == "after"


def test_amends_that_fail(venue):
    order_id = str(venue.place(quantity="1")["orderId"])

    def amend(**params):
        return refusal(venue.answer, "order.amend.keepPriority", {"symbol": "BTCUSDT", "orderId": order_id} | params)

    assert amend(newQty="2") == (-2038, "Order amend (quantity increase) is not supported.")
    assert amend(newQty="1") == (-2038, "The requested action would change no state; rejecting")
    assert amend(newQty="0") == (-1013, "Filter failure: LOT_SIZE")
    assert amend(newQty="0.04") == (-1013, "Filter failure: NOTIONAL")
    assert amend(newQty="0.5", orderId="77") == (-2011, "Unknown order sent.")


# ---------------------------------------------------------------- queries


def test_open_orders_and_one_of_them(venue):
    order_id = venue.place(newClientOrderId="open")["orderId"]
    listed = venue.answer("openOrders.status", {"symbol": "BTCUSDT"})
    assert listed == venue.answer("openOrders.status", {})
    assert set(listed[0]) == QUERIED
    assert venue.answer("order.status", {"symbol": "BTCUSDT", "orderId": str(order_id)}) == listed[0]
    assert venue.answer("order.status", {"symbol": "BTCUSDT", "origClientOrderId": "open"}) == listed[0]
    assert listed[0]["isWorking"] is True
    venue.place(venue.bob, side="SELL", quantity="0.25")
    assert venue.answer("openOrders.status", {})[0]["status"] == "PARTIALLY_FILLED"


def test_a_closed_order_is_asked_of_the_history(venue):
    ask = venue.answer("order.status", {"symbol": "BTCUSDT", "orderId": "5"})
    assert isinstance(ask, Ask)
    assert (ask.method, ask.arguments) == ("order", {"account": venue.alice, "symbol": venue.symbol, "order_id": 5})
    assert refusal(ask.render, None) == (-2013, "Order does not exist.")
    record = OrderRecord(
        5, venue.alice, venue.symbol, 0, 0, 1, 0, OrderStatus.EXPIRED, Code.NO_LIQUIDITY, 10_000, 10_000, 0, 0, 0, "x", 1, 2
    )
    told = ask.render(record)
    assert set(told) == QUERIED | {"expiryReason"}
    assert (told["status"], told["expiryReason"], told["origQty"]) == ("EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED", "1.00000000")


def test_anothers_order_does_not_exist(venue):
    order_id = venue.place()["orderId"]
    assert isinstance(venue.answer("order.status", {"symbol": "BTCUSDT", "orderId": str(order_id)}, venue.bob), Ask)


def test_all_orders(venue):
    ask = venue.answer("allOrders", {"symbol": "BTCUSDT", "startTime": "1700000000000", "limit": "7"})
    assert ask.method == "orders"
    assert ask.arguments == {
        "account": venue.alice, "symbol": venue.symbol, "order_id_from": None, "limit": 7, "start_ms": 1_700_000_000_000, "end_ms": None,
    }  # fmt: skip
    assert refusal(venue.answer, "allOrders", {"symbol": "BTCUSDT", "startTime": "0", "endTime": "86400001"}) == (
        -1127, "More than 24 hours between startTime and endTime.",
    )  # fmt: skip
