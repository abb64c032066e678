"""Order lists: docs/ORDERS.md section 7. What makes one, who carries the hold, how the others of a list follow one of them."""

import numpy as np
import pytest

from engine import commands as make
from engine.commands import client_id_digest
from engine.types import LIST_EVENT, Code, EventKind, Filter, Kind, ListType, OrderStatus, Pool, Stp, TimeInForce
from tests.engine.machines import ALICE, BASE, BOB, CAROL, LISTING, QUOTE, SYMBOL, both_machines, capacity_with
from tests.engine.venues import (
    BUY,
    LIMIT,
    LIMIT_MAKER,
    MARKET,
    SELL,
    STOP_LOSS,
    STOP_LOSS_LIMIT,
    TAKE_PROFIT,
    TAKE_PROFIT_LIMIT,
    OrderVenue,
    statuses,
    told,
)

pytestmark = both_machines
OCO, OTO, OTOCO = ListType.OCO, ListType.OTO, ListType.OTOCO


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    """The last price is 100; the next order is 3."""
    venue = OrderVenue(make_machine)
    venue.trade_at(100)
    return venue


def pair(venue: OrderVenue, account: int = ALICE, side: int = SELL, lots: int = 5) -> list[np.ndarray]:
    """A LIMIT_MAKER and a stop around a last price of 100."""
    maker, stop = (110, 90) if side == SELL else (90, 110)
    return [
        venue.order(account, side, lots, maker, LIMIT_MAKER),
        venue.order(account, side, lots, 0, STOP_LOSS, stop_price_ticks=stop),
    ]


def names(codes) -> list[str]:
    return [Code(code).name for code in codes]


def list_events(applied) -> np.ndarray:
    return applied.events[applied.events["kind"] == EventKind.LIST].view(LIST_EVENT)


# ---------------------------------------------------------------- one cancels the other


def test_a_pair_is_placed_and_told_with_the_times_and_places_of_its_legs(venue):
    applied = venue.done(make.admin(Kind.TICK), make.place_list(OCO, *pair(venue), client_id="both"))
    assert told(applied)[1:] == ["LIST 1 EXECUTING", "NEW 3 RESTED", "NEW 4"]
    assert applied.events["index"].tolist() == [0, 1, 2, 3]
    assert np.diff(applied.events["time_ns"]).tolist() == [1, 1, 1]
    event = list_events(applied)[0]
    told_of = ("list_type", "account", "symbol", "first_order_id", "second_order_id", "third_order_id", "client_id")
    assert [event[name] for name in told_of] == [OCO, ALICE, SYMBOL, 3, 4, 0, b"both"]
    assert event["placed_ns"] == event["time_ns"]
    assert applied.events["list_id"][2:].tolist() == [1, 1]
    view = venue.machine.order_list(1)
    assert (view.order_ids, view.client_id, view.placed_ns) == ((3, 4), "both", event["placed_ns"])
    assert venue.machine.open_lists(ALICE) == [view] and venue.machine.open_lists(BOB) == []
    assert venue.machine.order_list_by_client_id(ALICE, client_id_digest("both")) == view


@pytest.mark.parametrize(
    ("side", "maker", "stop", "held"),
    [(SELL, 110, 90, {BASE: 5}), (BUY, 90, 110, {QUOTE: 5 * 110})],
)
def test_one_hold_for_both_the_larger_one(venue, side, maker, stop, held):
    venue.done(make.place_list(OCO, *pair(venue, side=side)))
    assert {asset: row[1] for asset, row in venue.balances(ALICE).items() if row[1]} == held


def test_the_funds_of_a_pair_are_the_larger_hold_alone(make_machine):
    venue = OrderVenue(make_machine, funds=550)
    venue.trade_at(100)
    venue.done(make.place_list(OCO, *pair(venue, side=BUY)))
    assert venue.balances(ALICE)[QUOTE] == (0, 550)
    codes = venue.codes(make.place_list(OCO, *pair(venue, BOB, side=BUY, lots=6)))
    assert names(codes) == ["LIST_LEG_REFUSED", "LIST_LEG_REFUSED", "INSUFFICIENT_BALANCE"]
    codes = venue.codes(make.place_list(OCO, *reversed(pair(venue, BOB, side=BUY, lots=6))))
    assert names(codes) == ["LIST_LEG_REFUSED", "INSUFFICIENT_BALANCE", "LIST_LEG_REFUSED"]


