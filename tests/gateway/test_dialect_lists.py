"""gateway/dialect/lists.py: OCO, OTO and OTOCO placed, refused in the dialect's words, executed, cancelled and looked up."""

import pytest

from engine.types import Filter, Kind
from gateway.dialect.errors import DialectError
from tests.gateway.dialect_venue import DialectVenue

LIST = {
    "orderListId", "contingencyType", "listStatusType", "listOrderStatus", "listClientOrderId", "transactionTime", "symbol", "orders",
}  # fmt: skip
SELL_OCO = {
    "symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "aboveType": "LIMIT_MAKER", "abovePrice": "110", "belowType": "STOP_LOSS_LIMIT",
    "belowPrice": "89", "belowStopPrice": "90", "belowTimeInForce": "GTC",
}  # fmt: skip
OTO = {
    "symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "95", "workingQuantity": "1",
    "workingTimeInForce": "GTC", "pendingType": "LIMIT", "pendingSide": "SELL", "pendingPrice": "120", "pendingQuantity": "1",
    "pendingTimeInForce": "GTC",
}  # fmt: skip
OTOCO = {
    "symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "95", "workingQuantity": "1",
    "workingTimeInForce": "GTC", "pendingSide": "SELL", "pendingQuantity": "1", "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "120", "pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "90",
}  # fmt: skip


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


def oco(venue: DialectVenue, **params) -> dict:
    sent = {name: value for name, value in (SELL_OCO | params).items() if value is not None}
    return venue.answer("orderList.place.oco", sent)


def statuses(venue: DialectVenue) -> list[str]:
    return [one["status"] for one in venue.told("allOrders", {"symbol": "BTCUSDT"})[1:]]


def sell(venue: DialectVenue, price: str, quantity: str = "1") -> None:
    """Let bob sell to a bid of alice's at a price, or to a fresh one of his own."""
    venue.place(venue.bob, quantity=quantity, price=price)
    venue.place(venue.bob, side="SELL", quantity=quantity, price=price)


# ---------------------------------------------------------------- OCO


def test_an_oco(venue):
    placed = oco(venue, listClientOrderId="pair", aboveClientOrderId="up", belowClientOrderId="down", belowIcebergQty="0.5")
    assert set(placed) == LIST | {"orderReports"}
    assert (placed["contingencyType"], placed["listStatusType"], placed["listOrderStatus"], placed["listClientOrderId"]) == (
        "OCO", "EXEC_STARTED", "EXECUTING", "pair",
    )  # fmt: skip
    assert [one["clientOrderId"] for one in placed["orders"]] == ["down", "up"]  # the stop loss first
    down, up = placed["orderReports"]
    assert (down["type"], down["status"], down["workingTime"], down["stopPrice"], down["icebergQty"], down["orderListId"]) == (
        "STOP_LOSS_LIMIT", "NEW", -1, "90.00000000", "0.50000000", placed["orderListId"],
    )  # fmt: skip
    assert (up["type"], up["status"], up["workingTime"]) == ("LIMIT_MAKER", "NEW", up["transactTime"])
    assert "stopPrice" not in up


def test_the_limit_leg_trades(venue):
    placed = oco(venue)
    venue.place(venue.bob, quantity="0.4", price="110")
    assert statuses(venue) == ["EXPIRED", "PARTIALLY_FILLED"]
    expired = venue.told("allOrders", {"symbol": "BTCUSDT"})[1]
    assert expired["expiryReason"] == "OCO_TRIGGER"
    assert venue.told("myTrades", {"symbol": "BTCUSDT"})[-1]["orderListId"] == placed["orderListId"]
    assert venue.told("openOrderLists.status", {})[0]["orderListId"] == placed["orderListId"]
    venue.place(venue.bob, quantity="0.6", price="110")
    assert venue.told("openOrderLists.status", {}) == []
    done = venue.told("orderList.status", {"orderListId": str(placed["orderListId"])})
    assert set(done) == LIST
    assert (done["listStatusType"], done["listOrderStatus"]) == ("ALL_DONE", "ALL_DONE")


def test_the_stop_leg_triggers(venue):
    oco(venue)
    sell(venue, "89.5")
    assert statuses(venue) == ["NEW", "EXPIRED"]


