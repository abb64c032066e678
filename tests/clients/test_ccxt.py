"""ccxt, sync and async, against the real venue: its own tests of every method, then every kind of order and of refusal."""

import ccxt
import ccxt.async_support
import pytest

from tests.clients.ccxt_methods import REQUESTS, SKIPPED_PROPERTIES, load_test, make_exchange

SYMBOL = "BTC/USDT"


@pytest.fixture(scope="module")
def exchange(venue):
    """alice's client."""
    exchange = make_exchange(ccxt.binance, venue.ccxt_config())
    exchange.load_markets()
    return exchange


@pytest.fixture(scope="module")
def bob(venue):
    exchange = make_exchange(ccxt.binance, venue.ccxt_config("bob"))
    exchange.load_markets()
    return exchange


@pytest.fixture
def far_below(exchange) -> float:
    """A price at which a buy order rests in peace."""
    return float(exchange.price_to_precision(SYMBOL, exchange.fetch_ticker(SYMBOL)["bid"] * 0.8))


# ---------------------------------------------------------------- ccxt's own tests


@pytest.mark.parametrize(("method", "arguments"), [*REQUESTS, ("createOrder", [SYMBOL])], ids=lambda value: str(value)[:24])
def test_ccxt_says_of_its_method(exchange, method, arguments):
    load_test(method, "sync")(exchange, SKIPPED_PROPERTIES.get(method, {}), *arguments)


@pytest.mark.parametrize(("method", "arguments"), REQUESTS, ids=lambda value: str(value)[:24])
async def test_ccxt_says_of_its_async_method(venue, method, arguments):
    exchange = make_exchange(ccxt.async_support.binance, venue.ccxt_config())
    try:
        await exchange.load_markets()
        await load_test(method, "async")(exchange, SKIPPED_PROPERTIES.get(method, {}), *arguments)
    finally:
        await exchange.close()


# ---------------------------------------------------------------- markets


def test_markets(exchange):
    market = exchange.market(SYMBOL)
    assert (market["base"], market["quote"], market["spot"], market["active"]) == ("BTC", "USDT", True, True)
    assert market["precision"] == {"amount": 0.00001, "price": 0.01, "base": 1e-08, "quote": 1e-08}
    assert market["limits"]["cost"]["min"] == 5.0
    assert set(market["info"]["orderTypes"]) > {"LIMIT", "LIMIT_MAKER", "MARKET"}


def test_the_book_is_sorted_and_deep(exchange):
    book = exchange.fetch_order_book(SYMBOL, 20)
    bids, asks = [level[0] for level in book["bids"]], [level[0] for level in book["asks"]]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert len(bids) > 5
    assert len(asks) > 5


def test_a_day_of_candles(exchange):
    candles = exchange.fetch_ohlcv(SYMBOL, "1h", limit=24)
    assert len(candles) == 24
    assert all(later[0] - earlier[0] == 3_600_000 for earlier, later in zip(candles, candles[1:], strict=False))
    assert all(low <= min(open_, close) <= max(open_, close) <= high for _, open_, high, low, close, _ in candles)
    since = candles[3][0]
    assert exchange.fetch_ohlcv(SYMBOL, "1h", since=since, limit=2) == candles[3:5]


def test_trades_of_all_three_kinds(exchange):
    aggregated = exchange.fetch_trades(SYMBOL, limit=5)
    recent = exchange.fetch_trades(SYMBOL, limit=5, params={"fetchTradesMethod": "publicGetTrades"})
    old = exchange.fetch_trades(SYMBOL, limit=5, params={"fetchTradesMethod": "publicGetHistoricalTrades"})
    for trades in (aggregated, recent, old):
        assert len(trades) == 5
        assert [trade["timestamp"] for trade in trades] == sorted(trade["timestamp"] for trade in trades)


# ---------------------------------------------------------------- orders


