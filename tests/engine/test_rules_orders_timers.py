"""Good-till-date orders, dead man's switches and mass cancels: docs/ORDERS.md section 9."""

import pytest

from engine import commands as make
from engine.types import BOTH_SIDES, COUNTDOWN_MAX_NS, EXPIRIES_MAX, TIMEOUT_MAX_NS, Code, EventKind, Kind, SymbolStatus, TimeInForce
from tests.engine.machines import ALICE, BOB, CAROL, LISTING, SYMBOL, both_machines
from tests.engine.venues import BUY, LIMIT, LIMIT_MAKER, MARKET, SELL, STOP_LOSS, STOP_LOSS_LIMIT, OrderVenue, told

pytestmark = both_machines
SECOND = 10**9
GTD = TimeInForce.GTD


@pytest.fixture
def venue(make_machine) -> OrderVenue:
    return OrderVenue(make_machine)


def until(venue: OrderVenue, seconds: int) -> dict[str, int]:
    return {"time_in_force": GTD, "expires_ns": venue.time_ns + seconds * SECOND}


# ---------------------------------------------------------------- good till date


def test_it_expires_before_the_first_frame_at_or_after_its_time(venue):
    before = venue.balances(ALICE)
    applied = venue.place(ALICE, BUY, 3, 7, **until(venue, 10))
    assert applied.events["expires_ns"][0] == venue.view(1).expires_ns == applied.commands["expires_ns"][0]
    assert told(venue.after(9)) == []
    applied = venue.after(1)
    assert told(applied) == ["EXPIRED 1 TIME_UP"]
    event = applied.events[0]
    assert (event["index"], event["quantity_lots"], event["level_lots"]) == (-1, 3, 0)
    assert event["update_id"] == 2 and venue.balances(ALICE) == before


def test_wherever_it_is_and_whatever_the_market_does(venue):
    venue.trade_at(100)
    venue.place(ALICE, BUY, 1, 120, STOP_LOSS_LIMIT, stop_price_ticks=110, **until(venue, 5))  # 3
    venue.place(ALICE, BUY, 1, 120, STOP_LOSS_LIMIT, trailing_bps=500, **until(venue, 4))  # 4
    venue.place(ALICE, SELL, 1, 120, LIMIT_MAKER, **until(venue, 6))  # 5
    venue.set_status(SymbolStatus.HALTED)
    applied = venue.after(9)
    assert told(applied) == ["EXPIRED 4 TIME_UP", "EXPIRED 3 TIME_UP", "EXPIRED 5 TIME_UP"]
    now = applied.events["time_ns"].tolist()
    assert now == [now[0], now[0] + 1, now[0] + 2], "each has its own nanosecond"


def test_a_taker_takes_out_what_is_over_in_its_way(venue):
    """Within a frame the time goes on, and the timers do not run."""
    soon = {"time_in_force": GTD, "expires_ns": venue.time_ns + 1000 + 8}
    orders = [venue.order(ALICE, SELL, 1, 7, **soon), venue.order(BOB, SELL, 1, 8)]
    applied = venue.done(*orders, *(make.admin(Kind.TICK) for _ in range(8)), venue.order(CAROL, BUY, 2, 8))
    assert told(applied)[-4:] == ["NEW 3", "EXPIRED 1 TIME_UP", "TRADE 3/2 1@8", "RESTED 3 1"]
    assert applied.events["index"][-3] == 10


@pytest.mark.parametrize(
    ("expires", "code"),
    [(0, "EXPIRY_INVALID"), (-1, "EXPIRY_INVALID"), (2**31, "EXPIRY_INVALID"), (2**53, "EXPIRY_INVALID"), (2**62, "EXPIRY_INVALID"),
     (2**63 - 1, "EXPIRY_INVALID"), (-(2**63), "EXPIRY_INVALID")],
)  # fmt: skip
def test_the_time_is_ahead_and_not_too_far(venue, expires, code):
    order = make.place(ALICE, SYMBOL, BUY, price_ticks=1, quantity_lots=1, time_in_force=GTD)
    order["expires_ns"] = expires
    assert venue.refuses(order) == code


def test_the_bounds_of_the_time(venue):
    now = venue.time_ns + 1000 + 2  # of the second command: the first expiry would have the frame's
    for ahead, code in ((0, Code.EXPIRY_INVALID), (1, Code.OK), (TIMEOUT_MAX_NS, Code.OK), (TIMEOUT_MAX_NS + 1, Code.EXPIRY_INVALID)):
        order = venue.order(ALICE, BUY, 1, 1, time_in_force=GTD, expires_ns=now + ahead)
        assert venue.codes(make.admin(Kind.TICK), order) == [Code.OK, code]
        now += 1000


