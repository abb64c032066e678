"""python-binance's REST client against the real venue."""

import pytest
from binance import BinanceSocketManager, Client
from binance.exceptions import BinanceAPIException, BinanceRequestException

SYMBOL = "BTCUSDT"


@pytest.fixture(scope="module")
def client(venue) -> Client:
    return venue.python_binance("bob")


def far_below(client: Client) -> str:
    return f"{float(client.get_orderbook_ticker(symbol=SYMBOL)['bidPrice']) * 0.8:.2f}"


def test_the_venue_answers(client):
    assert client.ping() == {}
    assert client.get_server_time()["serverTime"] > 1_700_000_000_000
    assert client.get_system_status()["status"] == 0
    assert client.get_symbol_info(SYMBOL)["filters"][0]["filterType"] == "PRICE_FILTER"
    assert SYMBOL in [symbol["symbol"] for symbol in client.get_exchange_info()["symbols"]]


def test_market_data(client):
    book = client.get_order_book(symbol=SYMBOL, limit=5)
    assert len(book["bids"]) == len(book["asks"]) == 5
    assert len(client.get_recent_trades(symbol=SYMBOL, limit=7)) == 7
    assert len(client.get_historical_trades(symbol=SYMBOL, limit=7, fromId=3)) == 7
    assert len(client.get_aggregate_trades(symbol=SYMBOL, limit=7)) == 7
    assert len(client.get_klines(symbol=SYMBOL, interval=Client.KLINE_INTERVAL_1MINUTE, limit=7)) == 7
    assert float(client.get_avg_price(symbol=SYMBOL)["price"]) > 0
    assert client.get_ticker(symbol=SYMBOL)["symbol"] == SYMBOL
    assert SYMBOL in [row["symbol"] for row in client.get_all_tickers()]
    assert SYMBOL in [row["symbol"] for row in client.get_orderbook_tickers()]
    assert float(client.get_symbol_ticker(symbol=SYMBOL)["price"]) > 0


def test_older_candles_come_page_by_page(client):
    candles = client.get_historical_klines(SYMBOL, Client.KLINE_INTERVAL_1MINUTE, "22 hours ago UTC")
    assert len(candles) > 1200
    assert all(later[0] - earlier[0] == 60_000 for earlier, later in zip(candles, candles[1:], strict=False))


def test_account(client):
    account = client.get_account()
    assert account["canTrade"]
    assert float(client.get_asset_balance("USDT")["free"]) > 0
    assert [row["symbol"] for row in client.get_trade_fee(symbol=SYMBOL)] == [SYMBOL]


def test_the_life_of_an_order(client):
    order = client.order_limit_buy(symbol=SYMBOL, quantity="0.001", price=far_below(client))
    assert order["status"] == "NEW"
    assert client.get_order(symbol=SYMBOL, orderId=order["orderId"])["clientOrderId"] == order["clientOrderId"]
    assert order["orderId"] in [one["orderId"] for one in client.get_open_orders(symbol=SYMBOL)]
    assert client.cancel_order(symbol=SYMBOL, orderId=order["orderId"])["status"] == "CANCELED"
    assert client.get_all_orders(symbol=SYMBOL, limit=5)[-1]["status"] == "CANCELED"


def test_market_orders(client):
    bought = client.order_market_buy(symbol=SYMBOL, quantity="0.001")
    assert (bought["status"], bought["fills"][0]["commissionAsset"]) == ("FILLED", "BTC")
    by_value = client.order_market_buy(symbol=SYMBOL, quoteOrderQty="100")
    assert float(by_value["cummulativeQuoteQty"]) <= 100
    sold = client.order_market_sell(symbol=SYMBOL, quantity="0.001")
    assert {bought["orderId"], sold["orderId"]} <= {trade["orderId"] for trade in client.get_my_trades(symbol=SYMBOL)}


def test_a_test_order(client):
    assert client.create_test_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.001") == {}


def test_a_retired_listen_key(client):
    key = client.stream_get_listen_key()
    assert client.stream_keepalive(key) == {}
    assert client.stream_close(key) == {}
    with pytest.raises(BinanceAPIException) as caught:
        client.stream_keepalive(key)
    assert caught.value.code == -1125


