"""core/adversary: what the worst command costs that an adversary can send, on one thread, and the bound that none may pass.

Each case prepares a venue with many commands and then sends its worst command alone in a frame, many times over; the median counts, since
the machine's own interruptions take longer than most commands. The frame's fixed cost is in it. BOUND_NS is STEPS_MAX steps at two
microseconds each; what a command leaves undone is expired, refused or left to the next frame (docs/CORE.md).

    levels       a million price levels, each with one order far from the next: a sweep over STEPS_MAX of them, and an order in between
    level        a million orders at one price: a sweep, the cancel of one in the middle
    self-trades  a taker that meets STEPS_MAX orders of its own, all of which expire
    cancel-all   STEPS_MAX orders of one account on one symbol
    collisions   client ids made to lie in one place of the index: one more of them, and the cancel of the first
    stops        a million stops at one price: the trade that reaches it, and the commands after it that work off what it reached
    expiries     a million holds that end at one instant: the frames that find them over
    auction      a million orders gathered on as many levels, all of which cross: the command that ends it, and those that pair them off

The price of an auction is chosen from all levels that cross, so the command that ends one (the operator's) is not bounded by steps but by
them: it has no BOUND_NS.
"""

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

from bench.large import pinned
from bench.result import Result
from bench.venues import Size, Venue
from engine.types import (
    ADMIN_COMMAND,
    CLIENT_ID_BYTES,
    FIRST_CUSTOMER,
    HOUSE_ESCROW,
    MIX_MULTIPLIER,
    MIX_SEED,
    ORDER_COMMAND,
    STEPS_MAX,
    TRANSFER_COMMAND,
    Kind,
    OrderType,
    Pool,
    Side,
    Stp,
    SymbolStatus,
    TimeInForce,
)

SCENARIO = "core/adversary"
BOUND_NS = STEPS_MAX * 2_000
MANY = 1_000_000
OWNERS = 1_000
TIMES = 15
CANCELS = 1_000
ATTACKER = FIRST_CUSTOMER + OWNERS
COLLIDING = STEPS_MAX  # on each of the symbols
COLLIDING_SYMBOLS = 4
_WORD = 2**64


def orders(count: int, **fields) -> np.ndarray:
    """PLACE commands of limit orders; fields are values or arrays."""
    made = np.zeros(count, ORDER_COMMAND)
    made["kind"], made["order_type"], made["symbol"], made["quantity_lots"] = Kind.PLACE, OrderType.LIMIT, 1, 1
    for name, value in fields.items():
        made[name] = value
    return made


class Attacked:
    """A venue with OWNERS accounts and the attacker, who has all the money in the world."""

    def __init__(self, many: int, symbols: int = 1, max_price_ticks: int = 2**40, pending: int = 0) -> None:
        self.venue = Venue(Size(OWNERS + 1, symbols, many), max_price_ticks, {Pool.PENDING: pending} if pending else {})
        self.venue.send(self.venue.deposits(np.array([ATTACKER, ATTACKER]), np.array([1, 2]), 2**60))

    def owners(self, count: int) -> np.ndarray:
        return FIRST_CUSTOMER + np.arange(count) % OWNERS

    def timed(self, command: np.ndarray) -> tuple[int, int]:
        """Nanoseconds of a frame with this one command, and how many events came of it."""
        frames = self.venue.frames(command)
        begun = time.perf_counter_ns()
        applied = self.venue.machine.apply(frames.headers[0], frames.commands[0])
        taken = time.perf_counter_ns() - begun
        assert applied.codes[0] == 0, f"refused with {applied.codes[0]}"
        return taken, len(applied.events)

    def median(self, times: int, command: Callable[[int], np.ndarray], events: int, before: Callable[[int], None] | None = None) -> float:
        """Median of so many of the command, which must yield so many events each."""
        taken = []
        for at in range(times):
            if before:
                before(at)
            nanoseconds, told = self.timed(command(at))
            assert told == events, f"{told} events, not {events}"
            taken.append(nanoseconds)
        return statistics.median(taken)

    def result(self, metric: str, nanoseconds: float, seed: int = 0) -> Result:
        broken = self.venue.machine.validate()
        assert not broken, broken
        return Result(SCENARIO, metric, nanoseconds, "ns", f"{self.venue.machine.state_hash():016x}", BOUND_NS, seed)


def adversary(size: int = MANY) -> Iterator[Result]:
    """The worst command of each case against BOUND_NS; `size`: how many levels, orders or holds."""
    with pinned():
        for case in (levels, level, self_trades, cancel_all, collisions, stops, expiries, auction):
            yield from case(size)


