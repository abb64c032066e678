"""Matching with reports only: the book of one symbol without accounts, money or logged time, for measuring the book itself.

It stands on the core's ladder of prices and its level records (engine/kernels/ladder.py, state.py) and keeps the rule of the match: best
price first, then oldest first, at the maker's price. What it leaves out is what a venue adds to a book. An order is 32 bytes; its row is
found by the order's id in a table of words, 32 bits of the id's hash above 32 bits of its row, so that probing and removing read no orders.

Messages and reports are fixed records. Each message yields its reports in order:

    NEW     ORDER_ACK, TRADE …; CANCEL_ACK for what an immediate order has left
    CANCEL  CANCEL_ACK, or CANCEL_REJECT where no such order rests
    MODIFY  MODIFY_ACK, TRADE … (it leaves the book and enters it anew, last at its price), or MODIFY_REJECT

Ids are 0 … 2^63 − 1 and prices 1 … 2^62. A NEW whose id already rests is a CANCEL_REJECT: an id names one order at a time.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel
from engine.kernels.arithmetic import signed
from engine.kernels.ladder import add_level, find_level, next_level, remove_level
from engine.kernels.state import FANOUT, LADDER, LEVEL, NODES_MAX, table
from engine.types import Side


class Message(IntEnum):
    NEW = 0
    CANCEL = 1
    MODIFY = 2


class Report(IntEnum):
    ORDER_ACK = 0
    TRADE = 1
    CANCEL_ACK = 2
    MODIFY_ACK = 3
    CANCEL_REJECT = 4
    MODIFY_REJECT = 5


def _fields(text: str) -> np.dtype:
    return np.dtype([tuple(field.split()) for field in text.split(",")])


MESSAGE = _fields("kind u1, side u1, ioc u1, reserved_0 u1, quantity <u4, sequence <i8, order_id <i8, price_ticks <i8, reserved_1 <i8")
# Of a TRADE, `order_id` is the taker's and `maker_id` the maker's; quantity and price are what was executed, or what was asked or is left.
REPORT = _fields("kind u1, side u1, reserved_0 <u2, quantity <u4, sequence <i8, order_id <i8, price_ticks <i8, maker_id <i8")
REPORTS_A_MESSAGE = 4  # in the long run: an acknowledgement, a rest cancelled, and two orders that a trade may end

_RESTING = _fields("order_id <i8, quantity <u4, next <u4, previous <u4, level <u4, side <u4, reserved <u4")
_COUNTERS = _fields(
    "orders_free <u4, orders_top <u4, levels_free <u4, levels_top <u4, nodes_free <u4, nodes_top <u4, resting <u4, reports <u4"
)
_SPREAD = signed(0x9E3779B97F4A7C15)
_LOWER_HALF = 0xFFFFFFFF
_FIRST_ROWS = 1 << 10


class Matcher(NamedTuple):
    """One symbol's book. Row 0 of orders, levels and nodes is none."""

    counters: np.ndarray
    ladders: np.ndarray  # row = side
    node_bits: np.ndarray
    node_children: np.ndarray
    levels: np.ndarray
    orders: np.ndarray
    order_ids: np.ndarray  # int64: hash << 32 | row, 0 = empty; at most half of them are used


def matcher() -> Matcher:
    """An empty book."""
    return Matcher(
        counters=table(_COUNTERS, 1),
        ladders=table(LADDER, 2),
        node_bits=table(np.int64, _FIRST_ROWS),
        node_children=table(np.uint32, _FIRST_ROWS * FANOUT),
        levels=table(LEVEL, _FIRST_ROWS),
        orders=table(_RESTING, _FIRST_ROWS),
        order_ids=table(np.int64, 2 * _FIRST_ROWS),
    )


def run_messages(book: Matcher, messages: np.ndarray, reports: np.ndarray) -> tuple[Matcher, int]:
    """Takes all messages in order; returns the book, with larger tables where they were needed, and how many reports were written."""
    assert len(reports) >= REPORTS_A_MESSAGE * len(messages) + book.counters[0]["resting"]
    book.counters["reports"] = 0
    at = 0
    while at < len(messages):
        at = match_messages(book, messages, reports, at)
        if at < len(messages):
            book = _larger(book)
    return book, int(book.counters[0]["reports"])


