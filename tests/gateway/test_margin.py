"""Margin in the dialect, on a venue in memory: accounts, money, orders, terms, and what is refused in which words."""

import random

import pytest

from engine.commands import admin
from engine.types import PPM, Code, Filter, KeyScope, Kind
from gateway.dialect.errors import DialectError
from tests.gateway.dialect_venue import START_NS, DialectVenue
from tests.gateway.margin_venue import MarginDialectVenue


@pytest.fixture
def venue() -> MarginDialectVenue:
    return MarginDialectVenue()


def refused(code: int):
    return pytest.raises(DialectError, match=f"^{code} ")


ISOLATED = {"isIsolated": "TRUE", "symbol": "BTCUSDT"}

# ---------------------------------------------------------------- a venue without margin


def test_a_venue_without_margin_says_so():
    venue = DialectVenue()
    assert venue.answer("margin.pairs", {}) == []
    assert venue.answer("margin.isolated.pairs", {}) == []
    for operation in ("margin.account", "margin.isolated.account", "margin.thresholds", "margin.collateralRatio"):
        with refused(-1020):
            venue.answer(operation, {})
    with refused(-1020):
        venue.answer("asset.transfer", {"type": "MAIN_MARGIN", "asset": "USDT", "amount": "1"})


# ---------------------------------------------------------------- what there is


def test_pairs_and_assets(venue):
    assert [pair["symbol"] for pair in venue.answer("margin.pairs", {})] == ["BTCUSDT", "ETHUSDT", "ETHBTC"]
    pair = {
        "id": 1,
        "symbol": "BTCUSDT",
        "base": "BTC",
        "quote": "USDT",
        "isMarginTrade": True,
        "isBuyAllowed": True,
        "isSellAllowed": True,
    }
    assert venue.answer("margin.isolated.pairs", {"symbol": "BTCUSDT"}) == [pair]
    assert [asset["assetName"] for asset in venue.answer("margin.assets", {})] == ["BTC", "USDT", "ETH"]
    assert venue.answer("margin.assets", {"asset": "ETH"})[0]["isBorrowable"]
    with refused(-1121):
        venue.answer("margin.pairs", {"symbol": "NOSUCH"})


def test_one_asset_and_one_pair_as_older_clients_ask(venue):
    assert venue.answer("margin.former.asset", {"asset": "ETH"})["assetName"] == "ETH"
    assert venue.answer("margin.former.pair", {"symbol": "ETHBTC"})["symbol"] == "ETHBTC"
    assert venue.answer("margin.former.isolated.pair", {"symbol": "BTCUSDT"})["base"] == "BTC"
    with refused(-3027):
        venue.answer("margin.former.asset", {"asset": "DOGE"})
    with refused(-1020):
        DialectVenue().answer("margin.former.asset", {"asset": "BTC"})


def test_what_a_liquidation_costs_and_which_pairs_have_a_range(venue):
    assert venue.answer("margin.liquidationFees", {})[0] == {"asset": "BTC", "riskBasedLiquidationRatio": "0.00500000"}
    assert venue.answer("margin.pricedPairs", {}) == {"crossMarginSymbols": []}
    venue.admin(Kind.SET_FILTER, symbol=venue.eth_symbol, filter=Filter.RANGE_UP_PPM, value=PPM)
    assert venue.answer("margin.pricedPairs", {}) == {"crossMarginSymbols": ["ETHUSDT"]}
    bracket = venue.answer("margin.leverageBracket", {})[0]["brackets"][0]
    assert (bracket["initialMarginRate"], bracket["maintenanceMarginRate"]) == (0.5, 0.1)  # numbers: a typed client refuses texts


