"""Bitstamp's live order stream of 2015, one line a message: orders created, changed and deleted, trades, and the published book.

Every created order is sent as it came, so that crossing orders really match in the core; what the venue then says of them is only
compared. Each published book (20 levels a side) is compared with the core's at that moment.

- A change of the price is a market order walking the book (the venue showed it so): a REPLACE at that price, which may match on. Another
  change, and a deletion with something left, lower or cancel what the core still has of the order.
- Orders older than the recording: those that it later names are there from the start, in the order of their ids, with what it says of
  them. What the first published book has beyond them is seeded level by level; so is what comes into view at the far end later.
- An order deleted before it is created (messages overtake each other) is never sent.
"""

import json
import lzma
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cryptoshop.replay.report import Report
from cryptoshop.replay.venue import SYMBOL, NotReplayable, ReplayVenue, limit_order
from engine import commands as build
from engine.exchange import Outcome
from engine.types import FIRST_CUSTOMER, Code, EventKind, Side
from engine.units import parse_units
from engine.views import OrderView

PRICE_SCALE, AMOUNT_SCALE = 2, 8  # a tick is a cent, a lot 10^-8 bitcoin
TRADERS = 16
MAX_PRICE = 10**6
MAX_LOTS = 10**12
VIEW = 20  # levels a side of a published book
DEPTHS = (1, 5, VIEW)
SHIFT_MOST = 8  # order messages by which a published book may be ahead or behind
SEED_ACCOUNT = FIRST_CUSTOMER

NOTES = [
    "Why books differ: the book came over another channel than the orders, a few messages late (it equals what the core had before",
    f"them) or early (it equals what the core has after them); up to {SHIFT_MOST} order messages are tried either way. Otherwise: a market",
    "order for a sum of money, which the venue ended some thousand lots (10^-8) short of the amount it showed, and the core executed to",
    "the last lot; the order that it met has that much less in the core until it leaves the book.",
    "Changes of orders that the core had filled are the venue's steps of what the core matched in one.",
]

Level = tuple[int, int]  # price, lots


class OrderMessage(NamedTuple):
    time_ns: int
    action: str  # "created", "changed" or "deleted"
    order: int
    side: Side
    price: int
    lots: int  # what is left of the order


class Book(NamedTuple):
    """Best first."""

    time_ns: int
    bids: list[Level]
    asks: list[Level]

    def side(self, side: Side) -> list[Level]:
        return self.bids if side == Side.BUY else self.asks


class Trade(NamedTuple):
    time_ns: int
    lots: int


Message = OrderMessage | Book | Trade


def read(path: Path) -> list[Message]:
    """The messages of a log, which may be compressed (.xz). Raises ValueError on a line that is none."""
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open() as lines:
        messages = [_message(line) for line in lines]
    if not messages:
        raise ValueError("it is empty")
    return messages


def _message(line: str) -> Message:
    milliseconds, kind, text = line.split(" ", 2)
    time_ns, fields = int(milliseconds) * 10**6, json.loads(text, parse_float=str)
    if kind == "order_book":
        return Book(time_ns, *([_level(*level) for level in fields[side]] for side in ("bids", "asks")))
    if kind == "trade":
        return Trade(time_ns, round(float(fields["amount"]) * 10**AMOUNT_SCALE))  # a rounded binary number in the recording
    action = kind.removeprefix("order_")
    if action not in ("created", "changed", "deleted"):
        raise ValueError(f"{kind} is no message of this stream")
    price, lots = _level(fields["price"], fields["amount"])
    if not 0 < price <= MAX_PRICE or lots > MAX_LOTS or (action == "created" and not lots):
        raise ValueError(f"no price or amount is {fields['price']}, {fields['amount']}")
    return OrderMessage(time_ns, action, int(fields["id"]), Side(fields["order_type"]), price, lots)


def _level(price: str, amount: str) -> Level:
    return parse_units(price, PRICE_SCALE), parse_units(amount, AMOUNT_SCALE)


