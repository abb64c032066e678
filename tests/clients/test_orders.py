"""Stops, trailing stops, icebergs, lists, prevented matches, amendments: real clients on a market of their own."""

import asyncio
import contextlib
import time

import ccxt
import ccxt.pro
import pytest
from binance import Client
from binance.exceptions import BinanceAPIException

from tests.clients.ccxt_methods import make_exchange
from tests.clients.conftest import trade_at
from tests.clients.venue import ClientVenue

SYMBOL = "QUIET/USDT"
ID = "QUIETUSDT"


@pytest.fixture(scope="module")
def emil(venue: ClientVenue, quiet: str) -> ccxt.binance:
    exchange = make_exchange(ccxt.binance, venue.ccxt_config("emil"))
    exchange.load_markets()
    return exchange


@pytest.fixture(scope="module")
def fumiko(venue: ClientVenue, quiet: str) -> Client:
    return venue.python_binance("fumiko")


@pytest.fixture(autouse=True)
def calm(venue: ClientVenue, quiet: str):
    """No orders, and the last price is 100, before each test and after it."""
    trade_at(venue, 100)
    yield
    for name in ("emil", "fumiko", "henrik"):
        with contextlib.suppress(BinanceAPIException):
            venue.python_binance(name)._delete("openOrders", True, data={"symbol": ID})


# ---------------------------------------------------------------- ccxt


def test_what_ccxt_reads_of_the_market(emil):
    market = emil.market(SYMBOL)
    assert market["active"]
    assert {"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"} <= set(market["info"]["orderTypes"])


@pytest.mark.parametrize(
    ("kind", "params", "price", "trigger"),
    [
        ("limit", {"stopLossPrice": 95}, 94, 95),
        ("market", {"stopLossPrice": 95}, None, 95),
        ("limit", {"triggerPrice": 95}, 94, 95),
        ("limit", {"takeProfitPrice": 105}, 105, 105),
        ("market", {"takeProfitPrice": 105}, None, 105),
    ],
)
def test_stops_wait_and_then_sell(venue, emil, fumiko, kind, params, price, trigger):
    order = emil.create_order(SYMBOL, kind, "sell", 2, price, params)
    assert (order["status"], order["triggerPrice"], order["filled"]) == ("open", trigger, 0)
    assert emil.fetch_order(order["id"], SYMBOL)["triggerPrice"] == trigger
    assert emil.fetch_open_orders(SYMBOL)[0]["info"]["isWorking"] is False
    fumiko.order_limit_buy(symbol=ID, quantity="2", price=f"{min(trigger, price or trigger)}")
    trade_at(venue, trigger)
    after = emil.fetch_order(order["id"], SYMBOL)
    assert after["info"]["isWorking"] is True
    assert after["info"]["workingTime"] > after["info"]["time"]


def test_a_stop_that_would_trigger_at_once(emil):
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        emil.create_order(SYMBOL, "limit", "sell", 1, 100, {"stopLossPrice": 101})


def test_trailing_stops(emil):
    order = emil.create_order(SYMBOL, "STOP_LOSS", "sell", 1, None, {"trailingPercent": 5})
    assert (order["status"], order["info"]["trailingDelta"]) == ("open", 500)
    later = emil.create_order(SYMBOL, "limit", "sell", 1, 90, {"trailingPercent": 2.5, "stopLossOrTakeProfit": "takeProfit",
                                                              "trailingTriggerPrice": 110})  # fmt: skip
    assert (later["info"]["trailingDelta"], later["triggerPrice"], later["info"]["trailingTime"]) == (250, 110, -1)
    assert {one["id"] for one in emil.fetch_open_orders(SYMBOL)} == {order["id"], later["id"]}
    assert {one["id"] for one in emil.cancel_all_orders(SYMBOL)} == {order["id"], later["id"]}


def test_a_trailing_stop_follows_the_price(venue, emil, fumiko):
    order = emil.create_order(SYMBOL, "STOP_LOSS", "sell", 1, None, {"trailingPercent": 5})
    trade_at(venue, 110)
    trade_at(venue, 105)
    assert emil.fetch_order(order["id"], SYMBOL)["status"] == "open"
    fumiko.order_limit_buy(symbol=ID, quantity="5", price="104")
    fumiko.order_limit_sell(symbol=ID, quantity="1", price="104")
    assert emil.fetch_order(order["id"], SYMBOL)["average"] == 104


def test_icebergs(emil):
    order = emil.create_order(SYMBOL, "limit", "buy", 10, 90, {"icebergAmount": 1})
    assert order["info"]["icebergQty"] == "1.00000000"
    assert emil.fetch_order_book(SYMBOL)["bids"] == [[90, 1]]
    with pytest.raises(ccxt.ExchangeError, match="ICEBERG_PARTS"):
        emil.create_order(SYMBOL, "limit", "buy", 21, 90, {"icebergAmount": 1})


