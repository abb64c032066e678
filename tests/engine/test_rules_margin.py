"""docs/MARGIN.md by examples, on both machines: loans, interest, levels, index prices, margin calls, liquidation, bad debt."""

import random

import numpy as np
import pytest

from engine import commands as make
from engine.oracle.machine import OracleMachine
from engine.types import (
    AMOUNT_MAX,
    FIRST_CUSTOMER,
    HOUSE_INSURANCE,
    HOUSE_LENDING,
    LEVEL_MAX,
    LOAN_EVENT,
    PPM,
    PRICE_MAX,
    RATE_MAX,
    RATE_ONE,
    TRANSFER_EVENT,
    UPKEEP_BUDGET,
    VALUE_MAX,
    AccountStatus,
    Code,
    Direction,
    EventKind,
    Kind,
    MarginState,
    OrderType,
    Role,
    Side,
    SideEffect,
    SymbolStatus,
    TransferFlag,
)
from tests.engine.machines import ALICE, BASE, BOB, CAROL, LISTING, QUOTE, SYMBOL, Venue
from tests.engine.margin_venue import (
    DAY_NS,
    HOUR_NS,
    HOURLY,
    MIDNIGHT_NS,
    SETUP,
    TERMS,
    MarginVenue,
    loans_told,
    margin_machines,
    margin_told,
)

EXTREMES = (-(2**63), -(2**31), -1, 0, 1, 2**31 - 1, 2**31, 2**53, 2**62 - 1, 2**62, 2**63 - 1)
MARGIN_ROLE, RATES_ORIGIN = 11, 12
OWNER, OTHER = ALICE, BOB


# ---------------------------------------------------------------- accounts


@margin_machines
def test_margin_accounts_are_found_by_owner_and_symbol(make_machine):
    venue = MarginVenue(make_machine)
    cross, isolated = venue.open_margin(ALICE), venue.open_margin(ALICE, SYMBOL)
    assert (cross, isolated) == (CAROL + 1, CAROL + 2)
    assert venue.machine.margin_accounts(ALICE) == [cross, isolated] and venue.machine.margin_accounts(BOB) == []
    assert venue.machine.owner(isolated) == ALICE == venue.machine.owner(ALICE)
    assert venue.machine.margin(cross)[:4] == (cross, ALICE, 0, MarginState.NORMAL) and venue.machine.margin(ALICE) is None
    venue.refused(make.open_margin(ALICE), Code.ALREADY_EXISTS)
    venue.refused(make.open_margin(cross), Code.UNKNOWN_ACCOUNT)
    venue.refused(make.open_margin(HOUSE_LENDING), Code.UNKNOWN_ACCOUNT)
    venue.refused(make.open_margin(BOB, 99), Code.UNKNOWN_SYMBOL)


@margin_machines
def test_before_version_3_there_is_no_margin(make_machine):
    venue = Venue(make_machine)
    for command in (make.open_margin(ALICE), make.set_price(BASE, 1, 5), make.loan(Kind.BORROW, (1, 1), account=ALICE, asset=BASE)):
        assert venue.codes(command) == [Code.UNKNOWN_KIND]


@margin_machines
def test_only_the_accounts_of_one_owner_exchange_money_with_margin_accounts(make_machine):
    venue = MarginVenue(make_machine)
    cross, isolated = venue.fund_margin(ALICE, quote=1_000), venue.open_margin(ALICE, SYMBOL)
    venue.done(venue.move(cross, isolated, QUOTE, 300), venue.move(isolated, ALICE, QUOTE, 100))
    assert venue.balances(cross) == {QUOTE: (700, 0)} and venue.balances(isolated) == {QUOTE: (200, 0)}
    venue.refused(venue.move(cross, BOB, QUOTE, 1), Code.OTHER_OWNER)
    venue.refused(venue.move(BOB, cross, QUOTE, 1), Code.OTHER_OWNER)
    venue.refused(venue.move(ALICE, HOUSE_LENDING, QUOTE, 1), Code.NOT_PERMITTED)
    hold = make.transfer(Kind.HOLD, venue.fresh_id(), debit=cross, credit=ALICE, asset=QUOTE, amount=1)
    venue.refused(hold, Code.OTHER_OWNER)
    venue.refused(make.convert(venue.fresh_id(), account=cross, asset=BASE, amount=1, most=1, symbol=SYMBOL), Code.OTHER_OWNER)


@margin_machines
def test_an_account_takes_and_trades_what_it_can_be_valued_in(make_machine):
    venue = MarginVenue(make_machine)
    venue.done(make.admin(Kind.ADD_ASSET, name=b"OTHER", scale=0))
    venue.done(make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"OTHERQUOTE", "base": 3}))
    cross, isolated = venue.fund_margin(ALICE, quote=1_000), venue.fund_margin(BOB, SYMBOL, quote=1_000)
    venue.done(venue.deposit(ALICE, 3, 10))
    venue.refused(venue.move(ALICE, cross, 3, 1), Code.MARGIN_ASSET)
    for account in (cross, isolated):
        venue.refused(make.place(account, 2, Side.BUY, price_ticks=1, quantity_lots=1), Code.MARGIN_SYMBOL)
        venue.done(venue.offer(account, Side.BUY, 10, 1))
    venue.refused(make.open_margin(CAROL, 2), Code.MARGIN_SYMBOL)
    venue.list_asset(3, symbol=2)
    venue.refused(make.place(cross, 2, Side.BUY, price_ticks=1, quantity_lots=1), Code.INDEX_FROZEN)  # nor may it be bought blindly
    venue.price(1, asset=3)
    venue.done(make.place(cross, 2, Side.BUY, price_ticks=1, quantity_lots=1))
    venue.refused(make.place(isolated, 2, Side.BUY, price_ticks=1, quantity_lots=1), Code.MARGIN_SYMBOL)


@margin_machines
def test_what_the_margin_role_may_do(make_machine):
    venue = MarginVenue(make_machine)
    venue.register(MARGIN_ROLE, Role.MARGIN)
    venue.register(RATES_ORIGIN, Role.RATES)
    assert venue.codes(make.open_margin(ALICE), origin=MARGIN_ROLE) == [Code.OK]
    cross = venue.machine.margin_account(ALICE)
    assert venue.codes(venue.move(ALICE, cross, QUOTE, 500), origin=MARGIN_ROLE) == [Code.OK]
    assert venue.codes(venue.loan(Kind.BORROW, cross, QUOTE, 100), origin=MARGIN_ROLE) == [Code.OK]
    assert venue.codes(venue.move(ALICE, BOB, QUOTE, 1), origin=MARGIN_ROLE) == [Code.NOT_PERMITTED]
    assert venue.codes(make.set_price(BASE, 3, 100_000), origin=RATES_ORIGIN) == [Code.OK]
    assert venue.codes(make.set_price(BASE, 3, 100_000), origin=MARGIN_ROLE) == [Code.NOT_PERMITTED]
    assert venue.codes(venue.loan(Kind.BORROW, cross, QUOTE, 100), origin=RATES_ORIGIN) == [Code.NOT_PERMITTED]


