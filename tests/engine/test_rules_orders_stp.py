"""Self-trade prevention: docs/ORDERS.md section 4, and scenarios A to H of the exchange's description of it."""

import pytest

from engine import commands as make
from engine.types import EventFlag, EventKind, Kind, Stp, TimeInForce
from tests.engine.machines import ALICE, BASE, BOB, CAROL, QUOTE, SYMBOL, both_machines
from tests.engine.venues import BUY, LIMIT_MAKER, MARKET, SELL, STOP_LOSS, OrderVenue, statuses, told

pytestmark = both_machines


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    return OrderVenue(make_machine, maker_ppm=1000, taker_ppm=1000)


# One lot is a tenth, one tick is a tenth. Makers (lots, price, stp) buy, the taker (lots, price, stp) sells; all are Alice's.
THREE = [(12, 12, Stp.NONE), (13, 11, Stp.NONE), (81, 10, Stp.NONE)]
SCENARIOS = {
    "A": ([(10, 10, Stp.NONE)], (10, 10, Stp.NONE), ["NEW 2", "TRADE 2/1 10@10"]),
    "B": (THREE, (30, 10, Stp.EXPIRE_MAKER), [
        "NEW 4", "PREVENTED 4/1 0/12@12", "EXPIRED 1 SELF_TRADE", "PREVENTED 4/2 0/13@11", "EXPIRED 2 SELF_TRADE",
        "PREVENTED 4/3 0/81@10", "EXPIRED 3 SELF_TRADE", "RESTED 4 30"]),
    "C": (THREE, (30, 10, Stp.EXPIRE_TAKER), ["NEW 4", "PREVENTED 4/1 30/0@12", "EXPIRED 4 SELF_TRADE"]),
    "D": ([(10, 10, Stp.NONE)], (30, 10, Stp.EXPIRE_BOTH), [
        "NEW 2", "PREVENTED 2/1 30/10@10", "EXPIRED 1 SELF_TRADE", "EXPIRED 2 SELF_TRADE"]),
    "E": ([(10, 10, Stp.EXPIRE_MAKER)], (10, 10, Stp.EXPIRE_TAKER), ["NEW 2", "PREVENTED 2/1 10/0@10", "EXPIRED 2 SELF_TRADE"]),
    "F": ([(10, 10, Stp.NONE)], (10, 0, Stp.EXPIRE_MAKER), [
        "NEW 2", "PREVENTED 2/1 0/10@10", "EXPIRED 1 SELF_TRADE", "EXPIRED 2 NO_LIQUIDITY"]),
    "G": ([(60, 20, Stp.NONE)], (20, 20, Stp.DECREMENT), ["NEW 2", "PREVENTED 2/1 20/20@20", "EXPIRED 2 SELF_TRADE"]),
}  # fmt: skip
ENDS = {  # statuses of the orders afterwards, and what was prevented of them
    "A": [("FILLED", 0), ("FILLED", 0)],
    "B": [("EXPIRED_IN_MATCH", 12), ("EXPIRED_IN_MATCH", 13), ("EXPIRED_IN_MATCH", 81), ("NEW", 0)],
    "C": [("NEW", 0), (None, 0), (None, 0), ("EXPIRED_IN_MATCH", 30)],
    "D": [("EXPIRED_IN_MATCH", 10), ("EXPIRED_IN_MATCH", 30)],
    "E": [("NEW", 0), ("EXPIRED_IN_MATCH", 10)],
    "F": [("EXPIRED_IN_MATCH", 10), ("EXPIRED", 0)],
    "G": [("NEW", 20), ("EXPIRED_IN_MATCH", 20)],
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(venue, name):
    makers, (lots, price, stp), expected = SCENARIOS[name]
    for maker_lots, maker_price, maker_stp in makers:
        venue.place(ALICE, BUY, maker_lots, maker_price, stp=maker_stp)
    applied = venue.done(venue.order(ALICE, SELL, lots, price, MARKET if price == 0 else 0, stp=stp))
    assert told(applied) == expected
    for order_id, (status, prevented) in enumerate(ENDS[name], 1):
        assert (statuses(applied, order_id) or [None])[-1] == status, order_id
        view = venue.view(order_id)
        own = applied.events[(applied.events["order_id"] == order_id) & (applied.events["kind"] == EventKind.EXPIRED)]
        assert (view.prevented_lots if view else own["prevented_lots"][-1] if len(own) else 0) == prevented


def test_scenario_H(venue):
    """TRANSFER within a trade group: what was prevented changes hands, without a fee and without a trade."""
    venue.done(make.admin(Kind.SET_GROUP, account=BOB, value=ALICE))
    venue.place(ALICE, BUY, 6, 2, stp=Stp.TRANSFER)
    before, history = (venue.balances(ALICE), venue.balances(BOB)), venue.machine.symbol(SYMBOL)
    applied = venue.place(BOB, SELL, 2, 2, stp=Stp.TRANSFER)
    assert told(applied) == ["NEW 2", "PREVENTED 2/1 2/2@2", "EXPIRED 2 SELF_TRADE"]
    prevented = applied.events[1]
    assert prevented["flags"] == EventFlag.HANDED_OVER and prevented["trade_id"] == 1 and prevented["fee"] == 0
    assert statuses(applied, 1) == ["NEW"] and statuses(applied, 2)[-1] == "EXPIRED_IN_MATCH"
    assert (venue.view(1).prevented_lots, venue.view(1).executed_lots, venue.view(1).rest_lots) == (2, 0, 4)
    (base, _), (quote, held) = before[0][BASE], before[0][QUOTE]
    assert venue.balances(ALICE) == {BASE: (base + 2, 0), QUOTE: (quote, held - 4)}
    (base, _), (quote, _) = before[1][BASE], before[1][QUOTE]
    assert venue.balances(BOB) == {BASE: (base - 2, 0), QUOTE: (quote + 4, 0)}
    after = venue.machine.symbol(SYMBOL)
    assert (after.last_trade_id, after.last_price_ticks) == (history.last_trade_id, history.last_price_ticks)


@pytest.mark.parametrize(("maker", "taker_is", "flag"), [(Stp.NONE, BOB, 0), (Stp.DECREMENT, BOB, 0), (Stp.TRANSFER, ALICE, 0)])
def test_transfer_is_decrement_unless_both_ask_for_it_and_are_two(venue, maker, taker_is, flag):
    venue.done(make.admin(Kind.SET_GROUP, account=BOB, value=ALICE))
    venue.place(ALICE, BUY, 6, 2, stp=maker)
    before = venue.balances(taker_is)
    applied = venue.place(taker_is, SELL, 2, 2, stp=Stp.TRANSFER)
    assert (told(applied)[1], applied.events["flags"][1]) == ("PREVENTED 2/1 2/2@2", flag)
    assert venue.balances(taker_is)[BASE] == before[BASE]


def test_groups_are_compared_and_the_group_can_be_left(venue):
    venue.done(make.admin(Kind.SET_GROUP, account=BOB, value=CAROL), make.admin(Kind.SET_GROUP, account=ALICE, value=CAROL))
    venue.place(ALICE, BUY, 1, 5)
    assert told(venue.done(venue.order(BOB, SELL, 1, 5, stp=Stp.EXPIRE_TAKER)))[-1] == "EXPIRED 2 SELF_TRADE"
    assert told(venue.done(venue.order(CAROL, SELL, 1, 5, stp=Stp.EXPIRE_TAKER)))[-1] == "EXPIRED 3 SELF_TRADE"
    venue.done(make.admin(Kind.SET_GROUP, account=BOB, value=BOB))
    assert told(venue.done(venue.order(BOB, SELL, 1, 5, stp=Stp.EXPIRE_TAKER)))[-1] == "TRADE 4/1 1@5"
    assert venue.machine.account(ALICE).group == CAROL and venue.machine.account(BOB).group == BOB


def test_set_group_wants_customers(venue):
    set_group = lambda account, group: make.admin(Kind.SET_GROUP, account=account, value=group)  # noqa: E731
    assert venue.refuses(set_group(9, ALICE)) == venue.refuses(set_group(999, ALICE)) == "UNKNOWN_ACCOUNT"
    for group in (0, 9, 999, -1, 2**32 + ALICE, 2**62, 2**63 - 1):
        assert venue.refuses(set_group(ALICE, group)) == "INVALID_ARGUMENT"


def test_decrement_goes_on_until_the_taker_or_the_book_is_used_up(venue):
    venue.place(ALICE, BUY, 3, 12)  # 1
    venue.place(BOB, BUY, 2, 11)  # 2
    venue.place(ALICE, BUY, 9, 10)  # 3
    applied = venue.place(ALICE, SELL, 10, 10, stp=Stp.DECREMENT)
    assert told(applied) == [
        "NEW 4", "PREVENTED 4/1 3/3@12", "EXPIRED 1 SELF_TRADE", "TRADE 4/2 2@11", "PREVENTED 4/3 5/5@10", "EXPIRED 4 SELF_TRADE",
    ]  # fmt: skip
    events = applied.events
    assert (events["quantity_lots"][2], events["prevented_lots"][2], events["update_id"][2]) == (0, 3, 0)
    assert events["update_id"][1] and events["update_id"][4] and not events["update_id"][5]
    assert (events["prevented_lots"][5], events["executed_lots"][5]) == (8, 2)
    assert statuses(applied, 4) == ["NEW", "NEW", "PARTIALLY_FILLED", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"]
    assert venue.depth(BUY) == [[10, 4]]


def test_decrement_of_an_iceberg_takes_what_it_shows_and_fills_it_up(venue):
    venue.place(ALICE, BUY, 5, 10, iceberg_lots=2)
    venue.place(BOB, BUY, 1, 10)
    applied = venue.place(ALICE, SELL, 4, 10, stp=Stp.DECREMENT)
    assert told(applied) == ["NEW 3", "PREVENTED 3/1 2/2@10", "TRADE 3/2 1@10", "PREVENTED 3/1 1/1@10", "EXPIRED 3 SELF_TRADE"]
    assert applied.events["level_lots"].tolist() == [0, 3, 2, 1, 0]


def test_a_market_order_by_quote_loses_of_its_budget(venue):
    venue.place(ALICE, SELL, 3, 10)
    venue.place(BOB, SELL, 9, 11)
    applied = venue.done(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=60, stp=Stp.DECREMENT))
    assert told(applied) == ["NEW 3", "PREVENTED 3/1 3/3@10", "EXPIRED 1 SELF_TRADE", "TRADE 3/2 2@11"]
    assert statuses(applied, 3)[-1] == "FILLED"


def test_a_budget_that_is_used_up_by_prevention_expires(venue):
    venue.place(ALICE, SELL, 3, 10)
    applied = venue.done(make.place(ALICE, SYMBOL, BUY, MARKET, quote_quantity=25, stp=Stp.DECREMENT))
    assert told(applied) == ["NEW 2", "PREVENTED 2/1 2/2@10", "EXPIRED 2 SELF_TRADE"]
    assert (applied.events["quantity_lots"][-1], applied.events["prevented_lots"][-1], applied.events["order_lots"][-1]) == (0, 2, 0)


@pytest.mark.parametrize("stp", [Stp.EXPIRE_TAKER, Stp.EXPIRE_BOTH, Stp.DECREMENT, Stp.TRANSFER])
def test_fill_or_kill_is_not_filled_where_it_would_meet_its_own(venue, stp):
    venue.place(ALICE, BUY, 1, 10)
    venue.place(BOB, BUY, 5, 9)
    fok = venue.order(ALICE, SELL, 2, 9, stp=stp, time_in_force=TimeInForce.FOK)
    assert told(venue.done(fok)) == ["NEW 3", "EXPIRED 3 NOT_FILLABLE"]


def test_fill_or_kill_passes_over_what_expires(venue):
    venue.place(ALICE, BUY, 1, 10)
    venue.place(BOB, BUY, 5, 9)
    fok = venue.order(ALICE, SELL, 2, 9, stp=Stp.EXPIRE_MAKER, time_in_force=TimeInForce.FOK)
    assert told(venue.done(fok))[-1] == "TRADE 3/2 2@9"


def test_prevented_matches_are_counted_by_symbol(venue):
    for _ in range(2):
        venue.place(ALICE, BUY, 1, 10)
        applied = venue.done(venue.order(ALICE, SELL, 1, 10, stp=Stp.EXPIRE_TAKER))
    assert applied.events["trade_id"][1] == 2


def test_an_activated_stop_prevents_too(venue):
    venue.trade_at(100)
    venue.place(ALICE, BUY, 1, 90)  # 3
    venue.place(ALICE, SELL, 1, 0, STOP_LOSS, stop_price_ticks=95, stp=Stp.EXPIRE_BOTH)  # 4
    assert venue.trade_at(95) == ["ACTIVATED 4", "PREVENTED 4/3 1/1@90", "EXPIRED 3 SELF_TRADE", "EXPIRED 4 SELF_TRADE"]


def test_a_conversion_passes_over_the_payers_group(venue):
    venue.done(make.admin(Kind.SET_GROUP, account=BOB, value=ALICE))
    venue.place(BOB, SELL, 5, 7)
    venue.place(CAROL, SELL, 5, 8)
    applied = venue.done(make.convert(venue.fresh_id(), account=ALICE, asset=BASE, amount=3, most=10**6, symbol=SYMBOL))
    assert told(applied)[:4] == ["NEW 3", "PREVENTED 3/1 0/5@7", "EXPIRED 1 SELF_TRADE", "TRADE 3/2 4@8"]


def test_a_maker_that_would_take_its_own_is_refused_all_the_same(venue):
    venue.place(ALICE, BUY, 1, 10)
    assert venue.refuses(venue.order(ALICE, SELL, 1, 10, LIMIT_MAKER, stp=Stp.EXPIRE_MAKER)) == "WOULD_TAKE"


@pytest.mark.parametrize("stp", [6, 7, 255])
def test_there_is_no_other_mode(venue, stp):
    assert venue.refuses(venue.order(ALICE, BUY, 1, 1, stp=stp)) == "INVALID_ORDER"