def test_a_buying_pair_and_one_that_is_contingent_on_both_sides(venue):
    buy = oco(venue, side="BUY", aboveType="STOP_LOSS", abovePrice=None, aboveStopPrice="110", belowType="LIMIT_MAKER", belowPrice="90",
              belowStopPrice=None, belowTimeInForce=None)  # fmt: skip
    assert [one["type"] for one in buy["orderReports"]] == ["STOP_LOSS", "LIMIT_MAKER"]
    both = oco(venue, aboveType="TAKE_PROFIT", abovePrice=None, aboveStopPrice="110", newOrderRespType="ACK")
    assert [one["type"] for one in venue.told("openOrders.status", {})[-2:]] == ["STOP_LOSS_LIMIT", "TAKE_PROFIT"]
    assert set(both["orderReports"][0]) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}


def test_the_former_request_for_a_pair(venue):
    asked = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "price": "110", "stopPrice": "90", "limitClientOrderId": "up"}
    placed = venue.answer("orderList.place", asked)
    assert [one["type"] for one in placed["orderReports"]] == ["STOP_LOSS", "LIMIT_MAKER"]
    assert placed["orders"][1]["clientOrderId"] == "up"
    limited = venue.answer("orderList.place", asked | {"stopLimitPrice": "89", "stopLimitTimeInForce": "GTC", "limitClientOrderId": "b"})
    assert limited["orderReports"][0]["price"] == "89.00000000"
    assert refusal(venue.answer, "orderList.place", asked | {"stopLimitPrice": "89"}) == (
        -1102, "Mandatory parameter 'stopLimitTimeInForce' was not sent, was empty/null, or malformed.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"aboveType": "LIMIT"}, (-1158, "Order type not supported in OCO.")),
        ({"belowType": "LIMIT_MAKER", "belowTimeInForce": None, "belowStopPrice": None},
         (-1168, "At least one OCO order must be contingent.")),
        ({"side": "BUY"}, (-1165, "A limit order in a buy OCO must be below.")),
        ({"aboveType": "STOP_LOSS", "belowType": "LIMIT_MAKER"}, (-1166, "A limit order in a sell OCO must be above.")),
        ({"side": "BUY", "aboveType": "STOP_LOSS"}, (-1196, "A stop loss order in a buy OCO must be above.")),
        ({"aboveType": "STOP_LOSS"}, (-1197, "A stop loss order in a sell OCO must be below.")),
        ({"side": "BUY", "aboveType": "TAKE_PROFIT", "belowType": "LIMIT_MAKER"},
         (-1198, "A take profit order in a buy OCO must be below.")),
        ({"belowType": "TAKE_PROFIT"}, (-1199, "A take profit order in a sell OCO must be above.")),
        ({"abovePrice": "99"}, (-2010, "The relationship of the prices for the orders is not correct.")),
        ({"belowStopPrice": "101", "abovePrice": "110"}, (-2010, "Order would trigger immediately.")),
        ({"belowIcebergQty": "0.5", "belowTimeInForce": "IOC"},
         (-1160, "Parameter 'belowIcebergQty' is not supported if `belowTimeInForce` is not GTC.")),
        ({"abovePrice": None}, (-1102, "Mandatory parameter 'abovePrice' was not sent, was empty/null, or malformed.")),
        ({"belowStopPrice": None},
         (-1102, "Param 'belowStopPrice' or 'belowTrailingDelta' must be sent, but both were empty/null!")),
        ({"belowTimeInForce": None}, (-1102, "Mandatory parameter 'belowTimeInForce' was not sent, was empty/null, or malformed.")),
        ({"aboveStopPrice": "111"}, (-1106, "Parameter 'aboveStopPrice' sent when not required.")),
        ({"abovePrice": "110.001"}, (-1013, "Filter failure: PRICE_FILTER")),
        ({"quantity": "11"}, (-2010, "Account has insufficient balance for requested action.")),
        ({"aboveClientOrderId": "same", "belowClientOrderId": "same"}, (-2010, "Duplicate order sent.")),
        ({"aboveType": None}, (-1102, "Mandatory parameter 'aboveType' was not sent, was empty/null, or malformed.")),
    ],
)  # fmt: skip
def test_refused_pairs(venue, params, told):
    assert refusal(oco, venue, **params) == told
    assert venue.exchange.machine.open_orders(venue.alice) == []


