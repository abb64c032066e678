"""What happens to a single order, whoever asks for it: its hold, its place, its end, and the events that tell it.

Owns every event with an order or a list as subject except TRADE and PREVENTED, and the consequences that an order's end has for its list
(docs/ORDERS.md section 7). Knows no ladder: whoever calls has made sure that the step is allowed.
"""

from collections.abc import Callable

from engine.oracle.loans import Loans
from engine.oracle.records import list_event, order_event
from engine.oracle.state import Order, OrderList, State
from engine.types import Code, EventKind, ListStatus, OrderState, OrderStatus, Side

WINDOW_NS = 10 * 10**9
DAY_NS = 86_400 * 10**9


def order_fields(order: Order) -> dict[str, int]:
    """The event fields with an order as subject, as it stands; kind, status and quantity are the event's."""
    return {
        "account": order.account, "symbol": order.symbol, "order_id": order.order_id, "side": order.side,
        "order_type": order.order_type, "time_in_force": order.time_in_force, "stp": order.stp,
        "price_ticks": order.price_ticks, "order_lots": order.order_lots, "executed_lots": order.executed_lots,
        "executed_quote": order.executed_quote,
    }  # fmt: skip


def further_terms(order: Order) -> dict[str, int]:
    """The event fields that all but TRADE and PREVENTED have besides."""
    return {
        "list_id": order.list_id, "stop_price_ticks": order.stop_price_ticks, "iceberg_lots": order.iceberg_lots,
        "prevented_lots": order.prevented_lots, "expires_ns": order.expires_ns, "trailing_bps": order.trailing_bps,
        "peg": order.peg, "peg_offset": order.peg_offset, "side_effect": order.side_effect,
    }  # fmt: skip


def open_status(order: Order) -> OrderStatus:
    return OrderStatus.PARTIALLY_FILLED if order.executed_lots else OrderStatus.NEW


def order_hold(state: State, order: Order, lots: int) -> tuple[int, int]:
    """(asset, units) that `lots` of an order hold."""
    symbol = state.symbols[order.symbol]
    if order.side == Side.BUY:
        return symbol.quote, lots * order.hold_ticks * symbol.tick_lot_units
    return symbol.base, lots * symbol.lot_units


