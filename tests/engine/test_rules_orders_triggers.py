"""Stops: docs/ORDERS.md sections 2 and 5. When they are accepted, what reaches them, and what they do then."""

import pytest

from engine import commands as make
from engine.types import STEPS_MAX, Code, Kind, SymbolStatus
from tests.engine.machines import ALICE, BASE, BOB, CAROL, QUOTE, SYMBOL, Venue, both_machines
from tests.engine.venues import (
    BUY,
    LIMIT,
    MARKET,
    SELL,
    STOP_LOSS,
    STOP_LOSS_LIMIT,
    TAKE_PROFIT,
    TAKE_PROFIT_LIMIT,
    OrderVenue,
    told,
)

pytestmark = both_machines


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    """The last price is 100; orders 1 and 2 are gone."""
    venue = OrderVenue(make_machine)
    venue.trade_at(100)
    return venue


def test_the_four_types_wait_on_their_side_of_the_last_price_and_would_trigger_on_the_other(venue):
    above = ((STOP_LOSS, BUY), (TAKE_PROFIT, SELL))
    below = ((STOP_LOSS, SELL), (TAKE_PROFIT, BUY))
    for pairs, waits, triggers in ((above, 101, (99, 100)), (below, 99, (101, 100))):
        for order_type, side in pairs:
            for stop in triggers:
                assert venue.refuses(venue.order(ALICE, side, 1, 0, order_type, stop_price_ticks=stop)) == "WOULD_TRIGGER"
            venue.place(ALICE, side, 1, 0, order_type, stop_price_ticks=waits)
    assert {order.state for order in venue.machine.open_orders(ALICE)} == {1}  # WAITING
    assert venue.depth(BUY) == venue.depth(SELL) == []


def test_without_a_last_price_any_stop_waits(make_machine):
    venue = OrderVenue(make_machine)
    venue.place(ALICE, BUY, 1, 0, STOP_LOSS, stop_price_ticks=1)
    venue.place(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=10**6)
    assert venue.state_of(1) == venue.state_of(2) == "WAITING"


def test_a_stop_is_reached_at_its_price_and_executes_as_market_in_the_nanosecond_of_the_trade(venue):
    venue.place(ALICE, SELL, 3, 0, STOP_LOSS, stop_price_ticks=95)  # 3
    venue.place(BOB, BUY, 5, 90)  # 4
    assert venue.trade_at(96) == []
    applied = venue.send(venue.order(CAROL, BUY, 1, 95), venue.order(CAROL, SELL, 1, 95))  # 7, 8
    assert told(applied) == ["NEW 7 RESTED", "NEW 8", "TRADE 8/7 1@95", "ACTIVATED 3", "TRADE 3/4 3@90"]
    events = applied.events
    assert events["index"].tolist() == [0, 1, 1, 1, 1] and len(set(events["time_ns"][1:].tolist())) == 1
    assert (events["order_type"][3], events["stop_price_ticks"][3], events["quantity_lots"][3]) == (STOP_LOSS, 95, 3)
    assert venue.machine.symbol(SYMBOL).last_price_ticks == 90


def test_a_stop_limit_rests_at_its_limit_with_a_rested_event(venue):
    venue.place(ALICE, BUY, 3, 105, STOP_LOSS_LIMIT, stop_price_ticks=103)  # 3
    assert venue.trade_at(103) == ["ACTIVATED 3", "RESTED 3 3"]
    assert venue.depth(BUY) == [[105, 3]] and venue.state_of(3) == "RESTING"
    assert venue.view(3).order_type == STOP_LOSS_LIMIT


@pytest.mark.parametrize(("time_in_force", "code"), [(1, "NO_LIQUIDITY"), (2, "NOT_FILLABLE")])
def test_a_stop_limit_keeps_its_time_in_force(venue, time_in_force, code):
    venue.place(BOB, SELL, 1, 104)
    venue.place(ALICE, BUY, 3, 105, STOP_LOSS_LIMIT, stop_price_ticks=103, time_in_force=time_in_force)  # 4
    heard = venue.trade_at(103)
    assert heard[0] == "ACTIVATED 4" and heard[-1] == f"EXPIRED 4 {code}"
    assert ("TRADE 4/3 1@104" in heard) == (time_in_force == 1)