@margin_machines
def test_a_margin_account_is_frozen_with_its_owner(make_machine):
    venue = MarginVenue(make_machine)
    cross = venue.fund_margin(ALICE, quote=1_000)
    venue.done(venue.loan(Kind.BORROW, cross, QUOTE, 10))
    venue.done(make.admin(Kind.SET_ACCOUNT_STATUS, account=ALICE, status=AccountStatus.FROZEN))
    venue.refused(venue.offer(cross, Side.BUY, 10, 1), Code.ACCOUNT_FROZEN)
    venue.refused(venue.loan(Kind.BORROW, cross, QUOTE, 10), Code.ACCOUNT_FROZEN)
    venue.refused(venue.move(cross, ALICE, QUOTE, 10), Code.ACCOUNT_FROZEN)
    venue.done(venue.loan(Kind.REPAY, cross, QUOTE))


# ---------------------------------------------------------------- interest and loans


@margin_machines
def test_F1_interest_is_charged_for_each_started_clock_hour(make_machine):
    """1,000 USDC at 0.001 % an hour from 13:20 to 14:15 are two hours: 0.02 USDC."""
    venue = MarginVenue(make_machine, funds=0)
    account = venue.fund_margin(ALICE, quote=100_000)
    borrowed = venue.done(venue.loan(Kind.BORROW, account, QUOTE, 100_000), time_ns=MIDNIGHT_NS + 13 * HOUR_NS + 20 * HOUR_NS // 60)
    assert loans_told(borrowed) == [(EventKind.BORROWED, account, QUOTE, 100_000, 100_000, 1)]
    venue.tick(55 * HOUR_NS // 60)
    assert venue.machine.loans(account) == [(QUOTE, 100_000, 2)]
    repaid = venue.done(venue.loan(Kind.REPAY, account, QUOTE))
    assert loans_told(repaid) == [(EventKind.REPAID, account, QUOTE, 100_002, 0, 0)]
    event = repaid.events.view(LOAN_EVENT)[-1]
    assert (event["part"], event["rate"]) == (2, HOURLY)
    assert venue.machine.loans(account) == [] and venue.balances(account) == {QUOTE: (99_998, 0)}


@margin_machines
def test_interest_is_simple_and_repaid_first(make_machine):
    venue = MarginVenue(make_machine, terms={"base_rate": RATE_ONE // 100, "reserve_ppm": 100_000})
    account = venue.fund_margin(ALICE, quote=10_000)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 1_000), time_ns=MIDNIGHT_NS)
    venue.tick(9 * HOUR_NS)
    assert venue.machine.loans(account) == [(QUOTE, 1_000, 100)]  # ten hours at 1 % of the principal
    before = venue.machine.pool(QUOTE)
    venue.done(venue.loan(Kind.REPAY, account, QUOTE, 60))
    assert venue.machine.loans(account) == [(QUOTE, 1_000, 40)]
    after = venue.machine.pool(QUOTE)
    assert venue.machine.balance(HOUSE_INSURANCE, QUOTE) == (6, 0)  # the reserve, a tenth of the interest
    assert (after.lent - before.lent, after.borrowed, after.free - before.free) == (54, 1_000, 54)
    venue.done(venue.loan(Kind.REPAY, account, QUOTE, 5_000))  # more than is owed: all
    assert venue.machine.loans(account) == [] and venue.machine.pool(QUOTE).borrowed == 0


@margin_machines
def test_G1_the_rate_follows_utilisation_with_a_kink(make_machine):
    """U* 80 %, base 0, slopes 4 % and 60 %: utilisation 0, 40, 80, 90, 95, 100 % costs 0, 2, 4, 34, 49, 64 %."""
    per_cent = RATE_ONE // 1000  # the vector's rates, scaled to what an hour may cost
    terms = {"base_rate": 0, "slope1_rate": 4 * per_cent, "slope2_rate": 60 * per_cent, "optimal_ppm": 800_000}
    venue = MarginVenue(make_machine, lent=1_000, terms=terms, borrow_ppm=1_300_000)
    account, used = venue.fund_margin(ALICE, quote=100_000), 0
    for used_ppm, rate in ((0, 0), (400_000, 2), (800_000, 4), (900_000, 34), (950_000, 49), (1_000_000, 64)):
        if used_ppm:
            more = used_ppm // 1_000 - used
            venue.done(venue.loan(Kind.BORROW, account, BASE, more))
            used += more
        venue.tick(HOUR_NS)
        assert venue.machine.pool(BASE).rate == rate * per_cent, used_ppm
    venue.refused(venue.loan(Kind.BORROW, account, BASE, 1), Code.POOL_SHORT)


@margin_machines
def test_a_rate_holds_for_its_clock_hour_however_often_the_pool_is_touched(make_machine):
    terms = {"base_rate": 0, "slope1_rate": RATE_MAX, "optimal_ppm": PPM}
    quiet, busy = (MarginVenue(make_machine, lent=1_000, terms=terms) for _ in range(2))
    owed = []
    for venue in (quiet, busy):
        account, other = venue.fund_margin(ALICE, quote=10_000), venue.fund_margin(BOB, quote=10_000)
        venue.done(venue.loan(Kind.BORROW, account, QUOTE, 500), time_ns=MIDNIGHT_NS)
        for hour in range(5):
            venue.tick(HOUR_NS)
            if venue is busy:  # within the hour, nothing of this counts
                venue.done(venue.loan(Kind.BORROW, other, QUOTE, 100 + hour), venue.loan(Kind.REPAY, other, QUOTE, 100 + hour))
                venue.done(venue.loan(Kind.LEND, BOB, QUOTE, 50))
                venue.done(venue.loan(Kind.REDEEM, BOB, QUOTE))
                if venue.machine.loans(other):
                    venue.done(venue.loan(Kind.REPAY, other, QUOTE))
        owed.append(venue.machine.loans(account)[0].interest)
    assert owed[0] == 125 and 0 <= owed[0] - owed[1] <= 5  # interest of others made the pool a little larger


@margin_machines
def test_borrowing_ends_where_the_collateral_level_would_fall_below_its_threshold(make_machine):
    """3x: 1,000 of one's own carry 2,000 borrowed, interest of the first hour included."""
    venue = MarginVenue(make_machine, terms={"base_rate": 0})
    account = venue.fund_margin(ALICE, quote=1_000)
    venue.refused(venue.loan(Kind.BORROW, account, QUOTE, 2_001), Code.LEVEL_TOO_LOW)
    assert venue.machine.max_borrowable(account, QUOTE) == 2_000 and venue.machine.max_borrowable(account, BASE) == 20
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 2_000))
    assert venue.machine.level(account) == (1_500_000, 1_500_000, 3_000, 3_000, 2_000)
    venue.refused(venue.loan(Kind.BORROW, account, QUOTE, 1), Code.LEVEL_TOO_LOW)
    with_interest = MarginVenue(make_machine)
    account = with_interest.fund_margin(ALICE, quote=1_000)
    with_interest.refused(with_interest.loan(Kind.BORROW, account, QUOTE, 2_000), Code.LEVEL_TOO_LOW)
    assert with_interest.machine.max_borrowable(account, QUOTE) == 1_997


