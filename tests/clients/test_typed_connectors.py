"""The exchange's own typed connectors, spot and margin, REST and WebSocket API: every answer and event is of the declared types.

A connector whose model a JSON does not fit goes on without the model, and says so in its log; here that is a failure. Fields of a model
that an answer lacks are None: of those only the conditional ones may be.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketAPI
from binance_common.errors import BadRequestError
from binance_sdk_margin_trading.margin_trading import MarginTrading
from binance_sdk_spot.spot import Spot

SYMBOL = "BTCUSDT"
# What an order has only if it is of a kind.
CONDITIONAL = {
    "expiryReason", "icebergQty", "pegOffsetType", "pegOffsetValue", "pegPriceType", "peggedPrice", "preventedMatchId", "preventedQuantity",
    "stopPrice", "strategyId", "strategyType", "trailingDelta", "trailingTime", "usedSor", "workingFloor", "listStatus",
}  # fmt: skip
# What a row tells only of a pair or asset that will go, of an isolated account, of an order that borrowed, of a tier that ends, or a limit.
CONDITIONAL |= {"delistTime", "fromSymbol", "toSymbol", "isolatedSymbol", "note", "marginBuyBorrowAmount", "marginBuyBorrowAsset",
                "maxUsdValue", "maxDebt"}  # fmt: skip
# An event's letters that are there only if something happened that they tell.
CONDITIONAL |= set("vABuUjJabkWdD") | {"Cs", "pl", "pL", "pY", "uS", "gP", "gOT", "gOV", "gp", "eR"}


@pytest.fixture(scope="module")
def rest(venue, lending) -> dict[str, Any]:
    """dora's connectors. Money lies on her margin accounts."""
    account = venue.accounts["dora"]
    config = ConfigurationRestAPI(api_key=account["apiKey"], api_secret=account["secret"], base_path=venue.rest, retries=0)
    spot, margin = Spot(config_rest_api=config).rest_api, MarginTrading(config_rest_api=config).rest_api
    for kind, asset, amount in (("MAIN_MARGIN", "USDT", 5000), ("MAIN_MARGIN", "BTC", 0.05), ("MAIN_ISOLATED_MARGIN", "USDT", 5000)):
        other = {"toSymbol": SYMBOL} if "ISOLATED" in kind else {}
        venue.python_binance("dora").make_universal_transfer(type=kind, asset=asset, amount=amount, **other)
    return {"spot": spot, "margin": margin}


