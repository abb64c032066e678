"""The money of a fill: how much of it can be paid for, its fees, and the balances it moves."""

from typing import NamedTuple

from engine.kernels import inlined_kernel
from engine.kernels.arithmetic import ceil_ppm
from engine.kernels.book import rest_of
from engine.types import Side


class Places(NamedTuple):
    """The slots of an account's two balances on a symbol."""

    base: int
    quote: int


@inlined_kernel
def affordable_lots(symbol, balances, owner, order, market, by_quote, budget, lot_quote, offered):
    """How many of a maker's lots the taker takes: no more than it wants, nor, for what executes as MARKET, than its owner can pay for."""
    lots = min(offered, budget // lot_quote if by_quote else rest_of(order))
    if market and order.side == Side.BUY:
        return min(lots, balances[owner.quote].available // lot_quote)
    if by_quote:
        return min(lots, balances[owner.base].available // symbol.lot_units)
    return lots


@inlined_kernel
def fee_of(received, ppm):
    """The fee on what is received in a fill."""
    return ceil_ppm(received, ppm)


@inlined_kernel
def settle(balances, side, taker, maker, fees, base_amount, quote_amount, taker_fee, maker_fee):
    """Moves what a fill exchanges: out of the taker's available, out of what the maker holds. `side` is the taker's; each fee is in what
    its payer receives. `taker`, `maker` and `fees` (the house's) are Places."""
    if side == Side.BUY:
        balances[taker.quote].available -= quote_amount
        balances[taker.base].available += base_amount - taker_fee
        balances[maker.base].held -= base_amount
        balances[maker.quote].available += quote_amount - maker_fee
        balances[fees.base].available += taker_fee
        balances[fees.quote].available += maker_fee
    else:
        balances[taker.base].available -= base_amount
        balances[taker.quote].available += quote_amount - taker_fee
        balances[maker.quote].held -= quote_amount
        balances[maker.base].available += base_amount - maker_fee
        balances[fees.quote].available += taker_fee
        balances[fees.base].available += maker_fee
