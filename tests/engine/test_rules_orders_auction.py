"""Auctions: docs/ORDERS.md section 8. How orders gather, which price ends them, and who trades with whom at it."""

import itertools
import random

import pytest

from engine import commands as make
from engine.types import STEPS_MAX, Code, EventFlag, EventKind, Filter, Kind, Stp, SymbolStatus, TimeInForce
from tests.engine.machines import ALICE, BASE, BOB, CAROL, QUOTE, SYMBOL, both_machines
from tests.engine.venues import (
    BUY,
    DAVE,
    LIMIT_MAKER,
    SELL,
    STOP_LOSS,
    STOP_LOSS_LIMIT,
    TAKE_PROFIT,
    OrderVenue,
    statuses,
    told,
)

pytestmark = both_machines
TRADING, AUCTION, HALTED, CANCEL_ONLY = SymbolStatus.TRADING, SymbolStatus.AUCTION, SymbolStatus.HALTED, SymbolStatus.CANCEL_ONLY


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    """In an auction; the last price is 100, the next order is 3."""
    venue = OrderVenue(make_machine)
    venue.trade_at(100)
    venue.set_status(AUCTION)
    return venue


def trades(applied) -> list[str]:
    return [line for line in told(applied) if line.startswith("TRADE")]


def test_orders_gather_without_matching(venue):
    assert told(venue.place(ALICE, BUY, 5, 105)) == ["NEW 3 RESTED"]
    assert told(venue.place(BOB, SELL, 5, 95)) == ["NEW 4 RESTED"]
    assert told(venue.place(BOB, SELL, 5, 95, LIMIT_MAKER)) == ["NEW 5 RESTED"]
    assert venue.machine.best(SYMBOL) == (105, 5, 95, 10) and venue.machine.validate() == ""
    venue.done(make.amend(BOB, SYMBOL, 5, quantity_lots=2), make.cancel(BOB, SYMBOL, 4))
    assert venue.machine.best(SYMBOL) == (105, 5, 95, 2)


def test_an_auction_ends_with_one_price(venue):
    venue.place(ALICE, BUY, 5, 105)  # 3
    venue.place(ALICE, BUY, 5, 103)  # 4
    venue.place(BOB, SELL, 4, 95)  # 5
    venue.place(CAROL, SELL, 3, 102)  # 6
    assert venue.machine.uncross(SYMBOL) == (102, 7)
    applied = venue.set_status(TRADING)
    assert told(applied) == [
        "ADMIN", "RESTED 5 0", "RESTED 3 1", "TRADE 5/3 4@102", "RESTED 6 2", "RESTED 3 0", "TRADE 6/3 1@102", "RESTED 6 0", "RESTED 4 3",
        "TRADE 6/4 2@102",
    ]  # fmt: skip
    events = applied.events
    assert set(events["index"].tolist()) == {0} and len(set(events["time_ns"].tolist())) == 1
    assert events["price_ticks"].tolist()[1:4] == [95, 105, 102], "a level's change is told at that level's price"
    rested = events["kind"] == EventKind.RESTED
    assert (events["update_id"][rested] > 0).all() and not events["update_id"][~rested][1:].any()
    assert events["level_lots"][rested].tolist() == [0, 1, 2, 0, 0, 3]
    assert (events["flags"][events["kind"] == EventKind.TRADE] == EventFlag.AUCTION).all()
    assert statuses(applied, 3) == ["PARTIALLY_FILLED", "PARTIALLY_FILLED", "FILLED", "FILLED"]
    symbol = venue.machine.symbol(SYMBOL)
    assert (symbol.status, symbol.last_price_ticks) == (TRADING, 102)
    assert venue.balances(ALICE)[QUOTE][1] == 3 * 103, "what was held above the price returned"
    assert venue.machine.uncross(SYMBOL) == (0, 0)


PRICES = {  # bids, asks: (price, lots); the last price is 100; then price and lots
    "the largest volume": ([(105, 5), (103, 5)], [(95, 4), (102, 3)], (102, 7)),
    "the smallest difference": ([(105, 5), (101, 2)], [(95, 5), (104, 1)], (104, 5)),
    "the nearest to the last price": ([(110, 5)], [(90, 5), (102, 0), (99, 0)], (90, 5)),
    "the lowest of two as near": ([(102, 5)], [(98, 5)], (98, 5)),
    "above the last price": ([(110, 5)], [(103, 5)], (103, 5)),
    "below the last price": ([(98, 5)], [(90, 5)], (98, 5)),
    "not crossed": ([(99, 5)], [(101, 5)], (0, 0)),
    "only one side": ([(99, 5)], [], (0, 0)),
    "touching": ([(101, 2)], [(101, 7)], (101, 2)),
}


