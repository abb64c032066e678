"""Market data over requests: order book, trades, klines, tickers."""

import re
from typing import Any

from engine.types import Side
from engine.units import SymbolUnits
from gateway.dialect import errors, parameters
from gateway.dialect.errors import DialectError
from gateway.dialect.info import symbol_status, with_status
from gateway.dialect.orders import to_ms
from gateway.dialect.parameters import SYMBOLS_MAX, Table
from gateway.dialect.venue import Ask, AskAll, Listing, Request, Venue
from marketdata.intervals import INTERVALS, OFFSET_MINUTES_MAX, OFFSET_MINUTES_MIN
from marketdata.records import Kline, Ticker

DEPTH_MAX = 5000
ROWS_MAX = 1000
TICKER_MINUTES = 1440  # the longest rolling window that the reducers keep; longer ones are added up from klines
MINUTE_NS = 60 * 10**9
HOUR_NS = 60 * MINUTE_NS

_UNUSED = "0"  # the last field of a kline row
_ZONE = re.compile(r"([+-]?)([0-9]{1,2})(?::([0-5][0-9]))?", re.ASCII).fullmatch
_WINDOW = re.compile(r"([1-9][0-9]?)([mhd])", re.ASCII).fullmatch
_WINDOW_UNITS = {"m": (1, 59), "h": (60, 23), "d": (1440, 7)}


def time_zone(name: str, value: Any) -> int:
    """Parser of `timeZone`: an offset from UTC as minutes."""
    found = _ZONE(parameters.text(name, value))
    if found is None:
        raise errors.invalid(name)
    sign, hours, minutes = found.groups()
    offset = int(hours) * 60 + int(minutes or 0)
    offset = -offset if sign == "-" else offset
    if not OFFSET_MINUTES_MIN <= offset <= OFFSET_MINUTES_MAX:
        raise errors.invalid(name)
    return offset


def window(name: str, value: Any) -> int:
    """Parser of `windowSize`: 1m … 59m, 1h … 23h, 1d … 7d, as minutes."""
    found = _WINDOW(parameters.text(name, value))
    if found is None:
        raise errors.invalid(name)
    minutes, most = _WINDOW_UNITS[found[2]]
    if int(found[1]) > most:
        raise errors.invalid(name)
    return int(found[1]) * minutes


_TYPE = parameters.one_of({"FULL": True, "MINI": False}, lambda: DialectError(-1139, "Invalid ticker type."))
_WHICH: Table = {"symbol": parameters.symbol, "symbols": parameters.names, "symbolStatus": symbol_status}

DEPTH: Table = {
    "symbol": parameters.symbol,
    "limit": parameters.limit(DEPTH_MAX, clamp=True),
    "symbolStatus": symbol_status,
}
TRADES: Table = {"symbol": parameters.symbol, "limit": parameters.limit(ROWS_MAX)}
HISTORICAL_TRADES: Table = TRADES | {"fromId": parameters.integer}
AGG_TRADES: Table = {
    "symbol": parameters.symbol,
    "fromId": parameters.integer,
    "startTime": parameters.time_ns,
    "endTime": parameters.time_ns,
    "limit": parameters.limit(ROWS_MAX, clamp=True),
}
KLINES: Table = {
    "symbol": parameters.symbol,
    "interval": parameters.one_of({name: name for name in INTERVALS}, errors.invalid_interval),
    "startTime": parameters.time_ns,
    "endTime": parameters.time_ns,
    "timeZone": time_zone,
    "limit": parameters.limit(ROWS_MAX, clamp=True),
}
AVERAGE_PRICE: Table = {"symbol": parameters.symbol}
TICKER_24H: Table = _WHICH | {"type": _TYPE}
TICKER_PRICE: Table = _WHICH
TICKER_WINDOW: Table = _WHICH | {"type": _TYPE, "windowSize": window}
TICKER_DAY: Table = _WHICH | {"type": _TYPE, "timeZone": time_zone}


# ---------------------------------------------------------------- book and trades


def depth(venue: Venue, request: Request) -> dict:
    """No time in it: with one, a client of diff streams would ask more of the first diff than the rules do."""
    params = request.params
    listing = venue.listing(params["symbol"])
    if not with_status(venue, [listing], params):
        raise errors.wrong_symbol_status()
    limit = params.get("limit", 100)
    machine, units = venue.machine, listing.units
    return {
        "lastUpdateId": machine.update_id(listing.symbol),
        "bids": levels(units, machine.depth(listing.symbol, Side.BUY, limit).tolist()),
        "asks": levels(units, machine.depth(listing.symbol, Side.SELL, limit).tolist()),
    }