def test_good_till_date(emil):
    until = emil.milliseconds() + 1500
    order = emil.create_order(SYMBOL, "limit", "buy", 1, 90, {"timeInForce": "GTD", "goodTillDate": until})
    assert (order["timeInForce"], order["info"]["goodTillDate"]) == ("GTD", until)
    while emil.fetch_order(order["id"], SYMBOL)["status"] == "open":
        time.sleep(0.2)
    after = emil.fetch_order(order["id"], SYMBOL)
    assert (after["status"], after["info"]["expiryReason"]) == ("expired", "GOOD_TILL_DATE")


def test_pegged_orders(emil, fumiko):
    fumiko.order_limit_buy(symbol=ID, quantity="1", price="98")
    order = emil.private_post_order({"symbol": ID, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1",
                                     "pegPriceType": "PRIMARY_PEG"})  # fmt: skip
    assert (order["price"], order["peggedPrice"]) == ("0.00000000", "98.00000000")


def test_post_only(emil, fumiko):
    fumiko.order_limit_sell(symbol=ID, quantity="1", price="102")
    order = emil.create_order(SYMBOL, "limit", "buy", 1, 101, {"postOnly": True})
    assert (order["status"], order["postOnly"]) == ("open", True)
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        emil.create_order(SYMBOL, "limit", "buy", 1, 102, {"postOnly": True})


def test_self_trade_prevention(emil):
    maker = emil.create_order(SYMBOL, "limit", "sell", 2, 100)
    taker = emil.create_order(SYMBOL, "limit", "buy", 1, 100, {"selfTradePrevention": "DECREMENT", "selfTradePreventionMode": "DECREMENT"})
    assert taker["info"]["status"] == "EXPIRED_IN_MATCH"
    assert taker["info"]["preventedMatches"][0]["makerOrderId"] == int(maker["id"])
    matches = emil.private_get_mypreventedmatches({"symbol": ID, "orderId": taker["id"]})
    assert [(match["makerOrderId"], match["takerPreventedQuantity"]) for match in matches] == [(int(maker["id"]), "1.00000000")]
    assert emil.fetch_order(maker["id"], SYMBOL)["info"]["preventedQuantity"] == "1.00000000"


def test_edit_order(emil):
    order = emil.create_order(SYMBOL, "limit", "sell", 1, 90, {"stopLossPrice": 95})
    edited = emil.edit_order(order["id"], SYMBOL, "limit", "sell", 2, 91, {"stopPrice": 96})
    assert (edited["amount"], edited["triggerPrice"], edited["status"]) == (2, 96, "open")
    assert emil.fetch_order(order["id"], SYMBOL)["status"] == "canceled"


def test_amend_and_its_history(emil):
    order = emil.create_order(SYMBOL, "limit", "buy", 3, 90)
    for quantity in (2, 1):
        asked = {"symbol": ID, "orderId": order["id"], "newQty": quantity}
        assert emil.request("order/amend/keepPriority", ["private"], "PUT", asked)["amendedOrder"]["orderId"] == int(order["id"])
    told = emil.request("order/amendments", ["private"], "GET", {"symbol": ID, "orderId": order["id"]})
    assert [(one["origQty"], one["newQty"]) for one in told] == [("3.00000000", "2.00000000"), ("2.00000000", "1.00000000")]


def test_the_switch(emil):
    emil.create_order(SYMBOL, "limit", "buy", 1, 90)
    assert emil.request("countdownCancelAll", ["private"], "POST", {"countdownTime": 1000})["countdownTime"] == 1000
    while emil.fetch_open_orders(SYMBOL):
        time.sleep(0.2)
    assert emil.fetch_canceled_orders(SYMBOL)


# ---------------------------------------------------------------- lists: ccxt and python-binance


def test_an_oco_through_ccxt(emil, fumiko):
    placed = emil.private_post_orderlist_oco({
        "symbol": ID, "side": "SELL", "quantity": "1", "aboveType": "LIMIT_MAKER", "abovePrice": "110", "belowType": "STOP_LOSS",
        "belowStopPrice": "90",
    })  # fmt: skip
    assert [one["orderListId"] for one in emil.private_get_openorderlist()] == [placed["orderListId"]]
    legs = {one["id"] for one in emil.fetch_open_orders(SYMBOL)}
    assert legs == {str(one["orderId"]) for one in placed["orders"]}
    fumiko.order_limit_buy(symbol=ID, quantity="1", price="110")
    assert {emil.fetch_order(order_id, SYMBOL)["status"] for order_id in legs} == {"closed", "expired"}
    assert emil.private_get_orderlist({"orderListId": placed["orderListId"]})["listStatusType"] == "ALL_DONE"


