"""Market streams from real frames of a real core: what is said, when, and that a book kept by the rules is the core's."""

import random

import pytest

from engine.commands import cancel, place
from engine.types import Side, TimeInForce
from gateway.streams.names import INTERVALS
from marketdata import kline_open
from tests.gateway.stream_venue import START_NS, Inbox, StreamVenue

MS = START_NS // 10**6


@pytest.fixture
def venue() -> StreamVenue:
    return StreamVenue()


def trade(venue: StreamVenue, price_ticks: int = 5_000_000, lots: int = 1000) -> None:
    """Alice buys from Bob's resting order."""
    venue.exchange.place(venue.bob, venue.symbol, Side.SELL, price_ticks, lots)
    venue.exchange.place(venue.alice, venue.symbol, Side.BUY, price_ticks, lots)


def test_trades_and_aggregates(venue: StreamVenue):
    inbox = Inbox(venue.market, "btcusdt@trade", "btcusdt@aggTrade")
    for price in (5_000_000, 5_000_000, 5_000_100):
        venue.exchange.place(venue.bob, venue.symbol, Side.SELL, price, 1000)
    venue.exchange.place(venue.alice, venue.symbol, Side.BUY, 5_000_100, 3000)
    fills = inbox.take("btcusdt@trade")
    assert [(fill["t"], fill["p"], fill["q"], fill["m"]) for fill in fills] == [
        (1, "50000.00000000", "0.01000000", False),
        (2, "50000.00000000", "0.01000000", False),
        (3, "50001.00000000", "0.01000000", False),
    ]
    assert set(fills[0]) == {"e", "E", "s", "t", "p", "q", "T", "m", "M"}
    aggregates = inbox.take("btcusdt@aggTrade")
    assert [(one["a"], one["p"], one["q"], one["f"], one["l"]) for one in aggregates] == [
        (1, "50000.00000000", "0.02000000", 1, 2),
        (2, "50001.00000000", "0.01000000", 3, 3),
    ]
    assert set(aggregates[0]) == {"e", "E", "s", "a", "p", "q", "f", "l", "T", "m", "M"}


def test_best_prices_at_once_and_only_when_they_change(venue: StreamVenue):
    inbox = Inbox(venue.market, "btcusdt@bookTicker", "!bookTicker")
    venue.exchange.place(venue.bob, venue.symbol, Side.SELL, 5_000_000, 1000)
    (best,) = inbox.take("btcusdt@bookTicker")
    assert best == {"u": 1, "s": "BTCUSDT", "b": "0.00000000", "B": "0.00000000", "a": "50000.00000000", "A": "0.01000000"}
    assert inbox.take("!bookTicker") == [best]
    venue.exchange.place(venue.bob, venue.symbol, Side.SELL, 5_000_001, 1000)
    assert inbox.take() == []
    late = Inbox(venue.market, "btcusdt@bookTicker")
    venue.tick(100)
    assert late.take() == [best | {"u": 2}]


def test_diffs_are_gap_free_and_the_book_they_build_is_the_cores(venue: StreamVenue):
    """The documented procedure: buffer, snapshot, then every diff in turn; under random orders, in frames of several commands."""
    draw = random.Random(11)
    inbox = Inbox(venue.market, "btcusdt@depth@100ms", "btcusdt@depth")
    machine = venue.exchange.machine
    churn(venue, draw, 50)
    snapshot_id = machine.update_id(venue.symbol)
    book = {side: dict(map(tuple, machine.depth(venue.symbol, side, 5000).tolist())) for side in Side}
    slow = {side: {} for side in Side}
    last = {"btcusdt@depth@100ms": 0, "btcusdt@depth": 0}
    changes = 0
    for _ in range(40):
        churn(venue, draw, 40)
        venue.tick(100)
        for name, kept, known in (("btcusdt@depth@100ms", book, snapshot_id), ("btcusdt@depth", slow, 0)):
            for diff in inbox.take(name):
                assert set(diff) == {"e", "E", "s", "U", "u", "b", "a"}
                assert diff["U"] == last[name] + 1
                last[name] = diff["u"]
                changes += len(diff["b"]) + len(diff["a"])
                if diff["u"] > known:
                    apply(kept, diff)
    venue.tick(1000)
    for diff in inbox.take("btcusdt@depth"):
        apply(slow, diff)
    expected = {side: dict(map(tuple, machine.depth(venue.symbol, side, 5000).tolist())) for side in Side}
    assert book == expected
    assert slow == expected
    assert changes > 500


