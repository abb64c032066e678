"""Icebergs: docs/ORDERS.md section 4. What is shown, what is taken, and who is next then."""

import pytest

from engine import commands as make
from engine.types import Code, Filter, TimeInForce
from tests.engine.machines import ALICE, BOB, CAROL, QUOTE, SYMBOL, both_machines
from tests.engine.venues import BUY, LIMIT, LIMIT_MAKER, MARKET, SELL, STOP_LOSS_LIMIT, OrderVenue, told

pytestmark = both_machines


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    return OrderVenue(make_machine)


def test_only_a_part_is_shown_and_all_of_it_is_held(venue):
    applied = venue.place(ALICE, BUY, 10, 7, iceberg_lots=3)
    assert (applied.events["quantity_lots"][0], applied.events["level_lots"][0]) == (10, 3)
    assert venue.depth(BUY) == [[7, 3]] and venue.balances(ALICE)[QUOTE][1] == 70
    assert venue.machine.best(SYMBOL) == (7, 3, 0, 0)


def test_what_was_shown_is_filled_up_behind_the_others_of_its_price_in_the_same_step(venue):
    venue.place(ALICE, SELL, 10, 7, iceberg_lots=3)  # 1
    venue.place(BOB, SELL, 5, 7)  # 2
    applied = venue.place(CAROL, BUY, 15, 7)
    assert told(applied) == ["NEW 3", "TRADE 3/1 3@7", "TRADE 3/2 5@7", "TRADE 3/1 3@7", "TRADE 3/1 3@7", "TRADE 3/1 1@7"]
    assert applied.events["level_lots"].tolist() == [0, 8, 3, 3, 1, 0]
    assert applied.events["update_id"].tolist() == [0, 3, 4, 5, 6, 7]


def test_a_part_of_what_is_shown_keeps_its_place(venue):
    venue.place(ALICE, SELL, 10, 7, iceberg_lots=3)
    venue.place(BOB, SELL, 5, 7)
    venue.place(CAROL, BUY, 2, 7)
    assert venue.depth(SELL) == [[7, 6]]
    assert told(venue.place(CAROL, BUY, 2, 7)) == ["NEW 4", "TRADE 4/1 1@7", "TRADE 4/2 1@7"]


def test_the_rest_of_a_taker_rests_as_an_iceberg(venue):
    venue.place(BOB, SELL, 4, 7)
    applied = venue.place(ALICE, BUY, 10, 7, iceberg_lots=4)
    assert told(applied) == ["NEW 2", "TRADE 2/1 4@7", "RESTED 2 6"]
    assert (applied.events["level_lots"][-1], venue.depth(BUY)) == (4, [[7, 4]])
    assert (venue.view(2).iceberg_lots, venue.view(2).rest_lots) == (4, 6)


def test_an_iceberg_that_shows_all_and_one_of_which_less_is_left_than_it_may_show(venue):
    venue.place(ALICE, SELL, 5, 7, iceberg_lots=5)
    assert venue.depth(SELL) == [[7, 5]]
    venue.place(CAROL, BUY, 3, 7)
    assert venue.depth(SELL) == [[7, 2]]


def test_amend_takes_from_what_is_hidden_first(venue):
    venue.place(ALICE, SELL, 10, 7, iceberg_lots=4)
    venue.place(BOB, SELL, 1, 7)
    hidden = venue.done(make.amend(ALICE, SYMBOL, 1, quantity_lots=4))
    assert told(hidden) == ["AMENDED 1 4"] and venue.depth(SELL) == [[7, 5]]
    assert (hidden.events["update_id"][0], hidden.events["level_lots"][0]) == (0, 0)
    shown = venue.done(make.amend(ALICE, SYMBOL, 1, quantity_lots=2))
    assert (shown.events["update_id"][0], shown.events["level_lots"][0]) == (3, 3)
    assert told(venue.place(CAROL, BUY, 1, 7))[1] == "TRADE 3/1 1@7", "it kept its place"


