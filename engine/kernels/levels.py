"""Margin accounts: whose they are, what they take, what they have and owe. docs/MARGIN.md sections 1 and 4.

`row` is a margin account's row of MARGIN_ACCOUNT, `pool` a POOL record.
"""

from typing import NamedTuple

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.events import margin_event
from engine.kernels.hashed import NOWHERE, find
from engine.kernels.pools import cumulative_at, owed_at
from engine.kernels.prices import asset_value, collateral_value, debt_value, has_price, pool_row
from engine.kernels.state import FAIR_SINCE
from engine.kernels.wide import exceeds, mul_div, ratio
from engine.types import AMOUNT_MAX, HOUR_NS, HOUSE_LENDING, LEVEL_MAX, PPM, AccountStatus, Code, Kind, MarginState, Side


class Standing(NamedTuple):
    """What an account has and owes, in the numeraire's units."""

    assets: int
    collateral: int
    debts: int
    frozen: bool  # INDEX_FROZEN: it has or owes something without a price that holds
    most_assets: int  # as if all that is frozen were worth twice as much
    least_debts: int  # as if what is owed of all that is frozen were nothing


@inlined_kernel
def margin_row(registry, account):
    """The row of a margin account, 0 of any other."""
    return np.int64(registry.accounts[account].margin)


@inlined_kernel
def holder_of(registry, margin, account):
    """The owner of an account: of one that is no margin account, itself."""
    row = registry.accounts[account].margin
    return margin.accounts[row].owner if row != 0 else np.int64(account)


@kernel
def is_active(registry, margin, account):
    """Neither the account nor its owner is frozen."""
    active = registry.accounts[account].status == AccountStatus.ACTIVE
    return active and registry.accounts[holder_of(registry, margin, account)].status == AccountStatus.ACTIVE


@kernel
def is_cross_asset(setup, pool):
    return pool.symbol != 0 or pool.asset == setup.numeraire


@kernel
def takes(registry, margin, row, asset):
    """Whether the account may have or owe the asset."""
    pool = pool_row(registry, asset)
    if pool == 0:
        return False
    symbol = margin.accounts[row].symbol
    if symbol == 0:
        return is_cross_asset(margin.setup[0], margin.pools[pool])
    return asset == registry.symbols[symbol].base or asset == registry.symbols[symbol].quote


@kernel
def is_margin_symbol(registry, margin, symbol_id):
    symbol = registry.symbols[symbol_id]
    base = pool_row(registry, symbol.base)
    quote = pool_row(registry, symbol.quote)
    return base != 0 and quote != 0 and units_compare(symbol, margin.pools[base].price_scale, margin.pools[quote].price_scale)


@kernel
def power_of_ten(exponent):
    power = np.int64(1)
    for _ in range(exponent):
        power *= 10
    return power


@kernel
def units_compare(symbol, base_scale, quote_scale):
    """Whether lots and ticks of a symbol can be compared with prices of such scales without a number beyond AMOUNT_MAX."""
    shift = quote_scale - base_scale
    if symbol.lot_units > AMOUNT_MAX // power_of_ten(max(shift, 0)):
        return False
    return symbol.tick_lot_units <= AMOUNT_MAX // power_of_ten(max(-shift, 0))


@kernel
def trades_on(registry, margin, row, symbol_id):
    """Whether the account may place orders on the symbol."""
    own = margin.accounts[row].symbol
    if own != 0:
        return own == symbol_id
    symbol = registry.symbols[symbol_id]
    if not takes(registry, margin, row, symbol.base) or not takes(registry, margin, row, symbol.quote):
        return False
    return is_margin_symbol(registry, margin, symbol_id)


# ---------------------------------------------------------------- what it may have and owe, asset by asset


@kernel
def assets_of(margin, row):
    """How many assets there are to look at."""
    return 2 if margin.accounts[row].symbol != 0 else margin.setup[0].assets


@kernel
def pool_of(registry, margin, row, place):
    """The row of the pool of an account's asset number `place`, from 0; they rise."""
    own = margin.accounts[row].symbol
    if own == 0:
        return margin.rising[place]
    symbol = registry.symbols[own]
    return registry.assets[min(symbol.base, symbol.quote) if place == 0 else max(symbol.base, symbol.quote)].pool