# ---------------------------------------------------------------- OTO and OTOCO


def test_an_oto(venue):
    placed = venue.answer("orderList.place.oto", OTO)
    working, pending = placed["orderReports"]
    assert (placed["contingencyType"], working["status"], pending["status"], pending["workingTime"]) == ("OTO", "NEW", "PENDING_NEW", -1)
    waiting = venue.told("order.status", {"symbol": "BTCUSDT", "orderId": str(pending["orderId"])})
    assert (waiting["status"], waiting["isWorking"]) == ("PENDING_NEW", False)
    venue.place(venue.bob, side="SELL", price="95", quantity="1")
    works = venue.told("order.status", {"symbol": "BTCUSDT", "orderId": str(pending["orderId"])})
    assert (works["status"], works["isWorking"]) == ("NEW", True)
    assert works["workingTime"] > works["time"]


def test_a_pending_trailing_stop_follows_from_its_turn_on(venue):
    trailing = {"pendingType": "STOP_LOSS", "pendingSide": "SELL", "pendingQuantity": "1", "pendingTrailingDelta": "500"}
    placed = venue.answer("orderList.place.oto", {name: value for name, value in OTO.items() if "pending" not in name} | trailing)
    pending = placed["orderReports"][1]
    asked = {"symbol": "BTCUSDT", "orderId": str(pending["orderId"])}
    assert pending["trailingTime"] == venue.told("order.status", asked)["trailingTime"] == -1
    venue.place(venue.bob, side="SELL", price="95", quantity="1")
    follows = venue.told("order.status", asked)
    assert follows["trailingTime"] > follows["time"]
    assert (follows["isWorking"], follows["workingTime"]) == (False, -1)


def test_a_working_order_that_is_filled_at_once(venue):
    """The pending one is told as it was placed, though its turn has come."""
    venue.place(venue.bob, side="SELL", price="94", quantity="1")
    placed = venue.answer("orderList.place.oto", OTO | {"newOrderRespType": "FULL"})
    working, pending = placed["orderReports"]
    assert (working["status"], [fill["price"] for fill in working["fills"]], pending["status"]) == (
        "FILLED",
        ["94.00000000"],
        "PENDING_NEW",
    )
    assert venue.told("openOrders.status", {})[0]["status"] == "NEW"


def test_an_otoco(venue):
    placed = venue.answer("orderList.place.otoco", OTOCO)
    assert [(one["type"], one["status"]) for one in placed["orderReports"]] == [
        ("LIMIT", "NEW"), ("STOP_LOSS", "PENDING_NEW"), ("LIMIT_MAKER", "PENDING_NEW"),
    ]  # fmt: skip
    venue.place(venue.bob, side="SELL", price="95", quantity="1")
    assert statuses(venue) == ["FILLED", "NEW", "NEW"]
    sell(venue, "89.5")
    assert statuses(venue) == ["FILLED", "FILLED", "EXPIRED"]


def test_what_waits_ends_with_the_working_order(venue):
    placed = venue.answer("orderList.place.otoco", OTOCO | {"workingTimeInForce": "IOC"})
    assert placed["orderReports"][0]["status"] == "EXPIRED"
    told = venue.told("allOrders", {"symbol": "BTCUSDT"})[1:]
    assert [one.get("expiryReason") for one in told] == [
        "UNFILLED_IOC_QUANTITY_EXPIRED", "OTO_PHASE_ONE_EXPIRED", "OTO_PHASE_ONE_EXPIRED",
    ]  # fmt: skip


def test_what_a_working_order_may_be(venue):
    assert refusal(venue.answer, "orderList.place.oto", OTO | {"workingType": "MARKET"}) == (
        -1130, "Data sent for parameter 'workingType' is not valid.",
    )  # fmt: skip
    assert refusal(venue.answer, "orderList.place.oto", {**OTO, "pendingPrice": "0"}) == (-1013, "Filter failure: PRICE_FILTER")


# ---------------------------------------------------------------- the ends of lists


