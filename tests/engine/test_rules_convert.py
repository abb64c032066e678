"""CONVERT, rule by rule (docs/CORE.md section 4), in both machines: what it buys, what it pays, and what a chain around it does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import commands as make
from engine.kernels.buffers import EventBuffer
from engine.kernels.state import EVENTS_MAX
from engine.machine import Machine
from engine.types import (
    ADMIN_EVENT,
    AMOUNT_MAX,
    HOUSE_ESCROW,
    HOUSE_FEES,
    PPM,
    RULES_FIRST,
    RULES_VERSION,
    STEPS_MAX,
    TRANSFER_EVENT,
    TRANSFER_ID_AHEAD_NS,
    TRANSFER_ID_WINDOW_NS,
    AccountStatus,
    Code,
    EventKind,
    Kind,
    OrderStatus,
    OrderType,
    Side,
    Stp,
    SymbolStatus,
    TransferFlag,
)
from engine.views import ConversionView
from tests.engine.machines import ALICE, BASE, BOB, CAROL, LISTING, ORIGINS, QUOTE, SYMBOL, Venue, both_machines, capacity_with
from tests.engine.test_rules_ladders import walk

COIN = 3
VIA, TWIN, CROSS = 2, 3, 4  # COIN for QUOTE; BASE for QUOTE once more; COIN for BASE
FUNDS = 10**6


class Markets(Venue):
    """Three assets, of which everyone has FUNDS, and four markets between them; rules that know CONVERT. `listing` is of SYMBOL and VIA."""

    def __init__(self, make_machine, funds: int = FUNDS, **listing) -> None:
        capacity = listing.pop("capacity", None)
        super().__init__(make_machine, funds, **({"capacity": capacity} if capacity else {}), **listing)
        self.done(
            make.admin(Kind.SET_RULES, value=RULES_VERSION), make.admin(Kind.ADD_ASSET, name=b"COIN", scale=8),
            make.admin(Kind.ADD_SYMBOL, **LISTING | listing | {"name": b"VIA", "base": COIN}),
            make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"TWIN"}),
            make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"CROSS", "base": COIN, "quote": BASE}),
        )  # fmt: skip
        if funds:
            self.done(*(self.deposit(account, COIN, funds) for account in (ALICE, BOB, CAROL)))

    def rest(self, account: int, side: int, price_ticks: int, lots: int, symbol: int = SYMBOL) -> int:
        """An order in the book; returns its id."""
        return int(self.done(make.place(account, symbol, side, price_ticks=price_ticks, quantity_lots=lots)).events["order_id"][0])

    def convert(self, amount: int, asset: int = BASE, *, account: int = ALICE, most: int = AMOUNT_MAX, symbol: int = SYMBOL, **fields):
        return make.convert(self.fresh_id(), account=account, asset=asset, amount=amount, most=most, symbol=symbol, **fields)

    def move(self, debit: int, credit: int, asset: int, amount: int, kind: Kind = Kind.TRANSFER) -> np.ndarray:
        return make.transfer(kind, self.fresh_id(), debit=debit, credit=credit, asset=asset, amount=amount)

    def available(self, account: int, asset: int) -> int:
        return self.machine.balance(account, asset)[0]

    def totals(self, account: int) -> dict[int, int]:
        return {asset: sum(self.machine.balance(account, asset)) for asset in (BASE, QUOTE, COIN)}

    def market(self) -> list:
        """All that can be seen of the markets and of everyone's money."""
        books = [self.machine.depth(symbol, side, 100).tolist() for symbol in (SYMBOL, VIA, TWIN, CROSS) for side in Side]
        orders = [self.machine.open_orders(account) for account in (ALICE, BOB, CAROL)]
        money = [self.machine.balances(account) for account in (HOUSE_FEES, HOUSE_ESCROW, ALICE, BOB, CAROL)]
        return [books, orders, money, self.machine.symbols()]


def linked(*commands: np.ndarray) -> list[np.ndarray]:
    for command in commands[:-1]:
        command["flags"] = TransferFlag.LINKED
    return list(commands)


def named(codes) -> list[str]:
    return [Code(code).name for code in codes]


def converted(applied) -> np.void:
    """The one CONVERTED event of a frame."""
    events = applied.events[applied.events["kind"] == EventKind.CONVERTED].view(TRANSFER_EVENT)
    assert len(events) == 1
    return events[0]


# ---------------------------------------------------------------- the version of the rules


@both_machines
def test_under_the_first_rules_convert_is_an_unknown_kind_and_no_member_of_a_chain(make_machine):
    venue = Venue(make_machine)
    assert venue.machine.rules_version == RULES_FIRST
    convert = make.convert(venue.fresh_id(), account=ALICE, asset=BASE, amount=1, most=1, symbol=SYMBOL)
    payment = make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=ALICE, credit=BOB, asset=QUOTE, amount=1, flags=TransferFlag.LINKED)
    for origin in ("clock", "ledger"):  # before the question whether it is permitted
        applied = venue.send(convert, origin=ORIGINS[origin])
        event = applied.events.view(ADMIN_EVENT)[0]
        assert applied.codes.tolist() == [Code.UNKNOWN_KIND] and event["kind"] == EventKind.ADMIN_REJECTED
        assert event["command"] == Kind.CONVERT and not any(event[name] for name in ("account", "key", "symbol", "asset", "value"))
    assert named(venue.codes(payment, convert)) == ["LINKED_CHAIN_OPEN", "UNKNOWN_KIND"]

    # The rules in force are those at the command, not those at the frame's beginning.
    venue.done(make.place(BOB, SYMBOL, Side.SELL, price_ticks=1, quantity_lots=1))
    newest = make.admin(Kind.SET_RULES, value=RULES_VERSION)
    assert named(venue.codes(payment, convert, newest, payment, convert)) == ["LINKED_CHAIN_OPEN", "UNKNOWN_KIND", "OK", "OK", "OK"]


