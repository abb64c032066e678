"""300,000 commands of exchange-core's own performance stream, through both machines, against the events its book gave for them.

The harness below is the mapping: an exchange-core order id becomes the client id, so MOVE is a REPLACE of what remains under the same
name; REDUCE is an AMEND, or a CANCEL where nothing would remain; FOK_BUDGET is settled from the book and sent as a FOK with the
price of the last level it needs. A bid never moves above its reserve price.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest

from engine import commands as make
from engine.machine import Machine
from engine.oracle.machine import OracleMachine
from engine.types import AMOUNT_MAX, FIRST_CUSTOMER, HOUSE_GATEWAY, EventKind, Kind, OrderStatus, OrderType, Role, Side, TimeInForce
from tests.data import data_path
from tests.engine.streams import START_NS, Frame, header

RECORDING = "exchange_core_stream/first_300k.npz"
BASE, QUOTE, SYMBOL = 1, 2, 1
FRAME_MOST = 64
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
    reserve: int
    is_bid: int
    order_type: int


class Peer(NamedTuple):
    """A row of the recording's events, without the command's index."""

    kind: int
    maker: int
    maker_user: int
    price: int
    size: int
    flags: int
    bidder_hold_price: int


class Harness:
    """exchange-core's commands in, exchange-core's events out, with our two machines between."""

    def __init__(self, users: int) -> None:
        self.kernels, self.oracle = Machine(), OracleMachine()
        self.number = 0
        self.placed: dict[int, Request] = {}  # the PLACE of each exchange-core order
        self.order_of: dict[int, int] = {}  # our order id -> theirs
        self.gathered: list[tuple[int, Request, np.ndarray]] = []
        self.events: list[tuple[int, Peer]] = []
        self.bids_not_moved = self.budgets_refused = 0
        self._open_market(users)

    def _open_market(self, users: int) -> None:
        self._apply([make.admin(Kind.REGISTER_ORIGIN, role=Role.OPERATOR), make.admin(Kind.ADD_ASSET, name=b"BASE"),
                     make.admin(Kind.ADD_ASSET, name=b"QUOTE"),
                     make.admin(Kind.ADD_SYMBOL, name=b"BASEQUOTE", base=BASE, quote=QUOTE, value=1, value2=1, max_price_ticks=10**6,
                                max_quantity_lots=10**6, max_market_lots=10**6, max_orders=4096)])  # fmt: skip
        self._apply([make.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=user) for user in range(1, users + 1)])
        share = AMOUNT_MAX // users
        deposits = [
            make.transfer(Kind.TRANSFER, (START_NS - user, asset), debit=HOUSE_GATEWAY, credit=_account(user), asset=asset, amount=share)
            for user in range(1, users + 1)
            for asset in (BASE, QUOTE)
        ]
        assert not self._apply(deposits).codes.any()

    def run(self, requests: list[Request]) -> None:
        for index, request in enumerate(requests):
            needs_state = request.command == REDUCE or request.order_type == FOK_BUDGET
            if needs_state or len(self.gathered) == FRAME_MOST:
                self.flush()
            command = self._translate(request)
            if command is not None:
                self.gathered.append((index, request, command))
        self.flush()

    def flush(self) -> None:
        """Send what was gathered as one frame and translate its events."""
        if not self.gathered:
            return
        applied = self._apply([command for _, _, command in self.gathered])
        assert not applied.codes.any(), "exchange-core accepted every one of these commands"
        for event in applied.events:
            index, request, _ = self.gathered[event["index"]]
            if event["kind"] == EventKind.NEW:
                self.order_of[int(event["order_id"])] = request.order
            peer = self._peer(event, request)
            if peer is not None:
                self.events.append((index, peer))
        self.gathered = []

    def _apply(self, batch: list[np.ndarray]):
        """One frame through both machines, which must agree on everything."""
        self.number += 1
        frame = Frame(1, self.number, START_NS, START_NS, make.frame(*batch))
        record = header(frame, self.number)
        applied, expected = self.kernels.apply(record, frame.commands), self.oracle.apply(record, frame.commands)
        assert applied.codes.tolist() == expected.codes.tolist()
        assert applied.events.view("V160").tobytes() == expected.events.view("V160").tobytes()
        assert self.kernels.state_hash() == self.oracle.state_hash(), f"state after frame {self.number}"
        return applied

    # ------------------------------------------------------------ commands

    def _translate(self, request: Request) -> np.ndarray | None:
        name, account = str(request.order), _account(request.user)
        if request.command == PLACE:
            self.placed[request.order] = request
            return self._place(request, name, account)
        if request.command == CANCEL:
            return make.cancel(account, SYMBOL, target=name)
        placed = self.placed[request.order]
        if request.command == MOVE:
            if placed.is_bid and request.price > placed.reserve:
                self.bids_not_moved += 1
                return None
            return make.replace(account, SYMBOL, _side(placed), target=name, client_id=name, price_ticks=request.price)
        order = self.kernels.order_by_client_id(account, make.client_id_digest(name))
        if order.order_lots - order.executed_lots <= request.size:
            return make.cancel(account, SYMBOL, target=name)
        return make.amend(account, SYMBOL, target=name, quantity_lots=order.order_lots - request.size)

    def _place(self, request: Request, name: str, account: int) -> np.ndarray | None:
        price, time_in_force = request.price, TimeInForce.GTC
        if request.order_type == IOC:
            time_in_force = TimeInForce.IOC
        elif request.order_type == FOK_BUDGET:
            price, time_in_force = self._price_within_budget(request), TimeInForce.FOK
            if not price:
                self.budgets_refused += 1
                return None
        return make.place(account, SYMBOL, _side(request), OrderType.LIMIT, price_ticks=price, quantity_lots=request.size,
                          time_in_force=time_in_force, client_id=name)  # fmt: skip

    def _price_within_budget(self, request: Request) -> int:
        """The last price needed to fill the whole size for at most (a bid) or at least (an ask) the budget; 0 where it cannot be."""
        left, value = request.size, 0
        for price, lots in self.kernels.depth(SYMBOL, 1 - _side(request), 1000).tolist():
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
        placed = self.placed[request.order]
        if event["kind"] == EventKind.TRADE:
            maker = self.order_of[int(event["counter_order_id"])]
            flags = (event["status"] == OrderStatus.FILLED) + 2 * (event["counter_status"] == OrderStatus.FILLED)
            bidder = placed if placed.is_bid else self.placed[maker]
            maker_user = int(event["counter_account"]) - FIRST_CUSTOMER + 1
            return Peer(TRADE, maker, maker_user, price, lots, int(flags), bidder.reserve)
        if request.command in (CANCEL, REDUCE):
            gone = event["kind"] == EventKind.CANCELED
            size = lots if gone else request.size
            return Peer(REDUCED, 0, 0, price, size, int(gone), placed.reserve)
        return None


def _account(user: int) -> int:
    return FIRST_CUSTOMER - 1 + user


def _side(request: Request) -> Side:
    return Side.BUY if request.is_bid else Side.SELL


@pytest.mark.timeout(300)
def test_exchange_core_stream():
    recording = np.load(data_path(RECORDING))
    requests = [Request(*row) for row in recording["commands"].tolist()]
    expected = [(row[0], Peer(*row[1:])) for row in recording["events"].tolist()]
    harness = Harness(users=1000)
    harness.run(requests)
    assert harness.events == expected
    assert Counter(peer.kind for _, peer in harness.events) == {TRADE: 12_254, REDUCED: 43_451}
    assert (harness.bids_not_moved, harness.budgets_refused) == (0, 0)
    assert harness.kernels.validate() == harness.oracle.validate() == ""
    assert harness.oracle.state_hash(recount=True) == harness.kernels.state_hash()
