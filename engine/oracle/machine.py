"""`OracleMachine`: frames in, codes and events out, and the same questions that engine/machine.py answers.

Owns admission of frames, time, the dispatch of commands to their families, snapshots. It applies a frame or raises; whoever catches
`ReplicaStopped` must not use the machine again.
"""

import json
from collections.abc import Callable
from dataclasses import astuple

import numpy as np
from blake3 import blake3

from engine.oracle import auction, convert, timers
from engine.oracle import state as rows
from engine.oracle.admin import Admin, Answer
from engine.oracle.checks import first_broken_invariant
from engine.oracle.desk import DAY_NS, WINDOW_NS, Desk
from engine.oracle.drain import drain
from engine.oracle.ledger import Ledger, Member
from engine.oracle.liquidation import Upkeep
from engine.oracle.lists import LEGS, Lists, Part
from engine.oracle.margin_queries import MarginQueries
from engine.oracle.margin_state import MarginTables
from engine.oracle.orders import Orders
from engine.oracle.records import AdminCommand, TransferCommand, events_array, order_command
from engine.oracle.state import MARGIN_SINCE, ORDERS_SINCE, State
from engine.types import (
    ADMIN_COMMAND,
    INITIAL_CAPACITY,
    LOAN_KINDS,
    MARGIN_KINDS,
    ORDER_COMMAND,
    ORDER_KINDS,
    ORIGINS_KEPT,
    ROLE_KINDS,
    TRANSFER_COMMAND,
    TRANSFER_KINDS,
    Code,
    Filter,
    Kind,
    OrderState,
    Pool,
    Role,
    Side,
    TransferFlag,
)
from engine.views import (
    AccountView,
    Applied,
    AssetView,
    ConversionView,
    KeyView,
    ListView,
    OrderView,
    PendingView,
    ReplicaStopped,
    SymbolView,
)

_KINDS = frozenset(Kind)
_OF_ORDERS = (Kind.PLACE_LIST, Kind.CANCEL_LIST, Kind.MASS_CANCEL, Kind.COUNTDOWN, Kind.SET_FILTER, Kind.SET_GROUP)
_KIND_SINCE = {
    Kind.CONVERT: 2, **dict.fromkeys(_OF_ORDERS, ORDERS_SINCE), **dict.fromkeys((*LOAN_KINDS, *MARGIN_KINDS), MARGIN_SINCE),
}  # rules version  # fmt: skip


