"""What happened, in the dialect's JSON: market streams and user data.

Functions of core records and views to plain dicts, ready for orjson. Nothing here knows connections, clocks or subscriptions; times
come in nanoseconds and leave in milliseconds; prices and quantities leave as text (engine/units.py).
"""

from collections import namedtuple
from collections.abc import Iterable

import msgspec
import numpy as np

from engine.types import ADMIN_EVENT, LOAN_EVENT, MARGIN_EVENT, TRANSFER_EVENT, EventFlag, OrderState, OrderStatus, Side
from engine.views import OrderView
from gateway.dialect.answers import (
    CONTINGENCIES,
    LIST_STATUS_NAMES,
    NO_LIST,
    NOT_YET,
    PEG_NAMES,
    SIDE_NAMES,
    STATUS_NAMES,
    STP_NAMES,
    TIME_IN_FORCE_NAMES,
    TYPE_NAMES,
    execution_id,
    expiry_reason,
    limit_price,
)
from gateway.dialect.info import ZERO
from gateway.dialect.records import CONTINGENT, ListEvent, OrderEvent
from gateway.dialect.terms import PRICE_LEVEL
from gateway.dialect.venue import Listing, Venue
from marketdata.records import AGG_TRADE, TRADE, AveragePrice, Kline, Ticker

TransferEvent = namedtuple("TransferEvent", TRANSFER_EVENT.names)
LoanEvent = namedtuple("LoanEvent", LOAN_EVENT.names)
MarginEvent = namedtuple("MarginEvent", MARGIN_EVENT.names)
AdminEvent = namedtuple("AdminEvent", ADMIN_EVENT.names)
Trade = namedtuple("Trade", TRADE.names)
Aggregate = namedtuple("Aggregate", AGG_TRADE.names)

_LIVE = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


class LiveOrder(msgspec.Struct):
    """What an execution report says of its order and single events do not carry."""

    order_id: int
    account: int
    symbol: int
    side: int
    order_type: int
    time_in_force: int
    stp: int
    price_ticks: int
    order_lots: int
    executed_lots: int
    executed_quote: int
    quote_quantity: int
    client_id: str
    placed_ns: int
    stop_price_ticks: int
    iceberg_lots: int
    prevented_lots: int
    trailing_bps: int
    peg: int
    peg_offset: int
    list_id: int
    expires_ns: int
    turn_ns: int  # when it was placed, or its turn in its list came; 0 = not yet
    working_ns: int  # since when it can be matched; 0 = not yet

    @classmethod
    def from_view(cls, view: OrderView) -> "LiveOrder":
        """An order that was open before anyone looked. When one that had to wait began to work is not known any more: at its last
        change, at the latest."""
        waited = view.order_type in CONTINGENT or view.list_id
        turn_ns = view.updated_ns if view.list_id else view.placed_ns
        working_ns = (view.updated_ns if waited else view.placed_ns) if view.state == OrderState.RESTING else 0
        return cls(view.order_id, view.account, view.symbol, view.side, view.order_type, view.time_in_force, view.stp, view.price_ticks,
                   view.order_lots, view.executed_lots, view.executed_quote, 0, view.client_id, view.placed_ns, view.stop_price_ticks,
                   view.iceberg_lots, view.prevented_lots, view.trailing_bps, view.peg, view.peg_offset, view.list_id, view.expires_ns,
                   0 if view.state == OrderState.PENDING else turn_ns, working_ns)  # fmt: skip

    @classmethod
    def from_event(cls, event: OrderEvent, client_id: str, quote_quantity: int) -> "LiveOrder":
        """A NEW order; its client id and quote quantity are in its command."""
        is_pending = event.status == OrderStatus.PENDING_NEW
        waits = is_pending or event.order_type in CONTINGENT
        return cls(event.order_id, event.account, event.symbol, event.side, event.order_type, event.time_in_force, event.stp,
                   event.price_ticks, event.order_lots, 0, 0, quote_quantity, client_id, event.time_ns, event.stop_price_ticks,
                   event.iceberg_lots, 0, event.trailing_bps, event.peg, event.peg_offset, event.list_id, event.expires_ns,
                   0 if is_pending else event.time_ns, 0 if waits else event.time_ns)  # fmt: skip

    def activated(self, event: OrderEvent) -> None:
        """Its turn in its list has come, or its price: then it works."""
        if self.turn_ns or self.order_type not in CONTINGENT:
            self.working_ns = event.time_ns
        self.turn_ns = self.turn_ns or event.time_ns
        self.price_ticks = event.price_ticks