def test_the_first_fill_of_the_maker_ends_the_stop_before_it(venue):
    venue.done(make.place_list(OCO, *pair(venue, side=BUY)))  # 3 rests at 90, 4 carries 550
    applied = venue.place(CAROL, SELL, 2, 90)
    assert told(applied) == ["NEW 5", "EXPIRED 4 LIST_DONE", "TRADE 5/3 2@90"]
    assert statuses(applied, 4) == ["EXPIRED"] and applied.events["quantity_lots"][1] == 5
    assert venue.balances(ALICE)[QUOTE][1] == 3 * 90, "the survivor carries its own"
    applied = venue.place(CAROL, SELL, 3, 90)
    assert told(applied)[1:] == ["TRADE 6/3 3@90", "LIST 1 ALL_DONE"]
    assert venue.machine.order_list(1) is None and venue.machine.order_list_by_client_id(ALICE, 0) is None


def test_the_stop_that_is_reached_ends_the_maker_before_it(venue):
    venue.place(BOB, BUY, 9, 80)  # 3
    venue.done(make.place_list(OCO, *pair(venue)))  # 4 5
    before = venue.machine.update_id(SYMBOL)
    heard = venue.trade_at(90)
    assert heard == ["EXPIRED 4 LIST_DONE", "ACTIVATED 5", "TRADE 5/3 5@80", "LIST 1 ALL_DONE"]
    assert venue.depth(SELL) == [] and venue.machine.update_id(SYMBOL) == before + 4


def test_two_stops_may_be_a_pair(venue):
    legs = [
        venue.order(ALICE, SELL, 5, 111, TAKE_PROFIT_LIMIT, stop_price_ticks=110),
        venue.order(ALICE, SELL, 5, 0, STOP_LOSS, stop_price_ticks=90),
    ]
    venue.done(make.place_list(OCO, *legs))
    assert venue.state_of(3) == venue.state_of(4) == "WAITING"
    assert venue.trade_at(110) == ["EXPIRED 4 LIST_DONE", "ACTIVATED 3", "RESTED 3 5"]
    assert venue.balances(ALICE)[BASE][1] == 5 and venue.machine.order_list(1).order_ids == (3, 4)


@pytest.mark.parametrize("target", [3, 4])
def test_cancelling_one_cancels_the_other_after_it(venue, target):
    before = venue.balances(ALICE)
    venue.done(make.place_list(OCO, *pair(venue)))
    assert told(venue.done(make.cancel(ALICE, SYMBOL, target))) == [f"CANCELED {target}", f"CANCELED {7 - target}", "LIST 1 ALL_DONE"]
    assert venue.balances(ALICE) == before


def test_an_expiry_of_one_ends_the_other(venue):
    maker, stop = pair(venue)
    maker["time_in_force"], maker["expires_ns"] = TimeInForce.GTD, venue.time_ns + 10**10
    venue.done(make.place_list(OCO, maker, stop))
    assert told(venue.after(20)) == ["EXPIRED 3 TIME_UP", "EXPIRED 4 LIST_DONE", "LIST 1 ALL_DONE"]


@pytest.mark.parametrize(
    ("stp", "heard"),
    [
        (Stp.EXPIRE_MAKER, ["PREVENTED 5/3 0/5@110", "EXPIRED 3 SELF_TRADE", "EXPIRED 4 LIST_DONE", "LIST 1 ALL_DONE", "RESTED 5 2"]),
        (Stp.EXPIRE_TAKER, ["PREVENTED 5/3 2/0@110", "EXPIRED 5 SELF_TRADE"]),
        (Stp.DECREMENT, ["EXPIRED 4 LIST_DONE", "PREVENTED 5/3 2/2@110", "EXPIRED 5 SELF_TRADE"]),
    ],
)
def test_what_prevention_does_to_one_of_a_pair(venue, stp, heard):
    venue.done(make.place_list(OCO, *pair(venue)))
    assert told(venue.done(venue.order(ALICE, BUY, 2, 110, stp=stp)))[1:] == heard


def test_one_of_a_list_is_not_amended_but_may_be_replaced(venue):
    venue.done(make.place_list(OCO, *pair(venue)))
    assert venue.refuses(make.amend(ALICE, SYMBOL, 3, quantity_lots=2)) == "AMEND_INVALID"
    applied = venue.done(make.replace(ALICE, SYMBOL, SELL, order_id=3, price_ticks=120))
    assert told(applied) == ["CANCELED 3", "CANCELED 4", "LIST 1 ALL_DONE", "NEW 5 RESTED"]
    assert venue.view(5).list_id == 0 and venue.view(5).order_lots == 5


