"""`Machine`: frames in, codes and events out. The only door into the kernels.

Owns the state's tables, the origins that are known, admission of frames, growth at the end of a frame, snapshots. It is a pure function
of the frames it was given (docs/CORE.md): no clock, no chance, no I/O. It applies a frame or raises; after an exception it must not be used
again. Queries answer from memory with plain values.
"""

import json
from typing import NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest, xxh3_128_hexdigest

from engine.kernels import warm
from engine.kernels.appraisal import (
    fee_terms,
    lender_of,
    levels_of,
    loan_of,
    most_borrowable,
    most_transferable,
    pool_rate,
)
from engine.kernels.auction import uncross_now
from engine.kernels.buffers import EventBuffer
from engine.kernels.convert import plan_conversion
from engine.kernels.frame import BEGIN, Frames
from engine.kernels.growth import grow_pools, make_room
from engine.kernels.hashed import NOWHERE
from engine.kernels.image import read_image, write_image
from engine.kernels.queries import depth, indexed_row, list_row, order_row, slot_of
from engine.kernels.stages import READY
from engine.kernels.state import LADDERS, LEG, LISTED, create, table
from engine.kernels.statehash import state_hash
from engine.kernels.validate import INVARIANTS, SOUND, first_broken
from engine.types import (
    ADMIN_COMMAND,
    COLLATERAL_TIERS,
    FEE_TIERS,
    FILTERS,
    FIRST_CUSTOMER,
    INITIAL_CAPACITY,
    ORDER_COMMAND,
    ORDER_EVENT,
    ORIGINS_KEPT,
    PPM,
    ROLE_KINDS,
    SOURCES_MAX,
    TRANSFER_COMMAND,
    Code,
    Filter,
    Kind,
    ListType,
    OrderState,
    Pool,
    Role,
    Side,
)
from engine.views import (
    AccountView,
    Applied,
    AssetView,
    ConversionView,
    FeeAccountView,
    IndexView,
    KeyView,
    LevelView,
    ListView,
    LoanView,
    MarginAssetView,
    MarginSetup,
    MarginView,
    OrderView,
    PendingView,
    PoolView,
    ReplicaStopped,
    SourceView,
    SymbolView,
)

_WORD = 2**64
_TEN_SECONDS_NS = 10 * 10**9
_DAY_NS = 86_400 * 10**9
_ORDER_FIELDS = OrderView._fields[: OrderView._fields.index("client_id")]
_TERMS = ("iceberg_lots", "stop_price_ticks", "trailing_bps", "peg", "peg_offset", "side_effect", "expires_ns")


# What counts the rows of each pool.
_USED = {
    Pool.ASSETS: "last_asset", Pool.SYMBOLS: "last_symbol", Pool.ACCOUNTS: "last_account", Pool.ORDERS: "orders_open",
    Pool.PENDING: "pending_count", Pool.TRANSFER_IDS: "transfers_count", Pool.KEYS: "last_key",
}  # fmt: skip


class Origin(NamedTuple):
    """A process that sends frames: its role and its last frame."""

    role: int
    number: int
    position: int
    digest: str  # of the last frame's commands


class AtHand:
    """The fields of the VENUE record that every frame reads or writes, each as an array of one: by name it would take ten times as long."""

    __slots__ = (
        "custody",
        "events",
        "growing",
        "ledger",
        "now",
        "opened",
        "permitted",
        "position",
        "registering",
        "stage",
        "unknown_rules",
    )

    def __init__(self, venue: np.ndarray) -> None:
        for name in self.__slots__:
            setattr(self, name, venue[name])


def permitted_kinds(role: int) -> int:
    """The kinds a role may send, as bits of a word."""
    kinds = {Kind.TICK, Kind.REGISTER_ORIGIN}
    if role & Role.OPERATOR:
        kinds |= set(Kind)
    for bit, allowed in ROLE_KINDS.items():
        if role & bit:
            kinds |= set(allowed)
    return sum(1 << kind for kind in kinds)