def transfer_events(events: np.ndarray) -> list[TransferEvent]:
    return [TransferEvent._make(row) for row in events.view(TRANSFER_EVENT).tolist()]


def loan_events(events: np.ndarray) -> list[LoanEvent]:
    return [LoanEvent._make(row) for row in events.view(LOAN_EVENT).tolist()]


def margin_events(events: np.ndarray) -> list[MarginEvent]:
    return [MarginEvent._make(row) for row in events.view(MARGIN_EVENT).tolist()]


def admin_events(events: np.ndarray) -> list[AdminEvent]:
    return [AdminEvent._make(row) for row in events.view(ADMIN_EVENT).tolist()]


def milliseconds(time_ns: int) -> int:
    return time_ns // 1_000_000


# ---------------------------------------------------------------- market streams


def trade(listing: Listing, fill: Trade) -> dict:
    at = milliseconds(fill.time_ns)
    return {
        "e": "trade", "E": at, "s": listing.name, "t": fill.trade_id, "p": listing.units.ticks_to_price(fill.price_ticks),
        "q": listing.units.lots_to_quantity(fill.quantity_lots), "T": at, "m": fill.taker_side == Side.SELL, "M": True,
    }  # fmt: skip


def aggregate_trade(listing: Listing, aggregate: Aggregate) -> dict:
    at = milliseconds(aggregate.time_ns)
    return {
        "e": "aggTrade", "E": at, "s": listing.name, "a": aggregate.agg_id,
        "p": listing.units.ticks_to_price(aggregate.price_ticks), "q": listing.units.lots_to_quantity(aggregate.quantity_lots),
        "f": aggregate.first_trade_id, "l": aggregate.last_trade_id, "T": at, "m": aggregate.taker_side == Side.SELL, "M": True,
    }  # fmt: skip


def book_ticker(listing: Listing, update_id: int, best: tuple[int, int, int, int]) -> dict:
    """`best`: (bid price, bid lots, ask price, ask lots), 0 where a side is empty."""
    bid_price, bid_lots, ask_price, ask_lots = best
    price, quantity = listing.units.ticks_to_price, listing.units.lots_to_quantity
    return {
        "u": update_id, "s": listing.name, "b": price(bid_price), "B": quantity(bid_lots), "a": price(ask_price),
        "A": quantity(ask_lots),
    }  # fmt: skip


def levels(listing: Listing, side: Iterable[tuple[int, int]]) -> list[list[str]]:
    """(price, lots) pairs as the dialect's [price, quantity]; 0 lots: the level is gone."""
    price, quantity = listing.units.ticks_to_price, listing.units.lots_to_quantity
    return [[price(ticks), quantity(lots) if lots else ZERO] for ticks, lots in side]


def depth_update(listing: Listing, now_ms: int, changes: tuple[int, int, Iterable, Iterable]) -> dict:
    """`changes`: (first update id, last update id, bids, asks)."""
    first, last, bids, asks = changes
    return {
        "e": "depthUpdate", "E": now_ms, "s": listing.name, "U": first, "u": last, "b": levels(listing, bids),
        "a": levels(listing, asks),
    }  # fmt: skip


def depth_top(listing: Listing, update_id: int, bids: Iterable, asks: Iterable) -> dict:
    return {"lastUpdateId": update_id, "bids": levels(listing, bids), "asks": levels(listing, asks)}