def _larger(book: Matcher) -> Matcher:
    """The same book in tables of twice the size, those that are full."""
    counters = book.counters[0]
    if counters["nodes_top"] + NODES_MAX >= book.node_bits.size:
        book = book._replace(node_bits=_doubled(book.node_bits), node_children=_doubled(book.node_children))
    if counters["levels_top"] + 1 >= book.levels.size:
        book = book._replace(levels=_doubled(book.levels))
    if counters["orders_top"] + 1 >= book.orders.size:
        book = book._replace(orders=_doubled(book.orders), order_ids=table(np.int64, 2 * book.order_ids.size))
        _index_anew(book)
    return book


def _doubled(old: np.ndarray) -> np.ndarray:
    new = table(old.dtype, 2 * old.size)
    new[: old.size] = old
    return new


# ---------------------------------------------------------------- ids


@inlined_kernel
def _hash(order_id):
    return ((order_id * _SPREAD) >> 32) & _LOWER_HALF


@inlined_kernel
def _find(book, order_id):
    """The slot of a resting order in `order_ids`, or that of the empty word where the search ended."""
    mask = np.uint32(book.order_ids.size - 1)
    wanted = _hash(order_id)
    slot = np.uint32(wanted & mask)
    while True:
        word = book.order_ids[slot]
        if word == 0 or ((word >> 32) & _LOWER_HALF == wanted and book.orders[np.uint32(word & _LOWER_HALF)].order_id == order_id):
            return slot
        slot = (slot + np.uint32(1)) & mask


@inlined_kernel
def _forget(book, slot):
    """Empties a slot and shifts back the words that had been pushed past it."""
    mask = np.uint32(book.order_ids.size - 1)
    gap = slot
    follower = slot
    while True:
        follower = (follower + np.uint32(1)) & mask
        word = book.order_ids[follower]
        if word == 0:
            break
        wish = np.uint32((word >> 32) & mask)
        if ((follower - wish) & mask) >= ((follower - gap) & mask):
            book.order_ids[gap] = word
            gap = follower
    book.order_ids[gap] = 0


@entry_kernel
def _index_anew(book):
    """Enters every resting order into an empty `order_ids`."""
    for side in range(2):
        ladder = book.ladders[side]
        place = np.int64(ladder.best)
        while place != 0:
            level = book.levels[place]
            row = np.int64(level.head)
            while row != 0:
                order = book.orders[row]
                book.order_ids[_find(book, order.order_id)] = (_hash(order.order_id) << 32) | row
                row = np.int64(order.next)
            place = np.int64(next_level(book, ladder, side, level.price_ticks))


# ---------------------------------------------------------------- entering and leaving


@inlined_kernel
def _enter(counters, book, slot, side, order_id, price_ticks, quantity):
    """The order rests, last at its price; `slot` is the empty word of `order_ids` that its id leads to."""
    row = counters.orders_free
    if row != 0:
        counters.orders_free = book.orders[row].next
    else:
        counters.orders_top += 1
        row = counters.orders_top
    ladder = book.ladders[side]
    place = find_level(book, ladder, price_ticks)
    if place == 0:
        place = counters.levels_free
        if place != 0:
            counters.levels_free = book.levels[place].next_free
        else:
            counters.levels_top += 1
            place = counters.levels_top
        level = book.levels[place]
        level.price_ticks = price_ticks
        level.lots = 0
        level.head = row
        level.tail = 0
        level.count = 0
        add_level(counters, book, ladder, side, price_ticks, place)
    level = book.levels[place]
    order = book.orders[row]
    order.order_id = order_id
    order.quantity = quantity
    order.level = place
    order.side = side
    order.next = 0
    order.previous = level.tail
    if level.tail != 0:
        book.orders[level.tail].next = row
    level.tail = row
    level.count += 1
    level.lots += quantity
    book.order_ids[slot] = (_hash(order_id) << 32) | row
    counters.resting += 1