@both_machines
def test_rules_only_rise_and_a_snapshot_keeps_them(make_machine):
    venue = Venue(make_machine)
    first, newest = (make.admin(Kind.SET_RULES, value=version) for version in (RULES_FIRST, RULES_VERSION))
    assert named(venue.codes(first, newest, newest, first)) == ["OK", "OK", "OK", "INVALID_ARGUMENT"]
    assert venue.machine.rules_version == RULES_VERSION
    assert type(venue.machine).restore(venue.machine.snapshot()).rules_version == RULES_VERSION
    assert make_machine().rules_version == RULES_FIRST


# ---------------------------------------------------------------- the ladder

LADDER = """
START                       origin=trading valid_until_ns=1 id=zero debit=gateway asset=9 amount=0 most=0 credit=bob timeout_ns=1
START                       symbol=2 via_symbol=9
NOT_PERMITTED               origin=ledger
STALE                       valid_until_ns=0
INVALID_TRANSFER_ID         id=future
ID_IN_FUTURE                id=old
ID_TOO_OLD                  id=failed
ID_ALREADY_FAILED           id=known
EXISTS_WITH_DIFFERENT_KIND  id=forgotten
ID_TOO_OLD                  id=fresh
UNKNOWN_ASSET               asset=base
UNKNOWN_ACCOUNT             debit=99
UNKNOWN_ACCOUNT             debit=alice
INVALID_AMOUNT              amount=4611686018427387904
INVALID_AMOUNT              amount=200
INVALID_AMOUNT              most=4611686018427387904
INVALID_AMOUNT              most=1
PATH_INVALID                credit=0
PATH_INVALID                timeout_ns=0
PATH_INVALID                symbol=9
PATH_INVALID                symbol=1
PATH_INVALID                via_symbol=-1
PATH_INVALID                via_symbol=1
PATH_INVALID                via_symbol=4
PATH_INVALID                via_symbol=3
PATH_INVALID                via_symbol=2
ACCOUNT_FROZEN              do=thaw
MARKET_CLOSED               do=open_symbol
MARKET_CLOSED               do=open_via
NO_LIQUIDITY                do=offer
MARKET_LOT_SIZE             amount=4
NOTIONAL                    amount=6
NO_LIQUIDITY                do=bid
LIMIT_EXCEEDED              most=3
LIMIT_EXCEEDED              most=4
INSUFFICIENT_AVAILABLE      do=fund
OK
"""


@both_machines
def test_convert_ladder(make_machine):
    """One offer of 2 a lot, one bid of 3 a coin: 6 lots cost 12, which 4 coins bring."""
    venue = Markets(make_machine, capacity=capacity_with(TRANSFER_IDS=16), max_market_lots=100, min_notional=10)
    ids = {"forgotten": (venue.time_ns - 1000, 10**6)}  # as old as the deposits, which sixteen transfers push out of the ring
    venue.done(venue.move(ALICE, BOB, COIN, FUNDS - 3), *(venue.move(BOB, CAROL, QUOTE, 1) for _ in range(15)))
    ids |= {name: venue.fresh_id() for name in ("known", "failed")}
    ids |= {"zero": (0, 1), "future": (venue.time_ns + TRANSFER_ID_AHEAD_NS + 10**9, 1)}
    ids["old"] = (venue.time_ns - TRANSFER_ID_WINDOW_NS - 1, 1)
    venue.done(make.transfer(Kind.TRANSFER, ids["known"], debit=ALICE, credit=BOB, asset=QUOTE, amount=1))
    assert named(venue.codes(make.transfer(Kind.TRANSFER, ids["failed"], debit=4, credit=4, asset=QUOTE, amount=1))) == ["SAME_ACCOUNT"]
    venue.done(
        make.admin(Kind.SET_ACCOUNT_STATUS, account=ALICE, status=AccountStatus.FROZEN),
        *(make.admin(Kind.SET_SYMBOL_STATUS, symbol=symbol, status=SymbolStatus.CANCEL_ONLY) for symbol in (SYMBOL, VIA)),
    )

    def command(fields: dict) -> np.ndarray:
        fields = dict(fields)
        name, account, credit, timeout_ns = (fields.pop(field) for field in ("id", "debit", "credit", "timeout_ns"))
        convert = make.convert(venue.fresh_id() if name == "fresh" else ids[name], account=account, **fields)
        convert["credit"], convert["timeout_ns"] = credit, timeout_ns
        return convert

    steps = {
        "thaw": lambda: venue.done(make.admin(Kind.SET_ACCOUNT_STATUS, account=ALICE, status=AccountStatus.ACTIVE)),
        "open_symbol": lambda: venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.TRADING)),
        "open_via": lambda: venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=VIA, status=SymbolStatus.TRADING)),
        "offer": lambda: venue.rest(BOB, Side.SELL, 2, 300),
        "bid": lambda: venue.rest(BOB, Side.BUY, 3, 300, VIA),
        "fund": lambda: venue.done(venue.move(BOB, ALICE, COIN, 1)),
    }
    walk(venue, LADDER, command, steps)
    assert venue.available(ALICE, BASE) == FUNDS + 6 and venue.available(ALICE, COIN) == 0


