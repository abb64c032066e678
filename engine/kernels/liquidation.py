"""Liquidation: what a margin account has is sold, round by round, for what it owes. docs/MARGIN.md section 6.

A round cancels the account's orders, repays what it can, and places one order, bound by the index and never by the book's own last price,
for as much as is due or a slice of it. What nobody buys any more is a bad debt: the insurance's, then the lenders'. `row` is the margin
account's row of MARGIN_ACCOUNT; Sale is a trade it may make.
"""

from typing import NamedTuple

import numpy as np

from engine.kernels import kernel
from engine.kernels.arithmetic import ceil_ppm
from engine.kernels.balances import available_of, balance_slot
from engine.kernels.book import owner_of
from engine.kernels.due import set_due
from engine.kernels.events import margin_event, order_event
from engine.kernels.fees import tier_now
from engine.kernels.hashed import NOWHERE, find
from engine.kernels.levels import (
    assets_of,
    balance_of,
    debt_value_now,
    fair_limit,
    is_above,
    is_in_doubt,
    pool_of,
    standing_event,
    standing_of,
)
from engine.kernels.loans import repay
from engine.kernels.masscancel import cancel_orders
from engine.kernels.match import FOR_LIQUIDATION, match
from engine.kernels.pools import accrue, drop_loan, roll
from engine.kernels.prices import asset_value, debt_value, has_price
from engine.kernels.state import BUSY
from engine.kernels.waiting import note_match
from engine.kernels.wide import mul_div_up
from engine.kernels.working import tell_expired
from engine.types import (
    AMOUNT_MAX,
    BOTH_SIDES,
    FEE_TIERS,
    HOUR_NS,
    HOUSE_INSURANCE,
    HOUSE_LENDING,
    LIQUIDATION_GROSS_MAX,
    PPM,
    ROUND_NS,
    VALUE_MAX,
    Code,
    EventKind,
    MarginState,
    OrderStatus,
    OrderType,
    Side,
    SideEffect,
    Stp,
    SymbolStatus,
    TimeInForce,
)


class Sale(NamedTuple):
    """A market order that a liquidation may place; `symbol` 0: none."""

    symbol: int
    side: int
    limit_ticks: int
    lots: int


@kernel
def liquidation_round(state, out, row):
    """Takes the account's liquidation one round further."""
    venue = state.venue[0]
    margin = state.margin
    account = margin.accounts[row]
    if is_in_doubt(venue, margin, standing_of(state, row)):
        set_due(margin, row, venue.now + ROUND_NS)
        return
    number = account.account
    _, unfinished = cancel_orders(
        venue, state.registry, state.book, state.ledger.balances, out, number, np.int64(0), BOTH_SIDES, True
    )  # fmt: skip
    if unfinished:
        set_due(margin, row, venue.now)
        return
    _repay_all(state, out, row)
    if _is_done(state, out, row):
        return
    sale, able = _choose(state, row)
    if sale.symbol != 0:
        _sell(state, out, row, sale)
    elif not able:
        _write_off(state, out, row)
    if not _is_done(state, out, row):
        set_due(margin, row, venue.now + ROUND_NS)


@kernel
def _repay_all(state, out, row):
    """Each loan is repaid by what is there of its asset."""
    margin = state.margin
    account = margin.accounts[row].account
    for place in range(assets_of(margin, row)):
        asset = margin.pools[pool_of(state.registry, margin, row, place)].asset
        available = available_of(state.ledger.balances, account, asset)
        if available > 0 and find(margin.loans, account, asset) != NOWHERE:
            repay(state.venue[0], state.registry, state.ledger.balances, margin, out, row, asset, available)


@kernel
def _is_done(state, out, row):
    """Ends the liquidation where nothing is owed any more, or the account stands well enough again."""
    venue = state.venue[0]
    margin = state.margin
    account = margin.accounts[row]
    standing = standing_of(state, row)
    if account.loans != 0 and not is_above(standing.assets, standing.debts, margin.setup[0].call_ppm):
        return False
    account.state = MarginState.NORMAL
    standing_event(venue, out, EventKind.LIQUIDATION_ENDED, account.account, standing)
    set_due(margin, row, venue.now if account.loans != 0 else 0)
    return True


# ---------------------------------------------------------------- choosing the trade


@kernel
def _choose(state, row):
    """(the sale to make, without a symbol where none can be made now; whether there is one that could be made)"""
    margin = state.margin
    account = margin.accounts[row]
    symbol_id = account.symbol
    if symbol_id == 0:
        return _choose_cross(state, row)
    symbol = state.registry.symbols[symbol_id]
    owes_quote = find(margin.loans, account.account, symbol.quote) != NOWHERE
    sale = _sale(state, row, symbol_id, symbol.base if owes_quote else symbol.quote)
    able = sale.lots > 0
    return _if_open(state, sale), able


