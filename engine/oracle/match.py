"""A taker against the book: docs/CORE.md, "The match". Prices, steps, self-trades, fills and fees.

Owns the movement of money in a fill. Knows nothing of commands or ladders: whoever calls has made sure that the taker may trade.
"""

from collections.abc import Callable
from dataclasses import dataclass

from engine.oracle.state import Order, State
from engine.types import HOUSE_FEES, STEPS_MAX, Code, EventKind, OrderStatus, OrderType, Side, Stp


@dataclass(slots=True)
class Taker:
    """An accepted order while it takes; `quote_left` counts for market orders by quote."""

    order: Order
    quote_left: int  # 0 for an order by quantity
    by_quote: bool = False
    filled: bool = False

    def __post_init__(self) -> None:
        self.by_quote = self.quote_left > 0

    @property
    def reported_lots(self) -> int:
        """`order_lots` in TRADE and EXPIRED events: an order by quote has no quantity of its own."""
        return self.order.executed_lots if self.by_quote else self.order.order_lots


def order_fields(order: Order) -> dict[str, int]:
    """The event fields with an order as subject, as it stands; kind, status and quantity are the event's."""
    return {
        "account": order.account, "symbol": order.symbol, "order_id": order.order_id, "side": order.side,
        "order_type": order.order_type, "time_in_force": order.time_in_force, "stp": order.stp,
        "price_ticks": order.price_ticks, "order_lots": order.order_lots, "executed_lots": order.executed_lots,
        "executed_quote": order.executed_quote,
    }  # fmt: skip


def order_hold(state: State, order: Order, lots: int) -> tuple[int, int]:
    """(asset, units) that `lots` of a resting order hold."""
    symbol = state.symbols[order.symbol]
    if order.side == Side.BUY:
        return symbol.quote, lots * order.price_ticks * symbol.tick_lot_units
    return symbol.base, lots * symbol.lot_units


def leave_book(state: State, order: Order) -> None:
    """A resting order leaves the book and its hold returns to its owner."""
    asset, units = order_hold(state, order, order.rest)
    state.change(order.account, asset, available=units, held=-units)
    state.unindex_order(order)


def fills_entirely(state: State, order: Order) -> bool:
    """Whether `order`, executed now as IOC, would be filled to the last lot."""
    left = order.order_lots
    for steps, maker in enumerate(_makers(state, order)):
        if steps == STEPS_MAX:
            return False
        if _prevents(maker, order):
            if order.stp != Stp.EXPIRE_MAKER:
                return False
            continue
        left -= min(left, maker.rest)
        if left == 0:
            return True
    return False


def match(state: State, taker: Taker, now: int, event: Callable) -> Code | None:
    """Execute `taker` as far as it goes, in place. Returns why it must not rest, or None where the book just offers no more."""
    order, steps = taker.order, 0
    while not taker.filled:
        maker = next(_makers(state, order), None)
        if maker is None:
            return None
        if taker.by_quote and not _affordable(state, taker, maker.price_ticks):
            return Code.BUDGET_SPENT
        if steps == STEPS_MAX:
            return Code.WORK_LIMIT
        steps += 1
        if _prevents(maker, order):
            if order.stp != Stp.EXPIRE_TAKER:
                _expire_maker(state, maker, event)
            if order.stp != Stp.EXPIRE_MAKER:
                return Code.SELF_TRADE
            continue
        lots = _lots_of_trade(state, taker, maker)
        if lots == 0:
            return Code.BUDGET_SPENT
        event(**_trade(state, taker, maker, lots, now))
    return None


def _makers(state: State, taker: Order):
    """The opposite orders in priority, as far as the taker's limit reaches."""
    for maker in state.makers(taker.symbol, 1 - taker.side):
        price = maker.price_ticks
        if taker.order_type != OrderType.MARKET and (price > taker.price_ticks if taker.side == Side.BUY else price < taker.price_ticks):
            return
        yield maker


def _prevents(maker: Order, taker: Order) -> bool:
    return maker.account == taker.account and taker.stp != Stp.NONE


def _affordable(state: State, taker: Taker, price: int) -> int:
    """Lots that the rest of a quote quantity buys, or sells, at `price`."""
    return taker.quote_left // (price * state.symbols[taker.order.symbol].tick_lot_units)


