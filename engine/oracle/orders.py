"""The order commands: docs/CORE.md section 3 and docs/ORDERS.md sections 2 and 9, and the order limits of docs/CORE.md section 6.

Owns the ladder of every order command and what happens when it is passed. Lists are in lists.py, filters in filters.py, the fight between a
taker and the book in match.py.
"""

from engine.oracle import filters
from engine.oracle.desk import DAY_NS, WINDOW_NS, Desk, open_status
from engine.oracle.fills import Taker
from engine.oracle.hashing import digest
from engine.oracle.levels import is_frozen_account, is_liquidating, is_margin, refuse_fairness, trades_on
from engine.oracle.records import OrderCommand
from engine.oracle.state import AS_MARKET, CONTINGENT, Order, Symbol
from engine.oracle.working import (
    crosses,
    execute,
    hold_ticks,
    is_refused_as_maker,
    missing_funds,
    missing_hold,
    peg_price,
    wait,
    would_trigger,
)
from engine.types import (
    BOTH_SIDES,
    CLIENT_ID_BYTES,
    COUNTDOWN_MAX_NS,
    PEG_OFFSET_MAX,
    STEPS_MAX,
    TIMEOUT_MAX_NS,
    TRAILING_PRICE_MAX,
    Code,
    EventFlag,
    EventKind,
    Filter,
    KeyScope,
    Kind,
    OrderFlag,
    OrderState,
    OrderStatus,
    OrderType,
    Peg,
    Side,
    SideEffect,
    Stp,
    SymbolStatus,
    TimeInForce,
)

_SIDES, _PEGS, _SIDE_EFFECTS = frozenset(Side), frozenset(Peg), frozenset(SideEffect)
_TYPES, _TIMES, _STPS = frozenset(OrderType), frozenset(TimeInForce), frozenset(Stp)
_FIRST_TYPES = frozenset((OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.MARKET))
_FIRST_TIMES = frozenset((TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK))
_FIRST_STPS = frozenset((Stp.NONE, Stp.EXPIRE_TAKER, Stp.EXPIRE_MAKER, Stp.EXPIRE_BOTH))
_GOOD_TILL = (TimeInForce.GTC, TimeInForce.GTD)
_TAKES_AWAY = (Kind.CANCEL, Kind.CANCEL_ALL, Kind.CANCEL_LIST, Kind.MASS_CANCEL)