@kernel
def _choose_cross(state, row):
    """The numeraire buys back the largest debt; without one of the two, the largest asset is sold for the numeraire."""
    margin = state.margin
    account = margin.accounts[row].account
    numeraire = margin.setup[0].numeraire
    best = Sale(np.int64(0), np.int64(0), np.int64(0), np.int64(0))
    best_value = np.int64(-1)
    able = False
    for buys_back in range(1, -1, -1):
        if best.symbol != 0 or (buys_back == 1 and available_of(state.ledger.balances, account, numeraire) == 0):
            continue
        for place in range(assets_of(margin, row)):
            pool = margin.pools[margin.rising[place]]
            if pool.asset == numeraire or pool.symbol == 0:
                continue
            if buys_back == 1:
                value = debt_value_now(state.venue[0], margin, account, pool)
                concerned = find(margin.loans, account, pool.asset) != NOWHERE
            else:
                units = balance_of(state.ledger.balances, account, pool.asset)
                value = asset_value(pool, units)
                concerned = units != 0
            if not concerned or value <= best_value:
                continue
            sale = _sale(state, row, pool.symbol, numeraire if buys_back == 1 else pool.asset)
            able = able or sale.lots > 0
            sale = _if_open(state, sale)
            if sale.symbol != 0:
                best = sale
                best_value = value
    return best, able


@kernel
def _if_open(state, sale):
    """The sale, if it has lots and its market is open, not busy and not just back from a halt, and the indexes hold; else none."""
    registry = state.registry
    symbol = registry.symbols[sale.symbol]
    pools = state.margin.pools
    grace_ns = state.margin.setup[0].grace_ns
    is_open = symbol.status == SymbolStatus.TRADING and symbol.special & BUSY == 0
    is_open = is_open and has_price(pools[registry.assets[symbol.base].pool]) and has_price(pools[registry.assets[symbol.quote].pool])
    if is_open and (symbol.resumed_ns == 0 or symbol.resumed_ns + grace_ns <= state.venue[0].now) and sale.lots > 0:
        return sale
    return Sale(np.int64(0), sale.side, sale.limit_ticks, sale.lots)


@kernel
def _sale(state, row, symbol_id, paid):
    """The order that pays an asset on a symbol; without lots where the account is not able to."""
    registry = state.registry
    margin = state.margin
    account = margin.accounts[row].account
    symbol = registry.symbols[symbol_id]
    sells = paid == symbol.base
    side = np.int64(Side.SELL if sells else Side.BUY)
    available = available_of(state.ledger.balances, account, paid)
    base = margin.pools[registry.assets[symbol.base].pool]
    quote = margin.pools[registry.assets[symbol.quote].pool]
    if available <= 0 or base.price == 0 or quote.price == 0:
        return Sale(symbol_id, side, np.int64(0), np.int64(0))
    limit = fair_limit(registry, margin, symbol_id, side)
    lots = _lots(state, row, symbol_id, quote if sells else base, sells)
    affordable = available // symbol.lot_units if sells else available // (limit * symbol.tick_lot_units)
    return Sale(symbol_id, side, limit, min(lots, affordable))