def test_a_waiting_order_holds_what_it_would_pay_and_gets_it_back_when_it_is_cancelled(venue):
    before = venue.balances(ALICE)
    venue.place(ALICE, BUY, 3, 0, STOP_LOSS, stop_price_ticks=110)  # 3: 330
    venue.place(ALICE, BUY, 2, 120, STOP_LOSS_LIMIT, stop_price_ticks=110)  # 4: 240
    venue.place(ALICE, SELL, 7, 0, STOP_LOSS, stop_price_ticks=90)  # 5: 7 base
    venue.place(ALICE, BUY, 1, 0, STOP_LOSS, trailing_bps=100)  # 6: at the last price, 100
    assert venue.balances(ALICE)[QUOTE][1] == 330 + 240 + 100 and venue.balances(ALICE)[BASE][1] == 7
    applied = venue.done(*(make.cancel(ALICE, SYMBOL, order_id) for order_id in (3, 4, 5, 6)))
    assert told(applied) == ["CANCELED 3", "CANCELED 4", "CANCELED 5", "CANCELED 6"]
    assert not applied.events["update_id"].any() and not applied.events["level_lots"].any()
    assert venue.balances(ALICE) == before


def test_a_waiting_order_needs_the_funds_of_its_hold(make_machine):
    venue = OrderVenue(make_machine, funds=1000)
    assert venue.refuses(venue.order(ALICE, BUY, 10, 0, STOP_LOSS, stop_price_ticks=101)) == "INSUFFICIENT_BALANCE"
    assert venue.refuses(venue.order(ALICE, SELL, 1001, 0, STOP_LOSS, stop_price_ticks=9)) == "INSUFFICIENT_BALANCE"
    venue.place(ALICE, BUY, 10, 0, STOP_LOSS, stop_price_ticks=100)


def test_a_market_stop_buys_for_what_is_there_and_a_limit_stop_that_lost_nothing_keeps_its_funds(venue):
    """The price ran away between the hold and the activation: the estimate refuses, and the hold returns."""
    poor = venue.balances(ALICE)[QUOTE][0] - 1000
    venue.done(make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=ALICE, credit=CAROL, asset=QUOTE, amount=poor))
    venue.place(ALICE, BUY, 9, 0, STOP_LOSS, stop_price_ticks=110)  # 3: holds 990
    venue.place(BOB, SELL, 9, 120)  # 4: it would cost 1080
    assert venue.trade_at(110) == ["ACTIVATED 3", "EXPIRED 3 INSUFFICIENT_BALANCE"]
    assert venue.balances(ALICE)[QUOTE] == (1000, 0)


def test_stops_cascade_above_before_below_nearest_stop_first_oldest_first(venue):
    venue.place(BOB, BUY, 100, 50)  # 3
    for stop in (97, 98, 98, 99):
        venue.place(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=stop)  # 4 … 7
    venue.place(ALICE, SELL, 1, 0, TAKE_PROFIT, stop_price_ticks=102)  # 8
    # One match from 97 to 102: everything is reached at once.
    venue.place(CAROL, SELL, 1, 97)
    venue.place(CAROL, SELL, 1, 102)
    applied = venue.place(CAROL, BUY, 2, 102)
    activated = [line for line in told(applied) if line.startswith("ACTIVATED")]
    assert activated == ["ACTIVATED 8", "ACTIVATED 7", "ACTIVATED 5", "ACTIVATED 6", "ACTIVATED 4"]


def test_what_an_activated_order_trades_triggers_the_next(venue):
    for price in (95, 90, 85):
        venue.place(BOB, BUY, 1, price)  # 3 4 5
    for stop in (99, 95, 90):
        venue.place(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=stop)  # 6 7 8
    assert venue.trade_at(99)[::2] == ["ACTIVATED 6", "ACTIVATED 7", "ACTIVATED 8"]
    assert venue.machine.symbol(SYMBOL).last_price_ticks == 85
    assert venue.machine.open_orders(ALICE) == []


