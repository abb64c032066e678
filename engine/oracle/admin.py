"""Administration commands: docs/CORE.md section 2.

Owns assets, symbols, accounts, keys, fees, statuses, limits and capacities. Capacities that were asked for wait in `asked`
until the frame is over.
"""

from collections.abc import Callable

from engine.oracle.auction import begin, is_crossed
from engine.oracle.levels import is_margin
from engine.oracle.margin import Answer, MarginAdmin, pin_tier
from engine.oracle.records import AdminCommand, admin_event
from engine.oracle.state import MARGIN_SINCE, Account, Asset, Key, State, Symbol
from engine.oracle.triggers import settle
from engine.types import (
    AMOUNT_MAX,
    ASSET_SCALE_MAX,
    CAPACITY_MAX,
    FEE_TIERS,
    PPM,
    RULES_FIRST,
    RULES_VERSION,
    STEPS_MAX,
    TIER_AUTOMATIC,
    AccountStatus,
    Code,
    EventKind,
    Filter,
    KeyScope,
    Kind,
    Pool,
    SymbolStatus,
)
from engine.views import ReplicaStopped

_ALL_SCOPES = sum(KeyScope)
_FIRST_STATUSES = {SymbolStatus.TRADING, SymbolStatus.CANCEL_ONLY}


