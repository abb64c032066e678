"""CONVERT: buying what is owed on the own book, on one market or by way of another. docs/CORE.md section 4.

A conversion is one or two legs, each a market order by quantity: LEG rows in the order in which they trade, so the first one's cost is
what is paid and the last one's `received` is what is bought. Each member of a chain has its place for two. A leg is walked once, while
its command is judged; walking changes nothing else. The match later meets the same makers and does the same arithmetic, so it takes what
the walk says: the whole of every maker but the last, and of the last the fewest lots that are enough.
"""

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel, kernel
from engine.kernels.arithmetic import ceil_ppm, gross_of
from engine.kernels.aside import CONVERSION, NOTE, aside, task
from engine.kernels.balances import available_of, balance_slot
from engine.kernels.book import first_maker, ladder_of, next_maker, rest_of
from engine.kernels.events import order_event
from engine.kernels.fees import tier_now
from engine.kernels.filters import price_range
from engine.kernels.levels import is_active, margin_row
from engine.kernels.match import is_over
from engine.kernels.state import EVENTS_PER_STEP
from engine.kernels.waiting import attentive
from engine.types import (
    AMOUNT_MAX,
    FEE_TIERS,
    FIRST_CUSTOMER,
    PPM,
    STEPS_MAX,
    Code,
    EventKind,
    Kind,
    OrderStatus,
    OrderType,
    Side,
    Stp,
    SymbolStatus,
    TimeInForce,
)


@inlined_kernel
def legs_of(command, member):
    """The rows of the first and the last leg of a chain's member; one row where nothing lies between the two assets."""
    first = member * 2
    return first, first + 1 if command.via_symbol != 0 else first


@inlined_kernel
def events_of_trades(legs, command, member):
    """How many events the trades of a judged conversion yield at most, for each leg: NEW, and those of each maker."""
    first, last = legs_of(command, member)
    count = legs[first].steps * EVENTS_PER_STEP + 1
    return count + legs[last].steps * EVENTS_PER_STEP + 1 if last != first else count


@inlined_kernel
def payment_of(legs, member):
    """The asset that a judged conversion pays with, and how much of it."""
    leg = legs[member * 2]
    return leg.sold, leg.cost


# ---------------------------------------------------------------- judging


@kernel
def judge_conversion(state, batch, at, place):
    """Steps 8 to 17 for the member at `place` of the chain that starts at `at`; its legs say afterwards what it will do."""
    command = batch.transfers[place]
    first, last = legs_of(command, place - at)
    code = np.int64(_judge_path(state.venue[0], state.registry, command))
    if code == Code.OK and _overlaps(batch, at, place):
        code = np.int64(Code.PATH_OVERLAP)
    if code == Code.OK:
        code = np.int64(_walk_path(state.venue[0], state.registry, state.book, state.margin, command, state.legs, first, last))
    if code != Code.OK:
        return code
    asset_paid, cost = payment_of(state.legs, place - at)
    if cost > command.most:
        return np.int64(Code.LIMIT_EXCEEDED)
    if available_of(state.ledger.balances, np.int64(command.debit), asset_paid) < cost:
        return np.int64(Code.INSUFFICIENT_AVAILABLE)
    return np.int64(Code.OK)


@entry_kernel
def plan_conversion(state, commands, legs):
    """What the one command would do now, in two `legs`, were it alone and its limit no matter; returns its code."""
    command = commands[0]
    first, last = legs_of(command, 0)
    code = np.int64(_judge_path(state.venue[0], state.registry, command))
    if code == Code.OK:
        code = np.int64(_walk_path(state.venue[0], state.registry, state.book, state.margin, command, legs, first, last))
    return code


@kernel
def _judge_path(venue, registry, command):
    """Steps 8 to 11."""
    if command.asset < 1 or command.asset > venue.last_asset:
        return Code.UNKNOWN_ASSET
    if command.debit < FIRST_CUSTOMER or command.debit > venue.last_account:
        return Code.UNKNOWN_ACCOUNT
    if command.amount < 1 or command.amount > AMOUNT_MAX or command.most < 1 or command.most > AMOUNT_MAX:
        return Code.INVALID_AMOUNT
    if command.credit != 0 or command.timeout_ns != 0 or not _is_listed(venue, command.symbol):
        return Code.PATH_INVALID
    symbol = registry.symbols[command.symbol]
    if not _trades(symbol, command.asset):
        return Code.PATH_INVALID
    if command.via_symbol == 0:
        return Code.OK
    if command.via_symbol == command.symbol or not _is_listed(venue, command.via_symbol):
        return Code.PATH_INVALID
    via_symbol = registry.symbols[command.via_symbol]
    intermediate = _other_asset(symbol, command.asset)
    if not _trades(via_symbol, intermediate) or _other_asset(via_symbol, intermediate) == command.asset:
        return Code.PATH_INVALID
    return Code.OK


@inlined_kernel
def _is_listed(venue, symbol_id):
    return 1 <= symbol_id <= venue.last_symbol


@inlined_kernel
def _trades(symbol, asset):
    return asset == symbol.base or asset == symbol.quote


@inlined_kernel
def _other_asset(symbol, asset):
    return symbol.quote if asset == symbol.base else symbol.base


@inlined_kernel
def _overlaps(batch, at, place):
    """Step 12: whether an earlier member of the chain trades on one of the markets, whose book the walk would not know."""
    command = batch.transfers[place]
    for member in range(at, place):
        other = batch.transfers[member]
        if other.kind == Kind.CONVERT and (_is_on(other, command.symbol) or _is_on(other, command.via_symbol)):
            return True
    return False