@margin_machines
def test_money_leaves_an_indebted_account_only_above_the_transfer_threshold(make_machine):
    venue = MarginVenue(make_machine, terms={"base_rate": 0})
    account = venue.fund_margin(ALICE, quote=2_000)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 1_000))
    assert venue.machine.max_transferable(account, QUOTE) == 999
    venue.refused(venue.move(account, ALICE, QUOTE, 1_000), Code.LEVEL_TOO_LOW)
    venue.done(venue.move(account, ALICE, QUOTE, 999))
    venue.refused(venue.move(account, ALICE, QUOTE, 1), Code.LEVEL_TOO_LOW)
    venue.done(venue.loan(Kind.REPAY, account, QUOTE))
    venue.done(venue.move(account, ALICE, QUOTE, 1_001))


@margin_machines
def test_the_ladder_of_a_loan(make_machine):
    venue = MarginVenue(make_machine, terms={"borrow_limit": 500})
    account = venue.fund_margin(ALICE, quote=10_000)
    for fields, code in (
        ({"asset": 99}, Code.UNKNOWN_ASSET), ({"account": HOUSE_LENDING}, Code.UNKNOWN_ACCOUNT), ({"amount": 0}, Code.INVALID_AMOUNT),
        ({"amount": AMOUNT_MAX + 1}, Code.INVALID_AMOUNT), ({"account": ALICE}, Code.OTHER_OWNER), ({"amount": 501}, Code.BORROW_LIMIT),
    ):  # fmt: skip
        given = {"account": account, "asset": QUOTE, "amount": 1} | fields
        venue.refused(make.loan(Kind.BORROW, venue.fresh_id(), **given), code)
    venue.refused(venue.loan(Kind.REPAY, account, QUOTE, 1), Code.NO_DEBT)
    venue.refused(venue.loan(Kind.LEND, account, QUOTE, 1), Code.OTHER_OWNER)
    linked = venue.loan(Kind.BORROW, account, QUOTE, 1)
    linked["flags"] = TransferFlag.LINKED
    venue.refused(linked, Code.LINKED_CHAIN_OPEN)
    pending = venue.loan(Kind.BORROW, account, QUOTE, 1)
    pending["pending_lo"] = 7
    venue.refused(pending, Code.PENDING_MISMATCH)
    venue.list_asset(QUOTE, status=0)
    venue.refused(venue.loan(Kind.BORROW, account, QUOTE, 1), Code.MARGIN_ASSET)


@margin_machines
def test_a_loan_is_taken_once_for_its_id(make_machine):
    venue = MarginVenue(make_machine)
    account = venue.fund_margin(ALICE, quote=1_000)
    borrow = venue.loan(Kind.BORROW, account, QUOTE, 100)
    venue.done(borrow)
    venue.refused(borrow, Code.EXISTS)
    other = borrow.copy()
    other["amount"] = 101
    venue.refused(other, Code.EXISTS_WITH_DIFFERENT_AMOUNT)
    failing = venue.loan(Kind.BORROW, account, QUOTE, 10**9)
    assert venue.codes(failing) == [Code.POOL_SHORT] and venue.codes(failing) == [Code.ID_ALREADY_FAILED]
    assert [loan[:2] for loan in venue.machine.loans(account)] == [(QUOTE, 100)]


@margin_machines
def test_a_chain_moves_money_in_and_out_or_not_at_all(make_machine):
    venue = MarginVenue(make_machine)
    account = venue.fund_margin(ALICE, quote=1_000)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 100))
    moves = [venue.move(ALICE, account, QUOTE, 10), venue.move(account, ALICE, QUOTE, 1_090)]
    moves[0]["flags"] = TransferFlag.LINKED
    assert venue.codes(*moves) == [Code.LINKED_FAILED, Code.LEVEL_TOO_LOW]
    assert venue.balances(account) == {QUOTE: (1_100, 0)} and venue.machine.validate() == ""


# ---------------------------------------------------------------- lenders


@margin_machines
def test_lenders_share_the_interest(make_machine):
    venue = MarginVenue(make_machine, lent=0, terms={"base_rate": RATE_ONE // 10})
    venue.done(venue.loan(Kind.LEND, BOB, QUOTE, 3_000), venue.loan(Kind.LEND, CAROL, QUOTE, 1_000))
    account = venue.fund_margin(ALICE, quote=5_000)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 4_000))
    venue.refused(venue.loan(Kind.REDEEM, CAROL, QUOTE, 1), Code.POOL_SHORT)
    venue.done(venue.loan(Kind.REPAY, account, QUOTE))
    assert venue.machine.pool(QUOTE)[1:5] == (4_400, 0, 4_400, 4_000)
    assert venue.machine.lender(BOB, QUOTE) == (3_000, 3_299) and venue.machine.lender(CAROL, QUOTE) == (1_000, 1_099)
    told = venue.done(venue.loan(Kind.REDEEM, CAROL, QUOTE), venue.loan(Kind.REDEEM, BOB, QUOTE, 1_000))
    assert [told[3:5] for told in loans_told(told)] == [(1_099, 0), (1_000, 2_091)]  # amount, shares left
    venue.refused(venue.loan(Kind.REDEEM, CAROL, QUOTE), Code.INSUFFICIENT_SHARES)
    venue.refused(venue.loan(Kind.REDEEM, BOB, QUOTE, 10_000), Code.INSUFFICIENT_SHARES)


@margin_machines
def test_G5_shares_round_in_favour_of_the_pool(make_machine):
    """100 assets, 200 shares: 10 deposited bring 19 shares, 10 withdrawn burn 20, 21 shares pay 10; what buys no share is refused."""
    venue = pool_of_100_with_200_shares(make_machine)
    told = venue.done(venue.loan(Kind.LEND, BOB, BASE, 10))
    assert told.events.view(LOAN_EVENT)["part"].tolist() == [19]
    venue = pool_of_100_with_200_shares(make_machine)
    told = venue.done(venue.loan(Kind.REDEEM, CAROL, BASE, 10))
    assert told.events.view(LOAN_EVENT)["part"].tolist() == [20]
    assert venue.machine.pool(BASE)[1:5] == (90, 0, 90, 180)


