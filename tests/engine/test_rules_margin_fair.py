"""docs/MARGIN.md on both machines: nobody trades borrowed money away at an unfair price, and dust shields nobody from liquidation."""

import numpy as np
import pytest

from engine import commands as make
from engine.types import Code, EventKind, Kind, ListType, MarginState, OrderType, Peg, Side, SideEffect, SymbolStatus, TimeInForce
from tests.engine.machines import ALICE, BASE, BOB, CAROL, LISTING, QUOTE, SYMBOL
from tests.engine.margin_venue import MarginVenue, margin_machines, margin_told
from tests.engine.test_rules_margin import free_venue, leveraged

OTHER, OTHER_SYMBOL = 3, 2


def ended(told) -> list[tuple[EventKind, Code]]:
    """How orders went that a command touched: (kind, code) of what was traded or expired."""
    events = told.events[np.isin(told.events["kind"], (EventKind.TRADE, EventKind.RESTED, EventKind.EXPIRED))]
    return [(EventKind(event["kind"]), Code(event["code"])) for event in events]


def borrower(make_machine, **setup: int) -> tuple[MarginVenue, int]:
    """ALICE has 1,000 of her own and 2,000 borrowed; the index is 100, so that up to 105 and down to 95 is fair."""
    venue = free_venue(make_machine, **setup)
    account = venue.fund_margin(ALICE, quote=1_000)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 2_000))
    return venue, account


@margin_machines
def test_borrowed_money_is_not_handed_over_at_a_price_of_ones_own_making(make_machine):
    """BOB is ALICE's accomplice: she would buy his one lot for all that she has, and leave the debt to the lenders."""
    venue, account = borrower(make_machine)
    venue.done(venue.offer(BOB, Side.SELL, 3_000, 1))
    venue.refused(venue.offer(account, Side.BUY, 3_000, 1), Code.UNFAIR_PRICE)
    told = venue.done(make.place(account, SYMBOL, Side.BUY, OrderType.MARKET, quantity_lots=1))
    assert ended(told) == [(EventKind.EXPIRED, Code.PRICE_RANGE)]
    told = venue.done(make.place(account, SYMBOL, Side.BUY, OrderType.MARKET, quote_quantity=3_000))
    assert ended(told) == [(EventKind.EXPIRED, Code.PRICE_RANGE)]
    assert venue.balances(account) == {QUOTE: (3_000, 0)}
    venue.done(venue.offer(CAROL, Side.BUY, 3_000, 1))  # who has not borrowed may


@margin_machines
def test_what_is_fair_is_traded_and_the_rest_expires(make_machine):
    venue, account = borrower(make_machine)
    venue.done(venue.offer(BOB, Side.SELL, 105, 2), venue.offer(BOB, Side.SELL, 106, 2))
    told = venue.done(make.place(account, SYMBOL, Side.BUY, OrderType.MARKET, quantity_lots=4))
    assert ended(told) == [(EventKind.TRADE, Code.OK), (EventKind.EXPIRED, Code.PRICE_RANGE)]
    assert venue.balances(account) == {BASE: (2, 0), QUOTE: (3_000 - 210, 0)}
    venue.refused(venue.offer(account, Side.BUY, 106, 1), Code.UNFAIR_PRICE)
    venue.refused(venue.offer(account, Side.SELL, 94, 1), Code.UNFAIR_PRICE)
    venue.done(venue.offer(account, Side.BUY, 1, 1), venue.offer(account, Side.SELL, 10_000, 1))  # what is to its favour is fair
    fill_or_kill = make.place(account, SYMBOL, Side.BUY, OrderType.LIMIT, time_in_force=TimeInForce.FOK, price_ticks=105, quantity_lots=1)
    assert ended(venue.done(fill_or_kill)) == [(EventKind.EXPIRED, Code.NOT_FILLABLE)]


@margin_machines
def test_an_account_without_debt_lays_no_trap_for_the_money_it_will_borrow(make_machine):
    """A bid at any price, held by one's own money, would count as collateral until the accomplice sells into it."""
    venue = free_venue(make_machine)
    account = venue.fund_margin(ALICE, quote=3_000)
    venue.refused(venue.offer(account, Side.BUY, 3_000, 1), Code.UNFAIR_PRICE)
    venue.refused(make.place(account, SYMBOL, Side.BUY, OrderType.LIMIT_MAKER, price_ticks=106, quantity_lots=1), Code.UNFAIR_PRICE)
    venue.done(venue.offer(BOB, Side.BUY, 500, 1))
    pegged = make.place(account, SYMBOL, Side.BUY, OrderType.LIMIT, peg=Peg.PRIMARY, quantity_lots=1)
    venue.refused(pegged, Code.UNFAIR_PRICE)
    venue.done(venue.offer(account, Side.BUY, 105, 1))


