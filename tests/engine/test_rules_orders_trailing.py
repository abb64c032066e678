"""Trailing stops: docs/ORDERS.md section 5, and scenarios A to E of the exchange's description of them."""

import pytest

from engine import commands as make
from engine.types import BPS, TRAILING_MAX, TRAILING_PRICE_MAX, Filter
from tests.engine.machines import ALICE, BOB, CAROL, SYMBOL, both_machines
from tests.engine.venues import BUY, SELL, STOP_LOSS, STOP_LOSS_LIMIT, TAKE_PROFIT, TAKE_PROFIT_LIMIT, OrderVenue, told

pytestmark = both_machines

TICKS = 10  # in a unit of the scenarios' prices: one of them has a half


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    return OrderVenue(make_machine)


# side, type, stop price, basis points, limit; then the prices of the trades after the first at 40,000, where (price, extreme) follows the
# order's own bookkeeping, extreme 0 while it waits, and the last one triggers it.
SCENARIOS = {
    "A": (BUY, STOP_LOSS_LIMIT, 44_000, 500, 45_000, [
        (38_000, 0), (37_000, 0), (43_999, 0), (44_000, 44_000), (46_000, 44_000), (42_000, 42_000), (44_099, 42_000), 44_100]),
    "B": (SELL, STOP_LOSS_LIMIT, 39_000, 1000, 38_000, [
        (41_500, 0), (39_001, 0), (39_000, 39_000), (37_000, 39_000), (41_000, 41_000), (36_901, 41_000), 36_900]),
    "C": (BUY, TAKE_PROFIT_LIMIT, 38_000, 850, 38_500, [
        (42_000, 0), (38_000, 38_000), (37_000, 37_000), (39_000, 37_000), (38_000, 37_000), (40_144, 37_000), 40_145]),
    "D": (SELL, TAKE_PROFIT_LIMIT, 42_000, 750, 41_000, [
        (41_500, 0), (39_000, 0), (42_000, 42_000), (45_000, 45_000), (44_000, 45_000), (46_500, 46_500), (43_013, 46_500), 43_012.5]),
    "E": (SELL, STOP_LOSS_LIMIT, 0, 700, 39_000, [
        (42_000, 42_000), (39_500, 42_000), (45_500, 45_500), (42_316, 45_500), 42_315]),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(venue, name):
    side, order_type, stop, bps, limit, prices = SCENARIOS[name]
    venue.trade_at(40_000 * TICKS)
    terms = {"stop_price_ticks": stop * TICKS, "trailing_bps": bps}
    order_id = int(venue.place(ALICE, side, 1, limit * TICKS, order_type, **terms).events["order_id"][0])
    assert venue.state_of(order_id) == ("WAITING" if stop else "TRACKING")
    for price, extreme in prices[:-1]:
        assert venue.trade_at(price * TICKS) == []
        assert venue.view(order_id).extreme_ticks == extreme * TICKS, price
        assert venue.state_of(order_id) == ("TRACKING" if extreme else "WAITING")
    assert venue.trade_at(int(prices[-1] * TICKS)) == [f"ACTIVATED {order_id}", f"RESTED {order_id} 1"]
    assert (venue.view(order_id).price_ticks, venue.view(order_id).extreme_ticks) == (limit * TICKS, 0)


def test_without_a_last_price_the_first_trade_is_where_it_begins(venue):
    venue.place(ALICE, SELL, 1, 0, TAKE_PROFIT, trailing_bps=1000)
    venue.place(ALICE, BUY, 1, 0, TAKE_PROFIT, trailing_bps=1000)
    assert [order.extreme_ticks for order in venue.machine.open_orders(ALICE)] == [0, 0]
    venue.trade_at(100)
    assert [order.extreme_ticks for order in venue.machine.open_orders(ALICE)] == [100, 100]


def test_an_order_that_waited_begins_with_the_first_price_of_the_match_or_its_stop(venue):
    """Above: the larger of stop and first price; below: the smaller."""
    venue.trade_at(100)
    venue.place(ALICE, BUY, 1, 0, STOP_LOSS, stop_price_ticks=110, trailing_bps=5000)
    venue.place(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=90, trailing_bps=5000)
    venue.trade_at(115, 80)
    assert [order.extreme_ticks for order in venue.machine.open_orders(ALICE)] == [80, 80]
    venue.trade_at(85)
    assert [order.extreme_ticks for order in venue.machine.open_orders(ALICE)] == [80, 85]


def test_those_who_track_see_the_first_and_then_the_last_price_of_a_match(venue):
    venue.trade_at(100)
    venue.place(ALICE, SELL, 1, 0, STOP_LOSS, trailing_bps=1000)  # 3
    venue.place(CAROL, BUY, 1, 200)
    venue.place(CAROL, BUY, 1, 180)
    applied = venue.done(venue.order(BOB, SELL, 2, 180))  # 200 is the best, 180 is ten per cent below it
    assert told(applied)[-2:] == ["ACTIVATED 3", "EXPIRED 3 NO_LIQUIDITY"]


def test_due_orders_go_by_the_order_in_which_they_began_to_track_before_what_is_reached(venue):
    venue.trade_at(100)
    venue.place(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=95)  # 3
    for bps in (300, 100, 200):
        venue.place(ALICE, SELL, 1, 0, STOP_LOSS, trailing_bps=bps)  # 4 5 6
    heard = venue.trade_at(95)
    assert [line for line in heard if "ACTIVATED" in line] == [f"ACTIVATED {order_id}" for order_id in (4, 5, 6, 3)]


def test_a_cancelled_one_tracks_no_more(venue):
    venue.trade_at(100)
    venue.place(ALICE, SELL, 1, 0, STOP_LOSS, trailing_bps=100)
    venue.done(make.cancel(ALICE, SYMBOL, 3))
    assert venue.trade_at(50) == []


def test_no_more_than_so_many_on_a_symbol(make_machine):
    venue = OrderVenue(make_machine, max_orders=4096)
    venue.trade_at(100)
    accounts = (ALICE, BOB)
    orders = [venue.order(accounts[n % 2], SELL, 1, 0, STOP_LOSS, trailing_bps=100) for n in range(TRAILING_MAX)]
    venue.done(*orders)
    assert venue.refuses(venue.order(CAROL, SELL, 1, 0, STOP_LOSS, trailing_bps=1)) == "TRAILING_FULL"
    assert venue.refuses(venue.order(CAROL, SELL, 1, 0, STOP_LOSS, stop_price_ticks=90, trailing_bps=1)) == "TRAILING_FULL"
    venue.done(venue.order(CAROL, SELL, 1, 0, STOP_LOSS, stop_price_ticks=90), make.cancel(ALICE, SYMBOL, 3))
    venue.place(CAROL, SELL, 1, 0, STOP_LOSS, trailing_bps=1)


def test_the_delta_is_within_the_filter_of_its_direction(venue):
    venue.trade_at(100)
    above, below = ((STOP_LOSS, BUY, 101), (TAKE_PROFIT, SELL, 101)), ((STOP_LOSS, SELL, 99), (TAKE_PROFIT, BUY, 99))
    for number, value in zip((14, 15, 16, 17), (10, 100, 20, 200), strict=True):
        venue.set_filter(Filter(number), value)
    for orders, least, most in ((above, 10, 100), (below, 20, 200)):
        for order_type, side, stop in orders:
            for bps in (least - 1, most + 1):
                order = venue.order(ALICE, side, 1, 0, order_type, stop_price_ticks=stop, trailing_bps=bps)
                assert venue.refuses(order) == "TRAILING_DELTA"
            for bps in (least, most):
                venue.place(ALICE, side, 1, 0, order_type, stop_price_ticks=stop, trailing_bps=bps)


@pytest.mark.parametrize("bps", [BPS, BPS + 1, 2**16 - 1])
def test_a_delta_of_everything_is_refused(venue, bps):
    assert venue.refuses(venue.order(ALICE, SELL, 1, 0, STOP_LOSS, trailing_bps=bps)) == "TRAILING_DELTA"
    venue.place(ALICE, SELL, 1, 0, STOP_LOSS, trailing_bps=BPS - 1)


def test_prices_for_which_products_would_not_fit_take_no_delta(make_machine):
    high = {"max_price_ticks": TRAILING_PRICE_MAX + 1, "max_quantity_lots": 1, "max_market_lots": 1}
    venue = OrderVenue(make_machine, **high)
    assert venue.refuses(venue.order(ALICE, SELL, 1, 0, STOP_LOSS, trailing_bps=5)) == "INVALID_ORDER"
    venue = OrderVenue(make_machine, **high | {"max_price_ticks": TRAILING_PRICE_MAX})
    venue.place(ALICE, SELL, 1, 0, STOP_LOSS, trailing_bps=BPS - 1)
