"""A fill off the plain path: its fees by all their rules, what it counts for, and the loans it repays. docs/MARGIN.md sections
2 and 8."""

from typing import NamedTuple

import numpy as np

from engine.kernels import inlined_kernel, kernel
from engine.kernels.fees import count_fill, take_fee
from engine.kernels.levels import holder_of
from engine.kernels.loans import settle_loans
from engine.types import FEE_TIERS, PPM, EventFlag, Side

_DISCOUNTED, _COUNTER_DISCOUNTED = int(EventFlag.FEE_DISCOUNTED), int(EventFlag.COUNTER_FEE_DISCOUNTED)


class Fees(NamedTuple):
    """What both parties of a fill paid, and what it brought them of the asset they received. Below zero a fee is a rebate."""

    taker: int
    maker: int
    taker_brought: int
    maker_brought: int
    flags: int  # EventFlag: whose fee is in the discount's asset


@kernel
def take_fees(venue, registry, balances, margin, symbol_id, side, taker, maker, base_amount, quote_amount, in_auction, discounts):
    """Takes the fees of a fill of which base and quote have changed hands, the taker's first; `side` is the taker's."""
    symbol = registry.symbols[symbol_id]
    count_fill(venue, registry, margin, taker, maker, symbol.quote, quote_amount)
    buys = side == Side.BUY
    asset, received = (symbol.base, base_amount) if buys else (symbol.quote, quote_amount)
    maker_asset, maker_received = (symbol.quote, quote_amount) if buys else (symbol.base, base_amount)
    row, maker_row = _fee_row(registry, margin, symbol_id, taker), _fee_row(registry, margin, symbol_id, maker)
    ppm, maker_ppm, parts = np.int64(row.taker_ppm), np.int64(maker_row.maker_ppm), PPM
    if in_auction:  # each pays half of both rates
        ppm, maker_ppm, parts = ppm + row.maker_ppm, maker_ppm + maker_row.taker_ppm, 2 * PPM
    fee, brought, cheaper = take_fee(venue, registry, balances, margin, taker, asset, received, ppm, parts, maker_asset, discounts)
    maker_fee, maker_brought, maker_cheaper = take_fee(
        venue, registry, balances, margin, maker, maker_asset, maker_received, maker_ppm, parts, 0, discounts
    )
    flags = (_DISCOUNTED if cheaper else 0) | (_COUNTER_DISCOUNTED if maker_cheaper else 0)
    return Fees(fee, maker_fee, brought, maker_brought, flags)


@inlined_kernel
def _fee_row(registry, margin, symbol_id, account):
    """The FEE record of an account on a symbol, by the tier that it has once the fill is counted."""
    return registry.fees[symbol_id * FEE_TIERS + registry.accounts[holder_of(registry, margin, account)].tier]


@kernel
def after_fill(venue, registry, balances, margin, out, order, maker_account, maker_side_effect, fees):
    """After the event of a fill: what its parties repay from it, the taker first, and when they are looked at next."""
    symbol = registry.symbols[order.symbol]
    buys = order.side == Side.BUY
    taker_asset = symbol.base if buys else symbol.quote
    maker_asset = symbol.quote if buys else symbol.base
    settle_loans(venue, registry, balances, margin, out, order.account, taker_asset, fees.taker_brought, order.side_effect)
    settle_loans(venue, registry, balances, margin, out, maker_account, maker_asset, fees.maker_brought, maker_side_effect)
