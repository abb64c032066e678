"""The state of the venue: tables of records, grouped by what they are for.

Owns every layout that kernels share. A table is a one-dimensional array of records, so that one order, level or balance is one or two
cache lines; State groups the tables in NamedTuples, so that kernels read `state.book.orders[slot].price_ticks`.

- Ids and slots start at 1; row 0 is never a member of anything, and 0 means none. (Row 0 of `orders` is the order at the door: a taker
  that will never rest.)
- Pools (orders, levels, ladder nodes, pending) hand out recycled rows first, then fresh ones up to `*_top`, so that untouched memory
  stays untouched.
- Links between rows are unsigned: compiled code then need not look whether they count from the end.
- Hashed tables (engine/kernels/hashed.py) have the key fields `high` and `low` first.
- Balances, ladder nodes and the ways to find an order are not pools of the rule book: they are as large as what they hold asks for, so that
  they stay in the processor's caches, and grow between commands before they could run out. Nothing published depends on their size.
"""

from typing import NamedTuple

import numpy as np

from engine.types import (
    CHAIN_MAX,
    COLLATERAL_TIERS,
    FEE_TIERS,
    FILTERS,
    FIRST_CUSTOMER,
    INITIAL_CAPACITY,
    MARGIN_ASSETS_MAX,
    RULES_FIRST,
    SOURCES_MAX,
    STEPS_MAX,
    VOLUME_DAYS,
    AccountStatus,
    Pool,
)

LINE_BYTES = 64  # of a cache line; tables start at one
EVENTS_PER_STEP = 8  # what one maker may yield: that it is prevented and expires, what ends with its list, what both parties repay
# A command, a chain, a timer or one activation yields no more; a chain with several CONVERTs asks for the room it needs.
EVENTS_MAX = STEPS_MAX * EVENTS_PER_STEP + 64
ROUND_EVENTS_MAX = 2 * EVENTS_MAX + 2 * MARGIN_ASSETS_MAX  # of a round of a liquidation: it cancels, then trades
BALANCES_MAX = CHAIN_MAX * 6 + 8  # balances that one command, or a chain, may bring into being
LOANS_MAX = 2  # loans one command, or one activation, may bring into being: a list may borrow for each leg
WATCHES_MAX = LOANS_MAX + MARGIN_ASSETS_MAX  # and watches: times of accounts that borrow, or those of one evaluation
NODES_MAX = 96  # ladder nodes one command may need: less than two paths of eleven for each of a list's orders
ORDERS_MAX = 4  # orders, and timers, that one command may bring into being
LADDERS = 4  # of a symbol: bids, asks, and the stops that wait for a lower or a higher price
BELOW, ABOVE = 2, 3  # the latter two; even rows are ordered as bids are, highest price first
FANOUT_BITS = 6
FANOUT = 1 << FANOUT_BITS  # children of a ladder node: one bit each in a word
_FIRST_SLOTS = 1 << 10  # of a hashed table that grows as it fills
_FIRST_NODES = 1 << 8
_FIRST_MARGINS = 1 << 6  # margin accounts


def _row(text: str, itemsize: int = 0) -> np.dtype:
    """A packed dtype from "name format, name format …", filled up to `itemsize` bytes."""
    row = np.dtype([tuple(field.split()) for field in text.split(",")])
    if itemsize == 0:
        return row
    forms, offsets = zip(*(row.fields[name] for name in row.names), strict=True)
    return np.dtype({"names": row.names, "formats": forms, "offsets": offsets, "itemsize": itemsize})