def kline(listing: Listing, interval: str, candle: Kline, now_ms: int, *, closed: bool) -> dict:
    units = listing.units
    price, quantity = units.ticks_to_price, units.lots_to_quantity
    return {
        "e": "kline", "E": now_ms, "s": listing.name,
        "k": {
            "t": milliseconds(candle.open_ns), "T": milliseconds(candle.next_ns) - 1, "s": listing.name, "i": interval,
            "f": candle.first_trade_id, "L": candle.last_trade_id, "o": price(candle.open_ticks), "c": price(candle.close_ticks),
            "h": price(candle.high_ticks), "l": price(candle.low_ticks), "v": quantity(candle.volume_lots), "n": candle.trades,
            "x": closed, "q": units.quote_text(candle.quote_quantity), "V": quantity(candle.taker_buy_lots),
            "Q": units.quote_text(candle.taker_buy_quote), "B": "0",
        },
    }  # fmt: skip


def mini_ticker(listing: Listing, ticker: Ticker, now_ms: int) -> dict:
    units = listing.units
    price = units.ticks_to_price
    return {
        "e": "24hrMiniTicker", "E": now_ms, "s": listing.name, "c": price(ticker.last_ticks), "o": price(ticker.open_ticks),
        "h": price(ticker.high_ticks), "l": price(ticker.low_ticks), "v": units.lots_to_quantity(ticker.volume_lots),
        "q": units.quote_text(ticker.quote_quantity),
    }  # fmt: skip


def window_ticker(listing: Listing, window: str, ticker: Ticker, now_ms: int) -> dict:
    """Rolling statistics over `window`: 1h, 4h, 1d; the 24 h ticker adds to it."""
    units = listing.units
    price = units.ticks_to_price
    change = ticker.last_ticks - ticker.open_ticks
    return {
        "e": f"{window}Ticker", "E": now_ms, "s": listing.name, "p": price(change), "P": _percent(change, ticker.open_ticks),
        "o": price(ticker.open_ticks), "h": price(ticker.high_ticks), "l": price(ticker.low_ticks),
        "c": price(ticker.last_ticks), "w": units.average_price_text(ticker.quote_quantity, ticker.volume_lots),
        "v": units.lots_to_quantity(ticker.volume_lots), "q": units.quote_text(ticker.quote_quantity),
        "O": milliseconds(ticker.open_ns), "C": milliseconds(ticker.close_ns), "F": ticker.first_trade_id,
        "L": ticker.last_trade_id, "n": ticker.trades,
    }  # fmt: skip


def day_ticker(listing: Listing, ticker: Ticker, best: tuple[int, int, int, int], now_ms: int) -> dict:
    """`best`: as in `book_ticker`."""
    price, quantity = listing.units.ticks_to_price, listing.units.lots_to_quantity
    bid_price, bid_lots, ask_price, ask_lots = best
    return window_ticker(listing, "24hr", ticker, now_ms) | {
        "x": price(ticker.previous_close_ticks), "Q": quantity(ticker.last_lots), "b": price(bid_price), "B": quantity(bid_lots),
        "a": price(ask_price), "A": quantity(ask_lots),
    }  # fmt: skip


def average_price(listing: Listing, average: AveragePrice, now_ms: int) -> dict:
    return {
        "e": "avgPrice", "E": now_ms, "s": listing.name, "i": f"{average.minutes}m",
        "w": listing.units.average_price_text(average.quote_quantity, average.volume_lots), "T": milliseconds(average.last_time_ns),
    }  # fmt: skip


def _percent(change: int, of: int) -> str:
    """`change` in percent of `of`, three decimals, rounded toward zero."""
    if not of:
        return "0.000"
    thousandths = abs(change) * 100_000 // of
    return f"{'-' if change < 0 and thousandths else ''}{thousandths // 1000}.{thousandths % 1000:03d}"


# ---------------------------------------------------------------- user data


