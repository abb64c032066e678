"""A venue under the rules of docs/ORDERS.md for tests, and what was told there as short text.

`told` writes an event as one line: its kind, the order (taker/maker), and what matters most of it.
"""

import numpy as np

from engine import commands as make
from engine.types import (
    FIRST_CUSTOMER,
    INITIAL_CAPACITY,
    LIST_EVENT,
    RULES_VERSION,
    Code,
    EventFlag,
    EventKind,
    Filter,
    Kind,
    ListStatus,
    OrderState,
    OrderStatus,
    OrderType,
    Side,
    SymbolStatus,
)
from engine.views import Applied, OrderView
from tests.engine.machines import ALICE, SYMBOL, Venue

BUY, SELL = Side.BUY, Side.SELL
LIMIT, LIMIT_MAKER, MARKET = OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.MARKET
STOP_LOSS, STOP_LOSS_LIMIT = OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT
TAKE_PROFIT, TAKE_PROFIT_LIMIT = OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT
DAVE = FIRST_CUSTOMER + 3  # sets prices: trades with nobody but himself
RICH = 10**12


class OrderVenue(Venue):
    """The small venue under the newest rules, with a fourth customer who trades with himself to set the last price."""

    def __init__(self, make_machine, funds: int = RICH, capacity: tuple[int, ...] = INITIAL_CAPACITY, **listing) -> None:
        super().__init__(make_machine, funds, capacity, **listing)
        self.done(make.admin(Kind.SET_RULES, value=RULES_VERSION), make.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=DAVE))
        if funds:
            self.done(*(self.deposit(DAVE, asset, RICH) for asset in (1, 2)))

    def place(self, account: int, side: int, lots: int, price: int = 0, order_type: int = LIMIT, **terms) -> Applied:
        """One order that must be accepted; the next order id is its own."""
        return self.done(self.order(account, side, lots, price, order_type, **terms))

    def order(self, account: int, side: int, lots: int, price: int = 0, order_type: int = LIMIT, **terms) -> np.ndarray:
        return make.place(account, SYMBOL, side, order_type, quantity_lots=lots, price_ticks=price, **terms)

    def refuses(self, *commands: np.ndarray, **how: int) -> str:
        """The code of the only command of a frame, or of several that are all refused for the same reason."""
        before = self.machine.state_hash(), self.machine.open_orders(ALICE), self.machine.balances(ALICE)
        names = {Code(code).name for code in self.codes(*commands, **how)}
        assert len(names) == 1
        assert (self.machine.open_orders(ALICE), self.machine.balances(ALICE)) == before[1:], "a refusal changed something"
        assert self.machine.validate() == ""
        return names.pop()

    def trade_at(self, *prices: int) -> list[str]:
        """Dave trades one lot with himself at each of the prices; returns what else was told."""
        heard = []
        for price in prices:
            applied = self.done(self.order(DAVE, BUY, 1, price), self.order(DAVE, SELL, 1, price, time_in_force=1))
            assert self.machine.symbol(SYMBOL).last_price_ticks, "nobody traded"
            heard += [line for line, event in zip(told(applied), applied.events, strict=True) if event["account"] != DAVE]
        return heard

    def set_filter(self, number: Filter, value: int, symbol: int | None = None, **how: int) -> None:
        if symbol is None:
            symbol = 0 if number >= Filter.EXCHANGE_MAX_ORDERS else SYMBOL
        self.done(make.admin(Kind.SET_FILTER, filter=number, symbol=symbol, value=value, **how))

    def set_status(self, status: SymbolStatus) -> Applied:
        return self.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=status))

    def view(self, order_id: int) -> OrderView:
        return self.machine.order(order_id)

    def state_of(self, order_id: int) -> str:
        """The OrderState, or "" of an order that is not open."""
        order = self.machine.order(order_id)
        return "" if order is None else OrderState(order.state).name

    def depth(self, side: int) -> list[list[int]]:
        return self.machine.depth(SYMBOL, side, 99).tolist()

    def after(self, seconds: int, *commands: np.ndarray) -> Applied:
        """A frame so much later."""
        return self.send(*commands, time_ns=self.time_ns + seconds * 10**9)


def told(applied: Applied) -> list[str]:
    return [_line(event) for event in applied.events]


def _line(event: np.void) -> str:
    kind = EventKind(event["kind"])
    subject, price, lots = event["order_id"], event["price_ticks"], event["quantity_lots"]
    match kind:
        case EventKind.NEW:
            return f"NEW {subject}" + (" RESTED" if event["flags"] & EventFlag.RESTED else "")
        case EventKind.RESTED | EventKind.AMENDED:
            return f"{kind.name} {subject} {lots}"
        case EventKind.TRADE:
            return f"TRADE {subject}/{event['counter_order_id']} {lots}@{price}"
        case EventKind.PREVENTED:
            return f"PREVENTED {subject}/{event['counter_order_id']} {lots}/{event['counter_prevented_lots']}@{price}"
        case EventKind.EXPIRED | EventKind.REJECTED:
            return f"{kind.name} {subject} {Code(event['code']).name}"
        case EventKind.LIST:
            row = np.frombuffer(event.tobytes(), LIST_EVENT)[0]
            return f"LIST {row['list_id']} {ListStatus(row['list_status']).name}"
        case EventKind.COUNTDOWN:
            return f"COUNTDOWN {event['account']}" + (" FIRED" if event["flags"] & EventFlag.FIRED else "")
    return f"{kind.name} {subject}" if kind < EventKind.LIST else kind.name


def statuses(applied: Applied, order_id: int) -> list[str]:
    """The statuses that the events of a frame give an order, as subject or as counter."""
    events = applied.events[applied.events["kind"] < EventKind.LIST]
    found = []
    for event in events:
        if event["order_id"] == order_id:
            found.append(OrderStatus(event["status"]).name)
        elif event["kind"] in (EventKind.TRADE, EventKind.PREVENTED) and event["counter_order_id"] == order_id:
            found.append(OrderStatus(event["counter_status"]).name)
    return found