class Admin:
    """The admin commands of one frame; `emit` takes (index, time, packer, event fields)."""

    def __init__(self, state: State, emit: Callable, registers: int) -> None:
        """`registers` is the role that command 0 registers, or 0 where this is not an origin's first frame."""
        self.state = state
        self.asked = list(state.capacity)
        self._emit = emit
        self._registers = registers
        self._margin = MarginAdmin(state, emit)

    def run(self, command: AdminCommand, index: int, now: int, permitted: bool) -> Code:
        if command.kind == Kind.REGISTER_ORIGIN:
            role = self._registers if index == 0 else 0
            answer = Answer(value=role) if role else Answer(Code.INVALID_ARGUMENT)
        elif not permitted:
            answer = _refusal(command, Code.NOT_PERMITTED)
        elif command.valid_until_ns and command.valid_until_ns < now:
            answer = _refusal(command, Code.STALE)
        else:
            answer = self._answer(command, now)
        self.report(command.kind, answer, index, now)
        if answer.code == Code.OK:
            self._margin.follow_up(command, index, now)
        return answer.code

    def report(self, kind: int, answer: Answer, index: int, now: int) -> None:
        event = EventKind.ADMIN if answer.code == Code.OK else EventKind.ADMIN_REJECTED
        self._emit(index, now, admin_event, kind=event, command=kind, **answer._asdict())

    def _answer(self, command: AdminCommand, now: int) -> Answer:
        if self._margin.owns(command.kind):
            return self._margin.answer(command, now)
        match Kind(command.kind):
            case Kind.TICK:
                return Answer()
            case Kind.OPEN:
                return self._open(command)
            case Kind.SET_RULES:
                return self._set_rules(command)
            case Kind.GROW:
                return self._grow(command)
            case Kind.ADD_ASSET:
                return self._add_asset(command)
            case Kind.ADD_SYMBOL:
                return self._add_symbol(command)
            case Kind.SET_SYMBOL_STATUS:
                return self._set_symbol_status(command, now)
            case Kind.OPEN_ACCOUNT:
                return self._open_account(command, now)
            case Kind.SET_ACCOUNT_STATUS:
                return self._set_account_status(command)
            case Kind.SET_ACCOUNT_TIER:
                return self._set_account_tier(command, now)
            case Kind.SET_FEES:
                return self._set_fees(command)
            case Kind.ADD_KEY:
                return self._add_key(command)
            case Kind.SET_KEY:
                return self._set_key(command)
            case Kind.SET_ORDER_LIMITS:
                return self._set_order_limits(command)
            case Kind.SET_FILTER:
                return self._set_filter(command)
            case Kind.SET_GROUP:
                return self._set_group(command)
        raise AssertionError("no other kind is an administration command")

    # ------------------------------------------------------------ the machine itself

    def _open(self, command: AdminCommand) -> Answer:
        if self.state.opened:
            return _refusal(command, Code.ALREADY_OPEN)
        self.state.opened = 1
        return Answer()

    def _set_rules(self, command: AdminCommand) -> Answer:
        if not RULES_FIRST <= command.value <= RULES_VERSION:
            raise ReplicaStopped(f"rules version {command.value} is not known here, only {RULES_FIRST} to {RULES_VERSION}")
        if command.value < self.state.rules_version:
            return _refusal(command, Code.INVALID_ARGUMENT)
        self.state.set_rules(command.value)
        return Answer(value=command.value)

    def _grow(self, command: AdminCommand) -> Answer:
        pool, value = command.pool, command.value
        if pool not in set(Pool) or value < 1 or value & (value - 1) or not self.asked[pool] < value <= CAPACITY_MAX[pool]:
            return _refusal(command, Code.INVALID_ARGUMENT)
        self.asked[pool] = value
        return Answer(value=value)

    def _set_order_limits(self, command: AdminCommand) -> Answer:
        if command.value < 0 or command.value2 < 0:
            return _refusal(command, Code.INVALID_ARGUMENT)
        self.state.orders_per_10s, self.state.orders_per_day = command.value, command.value2
        return Answer(value=command.value)

    # ------------------------------------------------------------ listing

    def _add_asset(self, command: AdminCommand) -> Answer:
        assets = self.state.assets
        if not command.name or command.scale > ASSET_SCALE_MAX:
            return _refusal(command, Code.INVALID_ARGUMENT)
        present = _named(assets, command.name)
        if present:
            return _refusal(command, Code.ALREADY_EXISTS)._replace(asset=present)
        if len(assets) >= self.state.capacity[Pool.ASSETS]:
            return _refusal(command, Code.POOL_FULL)
        asset = len(assets) + 1
        assets.put(asset, Asset(asset, command.name, command.scale))
        return Answer(asset=asset, value=command.scale)

    def _add_symbol(self, command: AdminCommand) -> Answer:
        symbols = self.state.symbols
        if not self._is_valid_listing(command):
            return _refusal(command, Code.INVALID_ARGUMENT)
        present = _named(symbols, command.name)
        if present:
            return _refusal(command, Code.ALREADY_EXISTS)._replace(symbol=present)
        if len(symbols) >= self.state.capacity[Pool.SYMBOLS]:
            return _refusal(command, Code.POOL_FULL)
        symbol = len(symbols) + 1
        row = Symbol(
            symbol, command.name, command.base, command.quote, lot_units=command.value, tick_lot_units=command.value2,
            max_price_ticks=command.max_price_ticks, max_quantity_lots=command.max_quantity_lots,
            max_market_lots=command.max_market_lots, min_notional=command.min_notional, max_orders=command.max_orders,
            status=SymbolStatus.TRADING,
        )  # fmt: skip
        symbols.put(symbol, row)
        for tier in range(FEE_TIERS):
            self.state.fees.put((symbol, tier), (command.maker_ppm, command.taker_ppm))
        return Answer(symbol=symbol, asset=command.base)

    def _is_valid_listing(self, command: AdminCommand) -> bool:
        assets, lot_units, tick_lot_units = self.state.assets, command.value, command.value2
        sizes = (lot_units, tick_lot_units, command.max_price_ticks, command.max_quantity_lots, command.max_market_lots)
        return (
            command.name != b""
            and command.base in assets
            and command.quote in assets
            and command.base != command.quote
            and min(sizes) >= 1
            and command.max_market_lots <= command.max_quantity_lots
            and 0 <= command.min_notional <= AMOUNT_MAX
            and 1 <= command.max_orders <= STEPS_MAX
            and self._are_fees(command)
            and command.max_price_ticks * command.max_quantity_lots * tick_lot_units <= AMOUNT_MAX
            and command.max_quantity_lots * lot_units <= AMOUNT_MAX
        )

    def _are_fees(self, command: AdminCommand) -> bool:
        lowest_ppm = -PPM if self.state.rules_version >= MARGIN_SINCE else 0  # a rebate
        return lowest_ppm <= command.maker_ppm <= PPM and 0 <= command.taker_ppm <= PPM

    def _set_symbol_status(self, command: AdminCommand, now: int) -> Answer:
        row = self.state.symbols.get(command.symbol)
        if row is None:
            return _refusal(command, Code.UNKNOWN_SYMBOL)
        if command.status not in (set(SymbolStatus) if self.state.knows_orders else _FIRST_STATUSES):
            return _refusal(command, Code.INVALID_ARGUMENT)
        is_auction, was_auction = command.status == SymbolStatus.AUCTION, row.status == SymbolStatus.AUCTION
        if row.uncross_ticks or (is_auction and was_auction):
            return _refusal(command, Code.INVALID_ARGUMENT)
        crossed = was_auction and is_crossed(self.state, command.symbol)
        if crossed and command.status != SymbolStatus.TRADING:
            return _refusal(command, Code.INVALID_ARGUMENT)
        if crossed:
            begin(self.state, command.symbol)
        else:
            if command.status == SymbolStatus.TRADING and row.status != SymbolStatus.TRADING:
                row.resumed_ns = now
            row.status = command.status
        self.state.symbols.touch(command.symbol)
        settle(self.state, command.symbol)
        return Answer(symbol=command.symbol, value=command.status)

    def _set_fees(self, command: AdminCommand) -> Answer:
        if command.symbol not in self.state.symbols:
            return _refusal(command, Code.UNKNOWN_SYMBOL)
        if command.tier >= FEE_TIERS or not self._are_fees(command):
            return _refusal(command, Code.INVALID_ARGUMENT)
        self.state.fees.put((command.symbol, command.tier), (command.maker_ppm, command.taker_ppm))
        return Answer(symbol=command.symbol, value=command.tier)

    def _set_filter(self, command: AdminCommand) -> Answer:
        state, of_asset = self.state, command.filter == Filter.MAX_ASSET
        if command.filter not in set(Filter):
            return _refusal(command, Code.INVALID_ARGUMENT)
        if of_asset and command.base not in state.assets:
            return _refusal(command, Code.UNKNOWN_ASSET)
        if not of_asset and command.filter >= Filter.EXCHANGE_MAX_ORDERS and command.symbol != 0:
            return _refusal(command, Code.INVALID_ARGUMENT)
        if command.filter < Filter.EXCHANGE_MAX_ORDERS and command.symbol not in state.symbols:
            return _refusal(command, Code.UNKNOWN_SYMBOL)
        if not 0 <= command.value <= AMOUNT_MAX:
            return _refusal(command, Code.INVALID_ARGUMENT)
        key = (-command.base if of_asset else command.symbol, command.filter)
        if command.value:
            state.filters.put(key, command.value)
        elif key in state.filters:
            state.filters.drop(key)
        return _refusal(command, Code.OK)._replace(value=command.value)

    # ------------------------------------------------------------ accounts and keys

    def _open_account(self, command: AdminCommand, now: int) -> Answer:
        state, reference = self.state, (command.reference_hi, command.reference_lo)
        if reference == (0, 0):
            return _refusal(command, Code.INVALID_ARGUMENT)
        if reference in state.account_by_reference:
            return _refusal(command, Code.ALREADY_EXISTS)._replace(account=state.account_by_reference[reference])
        if state.last_account >= state.capacity[Pool.ACCOUNTS]:
            return _refusal(command, Code.POOL_FULL)
        state.last_account += 1
        state.account_by_reference[reference] = state.last_account
        state.accounts.put(
            state.last_account, Account(state.last_account, *reference, AccountStatus.ACTIVE, 0, now, group=state.last_account)
        )
        return Answer(account=state.last_account)

    def _set_account_status(self, command: AdminCommand) -> Answer:
        row = self.state.accounts.get(command.account)
        if row is None:
            return _refusal(command, Code.UNKNOWN_ACCOUNT)
        if command.status not in set(AccountStatus):
            return _refusal(command, Code.INVALID_ARGUMENT)
        row.status = command.status
        self.state.accounts.touch(command.account)
        return Answer(account=command.account, value=command.status)

    def _set_account_tier(self, command: AdminCommand, now: int) -> Answer:
        row = self.state.accounts.get(command.account)
        if row is None or is_margin(self.state, command.account):
            return _refusal(command, Code.UNKNOWN_ACCOUNT)
        is_automatic = command.tier == TIER_AUTOMATIC and self.state.rules_version >= MARGIN_SINCE
        if command.tier >= FEE_TIERS and not is_automatic:
            return _refusal(command, Code.INVALID_ARGUMENT)
        pin_tier(self.state, command.account, None if is_automatic else command.tier, now)
        return Answer(account=command.account, value=command.tier)

    def _set_group(self, command: AdminCommand) -> Answer:
        row = self.state.accounts.get(command.account)
        if row is None:
            return _refusal(command, Code.UNKNOWN_ACCOUNT)
        if not self.state.is_customer(command.value) or is_margin(self.state, command.account) or is_margin(self.state, command.value):
            return _refusal(command, Code.INVALID_ARGUMENT)
        row.group = command.value
        self.state.accounts.touch(command.account)
        return Answer(account=command.account, value=command.value)

    def _add_key(self, command: AdminCommand) -> Answer:
        state, reference = self.state, (command.reference_hi, command.reference_lo)
        if not state.is_customer(command.account):
            return _refusal(command, Code.UNKNOWN_ACCOUNT)
        if reference == (0, 0) or command.scopes == 0 or command.scopes & ~_ALL_SCOPES:
            return _refusal(command, Code.INVALID_ARGUMENT)
        if reference in state.key_by_reference:
            key = state.keys[state.key_by_reference[reference]]
            return _refusal(command, Code.ALREADY_EXISTS)._replace(key=key.key, account=key.account)
        if len(state.keys) >= state.capacity[Pool.KEYS]:
            return _refusal(command, Code.POOL_FULL)
        state.last_key += 1
        state.key_by_reference[reference] = state.last_key
        state.keys.put(state.last_key, Key(state.last_key, command.account, command.scopes, *reference))
        return Answer(key=state.last_key, account=command.account, value=command.scopes)

    def _set_key(self, command: AdminCommand) -> Answer:
        row = self.state.keys.get(command.key)
        if row is None:
            return _refusal(command, Code.UNKNOWN_KEY)
        if command.scopes & ~_ALL_SCOPES:
            return _refusal(command, Code.INVALID_ARGUMENT)
        row.scopes = command.scopes
        self.state.keys.touch(command.key)
        return Answer(key=command.key, account=row.account, value=command.scopes)