def levels(size: int) -> Iterator[Result]:
    attacked = Attacked(size)
    apart = 1_000_003
    prices = 10**6 + np.arange(size) * apart % (2**39)
    attacked.venue.send(
        orders(size, account=attacked.owners(size), side=Side.SELL, price_ticks=np.random.RandomState(1).permutation(prices))
    )
    sweep = orders(1, account=ATTACKER, side=Side.BUY, price_ticks=2**36, quantity_lots=STEPS_MAX, time_in_force=TimeInForce.IOC)
    times = min(TIMES, size // STEPS_MAX - 1)
    yield attacked.result(f"{size:,} levels, sweep", attacked.median(times, lambda at: sweep, STEPS_MAX + 1))
    between = [orders(1, account=ATTACKER, side=Side.SELL, price_ticks=int(price) + 1) for price in prices[-CANCELS:]]
    yield attacked.result(f"{size:,} levels, one more", attacked.median(len(between), lambda at: between[at], 1))


def level(size: int) -> Iterator[Result]:
    attacked = Attacked(size)
    attacked.venue.send(orders(size, account=attacked.owners(size), side=Side.SELL, price_ticks=1000))
    sweep = orders(1, account=ATTACKER, side=Side.BUY, price_ticks=1000, quantity_lots=STEPS_MAX, time_in_force=TimeInForce.IOC)
    times = min(TIMES, size // STEPS_MAX // 2)
    yield attacked.result(f"{size:,} orders at a price, sweep", attacked.median(times, lambda at: sweep, STEPS_MAX + 1))

    places = size - 1 - np.arange(CANCELS) * (size // 4 // CANCELS)
    cancels = orders(CANCELS, kind=Kind.CANCEL, account=FIRST_CUSTOMER + places % OWNERS, order_id=places + 1)
    taken = attacked.median(CANCELS, lambda at: cancels[at : at + 1].copy(), 1)
    yield attacked.result(f"{size:,} orders at a price, cancel", taken)


def self_trades(size: int) -> Iterator[Result]:
    attacked = Attacked(STEPS_MAX)
    own = orders(STEPS_MAX, account=ATTACKER, side=Side.SELL, price_ticks=1000)
    taker = orders(
        1, account=ATTACKER, side=Side.BUY, price_ticks=1000, quantity_lots=10, time_in_force=TimeInForce.IOC, stp=Stp.EXPIRE_MAKER
    )
    taken = attacked.median(TIMES, lambda at: taker, 2 * STEPS_MAX + 2, before=lambda at: attacked.venue.send(own))
    yield attacked.result(f"{STEPS_MAX:,} self-trades", taken)


def cancel_all(size: int) -> Iterator[Result]:
    attacked = Attacked(STEPS_MAX)
    own = orders(STEPS_MAX, account=ATTACKER, side=Side.SELL, price_ticks=1000 + np.arange(STEPS_MAX) * 4099)
    command = orders(1, kind=Kind.CANCEL_ALL, account=ATTACKER)
    taken = attacked.median(TIMES, lambda at: command, STEPS_MAX, before=lambda at: attacked.venue.send(own))
    yield attacked.result(f"cancel-all of {STEPS_MAX:,}", taken)


def collisions(size: int) -> Iterator[Result]:
    attacked = Attacked(COLLIDING * COLLIDING_SYMBOLS, symbols=COLLIDING_SYMBOLS)
    ids = colliding_client_ids(ATTACKER, COLLIDING * COLLIDING_SYMBOLS)
    own = orders(len(ids), account=ATTACKER, side=Side.SELL, price_ticks=1000, symbol=1 + np.arange(len(ids)) % COLLIDING_SYMBOLS)
    own["client_id"] = ids
    attacked.venue.send(own[: len(ids) - TIMES])
    last = len(ids) - TIMES
    taken = attacked.median(TIMES, lambda at: own[last + at : last + at + 1].copy(), 1)
    yield attacked.result(f"{len(ids):,} colliding client ids, one more", taken)

    def cancel_first(at: int) -> np.ndarray:
        return orders(1, kind=Kind.CANCEL, account=ATTACKER, symbol=own["symbol"][at], order_id=at + 1)

    yield attacked.result(f"{len(ids):,} colliding client ids, cancel", attacked.median(TIMES, cancel_first, 1))


def colliding_client_ids(account: int, count: int) -> list[bytes]:
    """Ids whose places in the index of client ids are one and the same (engine/kernels/hashed.py `home`), made backwards from the place."""
    spread, spread_low = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
    inverse, inverse_low, inverse_mix = (pow(factor, -1, _WORD) for factor in (spread, spread_low, MIX_MULTIPLIER))
    start = MIX_SEED
    for _ in range(CLIENT_ID_BYTES // 8 - 1):  # four words of "AAAAAAAA"
        start = (start ^ int.from_bytes(b"A" * 8, "little")) * MIX_MULTIPLIER % _WORD
        start ^= start >> 32
    ids, low_half = [], 0
    while len(ids) < count:
        low_half += 1
        upper = (low_half * inverse - account) * inverse_low % _WORD  # what `low >> 3` must be; it has 61 bits and a sign
        if upper >= 2**60:
            continue
        digest = upper << 3
        product = digest ^ (digest >> 32)
        word = (product * inverse_mix % _WORD) ^ start
        client_id = b"A" * (CLIENT_ID_BYTES - 8) + word.to_bytes(8, "little")
        if client_id[-1] != 0:  # a record's bytes end at the last that is not zero
            ids.append(client_id)
    return ids


def stops(size: int) -> Iterator[Result]:
    attacked = Attacked(size)
    venue = attacked.venue
    venue.send(orders(2, account=ATTACKER, side=Side.BUY, price_ticks=[1000, 899], quantity_lots=[1, size]))
    one = orders(1, account=FIRST_CUSTOMER, side=Side.SELL, price_ticks=1000, time_in_force=TimeInForce.IOC)
    venue.send(one)  # the last price is 1000
    waiting = orders(size, account=attacked.owners(size), side=Side.SELL, stop_price_ticks=900)
    waiting["order_type"] = OrderType.STOP_LOSS
    venue.send(waiting)
    one["price_ticks"] = 899
    reached, _ = attacked.timed(one)
    yield Result(SCENARIO, f"{size:,} stops at a price, reached", reached, "ns", "", BOUND_NS)
    taken = []
    while venue.machine._venue["orders_open"] > 1:
        nanoseconds, told = attacked.timed(orders(1, kind=Kind.TICK))
        assert told > 1, "a command did not go on with what was reached"
        taken.append(nanoseconds)
    yield attacked.result(f"{size:,} stops at a price, going on", statistics.median(taken))


def expiries(size: int) -> Iterator[Result]:
    attacked = Attacked(1, pending=size)
    venue = attacked.venue
    end = (venue.machine.position + size // 8192 + 100) * 1_000_000  # after the last of them
    for first in range(0, size, 8192):
        held = np.zeros(min(8192, size - first), TRANSFER_COMMAND)
        now = (venue.machine.position + 1) * 1_000_000
        held["kind"], held["debit"], held["credit"], held["asset"], held["amount"] = Kind.HOLD, ATTACKER, HOUSE_ESCROW, 1, 1
        held["id_hi"] = now + np.arange(len(held))
        held["timeout_ns"] = end - (now + np.arange(len(held)))
        venue.send(held.view(ORDER_COMMAND))
    tick = orders(1, kind=Kind.TICK)
    while venue.machine.now_ns < end:
        venue.send(tick)
    taken = [attacked.timed(tick)[0] for _ in range(TIMES)]
    yield attacked.result(f"{size:,} holds that end at once", statistics.median(taken))


def auction(size: int) -> Iterator[Result]:
    attacked = Attacked(size)
    venue, half = attacked.venue, size // 2
    status = np.zeros(1, ADMIN_COMMAND)
    status["kind"], status["symbol"], status["status"] = Kind.SET_SYMBOL_STATUS, 1, SymbolStatus.AUCTION
    venue.send(status.view(ORDER_COMMAND))
    levels = np.arange(half)
    for side, lowest in ((Side.BUY, half), (Side.SELL, half // 8)):
        venue.send(orders(half, account=attacked.owners(half), side=side, price_ticks=1000 + lowest + levels))
    status["status"] = SymbolStatus.TRADING
    ended, _ = attacked.timed(status.view(ORDER_COMMAND))
    yield Result(SCENARIO, f"{size:,} orders in an auction, its end", ended, "ns", "", 0)
    tick = orders(1, kind=Kind.TICK)
    taken = []
    while venue.machine.symbol(1).status == SymbolStatus.AUCTION:
        taken.append(attacked.timed(tick)[0])
    yield attacked.result(f"{size:,} orders in an auction, going on", statistics.median(taken))
