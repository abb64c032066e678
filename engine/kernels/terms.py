"""The ladder of checks for an order with any terms on any symbol. docs/ORDERS.md section 2, steps 8 to 18b.

engine/kernels/place.py has the same ladder for plain orders where nothing special is going on, which is nearly all there are.
"""

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.arithmetic import client_id_digest
from engine.kernels.book import executes_as_market, hold_amount, hold_asset, ladder_of
from engine.kernels.filters import check_band, check_lots, check_notional, check_parts, check_price, check_size, filter_of
from engine.kernels.hashed import row_of
from engine.kernels.ladder import next_level
from engine.kernels.levels import judge_fairness
from engine.kernels.limits import limit_reached
from engine.kernels.loans import fund
from engine.kernels.match import crosses
from engine.kernels.pegs import peg_price
from engine.kernels.state import IN_AUCTION
from engine.kernels.waiting import is_above, is_algo, may_rest
from engine.types import (
    AMOUNT_MAX,
    COMMAND_BYTES,
    ORDER_COMMAND,
    PEG_OFFSET_MAX,
    STEPS_MAX,
    TIMEOUT_MAX_NS,
    TRAILING_MAX,
    TRAILING_PRICE_MAX,
    Code,
    Filter,
    OrderType,
    Peg,
    Pool,
    Side,
    SideEffect,
    Stp,
    TimeInForce,
)

ALONE, LEG, PENDING = 0, 1, 2  # roles of an order that is judged
_ORDERS = int(Pool.ORDERS)
_BEYOND = 2**63 - 1  # more than anybody can have, or borrow
COMMAND_WORDS = COMMAND_BYTES // 8
CLIENT_ID_WORD = ORDER_COMMAND.fields["client_id"][1] // 8


@inlined_kernel
def name_digest(batch, at):
    """The digest of the client id that a command gives."""
    return client_id_digest(batch.words, at * COMMAND_WORDS + CLIENT_ID_WORD)


@inlined_kernel
def expiry_of(command):
    """When an order with GTD expires, else 0."""
    return command.expires_ns if command.time_in_force == TimeInForce.GTD else np.int64(0)


@inlined_kernel
def quote_of(command):
    """What a MARKET order spends or earns at most, where it is by quote; 0 elsewhere, where the field may mean something else."""
    return command.quote_quantity if command.order_type == OrderType.MARKET else np.int64(0)


@inlined_kernel
def hold_ticks_for(symbol, price_ticks, stop_price_ticks):
    """The price by which an order holds that is not in the book."""
    if price_ticks != 0:
        return price_ticks
    if stop_price_ticks != 0:
        return stop_price_ticks
    return max(symbol.last_price_ticks, 1)


# ---------------------------------------------------------------- step 8


@kernel
def _malformed(symbol, command, quantity):
    """The fields contradict each other."""
    order_type = np.int64(command.order_type)
    time_in_force = np.int64(command.time_in_force)
    if command.side > Side.SELL or order_type > OrderType.TAKE_PROFIT_LIMIT:
        return True
    if time_in_force > TimeInForce.GTD or command.stp > Stp.TRANSFER:
        return True
    if command.side_effect > SideEffect.AUTO_BORROW_REPAY or command.peg > Peg.MARKET or command.peg_offset > PEG_OFFSET_MAX:
        return True
    if command.peg_offset != 0 and command.peg == Peg.NONE:
        return True
    if command.stop_price_ticks < 0 or command.iceberg_lots < 0:
        return True
    if _stop_is_malformed(symbol, command, order_type):
        return True
    if executes_as_market(order_type):
        return _market_is_malformed(command, quantity, order_type, time_in_force)
    return _limit_is_malformed(command, quantity, order_type, time_in_force)


@inlined_kernel
def _stop_is_malformed(symbol, command, order_type):
    waits = command.stop_price_ticks != 0 or command.trailing_bps != 0
    if waits != is_algo(order_type):
        return True
    return command.trailing_bps != 0 and symbol.max_price_ticks > TRAILING_PRICE_MAX


@inlined_kernel
def _market_is_malformed(command, quantity, order_type, time_in_force):
    if time_in_force != TimeInForce.GTC or command.price_ticks != 0 or command.iceberg_lots != 0 or command.peg != Peg.NONE:
        return True
    if order_type != OrderType.MARKET:
        return command.quote_quantity != 0 or quantity < 1
    return quantity < 0 or command.quote_quantity < 0 or (quantity > 0) == (command.quote_quantity > 0)