def test_a_trailing_leg(venue):
    maker = venue.order(ALICE, SELL, 5, 120, LIMIT_MAKER)
    trailing = venue.order(ALICE, SELL, 5, 0, STOP_LOSS, trailing_bps=1000)
    venue.done(make.place_list(OCO, trailing, maker))
    assert venue.trade_at(110) == []
    assert venue.trade_at(99)[:2] == ["EXPIRED 4 LIST_DONE", "ACTIVATED 3"]


# ---------------------------------------------------------------- what makes a pair

NOT_A_PAIR = {
    "sides differ": {"side": [BUY, SELL]},
    "no such side": {"side": [2, 2]},
    "quantities differ": {"quantity_lots": [5, 6]},
    "two stops below": {"order_type": [STOP_LOSS, STOP_LOSS], "price_ticks": [0, 0], "stop_price_ticks": [91, 90]},
    "two that take profit": {"order_type": [LIMIT_MAKER, TAKE_PROFIT], "price_ticks": [110, 0], "stop_price_ticks": [0, 111]},
    "a plain limit": {"order_type": [LIMIT, STOP_LOSS]},
    "a market order": {"order_type": [MARKET, STOP_LOSS], "price_ticks": [0, 0]},
    "not above": {"stop_price_ticks": [0, 110]},
    "far below": {"price_ticks": [89, 0]},
    "the maker on the last price": {"price_ticks": [100, 0]},
    "another account": {"account": [ALICE, BOB]},
    "another symbol": {"symbol": [SYMBOL, 2]},
    "another key": {"key": [0, 1]},
}


@pytest.mark.parametrize("fault", NOT_A_PAIR)
def test_what_is_no_pair(venue, fault):
    legs = pair(venue)
    for field, values in NOT_A_PAIR[fault].items():
        for leg, value in zip(legs, values, strict=True):
            leg[field] = value
    before = venue.machine.open_orders(ALICE)
    applied = venue.send(make.place_list(OCO, *legs), make.admin(Kind.TICK))
    assert names(applied.codes) == ["LIST_INVALID"] * 3 + ["OK"]
    assert told(applied)[:3] == ["REJECTED 0 LIST_INVALID"] * 3 and applied.events["index"].tolist() == [0, 1, 2, 3]
    assert venue.machine.open_orders(ALICE) == before


@pytest.mark.parametrize("list_type", [0, 4, 255])
def test_an_unknown_list_type_has_no_legs(venue, list_type):
    applied = venue.send(make.place_list(list_type, *pair(venue)))
    assert names(applied.codes) == ["LIST_INVALID", "OK", "OK"]


@pytest.mark.parametrize(("list_type", "legs"), [(OCO, 0), (OCO, 1), (OTO, 1), (OTOCO, 2)])
def test_too_few_legs_take_those_that_are_there_with_them(venue, list_type, legs):
    frame = make.place_list(list_type, *pair(venue))[: 1 + legs]
    applied = venue.send(frame, make.admin(Kind.TICK), venue.order(BOB, BUY, 1, 1))
    assert names(applied.codes) == ["LIST_INVALID"] * (1 + legs) + ["OK", "OK"]
    assert names(venue.send(frame).codes) == ["LIST_INVALID"] * (1 + legs)


def test_prices_are_compared_where_there_are_any(venue):
    """A pegged maker and a stop that only trails have none."""
    venue.place(BOB, SELL, 1, 105)
    maker = venue.order(ALICE, SELL, 5, 0, LIMIT_MAKER, peg=1)
    trailing = venue.order(ALICE, SELL, 5, 0, STOP_LOSS, trailing_bps=500)
    venue.done(make.place_list(OCO, maker, trailing))
    assert venue.view(4).price_ticks == 105


