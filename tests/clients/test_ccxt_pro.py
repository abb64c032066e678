"""ccxt.pro against the real venue: its own tests of what it watches, then every watched and every websocket method."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from tests.clients.ccxt_methods import SKIPPED_PROPERTIES, WATCHES, load_test, make_exchange
from tests.clients.venue import ClientVenue

SYMBOL = "BTC/USDT"
ETH = "ETH/USDT"
PATIENCE = 30.0  # seconds for what a live market says within two


@contextlib.asynccontextmanager
async def connected(venue: ClientVenue, name: str = "alice", **options: Any) -> AsyncIterator[ccxt.pro.binance]:
    exchange = make_exchange(ccxt.pro.binance, venue.ccxt_config(name, **options))
    try:
        await exchange.load_markets()
        yield exchange
    finally:
        await exchange.close()


@pytest.fixture
async def exchange(venue) -> AsyncIterator[ccxt.pro.binance]:
    async with connected(venue) as exchange:
        yield exchange


async def soon(watching) -> Any:
    return await asyncio.wait_for(watching, PATIENCE)


async def far_below(exchange: ccxt.pro.binance) -> float:
    """A price at which a buy order rests in peace."""
    return float(exchange.price_to_precision(SYMBOL, (await exchange.fetch_ticker(SYMBOL))["bid"] * 0.8))


# ---------------------------------------------------------------- ccxt's own tests


@pytest.fixture(scope="module")
def verdicts(venue) -> dict[str, BaseException | None]:
    """What ccxt's own tests say, by method. Each takes a quarter of a minute of its own choice, so all run at once."""
    return asyncio.run(run_all(venue))


async def run_all(venue: ClientVenue) -> dict[str, BaseException | None]:
    activity = asyncio.create_task(keep_trading(venue))
    try:
        results = await asyncio.gather(*(run_one(venue, *watch) for watch in WATCHES), return_exceptions=True)
    finally:
        activity.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await activity
    return {method: result for (method, _), result in zip(WATCHES, results, strict=True)}


async def run_one(venue: ClientVenue, method: str, arguments: list) -> None:
    async with connected(venue) as exchange:
        await asyncio.wait_for(load_test(method, "ws")(exchange, SKIPPED_PROPERTIES.get(method, {}), *arguments), 60)


async def keep_trading(venue: ClientVenue) -> None:
    """Alice places, cancels and trades, so that her account has something to tell."""
    exchange = make_exchange(ccxt.async_support.binance, venue.ccxt_config())
    try:
        await exchange.load_markets()
        while True:
            order = await exchange.create_order(SYMBOL, "limit", "buy", 0.001, await far_below(exchange))
            await exchange.cancel_order(order["id"], SYMBOL)
            await exchange.create_order(SYMBOL, "market", "buy", 0.001)
            await asyncio.sleep(0.5)
    finally:
        await exchange.close()


@pytest.mark.parametrize("method", [method for method, _ in WATCHES])
def test_ccxt_says_of_its_method(verdicts, method: str):
    verdict = verdicts[method]
    if verdict is not None:
        raise verdict


# ---------------------------------------------------------------- market data


async def test_the_order_book_is_that_of_rest(exchange):
    """Watched until its update id is one at which REST was asked too."""
    told: dict[int, tuple] = {}
    for _ in range(200):
        book = await soon(exchange.watch_order_book(SYMBOL))
        told[book["nonce"]] = (book["bids"][:20], book["asks"][:20])
        snapshot = await exchange.fetch_order_book(SYMBOL, 20)
        while book["nonce"] < snapshot["nonce"]:
            book = await soon(exchange.watch_order_book(SYMBOL))
            told[book["nonce"]] = (book["bids"][:20], book["asks"][:20])
        if snapshot["nonce"] in told:
            bids, asks = told[snapshot["nonce"]]
            assert [level[:2] for level in bids] == snapshot["bids"]
            assert [level[:2] for level in asks] == snapshot["asks"]
            return
    pytest.fail("REST was never asked at an update id that the stream ended a message with")


async def test_books_of_several_markets(exchange):
    seen = set()
    while len(seen) < 2:
        book = await soon(exchange.watch_order_book_for_symbols([SYMBOL, ETH]))
        assert book["bids"][0][0] < book["asks"][0][0]
        seen.add(book["symbol"])


async def test_trades_come_once_and_in_order(exchange):
    ids: list[int] = []
    while len(ids) < 5:
        ids += [int(trade["id"]) for trade in await soon(exchange.watch_trades(SYMBOL))]
    assert ids == sorted(set(ids))
    known = {trade["id"]: (trade["price"], trade["amount"], trade["side"]) for trade in exchange.trades[SYMBOL]}
    exchange.options["fetchTradesMethod"] = "publicGetTrades"
    recent = {trade["id"]: (trade["price"], trade["amount"], trade["side"]) for trade in await exchange.fetch_trades(SYMBOL, limit=1000)}
    assert known.items() <= recent.items()


async def test_aggregated_trades(venue):
    async with connected(venue, watchTrades={"name": "aggTrade"}) as exchange:
        trades = await soon(exchange.watch_trades(SYMBOL))
        assert trades[0]["amount"] > 0