@inlined_kernel
def _limit_is_malformed(command, quantity, order_type, time_in_force):
    stays = time_in_force == TimeInForce.GTC or time_in_force == TimeInForce.GTD
    if order_type == OrderType.LIMIT_MAKER and (not stays or command.peg == Peg.MARKET):
        return True
    if order_type == OrderType.LIMIT and command.peg == Peg.PRIMARY and not stays:
        return True
    if command.peg == Peg.NONE:
        if command.price_ticks < 1:
            return True
    elif command.price_ticks != 0:
        return True
    if quantity < 1 or (time_in_force != TimeInForce.GTD and command.quote_quantity != 0):
        return True
    return command.iceberg_lots != 0 and (not stays or command.iceberg_lots > quantity)


# ---------------------------------------------------------------- the ladder


@kernel
def judge(venue, registry, book, balances, margin, batch, owner, at, first, quantity, role):
    """Steps 8 to 18b for the order of the command at `at`: (code, its price). `quantity` is the command's, or what a replaced order had
    left; the commands from `first` on are earlier legs of its list. `role`: ALONE, the LEG of a list, or a PENDING leg, which is not to be
    working yet."""
    pending = role == PENDING
    command = batch.orders[at]
    account = np.int64(command.account)
    symbol_id = np.int64(command.symbol)
    symbol = registry.symbols[symbol_id]
    if _malformed(symbol, command, quantity) or (command.side_effect != 0 and registry.accounts[account].margin == 0):
        return np.int64(Code.INVALID_ORDER), np.int64(0)
    side = np.int64(command.side)
    order_type = np.int64(command.order_type)
    algo = is_algo(order_type)
    price = command.price_ticks
    expires_ns = expiry_of(command)
    if command.time_in_force == TimeInForce.GTD and (expires_ns <= venue.now or expires_ns > venue.now + TIMEOUT_MAX_NS):
        return np.int64(Code.EXPIRY_INVALID), price
    if command.peg != Peg.NONE and not algo and not pending:
        price = peg_price(book, symbol_id, side, np.int64(command.peg), np.int64(command.peg_offset))
        if price == 0:
            return np.int64(Code.PEG_UNAVAILABLE), price
    stop = command.stop_price_ticks
    ticks = hold_ticks_for(symbol, price, stop)

    code = check_price(registry, symbol_id, price, stop)
    if code == Code.OK:
        code = check_band(registry, symbol_id, side, price)
    if code == Code.OK and registry.accounts[account].margin != 0:
        working = np.int64(0) if algo or pending else price
        code = judge_fairness(venue, registry, balances, margin, account, symbol_id, side, working)
    if code == Code.OK:
        code = check_lots(registry, symbol_id, order_type, quantity, command.iceberg_lots)
    quote = quote_of(command)
    if code == Code.OK and quote > AMOUNT_MAX:
        code = np.int64(Code.NOTIONAL)
    if code != Code.OK:
        return code, price
    value = quote if quote != 0 else value_of(symbol, order_type, ticks, quantity)
    code = check_notional(registry, symbol_id, order_type, value)
    if code == Code.OK:
        code = check_parts(registry, symbol_id, side, order_type, quantity, command.iceberg_lots, np.int64(command.trailing_bps))
    if code == Code.OK:
        earlier_lots = np.int64(0)
        for place in range(first, at):
            if batch.orders[place].side == Side.BUY:
                earlier_lots += batch.orders[place].quantity_lots
        code = check_size(registry, book, balances, symbol_id, account, side, quantity, value, earlier_lots, owner.roster)
    if code == Code.OK:
        code = _counts(venue, registry, book, batch, owner, at, first, role)
    if code != Code.OK or pending:
        return code, price

    needed = funds_for(book, symbol, symbol_id, side, order_type, price, ticks, quantity, quote)
    side_effect = np.int64(command.side_effect) if role == ALONE else np.int64(SideEffect.NONE)  # orders of a list do not borrow
    code = fund(venue, registry, balances, margin, account, hold_asset(symbol, side), needed, side_effect)
    if code != Code.OK:
        return code, price
    if order_type == OrderType.LIMIT_MAKER and symbol.special & IN_AUCTION == 0 and would_take(book, symbol_id, side, price):
        return np.int64(Code.WOULD_TAKE), price
    if algo and would_trigger(symbol, side, order_type, stop):
        return np.int64(Code.WOULD_TRIGGER), price
    return np.int64(Code.OK), price


@inlined_kernel
def value_of(symbol, order_type, hold_ticks, quantity):
    """The quote value of step 12, 0 where it is not known; MARKET has no price but the last."""
    ticks = symbol.last_price_ticks if order_type == OrderType.MARKET else hold_ticks
    return ticks * quantity * symbol.tick_lot_units