def test_a_limit_order_from_birth_to_cancel(exchange, far_below):
    order = exchange.create_order(SYMBOL, "limit", "buy", 0.01, far_below)
    assert (order["status"], order["filled"], order["price"]) == ("open", 0, far_below)
    assert exchange.fetch_order(order["id"], SYMBOL)["status"] == "open"
    assert order["id"] in [one["id"] for one in exchange.fetch_open_orders(SYMBOL)]
    assert order["id"] in [one["id"] for one in exchange.fetch_open_orders()]
    held = exchange.fetch_balance()["USDT"]["used"]
    assert held >= far_below * 0.01 - 1e-6
    cancelled = exchange.cancel_order(order["id"], SYMBOL)
    assert (cancelled["status"], cancelled["clientOrderId"] != order["clientOrderId"]) == ("canceled", True)
    assert exchange.fetch_order(order["id"], SYMBOL)["status"] == "canceled"
    assert order["id"] in [one["id"] for one in exchange.fetch_canceled_orders(SYMBOL)]


def test_a_market_order_pays_its_fee_in_what_it_received(exchange):
    order = exchange.create_order(SYMBOL, "market", "buy", 0.002)
    assert (order["status"], order["filled"], order["remaining"]) == ("closed", 0.002, 0)
    assert sum(trade["amount"] for trade in order["trades"]) == pytest.approx(0.002)
    assert order["fees"][0]["currency"] == "BTC"
    assert order["fees"][0]["cost"] == pytest.approx(0.002 * 0.001, rel=0.01)
    mine = exchange.fetch_order_trades(order["id"], SYMBOL)
    assert [trade["id"] for trade in mine] == [trade["id"] for trade in order["trades"]]
    assert {trade["takerOrMaker"] for trade in mine} == {"taker"}
    assert order["id"] in [trade["order"] for trade in exchange.fetch_my_trades(SYMBOL, limit=50)]
    assert order["id"] in [one["id"] for one in exchange.fetch_closed_orders(SYMBOL)]


def test_a_market_order_by_cost(exchange):
    order = exchange.create_market_buy_order_with_cost(SYMBOL, 50)
    assert order["status"] == "closed"
    assert 49 < order["cost"] <= 50
    sold = exchange.create_order(SYMBOL, "market", "sell", order["filled"])
    assert sold["fees"][0]["currency"] == "USDT"


def test_two_people_trade_with_each_other(exchange, bob):
    """bob improves the best ask by a tick; alice takes exactly that."""
    ask = exchange.fetch_ticker(SYMBOL)["ask"]
    price = float(exchange.price_to_precision(SYMBOL, ask - 0.01))
    offered = bob.create_order(SYMBOL, "limit", "sell", 0.00321, price, {"postOnly": True})
    taken = exchange.create_order(SYMBOL, "limit", "buy", 0.00321, price, {"timeInForce": "IOC"})
    after = bob.fetch_order(offered["id"], SYMBOL)
    if after["status"] == "open":  # a demo trader was there first; then nothing was lost
        bob.cancel_order(offered["id"], SYMBOL)
    else:
        assert after["filled"] == 0.00321
    assert taken["status"] in ("closed", "expired", "canceled")


def test_time_in_force(exchange, far_below):
    for time_in_force in ("IOC", "FOK"):
        order = exchange.create_order(SYMBOL, "limit", "buy", 0.001, far_below, {"timeInForce": time_in_force})
        assert (order["status"], order["filled"]) == ("expired", 0)
    maker = exchange.create_order(SYMBOL, "limit", "buy", 0.001, far_below, {"postOnly": True})
    assert exchange.fetch_order(maker["id"], SYMBOL)["type"] == "limit"
    exchange.cancel_order(maker["id"], SYMBOL)


def test_edit_keeps_one_order(exchange, far_below):
    order = exchange.create_order(SYMBOL, "limit", "buy", 0.001, far_below)
    edited = exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 0.002, far_below)
    assert edited["id"] != order["id"]
    assert (edited["amount"], edited["status"]) == (0.002, "open")
    assert exchange.fetch_order(order["id"], SYMBOL)["status"] == "canceled"
    exchange.cancel_order(edited["id"], SYMBOL)


def test_own_names_of_orders(exchange, far_below):
    order = exchange.create_order(SYMBOL, "limit", "buy", 0.001, far_below, {"clientOrderId": "my-own-name"})
    assert order["clientOrderId"] == "my-own-name"
    assert exchange.fetch_order(None, SYMBOL, {"clientOrderId": "my-own-name"})["id"] == order["id"]
    with pytest.raises(ccxt.InvalidOrder):
        exchange.create_order(SYMBOL, "limit", "buy", 0.001, far_below, {"clientOrderId": "my-own-name"})
    assert exchange.cancel_order(None, SYMBOL, {"clientOrderId": "my-own-name"})["id"] == order["id"]