class OracleMachine(MarginQueries):
    """The whole core. `capacity` (by Pool) is INITIAL_CAPACITY except in tests that want full pools soon."""

    def __init__(self, capacity: tuple[int, ...] = INITIAL_CAPACITY) -> None:
        self._state = State(capacity)

    # ------------------------------------------------------------ frames

    def apply(self, header: np.void, commands: np.ndarray) -> Applied:
        """Apply one frame (FRAME_HEADER record, array of 128-byte records). Raises ReplicaStopped where no replica may go on."""
        state = self._state
        position, origin, number = (int(header[name]) for name in ("position", "origin", "number"))
        assert position == state.position + 1, f"frame {position} after {state.position}"
        assert int(header["count"]) == len(commands)
        commands = np.ascontiguousarray(commands).view(ORDER_COMMAND)
        frame_digest = blake3(commands.view(np.uint8).tobytes()).hexdigest()
        first = AdminCommand(*commands[:1].view(ADMIN_COMMAND)[0].item()) if len(commands) else None
        skipped = self._skips(origin, number, frame_digest, first)
        state.position = position
        if skipped:
            state.skipped[skipped] = state.skipped.get(skipped, 0) + 1
            return Applied(position, state.now, origin, number, commands, np.zeros(0, np.int16), events_array([]), skipped)
        registers = self._admit(origin, number, frame_digest, first)
        frame_time = int(header["time_ns"] if state.opened else header["origin_time_ns"])
        codes, events = _Frame(state, state.origins[origin].role, registers).run(commands, frame_time)
        return Applied(position, state.now, origin, number, commands, np.array(codes, np.int16), events_array(events))

    def _skips(self, origin: int, number: int, frame_digest: str, first: AdminCommand | None) -> str:
        known = self._state.origins.get(origin)
        if known is None:
            registers = number == 1 and first is not None and first.kind == Kind.REGISTER_ORIGIN and first.role != 0
            return "" if registers else "unknown origin"
        if number == known.number and frame_digest != known.frame_digest:
            raise ReplicaStopped(f"frame {number} of origin {origin} came twice with different commands")
        if number <= known.number:
            return "duplicate"
        return "gap" if number > known.number + 1 else ""

    def _admit(self, origin: int, number: int, frame_digest: str, first: AdminCommand | None) -> int:
        """Note the frame with its origin; returns the role it registers, 0 where the origin was known."""
        origins, position = self._state.origins, self._state.position
        known = origins.get(origin)
        role = first.role if known is None else known.role
        if known is None and len(origins) == ORIGINS_KEPT:
            origins.drop(min(origins.values(), key=lambda row: row.position).origin)
        origins.put(origin, rows.Origin(origin, role, number, position, frame_digest))
        return role if known is None else 0

    # ------------------------------------------------------------ the state as a whole

    def state_hash(self, recount: bool = False) -> int:
        """The hash of docs/CORE.md section 7; `recount` hashes every row anew instead of the changed ones."""
        return self._state.hash(recount)

    def validate(self) -> str:
        """ "" where every invariant holds, else the first broken one: "NAME: detail"."""
        return first_broken_invariant(self._state)

    def snapshot(self) -> bytes:
        return json.dumps(_to_plain(self._state)).encode()

    @classmethod
    def restore(cls, snapshot: bytes) -> "OracleMachine":
        machine = cls()
        machine._state = _from_plain(json.loads(snapshot))
        return machine

    # ------------------------------------------------------------ queries

    @property
    def position(self) -> int:
        return self._state.position

    @property
    def now_ns(self) -> int:
        return self._state.now

    @property
    def rules_version(self) -> int:
        return self._state.rules_version

    @property
    def opened(self) -> bool:
        return bool(self._state.opened)

    @property
    def event_seq(self) -> int:
        return self._state.last_seq

    def asset(self, asset: int) -> AssetView | None:
        row = self._state.assets.get(asset)
        return None if row is None else AssetView(row.asset, _text(row.name), row.scale)

    def assets(self) -> list[AssetView]:
        return [self.asset(number) for number in self._state.assets]

    def symbol(self, symbol: int) -> SymbolView | None:
        row = self._state.symbols.get(symbol)
        return None if row is None else SymbolView(row.symbol, _text(row.name), *astuple(row)[2 : len(SymbolView._fields)])

    def symbols(self) -> list[SymbolView]:
        return [self.symbol(number) for number in self._state.symbols]

    def account(self, account: int) -> AccountView | None:
        row = self._state.accounts.get(account)
        if row is None:
            return None
        in_window = row.window_orders if row.window == self.now_ns // WINDOW_NS else 0
        in_day = row.day_orders if row.day == self.now_ns // DAY_NS else 0
        reference = (row.reference_hi, row.reference_lo)
        return AccountView(row.account, reference, row.status, row.tier, row.opened_ns, in_window, in_day, self._state.group(account),
                           row.countdown_ns)  # fmt: skip

    def find_account(self, reference_hi: int, reference_lo: int) -> int:
        """The account with this reference, 0 where there is none."""
        return self._state.account_by_reference.get((reference_hi, reference_lo), 0)

    def key(self, key: int) -> KeyView | None:
        row = self._state.keys.get(key)
        return None if row is None else KeyView(row.key, row.account, row.scopes)

    def balance(self, account: int, asset: int) -> tuple[int, int]:
        """(available, held)"""
        return astuple(self._state.balance(account, asset))

    def balances(self, account: int) -> list[tuple[int, int, int]]:
        """(asset, available, held) of every asset of which the account has any."""
        every = ((asset, *self.balance(account, asset)) for asset in self._state.assets)
        return [row for row in every if row[1] or row[2]]

    def order(self, order_id: int) -> OrderView | None:
        """An open order."""
        row = self._state.orders.get(order_id)
        if row is None:
            return None
        shown = {name: getattr(row, name) for name in OrderView._fields if name != "extreme_ticks"}
        return OrderView(**shown | {"client_id": _text(row.client_id), "extreme_ticks": row.extreme})

    def order_by_client_id(self, account: int, digest: int) -> OrderView | None:
        return self.order(self._state.by_client_id.get((account, digest), 0))

    def open_orders(self, account: int, symbol: int = 0) -> list[OrderView]:
        """By rising order id; symbol 0 means all."""
        symbols = [symbol] if symbol else list(self._state.symbols)
        return [self.order(order_id) for order_id in sorted(i for s in symbols for i in self._state.orders_of(account, s))]

    def order_list(self, list_id: int) -> ListView | None:
        """A list with an open order."""
        row = self._state.lists.get(list_id)
        if row is None:
            return None
        return ListView(row.list_id, row.account, row.symbol, row.list_type, row.order_ids, _text(row.client_id), row.placed_ns)

    def order_list_by_client_id(self, account: int, digest: int) -> ListView | None:
        return self.order_list(self._state.list_by_client_id.get((account, digest), 0))

    def open_lists(self, account: int) -> list[ListView]:
        """By rising list id."""
        return [self.order_list(number) for number, row in sorted(self._state.lists.items()) if row.account == account]

    def filters(self, symbol: int) -> dict[Filter, int]:
        """What is set for the symbol; symbol 0: for an account over all of them."""
        return {Filter(number): value for (of, number), value in sorted(self._state.filters.items()) if of == symbol}

    def max_asset(self, asset: int) -> int:
        """Units of the asset in one order at most; 0 = no limit."""
        return self._state.max_asset(asset)

    def uncross(self, symbol: int) -> tuple[int, int]:
        """(price, lots) of the auction as it would end now, (0, 0) where nothing would trade."""
        return auction.uncross(self._state, symbol)

    def depth(self, symbol: int, side: int, limit: int) -> np.ndarray:
        """int64 (n, 2): price in ticks and lots, best first."""
        levels = [(price, level.lots) for price, level in self._state.levels(symbol, side)]
        return np.array(levels[:limit], np.int64).reshape(-1, 2)

    def best(self, symbol: int) -> tuple[int, int, int, int]:
        """(bid price, bid lots, ask price, ask lots); 0 = none."""
        bid, ask = (self._state.best_price(symbol, side) for side in (Side.BUY, Side.SELL))
        return bid, self._state.level_lots(symbol, Side.BUY, bid), ask, self._state.level_lots(symbol, Side.SELL, ask)

    def update_id(self, symbol: int) -> int:
        return self._state.symbols[symbol].last_update_id

    def pending(self, id_hi: int, id_lo: int) -> PendingView | None:
        row = self._state.pending.get((id_hi, id_lo))
        if row is None:
            return None
        return PendingView((row.id_hi, row.id_lo), row.debit, row.credit, row.asset, row.amount, row.expires_ns, row.reason,
                           (row.user_hi, row.user_lo), row.held_ns)  # fmt: skip

    def fees(self, symbol: int, tier: int) -> tuple[int, int]:
        """(maker_ppm, taker_ppm)"""
        return self._state.fees[symbol, tier]

    def conversion(self, account: int, asset: int, amount: int, symbol: int, via_symbol: int = 0) -> ConversionView:
        """What a CONVERT of these terms would do now, without a limit."""
        return convert.view(self._state, convert.query(account, asset, amount, symbol, via_symbol), self.now_ns)

    def order_limits(self) -> tuple[int, int]:
        """(orders per 10 s, per day) that an account may place; 0 = no limit."""
        return self._state.orders_per_10s, self._state.orders_per_day

    def capacity(self, pool: int) -> int:
        return self._state.capacity[pool]

    def used(self, pool: int) -> int:
        state = self._state
        return {
            Pool.ASSETS: len(state.assets), Pool.SYMBOLS: len(state.symbols), Pool.ACCOUNTS: state.last_account,
            Pool.ORDERS: len(state.orders), Pool.PENDING: len(state.pending), Pool.TRANSFER_IDS: len(state.remembered),
            Pool.KEYS: len(state.keys),
        }[Pool(pool)]  # fmt: skip


