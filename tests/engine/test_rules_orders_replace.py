"""REPLACE under docs/ORDERS.md: what the exchange's table of cancel and new order says for each outcome, and orders of the new types."""

import itertools

import pytest

from engine import commands as make
from engine.types import Code, EventFlag, Kind, OrderFlag, Pool, TimeInForce
from tests.engine.machines import ALICE, BOB, CAROL, QUOTE, SYMBOL, both_machines, capacity_with
from tests.engine.venues import BUY, LIMIT_MAKER, SELL, STOP_LOSS, STOP_LOSS_LIMIT, OrderVenue, told

pytestmark = both_machines


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    return OrderVenue(make_machine)


# (mode, is the order there, may the new one be placed, are orders left to place): the events, and the code
OUTCOMES = {
    ("STOP", True, True, True): (["CANCELED 1", "NEW 2 RESTED"], "OK"),
    ("STOP", True, False, True): (["CANCELED 1", "REJECTED 0 PRICE_FILTER"], "PRICE_FILTER"),
    ("STOP", False, True, True): (["REJECTED 9 UNKNOWN_ORDER"], "UNKNOWN_ORDER"),
    ("STOP", False, False, True): (["REJECTED 9 UNKNOWN_ORDER"], "UNKNOWN_ORDER"),
    ("STOP", True, True, False): (["CANCELED 1", "REJECTED 0 TOO_MANY_ORDERS"], "TOO_MANY_ORDERS"),
    ("STOP", False, True, False): (["REJECTED 9 UNKNOWN_ORDER"], "UNKNOWN_ORDER"),
    ("ALLOW", True, True, True): (["CANCELED 1", "NEW 2 RESTED"], "OK"),
    ("ALLOW", True, False, True): (["CANCELED 1", "REJECTED 0 PRICE_FILTER"], "PRICE_FILTER"),
    ("ALLOW", False, True, True): (["REJECTED 9 UNKNOWN_ORDER", "NEW 2 RESTED"], "OK"),
    ("ALLOW", False, False, True): (["REJECTED 9 UNKNOWN_ORDER", "REJECTED 0 PRICE_FILTER"], "PRICE_FILTER"),
    ("ALLOW", True, True, False): (["CANCELED 1", "REJECTED 0 TOO_MANY_ORDERS"], "TOO_MANY_ORDERS"),
    ("ALLOW", False, True, False): (["REJECTED 9 UNKNOWN_ORDER", "REJECTED 0 TOO_MANY_ORDERS"], "TOO_MANY_ORDERS"),
}


@pytest.mark.parametrize("case", OUTCOMES, ids=str)
def test_the_table(venue, case):
    mode, is_there, may_be_placed, limit_is_free = case
    venue.place(ALICE, BUY, 5, 7)
    if not limit_is_free:
        venue.done(make.admin(Kind.SET_ORDER_LIMITS, value=1))
    replace = make.replace(
        ALICE, SYMBOL, BUY, order_id=1 if is_there else 9, quantity_lots=3, price_ticks=8 if may_be_placed else 10**6 + 1,
        flags=OrderFlag.ALLOW_FAILURE if mode == "ALLOW" else 0,
    )  # fmt: skip
    applied = venue.send(replace)
    assert (told(applied), applied.codes.tolist()) == (OUTCOMES[case][0], [Code[OUTCOMES[case][1]]])
    if not is_there:
        assert applied.events["flags"][0] == EventFlag.CANCEL_LEG
    assert (venue.state_of(1) == "") == is_there and venue.machine.validate() == ""


def test_what_was_left_is_taken_over_by_every_limit_type(venue):
    venue.trade_at(100)
    venue.place(ALICE, BUY, 9, 90)  # 3
    venue.place(BOB, SELL, 2, 90)  # 4
    venue.done(make.replace(ALICE, SYMBOL, BUY, STOP_LOSS_LIMIT, order_id=3, price_ticks=120, stop_price_ticks=110, iceberg_lots=7))
    assert (venue.view(5).order_lots, venue.state_of(5)) == (7, "WAITING")
    venue.done(make.replace(ALICE, SYMBOL, BUY, LIMIT_MAKER, order_id=5, price_ticks=80))
    assert venue.view(6).order_lots == 7
    assert venue.refuses(make.replace(CAROL, SYMBOL, BUY, STOP_LOSS, order_id=6, stop_price_ticks=110)) == "UNKNOWN_ORDER"
    applied = venue.send(make.replace(ALICE, SYMBOL, BUY, STOP_LOSS, order_id=6, stop_price_ticks=110))
    assert told(applied) == ["CANCELED 6", "REJECTED 0 INVALID_ORDER"], "what executes as market names its quantity"


def test_the_place_the_name_and_the_funds_of_the_old_one_are_free_for_the_new_one(make_machine):
    venue = OrderVenue(make_machine, funds=100, capacity=capacity_with(ORDERS=2), max_orders=2)
    venue.done(venue.order(ALICE, BUY, 5, 10, client_id="a"), venue.order(ALICE, BUY, 5, 10, client_id="b"))
    venue.done(make.replace(ALICE, SYMBOL, BUY, STOP_LOSS, target="a", quantity_lots=5, stop_price_ticks=10, client_id="a"))
    assert venue.machine.used(Pool.ORDERS) == 2 and venue.balances(ALICE)[QUOTE] == (0, 100)


def test_a_closed_market_is_told_before_anything_is_cancelled(venue):
    venue.place(ALICE, BUY, 5, 10)
    venue.set_status(4)
    ioc = {"order_id": 1, "quantity_lots": 1, "price_ticks": 5, "time_in_force": TimeInForce.IOC}
    assert venue.refuses(make.replace(ALICE, SYMBOL, BUY, **ioc)) == "MARKET_CLOSED"
    assert told(venue.done(make.replace(ALICE, SYMBOL, SELL, order_id=1, price_ticks=5))) == ["CANCELED 1", "NEW 2 RESTED"]


def test_no_number_is_too_large_for_a_code(venue):
    fields = ("price_ticks", "stop_price_ticks", "quantity_lots", "quote_quantity", "iceberg_lots", "order_id", "trailing_bps")
    types = (0, STOP_LOSS_LIMIT, STOP_LOSS)
    for order_type, field, value in itertools.product(types, fields, (0, 1, -1, 2**31, 2**53, 2**62, 2**63 - 1, -(2**63))):
        placed = venue.done(venue.order(ALICE, BUY, 5, 10)).events["order_id"][0]
        command = make.replace(ALICE, SYMBOL, BUY, order_type, order_id=placed, price_ticks=9, quantity_lots=2,
                               stop_price_ticks=50 if order_type else 0)  # fmt: skip
        command[field] = value % 2**16 if field == "trailing_bps" else value
        venue.send(command)
        venue.send(make.cancel_all(ALICE, SYMBOL))
        assert venue.machine.validate() == ""
    assert venue.balances(ALICE)[QUOTE][1] == 0
