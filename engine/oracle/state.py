"""What the machine knows: rows, tables, and the indexes that follow from them.

Owns the shape of the state and nothing of the rules. The tables are the truth and are hashed. An open order is in the ORDER table, on its
account's list and found by its names from `add` to `remove`; where it is (book, stop ladder, queue) is between `enter` and `leave`.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from sortedcontainers import SortedDict, SortedSet

from engine.oracle.hashing import Table, digest, mix, mix_all, words
from engine.oracle.margin_state import MarginTables
from engine.types import (
    AMOUNT_MAX,
    CLIENT_ID_BYTES,
    FIRST_CUSTOMER,
    HOUSE_FEES,
    HOUSE_GATEWAY,
    HOUSE_INSURANCE,
    INITIAL_CAPACITY,
    MIX_SEED,
    NAME_BYTES,
    RULES_FIRST,
    Filter,
    ListType,
    OrderState,
    OrderType,
    Pool,
    Side,
    TimeInForce,
)
from engine.types import Table as TableNumber

MARGIN_SINCE = 3  # the rules version that brought docs/MARGIN.md
MAY_OVERDRAW = (HOUSE_GATEWAY, HOUSE_INSURANCE)  # by transfers
MAY_BE_NEGATIVE = (*MAY_OVERDRAW, HOUSE_FEES)  # the last by rebates
ORDERS_SINCE = 3  # the rules version that brought docs/ORDERS.md
GTD_TIMER, COUNTDOWN_TIMER = 0, 1  # kinds of timers, in the order in which those of one time go off
EXECUTING = -1  # where an order is while it takes: nowhere. Never between two commands

_STOP_LOSS = (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT)
_TAKE_PROFIT = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT)
CONTINGENT = (*_STOP_LOSS, *_TAKE_PROFIT)
AS_MARKET = (OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT)


@dataclass(slots=True)
class Asset:
    asset: int
    name: bytes
    scale: int


@dataclass(slots=True)
class Symbol:
    symbol: int
    name: bytes
    base: int
    quote: int
    lot_units: int
    tick_lot_units: int
    max_price_ticks: int
    max_quantity_lots: int
    max_market_lots: int
    min_notional: int
    max_orders: int
    status: int
    last_trade_id: int = 0
    last_update_id: int = 0
    last_price_ticks: int = 0
    last_prevented_id: int = 0
    resumed_ns: int = 0
    low: int = 0  # the marks: prices reached and not yet acted on
    high: int = 0
    first: int = 0
    uncross_ticks: int = 0  # the price of the uncross that is under way


@dataclass(slots=True)
class Account:
    account: int
    reference_hi: int
    reference_lo: int
    status: int
    tier: int
    opened_ns: int
    window: int = 0
    window_orders: int = 0
    day: int = 0
    day_orders: int = 0
    group: int = 0
    countdown_ns: int = 0  # when the dead man's switch fires


@dataclass(slots=True)
class Key:
    key: int
    account: int
    scopes: int
    reference_hi: int
    reference_lo: int


@dataclass(slots=True)
class Balance:
    available: int = 0
    held: int = 0


@dataclass(slots=True)
class Order:
    order_id: int
    account: int
    symbol: int
    side: int
    order_type: int
    time_in_force: int
    stp: int
    price_ticks: int
    order_lots: int
    executed_lots: int
    executed_quote: int
    client_id: bytes
    placed_ns: int
    updated_ns: int
    prevented_lots: int = 0
    iceberg_lots: int = 0
    shown: int = 0  # of an iceberg in the book
    priority: int = 0
    stop_price_ticks: int = 0
    hold_ticks: int = 0
    trailing_bps: int = 0
    extreme: int = 0
    state: int = EXECUTING
    carries: int = 0  # whether it has its hold
    peg: int = 0
    peg_offset: int = 0
    side_effect: int = 0
    list_id: int = 0
    expires_ns: int = 0
    amends: int = 0
    awaits_turn: int = 0  # a pending order of a list that was not placed yet, DUE or not; follows from the list and is not hashed

    @property
    def rest(self) -> int:
        return self.order_lots - self.executed_lots - self.prevented_lots

    @property
    def shows(self) -> int:
        """Lots that anybody sees of it in the book."""
        return self.shown if self.iceberg_lots else self.rest

    @property
    def is_contingent(self) -> bool:
        return self.order_type in CONTINGENT

    @property
    def is_above(self) -> bool:
        """Whether a rising price reaches its stop price."""
        return self.order_type in (_STOP_LOSS if self.side == Side.BUY else _TAKE_PROFIT)

    @property
    def executes_as_market(self) -> bool:
        return self.order_type in AS_MARKET

    @property
    def may_rest(self) -> bool:
        if self.order_type == OrderType.LIMIT_MAKER:
            return True
        return not self.executes_as_market and self.time_in_force in (TimeInForce.GTC, TimeInForce.GTD)

    @property
    def digest(self) -> int:
        return digest(self.client_id, CLIENT_ID_BYTES)


@dataclass(slots=True)
class OrderList:
    """As long as one of its orders is open."""

    list_id: int
    account: int
    symbol: int
    list_type: int
    first: int
    second: int
    third: int
    client_id: bytes
    placed_ns: int

    @property
    def order_ids(self) -> tuple[int, ...]:
        return (self.first, self.second, self.third) if self.third else (self.first, self.second)

    @property
    def pair(self) -> tuple[int, ...]:
        """The two of which one executes."""
        return () if self.list_type == ListType.OTO else self.order_ids[-2:]

    @property
    def working(self) -> int:
        """The order for whose fill the others wait, 0 where none is."""
        return 0 if self.list_type == ListType.OCO else self.first

    @property
    def digest(self) -> int:
        return digest(self.client_id, CLIENT_ID_BYTES)


@dataclass(slots=True)
class Pending:
    id_hi: int
    id_lo: int
    debit: int
    credit: int
    asset: int
    amount: int
    expires_ns: int
    reason: int
    user_hi: int
    user_lo: int
    held_ns: int


@dataclass(slots=True)
class Remembered:
    """A transfer id that was used, with the command it came with."""

    id_hi: int
    id_lo: int
    kind: int
    debit: int
    credit: int
    asset: int
    amount: int
    pending_hi: int
    pending_lo: int
    timeout_ns: int
    reason: int
    user_hi: int
    user_lo: int
    code: int
    ended: int
    time_ns: int


@dataclass(slots=True)
class Origin:
    origin: int
    role: int
    number: int
    position: int
    frame_digest: str  # BLAKE3 of its last frame's commands; not hashed


@dataclass(slots=True)
class Level:
    """The orders at one price, by rising priority, and what they show together."""

    lots: int = 0
    orders: dict[int, Order] = field(default_factory=dict)


def _plain(_key, row) -> list[int]:
    return [getattr(row, name) for name in row.__slots__]


def _asset(_key, row: Asset) -> list[int]:
    return [row.asset, *words(row.name, NAME_BYTES), row.scale]


def _symbol(row: Symbol, version: int) -> list[int]:
    fields = [row.symbol, *words(row.name, NAME_BYTES), row.base, row.quote, row.lot_units, row.tick_lot_units, row.max_price_ticks,
            row.max_quantity_lots, row.max_market_lots, row.min_notional, row.max_orders, row.status, row.last_trade_id,
            row.last_update_id, row.last_price_ticks]  # fmt: skip
    if version >= ORDERS_SINCE:
        fields += [row.last_prevented_id, row.resumed_ns, row.low, row.high, row.first, row.uncross_ticks]
    return fields


def _account(row: Account, version: int) -> list[int]:
    fields = [row.account, row.reference_hi, row.reference_lo, row.status, row.tier, row.opened_ns, row.window, row.window_orders,
              row.day, row.day_orders]  # fmt: skip
    if version >= ORDERS_SINCE:
        fields += [row.group, row.countdown_ns]
    return fields


def _order(row: Order, version: int) -> list[int]:
    fields = [row.order_id, row.account, row.symbol, row.side, row.order_type, row.time_in_force, row.stp, row.price_ticks,
            row.order_lots, row.executed_lots, row.executed_quote, *words(row.client_id, CLIENT_ID_BYTES), row.placed_ns,
            row.updated_ns]  # fmt: skip
    if version >= ORDERS_SINCE:
        fields += [row.prevented_lots, row.iceberg_lots, row.shown, row.priority, row.stop_price_ticks, row.hold_ticks,
                   row.trailing_bps, row.extreme, row.state, row.carries, row.peg, row.peg_offset, row.side_effect, row.list_id,
                   row.expires_ns, row.amends]  # fmt: skip
    return fields


def _list(_key, row: OrderList) -> list[int]:
    return [row.list_id, row.account, row.symbol, row.list_type, row.first, row.second, row.third,
            *words(row.client_id, CLIENT_ID_BYTES), row.placed_ns]  # fmt: skip


def _balance(key, row: Balance) -> list[int] | None:
    return [*key, row.available, row.held] if row.available or row.held else None


def _origin(_key, row: Origin) -> list[int]:
    return [row.origin, row.role, row.number, row.position]


class State:
    """Every table, counter and index of one machine."""

    COUNTERS = ("rules_version", "opened", "position", "now", "last_order_id", "last_seq", "last_account", "last_key", "horizon",
                "orders_per_10s", "orders_per_day")  # fmt: skip
    LATER_COUNTERS = ("last_list_id", "last_priority")  # of docs/ORDERS.md

    def __init__(self, capacity: tuple[int, ...] = INITIAL_CAPACITY) -> None:
        self.rules_version = RULES_FIRST
        self.opened = 0
        self.position = 0
        self.now = 0
        self.last_order_id = 0
        self.last_seq = 0
        self.last_account = FIRST_CUSTOMER - 1
        self.last_key = 0
        self.horizon = 0
        self.orders_per_10s = 0
        self.orders_per_day = 0
        self.last_list_id = 0
        self.last_priority = 0
        self.capacity = list(capacity)
        self.skipped: dict[str, int] = {}  # frames not applied, by reason

        self.assets = Table(TableNumber.ASSET, _asset)
        self.symbols = Table(TableNumber.SYMBOL, lambda _, row: _symbol(row, self.rules_version))
        self.fees = Table(TableNumber.FEES, lambda key, ppm: [*key, *ppm])  # by (symbol, tier): (maker_ppm, taker_ppm)
        self.accounts = Table(TableNumber.ACCOUNT, lambda _, row: _account(row, self.rules_version))
        self.balances = Table(TableNumber.BALANCE, _balance)  # by (account, asset)
        self.orders = Table(TableNumber.ORDER, lambda _, row: _order(row, self.rules_version))  # the open ones
        self.pending = Table(TableNumber.PENDING, _plain)  # by (id_hi, id_lo)
        self.remembered = Table(TableNumber.TRANSFER_ID, _plain)  # by (id_hi, id_lo)
        self.keys = Table(TableNumber.KEY, _plain)
        self.origins = Table(TableNumber.ORIGIN, _origin)
        self.lists = Table(TableNumber.LIST, _list)  # those with an open order
        self.filters = Table(TableNumber.FILTER, lambda key, value: [*key, value])  # by (symbol or −asset, Filter): the value, never 0
        self.margin = MarginTables()

        self.remembered_order: deque[tuple[int, int]] = deque()  # keys of `remembered`, oldest first
        self.account_by_reference: dict[tuple[int, int], int] = {}
        self.key_by_reference: dict[tuple[int, int], int] = {}
        self.book: defaultdict[tuple[int, int], SortedDict] = defaultdict(SortedDict)  # (symbol, side) -> price -> Level
        self.stops: defaultdict[tuple[int, bool], SortedDict] = defaultdict(SortedDict)  # (symbol, is above) -> stop -> orders by age
        self.tracking: defaultdict[int, dict[int, Order]] = defaultdict(dict)  # symbol -> in the order in which they began
        self.due: defaultdict[int, dict[int, Order]] = defaultdict(dict)  # symbol -> in the order in which they became it
        self.backlog: deque[int] = deque()  # symbols with something to drain
        self.draining = 0  # the symbol that is being drained: it is on the backlog afterwards, or not
        self.timers: SortedSet = SortedSet()  # (time, kind, order id or account)
        self.by_client_id: dict[tuple[int, int], int] = {}  # (account, digest) -> order id
        self.list_by_client_id: dict[tuple[int, int], int] = {}  # (account, digest) -> list id
        self.of_account: dict[tuple[int, int], dict[int, Order]] = {}  # (account, symbol) -> open orders

    @property
    def tables(self) -> tuple[Table, ...]:
        """In the order of `types.Table`, META aside."""
        tables = (self.assets, self.symbols, self.fees, self.accounts, self.balances, self.orders, self.pending, self.remembered,
                  self.keys, self.origins)  # fmt: skip
        return (*tables, self.lists, self.filters) if self.knows_orders else tables

    @property
    def knows_orders(self) -> bool:
        """Whether docs/ORDERS.md holds."""
        return self.rules_version >= ORDERS_SINCE

    def set_rules(self, version: int) -> None:
        self.rules_version = version
        for table in (self.symbols, self.accounts, self.orders):  # rows that have more fields from now on
            for key in table:
                table.touch(key)

    def hash(self, recount: bool = False) -> int:
        """The state hash; `recount` distrusts the running sums."""
        meta = [getattr(self, name) for name in self.COUNTERS] + self.capacity
        if self.knows_orders:
            meta += [getattr(self, name) for name in self.LATER_COUNTERS]
        accumulator = mix_all(mix(MIX_SEED, TableNumber.META), meta)
        tables = self.tables if self.rules_version < MARGIN_SINCE else (*self.tables, *self.margin.tables)
        return mix_all(accumulator, (table.recount() if recount else table.total() for table in tables))

    def filter(self, symbol: int, number: Filter) -> int:
        """What is set for the symbol (0: for an account over all symbols), 0 where nothing is."""
        return self.filters.get((symbol, number), 0)

    def max_asset(self, asset: int) -> int:
        return self.filters.get((-asset, Filter.MAX_ASSET), 0)

    # ------------------------------------------------------------ accounts and balances

    def is_customer(self, account: int) -> bool:
        return account in self.accounts

    def is_account(self, account: int) -> bool:
        return 1 <= account <= self.last_account

    def status(self, account: int) -> int | None:
        """Of a customer; None for a house account, which is always active."""
        row = self.accounts.get(account)
        return None if row is None else row.status

    def tier(self, account: int) -> int:
        return self.accounts[account].tier

    def balance(self, account: int, asset: int) -> Balance:
        return self.balances.get((account, asset)) or Balance()

    def change(self, account: int, asset: int, available: int = 0, held: int = 0) -> None:
        """Add to a balance; the caller has made sure that the result is allowed."""
        row = self.balances.get((account, asset))
        if row is None:
            row = Balance()
        row.available += available
        row.held += held
        assert row.held >= 0, "held below zero"
        assert row.available >= (-AMOUNT_MAX if account in MAY_BE_NEGATIVE else 0), "available below its floor"
        self.balances.put((account, asset), row)

    def group(self, account: int) -> int:
        """A margin account's is its owner's."""
        return self.accounts[self.margin.owner(account)].group

    # ------------------------------------------------------------ open orders

    def may_open_more(self) -> bool:
        return len(self.orders) < self.capacity[Pool.ORDERS]

    def orders_of(self, account: int, symbol: int) -> dict[int, Order]:
        return self.of_account.get((account, symbol), {})

    def side(self, symbol: int, side: int) -> SortedDict:
        """Price -> Level of one side of a book."""
        return self.book[symbol, side]

    def best_price(self, symbol: int, side: int) -> int:
        """0 where the side is empty."""
        levels = self.side(symbol, side)
        if not levels:
            return 0
        return levels.peekitem(-1 if side == Side.BUY else 0)[0]

    def levels(self, symbol: int, side: int) -> Iterator[tuple[int, Level]]:
        """(price, level), best first."""
        levels = self.side(symbol, side)
        prices = reversed(levels) if side == Side.BUY else iter(levels)
        return ((price, levels[price]) for price in prices)

    def makers(self, symbol: int, side: int) -> Iterator[Order]:
        """The orders of one side of a book, by priority."""
        return (order for _, level in self.levels(symbol, side) for order in level.orders.values())

    def add(self, order: Order) -> None:
        """A new order is open; it is nowhere yet."""
        self.orders.put(order.order_id, order)
        self.of_account.setdefault((order.account, order.symbol), {})[order.order_id] = order
        self.name_order(order)
        if order.expires_ns:
            self.timers.add((order.expires_ns, GTD_TIMER, order.order_id))

    def remove(self, order: Order) -> None:
        """An order that is nowhere any more is not open any more."""
        assert order.state == EXECUTING
        self.orders.drop(order.order_id)
        del self.of_account[order.account, order.symbol][order.order_id]
        self.unname_order(order)
        if order.expires_ns:
            self.timers.remove((order.expires_ns, GTD_TIMER, order.order_id))

    def enter(self, order: Order, where: OrderState) -> None:
        """From nowhere to its place."""
        assert order.state == EXECUTING
        order.state = where
        self.orders.touch(order.order_id)
        if where == OrderState.RESTING:
            self.last_priority += 1
            order.priority = self.last_priority
            order.shown = min(order.iceberg_lots, order.rest)
            self.put_into_book(order)
        elif where == OrderState.WAITING:
            ladder = self.stops[order.symbol, order.is_above]
            ladder.setdefault(order.stop_price_ticks, {})[order.order_id] = order
        elif where == OrderState.TRACKING:
            self.tracking[order.symbol][order.order_id] = order
        elif where == OrderState.DUE:
            self.due[order.symbol][order.order_id] = order

    def put_into_book(self, order: Order) -> None:
        """Behind the others of its price."""
        level = self.side(order.symbol, order.side).setdefault(order.price_ticks, Level())
        level.orders[order.order_id] = order
        level.lots += order.shows

    def leave(self, order: Order) -> None:
        """From wherever it is to nowhere."""
        self.orders.touch(order.order_id)
        if order.state == OrderState.RESTING:
            self._take_out_of_book(order, order.shows)
            order.priority = order.shown = 0
        elif order.state == OrderState.WAITING:
            ladder = self.stops[order.symbol, order.is_above]
            del ladder[order.stop_price_ticks][order.order_id]
            if not ladder[order.stop_price_ticks]:
                del ladder[order.stop_price_ticks]
        elif order.state == OrderState.TRACKING:
            del self.tracking[order.symbol][order.order_id]
            order.extreme = 0
        elif order.state == OrderState.DUE:
            del self.due[order.symbol][order.order_id]
        order.state = EXECUTING

    def _take_out_of_book(self, order: Order, shows: int) -> None:
        levels = self.side(order.symbol, order.side)
        level = levels[order.price_ticks]
        del level.orders[order.order_id]
        level.lots -= shows
        if not level.orders:
            assert level.lots == 0
            del levels[order.price_ticks]

    def take_shown(self, order: Order, lots: int) -> None:
        """`lots` of a resting order were just executed or prevented: what it shows goes first, then more of it is shown, at the end."""
        self.orders.touch(order.order_id)
        if order.iceberg_lots == 0:
            self.side(order.symbol, order.side)[order.price_ticks].lots -= lots
            return
        uses_up = lots >= order.shown
        if uses_up and order.rest:
            self._take_out_of_book(order, order.shown)
            self.last_priority += 1
            order.priority, order.shown = self.last_priority, min(order.iceberg_lots, order.rest)
            self.put_into_book(order)
        else:
            self.show(order, 0 if uses_up else order.shown - lots)

    def show(self, order: Order, shown: int) -> None:
        """An iceberg shows so many lots from now on, in its place."""
        self.orders.touch(order.order_id)
        self.side(order.symbol, order.side)[order.price_ticks].lots += shown - order.shown
        order.shown = shown

    def name_order(self, order: Order) -> None:
        if order.digest:
            self.by_client_id[order.account, order.digest] = order.order_id

    def unname_order(self, order: Order) -> None:
        if order.digest:
            del self.by_client_id[order.account, order.digest]

    def level_lots(self, symbol: int, side: int, price: int) -> int:
        level = self.side(symbol, side).get(price)
        return level.lots if level else 0

    def next_update_id(self, symbol: int) -> int:
        row = self.symbols[symbol]
        row.last_update_id += 1
        self.symbols.touch(symbol)
        return row.last_update_id

    # ------------------------------------------------------------ lists and switches

    def add_list(self, row: OrderList) -> None:
        self.lists.put(row.list_id, row)
        if row.digest:
            self.list_by_client_id[row.account, row.digest] = row.list_id

    def remove_list(self, row: OrderList) -> None:
        self.lists.drop(row.list_id)
        if row.digest:
            del self.list_by_client_id[row.account, row.digest]

    def open_orders_of(self, row: OrderList) -> list[Order]:
        """By rising order id."""
        return [self.orders[order_id] for order_id in row.order_ids if order_id in self.orders]

    def partner(self, order: Order) -> Order | None:
        """The other one of its pair, as long as both are open."""
        row = self.lists.get(order.list_id)
        if row is None or order.order_id not in row.pair:
            return None
        return self.orders.get(sum(row.pair) - order.order_id)

    def set_countdown(self, account: int, fires_ns: int) -> None:
        """0: it does not."""
        row = self.accounts[account]
        self.timers.discard((row.countdown_ns, COUNTDOWN_TIMER, account))
        row.countdown_ns = fires_ns
        self.accounts.touch(account)
        if fires_ns:
            self.timers.add((fires_ns, COUNTDOWN_TIMER, account))