class _Frame:
    """One admitted frame while it is applied."""

    def __init__(self, state: State, role: int, registers: int) -> None:
        self.state = state
        self.role = role
        self.events: list[bytes] = []
        self.desk = Desk(state, self.emit)
        self.orders = Orders(self.desk)
        self.lists = Lists(self.orders)
        self.ledger = Ledger(state, self.emit, self.orders)
        self.upkeep = Upkeep(self.orders, self.emit)
        self.admin = Admin(state, self.emit, registers)

    def emit(self, index: int, now: int, packer: Callable, **fields: int) -> None:
        self.state.last_seq += 1
        self.events.append(packer(index=index, time_ns=now, seq=self.state.last_seq, **fields))

    def run(self, commands: np.ndarray, frame_time: int) -> tuple[list[int], list[bytes]]:
        self.state.now = max(frame_time, self.state.now + 1)
        self._expire()
        self._drain(-1)
        if self.state.rules_version >= MARGIN_SINCE:
            self.state.now = self.upkeep.run(self.state.now)
        kinds = commands["kind"].tolist()
        codes: list[int] = []
        while len(codes) < len(kinds):
            at = len(codes)
            if self._is_transfer(kinds[at]):
                codes += self._run_chain(commands.view(TRANSFER_COMMAND), kinds, at)
            elif kinds[at] == Kind.PLACE_LIST and self._is_known(Kind.PLACE_LIST):
                codes += self._run_list(commands, kinds, at)
            else:
                codes.append(self._run_one(commands, kinds[at], at))
            self._drain(len(codes) - 1)
        self.state.capacity[:] = self.admin.asked
        return codes, self.events

    def _expire(self) -> None:
        """Whatever is over by now, holds before orders."""
        frame_now = self.state.now
        last, any_expired = self.ledger.expire(frame_now)
        self.state.now = timers.run(self.desk, frame_now, last, is_first=not any_expired)

    def _drain(self, index: int) -> None:
        self.desk.at(index, self.state.now)
        drain(self.desk)

    def _tick(self) -> int:
        self.state.now += 1
        return self.state.now

    def _is_known(self, kind: int) -> bool:
        return kind in _KINDS and self.state.rules_version >= _KIND_SINCE.get(kind, 1)

    def _is_transfer(self, kind: int) -> bool:
        return kind in TRANSFER_KINDS and self._is_known(kind)

    def _run_one(self, commands: np.ndarray, kind: int, at: int) -> int:
        now = self._tick()
        if not self._is_known(kind):
            self.admin.report(kind, Answer(Code.UNKNOWN_KIND), at, now)
            return Code.UNKNOWN_KIND
        if kind in LOAN_KINDS:
            command = TransferCommand(*commands.view(TRANSFER_COMMAND)[at].item())
            return self.ledger.run_loan(Member(command, at, now, _permits(self.role, kind)), self.role)
        if kind in ORDER_KINDS:
            return self.orders.run(order_command(commands[at], self.state.knows_orders), at, now, _permits(self.role, kind))
        command = AdminCommand(*commands.view(ADMIN_COMMAND)[at].item())
        return self.admin.run(command, at, now, _permits(self.role, kind))

    def _run_list(self, commands: np.ndarray, kinds: list[int], at: int) -> list[int]:
        """The list whose head is at `at`, with the legs that are there."""
        parts = [Part(order_command(commands[at], knows_orders=True), at, self._tick())]
        for leg in range(at + 1, at + 1 + LEGS.get(parts[0].command.list_type, 0)):
            if leg >= len(kinds) or kinds[leg] != Kind.PLACE:
                break
            parts.append(Part(order_command(commands[leg], knows_orders=True), leg, self._tick()))
        return self.lists.place(parts, _permits(self.role, Kind.PLACE_LIST))

    def _run_chain(self, commands: np.ndarray, kinds: list[int], at: int) -> list[int]:
        """The chain that starts at `at`: as long as members are linked and the next is a transfer command too."""
        members = []
        while True:
            command = TransferCommand(*commands[at].item())
            members.append(Member(command, at, self._tick(), _permits(self.role, kinds[at])))
            at += 1
            if not command.flags & TransferFlag.LINKED or at == len(kinds) or not self._is_transfer(kinds[at]):
                return self.ledger.run_chain(members, self.role)


