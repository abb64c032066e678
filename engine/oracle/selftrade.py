"""Self-trade prevention: docs/CORE.md, "The match" (e), and docs/ORDERS.md section 4.

Owns who must not trade with whom, and what becomes of both orders. Under version 1 and 2 it tells nothing but their end.
"""

from engine.oracle.desk import Desk, open_status, order_fields
from engine.oracle.fills import Taker, counter_fields, hand_over, spend
from engine.oracle.state import Order, State
from engine.types import Code, EventFlag, EventKind, OrderStatus, Stp

_ENDS_TAKER = (Stp.EXPIRE_TAKER, Stp.EXPIRE_BOTH)
_ENDS_MAKER = (Stp.EXPIRE_MAKER, Stp.EXPIRE_BOTH)


def prevents(state: State, maker: Order, taker: Order) -> bool:
    return taker.stp != Stp.NONE and state.group(maker.account) == state.group(taker.account)


def decrements(taker: Order) -> bool:
    """Whether both lose what they would have traded, rather than end."""
    return taker.stp in (Stp.DECREMENT, Stp.TRANSFER)


def end_orders(desk: Desk, taker: Taker, maker: Order) -> Code | None:
    """EXPIRE_*: one of the two, or both, end. Returns SELF_TRADE where the taker does: it takes no more."""
    order = taker.order
    taker_loses = 0 if taker.by_quote else order.rest
    maker_loses = maker.rest
    if desk.state.knows_orders:
        _tell_ends(desk, order, maker, taker_loses, maker_loses, maker.price_ticks, order_lots=taker.reported_lots)
    if order.stp in _ENDS_MAKER:
        _end(desk, maker, maker_loses)
    if order.stp not in _ENDS_TAKER:
        return None
    taker.lost_lots = taker_loses
    return Code.SELF_TRADE


def end_resting(desk: Desk, taker: Order, maker: Order, price: int) -> None:
    """The same in an uncross, where both are in the book."""
    taker_loses, maker_loses = taker.rest, maker.rest
    _tell_ends(desk, taker, maker, taker_loses, maker_loses, price)
    if taker.stp in _ENDS_MAKER:
        _end(desk, maker, maker_loses)
    if taker.stp in _ENDS_TAKER and taker.order_id in desk.state.orders:
        _end(desk, taker, taker_loses)


def _tell_ends(desk: Desk, taker: Order, maker: Order, taker_loses: int, maker_loses: int, price: int, **more: int) -> None:
    """PREVENTED where one or both end by it, and only they lose anything."""
    taker_ends, maker_ends = taker.stp in _ENDS_TAKER, taker.stp in _ENDS_MAKER
    _tell(
        desk, taker, maker, taker_loses if taker_ends else 0, maker_loses if maker_ends else 0, price,
        OrderStatus.EXPIRED_IN_MATCH if taker_ends else open_status(taker),
        OrderStatus.EXPIRED_IN_MATCH if maker_ends else open_status(maker), **more,
    )  # fmt: skip


def _end(desk: Desk, order: Order, loses: int) -> None:
    prevented_lots = loses if desk.state.knows_orders else 0
    desk.end(order, OrderStatus.EXPIRED_IN_MATCH, Code.SELF_TRADE, loses, prevented_lots=prevented_lots)


def decrement(desk: Desk, taker: Taker, maker: Order, lots: int) -> bool:
    """DECREMENT, TRANSFER: both lose `lots`. Returns whether nothing is left of the taker."""
    state, order, price = desk.state, taker.order, maker.price_ticks
    desk.release(maker, lots)
    flags = _hand_over(desk, order, maker, lots, price)
    _lose(order, maker, lots)
    state.take_shown(maker, lots)
    if maker.rest == 0:
        maker.carries = 0
        state.leave(maker)
    nothing_left = spend(state, taker, price, lots)
    status = OrderStatus.EXPIRED_IN_MATCH if nothing_left else open_status(order)
    more = desk.level_change(maker) | {"order_lots": taker.reported_lots, "flags": flags}
    _tell(desk, order, maker, lots, lots, price, status, _status(maker), **more)
    if maker.rest == 0:
        _end(desk, maker, 0)
    return nothing_left


def decrement_resting(desk: Desk, taker: Order, maker: Order, lots: int, price: int) -> None:
    """The same in an uncross, where both are in the book."""
    for order in (taker, maker):
        desk.release(order, lots)
    flags = _hand_over(desk, taker, maker, lots, price)
    _lose(taker, maker, lots)
    for order in (taker, maker):
        desk.shrink_in_place(order, lots, _status(order))
    _tell(desk, taker, maker, lots, lots, price, _status(taker), _status(maker), flags=flags)
    for order in (maker, taker):
        if order.rest == 0:
            _end(desk, order, 0)


def _hand_over(desk: Desk, taker: Order, maker: Order, lots: int, price: int) -> int:
    """TRANSFER: what was prevented changes hands, without fees; returns the event's flag."""
    if not taker.stp == maker.stp == Stp.TRANSFER or taker.account == maker.account:
        return 0
    hand_over(desk, taker, maker, lots, price)
    return EventFlag.HANDED_OVER


def _lose(taker: Order, maker: Order, lots: int) -> None:
    taker.prevented_lots += lots
    maker.prevented_lots += lots


def _status(order: Order) -> OrderStatus:
    return open_status(order) if order.rest else OrderStatus.EXPIRED_IN_MATCH


def _tell(desk: Desk, taker: Order, maker: Order, taker_loses: int, maker_loses: int, price: int, status: OrderStatus,
          counter_status: OrderStatus, **more: int) -> None:  # fmt: skip
    """The PREVENTED event."""
    symbol = desk.state.symbols[maker.symbol]
    symbol.last_prevented_id += 1
    desk.state.symbols.touch(symbol.symbol)
    desk.touch(taker)
    desk.touch(maker)
    desk.event(**order_fields(taker) | counter_fields(maker) | {
        "kind": EventKind.PREVENTED, "status": status, "counter_status": counter_status, "price_ticks": price,
        "quantity_lots": taker_loses, "counter_prevented_lots": maker_loses, "trade_id": symbol.last_prevented_id,
    } | more)  # fmt: skip
