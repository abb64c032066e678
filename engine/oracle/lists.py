"""Order lists: docs/ORDERS.md section 7. What makes a list, how it is placed, and what a pair holds.

Owns the ladder of PLACE_LIST. What an order's end means for the others of its list is in desk.py.
"""

from dataclasses import replace
from typing import NamedTuple

from engine.oracle.desk import Desk, order_hold
from engine.oracle.fills import Taker
from engine.oracle.hashing import digest
from engine.oracle.orders import Orders
from engine.oracle.records import OrderCommand
from engine.oracle.state import CONTINGENT, Order, OrderList, State
from engine.oracle.working import execute, lacks_funds, lacks_hold
from engine.types import CLIENT_ID_BYTES, Code, Filter, ListStatus, ListType, OrderType, Side

LEGS = {ListType.OCO: 2, ListType.OTO: 2, ListType.OTOCO: 3}  # PLACE commands that follow the head
_STOP_LOSS = (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT)
_TAKES_PROFIT = (OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT)


class Part(NamedTuple):
    """The head of a list or one of its legs, and when and where it stands."""

    command: OrderCommand
    index: int
    now: int


class Lists:
    """PLACE_LIST with its legs."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.desk = orders.desk
        self.state = orders.state

    def place(self, parts: list[Part], permitted: bool) -> list[Code]:
        """Place the list, all or nothing; a code for the head and each of the legs that are there."""
        head, *legs = parts
        self._at(head)
        code = self.orders.refuse_sender(head.command, permitted)
        if code is None and not self._is_list(head.command, [leg.command for leg in legs]):
            return self._refuse(parts, [Code.LIST_INVALID] * len(parts))
        code = code or self._refuse_head(head.command)
        if code is not None:
            return self._refuse(parts, [code] + [Code.LIST_LEG_REFUSED] * len(legs))
        accepted, code = self._accept(head.command, legs)
        if code is not None:
            codes = [Code.LIST_LEG_REFUSED] * len(parts)
            codes[1 + len(accepted)] = code
            return self._refuse(parts, codes)
        self._begin(head, legs, accepted)
        return [Code.OK] * len(parts)

    def _at(self, part: Part) -> None:
        self.desk.at(part.index, part.now)

    def _refuse(self, parts: list[Part], codes: list[Code]) -> list[Code]:
        for part, code in zip(parts, codes, strict=True):
            self._at(part)
            self.orders.reject(part.command, code)
        return codes

    # ------------------------------------------------------------ the head

    def _refuse_head(self, head: OrderCommand) -> Code | None:
        state = self.state
        if (head.account, digest(head.client_id, CLIENT_ID_BYTES)) in state.list_by_client_id:
            return Code.DUPLICATE_CLIENT_ID
        of_account = [row.symbol for row in state.lists.values() if row.account == head.account]
        if 0 < state.filter(head.symbol, Filter.MAX_LISTS) <= of_account.count(head.symbol):
            return Code.MAX_NUM_LISTS
        if 0 < state.filter(0, Filter.EXCHANGE_MAX_LISTS) <= len(of_account):
            return Code.EXCHANGE_MAX_LISTS
        return None

    def _is_list(self, head: OrderCommand, legs: list[OrderCommand]) -> bool:
        if len(legs) != LEGS.get(head.list_type):
            return False
        if any((leg.account, leg.symbol, leg.key) != (head.account, head.symbol, head.key) for leg in legs):
            return False
        if head.list_type == ListType.OCO:
            return _is_pair(*legs, self.state.symbols[head.symbol].last_price_ticks)
        working, *pending = legs
        if working.order_type not in (OrderType.LIMIT, OrderType.LIMIT_MAKER):
            return False
        if any(leg.order_type == OrderType.MARKET and leg.quote_quantity for leg in pending):
            return False
        return head.list_type == ListType.OTO or _is_pair(*pending, last=0)

    # ------------------------------------------------------------ the legs

    def _accept(self, head: OrderCommand, legs: list[Part]) -> tuple[list[Order], Code | None]:
        """Each leg is open while the next is judged; if one is refused, all are undone."""
        account, last_order_id = replace(self.state.accounts[head.account]), self.state.last_order_id
        accepted: list[Order] = []
        for leg in legs:
            self._at(leg)
            order, _ = self.orders.candidate(leg.command, leg.command.quantity_lots)
            code = self._refuse_leg(leg.command, order, head.list_type, is_pending=head.list_type != ListType.OCO and len(accepted) > 0)
            if code is not None:
                for open_order in accepted:
                    self.state.remove(open_order)
                self.state.accounts.put(head.account, account)
                self.state.last_order_id = last_order_id
                return accepted, code
            self.orders.accept(order)
            accepted.append(order)
        return accepted, None

    def _refuse_leg(self, command: OrderCommand, order: Order, list_type: int, is_pending: bool) -> Code | None:
        code = self.orders.refuse_terms(command, order) or self.orders.refuse_today(order, 0, is_leg=True, is_pending=is_pending)
        if code is not None or is_pending:
            return code
        lacks = lacks_hold(self.state, order) if list_type == ListType.OCO else lacks_funds(self.state, order)
        return Code.INSUFFICIENT_BALANCE if lacks else self.orders.refuse_meeting(order)

    # ------------------------------------------------------------ effects: from here on nothing fails

    def _begin(self, head: Part, legs: list[Part], orders: list[Order]) -> None:
        state = self.state
        state.last_list_id += 1
        ids = [order.order_id for order in orders] + [0] * (3 - len(orders))
        row = OrderList(state.last_list_id, head.command.account, head.command.symbol, head.command.list_type, *ids,
                        head.command.client_id, head.now)  # fmt: skip
        state.add_list(row)
        for order in orders:
            order.list_id = row.list_id
        self._at(head)
        self.desk.list_event(row, ListStatus.EXECUTING)
        if row.list_type == ListType.OCO:
            carry_larger_hold(self.desk, *orders)
        working = orders[0]
        for leg, order in zip(legs, orders, strict=True):
            self._at(leg)
            if row.working and order is not working:
                self.orders.begin_pending(order)
            else:
                is_placed = self.orders.begin(order)
                assert is_placed or order is working
        if working.order_id in state.orders and row.working and not _is_placed(working):
            self.desk.at(legs[-1].index, legs[0].now)
            execute(self.desk, Taker(working))


def _is_placed(order: Order) -> bool:
    return order.state >= 0


def carry_larger_hold(desk: Desk, one: Order, other: Order) -> bool:
    """What a pair holds returns, and the larger of its two holds is taken, if there is enough; returns whether there is."""
    desk.return_hold(one)
    desk.return_hold(other)
    first, second = sorted((one, other), key=lambda order: order.order_id)
    larger = second if _units(desk.state, second) > _units(desk.state, first) else first
    if lacks_hold(desk.state, larger):
        return False
    desk.take_hold(larger)
    return True


def _units(state: State, order: Order) -> int:
    return order_hold(state, order, order.rest)[1]


def _is_pair(one: OrderCommand, other: OrderCommand, last: int) -> bool:
    """Whether the two are an OCO; `last` is the price between them, where there is one."""
    if (one.side, one.quantity_lots) != (other.side, other.quantity_lots) or one.side not in set(Side):
        return False
    stops = [leg for leg in (one, other) if leg.order_type in _STOP_LOSS]
    profits = [leg for leg in (one, other) if leg.order_type in _TAKES_PROFIT]
    if len(stops) != 1 or len(profits) != 1:
        return False
    above, below = (profits[0], stops[0]) if one.side == Side.SELL else (stops[0], profits[0])
    high, low = _reference(above), _reference(below)
    if high and low and high <= low:
        return False
    maker = profits[0]
    if maker.order_type != OrderType.LIMIT_MAKER or not last or not _reference(maker):
        return True
    return maker.price_ticks > last if one.side == Side.SELL else maker.price_ticks < last


def _reference(leg: OrderCommand) -> int:
    """The price by which a leg lies above or below; 0 where it has none yet."""
    return leg.stop_price_ticks if leg.order_type in CONTINGENT else leg.price_ticks