def _permits(role: int, kind: int) -> bool:
    if role & Role.OPERATOR or kind == Kind.TICK:
        return True
    return any(role & bit and kind in kinds for bit, kinds in ROLE_KINDS.items())


def _text(raw: bytes) -> str:
    return raw.decode("ascii", "replace")


def _fields(row) -> dict:
    return {name: getattr(row, name) for name in row.__slots__}


# ---------------------------------------------------------------- snapshots

_ROW_TABLES = {
    "assets": rows.Asset, "symbols": rows.Symbol, "accounts": rows.Account, "keys": rows.Key, "orders": rows.Order,
    "pending": rows.Pending, "remembered": rows.Remembered, "origins": rows.Origin, "lists": rows.OrderList,
}  # fmt: skip


def _to_plain(state: State) -> dict:
    """JSON values only; bytes as latin-1 text."""
    plain = {name: getattr(state, name) for name in (*State.COUNTERS, *State.LATER_COUNTERS, "capacity", "skipped")}
    for name in _ROW_TABLES:
        plain[name] = [_plain_row(row) for row in getattr(state, name).values()]
    plain["remembered"] = [_plain_row(state.remembered[key]) for key in state.remembered_order]
    plain["fees"] = [[*key, *ppm] for key, ppm in state.fees.items()]
    plain["margin"] = state.margin.to_plain()
    plain["balances"] = [[*key, row.available, row.held] for key, row in state.balances.items()]
    plain["filters"] = [[*key, value] for key, value in state.filters.items()]
    plain["backlog"] = list(state.backlog)
    plain["waiting"] = [order_id for ladder in state.stops.values() for orders in ladder.values() for order_id in orders]
    plain["tracking"] = [order_id for queue in state.tracking.values() for order_id in queue]
    plain["due"] = [order_id for queue in state.due.values() for order_id in queue]
    return plain