def pool_of_100_with_200_shares(make_machine) -> MarginVenue:
    """CAROL lent 200, of which a borrower whose collateral became worthless owes 100."""
    venue = MarginVenue(make_machine, lent=200, terms={"base_rate": 0}, listing={"max_price_ticks": 10**7})
    account = venue.fund_margin(ALICE, quote=15_000)
    venue.done(venue.loan(Kind.BORROW, account, BASE, 100))
    venue.done(venue.offer(account, Side.SELL, 100, 100))
    venue.done(venue.deposit(BOB, QUOTE, 10_000), venue.offer(BOB, Side.BUY, 100, 100))
    venue.price(100_000)  # what it owes is worth more than all the numeraire it has can buy
    assert margin_told(venue.tick(), EventKind.BAD_DEBT)[["amount", "covered", "lost"]].tolist() == [(100, 0, 100)]
    assert venue.machine.pool(BASE)[1:5] == (100, 0, 100, 200)
    return venue


@margin_machines
def test_too_little_for_a_share_is_refused(make_machine):
    venue = MarginVenue(make_machine, lent=1, terms={"base_rate": RATE_MAX, "optimal_ppm": PPM})
    account = venue.fund_margin(ALICE, quote=10_000)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 1))
    venue.tick(30 * HOUR_NS)
    venue.done(venue.loan(Kind.REPAY, account, QUOTE))
    assert venue.machine.pool(QUOTE)[1:5] == (5, 0, 5, 1)  # interest rounds up
    venue.refused(venue.loan(Kind.LEND, BOB, QUOTE, 2), Code.ZERO_SHARES)


# ---------------------------------------------------------------- collateral


@margin_machines
def test_collateral_counts_by_marginal_tiers(make_machine):
    """0 to 1,000 count whole, 1,000 to 2,000 for 90 %, 2,000 to 3,000 for 50 %, what is above for nothing."""
    venue = MarginVenue(make_machine)
    for tier, (limit, ratio_ppm) in enumerate(((1_000, PPM), (2_000, 900_000), (3_000, 500_000))):
        venue.done(make.admin(Kind.SET_COLLATERAL, asset=QUOTE, tier=tier, value=limit, ratio_ppm=ratio_ppm))
    assert venue.machine.collateral_tiers(QUOTE) == [(1_000, PPM), (2_000, 900_000), (3_000, 500_000)]
    account = venue.open_margin(ALICE)
    for amount, counted in ((999, 999), (1_001, 1_000), (1_002, 1_001), (2_000, 1_900), (2_999, 2_399), (5_000, 2_400)):
        venue.done(venue.move(ALICE, account, QUOTE, amount))
        assert venue.machine.level(account).collateral_value == counted, amount
        venue.done(venue.move(account, ALICE, QUOTE, amount))
    venue.refused(make.admin(Kind.SET_COLLATERAL, asset=QUOTE, tier=1, value=1_000, ratio_ppm=1), Code.INVALID_ARGUMENT)
    venue.refused(make.admin(Kind.SET_COLLATERAL, asset=QUOTE, tier=1, value=3_000, ratio_ppm=1), Code.INVALID_ARGUMENT)
    venue.refused(make.admin(Kind.SET_COLLATERAL, asset=QUOTE, tier=4, value=9_000, ratio_ppm=1), Code.INVALID_ARGUMENT)
    venue.done(make.admin(Kind.SET_COLLATERAL, asset=QUOTE, tier=1))
    assert venue.machine.collateral_tiers(QUOTE) == [(1_000, PPM)]


@margin_machines
def test_F2_equity_of_leveraged_positions(make_machine):
    """Long 1 at 20,000 with 10,000 of one's own is worth 3,200 at 13,200 and 1,600 at 11,600: 80 % and 40 % of the 4,000 used; long 1.5
    at 30,000 is worth 7,199.95 at 28,133.3; short 0.2 at 50,000 with 5,000 loses 3,040 at 65,200 and is worth 1,960."""
    listing = {"value": 10**6}  # a lot is 0.01 of the base, which has 8 decimals; the quote has 2
    thresholds = {"liquidation_ppm": 1_010_000, "call_ppm": 1_050_000, "borrow_ppm": 1_060_000}
    for side, lots, price, own, later in (
        (Side.BUY, 100, 20_000, 10_000, ((13_200, 3_200), (11_600, 1_600))),
        (Side.BUY, 150, 30_000, 10_000, ((28_133.3, 7_199.95),)),
        (Side.SELL, 20, 50_000, 5_000, ((65_200, 1_960),)),
    ):
        venue = MarginVenue(make_machine, price * 100, 10**10, 10**10, {"base_rate": 0}, listing, price_scale=8, **thresholds)
        account = venue.fund_margin(ALICE, quote=own * 100)
        venue.done(venue.offer(BOB, 1 - side, price, lots))
        venue.done(venue.offer(account, side, price, lots, side_effect=SideEffect.MARGIN_BUY))
        for at, equity in later:
            venue.price(at * 100)
            level = venue.machine.level(account)
            assert level.assets_value - level.debts_value == round(equity * 100)


# ---------------------------------------------------------------- index prices


def say(venue: MarginVenue, **prices: int) -> list[tuple[int, int, int]]:
    """What sources say, `s1=100`, one after another; returns (price, count, code) of the INDEX events."""
    told = venue.done(*(make.set_price(BASE, int(name[1:]), price) for name, price in prices.items()))
    return margin_told(told, EventKind.INDEX)[["price", "count", "code"]].tolist()


@margin_machines
def test_F6_the_index_is_the_median_of_sources_that_agree(make_machine):
    venue = MarginVenue(make_machine, price=100)  # sources 1 and 2 say 100,000
    assert say(venue, s3=101_000) == []  # the median of three is one of the two
    assert say(venue, s1=102_000) == [(101_000, 3, Code.OK)]
    assert say(venue, s4=103_001) == [(101_500, 4, Code.OK)]  # of four, the mean of the middle ones, rounded down
    assert say(venue, s4=200_000) == [(101_000, 3, Code.OK)]  # more than 5 % from the median of all: not kept
    assert say(venue, s2=0) == [(101_500, 2, Code.OK)]
    assert say(venue, s3=0) == [(101_500, 0, Code.INDEX_FROZEN)]


@margin_machines
def test_F6_below_two_sources_the_index_is_frozen(make_machine):
    venue = MarginVenue(make_machine, price=100)
    assert say(venue, s2=0) == [(100_000, 0, Code.INDEX_FROZEN)]
    assert say(venue, s1=90_000) == []  # one source moves nothing
    assert venue.machine.index(BASE)[:4] == (BASE, 100_000, 3, True)
    assert say(venue, s2=120_000) == []  # two that differ by more than the deviation agree on nothing
    assert say(venue, s2=91_001) == [(90_500, 2, Code.OK)]


@margin_machines
def test_a_source_is_fresh_for_so_long(make_machine):
    venue = MarginVenue(make_machine, price=100, staleness_ns=10_000)
    said = venue.time_ns
    assert say(venue, s1=100_000, s2=100_000) == []
    told = venue.done(make.admin(Kind.TICK), time_ns=said + 9_000)
    assert len(margin_told(told)) == 0 and not venue.machine.index(BASE).frozen
    told = venue.done(make.admin(Kind.TICK), time_ns=said + 30_000)
    assert margin_told(told)[["kind", "index", "price", "code"]].tolist() == [(EventKind.INDEX, -1, 100_000, Code.INDEX_FROZEN)]
    assert [source.fresh for source in venue.machine.index(BASE).sources] == [False, False]
    assert len(margin_told(venue.tick())) == 0  # told once