@both_machines
def test_the_second_market_is_held_to_its_own_filters(make_machine):
    venue = Markets(make_machine)
    venue.rest(BOB, Side.SELL, 10, 100)
    for price, filters, code in ((1, {"max_market_lots": 9}, "MARKET_LOT_SIZE"), (1, {"min_notional": 11}, "NOTIONAL"), (1, {}, "OK")):
        symbol = venue.machine.symbols()[-1].symbol + 1
        venue.done(make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"V%d" % symbol, "base": COIN} | filters))
        venue.rest(CAROL, Side.BUY, price, 1000, symbol)
        assert named(venue.codes(venue.convert(1, via_symbol=symbol))) == [code]


@both_machines
def test_markets_that_overlap_are_found_after_the_path_and_before_the_account(make_machine):
    venue = Markets(make_machine)
    for symbol in (SYMBOL, VIA, TWIN, CROSS):
        venue.rest(BOB, Side.SELL, 2, 50, symbol)
        venue.rest(BOB, Side.BUY, 1, 50, symbol)
    direct, by_coin = {"symbol": SYMBOL}, {"symbol": SYMBOL, "via_symbol": VIA}
    twin, twin_by_coin, coins = {"symbol": TWIN}, {"symbol": TWIN, "via_symbol": VIA}, {"symbol": VIA, "asset": COIN}
    meet = [(direct, direct), (direct, by_coin), (by_coin, direct), (by_coin, twin_by_coin), (by_coin, coins), (coins, by_coin)]
    pass_by = [(direct, twin), (by_coin, twin), (coins, direct), (direct, twin_by_coin)]
    before = venue.market()
    for first, second in meet:
        assert named(venue.codes(*linked(venue.convert(1, **first), venue.convert(1, **second)))) == ["LINKED_FAILED", "PATH_OVERLAP"]
    assert venue.market() == before
    for first, second in pass_by:
        venue.done(*linked(venue.convert(1, **first), venue.move(ALICE, BOB, BASE, 1), venue.convert(1, **second)))
    venue.done(venue.convert(1), venue.convert(1))  # apart they may meet
    venue.done(make.admin(Kind.SET_ACCOUNT_STATUS, account=ALICE, status=AccountStatus.FROZEN))
    for symbol, code in ((99, "PATH_INVALID"), (SYMBOL, "PATH_OVERLAP"), (TWIN, "ACCOUNT_FROZEN")):
        chain = linked(venue.convert(1, account=CAROL), venue.convert(1, symbol=symbol))
        assert named(venue.codes(*chain)) == ["LINKED_FAILED", code]


@both_machines
def test_a_convert_is_known_again_by_all_its_fields(make_machine):
    venue = Markets(make_machine)
    venue.rest(BOB, Side.SELL, 2, 50)
    convert = venue.convert(5, most=10, reason=3, user=(4, 5))
    assert named(venue.codes(convert, convert)) == ["OK", "EXISTS"]
    differences = {
        "debit": "DEBIT", "credit": "CREDIT", "asset": "ASSET", "amount": "AMOUNT", "symbol": "PENDING_ID", "via_symbol": "PENDING_ID",
        "most": "PENDING_ID", "timeout_ns": "TIMEOUT", "reason": "REASON", "user_hi": "USER_DATA", "user_lo": "USER_DATA",
    }  # fmt: skip
    for field, difference in differences.items():
        other = convert.copy()
        other[field] += 1
        assert named(venue.codes(other)) == [f"EXISTS_WITH_DIFFERENT_{difference}"], field
    as_hold = make.transfer(Kind.HOLD, (int(convert["id_hi"][0]), int(convert["id_lo"][0])))
    assert named(venue.codes(as_hold)) == ["EXISTS_WITH_DIFFERENT_KIND"]
    failing = venue.convert(45, most=89)
    assert named(venue.codes(failing, failing)) == ["LIMIT_EXCEEDED", "ID_ALREADY_FAILED"]
    assert venue.available(ALICE, BASE) == FUNDS + 5


# ---------------------------------------------------------------- what it buys and what it pays