class BitstampReplay:
    """One recording; `run()` replays all of it."""

    def __init__(self, messages: list[Message], machine=None) -> None:
        self.messages = messages
        self.venue = ReplayVenue(TRADERS, max_price_ticks=MAX_PRICE, machine=machine)
        self.counts: Counter[str] = Counter()
        self._order_of: dict[int, int] = {}  # the venue's order id -> the core's
        self._seeded: dict[tuple[Side, int], int] = {}  # (side, price) -> the core's order for what nobody named
        self._ended_before_created: set[int] = set()
        self._last_book: Book | None = None
        self._earlier: deque[dict[Side, list[Level]]] = deque(maxlen=SHIFT_MOST)  # the core's views before the latest messages
        self._unexplained: list[tuple[int, Book]] = []  # (order messages seen when it was published, book)
        self._order_messages = 0
        self._deleted_orders: set[int] = set()

    def run(self, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        self._place_older_orders()
        handlers = {"created": self._created, "changed": self._changed, "deleted": self._deleted}
        for at, message in enumerate(self.messages):
            if isinstance(message, OrderMessage):
                self._earlier.append(self._view())
                self._order_messages += 1
                self.counts[message.action] += 1
                handlers[message.action](message)
                self._explain_early_books()
            elif isinstance(message, Book):
                self._compare(message)
            else:
                self.counts["trades"] += 1
                self.counts["lots traded"] += message.lots
            progress(at + 1, len(self.messages))

    # ------------------------------------------------------------ order messages

    def _created(self, message: OrderMessage) -> None:
        if message.order in self._ended_before_created:
            self.counts["deleted before created"] += 1
            return
        order = limit_order(_account(message.order), message.side, message.price, message.lots)
        if self._sent(message.order, self.venue.execute(order, message.time_ns)):
            self.counts["orders that crossed"] += 1

    def _changed(self, message: OrderMessage) -> None:
        order = self._open_order(message)
        if order is None:
            self.counts["changes of orders that the core had filled"] += 1
            return
        rest = order.order_lots - order.executed_lots
        if order.price_ticks != message.price:
            self.counts["changes of a price"] += 1
            replace = build.replace(order.account, SYMBOL, order.side, order_id=order.order_id, price_ticks=message.price,
                                    quantity_lots=min(rest, message.lots))  # fmt: skip
            self._sent(message.order, self.venue.execute(replace, message.time_ns))
        elif rest == message.lots:
            self.counts["changes that the core had made already"] += 1
        elif rest > message.lots:
            self.counts["changes that lowered the core's order"] += 1
            self._lower(order, message.lots, message.time_ns)
        else:
            self.counts["changes where the core had matched more"] += 1

    def _deleted(self, message: OrderMessage) -> None:
        order = self._open_order(message)
        known = message.order in self._order_of
        filled = message.lots == 0
        if message.order in self._deleted_orders:
            self.counts["deleted twice"] += 1
        elif order is None and known:
            self.counts["filled orders that the core filled" if filled else "canceled orders that the core had filled"] += 1
        elif order is None:
            self.counts["deletions of orders never shown"] += 1
            self._ended_before_created.add(message.order)
        else:
            self.counts["filled orders that the core did not fill" if filled else "canceled orders"] += 1
            self._lower(order, 0, message.time_ns)
        self._deleted_orders.add(message.order)

    def _open_order(self, message: OrderMessage) -> OrderView | None:
        """The core's order that a message is about; an id never shown is given to what was seeded at its price."""
        seeded = (message.side, message.price)
        if message.order not in self._order_of and seeded in self._seeded:
            self._order_of[message.order] = self._seeded.pop(seeded)
        return self.venue.machine.order(self._order_of.get(message.order, 0))

    def _lower(self, order: OrderView, rest: int, time_ns: int) -> None:
        if rest:
            command = build.amend(order.account, SYMBOL, order.order_id, quantity_lots=order.executed_lots + rest)
        else:
            command = build.cancel(order.account, SYMBOL, order.order_id)
        self.venue.accepted([command], time_ns)

    def _sent(self, name: int, outcome: Outcome) -> int:
        """Note what came of an order that was sent; returns the number of its trades."""
        if outcome.code != Code.OK:
            raise NotReplayable(f"the core refused order {name} of the recording: {Code(outcome.code).name}")
        events = outcome.events
        self._order_of[name] = int(events["order_id"][events["kind"] == EventKind.NEW][0])
        trades = events[events["kind"] == EventKind.TRADE]
        self.counts["trades of the core"] += len(trades)
        self.counts["lots traded by the core"] += int(trades["quantity_lots"].sum())
        return len(trades)

    # ------------------------------------------------------------ orders that nobody saw being created

    def _place_older_orders(self) -> None:
        """Orders that are canceled without ever having been created were there before the first one that was."""
        shown = [message for message in self.messages if isinstance(message, OrderMessage)]
        created = {message.order for message in shown if message.action == "created"}
        first = min(created, default=0)
        older = {}
        for message in shown:
            if message.order < first:
                older.setdefault(message.order, message)
        for name, message in sorted(older.items()):
            if message.action == "deleted" and message.lots:
                order = limit_order(_account(name), message.side, message.price, message.lots, only_maker=True)
                outcome = self.venue.execute(order, message.time_ns if not shown else shown[0].time_ns)
                if outcome.code == Code.OK:
                    self._order_of[name] = int(outcome.events["order_id"][0])
                    self.counts["older orders, named later"] += 1

    def _seed(self, book: Book) -> None:
        """What the first book shows beyond the orders known, and what later comes into view beyond the last level seen before."""
        for side in Side:
            present = dict(self.venue.levels(side, 100 * VIEW))
            for price, lots in book.side(side):
                missing = lots - present.get(price, 0)
                if missing > 0 and self._was_out_of_view(side, price):
                    order = limit_order(SEED_ACCOUNT, side, price, missing, only_maker=True)
                    outcome = self.venue.execute(order, book.time_ns)
                    if outcome.code == Code.OK:
                        self._seeded[side, price] = int(outcome.events["order_id"][0])
                        self.counts["older orders, seeded from a published level"] += 1

    def _was_out_of_view(self, side: Side, price: int) -> bool:
        if self._last_book is None:
            return True
        if not self._last_book.side(side):
            return True
        worst = self._last_book.side(side)[-1][0]
        return price < worst if side == Side.BUY else price > worst

    # ------------------------------------------------------------ comparison

    def _compare(self, book: Book) -> None:
        self._seed(book)
        self._last_book = book
        self.counts["books"] += 1
        now = self._view()
        for depth in DEPTHS:
            self.counts[f"equal {depth}"] += _equal(book, now, depth)
        if _equal(book, now, VIEW):
            return
        if any(_equal(book, levels, VIEW) for levels in self._earlier):
            self.counts["differs: published late"] += 1
        else:
            self._unexplained.append((self._order_messages, book))

    def _explain_early_books(self) -> None:
        """A book that differed when it was published may show what the next messages tell."""
        if not self._unexplained:
            return
        now, waiting = self._view(), []
        for published_at, book in self._unexplained:
            if _equal(book, now, VIEW):
                self.counts["differs: published early"] += 1
            elif self._order_messages < published_at + SHIFT_MOST:
                waiting.append((published_at, book))
            else:
                self.counts["differs otherwise"] += 1
        self._unexplained = waiting

    def _view(self) -> dict[Side, list[Level]]:
        return {side: self.venue.levels(side, VIEW) for side in Side}

    def report(self, title: str) -> Report:
        report, counts = Report(title), self.counts
        books = counts["books"]
        report.add("order messages", counts["created"] + counts["changed"] + counts["deleted"])
        names = {1: "books equal at best bid and ask", 5: "books equal at the top 5 levels", VIEW: f"books equal at all {VIEW} levels"}
        for depth in DEPTHS:
            report.add(names[depth], counts[f"equal {depth}"], books)
        report.add("trades of the core, of the venue's", counts["trades of the core"], counts["trades"])
        report.add("lots traded by the core, of the venue's", counts["lots traded by the core"], counts["lots traded"])
        filled = counts["filled orders that the core filled"]
        report.add("filled orders that the core filled too", filled, filled + counts["filled orders that the core did not fill"])
        for name in ("orders that crossed", "changes of a price", "changes that the core had made already",
                     "changes of orders that the core had filled", "changes that lowered the core's order",
                     "changes where the core had matched more", "canceled orders", "canceled orders that the core had filled",
                     "deletions of orders never shown", "deleted before created", "deleted twice", "older orders, named later",
                     "older orders, seeded from a published level"):  # fmt: skip
            report.add(name, counts[name])
        differing = books - counts[f"equal {VIEW}"]
        late, early = counts["differs: published late"], counts["differs: published early"]
        report.add("differing books that were published late", late, differing)
        report.add("differing books that were published early", early, differing)
        report.add("books that differ otherwise", differing - late - early, differing)
        report.notes += NOTES
        return report


def _account(order: int) -> int:
    return FIRST_CUSTOMER + order % TRADERS


def _equal(book: Book, levels: dict[Side, list[Level]], depth: int) -> bool:
    return all(levels[side][:depth] == book.side(side)[:depth] for side in Side)
