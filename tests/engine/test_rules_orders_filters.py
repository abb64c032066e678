"""Filters: docs/ORDERS.md sections 2 and 10. Each at its bounds, in the order of the ladder, and everything extreme in every field."""

import itertools

import numpy as np
import pytest

from engine import commands as make
from engine.types import ADMIN_EVENT, AMOUNT_MAX, Code, EventKind, Filter, Kind, OrderType, SymbolStatus, TimeInForce
from tests.engine.machines import ALICE, BASE, BOB, CAROL, LISTING, QUOTE, SYMBOL, both_machines
from tests.engine.venues import (
    BUY,
    DAVE,
    LIMIT,
    LIMIT_MAKER,
    MARKET,
    SELL,
    STOP_LOSS,
    STOP_LOSS_LIMIT,
    TAKE_PROFIT_LIMIT,
    OrderVenue,
    told,
)

pytestmark = both_machines
EXTREMES = (0, 1, -1, 2**31, -(2**31), 2**53, 2**62, 2**63 - 1, -(2**63))


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    return OrderVenue(make_machine)


# ---------------------------------------------------------------- SET_FILTER


def test_a_filter_is_set_read_and_switched_off(venue):
    applied = venue.done(make.admin(Kind.SET_FILTER, filter=Filter.MIN_LOTS, symbol=SYMBOL, value=7))
    event = applied.events.view(ADMIN_EVENT)[0]
    assert [event[name] for name in ("command", "symbol", "asset", "key", "value")] == [Kind.SET_FILTER, SYMBOL, 0, Filter.MIN_LOTS, 7]
    venue.set_filter(Filter.EXCHANGE_MAX_LISTS, 3)
    assert venue.machine.filters(SYMBOL) == {Filter.MIN_LOTS: 7} and venue.machine.filters(0) == {Filter.EXCHANGE_MAX_LISTS: 3}
    before = venue.machine.state_hash()
    venue.set_filter(Filter.MIN_LOTS, 0)
    assert venue.machine.filters(SYMBOL) == {} and venue.machine.state_hash() != before
    applied = venue.done(make.admin(Kind.SET_FILTER, filter=Filter.MAX_ASSET, base=QUOTE, value=9))
    event = applied.events.view(ADMIN_EVENT)[0]
    assert [event[name] for name in ("symbol", "asset", "key", "value")] == [0, QUOTE, Filter.MAX_ASSET, 9]
    assert venue.machine.max_asset(QUOTE) == 9 and venue.machine.max_asset(BASE) == 0 and venue.machine.filters(0) != {}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"filter": 0, "symbol": SYMBOL}, "INVALID_ARGUMENT"), ({"filter": 22, "symbol": SYMBOL}, "INVALID_ARGUMENT"),
        ({"filter": 29}, "INVALID_ARGUMENT"), ({"filter": 255}, "INVALID_ARGUMENT"),
        ({"filter": Filter.MAX_ASSET, "base": 9}, "UNKNOWN_ASSET"),
        ({"filter": Filter.MAX_ASSET}, "UNKNOWN_ASSET"), ({"filter": Filter.EXCHANGE_MAX_ORDERS, "symbol": SYMBOL}, "INVALID_ARGUMENT"),
        ({"filter": Filter.MIN_LOTS}, "UNKNOWN_SYMBOL"), ({"filter": Filter.MIN_LOTS, "symbol": 9, "value": -1}, "UNKNOWN_SYMBOL"),
        ({"filter": Filter.MIN_LOTS, "symbol": SYMBOL, "value": -1}, "INVALID_ARGUMENT"),
        ({"filter": Filter.MIN_LOTS, "symbol": SYMBOL, "value": AMOUNT_MAX + 1}, "INVALID_ARGUMENT"),
        ({"filter": Filter.MIN_LOTS, "symbol": SYMBOL, "value": 2**63 - 1}, "INVALID_ARGUMENT"),
    ],
    ids=str,
)  # fmt: skip
def test_set_filter_ladder(venue, fields, code):
    applied = venue.send(make.admin(Kind.SET_FILTER, **fields))
    event = applied.events.view(ADMIN_EVENT)[0]
    assert Code(applied.codes[0]).name == code and event["kind"] == EventKind.ADMIN_REJECTED
    asset = fields.get("base", 0) if fields["filter"] == Filter.MAX_ASSET else 0
    assert [event[name] for name in ("symbol", "asset", "key", "value")] == [fields.get("symbol", 0), asset, fields["filter"], 0]
    assert venue.machine.filters(SYMBOL) == venue.machine.filters(0) == {}