class Orders:
    """The order commands of one frame."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.state = desk.state

    def run(self, command: OrderCommand, index: int, now: int, permitted: bool) -> Code:
        self.desk.at(index, now)
        code = self.refuse_sender(command, permitted)
        if code is not None:
            self.reject(command, code)
            return code
        action = {
            Kind.PLACE: self._place, Kind.CANCEL: self._cancel, Kind.CANCEL_ALL: self._cancel_all, Kind.REPLACE: self._replace,
            Kind.AMEND: self._amend, Kind.CANCEL_LIST: self._cancel_list, Kind.MASS_CANCEL: self._mass_cancel,
            Kind.COUNTDOWN: self._countdown,
        }[command.kind]  # fmt: skip
        return action(command)

    # ------------------------------------------------------------ ladder steps 1-7b: who, when, which market

    def refuse_sender(self, command: OrderCommand, permitted: bool) -> Code | None:
        state, now = self.state, self.desk.now
        if not permitted:
            return Code.NOT_PERMITTED
        if command.valid_until_ns and command.valid_until_ns < now:
            return Code.STALE
        if not state.is_customer(command.account):
            return Code.UNKNOWN_ACCOUNT
        if command.kind not in _TAKES_AWAY and is_frozen_account(state, command.account):
            return Code.ACCOUNT_FROZEN
        if command.key:
            key = state.keys.get(command.key)
            if key is None or key.account not in (command.account, state.margin.owner(command.account)) or not key.scopes & KeyScope.TRADE:
                return Code.KEY_REVOKED
        if command.kind == Kind.COUNTDOWN or (command.kind == Kind.MASS_CANCEL and command.symbol == 0):
            return None
        if command.symbol not in state.symbols:
            return Code.UNKNOWN_SYMBOL
        if self._is_closed(command):
            return Code.MARKET_CLOSED
        code = self._refuse_margin_account(command)
        if code is not None:
            return code
        if command.kind in (Kind.PLACE, Kind.REPLACE, Kind.PLACE_LIST) and command.symbol in state.backlog:
            return Code.MARKET_BUSY
        return None

    def _refuse_margin_account(self, command: OrderCommand) -> Code | None:
        """docs/MARGIN.md section 1, after step 7."""
        if command.kind in _TAKES_AWAY or not is_margin(self.state, command.account):
            return None
        if is_liquidating(self.state, command.account):
            return Code.ACCOUNT_LIQUIDATING
        if command.kind != Kind.AMEND and not trades_on(self.state, command.account, command.symbol):
            return Code.MARGIN_SYMBOL
        return None

    def _is_closed(self, command: OrderCommand) -> bool:
        """Step 7."""
        status = self.state.symbols[command.symbol].status
        if command.kind in _TAKES_AWAY:
            return status == SymbolStatus.HALTED and self.state.knows_orders
        if status != SymbolStatus.AUCTION:
            return status != SymbolStatus.TRADING
        if command.kind in (Kind.PLACE, Kind.REPLACE):
            takes = command.time_in_force in (TimeInForce.IOC, TimeInForce.FOK) and command.order_type not in CONTINGENT
            return takes or command.order_type == OrderType.MARKET
        return command.kind == Kind.PLACE_LIST

    def reject(self, command: OrderCommand, code: Code, order_id: int | None = None, flags: int = 0) -> None:
        """REJECTED, with the command's fields as given; order_id is the command's unless another is named."""
        named = {"kind": EventKind.REJECTED, "code": code, "status": OrderStatus.REJECTED, "account": command.account,
                 "symbol": command.symbol}  # fmt: skip
        if command.kind == Kind.PLACE_LIST:
            self.desk.event(**named)
            return
        is_till = command.time_in_force == TimeInForce.GTD and self.state.knows_orders
        self.desk.event(
            **named, flags=flags, side=command.side, order_type=command.order_type, time_in_force=command.time_in_force, stp=command.stp,
            order_id=(0 if command.kind == Kind.PLACE else command.order_id) if order_id is None else order_id,
            price_ticks=command.price_ticks, quantity_lots=command.quantity_lots, order_lots=command.quantity_lots,
            stop_price_ticks=command.stop_price_ticks, iceberg_lots=command.iceberg_lots, trailing_bps=command.trailing_bps,
            peg=command.peg, peg_offset=command.peg_offset, side_effect=command.side_effect,
            expires_ns=command.expires_ns if is_till else 0,
        )  # fmt: skip

    # ------------------------------------------------------------ PLACE

    def _place(self, command: OrderCommand) -> Code:
        return self._place_lots(command, command.quantity_lots)

    def _place_lots(self, command: OrderCommand, lots: int) -> Code:
        """PLACE from step 8 on; `lots` is the command's quantity, or what a REPLACE takes over."""
        order, quote_quantity = self.candidate(command, lots)
        code = self.refuse_terms(command, order) or self.refuse_today(order, quote_quantity) or self._refuse_funds(order, quote_quantity)
        if code is not None:
            self.reject(command, code, order_id=0)
            return code
        self.accept(order)
        self.desk.loans.borrow_missing(order, *self._missing(order, quote_quantity), self.desk.index, self.desk.now)
        if not self.begin(order):
            execute(self.desk, Taker(order, quote_quantity))
        return Code.OK

    def candidate(self, command: OrderCommand, lots: int) -> tuple[Order, int]:
        """(the order as it would be, without an id, the quote quantity of a market order)"""
        order = Order(
            0, command.account, command.symbol, command.side, command.order_type, command.time_in_force, command.stp,
            command.price_ticks, lots, 0, 0, command.client_id, self.desk.now, self.desk.now, iceberg_lots=command.iceberg_lots,
            stop_price_ticks=command.stop_price_ticks, trailing_bps=command.trailing_bps, peg=command.peg,
            peg_offset=command.peg_offset, side_effect=command.side_effect,
            expires_ns=command.expires_ns if command.time_in_force == TimeInForce.GTD else 0,
        )  # fmt: skip
        order.hold_ticks = hold_ticks(self.state, order)
        return order, command.quote_quantity if command.order_type == OrderType.MARKET else 0

    def refuse_terms(self, command: OrderCommand, order: Order) -> Code | None:
        """Steps 8 and 8b: what would be refused on any market."""
        if not self._is_well_formed(command, order):
            return Code.INVALID_ORDER
        if order.time_in_force == TimeInForce.GTD and not 0 < order.expires_ns - self.desk.now <= TIMEOUT_MAX_NS:
            return Code.EXPIRY_INVALID
        return None

    def _is_well_formed(self, command: OrderCommand, order: Order) -> bool:
        knows = self.state.knows_orders
        return (
            order.side in _SIDES
            and order.order_type in (_TYPES if knows else _FIRST_TYPES)
            and order.time_in_force in (_TIMES if knows else _FIRST_TIMES)
            and order.stp in (_STPS if knows else _FIRST_STPS)
            and _has_size(command, order)
            and _has_fitting_time(order)
            and _has_fitting_trigger(order, self.state.symbols[order.symbol])
            and _has_fitting_peg(order)
            and _has_fitting_iceberg(order)
            and order.side_effect in _SIDE_EFFECTS
            and (order.side_effect == SideEffect.NONE or is_margin(self.state, order.account))
        )

    def refuse_today(self, order: Order, quote_quantity: int, is_leg: bool = False, is_pending: bool = False) -> Code | None:
        """Steps 8c to 16; the order takes the price of its peg."""
        if order.peg and not order.is_contingent and not is_pending:
            order.price_ticks = order.hold_ticks = peg_price(self.state, order)
            if order.price_ticks == 0:
                return Code.PEG_UNAVAILABLE
        takes_place = order.may_rest or order.is_contingent or is_leg
        return (
            filters.refuse_price(self.state, order)
            or refuse_fairness(self.state, order, self.desk.now, is_pending)
            or filters.refuse_quantity(self.state, order, quote_quantity)
            or filters.refuse_value(self.state, order, quote_quantity)
            or filters.refuse_terms(self.state, order)
            or filters.refuse_amount(self.state, order, quote_quantity)
            or filters.refuse_count(self.state, order, takes_place)
            or self._refuse_place(order, takes_place)
        )

    def _refuse_place(self, order: Order, takes_place: bool) -> Code | None:
        """Steps 14 to 16."""
        if self._limit_reached(order.account):
            return Code.TOO_MANY_ORDERS
        if (order.account, order.digest) in self.state.by_client_id:
            return Code.DUPLICATE_CLIENT_ID
        if takes_place and not self.state.may_open_more():
            return Code.ORDERS_FULL
        return None

    def _refuse_funds(self, order: Order, quote_quantity: int) -> Code | None:
        """Steps 17 to 18b."""
        missing = self._missing(order, quote_quantity)
        return self.desk.loans.refuse_missing(order, *missing, self.desk.now) or self.refuse_meeting(order)

    def _missing(self, order: Order, quote_quantity: int) -> tuple[int, int]:
        """(asset, units) that an order lacks, none or fewer where it has enough."""
        return missing_hold(self.state, order) if order.is_contingent else missing_funds(self.state, order, quote_quantity)

    def refuse_meeting(self, order: Order) -> Code | None:
        """Steps 18 and 18b."""
        if is_refused_as_maker(self.state, order) and not self._gathers(order):
            return Code.WOULD_TAKE
        return Code.WOULD_TRIGGER if would_trigger(self.state, order) else None

    def _gathers(self, order: Order) -> bool:
        return self.state.symbols[order.symbol].status == SymbolStatus.AUCTION

    def accept(self, order: Order) -> None:
        """From here on nothing fails: it has an id, counts, and is open."""
        self.state.last_order_id += 1
        order.order_id = self.state.last_order_id
        self.desk.count(order.account)
        self.state.add(order)

    def begin(self, order: Order) -> bool:
        """Its NEW event, and its place if it has one at once. Returns False where it has to be executed first."""
        if order.is_contingent:
            if not order.carries and self.state.partner(order) is None:
                self.desk.take_hold(order)
            wait(self.desk, order)
            self._new(order)
        elif order.may_rest and (self._gathers(order) or not crosses(self.state, order)):
            changed = self.desk.rest(order)
            self._new(order, flags=EventFlag.RESTED, **changed)
        else:
            self._new(order)
            return False
        return True

    def begin_pending(self, order: Order) -> None:
        """A leg that waits for the working one of its list."""
        order.awaits_turn = 1
        self.state.enter(order, OrderState.PENDING)
        self.desk.order_event(EventKind.NEW, order, OrderStatus.PENDING_NEW, order.order_lots)

    def _new(self, order: Order, **more: int) -> None:
        self.desk.order_event(EventKind.NEW, order, OrderStatus.NEW, order.order_lots, **more)

    def place_from_within(self, taker: Taker, index: int, now: int) -> None:
        """An order that no command brought, of which is known that it may be placed: it takes its id and is executed."""
        self.desk.at(index, now)
        self.state.last_order_id += 1
        taker.order.order_id = self.state.last_order_id
        self.state.add(taker.order)
        self._new(taker.order)
        execute(self.desk, taker)

    def fill_at_market(self, account: int, symbol: int, side: int, lots: int, index: int, now: int) -> None:
        """A market order of a CONVERT, of which is known that the book fills it and the account can pay."""
        order = Order(0, account, symbol, side, OrderType.MARKET, TimeInForce.GTC, Stp.EXPIRE_MAKER, 0, lots, 0, 0, b"", now, now)
        taker = Taker(order, converts=True, from_within=True)
        self.place_from_within(taker, index, now)
        assert taker.filled, "a conversion's order is filled to the last lot"

    # ------------------------------------------------------------ order limits

    def _limit_reached(self, account: int) -> bool:
        state, row = self.state, self.state.accounts[account]
        in_window = row.window_orders if row.window == self.desk.now // WINDOW_NS else 0
        in_day = row.day_orders if row.day == self.desk.now // DAY_NS else 0
        return 0 < state.orders_per_10s <= in_window or 0 < state.orders_per_day <= in_day

    # ------------------------------------------------------------ CANCEL, CANCEL_ALL, CANCEL_LIST, MASS_CANCEL

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
            self.reject(command, code)
            return code
        self.desk.cancel(order)
        return Code.OK

    def _cancel_all(self, command: OrderCommand) -> Code:
        orders = self.open_orders(command.account, [command.symbol])
        if not orders:
            self.reject(command, Code.UNKNOWN_ORDER)
            return Code.UNKNOWN_ORDER
        self.desk.cancel_all(orders)
        return Code.OK

    def open_orders(self, account: int, symbols: list[int]) -> list[Order]:
        """By symbol, then by order id."""
        every = (order for symbol in symbols for order in self.state.orders_of(account, symbol).values())
        return sorted(every, key=lambda order: (order.symbol, order.order_id))

    def _mass_cancel(self, command: OrderCommand) -> Code:
        if command.side not in (*_SIDES, BOTH_SIDES):
            self.reject(command, Code.INVALID_ORDER)
            return Code.INVALID_ORDER
        symbols = [row.symbol for row in self.state.symbols.values() if row.status != SymbolStatus.HALTED]
        orders = self.open_orders(command.account, [command.symbol] if command.symbol else symbols)
        orders = [order for order in orders if command.side in (order.side, BOTH_SIDES)]
        if not orders:
            self.reject(command, Code.UNKNOWN_ORDER)
            return Code.UNKNOWN_ORDER
        _, some_are_left = self.desk.cancel_all(orders, STEPS_MAX)
        return Code.WORK_LIMIT if some_are_left else Code.OK

    def _cancel_list(self, command: OrderCommand) -> Code:
        list_id = command.order_id or self.state.list_by_client_id.get((command.account, command.target), 0)
        row = self.state.lists.get(list_id)
        if row is None or (row.account, row.symbol) != (command.account, command.symbol):
            self.reject(command, Code.UNKNOWN_LIST)
            return Code.UNKNOWN_LIST
        self.desk.cancel_all(self.state.open_orders_of(row))
        return Code.OK

    # ------------------------------------------------------------ COUNTDOWN

    def _countdown(self, command: OrderCommand) -> Code:
        if command.symbol != 0 or not 0 <= command.expires_ns <= COUNTDOWN_MAX_NS:
            self.reject(command, Code.INVALID_ORDER)
            return Code.INVALID_ORDER
        self.desk.set_countdown(command.account, self.desk.now + command.expires_ns if command.expires_ns else 0)
        return Code.OK

    # ------------------------------------------------------------ REPLACE, AMEND

    def _replace(self, command: OrderCommand) -> Code:
        order = self._target(command)
        code = self._refuse_cancel(command, order)
        lots = command.quantity_lots
        if code is None:
            if lots == 0 and command.order_type in _TYPES and command.order_type not in AS_MARKET:
                lots = order.rest
            self.desk.cancel(order)
        else:
            self.reject(command, code, flags=EventFlag.CANCEL_LEG)
            if not command.flags & OrderFlag.ALLOW_FAILURE:
                return code
        return self._place_lots(command, lots)

    def _amend(self, command: OrderCommand) -> Code:
        order = self._target(command)
        code = self._refuse_amend(command, order)
        if code is not None:
            self.reject(command, code)
            return code
        state = self.state
        self.desk.release(order, order.order_lots - command.quantity_lots)
        changed = self._shorten(order, command.quantity_lots)
        if command.client_id:
            state.unname_order(order)
            order.client_id = command.client_id
            state.name_order(order)
        order.amends += 1
        self.desk.order_event(EventKind.AMENDED, order, open_status(order), order.order_lots, **changed)
        return Code.OK

    def _shorten(self, order: Order, order_lots: int) -> dict[str, int]:
        """Hidden lots go first; returns the level change, empty where nothing else goes, or the order is not in the book."""
        given_up, order.order_lots = order.order_lots - order_lots, order_lots
        if order.state != OrderState.RESTING or (order.iceberg_lots and order.shown <= order.rest):
            return {}
        if order.iceberg_lots:
            self.state.show(order, order.rest)
        else:
            self.state.take_shown(order, given_up)
        return self.desk.level_change(order)

    def _refuse_amend(self, command: OrderCommand, order: Order | None) -> Code | None:
        if order is None:
            return Code.UNKNOWN_ORDER
        if order.list_id or not order.order_lots - order.rest < command.quantity_lots < order.order_lots:
            return Code.AMEND_INVALID
        if 0 < self.state.filter(order.symbol, Filter.MAX_AMENDS) <= order.amends:
            return Code.MAX_NUM_AMENDS
        named = self.state.by_client_id.get((command.account, digest(command.client_id, CLIENT_ID_BYTES)), order.order_id)
        if named != order.order_id:
            return Code.DUPLICATE_CLIENT_ID
        return None