class Machine:
    """The whole core. `capacity` (by Pool) is INITIAL_CAPACITY except in tests that want full pools soon."""

    def __init__(self, capacity: tuple[int, ...] = INITIAL_CAPACITY) -> None:
        warm()
        self._state = create(capacity)
        self._venue = self._state.venue[0]
        self._at_hand = AtHand(self._state.venue)
        self._origins: dict[int, Origin] = {}
        # by role: the kinds it may send, whether it may debit the gateway, whether it may move money from anybody to anybody
        self._may: dict[int, tuple[int, bool, bool]] = {}
        self._events = EventBuffer()
        self._frames = Frames(self._state, self._events.out)
        self.event_hash = 0  # of all event bytes so far, frame by frame
        self.skipped: dict[str, int] = {}  # frames by the reason why they were not applied

    # ------------------------------------------------------------ frames

    def apply(self, header: np.void, commands: np.ndarray) -> Applied:
        """Applies one frame.

        `header`: a FRAME_HEADER record; `commands`: an array of its `count` 128-byte records. Raises ReplicaStopped where no replica may go
        on, AssertionError where the frame is not the next one.
        """
        _, _, _, count, origin, number, origin_time_ns, position, time_ns, *_ = header.item()
        venue = self._at_hand
        if position != venue.position.item() + 1:
            raise AssertionError(f"frame {position} after {venue.position.item()}")
        if count != len(commands):
            raise AssertionError(f"frame {position} has {len(commands)} commands, its header says {count}")
        if not commands.flags.c_contiguous or not commands.flags.writeable:  # kernels are compiled for one kind of array
            commands = np.frombuffer(bytearray(commands.tobytes()), ORDER_COMMAND)  # a NumPy copy would lose the bytes between the fields
        if commands.dtype is not ORDER_COMMAND:
            commands = commands.view(ORDER_COMMAND)
        digest = xxh3_128_hexdigest(commands)
        skipped = self._skips(origin, number, digest, commands)
        venue.position[0] = position
        if skipped:
            self.skipped[skipped] = self.skipped.get(skipped, 0) + 1
            return Applied(position, self.now_ns, origin, number, commands, np.zeros(0, np.int16), np.zeros(0, ORDER_EVENT), skipped)
        self._admit(position, origin, number, digest, commands)
        venue.now[0] = max(time_ns if venue.opened.item() else origin_time_ns, venue.now.item() + 1)
        codes, events = self._run(commands)
        if venue.unknown_rules.item():
            raise ReplicaStopped(f"frame {position} asks for rules that this version does not know")
        return Applied(position, venue.now.item(), origin, number, commands, codes, events)

    def _skips(self, origin: int, number: int, digest: str, commands: np.ndarray) -> str:
        """Why the frame is not to be applied, or ""."""
        known = self._origins.get(origin)
        if known is None:
            first = commands[:1].view(ADMIN_COMMAND)
            registers = number == 1 and len(first) and first["kind"][0] == Kind.REGISTER_ORIGIN and first["role"][0] != 0
            return "" if registers else "unknown origin"
        if number == known.number and digest != known.digest:
            raise ReplicaStopped(f"frame {number} of origin {origin} came twice with different commands")
        if number <= known.number:
            return "duplicate"
        return "gap" if number > known.number + 1 else ""

    def _admit(self, position: int, origin: int, number: int, digest: str, commands: np.ndarray) -> None:
        """Notes the frame with its origin, and what its role may do."""
        known = self._origins.get(origin)
        if known is None and len(self._origins) == ORIGINS_KEPT:
            del self._origins[min(self._origins, key=lambda kept: self._origins[kept].position)]
        role = known.role if known else int(commands[:1].view(ADMIN_COMMAND)["role"][0])
        self._origins[origin] = Origin(role, number, position, digest)
        if role not in self._may:
            ledger = Role.LEDGER | Role.CUSTODY | Role.OPERATOR
            self._may[role] = permitted_kinds(role), bool(role & (Role.CUSTODY | Role.OPERATOR)), bool(role & ledger)
        venue = self._at_hand
        venue.permitted[0], venue.custody[0], venue.ledger[0] = self._may[role]
        venue.registering[0] = known is None

    def _run(self, commands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Expiries and commands; the kernels return for more room as often as they need it, mostly never."""
        codes = np.zeros(len(commands), np.int16)
        venue = self._at_hand
        at = BEGIN
        parts = []
        while True:
            venue.events[0] = self._events.place()
            at = self._bound().run(commands, codes, at)
            parts.append(self._events.take(venue.events.item()))
            if at == len(commands) and venue.stage.item() == READY:
                break
            self._state = make_room(self._state)
        venue.events[0] = 0
        words = parts[0] if len(parts) == 1 else np.concatenate(parts)
        self.event_hash = xxh3_64_intdigest(words, self.event_hash)
        if venue.growing.item():
            self._state = grow_pools(self._state)
            venue.growing[0] = 0
        return codes, words.view(ORDER_EVENT)

    def _bound(self) -> Frames:
        """The tables, ready for the kernels; growth, a restore and a full buffer put others in their place."""
        if self._frames.state is not self._state or self._frames.out is not self._events.out:
            self._frames = Frames(self._state, self._events.out)
        return self._frames

    # ------------------------------------------------------------ the state as a whole

    def state_hash(self) -> int:
        """The hash of docs/CORE.md section 7, 0 … 2^64 − 1."""
        rows = [(origin, known.role, known.number, known.position) for origin, known in self._origins.items()]
        return state_hash(self._state, np.array(rows, np.int64).reshape(-1, 4)) % _WORD

    def validate(self) -> str:
        """ "" where every invariant of docs/CORE.md section 8 holds, else the first broken one: "NAME: detail"."""
        which, what = first_broken(self._state)
        if which == SOUND:
            return ""
        name, detail = INVARIANTS[which]
        return f"{name}: {detail}: {what}"

    def snapshot(self) -> bytes:
        """The machine as bytes, from which `restore` makes an equal one."""
        outside = {"origins": self._origins, "event_hash": self.event_hash, "skipped": self.skipped}
        return write_image(self._state, json.dumps(outside).encode())

    @classmethod
    def restore(cls, snapshot: bytes) -> "Machine":
        """A machine equal to the one that took the snapshot. Raises ValueError where the bytes are damaged or of another layout."""
        machine = cls((2,) * 7)
        machine._state, attachment = read_image(snapshot)
        machine._venue = machine._state.venue[0]
        machine._at_hand = AtHand(machine._state.venue)
        outside = json.loads(attachment)
        machine._origins = {int(origin): Origin(*known) for origin, known in outside["origins"].items()}
        machine.event_hash = outside["event_hash"]
        machine.skipped = outside["skipped"]
        return machine

    # ------------------------------------------------------------ queries

    @property
    def position(self) -> int:
        return int(self._venue["position"])

    @property
    def now_ns(self) -> int:
        return int(self._venue["now"])

    @property
    def rules_version(self) -> int:
        return int(self._venue["rules_version"])

    @property
    def opened(self) -> bool:
        return bool(self._venue["opened"])

    @property
    def event_seq(self) -> int:
        return int(self._venue["seq"])

    def asset(self, asset: int) -> AssetView | None:
        if not 0 < asset <= self._venue["last_asset"]:
            return None
        row = self._state.registry.assets[asset]
        return AssetView(asset, _name(row), int(row["scale"]))

    def assets(self) -> list[AssetView]:
        return [self.asset(number) for number in range(1, int(self._venue["last_asset"]) + 1)]

    def symbol(self, symbol: int) -> SymbolView | None:
        if not 0 < symbol <= self._venue["last_symbol"]:
            return None
        row = self._state.registry.symbols[symbol]
        return SymbolView(symbol, _name(row), *(int(row[name]) for name in SymbolView._fields[2:]))

    def symbols(self) -> list[SymbolView]:
        return [self.symbol(number) for number in range(1, int(self._venue["last_symbol"]) + 1)]

    def account(self, account: int) -> AccountView | None:
        """A customer's account."""
        if not self._is_customer(account):
            return None
        row = self._state.registry.accounts[account]
        orders_10s = int(row["window_count"]) if row["window_number"] == self.now_ns // _TEN_SECONDS_NS else 0
        orders_day = int(row["day_count"]) if row["day_number"] == self.now_ns // _DAY_NS else 0
        reference = int(row["reference_hi"]), int(row["reference_lo"])
        status, tier, opened_ns, group, countdown_ns = (int(row[name]) for name in ("status", "tier", "opened_ns", "group", "countdown_ns"))
        return AccountView(account, reference, status, tier, opened_ns, orders_10s, orders_day, group, countdown_ns)

    def find_account(self, reference_hi: int, reference_lo: int) -> int:
        """The account with this reference, 0 where there is none."""
        if reference_hi == 0 and reference_lo == 0:
            return 0
        return indexed_row(self._state.registry.account_references, reference_hi, reference_lo)

    def key(self, key: int) -> KeyView | None:
        if not 0 < key <= self._venue["last_key"]:
            return None
        row = self._state.registry.keys[key]
        return KeyView(key, int(row["account"]), int(row["scopes"]))

    def balance(self, account: int, asset: int) -> tuple[int, int]:
        """(available, held)"""
        balances = self._state.ledger.balances
        slot = slot_of(balances, account, asset) if account > 0 else NOWHERE
        return balances[slot].item()[2:] if slot != NOWHERE else (0, 0)

    def balances(self, account: int) -> list[tuple[int, int, int]]:
        """(asset, available, held) of every asset of which the account has any."""
        every = ((asset, *self.balance(account, asset)) for asset in range(1, int(self._venue["last_asset"]) + 1))
        return [row for row in every if row[1] or row[2]]

    def order(self, order_id: int) -> OrderView | None:
        """An open order."""
        row = order_row(self._state.book, order_id) if order_id > 0 else 0
        return self._order_view(row) if row else None

    def order_by_client_id(self, account: int, digest: int) -> OrderView | None:
        """The account's open order with this client id (`engine.commands.client_id_digest`)."""
        row = indexed_row(self._state.book.client_ids, account, digest) if account > 0 and digest else 0
        return self._order_view(row) if row else None

    def open_orders(self, account: int, symbol: int = 0) -> list[OrderView]:
        """By rising order id; symbol 0 means all."""
        symbols = [symbol] if symbol else range(1, int(self._venue["last_symbol"]) + 1)
        return sorted(order for one in symbols for order in self._open_orders_on(account, one))

    def _open_orders_on(self, account: int, symbol: int) -> list[OrderView]:
        book = self._state.book
        slot = slot_of(book.rosters, account, symbol) if account > 0 else NOWHERE
        row = int(book.rosters[slot]["head"]) if slot != NOWHERE else 0
        found = []
        while row:
            found.append(self._order_view(row))
            row = int(book.orders[row]["roster_next"])
        return found

    def _order_view(self, row: int) -> OrderView:
        book = self._state.book
        order = book.orders[row]
        client_id = _client_id(book.names[row]) if order["named"] else ""
        values = (int(order[name]) for name in _ORDER_FIELDS)
        view = OrderView(*values, client_id, int(order["placed_ns"]), int(order["updated_ns"]), prevented_lots=int(order["prevented_lots"]))
        special = int(order["special"])
        if not special:
            return view
        state = int(order["state"])
        return view._replace(
            **{name: int(order[name]) for name in _TERMS},
            extreme_ticks=int(order["extreme_ticks"]) if state == OrderState.TRACKING else 0,
            state=state,
            list_id=int(book.lists[order["list"]]["list_id"]) if special & LISTED else 0,
        )

    def order_list(self, list_id: int) -> ListView | None:
        """An order list with an open order."""
        row = list_row(self._state.book, list_id) if list_id > 0 else 0
        return self._list_view(row) if row else None

    def order_list_by_client_id(self, account: int, digest: int) -> ListView | None:
        """The account's list with an open order and this client id (`engine.commands.client_id_digest`)."""
        row = indexed_row(self._state.book.list_names, account, digest) if account > 0 and digest else 0
        return self._list_view(row) if row else None

    def open_lists(self, account: int) -> list[ListView]:
        """The account's lists with an open order, by rising list id."""
        ids = {order.list_id for order in self.open_orders(account)} - {0}
        return [self.order_list(list_id) for list_id in sorted(ids)]

    def _list_view(self, row: int) -> ListView:
        listed = self._state.book.lists[row]
        ids = tuple(int(listed[f"order_{leg}"]) for leg in range(3))
        account, symbol, list_type = int(listed["account"]), int(listed["symbol"]), int(listed["list_type"])
        legs = ids if list_type == ListType.OTOCO else ids[:2]
        return ListView(int(listed["list_id"]), account, symbol, list_type, legs, _client_id(listed), int(listed["placed_ns"]))

    def depth(self, symbol: int, side: int, limit: int) -> np.ndarray:
        """int64 (n, 2): price in ticks and lots, best first."""
        count = int(self._state.book.ladders[symbol * LADDERS + side]["count"])
        levels = np.empty((min(limit, count), 2), np.int64)
        return levels[: depth(self._state.book, symbol, int(side), levels)]

    def uncross(self, symbol: int) -> tuple[int, int]:
        """(price, lots) of the symbol's auction, were it to end now; (0, 0) where nothing would trade."""
        return uncross_now(self._state, symbol) if 0 < symbol <= self._venue["last_symbol"] else (0, 0)

    def best(self, symbol: int) -> tuple[int, int, int, int]:
        """(bid price, bid lots, ask price, ask lots); 0 = none."""
        return *self._best_level(symbol, Side.BUY), *self._best_level(symbol, Side.SELL)

    def _best_level(self, symbol: int, side: int) -> tuple[int, int]:
        book = self._state.book
        level = book.levels[book.ladders[symbol * LADDERS + side]["best"]]  # level 0 is all zero
        return int(level["price_ticks"]), int(level["lots"])

    def update_id(self, symbol: int) -> int:
        return int(self._state.registry.symbols[symbol]["last_update_id"])

    def pending(self, id_hi: int, id_lo: int) -> PendingView | None:
        """A transfer that is held and neither captured, released nor expired."""
        row = indexed_row(self._state.ledger.pending_ids, id_hi, id_lo) if id_hi > 0 else 0
        if not row:
            return None
        hi, lo, debit, credit, asset, reason, amount, expires_ns, user_hi, user_lo, held_ns, *_ = self._state.ledger.pending[row].item()
        return PendingView((hi, lo), debit, credit, asset, amount, expires_ns, reason, (user_hi, user_lo), held_ns)

    def conversion(self, account: int, asset: int, amount: int, symbol: int, via_symbol: int = 0) -> ConversionView:
        """What a CONVERT of these fields would do now, whatever it cost. Raises OverflowError where a number does not fit its field."""
        command = np.zeros(1, TRANSFER_COMMAND)
        given = {"debit": account, "asset": asset, "amount": amount, "most": 1, "symbol": symbol, "via_symbol": via_symbol}
        for name, value in given.items():
            command[name] = value
        legs = table(LEG, 2)
        code = plan_conversion(self._state, command, legs)
        if code != Code.OK:
            return ConversionView(code, 0, 0)
        return ConversionView(code, int(legs["cost"][0]), int(legs["received"][1 if via_symbol else 0]))

    def fees(self, symbol: int, tier: int) -> tuple[int, int]:
        """(maker_ppm, taker_ppm)"""
        return self._state.registry.fees[symbol * FEE_TIERS + tier].item()

    def filters(self, symbol: int = 0) -> dict[Filter, int]:
        """The filters that are set for a symbol; 0: for the whole exchange."""
        if not 0 <= symbol <= self._venue["last_symbol"]:
            return {}
        values = self._state.registry.filters[symbol * FILTERS : (symbol + 1) * FILTERS]
        return {Filter(int(place)): int(values[place]) for place in np.flatnonzero(values)}

    def max_asset(self, asset: int) -> int:
        """How many units of the asset one order may be about; 0 = no limit."""
        return int(self._state.registry.assets[asset]["max_order"]) if 0 < asset <= self._venue["last_asset"] else 0

    # ------------------------------------------------------------ margin and fees by volume (docs/MARGIN.md)

    def margin_setup(self) -> MarginSetup | None:
        """None before the first SET_MARGIN."""
        row = self._state.margin.setup[0]
        return MarginSetup(*(int(row[name]) for name in MarginSetup._fields)) if row["numeraire"] else None

    def margin_assets(self) -> list[MarginAssetView]:
        """By rising asset."""
        return [self._margin_asset(row) for row in self._rising_pools()]

    def _margin_asset(self, row: int) -> MarginAssetView:
        pool = self._state.margin.pools[row]
        values = (int(pool[name]) for name in MarginAssetView._fields[3:])
        return MarginAssetView(int(pool["asset"]), int(pool["symbol"]), bool(pool["status"]), *values)

    def _rising_pools(self) -> list[int]:
        margin = self._state.margin
        return margin.rising[: int(margin.setup[0]["assets"])].tolist()

    def _pool_row(self, asset: int) -> int:
        """Where a margin asset's pool is, 0 for any other asset."""
        return int(self._state.registry.assets[asset]["pool"]) if 0 < asset <= self._venue["last_asset"] else 0

    def pool(self, asset: int) -> PoolView | None:
        row = self._pool_row(asset)
        if not row:
            return None
        pool = self._state.margin.pools[row]
        return PoolView(asset, *(int(pool[name]) for name in ("lent", "borrowed", "free", "shares")), pool_rate(self._state, row))

    def index(self, asset: int) -> IndexView | None:
        """What a margin asset is worth, and who says what of it."""
        row = self._pool_row(asset)
        if not row:
            return None
        margin, now = self._state.margin, self.now_ns
        staleness = int(margin.setup[0]["staleness_ns"])
        places = margin.sources[row * (SOURCES_MAX + 1) : (row + 1) * (SOURCES_MAX + 1)].tolist()
        sources = (SourceView(number, price, at, now - at <= staleness) for number, (price, at) in enumerate(places) if price)
        pool = margin.pools[row]
        return IndexView(asset, int(pool["price"]), int(pool["price_scale"]), bool(pool["frozen"]), tuple(sources))

    def collateral_tiers(self, asset: int) -> list[tuple[int, int]]:
        """(limit, ratio_ppm), rising."""
        row = self._pool_row(asset)
        first = row * COLLATERAL_TIERS
        return self._state.margin.collateral[first : first + int(self._state.margin.pools[row]["tiers"])].tolist()

    def _margin_row(self, account: int) -> int:
        """Where a margin account's row is, 0 for any other account."""
        return int(self._state.registry.accounts[account]["margin"]) if self._is_customer(account) else 0

    def margin_account(self, owner: int, symbol: int = 0) -> int:
        """The owner's margin account: cross (symbol 0) or isolated; 0 where there is none."""
        row = indexed_row(self._state.margin.account_index, owner, symbol) if owner > 0 else 0
        return int(self._state.margin.accounts[row]["account"])

    def margin_accounts(self, owner: int) -> list[int]:
        """Rising."""
        row = int(self._state.registry.accounts[owner]["margins"]) if self._is_customer(owner) else 0
        found = []
        while row:
            found.append(int(self._state.margin.accounts[row]["account"]))
            row = int(self._state.margin.accounts[row]["next"])
        return found[::-1]

    def margin(self, account: int) -> MarginView | None:
        row = self._margin_row(account)
        if not row:
            return None
        return MarginView(*(int(self._state.margin.accounts[row][name]) for name in MarginView._fields))

    def owner(self, account: int) -> int:
        """Whose a margin account is; any other account is its own."""
        row = self._margin_row(account)
        return int(self._state.margin.accounts[row]["owner"]) if row else account

    def loans(self, account: int) -> list[LoanView]:
        """By rising asset, interest at the present hour."""
        pools = self._state.margin.pools
        every = (LoanView(int(pools[row]["asset"]), *loan_of(self._state, account, row)) for row in self._rising_pools())
        return [loan for loan in every if loan.principal or loan.interest]

    def lender(self, account: int, asset: int) -> tuple[int, int]:
        """(shares in the asset's pool, what they would pay now)"""
        row = self._pool_row(asset)
        return lender_of(self._state, account, row) if row else (0, 0)

    def level(self, account: int) -> LevelView | None:
        row = self._margin_row(account)
        return LevelView(*levels_of(self._state, row)) if row else None

    def watches(self, account: int) -> list[tuple[int, int, int]]:
        """(asset, direction, price) that a margin account waits for, by asset."""
        margin = self._state.margin
        row = int(margin.accounts[self._margin_row(account)]["watches"])
        found = []
        while row:
            watch = margin.watches[row]
            place, direction = divmod(int(watch["heap"]), 2)
            price = int(watch["key"]) if direction else -int(watch["key"])
            found.append((int(margin.pools[place]["asset"]), direction, price))
            row = int(watch["next"])
        return sorted(found)

    def max_borrowable(self, account: int, asset: int) -> int:
        row = self._margin_row(account)
        return most_borrowable(self._state, row, asset) if row and self._pool_row(asset) else 0

    def max_transferable(self, account: int, asset: int) -> int:
        """What of an asset may be transferred out of a margin account."""
        row = self._margin_row(account)
        return most_transferable(self._state, row, asset) if row and self._pool_row(asset) else 0

    def liquidation_price(self, account: int) -> int:
        """The price in ticks at which an isolated account's level comes to the liquidation threshold; 0 where there is none."""
        margin = self.margin(account)
        if not margin or not margin.symbol or not (loans := self.loans(account)):
            return 0
        symbol = self.symbol(margin.symbol)
        if not all(self.index(asset).price for asset in (symbol.base, symbol.quote)):
            return 0
        owed = {loan.asset: loan.principal + loan.interest for loan in loans}
        threshold = self.margin_setup().liquidation_ppm
        base, quote = (PPM * sum(self.balance(account, asset)) - threshold * owed.get(asset, 0) for asset in (symbol.base, symbol.quote))
        if not base:
            return 0
        return max(0, -quote * symbol.lot_units // (base * symbol.tick_lot_units))

    def fee_account(self, account: int) -> FeeAccountView | None:
        """By what the account's owner pays its fees."""
        if not self._is_customer(account):
            return None
        owner = self.owner(account)
        row = self._state.registry.accounts[owner]
        return FeeAccountView(owner, bool(row["pinned"]), bool(row["discount"]), *fee_terms(self._state, owner))

    def fee_tiers(self) -> dict[int, int]:
        """{tier: the volume from which it applies}"""
        return {tier: volume for tier, volume in enumerate(self._state.margin.thresholds.tolist()) if volume}

    def discount(self) -> tuple[int, int]:
        """(the asset in which fees are cheaper, by how many ppm); (0, 0) where there is none."""
        setup = self._state.margin.setup[0]
        return (int(setup["discount_asset"]), int(setup["discount_ppm"])) if setup["discount_asset"] else (0, 0)

    def order_limits(self) -> tuple[int, int]:
        """(orders per 10 s, per day) that an account may place; 0 = no limit."""
        return int(self._venue["limit_10s"]), int(self._venue["limit_day"])

    def capacity(self, pool: int) -> int:
        return int(self._state.registry.capacity[pool])

    def used(self, pool: int) -> int:
        """How much of the pool's capacity is taken."""
        return int(self._venue[_USED[pool]])

    def _is_customer(self, account: int) -> bool:
        return FIRST_CUSTOMER <= account <= self._venue["last_account"]


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("ascii", "replace")


def _client_id(row: np.void) -> str:
    return _text(b"".join(int(row[f"client_{word}"]).to_bytes(8, "little", signed=True) for word in range(5)))


def _name(row: np.void) -> str:
    return _text(b"".join(int(row[f"name_{word}"]).to_bytes(8, "little", signed=True) for word in range(3)))