def account_position(time_ns: int, balances: list[tuple[str, str, str]]) -> dict:
    """`balances`: (asset, free, locked) of every asset that may have changed."""
    at = milliseconds(time_ns)
    return {
        "e": "outboundAccountPosition", "E": at, "u": at,
        "B": [{"a": asset, "f": free, "l": locked} for asset, free, locked in balances],
    }  # fmt: skip


def balance_update(time_ns: int, asset: str, delta: str) -> dict:
    """Money came from or went to another account."""
    at = milliseconds(time_ns)
    return {"e": "balanceUpdate", "E": at, "a": asset, "d": delta, "T": at}


def lock_update(time_ns: int, asset: str, delta: str) -> dict:
    """A hold that is no order's was taken (positive) or ended (negative)."""
    at = milliseconds(time_ns)
    return {"e": "externalLockUpdate", "E": at, "a": asset, "d": delta, "T": at}


def liability_change(time_ns: int, asset: str, kind: str, tran_id: int, principal: str, interest: str) -> dict:
    """What a margin account owes in an asset, after it changed."""
    at = milliseconds(time_ns)
    return {"e": "USER_LIABILITY_CHANGE", "E": at, "a": asset, "t": kind, "T": tran_id, "p": principal, "i": interest}


def level_status_change(time_ns: int, level: str, status: str, *, simulated: bool) -> dict:
    """A margin call, and the beginning and end of a liquidation."""
    told = {"e": "MARGIN_LEVEL_STATUS_CHANGE", "E": milliseconds(time_ns), "l": level, "s": status}
    return told | {"sim": True} if simulated else told


def stream_terminated(now_ms: int) -> dict:
    return {"e": "eventStreamTerminated", "E": now_ms}


def execution_report(listing: Listing, order: LiveOrder, event: OrderEvent, status: int, **changed: object) -> dict:
    """What happened to `order` (already brought up to date); `changed` overrides single keys of the report."""
    units = listing.units
    at = milliseconds(event.time_ns)
    report = {
        "e": "executionReport", "E": at, "s": listing.name, "c": order.client_id, "S": SIDE_NAMES[order.side],
        "o": TYPE_NAMES[order.order_type], "f": TIME_IN_FORCE_NAMES[order.time_in_force], "q": units.lots_to_quantity(order.order_lots),
        "p": limit_price(listing, order), "P": units.ticks_to_price(order.stop_price_ticks) if order.stop_price_ticks else ZERO,
        "F": units.lots_to_quantity(order.iceberg_lots) if order.iceberg_lots else ZERO, "g": order.list_id or NO_LIST, "C": "",
        "x": STATUS_NAMES[status], "X": STATUS_NAMES[status], "r": "NONE", "i": order.order_id, "l": ZERO,
        "z": units.lots_to_quantity(order.executed_lots), "L": ZERO, "n": "0", "N": None, "T": at, "t": -1, "I": execution_id(event.seq),
        "w": status in _LIVE and order.working_ns != 0, "m": False, "M": False, "O": milliseconds(order.placed_ns),
        "Z": units.quote_text(order.executed_quote), "Y": ZERO, "Q": units.quote_text(order.quote_quantity), "V": STP_NAMES[order.stp],
    }  # fmt: skip
    if order.working_ns:
        report["W"] = milliseconds(order.working_ns)
    if order.trailing_bps or order.peg or order.prevented_lots or order.expires_ns:
        report |= _conditional(listing, order)
    return report | changed


def _conditional(listing: Listing, order: LiveOrder) -> dict:
    units = listing.units
    told: dict[str, object] = {}
    if order.trailing_bps:
        follows = order.turn_ns and not order.stop_price_ticks
        told |= {"d": order.trailing_bps, "D": milliseconds(order.turn_ns) if follows else NOT_YET}
    if order.peg:
        told["gP"] = PEG_NAMES[order.peg]
        if order.peg_offset:
            told |= {"gOT": PRICE_LEVEL, "gOV": order.peg_offset}
        if order.price_ticks:
            told["gp"] = units.ticks_to_price(order.price_ticks)
    if order.prevented_lots:
        told["A"] = units.lots_to_quantity(order.prevented_lots)
    if order.expires_ns:
        told["gtd"] = milliseconds(order.expires_ns)
    return told


