"""Frames for tests: a feed that numbers them, and a seeded stream of commands that collide.

The stream is swarm-like: every seed draws its own mix of accounts, prices, sizes, weights and capacities. It learns from what was
applied (order ids, holds) so that most commands meet something, living or dead. The same seed and answers give the same frames.
"""

import random
from typing import NamedTuple

import numpy as np

from engine import commands as make
from engine.types import (
    ADMIN_COMMAND,
    AMOUNT_MAX,
    CAPACITY_MAX,
    CHAIN_MAX,
    COUNTDOWN_MAX_NS,
    FIRST_CUSTOMER,
    FRAME_HEADER,
    HOUSE_GATEWAY,
    HOUSE_INSURANCE,
    INITIAL_CAPACITY,
    LIST_EVENT,
    PPM,
    RULES_FIRST,
    RULES_VERSION,
    TIMEOUT_MAX_NS,
    TRANSFER_COMMAND,
    TRANSFER_EVENT,
    TRANSFER_ID_AHEAD_NS,
    TRANSFER_ID_WINDOW_NS,
    TRANSFER_KINDS,
    EventKind,
    Filter,
    Kind,
    ListType,
    OrderStatus,
    OrderType,
    Pool,
    Role,
    Side,
    Stp,
    SymbolStatus,
    TimeInForce,
    TransferFlag,
)
from engine.views import Applied

SECOND_NS = 10**9
START_NS = 1_700_000_000 * SECOND_NS

EXTREMES = (-(2**63), -AMOUNT_MAX, -1, 0, 1, 2**31 - 1, 2**31, 2**40, AMOUNT_MAX - 1, AMOUNT_MAX, AMOUNT_MAX + 1, 2**63 - 1)
CLIENT_IDS = (b"",) * 12 + (b"a", b"b", b"c", b"order-1", b"order-2", b"x" * 40, b"\x01" * 8 + b"\0" * 8 + b"\xff" * 24)
NAMES = (b"", b"A", b"B", b"C", b"D", b"AB", b"n" * 24)
LISTED = {1: (1, 2), 2: (3, 2), 3: (3, 1)}  # symbol: (base, quote)
GROWN_MOST = 1 << 14  # the stream asks for no more of any pool than this, or for what is refused: memory is not what it tests


class Frame(NamedTuple):
    """What one frame brings, without its position."""

    origin: int
    number: int
    time_ns: int
    origin_time_ns: int
    commands: np.ndarray


def header(frame: Frame, position: int) -> np.void:
    """The FRAME_HEADER record that goes with `frame` at `position`."""
    record = np.zeros(1, FRAME_HEADER)[0]
    record["count"] = len(frame.commands)
    record["position"] = position
    for name in ("origin", "number", "time_ns", "origin_time_ns"):
        record[name] = getattr(frame, name)
    return record


class Feed:
    """One machine and its origins, for tests that send a few commands at a time. The first origin is registered at once."""

    def __init__(self, machine, origin: int = 1, role: int = Role.OPERATOR, time_ns: int = START_NS) -> None:
        self.machine = machine
        self.time_ns = time_ns
        self.origin = origin
        self.numbers: dict[int, int] = {}
        self.register(origin, role)

    def register(self, origin: int, role: int) -> Applied:
        return self.send(make.admin(Kind.REGISTER_ORIGIN, role=role), origin=origin)

    def send(self, *commands: np.ndarray, origin: int = 0, number: int = 0, time_ns: int = 0) -> Applied:
        """Apply one frame of `commands`, the next of its origin unless `number` says otherwise."""
        origin = origin or self.origin
        number = number or self.numbers.get(origin, 0) + 1
        self.time_ns = time_ns or self.time_ns + 1000
        frame = Frame(origin, number, self.time_ns, self.time_ns, make.frame(*commands))
        applied = self.machine.apply(header(frame, self.machine.position + 1), frame.commands)
        if not applied.skipped:
            self.numbers[origin] = number
        return applied

    def codes(self, *commands: np.ndarray, **how: int) -> list[int]:
        return self.send(*commands, **how).codes.tolist()


