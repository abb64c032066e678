"""Who may ask for what, where, and for which open order: the first steps of every order command's ladder. docs/CORE.md section 3."""

import numpy as np

from engine.kernels import inlined_kernel
from engine.kernels.book import open_order
from engine.kernels.events import TERMS_SINCE
from engine.kernels.levels import holder_of, is_active, judge_trading
from engine.kernels.state import BUSY
from engine.kernels.waiting import is_algo
from engine.types import (
    FIRST_CUSTOMER,
    Code,
    KeyScope,
    Kind,
    OrderFlag,
    OrderType,
    SymbolStatus,
    TimeInForce,
)

_TRADE = int(KeyScope.TRADE)
_ONLY_NEW, _ONLY_PARTIALLY_FILLED = int(OrderFlag.ONLY_NEW), int(OrderFlag.ONLY_PARTIALLY_FILLED)


@inlined_kernel
def offers(kind):
    """Whether a command may put an order on a market or change its terms; the others only take orders away."""
    return kind != Kind.CANCEL and kind != Kind.CANCEL_ALL and kind != Kind.CANCEL_LIST and kind != Kind.MASS_CANCEL


@inlined_kernel
def who(venue, registry, margin, command, kind):
    """Steps 1 to 5: may this be asked at all?"""
    if (venue.permitted >> kind) & 1 == 0:
        return Code.NOT_PERMITTED
    if command.valid_until_ns != 0 and command.valid_until_ns < venue.now:
        return Code.STALE
    if command.account < FIRST_CUSTOMER or command.account > venue.last_account:
        return Code.UNKNOWN_ACCOUNT
    if offers(kind) and not is_active(registry, margin, command.account):
        return Code.ACCOUNT_FROZEN
    if command.key != 0:
        if command.key < 1 or command.key > venue.last_key:
            return Code.KEY_REVOKED
        key = registry.keys[command.key]
        if key.account != command.account and key.account != holder_of(registry, margin, command.account):
            return Code.KEY_REVOKED
        if key.scopes & _TRADE == 0:
            return Code.KEY_REVOKED
    return Code.OK


@inlined_kernel
def where(venue, registry, margin, command, kind):
    """Steps 6 to 7b: may it be asked here, now?"""
    if command.symbol < 1 or command.symbol > venue.last_symbol:
        return np.int64(Code.UNKNOWN_SYMBOL)
    symbol = registry.symbols[command.symbol]
    if symbol.status != SymbolStatus.TRADING and _is_closed(symbol, command, kind):
        return np.int64(Code.MARKET_CLOSED)
    if offers(kind) and registry.accounts[command.account].margin != 0:
        code = judge_trading(registry, margin, np.int64(command.account), np.int64(command.symbol), kind)
        if code != Code.OK:
            return code
    if symbol.special & BUSY != 0 and (kind == Kind.PLACE or kind == Kind.REPLACE or kind == Kind.PLACE_LIST):
        return np.int64(Code.MARKET_BUSY)
    return np.int64(Code.OK)


@inlined_kernel
def _is_closed(symbol, command, kind):
    """Whether a symbol that is not TRADING takes no such command."""
    if symbol.status != SymbolStatus.AUCTION:
        return offers(kind) or symbol.status == SymbolStatus.HALTED
    if kind == Kind.PLACE_LIST:
        return True
    if kind != Kind.PLACE and kind != Kind.REPLACE:
        return False
    if command.order_type == OrderType.MARKET:
        return True
    return not is_algo(command.order_type) and (command.time_in_force == TimeInForce.IOC or command.time_in_force == TimeInForce.FOK)


@inlined_kernel
def is_plain(venue, registry, symbol, command, kind):
    """Whether a command that is admitted here takes the plain path (engine/kernels/place.py), as far as it can tell by itself."""
    if kind == Kind.CANCEL:
        return True
    if kind == Kind.CANCEL_ALL or symbol.special | venue.filters != 0:
        return False
    if kind == Kind.AMEND or venue.rules_version < TERMS_SINCE:
        return True
    if registry.accounts[command.account].margin != 0:
        return False
    if command.order_type > OrderType.MARKET or command.time_in_force > TimeInForce.FOK:
        return False
    terms = command.stop_price_ticks | command.iceberg_lots
    return (
        terms | np.int64(command.peg) | np.int64(command.peg_offset) | np.int64(command.trailing_bps) | np.int64(command.side_effect)
    ) == 0


@inlined_kernel
def target_of(book, command):
    """The row of the open order that a command names, or 0."""
    return np.int64(open_order(book, np.int64(command.account), np.int64(command.symbol), command.order_id, command.target))


@inlined_kernel
def cancellable(book, command, slot):
    """Whether the target is there and in the condition the command asks for."""
    if slot == 0:
        return Code.UNKNOWN_ORDER
    executed = book.orders[slot].executed_lots
    if command.flags & _ONLY_NEW != 0 and executed > 0:
        return Code.CANCEL_RESTRICTED
    if command.flags & _ONLY_PARTIALLY_FILLED != 0 and executed == 0:
        return Code.CANCEL_RESTRICTED
    return Code.OK