# ---------------------------------------------------------------- one by one


def test_the_lowest_price_holds_for_stop_prices_too(venue):
    venue.set_filter(Filter.MIN_PRICE_TICKS, 50)
    assert venue.refuses(venue.order(ALICE, BUY, 1, 49)) == "PRICE_FILTER"
    assert venue.refuses(venue.order(ALICE, BUY, 1, 50, STOP_LOSS_LIMIT, stop_price_ticks=49)) == "PRICE_FILTER"
    assert venue.refuses(venue.order(ALICE, BUY, 1, 50, STOP_LOSS_LIMIT, stop_price_ticks=10**6 + 1)) == "PRICE_FILTER"
    venue.place(ALICE, BUY, 1, 50, STOP_LOSS_LIMIT, stop_price_ticks=10**6)
    venue.done(venue.order(BOB, SELL, 1, 0, MARKET))


def test_percent_price_by_side_rounds_towards_the_last_price(venue):
    orders = [(BUY, 13, 7), (SELL, 14, 8)]
    for number, value in ((4, 1_250_000), (5, 640_000), (6, 1_330_000), (7, 750_000)):
        venue.set_filter(Filter(number), value)
    venue.place(BOB, BUY, 1, 1)  # without a last price anything goes
    venue.done(make.cancel(BOB, SYMBOL, 1))
    venue.trade_at(11)  # BUY 7.04 … 13.75, SELL 8.25 … 14.63
    for side, highest, lowest in orders:
        low = lowest + 1
        assert venue.refuses(venue.order(ALICE, side, 1, highest + 1)) == "PERCENT_PRICE"
        assert venue.refuses(venue.order(ALICE, side, 1, low - 1)) == "PERCENT_PRICE"
        for price in (highest, low):
            order = venue.order(ALICE, side, 1, price, STOP_LOSS_LIMIT, stop_price_ticks=30 if side == BUY else 2)
            venue.done(order)
    venue.done(venue.order(ALICE, BUY, 1, 0, MARKET))


def test_products_beyond_64_bits_compare_as_they_are(make_machine):
    venue = OrderVenue(make_machine, max_price_ticks=2**40, max_quantity_lots=1, max_market_lots=1)
    venue.done(venue.deposit(ALICE, QUOTE, 2**41), venue.deposit(DAVE, QUOTE, 2**41))
    venue.trade_at(2**40)
    venue.set_filter(Filter.BID_UP_PPM, AMOUNT_MAX)
    venue.place(ALICE, BUY, 1, 2**40)
    venue.set_filter(Filter.BID_DOWN_PPM, AMOUNT_MAX)
    assert venue.refuses(venue.order(ALICE, BUY, 1, 2**40)) == "PERCENT_PRICE"


def test_the_fewest_lots(venue):
    venue.set_filter(Filter.MIN_LOTS, 5)
    venue.set_filter(Filter.MIN_MARKET_LOTS, 8)
    assert venue.refuses(venue.order(ALICE, BUY, 4, 9)) == venue.refuses(venue.order(ALICE, BUY, 4, 0, MARKET)) == "LOT_SIZE"
    assert venue.refuses(venue.order(ALICE, BUY, 7, 0, MARKET)) == "MARKET_LOT_SIZE"
    assert venue.refuses(venue.order(ALICE, BUY, 7, 0, STOP_LOSS, stop_price_ticks=9)) == "MARKET_LOT_SIZE"
    venue.place(ALICE, BUY, 5, 9)
    venue.done(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=1), venue.order(ALICE, BUY, 8, 0, MARKET))


def test_a_stop_that_executes_as_market_is_no_larger_than_a_market_order(make_machine):
    venue = OrderVenue(make_machine, max_market_lots=9)
    assert venue.refuses(venue.order(ALICE, BUY, 10, 0, STOP_LOSS, stop_price_ticks=9)) == "MARKET_LOT_SIZE"
    venue.place(ALICE, BUY, 10, 9, STOP_LOSS_LIMIT, stop_price_ticks=9)


