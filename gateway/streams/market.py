"""Applied frames and the clock -> market streams.

Owns what a stream needs to remember between two messages: changed levels, the candle being told, what was last said. Every piece
exists only while its stream has a listener. What happens at once (trades, best prices) is published with the frame that caused it;
what has a pace is published by `tick`, and only where something changed since, except that a new listener is soon shown the present
state. Trades, aggregates, tickers and candles come from the replica's MarketData, the book from its machine.

Times of candles and windows are the core's; the event time `E` of paced streams is the clock's.
"""

from collections.abc import Callable, Iterable

import numpy as np
import orjson

from engine.types import ADMIN_EVENT, EventKind, Kind, Side
from engine.views import Applied
from gateway.dialect import events as dialect
from gateway.dialect.errors import DialectError
from gateway.dialect.venue import Listing, Venue
from gateway.streams.hub import Hub
from gateway.streams.names import StreamName, Topic
from marketdata import KLINE, DepthDiff, Kline, MarketData, kline_next, kline_open, level_changes
from marketdata.intervals import period
from marketdata.kernels import fold_trades

PACES_MS = (100, 1000, 2000)
CANDLES_PER_FRAME = 64  # closed by the trades of one frame; older ones of a longer silence are flat and are not told
_WINDOW_MINUTES = {"1h": 60, "4h": 240, "1d": 1440}
_DAY = "1d"


class _Candle:
    """The candle of one kline stream, followed trade by trade so that its last state is told when it closes."""

    def __init__(self, marketdata: MarketData, symbol: int, stream: StreamName) -> None:
        self._offset_minutes = 60 * stream.east_hours
        self._interval = stream.interval
        self._period = period(stream.interval, self._offset_minutes)
        self._rows = np.zeros(CANDLES_PER_FRAME + 1, KLINE)
        self._count = 0
        self._closed: list[Kline] = []  # not told yet
        self._closed_ns = -1  # the open time of the last one
        self._shown: Kline | None = None
        present = marketdata.kline(symbol, stream.interval, self._offset_minutes)
        if present is not None:
            self._rows[0] = present
            self._count = 1

    def feed(self, trades: np.ndarray) -> None:
        """The symbol's trades of one frame."""
        for start in range(0, len(trades), CANDLES_PER_FRAME):
            count = fold_trades(trades[start : start + CANDLES_PER_FRAME], self._rows, self._count, self._period)
            for row in self._rows[: count - 1].tolist():
                self._close(Kline._make(row))
            self._rows[0] = self._rows[count - 1]
            self._count = 1

    def take(self, core_ns: int) -> tuple[list[Kline], Kline | None]:
        """(candles that closed since the last take, the present one: flat where nothing traded in it)."""
        if not self._count:
            return [], None
        present = Kline._make(self._rows[0].item())
        if core_ns >= present.next_ns:
            self._close(present)
            open_ns = kline_open(self._interval, core_ns, self._offset_minutes)
            next_ns = kline_next(self._interval, open_ns, self._offset_minutes)
            present = Kline(open_ns, next_ns, *(4 * [present.close_ticks]), 0, 0, 0, 0, 0, -1, -1)
        if self._shown is not None and self._shown.open_ns < present.open_ns:
            self._close(self._shown)
        self._shown = present
        closed, self._closed = self._closed, []
        return closed, present

    def _close(self, candle: Kline) -> None:
        """Tell it as closed, once; a flat one that was shown is closed by the clock or by the first later trade."""
        if candle.open_ns > self._closed_ns:
            self._closed_ns = candle.open_ns
            self._closed.append(candle)


class _Subject:
    """One stream that has listeners and a listed symbol (or concerns all of them)."""

    __slots__ = ("candle", "diff", "listing", "said", "stream", "wants_present")

    def __init__(self, stream: StreamName, listing: Listing | None) -> None:
        self.stream = stream
        self.listing = listing
        self.said: object = None  # what was last published, to tell whether it changed
        self.wants_present = True
        self.diff: DepthDiff | None = None
        self.candle: _Candle | None = None