def _plain_row(row) -> list:
    return [value.decode("latin-1") if isinstance(value, bytes) else value for value in _fields(row).values()]


def _from_plain(plain: dict) -> State:
    state = State(plain["capacity"])
    for name in (*State.COUNTERS, *State.LATER_COUNTERS, "skipped"):
        setattr(state, name, plain[name])
    tables = {name: [_full_row(kind, values) for values in plain[name]] for name, kind in _ROW_TABLES.items()}
    state.margin = MarginTables.from_plain(plain["margin"])
    for name in ("assets", "symbols", "accounts", "keys", "origins"):
        for row in tables[name]:
            getattr(state, name).put(getattr(row, row.__slots__[0]), row)
    _restore_orders(state, {row.order_id: row for row in tables["orders"]}, plain)
    for row in tables["lists"]:
        state.add_list(row)
    for row in tables["accounts"]:
        state.set_countdown(row.account, row.countdown_ns)
    state.backlog.extend(plain["backlog"])
    for symbol, number, value in plain["filters"]:
        state.filters.put((symbol, number), value)
    for name in ("pending", "remembered"):
        for row in tables[name]:
            getattr(state, name).put((row.id_hi, row.id_lo), row)
    state.remembered_order.extend((row.id_hi, row.id_lo) for row in tables["remembered"])
    for symbol, tier, maker_ppm, taker_ppm in plain["fees"]:
        state.fees.put((symbol, tier), (maker_ppm, taker_ppm))
    for account, asset, available, held in plain["balances"]:
        state.balances.put((account, asset), rows.Balance(available, held))
    state.account_by_reference = {(row.reference_hi, row.reference_lo): row.account for row in tables["accounts"]}
    state.account_by_reference.pop((0, 0), None)  # margin accounts have none
    state.key_by_reference = {(row.reference_hi, row.reference_lo): row.key for row in tables["keys"]}
    return state


def _restore_orders(state: State, orders: dict[int, rows.Order], plain: dict) -> None:
    """Each order in its place, behind those that were there before it."""
    for order in orders.values():
        state.add(order)
    for order in sorted(orders.values(), key=lambda order: order.priority):
        if order.state == OrderState.RESTING:
            state.put_into_book(order)
    queued = {OrderState.WAITING: plain["waiting"], OrderState.TRACKING: plain["tracking"], OrderState.DUE: plain["due"]}
    for where, queue in queued.items():
        for order_id in queue:
            orders[order_id].state = rows.EXECUTING
            state.enter(orders[order_id], where)


def _full_row(kind: type, values: list):
    texts = {"name", "client_id"}
    named = zip(kind.__slots__, values, strict=True)
    return kind(**{name: value.encode("latin-1") if name in texts else value for name, value in named})