def test_notional_of_every_type_and_what_is_spared(make_machine):
    venue = OrderVenue(make_machine, min_notional=100)
    venue.set_filter(Filter.MAX_NOTIONAL, 1000)
    assert venue.refuses(venue.order(ALICE, BUY, 9, 11)) == venue.refuses(venue.order(ALICE, BUY, 91, 11)) == "NOTIONAL"
    for stop, refused in ((9, True), (10, False), (100, False), (101, True)):
        order = venue.order(ALICE, BUY, 10, 0, STOP_LOSS, stop_price_ticks=stop)
        assert venue.refuses(order) == "NOTIONAL" if refused else venue.done(order)
    for quote, code in ((99, Code.NOTIONAL), (100, 0), (1000, 0), (1001, Code.NOTIONAL), (AMOUNT_MAX + 1, Code.NOTIONAL)):
        assert venue.codes(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=quote)) == [code]
    venue.set_filter(Filter.NOTIONAL_SPARES_MARKET, 1)
    assert venue.codes(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=99)) == [0]
    assert venue.codes(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=1001)) == [Code.NOTIONAL]
    venue.set_filter(Filter.NOTIONAL_SPARES_MARKET, 2)
    assert venue.codes(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=1001)) == [0]
    assert venue.codes(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=99)) == [Code.NOTIONAL]
    assert venue.codes(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=AMOUNT_MAX + 1)) == [Code.NOTIONAL]
    assert venue.refuses(venue.order(ALICE, BUY, 9, 11)) == "NOTIONAL", "only market orders are spared"


def test_the_largest_order_by_asset(venue):
    venue.done(make.admin(Kind.SET_FILTER, filter=Filter.MAX_ASSET, base=BASE, value=10))
    assert venue.refuses(venue.order(ALICE, BUY, 11, 1)) == venue.refuses(venue.order(ALICE, SELL, 11, 0, MARKET)) == "MAX_ASSET"
    venue.done(make.admin(Kind.SET_FILTER, filter=Filter.MAX_ASSET, base=QUOTE, value=50))
    assert venue.refuses(venue.order(ALICE, SELL, 10, 6)) == "MAX_ASSET"
    assert venue.refuses(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=51)) == "MAX_ASSET"
    assert venue.refuses(venue.order(ALICE, BUY, 10, 0, STOP_LOSS, stop_price_ticks=6)) == "MAX_ASSET"
    venue.place(ALICE, BUY, 10, 5)


def test_the_position_counts_what_one_has_and_what_one_buys(make_machine):
    venue = OrderVenue(make_machine, funds=1000)
    venue.place(ALICE, SELL, 100, 50)  # still hers
    venue.place(ALICE, BUY, 7, 5)
    venue.place(ALICE, BUY, 3, 0, STOP_LOSS, stop_price_ticks=9)
    venue.set_filter(Filter.MAX_POSITION, 1012)
    assert venue.refuses(venue.order(ALICE, BUY, 3, 5)) == "MAX_POSITION"
    venue.place(ALICE, BUY, 2, 5)
    venue.done(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=5), venue.order(ALICE, SELL, 100, 60))
    venue.set_filter(Filter.MAX_POSITION, 1011)
    assert venue.refuses(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=5)) == "MAX_POSITION"


COUNTS = [
    (Filter.MAX_ALGO_ORDERS, "MAX_NUM_ALGO_ORDERS", {"order_type": STOP_LOSS, "stop_price_ticks": 9, "price": 0}),
    (Filter.MAX_ICEBERG_ORDERS, "MAX_NUM_ICEBERG_ORDERS", {"iceberg_lots": 1}),
    (Filter.EXCHANGE_MAX_ORDERS, "EXCHANGE_MAX_ORDERS", {}),
    (Filter.EXCHANGE_MAX_ALGO_ORDERS, "EXCHANGE_MAX_ALGO_ORDERS", {"order_type": STOP_LOSS, "stop_price_ticks": 9, "price": 0}),
    (Filter.EXCHANGE_MAX_ICEBERG_ORDERS, "EXCHANGE_MAX_ICEBERG_ORDERS", {"iceberg_lots": 1}),
]


