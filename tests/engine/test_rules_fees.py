"""docs/MARGIN.md section 8 by examples, on both machines: tiers by volume, rebates, the discount asset, halves in auctions."""

import pytest

from engine import commands as make
from engine.types import (
    AMOUNT_MAX,
    HOUSE_FEES,
    PPM,
    TIER_AUTOMATIC,
    Code,
    EventFlag,
    EventKind,
    Kind,
    OrderType,
    Side,
    SymbolStatus,
)
from tests.engine.machines import ALICE, BASE, BOB, CAROL, ORIGINS, QUOTE, SYMBOL, Venue
from tests.engine.margin_venue import DAY_NS, MIDNIGHT_NS, MarginVenue, margin_machines

NATIVE = 3  # a third asset, in which fees may be paid


def trades(applied) -> list[tuple[int, int, int]]:
    """(fee, counter_fee, flags) of each TRADE."""
    events = applied.events[applied.events["kind"] == EventKind.TRADE]
    return events[["fee", "counter_fee", "flags"]].tolist()


def rates(tier: int, maker_ppm: int, taker_ppm: int):
    return make.admin(Kind.SET_FEES, symbol=SYMBOL, tier=tier, maker_ppm=maker_ppm, taker_ppm=taker_ppm)


def trade(venue: MarginVenue, lots: int = 10, price: int = 100, taker: int = ALICE, maker: int = BOB, time_ns: int = 0) -> list:
    """`taker` buys from `maker`; both have the means."""
    venue.done(venue.deposit(maker, BASE, lots), venue.deposit(taker, QUOTE, lots * price))
    venue.done(venue.offer(maker, Side.SELL, price, lots), time_ns=time_ns)
    return trades(venue.done(venue.offer(taker, Side.BUY, price, lots)))


# ---------------------------------------------------------------- the documented commissions


def listed(make_machine, taker_ppm: int, discount_ppm: int, native: int, is_on: bool = True) -> MarginVenue:
    """A market of 0.01 by 0.00001 and a native asset worth 260, all assets with 8 decimals; ALICE has `native` of it."""
    listing = {"value": 1_000, "value2": 10, "max_price_ticks": 10**7, "min_notional": 0, "taker_ppm": taker_ppm}
    venue = MarginVenue(make_machine, 35_000 * 10**8, 0, 10**16, listing=listing, price_scale=8)
    venue.done(make.admin(Kind.ADD_ASSET, name=b"NATIVE", scale=8))
    venue.list_asset(NATIVE, scale=8)
    venue.price(260 * 10**8, NATIVE)
    venue.done(make.admin(Kind.SET_DISCOUNT, asset=NATIVE, value=discount_ppm), make.set_account_discount(ALICE, is_on))
    if native:
        venue.done(venue.deposit(ALICE, NATIVE, native))
    return venue


def sell(venue: MarginVenue) -> tuple[int, int]:
    """0.49975 at 35,000, 17,491.25 in all, at market; (fee, flags)."""
    venue.done(venue.offer(BOB, Side.BUY, 3_500_000, 49_975))
    sold = venue.done(make.place(ALICE, SYMBOL, Side.SELL, OrderType.MARKET, quantity_lots=49_975))
    ((fee, _, flags),) = trades(sold)
    return fee, flags


@margin_machines
def test_commission_document_special_commission_is_taken_from_what_is_received(make_machine):
    """17,491.25 at 0.06 are 1,049.475."""
    venue = listed(make_machine, 60_000, 0, native=0)
    before = venue.machine.balance(ALICE, QUOTE)[0]
    assert sell(venue) == (104_947_500_000, 0)
    assert venue.machine.balance(ALICE, QUOTE)[0] - before == 1_749_125_000_000 - 104_947_500_000


@margin_machines
def test_commission_document_special_commission_in_the_native_asset(make_machine):
    """1,049.475 at 260 are 4.036442308, rounded up."""
    venue = listed(make_machine, 60_000, 0, native=10**9)
    assert sell(venue) == (403_644_231, EventFlag.FEE_DISCOUNTED)
    assert venue.machine.balance(ALICE, NATIVE) == (10**9 - 403_644_231, 0)
    assert venue.machine.balance(HOUSE_FEES, NATIVE) == (403_644_231, 0) and venue.machine.balance(HOUSE_FEES, QUOTE) == (0, 0)


@margin_machines
def test_commission_document_standard_commission_is_reduced_by_the_discount(make_machine):
    """At ten times the document's rate of 0.0000006: 0.1049475, of which a quarter is paid, at 260: 0.00010091, rounded up."""
    assert sell(listed(make_machine, 6, 750_000, native=10**6)) == (10_092, EventFlag.FEE_DISCOUNTED)