def test_the_refusal_of_a_leg_refuses_all_and_leaves_nothing(venue):
    maker, stop = pair(venue)
    stop["stop_price_ticks"] = 100
    state = venue.machine.account(ALICE), venue.machine.balances(ALICE), venue.machine.update_id(SYMBOL)
    applied = venue.send(make.place_list(OCO, maker, stop, client_id="x"))
    assert names(applied.codes) == ["LIST_LEG_REFUSED", "LIST_LEG_REFUSED", "WOULD_TRIGGER"]
    head, refused = applied.events[0], applied.events[2]
    assert (head["account"], head["symbol"], head["order_id"], head["quantity_lots"], head["side"]) == (ALICE, SYMBOL, 0, 0, 0)
    assert (refused["stop_price_ticks"], refused["quantity_lots"], refused["status"]) == (100, 5, OrderStatus.REJECTED)
    assert state == (venue.machine.account(ALICE), venue.machine.balances(ALICE), venue.machine.update_id(SYMBOL))
    assert list_events(venue.done(make.place_list(OCO, *pair(venue), client_id="x")))["list_id"].tolist() == [1]
    assert venue.machine.open_orders(ALICE)[0].order_id == 3


# ---------------------------------------------------------------- the ladder of the head


def test_the_ladder_of_a_head(venue):
    legs = pair(venue)
    bad = [legs[0].copy(), legs[1].copy()]
    bad[1]["quantity_lots"] = 6

    def codes(*orders, origin: int = 1, **head) -> list[str]:
        frame = make.place_list(OCO, *orders, client_id="name")
        for field, value in head.items():
            frame[0][field] = value
        return names(venue.codes(frame, origin=origin))

    refused = ["LIST_LEG_REFUSED"] * 2
    assert codes(*bad, origin=5, valid_until_ns=1) == ["NOT_PERMITTED", *refused]
    assert codes(*bad, valid_until_ns=1, account=999) == ["STALE", *refused]
    assert codes(*bad, account=999, key=7) == ["UNKNOWN_ACCOUNT", *refused]
    assert codes(*bad, key=7, symbol=9) == ["KEY_REVOKED", *refused]
    assert codes(*bad, symbol=9) == ["UNKNOWN_SYMBOL", *refused]
    venue.set_status(4)
    assert codes(*bad) == ["MARKET_CLOSED", *refused]
    venue.set_status(1)
    assert codes(*bad) == ["LIST_INVALID"] * 3
    assert codes(*legs) == ["OK"] * 3
    venue.set_filter(Filter.MAX_LISTS, 1)
    venue.set_filter(Filter.EXCHANGE_MAX_LISTS, 1)
    assert codes(*legs) == ["DUPLICATE_CLIENT_ID", *refused]
    other = make.place_list(OCO, *legs, client_id="other")
    assert names(venue.codes(other)) == ["MAX_NUM_LISTS", *refused]
    venue.set_filter(Filter.MAX_LISTS, 0)
    assert names(venue.codes(other)) == ["EXCHANGE_MAX_LISTS", *refused]
    venue.set_filter(Filter.EXCHANGE_MAX_LISTS, 2)
    assert names(venue.codes(other)) == ["OK"] * 3
    venue.done(make.admin(Kind.SET_ACCOUNT_STATUS, account=ALICE, status=2))
    assert codes(*legs) == ["ACCOUNT_FROZEN", *refused]


def test_legs_count_as_if_the_earlier_ones_were_open(make_machine):
    venue = OrderVenue(make_machine, capacity=capacity_with(ORDERS=4), max_orders=3)
    venue.trade_at(100)
    refused = ["LIST_LEG_REFUSED", "LIST_LEG_REFUSED"]
    same_name = pair(venue)
    for leg in same_name:
        leg["client_id"] = b"twice"
    assert names(venue.codes(make.place_list(OCO, *same_name))) == [*refused, "DUPLICATE_CLIENT_ID"]
    venue.done(venue.order(ALICE, BUY, 1, 1), venue.order(ALICE, BUY, 1, 1))
    assert names(venue.codes(make.place_list(OCO, *pair(venue)))) == [*refused, "MAX_NUM_ORDERS"]
    assert venue.machine.used(Pool.ORDERS) == 2
    venue.place(CAROL, BUY, 1, 1)
    assert names(venue.codes(make.place_list(OCO, *pair(venue, BOB)))) == [*refused, "ORDERS_FULL"]
    venue.done(make.admin(Kind.SET_ORDER_LIMITS, value=2), make.cancel_all(ALICE, SYMBOL))
    venue.done(make.place_list(OCO, *pair(venue, BOB)))
    assert names(venue.codes(venue.order(BOB, BUY, 1, 1))) == ["TOO_MANY_ORDERS"]
    venue.done(make.cancel_all(BOB, SYMBOL))
    venue.after(11)
    venue.place(BOB, BUY, 1, 1)
    venue.done(make.cancel_all(BOB, SYMBOL))
    assert names(venue.codes(make.place_list(OCO, *pair(venue, BOB)))) == [*refused, "TOO_MANY_ORDERS"]