def _lots_of_trade(state: State, taker: Taker, maker: Order) -> int:
    order, symbol = taker.order, state.symbols[maker.symbol]
    lots = min(maker.rest, _affordable(state, taker, maker.price_ticks) if taker.by_quote else order.rest)
    if order.order_type != OrderType.MARKET:
        return lots
    if order.side == Side.BUY:
        available = state.balance(order.account, symbol.quote).available
        return min(lots, available // (maker.price_ticks * symbol.tick_lot_units))
    if taker.by_quote:
        return min(lots, state.balance(order.account, symbol.base).available // symbol.lot_units)
    return lots


def _expire_maker(state: State, maker: Order, event: Callable) -> None:
    leave_book(state, maker)
    fields = order_fields(maker) | level_change(state, maker)
    event(**fields, kind=EventKind.EXPIRED, status=OrderStatus.EXPIRED_IN_MATCH, code=Code.SELF_TRADE, quantity_lots=maker.rest)


def level_change(state: State, order: Order) -> dict[str, int]:
    """The level of `order` has just changed: the new update id and total."""
    return {
        "update_id": state.next_update_id(order.symbol),
        "level_lots": state.level_lots(order.symbol, order.side, order.price_ticks),
    }


def _trade(state: State, taker: Taker, maker: Order, lots: int, now: int) -> dict[str, int]:
    """Execute `lots` at the maker's price and return the TRADE event."""
    order, symbol, price = taker.order, state.symbols[maker.symbol], maker.price_ticks
    quote = lots * price * symbol.tick_lot_units
    taker_fee, maker_fee = _settle(state, order, maker, lots, quote)
    symbol.last_trade_id += 1
    symbol.last_price_ticks = price
    state.symbols.touch(symbol.symbol)
    _execute(order, lots, quote, now)
    _execute(maker, lots, quote, now)
    state.orders.touch(maker.order_id)
    state.side(maker.symbol, maker.side)[price].lots -= lots
    if maker.rest == 0:
        state.unindex_order(maker)
    if taker.by_quote:
        taker.quote_left -= quote
        next_price = state.best_price(maker.symbol, maker.side) or price
        taker.filled = _affordable(state, taker, next_price) == 0
    else:
        taker.filled = order.rest == 0
    return order_fields(order) | level_change(state, maker) | {
        "kind": EventKind.TRADE, "status": OrderStatus.FILLED if taker.filled else OrderStatus.PARTIALLY_FILLED,
        "price_ticks": price, "quantity_lots": lots, "order_lots": taker.reported_lots, "fee": taker_fee,
        "trade_id": symbol.last_trade_id, "counter_account": maker.account, "counter_order_id": maker.order_id,
        "counter_status": OrderStatus.PARTIALLY_FILLED if maker.rest else OrderStatus.FILLED, "counter_fee": maker_fee,
        "counter_executed_lots": maker.executed_lots, "counter_executed_quote": maker.executed_quote,
    }  # fmt: skip


def _execute(order: Order, lots: int, quote: int, now: int) -> None:
    order.executed_lots += lots
    order.executed_quote += quote
    order.updated_ns = now


def _settle(state: State, taker: Order, maker: Order, lots: int, quote: int) -> tuple[int, int]:
    """Move base and quote between the two, out of the maker's hold and the taker's available; returns (taker fee, maker fee)."""
    symbol = state.symbols[maker.symbol]
    base = lots * symbol.lot_units
    if taker.side == Side.BUY:
        received, paid, taker_gets, maker_gets = base, quote, symbol.base, symbol.quote
    else:
        received, paid, taker_gets, maker_gets = quote, base, symbol.quote, symbol.base
    taker_fee = state.fee(symbol.symbol, taker.account, received, taker=True)
    maker_fee = state.fee(symbol.symbol, maker.account, paid, taker=False)
    state.change(taker.account, maker_gets, available=-paid)
    state.change(maker.account, taker_gets, held=-received)
    state.change(taker.account, taker_gets, available=received - taker_fee)
    state.change(maker.account, maker_gets, available=paid - maker_fee)
    state.change(HOUSE_FEES, taker_gets, available=taker_fee)
    state.change(HOUSE_FEES, maker_gets, available=maker_fee)
    return taker_fee, maker_fee
