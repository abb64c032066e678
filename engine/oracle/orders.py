"""PLACE, CANCEL, CANCEL_ALL, REPLACE and AMEND: docs/CORE.md section 3, and the order limits of section 6.

Owns the ladder of every order command and what happens when it is passed; the fight between a taker and the book is in match.py.
"""

from collections.abc import Callable

from engine.oracle.hashing import digest
from engine.oracle.match import Taker, fills_entirely, leave_book, level_change, match, order_fields, order_hold
from engine.oracle.records import OrderCommand, order_event
from engine.oracle.state import Order, State, Symbol
from engine.types import (
    AMOUNT_MAX,
    CLIENT_ID_BYTES,
    STEPS_MAX,
    AccountStatus,
    Code,
    EventFlag,
    EventKind,
    KeyScope,
    Kind,
    OrderFlag,
    OrderStatus,
    OrderType,
    Side,
    Stp,
    SymbolStatus,
    TimeInForce,
)

WINDOW_NS = 10 * 10**9
DAY_NS = 86_400 * 10**9
_SIDES, _ORDER_TYPES, _TIMES_IN_FORCE, _STPS = (frozenset(enum) for enum in (Side, OrderType, TimeInForce, Stp))


class Orders:
    """The order commands of one frame; `emit` takes (index, time, packer, event fields)."""

    def __init__(self, state: State, emit: Callable) -> None:
        self.state = state
        self._emit = emit
        self._index = 0
        self._now = 0

    def run(self, command: OrderCommand, index: int, now: int, permitted: bool) -> Code:
        self._index, self._now = index, now
        code = self._refuse_sender(command, permitted)
        if code is not None:
            self._reject(command, code)
            return code
        action = {
            Kind.PLACE: self._place, Kind.CANCEL: self._cancel, Kind.CANCEL_ALL: self._cancel_all, Kind.REPLACE: self._replace,
            Kind.AMEND: self._amend,
        }[command.kind]  # fmt: skip
        return action(command)

    # ------------------------------------------------------------ ladder steps 1-7: who, when, which market

    def _refuse_sender(self, command: OrderCommand, permitted: bool) -> Code | None:
        state = self.state
        only_takes_away = command.kind in (Kind.CANCEL, Kind.CANCEL_ALL)
        if not permitted:
            return Code.NOT_PERMITTED
        if command.valid_until_ns and command.valid_until_ns < self._now:
            return Code.STALE
        if not state.is_customer(command.account):
            return Code.UNKNOWN_ACCOUNT
        if not only_takes_away and state.status(command.account) == AccountStatus.FROZEN:
            return Code.ACCOUNT_FROZEN
        if command.key:
            key = state.keys.get(command.key)
            if key is None or key.account != command.account or not key.scopes & KeyScope.TRADE:
                return Code.KEY_REVOKED
        if command.symbol not in state.symbols:
            return Code.UNKNOWN_SYMBOL
        if not only_takes_away and state.symbols[command.symbol].status != SymbolStatus.TRADING:
            return Code.MARKET_CLOSED
        return None

    def _reject(self, command: OrderCommand, code: Code, order_id: int | None = None, flags: int = 0) -> None:
        """REJECTED, with the command's fields as given; order_id is the command's unless another is named."""
        self._event(
            kind=EventKind.REJECTED, code=code, flags=flags, account=command.account, symbol=command.symbol, side=command.side,
            order_type=command.order_type, time_in_force=command.time_in_force, stp=command.stp, status=OrderStatus.REJECTED,
            order_id=(0 if command.kind == Kind.PLACE else command.order_id) if order_id is None else order_id,
            price_ticks=command.price_ticks, quantity_lots=command.quantity_lots, order_lots=command.quantity_lots,
        )  # fmt: skip

    def _event(self, **fields: int) -> None:
        self._emit(self._index, self._now, order_event, **fields)

    # ------------------------------------------------------------ PLACE

    def _place(self, command: OrderCommand) -> Code:
        return self._place_lots(command, command.quantity_lots)

    def _place_lots(self, command: OrderCommand, lots: int) -> Code:
        """PLACE from step 8 on; `lots` is the command's quantity, or what a REPLACE takes over."""
        code = self._refuse_order(command, lots)
        if code is not None:
            self._reject(command, code, order_id=0)
            return code
        self._accept(command, lots)
        return Code.OK

    def _refuse_order(self, command: OrderCommand, lots: int) -> Code | None:
        state, symbol = self.state, self.state.symbols[command.symbol]
        if not _is_well_formed(command, lots):
            return Code.INVALID_ORDER
        if command.price_ticks > symbol.max_price_ticks:
            return Code.PRICE_FILTER
        if lots > symbol.max_quantity_lots:
            return Code.LOT_SIZE
        if command.order_type == OrderType.MARKET and lots > symbol.max_market_lots:
            return Code.MARKET_LOT_SIZE
        if _breaks_notional(command, lots, symbol):
            return Code.NOTIONAL
        may_rest = _may_rest(command)
        if may_rest and len(state.orders_of(command.account, command.symbol)) >= symbol.max_orders:
            return Code.MAX_NUM_ORDERS
        if self._limit_reached(command.account):
            return Code.TOO_MANY_ORDERS
        if (command.account, digest(command.client_id, CLIENT_ID_BYTES)) in state.by_client_id:
            return Code.DUPLICATE_CLIENT_ID
        if may_rest and not state.may_rest_more():
            return Code.ORDERS_FULL
        asset, needed = self._funds_needed(command, lots, symbol)
        if state.balance(command.account, asset).available < needed:
            return Code.INSUFFICIENT_BALANCE
        if command.order_type == OrderType.LIMIT_MAKER and self._crosses(command):
            return Code.WOULD_TAKE
        return None

    def _crosses(self, command: OrderCommand) -> bool:
        best = self.state.best_price(command.symbol, 1 - command.side)
        if best == 0:
            return False
        return command.price_ticks >= best if command.side == Side.BUY else command.price_ticks <= best

    def _funds_needed(self, command: OrderCommand, lots: int, symbol: Symbol) -> tuple[int, int]:
        """(asset, units) that must be available before the order is accepted."""
        if command.order_type != OrderType.MARKET:
            if command.side == Side.BUY:
                return symbol.quote, lots * command.price_ticks * symbol.tick_lot_units
            return symbol.base, lots * symbol.lot_units
        if command.side == Side.SELL and not command.quote_quantity:
            return symbol.base, lots * symbol.lot_units
        walked_lots, walked_quote = self._walk(command, lots, symbol)
        if command.side == Side.BUY:
            return symbol.quote, walked_quote
        return symbol.base, walked_lots * symbol.lot_units

    def _walk(self, command: OrderCommand, lots: int, symbol: Symbol) -> tuple[int, int]:
        """(lots, quote units) that the opposite levels would give a market order, as the estimate of step 17 counts them."""
        taken_lots = taken_quote = 0
        for step, (price, level) in enumerate(self.state.levels(command.symbol, 1 - command.side)):
            if step == STEPS_MAX:
                break
            unit = price * symbol.tick_lot_units
            wanted = (command.quote_quantity - taken_quote) // unit if command.quote_quantity else lots - taken_lots
            takes = min(level.lots, wanted)
            taken_lots += takes
            taken_quote += takes * unit
            if takes < level.lots:
                break
        return taken_lots, taken_quote

    def _accept(self, command: OrderCommand, lots: int) -> None:
        """From here on nothing fails."""
        state = self.state
        state.last_order_id += 1
        self._count_order(command.account)
        order = Order(
            state.last_order_id, command.account, command.symbol, command.side, command.order_type, command.time_in_force,
            command.stp, command.price_ticks, lots, 0, 0, command.client_id, self._now, self._now,
        )  # fmt: skip
        if _may_rest(command) and not self._crosses(command):
            self._rest(order)
            self._order_event(EventKind.NEW, order, OrderStatus.NEW, lots, flags=EventFlag.RESTED, **level_change(self.state, order))
            return
        self._order_event(EventKind.NEW, order, OrderStatus.NEW, lots)
        taker = Taker(order, command.quote_quantity)
        if order.time_in_force == TimeInForce.FOK and not fills_entirely(state, order):
            self._expire(taker, OrderStatus.EXPIRED, Code.NOT_FILLABLE)
            return
        ending = match(state, taker, self._now, self._event)
        if taker.filled:
            return
        if ending is None and order.may_rest:
            self._rest(order)
            status = OrderStatus.PARTIALLY_FILLED if order.executed_lots else OrderStatus.NEW
            self._order_event(EventKind.RESTED, order, status, order.rest, **level_change(self.state, order))
            return
        code = ending or Code.NO_LIQUIDITY
        status = OrderStatus.EXPIRED_IN_MATCH if code == Code.SELF_TRADE else OrderStatus.EXPIRED
        self._expire(taker, status, code)

    def fill_at_market(self, account: int, symbol: int, side: int, lots: int, index: int, now: int) -> None:
        """A market order of a CONVERT, of which is known that the book fills it and the account can pay."""
        self._index, self._now = index, now
        self.state.last_order_id += 1
        order = Order(
            self.state.last_order_id, account, symbol, side, OrderType.MARKET, TimeInForce.GTC, Stp.EXPIRE_MAKER, 0, lots, 0, 0, b"",
            now, now,
        )  # fmt: skip
        self._order_event(EventKind.NEW, order, OrderStatus.NEW, lots)
        taker = Taker(order, quote_left=0)
        match(self.state, taker, now, self._event)
        assert taker.filled, "a conversion's order is filled to the last lot"

    def _expire(self, taker: Taker, status: OrderStatus, code: Code) -> None:
        self._order_event(EventKind.EXPIRED, taker.order, status, 0 if taker.by_quote else taker.order.rest, code=code,
                          order_lots=taker.reported_lots)  # fmt: skip

    def _rest(self, order: Order) -> None:
        asset, units = order_hold(self.state, order, order.rest)
        self.state.change(order.account, asset, available=-units, held=units)
        self.state.index_order(order)

    def _order_event(self, kind: EventKind, order: Order, status: OrderStatus, quantity_lots: int, **more: int) -> None:
        self._event(**order_fields(order) | {"kind": kind, "status": status, "quantity_lots": quantity_lots} | more)

    # ------------------------------------------------------------ order limits

    def _limit_reached(self, account: int) -> bool:
        state, row = self.state, self.state.accounts[account]
        in_window = row.window_orders if row.window == self._now // WINDOW_NS else 0
        in_day = row.day_orders if row.day == self._now // DAY_NS else 0
        return 0 < state.orders_per_10s <= in_window or 0 < state.orders_per_day <= in_day

    def _count_order(self, account: int) -> None:
        row = self.state.accounts[account]
        window, day = self._now // WINDOW_NS, self._now // DAY_NS
        row.window_orders = row.window_orders + 1 if row.window == window else 1
        row.day_orders = row.day_orders + 1 if row.day == day else 1
        row.window, row.day = window, day
        self.state.accounts.touch(account)

    # ------------------------------------------------------------ CANCEL, CANCEL_ALL, REPLACE, AMEND

    def _target(self, command: OrderCommand) -> Order | None:
        order_id = command.order_id
        if not order_id and command.target:
            order_id = self.state.by_client_id.get((command.account, command.target), 0)
        return self.state.orders_of(command.account, command.symbol).get(order_id)

    def _refuse_cancel(self, command: OrderCommand, order: Order | None) -> Code | None:
        if order is None:
            return Code.UNKNOWN_ORDER
        if command.flags & OrderFlag.ONLY_NEW and order.executed_lots > 0:
            return Code.CANCEL_RESTRICTED
        if command.flags & OrderFlag.ONLY_PARTIALLY_FILLED and order.executed_lots == 0:
            return Code.CANCEL_RESTRICTED
        return None

    def _cancel(self, command: OrderCommand) -> Code:
        order = self._target(command)
        code = self._refuse_cancel(command, order)
        if code is not None:
            self._reject(command, code)
            return code
        self._take_away(order)
        return Code.OK

    def _take_away(self, order: Order) -> None:
        rest = order.rest
        leave_book(self.state, order)
        self._order_event(EventKind.CANCELED, order, OrderStatus.CANCELED, rest, **level_change(self.state, order))

    def _cancel_all(self, command: OrderCommand) -> Code:
        orders = sorted(self.state.orders_of(command.account, command.symbol).values(), key=lambda order: order.order_id)
        if not orders:
            self._reject(command, Code.UNKNOWN_ORDER)
            return Code.UNKNOWN_ORDER
        for order in orders:
            self._take_away(order)
        return Code.OK

    def _replace(self, command: OrderCommand) -> Code:
        order = self._target(command)
        code = self._refuse_cancel(command, order)
        lots = command.quantity_lots
        if code is None:
            if lots == 0 and command.order_type in (OrderType.LIMIT, OrderType.LIMIT_MAKER):
                lots = order.rest
            self._take_away(order)
        else:
            self._reject(command, code, flags=EventFlag.CANCEL_LEG)
            if not command.flags & OrderFlag.ALLOW_FAILURE:
                return code
        return self._place_lots(command, lots)

    def _amend(self, command: OrderCommand) -> Code:
        order = self._target(command)
        code = self._refuse_amend(command, order)
        if code is not None:
            self._reject(command, code)
            return code
        state, given_up = self.state, order.order_lots - command.quantity_lots
        asset, units = order_hold(state, order, given_up)
        state.change(order.account, asset, available=units, held=-units)
        state.side(order.symbol, order.side)[order.price_ticks].lots -= given_up
        if command.client_id:
            state.unname_order(order)
            order.client_id = command.client_id
            state.name_order(order)
        order.order_lots = command.quantity_lots
        order.updated_ns = self._now
        state.orders.touch(order.order_id)
        status = OrderStatus.PARTIALLY_FILLED if order.executed_lots else OrderStatus.NEW
        self._order_event(EventKind.AMENDED, order, status, order.order_lots, **level_change(self.state, order))
        return Code.OK

    def _refuse_amend(self, command: OrderCommand, order: Order | None) -> Code | None:
        if order is None:
            return Code.UNKNOWN_ORDER
        if not order.executed_lots < command.quantity_lots < order.order_lots:
            return Code.AMEND_INVALID
        named = self.state.by_client_id.get((command.account, digest(command.client_id, CLIENT_ID_BYTES)), order.order_id)
        if named != order.order_id:
            return Code.DUPLICATE_CLIENT_ID
        return None