def placed(listing: Listing, order: LiveOrder, event: OrderEvent) -> dict:
    return execution_report(listing, order, event, event.status, x="NEW")


def activated(listing: Listing, order: LiveOrder, event: OrderEvent) -> dict:
    return execution_report(listing, order, event, OrderStatus.NEW)


def traded(venue: Venue, listing: Listing, order: LiveOrder, event: OrderEvent, is_maker: bool) -> dict:
    """One fill, as the owner of its taker's or maker's order sees it."""
    units = listing.units
    fee = event.counter_fee if is_maker else event.fee
    discounted = event.flags & (EventFlag.COUNTER_FEE_DISCOUNTED if is_maker else EventFlag.FEE_DISCOUNTED)
    commission, asset = venue.commission(listing, fee, order.side, discounted)
    return execution_report(
        listing, order, event, event.counter_status if is_maker else event.status,
        x="TRADE", l=units.lots_to_quantity(event.quantity_lots), L=units.ticks_to_price(event.price_ticks),
        n=commission, N=asset, t=event.trade_id, I=execution_id(event.seq) + is_maker, m=is_maker,
        Y=units.value_text(event.price_ticks, event.quantity_lots),
    )  # fmt: skip


def prevented(listing: Listing, order: LiveOrder, event: OrderEvent, is_maker: bool, group: int) -> dict:
    """What a prevented match took of the order. `group`: the trade group of its account."""
    units = listing.units
    lots = event.counter_prevented_lots if is_maker else event.quantity_lots
    told = {
        "x": "TRADE_PREVENTION", "I": execution_id(event.seq) + is_maker, "v": event.trade_id, "B": units.lots_to_quantity(lots),
        "u": group, "U": event.order_id if is_maker else event.counter_order_id, "Cs": listing.name,
        "pL": units.ticks_to_price(event.price_ticks),
    }  # fmt: skip
    if event.quantity_lots == event.counter_prevented_lots:  # both lost what would have been traded
        told |= {"pl": units.lots_to_quantity(lots), "pY": units.value_text(event.price_ticks, lots)}
    return execution_report(listing, order, event, event.counter_status if is_maker else event.status, **told)


def canceled(listing: Listing, order: LiveOrder, event: OrderEvent, cancel_id: str) -> dict:
    """`cancel_id`: the cancel's own client id, "" where it has none."""
    return execution_report(listing, order, event, OrderStatus.CANCELED, c=cancel_id or order.client_id, C=order.client_id)


def expired(listing: Listing, order: LiveOrder, event: OrderEvent) -> dict:
    """An order the core ended: nothing left to match, its time over, its list done, or refused when its turn came."""
    reason = expiry_reason(event.code, order.order_type, worked=order.turn_ns != 0)
    return execution_report(listing, order, event, event.status, eR=reason)


def amended(listing: Listing, order: LiveOrder, event: OrderEvent, former_client_id: str) -> dict:
    return execution_report(listing, order, event, event.status, x="REPLACED", C=former_client_id)


def list_status(listing: Listing, event: ListEvent, client_ids: Iterable[str]) -> dict:
    """An order list began or ended; `client_ids`: of its orders."""
    at = milliseconds(event.time_ns)
    status_type, order_status = LIST_STATUS_NAMES[event.list_status]
    return {
        "e": "listStatus", "E": at, "s": listing.name, "g": event.list_id, "c": CONTINGENCIES[event.list_type], "l": status_type,
        "L": order_status, "r": "NONE", "C": event.name, "T": at,
        "O": [
            {"s": listing.name, "i": order_id, "c": client_id}
            for order_id, client_id in zip(event.order_ids, client_ids, strict=True)
        ],
    }  # fmt: skip
