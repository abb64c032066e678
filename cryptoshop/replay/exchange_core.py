"""exchange-core's own performance stream: its commands, and the events that its order book gave for them.

A recording is an .npz with `commands` and `events`, int32 rows as `Request` and (index, *`Peer`). Its order id becomes the client id, so

- MOVE is a REPLACE of what remains under the same name; a bid never moves above its reserve price;
- REDUCE is an AMEND, or a CANCEL where nothing would remain;
- FOK_BUDGET is settled from the book: sent as a FOK with the price of the last level it needs, or not at all.

Commands are gathered into frames; one that is settled from the book ends the frame before it.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cryptoshop.replay.report import Report
from cryptoshop.replay.venue import SYMBOL, ReplayVenue
from engine import commands as build
from engine.types import FIRST_CUSTOMER, EventKind, OrderStatus, OrderType, Side, TimeInForce

FRAME_MOST = 64
MAX_PRICE = 10**6
USERS_MOST = 3000
PLACE, CANCEL, MOVE, REDUCE = 1, 2, 3, 4
IOC, FOK_BUDGET = 1, 4
TRADE, REDUCED = 0, 2


class Request(NamedTuple):
    """A row of the recording's commands."""

    command: int
    order: int
    user: int
    price: int
    size: int
    reserve: int  # of a bid: the most it may ever be moved to
    is_bid: int
    order_type: int


class Peer(NamedTuple):
    """A row of the recording's events, without the command's index."""

    kind: int
    maker: int
    maker_user: int
    price: int
    size: int
    flags: int  # 1: the taker is done (a reduced order: gone), 2: the maker is
    bidder_hold_price: int


class Recording(NamedTuple):
    requests: list[Request]
    events: list[tuple[int, Peer]]