@both_machines
def test_what_is_owed_in_the_base_asset_is_bought(make_machine):
    venue = Markets(make_machine, taker_ppm=0, maker_ppm=0)
    venue.rest(BOB, Side.SELL, 11, 4)
    makers = [venue.rest(BOB, Side.SELL, 10, 3), venue.rest(CAROL, Side.SELL, 10, 3)]
    convert = venue.convert(5, most=50, reason=7, user=(8, 9))
    applied = venue.done(convert)
    new, *trades, told = applied.events
    assert applied.events["kind"].tolist() == [EventKind.NEW, EventKind.TRADE, EventKind.TRADE, EventKind.CONVERTED]
    assert len({*applied.events["time_ns"].tolist()}) == 1 and not applied.events["index"].any()
    as_placed = {
        "account": ALICE, "symbol": SYMBOL, "order_id": 4, "side": Side.BUY, "order_type": OrderType.MARKET, "time_in_force": 0,
        "stp": Stp.EXPIRE_MAKER, "price_ticks": 0, "quantity_lots": 5, "order_lots": 5, "status": OrderStatus.NEW, "flags": 0,
    }  # fmt: skip
    assert {field: int(new[field]) for field in as_placed} == as_placed
    assert [(int(trade["counter_order_id"]), int(trade["quantity_lots"])) for trade in trades] == [(makers[0], 3), (makers[1], 2)]
    assert [int(trade["status"]) for trade in trades] == [OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED]
    told = applied.events[-1:].view(TRANSFER_EVENT)[0]
    expected = {
        "debit": ALICE, "credit": 0, "asset": BASE, "amount": 5, "released": 50, "expires_ns": 0, "code": 0, "reason": 7, "user_hi": 8,
        "user_lo": 9, "id_hi": int(convert["id_hi"][0]), "id_lo": int(convert["id_lo"][0]), "pending_hi": SYMBOL, "pending_lo": 50,
        "debit_available": FUNDS + 5, "debit_held": 0, "credit_available": FUNDS - 50, "credit_held": 0,
    }  # fmt: skip
    assert {field: int(told[field]) for field in expected} == expected
    assert venue.rest(ALICE, Side.BUY, 1, 1) == 5  # the conversion took one order id
    assert venue.machine.symbol(SYMBOL).last_trade_id == 2 and venue.machine.symbol(SYMBOL).last_price_ticks == 10


@both_machines
def test_what_is_owed_in_the_quote_asset_is_sold_for(make_machine):
    """17 quote units at 10, then 3 a lot: one lot, then three of which two units stay the payer's."""
    venue = Markets(make_machine)
    venue.rest(BOB, Side.BUY, 3, 5)
    venue.rest(CAROL, Side.BUY, 10, 1)
    told = converted(venue.done(venue.convert(17, QUOTE, most=4)))
    assert (told["released"], told["debit_available"], told["credit_available"]) == (4, FUNDS + 19, FUNDS - 4)
    assert venue.machine.depth(SYMBOL, Side.BUY, 9).tolist() == [[3, 2]]


@both_machines
def test_by_way_of_another_market_the_cost_of_the_first_is_bought_first(make_machine):
    """10 lots cost 70; 70 quote units are 18 coins at 4, whose 2 units too many stay the payer's in the asset between."""
    venue = Markets(make_machine)
    venue.rest(BOB, Side.SELL, 7, 100)
    venue.rest(CAROL, Side.BUY, 4, 100, VIA)
    applied = venue.done(venue.convert(10, via_symbol=VIA, most=18))
    orders = applied.events[applied.events["kind"] == EventKind.NEW]
    assert orders[["symbol", "order_id", "side", "order_lots"]].tolist() == [(VIA, 3, Side.SELL, 18), (SYMBOL, 4, Side.BUY, 10)]
    told = converted(applied)
    assert (told["released"], told["pending_hi"], told["pending_lo"]) == (18, VIA << 32 | SYMBOL, 18)
    assert venue.totals(ALICE) == {BASE: FUNDS + 10, QUOTE: FUNDS + 2, COIN: FUNDS - 18}
    assert (told["debit_available"], told["credit_available"]) == (FUNDS + 10, FUNDS - 18)


@both_machines
def test_whoever_has_nothing_of_the_asset_between_can_convert_through_it(make_machine):
    venue = Markets(make_machine, funds=0)
    venue.done(venue.deposit(BOB, BASE, 100), venue.deposit(CAROL, QUOTE, 100), venue.deposit(ALICE, COIN, 100))
    venue.rest(BOB, Side.SELL, 1, 100)
    venue.rest(CAROL, Side.BUY, 1, 100, VIA)
    venue.done(venue.convert(100, via_symbol=VIA))
    assert venue.totals(ALICE) == {BASE: 100, QUOTE: 0, COIN: 0}


@both_machines
def test_the_fee_is_added_and_one_unit_more_than_a_lot_brings_takes_one_lot_more(make_machine):
    """A lot of 1000 base units leaves 999 at a fee of 0.1 %; one of 7 · 100 quote units leaves 698 at one of 0.25 %, two leave 1396."""
    venue = Markets(make_machine, funds=10**9, value=1000, value2=100, max_quantity_lots=10**4, max_market_lots=10**4, taker_ppm=1000)
    venue.rest(BOB, Side.SELL, 9, 1000)
    venue.rest(BOB, Side.BUY, 7, 1000)
    for amount, lots in ((1, 1), (998, 1), (999, 1), (1000, 2), (1998, 2), (1999, 3), (100_000 - 100, 100), (100_000 - 99, 101)):
        view = venue.machine.conversion(ALICE, BASE, amount, SYMBOL)
        assert view == ConversionView(Code.OK, lots * 900, lots * 999)
        before = venue.available(ALICE, BASE)
        venue.done(venue.convert(amount))
        assert venue.available(ALICE, BASE) - before == lots * 999
    venue.done(make.admin(Kind.SET_FEES, symbol=SYMBOL, tier=0, taker_ppm=2500, maker_ppm=0))
    for amount, lots in ((698, 1), (699, 2), (1396, 2), (1397, 3)):
        assert venue.machine.conversion(ALICE, QUOTE, amount, SYMBOL)[1] == lots * 1000
    venue.done(make.admin(Kind.SET_ACCOUNT_TIER, account=ALICE, tier=5))  # the payer's own tier counts: 0.1 % there
    assert venue.machine.conversion(ALICE, QUOTE, 699, SYMBOL) == ConversionView(Code.OK, 1000, 699)


