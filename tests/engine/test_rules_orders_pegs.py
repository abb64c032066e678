"""Pegged orders: docs/ORDERS.md section 6 and "Activation" in section 5, and what the exchange's description says of each type."""

import pytest

from engine.types import PEG_OFFSET_MAX, Filter, Peg, TimeInForce
from tests.engine.machines import ALICE, BOB, CAROL, both_machines
from tests.engine.venues import (
    BUY,
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
PRIMARY, OTHER = Peg.PRIMARY, Peg.MARKET


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    """Bids 98 97 95, asks 102 103 105, last price 100: orders 1 … 8."""
    venue = OrderVenue(make_machine)
    venue.trade_at(100)
    for side, prices in ((BUY, (98, 97, 95)), (SELL, (102, 103, 105))):
        for price in prices:
            venue.place(BOB, side, 10, price)
    return venue


@pytest.mark.parametrize(
    ("side", "peg", "offset", "price"),
    [(BUY, PRIMARY, 0, 98), (BUY, PRIMARY, 2, 95), (SELL, PRIMARY, 0, 102), (SELL, PRIMARY, 1, 103), (BUY, OTHER, 0, 102),
     (BUY, OTHER, 2, 105), (SELL, OTHER, 1, 97)],
)  # fmt: skip
def test_the_price_is_that_of_a_level(venue, side, peg, offset, price):
    applied = venue.place(ALICE, side, 1, peg=peg, peg_offset=offset)
    event = applied.events[0]
    assert (event["price_ticks"], event["peg"], event["peg_offset"]) == (price, peg, offset)
    assert len(applied.events) == (2 if peg == OTHER else 1)
    if peg == PRIMARY:
        assert venue.view(9).price_ticks == price


def test_it_does_not_follow_the_book(venue):
    venue.place(ALICE, BUY, 1, peg=PRIMARY)
    venue.place(BOB, BUY, 1, 99)
    assert venue.view(9).price_ticks == 98


@pytest.mark.parametrize(("side", "peg"), [(BUY, PRIMARY), (SELL, PRIMARY), (BUY, OTHER)])
def test_without_the_level_it_is_refused(venue, side, peg):
    assert venue.refuses(venue.order(ALICE, side, 1, peg=peg, peg_offset=3)) == "PEG_UNAVAILABLE"
    assert venue.refuses(venue.order(ALICE, side, 1, peg=peg, peg_offset=PEG_OFFSET_MAX)) == "PEG_UNAVAILABLE"


MALFORMED = [
    {"peg": 3}, {"peg": 255}, {"peg": 1, "peg_offset": PEG_OFFSET_MAX + 1}, {"peg": 1, "peg_offset": 255}, {"peg_offset": 1, "price": 5},
    {"peg": 1, "price": 5}, {"peg": 1, "price": -1}, {"peg": 2, "order_type": LIMIT_MAKER}, {"peg": 1, "order_type": MARKET},
    {"peg": 1, "time_in_force": TimeInForce.IOC}, {"peg": 1, "time_in_force": TimeInForce.FOK},
    {"peg": 1, "order_type": STOP_LOSS, "stop_price_ticks": 110},
]  # fmt: skip


@pytest.mark.parametrize("terms", MALFORMED, ids=str)
def test_only_where_a_limit_price_can_come_from_the_book(venue, terms):
    fields = {"price": 0, "order_type": LIMIT} | terms
    assert venue.refuses(venue.order(ALICE, BUY, 1, fields.pop("price"), fields.pop("order_type"), **fields)) == "INVALID_ORDER"


def test_a_market_peg_takes_at_once(venue):
    ask = venue.machine.open_orders(BOB)[3].order_id
    applied = venue.done(venue.order(ALICE, BUY, 4, peg=OTHER, time_in_force=TimeInForce.IOC))
    assert told(applied) == ["NEW 9", f"TRADE 9/{ask} 4@102"]


def test_a_pegged_maker_rests(venue):
    assert told(venue.place(ALICE, SELL, 1, 0, LIMIT_MAKER, peg=PRIMARY)) == ["NEW 9 RESTED"]
    assert venue.view(9).price_ticks == 102


def test_a_pegged_stop_takes_its_price_when_it_is_triggered(venue):
    applied = venue.place(ALICE, BUY, 1, 0, STOP_LOSS_LIMIT, stop_price_ticks=101, peg=PRIMARY)
    assert applied.events["price_ticks"][0] == 0 and venue.balances(ALICE)[2][1] == 101
    venue.place(BOB, BUY, 1, 99)
    assert venue.trade_at(101) == ["ACTIVATED 9", "RESTED 9 1"]
    assert venue.view(9).price_ticks == 99 and venue.balances(ALICE)[2][1] == 99


def test_a_pegged_stop_without_its_level_then_expires_untold_of_an_activation(venue):
    before = venue.balances(ALICE)
    venue.place(ALICE, SELL, 1, 0, TAKE_PROFIT_LIMIT, stop_price_ticks=101, peg=PRIMARY, peg_offset=3)
    assert venue.trade_at(101) == ["EXPIRED 9 PEG_UNAVAILABLE"]
    assert venue.balances(ALICE) == before


@pytest.mark.parametrize(
    ("number", "value", "code"),
    [(Filter.MIN_PRICE_TICKS, 99, "PRICE_FILTER"), (Filter.BID_DOWN_PPM, 999_000, "PERCENT_PRICE"), (Filter.MAX_NOTIONAL, 97, "NOTIONAL")],
)
def test_filters_are_applied_to_the_price_it_takes(venue, number, value, code):
    venue.set_filter(Filter.NOTIONAL_SPARES_MARKET, 2)
    venue.place(ALICE, BUY, 1, 0, STOP_LOSS_LIMIT, stop_price_ticks=101, peg=PRIMARY)  # 9
    venue.place(CAROL, SELL, 1, 101)
    venue.set_filter(number, value)
    assert venue.refuses(venue.order(ALICE, BUY, 1, peg=PRIMARY)) == code
    assert told(venue.done(venue.order(BOB, BUY, 1, 0, MARKET)))[-2:] == ["ACTIVATED 9", f"EXPIRED 9 {code}"]
