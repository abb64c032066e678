"""LOBSTER recordings (NASDAQ): a message file, and the published book after each message.

The book is seeded with row 0, then every message becomes a command and every published row is compared with the core's book.

- A submission is an order, a partial cancel an AMEND, a deletion a CANCEL. An execution is produced by sending the order that must have
  caused it, on the other side, at the resting order's price, for its size; it counts where the one trade hits the order the file names.
- Hidden executions leave the visible book alone and are only counted; so are trading halts.
- Row 0 gives totals, not orders. What later messages take from orders that were never submitted tells their ids and sizes: those are
  seeded first, by rising id, which is their order of arrival; what is left of a level is one anonymous order behind them.
- The file shows N levels of a side and only the messages within them. When a level goes, one comes into view at the far end that
  nobody has seen change: that one level is taken from the row, as at the seed. Levels that stayed in view are never corrected.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cryptoshop.errors import StartError
from cryptoshop.replay.report import Report
from cryptoshop.replay.venue import SYMBOL, NotReplayable, ReplayVenue, limit_order
from engine import commands as build
from engine.exchange import Outcome
from engine.types import FIRST_CUSTOMER, Code, EventKind, Side
from engine.views import OrderView

SUBMISSION, PARTIAL_CANCEL, DELETION, EXECUTION, HIDDEN_EXECUTION, HALT = 1, 2, 3, 4, 5, 7
EMPTY_LEVEL = 9_999_999_999
MAKER, TAKER = FIRST_CUSTOMER, FIRST_CUSTOMER + 1
MAX_PRICE = 10**10  # in hundredths of a cent
MAX_SIZE = 10**8

NOTES = [
    "Row 0 is the seed and is not counted. An execution is the aggressing order, sent at the resting order's price; it counts where its",
    "one trade, of the whole size, hits the order that the file names. A level that came into view at the far end of a side was taken from",
    "the published row, since the messages that made it are not in the file; levels that stayed in view were never corrected.",
]

Level = tuple[int, int]  # price, size


class Message(NamedTuple):
    time_ns: int
    kind: int
    order: int
    size: int
    price: int  # in 1/10,000 dollar: one tick here
    side: Side  # of the resting order


class Row(NamedTuple):
    """One published book; best first, empty levels left out."""

    bids: list[Level]
    asks: list[Level]

    def side(self, side: Side) -> list[Level]:
        return self.bids if side == Side.BUY else self.asks


def read_messages(path: Path) -> list[Message]:
    with path.open(newline="") as lines:
        return [_message(line) for line in csv.reader(lines) if line]


def _message(fields: list[str]) -> Message:
    seconds, _, fraction = fields[0].partition(".")
    kind, order, size, price, direction = (int(text) for text in fields[1:6])
    if kind in (SUBMISSION, PARTIAL_CANCEL, DELETION, EXECUTION) and not (0 < size <= MAX_SIZE and 0 < price <= MAX_PRICE):
        raise ValueError(f"no size or price is {size}, {price}")
    return Message(int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9]), kind, order, size, price,
                   Side.BUY if direction == 1 else Side.SELL)  # fmt: skip


def read_rows(path: Path) -> list[Row]:
    with path.open(newline="") as lines:
        return [_row([int(text) for text in line]) for line in csv.reader(lines) if line]


def _row(values: list[int]) -> Row:
    if len(values) % 4:
        raise ValueError(f"a row of {len(values)} values is not ask price, ask size, bid price, bid size for each level")
    asks = [(values[at], values[at + 1]) for at in range(0, len(values), 4) if abs(values[at]) < EMPTY_LEVEL]
    bids = [(values[at], values[at + 1]) for at in range(2, len(values), 4) if abs(values[at]) < EMPTY_LEVEL]
    return Row(bids, asks)


def book_path(messages: Path) -> Path:
    """The published book that lies beside a message file."""
    for word, other in (("message", "orderbook"), ("msgs", "book")):
        if word in messages.name:
            return messages.with_name(messages.name.replace(word, other))
    raise StartError(f"no book file is known for {messages.name}; name it with --book")


class LobsterReplay:
    """One recording; `run()` replays all of it."""

    def __init__(self, messages: list[Message], rows: list[Row], machine=None) -> None:
        self.messages, self.rows = messages, rows
        self.venue = ReplayVenue(2, max_price_ticks=MAX_PRICE, machine=machine)
        self.levels = max(len(row.side(side)) for row in rows for side in Side)
        self.counts: Counter[str] = Counter()
        self.kinds: Counter[int] = Counter()
        self._order_of: dict[int, int] = {}  # the file's order id -> the core's
        self._anonymous: dict[tuple[Side, int], int] = {}  # (side, price) -> the core's order for what nobody named
        self._unsubmitted = self._orders_never_submitted()
        self._index = 0

    def _orders_never_submitted(self) -> dict[tuple[Side, int], list[tuple[int, int, int]]]:
        """(side, price) -> (order id, first message that names it, all that messages take from it)."""
        submitted = {message.order for message in self.messages if message.kind == SUBMISSION}
        taken: dict[tuple[Side, int, int], list[int]] = {}
        for at, message in enumerate(self.messages):
            if message.kind in (PARTIAL_CANCEL, DELETION, EXECUTION) and message.order not in submitted:
                taken.setdefault((message.side, message.price, message.order), [at, 0])[1] += message.size
        found = defaultdict(list)
        for (side, price, order), (first, size) in sorted(taken.items()):
            found[side, price].append((order, first, size))
        return found

    def run(self, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        for side in Side:
            for price, size in self.rows[0].side(side):
                self._seed_level(side, price, size)
        for index in range(1, len(self.rows)):
            self._index = index
            self._apply(self.messages[index])
            for side in Side:
                self._take_over_what_came_into_view(side)
            self._compare(self.rows[index])
            progress(index, len(self.rows) - 1)

    # ------------------------------------------------------------ messages

    def _apply(self, message: Message) -> None:
        self.kinds[message.kind] += 1
        if message.kind == SUBMISSION:
            self._submit(message)
        elif message.kind == EXECUTION:
            self._execute(message)
        elif message.kind in (PARTIAL_CANCEL, DELETION):
            self._reduce(message)

    def _submit(self, message: Message) -> None:
        """The order rests in the file, so what it would cross here left the market unseen."""
        outcome = self._place(message.side, message.price, message.size)
        while outcome.code == Code.WOULD_TAKE:
            bid, _, ask, _ = self.venue.machine.best(SYMBOL)
            self._clear_level(Side(1 - message.side), ask if message.side == Side.BUY else bid)
            outcome = self._place(message.side, message.price, message.size)
        self._order_of[message.order] = _order_id(outcome)

    def _execute(self, message: Message) -> None:
        named = self._order_named(message)
        aggressor = limit_order(TAKER, Side(1 - message.side), message.price, message.size, immediate=True)
        events = self.venue.execute(aggressor, message.time_ns).events
        trades = events[events["kind"] == EventKind.TRADE]
        hit = len(trades) == 1 and int(trades["counter_order_id"][0]) == named and int(trades["quantity_lots"][0]) == message.size
        self.counts["executions that hit the order named"] += hit

    def _reduce(self, message: Message) -> None:
        order = self.venue.machine.order(self._order_named(message))
        if order is not None and order.price_ticks == message.price:
            self._take_from(order, message.size, message.time_ns)
            return
        # Somebody at this price came while it was out of view, and somebody else left: the latest stand for those nobody saw.
        self.counts["cancels of orders never shown"] += 1
        left = message.size
        for order in reversed(self._orders_at(message.side, message.price)):
            takes = min(left, order.order_lots - order.executed_lots)
            if takes:
                self._take_from(order, takes, message.time_ns)
                left -= takes

    def _order_named(self, message: Message) -> int:
        """The core's id of the order that a message is about: by its id, else what is anonymous at its price."""
        known = self._order_of.get(message.order, 0)
        return known or self._anonymous.get((message.side, message.price), 0)

    def _take_from(self, order: OrderView, size: int, time_ns: int) -> None:
        if size >= order.order_lots - order.executed_lots:
            command = build.cancel(MAKER, SYMBOL, order.order_id)
        else:
            command = build.amend(MAKER, SYMBOL, order.order_id, quantity_lots=order.order_lots - size)
        self.venue.accepted([command], time_ns)

    def _place(self, side: Side, price: int, size: int) -> Outcome:
        return self.venue.execute(limit_order(MAKER, side, price, size, only_maker=True), self.messages[self._index].time_ns)

    # ------------------------------------------------------------ levels that nobody saw being built

    def _seed_level(self, side: Side, price: int, size: int) -> None:
        """Orders for a level of `size`: those that later messages name, then one for the rest."""
        for order, first, taken in self._unsubmitted[side, price]:
            if first > self._index and order not in self._order_of and taken <= size:
                self._order_of[order] = _order_id(self._place(side, price, taken))
                self.counts["seeded orders with an id"] += 1
                size -= taken
        if size:
            self._anonymous[side, price] = _order_id(self._place(side, price, size))
            self.counts["seeded orders without an id"] += 1

    def _take_over_what_came_into_view(self, side: Side) -> None:
        """Levels that are published now and were beyond the last published one before."""
        before, now = self.rows[self._index - 1].side(side), self.rows[self._index].side(side)
        if len(before) < self.levels:
            return  # the whole side was in view
        worst = before[-1][0]

        def beyond(price: int) -> bool:
            return price < worst if side == Side.BUY else price > worst

        published = {price: size for price, size in now if beyond(price)}
        present = {price: size for price, size in self.venue.levels(side, 10 * self.levels) if beyond(price)}
        last = now[-1][0]
        for price in present.keys() | published.keys():
            in_view = price >= last if side == Side.BUY else price <= last
            if not in_view or present.get(price, 0) == published.get(price, 0):
                continue
            self.counts["levels that came into view"] += 1
            self._clear_level(side, price)
            if price in published:
                self._seed_level(side, price, published[price])

    def _clear_level(self, side: Side, price: int) -> None:
        for order in self._orders_at(side, price):
            self.counts["orders that left unseen"] += 1
            self.venue.accepted([build.cancel(MAKER, SYMBOL, order.order_id)], self.messages[self._index].time_ns)

    def _orders_at(self, side: Side, price: int) -> list[OrderView]:
        """By rising id."""
        return [order for order in self.venue.machine.open_orders(MAKER, SYMBOL) if (order.side, order.price_ticks) == (side, price)]

    # ------------------------------------------------------------ comparison

    def _compare(self, row: Row) -> None:
        same = [self.venue.levels(side, self.levels)[: len(row.side(side))] == row.side(side) for side in Side]
        best = [self.venue.levels(side, 1) == row.side(side)[:1] for side in Side]
        self.counts["rows equal at every level"] += all(same)
        self.counts["rows equal at the best bid and ask"] += all(best)

    def report(self, title: str) -> Report:
        report, rows, counts = Report(title), len(self.rows) - 1, self.counts
        report.add(f"rows equal at all levels ({self.levels})", counts["rows equal at every level"], rows)
        report.add("rows equal at the best bid and ask", counts["rows equal at the best bid and ask"], rows)
        report.add("executions that hit the order named", counts["executions that hit the order named"], self.kinds[EXECUTION])
        for name, kind in (("submissions", SUBMISSION), ("partial cancels", PARTIAL_CANCEL), ("deletions", DELETION),
                           ("hidden executions, not sent", HIDDEN_EXECUTION), ("halts, not sent", HALT)):  # fmt: skip
            report.add(name, self.kinds[kind])
        for name in ("seeded orders with an id", "seeded orders without an id", "levels that came into view", "orders that left unseen",
                     "cancels of orders never shown"):  # fmt: skip
            report.add(name, counts[name])
        report.notes += NOTES
        return report


def _order_id(outcome: Outcome) -> int:
    """Of an order that was placed. Raises NotReplayable: a published book that crosses itself, say."""
    if outcome.code != Code.OK:
        raise NotReplayable(f"the core refused an order of the recording: {Code(outcome.code).name}")
    return int(outcome.events["order_id"][0])
