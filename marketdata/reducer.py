"""MarketData: what the public may know of trading, kept up to date from the events of applied frames.

Owns, per symbol that has ever traded: the latest trades and aggregates, the current candle of every interval, and one candle a minute for
the last day, out of which rolling windows are summed when asked. Its state is a function of the frames alone: time comes from events,
ids from the core, so every replica keeps the same. Memory is bounded per traded symbol (about 450 kB).

It never changes the core, reads no clock, and knows nothing of clients.
"""

import io

import numpy as np

from engine.types import ADMIN_COMMAND, ADMIN_EVENT, ORDER_EVENT, EventKind, Kind
from engine.views import Applied
from marketdata.intervals import INTERVALS, MINUTE_NS, kline_next, kline_open, opens_alike, period
from marketdata.kernels import (
    aggregate,
    close_before,
    keep_aggregates,
    keep_klines,
    keep_minutes,
    keep_trades,
    scan,
    sum_minutes,
    take_trades,
)
from marketdata.records import AGG_TRADE, KLINE, LISTING, PERIOD, SYMBOL_STATE, TRADE, AveragePrice, Kline, Ticker
from marketdata.warm import warm

TRADES_KEPT = 1024  # per symbol: trades, and aggregates
WINDOW_MINUTES_MAX = 24 * 60
AVERAGE_PRICE_MINUTES = 5
_MINUTES_KEPT = WINDOW_MINUTES_MAX + 1  # a window begins on a whole minute, so it may be up to one minute wider
_FORMAT = b"marketdata 2\n"

STREAM_OFFSET_MINUTES = 8 * 60  # the one other offset at which the dialect streams candles
_SERIES = [(name, 0) for name in INTERVALS]
_SERIES += [(name, STREAM_OFFSET_MINUTES) for name in INTERVALS if not opens_alike(name, STREAM_OFFSET_MINUTES)]
_SERIES_INDEX = {key: index for index, key in enumerate(_SERIES)}
_PERIODS = np.array([period(name, offset) for name, offset in _SERIES], PERIOD)

_NO_TRADES = np.empty(0, TRADE)
_NO_AGGREGATES = np.empty(0, AGG_TRADE)