async def test_candles(exchange):
    candles = await soon(exchange.watch_ohlcv(SYMBOL, "1m"))
    opened, _, high, low, close, volume = candles[-1]
    assert opened % 60_000 == 0
    assert low <= close <= high
    assert volume >= 0
    both = await soon(exchange.watch_ohlcv_for_symbols([[SYMBOL, "1m"], [ETH, "5m"]]))
    assert set(both) <= {SYMBOL, ETH}


async def test_tickers(exchange):
    ticker = await soon(exchange.watch_ticker(SYMBOL))
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    await exchange.un_watch_ticker(SYMBOL)
    every = await soon(exchange.watch_tickers())
    assert SYMBOL in every
    some = await soon(exchange.watch_tickers([SYMBOL, ETH]))
    assert set(some) <= {SYMBOL, ETH}
    full = await soon(exchange.watch_ticker(SYMBOL, {"name": "ticker"}))
    assert full["bid"] < full["ask"]


async def test_best_prices(exchange):
    best = await soon(exchange.watch_bids_asks([SYMBOL]))
    assert best[SYMBOL]["bid"] < best[SYMBOL]["ask"]


# ---------------------------------------------------------------- an account


async def test_orders_fills_and_balances_are_told(venue, exchange):
    """Each watch begins before what it waits for is done: ccxt keeps nothing for those who come later."""
    async with connected(venue) as watcher:
        price = await far_below(exchange)
        await watcher.authenticate()
        orders, balances = watching(watcher.watch_orders(SYMBOL)), watching(watcher.watch_balance())
        order = await exchange.create_order(SYMBOL, "limit", "buy", 0.001, price)
        (opened,), balance = await soon(orders), await soon(balances)
        assert (opened["id"], opened["status"], opened["clientOrderId"]) == (order["id"], "open", order["clientOrderId"])
        held = (await exchange.fetch_balance())["USDT"]
        assert (balance["USDT"]["free"], balance["USDT"]["used"]) == (held["free"], held["used"])
        orders = watching(watcher.watch_orders(SYMBOL))
        await exchange.cancel_order(order["id"], SYMBOL)
        (gone,) = await soon(orders)
        assert (gone["id"], gone["status"], gone["clientOrderId"]) == (order["id"], "canceled", order["clientOrderId"])
        fills = watching(watcher.watch_my_trades(SYMBOL))
        bought = await exchange.create_order(SYMBOL, "market", "buy", 0.001)
        fill = (await soon(fills))[-1]
        assert (fill["order"], fill["takerOrMaker"], fill["fee"]["currency"]) == (bought["id"], "taker", "BTC")


def watching(method) -> asyncio.Task:
    return asyncio.create_task(method)


async def test_orders_over_the_websocket(exchange):
    price = await far_below(exchange)
    order = await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.001, price)
    assert (order["status"], order["price"], order["filled"]) == ("open", price, 0)
    assert (await exchange.fetch_order_ws(order["id"], SYMBOL))["status"] == "open"
    assert order["id"] in [one["id"] for one in await exchange.fetch_open_orders_ws(SYMBOL)]
    lower = float(exchange.price_to_precision(SYMBOL, price * 0.99))
    edited = await exchange.edit_order_ws(order["id"], SYMBOL, "limit", "buy", 0.002, lower)
    assert (edited["price"], edited["amount"]) == (lower, 0.002)
    assert (await exchange.cancel_order_ws(edited["id"], SYMBOL))["status"] == "canceled"
    maker = await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.001, price, {"postOnly": True})
    await exchange.cancel_all_orders_ws(SYMBOL)
    assert maker["id"] not in [one["id"] for one in await exchange.fetch_open_orders_ws(SYMBOL)]
    bought = await exchange.create_order_ws(SYMBOL, "market", "buy", 0.001)
    assert (bought["status"], bought["filled"]) == ("closed", 0.001)
    assert bought["id"] in [one["id"] for one in await exchange.fetch_orders_ws(SYMBOL)]
    assert bought["id"] in [one["id"] for one in await exchange.fetch_closed_orders_ws(SYMBOL)]
    assert bought["id"] in [one["order"] for one in await exchange.fetch_my_trades_ws(SYMBOL)]


async def test_queries_over_the_websocket(exchange):
    balances = (await exchange.fetch_balance_ws())["info"]["balances"]  # ccxt reads no more of it on spot
    assert float(next(row["free"] for row in balances if row["asset"] == "USDT")) > 0
    assert len(await exchange.fetch_ohlcv_ws(SYMBOL, "1m", limit=5)) == 5
    assert len(await exchange.fetch_trades_ws(SYMBOL, limit=5)) == 5


async def test_refusals_over_the_websocket(exchange):
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.cancel_order_ws("999999999", SYMBOL)
    with pytest.raises(ccxt.InsufficientFunds):
        await exchange.create_order_ws(SYMBOL, "limit", "buy", 100, await far_below(exchange))
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        ask = (await exchange.fetch_ticker(SYMBOL))["ask"]
        price = float(exchange.price_to_precision(SYMBOL, ask * 1.1))
        await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.001, price, {"postOnly": True})
    exchange.secret = "not the secret"
    with pytest.raises(ccxt.AuthenticationError):
        await exchange.fetch_balance_ws()