# The ids that a kind's command carries, as they are reported when it is refused.
_GIVEN = {
    Kind.ADD_SYMBOL: (("asset", "base"),),
    Kind.SET_SYMBOL_STATUS: (("symbol", "symbol"),),
    Kind.SET_FEES: (("symbol", "symbol"),),
    Kind.SET_GROUP: (("account", "account"),),
    Kind.SET_ACCOUNT_STATUS: (("account", "account"),),
    Kind.SET_ACCOUNT_TIER: (("account", "account"),),
    Kind.ADD_KEY: (("account", "account"),),
    Kind.SET_KEY: (("key", "key"),),
    Kind.OPEN_MARGIN: (("account", "account"), ("symbol", "symbol")),
    Kind.SET_MARGIN_ASSET: (("asset", "asset"), ("symbol", "symbol")),
    Kind.SET_ACCOUNT_DISCOUNT: (("account", "account"),),
    **{kind: (("asset", "asset"),) for kind in (Kind.SET_MARGIN, Kind.SET_COLLATERAL, Kind.SET_PRICE, Kind.SET_DISCOUNT)},
}


def _refusal(command: AdminCommand, code: Code) -> Answer:
    if command.kind == Kind.SET_FILTER:
        asset = command.base if command.filter == Filter.MAX_ASSET else 0
        return Answer(code, symbol=command.symbol, asset=asset, key=command.filter)
    given = {reported: getattr(command, name) for reported, name in _GIVEN.get(command.kind, ())}
    return Answer(code, **given)


def _named(rows: dict, name: bytes) -> int:
    """The id of the row with `name`, 0 where there is none."""
    return next((number for number, row in rows.items() if row.name == name), 0)