def test_a_list_is_cancelled_whole(venue):
    placed = oco(venue, listClientOrderId="pair", aboveClientOrderId="up", belowClientOrderId="down")
    gone = venue.answer("orderList.cancel", {"symbol": "BTCUSDT", "listClientOrderId": "pair", "newClientOrderId": "bye"})
    assert set(gone) == LIST | {"orderReports"}
    assert (gone["listStatusType"], gone["orderListId"], gone["orders"]) == ("ALL_DONE", placed["orderListId"], placed["orders"])
    assert [(one["origClientOrderId"], one["clientOrderId"], one["status"]) for one in gone["orderReports"]] == [
        ("down", "bye", "CANCELED"), ("up", "bye", "CANCELED"),
    ]  # fmt: skip


def test_a_leg_takes_its_list_with_it(venue):
    placed = oco(venue)
    gone = venue.answer("order.cancel", {"symbol": "BTCUSDT", "orderId": str(placed["orders"][1]["orderId"])})
    assert (gone["orderListId"], len(gone["orderReports"])) == (placed["orderListId"], 2)


def test_all_cancelled_at_once(venue):
    placed = oco(venue)
    alone = venue.place(price="60")
    gone = venue.answer("openOrders.cancelAll", {"symbol": "BTCUSDT"})
    assert sorted(one.get("orderId", 0) for one in gone) == [0, alone["orderId"]]
    of_list = next(one for one in gone if "orderReports" in one)
    assert (of_list["orderListId"], len(of_list["orderReports"])) == (placed["orderListId"], 2)


def test_a_leg_is_replaced(venue):
    placed = oco(venue)
    order = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "105",
             "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": str(placed["orders"][1]["orderId"])}  # fmt: skip
    answer = venue.answer("order.cancelReplace", order)
    assert (answer["cancelResult"], answer["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert answer["cancelResponse"]["orderListId"] == placed["orderListId"]
    assert (answer["newOrderResponse"]["orderListId"], answer["newOrderResponse"]["status"]) == (-1, "NEW")


def test_orders_of_a_list_are_not_amended(venue):
    placed = oco(venue)
    asked = {"symbol": "BTCUSDT", "orderId": str(placed["orders"][1]["orderId"]), "newQty": "0.5"}
    assert refusal(venue.answer, "order.amend.keepPriority", asked) == (
        -2038, "Order amend is not supported for orders of an order list.",
    )  # fmt: skip


def test_lists_that_are_not_there(venue):
    placed = oco(venue, listClientOrderId="pair")
    unknown = (-2011, "Unknown order list sent.")
    assert refusal(venue.answer, "orderList.cancel", {"symbol": "BTCUSDT", "orderListId": "99"}) == unknown
    both = {"symbol": "BTCUSDT", "orderListId": str(placed["orderListId"]), "listClientOrderId": "other"}
    assert refusal(venue.answer, "orderList.cancel", both) == unknown
    assert refusal(venue.answer, "orderList.cancel", {"symbol": "BTCUSDT", "orderListId": "1"}, venue.bob) == unknown
    assert refusal(venue.answer, "orderList.cancel", {"symbol": "BTCUSDT"}) == (
        -1102, "Param 'orderListId' or 'listClientOrderId' must be sent, but both were empty/null!",
    )  # fmt: skip
    nothing = (-2013, "Order list does not exist.")
    assert refusal(venue.told, "orderList.status", {"orderListId": "99"}) == nothing
    assert refusal(venue.told, "orderList.status", {"origClientOrderId": "pair"}, venue.bob) == nothing
    assert refusal(oco, venue, listClientOrderId="pair") == (-2010, "Duplicate order sent.")


def test_lists_looked_up(venue):
    first = oco(venue, listClientOrderId="first")
    second = venue.answer("orderList.place.oto", OTO)
    told = venue.told("allOrderLists", {})
    assert [one["orderListId"] for one in told] == [first["orderListId"], second["orderListId"]]
    assert told == venue.told("openOrderLists.status", {})
    assert told[0] == {name: first[name] for name in LIST}
    assert venue.told("orderList.status", {"origClientOrderId": "first"}) == told[0]
    assert refusal(venue.told, "allOrderLists", {"fromId": "1", "startTime": "1"}) == (-1128, "Combination of optional parameters invalid.")


def test_how_many_lists(venue):
    venue.admin(Kind.SET_FILTER, symbol=venue.symbol, filter=Filter.MAX_LISTS, value=1)
    oco(venue)
    assert refusal(oco, venue) == (-1013, "Filter failure: MAX_NUM_ORDER_LISTS")