def test_cancel_all(exchange, far_below):
    placed = {exchange.create_order(SYMBOL, "limit", "buy", 0.001, far_below)["id"] for _ in range(3)}
    assert placed <= {order["id"] for order in exchange.cancel_all_orders(SYMBOL)}
    assert exchange.fetch_open_orders(SYMBOL) == []
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_all_orders(SYMBOL)


def test_a_test_order_changes_nothing(exchange, far_below):
    before = exchange.fetch_balance()["USDT"]
    exchange.create_order(SYMBOL, "limit", "buy", 0.001, far_below, {"test": True})
    assert exchange.fetch_balance()["USDT"] == before


def test_fees(exchange):
    fee = exchange.fetch_trading_fee(SYMBOL)
    assert 0 <= fee["maker"] <= fee["taker"] < 0.01
    assert set(exchange.fetch_trading_fees()) == set(exchange.symbols)


def test_deposits_are_listed(exchange):
    deposits = exchange.fetch_deposits("BTC")
    assert deposits
    assert {deposit["status"] for deposit in deposits} == {"ok"}
    assert exchange.fetch_withdrawals("BTC") == []


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (ccxt.InsufficientFunds, ("limit", "buy", 90, 60_000)),
        (ccxt.BadRequest, ("limit", "buy", 0.00001, 100)),  # below the least notional: -1013, as ccxt reads it
        (ccxt.InvalidOrder, ("limit", "buy", 0.001, 10**9)),
        (ccxt.OrderImmediatelyFillable, ("STOP_LOSS", "buy", 10, None, {"stopPrice": 1})),
    ],
)
def test_orders_that_are_refused(exchange, error, arguments):
    with pytest.raises(error):
        exchange.create_order(SYMBOL, *arguments)


def test_a_post_only_order_that_would_take(exchange):
    ask = exchange.fetch_ticker(SYMBOL)["ask"]
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        exchange.create_order(SYMBOL, "limit", "buy", 0.001, round(ask * 1.05, 2), {"postOnly": True})


def test_unknown_orders(exchange):
    with pytest.raises(ccxt.OrderNotFound):
        exchange.cancel_order("999999999", SYMBOL)
    with pytest.raises(ccxt.OrderNotFound):
        exchange.fetch_order("999999999", SYMBOL)


def test_an_unknown_symbol(exchange):
    with pytest.raises(ccxt.BadSymbol):
        exchange.public_get_depth({"symbol": "NOSUCH"})


def test_wrong_keys(venue):
    config = venue.ccxt_config(fetchCurrencies=False, fetchMargins=False)
    for wrong, error in (({"apiKey": "x" * 64}, ccxt.AuthenticationError), ({"secret": "y" * 64}, ccxt.AuthenticationError)):
        with pytest.raises(error):
            make_exchange(ccxt.binance, config | wrong).fetch_balance()


def test_a_request_that_is_too_old(venue):
    exchange = make_exchange(ccxt.binance, venue.ccxt_config(fetchCurrencies=False, fetchMargins=False, adjustForTimeDifference=False))
    exchange.nonce = lambda: exchange.milliseconds() - 20_000
    with pytest.raises(ccxt.InvalidNonce):
        exchange.private_get_account({"recvWindow": 5000})


async def test_async_orders(venue):
    exchange = make_exchange(ccxt.async_support.binance, venue.ccxt_config("carol"))
    try:
        await exchange.load_markets()
        price = (await exchange.fetch_ticker(SYMBOL))["bid"] * 0.8
        order = await exchange.create_order(SYMBOL, "limit", "buy", 0.001, price)
        assert (await exchange.fetch_order(order["id"], SYMBOL))["status"] == "open"
        assert (await exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 0.002, price))["amount"] == 0.002
        assert len(await exchange.cancel_all_orders(SYMBOL)) == 1
        bought = await exchange.create_order(SYMBOL, "market", "buy", 0.001)
        assert bought["status"] == "closed"
    finally:
        await exchange.close()