def test_the_wallet_tells_values_by_the_index(venue):
    venue.transfer("MAIN_MARGIN", "BTC", "1")
    venue.borrow("USDT", "2000")
    rows = venue.answer("wallet.assets", {"needBtcValuation": True})
    assert {row["asset"]: row["btcValuation"] for row in rows} == {"BTC": "9.00000000", "USDT": "100.00000000"}
    worth = {row["walletName"]: (row["activate"], row["balance"]) for row in venue.answer("wallet.wallets", {"quoteAsset": "USDT"})}
    assert worth["Spot"] == (True, "1090000.00000000")
    assert worth["Isolated Margin"] == (False, "0.00000000")
    level = venue.exchange.machine.level(venue.exchange.machine.margin_account(venue.alice, 0))
    assert worth["Cross Margin"] == (True, f"{(level.assets_value - level.debts_value) / 10**6:.8f}")
    with refused(-1130):
        venue.answer("wallet.wallets", {"quoteAsset": "DOGE"})


def test_the_index_and_its_sources(venue):
    index = venue.answer("margin.priceIndex", {"symbol": "BTCUSDT"})
    assert (index["symbol"], index["price"], index["frozen"]) == ("BTCUSDT", "10000.00000000", False)
    names = [(source["asset"], source["number"], source["name"], source["fresh"]) for source in index["sources"]]
    assert names == [("BTC", 1, "book", True), ("BTC", 2, "simulated", True)]
    assert index["sources"][0]["price"] == "10000.00000000"
    assert index["simulated"]
    assert venue.answer("margin.priceIndex", {"symbol": "ETHBTC"})["price"] == "0.05000000"
    venue.time_ns += 2 * 24 * 3600 * 10**9
    venue.admin(Kind.TICK)
    assert venue.answer("margin.priceIndex", {"symbol": "BTCUSDT"})["frozen"]


def test_terms(venue):
    bitcoin = venue.answer("margin.terms", {"coin": "BTC"})
    assert bitcoin[0]["dailyInterest"] == "0.000240000"
    assert bitcoin[0]["yearlyInterest"] == "0.087600000"
    assert bitcoin[0]["marginablePairs"] == ["BTCUSDT", "ETHBTC"]
    isolated = venue.answer("margin.isolated.terms", {"symbol": "BTCUSDT"})[0]
    assert (isolated["leverage"], [row["coin"] for row in isolated["data"]]) == ("3", ["BTC", "USDT"])
    assert venue.answer("margin.isolated.tiers", {"symbol": "BTCUSDT"})[0]["liquidationRiskRatio"] == "1.10000000"
    bars = {"normalBar": "1.50000000", "marginCallBar": "1.30000000", "forceLiquidationBar": "1.10000000"}
    assert venue.answer("margin.thresholds", {}) == bars
    (group,) = venue.answer("margin.collateralRatio", {})
    assert group["assetNames"] == ["BTC", "USDT", "ETH"]
    assert [row["discountRate"] for row in group["collaterals"]] == ["1.00000000", "0.00000000"]
    assert venue.answer("margin.inventory", {"type": "MARGIN"})["assets"]["BTC"] == "100.00000000"
    assert venue.answer("margin.nextRates", {"assets": "BTC,USDT"})[1]["nextHourlyInterestRate"] == "0.000010000"
    with refused(-3027):
        venue.answer("margin.nextRates", {"assets": "DOGE"})


def test_what_goes_by_a_simulated_price_says_so(venue):
    """Level, liquidation price, index: wherever one is told, it is told whether a source behind it is made up."""

    def told() -> set[bool]:
        (isolated,) = venue.answer("margin.isolated.account", {"symbols": "BTCUSDT"})["assets"]
        index = venue.answer("margin.priceIndex", {"symbol": "BTCUSDT"})
        return {answer["simulated"] for answer in (venue.answer("margin.account", {}), isolated, index)}

    assert told() == {True}
    venue.time_ns += 2 * 24 * 3600 * 10**9
    venue.admin(Kind.TICK)  # frozen where its sources left it, the simulated one among them
    assert told() == {True}
    venue.venue.source_names = {1: "book", 2: "north"}
    assert told() == {False}


# ---------------------------------------------------------------- accounts and transfers


