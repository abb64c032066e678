"""The order stream of exchange-core's own performance test, of any size and seed.

Owns the generator (java.util.Random's draws in the order in which the original makes them) with a small order book of its own, which the
generator needs because it steers the size of the book by what was matched. Each message is written twice: as exchange-core's own
fields, and as a command of our core:

    place     -> PLACE LIMIT: GTC, IOC, and FOK_BUDGET as FOK at the limit its budget stands for
    cancel    -> CANCEL              reduce    -> AMEND, or CANCEL where nothing would be left
    move      -> REPLACE with what is left of the order (it loses its place, as in the original)

Order ids of the core are foretold: every placement here is accepted, so they count PLACE and REPLACE.
"""

import math
from typing import NamedTuple

import numpy as np

from engine.kernels import allocating_kernel, kernel
from engine.types import FIRST_CUSTOMER, ORDER_COMMAND, Kind, OrderType, Side, TimeInForce

# exchange-core's own numbers in `messages`
PLACE, CANCEL, MOVE, REDUCE = 1, 2, 3, 4
ASK, BID = 0, 1
GTC, IOC, FOK_BUDGET, NO_TYPE = 0, 1, 4, -1
FIELDS = ("command", "order_id", "user", "price", "size", "reserve_price", "action", "order_type")

_CHECK_EVERY = 512
_VICTIMS = 512
_MASK_48 = (1 << 48) - 1
_LCG = 0x5DEECE66D


class Stream(NamedTuple):
    """`prefill` commands that fill the book, then `len(commands) - prefill` that are measured."""

    commands: np.ndarray  # ORDER_COMMAND records, for symbol 1 and accounts FIRST_CUSTOMER …
    messages: np.ndarray  # int32 (n, 8): FIELDS
    prefill: int
    users: int
    trades: int  # made by the generator's own book
    reductions: int  # cancels and reduces that took something off


def java_hash(first: int, second: int) -> int:
    """java.util.Objects.hash of two ints."""
    return _int32(31 * (31 + first) + second)