@both_machines
def test_each_maker_s_fee_is_rounded_by_itself(make_machine):
    """At 50 % every lone lot of 3 units leaves 1, while two of one maker leave 3."""
    venue = Markets(make_machine, value=3, taker_ppm=500_000)
    for _ in range(2):
        venue.rest(BOB, Side.SELL, 1, 1)
    venue.rest(BOB, Side.SELL, 1, 2)
    assert venue.machine.conversion(ALICE, BASE, 2, SYMBOL) == ConversionView(Code.OK, 2, 2)
    assert venue.machine.conversion(ALICE, BASE, 3, SYMBOL) == ConversionView(Code.OK, 3, 3)
    assert venue.machine.conversion(ALICE, BASE, 5, SYMBOL) == ConversionView(Code.OK, 4, 5)
    assert venue.machine.conversion(ALICE, BASE, 6, SYMBOL) == ConversionView(Code.NO_LIQUIDITY, 0, 0)
    assert converted(venue.done(venue.convert(5)))["debit_available"] == FUNDS + 5


@both_machines
def test_where_the_fee_takes_all_there_is_nothing_to_buy(make_machine):
    venue = Markets(make_machine, taker_ppm=PPM)
    venue.rest(BOB, Side.SELL, 1, 100)
    assert named(venue.codes(venue.convert(1))) == ["NO_LIQUIDITY"]
    venue.done(make.admin(Kind.SET_FEES, symbol=SYMBOL, tier=0, taker_ppm=PPM - 1, maker_ppm=0))
    assert named(venue.codes(venue.convert(1))) == ["NO_LIQUIDITY"]  # of a hundred units not one is left


@both_machines
def test_the_payer_s_own_makers_are_passed_over_and_expire(make_machine):
    venue = Markets(make_machine)
    own = [venue.rest(ALICE, Side.SELL, 4, 30), venue.rest(ALICE, Side.SELL, 6, 30)]
    venue.rest(BOB, Side.SELL, 5, 10)
    venue.rest(BOB, Side.SELL, 7, 10)
    applied = venue.done(venue.convert(15))
    expired = applied.events[applied.events["kind"] == EventKind.EXPIRED]
    assert expired[["order_id", "code", "status"]].tolist() == [(own[0], Code.SELF_TRADE, OrderStatus.EXPIRED_IN_MATCH), (own[1], 322, 7)]
    assert converted(applied)["released"] == 5 * 10 + 7 * 5
    assert venue.balances(ALICE) == {BASE: (FUNDS + 15, 0), QUOTE: (FUNDS - 85, 0), COIN: (FUNDS, 0)}

    kept = venue.rest(ALICE, Side.SELL, 8, 1)
    venue.done(venue.convert(5))
    assert venue.machine.order(kept)  # behind the last maker that was needed


@both_machines
def test_order_limits_are_neither_checked_nor_counted(make_machine):
    venue = Markets(make_machine)
    venue.rest(BOB, Side.SELL, 1, 100)
    venue.done(make.admin(Kind.SET_ORDER_LIMITS, value=1, value2=1), venue.convert(1), venue.convert(1))
    assert venue.machine.account(ALICE).orders_day == 0
    order = make.place(ALICE, TWIN, Side.BUY, price_ticks=1, quantity_lots=1)
    assert named(venue.codes(order, order, venue.convert(1))) == ["OK", "TOO_MANY_ORDERS", "OK"]


@both_machines
def test_a_walk_takes_no_more_steps_than_a_match_may(make_machine):
    venue = Markets(make_machine)
    payers_own = make.place(ALICE, SYMBOL, Side.SELL, price_ticks=1, quantity_lots=1)
    others = [make.place(BOB, SYMBOL, Side.SELL, price_ticks=2 + at % 3, quantity_lots=1) for at in range(STEPS_MAX)]
    venue.done(payers_own, *others)
    assert named(venue.codes(venue.convert(STEPS_MAX), venue.convert(STEPS_MAX + 1))) == ["WORK_LIMIT", "WORK_LIMIT"]
    applied = venue.done(venue.convert(STEPS_MAX - 1))  # and one step for her own order
    assert np.count_nonzero(applied.events["kind"] == EventKind.TRADE) == STEPS_MAX - 1
    assert venue.machine.depth(SYMBOL, Side.SELL, 9).tolist() == [[4, 1]]


# ---------------------------------------------------------------- in chains