def _may_rest(command: OrderCommand) -> bool:
    is_good_till_canceled = command.order_type == OrderType.LIMIT and command.time_in_force == TimeInForce.GTC
    return is_good_till_canceled or command.order_type == OrderType.LIMIT_MAKER


def _is_well_formed(command: OrderCommand, lots: int) -> bool:
    """Step 8."""
    if command.side not in _SIDES or command.order_type not in _ORDER_TYPES:
        return False
    if command.time_in_force not in _TIMES_IN_FORCE or command.stp not in _STPS:
        return False
    if command.order_type != OrderType.LIMIT and command.time_in_force != TimeInForce.GTC:
        return False
    if command.order_type != OrderType.MARKET:
        return command.price_ticks >= 1 and lots >= 1 and command.quote_quantity == 0
    if command.price_ticks != 0 or lots < 0 or command.quote_quantity < 0:
        return False
    return (lots > 0) != (command.quote_quantity > 0)


def _breaks_notional(command: OrderCommand, lots: int, symbol: Symbol) -> bool:
    """Step 12."""
    if command.quote_quantity:
        return command.quote_quantity < symbol.min_notional or command.quote_quantity > AMOUNT_MAX
    price = command.price_ticks
    if command.order_type == OrderType.MARKET:
        price = symbol.last_price_ticks
        if price == 0 or price * lots * symbol.tick_lot_units > AMOUNT_MAX:
            return False
    return price * lots * symbol.tick_lot_units < symbol.min_notional