def test_order_lists_through_python_binance(fumiko):
    placed = fumiko.create_oco_order(
        symbol=ID, side="SELL", quantity="1", aboveType="TAKE_PROFIT_LIMIT", aboveStopPrice="110", abovePrice="109",
        aboveTimeInForce="GTC", belowType="STOP_LOSS_LIMIT", belowStopPrice="90", belowPrice="89", belowTimeInForce="GTC",
    )  # fmt: skip
    assert (placed["contingencyType"], placed["listStatusType"]) == ("OCO", "EXEC_STARTED")
    assert [one["status"] for one in placed["orderReports"]] == ["NEW", "NEW"]
    assert placed["orderListId"] in [one["orderListId"] for one in fumiko.v3_get_all_order_list()]
    gone = fumiko.v3_delete_order_list(symbol=ID, orderListId=placed["orderListId"])
    assert (gone["listStatusType"], [one["status"] for one in gone["orderReports"]]) == ("ALL_DONE", ["CANCELED", "CANCELED"])
    with pytest.raises(BinanceAPIException) as caught:
        fumiko.v3_delete_order_list(symbol=ID, orderListId=placed["orderListId"])
    assert (caught.value.code, caught.value.message) == (-2011, "Unknown order list sent.")


def test_oto_and_otoco_through_python_binance(venue, fumiko):
    common = {"symbol": ID, "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "99", "workingQuantity": "1",
              "workingTimeInForce": "GTC", "pendingSide": "SELL", "pendingQuantity": "1"}  # fmt: skip
    fumiko.v3_post_order_list_oto(**common, pendingType="LIMIT", pendingPrice="120", pendingTimeInForce="GTC")
    fumiko.v3_post_order_list_otoco(**common, pendingAboveType="LIMIT_MAKER", pendingAbovePrice="130", pendingBelowType="STOP_LOSS",
                                    pendingBelowStopPrice="80")  # fmt: skip
    states = [(one["type"], one["status"]) for one in fumiko.get_open_orders(symbol=ID)]
    assert states.count(("LIMIT", "PENDING_NEW")) == 1
    assert [state for _, state in states].count("PENDING_NEW") == 3
    venue.python_binance("grace").order_limit_sell(symbol=ID, quantity="2", price="99")
    states = [(one["type"], one["status"], one["isWorking"]) for one in fumiko.get_open_orders(symbol=ID)]
    assert sorted(states) == [("LIMIT", "NEW", True), ("LIMIT_MAKER", "NEW", True), ("STOP_LOSS", "NEW", False)]


# ---------------------------------------------------------------- one connection for orders and events


async def test_ccxt_pro_watches_stops(venue, quiet):
    exchange = make_exchange(ccxt.pro.binance, venue.ccxt_config("emil"))
    try:
        await exchange.load_markets()
        watching = asyncio.ensure_future(exchange.watch_orders(SYMBOL))
        while not watching.done():  # what happens before it listens, it does not hear
            order = await exchange.create_order_ws(SYMBOL, "limit", "sell", 1, 90, {"stopLossPrice": 95})
            assert (order["status"], order["triggerPrice"]) == ("open", 95)
            waiting = [one for one in await exchange.fetch_open_orders_ws(SYMBOL) if one["id"] == order["id"]]
            assert waiting[0]["info"]["isWorking"] is False
            await exchange.cancel_order_ws(order["id"], SYMBOL)
            await asyncio.wait([watching], timeout=0.5)
        heard = watching.result()[-1]
        assert (heard["triggerPrice"], heard["price"], heard["type"]) == (95, 90, "limit")
    finally:
        await exchange.close()


async def test_order_lists_over_the_websocket_api(venue, quiet):
    client = await venue.python_binance_async("fumiko")
    try:
        legs = {"aboveType": "LIMIT_MAKER", "abovePrice": "110", "belowType": "STOP_LOSS", "belowStopPrice": "90"}
        placed = await client.ws_create_oco_order(symbol=ID, side="SELL", quantity="1", **legs)
        assert (await client.ws_get_oco_order(orderListId=placed["orderListId"]))["listOrderStatus"] == "EXECUTING"
        assert placed["orderListId"] in [one["orderListId"] for one in await client.ws_get_oco_open_orders()]
        gone = await client.ws_cancel_oco_order(symbol=ID, orderListId=placed["orderListId"])
        assert gone["listStatusType"] == "ALL_DONE"
    finally:
        await client.close_connection()