VENUE = _row(
    "rules_version <i8, opened <i8, position <i8, now <i8, last_order_id <i8, seq <i8, last_account <i8, last_key <i8, last_asset <i8, "
    "last_symbol <i8, horizon <i8, limit_10s <i8, limit_day <i8, "
    "orders_open <i8, rosters_used <i8, orders_free <u4, orders_top <u4, levels_free <u4, levels_top <u4, nodes_free <u4, nodes_top <u4, "
    "pending_count <i8, pending_free <i8, pending_top <i8, expiring <i8, transfers_oldest <i8, transfers_count <i8, balances_used <i8, "
    "last_priority <i8, last_list_id <i8, lists_open <i8, lists_free <u4, lists_top <u4, timers <i8, "
    "filters <i8, backlog_first <i4, backlog_last <i4, "  # how many filters are set for the whole exchange; symbols
    # of the frame and command at hand
    "permitted <i8, custody <i8, ledger <i8, registering <i8, index <i8, events <u4, growing <u4, unknown_rules <i8, "
    "frame_ns <i8, expiries <i8, stage <i4, drained <i4, steps_taken <i8, "  # engine/kernels/stages.py
    "steps <i8, first_ticks <i8, budget <i8, "  # of the match at hand
    "missing <i8"  # what the order at hand borrows first (docs/MARGIN.md)
)
ASSET = _row("name_0 <i8, name_1 <i8, name_2 <i8, scale <i8, max_order <i8, pool <i8")  # `pool`: of a margin asset, else 0
SYMBOL = _row(
    "name_0 <i8, name_1 <i8, name_2 <i8, base <i8, quote <i8, lot_units <i8, tick_lot_units <i8, max_price_ticks <i8, "
    "max_quantity_lots <i8, max_market_lots <i8, min_notional <i8, max_orders <i8, status <i8, "
    "last_trade_id <i8, last_update_id <i8, last_price_ticks <i8, "
    "last_prevented_id <i8, resumed_ns <i8, low_ticks <i8, high_ticks <i8, first_ticks <i8, uncross_ticks <i8, "
    # `stops` count the orders that wait or track, `trailing` the open ones with a trailing delta; the queues are linked through ORDER rows
    "special <i8, stops <i4, trailing <i4, filters <i4, backlog_next <i4, "
    "tracking_first <u4, tracking_last <u4, due_first <u4, due_last <u4"
)
BUSY, IN_AUCTION, FILTERED = 1, 2, 4  # bits of SYMBOL.special: on the backlog; gathers orders; filters are set. 0: all is plain
FEE = _row("maker_ppm <i4, taker_ppm <i4")
ACCOUNT = _row(
    # what orders touch
    "status <i4, tier <i4, window_number <i8, window_count <i8, day_number <i8, day_count <i8, group <i8, orders <i4, algos <i4, "
    "icebergs <i4, margin <i4, "  # `margin`: its own row of MARGIN_ACCOUNT
    # what there is besides
    "reference_hi <i8, reference_lo <i8, opened_ns <i8, countdown_ns <i8, timer <i8, lists <i4, "
    # `margins`: the first row of MARGIN_ACCOUNT of those it owns; docs/MARGIN.md section 8
    "margins <i4, fee_day <i4, pinned <i2, discount <i2",
    2 * LINE_BYTES,
)
KEY = _row("account <i8, scopes <i8, reference_hi <i8, reference_lo <i8")
INDEX = _row("high <i8, low <i8, row <i8")  # key -> row of another table

ORDER = _row(
    # what matching touches of a plain maker
    "order_id <i8, order_lots <i8, executed_lots <i8, executed_quote <i8, prevented_lots <i8, account <i4, symbol <i4, "
    "next <u4, previous <u4, level <u4, side u1, order_type u1, stp u1, special u1, "
    # what every order has besides
    "price_ticks <i8, placed_ns <i8, updated_ns <i8, priority <i8, roster_next <u4, roster_previous <u4, "
    "time_in_force u1, state u1, named u1, side_effect u1, amends <u4, iceberg_lots <i8, shown_lots <i8, "
    # what is only there, and only looked at, where `special` is not 0
    "stop_price_ticks <i8, hold_ticks <i8, extreme_ticks <i8, expires_ns <i8, list <u4, timer <u4, trailing_bps <u2, peg u1, peg_offset u1",
    3 * LINE_BYTES,
)
# Bits of ORDER.special; an order with none of them is a plain one: LIMIT, LIMIT_MAKER or MARKET without any further terms.
ICEBERG, TIMED, LISTED, ALGO, TERMS, BARE, UNBORN, LEVERAGED = 1, 2, 4, 8, 16, 32, 64, 128
NAME = _row("digest <i8, client_0 <i8, client_1 <i8, client_2 <i8, client_3 <i8, client_4 <i8")  # of an order with a client id
LEVEL = _row("price_ticks <i8, lots <i8, head <u4, tail <u4, count <i4, next_free <u4")
LADDER = _row("root <u4, height <i4, best <u4, count <i4")  # one of a symbol's LADDERS; `best` is a level
ROSTER = _row(  # (account, symbol) -> its open orders, oldest first, and how many of them are what
    "high <i8, low <i8, head <u4, tail <u4, count <u2, algos <u2, icebergs <u2, lists <u2"
)
LIST = _row(
    "list_id <i8, account <i4, symbol <i4, list_type <i4, next_free <u4, placed_ns <i8, digest <i8, order_0 <i8, order_1 <i8, order_2 <i8, "
    "row_0 <u4, row_1 <u4, row_2 <u4, open <u4, "  # rows of the orders, 0 of one that is not open; how many are
    "client_0 <i8, client_1 <i8, client_2 <i8, client_3 <i8, client_4 <i8"
)
TIMER = _row("time_ns <i8, owner <i8, row <u4, kind <u4")  # of an order (its id and row) or an account (twice)