def apply(book: dict, diff: dict) -> None:
    for side, levels in ((Side.BUY, diff["b"]), (Side.SELL, diff["a"])):
        for price, quantity in levels:
            ticks, lots = round(float(price) * 100), round(float(quantity) * 1e5)
            book[side][ticks] = lots
            if quantity == "0.00000000":
                del book[side][ticks]


def churn(venue: StreamVenue, draw: random.Random, count: int) -> None:
    """Random orders around one price, many crossing, some cancelled; several to a frame."""
    from engine.commands import frame

    orders = [
        place(
            draw.choice((venue.alice, venue.bob)), venue.symbol, draw.choice((Side.BUY, Side.SELL)),
            price_ticks=5_000_000 + draw.randrange(-40, 40), quantity_lots=draw.randrange(1, 2000),
            time_in_force=draw.choice((TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC)),
        )
        for _ in range(count)
    ]  # fmt: skip
    resting = [order for account in (venue.alice, venue.bob) for order in venue.exchange.machine.open_orders(account)]
    if len(resting) > 100:
        orders += [cancel(order.account, venue.symbol, order.order_id) for order in draw.sample(resting, 60)]
    venue.exchange.execute(frame(*orders))


def test_the_top_of_the_book_at_its_pace(venue: StreamVenue):
    inbox = Inbox(venue.market, "btcusdt@depth5@100ms", "btcusdt@depth20")
    for step in range(8):
        venue.exchange.place(venue.bob, venue.symbol, Side.SELL, 5_000_000 + step, 1000)
    venue.tick(1000)
    (top,) = inbox.take("btcusdt@depth5@100ms")
    assert top == {
        "lastUpdateId": 8,
        "bids": [],
        "asks": [[f"50000.0{step}000000", "0.01000000"] for step in range(5)],
    }
    assert len(inbox.take("btcusdt@depth20")[0]["asks"]) == 8
    venue.tick(1000)
    assert inbox.take() == []