@kernel
def balance_of(balances, account, asset):
    """Available and held together."""
    slot = find(balances, account, asset)
    return balances[slot].available + balances[slot].held if slot != NOWHERE else np.int64(0)


@kernel
def owed_now(venue, margin, account, pool):
    return owed_at(margin.loans, account, pool.asset, cumulative_at(pool, venue.now // HOUR_NS))


@kernel
def debt_value_now(venue, margin, account, pool):
    return debt_value(pool, owed_now(venue, margin, account, pool))


# ---------------------------------------------------------------- levels


@kernel
def standing_after(venue, registry, balances, margin, row, asset, more, more_owed):
    """The standing of a margin account if it had `more` and owed `more_owed` of an asset (0: none)."""
    account = margin.accounts[row].account
    assets = np.int64(0)
    collateral = np.int64(0)
    debts = np.int64(0)
    frozen = False
    most_assets = np.int64(0)
    least_debts = np.int64(0)
    for place in range(assets_of(margin, row)):
        number = pool_of(registry, margin, row, place)
        pool = margin.pools[number]
        units = balance_of(balances, account, pool.asset)
        owed = owed_now(venue, margin, account, pool)
        holds = has_price(pool)
        frozen = frozen or (not holds and (units != 0 or owed != 0))
        if pool.asset == asset:
            units += more
            owed += min(more_owed, AMOUNT_MAX - owed)
        value = asset_value(pool, units)
        assets += value
        collateral += collateral_value(margin.collateral, number, pool, value)
        debt = debt_value(pool, owed)
        debts += debt
        most_assets += value if holds else 2 * value
        least_debts += debt if holds else 0
    return Standing(assets, collateral, debts, frozen, most_assets, least_debts)


@kernel
def standing_of(state, row):
    return standing_after(state.venue[0], state.registry, state.ledger.balances, state.margin, row, 0, 0, 0)


@kernel
def level_of(value, debts):
    """A level in ppm."""
    return mul_div(value, PPM, debts, LEVEL_MAX) if debts > 0 else np.int64(LEVEL_MAX)


@inlined_kernel
def is_above(value, debts, threshold_ppm):
    return exceeds(value, PPM, threshold_ppm, debts)


@kernel
def is_in_doubt(venue, margin, standing):
    """Whether what is frozen decides if an account is to be liquidated; so little of it that it cannot shields nobody."""
    if venue.rules_version < FAIR_SINCE:
        return standing.frozen
    return standing.frozen and is_above(standing.most_assets, standing.least_debts, margin.setup[0].liquidation_ppm)


@kernel
def standing_event(venue, out, kind, account, standing):
    """An event about a margin account, with its Standing; returns its place."""
    place = margin_event(venue, out, kind, 0)
    event = out.margin[place]
    event.account = account
    event.assets_value = standing.assets
    event.debts_value = standing.debts
    event.level_ppm = level_of(standing.assets, standing.debts)
    return place


# ---------------------------------------------------------------- transfers


@kernel
def judge_parties(venue, registry, margin, command):
    """TRANSFER and HOLD, the last of step 14, and 14b to 14e: between whom money may move. Both are accounts."""
    debit = margin_row(registry, command.debit)
    credit = margin_row(registry, command.credit)
    one_owner = holder_of(registry, margin, command.debit) == holder_of(registry, margin, command.credit)
    if not one_owner and venue.ledger == 0:
        return Code.NOT_PERMITTED
    if command.debit == HOUSE_LENDING or command.credit == HOUSE_LENDING:
        return Code.NOT_PERMITTED
    if (debit != 0 or credit != 0) and (command.kind == Kind.HOLD or not one_owner):
        return Code.OTHER_OWNER
    if credit != 0 and not takes(registry, margin, credit, command.asset):
        return Code.MARGIN_ASSET
    if debit != 0 and margin.accounts[debit].state == MarginState.LIQUIDATING:
        return Code.ACCOUNT_LIQUIDATING
    return Code.OK


@kernel
def judge_leaving(venue, registry, balances, margin, row, asset, amount):
    """TRANSFER, steps 18 and 19: whether so much may leave a margin account; `row` 0 is none."""
    if row == 0 or margin.accounts[row].loans == 0:
        return Code.OK
    standing = standing_after(venue, registry, balances, margin, row, asset, -amount, 0)
    if standing.frozen:
        return Code.INDEX_FROZEN
    if not is_above(standing.collateral, standing.debts, margin.setup[0].transfer_ppm):
        return Code.LEVEL_TOO_LOW
    return Code.OK


# ---------------------------------------------------------------- orders


@kernel
def judge_trading(registry, margin, account, symbol_id, kind):
    """What comes after MARKET_CLOSED for a margin account that wants to place an order, or amend one."""
    row = margin_row(registry, account)
    if margin.accounts[row].state == MarginState.LIQUIDATING:
        return np.int64(Code.ACCOUNT_LIQUIDATING)
    if kind != Kind.AMEND and not trades_on(registry, margin, row, symbol_id):
        return np.int64(Code.MARGIN_SYMBOL)
    return np.int64(Code.OK)


@kernel
def judge_fairness(venue, registry, balances, margin, account, symbol_id, side, price_ticks):
    """Step 9c, for an order of a margin account; `price_ticks` 0: of one that is not to be working yet, or has no price."""
    if venue.rules_version < FAIR_SINCE:
        return np.int64(Code.OK)
    row = margin_row(registry, account)
    symbol = registry.symbols[symbol_id]
    base = margin.pools[registry.assets[symbol.base].pool]
    quote = margin.pools[registry.assets[symbol.quote].pool]
    if base.price == 0 or quote.price == 0:
        return np.int64(Code.INDEX_FROZEN)
    own = margin.accounts[row]
    if own.loans != 0 and own.due_ns <= venue.now:
        standing = standing_after(venue, registry, balances, margin, row, 0, 0, 0)
        solvent = is_above(standing.assets, standing.debts, margin.setup[0].liquidation_ppm)
        if not solvent and not is_in_doubt(venue, margin, standing):
            return np.int64(Code.ACCOUNT_LIQUIDATING)
    if price_ticks != 0 and not is_fair(venue, registry, margin, account, symbol_id, side, price_ticks):
        return np.int64(Code.UNFAIR_PRICE)
    return np.int64(Code.OK)


# ---------------------------------------------------------------- fair prices


@kernel
def fair_limit(registry, margin, symbol_id, side):
    """The worst price of a symbol, in ticks, that is fair by the indexes of its base and quote. Both have a price."""
    symbol = registry.symbols[symbol_id]
    base = margin.pools[registry.assets[symbol.base].pool]
    quote = margin.pools[registry.assets[symbol.quote].pool]
    slippage_ppm = margin.setup[0].slippage_ppm
    up = np.int64(1 if side == Side.SELL else 0)
    bound = ratio(base.price, PPM - slippage_ppm if side == Side.SELL else PPM + slippage_ppm, 1, PPM, AMOUNT_MAX, up)
    lot = symbol.lot_units * power_of_ten(max(quote.price_scale - base.price_scale, 0))
    tick = symbol.tick_lot_units * power_of_ten(max(base.price_scale - quote.price_scale, 0))
    return max(ratio(bound, lot, quote.price, tick, symbol.max_price_ticks, up), 1)


@kernel
def fair_range(venue, registry, margin, account, symbol_id, side):
    """(lowest, highest) price at which an account may buy or sell; any, but for margin accounts."""
    lowest, highest = np.int64(0), np.int64(AMOUNT_MAX)
    if registry.accounts[account].margin != 0 and venue.rules_version >= FAIR_SINCE:
        if side == Side.SELL:
            lowest = fair_limit(registry, margin, symbol_id, side)
        else:
            highest = fair_limit(registry, margin, symbol_id, side)
    return lowest, highest


@kernel
def is_fair(venue, registry, margin, account, symbol_id, side, price_ticks):
    lowest, highest = fair_range(venue, registry, margin, account, symbol_id, side)
    return lowest <= price_ticks <= highest