@pytest.mark.parametrize("case", PRICES)
def test_which_price(venue, case):
    bids, asks, expected = PRICES[case]
    for side, orders in ((BUY, bids), (SELL, asks)):
        for price, lots in orders:
            if lots:
                venue.place(BOB if side == BUY else CAROL, side, lots, price)
    assert venue.machine.uncross(SYMBOL) == expected
    applied = venue.set_status(TRADING)
    traded = applied.events[applied.events["kind"] == EventKind.TRADE]
    assert traded["quantity_lots"].sum() == expected[1] and set(traded["price_ticks"].tolist()) <= {expected[0]}
    assert venue.machine.symbol(SYMBOL).status == TRADING


@pytest.mark.parametrize("seed", range(6))
def test_the_price_is_that_of_a_count_by_hand(venue, seed):
    rng = random.Random(seed)
    orders = [(rng.randrange(2), rng.randint(1, 9), rng.randint(90, 110), rng.choice((0, 2))) for _ in range(20)]
    for side, lots, price, iceberg in orders:
        venue.place(BOB if side == BUY else CAROL, side, lots, price, iceberg_lots=min(iceberg, lots))
    best = (0, 0)
    if any(bid >= ask for bid, ask in itertools.product(*([o[2] for o in orders if o[0] == side] for side in (BUY, SELL)))):
        found = []
        for price in {order[2] for order in orders}:
            bids = sum(lots for side, lots, at, _ in orders if side == BUY and at >= price)
            asks = sum(lots for side, lots, at, _ in orders if side == SELL and at <= price)
            found.append((-min(bids, asks), abs(bids - asks), abs(price - 100), price))
        best = min(found)[3], -min(found)[0]
    assert venue.machine.uncross(SYMBOL) == best
    applied = venue.set_status(TRADING)
    traded = applied.events[applied.events["kind"] == EventKind.TRADE]
    assert traded["quantity_lots"].sum() == best[1] and venue.machine.validate() == ""


def test_each_pays_half_of_what_maker_and_taker_pay(make_machine):
    venue = OrderVenue(make_machine, maker_ppm=1000, taker_ppm=4000)
    venue.set_status(AUCTION)
    venue.done(venue.order(ALICE, BUY, 1001, 20), venue.order(BOB, SELL, 1001, 20))
    traded = venue.set_status(TRADING).events[-1]
    assert (traded["fee"], traded["counter_fee"]) == (51, 3), "Bob's of 20020 quote, Alice's of 1001 base, rounded up"


def test_icebergs_trade_whole_and_keep_their_place(venue):
    venue.place(ALICE, BUY, 10, 105, iceberg_lots=2)  # 3
    venue.place(CAROL, BUY, 10, 105)  # 4
    venue.place(BOB, SELL, 7, 105)  # 5
    applied = venue.set_status(TRADING)
    assert trades(applied) == ["TRADE 5/3 7@105"]
    assert venue.depth(BUY) == [[105, 12]]
    assert trades(venue.place(BOB, SELL, 3, 105)) == ["TRADE 6/3 2@105", "TRADE 6/4 1@105"]


def test_an_order_that_is_over_is_taken_out_and_does_not_trade(venue):
    over = {"time_in_force": TimeInForce.GTD, "expires_ns": venue.time_ns + 1000 + 6}
    orders = [venue.order(ALICE, BUY, 5, 105, **over), venue.order(BOB, SELL, 5, 95, **over), venue.order(CAROL, BUY, 5, 104)]
    ticks = [make.admin(Kind.TICK)] * 8
    applied = venue.done(*orders, *ticks, make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=TRADING))
    assert told(applied)[-2:] == ["EXPIRED 3 TIME_UP", "EXPIRED 4 TIME_UP"], "the bid first"
    assert venue.machine.symbol(SYMBOL).status == TRADING and venue.depth(BUY) == [[104, 5]]