@kernel
def _counts(venue, registry, book, batch, owner, at, first, role):
    """Steps 13 to 16: as many open already; the commands from `first` on count as if they were."""
    command = batch.orders[at]
    symbol_id = np.int64(command.symbol)
    symbol = registry.symbols[symbol_id]
    account = registry.accounts[command.account]
    roster = book.rosters[owner.roster]
    algo = is_algo(command.order_type)
    iceberg = command.iceberg_lots != 0
    stays = algo or role != ALONE or may_rest(command.order_type, command.time_in_force)
    legs = at - first
    algos = np.int64(0)
    icebergs = np.int64(0)
    trailing = np.int64(0)
    digest = name_digest(batch, at)
    taken = digest != 0 and row_of(book.client_ids, np.int64(command.account), digest) != 0
    for place in range(first, at):
        leg = batch.orders[place]
        algos += 1 if is_algo(leg.order_type) else 0
        icebergs += 1 if leg.iceberg_lots != 0 else 0
        trailing += 1 if leg.trailing_bps != 0 else 0
        taken = taken or (digest != 0 and name_digest(batch, place) == digest)
    if stays and np.int64(roster.count) + legs >= symbol.max_orders:
        return np.int64(Code.MAX_NUM_ORDERS)
    if algo and _reached(filter_of(registry, symbol_id, Filter.MAX_ALGO_ORDERS), np.int64(roster.algos) + algos):
        return np.int64(Code.MAX_NUM_ALGO_ORDERS)
    if iceberg and _reached(filter_of(registry, symbol_id, Filter.MAX_ICEBERG_ORDERS), np.int64(roster.icebergs) + icebergs):
        return np.int64(Code.MAX_NUM_ICEBERG_ORDERS)
    if stays and _reached(filter_of(registry, 0, Filter.EXCHANGE_MAX_ORDERS), account.orders + legs):
        return np.int64(Code.EXCHANGE_MAX_ORDERS)
    if algo and _reached(filter_of(registry, 0, Filter.EXCHANGE_MAX_ALGO_ORDERS), account.algos + algos):
        return np.int64(Code.EXCHANGE_MAX_ALGO_ORDERS)
    if iceberg and _reached(filter_of(registry, 0, Filter.EXCHANGE_MAX_ICEBERG_ORDERS), account.icebergs + icebergs):
        return np.int64(Code.EXCHANGE_MAX_ICEBERG_ORDERS)
    if command.trailing_bps != 0 and symbol.trailing + trailing >= TRAILING_MAX:
        return np.int64(Code.TRAILING_FULL)
    if limit_reached(venue, account, legs):
        return np.int64(Code.TOO_MANY_ORDERS)
    if taken:
        return np.int64(Code.DUPLICATE_CLIENT_ID)
    if stays and venue.orders_open + legs >= registry.capacity[_ORDERS]:
        return np.int64(Code.ORDERS_FULL)
    return np.int64(Code.OK)


@inlined_kernel
def _reached(limit, number):
    return limit != 0 and number >= limit


# ---------------------------------------------------------------- steps 17 to 18b


@kernel
def funds_for(book, symbol, symbol_id, side, order_type, price_ticks, hold_ticks, quantity, quote_quantity):
    """What must be available for an order that is to be working, or for a contingent one's hold."""
    if is_algo(order_type):
        return hold_amount(symbol, side, hold_ticks, quantity)
    if order_type == OrderType.MARKET:
        return estimate(book, symbol, symbol_id, side, quantity, quote_quantity)
    return hold_amount(symbol, side, price_ticks, quantity)


@kernel
def estimate(book, symbol, symbol_id, side, quantity, quote_quantity):
    """Step 17 for MARKET: what a walk over the opposite levels says that the order needs; _BEYOND at most."""
    if side == Side.SELL and quantity > 0:
        return quantity * symbol.lot_units
    opposite = ladder_of(book, symbol_id, 1 - side)
    left = quantity
    budget = quote_quantity
    bought = np.int64(0)
    place = np.int64(opposite.best)
    for _ in range(STEPS_MAX):
        if place == 0:
            break
        level = book.levels[place]
        offered = level.lots + book.hidden[place]
        lot_quote = level.price_ticks * symbol.tick_lot_units
        lots = min(offered, left if quantity > 0 else budget // lot_quote)
        bought += lots
        left -= lots
        budget -= lots * lot_quote
        if lots < offered:
            break
        place = np.int64(next_level(book, opposite, 1 - side, level.price_ticks))
    if side == Side.BUY:
        return quote_quantity - budget
    return bought * symbol.lot_units if bought <= _BEYOND // symbol.lot_units else np.int64(_BEYOND)


@inlined_kernel
def would_take(book, symbol_id, side, limit_ticks):
    best = ladder_of(book, symbol_id, 1 - side).best
    return best != 0 and crosses(side, limit_ticks, book.levels[best].price_ticks)


@inlined_kernel
def would_trigger(symbol, side, order_type, stop_price_ticks):
    """Whether a stop price is reached before the order could wait for it."""
    last = symbol.last_price_ticks
    if last == 0 or stop_price_ticks == 0:
        return False
    return stop_price_ticks <= last if is_above(side, order_type) else stop_price_ticks >= last