@margin_machines
def test_a_stop_order_is_bound_when_its_turn_comes(make_machine):
    venue, account = borrower(make_machine)
    stop = {"stop_price_ticks": 120, "quantity_lots": 1}
    venue.done(
        make.place(account, SYMBOL, Side.BUY, OrderType.STOP_LOSS_LIMIT, price_ticks=1_000, **stop),
        make.place(account, SYMBOL, Side.BUY, OrderType.STOP_LOSS, **stop),
    )
    venue.done(venue.offer(BOB, Side.SELL, 120, 1), venue.offer(BOB, Side.SELL, 900, 1))
    told = venue.done(venue.offer(CAROL, Side.BUY, 120, 1))
    assert ended(told) == [(EventKind.TRADE, Code.OK), (EventKind.EXPIRED, Code.PRICE_RANGE), (EventKind.EXPIRED, Code.PRICE_RANGE)]
    assert venue.balances(account) == {QUOTE: (3_000, 0)}


@margin_machines
def test_no_order_rests_at_an_unfair_price_when_its_turn_comes(make_machine):
    """A stop order with a limit, and a pending leg, where there is nothing to trade with."""
    venue, account = borrower(make_machine)
    venue.done(make.place(account, SYMBOL, Side.BUY, OrderType.STOP_LOSS_LIMIT, price_ticks=1_000, stop_price_ticks=120, quantity_lots=1))
    venue.done(venue.offer(BOB, Side.SELL, 120, 1))
    told = venue.done(venue.offer(CAROL, Side.BUY, 120, 1))
    assert ended(told) == [(EventKind.TRADE, Code.OK), (EventKind.EXPIRED, Code.PRICE_RANGE)]
    for pending in (OrderType.LIMIT, OrderType.LIMIT_MAKER):
        venue.done(venue.offer(BOB, Side.SELL, 100, 1))
        told = venue.done(
            make.place_list(
                ListType.OTO,
                venue.offer(account, Side.BUY, 100, 1),
                make.place(account, SYMBOL, Side.BUY, pending, price_ticks=900, quantity_lots=1),
            )
        )
        assert ended(told) == [(EventKind.TRADE, Code.OK), (EventKind.EXPIRED, Code.PRICE_RANGE)]
    assert venue.machine.open_orders(account) == []


@margin_machines
def test_an_order_that_would_borrow_is_bound_too(make_machine):
    venue = free_venue(make_machine)
    account = venue.fund_margin(ALICE, quote=1_000)
    venue.done(venue.offer(BOB, Side.SELL, 1_500, 2))
    leveraging = venue.offer(account, Side.BUY, 1_500, 2, side_effect=SideEffect.MARGIN_BUY)
    venue.refused(leveraging, Code.UNFAIR_PRICE)
    assert venue.machine.loans(account) == []


@margin_machines
def test_within_one_frame_an_account_trades_no_further_than_to_its_liquidation(make_machine):
    """Buying at the upper bound and selling at the lower one, before anybody has looked at the account."""
    venue, account = borrower(make_machine)
    venue.done(venue.deposit(CAROL, QUOTE, 20_000))
    venue.done(venue.offer(BOB, Side.SELL, 105, 200), venue.offer(CAROL, Side.BUY, 95, 200))
    wash = [
        make.place(account, SYMBOL, side, OrderType.LIMIT, time_in_force=TimeInForce.IOC, price_ticks=price, quantity_lots=lots)
        for lots in (28, 25, 22, 20, 18)
        for side, price in ((Side.BUY, 105), (Side.SELL, 95))
    ]
    codes = venue.send(*wash).codes.tolist()
    assert Code.ACCOUNT_LIQUIDATING in codes and venue.machine.validate() == ""
    assert set(codes[codes.index(Code.ACCOUNT_LIQUIDATING):]) == {Code.ACCOUNT_LIQUIDATING}
    assert venue.machine.level(account).level_ppm > 1_000_000  # the lenders have lost nothing
    assert margin_told(venue.tick(), EventKind.LIQUIDATION_STARTED).size == 1


@margin_machines
def test_orders_of_an_auction_are_bound_as_well(make_machine):
    venue, account = borrower(make_machine)
    venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.AUCTION))
    venue.refused(venue.offer(account, Side.BUY, 106, 1), Code.UNFAIR_PRICE)
    venue.done(venue.offer(account, Side.BUY, 105, 1))


