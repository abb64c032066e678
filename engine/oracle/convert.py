"""What a CONVERT would trade: docs/CORE.md section 4, "CONVERT". Paths, walks and what they cost.

Owns the judgement and changes nothing: the ledger rehearses and performs the plan that comes out of it.
"""

from typing import NamedTuple

from engine.oracle.fees import taker_ppm
from engine.oracle.levels import is_frozen_account, is_margin
from engine.oracle.match import PriceRange, is_over
from engine.oracle.records import TransferCommand
from engine.oracle.state import State, Symbol
from engine.types import AMOUNT_MAX, PPM, STEPS_MAX, Code, Kind, Side, SymbolStatus
from engine.views import ConversionView


class Leg(NamedTuple):
    """One market order of a conversion, filled to the last lot."""

    symbol: int
    side: int
    lots: int
    asset_paid: int
    cost: int
    received: int  # net of the fee


class Plan(NamedTuple):
    """The legs of a conversion, in the order in which they trade: one, or first the one that buys the intermediate."""

    legs: tuple[Leg, ...]

    @property
    def asset_paid(self) -> int:
        return self.legs[0].asset_paid

    @property
    def cost(self) -> int:
        return self.legs[0].cost

    @property
    def received(self) -> int:
        return self.legs[-1].received


def markets(command: TransferCommand) -> tuple[int, ...]:
    return (command.symbol, command.via_symbol) if command.via_symbol else (command.symbol,)


def query(account: int, asset: int, amount: int, symbol: int, via_symbol: int) -> TransferCommand:
    """The command of which `conversion()` asks what it would do."""
    asked = {"kind": Kind.CONVERT, "debit": account, "asset": asset, "amount": amount, "most": 1, "symbol": symbol}
    return TransferCommand(**dict.fromkeys(TransferCommand._fields, 0) | asked | {"via_symbol": via_symbol})


def view(state: State, command: TransferCommand, now: int) -> ConversionView:
    code = refuse_terms(state, command) or refuse_today(state, command)
    planned = code or plan(state, command, now)
    if isinstance(planned, Code):
        return ConversionView(int(planned), 0, 0)
    return ConversionView(int(Code.OK), planned.cost, planned.received)


def refuse_terms(state: State, command: TransferCommand) -> Code | None:
    """Steps 8-11: what would be refused on any day."""
    if command.asset not in state.assets:
        return Code.UNKNOWN_ASSET
    if not state.is_customer(command.debit):
        return Code.UNKNOWN_ACCOUNT
    if not 1 <= command.amount <= AMOUNT_MAX or not 1 <= command.most <= AMOUNT_MAX:
        return Code.INVALID_AMOUNT
    if command.credit or command.timeout_ns or not _leads_there(state, command):
        return Code.PATH_INVALID
    return None


def _leads_there(state: State, command: TransferCommand) -> bool:
    symbol = state.symbols.get(command.symbol)
    if symbol is None or command.asset not in (symbol.base, symbol.quote):
        return False
    if command.via_symbol == 0:
        return True
    via, intermediate = state.symbols.get(command.via_symbol), _other_asset(symbol, command.asset)
    if via is None or via is symbol or intermediate not in (via.base, via.quote):
        return False
    return _other_asset(via, intermediate) != command.asset


def _other_asset(symbol: Symbol, asset: int) -> int:
    return symbol.quote if asset == symbol.base else symbol.base


def refuse_today(state: State, command: TransferCommand) -> Code | None:
    """Steps 13 and 14."""
    if is_frozen_account(state, command.debit):
        return Code.ACCOUNT_FROZEN
    if is_margin(state, command.debit):
        return Code.OTHER_OWNER
    if any(state.symbols[market].status != SymbolStatus.TRADING for market in markets(command)):
        return Code.MARKET_CLOSED
    return None


def plan(state: State, command: TransferCommand, now: int) -> Plan | Code:
    """Step 15: the walks, from what is owed back to what is paid; or why the book cannot do it."""
    legs, asset, need = [], command.asset, command.amount
    for market in markets(command):
        leg = _walk(state, command.debit, state.symbols[market], asset, need, now)
        if isinstance(leg, Code):
            return leg
        legs.append(leg)
        asset, need = leg.asset_paid, leg.cost
    return Plan(tuple(reversed(legs)))


def _walk(state: State, account: int, symbol: Symbol, asset: int, need: int, now: int) -> Leg | Code:
    """The fewest lots that bring the account `need` of the asset net of its fee, maker after maker."""
    side = Side.BUY if asset == symbol.base else Side.SELL
    kept_ppm = PPM - taker_ppm(state, symbol.symbol, account, now)
    if kept_ppm == 0:
        return Code.NO_LIQUIDITY
    lots = received = value = 0
    prices = PriceRange(state, symbol.symbol)
    for step, maker in enumerate(state.makers(symbol.symbol, 1 - side), start=1):
        if maker.price_ticks not in prices:
            return Code.NO_LIQUIDITY
        if step > STEPS_MAX:
            return Code.WORK_LIMIT
        if is_over(maker, now) or state.group(maker.account) == state.group(account):
            continue
        lot_value = maker.price_ticks * symbol.tick_lot_units
        gross = symbol.lot_units if side == Side.BUY else lot_value
        takes = min(maker.rest, -(-(need - received) * PPM // (gross * kept_ppm)))
        lots += takes
        if lots > symbol.max_market_lots:
            return Code.MARKET_LOT_SIZE
        received += takes * gross * kept_ppm // PPM
        value += takes * lot_value
        if received >= need:
            break
    else:
        return Code.NO_LIQUIDITY
    if value < symbol.min_notional:
        return Code.NOTIONAL
    cost = value if side == Side.BUY else lots * symbol.lot_units
    return Leg(symbol.symbol, side, lots, _other_asset(symbol, asset), cost, received)