class MarketFeed:
    """Computes the streams that `hub` has listeners for (a Publisher)."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._marketdata: MarketData = venue.marketdata
        self.hub = Hub(self)
        self._subjects: dict[str, _Subject] = {}
        self._unlisted: dict[str, StreamName] = {}  # streams of symbols that may be listed one day
        self._trades: dict[int, list[_Subject]] = {}  # by symbol: what wants its trades
        self._books: dict[int, list[_Subject]] = {}  # by symbol: what wants changes of its book
        self._all_books: list[_Subject] = []
        self._paced: dict[int, list[_Subject]] = {pace: [] for pace in PACES_MS}
        self._last_tick = dict.fromkeys(PACES_MS, 0)
        self._say: dict[Topic, Callable[[_Subject, int], Iterable[object]]] = {
            Topic.BOOK_TICKER: self._say_book_ticker,
            Topic.DEPTH_DIFF: self._say_depth_diff,
            Topic.DEPTH_TOP: self._say_depth_top,
            Topic.KLINE: self._say_kline,
            Topic.MINI_TICKER: self._say_ticker,
            Topic.TICKER: self._say_ticker,
            Topic.WINDOW_TICKER: self._say_ticker,
            Topic.AVERAGE_PRICE: self._say_average_price,
            Topic.ALL_MINI_TICKERS: self._say_all_tickers,
            Topic.ALL_TICKERS: self._say_all_tickers,
            Topic.ALL_WINDOW_TICKERS: self._say_all_tickers,
            Topic.ALL_BOOK_TICKERS: self._say_all_book_tickers,
        }

    # ------------------------------------------------------------ Publisher

    def begin(self, stream: StreamName) -> None:
        listing = None
        if stream.symbol:
            try:
                listing = self._venue.listing(stream.symbol)
            except DialectError:
                self._unlisted[stream.text] = stream
                return
        subject = self._subjects[stream.text] = _Subject(stream, listing)
        if stream.topic is Topic.DEPTH_DIFF:
            subject.diff = DepthDiff(listing.symbol, self._venue.machine.update_id(listing.symbol))
        elif stream.topic is Topic.KLINE:
            subject.candle = _Candle(self._marketdata, listing.symbol, stream)
        for group in self._groups(subject):
            group.append(subject)

    def joined(self, stream: StreamName) -> None:
        subject = self._subjects.get(stream.text)
        if subject is not None:
            subject.wants_present = True

    def end(self, stream: StreamName) -> None:
        self._unlisted.pop(stream.text, None)
        subject = self._subjects.pop(stream.text, None)
        if subject is None:
            return
        for group in self._groups(subject):
            group.remove(subject)
        for by_symbol in (self._trades, self._books):
            if subject.listing is not None and not by_symbol.get(subject.listing.symbol, True):
                del by_symbol[subject.listing.symbol]

    def _groups(self, subject: _Subject) -> list[list[_Subject]]:
        """The lists that a stream of this kind belongs to."""
        stream, groups = subject.stream, []
        if stream.every_ms:
            groups.append(self._paced[stream.every_ms])
        if stream.topic in (Topic.BOOK_TICKER, Topic.ALL_BOOK_TICKERS):
            groups.append(self._paced[PACES_MS[0]])  # at once, and for newcomers
        if stream.topic in (Topic.TRADE, Topic.AGG_TRADE, Topic.KLINE):
            groups.append(self._trades.setdefault(subject.listing.symbol, []))
        if stream.topic in (Topic.BOOK_TICKER, Topic.DEPTH_DIFF):
            groups.append(self._books.setdefault(subject.listing.symbol, []))
        if stream.topic is Topic.ALL_BOOK_TICKERS:
            groups.append(self._all_books)
        return groups

    # ------------------------------------------------------------ frames

    def applied(self, applied: Applied) -> None:
        """Publish what happened at once; take note of the rest."""
        if not len(applied.events):
            return
        if self._unlisted:
            self._look_for_listings(applied)
        if self._trades and len(self._marketdata.fresh_trades):
            self._take_trades()
        if self._books or self._all_books:
            self._take_book(level_changes(applied.events))

    def _look_for_listings(self, applied: Applied) -> None:
        events = applied.events[applied.events["kind"] == EventKind.ADMIN].view(ADMIN_EVENT)
        if (events["command"] == Kind.ADD_SYMBOL).any():
            waiting, self._unlisted = self._unlisted, {}
            for stream in waiting.values():
                self.begin(stream)

    def _take_trades(self) -> None:
        trades, aggregates = self._marketdata.fresh_trades, self._marketdata.fresh_aggregates
        for symbol, subjects in self._trades.items():
            own = trades[trades["symbol"] == symbol]
            if not len(own):
                continue
            for subject in subjects:
                if subject.candle is not None:
                    subject.candle.feed(own)
                elif subject.stream.topic is Topic.TRADE:
                    fills = map(dialect.Trade._make, own.tolist())
                    self._publish_each(subject, (dialect.trade(subject.listing, fill) for fill in fills))
                else:
                    sums = map(dialect.Aggregate._make, aggregates[aggregates["symbol"] == symbol].tolist())
                    self._publish_each(subject, (dialect.aggregate_trade(subject.listing, one) for one in sums))

    def _take_book(self, levels: np.ndarray) -> None:
        if not len(levels):
            return
        touched = set(levels["symbol"].tolist())
        for symbol in touched & self._books.keys():
            for subject in self._books[symbol]:
                if subject.diff is not None:
                    subject.diff.feed_levels(levels)
                else:
                    self._publish_each(subject, self._say_book_ticker(subject, 0))
                    subject.wants_present = False
        for subject in self._all_books:
            self._publish_each(subject, self._changed_book_tickers(subject, touched))

    def _publish_each(self, subject: _Subject, messages: Iterable[object]) -> None:
        for message in messages:
            self.hub.publish(subject.stream, orjson.dumps(message))

    # ------------------------------------------------------------ the clock

    def tick(self, now_ms: int) -> None:
        """Publish every paced stream that is due and has something new."""
        for pace, subjects in self._paced.items():
            if now_ms // pace == self._last_tick[pace]:
                continue
            self._last_tick[pace] = now_ms // pace
            for subject in subjects:
                self._publish_each(subject, self._say[subject.stream.topic](subject, now_ms))
                subject.wants_present = False

    def _is_news(self, subject: _Subject, state: object) -> bool:
        if state == subject.said and not subject.wants_present:
            return False
        subject.said = state
        return True

    def _say_depth_diff(self, subject: _Subject, now_ms: int) -> Iterable[object]:
        changes = subject.diff.take()
        return () if changes is None else (dialect.depth_update(subject.listing, now_ms, changes),)

    def _say_depth_top(self, subject: _Subject, now_ms: int) -> Iterable[object]:
        machine, symbol, levels = self._venue.machine, subject.listing.symbol, subject.stream.levels
        update_id = machine.update_id(symbol)
        if not self._is_news(subject, update_id):
            return ()
        bids, asks = (machine.depth(symbol, side, levels).tolist() for side in Side)
        return (dialect.depth_top(subject.listing, update_id, bids, asks),)

    def _say_book_ticker(self, subject: _Subject, now_ms: int) -> Iterable[object]:
        machine, symbol = self._venue.machine, subject.listing.symbol
        best = machine.best(symbol)
        if not self._is_news(subject, best):
            return ()
        return (dialect.book_ticker(subject.listing, machine.update_id(symbol), best),)

    def _say_all_book_tickers(self, subject: _Subject, now_ms: int) -> Iterable[object]:
        if not subject.wants_present:
            return ()
        subject.said = {}
        return self._changed_book_tickers(subject, {listing.symbol for listing in self._venue.listings()})

    def _changed_book_tickers(self, subject: _Subject, symbols: set[int]) -> Iterable[object]:
        machine, messages = self._venue.machine, []
        said = subject.said = subject.said or {}
        for symbol in symbols:
            best = machine.best(symbol)
            if said.get(symbol) != best:
                said[symbol] = best
                messages.append(dialect.book_ticker(self._venue.listing_of(symbol), machine.update_id(symbol), best))
        return messages

    def _say_kline(self, subject: _Subject, now_ms: int) -> Iterable[object]:
        closed, present = subject.candle.take(self._marketdata.time_ns)
        messages = [(candle, True) for candle in closed]
        if present is not None and self._is_news(subject, present):
            messages.append((present, False))
        return [
            dialect.kline(subject.listing, subject.stream.interval, candle, now_ms, closed=is_closed)
            for candle, is_closed in messages
        ]

    def _say_ticker(self, subject: _Subject, now_ms: int) -> Iterable[object]:
        state, message = self._ticker(subject.stream, subject.listing, now_ms)
        return (message(),) if self._is_news(subject, state) else ()

    def _say_all_tickers(self, subject: _Subject, now_ms: int) -> Iterable[object]:
        said = subject.said = {} if subject.wants_present or subject.said is None else subject.said
        changed = []
        for listing in self._venue.listings():
            state, message = self._ticker(subject.stream, listing, now_ms)
            if said.get(listing.symbol) != state:
                said[listing.symbol] = state
                changed.append(message())
        return (changed,) if changed else ()

    def _ticker(self, stream: StreamName, listing: Listing, now_ms: int) -> tuple[object, Callable[[], dict]]:
        """(what the message depends on, the message)."""
        ticker = self._marketdata.ticker(listing.symbol, _WINDOW_MINUTES[stream.interval or _DAY])
        if stream.topic in (Topic.MINI_TICKER, Topic.ALL_MINI_TICKERS):
            return ticker[3:], lambda: dialect.mini_ticker(listing, ticker, now_ms)
        if stream.topic in (Topic.TICKER, Topic.ALL_TICKERS):
            best = self._venue.machine.best(listing.symbol)
            return (ticker[3:], best), lambda: dialect.day_ticker(listing, ticker, best, now_ms)
        return ticker[3:], lambda: dialect.window_ticker(listing, stream.interval, ticker, now_ms)

    def _say_average_price(self, subject: _Subject, now_ms: int) -> Iterable[object]:
        average = self._marketdata.average_price(subject.listing.symbol)
        return (dialect.average_price(subject.listing, average, now_ms),) if self._is_news(subject, average) else ()