def test_fill_or_kill_and_the_estimate_count_what_is_hidden(venue):
    venue.place(ALICE, SELL, 10, 7, iceberg_lots=1)
    assert told(venue.place(CAROL, BUY, 10, 7, time_in_force=TimeInForce.FOK))[-1] == "TRADE 2/1 1@7"
    venue.place(ALICE, SELL, 10, 7, iceberg_lots=1)  # 3
    assert told(venue.done(venue.order(CAROL, BUY, 11, 7, time_in_force=TimeInForce.FOK))) == ["NEW 4", "EXPIRED 4 NOT_FILLABLE"]


def test_the_estimate_of_a_market_order_refuses_what_hidden_lots_would_cost(make_machine):
    venue = OrderVenue(make_machine, funds=1000)
    venue.place(ALICE, SELL, 150, 7, iceberg_lots=1)
    assert venue.refuses(venue.order(BOB, BUY, 143, 0, MARKET)) == "INSUFFICIENT_BALANCE"
    venue.place(BOB, BUY, 142, 0, MARKET)


def test_a_conversion_takes_what_a_maker_hides_in_one_step(venue):
    venue.place(ALICE, SELL, 5, 7, iceberg_lots=2)
    venue.place(BOB, SELL, 5, 7)
    convert = make.convert(venue.fresh_id(), account=CAROL, asset=1, amount=4, most=10**6, symbol=SYMBOL)
    applied = venue.done(convert)
    assert told(applied)[:2] == ["NEW 3", "TRADE 3/1 4@7"]
    assert venue.depth(SELL) == [[7, 6]]
    assert told(venue.place(CAROL, BUY, 6, 7))[1:] == ["TRADE 4/2 5@7", "TRADE 4/1 1@7"], "what it shows is new, and behind"


MALFORMED = [
    {"iceberg_lots": -1}, {"iceberg_lots": 11}, {"iceberg_lots": 3, "time_in_force": 1}, {"iceberg_lots": 3, "time_in_force": 2},
    {"iceberg_lots": 3, "price": 0, "order_type": MARKET}, {"iceberg_lots": 2**62}, {"iceberg_lots": 2**63 - 1},
    {"iceberg_lots": 3, "order_type": STOP_LOSS_LIMIT, "stop_price_ticks": 9, "time_in_force": 1},
]  # fmt: skip


@pytest.mark.parametrize("terms", MALFORMED, ids=str)
def test_what_cannot_lie_in_the_book_is_no_iceberg(venue, terms):
    fields = {"price": 7, "order_type": LIMIT} | terms
    assert venue.refuses(venue.order(ALICE, BUY, 10, fields.pop("price"), fields.pop("order_type"), **fields)) == "INVALID_ORDER"


def test_makers_and_stop_limits_may_be_icebergs(venue):
    venue.place(ALICE, BUY, 10, 7, LIMIT_MAKER, iceberg_lots=3)
    venue.place(ALICE, BUY, 10, 12, STOP_LOSS_LIMIT, stop_price_ticks=11, iceberg_lots=3)
    assert venue.depth(BUY) == [[7, 3]]
    venue.trade_at(11)
    assert venue.depth(BUY) == [[12, 3], [7, 3]]


def test_parts_and_how_many(venue):
    venue.set_filter(Filter.ICEBERG_PARTS, 4)
    venue.set_filter(Filter.MAX_ICEBERG_ORDERS, 2)
    assert venue.refuses(venue.order(ALICE, BUY, 13, 7, iceberg_lots=3)) == "ICEBERG_PARTS"
    venue.place(ALICE, BUY, 12, 7, iceberg_lots=3)
    venue.place(ALICE, BUY, 12, 7, iceberg_lots=3)
    assert venue.refuses(venue.order(ALICE, BUY, 12, 7, iceberg_lots=3)) == "MAX_NUM_ICEBERG_ORDERS"
    venue.place(ALICE, BUY, 12, 7)
    venue.place(BOB, BUY, 12, 7, iceberg_lots=3)


def test_the_least_lots_hold_for_what_is_shown_too(venue):
    venue.set_filter(Filter.MIN_LOTS, 4)
    assert venue.refuses(venue.order(ALICE, BUY, 13, 7, iceberg_lots=3)) == "LOT_SIZE"
    assert venue.codes(venue.order(ALICE, BUY, 13, 7, iceberg_lots=4)) == [Code.OK]
