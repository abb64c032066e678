"""The arithmetic of market data, compiled: the calendar, trades out of events, candles and windows out of trades.

Every kernel works on the arrays it is given and keeps nothing. Trades come in the order of their ids, so times never fall. Sums stay at
AMOUNT_MAX instead of passing it. Layouts are in records.py.
"""

from typing import NamedTuple

from engine.kernels import entry_kernel, kernel
from engine.types import AMOUNT_MAX, EventFlag, EventKind, Side

_MINUTE_NS = 60 * 10**9
_DAY_NS = 86_400 * 10**9
_DAYS_TO_ERA = 719_468  # from 0000-03-01 to 1970-01-01
_DAYS_PER_ERA = 146_097  # 400 years
_ADMIN_KINDS = int(EventKind.ADMIN)
_TRADE_KIND = int(EventKind.TRADE)
_TAKER_DISCOUNTED, _MAKER_DISCOUNTED = int(EventFlag.FEE_DISCOUNTED), int(EventFlag.COUNTER_FEE_DISCOUNTED)
_MATCH_KINDS = (_TRADE_KIND, int(EventKind.PREVENTED))
_LIST_KIND = int(EventKind.LIST)
_BUY = int(Side.BUY)


class Period(NamedTuple):
    """How time is cut: every `step_ns` from `anchor_ns`, or by calendar months where the step is 0; local time is UTC + `offset_ns`."""

    step_ns: int
    anchor_ns: int
    offset_ns: int


# ---------------------------------------------------------------- the calendar