@pytest.mark.parametrize("order_type", [MARKET, STOP_LOSS])
def test_what_executes_as_market_has_no_date(venue, order_type):
    order = venue.order(ALICE, BUY, 1, 0, order_type, stop_price_ticks=5 if order_type == STOP_LOSS else 0, **until(venue, 9))
    assert venue.refuses(order) == "INVALID_ORDER"


def test_so_many_before_one_frame_and_the_rest_before_the_next(venue):
    venue.done(*(venue.order(ALICE, BUY, 1, 7, **until(venue, 5)) for _ in range(EXPIRIES_MAX + 3)))
    applied = venue.after(6)
    assert len(applied.events) == EXPIRIES_MAX and venue.machine.validate() == ""
    assert len(venue.done().events) == 3


def test_holds_of_the_ledger_expire_first(venue):
    hold = make.transfer(Kind.HOLD, venue.fresh_id(), debit=ALICE, credit=BOB, asset=1, amount=1, timeout_ns=9 * SECOND)
    venue.done(venue.order(ALICE, BUY, 1, 7, **until(venue, 1)), hold)
    applied = venue.after(20)
    assert applied.events["kind"].tolist() == [EventKind.HOLD_EXPIRED, EventKind.EXPIRED]
    assert applied.events["time_ns"][1] == applied.events["time_ns"][0] + 1


# ---------------------------------------------------------------- the dead man's switch


def test_the_switch_cancels_everything_unless_it_is_set_again(venue):
    venue.trade_at(100)
    venue.place(ALICE, BUY, 1, 7)  # 3
    venue.place(ALICE, BUY, 1, 0, STOP_LOSS, stop_price_ticks=110)  # 4
    venue.place(BOB, BUY, 1, 7)  # 5
    applied = venue.done(make.countdown(ALICE, 10 * SECOND))
    assert told(applied) == [f"COUNTDOWN {ALICE}"]
    fires = int(applied.events["expires_ns"][0])
    assert fires == applied.events["time_ns"][0] + 10 * SECOND == venue.machine.account(ALICE).countdown_ns
    assert told(venue.after(9, make.countdown(ALICE, 10 * SECOND))) == [f"COUNTDOWN {ALICE}"]
    assert told(venue.after(9)) == []
    applied = venue.after(2)
    assert told(applied) == [f"COUNTDOWN {ALICE} FIRED", "CANCELED 3", "CANCELED 4"]
    assert len(set(applied.events["time_ns"].tolist())) == 1 and set(applied.events["index"].tolist()) == {-1}
    assert venue.machine.account(ALICE).countdown_ns == 0 and venue.state_of(5) == "RESTING"
    assert told(venue.after(99)) == []


def test_it_is_switched_off(venue):
    venue.place(ALICE, BUY, 1, 7)
    venue.done(make.countdown(ALICE, 10 * SECOND))
    applied = venue.done(make.countdown(ALICE, 0))
    assert (told(applied), applied.events["expires_ns"][0]) == ([f"COUNTDOWN {ALICE}"], 0)
    assert told(venue.after(99)) == []


def test_it_fires_in_a_halted_market_after_the_dates_of_the_same_time(venue):
    venue.place(ALICE, BUY, 1, 7)  # 1
    now = venue.done(make.countdown(ALICE, 10 * SECOND)).time_ns
    venue.place(BOB, BUY, 1, 7, time_in_force=GTD, expires_ns=now + 10 * SECOND)  # 2
    venue.set_status(SymbolStatus.HALTED)
    assert told(venue.after(30)) == ["EXPIRED 2 TIME_UP", f"COUNTDOWN {ALICE} FIRED", "CANCELED 1"]


@pytest.mark.parametrize("duration", [-1, COUNTDOWN_MAX_NS + 1, 2**53 * 1000, 2**62, 2**63 - 1, -(2**63)])
def test_its_duration_has_bounds(venue, duration):
    assert venue.refuses(make.countdown(ALICE, duration)) == "INVALID_ORDER"
    venue.done(make.countdown(ALICE, COUNTDOWN_MAX_NS), make.countdown(ALICE, 1))


def test_its_ladder(venue):
    late = make.countdown(ALICE, 5, valid_until_ns=1)
    assert venue.codes(late, origin=5) == [Code.NOT_PERMITTED] and venue.refuses(late) == "STALE"
    assert venue.refuses(make.countdown(999, 5)) == "UNKNOWN_ACCOUNT"
    assert venue.refuses(make.countdown(ALICE, 5, key=9)) == "KEY_REVOKED"
    with_symbol = make.countdown(ALICE, 5)
    with_symbol["symbol"] = SYMBOL
    assert venue.refuses(with_symbol) == "INVALID_ORDER"
    venue.done(make.admin(Kind.SET_ACCOUNT_STATUS, account=ALICE, status=2))
    assert venue.refuses(make.countdown(ALICE, 5)) == "ACCOUNT_FROZEN"