def read(path: Path) -> Recording:
    """Raises ValueError or KeyError where the file is no such recording."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            raise ValueError("no .npz")
    with np.load(path) as arrays:
        requests = [Request(*row) for row in arrays["commands"].tolist()]
        recording = Recording(requests, [(row[0], Peer(*row[1:])) for row in arrays["events"].tolist()])
    _check(requests)
    return recording


def _check(requests: list[Request]) -> None:
    """Raises ValueError where a request cannot be meant."""
    placed = set()
    for at, request in enumerate(requests):
        if request.command == PLACE:
            placed.add(request.order)
        if request.order not in placed or not PLACE <= request.command <= REDUCE or not 1 <= request.user <= USERS_MOST:
            raise ValueError(f"command {at} is not one of exchange-core's")
    if not requests:
        raise ValueError("it has no commands")


class ExchangeCoreReplay:
    """Commands in, exchange-core's events out, with our core between."""

    def __init__(self, recording: Recording, machine=None) -> None:
        self.recording = recording
        users = max(request.user for request in recording.requests)
        self.venue = ReplayVenue(users, max_price_ticks=MAX_PRICE, machine=machine)
        self.events: list[tuple[int, Peer]] = []
        self.bids_not_moved = self.budgets_refused = 0
        self._placed: dict[int, Request] = {}  # the PLACE of each of their orders
        self._order_of: dict[int, int] = {}  # our order id -> theirs
        self._gathered: list[tuple[int, Request, np.ndarray]] = []

    def run(self, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        for index, request in enumerate(self.recording.requests):
            if len(self._gathered) == FRAME_MOST or request.command == REDUCE or request.order_type == FOK_BUDGET:
                self._send()
                progress(index, len(self.recording.requests))
            command = self._translate(request)
            if command is not None:
                self._gathered.append((index, request, command))
        self._send()

    def _send(self) -> None:
        """Apply what was gathered as one frame and translate its events."""
        if not self._gathered:
            return
        for event in self.venue.accepted(command for _, _, command in self._gathered).events:
            index, request, _ = self._gathered[event["index"]]
            if event["kind"] == EventKind.NEW:
                self._order_of[int(event["order_id"])] = request.order
            peer = self._peer(event, request)
            if peer is not None:
                self.events.append((index, peer))
        self._gathered = []

    # ------------------------------------------------------------ commands

    def _translate(self, request: Request) -> np.ndarray | None:
        name, account = str(request.order), _account(request.user)
        if request.command == PLACE:
            self._placed[request.order] = request
            return self._place(request, name, account)
        if request.command == CANCEL:
            return build.cancel(account, SYMBOL, target=name)
        placed = self._placed[request.order]
        if request.command == MOVE:
            if placed.is_bid and request.price > placed.reserve:
                self.bids_not_moved += 1
                return None
            return build.replace(account, SYMBOL, _side(placed), target=name, client_id=name, price_ticks=request.price)
        order = self.venue.machine.order_by_client_id(account, build.client_id_digest(name))
        if order is None or order.order_lots - order.executed_lots <= request.size:
            return build.cancel(account, SYMBOL, target=name)
        return build.amend(account, SYMBOL, target=name, quantity_lots=order.order_lots - request.size)

    def _place(self, request: Request, name: str, account: int) -> np.ndarray | None:
        price, time_in_force = request.price, TimeInForce.GTC
        if request.order_type == IOC:
            time_in_force = TimeInForce.IOC
        elif request.order_type == FOK_BUDGET:
            price, time_in_force = self._price_within_budget(request), TimeInForce.FOK
            if not price:
                self.budgets_refused += 1
                return None
        return build.place(account, SYMBOL, _side(request), OrderType.LIMIT, price_ticks=price, quantity_lots=request.size,
                           time_in_force=time_in_force, client_id=name)  # fmt: skip

    def _price_within_budget(self, request: Request) -> int:
        """The last price needed to fill the whole size for at most (a bid) or at least (an ask) the budget; 0 where it cannot be."""
        left, value = request.size, 0
        for price, lots in self.venue.levels(Side(1 - _side(request)), request.size):
            takes = min(left, lots)
            left, value = left - takes, value + takes * price
            if left == 0:
                fits = value <= request.price if request.is_bid else value >= request.price
                return price if fits else 0
        return 0

    # ------------------------------------------------------------ events

    def _peer(self, event: np.void, request: Request) -> Peer | None:
        """The event in exchange-core's words, None where it has none."""
        lots, price = int(event["quantity_lots"]), int(event["price_ticks"])
        placed = self._placed[request.order]
        if event["kind"] == EventKind.TRADE:
            maker = self._order_of[int(event["counter_order_id"])]
            flags = (event["status"] == OrderStatus.FILLED) + 2 * (event["counter_status"] == OrderStatus.FILLED)
            bidder = placed if placed.is_bid else self._placed[maker]
            maker_user = int(event["counter_account"]) - FIRST_CUSTOMER + 1
            return Peer(TRADE, maker, maker_user, price, lots, int(flags), bidder.reserve)
        if request.command in (CANCEL, REDUCE):
            gone = event["kind"] == EventKind.CANCELED
            return Peer(REDUCED, 0, 0, price, lots if gone else request.size, int(gone), placed.reserve)
        return None

    def report(self, title: str) -> Report:
        report = Report(title)
        expected, found = Counter(self.recording.events), Counter(self.events)
        equal = expected & found
        report.add("commands", len(self.recording.requests))
        for name, kind in (("trades equal", TRADE), ("reductions equal", REDUCED)):
            count = sum(number for (_, peer), number in equal.items() if peer.kind == kind)
            report.add(name, count, sum(number for (_, peer), number in expected.items() if peer.kind == kind))
        in_order = sum(map(tuple.__eq__, self.events, self.recording.events))
        report.add("events in exchange-core's order", in_order, len(self.recording.events))
        report.add("events that exchange-core does not have", (found - expected).total())
        report.add("bids not moved above their reserve price", self.bids_not_moved)
        report.add("budgets that the book did not fit", self.budgets_refused)
        return report


def _account(user: int) -> int:
    return FIRST_CUSTOMER - 1 + user


def _side(request: Request) -> Side:
    return Side.BUY if request.is_bid else Side.SELL