PREVENTED = {
    Stp.NONE: ["RESTED 4 0", "RESTED 3 2", "TRADE 4/3 3@105"],
    Stp.EXPIRE_TAKER: ["PREVENTED 4/3 3/0@105", "EXPIRED 4 SELF_TRADE"],
    Stp.EXPIRE_MAKER: ["PREVENTED 4/3 0/5@105", "EXPIRED 3 SELF_TRADE"],
    Stp.EXPIRE_BOTH: ["PREVENTED 4/3 3/5@105", "EXPIRED 3 SELF_TRADE", "EXPIRED 4 SELF_TRADE"],
    Stp.DECREMENT: ["RESTED 4 0", "RESTED 3 2", "PREVENTED 4/3 3/3@105", "EXPIRED 4 SELF_TRADE"],
}


@pytest.mark.parametrize("stp", PREVENTED, ids=lambda stp: stp.name)
def test_self_trade_prevention(venue, stp):
    venue.place(ALICE, BUY, 5, 105)  # 3
    venue.place(ALICE, SELL, 3, 105, stp=stp)  # 4
    applied = venue.set_status(TRADING)
    assert told(applied)[1:] == PREVENTED[stp]
    expired = applied.events[applied.events["kind"] == EventKind.EXPIRED]
    assert ((expired["update_id"] > 0) == (expired["quantity_lots"] > 0)).all()


def test_what_is_handed_over_in_an_auction(venue):
    venue.done(make.admin(Kind.SET_GROUP, account=BOB, value=ALICE))
    venue.place(ALICE, BUY, 5, 110, stp=Stp.TRANSFER)
    venue.place(BOB, SELL, 3, 101, stp=Stp.TRANSFER)
    before = venue.balances(ALICE)[BASE][0]
    applied = venue.set_status(TRADING)
    assert applied.events["flags"][-2] == EventFlag.HANDED_OVER and told(applied)[-2:] == ["PREVENTED 4/3 3/3@101", "EXPIRED 4 SELF_TRADE"]
    assert venue.balances(ALICE)[BASE][0] == before + 3 and venue.machine.symbol(SYMBOL).last_price_ticks == 100


def test_a_book_that_is_still_crossed_afterwards_is_priced_anew(venue):
    """What self-trade prevention took away had counted for the price."""
    venue.place(ALICE, SELL, 50, 100)  # 3
    venue.place(BOB, SELL, 2, 103)  # 4
    venue.place(CAROL, BUY, 3, 105)  # 5
    venue.place(ALICE, BUY, 1, 110, stp=Stp.EXPIRE_MAKER)  # 6
    assert venue.machine.uncross(SYMBOL) == (100, 4)
    applied = venue.set_status(TRADING)
    assert told(applied)[1:3] == ["PREVENTED 6/3 0/50@100", "EXPIRED 3 SELF_TRADE"]
    assert trades(applied) == ["TRADE 6/4 1@103", "TRADE 5/4 1@103"]
    assert venue.machine.best(SYMBOL) == (105, 2, 0, 0)


def test_one_of_a_pair_in_an_auction_ends_its_partner(make_machine):
    venue = OrderVenue(make_machine)
    venue.trade_at(100)
    maker = venue.order(ALICE, SELL, 5, 110, LIMIT_MAKER)
    venue.done(make.place_list(1, maker, venue.order(ALICE, SELL, 5, 0, STOP_LOSS, stop_price_ticks=90)))  # 3 4
    venue.set_status(AUCTION)
    venue.place(BOB, BUY, 2, 110)  # 5
    assert told(venue.set_status(TRADING))[1:] == ["EXPIRED 4 LIST_DONE", "RESTED 5 0", "RESTED 3 3", "TRADE 5/3 2@110"]


def test_the_price_of_an_auction_triggers_and_is_tracked(make_machine):
    venue = OrderVenue(make_machine)
    venue.trade_at(100)
    venue.place(ALICE, SELL, 1, 0, TAKE_PROFIT, stop_price_ticks=108)  # 3
    venue.place(ALICE, BUY, 1, 0, STOP_LOSS, trailing_bps=500)  # 4
    venue.set_status(AUCTION)
    venue.done(venue.order(BOB, BUY, 2, 110), venue.order(CAROL, SELL, 2, 110))  # 5 6
    heard = told(venue.set_status(TRADING))
    assert heard[3] == "TRADE 6/5 2@110" and heard[4:] == [
        "ACTIVATED 4", "EXPIRED 4 NO_LIQUIDITY", "ACTIVATED 3", "EXPIRED 3 NO_LIQUIDITY",
    ]  # fmt: skip