class Desk:
    """One for each frame; `emit` takes (index, time, packer, event fields)."""

    def __init__(self, state: State, emit: Callable) -> None:
        self.state = state
        self._emit = emit
        self.loans = Loans(state, emit)
        self.index = 0
        self.now = 0

    def at(self, index: int, now: int) -> None:
        """What follows is caused by the command at `index`, and happens `now`."""
        self.index, self.now = index, now

    # ------------------------------------------------------------ events

    def event(self, **fields: int) -> None:
        self._emit(self.index, self.now, order_event, **fields)

    def order_event(self, kind: EventKind, order: Order, status: OrderStatus, quantity_lots: int, **more: int) -> None:
        self.touch(order)
        fields = order_fields(order) | further_terms(order)
        self.event(**fields | {"kind": kind, "status": status, "quantity_lots": quantity_lots} | more)

    def touch(self, order: Order) -> None:
        """An event has it as subject or counter."""
        order.updated_ns = self.now
        self.state.orders.touch(order.order_id)

    def list_event(self, row: OrderList, status: ListStatus) -> None:
        self._emit(
            self.index, self.now, list_event, kind=EventKind.LIST, list_type=row.list_type, list_status=status, account=row.account,
            symbol=row.symbol, list_id=row.list_id, first_order_id=row.first, second_order_id=row.second, third_order_id=row.third,
            placed_ns=row.placed_ns, client_id=row.client_id,
        )  # fmt: skip

    def level_change(self, order: Order) -> dict[str, int]:
        """The level of `order` has just changed: the new update id and total."""
        return {
            "update_id": self.state.next_update_id(order.symbol),
            "level_lots": self.state.level_lots(order.symbol, order.side, order.price_ticks),
        }

    # ------------------------------------------------------------ order limits

    def count(self, account: int) -> None:
        """An order is accepted."""
        row = self.state.accounts[account]
        window, day = self.now // WINDOW_NS, self.now // DAY_NS
        row.window_orders = row.window_orders + 1 if row.window == window else 1
        row.day_orders = row.day_orders + 1 if row.day == day else 1
        row.window, row.day = window, day
        self.state.accounts.touch(account)

    def uncount(self, account: int) -> None:
        """One of its orders has its first fill."""
        row = self.state.accounts[account]
        if row.window == self.now // WINDOW_NS:
            row.window_orders = max(0, row.window_orders - 1)
        if row.day == self.now // DAY_NS:
            row.day_orders = max(0, row.day_orders - 1)
        self.state.accounts.touch(account)

    # ------------------------------------------------------------ holds

    def take_hold(self, order: Order) -> None:
        asset, units = order_hold(self.state, order, order.rest)
        self.state.change(order.account, asset, available=-units, held=units)
        order.carries = 1
        self.state.orders.touch(order.order_id)

    def return_hold(self, order: Order) -> None:
        if order.carries:
            self.release(order, order.rest)
            order.carries = 0
            self.state.orders.touch(order.order_id)

    def release(self, order: Order, lots: int) -> None:
        """The hold for `lots` of it returns."""
        asset, units = order_hold(self.state, order, lots)
        self.state.change(order.account, asset, available=units, held=-units)

    # ------------------------------------------------------------ into a place and out of it

    def rest(self, order: Order) -> dict[str, int]:
        """Into the book, with its hold (of a pair's order: where its partner does not carry one); returns the level change."""
        order.hold_ticks = order.price_ticks
        partner = self.state.partner(order)
        if not order.carries and (partner is None or not partner.carries):
            self.take_hold(order)
        self.state.enter(order, OrderState.RESTING)
        return self.level_change(order)

    def take_away(self, order: Order) -> dict[str, int]:
        """From wherever it is, with its hold; returns the level change, empty where it was not in the book."""
        was_resting = order.state == OrderState.RESTING
        self.return_hold(order)
        self.state.leave(order)
        return self.level_change(order) if was_resting else {}

    def cancel(self, order: Order) -> None:
        lots = order.rest
        changed = self.take_away(order)
        self.state.remove(order)
        self.order_event(EventKind.CANCELED, order, OrderStatus.CANCELED, lots, **changed)
        self._ended(order, self.cancel)

    def cancel_all(self, orders: list[Order], most: int | None = None) -> tuple[int, bool]:
        """One after another, `most` of them; what goes with the list of another is not met again. (how many, whether any is left)"""
        steps = 0
        for order in orders:
            if order.order_id not in self.state.orders:
                continue
            if steps == most:
                return steps, True
            self.cancel(order)
            steps += 1
        return steps, False

    def expire(self, order: Order, code: Code) -> None:
        """An open order ends for a reason of its own."""
        self.end(order, OrderStatus.EXPIRED, code, order.rest)

    def end(self, order: Order, status: OrderStatus, code: Code, quantity_lots: int, prevented_lots: int = 0, **more: int) -> None:
        """EXPIRED, from wherever the order is, and what its list makes of it. `prevented_lots` are what it loses by that."""
        changed = self.take_away(order)
        order.prevented_lots += prevented_lots
        self.state.remove(order)
        self.order_event(EventKind.EXPIRED, order, status, quantity_lots, code=code, **changed | more)
        self._ended(order, self._end_with_list)

    def _end_with_list(self, order: Order) -> None:
        self.expire(order, Code.LIST_DONE)

    def shrink_in_place(self, order: Order, lots: int, status: OrderStatus) -> None:
        """In an uncross it just lost `lots`: its level's change is told by a RESTED event, and it keeps its place in the queue."""
        if order.iceberg_lots:
            self.state.show(order, min(order.iceberg_lots, order.rest))
        else:
            self.state.take_shown(order, lots)
        if order.rest == 0:
            order.carries = 0
            self.state.leave(order)
        self.order_event(EventKind.RESTED, order, status, order.rest, **self.level_change(order))

    # ------------------------------------------------------------ lists

    def separate(self, order: Order) -> None:
        """One of a pair is about to execute: first its partner ends, and it carries its own hold from then on."""
        partner = self.state.partner(order)
        if partner is None:
            return
        lots, carried = partner.rest, partner.carries
        changed = self.take_away(partner)
        self.state.remove(partner)
        self.order_event(EventKind.EXPIRED, partner, OrderStatus.EXPIRED, lots, code=Code.LIST_DONE, **changed)
        if carried:
            self.take_hold(order)

    def filled(self, order: Order) -> None:
        """It has nothing left; it is nowhere. Those who waited for that have their turn."""
        row = self.state.lists.get(order.list_id)
        self.state.remove(order)
        if row is None:
            return
        if order.order_id == row.working:
            for pending in self.state.open_orders_of(row):
                self.state.leave(pending)
                self.state.enter(pending, OrderState.DUE)
        self._close_list(row)

    def _ended(self, order: Order, end: Callable[[Order], None]) -> None:
        """Otherwise than by a fill: its partner ends likewise, and so do those who wait for it."""
        row = self.state.lists.get(order.list_id)
        if row is None:
            return
        for other in self.state.open_orders_of(row):
            waits = order.order_id == row.working and other.state == OrderState.PENDING
            pairs = order.order_id in row.pair and other.order_id in row.pair
            if (waits or pairs) and other.order_id in self.state.orders:
                end(other)
        self._close_list(row)

    def _close_list(self, row: OrderList) -> None:
        if row.list_id in self.state.lists and not self.state.open_orders_of(row):
            self.state.remove_list(row)
            self.list_event(row, ListStatus.ALL_DONE)

    # ------------------------------------------------------------ switches

    def set_countdown(self, account: int, fires_ns: int) -> None:
        self.state.set_countdown(account, fires_ns)
        self.countdown_event(account, fires_ns)

    def countdown_event(self, account: int, fires_ns: int, flags: int = 0) -> None:
        self.event(kind=EventKind.COUNTDOWN, account=account, expires_ns=fires_ns, flags=flags)