@both_machines
def test_what_is_bought_is_passed_on_all_or_nothing(make_machine):
    venue = Markets(make_machine, taker_ppm=1000, value=1000)
    venue.rest(BOB, Side.SELL, 3, 100)
    before = venue.market()

    def chain(paid_on: int) -> list[np.ndarray]:
        return linked(
            venue.move(CAROL, ALICE, QUOTE, 5),
            venue.convert(2000, most=9),
            venue.move(ALICE, CAROL, BASE, FUNDS + 1990),
            venue.move(ALICE, BOB, BASE, paid_on, Kind.HOLD),
        )

    # Three lots bring 2997: what is owed and 997 more. One unit beyond it cannot be passed on, and then nothing has happened.
    refused = chain(997 + 11)
    applied = venue.send(*refused)
    assert named(applied.codes) == ["LINKED_FAILED"] * 3 + ["INSUFFICIENT_AVAILABLE"]
    assert (applied.events["kind"] == EventKind.TRANSFER_REJECTED).all() and len(applied.events) == 4
    assert venue.market() == before and venue.machine.validate() == ""
    assert named(venue.codes(refused[3])) == ["ID_ALREADY_FAILED"]
    assert named(venue.codes(*refused)) == ["LINKED_FAILED"] * 3 + ["ID_ALREADY_FAILED"]
    done = [*refused[:3], chain(997 + 10)[3]]
    events = venue.done(*done).events
    assert events["index"].tolist() == [0, 1, 1, 1, 2, 3] and (np.diff(events["seq"]) == 1).all()
    assert events["kind"].tolist() == [
        EventKind.TRANSFERRED, EventKind.NEW, EventKind.TRADE, EventKind.CONVERTED, EventKind.TRANSFERRED, EventKind.HELD,
    ]  # fmt: skip
    assert venue.balances(ALICE)[BASE] == (0, 1007) and venue.available(ALICE, QUOTE) == FUNDS + 5 - 9

    # Sent once more it is answered as done, member by member, and buys nothing.
    book = venue.market()
    assert named(venue.codes(*done)) == ["EXISTS"] * 4
    assert venue.market() == book


@both_machines
def test_a_chain_that_fails_before_or_at_the_convert_does_nothing_and_only_the_failure_is_spent(make_machine):
    venue = Markets(make_machine)
    venue.rest(BOB, Side.SELL, 3, 10)
    payment, dear, cheap = venue.move(ALICE, BOB, QUOTE, FUNDS - 30), venue.convert(11), venue.convert(10)
    before = venue.market()
    assert named(venue.codes(*linked(payment, dear))) == ["LINKED_FAILED", "NO_LIQUIDITY"]
    assert venue.market() == before
    poor = linked(venue.move(ALICE, BOB, QUOTE, FUNDS - 29), venue.convert(10))
    assert named(venue.codes(*poor)) == ["LINKED_FAILED", "INSUFFICIENT_AVAILABLE"]
    venue.done(*linked(payment, cheap))
    assert venue.available(ALICE, QUOTE) == 0


@both_machines
def test_a_chain_may_not_count_on_what_its_trades_bring_to_others(make_machine):
    venue = Markets(make_machine, funds=0)
    venue.done(venue.deposit(BOB, BASE, 10), venue.deposit(ALICE, QUOTE, 50))
    venue.rest(BOB, Side.SELL, 5, 10)
    passes_on = venue.move(BOB, CAROL, QUOTE, 1)
    assert named(venue.codes(*linked(venue.convert(10), passes_on))) == ["LINKED_FAILED", "INSUFFICIENT_AVAILABLE"]
    assert venue.available(BOB, QUOTE) == 0
    venue.done(venue.convert(10), venue.move(BOB, CAROL, QUOTE, 50))


@both_machines
def test_two_payers_convert_in_one_chain_with_a_capture_between(make_machine):
    venue = Markets(make_machine)
    venue.rest(BOB, Side.SELL, 2, 10)
    venue.rest(ALICE, Side.SELL, 3, 10, TWIN)
    hold = venue.move(CAROL, ALICE, QUOTE, 100, Kind.HOLD)
    venue.done(hold)
    hold_id = int(hold["id_hi"][0]), int(hold["id_lo"][0])
    capture = make.transfer(Kind.CAPTURE, venue.fresh_id(), pending_id=hold_id, amount=60)
    applied = venue.done(*linked(venue.convert(10), capture, venue.convert(10, account=CAROL, symbol=TWIN)))
    assert venue.machine.pending(*hold_id) is None
    assert venue.totals(ALICE) == {BASE: FUNDS + 10 - 10, QUOTE: FUNDS - 20 + 60 + 30, COIN: FUNDS}
    assert venue.totals(CAROL) == {BASE: FUNDS + 10, QUOTE: FUNDS - 60 - 30, COIN: FUNDS}
    assert len(applied.events) == 3 + 1 + 3


@both_machines
def test_a_ring_smaller_than_the_chain_forgets_as_if_there_had_been_no_rehearsal(make_machine):
    venue = Markets(make_machine, funds=0, capacity=capacity_with(TRANSFER_IDS=2))
    for account, asset in ((ALICE, QUOTE), (BOB, BASE), (BOB, QUOTE)):
        venue.done(venue.deposit(account, asset, 10))
    venue.rest(BOB, Side.SELL, 2, 2)
    latest = venue.move(BOB, CAROL, QUOTE, 1)
    venue.done(latest)

    def chain(amount: int) -> list[np.ndarray]:
        payments = [venue.move(ALICE, BOB, QUOTE, 1) for _ in range(3)]
        members = linked(*payments, venue.convert(amount), venue.move(ALICE, BOB, BASE, 1))
        for at, member in enumerate(members):
            member["id_hi"] += at
        return members

    failing = chain(3)
    assert named(venue.codes(*failing)) == ["LINKED_FAILED"] * 3 + ["NO_LIQUIDITY", "LINKED_FAILED"]
    assert named(venue.codes(latest)) == ["EXISTS"]
    done = chain(2)
    venue.done(*done)
    for member in done:
        member["flags"] = 0
    assert named(venue.codes(*done)) == ["ID_TOO_OLD"] * 3 + ["EXISTS"] * 2