@margin_machines
def test_commission_document_without_enough_of_the_native_asset_the_whole_commission_is_taken(make_machine):
    assert sell(listed(make_machine, 6, 750_000, native=10_091)) == (10_494_750, 0)
    assert sell(listed(make_machine, 6, 750_000, native=10**6, is_on=False)) == (10_494_750, 0)


# ---------------------------------------------------------------- discount


def with_discount(make_machine, asset: int = BASE, ppm: int = 250_000, **rates_ppm: int) -> MarginVenue:
    venue = MarginVenue(make_machine, funds=100, listing={"maker_ppm": 0, "taker_ppm": 0} | rates_ppm)
    venue.done(make.admin(Kind.SET_DISCOUNT, asset=asset, value=ppm))
    return venue


@margin_machines
def test_a_fee_in_the_asset_received_is_discounted_in_it(make_machine):
    venue = with_discount(make_machine, BASE, taker_ppm=100_000)
    venue.done(make.set_account_discount(ALICE, True))
    assert trade(venue, lots=10) == [(1, 0, EventFlag.FEE_DISCOUNTED)]  # 1 less a quarter, rounded up
    assert trade(venue, lots=100) == [(8, 0, EventFlag.FEE_DISCOUNTED)]
    assert venue.machine.balance(HOUSE_FEES, BASE) == (9, 0)


@margin_machines
def test_each_side_has_its_own_discount(make_machine):
    venue = with_discount(make_machine, BASE, maker_ppm=10_000, taker_ppm=50_000)
    venue.done(make.set_account_discount(ALICE, True), make.set_account_discount(BOB, True), venue.deposit(BOB, BASE, 1))
    # taker: three quarters of 5 base; maker: three quarters of 100 quote, at 100: 0.75 base, rounded up
    assert trade(venue, lots=100) == [(4, 1, EventFlag.FEE_DISCOUNTED | EventFlag.COUNTER_FEE_DISCOUNTED)]
    venue.done(make.set_account_discount(ALICE, False), venue.move(BOB, CAROL, BASE, venue.machine.balance(BOB, BASE)[0]))
    assert trade(venue, lots=100) == [(5, 100, 0)]  # the maker has no base but what it sold


@margin_machines
def test_no_discount_at_a_frozen_index(make_machine):
    venue = with_discount(make_machine, BASE, maker_ppm=100_000)
    venue.done(make.set_account_discount(BOB, True), venue.deposit(BOB, BASE, 10))
    assert trade(venue, lots=40) == [(0, 3, EventFlag.COUNTER_FEE_DISCOUNTED)]  # three quarters of 400 quote, at 100
    venue.done(make.set_price(BASE, 2, 0))
    assert trade(venue, lots=40) == [(0, 400, 0)]


@margin_machines
def test_a_taker_pays_no_fee_in_what_its_order_pays_with(make_machine):
    """The rest of the order may need it: it was looked at before the order was accepted."""
    venue = with_discount(make_machine, QUOTE, taker_ppm=100_000)
    venue.done(make.set_account_discount(ALICE, True), venue.deposit(ALICE, QUOTE, 10_000))
    assert trade(venue, lots=40) == [(4, 0, 0)]


@margin_machines
def test_fees_of_a_conversion_are_never_discounted(make_machine):
    venue = with_discount(make_machine, QUOTE, taker_ppm=100_000)
    venue.done(make.set_account_discount(ALICE, True), make.set_account_discount(BOB, True), venue.deposit(ALICE, QUOTE, 10_000))
    venue.done(venue.deposit(BOB, BASE, 20), venue.offer(BOB, Side.SELL, 100, 20))
    bought = venue.done(make.convert(venue.fresh_id(), account=ALICE, asset=BASE, amount=9, most=10_000, symbol=SYMBOL))
    assert trades(bought) == [(1, 0, 0)]


@margin_machines
def test_the_switch_is_its_owners(make_machine):
    venue = with_discount(make_machine)
    assert venue.codes(make.set_account_discount(ALICE, True), origin=ORIGINS["trading"]) == [Code.OK]
    assert venue.machine.fee_account(ALICE).discount and venue.machine.discount() == (BASE, 250_000)
    venue.refused(make.set_account_discount(venue.open_margin(ALICE), True), Code.UNKNOWN_ACCOUNT)
    venue.refused(make.admin(Kind.SET_ACCOUNT_DISCOUNT, account=ALICE, value=2), Code.INVALID_ARGUMENT)
    venue.refused(make.admin(Kind.SET_DISCOUNT, asset=BASE, value=PPM + 1), Code.INVALID_ARGUMENT)
    venue.done(make.admin(Kind.SET_DISCOUNT))
    assert venue.machine.discount() == (0, 0)