@margin_machines
def test_nobody_borrows_or_withdraws_against_a_frozen_index(make_machine):
    venue = free_venue(make_machine)
    account = venue.fund_margin(ALICE, base=100)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 10))
    say(venue, s2=0)
    venue.refused(venue.loan(Kind.BORROW, account, QUOTE, 10), Code.INDEX_FROZEN)
    venue.refused(venue.move(account, ALICE, BASE, 1), Code.INDEX_FROZEN)
    venue.done(venue.loan(Kind.REPAY, account, QUOTE))
    venue.done(venue.move(account, ALICE, BASE, 1))
    quote_only = venue.fund_margin(BOB, quote=1_000)
    venue.refused(venue.loan(Kind.BORROW, quote_only, BASE, 1), Code.INDEX_FROZEN)
    venue.done(venue.loan(Kind.BORROW, quote_only, QUOTE, 1))


# ---------------------------------------------------------------- calls and watches


def leveraged(venue: MarginVenue, owner: int = ALICE, symbol: int = 0, own: int = 1_000, borrowed: int = 2_000, price: int = 100) -> int:
    """Long: all that is `own` and `borrowed` was spent on the base at the index price."""
    account = venue.fund_margin(owner, symbol, quote=own)
    lots = (own + borrowed) // price
    venue.done(venue.deposit(CAROL, BASE, lots), venue.offer(CAROL, Side.SELL, price, lots))
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, borrowed))
    venue.done(venue.offer(account, Side.BUY, price, lots))
    assert venue.balances(account) == {BASE: (lots, 0)}
    venue.tick()
    return account


def free_venue(make_machine, **setup: int) -> MarginVenue:
    """Loans cost nothing, so that levels are those of the prices alone."""
    return MarginVenue(make_machine, terms={"base_rate": 0}, **setup)


@margin_machines
def test_a_margin_call_is_sent_once_until_the_account_has_recovered(make_machine):
    venue = free_venue(make_machine)
    account = leveraged(venue)  # 30 base, 2,000 owed: level 1.5
    venue.price(87)
    assert len(margin_told(venue.tick())) == 0 and venue.machine.margin(account).state == MarginState.NORMAL
    venue.price(86)  # 2,580 / 2,000 = 1.29
    told = margin_told(venue.tick())[["kind", "account", "level_ppm", "assets_value", "debts_value", "index"]].tolist()
    assert told == [(EventKind.MARGIN_CALL, account, 1_290_000, 2_580, 2_000, -1)]
    venue.price(85)
    assert len(margin_told(venue.tick())) == 0 and venue.machine.margin(account).state == MarginState.CALLED
    venue.done(venue.move(ALICE, account, QUOTE, 500))
    venue.tick()
    assert venue.machine.margin(account).state == MarginState.NORMAL
    venue.price(60)  # (1,800 + 500) / 2,000
    assert margin_told(venue.tick())["kind"].tolist() == [EventKind.MARGIN_CALL]


