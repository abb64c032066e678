"""MarketData against real candles, against brute force, and against itself in pieces."""

import gzip
import itertools
import json
import random

import numpy as np
import pytest

from engine.types import AMOUNT_MAX
from marketdata import INTERVALS, STREAM_OFFSET_MINUTES, Kline, MarketData
from marketdata.facts import candles_of
from marketdata.intervals import MINUTE_NS
from marketdata.reducer import AVERAGE_PRICE_MINUTES, TRADES_KEPT, WINDOW_MINUTES_MAX
from tests.data import data_path
from tests.marketdata import feed
from tests.marketdata.brute import Past, opened
from tests.marketdata.venue import Market

START_NS = 1_700_000_000 * 10**9


def reduced(frames) -> MarketData:
    marketdata = MarketData()
    for applied in frames:
        marketdata.apply(applied)
    return marketdata


def random_trades(seed: int, count: int, symbols=(1, 2)) -> np.ndarray:
    """Trades whose times stand still, creep, and jump over minutes, days and months."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([0, 1, 10**6, 10**9, 20 * 10**9, MINUTE_NS, 1000 * MINUTE_NS], count, p=[0.3, 0.1, 0.2, 0.2, 0.15, 0.045, 0.005])
    takers = np.cumsum(rng.integers(0, 2, count))  # some take several makers: at one time, on one symbol
    first = np.searchsorted(takers, takers)
    times_ns = (START_NS + np.cumsum(steps))[first]
    events = feed.trades(1, times_ns, rng.integers(90, 110, count), rng.integers(1, 9, count), orders=takers + 1)
    events["side"] = rng.integers(0, 2, count)[first]
    events["symbol"] = rng.choice(symbols, count)[first]
    events["price_ticks"] = np.where(rng.integers(0, 2, count), events["price_ticks"], events["price_ticks"][first])
    for symbol in symbols:
        mine = events["symbol"] == symbol
        events["trade_id"][mine] = np.arange(1, mine.sum() + 1)
    return events


# ---------------------------------------------------------------- real candles


def ft_trades() -> list:
    return json.load(gzip.open(data_path("freqtrade_trades_candles/XRP_ETH-trades.json.gz")))


@pytest.mark.parametrize(("interval", "count"), [("1m", 2469), ("5m", 706)])
def test_real_trades_give_the_published_candles(interval: str, count: int) -> None:
    """XRP/ETH of two days, trade by trade: open, high, low, close and volume of every candle, by both ways that make candles."""
    feather = pytest.importorskip("pyarrow.feather")
    table = feather.read_table(data_path(f"freqtrade_trades_candles/XRP_ETH-{interval}.feather"))
    published = {
        row["date"].timestamp() * 10**9: (*(round(row[name] * 10**8) for name in ("open", "high", "low", "close")), row["volume"])
        for row in table.to_pylist()
    }
    assert len(published) == count
    trades = ft_trades()
    events = feed.trades(
        1, [trade[0] * 10**6 for trade in trades], [round(trade[4] * 10**8) for trade in trades], [round(trade[5]) for trade in trades],
        sides=[trade[3] == "sell" for trade in trades],
    )  # fmt: skip
    assert all(trade[5] == round(trade[5]) for trade in trades), "XRP/ETH has whole lots"

    marketdata, found, told = MarketData(), {}, []
    marketdata.apply(feed.listed(1))
    for applied in feed.frames(events, itertools.cycle((1, 7, 100))):
        marketdata.apply(applied)
        told.append(marketdata.fresh_trades)
        # a frame may hold several candles: those that ended inside are not current any more, and folded from the trades
        for kline in map(Kline._make, candles_of(marketdata.fresh_trades, interval).tolist()):
            found.setdefault(kline.open_ns, kline)
        current = marketdata.kline(1, interval)
        found[current.open_ns] = current
    folded = {candle["open_ns"]: candle for candle in candles_of(np.concatenate(told), interval)}
    assert set(folded) == set(published) == set(found)
    for open_ns, expected in published.items():
        candle = Kline._make(folded[open_ns].tolist())
        assert (candle.open_ticks, candle.high_ticks, candle.low_ticks, candle.close_ticks, float(candle.volume_lots)) == expected


def test_exchange_candles_whose_trades_were_all_recorded() -> None:
    """Candles that another venue streamed, where every trade id from first to last was seen: all twelve fields."""
    checked = 0
    trades, klines = {}, {}
    for line in data_path("cryptofeed_recordings/BINANCE.ws.1.0").read_text().splitlines():
        _, _, body = line.partition(": ")
        message = json.loads(body).get("data", {}) if body.startswith("{") else {}
        if message.get("e") == "aggTrade":
            trades.setdefault(message["s"], {})[message["f"]] = message
        elif message.get("e") == "kline":
            klines[message["s"], message["k"]["t"], message["k"]["L"]] = message["k"]
    for (symbol, _, _), kline in klines.items():
        if parts := covering(trades.get(symbol, {}), kline["f"], kline["L"]):
            checked += check_candle(kline, parts)
    assert checked


def covering(trades: dict[int, dict], first: int, last: int) -> list[dict]:
    """The aggregates that make up the trade ids first … last without a gap, or none."""
    parts = []
    while first <= last:
        if first not in trades:
            return []
        parts.append(trades[first])
        first = trades[first]["l"] + 1
    return parts


def units(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(8, "0"))


def check_candle(kline: dict, parts: list[dict]) -> bool:
    events = feed.trades(
        1, [part["T"] * 10**6 for part in parts], [units(part["p"]) for part in parts], [units(part["q"]) for part in parts],
        sides=[part["m"] for part in parts],
    )  # fmt: skip
    marketdata = reduced([feed.listed(1, tick_lot_units=1), feed.frame(events, 2)])
    found = marketdata.kline(1, kline["i"])
    assert found.open_ns == kline["t"] * 10**6
    assert found.next_ns == (kline["T"] + 1) * 10**6
    prices = (found.open_ticks, found.high_ticks, found.low_ticks, found.close_ticks)
    assert prices == tuple(units(kline[key]) for key in "ohlc")
    assert (found.volume_lots, found.taker_buy_lots) == (units(kline["v"]), units(kline["V"]))
    return True


# ---------------------------------------------------------------- brute force


@pytest.mark.parametrize("seed", range(4))
def test_every_read_equals_brute_force(seed: int) -> None:
    events = random_trades(seed, 1500)
    rng = random.Random(seed)
    marketdata, past = MarketData(), Past(orders=False)
    for number, applied in enumerate(itertools.chain([feed.listed(1, 2, time_ns=START_NS)], feed.frames(events, itertools.repeat(3)))):
        marketdata.apply(applied)
        past.take(applied)
        if number % 40 == 0:
            now_ns = past.now_ns + rng.choice((0, 1, 10**9, MINUTE_NS, 90 * MINUTE_NS, 2000 * MINUTE_NS))
            for symbol in (1, 2):
                check_klines(marketdata, past, symbol, now_ns)
                check_ticker(marketdata, past, symbol, now_ns, rng.choice((1, 5, 60, 240, 1439, WINDOW_MINUTES_MAX)))
                check_average(marketdata, past, symbol, now_ns)
                check_lists(marketdata, past, symbol, rng.choice((1, 10, TRADES_KEPT, 5000)))


def check_klines(marketdata: MarketData, past: Past, symbol: int, now_ns: int) -> None:
    for interval in INTERVALS:
        for offset in (0, STREAM_OFFSET_MINUTES):
            found = marketdata.kline(symbol, interval, offset, now_ns)
            past_now, past.now_ns = past.now_ns, now_ns
            expected = past.klines(symbol, interval, start_ns=None, end_ns=None, limit=1, offset=offset)
            past.now_ns = past_now
            assert found == (expected[0] if expected else None), (interval, offset)


def check_ticker(marketdata: MarketData, past: Past, symbol: int, now_ns: int, minutes: int) -> None:
    ticker = marketdata.ticker(symbol, minutes, now_ns)
    assert ticker.close_ns == now_ns
    assert ticker.open_ns == opened("1m", now_ns - minutes * MINUTE_NS)
    trades = past.of_symbol(symbol)
    inside = [trade for trade in trades if trade["time_ns"] >= ticker.open_ns]
    before = [trade for trade in trades if trade["time_ns"] < ticker.open_ns]
    if not trades:
        assert ticker[3:] == (0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1)
        return
    last = trades[-1]["price_ticks"]
    assert (ticker.last_ticks, ticker.last_lots) == (last, trades[-1]["quantity_lots"])
    if not inside:
        assert (ticker.open_ticks, ticker.high_ticks, ticker.low_ticks, ticker.previous_close_ticks) == (last, last, last, last)
        assert (ticker.volume_lots, ticker.quote_quantity, ticker.trades) == (0, 0, 0)
        assert (ticker.first_trade_id, ticker.last_trade_id) == (-1, -1)
        return
    prices = [trade["price_ticks"] for trade in inside]
    assert (ticker.open_ticks, ticker.high_ticks, ticker.low_ticks) == (prices[0], max(prices), min(prices))
    assert ticker.previous_close_ticks == (before[-1]["price_ticks"] if before else prices[0])
    assert ticker.volume_lots == sum(trade["quantity_lots"] for trade in inside)
    assert ticker.quote_quantity == sum(trade["quote"] for trade in inside)
    assert (ticker.trades, ticker.first_trade_id, ticker.last_trade_id) == (len(inside), inside[0]["trade_id"], inside[-1]["trade_id"])


def check_average(marketdata: MarketData, past: Past, symbol: int, now_ns: int) -> None:
    found = marketdata.average_price(symbol, now_ns)
    trades = past.of_symbol(symbol)
    since_ns = opened("1m", now_ns - AVERAGE_PRICE_MINUTES * MINUTE_NS)
    counted = [trade for trade in trades if trade["time_ns"] >= since_ns] or trades[-1:]
    assert found.quote_quantity == sum(trade["quote"] for trade in counted)
    assert found.volume_lots == sum(trade["quantity_lots"] for trade in counted)
    assert found.last_time_ns == (trades[-1]["time_ns"] if trades else 0)


def check_lists(marketdata: MarketData, past: Past, symbol: int, limit: int) -> None:
    kept = min(limit, TRADES_KEPT)
    expected = [(t["trade_id"], t["agg_id"], t["quote"]) for t in past.of_symbol(symbol)[-kept:]]
    assert marketdata.trades(symbol, limit)[["trade_id", "agg_id", "quote_quantity"]].tolist() == expected
    assert marketdata.agg_trades(symbol, limit).tolist() == past.agg_trades(symbol)[-kept:]


# ---------------------------------------------------------------- in pieces


def test_any_cut_into_frames_gives_the_same_state() -> None:
    events = random_trades(5, 3000)
    states = set()
    for sizes in (itertools.repeat(1), itertools.repeat(3000), map(random.Random(1).randint, itertools.repeat(1), itertools.repeat(90))):
        marketdata = reduced(itertools.chain([feed.listed(1, 2)], feed.frames(events, sizes)))
        marketdata.position = 0  # of the last frame: the one thing that differs
        states.add(marketdata.snapshot())
    assert len(states) == 1


async def test_a_snapshot_in_the_middle_changes_nothing() -> None:
    market = Market(2)
    frames = await market.append(400)
    whole, parts = MarketData(), MarketData()
    for number, applied in enumerate(frames):
        whole.apply(applied)
        parts.apply(applied)
        if number % 50 == 0:
            taken = parts.snapshot()
            parts = MarketData()
            parts.restore(taken)
            assert parts.snapshot() == taken
        assert parts.fresh_trades.tobytes() == whole.fresh_trades.tobytes() or number % 50 == 0
    assert len(whole.trades(1)), "the market traded"
    assert whole.snapshot() == parts.snapshot()


def test_what_is_no_snapshot_is_refused() -> None:
    good = reduced([feed.listed(1), feed.frame(random_trades(1, 10, (1,)), 2)]).snapshot()
    for bad in (b"", b"something else", good[:-1], good + b"\0"):
        with pytest.raises(ValueError, match="snapshot"):
            MarketData().restore(bad)


def test_more_symbols_than_places_at_first() -> None:
    symbols = tuple(range(1, 20))
    events = random_trades(3, 500, symbols)
    marketdata = reduced(itertools.chain([feed.listed(*symbols)], feed.frames(events, itertools.repeat(3))))
    alone = reduced([feed.listed(*symbols), *feed.frames(events, itertools.repeat(1000))])
    for symbol in symbols:
        assert marketdata.ticker(symbol) == alone.ticker(symbol)
        assert marketdata.ticker(symbol).trades == (events["symbol"] == symbol).sum()


# ---------------------------------------------------------------- edges


def test_a_symbol_that_never_traded() -> None:
    marketdata = reduced([feed.listed(1)])
    assert marketdata.kline(1, "1m") is None
    assert marketdata.ticker(1).last_ticks == 0
    assert marketdata.average_price(99).volume_lots == 0
    assert not len(marketdata.trades(1))
    assert not len(marketdata.agg_trades(-5))
    with pytest.raises(KeyError):
        marketdata.listing(2)


def test_the_close_before_a_window_outlives_the_ring_of_minutes() -> None:
    """The next trade is so much later that it takes the very place of the only minute before the window."""
    times_ns = [START_NS, START_NS + (WINDOW_MINUTES_MAX + 1) * MINUTE_NS]
    marketdata = reduced([feed.listed(1), feed.frame(feed.trades(1, times_ns, [50, 70], [1, 1]), 2)])
    ticker = marketdata.ticker(1)
    assert (ticker.previous_close_ticks, ticker.open_ticks, ticker.trades) == (50, 70, 1)


def test_sums_stay_at_the_most_an_amount_can_be() -> None:
    huge = AMOUNT_MAX - 1
    events = feed.trades(1, [START_NS] * 3, [1, 1, 1], [huge] * 3)
    marketdata = reduced([feed.listed(1, tick_lot_units=1), feed.frame(events, 2)])
    for sums in (marketdata.kline(1, "1M"), marketdata.ticker(1)):
        assert (sums.volume_lots, sums.quote_quantity, sums.trades) == (AMOUNT_MAX, AMOUNT_MAX, 3)


def test_windows_and_offsets_that_are_not_kept_are_refused() -> None:
    marketdata = reduced([feed.listed(1), feed.frame(random_trades(1, 10, (1,)), 2)])
    assert marketdata.kline(1, "1h", 120) == marketdata.kline(1, "1h")
    for minutes in (0, WINDOW_MINUTES_MAX + 1):
        with pytest.raises(ValueError, match="window"):
            marketdata.ticker(1, minutes)
    with pytest.raises(ValueError, match="offset"):
        marketdata.kline(1, "1d", 60)
    with pytest.raises(KeyError):
        marketdata.kline(1, "2m")