def test_stops_may_be_placed_and_wait_while_it_lasts(venue):
    venue.place(ALICE, BUY, 1, 105, STOP_LOSS_LIMIT, stop_price_ticks=103)
    assert venue.refuses(venue.order(ALICE, BUY, 1, 0, STOP_LOSS, stop_price_ticks=99)) == "WOULD_TRIGGER"
    venue.done(venue.order(BOB, BUY, 1, 104), venue.order(CAROL, SELL, 1, 104))
    assert venue.state_of(3) == "WAITING"
    venue.set_status(TRADING)
    assert venue.state_of(3) == "RESTING"


@pytest.mark.parametrize("status", [HALTED, CANCEL_ONLY])
def test_a_crossed_book_is_left_by_trading_alone(venue, status):
    venue.done(venue.order(BOB, BUY, 1, 104), venue.order(CAROL, SELL, 1, 104))
    assert venue.refuses(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=status)) == "INVALID_ARGUMENT"
    venue.done(make.cancel_all(BOB, SYMBOL))
    venue.set_status(status)
    venue.set_status(AUCTION)
    assert venue.machine.symbol(SYMBOL).status == AUCTION


def offer_one_by_one(venue, account: int, lots: int, prices: list[int]) -> None:
    """So many asks of one lot each, by turns at the prices."""
    for start in range(0, lots, 512):
        venue.done(*(venue.order(account, SELL, 1, prices[at % len(prices)]) for at in range(start, min(lots, start + 512))))


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "MARKET_BUSY"])
def test_a_long_uncross_goes_on_with_the_commands_that_follow(venue, code):
    venue.done(venue.order(BOB, BUY, STEPS_MAX, 101))
    offer_one_by_one(venue, CAROL, STEPS_MAX, [101])
    venue.done(venue.order(ALICE, BUY, 1, 101), venue.order(ALICE, SELL, 1, 101))
    trading, order = make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=TRADING), venue.order(BOB, BUY, 1, 1)
    applied = venue.send(trading, trading if code == "INVALID_ARGUMENT" else order, order)
    assert [Code(code).name for code in applied.codes] == ["OK", code, "OK"]
    assert len(trades(applied)) == STEPS_MAX + 1
    assert applied.events["index"][-2] == 1 and venue.machine.symbol(SYMBOL).status == TRADING


def test_a_price_fixed_anew_takes_a_step_for_each_level_it_is_chosen_from(venue):
    """Alice's two orders decide that the price is 150, and then prevent each other: 50 asks' levels and one bid's are looked at again."""
    venue.done(venue.order(ALICE, BUY, 100_000, 200, stp=Stp.EXPIRE_BOTH), venue.order(ALICE, SELL, 10, 1, stp=Stp.EXPIRE_BOTH))
    venue.done(venue.order(CAROL, SELL, 90_000, 150), venue.order(DAVE, BUY, STEPS_MAX, 149))
    offer_one_by_one(venue, BOB, STEPS_MAX, list(range(100, 150)))
    assert venue.machine.uncross(SYMBOL)[0] == 150
    applied = venue.set_status(TRADING)
    assert {int(price) for price in applied.events["price_ticks"][applied.events["kind"] == EventKind.TRADE]} == {149}
    assert len(trades(applied)) == STEPS_MAX - 1 - 51
    assert venue.machine.symbol(SYMBOL).status == AUCTION
    assert len(trades(venue.done(make.admin(Kind.TICK)))) == 1 + 51
    assert venue.machine.symbol(SYMBOL).status == TRADING


def test_the_price_range_does_not_hold_for_an_auction(venue):
    venue.set_filter(Filter.RANGE_UP_PPM, 1_010_000)
    venue.done(venue.order(BOB, BUY, 1, 150), venue.order(CAROL, SELL, 1, 150))
    assert trades(venue.set_status(TRADING)) == ["TRADE 4/3 1@150"]
