"""python-binance's sockets and depth caches against the real venue: the book they keep is the one REST shows."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest
from binance import AsyncClient, BinanceSocketManager, DepthCacheManager, ThreadedDepthCacheManager
from binance.ws.depthcache import DepthCache

from tests.clients.venue import ClientVenue

SYMBOL = "BTCUSDT"
CHANGES = 3000  # of levels, before the books are compared
PATIENCE = 60.0
LEVELS = 20


@contextlib.asynccontextmanager
async def opened(venue: ClientVenue, name: str = "bob") -> AsyncIterator[AsyncClient]:
    client = await venue.python_binance_async(name)
    try:
        yield client
    finally:
        await client.close_connection()


def manager(venue: ClientVenue, client: AsyncClient) -> BinanceSocketManager:
    manager = BinanceSocketManager(client)
    manager.STREAM_URL = f"{venue.ws}/"
    return manager


@contextlib.asynccontextmanager
async def churn(client: AsyncClient) -> AsyncIterator[None]:
    """Orders that come and go at many prices, beside what the demo's traders do."""

    async def place_and_cancel() -> None:
        price = Decimal((await client.get_orderbook_ticker(symbol=SYMBOL))["bidPrice"])
        while True:
            orders = [
                client.order_limit_buy(symbol=SYMBOL, quantity="0.001", price=f"{price * (9990 - step) / 10_000:.2f}")
                for step in range(60)
            ]
            placed = await asyncio.gather(*orders)
            await asyncio.gather(*(client.cancel_order(symbol=SYMBOL, orderId=order["orderId"]) for order in placed))

    task = asyncio.create_task(place_and_cancel())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        with contextlib.suppress(Exception):  # where nothing was left open
            await client.cancel_all_open_orders(symbol=SYMBOL)


def levels_of(side: list) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(price), Decimal(quantity)) for price, quantity in side[:LEVELS]]


# ---------------------------------------------------------------- depth caches


async def test_the_cached_book_is_that_of_rest_after_thousands_of_changes(venue):
    async with opened(venue) as client, churn(client):
        changes = 0
        async with DepthCacheManager(client, SYMBOL, bm=manager(venue, client), limit=5000, ws_interval=100, conv_type=Decimal) as caches:
            count_changes(caches, lambda message: len(message["b"]) + len(message["a"]))
            async with asyncio.timeout(PATIENCE):
                while changes < CHANGES:
                    await caches.recv()
                    changes = caches.changes
                await compare(client, caches)


def count_changes(caches: DepthCacheManager, count: Callable[[dict], int]) -> None:
    """Count on the way what a manager reads."""
    caches.changes = 0
    process = caches._process_depth_message

    async def counted(message: dict):
        caches.changes += count(message)
        return await process(message)

    caches._process_depth_message = counted


async def compare(client: AsyncClient, caches: DepthCacheManager) -> None:
    """Ask REST until its book has the update id at which the cache stands, then both must be one."""
    kept: dict[int, tuple] = {}
    while True:
        cache = await caches.recv()
        kept[caches._last_update_id] = (levels_of(cache.get_bids()), levels_of(cache.get_asks()))
        snapshot = await client.get_order_book(symbol=SYMBOL, limit=LEVELS)
        while caches._last_update_id < snapshot["lastUpdateId"]:
            cache = await caches.recv()
            kept[caches._last_update_id] = (levels_of(cache.get_bids()), levels_of(cache.get_asks()))
        if snapshot["lastUpdateId"] in kept:
            assert kept[snapshot["lastUpdateId"]] == (levels_of(snapshot["bids"]), levels_of(snapshot["asks"]))
            return


