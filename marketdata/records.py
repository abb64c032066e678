"""The records of market data: what reducers keep, the recorder writes and reads return.

Prices are in ticks, quantities in lots, values in the quote asset's smallest unit (price · quantity · the symbol's tick_lot_units),
times in ns. A sum of quantities or values that would pass AMOUNT_MAX stays at it.
"""

from typing import NamedTuple

import numpy as np

from marketdata.kernels import Period

TRADE = np.dtype(
    [
        ("trade_id", "<i8"),  # 1, 2, 3 … per symbol
        ("agg_id", "<i8"),  # of its aggregate: 1, 2, 3 … per symbol
        ("time_ns", "<i8"),
        ("price_ticks", "<i8"),
        ("quantity_lots", "<i8"),
        ("quote_quantity", "<i8"),
        ("taker_order", "<i8"),
        ("maker_order", "<i8"),
        ("taker_fee", "<i8"),  # each in the asset its owner received, the buyer's in base, the seller's in quote, or in its `_fee_asset`
        ("maker_fee", "<i8"),
        ("seq", "<i8"),  # of the event
        ("symbol", "<i4"),
        ("taker_account", "<i4"),
        ("maker_account", "<i4"),
        ("taker_side", "<i4"),  # Side; SELL means that the buyer was the maker
        ("taker_fee_asset", "<i4"),  # the discount asset, where the fee was paid in that; else 0
        ("maker_fee_asset", "<i4"),
    ]
)

# Consecutive fills of one taker order at one price: one aggregate.
AGG_TRADE = np.dtype(
    [
        ("agg_id", "<i8"),
        ("time_ns", "<i8"),
        ("price_ticks", "<i8"),
        ("quantity_lots", "<i8"),
        ("quote_quantity", "<i8"),
        ("first_trade_id", "<i8"),
        ("last_trade_id", "<i8"),
        ("taker_order", "<i8"),
        ("symbol", "<i4"),
        ("taker_side", "<i4"),
    ]
)

KLINE = np.dtype(
    [
        ("open_ns", "<i8"),
        ("next_ns", "<i8"),  # when the following one opens
        ("open_ticks", "<i8"),
        ("high_ticks", "<i8"),
        ("low_ticks", "<i8"),
        ("close_ticks", "<i8"),
        ("volume_lots", "<i8"),
        ("quote_quantity", "<i8"),
        ("trades", "<i8"),
        ("taker_buy_lots", "<i8"),
        ("taker_buy_quote", "<i8"),
        ("first_trade_id", "<i8"),  # -1 where trades is 0
        ("last_trade_id", "<i8"),
    ]
)


LEVEL = np.dtype(
    [
        ("update_id", "<i8"),
        ("price_ticks", "<i8"),
        ("level_lots", "<i8"),  # the total at the price afterwards; 0 = the level is gone
        ("symbol", "<i4"),
        ("side", "<i4"),  # Side of the book
    ]
)

# What the reducer keeps of a symbol that has traded.
SYMBOL_STATE = np.dtype(
    [
        ("symbol", "<i8"),
        ("tick_lot_units", "<i8"),
        ("trades_seen", "<i8"),
        ("agg_id", "<i8"),  # of the last aggregate
        ("taker_order", "<i8"),  # of the last trade
        ("last_ticks", "<i8"),
        ("last_lots", "<i8"),
        ("last_time_ns", "<i8"),
        ("displaced_ns", "<i8"),  # the youngest minute that fell out of the ring, and its close
        ("displaced_ticks", "<i8"),
    ]
)
# Period (kernels.py) in an array.
PERIOD = np.dtype([(field, "<i8") for field in Period._fields])
# What a lot and a tick of a symbol are.
LISTING = np.dtype([("symbol", "<i8"), ("base", "<i8"), ("quote", "<i8"), ("lot_units", "<i8"), ("tick_lot_units", "<i8")])


class Kline(NamedTuple):
    """One candle; the fields of KLINE as ints."""

    open_ns: int
    next_ns: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    quote_quantity: int
    trades: int
    taker_buy_lots: int
    taker_buy_quote: int
    first_trade_id: int
    last_trade_id: int