@inlined_kernel
def _leave(counters, book, slot, row):
    """Takes a resting order out of its level and out of `order_ids`, where `slot` is its word; its row may be taken by the next."""
    order = book.orders[row]
    level = book.levels[order.level]
    if order.previous != 0:
        book.orders[order.previous].next = order.next
    else:
        level.head = order.next
    if order.next != 0:
        book.orders[order.next].previous = order.previous
    else:
        level.tail = order.previous
    level.count -= 1
    level.lots -= order.quantity
    if level.count == 0:
        side = np.int64(order.side)
        remove_level(counters, book, book.ladders[side], side, level.price_ticks)
        level.next_free = counters.levels_free
        counters.levels_free = order.level
    _forget(book, slot)
    order.next = counters.orders_free
    counters.orders_free = row
    counters.resting -= 1


# ---------------------------------------------------------------- messages


@inlined_kernel
def _tell(counters, reports, kind, side, sequence, order_id, price_ticks, quantity, maker_id):
    report = reports[counters.reports]
    counters.reports += 1
    report.kind = kind
    report.side = side
    report.reserved_0 = 0
    report.quantity = quantity
    report.sequence = sequence
    report.order_id = order_id
    report.price_ticks = price_ticks
    report.maker_id = maker_id


@inlined_kernel
def _take(counters, book, reports, side, sequence, order_id, limit_ticks, quantity):
    """Executes against the other side what the limit allows; returns what is left."""
    ladder = book.ladders[1 - side]
    left = np.int64(quantity)
    while left > 0:
        place = ladder.best
        if place == 0:
            break
        level = book.levels[place]
        price = level.price_ticks
        if price > limit_ticks if side == Side.BUY else price < limit_ticks:
            break
        row = level.head
        maker = book.orders[row]
        traded = min(left, np.int64(maker.quantity))
        left -= traded
        _tell(counters, reports, Report.TRADE, side, sequence, order_id, price, traded, maker.order_id)
        if traded == maker.quantity:
            _leave(counters, book, _find(book, maker.order_id), row)
        else:
            maker.quantity -= traded
            level.lots -= traded
    return left


@inlined_kernel
def _has_room(counters, book):
    return (
        counters.orders_top + 1 < book.orders.size
        and counters.levels_top + 1 < book.levels.size
        and counters.nodes_top + NODES_MAX < book.node_bits.size
    )


@entry_kernel
def match_messages(book, messages, reports, start):
    """Takes messages from `start` on while the tables have room; returns the place of the first that was not taken."""
    counters = book.counters[0]
    at = start
    while at < messages.size and _has_room(counters, book):
        message = messages[at]
        at += 1
        order_id = message.order_id
        sequence = message.sequence
        slot = _find(book, order_id)
        row = np.uint32(book.order_ids[slot] & _LOWER_HALF)
        if message.kind == Message.NEW:
            side = np.int64(message.side)
            if row != 0:
                _tell(counters, reports, Report.CANCEL_REJECT, 0, sequence, order_id, 0, 0, 0)
                continue
            _tell(counters, reports, Report.ORDER_ACK, side, sequence, order_id, message.price_ticks, message.quantity, 0)
        elif row == 0:
            kind = Report.CANCEL_REJECT if message.kind == Message.CANCEL else Report.MODIFY_REJECT
            _tell(counters, reports, kind, 0, sequence, order_id, 0, 0, 0)
            continue
        else:
            order = book.orders[row]
            side = np.int64(order.side)
            if message.kind == Message.CANCEL:
                price = book.levels[order.level].price_ticks
                _tell(counters, reports, Report.CANCEL_ACK, side, sequence, order_id, price, order.quantity, 0)
                _leave(counters, book, slot, row)
                continue
            _tell(counters, reports, Report.MODIFY_ACK, side, sequence, order_id, message.price_ticks, message.quantity, 0)
            _leave(counters, book, slot, row)
        left = _take(counters, book, reports, side, sequence, order_id, message.price_ticks, message.quantity)
        if left == 0:
            continue
        if message.ioc != 0 and message.kind == Message.NEW:
            _tell(counters, reports, Report.CANCEL_ACK, side, sequence, order_id, message.price_ticks, left, 0)
        else:
            _enter(counters, book, _find(book, order_id), side, order_id, message.price_ticks, left)
    return at