def levels(units: SymbolUnits, side: list[list[int]]) -> list[list[str]]:
    price, quantity = units.ticks_to_price, units.lots_to_quantity
    return [[price(ticks), quantity(lots)] for ticks, lots in side]


def trades(venue: Venue, request: Request) -> list[dict] | Ask:
    """The latest; from memory where they reach back far enough."""
    listing = venue.listing(request.params["symbol"])
    limit = request.params.get("limit", 500)
    latest = venue.marketdata.trades(listing.symbol, limit)
    if len(latest) == limit or (len(latest) and latest["trade_id"][0] == 1):
        return _trades(listing, request, latest)
    return historical_trades(venue, request)


def historical_trades(venue: Venue, request: Request) -> Ask:
    params = request.params
    listing = venue.listing(params["symbol"])
    arguments = {"symbol": listing.symbol, "from_id": params.get("fromId"), "limit": params.get("limit", 500)}
    return Ask("trades", arguments, lambda rows: _trades(listing, request, rows))


def _trades(listing: Listing, request: Request, rows) -> list[dict]:
    """`rows`: a TRADE array."""
    units = listing.units
    columns = ("trade_id", "price_ticks", "quantity_lots", "quote_quantity", "time_ns", "taker_side")
    return [
        {
            "id": trade_id,
            "price": units.ticks_to_price(price),
            "qty": units.lots_to_quantity(lots),
            "quoteQty": units.quote_text(quote),
            "time": request.time(time_ns),
            "isBuyerMaker": side == Side.SELL,
            "isBestMatch": True,
        }
        for trade_id, price, lots, quote, time_ns, side in zip(*(rows[name].tolist() for name in columns), strict=True)
    ]


def agg_trades(venue: Venue, request: Request) -> Ask:
    params = request.params
    listing = venue.listing(params["symbol"])
    units = listing.units
    columns = ("agg_id", "price_ticks", "quantity_lots", "first_trade_id", "last_trade_id", "time_ns", "taker_side")

    def render(rows) -> list[dict]:
        return [
            {
                "a": agg_id,
                "p": units.ticks_to_price(price),
                "q": units.lots_to_quantity(lots),
                "f": first,
                "l": last,
                "T": request.time(time_ns),
                "m": side == Side.SELL,
                "M": True,
            }
            for agg_id, price, lots, first, last, time_ns, side in zip(*(rows[c].tolist() for c in columns), strict=True)
        ]

    arguments = {
        "symbol": listing.symbol,
        "from_id": params.get("fromId"),
        "start_ms": to_ms(params.get("startTime")),
        "end_ms": to_ms(params.get("endTime")),
        "limit": params.get("limit", 500),
    }
    return Ask("agg_trades", arguments, render)


def klines(venue: Venue, request: Request) -> Ask:
    params = request.params
    listing = venue.listing(params["symbol"])
    arguments = {
        "symbol": listing.symbol,
        "interval": params["interval"],
        "start_ms": to_ms(params.get("startTime")),
        "end_ms": to_ms(params.get("endTime")),
        "limit": params.get("limit", 500),
        "offset_minutes": params.get("timeZone", 0),
    }
    return Ask("klines", arguments, lambda rows: [kline_row(listing.units, request, kline) for kline in rows])


def kline_row(units: SymbolUnits, request: Request, kline: Kline) -> list:
    price, quantity = units.ticks_to_price, units.lots_to_quantity
    return [
        request.time(kline.open_ns),
        price(kline.open_ticks),
        price(kline.high_ticks),
        price(kline.low_ticks),
        price(kline.close_ticks),
        quantity(kline.volume_lots),
        request.time(kline.next_ns) - 1,
        units.quote_text(kline.quote_quantity),
        kline.trades,
        quantity(kline.taker_buy_lots),
        units.quote_text(kline.taker_buy_quote),
        _UNUSED,
    ]


# ---------------------------------------------------------------- prices and tickers


def average_price(venue: Venue, request: Request) -> dict:
    listing = venue.listing(request.params["symbol"])
    average = venue.marketdata.average_price(listing.symbol, now_ns(venue, request))
    return {
        "mins": average.minutes,
        "price": listing.units.average_price_text(average.quote_quantity, average.volume_lots),
        "closeTime": request.time(average.last_time_ns),
    }