@kernel
def _lots(state, row, symbol_id, received, sells):
    """How many lots bring what is to be raised, slippage and fee included; `received` is the pool of the asset that the trade brings."""
    venue = state.venue[0]
    registry = state.registry
    margin = state.margin
    setup = margin.setup[0]
    account = margin.accounts[row].account
    symbol = registry.symbols[symbol_id]
    debts = standing_of(state, row).debts
    is_owed = find(margin.loans, account, received.asset) != NOWHERE
    value = debt_value_now(venue, margin, account, received) if is_owed else debts
    if value > setup.slice_min:
        value = min(value, max(setup.slice_min, ceil_ppm(debts, setup.slice_ppm), 1))
    value = min(value, VALUE_MAX)
    taker_ppm = np.int64(registry.fees[symbol_id * FEE_TIERS + tier_now(venue, registry, margin, account)].taker_ppm)
    lost_ppm = taker_ppm if not sells and is_owed else setup.slippage_ppm + taker_ppm
    wanted = mul_div_up(value, PPM, PPM - min(lost_ppm, LIQUIDATION_GROSS_MAX), AMOUNT_MAX)
    base = margin.pools[registry.assets[symbol.base].pool]
    units = mul_div_up(wanted, base.unit, base.price, AMOUNT_MAX)
    lots = max(units // symbol.lot_units + (1 if units % symbol.lot_units != 0 else 0), 1)
    return min(lots, symbol.max_quantity_lots)


# ---------------------------------------------------------------- trading


@kernel
def _sell(state, out, row, sale):
    """Places the order, repays from what it brought, and takes the fee where the account can bear it."""
    venue = state.venue[0]
    registry = state.registry
    balances = state.ledger.balances
    margin = state.margin
    account = margin.accounts[row].account
    symbol = registry.symbols[sale.symbol]
    asset = symbol.quote if sale.side == Side.SELL else symbol.base
    pool = margin.pools[registry.assets[asset].pool]
    before = available_of(balances, account, asset)
    order_id = _place(state, out, account, sale)
    balance = balances[balance_slot(venue, balances, account, asset)]
    brought = balance.available - before
    if balance.available > 0 and find(margin.loans, account, asset) != NOWHERE:
        repay(venue, registry, balances, margin, out, row, asset, balance.available)
    standing = standing_of(state, row)
    fee = min(balance.available, ceil_ppm(brought, margin.setup[0].fee_ppm))
    if brought <= 0 or standing.assets <= standing.debts or standing.assets - standing.debts < debt_value(pool, fee):
        fee = np.int64(0)
    balance.available -= fee
    balances[balance_slot(venue, balances, HOUSE_INSURANCE, asset)].available += fee
    event = out.margin[standing_event(venue, out, EventKind.LIQUIDATION, account, standing_of(state, row))]
    event.symbol = sale.symbol
    event.asset = asset
    event.order_id = order_id
    event.price = sale.limit_ticks
    event.amount = brought
    event.fee = fee


@kernel
def _place(state, out, account, sale):
    """The order at the door: LIMIT IOC, matched and gone; returns its id."""
    venue = state.venue[0]
    registry = state.registry
    book = state.book
    balances = state.ledger.balances
    symbol = registry.symbols[sale.symbol]
    owner = owner_of(venue, symbol, book, balances, account, sale.symbol)
    venue.last_order_id += 1
    order = book.orders[0]
    order.order_id = venue.last_order_id
    order.price_ticks = sale.limit_ticks
    order.order_lots = sale.lots
    order.executed_lots = 0
    order.executed_quote = 0
    order.prevented_lots = 0
    order.account = account
    order.symbol = sale.symbol
    order.side = sale.side
    order.order_type = OrderType.LIMIT
    order.time_in_force = TimeInForce.IOC
    order.stp = Stp.EXPIRE_MAKER
    order.special = 0
    order.side_effect = SideEffect.NONE
    order.placed_ns = venue.now
    order_event(venue, book, out, EventKind.NEW, Code.OK, OrderStatus.NEW, order, sale.lots, 0, 0)
    ending = match(venue, registry, book, balances, state.margin, out, owner, order, 0, 0, 0, FOR_LIQUIDATION)
    tell_expired(venue, book, out, order, ending)
    if venue.first_ticks != 0:
        note_match(venue, registry, book, sale.symbol, venue.first_ticks, symbol.last_price_ticks)
    return venue.last_order_id


# ---------------------------------------------------------------- bad debt


@kernel
def _write_off(state, out, row):
    """Nothing is left that could be sold: the debts are the insurance's as far as it goes, then the lenders'; what dust there is, is the
    insurance's."""
    margin = state.margin
    for place in range(assets_of(margin, row)):
        pool = margin.pools[pool_of(state.registry, margin, row, place)]
        if find(margin.loans, margin.accounts[row].account, pool.asset) != NOWHERE:
            _write_off_loan(state, out, row, pool)
    for place in range(assets_of(margin, row)):
        _sweep(state, out, row, margin.pools[pool_of(state.registry, margin, row, place)].asset)


@kernel
def _write_off_loan(state, out, row, pool):
    venue = state.venue[0]
    balances = state.ledger.balances
    margin = state.margin
    account = margin.accounts[row]
    slot = find(margin.loans, account.account, pool.asset)
    loan = margin.loans[slot]
    roll(pool, venue.now // HOUR_NS)
    accrue(loan, pool)
    insurance = balances[balance_slot(venue, balances, HOUSE_INSURANCE, pool.asset)]
    covered = max(min(loan.principal, insurance.available), 0)
    insurance.available -= covered
    balances[balance_slot(venue, balances, HOUSE_LENDING, pool.asset)].available += covered
    pool.borrowed -= loan.principal
    pool.free += covered
    pool.lent -= loan.principal - covered
    event = out.margin[margin_event(venue, out, EventKind.BAD_DEBT, 0)]
    event.account = account.account
    event.asset = pool.asset
    event.amount = loan.principal
    event.interest = loan.interest
    event.covered = covered
    event.lost = loan.principal - covered
    drop_loan(margin, slot)
    account.loans -= 1


@kernel
def _sweep(state, out, row, asset):
    """What is left of an asset goes to the insurance."""
    venue = state.venue[0]
    balances = state.ledger.balances
    account = state.margin.accounts[row].account
    dust = available_of(balances, account, asset)
    if dust == 0:
        return
    balances[balance_slot(venue, balances, account, asset)].available -= dust
    balances[balance_slot(venue, balances, HOUSE_INSURANCE, asset)].available += dust
    event = out.margin[margin_event(venue, out, EventKind.LIQUIDATION, 0)]
    event.account = account
    event.asset = asset
    event.fee = dust