@pytest.mark.parametrize(("number", "code", "terms"), COUNTS, ids=[row[1] for row in COUNTS])
def test_how_many_of_a_kind_an_account_may_have(venue, number, code, terms):
    terms = {"price": 5, "order_type": LIMIT} | terms
    order = venue.order(ALICE, BUY, 3, terms.pop("price"), terms.pop("order_type"), **terms)
    venue.done(make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"SECOND"}))
    elsewhere = order.copy()
    elsewhere["symbol"] = 2
    venue.set_filter(number, 2)
    venue.done(order, elsewhere)
    everywhere = number >= Filter.EXCHANGE_MAX_ORDERS
    assert venue.codes(order) == ([Code[code]] if everywhere else [Code.OK])
    assert venue.codes(order) == [Code[code]]
    others = order.copy()
    others["account"] = BOB
    venue.done(others, venue.order(ALICE, BUY, 1, 0, MARKET))
    if number not in (Filter.EXCHANGE_MAX_ORDERS,):
        venue.place(ALICE, BUY, 1, 5)
    venue.done(make.cancel_all(ALICE, SYMBOL), order)


def test_an_order_that_cannot_rest_is_not_counted(make_machine):
    venue = OrderVenue(make_machine, max_orders=1)
    venue.place(ALICE, BUY, 1, 5)
    venue.done(venue.order(ALICE, BUY, 1, 5, time_in_force=TimeInForce.IOC))
    assert venue.refuses(venue.order(ALICE, BUY, 1, 0, STOP_LOSS, stop_price_ticks=9)) == "MAX_NUM_ORDERS"
    assert venue.refuses(venue.order(ALICE, BUY, 1, 5, time_in_force=TimeInForce.GTD, expires_ns=venue.time_ns + 10**9)) == "MAX_NUM_ORDERS"


# ---------------------------------------------------------------- price range


def test_no_trade_beyond_the_range_of_the_last_price_at_the_beginning(venue):
    venue.trade_at(100)
    venue.set_filter(Filter.RANGE_UP_PPM, 1_055_000)  # 105.5
    for price in (104, 105, 106):
        venue.place(BOB, SELL, 1, price)  # 3 4 5
    assert told(venue.done(venue.order(ALICE, BUY, 3, 0, MARKET)))[1:] == ["TRADE 6/3 1@104", "TRADE 6/4 1@105", "EXPIRED 6 PRICE_RANGE"]
    venue.trade_at(100)
    crossing = venue.done(venue.order(ALICE, BUY, 3, 120))
    assert told(crossing)[1:] == ["EXPIRED 9 PRICE_RANGE"], "what would cross does not rest"
    assert told(venue.done(venue.order(ALICE, BUY, 1, 110, time_in_force=TimeInForce.FOK)))[1:] == ["EXPIRED 10 NOT_FILLABLE"]
    assert told(venue.done(venue.order(ALICE, BUY, 1, 105))) == ["NEW 11 RESTED"]


def test_the_lower_end_of_the_range_and_conversions(venue):
    venue.trade_at(100)
    venue.set_filter(Filter.RANGE_DOWN_PPM, 945_000)  # 94.5
    for price in (95, 94):
        venue.place(BOB, BUY, 1, price)
    convert = [make.convert(venue.fresh_id(), account=ALICE, asset=QUOTE, amount=amount, most=99, symbol=SYMBOL) for amount in (96, 95)]
    assert venue.codes(*convert) == [Code.NO_LIQUIDITY, Code.OK]
    venue.trade_at(100)
    assert told(venue.done(venue.order(ALICE, SELL, 1, 0, MARKET)))[-1] == "EXPIRED 8 PRICE_RANGE"
    venue.set_filter(Filter.RANGE_DOWN_PPM, 0)
    assert told(venue.done(venue.order(ALICE, SELL, 1, 0, MARKET)))[-1] == "TRADE 9/4 1@94"


# ---------------------------------------------------------------- the ladder in its order