def test_a_working_order_that_cannot_rest_needs_a_place_too(make_machine):
    venue = OrderVenue(make_machine, max_orders=1)
    working = venue.order(ALICE, BUY, 1, 5, time_in_force=TimeInForce.IOC)
    pending = venue.order(ALICE, SELL, 1, 9)
    assert names(venue.codes(make.place_list(OTO, working, pending))) == ["LIST_LEG_REFUSED", "LIST_LEG_REFUSED", "MAX_NUM_ORDERS"]


# ---------------------------------------------------------------- one triggers the other


def test_a_pending_order_waits_for_the_fill_of_the_working_one(venue):
    working, pending = venue.order(ALICE, BUY, 5, 95), venue.order(ALICE, SELL, 5, 120)
    before = venue.balances(ALICE)
    applied = venue.done(make.place_list(OTO, working, pending))
    assert told(applied) == ["LIST 1 EXECUTING", "NEW 3 RESTED", "NEW 4"]
    assert applied.events["status"][2] == OrderStatus.PENDING_NEW and venue.state_of(4) == "PENDING"
    assert venue.balances(ALICE)[BASE] == before[BASE], "it holds nothing yet"
    assert told(venue.place(CAROL, SELL, 2, 95)) == ["NEW 5", "TRADE 5/3 2@95"] and venue.state_of(4) == "PENDING"
    applied = venue.place(CAROL, SELL, 3, 95)
    assert told(applied) == ["NEW 6", "TRADE 6/3 3@95", "ACTIVATED 4", "RESTED 4 5"]
    assert venue.depth(SELL) == [[120, 5]] and venue.balances(ALICE)[BASE][1] == 5
    assert told(venue.place(CAROL, BUY, 5, 120))[1:] == ["TRADE 7/4 5@120", "LIST 1 ALL_DONE"]


def test_a_working_order_that_takes_is_executed_after_the_news_of_the_pending(venue):
    venue.place(BOB, SELL, 5, 99)  # 3
    working, pending = venue.order(ALICE, BUY, 5, 99), venue.order(ALICE, SELL, 5, 0, MARKET)
    venue.place(BOB, BUY, 5, 98)  # 4
    applied = venue.done(make.place_list(OTO, working, pending))
    assert told(applied) == ["LIST 1 EXECUTING", "NEW 5", "NEW 6", "TRADE 5/3 5@99", "ACTIVATED 6", "TRADE 6/4 5@98", "LIST 1 ALL_DONE"]
    assert applied.events["index"].tolist() == [0, 1, 2, 2, 2, 2, 2]
    now = applied.events["time_ns"].tolist()
    assert now[3] == now[1] and now[4:] == [now[2]] * 3, "the match has the time of the working leg"


@pytest.mark.parametrize("time_in_force", [TimeInForce.IOC, TimeInForce.FOK])
def test_a_working_order_that_expires_takes_the_pending_with_it(venue, time_in_force):
    venue.place(BOB, SELL, 1, 99)  # 3
    working = venue.order(ALICE, BUY, 5, 99, time_in_force=time_in_force)
    applied = venue.done(make.place_list(OTO, working, venue.order(ALICE, SELL, 5, 120)))
    assert told(applied)[-3:] == [
        "EXPIRED 4 " + ("NO_LIQUIDITY" if time_in_force == TimeInForce.IOC else "NOT_FILLABLE"), "EXPIRED 5 LIST_DONE", "LIST 1 ALL_DONE",
    ]  # fmt: skip


def test_cancels_of_a_working_and_of_a_pending_order(venue):
    legs = venue.order(ALICE, BUY, 5, 95), venue.order(ALICE, SELL, 5, 120)
    venue.done(make.place_list(OTO, *legs), make.place_list(OTO, *legs))  # 3 4, 5 6
    assert told(venue.done(make.cancel(ALICE, SYMBOL, 3))) == ["CANCELED 3", "CANCELED 4", "LIST 1 ALL_DONE"]
    assert told(venue.done(make.cancel(ALICE, SYMBOL, 6))) == ["CANCELED 6"], "the working one goes on"
    assert told(venue.place(CAROL, SELL, 5, 95))[1:] == ["TRADE 7/5 5@95", "LIST 2 ALL_DONE"]