BALANCE = _row("high <i8, low <i8, available <i8, held <i8")  # (account, asset)
PENDING = _row(
    "id_hi <i8, id_lo <i8, debit <i4, credit <i4, asset <i4, reason <i4, amount <i8, expires_ns <i8, user_hi <i8, user_lo <i8, "
    "held_ns <i8, heap_place <i4, next_free <i4"
)
TRANSFER = _row(
    "id_hi <i8, id_lo <i8, kind <i4, debit <i4, credit <i4, asset <i4, amount <i8, pending_hi <i8, pending_lo <i8, timeout_ns <i8, "
    "reason <i4, code <i4, user_hi <i8, user_lo <i8, ended <i8, time_ns <i8"
)
LEG = _row(  # one market order of a CONVERT: its cost is in the asset sold, what is received of the asset bought is net of fees
    "symbol <i8, side <i8, sold <i8, bought <i8, lots <i8, cost <i8, received <i8, steps <i8"
)

# docs/MARGIN.md
MARGIN = _row(
    "numeraire <i8, call_ppm <i8, liquidation_ppm <i8, borrow_ppm <i8, transfer_ppm <i8, fee_ppm <i8, slippage_ppm <i8, slice_ppm <i8, "
    "deviation_ppm <i8, slice_min <i8, grace_ns <i8, staleness_ns <i8, discount_asset <i8, discount_ppm <i8, "
    "assets <i8, accounts <i8, loans_used <i8, lenders_used <i8, watches_free <u4, watches_top <u4, watches_used <i8, "
    "budget <i8"  # of the upkeep at hand
)
POOL = _row(  # a margin asset: its pool, its index price; `unit` = 10^price_scale
    "asset <i8, symbol <i8, status <i8, price_scale <i8, unit <i8, reserve_ppm <i8, optimal_ppm <i8, base_rate <i8, slope1_rate <i8, "
    "slope2_rate <i8, borrow_limit <i8, lent <i8, borrowed <i8, free <i8, shares <i8, hour <i8, cumulative <i8, rate <i8, "
    "price <i8, frozen <i8, until_ns <i8, tiers <i8"
)
COLLATERAL = _row("limit <i8, ratio_ppm <i8")
SOURCE = _row("price <i8, time_ns <i8")
MARGIN_ACCOUNT = _row(
    "account <i8, owner <i8, symbol <i8, due_ns <i8, state <i4, loans <i4, clock <u4, watches <u4, next <i8"
)  # `next`: of the same owner's; `clock`, `watches`: rows of WATCH
LOAN = _row("high <i8, low <i8, principal <i8, interest <i8, index <i8")  # (account, asset)
LENDER = _row("high <i8, low <i8, shares <i8")  # (account, asset)
WATCH = _row("key <i8, account <i4, heap <i4, left <u4, right <u4, parent <u4, next <u4, rank <i8")  # engine/kernels/watches.py
MARGIN_SINCE = 3  # rules version
FAIR_SINCE = 4  # rules version: margin accounts trade at fair prices only, and only what is in doubt waits
VOLUME_SLOTS = VOLUME_DAYS + 1  # today's too; a day's volume is at day % VOLUME_SLOTS


class Registry(NamedTuple):
    """What is listed and who is known; rows by id."""

    capacity: np.ndarray  # int64 by Pool
    asked: np.ndarray  # int64 by Pool: the capacity from the end of this frame
    assets: np.ndarray
    symbols: np.ndarray
    fees: np.ndarray  # row = symbol · FEE_TIERS + tier
    filters: np.ndarray  # int64: row = symbol · FILTERS + filter, symbol 0 for the whole exchange
    accounts: np.ndarray
    keys: np.ndarray
    asset_names: np.ndarray  # INDEX: see engine/kernels/admin.py
    symbol_names: np.ndarray
    account_references: np.ndarray  # INDEX: reference -> account
    key_references: np.ndarray