# ---------------------------------------------------------------- mass cancel


@pytest.fixture
def spread(venue) -> OrderVenue:
    """Alice's 1 and 2 on the second symbol, her 3 to 5 on the first, Bob's 6."""
    venue.done(make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"SECOND"}))
    for side in (BUY, SELL):
        venue.done(make.place(ALICE, 2, side, price_ticks=5 + 5 * side, quantity_lots=1))
    for side in (BUY, SELL, BUY):
        venue.place(ALICE, side, 1, 5 + 5 * side)
    venue.place(BOB, BUY, 1, 5)
    return venue


@pytest.mark.parametrize(
    ("symbol", "side", "gone"),
    [(0, BOTH_SIDES, [3, 4, 5, 1, 2]), (1, BOTH_SIDES, [3, 4, 5]), (2, BUY, [1]), (0, SELL, [4, 2]), (0, BUY, [3, 5, 1])],
)
def test_mass_cancel_by_symbol_and_side(spread, symbol, side, gone):
    assert told(spread.done(make.mass_cancel(ALICE, symbol, side))) == [f"CANCELED {order_id}" for order_id in gone]


def test_mass_cancel_passes_over_halted_symbols_and_is_refused_on_one(spread):
    spread.set_status(SymbolStatus.HALTED)
    assert spread.refuses(make.mass_cancel(ALICE, SYMBOL)) == "MARKET_CLOSED"
    assert told(spread.done(make.mass_cancel(ALICE))) == ["CANCELED 1", "CANCELED 2"]
    assert spread.refuses(make.mass_cancel(ALICE)) == "UNKNOWN_ORDER"
    for command in (make.cancel(ALICE, SYMBOL, 3), make.cancel_all(ALICE, SYMBOL), make.cancel_list(ALICE, SYMBOL, 1)):
        assert spread.refuses(command) == "MARKET_CLOSED"


def test_mass_cancel_ladder(spread):
    assert spread.codes(make.mass_cancel(ALICE, valid_until_ns=1), origin=5) == [Code.NOT_PERMITTED]
    assert spread.refuses(make.mass_cancel(ALICE, valid_until_ns=1)) == "STALE"
    assert spread.refuses(make.mass_cancel(999, 77, 9)) == "UNKNOWN_ACCOUNT"
    assert spread.refuses(make.mass_cancel(ALICE, 77, 9, key=5)) == "KEY_REVOKED"
    assert spread.refuses(make.mass_cancel(ALICE, 77, 9)) == spread.refuses(make.mass_cancel(ALICE, -1, 9)) == "UNKNOWN_SYMBOL"
    assert spread.refuses(make.mass_cancel(ALICE, 0, 3)) == spread.refuses(make.mass_cancel(ALICE, 1, 255)) == "INVALID_ORDER"
    assert spread.refuses(make.mass_cancel(CAROL)) == "UNKNOWN_ORDER"
    spread.done(make.admin(Kind.SET_ACCOUNT_STATUS, account=ALICE, status=2))
    spread.done(make.mass_cancel(ALICE)), "a frozen account may cancel"


def test_more_than_can_be_cancelled_at_once(venue):
    venue.done(make.admin(Kind.ADD_SYMBOL, **LISTING | {"name": b"SECOND"}))
    for start in range(0, 4090, 409):
        venue.done(*(make.place(ALICE, SYMBOL, BUY, price_ticks=5, quantity_lots=1) for _ in range(start, start + 409)))
    venue.done(*(make.place(ALICE, 2, BUY, LIMIT, price_ticks=5, quantity_lots=1) for _ in range(20)))
    applied = venue.send(make.mass_cancel(ALICE))
    assert applied.codes.tolist() == [Code.WORK_LIMIT] and len(applied.events) == 4096
    assert len(venue.machine.open_orders(ALICE)) == 14
    venue.done(*(make.place(ALICE, SYMBOL, BUY, price_ticks=5, quantity_lots=1) for _ in range(4090)))
    venue.done(make.countdown(ALICE, 1))
    assert len(venue.after(1).events) == 1 + 4096 and venue.machine.account(ALICE).countdown_ns
    assert len(venue.after(1).events) == 1 + 8 and venue.machine.account(ALICE).countdown_ns == 0