def test_only_the_first_and_the_last_price_of_a_match_count(venue):
    venue.place(ALICE, BUY, 1, 0, STOP_LOSS, stop_price_ticks=110)  # 3
    for price in (101, 109, 105):
        venue.place(CAROL, SELL, 1, price)
    assert venue.place(BOB, BUY, 2, 105).codes.tolist() == [0]  # 101, 105
    assert venue.state_of(3) == "WAITING"
    venue.place(CAROL, SELL, 1, 112)
    venue.done(venue.order(BOB, BUY, 2, 112))  # 109, 112: reached by its last price
    assert venue.state_of(3) == ""


def test_a_stop_placed_after_the_price_was_reached_is_not_triggered_by_what_was(venue):
    venue.trade_at(120, 100)
    venue.place(ALICE, BUY, 1, 0, STOP_LOSS, stop_price_ticks=110)
    assert venue.trade_at(101) == []


@pytest.mark.parametrize("status", [SymbolStatus.CANCEL_ONLY, SymbolStatus.HALTED])
def test_nothing_is_drained_unless_the_market_trades(venue, status):
    venue.place(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=95)
    many = [venue.order(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=95) for _ in range(3)]
    venue.done(*many)
    venue.place(BOB, BUY, 3, 90)
    venue.done(venue.order(CAROL, BUY, 1, 95))
    stop = make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=status)
    venue.done(stop)
    assert venue.refuses(venue.order(ALICE, BUY, 1, 1)) == "MARKET_CLOSED"
    venue.set_status(SymbolStatus.TRADING)
    assert venue.machine.symbol(SYMBOL).status == SymbolStatus.TRADING


def test_a_drain_takes_no_more_than_its_steps_and_new_orders_wait_for_the_rest(venue):
    """Two steps for each: the activation, and its match."""
    count = STEPS_MAX // 2 + 10
    for start in range(0, count, 500):
        venue.done(*(venue.order(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=95) for _ in range(min(500, count - start))))
    venue.done(*(venue.order(BOB, BUY, 500, 90) for _ in range(10)))
    venue.done(venue.order(CAROL, BUY, 1, 95))
    applied = venue.send(venue.order(CAROL, SELL, 1, 95))
    assert len([line for line in told(applied) if line.startswith("ACTIVATED")]) == STEPS_MAX // 2
    assert len(venue.machine.open_orders(ALICE)) == 10 and venue.machine.validate() == ""
    # The rest goes before the first command of the next frame is judged.
    applied = venue.done(venue.order(CAROL, BUY, 1, 1))
    assert applied.events["index"].tolist()[:-1] == [-1] * 20


def test_a_market_with_a_backlog_takes_no_orders_but_lets_go(venue):
    count = STEPS_MAX // 2 + 20
    for start in range(0, count, 500):
        venue.done(*(venue.order(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=95) for _ in range(min(500, count - start))))
    venue.done(*(venue.order(BOB, BUY, 500, 90) for _ in range(20)))
    last = venue.machine.open_orders(ALICE)[-1].order_id
    reached = [venue.order(CAROL, BUY, 1, 95), venue.order(CAROL, SELL, 1, 95)]
    replace = make.replace(BOB, SYMBOL, BUY, order_id=last + 1, price_ticks=1, quantity_lots=1)
    for busy in (venue.order(CAROL, BUY, 1, 1), replace):
        other = type(venue.machine).restore(venue.machine.snapshot())
        frames, venue.machine = venue.machine, other
        codes = venue.codes(*reached, busy, venue.order(CAROL, BUY, 1, 1))
        assert [Code(code).name for code in codes] == ["OK", "OK", "MARKET_BUSY", "OK"]
        venue.machine = frames
        venue.numbers[venue.origin] -= 1
    codes = venue.codes(*reached, make.cancel(ALICE, SYMBOL, last), venue.order(CAROL, BUY, 1, 1))
    assert [Code(code).name for code in codes] == ["OK"] * 4