class Book(NamedTuple):
    """The open orders of all symbols."""

    ladders: np.ndarray  # row = symbol · LADDERS + side, or + BELOW, + ABOVE
    node_bits: np.ndarray  # int64: which children of a ladder node are there
    node_children: np.ndarray  # uint32, FANOUT a node: nodes below, or levels at the bottom
    levels: np.ndarray
    hidden: np.ndarray  # int64 by level: lots that icebergs there do not show
    orders: np.ndarray
    names: np.ndarray  # NAME: row by row what `orders` have
    order_ids: np.ndarray  # INDEX: (0, order_id) -> orders
    client_ids: np.ndarray  # INDEX: (account, digest) -> orders
    rosters: np.ndarray  # ROSTER, the empty ones too
    lists: np.ndarray
    list_ids: np.ndarray  # INDEX: (0, list_id) -> lists
    list_names: np.ndarray  # INDEX: (account, digest) -> lists
    timers: np.ndarray  # a heap of TIMER, from 1


class Ledger(NamedTuple):
    """Who owns what, and which transfers were made."""

    balances: np.ndarray
    pending: np.ndarray
    pending_ids: np.ndarray  # INDEX: id -> pending
    expiries: np.ndarray  # int32: a heap of pending rows by (expires_ns, held_ns), from 1
    transfers: np.ndarray  # a ring of remembered transfers
    transfer_ids: np.ndarray  # INDEX: id -> 1 + place in the ring
    evicted: np.ndarray  # CHAIN_MAX TRANSFER rows: what each member of a chain pushed out of the ring
    resolved: np.ndarray  # CHAIN_MAX PENDING rows: what each member resolved


class Margin(NamedTuple):
    """Margin accounts, pools, index prices, and what accounts have traded."""

    setup: np.ndarray  # one MARGIN record
    pools: np.ndarray  # POOL, from 1
    rising: np.ndarray  # int64: rows of `pools` by rising asset, from 0
    collateral: np.ndarray  # row = pool · COLLATERAL_TIERS + tier
    sources: np.ndarray  # row = pool · (SOURCES_MAX + 1) + source
    fresh: np.ndarray  # int64: prices of the index at hand
    accounts: np.ndarray  # MARGIN_ACCOUNT, from 1
    account_index: np.ndarray  # INDEX: (owner, symbol) -> accounts
    loans: np.ndarray
    lenders: np.ndarray
    watches: np.ndarray  # WATCH, from 1
    heaps: np.ndarray  # uint32: the first watch of each heap
    thresholds: np.ndarray  # int64: the volume of each fee tier
    volumes: np.ndarray  # int64: row = account · VOLUME_SLOTS + slot


class State(NamedTuple):
    venue: np.ndarray  # one VENUE record: counters, and what is true of the frame at hand
    registry: Registry
    book: Book
    ledger: Ledger
    margin: Margin
    legs: np.ndarray  # 2 · CHAIN_MAX LEG rows: what each member of the chain at hand trades. No part of a snapshot


class Batch(NamedTuple):
    """The commands of one frame: views of the same bytes, and where their codes go."""

    orders: np.ndarray
    transfers: np.ndarray
    admin: np.ndarray
    words: np.ndarray  # int64, 16 a command
    codes: np.ndarray  # int16
    binding: np.ndarray  # int64: where compiled code finds all this (engine/kernels/binding.py)


class Output(NamedTuple):
    """A buffer of events: views of the same bytes."""

    orders: np.ndarray
    transfers: np.ndarray
    admin: np.ndarray
    lists: np.ndarray
    loans: np.ndarray
    margin: np.ndarray
    words: np.ndarray  # int64, 20 an event
    wanted: np.ndarray  # int64, one: events for which there must be room before the next command is started


def table(dtype, rows: int) -> np.ndarray:
    """Zeroed rows that start at a cache line."""
    dtype = np.dtype(dtype)
    raw = np.zeros(rows * dtype.itemsize + LINE_BYTES, np.uint8)
    start = -raw.ctypes.data % LINE_BYTES
    return raw[start : start + rows * dtype.itemsize].view(dtype)