# ---------------------------------------------------------------- rebates


@margin_machines
def test_a_rebate_is_rounded_down_and_paid_by_the_house(make_machine):
    venue = MarginVenue(make_machine, funds=0)
    venue.done(rates(0, -1_500, 2_000))
    assert trade(venue, lots=10) == [(1, -1, 0)]  # 0.2 per cent of 10 up, 0.15 per cent of 1,000 down
    assert venue.machine.balance(HOUSE_FEES, QUOTE) == (-1, 0) and venue.machine.balance(BOB, QUOTE) == (1_001, 0)
    venue.refused(venue.move(HOUSE_FEES, BOB, QUOTE, 1), Code.INSUFFICIENT_AVAILABLE)
    venue.done(venue.move(HOUSE_FEES, BOB, BASE, 1))
    assert trade(venue, lots=6) == [(1, 0, 0)]  # 0.9 is nothing


@margin_machines
def test_a_rebate_never_makes_a_balance_too_large(make_machine):
    venue = MarginVenue(make_machine, lent=0, funds=0)
    venue.done(rates(0, -PPM, 0), venue.deposit(BOB, QUOTE, AMOUNT_MAX - 150 - 1_000))
    assert trade(venue, lots=10) == [(0, -150, 0)]
    assert venue.machine.balance(BOB, QUOTE) == (AMOUNT_MAX, 0)


@margin_machines
def test_rates_have_bounds(make_machine):
    venue = MarginVenue(make_machine, funds=0)
    for maker_ppm, taker_ppm in ((-PPM - 1, 0), (PPM + 1, 0), (0, -1), (0, PPM + 1), (-(2**31), 0), (2**31 - 1, 0)):
        venue.refused(rates(0, maker_ppm, taker_ppm), Code.INVALID_ARGUMENT)
    before = Venue(make_machine)
    assert before.codes(rates(0, -1, 0)) == [Code.INVALID_ARGUMENT]  # rebates came with version 3


@margin_machines
def test_F7_in_an_auction_each_side_pays_half(make_machine):
    venue = MarginVenue(make_machine, funds=10_000)
    venue.done(rates(0, 10_000, 50_000), venue.deposit(BOB, BASE, 100))
    venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.AUCTION))
    venue.done(venue.offer(BOB, Side.SELL, 100, 100), venue.offer(ALICE, Side.BUY, 100, 100))
    told = venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.TRADING))
    assert trades(told) == [(3, 300, EventFlag.AUCTION)]  # (1 + 5) / 2 per cent of 100 and of 10,000
    venue.done(rates(0, -50_000, 10_000))
    venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.AUCTION))
    venue.done(venue.deposit(BOB, BASE, 100), venue.deposit(ALICE, QUOTE, 10_000))
    venue.done(venue.offer(BOB, Side.SELL, 100, 100), venue.offer(ALICE, Side.BUY, 100, 100))
    told = venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.TRADING))
    assert trades(told) == [(-2, -200, EventFlag.AUCTION)]


# ---------------------------------------------------------------- tiers by volume


def tiered(make_machine) -> MarginVenue:
    """1,000 ppm, from 1,000 of volume on 500, from 5,000 on 100; it is midnight."""
    venue = MarginVenue(make_machine, funds=0)
    venue.done(make.admin(Kind.TICK), time_ns=MIDNIGHT_NS)
    for tier, (volume, ppm) in enumerate(((0, 100_000), (1_000, 50_000), (5_000, 10_000))):
        venue.done(rates(tier, ppm, ppm))
        if volume:
            venue.done(make.admin(Kind.SET_TIER, tier=tier, value=volume))
    return venue


