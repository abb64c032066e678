"""What the machine knows: rows, tables, and the indexes that follow from them.

Owns the shape of the state and nothing of the rules. The tables are the truth and are hashed; the book, the client ids and the lists
per account are indexes that `State.index_order` and `State.unindex_order` keep, and that can be rebuilt from the ORDER table alone.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from sortedcontainers import SortedDict

from engine.oracle.hashing import Table, digest, mix, mix_all, words
from engine.types import (
    AMOUNT_MAX,
    CLIENT_ID_BYTES,
    FIRST_CUSTOMER,
    HOUSE_GATEWAY,
    HOUSE_INSURANCE,
    INITIAL_CAPACITY,
    MIX_SEED,
    NAME_BYTES,
    PPM,
    RULES_FIRST,
    OrderType,
    Pool,
    Side,
    TimeInForce,
)
from engine.types import Table as TableNumber

MAY_BE_NEGATIVE = (HOUSE_GATEWAY, HOUSE_INSURANCE)


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

    @property
    def rest(self) -> int:
        return self.order_lots - self.executed_lots

    @property
    def may_rest(self) -> bool:
        return self.order_type == OrderType.LIMIT_MAKER or (
            self.order_type == OrderType.LIMIT and self.time_in_force == TimeInForce.GTC
        )

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
    """The orders at one price, by rising order id, and what they add up to."""

    lots: int = 0
    orders: dict[int, Order] = field(default_factory=dict)


def _plain(_key, row) -> list[int]:
    return [getattr(row, name) for name in row.__slots__]


def _asset(_key, row: Asset) -> list[int]:
    return [row.asset, *words(row.name, NAME_BYTES), row.scale]


def _symbol(_key, row: Symbol) -> list[int]:
    return [row.symbol, *words(row.name, NAME_BYTES), row.base, row.quote, row.lot_units, row.tick_lot_units, row.max_price_ticks,
            row.max_quantity_lots, row.max_market_lots, row.min_notional, row.max_orders, row.status, row.last_trade_id,
            row.last_update_id, row.last_price_ticks]  # fmt: skip


def _order(_key, row: Order) -> list[int]:
    return [row.order_id, row.account, row.symbol, row.side, row.order_type, row.time_in_force, row.stp, row.price_ticks,
            row.order_lots, row.executed_lots, row.executed_quote, *words(row.client_id, CLIENT_ID_BYTES), row.placed_ns,
            row.updated_ns]  # fmt: skip


def _balance(key, row: Balance) -> list[int] | None:
    return [*key, row.available, row.held] if row.available or row.held else None


def _origin(_key, row: Origin) -> list[int]:
    return [row.origin, row.role, row.number, row.position]


class State:
    """Every table, counter and index of one machine."""

    COUNTERS = ("rules_version", "opened", "position", "now", "last_order_id", "last_seq", "last_account", "last_key", "horizon",
                "orders_per_10s", "orders_per_day")  # fmt: skip

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
        self.capacity = list(capacity)
        self.skipped: dict[str, int] = {}  # frames not applied, by reason

        self.assets = Table(TableNumber.ASSET, _asset)
        self.symbols = Table(TableNumber.SYMBOL, _symbol)
        self.fees = Table(TableNumber.FEES, lambda key, ppm: [*key, *ppm])  # by (symbol, tier): (maker_ppm, taker_ppm)
        self.accounts = Table(TableNumber.ACCOUNT, _plain)
        self.balances = Table(TableNumber.BALANCE, _balance)  # by (account, asset)
        self.orders = Table(TableNumber.ORDER, _order)  # the open ones
        self.pending = Table(TableNumber.PENDING, _plain)  # by (id_hi, id_lo)
        self.remembered = Table(TableNumber.TRANSFER_ID, _plain)  # by (id_hi, id_lo)
        self.keys = Table(TableNumber.KEY, _plain)
        self.origins = Table(TableNumber.ORIGIN, _origin)

        self.remembered_order: deque[tuple[int, int]] = deque()  # keys of `remembered`, oldest first
        self.account_by_reference: dict[tuple[int, int], int] = {}
        self.key_by_reference: dict[tuple[int, int], int] = {}
        self.book: defaultdict[tuple[int, int], SortedDict] = defaultdict(SortedDict)  # (symbol, side) -> price -> Level
        self.by_client_id: dict[tuple[int, int], int] = {}  # (account, digest) -> order id
        self.of_account: dict[tuple[int, int], dict[int, Order]] = {}  # (account, symbol) -> open orders by rising id

    @property
    def tables(self) -> tuple[Table, ...]:
        """In the order of `types.Table`, META aside."""
        return (self.assets, self.symbols, self.fees, self.accounts, self.balances, self.orders, self.pending, self.remembered,
                self.keys, self.origins)  # fmt: skip

    def hash(self, recount: bool = False) -> int:
        """The state hash; `recount` distrusts the running sums."""
        meta = [getattr(self, name) for name in self.COUNTERS] + self.capacity
        accumulator = mix_all(mix(MIX_SEED, TableNumber.META), meta)
        return mix_all(accumulator, (table.recount() if recount else table.total() for table in self.tables))

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

    # ------------------------------------------------------------ open orders

    def may_rest_more(self) -> bool:
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

    def index_order(self, order: Order) -> None:
        """A new open order takes its place in every index."""
        self.orders.put(order.order_id, order)
        level = self.side(order.symbol, order.side).setdefault(order.price_ticks, Level())
        level.orders[order.order_id] = order
        level.lots += order.rest
        self.of_account.setdefault((order.account, order.symbol), {})[order.order_id] = order
        self.name_order(order)

    def unindex_order(self, order: Order) -> None:
        """An order leaves the book: it is in no index any more."""
        self.orders.drop(order.order_id)
        levels = self.side(order.symbol, order.side)
        level = levels[order.price_ticks]
        del level.orders[order.order_id]
        level.lots -= order.rest
        if not level.orders:
            assert level.lots == 0
            del levels[order.price_ticks]
        del self.of_account[order.account, order.symbol][order.order_id]
        self.unname_order(order)

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

    def taker_ppm(self, symbol: int, account: int) -> int:
        return self.fees[symbol, self.tier(account)][1]

    def fee(self, symbol: int, account: int, received: int, taker: bool) -> int:
        """Rounded up, for the house."""
        ppm = self.fees[symbol, self.tier(account)][taker]
        return -(-received * ppm // PPM)