@pytest.mark.parametrize("name", ["1s", "1m", "1d@+08:00", "1M", "1w"])
def test_candles_show_each_change_and_close_once(venue: StreamVenue, name: str):
    interval = name.partition("@")[0]
    offset = 480 if "@" in name else 0
    inbox = Inbox(venue.market, f"btcusdt@kline_{name}")
    venue.tick(2000)
    assert inbox.take() == []  # never traded: there is no candle
    trade(venue, 5_000_000)
    trade(venue, 5_000_500)
    venue.market.tick(venue.time_ns // 10**6 + 2000)
    (message,) = inbox.take()
    candle = message["k"]
    assert (candle["o"], candle["h"], candle["l"], candle["c"]) == (
        "50000.00000000", "50005.00000000", "50000.00000000", "50005.00000000",
    )  # fmt: skip
    assert (candle["n"], candle["v"], candle["f"], candle["L"], candle["x"]) == (2, "0.02000000", 1, 2, False)
    assert candle["t"] == kline_open(interval, venue.time_ns, offset) // 10**6
    assert set(candle) == set("tTsifLochlvnxqVQB")
    days = {"1s": 0, "1m": 0, "1d": 1, "1w": 7, "1M": 32}[interval]
    venue.tick(max(60_000, days * 86_400_000))
    closed, flat = (message["k"] for message in inbox.take())
    assert (closed["t"], closed["n"], closed["x"]) == (candle["t"], 2, True)
    assert (flat["n"], flat["x"], flat["o"]) == (0, False, "50005.00000000")
    trade(venue, 4_000_000)
    venue.market.tick(venue.time_ns // 10**6 + 2000)
    (message,) = inbox.take()
    assert (message["k"]["o"], message["k"]["h"], message["k"]["n"]) == ("40000.00000000", "40000.00000000", 1)


def test_a_candle_closed_by_the_next_trade_is_told_whole(venue: StreamVenue):
    inbox = Inbox(venue.market, "btcusdt@kline_1m")
    trade(venue, 5_000_000)
    venue.market.tick(MS + 2000)
    trade(venue, 5_000_700)  # after the last message, before the close
    venue.time_ns += 60 * 10**9
    trade(venue, 5_000_100)
    venue.market.tick(venue.time_ns // 10**6)
    first, closed, present = (message["k"] for message in inbox.take())
    assert (first["x"], closed["x"], present["x"]) == (False, True, False)
    assert (closed["h"], closed["c"], closed["n"]) == ("50007.00000000", "50007.00000000", 2)
    assert (present["o"], present["n"]) == ("50001.00000000", 1)


def test_every_interval_has_its_stream(venue: StreamVenue):
    names = [f"btcusdt@kline_{interval}{zone}" for interval in INTERVALS for zone in ("", "@+08:00")]
    inbox = Inbox(venue.market, *names)
    trade(venue)
    venue.market.tick(MS + 2000)
    assert {message["stream"] for message in inbox.messages} == set(names)


def test_tickers_of_one_and_of_all_markets(venue: StreamVenue):
    venue.list_symbol("ETHUSDT")
    names = ("btcusdt@miniTicker", "btcusdt@ticker", "btcusdt@ticker_1h", "btcusdt@avgPrice", "!miniTicker@arr", "!ticker@arr",
             "!ticker_4h@arr")  # fmt: skip
    inbox = Inbox(venue.market, *names)
    trade(venue, 5_000_000)
    trade(venue, 5_500_000)
    venue.exchange.place(venue.bob, venue.symbol, Side.SELL, 6_000_000, 1000)
    venue.tick(1000)
    (mini,) = inbox.take("btcusdt@miniTicker")
    assert mini == {
        "e": "24hrMiniTicker", "E": MS + 1000, "s": "BTCUSDT", "c": "55000.00000000", "o": "50000.00000000",
        "h": "55000.00000000", "l": "50000.00000000", "v": "0.02000000", "q": "1050.00000000",
    }  # fmt: skip
    (ticker,) = inbox.take("btcusdt@ticker")
    assert (ticker["p"], ticker["P"], ticker["w"], ticker["a"]) == ("5000.00000000", "10.000", "52500.00000000", "60000.00000000")
    assert set(ticker) == set("eEspPwxcQbBaAohlvqOCFLn")
    (hour,) = inbox.take("btcusdt@ticker_1h")
    assert hour["e"] == "1hTicker"
    assert set(hour) == set("eEspPohlcwvqOCFLn")
    (average,) = inbox.take("btcusdt@avgPrice")
    assert (average["i"], average["w"]) == ("5m", "52500.00000000")
    assert [len(inbox.take(name)[0]) for name in names[4:]] == [2, 2, 2]  # a newcomer sees them all
    trade(venue, 5_000_000)
    venue.tick(1000)
    assert [[one["s"] for one in inbox.take(name)[0]] for name in names[4:]] == [["BTCUSDT"]] * 3
    assert len(inbox.take()) == 4
    venue.tick(1000)
    assert inbox.take() == []


def test_a_newcomer_is_shown_the_present_state(venue: StreamVenue):
    trade(venue)
    first = Inbox(venue.market, "btcusdt@miniTicker", "btcusdt@depth5", "btcusdt@kline_1M")
    venue.tick(2000)
    assert len(first.take()) == 3
    venue.tick(2000)
    assert first.take() == []
    second = Inbox(venue.market, "btcusdt@miniTicker", "btcusdt@depth5", "btcusdt@kline_1M")
    venue.tick(2000)
    assert len(second.take()) == 3


def test_a_symbol_listed_later_begins_to_speak(venue: StreamVenue):
    inbox = Inbox(venue.market, "ethusdt@trade", "ethusdt@bookTicker")
    venue.tick(1000)
    symbol = venue.list_symbol("ETHUSDT")
    venue.exchange.place(venue.bob, symbol, Side.BUY, 100, 1000)
    assert [message["stream"] for message in inbox.messages] == ["ethusdt@bookTicker"]


def test_nothing_is_kept_for_streams_without_listeners(venue: StreamVenue):
    names = ["btcusdt@trade", "btcusdt@depth", "btcusdt@kline_1m", "btcusdt@bookTicker", "!bookTicker", "!ticker@arr", "xrpusdt@trade"]
    inbox = Inbox(venue.market, *names)
    inbox.conversation.closed()
    feed = venue.market
    assert not any((feed._subjects, feed._unlisted, feed._trades, feed._books, feed._all_books, *feed._paced.values()))
    trade(venue)
    venue.tick(2000)
    assert inbox.take() == []