@inlined_kernel
def _is_on(command, symbol_id):
    """Whether a CONVERT trades on the market; not on 0, which is none."""
    return symbol_id != 0 and (command.symbol == symbol_id or command.via_symbol == symbol_id)


@kernel
def _walk_path(venue, registry, book, margin, command, legs, first, last):
    """Steps 13 to 15; fills the legs, the last one first: its cost is what the one before it has to bring."""
    if not is_active(registry, margin, command.debit):
        return np.int64(Code.ACCOUNT_FROZEN)
    if margin_row(registry, command.debit) != 0:
        return np.int64(Code.OTHER_OWNER)
    if registry.symbols[command.symbol].status != SymbolStatus.TRADING:
        return np.int64(Code.MARKET_CLOSED)
    if first != last and registry.symbols[command.via_symbol].status != SymbolStatus.TRADING:
        return np.int64(Code.MARKET_CLOSED)
    account = np.int64(command.debit)
    code = _walk(venue, registry, book, margin, account, np.int64(command.symbol), np.int64(command.asset), command.amount, legs[last])
    if code == Code.OK and first != last:
        code = _walk(venue, registry, book, margin, account, np.int64(command.via_symbol), legs[last].sold, legs[last].cost, legs[first])
    return code


@kernel
def _walk(venue, registry, book, margin, account, symbol_id, asset, need, leg):
    """Fills `leg` with the market order that brings the account at least `need` of the asset after fees; returns why there is none."""
    symbol = registry.symbols[symbol_id]
    side = np.int64(Side.BUY if asset == symbol.base else Side.SELL)
    leg.symbol = symbol_id
    leg.side = side
    leg.sold = _other_asset(symbol, asset)
    leg.bought = asset
    leg.lots = 0
    leg.received = 0
    leg.steps = 0
    fee_ppm = np.int64(registry.fees[symbol_id * FEE_TIERS + tier_now(venue, registry, margin, account)].taker_ppm)
    if fee_ppm == PPM:
        return np.int64(Code.NO_LIQUIDITY)
    lowest, highest = price_range(registry, symbol_id)
    group = registry.accounts[account].group
    ladder = ladder_of(book, symbol_id, 1 - side)
    slot = first_maker(book, ladder)
    value = np.int64(0)
    while leg.received < need:
        maker = book.orders[slot]
        if slot == 0 or maker.price_ticks < lowest or maker.price_ticks > highest:
            return np.int64(Code.NO_LIQUIDITY)
        if leg.steps == STEPS_MAX:
            return np.int64(Code.WORK_LIMIT)
        leg.steps += 1
        if registry.accounts[maker.account].group != group and not is_over(venue, maker):
            lot_value = maker.price_ticks * symbol.tick_lot_units
            lot_gross = symbol.lot_units if side == Side.BUY else lot_value
            lots = _lots_for(need - leg.received, rest_of(maker), lot_gross, fee_ppm)
            leg.lots += lots
            if leg.lots > symbol.max_market_lots:  # from here on neither sum can exceed AMOUNT_MAX
                return np.int64(Code.MARKET_LOT_SIZE)
            leg.received += lots * lot_gross - ceil_ppm(lots * lot_gross, fee_ppm)
            value += lots * lot_value
        slot = next_maker(book, ladder, 1 - side, maker)
    leg.cost = value if side == Side.BUY else leg.lots * symbol.lot_units
    return np.int64(Code.NOTIONAL if value < symbol.min_notional else Code.OK)


@inlined_kernel
def _lots_for(need, rest, lot_gross, fee_ppm):
    """The fewest of a maker's lots that bring `need` after the fee, all its rest where that is not enough."""
    gross = rest * lot_gross
    if gross - ceil_ppm(gross, fee_ppm) < need:
        return rest
    return (gross_of(need, fee_ppm) + lot_gross - 1) // lot_gross


# ---------------------------------------------------------------- rehearsing and performing


@kernel
def rehearse_conversion(venue, balances, legs, command, member, times):
    """Moves the payer's balances as the trades will, `times` = 1; or back again, `times` = -1."""
    first, last = legs_of(command, member)
    account = np.int64(command.debit)
    for row in range(first, last + 1):
        leg = legs[row]
        balances[balance_slot(venue, balances, account, leg.sold)].available -= times * leg.cost
        balances[balance_slot(venue, balances, account, leg.bought)].available += times * leg.received


@kernel
def perform_conversion(state, batch, out, command, member):
    """Trades leg by leg; each market order is filled, because its walk has seen the makers that it meets."""
    first, last = legs_of(command, member)
    for row in range(first, last + 1):
        _trade(state, batch, out, np.int64(command.debit), state.legs[row])


@kernel
def _trade(state, batch, out, account, leg):
    venue = state.venue[0]
    book = state.book
    venue.last_order_id += 1
    order = book.orders[0]
    order.order_id = venue.last_order_id
    order.price_ticks = 0
    order.order_lots = leg.lots
    order.executed_lots = 0
    order.executed_quote = 0
    order.prevented_lots = 0
    order.special = 0
    order.account = account
    order.symbol = leg.symbol
    order.side = leg.side
    order.order_type = OrderType.MARKET
    order.time_in_force = TimeInForce.GTC
    order.stp = Stp.EXPIRE_MAKER
    order.placed_ns = venue.now
    order_event(venue, book, out, EventKind.NEW, Code.OK, OrderStatus.NEW, order, leg.lots, 0, 0)
    aside(state, batch, out, task(CONVERSION, 0))
    if venue.first_ticks != 0 and attentive(state.registry.symbols[leg.symbol]):
        aside(state, batch, out, task(NOTE, leg.symbol))
