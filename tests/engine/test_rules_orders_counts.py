"""Order limits count unfilled orders: docs/ORDERS.md section 2, and the tables of the exchange's description of them.

There a first fill as maker may take several off; here it takes one off, always, which the tables' second example shows.
"""

import pytest

from engine import commands as make
from engine.types import Stp, SymbolStatus, TimeInForce
from tests.engine.machines import ALICE, BASE, BOB, CAROL, SYMBOL, both_machines
from tests.engine.venues import BUY, MARKET, SELL, STOP_LOSS, OrderVenue

pytestmark = both_machines
DAY = 86_400


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    """At the beginning of a window and of a day."""
    venue = OrderVenue(make_machine)
    venue.after(DAY - venue.time_ns // 10**9 % DAY)
    return venue


def counts(venue: OrderVenue, account: int = ALICE) -> tuple[int, int]:
    view = venue.machine.account(account)
    return view.orders_10s, view.orders_day


def test_taker(venue):
    """Example 1: A rests, B is filled in parts, C rests, D is a market order."""
    venue.place(ALICE, BUY, 1, 5)  # A
    assert counts(venue) == (1, 1)
    venue.place(BOB, SELL, 1, 9)
    venue.place(ALICE, BUY, 3, 9)  # B, partly filled as taker
    assert counts(venue) == (1, 1)
    venue.place(ALICE, BUY, 1, 5)  # C
    assert counts(venue) == (2, 2)
    venue.place(BOB, SELL, 1, 9)
    assert counts(venue) == (2, 2)
    venue.place(BOB, SELL, 1, 9)  # B filled
    assert counts(venue) == (2, 2)
    venue.place(BOB, SELL, 2, 12)
    venue.place(ALICE, BUY, 2, 0, MARKET)  # D, filled at once
    assert counts(venue) == (2, 2)


def test_a_trade_with_oneself_is_the_first_fill_of_both(venue):
    venue.place(ALICE, BUY, 1, 5)
    venue.place(ALICE, BUY, 1, 4)
    venue.place(ALICE, SELL, 1, 0, MARKET)
    assert counts(venue) == (1, 1)


def test_maker(venue):
    """Example 2 with one off for each first fill."""
    venue.done(*(venue.order(ALICE, BUY, 2, 5) for _ in range(5)))
    assert counts(venue) == (5, 5)
    venue.place(BOB, SELL, 1, 5)
    assert counts(venue) == (4, 4) and counts(venue, BOB) == (0, 0)
    venue.done(*(venue.order(ALICE, BUY, 2, 5) for _ in range(2)))
    venue.place(BOB, SELL, 1, 5)
    assert counts(venue) == (6, 6), "the second fill of an order takes nothing off"
    venue.place(BOB, SELL, 1, 5)
    assert counts(venue) == (5, 5)


def test_what_is_cancelled_or_expires_stays_counted(venue):
    """Example 3: A cancelled, B rests, C filled, D rests, E expires, D cancelled, F."""
    venue.done(venue.order(ALICE, BUY, 1, 5), make.cancel(ALICE, SYMBOL, 1), venue.order(ALICE, BUY, 1, 5))
    assert counts(venue) == (2, 2)
    venue.place(BOB, SELL, 1, 9)
    venue.done(venue.order(ALICE, BUY, 1, 9, time_in_force=TimeInForce.FOK))
    assert counts(venue) == (2, 2)
    venue.place(ALICE, BUY, 1, 5)
    venue.done(venue.order(ALICE, BUY, 1, 9, time_in_force=TimeInForce.FOK))
    assert counts(venue) == (4, 4)
    venue.done(make.cancel(ALICE, SYMBOL, 5))
    venue.place(ALICE, BUY, 1, 5)
    assert counts(venue) == (5, 5)


def test_fills_count_for_the_day_in_which_they_happen_and_never_below_nothing(venue):
    """Example 4: orders of yesterday, filled today."""
    venue.done(*(venue.order(ALICE, BUY, 1, 50 - at) for at in range(5)))
    venue.after(DAY + 9 * 3600)
    assert counts(venue) == (0, 0)
    venue.done(*(venue.order(ALICE, BUY, 1, 40 - at) for at in range(10)))
    assert counts(venue) == (10, 10)
    venue.after(3 * 3600, *[venue.order(BOB, SELL, 1, 30) for _ in range(5)])
    assert counts(venue) == (0, 5)
    venue.after(3600, *[venue.order(BOB, SELL, 1, 30) for _ in range(5)])
    assert counts(venue) == (0, 0)
    venue.after(3600, *[venue.order(ALICE, BUY, 1, 1) for _ in range(2)])
    venue.after(3600, *[venue.order(BOB, SELL, 1, 30) for _ in range(5)])
    assert counts(venue) == (0, 0)


def test_a_prevented_match_and_a_conversion_are_no_fill(venue):
    venue.place(ALICE, SELL, 2, 5)
    venue.place(ALICE, BUY, 1, 5, stp=Stp.DECREMENT)
    assert counts(venue) == (2, 2)
    venue.place(BOB, SELL, 2, 6)
    venue.done(venue.order(CAROL, BUY, 1, 1))
    venue.done(make.convert(venue.fresh_id(), account=CAROL, asset=BASE, amount=3, most=100, symbol=SYMBOL))
    assert counts(venue, CAROL) == (1, 1), "her conversion was not counted, and takes nothing off"
    assert counts(venue) == (1, 1) and counts(venue, BOB) == (0, 0), "the makers' first fills do"


def test_auctions_and_stops(venue):
    venue.trade_at(100)
    venue.place(ALICE, BUY, 1, 0, STOP_LOSS, stop_price_ticks=110)
    venue.place(BOB, SELL, 1, 115)
    assert counts(venue) == (1, 1)
    venue.trade_at(110)
    assert counts(venue) == (0, 0)
    venue.set_status(SymbolStatus.AUCTION)
    venue.done(venue.order(ALICE, BUY, 5, 120), venue.order(BOB, SELL, 5, 120))
    assert counts(venue) == counts(venue, BOB) == (1, 1)
    venue.set_status(SymbolStatus.TRADING)
    assert counts(venue) == counts(venue, BOB) == (0, 0)


def test_the_limit_reads_the_unfilled(venue):
    venue.done(make.admin(59, value=2))
    venue.done(venue.order(ALICE, BUY, 1, 5), venue.order(ALICE, BUY, 1, 5))
    assert venue.refuses(venue.order(ALICE, BUY, 1, 5)) == "TOO_MANY_ORDERS"
    venue.place(BOB, SELL, 1, 5)
    venue.place(ALICE, BUY, 1, 5)