class MarketData:
    """A Reducer (engine.replica) named "marketdata"."""

    def __init__(self) -> None:
        warm()
        self.position = 0
        self.time_ns = 0  # core time of the last frame
        self.fresh_trades = _NO_TRADES  # TRADE array of the last applied frame
        self.fresh_aggregates = _NO_AGGREGATES  # its AGG_TRADE array; aggregates never span frames
        self._listings = np.zeros(0, LISTING)
        self._slot_of = np.full(1, -1, np.int64)  # by symbol
        self._used = 0  # slots
        self._discounts = np.zeros((1, 2), np.int64)  # (seq from which on, asset that pays fees at a discount), those that may still matter
        self._allocate(1)

    def _allocate(self, slots: int) -> None:
        self._states = np.zeros(slots, SYMBOL_STATE)
        self._trades = np.zeros((slots, TRADES_KEPT), TRADE)
        self._aggregates = np.zeros((slots, TRADES_KEPT), AGG_TRADE)
        self._klines = np.zeros((slots, len(_SERIES)), KLINE)
        self._minutes = np.zeros((slots, _MINUTES_KEPT), KLINE)

    # ---------------------------------------------------------------- frames

    def apply(self, applied: Applied) -> None:
        """Take over what one frame did. Frames come in the order of their positions; a skipped one only moves the position."""
        self.position = applied.position
        self.time_ns = max(self.time_ns, applied.time_ns)
        self.fresh_trades, self.fresh_aggregates = _NO_TRADES, _NO_AGGREGATES
        events = applied.events.view(ORDER_EVENT)
        if not events.shape[0]:
            return
        trade_count, symbol, administration = scan(events)
        if administration:
            self._list_symbols(applied)
            self._note_discounts(events)
        if trade_count:
            self._make_room(events, symbol)
            self._take(events, trade_count)

    def _list_symbols(self, applied: Applied) -> None:
        """Learn what a lot and a tick of a new symbol are."""
        events = applied.events.view(ADMIN_EVENT)
        added = events[(events["kind"] == EventKind.ADMIN) & (events["command"] == Kind.ADD_SYMBOL)]
        commands = applied.commands.view(ADMIN_COMMAND)
        for event in added:
            command = commands[event["index"]]
            listing = (event["symbol"], command["base"], command["quote"], command["value"], command["value2"])
            self._listings = np.append(self._listings, np.array([listing], LISTING))

    def _make_room(self, events: np.ndarray, highest_symbol: int) -> None:
        """Give every symbol that trades for the first time a slot."""
        if highest_symbol >= len(self._slot_of):
            self._slot_of = np.append(self._slot_of, np.full(highest_symbol + 1 - len(self._slot_of), -1))
        elif self._used and (self._slot_of[events["symbol"][events["kind"] == EventKind.TRADE]] >= 0).all():
            return
        for symbol in dict.fromkeys(events["symbol"][events["kind"] == EventKind.TRADE].tolist()):
            if self._slot_of[symbol] < 0:
                self._add_slot(symbol)

    def _add_slot(self, symbol: int) -> None:
        if self._used == len(self._states):
            kept = self._arrays()
            self._allocate(2 * self._used)
            for array, rows in zip(self._arrays(), kept, strict=True):
                array[: self._used] = rows
        slot = self._used
        self._states[slot]["symbol"] = symbol
        self._states[slot]["tick_lot_units"] = self.listing(symbol)["tick_lot_units"]
        self._states[slot]["displaced_ns"] = -1
        self._slot_of[symbol] = slot
        self._used += 1

    def _arrays(self) -> tuple[np.ndarray, ...]:
        """What is kept by slot."""
        return self._states, self._trades, self._aggregates, self._klines, self._minutes

    def _take(self, events: np.ndarray, trade_count: int) -> None:
        trades = np.empty(trade_count, TRADE)
        if take_trades(events, self._slot_of, self._states, trades):
            self._name_fee_assets(trades)
        self._states["taker_order"] = 0  # an auction's taker may go on in the next frame: that is a new aggregate
        aggregates = np.empty(trade_count, AGG_TRADE)
        aggregates = aggregates[: aggregate(trades, aggregates)]
        keep_trades(trades, self._slot_of, self._states, self._trades)
        keep_aggregates(aggregates, self._slot_of, self._aggregates)
        keep_klines(trades, self._slot_of, self._klines, _PERIODS)
        keep_minutes(trades, self._slot_of, self._states, self._minutes)
        self.fresh_trades, self.fresh_aggregates = trades, aggregates

    def _note_discounts(self, events: np.ndarray) -> None:
        """Learn from when on which asset pays fees at a discount."""
        admin = events.view(ADMIN_EVENT)
        found = admin[(admin["kind"] == EventKind.ADMIN) & (admin["command"] == Kind.SET_DISCOUNT)]
        if len(found):
            named = np.stack([found["seq"], found["asset"].astype(np.int64)], axis=1)
            self._discounts = np.concatenate([self._discounts[-1:], named])

    def _name_fee_assets(self, trades: np.ndarray) -> None:
        """Put the discount asset, as it was at the time, where there is a mark."""
        named = self._discounts[np.searchsorted(self._discounts[:, 0], trades["seq"]) - 1, 1].astype(np.int32)
        for field in ("taker_fee_asset", "maker_fee_asset"):
            trades[field] *= named

    # ---------------------------------------------------------------- reads

    def listing(self, symbol: int) -> np.void:
        """The LISTING record of a symbol: base, quote, lot_units, tick_lot_units. Raises KeyError for one never listed."""
        found = self._listings[self._listings["symbol"] == symbol]
        if not len(found):
            raise KeyError(symbol)
        return found[0]

    def _slot(self, symbol: int) -> int:
        """Where the symbol's rows are, -1 while it has never traded."""
        return int(self._slot_of[symbol]) if 0 <= symbol < len(self._slot_of) else -1

    def trades(self, symbol: int, limit: int = 500) -> np.ndarray:
        """The latest trades, at most `limit` and TRADES_KEPT: a TRADE array of the caller's own, newest last."""
        slot = self._slot(symbol)
        return _latest(self._trades[slot], int(self._states[slot]["trades_seen"]), limit) if slot >= 0 else _NO_TRADES

    def agg_trades(self, symbol: int, limit: int = 500) -> np.ndarray:
        """The latest aggregates, at most `limit` and TRADES_KEPT: an AGG_TRADE array of the caller's own, newest last."""
        slot = self._slot(symbol)
        return _latest(self._aggregates[slot], int(self._states[slot]["agg_id"]), limit) if slot >= 0 else _NO_AGGREGATES

    def kline(self, symbol: int, interval: str, offset_minutes: int = 0, now_ns: int | None = None) -> Kline | None:
        """The current candle at `now_ns` (default: the last frame's time); flat where nothing traded in it; None: never traded.

        Offsets: those of which the interval is a divisor, and STREAM_OFFSET_MINUTES; others raise ValueError (History knows them all).
        """
        kept_offset = 0 if opens_alike(interval, offset_minutes) else offset_minutes
        if (interval, kept_offset) not in _SERIES_INDEX:
            raise ValueError(f"no current candle of {interval} is kept at an offset of {offset_minutes} minutes")
        series = _SERIES_INDEX[interval, kept_offset]
        slot = self._slot(symbol)
        if slot < 0:
            return None
        kline = Kline._make(self._klines[slot, series].item())
        now_ns = self.time_ns if now_ns is None else now_ns
        if now_ns < kline.next_ns:
            return kline
        open_ns = kline_open(interval, now_ns, kept_offset)
        return Kline(open_ns, kline_next(interval, open_ns, kept_offset), *(4 * [kline.close_ticks]), 0, 0, 0, 0, 0, -1, -1)

    def ticker(self, symbol: int, window_minutes: int = WINDOW_MINUTES_MAX, now_ns: int | None = None) -> Ticker:
        """The rolling window that ends at `now_ns` (default: the last frame's time), 1 … WINDOW_MINUTES_MAX minutes long.

        It begins on a whole minute, so it is up to one minute wider, as the dialect's. Times more than a minute before the last
        trade's are not kept exactly. Raises ValueError for another length.
        """
        if not 1 <= window_minutes <= WINDOW_MINUTES_MAX:
            raise ValueError(f"a window is 1 to {WINDOW_MINUTES_MAX} minutes long")
        now_ns = self.time_ns if now_ns is None else now_ns
        open_ns = max(0, now_ns // MINUTE_NS - window_minutes) * MINUTE_NS
        slot = self._slot(symbol)
        if slot < 0:
            return Ticker(symbol, open_ns, now_ns, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1)
        state, minutes = self._states[slot], self._minutes[slot]
        last_ticks, last_lots = int(state["last_ticks"]), int(state["last_lots"])
        before = int(close_before(minutes, open_ns, state["displaced_ns"], state["displaced_ticks"]))
        total = np.empty(1, KLINE)
        if not sum_minutes(minutes, open_ns, now_ns // MINUTE_NS * MINUTE_NS, total):
            flat = 4 * [last_ticks]
            return Ticker(symbol, open_ns, now_ns, *flat, last_lots, last_ticks, 0, 0, 0, -1, -1)
        sums = Kline._make(total[0].item())
        return Ticker(
            symbol, open_ns, now_ns, sums.open_ticks, sums.high_ticks, sums.low_ticks, last_ticks, last_lots, before or sums.open_ticks,
            sums.volume_lots, sums.quote_quantity, sums.trades, sums.first_trade_id, sums.last_trade_id,
        )  # fmt: skip

    def average_price(self, symbol: int, now_ns: int | None = None) -> AveragePrice:
        """Volume-weighted: the value of the last five minutes over their quantity, at `now_ns` (default: the last frame's time)."""
        slot = self._slot(symbol)
        if slot < 0:
            return AveragePrice(AVERAGE_PRICE_MINUTES, 0, 0, 0)
        ticker = self.ticker(symbol, AVERAGE_PRICE_MINUTES, now_ns)
        state = self._states[slot]
        quote, lots = ticker.quote_quantity, ticker.volume_lots
        if not ticker.trades:
            lots = ticker.last_lots
            quote = ticker.last_ticks * lots * int(state["tick_lot_units"])
        return AveragePrice(AVERAGE_PRICE_MINUTES, quote, lots, int(state["last_time_ns"]))

    # ---------------------------------------------------------------- snapshots

    def snapshot(self) -> bytes:
        """The whole state; equal states give equal bytes."""
        out = io.BytesIO()
        out.write(_FORMAT)
        head = np.array([self.position, self.time_ns, self._used, len(self._slot_of), len(self._listings)], "<i8")
        for array in (head, self._discounts[-1:], self._slot_of, self._listings, *(rows[: self._used] for rows in self._arrays())):
            out.write(np.ascontiguousarray(array).tobytes())
        return out.getvalue()

    def restore(self, state: bytes) -> None:
        """Continue from a snapshot. Raises ValueError for bytes that are none."""
        if not state.startswith(_FORMAT):
            raise ValueError("not a snapshot of this version's market data")
        read = _Reader(state, len(_FORMAT))
        self.position, self.time_ns, self._used, symbols, listings = read.array("<i8", (5,)).tolist()
        self._discounts = read.array(np.int64, (1, 2))
        self._slot_of = read.array(np.int64, (symbols,))
        self._listings = read.array(LISTING, (listings,))
        self._allocate(max(1, self._used))
        for array in self._arrays():
            array[: self._used] = read.array(array.dtype, (self._used, *array.shape[1:]))
        read.finish()
        self.fresh_trades, self.fresh_aggregates = _NO_TRADES, _NO_AGGREGATES


class _Reader:
    """Takes arrays out of bytes, one after the other."""

    def __init__(self, raw: bytes, at: int):
        self._raw, self._at = raw, at

    def array(self, dtype, shape: tuple[int, ...]) -> np.ndarray:
        count = int(np.prod(shape))
        size = count * np.dtype(dtype).itemsize
        if self._at + size > len(self._raw):
            raise ValueError("the snapshot of market data is cut short")
        taken = np.frombuffer(self._raw, dtype, count, self._at).reshape(shape).copy()
        self._at += size
        return taken

    def finish(self) -> None:
        if self._at != len(self._raw):
            raise ValueError("the snapshot of market data is too long")


def _latest(ring: np.ndarray, seen: int, limit: int) -> np.ndarray:
    """The last `limit` of `seen` records in a ring, oldest first."""
    count = max(0, min(limit, seen, len(ring)))
    return ring[np.arange(seen - count, seen) % len(ring)]