@margin_machines
def test_a_watch_lies_where_the_level_would_reach_its_threshold(make_machine):
    venue = free_venue(make_machine)
    account = leveraged(venue)
    # 3,000 - 1.3 * 2,000 = 400, less what rounding may take, of 3,000 exposed
    assert venue.machine.watches(account) == [(BASE, Direction.DOWN, 100_000 - 100_000 * ((400 - 16) * PPM // 3_000) // PPM)]
    short = venue.fund_margin(BOB, quote=5_000)
    venue.done(venue.loan(Kind.BORROW, short, BASE, 20))
    venue.tick()
    ((asset, direction, price),) = venue.machine.watches(short)
    assert (asset, direction) == (BASE, Direction.UP) and price > 100_000
    venue.done(venue.loan(Kind.REPAY, short, BASE))
    assert venue.machine.watches(short) == [] and venue.machine.margin(short).due_ns == 0


@margin_machines
@pytest.mark.parametrize("seed", range(4))
def test_who_is_not_due_is_above_the_threshold(make_machine, seed):
    """Prices wander, accounts trade and hours pass: nobody's level is at a threshold unnoticed, whatever was not looked at."""
    rng, venue = random.Random(seed), MarginVenue(make_machine, price=100, lent=10**9, funds=10**6, staleness_ns=DAY_NS)
    accounts = [venue.fund_margin(owner, symbol, quote=10**5, base=10**3) for owner in (ALICE, BOB) for symbol in (0, SYMBOL)]
    price = 100.0
    for _ in range(120):
        account, asset = rng.choice(accounts), rng.choice((BASE, QUOTE))
        kind, most = rng.choice(((Kind.BORROW, venue.machine.max_borrowable(account, asset)), (Kind.REPAY, 1_000)))
        if most and venue.machine.margin(account).state != MarginState.LIQUIDATING:
            venue.send(venue.loan(kind, account, asset, rng.randint(1, most)))
        price *= rng.choice((0.97, 0.99, 1, 1.005, 1.01, 1.03))
        venue.price(price, time_ns=venue.time_ns + rng.choice((1_000, 10**9, HOUR_NS // 2)))
        told = venue.tick()
        assert venue.machine.validate() == ""
        due_before = told.time_ns
        for account in accounts:
            row, level = venue.machine.margin(account), venue.machine.level(account)
            if row.due_ns > due_before:
                threshold = {MarginState.NORMAL: 1_300_000, MarginState.CALLED: 1_100_000, MarginState.LIQUIDATING: -1}[row.state]
                assert level.level_ppm >= threshold, (row, level)


@margin_machines
def test_upkeep_is_bounded_and_goes_on_with_the_next_frame(make_machine):
    count = 1_200
    venue = free_venue(make_machine)
    owners = [venue.machine.find_account(2, n + 1) for n in range(count) if not venue.done(
        make.admin(Kind.OPEN_ACCOUNT, reference_hi=2, reference_lo=n + 1)).codes.any()]  # fmt: skip
    venue.send(*(make.open_margin(owner) for owner in owners))
    accounts = [venue.machine.margin_account(owner) for owner in owners]
    venue.send(*(venue.deposit(owner, BASE, 30) for owner in owners))
    venue.send(*(venue.move(owner, account, BASE, 30) for owner, account in zip(owners, accounts, strict=True)))
    venue.send(*(venue.loan(Kind.BORROW, account, QUOTE, 800) for account in accounts))
    while any(venue.machine.margin(account).due_ns <= venue.machine.now_ns for account in accounts):
        venue.tick()
    venue.price(8)  # 30 at 8 and the 800 borrowed are 1.3 times the debt: everybody is called
    called = [len(margin_told(venue.send(make.admin(Kind.TICK)), EventKind.MARGIN_CALL)) for _ in range(3)]
    assert called == [UPKEEP_BUDGET, count - UPKEEP_BUDGET, 0]


# ---------------------------------------------------------------- liquidation


@margin_machines
def test_F5_a_liquidation_sells_repays_and_charges_its_fee(make_machine):
    venue = free_venue(make_machine)
    account = leveraged(venue)  # 30 base, 2,000 owed
    venue.done(venue.offer(BOB, Side.BUY, 72, 100))
    venue.price(73)  # 2,190 / 2,000 = 1.095
    told = venue.tick()
    kinds = told.events["kind"].tolist()
    assert kinds == [
        EventKind.LIQUIDATION_STARTED, EventKind.NEW, EventKind.TRADE, EventKind.REPAID, EventKind.LIQUIDATION,
        EventKind.LIQUIDATION_ENDED, EventKind.ADMIN,
    ]  # fmt: skip
    event = margin_told(told, EventKind.LIQUIDATION)[0]
    # at 73 less 5 %, up: 70 ticks; 2,000 / 0.95 of the debt's value are 2,106, 29 lots of the base
    assert event[["account", "symbol", "asset", "price", "amount", "fee"]].item() == (account, SYMBOL, QUOTE, 70, 29 * 72, 11)
    assert venue.machine.loans(account) == [] and venue.machine.margin(account).state == MarginState.NORMAL
    assert venue.balances(account) == {BASE: (1, 0), QUOTE: (29 * 72 - 2_000 - 11, 0)}
    assert venue.machine.balance(HOUSE_INSURANCE, QUOTE) == (11, 0)


@margin_machines
def test_F5_a_short_is_bought_back(make_machine):
    venue = free_venue(make_machine)
    account = venue.fund_margin(ALICE, quote=1_000)
    venue.done(venue.offer(BOB, Side.BUY, 100, 20))
    venue.done(venue.offer(account, Side.SELL, 100, 20, side_effect=SideEffect.MARGIN_BUY))
    assert venue.balances(account) == {QUOTE: (3_000, 0)} and venue.machine.loans(account) == [(BASE, 20, 0)]
    venue.done(venue.offer(CAROL, Side.SELL, 139, 100))
    venue.price(138)  # 3,000 / 2,760
    told = venue.tick()
    event = margin_told(told, EventKind.LIQUIDATION)[0]
    assert event[["asset", "price", "amount"]].item() == (BASE, 144, 20)
    assert venue.machine.loans(account) == [] and venue.balances(account) == {QUOTE: (3_000 - 20 * 139, 0)}


@margin_machines
def test_F5_a_liquidation_goes_in_slices_until_the_account_has_recovered(make_machine):
    venue = free_venue(make_machine, slice_ppm=100_000, slice_min=100)
    account = leveraged(venue)
    venue.done(venue.offer(BOB, Side.BUY, 73, 100))
    venue.price(73)
    rounds = []
    for _ in range(20):
        rounds += margin_told(venue.tick(10**9), EventKind.LIQUIDATION)["amount"].tolist()
    # a tenth of the debt at a time: 211 / 73 are three lots; from 1.3 on it is over, part of the debt stays
    assert rounds[0] == 3 * 73 and len(rounds) > 5
    assert venue.machine.margin(account).state == MarginState.NORMAL
    assert venue.machine.level(account).level_ppm > 1_300_000 or venue.machine.loans(account) == []


@margin_machines
def test_F5_orders_are_cancelled_and_own_commands_refused_but_to_repay(make_machine):
    venue = free_venue(make_machine)
    account = leveraged(venue)
    venue.done(venue.offer(account, Side.SELL, 500, 10))
    venue.price(73)
    told = venue.tick()
    assert [EventKind(kind) for kind in told.events["kind"]][:3] == [EventKind.LIQUIDATION_STARTED, EventKind.CANCELED, EventKind.NEW]
    assert venue.machine.margin(account).state == MarginState.LIQUIDATING and venue.machine.open_orders(account) == []
    for command in (
        venue.offer(account, Side.SELL, 500, 10), venue.move(account, ALICE, BASE, 1), venue.loan(Kind.BORROW, account, QUOTE, 1),
    ):  # fmt: skip
        venue.refused(command, Code.ACCOUNT_LIQUIDATING)
    venue.done(venue.move(ALICE, account, QUOTE, 2_000))
    venue.done(venue.loan(Kind.REPAY, account, QUOTE))
    assert margin_told(venue.tick(2 * 10**9))["kind"].tolist() == [EventKind.LIQUIDATION_ENDED]
    venue.done(venue.offer(account, Side.SELL, 500, 10))


@margin_machines
def test_F5_a_liquidation_moves_no_price_and_is_bound_by_the_index(make_machine):
    """A thin book far below the index is not sold into, and trades at any price move no index."""
    venue = free_venue(make_machine)
    account = leveraged(venue)
    venue.done(venue.offer(BOB, Side.BUY, 50, 100))
    venue.done(venue.offer(CAROL, Side.SELL, 50, 1))  # the last price is 50, the index 100
    assert len(margin_told(venue.tick())) == 0
    venue.price(73)
    told = venue.tick()
    expired = told.events[told.events["kind"] == EventKind.EXPIRED]
    assert expired["code"].tolist() == [Code.NO_LIQUIDITY] and not np.any(told.events["kind"] == EventKind.TRADE)
    assert venue.machine.balances(account) == [(BASE, 30, 0)] and venue.machine.index(BASE).price == 73_000
    assert len(margin_told(venue.tick(), EventKind.LIQUIDATION)) == 0  # not before a second has passed
    assert len(margin_told(venue.tick(10**9), EventKind.LIQUIDATION)) == 1


@margin_machines
def test_F5_no_liquidation_while_the_index_is_frozen_or_the_market_closed(make_machine):
    venue = free_venue(make_machine)
    account = leveraged(venue)
    venue.done(venue.offer(BOB, Side.BUY, 72, 100))
    venue.done(*(make.set_price(BASE, source, price) for source, price in ((1, 73_000), (2, 73_000), (2, 0))))
    told = venue.tick()
    assert margin_told(told)["kind"].tolist() == [EventKind.MARGIN_CALL]  # it is told, but not liquidated
    venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.CANCEL_ONLY))
    say(venue, s2=73_000)
    told = venue.tick(2 * 10**9)
    assert margin_told(told)["kind"].tolist() == [EventKind.LIQUIDATION_STARTED]
    venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.TRADING))
    assert len(margin_told(venue.tick(59 * 10**9))) == 0  # the grace after a halt
    told = margin_told(venue.tick(2 * 10**9))["kind"].tolist()
    assert told == [EventKind.LIQUIDATION, EventKind.LIQUIDATION_ENDED] and venue.machine.loans(account) == []


@margin_machines
def test_F5_a_shortfall_is_the_insurances_then_the_lenders(make_machine):
    venue = free_venue(make_machine)
    venue.done(venue.deposit(BOB, QUOTE, 1_000_000), venue.loan(Kind.LEND, BOB, QUOTE, 1_000_000))
    venue.done(venue.deposit(BOB, QUOTE, 300), venue.move(BOB, HOUSE_INSURANCE, QUOTE, 300))
    account = leveraged(venue)
    venue.done(venue.offer(BOB, Side.BUY, 40, 30))
    venue.price(42)
    venue.tick()
    told = margin_told(venue.tick(2 * 10**9), EventKind.BAD_DEBT)
    assert told[["asset", "amount", "covered", "lost"]].tolist() == [(QUOTE, 800, 300, 500)]
    assert venue.machine.loans(account) == [] and venue.balances(account) == {}
    # 30 at 40 repay 1,200; of the 800 left the insurance had 300
    pool = venue.machine.pool(QUOTE)
    assert (pool.lent, pool.borrowed, pool.free) == (2_000_000 - 500, 0, 2_000_000 - 500)
    assert venue.machine.lender(BOB, QUOTE)[1] == venue.machine.lender(CAROL, QUOTE)[1] == 1_000_000 - 250
    assert venue.machine.balance(HOUSE_INSURANCE, QUOTE) == (0, 0)
    assert venue.machine.margin(account)[3:] == (MarginState.NORMAL, 0)


@margin_machines
def test_an_isolated_account_risks_only_itself(make_machine):
    venue = free_venue(make_machine)
    cross, isolated = venue.fund_margin(ALICE, quote=5_000), leveraged(venue, ALICE, SYMBOL)
    assert venue.machine.liquidation_price(isolated) == 73  # 1.1 * 2,000 / 30
    assert venue.machine.liquidation_price(cross) == 0
    venue.done(venue.offer(BOB, Side.BUY, 60, 30))
    venue.price(62)
    venue.tick()
    assert len(margin_told(venue.tick(2 * 10**9), EventKind.BAD_DEBT)) == 1
    assert venue.machine.loans(isolated) == [] and venue.balances(cross) == {QUOTE: (5_000, 0)}


# ---------------------------------------------------------------- side effects of orders


@margin_machines
def test_an_order_borrows_what_it_lacks(make_machine):
    venue = free_venue(make_machine)
    account = venue.fund_margin(ALICE, quote=1_000)
    venue.refused(venue.offer(account, Side.BUY, 100, 30), Code.INSUFFICIENT_BALANCE)
    venue.refused(venue.offer(account, Side.BUY, 100, 30, side_effect=SideEffect.AUTO_REPAY), Code.INSUFFICIENT_BALANCE)
    venue.refused(venue.offer(account, Side.BUY, 100, 31, side_effect=SideEffect.MARGIN_BUY), Code.LEVEL_TOO_LOW)
    venue.refused(venue.offer(ALICE, Side.BUY, 100, 1, side_effect=SideEffect.MARGIN_BUY), Code.INVALID_ORDER)
    told = venue.done(venue.offer(account, Side.BUY, 100, 30, side_effect=SideEffect.MARGIN_BUY))
    assert told.events["kind"].tolist() == [EventKind.BORROWED, EventKind.NEW]
    assert loans_told(told) == [(EventKind.BORROWED, account, QUOTE, 2_000, 2_000, 0)]
    assert venue.balances(account) == {QUOTE: (0, 3_000)}
    market = make.place(account, SYMBOL, Side.SELL, OrderType.MARKET, quantity_lots=2, side_effect=SideEffect.AUTO_BORROW_REPAY)
    venue.refused(market, Code.LEVEL_TOO_LOW)


@margin_machines
def test_an_order_repays_from_what_it_receives_as_taker_and_as_maker(make_machine):
    venue = free_venue(make_machine)
    account = leveraged(venue)  # 30 base, 2,000 owed
    venue.done(venue.offer(BOB, Side.BUY, 100, 5))
    told = venue.done(venue.offer(account, Side.SELL, 100, 15, side_effect=SideEffect.AUTO_REPAY))
    assert told.events["kind"].tolist() == [EventKind.NEW, EventKind.TRADE, EventKind.REPAID, EventKind.RESTED]
    assert loans_told(told) == [(EventKind.REPAID, account, QUOTE, 500, 1_500, 0)]
    told = venue.done(venue.offer(BOB, Side.BUY, 100, 10))
    assert told.events["kind"].tolist() == [EventKind.NEW, EventKind.TRADE, EventKind.REPAID]
    assert loans_told(told) == [(EventKind.REPAID, account, QUOTE, 1_000, 500, 0)]
    venue.done(venue.offer(BOB, Side.BUY, 100, 10))
    told = venue.done(venue.offer(account, Side.SELL, 100, 10, side_effect=SideEffect.AUTO_REPAY))
    assert loans_told(told) == [(EventKind.REPAID, account, QUOTE, 500, 0, 0)]
    assert venue.balances(account) == {BASE: (5, 0), QUOTE: (500, 0)}


# ---------------------------------------------------------------- every input

FIELDS = {
    Kind.SET_MARGIN: ("asset", "call_ppm", "liquidation_ppm", "borrow_ppm", "transfer_ppm", "fee_ppm", "slippage_ppm", "slice_ppm",
                      "deviation_ppm", "slice_min", "grace_ns", "staleness_ns"),
    Kind.SET_MARGIN_ASSET: ("asset", "symbol", "reserve_ppm", "optimal_ppm", "base_rate", "slope1_rate", "slope2_rate", "borrow_limit"),
    Kind.SET_COLLATERAL: ("asset", "value", "ratio_ppm"),
    Kind.SET_PRICE: ("asset", "value"),
    Kind.SET_TIER: ("value",),
    Kind.SET_DISCOUNT: ("asset", "value"),
    Kind.SET_ACCOUNT_DISCOUNT: ("account", "value"),
    Kind.OPEN_MARGIN: ("account", "symbol"),
}  # fmt: skip
SOUND = {
    Kind.SET_MARGIN: SETUP, Kind.SET_MARGIN_ASSET: TERMS | {"asset": BASE, "symbol": SYMBOL, "scale": 3},
    Kind.SET_COLLATERAL: {"asset": BASE, "value": 5, "ratio_ppm": 5}, Kind.SET_PRICE: {"asset": BASE, "source": 1, "value": 100_000},
    Kind.SET_TIER: {"tier": 1, "value": 5}, Kind.SET_DISCOUNT: {"asset": BASE, "value": 5},
    Kind.SET_ACCOUNT_DISCOUNT: {"account": ALICE, "value": 1}, Kind.OPEN_MARGIN: {"account": CAROL},
}  # fmt: skip


@margin_machines
def test_every_extreme_of_every_field_has_its_code(make_machine):
    """0, ±1, 2^31, 2^53, 2^62, 2^63 - 1 where the field has room for it: never a wrong number, never a broken invariant."""
    venue = MarginVenue(make_machine, lent=10**6)
    account = venue.fund_margin(ALICE, base=50, quote=5_000)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 1_000), venue.loan(Kind.BORROW, account, BASE, 10))
    for kind, names in FIELDS.items():
        for name in names:
            for value in EXTREMES:
                command = make.admin(kind, **SOUND[kind])
                if not np.iinfo(command[name].dtype).min <= value <= np.iinfo(command[name].dtype).max:
                    continue
                command[name] = value
                venue.send(command)
                assert venue.machine.validate() == "", (kind, name, value)
                venue.tick()
    for kind in (Kind.BORROW, Kind.REPAY, Kind.LEND, Kind.REDEEM):
        for asset in (BASE, QUOTE):
            for holder in (account, ALICE, CAROL):
                for amount in EXTREMES:
                    venue.send(venue.loan(kind, holder, asset, amount))
                    assert venue.machine.validate() == "", (kind, asset, amount)