def now_ns(venue: Venue, request: Request) -> int:
    """The time at which windows end: now, but not before what the core has seen."""
    return max(request.now_ns, venue.marketdata.time_ns)


def chosen(venue: Venue, params: dict[str, Any], *, all_allowed: bool) -> tuple[list[Listing], bool]:
    """The listings asked for, and whether it was a single one (answered without an array)."""
    if "symbol" in params and "symbols" in params:
        raise errors.bad_combination()
    if "symbol" in params:
        listings = with_status(venue, [venue.listing(params["symbol"])], params)
        if not listings:
            raise errors.wrong_symbol_status()
        return listings, True
    if "symbols" in params:
        return with_status(venue, [venue.listing(name) for name in params["symbols"]], params), False
    if not all_allowed:
        raise errors.missing_either("symbol", "symbols")
    return with_status(venue, venue.listings(), params), False


def ticker_price(venue: Venue, request: Request) -> dict | list[dict]:
    listings, single = chosen(venue, request.params, all_allowed=True)
    rows = [
        {
            "symbol": listing.name,
            "price": listing.units.ticks_to_price(venue.machine.symbol(listing.symbol).last_price_ticks),
        }
        for listing in listings
    ]
    return rows[0] if single else rows


def ticker_book(venue: Venue, request: Request) -> dict | list[dict]:
    listings, single = chosen(venue, request.params, all_allowed=True)
    rows = [{"symbol": listing.name, **_best(venue, listing)} for listing in listings]
    return rows[0] if single else rows


def _best(venue: Venue, listing: Listing) -> dict:
    bid, bid_lots, ask, ask_lots = venue.machine.best(listing.symbol)
    units = listing.units
    return {
        "bidPrice": units.ticks_to_price(bid),
        "bidQty": units.lots_to_quantity(bid_lots),
        "askPrice": units.ticks_to_price(ask),
        "askQty": units.lots_to_quantity(ask_lots),
    }


def ticker_24h(venue: Venue, request: Request) -> dict | list[dict]:
    listings, single = chosen(venue, request.params, all_allowed=True)
    at = now_ns(venue, request)
    rows = []
    for listing in listings:
        units = listing.units
        ticker = venue.marketdata.ticker(listing.symbol, TICKER_MINUTES, at)
        row = {"symbol": listing.name}
        if request.params.get("type", True):
            row |= change(units, ticker)
            row |= {
                "prevClosePrice": units.ticks_to_price(ticker.previous_close_ticks),
                "lastQty": units.lots_to_quantity(ticker.last_lots),
                **_best(venue, listing),
            }
        rows.append(row | prices(units, request, ticker))
    return rows[0] if single else rows