# ---------------------------------------------------------------- what is frozen


def with_other(venue: MarginVenue, price: int = 1) -> None:
    """A third margin asset with a market of its own, worth `price`."""
    venue.done(make.admin(Kind.ADD_ASSET, name=b"OTHER", scale=0))
    venue.done(make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"OTHERQUOTE", "base": OTHER}))
    venue.list_asset(OTHER, symbol=OTHER_SYMBOL, scale=3, base_rate=0)
    venue.price(price, asset=OTHER)


def give(venue: MarginVenue, account: int, units: int) -> None:
    venue.done(venue.deposit(ALICE, OTHER, units), venue.move(ALICE, account, OTHER, units))


def freeze(venue: MarginVenue, asset: int = OTHER) -> None:
    venue.done(make.set_price(asset, 2, 0))


@margin_machines
@pytest.mark.parametrize("owes", [False, True], ids=["had", "owed"])
def test_dust_of_a_frozen_asset_shields_nobody_from_liquidation(make_machine, owes):
    venue = free_venue(make_machine)
    with_other(venue)
    account = leveraged(venue)  # 30 base, 2,000 owed
    if owes:
        venue.price(110)
        venue.done(venue.deposit(CAROL, OTHER, 10), venue.loan(Kind.LEND, CAROL, OTHER, 10), venue.loan(Kind.BORROW, account, OTHER, 1))
    else:
        give(venue, account, 1)
    freeze(venue)
    venue.done(venue.offer(BOB, Side.BUY, 72, 100))
    venue.price(73)
    told = venue.tick()
    assert margin_told(told)["kind"].tolist()[0] == EventKind.LIQUIDATION_STARTED
    assert venue.machine.loans(account) == [] and venue.machine.margin(account).state == MarginState.NORMAL


@margin_machines
def test_an_account_waits_where_what_is_frozen_could_save_it(make_machine):
    venue = free_venue(make_machine)
    with_other(venue, price=10)
    account = leveraged(venue)  # 30 base, 2,000 owed
    give(venue, account, 50)  # 500
    freeze(venue)
    venue.done(venue.offer(BOB, Side.BUY, 50, 100))
    venue.price(53)  # 1,590 and 500 against 2,000: 1.045; were the other worth twice as much, 1.295
    assert margin_told(venue.tick())["kind"].tolist() == [EventKind.MARGIN_CALL]
    venue.price(36)  # 1,080 and twice 500: 1.04
    told = margin_told(venue.tick(2 * 10**9))
    assert told["kind"].tolist()[0] == EventKind.LIQUIDATION_STARTED and venue.machine.margin(account).state == MarginState.LIQUIDATING


@margin_machines
def test_a_liquidation_sells_nothing_by_a_price_that_does_not_hold(make_machine):
    """Neither is what is frozen sold, nor is the debt written off while there is something to sell."""
    venue = free_venue(make_machine)
    with_other(venue, price=10)
    account = leveraged(venue)
    give(venue, account, 50)
    freeze(venue)
    venue.done(venue.offer(BOB, Side.BUY, 30, 100), make.place(BOB, OTHER_SYMBOL, Side.BUY, price_ticks=10, quantity_lots=100))
    venue.price(30)
    venue.tick()
    told = venue.tick(2 * 10**9)
    assert venue.balances(account) == {OTHER: (50, 0)} and margin_told(told, EventKind.BAD_DEBT).size == 0
    venue.price(10, asset=OTHER)
    assert margin_told(venue.tick(2 * 10**9), EventKind.LIQUIDATION)["symbol"].tolist()[0] == OTHER_SYMBOL


@margin_machines
def test_what_never_had_a_price_is_no_shield_and_falls_to_the_insurance(make_machine):
    venue = free_venue(make_machine)
    venue.done(make.admin(Kind.ADD_ASSET, name=b"OTHER", scale=0))
    venue.done(make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"OTHERQUOTE", "base": OTHER}))
    venue.list_asset(OTHER, symbol=OTHER_SYMBOL, scale=3)
    account = leveraged(venue)
    give(venue, account, 1)
    venue.done(venue.offer(BOB, Side.BUY, 40, 30))
    venue.price(42)
    venue.tick()
    told = margin_told(venue.tick(2 * 10**9))
    assert EventKind.BAD_DEBT in told["kind"] and venue.machine.loans(account) == [] and venue.balances(account) == {}
