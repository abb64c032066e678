"""Margin through ccxt's unified methods, sync, async and pro, and python-binance, against the real venue: its demo lends BTC, ETH, USDT."""

import asyncio

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from tests.clients.ccxt_methods import make_exchange

SYMBOL, MARKET = "BTC/USDT", "BTCUSDT"


@pytest.fixture(scope="module")
def exchange(venue, lending):
    """carol's client, with money in her cross and her isolated account."""
    exchange = make_exchange(ccxt.binance, venue.ccxt_config("carol", fetchMargins=True))
    exchange.load_markets()
    exchange.transfer("USDT", 30_000, "spot", "margin")
    exchange.transfer("USDT", 30_000, "spot", SYMBOL)
    return exchange


def cross(exchange, code: str) -> dict:
    return exchange.fetch_balance({"type": "margin"})[code]


def isolated(exchange, code: str) -> dict:
    return exchange.fetch_balance({"marginMode": "isolated", "symbols": [SYMBOL]})[code]


# ---------------------------------------------------------------- markets and rates


def test_markets_know_of_margin(exchange):
    market = exchange.market(SYMBOL)
    assert market["margin"] is True
    assert market["marginModes"] == {"cross": True, "isolated": True}


def test_borrow_rates(exchange):
    rate = exchange.fetch_cross_borrow_rate("USDT")
    assert (rate["currency"], rate["period"]) == ("USDT", 86_400_000)
    assert 0 < rate["rate"] < 0.01
    one = exchange.fetch_isolated_borrow_rate(SYMBOL)
    assert (one["base"], one["quote"]) == ("BTC", "USDT")
    assert 0 < one["baseRate"] < 0.01
    assert one["quoteRate"] == exchange.fetch_isolated_borrow_rates()[SYMBOL]["quoteRate"]
    history = exchange.fetch_borrow_rate_history("USDT")
    assert history[-1]["rate"] == rate["rate"]


# ---------------------------------------------------------------- money


def test_transfers_and_their_list(exchange):
    before = cross(exchange, "USDT")["free"]
    moved = exchange.transfer("USDT", 25, "spot", "margin")
    assert (moved["id"] is not None, moved["currency"]) == (True, "USDT")
    assert cross(exchange, "USDT")["free"] == pytest.approx(before + 25)
    exchange.transfer("USDT", 25, "margin", "spot")
    there = exchange.transfer("USDT", 10, "margin", "isolated", {"symbol": SYMBOL})
    back = exchange.transfer("USDT", 10, "isolated", "spot", {"symbol": SYMBOL})
    told = exchange.fetch_transfers("USDT", params={"fromAccount": "spot", "toAccount": "margin"})
    assert moved["id"] in [transfer["id"] for transfer in told]
    assert {transfer["status"] for transfer in told} == {"ok"}
    for kind, transfer in (("MARGIN_ISOLATEDMARGIN", there), ("ISOLATED_MARGIN_MAIN", back)):
        assert transfer["id"] in [one["id"] for one in exchange.fetch_transfers("USDT", params={"type": kind})]
    assert exchange.fetch_transfers() == []  # to accounts that are not here


def test_borrow_and_repay_cross(exchange):
    before = cross(exchange, "BTC")
    loan = exchange.borrow_cross_margin("BTC", 0.05)
    assert loan["id"] is not None
    after = cross(exchange, "BTC")
    assert after["free"] == pytest.approx(before["free"] + 0.05)
    assert after["debt"] == pytest.approx(before.get("debt", 0) + 0.05, rel=0.01)
    (interest,) = [one for one in exchange.fetch_borrow_interest("BTC", limit=1)]
    assert (interest["currency"], interest["marginMode"], interest["amountBorrowed"] >= 0.05) == ("BTC", "cross", True)
    assert interest["interest"] > 0
    assert exchange.repay_cross_margin("BTC", 0.05)["id"] != loan["id"]
    assert cross(exchange, "BTC")["debt"] < 0.001


def test_borrow_and_repay_isolated(exchange):
    exchange.borrow_isolated_margin(SYMBOL, "BTC", 0.03)
    assert isolated(exchange, "BTC")["debt"] == pytest.approx(0.03, rel=0.01)
    interest = exchange.fetch_borrow_interest("BTC", SYMBOL)
    assert {(one["symbol"], one["marginMode"]) for one in interest} == {(MARKET, "isolated")}
    exchange.repay_isolated_margin(SYMBOL, "BTC", 0.03)
    assert isolated(exchange, "BTC")["debt"] < 0.001


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (ccxt.InsufficientFunds, lambda exchange: exchange.transfer("USDT", 10**9, "spot", "margin")),
        (ccxt.ExchangeError, lambda exchange: exchange.borrow_cross_margin("USDT", 1_900_000)),
        (ccxt.ExchangeError, lambda exchange: exchange.repay_cross_margin("XRP", 1)),
        (ccxt.ExchangeError, lambda exchange: exchange.transfer("USDT", 1, "spot", "linear")),
    ],
)
def test_what_is_refused(exchange, error, call):
    with pytest.raises(error):
        call(exchange)