def test_an_account_is_opened_when_money_first_goes_to_it(venue):
    before = venue.answer("margin.account", {})
    assert (before["created"], before["marginLevel"], venue.row("USDT")["free"]) == (False, "999.00000000", "0.00000000")
    tran_id = venue.transfer("MAIN_MARGIN", "USDT", "1000")
    assert 0 < tran_id < 2**53
    after = venue.answer("margin.account", {})
    assert (after["created"], after["totalNetAssetOfBtc"], after["TotalCollateralValueInUSDT"]) == (True, "0.10000000", "1000.00000000")
    assert venue.row("USDT")["free"] == "1000.00000000"
    assert venue.transfer("MARGIN_MAIN", "USDT", "400") != tran_id
    assert venue.row("USDT")["free"] == "600.00000000"
    venue.is_sound()


def test_isolated_accounts_are_opened_one_by_one(venue):
    assert venue.answer("margin.isolated.account", {})["assets"] == []
    (asked,) = venue.answer("margin.isolated.account", {"symbols": "BTCUSDT"})["assets"]
    assert (asked["isolatedCreated"], asked["indexPrice"]) == (False, "10000.00000000")
    assert venue.answer("margin.isolated.enable", {"symbol": "ETHUSDT"}) == {"success": True, "symbol": "ETHUSDT"}
    assert venue.answer("margin.isolated.enable", {"symbol": "ETHUSDT"})["success"]
    venue.transfer("MAIN_ISOLATED_MARGIN", "USDT", "500", toSymbol="BTCUSDT")
    assert venue.answer("margin.isolated.limit", {}) == {"enabledAccount": 2, "maxAccount": 3}
    found = venue.answer("margin.isolated.account", {})
    assert [row["symbol"] for row in found["assets"]] == ["ETHUSDT", "BTCUSDT"]
    assert found["assets"][1]["quoteAsset"]["free"] == "500.00000000"
    assert (found["totalAssetOfBtc"], found["totalLiabilityOfBtc"]) == ("0.05000000", "0.00000000")
    venue.transfer("ISOLATEDMARGIN_ISOLATEDMARGIN", "USDT", "100", fromSymbol="BTCUSDT", toSymbol="ETHUSDT")
    venue.transfer("ISOLATEDMARGIN_MARGIN", "USDT", "50", fromSymbol="ETHUSDT")
    venue.transfer("MARGIN_ISOLATEDMARGIN", "USDT", "20", toSymbol="BTCUSDT")
    venue.transfer("ISOLATED_MARGIN_MAIN", "USDT", "10", fromSymbol="BTCUSDT")
    frees = [row["quoteAsset"]["free"] for row in venue.answer("margin.isolated.account", {})["assets"]]
    assert frees == ["50.00000000", "410.00000000"]
    assert venue.row("USDT")["free"] == "30.00000000"
    venue.is_sound()