def test_a_pending_order_without_funds_at_its_turn(make_machine):
    venue = OrderVenue(make_machine, funds=0)
    venue.done(venue.deposit(ALICE, QUOTE, 10), venue.deposit(BOB, BASE, 10))
    venue.done(make.place_list(OTO, venue.order(ALICE, BUY, 1, 10), venue.order(ALICE, SELL, 2, 20)))
    assert told(venue.place(BOB, SELL, 1, 10))[1:] == ["TRADE 3/1 1@10", "ACTIVATED 2", "EXPIRED 2 INSUFFICIENT_BALANCE", "LIST 1 ALL_DONE"]


PENDING_TURNS = {
    "a stop waits": ({"order_type": STOP_LOSS, "stop_price_ticks": 80}, 0, [], "WAITING"),
    "a trailing one tracks": ({"order_type": STOP_LOSS, "trailing_bps": 100}, 0, [], "TRACKING"),
    "a stop beyond its price": ({"order_type": STOP_LOSS, "stop_price_ticks": 96}, 0, ["EXPIRED 4 WOULD_TRIGGER"], ""),
    "a maker that would take": ({"order_type": LIMIT_MAKER}, 94, ["EXPIRED 4 WOULD_TAKE"], ""),
    "a maker rests": ({"order_type": LIMIT_MAKER}, 120, ["RESTED 4 5"], "RESTING"),
    "an IOC": ({"time_in_force": TimeInForce.IOC}, 120, ["EXPIRED 4 NO_LIQUIDITY"], ""),
    "a date": ({"time_in_force": TimeInForce.GTD, "expires_ns": 1_700_100_000 * 10**9}, 120, ["RESTED 4 5"], "RESTING"),
}


@pytest.mark.parametrize("case", PENDING_TURNS)
def test_the_turn_of_a_pending_order(venue, case):
    terms, price, heard, state = PENDING_TURNS[case]
    pending = venue.order(ALICE, SELL, 5, price, **terms)
    venue.done(make.place_list(OTO, venue.order(ALICE, BUY, 5, 95), pending))  # 3 4
    venue.place(BOB, BUY, 1, 94)  # 5
    applied = venue.place(CAROL, SELL, 5, 95)
    assert [line for line in told(applied)[2:] if "LIST" not in line] == ["ACTIVATED 4", *heard]
    assert venue.state_of(4) == state


# ---------------------------------------------------------------- one triggers a pair


@pytest.fixture
def bracket(venue) -> OrderVenue:
    """Alice buys 5 at 95 (3), then sells at 120 (4) or stops at 80 (5)."""
    maker, stop = venue.order(ALICE, SELL, 5, 120, LIMIT_MAKER), venue.order(ALICE, SELL, 5, 0, STOP_LOSS, stop_price_ticks=80)
    venue.done(make.place_list(OTOCO, venue.order(ALICE, BUY, 5, 95), maker, stop))
    return venue


def test_the_pair_is_placed_when_the_working_order_is_filled(bracket):
    applied = bracket.place(CAROL, SELL, 5, 95)
    assert told(applied)[1:] == ["TRADE 6/3 5@95", "ACTIVATED 4", "RESTED 4 5", "ACTIVATED 5"]
    assert (bracket.state_of(4), bracket.state_of(5)) == ("RESTING", "WAITING")
    assert bracket.balances(ALICE)[BASE][1] == 5
    assert told(bracket.place(CAROL, BUY, 1, 120))[1:] == ["EXPIRED 5 LIST_DONE", "TRADE 7/4 1@120"]
    assert bracket.machine.order_list(1).order_ids == (3, 4, 5)


@pytest.mark.parametrize(("target", "gone"), [(3, [3, 4, 5]), (4, [4, 5]), (5, [5, 4])])
def test_cancels_in_a_bracket(bracket, target, gone):
    heard = told(bracket.done(make.cancel(ALICE, SYMBOL, target)))
    assert heard == [f"CANCELED {order_id}" for order_id in gone] + (["LIST 1 ALL_DONE"] if target == 3 else [])