def test_the_ladder_from_the_first_check_of_an_order_to_the_last(make_machine):
    """An order that is wrong in every way; each repair shows what is checked next."""
    listing = {"max_price_ticks": 1000, "max_quantity_lots": 100, "max_market_lots": 50, "min_notional": 500, "max_orders": 1}
    venue = OrderVenue(make_machine, funds=0, **listing)
    venue.done(*(venue.deposit(account, asset, 10**6) for account in (BOB, CAROL, DAVE) for asset in (BASE, QUOTE)))
    venue.done(venue.deposit(ALICE, QUOTE, 2000))
    venue.trade_at(600)
    venue.done(make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"SECOND"}))
    waiting = {"side": BUY, "order_type": STOP_LOSS_LIMIT, "stop_price_ticks": 900, "price_ticks": 1, "quantity_lots": 2, "iceberg_lots": 2}
    venue.done(make.place(ALICE, 2, **waiting, client_id="a"), make.place(ALICE, SYMBOL, **waiting | {"price_ticks": 300}))  # 3 4
    limits = (
        Filter.MAX_ALGO_ORDERS, Filter.MAX_ICEBERG_ORDERS, Filter.EXCHANGE_MAX_ORDERS, Filter.EXCHANGE_MAX_ALGO_ORDERS,
        Filter.EXCHANGE_MAX_ICEBERG_ORDERS, Filter.MAX_POSITION,
    )  # fmt: skip
    bounds = {Filter.MIN_PRICE_TICKS: 10, Filter.BID_UP_PPM: 1_100_000, Filter.MIN_LOTS: 2, Filter.MAX_NOTIONAL: 10_000,
              Filter.ICEBERG_PARTS: 2, Filter.MAX_TRAILING_ABOVE: 5}  # fmt: skip
    for number, value in (dict.fromkeys(limits, 1) | bounds).items():
        venue.set_filter(number, value)
    venue.done(make.admin(Kind.SET_FILTER, filter=Filter.MAX_ASSET, base=BASE, value=9), make.admin(Kind.SET_ORDER_LIMITS, value=1))

    def off(number: Filter):
        return lambda: venue.set_filter(number, 0)

    terms = {"side": BUY, "order_type": STOP_LOSS_LIMIT, "price_ticks": 1001, "stop_price_ticks": 5, "quantity_lots": 101,
             "iceberg_lots": 102, "trailing_bps": 6, "client_id": "a", "time_in_force": TimeInForce.GTD}  # fmt: skip
    ladder = [
        ("INVALID_ORDER", {"iceberg_lots": 2}), ("EXPIRY_INVALID", {"time_in_force": 0}),
        ("PRICE_FILTER", {"price_ticks": 700, "stop_price_ticks": 600}), ("PERCENT_PRICE", {"price_ticks": 600}),
        ("LOT_SIZE", {"quantity_lots": 99}), ("NOTIONAL", {"quantity_lots": 16}), ("ICEBERG_PARTS", {"iceberg_lots": 8}),
        ("TRAILING_DELTA", {"trailing_bps": 5}), ("MAX_ASSET", {"quantity_lots": 9}), ("MAX_POSITION", off(Filter.MAX_POSITION)),
        ("MAX_NUM_ORDERS", lambda: venue.done(make.cancel(ALICE, SYMBOL, 4))), ("EXCHANGE_MAX_ORDERS", off(Filter.EXCHANGE_MAX_ORDERS)),
        ("EXCHANGE_MAX_ALGO_ORDERS", off(Filter.EXCHANGE_MAX_ALGO_ORDERS)),
        ("EXCHANGE_MAX_ICEBERG_ORDERS", off(Filter.EXCHANGE_MAX_ICEBERG_ORDERS)),
        ("TOO_MANY_ORDERS", lambda: venue.done(make.admin(Kind.SET_ORDER_LIMITS))), ("DUPLICATE_CLIENT_ID", {"client_id": "new"}),
        ("INSUFFICIENT_BALANCE", {"quantity_lots": 3, "iceberg_lots": 3}), ("WOULD_TRIGGER", {"stop_price_ticks": 601}),
    ]  # fmt: skip
    for code, repair in ladder:
        order = make.place(ALICE, SYMBOL, **terms)
        if code == "EXPIRY_INVALID":
            order["expires_ns"] = 5
        assert venue.refuses(order) == code
        repair() if callable(repair) else terms.update(repair)
    venue.done(make.place(ALICE, SYMBOL, **terms))