@pytest.mark.parametrize("buffer", [EVENTS_MAX, EVENTS_MAX * 2], ids=["too small for it", "too full for it"])
def test_a_chain_with_more_events_than_there_is_room_for_waits_for_room(buffer):
    """Three conversions that each meet as many makers as a match may. What it yields does not depend on the buffer that it found."""
    frames = []
    for size in (buffer, EVENTS_MAX * 8):
        venue = Markets(Machine, max_orders=STEPS_MAX)
        venue.machine._events = EventBuffer(size)
        for symbol in (VIA, SYMBOL, TWIN):
            venue.done(*(make.place(BOB, symbol, Side.SELL, price_ticks=1, quantity_lots=1) for _ in range(STEPS_MAX)))
        before = [make.admin(Kind.TICK)] * 6000
        chain = linked(*(venue.convert(STEPS_MAX, asset, symbol=symbol) for symbol, asset in ((VIA, COIN), (SYMBOL, BASE), (TWIN, BASE))))
        applied = venue.done(*before, *chain, venue.move(ALICE, BOB, BASE, 1))
        assert len(applied.events) == 6000 + 3 * (STEPS_MAX + 2) + 1
        frames.append((applied.events.tobytes(), applied.codes.tolist(), venue.machine.state_hash()))
    assert frames[0] == frames[1]


# ---------------------------------------------------------------- the question


@both_machines
def test_a_question_answers_by_the_rungs_that_concern_the_market_and_changes_nothing(make_machine):
    venue = Markets(make_machine)
    venue.rest(BOB, Side.SELL, 2, 50)
    venue.rest(BOB, Side.BUY, 1, 100, VIA)
    before = venue.machine.state_hash()

    def code(*question: int) -> str:
        view = venue.machine.conversion(*question)
        assert view.code == Code.OK or view[1:] == (0, 0)
        return Code(view.code).name

    assert code(ALICE, 9, 0, 9) == "UNKNOWN_ASSET"
    assert code(HOUSE_ESCROW, BASE, 0, 9) == "UNKNOWN_ACCOUNT"
    assert code(ALICE, BASE, 0, 9) == code(ALICE, BASE, AMOUNT_MAX + 1, 9) == "INVALID_AMOUNT"
    assert code(ALICE, BASE, 1, 9) == code(ALICE, COIN, 1, SYMBOL) == code(ALICE, BASE, 1, SYMBOL, TWIN) == "PATH_INVALID"
    assert code(ALICE, BASE, 51, SYMBOL) == "NO_LIQUIDITY"
    assert venue.machine.conversion(ALICE, BASE, 50, SYMBOL) == ConversionView(Code.OK, 100, 50)
    assert venue.machine.conversion(ALICE, BASE, 50, SYMBOL, VIA) == ConversionView(Code.OK, 100, 50)
    assert venue.machine.state_hash() == before
    venue.done(venue.move(ALICE, BOB, QUOTE, FUNDS))
    assert code(ALICE, BASE, 50, SYMBOL) == "OK"  # what it would cost is no question of what there is
    venue.done(make.admin(Kind.SET_SYMBOL_STATUS, symbol=VIA, status=SymbolStatus.CANCEL_ONLY))
    assert code(ALICE, BASE, 50, SYMBOL, VIA) == "MARKET_CLOSED"
    venue.done(make.admin(Kind.SET_ACCOUNT_STATUS, account=ALICE, status=AccountStatus.FROZEN))
    assert code(ALICE, BASE, 50, SYMBOL, VIA) == "ACCOUNT_FROZEN"


# ---------------------------------------------------------------- the largest numbers


