"""Steps 9 to 13d of the ladder of PLACE: docs/CORE.md section 3, and docs/ORDERS.md section 2. Sizes, prices, values, counts.

Owns the comparison of an order with its symbol's listing and with what SET_FILTER set; 0 is off.
"""

from engine.oracle.state import Order, State
from engine.types import AMOUNT_MAX, BPS, PPM, TRAILING_MAX, Code, Filter, OrderType, Side


def refuse_price(state: State, order: Order) -> Code | None:
    """Steps 9 and 9b."""
    symbol = state.symbols[order.symbol]
    for price in (order.price_ticks, order.stop_price_ticks):
        if price and not state.filter(order.symbol, Filter.MIN_PRICE_TICKS) <= price <= symbol.max_price_ticks:
            return Code.PRICE_FILTER
    if order.price_ticks and symbol.last_price_ticks and not _is_near(state, order, symbol.last_price_ticks):
        return Code.PERCENT_PRICE
    return None


def _is_near(state: State, order: Order, last: int) -> bool:
    bounds = {Side.BUY: (Filter.BID_UP_PPM, Filter.BID_DOWN_PPM), Side.SELL: (Filter.ASK_UP_PPM, Filter.ASK_DOWN_PPM)}[order.side]
    up, down = (state.filter(order.symbol, bound) for bound in bounds)
    return (not up or order.price_ticks <= last * up // PPM) and (not down or order.price_ticks >= -(-last * down // PPM))


def refuse_quantity(state: State, order: Order, quote_quantity: int) -> Code | None:
    """Steps 10 and 11."""
    symbol, lots = state.symbols[order.symbol], order.order_lots
    fewest = state.filter(order.symbol, Filter.MIN_LOTS)
    if lots > symbol.max_quantity_lots or 0 < order.iceberg_lots < fewest:
        return Code.LOT_SIZE
    if quote_quantity:
        return None
    if lots < fewest:
        return Code.LOT_SIZE
    fewest = state.filter(order.symbol, Filter.MIN_MARKET_LOTS)
    if order.executes_as_market and not fewest <= lots <= symbol.max_market_lots:
        return Code.MARKET_LOT_SIZE
    return None


def refuse_value(state: State, order: Order, quote_quantity: int = 0) -> Code | None:
    """Step 12."""
    value = _value(state, order, quote_quantity)
    if quote_quantity > AMOUNT_MAX:
        return Code.NOTIONAL
    if value is None:
        return None
    spared = state.filter(order.symbol, Filter.NOTIONAL_SPARES_MARKET) if order.executes_as_market else 0
    most = state.filter(order.symbol, Filter.MAX_NOTIONAL)
    if value < state.symbols[order.symbol].min_notional and not spared & 1:
        return Code.NOTIONAL
    if most and value > most and not spared & 2:
        return Code.NOTIONAL
    return None


def _value(state: State, order: Order, quote_quantity: int) -> int | None:
    """In quote units; None for a market order while there is no price to tell by, or where it is no amount."""
    if quote_quantity:
        return quote_quantity
    symbol = state.symbols[order.symbol]
    price = symbol.last_price_ticks if order.order_type == OrderType.MARKET else order.price_ticks or order.hold_ticks
    value = price * order.order_lots * symbol.tick_lot_units
    return value if 0 < value <= AMOUNT_MAX else None


def refuse_terms(state: State, order: Order) -> Code | None:
    """Steps 12b and 12c."""
    parts = state.filter(order.symbol, Filter.ICEBERG_PARTS)
    if parts and order.iceberg_lots and -(-order.order_lots // order.iceberg_lots) > parts:
        return Code.ICEBERG_PARTS
    if order.trailing_bps and not _may_trail(state, order):
        return Code.TRAILING_DELTA
    return None


def _may_trail(state: State, order: Order) -> bool:
    above, below = (Filter.MIN_TRAILING_ABOVE, Filter.MAX_TRAILING_ABOVE), (Filter.MIN_TRAILING_BELOW, Filter.MAX_TRAILING_BELOW)
    least, most = (state.filter(order.symbol, number) for number in (above if order.is_above else below))
    return order.trailing_bps < BPS and order.trailing_bps >= least and (not most or order.trailing_bps <= most)


def refuse_amount(state: State, order: Order, quote_quantity: int) -> Code | None:
    """Steps 12d and 12e."""
    symbol, base = state.symbols[order.symbol], order.order_lots * state.symbols[order.symbol].lot_units
    if 0 < state.max_asset(symbol.base) < base:
        return Code.MAX_ASSET
    if 0 < state.max_asset(symbol.quote) < (_value(state, order, quote_quantity) or 0):
        return Code.MAX_ASSET
    most = state.filter(order.symbol, Filter.MAX_POSITION)
    if order.side == Side.BUY and most:
        has = state.balance(order.account, symbol.base)
        buying = sum(other.rest for other in state.orders_of(order.account, order.symbol).values() if other.side == Side.BUY)
        if has.available + has.held + buying * symbol.lot_units + base > most:
            return Code.MAX_POSITION
    return None


def refuse_count(state: State, order: Order, takes_place: bool) -> Code | None:
    """Steps 13 to 13d. `takes_place`: whether it counts among the open orders, which is not so for one that can only take."""
    here = list(state.orders_of(order.account, order.symbol).values())
    everywhere = [other for symbol in state.symbols for other in state.orders_of(order.account, symbol).values()]
    algos, icebergs = (lambda other: other.is_contingent), (lambda other: other.iceberg_lots != 0)
    limits = (
        (takes_place, here, lambda _: True, state.symbols[order.symbol].max_orders, Code.MAX_NUM_ORDERS),
        (algos(order), here, algos, state.filter(order.symbol, Filter.MAX_ALGO_ORDERS), Code.MAX_NUM_ALGO_ORDERS),
        (icebergs(order), here, icebergs, state.filter(order.symbol, Filter.MAX_ICEBERG_ORDERS), Code.MAX_NUM_ICEBERG_ORDERS),
        (takes_place, everywhere, lambda _: True, state.filter(0, Filter.EXCHANGE_MAX_ORDERS), Code.EXCHANGE_MAX_ORDERS),
        (algos(order), everywhere, algos, state.filter(0, Filter.EXCHANGE_MAX_ALGO_ORDERS), Code.EXCHANGE_MAX_ALGO_ORDERS),
        (icebergs(order), everywhere, icebergs, state.filter(0, Filter.EXCHANGE_MAX_ICEBERG_ORDERS), Code.EXCHANGE_MAX_ICEBERG_ORDERS),
    )  # fmt: skip
    for counts, among, like_it, most, code in limits:
        if counts and most and sum(map(like_it, among)) >= most:
            return code
    if order.trailing_bps:
        trailing = sum(other.symbol == order.symbol and other.trailing_bps > 0 for other in state.orders.values())
        if trailing >= TRAILING_MAX:
            return Code.TRAILING_FULL
    return None