class CollidingStream:
    """Endless frames of 1-64 commands: `next_frame()`, apply it, `learn(applied)`, and so on."""

    SIZES = (0, 1, 1, 2, 5, 20, 64)  # of frames
    ORIGINS = (
        (101, Role.OPERATOR), (102, Role.TRADING), (103, Role.LEDGER), (104, Role.CUSTODY), (105, Role.IDENTITY), (106, Role.CLOCK),
        (107, Role.TRADING | Role.LEDGER), (108, 128),
    )  # fmt: skip

    def __init__(self, seed: int, newest: int = RULES_VERSION) -> None:
        """`newest`: the rules that it asks for at most."""
        self.newest = newest
        self.rng = rng = random.Random(seed)
        self.deep = rng.random() < 0.5  # full books, wide limits and low fees: conversions succeed
        self.scale = rng.choice((1, 1, 10**12)) if self.deep else 1  # units are worth so little that products pass 64 bits
        self.capacity = self._draw_capacity()
        self.time_ns = START_NS
        self.listed = dict(list(LISTED.items())[: self.capacity[Pool.SYMBOLS]])
        self.opens_after = rng.choice((0, 3, 400))
        self.rules = RULES_FIRST  # the newest that it may ask for
        self.rules_after = rng.choices((0, 100, None), (12, 1, 1))[0]  # frames, until it asks for the newest there is
        self.accounts = [FIRST_CUSTOMER + n for n in range(rng.randint(2, 7))]
        self.prices = range(rng.randint(1, 50), 60) if rng.random() < 0.2 else range(20, 20 + rng.randint(2, 9))
        self.size = rng.choice((1, 3, 10, 40))
        self.garbage = rng.choice((0.0, 0.02, 0.1))
        self.quiet = self.deep or rng.random() < 0.3  # few cancels: books and pools fill up
        self.contingent = rng.choice((0, 1, 4))  # how many of the orders wait for a price, or are among the other new ones
        self.terms = rng.choice((0, 0.2, 0.6))  # how many have a term of docs/ORDERS.md: an iceberg, a peg, a date
        self.last_prices: dict[int, int] = {}  # by symbol
        self.lists: list[tuple[int, int, int]] = [(1, FIRST_CUSTOMER, 1)]  # (list id, account, symbol), dead or alive
        own = list(Filter)[seed % len(Filter)]  # each seed has a filter of its own
        self.favourites = [*rng.sample(list(Filter), 5), own]  # filters that are often set
        self.gathering = 0  # the symbol that is in an auction
        self.kinds = {
            self._place: 12, self._cancel: 0.3 if self.quiet else 2, self._cancel_all: 0.01 if self.quiet else 0.05,
            self._replace: rng.choice((0, 2, 4)), self._amend: rng.choice((0.3, 1, 4)), self._transfer: rng.choice((1, 5)),
            self._second_phase: rng.choice((0.5, 2)), self._chain: rng.choice((0, 1)), self._convert: rng.choice((0.2, 1, 3)),
            self._paid_by_convert: rng.choice((0.2, 1, 2)), self._administration: rng.choice((0.2, 0.8)),
            self._place_list: rng.choice((0.2, 1, 4)), self._cancel_list: 0.2, self._mass_cancel: 0.01 if self.quiet else 0.05,
            self._countdown: rng.choice((0, 0.1)), self._filter: rng.choice((0, 0.3, 0.6)), self._group: rng.choice((0, 0.05)),
            self._auction: rng.choice((0, 0.05, 0.3)),
        }  # fmt: skip
        if own in (Filter.MAX_LISTS, Filter.EXCHANGE_MAX_LISTS):  # felt only where an account has several lists at a time
            self.kinds |= {self._place_list: 6, self._filter: 0.6}
        self.of_role = {
            Role.TRADING: (self._place, self._cancel, self._cancel_all, self._replace, self._amend, self._place_list, self._cancel_list,
                           self._mass_cancel, self._countdown),
            Role.LEDGER: (self._transfer, self._second_phase, self._chain, self._convert, self._paid_by_convert),
            Role.CUSTODY: (self._transfer, self._second_phase),
            Role.IDENTITY: (self._administration,), Role.CLOCK: (self._administration,),
        }  # fmt: skip
        self.numbers: dict[int, int] = {}
        self.frames = 0
        self.applied: list[Frame] = []  # the latest ones
        self.orders: list[tuple[int, ...]] = [(1, FIRST_CUSTOMER, 1, Side.BUY)]  # (order id, account, symbol, side), dead or alive
        self.resting: dict[int, tuple[int, ...]] = {}  # by order id
        self.holds: list[tuple[int, int]] = []
        self.transfers: list[np.ndarray] = []
        self.converted: list[tuple[np.ndarray, int]] = []  # (command, what it cost)
        self._opening = [[make.admin(Kind.REGISTER_ORIGIN, role=role)] for _, role in self.ORIGINS]
        self._opening[0] += self._listing()

    def _draw_capacity(self) -> tuple[int, ...]:
        """By Pool; tiny ones fill up within a few frames."""
        if self.deep or self.rng.random() < 0.1:
            return INITIAL_CAPACITY
        tiny = {Pool.ASSETS: (4, 8), Pool.SYMBOLS: (2, 8), Pool.ACCOUNTS: (32, 64), Pool.ORDERS: (8, 32, 256), Pool.PENDING: (4, 16),
                Pool.TRANSFER_IDS: (8, 64, 512), Pool.KEYS: (8, 16)}  # fmt: skip
        return tuple(self.rng.choice(tiny[pool]) for pool in Pool)

    # ------------------------------------------------------------ frames

    def next_frame(self) -> Frame:
        self.frames += 1
        self._latest = self._opening_frame() if self._opening else self._any_frame()
        return self._latest

    def learn(self, applied: Applied) -> None:
        """Note the frame, if it was applied, and the orders and holds that came into being."""
        if not applied.skipped:
            self.numbers[applied.origin] = applied.number
            self.applied = [*self.applied[-20:], self._latest]
        events = applied.events
        named = ["order_id", "account", "symbol", "side"]
        self.orders += events[events["kind"] == EventKind.NEW][named].tolist()
        waits = (events["stop_price_ticks"] != 0) | (events["status"] == OrderStatus.PENDING_NEW)
        rested = (events["kind"] == EventKind.RESTED) | ((events["kind"] == EventKind.NEW) & ((events["flags"] != 0) | waits))
        self.resting.update((order[0], order) for order in events[rested][named].tolist())
        left = np.isin(events["kind"], (EventKind.CANCELED, EventKind.EXPIRED))
        filled = (events["kind"] == EventKind.TRADE) & (events["counter_status"] == OrderStatus.FILLED)
        for order_id in events["order_id"][left].tolist() + events["counter_order_id"][filled].tolist():
            self.resting.pop(order_id, None)
        trades = events[events["kind"] == EventKind.TRADE]
        self.last_prices.update(zip(trades["symbol"].tolist(), trades["price_ticks"].tolist(), strict=True))
        named = ["list_id", "account", "symbol"]
        self.lists = [*self.lists, *events[events["kind"] == EventKind.LIST].view(LIST_EVENT)[named].tolist()][-20:]
        self.holds += events[events["kind"] == EventKind.HELD].view(TRANSFER_EVENT)[["id_hi", "id_lo"]].tolist()
        done = events[events["kind"] == EventKind.CONVERTED].view(TRANSFER_EVENT)[["index", "released"]].tolist()
        self.converted += [(applied.commands[at : at + 1].view(TRANSFER_COMMAND), cost) for at, cost in done]
        self.orders, self.holds, self.converted = self.orders[-60:], self.holds[-30:], self.converted[-10:]

    def _opening_frame(self) -> Frame:
        origin, _ = self.ORIGINS[len(self.ORIGINS) - len(self._opening)]
        return self._frame(origin, 1, self._opening.pop(0))

    def _any_frame(self) -> Frame:
        rng = self.rng
        self._let_time_pass()
        if rng.random() < 0.02:
            return rng.choice(self.applied)  # a duplicate
        origin = rng.choices([origin for origin, _ in self.ORIGINS], [30, 10, 3, 3, 1, 0.5, 5, 0.3])[0]
        number = self.numbers[origin] + 1
        drawn = rng.random()
        if drawn < 0.005:
            number += rng.randint(1, 3)
        elif drawn < 0.01:
            number = max(number - 2 - rng.randint(0, 3), -1)  # long ago: a duplicate, whatever it brings
        elif drawn < 0.015:
            origin = rng.randint(1000, 1200)
            number = self.numbers[origin] + 1 if origin in self.numbers else rng.choice((1, 1, 2, 0))
        batch: list[np.ndarray] = []
        if origin >= 1000 and rng.random() < 0.7:
            batch.append(make.admin(Kind.REGISTER_ORIGIN, role=rng.choice((0, 1, 2, 8, 64)), valid_until_ns=rng.choice((0, 1))))
            if rng.random() < 0.2:
                batch.insert(0, make.admin(Kind.TICK))
        size = rng.choice(self.SIZES) if rng.random() < 0.8 else self.SIZES[-1]
        while len(batch) < size:
            batch += self._something(dict(self.ORIGINS).get(origin, 0))
        if self.opens_after is not None and len(self.applied) >= min(self.opens_after, 20) and origin == 101:
            self.opens_after = None
            batch.append(make.admin(Kind.OPEN))
        if self.rules_after is not None and self.frames >= self.rules_after and origin == 101:
            self.rules, self.rules_after = self.newest, None
            batch.insert(rng.randint(0, len(batch)), make.admin(Kind.SET_RULES, value=self.newest))
        return self._frame(origin, number, batch[:64])

    def _frame(self, origin: int, number: int, batch: list[np.ndarray]) -> Frame:
        frame = make.frame(*batch)
        for command in frame.view(ADMIN_COMMAND):
            _keep_harmless(command, self.rules)
        jitter = self.rng.choice((0, 0, -5, 50_000, -(10**10)))
        return Frame(origin, number, self.time_ns + jitter, self.time_ns - jitter, frame)

    def _let_time_pass(self) -> None:
        steps = (0, 1, 1000, SECOND_NS // 50, SECOND_NS, 15 * SECOND_NS, 3600 * SECOND_NS, 30 * 3600 * SECOND_NS)
        self.time_ns += self.rng.choices(steps, [3, 3, 10, 10, 5, 1, 0.2, 0.05])[0]

    # ------------------------------------------------------------ any command

    def _something(self, role: int) -> list[np.ndarray]:
        """A command or a chain, most often one that `role` may send."""
        kinds = self.kinds
        if role in self.of_role and self.rng.random() < 0.9:
            kinds = {draw: self.kinds[draw] + 0.1 for draw in self.of_role[role]}
        draw = self.rng.choices(list(kinds), list(kinds.values()))[0]
        batch = draw()
        if self.rng.random() < self.garbage:
            self._spoil(self.rng.choice(batch))
        return batch

    def _spoil(self, command: np.ndarray) -> None:
        """Put something extreme into one field, or into all of them."""
        rng = self.rng
        drawn = rng.random()
        if drawn < 0.05:
            command.view(np.uint8)[1:] = np.frombuffer(rng.randbytes(command.nbytes - 1), np.uint8)
        elif drawn < 0.1:
            command["kind"] = rng.randrange(256)
        else:
            name = rng.choice(command.dtype.names[1:])
            kind = command.dtype[name]
            if kind.kind == "S":
                command[name] = rng.randbytes(kind.itemsize)
            else:
                limits = np.iinfo(kind)
                command[name] = min(max(rng.choice(EXTREMES), limits.min), limits.max)

    # ------------------------------------------------------------ orders

    def _account(self) -> int:
        return self.rng.choice(self.accounts) if self.rng.random() < 0.98 else self.rng.choice((0, 1, 15, 40, -1, 2**31 - 1))

    def _symbol(self) -> int:
        return self.rng.choices((1, 2, 3, 0, 99, -1), (60, 25, 15, 0.3, 0.3, 0.3))[0]

    def _until(self) -> int:
        return 0 if self.rng.random() < 0.95 else self.time_ns + self.rng.choice((-1, 5, 10**9, 10**9))

    def _sender(self) -> dict[str, int]:
        key = 0 if self.rng.random() < 0.95 else self.rng.randint(-1, 9)
        return {"key": key, "valid_until_ns": self._until()}

    def _order_terms(self, symbol: int = 1) -> dict:
        if self.rules >= 3 and self.rng.random() * 10 < self.contingent:
            terms = self._contingent_terms(symbol)
        else:
            terms = self._plain_terms()
        if self.rules >= 3 and self.rng.random() < self.terms:
            self._add_term(terms)
        if self.rules >= 3 and self.rng.random() < 0.2:
            terms["stp"] = self.rng.choice((Stp.DECREMENT, Stp.TRANSFER))
        return terms

    def _near(self, symbol: int) -> int:
        """A price not far from the last one."""
        return max(1, self.last_prices.get(symbol, self.rng.choice(self.prices)) + self.rng.choice((-3, -2, -1, -1, 0, 1, 1, 2, 3)))

    def _contingent_terms(self, symbol: int) -> dict:
        """A stop near the last price, mostly on the side on which it waits; or one that trails."""
        rng = self.rng
        order_type = rng.choice((OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT))
        side, last = rng.randint(0, 1), self.last_prices.get(symbol, rng.choice(self.prices))
        is_above = (side == Side.BUY) == (order_type in (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT))
        terms = {"side": side, "order_type": order_type, "quantity_lots": rng.randint(1, self.size), "stp": rng.choice((0, 0, 1, 2, 3)),
                 "client_id": rng.choice(CLIENT_IDS)}  # fmt: skip
        if rng.random() < 0.3:
            terms["trailing_bps"] = rng.choice((1, 300, 500, 1000, 3000, 9999, 10_000))
        if rng.random() < 0.7 or "trailing_bps" not in terms:
            away = rng.choice((1, 1, 2, 3)) * (1 if is_above else -1) * (1 if rng.random() < 0.95 else -1)
            terms["stop_price_ticks"] = max(1, last + away)
        if order_type in (OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT):
            terms["price_ticks"] = self._near(symbol)
            terms["time_in_force"] = rng.choices((0, 1, 2), (6, 1, 1))[0]
        return terms

    def _add_term(self, terms: dict) -> None:
        """An iceberg, a peg, a date, or all of them."""
        rng = self.rng
        if rng.random() < 0.5:
            terms["iceberg_lots"] = rng.choice((1, rng.randint(1, max(1, terms.get("quantity_lots", 1)))))
        if rng.random() < 0.3 and terms.get("price_ticks"):
            terms["price_ticks"] = 0
            terms |= {"peg": rng.choice((1, 1, 2)), "peg_offset": rng.choice((0, 0, 1, 3, 100, 101))}
        if rng.random() < 0.4 and "quote_quantity" not in terms and terms["order_type"] not in (OrderType.STOP_LOSS, OrderType.TAKE_PROFIT):
            soon = rng.choice((50, 10_000, 10**8, SECOND_NS, 20 * SECOND_NS, TIMEOUT_MAX_NS))
            terms |= {"time_in_force": TimeInForce.GTD, "expires_ns": self.time_ns + soon}

    def _plain_terms(self) -> dict:
        rng = self.rng
        order_type = rng.choices(list(OrderType)[:3], (8, 2, 2))[0]
        terms = {"side": rng.randint(0, 1), "order_type": order_type, "stp": rng.choices((0, 1, 2, 3), (4, 1, 2, 1))[0],
                 "client_id": rng.choice(CLIENT_IDS)}  # fmt: skip
        lots = rng.randint(1, self.size)
        if order_type == OrderType.MARKET:
            lots *= rng.choice((1, 1, 5))
            if rng.random() < 0.5:
                return terms | {"quote_quantity": lots * rng.choice(self.prices) * rng.choice((1, 2, 7))}
            return terms | {"quantity_lots": lots}
        patient = min if terms["side"] == Side.BUY else max  # most prices rest rather than cross
        price_ticks = patient(rng.choice(self.prices) for _ in range(rng.choice((1, 2, 3))))
        terms |= {"price_ticks": price_ticks, "quantity_lots": lots}
        if order_type == OrderType.LIMIT:
            terms["time_in_force"] = rng.choices((0, 1, 2), (8, 1, 1))[0]
        return terms

    def _place(self) -> list[np.ndarray]:
        symbol = self._symbol()
        return [make.place(self._account(), symbol, **self._order_terms(symbol), **self._sender())]

    def _target(self) -> tuple[int, int, dict]:
        """(account, symbol, how the target is named)"""
        rng = self.rng
        alive = list(self.resting.values())[-30:]
        order_id, account, symbol, _ = rng.choice(alive if alive and rng.random() < 0.8 else self.orders)
        if rng.random() < 0.05:
            account = self._account()
        if rng.random() < 0.03:
            symbol = self._symbol()
        if rng.random() < 0.2:
            return account, symbol, {"target": rng.choice(CLIENT_IDS[11:])}
        return account, symbol, {"order_id": order_id if rng.random() < 0.95 else rng.choice((0, -1, 10**9))}

    def _cancel(self) -> list[np.ndarray]:
        account, symbol, target = self._target()
        return [make.cancel(account, symbol, **target, flags=self.rng.choice((0, 0, 0, 2, 4, 6)), client_id=b"c", **self._sender())]

    def _cancel_all(self) -> list[np.ndarray]:
        return [make.cancel_all(self._account(), self._symbol(), **self._sender())]

    def _replace(self) -> list[np.ndarray]:
        account, symbol, target = self._target()
        terms = self._order_terms(symbol)
        if self.rng.random() < 0.3:
            terms["quantity_lots"] = 0
        return [make.replace(account, symbol, **target, **terms, flags=self.rng.choice((0, 0, 1, 2, 5)), **self._sender())]

    def _amend(self) -> list[np.ndarray]:
        account, symbol, target = self._target()
        lots = self.rng.choice((self.rng.randint(0, self.size), self.rng.randint(1, 3)))
        return [make.amend(account, symbol, **target, quantity_lots=lots, client_id=self.rng.choice(CLIENT_IDS), **self._sender())]

    # ------------------------------------------------------------ lists, switches

    def _place_list(self) -> list[np.ndarray]:
        """A list of legs that mostly fit, now and then cut short or of legs that do not."""
        rng = self.rng
        account, symbol, side, lots = self._account(), self._symbol(), rng.randint(0, 1), rng.randint(1, self.size)
        list_type = rng.choice(list(ListType)) if rng.random() < 0.97 else rng.choice((0, 4, 255))
        pending = (1 - side, lots) if rng.random() < 0.9 else (side, lots + 1)
        if list_type == ListType.OCO:
            legs = self._pair(account, symbol, side, lots)
        elif list_type == ListType.OTOCO:
            legs = [self._working(account, symbol, side, lots), *self._pair(account, symbol, *pending)]
        else:
            terms = self._order_terms(symbol) | {"side": pending[0]}
            legs = [self._working(account, symbol, side, lots), make.place(account, symbol, **terms)]
        if rng.random() < 0.05:
            legs[0] = make.place(account, symbol, **self._order_terms(symbol))
        batch = make.place_list(list_type, *legs, client_id=rng.choice(CLIENT_IDS))
        batch = [batch[at : at + 1] for at in range(len(batch))]
        if rng.random() < 0.02:
            del batch[rng.randrange(len(batch))]
        return batch

    def _working(self, account: int, symbol: int, side: int, lots: int) -> np.ndarray:
        terms = {"side": side, "quantity_lots": lots, "price_ticks": self._near(symbol), "client_id": self.rng.choice(CLIENT_IDS)}
        terms["order_type"] = self.rng.choices((OrderType.LIMIT, OrderType.LIMIT_MAKER), (3, 1))[0]
        if terms["order_type"] == OrderType.LIMIT:
            terms["time_in_force"] = self.rng.choices((0, 1, 2), (8, 1, 1))[0]
        if self.rng.random() < self.terms:
            self._add_term(terms)
        return make.place(account, symbol, **terms)

    def _pair(self, account: int, symbol: int, side: int, lots: int) -> list[np.ndarray]:
        """One that takes profit and one that stops a loss, around the last price."""
        rng = self.rng
        last, outward = self.last_prices.get(symbol, rng.choice(self.prices)), 1 if side == Side.SELL else -1
        profit = {"order_type": rng.choice((OrderType.LIMIT_MAKER, OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT_LIMIT))}
        profit["price_ticks"] = max(1, last + outward * rng.randint(1, 3))
        if profit["order_type"] != OrderType.LIMIT_MAKER:
            profit["stop_price_ticks"] = max(1, last + outward * rng.randint(1, 2))
        loss = {"order_type": rng.choice((OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT))}
        if loss["order_type"] == OrderType.STOP_LOSS_LIMIT:
            loss["price_ticks"] = self._near(symbol)
        if rng.random() < 0.8:
            loss["stop_price_ticks"] = max(1, last - outward * rng.randint(1, 3))
        if rng.random() < 0.2 or "stop_price_ticks" not in loss:
            loss["trailing_bps"] = rng.choice((300, 500, 1000))
        legs = []
        for terms in (profit, loss):
            terms |= {"side": side, "quantity_lots": lots, "client_id": rng.choice(CLIENT_IDS), "stp": rng.choice((0, 0, 2, 4))}
            if terms["order_type"] != OrderType.STOP_LOSS and rng.random() < self.terms:
                self._add_term(terms)
            legs.append(make.place(account, symbol, **terms))
        rng.shuffle(legs)
        return legs

    def _cancel_list(self) -> list[np.ndarray]:
        list_id, account, symbol = self.rng.choice(self.lists)
        target = {"list_id": list_id} if self.rng.random() < 0.8 else {"target": self.rng.choice(CLIENT_IDS[11:])}
        return [make.cancel_list(account if self.rng.random() < 0.95 else self._account(), symbol, **target, **self._sender())]

    def _mass_cancel(self) -> list[np.ndarray]:
        symbol = 0 if self.rng.random() < 0.5 else self._symbol()
        return [make.mass_cancel(self._account(), symbol, self.rng.choice((0, 1, 2, 2, 2, 3)), **self._sender())]

    def _countdown(self) -> list[np.ndarray]:
        duration = self.rng.choice((0, 1, 10**6, SECOND_NS, 10 * SECOND_NS, COUNTDOWN_MAX_NS, COUNTDOWN_MAX_NS + 1))
        return [make.countdown(self._account(), duration, **self._sender())]

    # ------------------------------------------------------------ the ledger

    def _transfer_id(self) -> tuple[int, int]:
        rng = self.rng
        offset = rng.choices(
            (0, -rng.randint(1, 10**9), -TRANSFER_ID_WINDOW_NS - rng.randint(-10, 10), TRANSFER_ID_AHEAD_NS + rng.randint(-10**5, 10**5)),
            (20, 20, 0.3, 0.3),
        )[0]  # fmt: skip
        return self.time_ns + offset, rng.choice((rng.randint(0, 3), rng.getrandbits(63)))

    def _convert_id(self) -> tuple[int, int]:
        """Most often one that nothing speaks against."""
        if self.rng.random() < 0.1:
            return self._transfer_id()
        return self.time_ns + self.rng.choice((0, 0, 50 * SECOND_NS)), self.rng.getrandbits(63)

    def _party(self) -> int:
        parties = (*self.accounts, HOUSE_GATEWAY, HOUSE_INSURANCE, 3, 16)
        return self.rng.choice(parties) if self.rng.random() < 0.98 else self.rng.choice((0, -1, 99))

    def _amount(self) -> int:
        return self.rng.choices((self.rng.randint(1, 60), self.rng.randint(1, 10**4), self.rng.choice(EXTREMES)), (8, 4, 0.3))[0]

    def _first_phase(self) -> np.ndarray:
        rng = self.rng
        kind = rng.choice((Kind.TRANSFER, Kind.HOLD))
        timeouts = (0, 1, 10, 10**7, 10**9, 10**10, TIMEOUT_MAX_NS)
        timeout_ns = rng.choice(timeouts) if kind == Kind.HOLD or rng.random() < 0.01 else 0
        asset = rng.choices((1, 2, 3, 0, 9), (9, 9, 3, 0.2, 0.2))[0]
        return make.transfer(
            kind, self._transfer_id(), debit=self._party(), credit=self._party(), asset=asset, amount=self._amount(),
            timeout_ns=timeout_ns, reason=rng.choice((0, 0, 7)), user=rng.choice(((0, 0), (5, 6))), valid_until_ns=self._until(),
        )  # fmt: skip

    def _transfer(self) -> list[np.ndarray]:
        rng = self.rng
        if self.transfers and rng.random() < 0.25:
            command = rng.choice(self.transfers).copy()
            if rng.random() < 0.5:
                command[rng.choice(TRANSFER_COMMAND.names[3:])] += 1
            return [command]
        if rng.random() < 0.3:
            command = make.transfer(Kind.TRANSFER, self._transfer_id(), debit=HOUSE_GATEWAY, credit=rng.choice(self.accounts),
                                    asset=rng.choice((1, 2, 3)), amount=rng.randint(1, 5000))  # fmt: skip
        else:
            command = self._first_phase()
        self.transfers = [*self.transfers[-20:], command]
        return [command]

    def _second_phase(self) -> list[np.ndarray]:
        rng = self.rng
        kind = rng.choice((Kind.CAPTURE, Kind.CAPTURE, Kind.RELEASE))
        pending_id = rng.choice(self.holds) if self.holds and rng.random() < 0.95 else self._transfer_id()
        odd = rng.random() < 0.1
        amount = self._amount() if kind == Kind.CAPTURE and rng.random() < 0.6 else 0
        command = make.transfer(
            kind, self._transfer_id(), pending_id=pending_id, amount=amount,
            debit=self._party() if odd else 0, credit=self._party() if odd and rng.random() < 0.3 else 0,
            timeout_ns=odd and rng.random() < 0.1,
        )  # fmt: skip
        self.transfers = [*self.transfers[-20:], command]
        return [command]

    def _chain(self) -> list[np.ndarray]:
        """Linked transfers, now and then open, too long, with a failure inside, or seen before."""
        rng = self.rng
        size = rng.choice((2, 2, 3, 4, 6)) if rng.random() < 0.97 else rng.choice((CHAIN_MAX - 1, CHAIN_MAX, CHAIN_MAX + 1))
        batch = []
        while len(batch) < size:
            member = rng.choices((self._transfer, self._second_phase, self._convert), (7, 2, 2))[0]
            batch += member()
            if batch[-1]["kind"] == Kind.HOLD and rng.random() < 0.3:
                hold_id = (int(batch[-1]["id_hi"][0]), int(batch[-1]["id_lo"][0]))
                batch.append(make.transfer(Kind.CAPTURE, self._transfer_id(), pending_id=hold_id))
        batch = [command.copy() for command in batch]
        for command in batch[: None if rng.random() < 0.05 else -1]:
            command["flags"] = TransferFlag.LINKED
        if rng.random() < 0.1:
            batch.insert(rng.randrange(len(batch)), make.admin(Kind.TICK))
        if rng.random() < 0.3 and batch[0]["kind"] in TRANSFER_KINDS:
            self.transfers = [*self.transfers[-20:], batch[0]]
        return batch

    def _convert(self) -> list[np.ndarray]:
        """A CONVERT: most often along markets that meet, now and then one that was done before on terms that just miss."""
        rng = self.rng
        if self.converted and rng.random() < 0.2:
            done, cost = rng.choice(self.converted)
            command = done.copy()
            command["id_hi"], command["id_lo"] = self._convert_id()
            command["flags"], command["valid_until_ns"], command["most"] = 0, 0, cost + rng.choice((-1, 0, 0, 1))
        else:
            command = self._conversion()
        self.transfers = [*self.transfers[-20:], command]
        return [command]

    def _conversion(self) -> np.ndarray:
        rng = self.rng
        symbol, asset = self._offered() if rng.random() < 0.95 else (self._symbol(), rng.randint(0, 4))
        via_symbol = 0
        if rng.random() < 0.4:
            leading = [other for other, assets in self.listed.items() if other != symbol and asset not in assets]
            via_symbol = rng.choice(leading) if leading and rng.random() < 0.9 else self._symbol()
        lots = min(rng.randint(1, self.size), rng.randint(1, self.size)) * rng.choice((1, 1, 1, 4))
        is_quote = asset == self.listed.get(symbol, (1, 2))[1]
        amount = self._brought_by(lots, symbol, is_quote)
        guess = amount * max(self.prices) // rng.randint(1, 20)
        return make.convert(
            self._convert_id(), account=self._account() if rng.random() < 0.99 else self._party(), asset=asset,
            amount=amount if rng.random() < 0.97 else rng.choice(EXTREMES), symbol=symbol, via_symbol=via_symbol,
            most=rng.choices((AMOUNT_MAX, 10**6 * self.scale, guess, rng.choice(EXTREMES)), (6, 6, 2, 0.3))[0],
            reason=rng.choice((0, 7)), user=rng.choice(((0, 0), (5, 6))), valid_until_ns=self._until(),
        )  # fmt: skip

    def _brought_by(self, lots: int, symbol: int, is_quote: bool) -> int:
        """What so many lots bring, to the unit, one more or less; or any amount near it."""
        rng = self.rng
        lot_units, tick_lot_units, taker_ppm = self.units.get(symbol, (1, 1, 0))
        unit = rng.choice(self.prices) * tick_lot_units if is_quote else lot_units
        net = lots * unit * (PPM - taker_ppm) // PPM
        return max(1, rng.choice((net - 1, net, net, net + 1, lots * unit - rng.randrange(unit))))

    def _offered(self) -> tuple[int, int]:
        """A market and an asset on it, most often one that a resting order sells."""
        alive = [order for order in self.resting.values() if order[2] in self.listed][-30:]
        if alive and self.rng.random() < 0.8:
            _, _, symbol, side = self.rng.choice(alive)
            return symbol, self.listed[symbol][side == Side.BUY]
        symbol = self.rng.choice(list(self.listed))
        return symbol, self.rng.choice(self.listed[symbol])

    def _paid_by_convert(self) -> list[np.ndarray]:
        """What a shop sends: one or two conversions, and holds or transfers of what they bring, linked."""
        rng = self.rng
        batch = []
        for _ in range(rng.choice((1, 1, 1, 2))):
            convert = self._convert()[0].copy()
            batch.append(convert)
            payer, asset, amount = (int(convert[name][0]) for name in ("debit", "asset", "amount"))
            kind = rng.choice((Kind.HOLD, Kind.TRANSFER, None))
            if kind is not None:
                amount = amount if rng.random() < 0.8 else self._amount()
                to = rng.choice((3, *self.accounts))
                batch.append(make.transfer(kind, self._transfer_id(), debit=payer, credit=to, asset=asset, amount=amount))
        for command in batch[:-1]:
            command["flags"] = TransferFlag.LINKED
        return batch

    # ------------------------------------------------------------ administration

    def _listing(self) -> list[np.ndarray]:
        """Assets, symbols, accounts, keys and first deposits."""
        rng = self.rng
        batch = [make.admin(Kind.ADD_ASSET, name=name, scale=rng.randint(0, 9)) for name in (b"BASE", b"QUOTE", b"OTHER")]
        batch += [self._symbol_listing(name, *LISTED[symbol]) for symbol, name in enumerate((b"BASEQUOTE", b"OTHERQUOTE", b"OTHERBASE"), 1)]
        terms = ("value", "value2", "taker_ppm")
        self.units = {symbol: tuple(int(listing[name][0]) for name in terms) for symbol, listing in enumerate(batch[-3:], 1)}
        for account in self.accounts:
            batch.append(make.admin(Kind.OPEN_ACCOUNT, reference_hi=account, reference_lo=1))
            batch.append(make.admin(Kind.ADD_KEY, account=account, scopes=rng.choice((2, 3, 7)), reference_hi=account, reference_lo=2))
        for account in self.accounts:
            for asset in (1, 2, 3):
                amount = rng.choice((50, 2000, 10**6, 10**6, AMOUNT_MAX // 3)) if self.scale == 1 else 10 ** rng.randint(15, 17)
                batch.append(make.transfer(Kind.TRANSFER, (START_NS - account, asset), debit=HOUSE_GATEWAY, credit=account, asset=asset,
                                           amount=amount))  # fmt: skip
        return batch

    def _symbol_listing(self, name: bytes, base: int, quote: int) -> np.ndarray:
        rng = self.rng
        lots = 10**6 if self.deep else rng.choice((10, 50, 10**6, 10**6))
        fees = (0, 1000, 1000, 2000, 100_000) if self.deep else (0, 2000, 333_333, PPM)
        max_price_ticks, tick_lot_units = rng.choice((25, 100, 10**6, 10**6)), 1
        if self.scale > 1:
            lots, max_price_ticks, tick_lot_units = 10**4, 100, self.scale // 10
        return make.admin(
            Kind.ADD_SYMBOL, name=name, base=base, quote=quote, value=rng.choice((1, 3)) * self.scale,
            value2=rng.choice((1, 2)) * tick_lot_units, max_price_ticks=max_price_ticks, max_quantity_lots=lots,
            max_market_lots=max(1, lots // rng.choice((1, 4))),
            min_notional=rng.choice((0, 0, 40)), max_orders=rng.choice((3, 20, 200, 4096)),
            maker_ppm=rng.choice((0, 1000, 100_000, PPM)), taker_ppm=rng.choice(fees),
        )  # fmt: skip

    def _filter(self) -> list[np.ndarray]:
        """Most often one that is felt, or that lifts what was set."""
        rng = self.rng
        number = rng.choice(list(Filter) if rng.random() < 0.2 else self.favourites)
        felt = {
            Filter.MIN_PRICE_TICKS: (1, 20, 22), Filter.MIN_LOTS: (1, 2), Filter.MIN_MARKET_LOTS: (1, 2, 3),
            Filter.BID_UP_PPM: (PPM, 1_100_000, 1_333_333), Filter.BID_DOWN_PPM: (900_000, 777_777),
            Filter.ASK_UP_PPM: (1_100_000, 1_050_000),
            Filter.ASK_DOWN_PPM: (950_000, 900_001), Filter.MAX_NOTIONAL: (100, 1000), Filter.NOTIONAL_SPARES_MARKET: (1, 2, 3),
            Filter.ICEBERG_PARTS: (1, 3), Filter.MAX_POSITION: (100, 10**6), Filter.MIN_TRAILING_ABOVE: (300, 301),
            Filter.MAX_TRAILING_ABOVE: (500, 999), Filter.MIN_TRAILING_BELOW: (300, 301), Filter.MAX_TRAILING_BELOW: (500, 999),
            Filter.RANGE_UP_PPM: (PPM, 1_050_000, 1_100_000), Filter.RANGE_DOWN_PPM: (PPM, 950_000, 900_000), Filter.MAX_ASSET: (50, 1000),
        }.get(number, (1, 1, 2))  # fmt: skip
        value = rng.choice((0, rng.choice(felt), rng.choice(felt)))
        symbol = 0 if number >= Filter.EXCHANGE_MAX_ORDERS else self._symbol()
        if rng.random() < 0.05:
            number, value, symbol = rng.randint(0, 32), rng.choice(EXTREMES), rng.randint(0, 4)
        asset = rng.randint(0, 4) if number == Filter.MAX_ASSET or rng.random() < 0.05 else 0
        return [make.admin(Kind.SET_FILTER, filter=number, symbol=symbol, base=asset, value=value)]

    def _group(self) -> list[np.ndarray]:
        return [make.admin(Kind.SET_GROUP, account=self._account(), value=self._account())]

    def _auction(self) -> list[np.ndarray]:
        """One begins; the next time, it ends."""
        rng = self.rng
        symbol, status = self.gathering, rng.choices((SymbolStatus.TRADING, SymbolStatus.HALTED, SymbolStatus.CANCEL_ONLY), (20, 1, 1))[0]
        self.gathering = 0
        if symbol == 0:
            self.gathering = symbol = rng.choice(list(self.listed))
            status = SymbolStatus.AUCTION
        return [make.admin(Kind.SET_SYMBOL_STATUS, symbol=symbol, status=status)]

    def _administration(self) -> list[np.ndarray]:
        return [self._admin_command(self.rng.choice((
            Kind.TICK, Kind.OPEN, Kind.SET_RULES, Kind.GROW, Kind.GROW, Kind.ADD_ASSET, Kind.ADD_SYMBOL, Kind.SET_SYMBOL_STATUS,
            Kind.SET_SYMBOL_STATUS, Kind.OPEN_ACCOUNT, Kind.SET_ACCOUNT_STATUS, Kind.SET_ACCOUNT_STATUS, Kind.SET_ACCOUNT_TIER,
            Kind.SET_FEES, Kind.ADD_KEY, Kind.SET_KEY, Kind.SET_ORDER_LIMITS, Kind.REGISTER_ORIGIN,
        )))]  # fmt: skip

    def _admin_command(self, kind: Kind) -> np.ndarray:
        rng = self.rng
        status = rng.choices((1, 2, 3, 0), (12, 3, 0.2, 0.2))[0]
        if kind == Kind.ADD_SYMBOL:
            return self._symbol_listing(rng.choice(NAMES), rng.randint(0, 4), rng.randint(1, 4))
        fields = {
            Kind.SET_RULES: {"value": rng.choice((RULES_FIRST, self.newest))},
            Kind.GROW: {"pool": rng.randint(0, 7), "value": rng.choice((0, 3, 8, 16, 64, 512, 1024, 2**17, 2**20))},
            Kind.ADD_ASSET: {"name": rng.choice(NAMES), "scale": rng.randint(0, 11)},
            Kind.SET_SYMBOL_STATUS: {"symbol": self._symbol(), "status": status if rng.random() < 0.9 else 4},
            Kind.OPEN_ACCOUNT: {"reference_hi": rng.randint(0, 60), "reference_lo": rng.randint(0, 1)},
            Kind.SET_ACCOUNT_STATUS: {"account": self._account(), "status": status},
            Kind.SET_ACCOUNT_TIER: {"account": self._account(), "tier": rng.choice((0, 1, 31, 32))},
            Kind.SET_FEES: {"symbol": self._symbol(), "tier": rng.choice((0, 1, 31, 32)), "maker_ppm": rng.choice((0, 5, PPM, PPM + 1)),
                            "taker_ppm": rng.choice((0, 777, -1))},
            Kind.ADD_KEY: {"account": self._account(), "scopes": rng.choice((0, 1, 2, 7, 8)), "reference_hi": rng.randint(0, 30)},
            Kind.SET_KEY: {"key": rng.randint(0, 9), "scopes": rng.choice((0, 1, 2, 2, 3, 3, 7, 9))},
            Kind.SET_ORDER_LIMITS: {"value": rng.choice((0, 0, 0, 5, 50, -1)), "value2": rng.choice((0, 0, 0, 0, 500, -1))},
            Kind.REGISTER_ORIGIN: {"role": 1},
        }.get(kind, {})  # fmt: skip
        return make.admin(kind, **fields, valid_until_ns=self._until())


def _keep_harmless(command: np.void, rules: int) -> None:
    """No rules that stop the replica or come too early, and no pool so large that it is about memory."""
    if command["kind"] == Kind.SET_RULES:
        command["value"] = min(max(command["value"], RULES_FIRST), rules)
    if command["kind"] == Kind.GROW and command["pool"] < len(Pool) and GROWN_MOST < command["value"] <= CAPACITY_MAX[command["pool"]]:
        command["value"] -= 1  # no power of two any more