def test_transfers_that_are_refused(venue):
    cases = [
        (-3003, {"type": "MARGIN_MAIN", "asset": "USDT", "amount": "1"}),  # there is no account yet
        (-3041, {"type": "MAIN_MARGIN", "asset": "USDT", "amount": "99999999"}),
        (-3027, {"type": "MAIN_MARGIN", "asset": "DOGE", "amount": "1"}),
        (-3017, {"type": "MAIN_ISOLATED_MARGIN", "asset": "ETH", "amount": "1", "toSymbol": "BTCUSDT"}),
        (-1102, {"type": "MAIN_ISOLATED_MARGIN", "asset": "USDT", "amount": "1"}),
        (-1121, {"type": "MAIN_ISOLATED_MARGIN", "asset": "USDT", "amount": "1", "toSymbol": "NOSUCH"}),
        (-1020, {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1"}),
        (-1130, {"type": "MAIN_MOON", "asset": "USDT", "amount": "1"}),
        (-1111, {"type": "MAIN_MARGIN", "asset": "USDT", "amount": "0.0000001"}),
        (-1102, {"type": "MAIN_MARGIN", "asset": "USDT", "amount": "0"}),
        (-1100, {"type": "MAIN_MARGIN", "asset": "USDT", "amount": "-1"}),
    ]
    for code, params in cases:
        with refused(code):
            venue.answer("asset.transfer", params)
    venue.is_sound()


# ---------------------------------------------------------------- borrow and repay


def test_borrow_and_repay(venue):
    venue.transfer("MAIN_MARGIN", "USDT", "10000")
    assert venue.answer("margin.maxBorrowable", {"asset": "BTC"})["amount"] > "1.9"
    venue.borrow("BTC", "1")
    row = venue.row("BTC")
    assert (row["free"], row["borrowed"], row["interest"], row["netAsset"]) == ("1.00000000", "1.00000000", "0.00001000", "-0.00001000")
    account = venue.answer("margin.account", {})
    assert account["marginLevel"] == "1.99998000"
    assert not account["transferOutEnabled"]
    assert venue.answer("margin.maxTransferable", {"asset": "USDT"})["amount"] == "0.00000000"
    venue.repay("BTC", "0.5")
    assert venue.row("BTC")["borrowed"] == "0.50001000"  # interest is paid first
    venue.transfer("MAIN_MARGIN", "BTC", "1")
    venue.repay("BTC", "5")  # more than is owed pays what is owed
    assert venue.row("BTC")["borrowed"] == "0.00000000"
    assert venue.answer("margin.account", {})["marginLevel"] == "999.00000000"
    venue.is_sound()


def test_interest_counts_started_hours(venue):
    """The documented example: 1,000 at 0.001 % an hour, from 13:20 to 14:15, are two hours: 0.02."""
    venue.time_ns = START_NS // (24 * 3600 * 10**9) * 24 * 3600 * 10**9 + (24 + 13) * 3600 * 10**9 + 20 * 60 * 10**9
    for name, price in (("BTC", 10_000), ("ETH", 500)):
        venue.price(name, price)
    venue.transfer("MAIN_MARGIN", "BTC", "1")
    venue.borrow("USDT", "1000")
    assert venue.row("USDT")["interest"] == "0.01000000"
    venue.time_ns += 55 * 60 * 10**9
    venue.admin(Kind.TICK)
    assert venue.row("USDT")["interest"] == "0.02000000"


def test_isolated_loans_stay_in_their_account(venue):
    venue.transfer("MAIN_ISOLATED_MARGIN", "USDT", "10000", toSymbol="BTCUSDT")
    venue.borrow("BTC", "1", **ISOLATED)
    (found,) = venue.answer("margin.isolated.account", {})["assets"]
    assert (found["baseAsset"]["borrowed"], found["marginLevelStatus"]) == ("1.00000000", "NORMAL")
    assert 99_980 < float(found["liquidatePrice"]) < 100_000  # where (p + 10,000) / p comes to 1.1
    assert not venue.answer("margin.account", {})["created"]
    venue.repay("BTC", "0.25", **ISOLATED)
    with refused(-3012):
        venue.borrow("ETH", "1", **ISOLATED)
    with refused(-3003):
        venue.borrow("BTC", "1")


def test_loans_that_are_refused(venue):
    with refused(-3003):
        venue.borrow("USDT", "1")
    venue.transfer("MAIN_MARGIN", "USDT", "1000")
    cases = [(-3006, "BORROW", "1000000001"), (-3006, "BORROW", "2001"), (-3013, "BORROW", "0"), (-3016, "REPAY", "0"),
             (-3015, "REPAY", "1"), (-1111, "BORROW", "0.00000001")]  # fmt: skip
    for code, kind, amount in cases:
        with refused(code):
            venue.answer("margin.borrowRepay", {"type": kind, "asset": "USDT", "amount": amount})
    with refused(-1102):
        venue.answer("margin.borrowRepay", {"type": "BORROW", "asset": "USDT", "amount": "1", "isIsolated": "TRUE"})
    venue.admin(Kind.SET_ACCOUNT_STATUS, account=venue.alice, status=2)
    with refused(-3014):
        venue.borrow("USDT", "1")
    venue.is_sound()


def test_an_empty_pool_and_a_frozen_index(venue):
    venue.transfer("MAIN_MARGIN", "USDT", "1000000")
    with refused(-3045):
        venue.borrow("BTC", "100.5")
    venue.time_ns += 2 * 24 * 3600 * 10**9
    venue.admin(Kind.TICK)
    with refused(-3042):
        venue.borrow("BTC", "1")


# ---------------------------------------------------------------- once is once


def test_the_same_signed_request_moves_money_once(venue):
    key = venue.add_key(venue.alice)
    params = {"type": "MAIN_MARGIN", "asset": "USDT", "amount": "100", "timestamp": str(venue.time_ns // 10**6)}
    until = venue.time_ns + 10**10
    first = venue.answer("asset.transfer", params, key=key, valid_until_ns=until)
    assert venue.answer("asset.transfer", params, key=key, valid_until_ns=until) == first
    assert venue.row("USDT")["free"] == "100.00000000"
    later = params | {"timestamp": str(venue.time_ns // 10**6)}
    assert venue.answer("asset.transfer", later, key=key, valid_until_ns=until) != first
    assert venue.row("USDT")["free"] == "200.00000000"


def test_a_transaction_of_the_clients_own_name_is_done_once(venue):
    venue.transfer("MAIN_MARGIN", "USDT", "1000")
    name = f"{venue.time_ns // 10**6}-loan-7"
    params = {"type": "BORROW", "asset": "USDT", "amount": "50", "clientTranId": name}
    first = venue.answer("margin.borrowRepay", params)
    venue.time_ns += 3600 * 10**9
    venue.price("BTC", 10_000)
    assert venue.answer("margin.borrowRepay", params) == first
    assert venue.row("USDT")["borrowed"] == "50.00000000"
    with refused(-1130):  # the same name for something else
        venue.answer("margin.borrowRepay", params | {"amount": "51"})
    assert venue.answer("asset.transfer", {"type": "MAIN_MARGIN", "asset": "USDT", "amount": "1", "clientTranId": name}, venue.bob)
    for wrong in ("loan-7", "1" * 12, "1" * 13 + "x" * 20, "1" * 13 + "ä"):
        with refused(-1100):
            venue.answer("margin.borrowRepay", params | {"clientTranId": wrong})


def test_a_signed_in_person_may_do_the_same_twice(venue):
    assert venue.transfer("MAIN_MARGIN", "USDT", "1") != venue.transfer("MAIN_MARGIN", "USDT", "1")
    assert venue.row("USDT")["free"] == "2.00000000"


# ---------------------------------------------------------------- orders


def test_an_order_that_borrows_what_it_lacks(venue):
    venue.place(venue.bob, side="SELL", quantity="1", price="10000")
    venue.transfer("MAIN_MARGIN", "USDT", "6000")
    order = venue.margin_order(quantity="1", price="10000", sideEffectType="MARGIN_BUY")
    assert (order["status"], order["executedQty"], order["isIsolated"]) == ("FILLED", "1.00000000", False)
    assert (order["marginBuyBorrowAmount"], order["marginBuyBorrowAsset"]) == ("4000.00000000", "USDT")
    assert [fill["qty"] for fill in order["fills"]] == ["1.00000000"]
    assert venue.row("USDT")["borrowed"] == "4000.00000000"
    venue.place(venue.bob, side="BUY", quantity="0.5", price="10000")
    sold = venue.margin_order(side="SELL", quantity="0.5", price="10000", sideEffectType="AUTO_REPAY")
    assert (sold["status"], "marginBuyBorrowAmount" in sold) == ("FILLED", False)
    assert venue.row("USDT")["borrowed"] == "0.00000000"
    venue.is_sound()


def test_orders_of_both_kinds_of_account_are_kept_apart(venue):
    venue.transfer("MAIN_MARGIN", "USDT", "1000")
    venue.transfer("MAIN_ISOLATED_MARGIN", "USDT", "1000", toSymbol="BTCUSDT")
    cross = venue.margin_order(quantity="0.01", price="9000")
    isolated = venue.margin_order(quantity="0.02", price="9000", isIsolated="TRUE")
    spot = venue.place(quantity="0.03", price="9000")
    assert (cross["isIsolated"], isolated["isIsolated"]) == (False, True)
    for operation, params, wanted in (
        ("openOrders.status", {}, spot), ("margin.openOrders", {}, cross), ("margin.openOrders", {"isIsolated": "TRUE"}, isolated),
    ):  # fmt: skip
        assert [order["orderId"] for order in venue.answer(operation, {"symbol": "BTCUSDT"} | params)] == [wanted["orderId"]]
    status = venue.answer("margin.order.status", {"symbol": "BTCUSDT", "orderId": str(cross["orderId"])})
    assert (status["status"], status["isIsolated"]) == ("NEW", False)
    with refused(-2011):
        venue.answer("margin.order.cancel", {"symbol": "BTCUSDT", "orderId": str(isolated["orderId"])})
    gone = venue.answer("margin.order.cancel", {"symbol": "BTCUSDT", "orderId": str(isolated["orderId"]), "isIsolated": "TRUE"})
    assert (gone["status"], gone["isIsolated"]) == ("CANCELED", True)
    (gone,) = venue.answer("margin.openOrders.cancelAll", {"symbol": "BTCUSDT"})
    assert (gone["orderId"], gone["isIsolated"]) == (cross["orderId"], False)
    assert venue.answer("margin.rateLimits.orders", {}) == []
    venue.is_sound()


def test_a_key_of_the_owner_trades_for_the_margin_account(venue):
    venue.transfer("MAIN_MARGIN", "USDT", "1000")
    params = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "9000"}
    trading = venue.add_key(venue.alice)
    assert venue.answer("margin.order.place", params, key=trading)["status"] == "NEW"
    venue.admin(Kind.SET_KEY, key=trading, scopes=KeyScope.READ)
    with refused(-2015):
        venue.answer("margin.order.place", params, key=trading)


def test_orders_that_are_refused(venue):
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "10000"}
    with refused(-3003):
        venue.answer("margin.order.place", order)
    venue.transfer("MAIN_MARGIN", "USDT", "100")
    with refused(-2010):
        venue.answer("margin.order.place", order)
    with refused(-3006):
        venue.answer("margin.order.place", order | {"sideEffectType": "MARGIN_BUY"})
    with refused(-1130):
        venue.answer("margin.order.place", order | {"sideEffectType": "MAGIC"})
    with refused(-3003):
        venue.answer("margin.order.place", order | {"isIsolated": "true"})
    venue.is_sound()


def test_a_pair_of_margin_orders(venue):
    venue.place(venue.bob, side="SELL", quantity="0.1", price="10000")
    venue.transfer("MAIN_MARGIN", "BTC", "1")
    venue.transfer("MAIN_MARGIN", "USDT", "1000")
    venue.margin_order(quantity="0.1", price="10000")
    params = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.5", "aboveType": "LIMIT_MAKER", "abovePrice": "11000",
              "belowType": "STOP_LOSS", "belowStopPrice": "9000"}  # fmt: skip
    placed = venue.answer("margin.order.oco", params)
    assert (placed["contingencyType"], placed["isIsolated"], len(placed["orders"])) == ("OCO", False, 2)
    former = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.2", "price": "12000", "stopPrice": "8000"}
    assert venue.answer("margin.order.oco", former)["listOrderStatus"] == "EXECUTING"
    assert venue.answer("margin.openOrderLists", {}).method == "order_lists"
    gone = venue.answer("margin.orderList.cancel", {"symbol": "BTCUSDT", "orderListId": str(placed["orderListId"])})
    assert gone["listOrderStatus"] == "ALL_DONE"
    with refused(-1102):
        venue.answer("margin.order.oco", {name: params[name] for name in params if name != "belowType"})


# ---------------------------------------------------------------- lending


def test_lending(venue):
    before = venue.answer("margin.pools", {"asset": "USDT"}, venue.alice)[0]
    assert (before["lent"], before["free"], before["utilization"], before["amount"]) == (
        "1000000.00000000",
        "1000000.00000000",
        "0.00000000",
        "0.00000000",
    )
    lent = venue.answer("margin.lend", {"type": "LEND", "asset": "USDT", "amount": "500"})
    assert lent["amount"] == "500.00000000"
    assert venue.answer("margin.pools", {"asset": "USDT"})[0]["amount"] == "500.00000000"
    taken = venue.answer("margin.lend", {"type": "REDEEM", "asset": "USDT", "amount": "200"})
    assert taken["amount"] == "200.00000000"
    assert venue.answer("margin.lend", {"type": "REDEEM", "asset": "USDT"})["amount"] == "300.00000000"
    for code, params in ((-3041, {"type": "REDEEM", "asset": "USDT"}), (-1102, {"type": "LEND", "asset": "USDT"}),
                         (-3041, {"type": "LEND", "asset": "USDT", "amount": "99999999"})):  # fmt: skip
        with refused(code):
            venue.answer("margin.lend", params)
    venue.is_sound()


def test_the_discount_asset_is_switched(venue):
    off, on = ({"spotBNBBurn": state, "interestBNBBurn": False} for state in (False, True))
    assert venue.answer("margin.discount", {}) == off
    assert venue.answer("margin.setDiscount", {"spotBNBBurn": "true"}) == on
    assert venue.answer("margin.discount", {}) == on
    assert venue.answer("margin.setDiscount", {"interestBNBBurn": "false"}) == on
    with refused(-1020):
        venue.answer("margin.setDiscount", {"interestBNBBurn": "true"})


# ---------------------------------------------------------------- liquidation


def test_the_level_has_the_dialects_names(venue):
    venue.transfer("MAIN_ISOLATED_MARGIN", "USDT", "5500", toSymbol="BTCUSDT")
    venue.place(venue.bob, side="SELL", quantity="1", price="10000")
    venue.margin_order(quantity="1", price="10000", isIsolated="TRUE", sideEffectType="MARGIN_BUY")

    def status(price: float) -> str:
        venue.price("BTC", price)
        venue.admin(Kind.TICK)
        (found,) = venue.answer("margin.isolated.account", {})["assets"]
        return found["marginLevelStatus"]

    (found,) = venue.answer("margin.isolated.account", {})["assets"]
    assert 4_900 < float(found["liquidatePrice"]) < 5_000
    assert [status(price) for price in (10_000, 7_000, 5_500)] == ["EXCESSIVE", "NORMAL", "MARGIN_CALL"]
    assert status(4_500) == "FORCE_LIQUIDATION"
    with refused(-3022):
        venue.margin_order(quantity="0.01", price="4000", isIsolated="TRUE")
    with refused(-3037):
        venue.transfer("ISOLATED_MARGIN_MAIN", "USDT", "1", fromSymbol="BTCUSDT")
    venue.is_sound()


# ---------------------------------------------------------------- streams


def test_listen_tokens_and_keys(venue):
    key = venue.add_key(venue.alice)
    told = venue.answer("userListenToken", {}, key=key)
    assert told["expirationTime"] == venue.time_ns // 10**6 + 24 * 3600 * 1000
    margin = venue.exchange.machine.margin_account(venue.alice, 0)
    assert venue.venue.listener(told["token"], venue.time_ns).account == margin
    assert venue.answer("margin.stream.start", {}, key=key)["listenKey"] == told["token"]
    assert venue.answer("margin.stream.ping", {"listenKey": told["token"]}, key=key) == {}
    isolated = venue.answer("userListenToken", {"isIsolated": "true", "symbol": "BTCUSDT", "validity": "60000"}, key=key)
    assert isolated["token"] != told["token"]
    assert venue.venue.listener(isolated["token"], venue.time_ns + 61 * 10**9) is None
    assert venue.answer("margin.stream.stop", {"listenKey": told["token"]}, key=key) == {}
    with refused(-1125):
        venue.answer("margin.stream.ping", {"listenKey": told["token"]}, key=key)
    with refused(-1130):
        venue.answer("userListenToken", {"validity": "86400001"}, key=key)


# ---------------------------------------------------------------- money end to end


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_called_the_books_balance_and_the_answers_are_the_machines(seed):
    """A session of random calls of two people: after each the machine is sound; at the end the dialect tells what the machine holds."""
    venue, chance = MarginDialectVenue(), random.Random(seed)
    done = 0
    for _ in range(250):
        who = chance.choice((venue.alice, venue.bob))
        asset = chance.choice(("BTC", "USDT", "ETH"))
        amount = f"{chance.choice((0.001, 0.5, 3, 40, 9000)) * (1 if asset != 'USDT' else 100):.3f}"
        symbol = chance.choice(("BTCUSDT", "ETHUSDT", "ETHBTC"))
        isolated = chance.random() < 0.4
        where = {"isIsolated": "TRUE", "symbol": symbol} if isolated else {}
        price = {"BTCUSDT": 10_000, "ETHUSDT": 500, "ETHBTC": 0.05}[symbol] * chance.uniform(0.95, 1.05)
        into, out = {"type": "MAIN_MARGIN"}, {"type": "MARGIN_MAIN"}
        call = chance.choice(
            (
                ("asset.transfer", {"type": "MAIN_ISOLATED_MARGIN", "toSymbol": symbol} if isolated else into, asset, amount),
                ("asset.transfer", {"type": "ISOLATED_MARGIN_MAIN", "fromSymbol": symbol} if isolated else out, asset, amount),
                ("margin.borrowRepay", {"type": "BORROW"} | where, asset, amount),
                ("margin.borrowRepay", {"type": "REPAY"} | where, asset, amount),
                ("margin.lend", {"type": chance.choice(("LEND", "REDEEM"))}, asset, amount),
                ("margin.order.place", {
                    "symbol": symbol, "side": chance.choice(("BUY", "SELL")), "type": "LIMIT", "timeInForce": chance.choice(("GTC", "IOC")),
                    "quantity": f"{chance.choice((0.01, 0.2, 5)):.4f}", "price": f"{price:.2f}",
                    "isIsolated": "TRUE" if isolated else "FALSE",
                    "sideEffectType": chance.choice(("NO_SIDE_EFFECT", "MARGIN_BUY", "AUTO_REPAY", "AUTO_BORROW_REPAY")),
                }, "", ""),
                ("margin.openOrders.cancelAll", {"symbol": symbol, "isIsolated": "TRUE" if isolated else "FALSE"}, "", ""),
            )
        )  # fmt: skip
        operation, params, asset, amount = call
        params = params | ({"asset": asset, "amount": amount} if asset else {})
        try:
            venue.answer(operation, params, who)
            done += 1
        except DialectError as error:
            assert -9999 < error.code <= -1000, error
            assert error.status < 500, (operation, params, error)
        if chance.random() < 0.1:
            venue.price(*chance.choice((("BTC", 10_000 * chance.uniform(0.7, 1.3)), ("ETH", 500 * chance.uniform(0.7, 1.3)))))
        if chance.random() < 0.05:
            venue.time_ns += chance.choice((1, 40, 3600)) * 10**9
            venue.exchange.execute(admin(Kind.TICK))
        venue.is_sound()
    assert done > 40
    machine = venue.exchange.machine
    for who in (venue.alice, venue.bob):
        accounts = [(0, venue.answer("margin.account", {}, who)["userAssets"])]
        for row in venue.answer("margin.isolated.account", {}, who)["assets"]:
            accounts.append((venue.venue.listing(row["symbol"]).symbol, [row["baseAsset"], row["quoteAsset"]]))
        for symbol, rows in accounts:
            account = machine.margin_account(who, symbol)
            if not account:
                continue
            loans = {loan.asset: loan for loan in machine.loans(account)}
            for row in rows:
                view = next(asset for asset in machine.assets() if asset.name == row["asset"])
                available, held = machine.balance(account, view.asset)
                loan = loans.get(view.asset)
                units = [round(float(row[name]) * 10**view.scale) for name in ("free", "locked", "borrowed", "interest")]
                assert units == [available, held, loan.principal if loan else 0, loan.interest if loan else 0]


def test_the_codes_of_the_core_have_margins_words(venue):
    from gateway.dialect.margin_errors import BORROW, ORDER, REPAY, TRANSFER_IN, TRANSFER_OUT, refused_margin

    for table in (BORROW, ORDER, REPAY, TRANSFER_IN, TRANSFER_OUT):
        for code in table:
            assert -4000 < refused_margin(code, table).code <= -3000
    assert refused_margin(Code.LEVEL_TOO_LOW, BORROW).code == -3006
    assert refused_margin(Code.LEVEL_TOO_LOW, TRANSFER_OUT).code == -3020