@margin_machines
def test_F7_the_tier_follows_the_volume_of_thirty_whole_days(make_machine):
    venue = tiered(make_machine)
    assert venue.machine.fee_tiers() == {1: 1_000, 2: 5_000}
    assert trade(venue) == [(1, 100, 0)] and trade(venue) == [(1, 100, 0)]  # today's volume counts from tomorrow on
    assert venue.machine.fee_account(ALICE)[3:] == (0, 0, 2_000)
    venue.done(make.admin(Kind.TICK), time_ns=MIDNIGHT_NS + DAY_NS)
    assert venue.machine.fee_account(ALICE)[3:] == (1, 2_000, 0)
    assert trade(venue, lots=40) == [(2, 200, 0)]
    venue.done(make.admin(Kind.TICK), time_ns=MIDNIGHT_NS + 2 * DAY_NS)
    assert trade(venue, lots=100) == [(1, 100, 0)]  # 6,000 in two days
    assert venue.machine.fee_account(BOB)[3:] == (2, 6_000, 10_000)
    for day, tier, volume in ((30, 2, 16_000), (31, 2, 14_000), (32, 2, 10_000), (33, 0, 0)):
        venue.done(make.admin(Kind.TICK), time_ns=MIDNIGHT_NS + day * DAY_NS)
        assert venue.machine.fee_account(ALICE)[3:] == (tier, volume, 0), day
    assert trade(venue) == [(1, 100, 0)]


@margin_machines
def test_a_tier_that_is_set_is_pinned_until_it_is_automatic_again(make_machine):
    venue = tiered(make_machine)
    venue.done(make.admin(Kind.SET_ACCOUNT_TIER, account=ALICE, tier=2))
    assert trade(venue, lots=100) == [(1, 1_000, 0)]
    venue.done(make.admin(Kind.TICK), time_ns=MIDNIGHT_NS + DAY_NS)
    assert trade(venue, lots=10)[0][0] == 1 and venue.machine.account(ALICE).tier == 2
    assert venue.machine.fee_account(ALICE).pinned
    venue.done(make.admin(Kind.TICK), time_ns=MIDNIGHT_NS + 40 * DAY_NS)
    assert trade(venue, lots=100)[0][0] == 1
    venue.done(make.admin(Kind.SET_ACCOUNT_TIER, account=ALICE, tier=TIER_AUTOMATIC))
    assert venue.machine.account(ALICE).tier == 0 and not venue.machine.fee_account(ALICE).pinned
    assert trade(venue, lots=100)[0][0] == 10
    venue.refused(make.admin(Kind.SET_ACCOUNT_TIER, account=ALICE, tier=32), Code.INVALID_ARGUMENT)
    venue.refused(make.admin(Kind.SET_TIER, tier=0, value=1), Code.INVALID_ARGUMENT)


@margin_machines
def test_a_margin_account_trades_at_its_owners_tier(make_machine):
    venue = tiered(make_machine)
    account = venue.fund_margin(ALICE, quote=100_000)
    venue.done(venue.deposit(CAROL, BASE, 60), venue.offer(CAROL, Side.SELL, 100, 60), venue.offer(account, Side.BUY, 100, 60))
    venue.refused(make.admin(Kind.SET_ACCOUNT_TIER, account=account, tier=1), Code.UNKNOWN_ACCOUNT)
    assert venue.machine.fee_account(account) == venue.machine.fee_account(ALICE) == (ALICE, False, False, 0, 0, 6_000)
    venue.done(make.admin(Kind.TICK), time_ns=MIDNIGHT_NS + DAY_NS)
    assert trade(venue, lots=100, maker=CAROL) == [(1, 100, 0)]


@margin_machines
def test_a_conversion_counts_with_the_tier_of_its_day(make_machine):
    venue = tiered(make_machine)
    trade(venue, lots=60)
    venue.done(venue.deposit(BOB, BASE, 200), venue.offer(BOB, Side.SELL, 100, 200), venue.deposit(ALICE, QUOTE, 20_000))
    assert venue.machine.conversion(ALICE, BASE, 90, SYMBOL).cost == 10_000
    venue.done(make.admin(Kind.TICK), time_ns=MIDNIGHT_NS + DAY_NS)
    assert venue.machine.conversion(ALICE, BASE, 99, SYMBOL).cost == 10_000
    bought = venue.done(make.convert(venue.fresh_id(), account=ALICE, asset=BASE, amount=99, most=10_000, symbol=SYMBOL))
    assert trades(bought) == [(1, 100, 0)]


@pytest.mark.parametrize("value", [-1, AMOUNT_MAX + 1, 2**63 - 1, -(2**63)])
@margin_machines
def test_thresholds_have_bounds(make_machine, value):
    venue = MarginVenue(make_machine, funds=0)
    venue.refused(make.admin(Kind.SET_TIER, tier=1, value=value), Code.INVALID_ARGUMENT)
    assert venue.codes(make.admin(Kind.SET_TIER, tier=1, value=1), origin=ORIGINS["trading"]) == [Code.NOT_PERMITTED]