def test_margin_in_the_words_of_an_older_dialect(client, lending):
    """This client borrows, repays and moves with requests that the dialect has retired."""
    client.transfer_spot_to_margin(asset="USDT", amount="200")
    loan = client.create_margin_loan(asset="USDT", amount="50")
    paid = client.repay_margin_loan(asset="USDT", amount="10")
    assert loan["tranId"] in [row["txId"] for row in client.get_margin_loan_details(asset="USDT")["rows"]]
    assert paid["tranId"] in [row["txId"] for row in client.get_margin_repay_details(asset="USDT")["rows"]]
    client.repay_margin_loan(asset="USDT", amount="40.1")
    assert client.create_isolated_margin_account(base="BTC", quote="USDT")["success"]
    there = client.transfer_spot_to_isolated_margin(asset="USDT", symbol=SYMBOL, amount="20")
    back = client.transfer_isolated_margin_to_spot(asset="USDT", symbol=SYMBOL, amount="20")
    moved = [row["txId"] for row in client.get_isolated_margin_tranfer_history(symbol=SYMBOL)["rows"]]
    assert {there["tranId"], back["tranId"]} <= set(moved)
    assert client.get_margin_asset(asset="BTC")["isBorrowable"]
    assert client.get_margin_symbol(symbol=SYMBOL)["base"] == client.get_isolated_margin_symbol(symbol=SYMBOL)["base"] == "BTC"


def test_the_wallet(client):
    assert client.get_account_api_permissions()["enableSpotAndMarginTrading"]
    assert client.get_account_status() == {"data": "Normal"}
    assert "USDT" in [row["asset"] for row in client.get_user_asset(needBtcValuation="true")]
    assert client.funding_wallet() == []
    with pytest.raises(BinanceAPIException) as caught:
        client.get_account_snapshot(type="SPOT")
    assert caught.value.code == -1020


async def test_a_stream_by_the_name_this_client_has_for_it(venue):
    client = await venue.python_binance_async("bob")
    try:
        sockets = BinanceSocketManager(client)
        sockets.STREAM_URL = f"{venue.ws}/"
        async with sockets.miniticker_socket() as socket:
            assert {row["e"] for row in await socket.recv()} == {"24hrMiniTicker"}
    finally:
        await client.close_connection()


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"symbol": "NOSUCH"}, -1121, "Invalid symbol."),
        ({"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
        ({"price": "0.001"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"quantity": "0.00001"}, -1013, "Filter failure: NOTIONAL"),
        ({"quantity": "1000"}, -1013, "Filter failure: NOTIONAL"),
        ({"price": "900000"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
        ({"quantity": "100"}, -2010, "Account has insufficient balance for requested action."),
        ({"type": "LIMIT_MAKER", "timeInForce": None, "price": "200000"}, -2010, "Order would immediately match and take."),
        ({"type": "SOMETHING"}, -1116, "Invalid orderType."),
        ({"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
        ({"newClientOrderId": "a.b"}, -1100,
         "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_]{1,36}$'."),
        ({"price": "50000.000000001"}, -1111, "Parameter 'price' has too much precision."),
        ({"stopPrice": "1"}, -1106, "Parameter 'stopPrice' sent when not required."),
    ],
)  # fmt: skip
def test_refusals_in_the_dialect_s_words(client, params, code, text):
    order = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": "50000"} | params
    with pytest.raises(BinanceAPIException) as caught:
        client.create_order(**{name: value for name, value in order.items() if value is not None})
    assert (caught.value.code, caught.value.message) == (code, text)


def test_a_wrong_secret(venue):
    client = venue.python_binance("bob")
    client.API_SECRET = "z" * 64
    with pytest.raises(BinanceAPIException) as caught:
        client.get_account()
    assert (caught.value.code, caught.value.message) == (-1022, "Signature for this request is not valid.")
    client.session.headers["X-MBX-APIKEY"] = "z" * 64
    with pytest.raises(BinanceAPIException) as caught:
        client.get_account()
    assert (caught.value.status_code, caught.value.code) == (401, -2015)


async def test_the_async_client(venue):
    client = await venue.python_binance_async("carol")
    try:
        order = await client.order_limit_buy(symbol=SYMBOL, quantity="0.001", price="20000")
        assert (await client.get_order(symbol=SYMBOL, orderId=order["orderId"]))["status"] == "NEW"
        assert (await client.cancel_order(symbol=SYMBOL, orderId=order["orderId"]))["status"] == "CANCELED"
        with pytest.raises((BinanceAPIException, BinanceRequestException)):
            await client.get_order(symbol=SYMBOL, orderId=0)
    finally:
        await client.close_connection()