# ---------------------------------------------------------------- everything extreme everywhere

KINDS = [
    (LIMIT, {"price_ticks": 5, "quantity_lots": 3}), (LIMIT_MAKER, {"price_ticks": 5, "quantity_lots": 3, "iceberg_lots": 1}),
    (MARKET, {"quantity_lots": 3}), (MARKET, {"quote_quantity": 30}), (STOP_LOSS, {"stop_price_ticks": 500, "quantity_lots": 3}),
    (STOP_LOSS_LIMIT, {"price_ticks": 5, "trailing_bps": 50, "quantity_lots": 3}),
    (TAKE_PROFIT_LIMIT, {"price_ticks": 5, "stop_price_ticks": 2, "quantity_lots": 3, "iceberg_lots": 1}),
]  # fmt: skip
FIELDS = ("price_ticks", "stop_price_ticks", "quantity_lots", "quote_quantity", "iceberg_lots", "expires_ns", "trailing_bps", "peg_offset")


@pytest.mark.parametrize(("order_type", "terms"), KINDS, ids=lambda value: value.name if isinstance(value, OrderType) else "")
@pytest.mark.parametrize("time_in_force", [TimeInForce.GTC, TimeInForce.GTD])
def test_no_number_is_too_large_or_too_small_for_a_code(venue, order_type, terms, time_in_force):
    venue.trade_at(100)
    for side, field, value in itertools.product((BUY, SELL), FIELDS, EXTREMES):
        order = make.place(ALICE, SYMBOL, side, order_type, time_in_force=time_in_force, **terms)
        limits = np.iinfo(order.dtype[field])
        order[field] = min(max(value, limits.min), limits.max)
        applied = venue.send(order)
        assert applied.codes[0] in set(Code) and venue.machine.validate() == "", (side, field, value)
        for replaced in (
            make.amend(ALICE, SYMBOL, 3, quantity_lots=value),
            make.replace(ALICE, SYMBOL, side, order_id=3, quantity_lots=value),
        ):
            venue.send(replaced)
        venue.send(make.cancel_all(ALICE, SYMBOL))
    assert venue.machine.validate() == ""
    held = [held for _, held in venue.balances(ALICE).values()]
    assert held == [0, 0]


@pytest.mark.parametrize("number", Filter)
def test_every_filter_with_everything_extreme(venue, number):
    venue.trade_at(100)
    for value in (1, 2**31, 2**53, 2**61, AMOUNT_MAX):
        symbol = 0 if number >= Filter.EXCHANGE_MAX_ORDERS else SYMBOL
        venue.done(make.admin(Kind.SET_FILTER, filter=number, symbol=symbol, base=QUOTE, value=value))
        orders = [make.place(ALICE, SYMBOL, side, kind, **terms) for side in (BUY, SELL) for kind, terms in KINDS]
        applied = venue.send(*orders, make.amend(ALICE, SYMBOL, 3, quantity_lots=2), make.cancel_all(ALICE, SYMBOL))
        assert set(applied.codes.tolist()) <= set(Code) and venue.machine.validate() == ""


def test_the_status_of_a_market_closes_it_for_some(venue):
    venue.set_status(SymbolStatus.AUCTION)
    assert venue.refuses(venue.order(ALICE, BUY, 1, 0, MARKET)) == "MARKET_CLOSED"
    assert venue.refuses(venue.order(ALICE, BUY, 1, 5, time_in_force=TimeInForce.IOC)) == "MARKET_CLOSED"
    assert venue.refuses(venue.order(ALICE, BUY, 1, 5, time_in_force=TimeInForce.FOK)) == "MARKET_CLOSED"
    venue.place(ALICE, BUY, 1, 5, STOP_LOSS_LIMIT, stop_price_ticks=9, time_in_force=TimeInForce.IOC)
    assert venue.refuses(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=5)) == "INVALID_ARGUMENT"
    assert venue.refuses(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.AUCTION)) == "INVALID_ARGUMENT"