# ---------------------------------------------------------------- step 8


def _has_size(command: OrderCommand, order: Order) -> bool:
    """Price, quantity and quote quantity, as the type wants them; a good-till-date order's time lies in the last one's place."""
    if order.order_type == OrderType.MARKET:
        if order.price_ticks != 0 or order.order_lots < 0 or command.quote_quantity < 0:
            return False
        return (order.order_lots > 0) != (command.quote_quantity > 0)
    if order.order_lots < 1 or (command.quote_quantity != 0 and order.time_in_force != TimeInForce.GTD):
        return False
    if order.peg or order.executes_as_market:
        return order.price_ticks == 0
    return order.price_ticks >= 1


def _has_fitting_time(order: Order) -> bool:
    if order.executes_as_market:
        return order.time_in_force == TimeInForce.GTC
    return order.order_type != OrderType.LIMIT_MAKER or order.time_in_force in _GOOD_TILL


def _has_fitting_trigger(order: Order, symbol: Symbol) -> bool:
    if order.stop_price_ticks < 0 or (order.trailing_bps and symbol.max_price_ticks > TRAILING_PRICE_MAX):
        return False
    return order.is_contingent == (order.stop_price_ticks > 0 or order.trailing_bps > 0)


def _has_fitting_peg(order: Order) -> bool:
    if order.peg not in _PEGS or order.peg_offset > PEG_OFFSET_MAX or (order.peg_offset and not order.peg):
        return False
    if not order.peg:
        return True
    if order.order_type == OrderType.LIMIT_MAKER:
        return order.peg == Peg.PRIMARY
    waits = order.peg == Peg.MARKET or order.order_type != OrderType.LIMIT or order.time_in_force in _GOOD_TILL
    return waits and not order.executes_as_market


def _has_fitting_iceberg(order: Order) -> bool:
    if order.iceberg_lots == 0:
        return True
    can_lie = not order.executes_as_market and order.time_in_force in _GOOD_TILL
    return can_lie and 0 < order.iceberg_lots <= order.order_lots