class Ticker(NamedTuple):
    """What happened to a symbol from `open_ns` to `close_ns`. Prices are 0 while it has never traded.

    Without a trade in the window all prices are the last one, sums 0 and ids -1. The weighted average price is
    quote_quantity / (volume_lots · tick_lot_units), the change last_ticks - open_ticks.
    """

    symbol: int
    open_ns: int  # start of the window, on a whole minute
    close_ns: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    last_ticks: int
    last_lots: int
    previous_close_ticks: int  # of the last trade before the window; the first price where there is none
    volume_lots: int
    quote_quantity: int
    trades: int
    first_trade_id: int
    last_trade_id: int


class AveragePrice(NamedTuple):
    """Σ value and Σ quantity of the last five minutes (the last trade's where they had none); zeros while never traded."""

    minutes: int
    quote_quantity: int
    volume_lots: int
    last_time_ns: int


class OrderRecord(NamedTuple):
    """An order, open or closed, as its last event left it."""

    order_id: int
    account: int
    symbol: int
    side: int
    order_type: int
    time_in_force: int
    stp: int
    status: int  # OrderStatus
    code: int  # Code: why it expired, else 0
    price_ticks: int
    order_lots: int
    quote_quantity: int  # MARKET by value: what was asked for, else 0
    executed_lots: int
    executed_quote: int
    client_id: str
    placed_ns: int
    updated_ns: int
    # what docs/ORDERS.md adds
    stop_price_ticks: int = 0
    iceberg_lots: int = 0
    prevented_lots: int = 0
    trailing_bps: int = 0
    peg: int = 0
    peg_offset: int = 0
    side_effect: int = 0
    list_id: int = 0
    expires_ns: int = 0  # GTD
    turn_ns: int = 0  # when it was placed, or its turn in its list came; 0 = it has not come yet, or never came
    working_ns: int = 0  # when it first could be matched: at once, or when it was triggered; 0 = never so far
    prevented_match: int = 0  # the last of them, 0 = none


class OrderList(NamedTuple):
    """An order list as its last event left it."""

    list_id: int
    account: int
    symbol: int
    list_type: int
    status: int  # ListStatus
    client_id: str
    placed_ns: int
    updated_ns: int
    order_ids: tuple[int, ...]  # in the order of the legs
    client_ids: tuple[str, ...]  # theirs


class PreventedMatch(NamedTuple):
    """What self-trade prevention did not let happen."""

    symbol: int
    match_id: int
    time_ns: int
    price_ticks: int
    taker_order: int
    maker_order: int
    taker_account: int
    maker_account: int
    taker_lots: int  # what each order lost by it
    maker_lots: int
    taker_side: int
    stp: int  # of the taker
    handed_over: int  # 1: lots and their value changed hands
    seq: int  # of the event


class Amendment(NamedTuple):
    """How one amendment changed an order."""

    seq: int  # of the event
    former_lots: int
    order_lots: int
    former_client_id: str
    client_id: str
    time_ns: int


class Fill(NamedTuple):
    """One account's part in a trade. A trade with oneself is two fills: the taker's first."""

    symbol: int
    trade_id: int
    order_id: int
    account: int
    price_ticks: int
    quantity_lots: int
    quote_quantity: int
    fee: int  # in the asset received, base for the buyer, quote for the seller, or in `fee_asset`
    is_buyer: bool
    is_maker: bool
    time_ns: int
    list_id: int = 0  # of the order's list
    fee_asset: int = 0  # the discount asset, where the fee was paid in that


class TransferRecord(NamedTuple):
    """A transfer that took effect: moved at once, held, or the capture or release of a held one; or a CONVERT, beside its trades."""

    transfer_id: tuple[int, int]
    pending_id: tuple[int, int]  # CAPTURED, RELEASED: the held one; CONVERTED: (symbol + via_symbol·2^32, most); else (0, 0)
    kind: int  # EventKind: TRANSFERRED, HELD, CAPTURED, RELEASED, CONVERTED
    ended: int  # HELD: 0 while it is held, then EventKind CAPTURED, RELEASED or HOLD_EXPIRED
    debit: int  # CONVERTED: the payer
    credit: int  # CONVERTED: 0
    asset: int
    amount: int  # moved, or held; CONVERTED: of `asset`, what was owed
    released: int  # CONVERTED: what it cost, in the asset paid
    reason: int
    user: tuple[int, int]
    expires_ns: int
    time_ns: int
    ended_ns: int