@kernel
def _month_start(day):
    """The first day of the month of a day; days count from 1970-01-01. Years are cut in March, so that leap days come last."""
    shifted = day + _DAYS_TO_ERA
    day_of_era = shifted % _DAYS_PER_ERA
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    return day - (day_of_year - (153 * month + 2) // 5)


@entry_kernel
def period_open(time_ns, period):
    """When the Period that contains `time_ns` opened, in ns."""
    local = time_ns + period.offset_ns
    if period.step_ns > 0:
        return (local - period.anchor_ns) // period.step_ns * period.step_ns + period.anchor_ns - period.offset_ns
    return _month_start(local // _DAY_NS) * _DAY_NS - period.offset_ns


@entry_kernel
def next_open(open_ns, period):
    """When the Period after the one that opened at `open_ns` opens, in ns."""
    if period.step_ns > 0:
        return open_ns + period.step_ns
    return period_open(open_ns + 32 * _DAY_NS, period)


# ---------------------------------------------------------------- one candle


@kernel
def capped_sum(total, amount):
    """total + amount, at most AMOUNT_MAX; both are between 0 and AMOUNT_MAX."""
    total += amount
    return total if total <= AMOUNT_MAX else AMOUNT_MAX


@kernel
def _begin(kline, open_ns, next_ns, trade):
    """Make `kline` a new candle that opens with `trade`, not yet counted."""
    kline.open_ns = open_ns
    kline.next_ns = next_ns
    kline.open_ticks = trade.price_ticks
    kline.high_ticks = trade.price_ticks
    kline.low_ticks = trade.price_ticks
    kline.first_trade_id = trade.trade_id
    kline.volume_lots = 0
    kline.quote_quantity = 0
    kline.trades = 0
    kline.taker_buy_lots = 0
    kline.taker_buy_quote = 0


@kernel
def _add(kline, trade):
    """Count one trade into its candle."""
    price = trade.price_ticks
    kline.high_ticks = max(kline.high_ticks, price)
    kline.low_ticks = min(kline.low_ticks, price)
    kline.close_ticks = price
    kline.volume_lots = capped_sum(kline.volume_lots, trade.quantity_lots)
    kline.quote_quantity = capped_sum(kline.quote_quantity, trade.quote_quantity)
    kline.trades += 1
    kline.last_trade_id = trade.trade_id
    if trade.taker_side == _BUY:
        kline.taker_buy_lots = capped_sum(kline.taker_buy_lots, trade.quantity_lots)
        kline.taker_buy_quote = capped_sum(kline.taker_buy_quote, trade.quote_quantity)


@kernel
def _merge(kline, later):
    """Append a candle that follows `kline` in time to it; the period stays that of `kline`."""
    kline.high_ticks = max(kline.high_ticks, later.high_ticks)
    kline.low_ticks = min(kline.low_ticks, later.low_ticks)
    kline.close_ticks = later.close_ticks
    kline.volume_lots = capped_sum(kline.volume_lots, later.volume_lots)
    kline.quote_quantity = capped_sum(kline.quote_quantity, later.quote_quantity)
    kline.trades += later.trades
    kline.taker_buy_lots = capped_sum(kline.taker_buy_lots, later.taker_buy_lots)
    kline.taker_buy_quote = capped_sum(kline.taker_buy_quote, later.taker_buy_quote)
    kline.last_trade_id = later.last_trade_id


# ---------------------------------------------------------------- candles out of trades and of finer candles


@entry_kernel
def merge_klines(finer, klines, count, period):
    """Merge candles of a finer interval, by time, into `klines`, whose first `count` rows are there already; returns the new count."""
    for i in range(finer.shape[0]):
        candle = finer[i]
        if count == 0 or candle.open_ns >= klines[count - 1].next_ns:
            klines[count] = candle
            open_ns = period_open(candle.open_ns, period)
            klines[count].open_ns = open_ns
            klines[count].next_ns = next_open(open_ns, period)
            count += 1
        else:
            _merge(klines[count - 1], candle)
    return count


@entry_kernel
def fold_trades(trades, klines, count, period):
    """Count the trades of one symbol into `klines`, whose first `count` rows are there already; returns the new count."""
    for i in range(trades.shape[0]):
        trade = trades[i]
        if count == 0 or trade.time_ns >= klines[count - 1].next_ns:
            open_ns = period_open(trade.time_ns, period)
            _begin(klines[count], open_ns, next_open(open_ns, period), trade)
            count += 1
        _add(klines[count - 1], trade)
    return count


@entry_kernel
def fill_klines(traded, filled, open_ns, previous_close, period):
    """Fill all rows of `filled`, the first opening at `open_ns`: candles of `traded` where there are any, else flat ones.

    `previous_close` is the price before the first row; rows of `traded` before `open_ns` only move it.
    """
    at = 0
    for i in range(filled.shape[0]):
        while at < traded.shape[0] and traded[at].open_ns < open_ns:
            previous_close = traded[at].close_ticks
            at += 1
        following = next_open(open_ns, period)
        if at < traded.shape[0] and traded[at].open_ns == open_ns:
            filled[i] = traded[at]
            previous_close = traded[at].close_ticks
            at += 1
        else:
            make_flat(filled[i], open_ns, following, previous_close)
        open_ns = following


@kernel
def make_flat(kline, open_ns, next_ns, price):
    """Make `kline` a candle without a trade."""
    kline.open_ns = open_ns
    kline.next_ns = next_ns
    kline.open_ticks = price
    kline.high_ticks = price
    kline.low_ticks = price
    kline.close_ticks = price
    kline.volume_lots = 0
    kline.quote_quantity = 0
    kline.trades = 0
    kline.taker_buy_lots = 0
    kline.taker_buy_quote = 0
    kline.first_trade_id = -1
    kline.last_trade_id = -1


# ---------------------------------------------------------------- the reducer


@entry_kernel
def scan(events):
    """(number of trades, highest symbol traded, number of administration events) in an array of ORDER_EVENT."""
    trades = 0
    symbol = 0
    administration = 0
    for i in range(events.shape[0]):
        kind = events[i].kind
        if kind == _TRADE_KIND:
            trades += 1
            symbol = max(symbol, events[i].symbol)
        elif kind >= _ADMIN_KINDS:
            administration += 1
    return trades, symbol, administration


@entry_kernel
def take_trades(events, slot_of, states, trades):
    """Write each TRADE event as a TRADE record, in order, and give it the id of its aggregate. A fee asset is 1 where a discounted fee was
    paid, else 0: which asset that is, is not in the event. Returns how many discounted fees there are."""
    count, discounted = 0, 0
    for i in range(events.shape[0]):
        event = events[i]
        if event.kind != _TRADE_KIND:
            continue
        state = states[slot_of[event.symbol]]
        trade = trades[count]
        if event.order_id != state.taker_order or event.price_ticks != state.last_ticks:
            state.agg_id += 1
        trade.trade_id = event.trade_id
        trade.agg_id = state.agg_id
        trade.time_ns = event.time_ns
        trade.price_ticks = event.price_ticks
        trade.quantity_lots = event.quantity_lots
        trade.quote_quantity = event.price_ticks * event.quantity_lots * state.tick_lot_units
        trade.taker_order = event.order_id
        trade.maker_order = event.counter_order_id
        trade.taker_fee = event.fee
        trade.maker_fee = event.counter_fee
        trade.seq = event.seq
        trade.symbol = event.symbol
        trade.taker_account = event.account
        trade.maker_account = event.counter_account
        trade.taker_side = event.side
        trade.taker_fee_asset = 1 if event.flags & _TAKER_DISCOUNTED else 0
        trade.maker_fee_asset = 1 if event.flags & _MAKER_DISCOUNTED else 0
        discounted += trade.taker_fee_asset + trade.maker_fee_asset
        state.taker_order = event.order_id
        state.last_ticks = event.price_ticks
        state.last_lots = event.quantity_lots
        state.last_time_ns = event.time_ns
        count += 1
    return discounted


@entry_kernel
def aggregate(trades, aggregates):
    """Write the aggregates of trades, all of whose fills are in `trades`; returns their number. Symbols may be mixed."""
    count = 0
    for i in range(trades.shape[0]):
        trade = trades[i]
        last = count - 1
        if count > 0 and aggregates[last].symbol == trade.symbol and aggregates[last].agg_id == trade.agg_id:
            aggregates[last].quantity_lots += trade.quantity_lots
            aggregates[last].quote_quantity += trade.quote_quantity
            aggregates[last].last_trade_id = trade.trade_id
            continue
        new = aggregates[count]
        new.agg_id = trade.agg_id
        new.time_ns = trade.time_ns
        new.price_ticks = trade.price_ticks
        new.quantity_lots = trade.quantity_lots
        new.quote_quantity = trade.quote_quantity
        new.first_trade_id = trade.trade_id
        new.last_trade_id = trade.trade_id
        new.taker_order = trade.taker_order
        new.symbol = trade.symbol
        new.taker_side = trade.taker_side
        count += 1
    return count


@entry_kernel
def keep_trades(trades, slot_of, states, ring):
    """Put trades into the rings of their symbols; `trades_seen` counts them."""
    for i in range(trades.shape[0]):
        slot = slot_of[trades[i].symbol]
        ring[slot, states[slot].trades_seen % ring.shape[1]] = trades[i]
        states[slot].trades_seen += 1


@entry_kernel
def keep_aggregates(aggregates, slot_of, ring):
    """Put aggregates into the rings of their symbols; the ids 1, 2, 3 … are the places."""
    for i in range(aggregates.shape[0]):
        ring[slot_of[aggregates[i].symbol], (aggregates[i].agg_id - 1) % ring.shape[1]] = aggregates[i]


@entry_kernel
def keep_klines(trades, slot_of, klines, periods):
    """Count trades into the current candles of their symbols, one for each of `periods` (a PERIOD array)."""
    for i in range(trades.shape[0]):
        trade = trades[i]
        slot = slot_of[trade.symbol]
        for series in range(klines.shape[1]):
            current = klines[slot, series]
            if trade.time_ns >= current.next_ns:
                period = Period(periods[series].step_ns, periods[series].anchor_ns, periods[series].offset_ns)
                open_ns = period_open(trade.time_ns, period)
                _begin(current, open_ns, next_open(open_ns, period), trade)
            _add(current, trade)


@entry_kernel
def keep_minutes(trades, slot_of, states, minutes):
    """Count trades into the ring of minutes; the close of the youngest minute that was displaced is kept in the state."""
    for i in range(trades.shape[0]):
        trade = trades[i]
        slot = slot_of[trade.symbol]
        number = trade.time_ns // _MINUTE_NS
        minute = minutes[slot, number % minutes.shape[1]]
        if minute.trades == 0 or minute.open_ns != number * _MINUTE_NS:
            if minute.trades > 0 and minute.open_ns > states[slot].displaced_ns:
                states[slot].displaced_ns = minute.open_ns
                states[slot].displaced_ticks = minute.close_ticks
            _begin(minute, number * _MINUTE_NS, (number + 1) * _MINUTE_NS, trade)
        _add(minute, trade)


@entry_kernel
def sum_minutes(minutes, from_ns, to_ns, out):
    """Merge the minutes of one symbol's ring that open in from_ns … to_ns (both on a whole minute) into out[0]; False: none traded."""
    size = minutes.shape[0]
    found = False
    for number in range(from_ns // _MINUTE_NS, to_ns // _MINUTE_NS + 1):
        minute = minutes[number % size]
        if minute.trades == 0 or minute.open_ns != number * _MINUTE_NS:
            continue
        if found:
            _merge(out[0], minute)
        else:
            out[0] = minute
            found = True
    return found


@entry_kernel
def close_before(minutes, from_ns, displaced_ns, displaced_ticks):
    """The close of the last minute that opened before `from_ns`, of one symbol's ring or displaced from it; 0: there is none."""
    latest_ns = displaced_ns
    ticks = displaced_ticks
    for i in range(minutes.shape[0]):
        if minutes[i].trades > 0 and latest_ns < minutes[i].open_ns < from_ns:
            latest_ns = minutes[i].open_ns
            ticks = minutes[i].close_ticks
    return ticks


# ---------------------------------------------------------------- depth


@entry_kernel
def take_levels(events, levels):
    """Write a LEVEL for each event that changed the total at a price; returns their number. The side is the book's."""
    count = 0
    for i in range(events.shape[0]):
        event = events[i]
        if event.kind >= _LIST_KIND or event.update_id == 0:
            continue
        level = levels[count]
        level.update_id = event.update_id
        level.price_ticks = event.price_ticks
        level.level_lots = event.level_lots
        level.symbol = event.symbol
        level.side = 1 - event.side if event.kind in _MATCH_KINDS else event.side  # of a match, `side` is the taker's
        count += 1
    return count