def test_replace_and_cancel_take_a_stop_from_where_it_waits(venue):
    venue.place(ALICE, BUY, 4, 120, STOP_LOSS_LIMIT, stop_price_ticks=110, client_id="stop")  # 3
    replaced = venue.done(
        make.replace(ALICE, SYMBOL, target="stop", side=BUY, order_type=STOP_LOSS_LIMIT, price_ticks=121, stop_price_ticks=111,
                     client_id="stop")
    )  # fmt: skip
    assert told(replaced) == ["CANCELED 3", "NEW 4"]
    assert (venue.view(4).order_lots, venue.view(4).stop_price_ticks, venue.state_of(4)) == (4, 111, "WAITING")
    assert venue.trade_at(110) == []
    venue.done(make.cancel_all(ALICE, SYMBOL))
    assert venue.trade_at(111) == []


STOPS_MALFORMED = [
    {"order_type": STOP_LOSS, "lots": 1},
    {"order_type": STOP_LOSS, "lots": 1, "stop_price_ticks": -1},
    {"order_type": STOP_LOSS, "lots": 1, "price": 5, "stop_price_ticks": 110},
    {"order_type": STOP_LOSS, "lots": 0, "stop_price_ticks": 110},
    {"order_type": STOP_LOSS, "lots": 0, "quote_quantity": 5, "stop_price_ticks": 110},
    {"order_type": STOP_LOSS, "lots": 1, "stop_price_ticks": 110, "time_in_force": 1},
    {"order_type": STOP_LOSS, "lots": 1, "stop_price_ticks": 110, "time_in_force": 3, "expires_ns": 2 * 10**18},
    {"order_type": STOP_LOSS, "lots": 1, "stop_price_ticks": 110, "iceberg_lots": 1},
    {"order_type": STOP_LOSS, "lots": 1, "stop_price_ticks": 110, "peg": 1},
    {"order_type": STOP_LOSS_LIMIT, "lots": 1, "stop_price_ticks": 110},
    {"order_type": STOP_LOSS_LIMIT, "lots": 1, "price": 5},
    {"order_type": TAKE_PROFIT_LIMIT, "lots": 1, "price": 5, "quote_quantity": 9, "stop_price_ticks": 90},
    {"order_type": LIMIT, "lots": 1, "price": 5, "stop_price_ticks": 110},
    {"order_type": LIMIT, "lots": 1, "price": 5, "trailing_bps": 1},
    {"order_type": MARKET, "lots": 1, "stop_price_ticks": 110},
]


@pytest.mark.parametrize("terms", STOPS_MALFORMED, ids=str)
def test_what_does_not_fit_the_type_is_malformed(venue, terms):
    terms = dict(terms)
    order = venue.order(ALICE, BUY, terms.pop("lots"), terms.pop("price", 0), terms.pop("order_type"), **terms)
    assert venue.refuses(order) == "INVALID_ORDER"


def test_under_the_second_rules_none_of_it_exists(make_machine):
    venue = Venue(make_machine)
    venue.done(make.admin(Kind.SET_RULES, value=2))
    assert venue.codes(make.place(ALICE, SYMBOL, BUY, STOP_LOSS, quantity_lots=1, stop_price_ticks=5)) == [Code.INVALID_ORDER]
    assert venue.codes(make.place(ALICE, SYMBOL, BUY, quantity_lots=1, price_ticks=5, time_in_force=3, expires_ns=9)) == [
        Code.INVALID_ORDER
    ]
    kinds = (make.mass_cancel(ALICE), make.countdown(ALICE, 5), make.cancel_list(ALICE, SYMBOL, 1), make.admin(Kind.SET_FILTER),
             make.admin(Kind.SET_GROUP))  # fmt: skip
    assert venue.codes(*kinds) == [Code.UNKNOWN_KIND] * 5
    # The fields it adds are read as nothing.
    assert venue.codes(make.place(ALICE, SYMBOL, BUY, quantity_lots=1, price_ticks=5, iceberg_lots=99, peg=7, stop_price_ticks=3)) == [0]