def _int32(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def generate(size: int, seed: int, book_target: int = 1000, users: int = 1000, symbol: int = 0) -> Stream:
    """`size` measured messages after a prefill of `book_target`; `seed` and `symbol` as in the original's tests."""
    count = size + book_target
    commands = np.zeros(count, ORDER_COMMAND)
    messages = np.zeros((count, len(FIELDS)), np.int32)
    seeded = java_hash(_int32(symbol * -177277), _int32(seed * 10037 + 198267))
    trades, reductions = _generate(commands, messages, (seeded ^ _LCG) & _MASK_48, book_target, users)
    return Stream(commands, messages, book_target, users, trades, reductions)


# ---------------------------------------------------------------- java.util.Random; `random` holds its 48 bits


@kernel
def _next_bits(random, bits):
    random[0] = (random[0] * _LCG + 0xB) & _MASK_48
    return random[0] >> (48 - bits)


@kernel
def _next_int(random, bound):
    bits = _next_bits(random, 31)
    if bound & (bound - 1) == 0:
        return (bound * bits) >> 31
    value = bits % bound
    while bits - value + bound - 1 >= 1 << 31:
        bits = _next_bits(random, 31)
        value = bits % bound
    return value


@kernel
def _next_double(random):
    high = _next_bits(random, 26)
    return ((high << 27) + _next_bits(random, 27)) * (2.0**-53)


# ---------------------------------------------------------------- a small book: lists of orders, one a tick


class _Book(NamedTuple):
    """Rows by order id; `heads` and `tails` by side and tick; `live` strings the generator's live orders in order of arrival."""

    heads: np.ndarray
    tails: np.ndarray
    next: np.ndarray
    previous: np.ndarray
    live_next: np.ndarray
    live_previous: np.ndarray
    price: np.ndarray
    size: np.ndarray  # what is left
    whole: np.ndarray  # the core's order_lots
    core_id: np.ndarray
    user: np.ndarray
    action: np.ndarray
    counts: np.ndarray  # orders in the book by action, then live orders, trades, reductions
    best: np.ndarray  # by action: no order lies beyond it


_LIVE, _TRADES, _REDUCTIONS = 2, 3, 4


@kernel
def _add(book, order):
    action, price = book.action[order], book.price[order]
    last = book.tails[action, price]
    book.previous[order] = last
    book.next[order] = 0
    if last:
        book.next[last] = order
    else:
        book.heads[action, price] = order
    book.tails[action, price] = order
    book.counts[action] += 1
    book.best[action] = max(book.best[action], price) if action == BID else min(book.best[action], price)


@kernel
def _take(book, order):
    action, price = book.action[order], book.price[order]
    following, previous = book.next[order], book.previous[order]
    if previous:
        book.next[previous] = following
    else:
        book.heads[action, price] = following
    if following:
        book.previous[following] = previous
    else:
        book.tails[action, price] = previous
    book.counts[action] -= 1


@kernel
def _best(book, action):
    """The best tick of a side that has orders."""
    step = -1 if action == BID else 1
    while book.heads[action, book.best[action]] == 0:
        book.best[action] += step
    return book.best[action]


@kernel
def _forget(book, order):
    """The generator counts the order as live no longer."""
    book.live_next[book.live_previous[order]] = book.live_next[order]
    book.live_previous[book.live_next[order]] = book.live_previous[order]
    book.counts[_LIVE] -= 1


@kernel
def _remember(book, order):
    last = book.live_previous[0]
    book.live_next[last] = order
    book.live_previous[order] = last
    book.live_next[order] = 0
    book.live_previous[0] = order
    book.counts[_LIVE] += 1


@kernel
def _offered(book, action, size, limit):
    """Whether the makers against `action` offer `size` within the limit."""
    against = 1 - action
    if book.counts[against] == 0:
        return False
    step = 1 if action == BID else -1
    tick = _best(book, against)
    while 0 < tick < book.heads.shape[1] and (tick <= limit if action == BID else tick >= limit):
        maker = book.heads[against, tick]
        while maker:
            size -= book.size[maker]
            if size <= 0:
                return True
            maker = book.next[maker]
        tick += step
    return False


@kernel
def _match(book, order, limit, last_price, low, high):
    """Takes makers for `order` while the limit allows; returns the last trade's price, clamped, or the former one."""
    action = book.action[order]
    against = 1 - action
    while book.size[order] > 0 and book.counts[against] > 0:
        tick = _best(book, against)
        if tick > limit if action == BID else tick < limit:
            break
        maker = book.heads[against, tick]
        size = min(book.size[order], book.size[maker])
        book.size[order] -= size
        book.size[maker] -= size
        book.counts[_TRADES] += 1
        last_price = min(high, max(low, tick))
        if book.size[maker] == 0:
            _take(book, maker)
            _forget(book, maker)
    return last_price


# ---------------------------------------------------------------- the generator


@kernel
def _tell(message, command, order, user, price, size, reserve_price, action, order_type):
    message[0] = command
    message[1] = order
    message[2] = user
    message[3] = price
    message[4] = size
    message[5] = reserve_price
    message[6] = action
    message[7] = order_type


@kernel
def _ask_core(command, kind, account, side, time_in_force, order_id, price, quantity):
    command.kind = kind
    command.side = side
    command.order_type = OrderType.LIMIT
    command.time_in_force = time_in_force
    command.account = account
    command.symbol = 1
    command.order_id = order_id
    command.price_ticks = price
    command.quantity_lots = quantity


@kernel
def _side_of(action):
    return np.int64(Side.BUY) if action == BID else np.int64(Side.SELL)


@kernel
def _draw_size(random, bound):
    return 1 + _next_int(random, bound) * _next_int(random, bound) * _next_int(random, bound)


@kernel
def _draw_action(random):
    return BID if _next_int(random, 4) >= 2 else ASK


@allocating_kernel
def _generate(commands, messages, random_seed, book_target, users):
    random = np.array([random_seed])
    count = commands.size
    first_price = np.int64(10 ** (3.3 + _next_double(random) * 1.5 + _next_double(random) * 1.5))
    deviation = min(np.int64(first_price * 0.05), 10000)
    low, high = first_price - deviation * 5, first_price + deviation * 5
    last_price = first_price
    ticks = high + deviation * 2 + 2
    book = _Book(
        np.zeros((2, ticks), np.int64), np.zeros((2, ticks), np.int64), np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64),
        np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64),
        np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64),
        np.zeros(5, np.int64), np.array([ticks - 1, 0]),
    )  # fmt: skip
    half = book_target // 2
    fast_threshold = min(_CHECK_EVERY, half * 3 // 4)
    check_step = min(_CHECK_EVERY, book_target + 1)
    next_check = check_step
    sampled = np.zeros(2, np.int64)
    filled_once = False
    order = 0
    core_orders = 0
    for at in range(count):
        message, command = messages[at], commands[at]
        grow = True
        choice = np.int64(0)
        if at >= book_target:
            lack = half - sampled
            missing = lack[_draw_action(random)]
            grow = missing > 0
            filled_once = filled_once or not grow
            fast = not filled_once or missing > fast_threshold
            choice = _next_int(random, (2 if fast else 10) if grow else 40)

        if choice < 2 or book.counts[_LIVE] == 0:
            order += 1
            core_orders += 1
            action = _draw_action(random)
            user = 1 + _next_int(random, users)
            if grow:
                spread = 1 + np.int64(_next_double(random) ** 2 * deviation)
                offset = np.int64(0)
                for _ in range(4):
                    offset += _next_int(random, spread)
                offset = offset // 4 * 2 - spread
                if (offset > 0) != (action == ASK):
                    offset = -offset
                price, size, order_type = last_price + offset, _draw_size(random, 6), GTC
                limit, time_in_force = price, TimeInForce.GTC
                stated_price, reserve = price, high if action == BID else 0
            else:
                limit = high if action == BID else low
                if _next_int(random, 32) == 0:
                    size, order_type, time_in_force = _draw_size(random, 8), FOK_BUDGET, TimeInForce.FOK
                    stated_price = size * limit
                    reserve = stated_price
                else:
                    size, order_type, time_in_force = _draw_size(random, 6), IOC, TimeInForce.IOC
                    stated_price, reserve = limit, high if action == BID else 0
            _tell(message, PLACE, order, user, stated_price, size, reserve, action, order_type)
            _ask_core(command, Kind.PLACE, FIRST_CUSTOMER - 1 + user, _side_of(action), time_in_force, 0, limit, size)
            book.action[order], book.user[order], book.price[order] = action, user, limit
            book.size[order], book.whole[order], book.core_id[order] = size, size, core_orders
            if order_type != FOK_BUDGET or _offered(book, action, size, limit):
                last_price = _match(book, order, limit, last_price, low, high)
            if order_type == GTC:
                if book.size[order] > 0:
                    _add(book, order)
                    _remember(book, order)
            elif book.size[order] > 0:
                sampled[ASK], sampled[BID] = book.counts[ASK], book.counts[BID]
        else:
            victim = 0
            for _ in range(1 + _next_int(random, min(_VICTIMS, book.counts[_LIVE]))):
                victim = book.live_next[victim]
            account, user = FIRST_CUSTOMER - 1 + book.user[victim], book.user[victim]
            if choice == 2:
                _tell(message, CANCEL, victim, user, 0, 0, 0, book.action[victim], NO_TYPE)
                _ask_core(command, Kind.CANCEL, account, 0, 0, book.core_id[victim], 0, 0)
                book.counts[_REDUCTIONS] += 1
                _take(book, victim)
                _forget(book, victim)
            elif choice == 3:
                size = 1 + _next_int(random, book.size[victim])
                _tell(message, REDUCE, victim, user, 0, size, 0, book.action[victim], NO_TYPE)
                book.counts[_REDUCTIONS] += 1
                if size >= book.size[victim]:
                    _ask_core(command, Kind.CANCEL, account, 0, 0, book.core_id[victim], 0, 0)
                    _take(book, victim)
                    _forget(book, victim)
                else:
                    book.size[victim] -= size
                    book.whole[victim] -= size
                    _ask_core(command, Kind.AMEND, account, 0, 0, book.core_id[victim], 0, book.whole[victim])
            else:
                former = book.price[victim]
                pull = (last_price - former) * 0.01
                if former > last_price:
                    step = np.int64(math.floor(pull))
                elif former < last_price:
                    step = np.int64(math.ceil(pull))
                else:
                    step = _next_int(random, 2) * 2 - 1
                price = min(former + step, high)
                action = book.action[victim]
                _tell(message, MOVE, victim, user, price, 0, 0, book.action[victim], NO_TYPE)
                _ask_core(command, Kind.REPLACE, account, _side_of(action), TimeInForce.GTC, book.core_id[victim], price, 0)
                core_orders += 1
                book.core_id[victim] = core_orders
                _take(book, victim)
                book.whole[victim] = book.size[victim]
                book.price[victim] = price
                last_price = _match(book, victim, price, last_price, low, high)
                if book.size[victim] > 0:
                    _add(book, victim)
                else:
                    _forget(book, victim)
        if at >= next_check:
            next_check += check_step
            sampled[ASK], sampled[BID] = book.counts[ASK], book.counts[BID]
    return book.counts[_TRADES], book.counts[_REDUCTIONS]