def test_a_refusal_at_the_turn_of_one_ends_its_partner(venue):
    maker, stop = venue.order(ALICE, SELL, 5, 120, LIMIT_MAKER), venue.order(ALICE, SELL, 5, 0, STOP_LOSS, stop_price_ticks=97)
    venue.done(make.place_list(OTOCO, venue.order(ALICE, BUY, 5, 95), maker, stop))
    heard = told(venue.place(CAROL, SELL, 5, 95))[2:]
    assert heard == [
        "ACTIVATED 4", "RESTED 4 5", "ACTIVATED 5", "EXPIRED 5 WOULD_TRIGGER", "EXPIRED 4 LIST_DONE", "LIST 1 ALL_DONE",
    ]  # fmt: skip
    assert venue.balances(ALICE)[BASE][1] == 0


def test_a_pair_to_buy_takes_the_larger_hold_at_the_first_turn(venue):
    """Also where the second of the two has it; a peg takes its price at its own turn, and the hold follows."""
    venue.place(BOB, BUY, 1, 97)  # 3
    maker = venue.order(ALICE, BUY, 5, 0, LIMIT_MAKER, peg=1)
    stop = venue.order(ALICE, BUY, 5, 0, STOP_LOSS, stop_price_ticks=110)
    venue.done(make.place_list(OTOCO, venue.order(ALICE, SELL, 5, 105), stop, maker))  # 4, then 5 6
    applied = venue.place(CAROL, BUY, 5, 105)
    assert told(applied)[2:] == ["ACTIVATED 5", "ACTIVATED 6", "RESTED 6 5"]
    assert venue.view(6).price_ticks == 97 and venue.balances(ALICE)[QUOTE][1] == 550
    assert venue.trade_at(110)[:2] == ["EXPIRED 6 LIST_DONE", "ACTIVATED 5"]
    assert venue.balances(ALICE)[QUOTE][1] == 0


def test_a_pegged_leg_that_carries_the_hold_has_another_at_its_turn(venue):
    venue.place(BOB, BUY, 1, 97)  # 3
    stop = venue.order(ALICE, BUY, 5, 95, STOP_LOSS_LIMIT, stop_price_ticks=110)
    maker = venue.order(ALICE, BUY, 5, 0, LIMIT_MAKER, peg=1)  # held for at the last price, 100, until it has its own
    venue.done(make.place_list(OTOCO, venue.order(ALICE, SELL, 5, 100), stop, maker))  # 4, then 5 6
    venue.place(CAROL, BUY, 5, 100)
    assert venue.view(6).price_ticks == 97 and venue.balances(ALICE)[QUOTE][1] == 5 * 97
    venue.done(make.cancel(ALICE, SYMBOL, 6))
    assert venue.balances(ALICE)[QUOTE][1] == 0


NOT_A_WORKING_LIST = {
    "a working market order": (0, {"order_type": MARKET, "price_ticks": 0}),
    "a working stop": (0, {"order_type": STOP_LOSS, "price_ticks": 0, "stop_price_ticks": 110}),
    "a pending budget": (1, {"order_type": MARKET, "price_ticks": 0, "quantity_lots": 0, "quote_quantity": 50}),
    "not the same account": (1, {"account": BOB}),
}


@pytest.mark.parametrize("fault", NOT_A_WORKING_LIST)
def test_what_cannot_trigger_another(venue, fault):
    at, fields = NOT_A_WORKING_LIST[fault]
    legs = [venue.order(ALICE, BUY, 5, 95), venue.order(ALICE, SELL, 5, 120)]
    for field, value in fields.items():
        legs[at][field] = value
    assert venue.refuses(make.place_list(OTO, *legs)) == "LIST_INVALID"


def test_the_pending_skip_what_can_only_be_known_at_their_turn(make_machine):
    """Funds, takers, triggers, and the price of a peg; not what is wrong for ever."""
    venue = OrderVenue(make_machine, funds=100)
    venue.trade_at(10)
    working = venue.order(ALICE, BUY, 1, 9)
    fine = [
        venue.order(ALICE, SELL, 10**6, 10), venue.order(ALICE, BUY, 10**5, 10, LIMIT_MAKER), venue.order(ALICE, SELL, 1, 0, peg=2),
        venue.order(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=99), venue.order(ALICE, BUY, 1, 0, TAKE_PROFIT, stop_price_ticks=99),
    ]  # fmt: skip
    for pending in fine:
        venue.done(make.place_list(OTO, working, pending))
    wrong = {"INVALID_ORDER": venue.order(ALICE, SELL, 0, 10), "PRICE_FILTER": venue.order(ALICE, SELL, 1, 10**6 + 1),
             "LOT_SIZE": venue.order(ALICE, SELL, 10**6 + 1, 1)}  # fmt: skip
    for code, pending in wrong.items():
        assert names(venue.codes(make.place_list(OTO, working, pending)))[2] == code