def ticker_window(venue: Venue, request: Request) -> dict | list[dict] | AskAll:
    """Up to a day from memory; longer ones added up from klines: minutes up to the first whole hour, then hours."""
    listings, single = chosen(venue, request.params, all_allowed=False)
    minutes = request.params.get("windowSize", TICKER_MINUTES)
    at = now_ns(venue, request)
    if minutes <= TICKER_MINUTES:
        tickers = [venue.marketdata.ticker(listing.symbol, minutes, at) for listing in listings]
        return _windows(listings, request, tickers, single)
    open_ns = at // MINUTE_NS * MINUTE_NS - minutes * MINUTE_NS
    hour_ns = -(-open_ns // HOUR_NS) * HOUR_NS
    asks = []
    for listing in listings:
        finer = {"interval": "1m", "start_ms": to_ms(open_ns), "end_ms": to_ms(hour_ns) - 1, "limit": 60}
        coarser = {"interval": "1h", "start_ms": to_ms(hour_ns), "limit": ROWS_MAX}
        asks += [Ask("klines", {"symbol": listing.symbol} | finer, list), Ask("klines", {"symbol": listing.symbol} | coarser, list)]

    def render(rows: list[list[Kline]]) -> dict | list[dict]:
        tickers = [
            added_up(listing.symbol, rows[2 * at_row] + rows[2 * at_row + 1], open_ns, at) for at_row, listing in enumerate(listings)
        ]
        return _windows(listings, request, tickers, single)

    return AskAll(asks, render)


def ticker_day(venue: Venue, request: Request) -> AskAll:
    """The trading day that runs now, in the time zone asked for."""
    listings, single = chosen(venue, request.params, all_allowed=False)
    at = now_ns(venue, request)
    offset = request.params.get("timeZone", 0)
    asks = [
        Ask("klines", {"symbol": listing.symbol, "interval": "1d", "limit": 1, "offset_minutes": offset}, list)
        for listing in listings
    ]

    def render(rows: list[list[Kline]]) -> dict | list[dict]:
        tickers = []
        for listing, klines in zip(listings, rows, strict=True):
            open_ns, end_ns = (klines[0].open_ns, klines[0].next_ns - 1) if klines else (at, at)
            tickers.append(added_up(listing.symbol, klines, open_ns, end_ns))
        return _windows(listings, request, tickers, single)

    return AskAll(asks, render)


def _windows(listings: list[Listing], request: Request, tickers: list[Ticker], single: bool) -> dict | list[dict]:
    rows = []
    for listing, ticker in zip(listings, tickers, strict=True):
        row = {"symbol": listing.name}
        if request.params.get("type", True):
            row |= change(listing.units, ticker)
        rows.append(row | prices(listing.units, request, ticker))
    return rows[0] if single else rows


def added_up(symbol: int, klines: list[Kline], open_ns: int, close_ns: int) -> Ticker:
    """The ticker of consecutive klines."""
    traded = [kline for kline in klines if kline.trades]
    first, last = (klines[0], klines[-1]) if klines else (None, None)
    return Ticker(
        symbol,
        open_ns,
        close_ns,
        open_ticks=traded[0].open_ticks if traded else first.open_ticks if first else 0,
        high_ticks=max((kline.high_ticks for kline in traded or klines), default=0),
        low_ticks=min((kline.low_ticks for kline in traded or klines), default=0),
        last_ticks=last.close_ticks if last else 0,
        last_lots=0,
        previous_close_ticks=first.open_ticks if first else 0,
        volume_lots=sum(kline.volume_lots for kline in traded),
        quote_quantity=sum(kline.quote_quantity for kline in traded),
        trades=sum(kline.trades for kline in traded),
        first_trade_id=traded[0].first_trade_id if traded else -1,
        last_trade_id=traded[-1].last_trade_id if traded else -1,
    )


def change(units: SymbolUnits, ticker: Ticker) -> dict:
    moved = ticker.last_ticks - ticker.open_ticks
    sign = "-" if moved < 0 else ""
    return {
        "priceChange": sign + units.ticks_to_price(abs(moved)),
        "priceChangePercent": percent(moved, ticker.open_ticks),
        "weightedAvgPrice": units.average_price_text(ticker.quote_quantity, ticker.volume_lots),
    }


def percent(part: int, whole: int) -> str:
    """part / whole in per cent with three decimals, rounded half away from zero; "0.000" of nothing."""
    if not whole:
        return "0.000"
    thousandths = (200_000 * abs(part) + whole) // (2 * whole)
    return f"{'-' if part < 0 and thousandths else ''}{thousandths // 1000}.{thousandths % 1000:03d}"


def prices(units: SymbolUnits, request: Request, ticker: Ticker) -> dict:
    price = units.ticks_to_price
    return {
        "lastPrice": price(ticker.last_ticks),
        "openPrice": price(ticker.open_ticks),
        "highPrice": price(ticker.high_ticks),
        "lowPrice": price(ticker.low_ticks),
        "volume": units.lots_to_quantity(ticker.volume_lots),
        "quoteVolume": units.quote_text(ticker.quote_quantity),
        "openTime": request.time(ticker.open_ns),
        "closeTime": request.time(ticker.close_ns),
        "firstId": ticker.first_trade_id,
        "lastId": ticker.last_trade_id,
        "count": ticker.trades,
    }


def tickers_weight(params: dict[str, Any], one: int, some: tuple[tuple[int, int], ...], every: int) -> int:
    """`one` for a single symbol, by steps of (up to so many symbols, weight) for a list, `every` for all."""
    if "symbols" not in params:
        return one if "symbol" in params else every
    sent = params["symbols"]
    count = len(sent) if isinstance(sent, list) else str(sent)[: SYMBOLS_MAX * 32].count(",") + 1
    return next((weight for most, weight in some if count <= most), every)


def depth_weight(params: dict[str, Any]) -> int:
    try:
        limit = int(params.get("limit", 100))
    except (TypeError, ValueError):
        return 5
    return next((weight for most, weight in ((100, 5), (500, 25), (1000, 50)) if limit <= most), 250)