@both_machines
@pytest.mark.parametrize("side", Side, ids=["buy", "sell"])
@pytest.mark.parametrize("taker_ppm", [0, 1, 999, 333_333, PPM - 1])
def test_amounts_up_to_the_largest_there_is(make_machine, side, taker_ppm):
    """One maker has all there can be of the asset: what it leaves after the fee can be bought, and not one unit more."""
    largest = {"max_price_ticks": 1, "max_quantity_lots": AMOUNT_MAX, "max_market_lots": AMOUNT_MAX, "taker_ppm": taker_ppm}
    venue = Markets(make_machine, funds=0, **largest)
    venue.done(venue.deposit(ALICE, QUOTE, AMOUNT_MAX), venue.deposit(BOB, BASE, AMOUNT_MAX))
    buyer, seller, asset = (ALICE, BOB, BASE) if side == Side.BUY else (BOB, ALICE, QUOTE)
    maker, payer = (seller, buyer) if side == Side.BUY else (buyer, seller)
    if side == Side.SELL:  # so Bob has the quote asset and Alice the base asset
        swap = [venue.move(BOB, ALICE, BASE, AMOUNT_MAX), venue.move(ALICE, BOB, QUOTE, AMOUNT_MAX)]
        venue.done(*swap)
    venue.rest(maker, 1 - side, 1, AMOUNT_MAX)
    kept_ppm = PPM - taker_ppm
    most = AMOUNT_MAX * kept_ppm // PPM
    ask = venue.machine.conversion
    for amount in (1, most // 3, most - 1, most):
        lots = -(-amount * PPM // kept_ppm)
        assert ask(payer, asset, amount, SYMBOL) == ConversionView(Code.OK, lots, lots * kept_ppm // PPM)
    for amount in {most + 1, AMOUNT_MAX} - {most}:
        code = Code.NO_LIQUIDITY if amount <= AMOUNT_MAX else Code.INVALID_AMOUNT
        assert ask(payer, asset, amount, SYMBOL) == ConversionView(code, 0, 0)
    venue.done(venue.convert(most, asset, account=payer))
    assert venue.available(payer, asset) == most


@both_machines
def test_many_large_makers_and_lots_do_not_overflow(make_machine):
    """A lot of a quarter of all there is, at a price of one; the fifth lot would be more than there can be."""
    quarter = AMOUNT_MAX // 4
    listing = {"value": quarter, "value2": quarter, "max_price_ticks": 1, "max_quantity_lots": 4, "max_market_lots": 4, "taker_ppm": 1}
    venue = Markets(make_machine, funds=0, **listing)
    venue.done(*(venue.deposit(account, asset, 4 * quarter) for account, asset in ((ALICE, QUOTE), (BOB, BASE))))
    for _ in range(4):
        venue.rest(BOB, Side.SELL, 1, 1)
    net = quarter * (PPM - 1) // PPM
    assert venue.machine.conversion(ALICE, BASE, 4 * net + 1, SYMBOL).code == Code.NO_LIQUIDITY
    assert venue.machine.conversion(ALICE, BASE, 3 * net + 1, SYMBOL) == ConversionView(Code.OK, 4 * quarter, 4 * net)
    told = converted(venue.done(*linked(venue.convert(4 * net), venue.move(ALICE, CAROL, BASE, 4 * net))))
    assert told["released"] == 4 * quarter and venue.available(CAROL, BASE) == 4 * net


# ---------------------------------------------------------------- whatever the book is

makers = st.lists(
    st.tuples(st.sampled_from((ALICE, BOB, BOB, CAROL)), st.integers(1, 9), st.integers(1, 12)), min_size=1, max_size=8
)  # (account, ticks from the middle, lots)
fees = st.sampled_from((0, 1, 750, 1000, 2500, 100_000, 333_333, 999_000))


@both_machines
@settings(max_examples=200, deadline=None)
@given(
    first=makers, second=makers, taker_ppm=fees, units=st.sampled_from((1, 3, 1000)), side=st.sampled_from(Side),
    via_side=st.sampled_from(Side), via=st.booleans(), share=st.integers(1, 110), chained=st.booleans(),
)  # fmt: skip
def test_a_convert_does_what_was_answered_and_conserves_everything(
    make_machine, first, second, taker_ppm, units, side, via_side, via, share, chained
):
    venue = Markets(make_machine, funds=10**8, value=units, value2=units, taker_ppm=taker_ppm)
    if via_side == Side.BUY:  # then QUOTE is what the second market's base is
        venue.done(make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"AIV", "base": QUOTE, "quote": COIN, "value": units, "value2": units}))
    via_symbol = 0 if not via else 5 if via_side == Side.BUY else VIA
    side = Side.BUY if via else side
    for symbol, taken, offers, times in ((SYMBOL, side, first, 1), (via_symbol, via_side, second, 30)):
        for account, ticks, lots in offers if symbol else ():
            venue.rest(account, 1 - taken, 20 + ticks if taken == Side.BUY else 20 - ticks, lots * times, symbol)
    asset = BASE if side == Side.BUY else QUOTE
    paid = COIN if via else QUOTE if side == Side.BUY else BASE
    offered = sum(lots * units * (1 if side == Side.BUY else 20 - ticks) for account, ticks, lots in first if account != ALICE)
    amount = max(1, offered * share * (PPM - taker_ppm) // (100 * PPM))

    view = venue.machine.conversion(ALICE, asset, amount, SYMBOL, via_symbol)
    before, book = venue.totals(ALICE), venue.market()
    convert = venue.convert(amount, asset, most=max(view.cost, 1), via_symbol=via_symbol)
    applied = venue.send(*(linked(convert, venue.move(ALICE, CAROL, asset, amount)) if chained else [convert]))
    assert venue.machine.validate() == ""
    assert applied.codes[0] == view.code
    if view.code != Code.OK:
        assert venue.market() == book
        return
    told = converted(applied)
    after = venue.totals(ALICE)
    passed_on = amount if chained else 0
    assert told["released"] == view.cost == before[paid] - after[paid]
    assert after[asset] + passed_on - before[asset] == view.received >= amount
    assert all(after[other] >= before[other] for other in {BASE, QUOTE, COIN} - {asset, paid})
    last = applied.events[applied.events["kind"] == EventKind.TRADE][-1]
    lot = units if side == Side.BUY else units * int(last["price_ticks"])
    assert view.received < amount + -(-lot * (PPM - taker_ppm) // PPM)