@margin_machines
def test_the_largest_numbers_there_may_be(make_machine):
    """Prices, amounts and rates at their limits, for years: values are cut at VALUE_MAX, debts at AMOUNT_MAX."""
    venue = MarginVenue(make_machine, lent=0, terms={"base_rate": RATE_MAX, "borrow_limit": AMOUNT_MAX}, funds=0)
    most = 2**60
    venue.done(venue.deposit(CAROL, QUOTE, most), venue.loan(Kind.LEND, CAROL, QUOTE, most))
    venue.done(*(make.set_price(BASE, source, PRICE_MAX) for source in (1, 2)))
    account = venue.fund_margin(ALICE, base=2**60)
    assert venue.machine.level(account)[0] == LEVEL_MAX and venue.machine.level(account).assets_value == VALUE_MAX
    venue.refused(venue.loan(Kind.BORROW, account, QUOTE, most), Code.LEVEL_TOO_LOW)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, VALUE_MAX // 2))
    for years in (1, 10, 100):
        venue.send(make.admin(Kind.TICK), time_ns=venue.time_ns + years * 365 * DAY_NS)
        assert venue.machine.validate() == ""
        (loan,) = venue.machine.loans(account)
        assert loan.principal + loan.interest <= AMOUNT_MAX
    venue.send(*(make.set_price(BASE, source, PRICE_MAX) for source in (1, 2)))
    venue.send(make.admin(Kind.TICK))
    assert venue.machine.validate() == ""


