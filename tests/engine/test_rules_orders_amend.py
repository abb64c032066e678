"""AMEND under docs/ORDERS.md: the table of the exchange's description, icebergs, stops, prevented lots, how often."""

import pytest

from engine import commands as make
from engine.types import Filter, Stp
from tests.engine.machines import ALICE, BASE, BOB, CAROL, QUOTE, SYMBOL, both_machines
from tests.engine.venues import BUY, LIMIT_MAKER, SELL, STOP_LOSS, OrderVenue, told

pytestmark = both_machines


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    return OrderVenue(make_machine)


def queue(venue: OrderVenue) -> list[tuple[int, int]]:
    """(order id, lots) in the order in which a seller meets the bids."""
    applied = type(venue.machine).restore(venue.machine.snapshot())
    kept, venue.machine = venue.machine, applied
    number = venue.numbers.copy()
    events = venue.done(venue.order(CAROL, SELL, 10_000, 1)).events
    venue.machine, venue.numbers = kept, number
    taken = events[events["kind"] == 3]
    return list(zip(taken["counter_order_id"].tolist(), taken["quantity_lots"].tolist(), strict=True))


@pytest.fixture
def table(venue) -> OrderVenue:
    """The book of the example: ours is order 2."""
    for account, lots, price in ((BOB, 100, 87_000), (ALICE, 550, 87_000), (BOB, 400, 87_000), (CAROL, 200, 86_999)):
        venue.place(account, BUY, lots, price)
    return venue


def test_amending_keeps_the_place(table):
    applied = table.done(make.amend(ALICE, SYMBOL, 2, quantity_lots=500))
    assert told(applied) == ["AMENDED 2 500"]
    assert queue(table) == [(1, 100), (2, 500), (3, 400), (4, 200)]


def test_cancel_replace_loses_it(table):
    table.done(make.replace(ALICE, SYMBOL, BUY, order_id=2, quantity_lots=500, price_ticks=87_000))
    assert queue(table) == [(1, 100), (3, 400), (5, 500), (4, 200)]


def test_it_is_not_counted_and_may_keep_or_change_the_name(table):
    before = table.machine.account(ALICE)
    table.done(
        make.amend(ALICE, SYMBOL, 2, quantity_lots=500, client_id="mine"), make.amend(ALICE, SYMBOL, 2, quantity_lots=400, client_id="mine")
    )
    assert table.machine.account(ALICE) == before and table.view(2).client_id == "mine"
    table.done(make.amend(ALICE, SYMBOL, target="mine", quantity_lots=300))
    assert table.view(2).client_id == "mine"


def test_a_waiting_order_is_amended_where_it_is(venue):
    venue.trade_at(100)
    venue.place(ALICE, BUY, 5, 0, STOP_LOSS, stop_price_ticks=110)  # 3
    applied = venue.done(make.amend(ALICE, SYMBOL, 3, quantity_lots=2))
    event = applied.events[0]
    assert (event["quantity_lots"], event["update_id"], event["level_lots"], event["stop_price_ticks"]) == (2, 0, 0, 110)
    assert venue.balances(ALICE)[QUOTE][1] == 220
    venue.place(BOB, SELL, 9, 110)
    venue.done(venue.order(CAROL, BUY, 1, 110))
    assert venue.state_of(3) == "" and venue.depth(SELL) == [[110, 6]]


def test_what_was_prevented_is_not_amended_away(venue):
    venue.place(ALICE, SELL, 10, 7)
    venue.place(ALICE, BUY, 3, 7, stp=Stp.DECREMENT)
    venue.place(BOB, BUY, 2, 7)
    for lots in (5, 4, 10, 11):
        assert venue.refuses(make.amend(ALICE, SYMBOL, 1, quantity_lots=lots)) == "AMEND_INVALID"
    venue.done(make.amend(ALICE, SYMBOL, 1, quantity_lots=6))
    assert (venue.view(1).rest_lots, venue.depth(SELL), venue.balances(ALICE)[BASE][1]) == (1, [[7, 1]], 1)


def test_only_so_often(venue):
    venue.set_filter(Filter.MAX_AMENDS, 2)
    venue.place(ALICE, BUY, 9, 7)
    venue.done(*(make.amend(ALICE, SYMBOL, 1, quantity_lots=lots) for lots in (8, 7)))
    assert venue.refuses(make.amend(ALICE, SYMBOL, 1, quantity_lots=7)) == "AMEND_INVALID"
    venue.place(ALICE, BUY, 9, 7, client_id="taken")
    assert venue.refuses(make.amend(ALICE, SYMBOL, 1, quantity_lots=6, client_id="taken")) == "MAX_NUM_AMENDS"
    venue.set_filter(Filter.MAX_AMENDS, 3)
    assert venue.refuses(make.amend(ALICE, SYMBOL, 1, quantity_lots=6, client_id="taken")) == "DUPLICATE_CLIENT_ID"
    venue.done(make.amend(ALICE, SYMBOL, 1, quantity_lots=6))
    venue.done(make.amend(ALICE, SYMBOL, 2, quantity_lots=6), make.replace(ALICE, SYMBOL, BUY, LIMIT_MAKER, order_id=1, price_ticks=7))
    venue.done(*(make.amend(ALICE, SYMBOL, 3, quantity_lots=lots) for lots in (5, 4, 3)))


@pytest.mark.parametrize("lots", [0, 1, -1, 2**31, 2**53, 2**62, 2**63 - 1, -(2**63)])
def test_no_quantity_is_too_large_for_a_code(venue, lots):
    venue.place(ALICE, BUY, 9, 7, iceberg_lots=2)
    code = venue.codes(make.amend(ALICE, SYMBOL, 1, quantity_lots=lots))[0]
    assert code == (0 if lots == 1 else 306) and venue.machine.validate() == ""