# ---------------------------------------------------------------- ends of lists


def test_cancel_list_by_id_and_by_name(venue):
    venue.done(make.place_list(OCO, *pair(venue), client_id="one"), make.place_list(OCO, *pair(venue), client_id="two"))
    assert told(venue.done(make.cancel_list(ALICE, SYMBOL, 1))) == ["CANCELED 3", "CANCELED 4", "LIST 1 ALL_DONE"]
    assert told(venue.done(make.cancel_list(ALICE, SYMBOL, target="two"))) == ["CANCELED 5", "CANCELED 6", "LIST 2 ALL_DONE"]
    venue.done(make.place_list(OCO, *pair(venue), client_id="one"))


def test_cancel_list_ladder(venue):
    venue.done(make.place_list(OCO, *pair(venue)), make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"SECOND"}))
    assert names(venue.codes(make.cancel_list(ALICE, SYMBOL, 1, valid_until_ns=1), origin=5)) == ["NOT_PERMITTED"]
    assert venue.refuses(make.cancel_list(ALICE, SYMBOL, 1, valid_until_ns=1)) == "STALE"
    assert venue.refuses(make.cancel_list(999, 9, 1)) == "UNKNOWN_ACCOUNT"
    assert venue.refuses(make.cancel_list(ALICE, 9, 1, key=7)) == "KEY_REVOKED"
    assert venue.refuses(make.cancel_list(ALICE, 9, 1)) == "UNKNOWN_SYMBOL"
    for command in (make.cancel_list(ALICE, SYMBOL), make.cancel_list(ALICE, SYMBOL, 2), make.cancel_list(BOB, SYMBOL, 1),
                    make.cancel_list(ALICE, 2, 1), make.cancel_list(ALICE, SYMBOL, target="x"), make.cancel_list(ALICE, SYMBOL, -1),
                    make.cancel_list(ALICE, SYMBOL, 2**63 - 1)):  # fmt: skip
        assert venue.refuses(command) == "UNKNOWN_LIST"
    venue.done(make.admin(Kind.SET_ACCOUNT_STATUS, account=ALICE, status=2), make.cancel_list(ALICE, SYMBOL, 1))


@pytest.mark.parametrize("cancel", [make.cancel_all(ALICE, SYMBOL), make.mass_cancel(ALICE), make.mass_cancel(ALICE, SYMBOL, SELL)])
def test_lists_end_with_their_orders(venue, cancel):
    venue.place(ALICE, SELL, 1, 130)  # 3
    venue.done(make.place_list(OCO, *pair(venue)), venue.order(ALICE, SELL, 1, 140))  # 4 5, 6
    assert told(venue.done(cancel)) == ["CANCELED 3", "CANCELED 4", "CANCELED 5", "LIST 1 ALL_DONE", "CANCELED 6"]


def test_a_head_alone_is_known_and_a_place_after_a_list_is_its_own(venue):
    applied = venue.done(make.place_list(OCO, *pair(venue)), venue.order(BOB, BUY, 1, 1))
    assert told(applied)[-1] == "NEW 5 RESTED" and venue.view(5).list_id == 0


EXTREMES = (0, -1, 2**31, 2**53, 2**62, 2**63 - 1, -(2**63))


@pytest.mark.parametrize("field", ["price_ticks", "stop_price_ticks", "quantity_lots", "iceberg_lots", "quote_quantity", "order_id"])
def test_no_number_in_a_list_is_too_large_for_a_code(venue, field):
    maker, stop = pair(venue)
    for value in EXTREMES:
        for at in range(3):
            for legs in ([maker, stop], [stop, maker]):
                for list_type in ListType:
                    frame = make.place_list(list_type, *([venue.order(ALICE, BUY, 5, 95)] if list_type == OTOCO else []), *legs)
                    frame[at][field] = value
                    applied = venue.send(frame, make.mass_cancel(ALICE))
                    assert set(applied.codes.tolist()) <= set(Code) and venue.machine.validate() == ""
    assert venue.machine.open_orders(ALICE) == [] and venue.balances(ALICE)[BASE][1] == venue.balances(ALICE)[QUOTE][1] == 0