@pytest.mark.usefixtures("addressed")
def test_the_threaded_cache_keeps_a_sound_book():
    """In a thread of its own, with a loop of its own, as its users run it."""
    fresh = threading.Event()
    books: list[DepthCache] = []

    def heard(cache: DepthCache) -> None:
        books.append((cache.get_bids()[:LEVELS], cache.get_asks()[:LEVELS]))
        if len(books) >= 20:
            fresh.set()

    caches = ThreadedDepthCacheManager()
    caches.daemon = True
    caches.start()
    try:
        caches.start_depth_cache(callback=heard, symbol=SYMBOL, limit=1000, ws_interval=100)
        assert fresh.wait(PATIENCE)
    finally:
        caches.stop()
        caches.join(PATIENCE)
    for bids, asks in books:
        prices = [price for price, _ in bids]
        assert prices == sorted(prices, reverse=True)
        assert bids[0][0] < asks[0][0]
        assert all(quantity > 0 for _, quantity in (*bids, *asks))


@pytest.fixture
def addressed(venue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The threaded manager makes its client and its sockets itself, so they find the venue's addresses on their classes."""
    monkeypatch.setattr(AsyncClient, "API_URL", f"{venue.rest}/api")
    monkeypatch.setattr(BinanceSocketManager, "STREAM_URL", f"{venue.ws}/")


# ---------------------------------------------------------------- sockets


@pytest.mark.parametrize(
    ("open_socket", "event"),
    [
        (lambda manager: manager.trade_socket(SYMBOL), "trade"),
        (lambda manager: manager.aggtrade_socket(SYMBOL), "aggTrade"),
        (lambda manager: manager.kline_socket(SYMBOL), "kline"),
        (lambda manager: manager.symbol_miniticker_socket(SYMBOL), "24hrMiniTicker"),
        (lambda manager: manager.symbol_ticker_socket(SYMBOL), "24hrTicker"),
        (lambda manager: manager.depth_socket(SYMBOL, interval=100), "depthUpdate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_socket_speaks(venue, open_socket, event: str):
    async with opened(venue) as client, open_socket(manager(venue, client)) as socket:
        message = await asyncio.wait_for(socket.recv(), PATIENCE)
        assert (message["e"], message["s"]) == (event, SYMBOL)


async def test_partial_books_best_prices_and_combined_streams(venue):
    async with opened(venue) as client:
        sockets = manager(venue, client)
        async with sockets.depth_socket(SYMBOL, depth="5") as socket:
            assert len((await asyncio.wait_for(socket.recv(), PATIENCE))["bids"]) == 5
        async with sockets.symbol_book_ticker_socket(SYMBOL) as socket:
            best = await asyncio.wait_for(socket.recv(), PATIENCE)
            assert float(best["b"]) < float(best["a"])
        async with sockets.multiplex_socket(["btcusdt@miniTicker", "ethusdt@depth5"]) as socket:
            heard = set()
            while len(heard) < 2:
                heard.add((await asyncio.wait_for(socket.recv(), PATIENCE))["stream"])


async def test_user_data_and_orders_over_the_websocket_api(venue):
    async with opened(venue) as client:
        client.ws_api._url = f"{venue.ws}/ws-api/v3"
        client.ws_api.TIMEOUT = 1  # it closes only after it has waited so long for a message
        async with manager(venue, client).user_socket() as socket:
            price = Decimal((await client.get_orderbook_ticker(symbol=SYMBOL))["bidPrice"]) * 8 / 10
            order = await client.ws_create_order(
                symbol=SYMBOL, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.001", price=f"{price:.2f}"
            )
            report = await asyncio.wait_for(socket.recv(), PATIENCE)
            assert (report["e"], report["i"], report["x"]) == ("executionReport", order["orderId"], "NEW")
            assert (await asyncio.wait_for(socket.recv(), PATIENCE))["e"] == "outboundAccountPosition"
            assert (await client.ws_cancel_order(symbol=SYMBOL, orderId=order["orderId"]))["status"] == "CANCELED"
            report = await asyncio.wait_for(socket.recv(), PATIENCE)
            assert (report["x"], report["C"]) == ("CANCELED", order["clientOrderId"])