# ---------------------------------------------------------------- orders


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_orders_from_birth_to_cancel(exchange, mode):
    far_below = float(exchange.price_to_precision(SYMBOL, exchange.fetch_ticker(SYMBOL)["bid"] * 0.8))
    params = {"marginMode": mode}
    order = exchange.create_order(SYMBOL, "limit", "buy", 0.01, far_below, params)
    assert (order["status"], order["filled"], order["info"]["isIsolated"]) == ("open", 0, mode == "isolated")
    assert exchange.fetch_order(order["id"], SYMBOL, params)["status"] == "open"
    assert order["id"] in [one["id"] for one in exchange.fetch_open_orders(SYMBOL, params=params)]
    assert order["id"] not in [one["id"] for one in exchange.fetch_open_orders(SYMBOL)]
    assert exchange.cancel_order(order["id"], SYMBOL, params)["status"] == "canceled"
    assert order["id"] in [one["id"] for one in exchange.fetch_orders(SYMBOL, params=params)]
    exchange.create_order(SYMBOL, "limit", "buy", 0.01, far_below, params)
    assert len(exchange.cancel_all_orders(SYMBOL, params)) == 1
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_order("999999999", SYMBOL, params)


@pytest.mark.parametrize(("mode", "balance"), [("cross", cross), ("isolated", isolated)])
def test_a_short_sale_and_its_end(exchange, mode, balance):
    """It sells bitcoin that it has not, and buys it back."""
    params = {"marginMode": mode}
    sold = exchange.create_order(SYMBOL, "market", "sell", 0.02, None, params | {"sideEffectType": "MARGIN_BUY"})
    assert (sold["status"], sold["filled"]) == ("closed", 0.02)
    assert float(sold["info"]["marginBuyBorrowAmount"]) == pytest.approx(0.02)
    assert balance(exchange, "BTC")["debt"] == pytest.approx(0.02, rel=0.01)
    bought = exchange.create_order(SYMBOL, "market", "buy", 0.0202, None, params | {"reduceOnly": True})
    assert bought["status"] == "closed"
    assert balance(exchange, "BTC")["debt"] == pytest.approx(0, abs=1e-5)
    trades = exchange.fetch_my_trades(SYMBOL, params=params)
    assert {sold["id"], bought["id"]} <= {trade["order"] for trade in trades}
    assert exchange.fetch_my_liquidations(SYMBOL if mode == "isolated" else None, params={"type": "spot"}) == []


async def test_async_margin(venue):
    exchange = make_exchange(ccxt.async_support.binance, venue.ccxt_config("dora"))
    try:
        await exchange.load_markets()
        await exchange.transfer("ETH", 5, "spot", "margin")
        await exchange.borrow_cross_margin("USDT", 1000)
        balance = await exchange.fetch_balance({"type": "margin"})
        assert balance["USDT"]["debt"] >= 1000
        order = await exchange.create_order(SYMBOL, "market", "buy", 0.01, None, {"marginMode": "cross"})
        assert order["status"] == "closed"
        sold = await exchange.create_order(SYMBOL, "market", "sell", 0.009, None, {"marginMode": "cross", "sideEffectType": "AUTO_REPAY"})
        assert sold["status"] == "closed"
        assert (await exchange.fetch_balance({"type": "margin"}))["USDT"]["debt"] < 1000
        assert (await exchange.fetch_isolated_borrow_rates())[SYMBOL]["base"] == "BTC"
    finally:
        await exchange.close()


async def test_pro_watches_margin(venue, exchange):
    watching = make_exchange(ccxt.pro.binance, venue.ccxt_config("carol", defaultType="margin"))
    watching.options["defaultType"] = "spot"
    try:
        await watching.load_markets()
        async with asyncio.timeout(60):
            orders = asyncio.create_task(watching.watch_orders(SYMBOL, params={"type": "margin"}))
            balances = asyncio.create_task(watching.watch_balance({"type": "margin"}))
            while not (orders.done() and balances.done()):
                placed = await asyncio.to_thread(exchange.create_order, SYMBOL, "limit", "buy", 0.01, 30_000, {"marginMode": "cross"})
                await asyncio.to_thread(exchange.cancel_order, placed["id"], SYMBOL, {"marginMode": "cross"})
                await asyncio.sleep(0.2)
        assert orders.result()[-1]["symbol"] == SYMBOL
        assert balances.result()["USDT"]["total"] > 0
    finally:
        await watching.close()


# ---------------------------------------------------------------- python-binance


def test_python_binance(venue, exchange):
    client = venue.python_binance("carol")
    account = client.get_margin_account()
    assert account["created"] is True
    assert {pair["symbol"] for pair in client.get_margin_all_pairs()} >= {MARKET, "ETHUSDT"}
    assert {pair["symbol"] for pair in client.get_all_isolated_margin_symbols()} >= {MARKET}
    assert {asset["assetName"] for asset in client.get_margin_all_assets()} >= {"BTC", "USDT"}
    assert float(client.get_margin_price_index(symbol=MARKET)["price"]) > 0
    assert client.get_isolated_margin_account(symbols=MARKET)["assets"][0]["isolatedCreated"]
    assert client.transfer_spot_to_margin(asset="USDT", amount="5")["tranId"]
    assert client.transfer_margin_to_spot(asset="USDT", amount="5")["tranId"]
    assert float(client.get_max_margin_loan(asset="BTC")["amount"]) > 0
    assert float(client.get_max_margin_transfer(asset="USDT")["amount"]) > 0
    order = client.create_margin_order(symbol=MARKET, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="30000.00")
    assert client.get_margin_order(symbol=MARKET, orderId=order["orderId"])["status"] == "NEW"
    assert order["orderId"] in [one["orderId"] for one in client.get_open_margin_orders(symbol=MARKET)]
    assert client.cancel_margin_order(symbol=MARKET, orderId=order["orderId"])["status"] == "CANCELED"
    assert client.get_margin_interest_history()["total"] >= 1
    assert client.get_margin_force_liquidation_rec()["rows"] == []
    assert client.get_cross_margin_data(coin="BTC")[0]["borrowable"] is True
    assert client.get_all_margin_orders(symbol=MARKET)