def _slots(members: int) -> int:
    """Slots of a hashed table for so many members: a power of two, never more than half full."""
    return 2 * members


def create(capacity: tuple[int, ...] = INITIAL_CAPACITY) -> State:
    """An empty venue: no assets, no symbols, the house accounts."""
    venue = table(VENUE, 1)
    venue["rules_version"] = RULES_FIRST
    venue["last_account"] = FIRST_CUSTOMER - 1
    sizes = np.array(capacity, np.int64)
    accounts = table(ACCOUNT, capacity[Pool.ACCOUNTS] + 1)
    accounts["status"][1:FIRST_CUSTOMER] = AccountStatus.ACTIVE
    registry = Registry(
        capacity=sizes,
        asked=sizes.copy(),
        assets=table(ASSET, capacity[Pool.ASSETS] + 1),
        symbols=table(SYMBOL, capacity[Pool.SYMBOLS] + 1),
        fees=table(FEE, (capacity[Pool.SYMBOLS] + 1) * FEE_TIERS),
        filters=table(np.int64, (capacity[Pool.SYMBOLS] + 1) * FILTERS),
        accounts=accounts,
        keys=table(KEY, capacity[Pool.KEYS] + 1),
        asset_names=table(INDEX, _slots(capacity[Pool.ASSETS])),
        symbol_names=table(INDEX, _slots(capacity[Pool.SYMBOLS])),
        account_references=table(INDEX, _slots(capacity[Pool.ACCOUNTS])),
        key_references=table(INDEX, _slots(capacity[Pool.KEYS])),
    )
    book = Book(
        ladders=table(LADDER, (capacity[Pool.SYMBOLS] + 1) * LADDERS),
        node_bits=table(np.int64, _FIRST_NODES),
        node_children=table(np.uint32, _FIRST_NODES * FANOUT),
        levels=table(LEVEL, capacity[Pool.ORDERS] + 1),
        hidden=table(np.int64, capacity[Pool.ORDERS] + 1),
        orders=table(ORDER, capacity[Pool.ORDERS] + 1),
        names=table(NAME, capacity[Pool.ORDERS] + 1),
        order_ids=table(INDEX, _FIRST_SLOTS),
        client_ids=table(INDEX, _FIRST_SLOTS),
        rosters=table(ROSTER, _FIRST_SLOTS),
        lists=table(LIST, capacity[Pool.ORDERS] + 1),
        list_ids=table(INDEX, _FIRST_SLOTS),
        list_names=table(INDEX, _FIRST_SLOTS),
        timers=table(TIMER, _FIRST_SLOTS),
    )
    ledger = Ledger(
        balances=table(BALANCE, _FIRST_SLOTS),
        pending=table(PENDING, capacity[Pool.PENDING] + 1),
        pending_ids=table(INDEX, _slots(capacity[Pool.PENDING])),
        expiries=table(np.int32, capacity[Pool.PENDING] + 1),
        transfers=table(TRANSFER, capacity[Pool.TRANSFER_IDS]),
        transfer_ids=table(INDEX, _slots(capacity[Pool.TRANSFER_IDS])),
        evicted=table(TRANSFER, CHAIN_MAX),
        resolved=table(PENDING, CHAIN_MAX),
    )
    return State(venue, registry, book, ledger, _create_margin(capacity), legs=table(LEG, CHAIN_MAX * 2))


def _create_margin(capacity: tuple[int, ...]) -> Margin:
    pools = MARGIN_ASSETS_MAX + 1
    return Margin(
        setup=table(MARGIN, 1),
        pools=table(POOL, pools),
        rising=table(np.int64, pools),
        collateral=table(COLLATERAL, pools * COLLATERAL_TIERS),
        sources=table(SOURCE, pools * (SOURCES_MAX + 1)),
        fresh=table(np.int64, SOURCES_MAX + 1),
        accounts=table(MARGIN_ACCOUNT, _FIRST_MARGINS),
        account_index=table(INDEX, _slots(_FIRST_MARGINS)),
        loans=table(LOAN, _FIRST_SLOTS),
        lenders=table(LENDER, _FIRST_SLOTS),
        watches=table(WATCH, _FIRST_SLOTS),
        heaps=table(np.uint32, pools * 2),
        thresholds=table(np.int64, FEE_TIERS),
        volumes=table(np.int64, (capacity[Pool.ACCOUNTS] + 1) * VOLUME_SLOTS),
    )