@pytest.fixture
def fits(caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    """Checks an answer against its model; at the end, that none was told not to fit."""

    def check(answer: Any) -> Any:
        data = answer.data()
        assert lacking(data) == set()
        return data

    with caplog.at_level(logging.WARNING):
        yield check
    assert [record.getMessage() for record in caplog.records if "response" in record.getMessage()] == []


def lacking(model: Any) -> set[str]:
    """The declared fields that are not there, by the names of the dialect."""
    if isinstance(model, list):
        return set().union(*map(lacking, model))
    instance = getattr(model, "actual_instance", None) or model
    found = set()
    for name, field in getattr(type(instance), "model_fields", {}).items():
        value = getattr(instance, name)
        alias = field.alias or name
        if value is None and alias not in CONDITIONAL:
            found.add(alias)
        elif name != "additional_properties":
            found |= lacking(value)
    return found


@pytest.fixture(scope="module")
def price(rest):
    """A price by its part of the market's."""
    last = float(rest["spot"].ticker_price(symbol=SYMBOL).data().actual_instance.price)
    return lambda part: round(last * part, 2)


def limit(price) -> dict[str, Any]:
    return {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": 0.001, "price": price(0.9)}


def working(price) -> dict[str, Any]:
    return {"symbol": SYMBOL, "working_type": "LIMIT", "working_side": "BUY", "working_price": price(0.9), "working_quantity": 0.001,
            "working_time_in_force": "GTC", "pending_side": "SELL", "pending_quantity": 0.001}  # fmt: skip


def pending_pair(price) -> dict[str, Any]:
    return {"pending_above_type": "LIMIT_MAKER", "pending_above_price": price(1.1), "pending_below_type": "STOP_LOSS",
            "pending_below_stop_price": price(0.8)}  # fmt: skip


def test_spot_orders(rest, price, fits):
    spot = rest["spot"]
    order = fits(spot.new_order(**limit(price)))
    fits(spot.order_amend_keep_priority(symbol=SYMBOL, order_id=order.order_id, new_qty=0.0009))
    assert fits(spot.order_amendments(symbol=SYMBOL, order_id=order.order_id))[0].new_qty == "0.00090000"
    assert fits(spot.get_order(symbol=SYMBOL, order_id=order.order_id)).status == "NEW"
    replaced = fits(
        spot.order_cancel_replace(**limit(price), cancel_replace_mode="STOP_ON_FAILURE", cancel_order_id=order.order_id)
    ).new_order_response
    fits(spot.get_open_orders(symbol=SYMBOL))
    fits(spot.delete_order(symbol=SYMBOL, order_id=replaced.order_id))
    fits(spot.order_test(**limit(price), compute_commission_rates=True))
    assert fits(spot.new_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.001)).fills
    fits(spot.my_trades(symbol=SYMBOL))
    fits(spot.all_orders(symbol=SYMBOL))
    fits(spot.get_account())


def test_spot_lists(rest, price, fits):
    spot = rest["spot"]
    pair = fits(spot.order_list_oco(symbol=SYMBOL, side="SELL", quantity=0.001, above_type="LIMIT_MAKER", above_price=price(1.1),
                                    below_type="STOP_LOSS", below_stop_price=price(0.9)))  # fmt: skip
    fits(spot.order_list_oto(**working(price), pending_type="MARKET"))
    fits(spot.order_list_otoco(**working(price), **pending_pair(price)))
    fits(spot.get_order_list(order_list_id=pair.order_list_id))
    assert len(fits(spot.open_order_list())) >= 3
    fits(spot.delete_order_list(symbol=SYMBOL, order_list_id=pair.order_list_id))
    fits(spot.all_order_list())
    spot.delete_open_orders(symbol=SYMBOL)
    with pytest.raises(BadRequestError, match="-1020"):
        spot.order_list_opo(**{name: value for name, value in working(price).items() if name != "pending_quantity"}, pending_type="MARKET")


@pytest.mark.parametrize("isolated", ["FALSE", "TRUE"])
def test_margin_orders(rest, price, fits, isolated):
    margin, which = rest["margin"], {"symbol": SYMBOL, "is_isolated": isolated}
    order = fits(margin.margin_account_new_order(**limit(price) | which, side_effect_type="AUTO_BORROW_REPAY"))
    assert fits(margin.query_margin_accounts_order(**which, order_id=order.order_id)).is_isolated is (isolated == "TRUE")
    fits(margin.query_margin_accounts_open_orders(**which))
    fits(margin.margin_account_cancel_order(**which, order_id=order.order_id))
    fits(margin.margin_account_new_order(**which, side="BUY", type="MARKET", quantity=0.002))
    pair = fits(margin.margin_account_new_oco(**which, side="SELL", quantity=0.001, price=price(1.1), stop_price=price(0.9)))
    waits = fits(margin.margin_account_new_otoco(**working(price) | which, **pending_pair(price)))
    assert waits.contingency_type == "OTO"
    open_of_cross = [one.order_list_id for one in fits(margin.query_margin_accounts_open_otootoco_order_lists())]
    assert (waits.order_list_id in open_of_cross, pair.order_list_id in open_of_cross) == (isolated == "FALSE", False)
    fits(margin.query_margin_accounts_open_oco(**which))
    fits(margin.query_margin_accounts_oco(**which, order_list_id=pair.order_list_id))
    fits(margin.margin_account_cancel_oco(**which, order_list_id=pair.order_list_id))
    margin.margin_account_cancel_all_open_orders_on_a_symbol(**which)
    fits(margin.query_margin_accounts_all_orders(**which))
    fits(margin.query_margin_accounts_trade_list(**which))
    fits(margin.query_prevented_matches(**which, order_id=order.order_id))


def test_margin_money_and_terms(rest, fits):
    margin = rest["margin"]
    for kind in ("BORROW", "REPAY"):
        fits(margin.margin_account_borrow_repay(asset="USDT", is_isolated="FALSE", symbol=SYMBOL, amount=20, type=kind))
        assert fits(margin.query_borrow_repay_records_in_margin_account(type=kind)).total >= 1
    fits(margin.query_cross_margin_account_details())
    fits(margin.query_isolated_margin_account_info())
    fits(margin.query_max_borrow(asset="USDT"))
    fits(margin.query_max_transfer_out_amount(asset="USDT"))
    fits(margin.query_margin_priceindex(symbol=SYMBOL))
    fits(margin.get_future_hourly_interest_rate(assets="BTC,USDT", is_isolated="FALSE"))
    fits(margin.query_margin_interest_rate_history(asset="BTC"))
    fits(margin.query_isolated_margin_tier_data(symbol=SYMBOL))
    fits(margin.query_margin_available_inventory(type="MARGIN"))
    for name in (
        "cross_margin_collateral_ratio", "get_all_cross_margin_pairs", "get_all_isolated_margin_symbol", "get_all_margin_assets",
        "get_bnb_burn_status", "get_cross_margin_transfer_history", "get_delist_schedule", "get_force_liquidation_record",
        "get_interest_history", "get_limit_price_pairs", "get_list_schedule", "get_margin_asset_risk_based_liquidation_ratio",
        "get_margin_restricted_assets", "get_small_liability_exchange_coin_list", "get_summary_of_margin_account",
        "query_cross_isolated_margin_capital_flow", "query_cross_margin_fee_data", "query_current_margin_order_count_usage",
        "query_enabled_isolated_margin_account_limit", "query_isolated_margin_fee_data",
        "query_liability_coin_leverage_bracket_in_cross_margin_pro_mode",
    ):  # fmt: skip
        fits(getattr(margin, name)())


async def test_the_websocket_api_and_its_events(venue, price, fits):
    account = venue.accounts["dora"]
    config = ConfigurationWebSocketAPI(api_key=account["apiKey"], api_secret=account["secret"], stream_url=f"{venue.ws}/ws-api/v3")
    connection = await Spot(config_ws_api=config).websocket_api.create_connection()
    try:
        heard: list[Any] = []
        listening = await connection.user_data_stream_subscribe_signature()
        listening.stream.on("message", heard.append)
        order = await connection.order_place(**limit(price), iceberg_qty=0.0005)
        assert lacking(order.data().result) == set()
        stop = {"symbol": SYMBOL, "side": "SELL", "type": "STOP_LOSS", "quantity": 0.001, "trailing_delta": 500}
        assert lacking((await connection.order_place(**stop, new_order_resp_type="FULL")).data().result) == set()
        pair = {"above_type": "LIMIT_MAKER", "above_price": price(1.1), "below_type": "STOP_LOSS", "below_stop_price": price(0.9)}
        await connection.order_list_place_oco(symbol=SYMBOL, side="SELL", quantity=0.001, **pair)
        await connection.order_place(symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.001)
        await connection.open_orders_cancel_all(symbol=SYMBOL)
        async with asyncio.timeout(10):
            while [type(one.actual_instance).__name__ for one in heard].count("ListStatus") < 2:
                await asyncio.sleep(0.05)
        assert {type(one.actual_instance).__name__ for one in heard} == {"ExecutionReport", "OutboundAccountPosition", "ListStatus"}
        assert set().union(*map(lacking, heard)) <= {"N"}  # the asset of a fee, where there is none yet
        assert not any(one.actual_instance.additional_properties for one in heard)
    finally:
        await connection.close_connection()