# ---------------------------------------------------------------- the state


@margin_machines
def test_a_restored_machine_goes_on_with_its_loans(make_machine):
    venue = free_venue(make_machine)
    leveraged(venue)
    copy = type(venue.machine).restore(venue.machine.snapshot())
    assert copy.state_hash() == venue.machine.state_hash() and copy.validate() == ""
    venue.price(73)
    before = venue.machine
    venue.machine = copy
    assert before.position == copy.position + 1
    venue.numbers[venue.origin] -= 1
    venue.price(73)
    assert copy.state_hash() != 0 and copy.loans(copy.margin_account(ALICE)) == before.loans(before.margin_account(ALICE))


@pytest.mark.parametrize(
    ("spoil", "invariant"),
    [
        (lambda margin, account: setattr(margin.assets[QUOTE], "lent", margin.assets[QUOTE].lent + 1), "POOLS_ADD_UP"),
        (lambda margin, account: setattr(margin.assets[QUOTE], "borrowed", margin.assets[QUOTE].borrowed + 1), "POOLS_ADD_UP"),
        (lambda margin, account: margin.lenders.put((CAROL, QUOTE), 1), "POOLS_ADD_UP"),
        (lambda margin, account: setattr(margin.loans[account, QUOTE], "interest", -1), "LOANS_OWNED"),
        (lambda margin, account: setattr(margin.loans[account, QUOTE], "index", 10**9), "LOANS_OWNED"),
        (lambda margin, account: margin.by_owner.clear(), "MARGIN_INDEX"),
        (lambda margin, account: setattr(margin.accounts[account], "due_ns", 0), "WATCHES_COMPLETE"),
        (lambda margin, account: setattr(margin.accounts[account], "state", MarginState.LIQUIDATING), "WATCHES_COMPLETE"),
        (lambda margin, account: setattr(margin.fee_account(ALICE), "today", -1), "VOLUMES_BOUNDED"),
    ],
)
def test_each_invariant_broken_on_purpose_is_named(spoil, invariant):
    venue = free_venue(OracleMachine)
    account = leveraged(venue)
    spoil(venue.machine._state.margin, account)
    assert venue.machine.validate().startswith(invariant + ":")


def test_the_hash_differs_when_any_row_of_margin_differs():
    venue = free_venue(OracleMachine)
    leveraged(venue)
    venue.done(make.admin(Kind.SET_TIER, tier=1, value=5), make.admin(Kind.SET_DISCOUNT, asset=BASE, value=5))
    seen = {venue.machine.state_hash()}
    for table in venue.machine._state.margin.tables:
        assert table, "every table has a row"
        key, row = next(iter(table.items()))
        table.drop(key)
        seen.add(venue.machine.state_hash())
        table.put(key, row)
    assert len(seen) == 1 + len(venue.machine._state.margin.tables)


@margin_machines
def test_money_is_neither_made_nor_lost(make_machine):
    venue = MarginVenue(make_machine, terms={"base_rate": RATE_MAX // 2, "reserve_ppm": 100_000})
    rng = random.Random(7)
    accounts = [venue.fund_margin(owner, quote=5_000, base=50) for owner in (ALICE, BOB)]
    for _ in range(60):
        account, asset = rng.choice(accounts), rng.choice((BASE, QUOTE))
        venue.send(venue.loan(rng.choice((Kind.BORROW, Kind.REPAY)), account, asset, rng.randint(1, 3_000)))
        venue.send(venue.loan(rng.choice((Kind.LEND, Kind.REDEEM)), CAROL, asset, rng.randint(1, 3_000)))
        venue.price(rng.randint(70, 130), time_ns=venue.time_ns + HOUR_NS // 2)
        assert venue.machine.validate() == ""
        for asset in (BASE, QUOTE):
            pool = venue.machine.pool(asset)
            assert pool.lent == pool.borrowed + pool.free == pool.borrowed + venue.machine.balance(HOUSE_LENDING, asset)[0]


@margin_machines
def test_a_refused_loan_tells_its_command(make_machine):
    venue = MarginVenue(make_machine)
    account = venue.open_margin(ALICE)
    told = venue.send(venue.loan(Kind.BORROW, account, QUOTE, 7)).events.view(TRANSFER_EVENT)
    assert told[["kind", "code", "debit", "asset", "amount"]].tolist() == [
        (EventKind.TRANSFER_REJECTED, Code.LEVEL_TOO_LOW, account, QUOTE, 7)
    ]
    assert account > FIRST_CUSTOMER
