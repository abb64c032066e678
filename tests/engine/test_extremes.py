"""Every number of every command at the edge of what fits: both machines give the same code, the same events and the same state.

A command that would succeed is sent again and again with one field of it at one of VALUES, then commands that work with what may have
been accepted. tests/engine/test_rules_*.py say which code it is.
"""

from typing import NamedTuple

import numpy as np
import pytest

from engine import commands as make
from engine.types import (
    ADMIN_COMMAND,
    AMOUNT_MAX,
    HOUSE_GATEWAY,
    PPM,
    RULES_VERSION,
    VALUE_MAX,
    Code,
    Filter,
    Kind,
    ListType,
    OrderType,
    Peg,
    Pool,
    Side,
    SideEffect,
    Stp,
    SymbolStatus,
    TimeInForce,
)
from tests.engine.machines import ALICE, BASE, BOB, CAROL, QUOTE, SYMBOL
from tests.engine.margin_venue import SETUP, TERMS, MarginVenue
from tests.engine.test_differential import Both

VALUES = (0, 1, -1, 2**31 - 1, 2**31, -(2**31), 2**53, AMOUNT_MAX, 2**62, 2**63 - 1, -(2**63))
SMALL = (0, 1, 2, 3, 4, 7, 8, 31, 32, 127, 128, 254, 255, 9_999, 10_000, 2**16 - 1)  # of fields of one byte or two
IN_A_FRAME = 24


class Prepared(NamedTuple):
    venue: MarginVenue
    state: tuple[bytes, bytes]
    numbers: dict[int, int]
    time_ns: int
    account: int  # ALICE's margin account
    hold: tuple[int, int]  # the id of one of BOB's

    def begin(self) -> MarginVenue:
        self.venue.machine.begin_from(self.state)
        self.venue.numbers, self.venue.time_ns = dict(self.numbers), self.time_ns
        return self.venue


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    """A venue in both machines with all there is."""
    venue = MarginVenue(Both, lent=10**9, funds=10**9)
    venue.done(make.admin(Kind.SET_TIER, tier=1, value=10), make.admin(Kind.SET_DISCOUNT, asset=QUOTE, value=PPM // 4))
    venue.done(make.set_account_discount(BOB, True), make.admin(Kind.ADD_KEY, account=ALICE, scopes=7, reference_hi=3))
    account = venue.fund_margin(ALICE, base=1_000, quote=100_000)
    venue.done(venue.loan(Kind.BORROW, account, QUOTE, 20_000), venue.loan(Kind.BORROW, account, BASE, 10))
    book = ((Side.BUY, 98), (Side.BUY, 97), (Side.SELL, 102), (Side.SELL, 103))
    venue.done(*(venue.offer(BOB, side, price, 50) for side, price in book))
    venue.done(venue.offer(CAROL, Side.BUY, 102, 1), venue.offer(ALICE, Side.BUY, 96, 9, iceberg_lots=4, client_id="mine"))
    venue.done(make.place_list(ListType.OTO, venue.offer(ALICE, Side.BUY, 95, 5), stop(ALICE), client_id="list"), stop(CAROL))
    hold = venue.fresh_id()
    venue.done(make.transfer(Kind.HOLD, hold, debit=BOB, credit=CAROL, asset=QUOTE, amount=50))
    return Prepared(venue, venue.machine.pair.snapshot(), dict(venue.numbers), venue.time_ns, account, hold)


def stop(account: int, **terms) -> np.ndarray:
    return make.place(account, SYMBOL, Side.SELL, OrderType.STOP_LOSS_LIMIT, price_ticks=90, quantity_lots=5, stop_price_ticks=92, **terms)


def sound(venue: MarginVenue, account: int, hold: tuple[int, int]) -> list[np.ndarray]:
    """Commands, or lists with their legs, of every kind and layout of terms, that would be done."""
    gtd = {"time_in_force": TimeInForce.GTD, "expires_ns": venue.time_ns + 10**12}
    limit = {"price_ticks": 99, "quantity_lots": 5}
    loans = [(Kind.BORROW, account, BASE, 5), (Kind.REPAY, account, QUOTE, 5), (Kind.LEND, CAROL, BASE, 5), (Kind.REDEEM, CAROL, QUOTE, 5)]
    listing = {"name": b"OTHER", "base": BASE, "quote": QUOTE, "value": 1, "value2": 1, "max_price_ticks": 10**6,
               "max_quantity_lots": 10**6, "max_market_lots": 10**6, "max_orders": 5}  # fmt: skip
    return [
        make.place(BOB, SYMBOL, Side.BUY, **limit, iceberg_lots=2, stp=Stp.DECREMENT), make.place(BOB, SYMBOL, Side.SELL, **limit | gtd),
        make.place(BOB, SYMBOL, Side.BUY, OrderType.MARKET, quantity_lots=60), stop(BOB), stop(BOB, trailing_bps=500),
        make.place(BOB, SYMBOL, Side.SELL, OrderType.MARKET, quote_quantity=9_000),
        make.place(BOB, SYMBOL, Side.BUY, peg=Peg.PRIMARY, peg_offset=1, quantity_lots=2),
        make.place(account, SYMBOL, Side.BUY, OrderType.MARKET, quantity_lots=30, side_effect=SideEffect.AUTO_BORROW_REPAY),
        make.cancel(ALICE, SYMBOL, 6), make.cancel_all(BOB, SYMBOL), make.replace(BOB, SYMBOL, Side.BUY, order_id=1, **limit),
        make.amend(ALICE, SYMBOL, 6, quantity_lots=7), make.cancel_list(ALICE, SYMBOL, 1), make.mass_cancel(BOB),
        make.countdown(BOB, 10**9),
        make.place_list(ListType.OCO, make.place(BOB, SYMBOL, Side.SELL, OrderType.LIMIT_MAKER, price_ticks=110, quantity_lots=5),
                        stop(BOB)),
        make.place_list(ListType.OTO, make.place(BOB, SYMBOL, Side.BUY, price_ticks=105, quantity_lots=5), stop(BOB, trailing_bps=100)),
        make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=HOUSE_GATEWAY, credit=BOB, asset=BASE, amount=5),
        make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=account, credit=ALICE, asset=QUOTE, amount=5),
        make.transfer(Kind.HOLD, venue.fresh_id(), debit=BOB, credit=ALICE, asset=QUOTE, amount=5, timeout_ns=10**9),
        make.transfer(Kind.CAPTURE, venue.fresh_id(), pending_id=hold, amount=5),
        make.transfer(Kind.RELEASE, venue.fresh_id(), pending_id=hold),
        make.convert(venue.fresh_id(), account=CAROL, asset=BASE, amount=5, most=AMOUNT_MAX, symbol=SYMBOL),
        *(venue.loan(*terms) for terms in loans),
        make.open_margin(BOB), make.admin(Kind.SET_MARGIN, **SETUP), make.set_price(BASE, 1, 100_000),
        make.admin(Kind.SET_MARGIN_ASSET, **TERMS | {"asset": BASE, "symbol": SYMBOL, "scale": 3}),
        make.admin(Kind.SET_COLLATERAL, asset=BASE, tier=0, value=VALUE_MAX // 2, ratio_ppm=900_000),
        make.admin(Kind.SET_TIER, tier=2, value=500), make.admin(Kind.SET_DISCOUNT, asset=BASE, value=5),
        make.set_account_discount(ALICE, True), make.admin(Kind.REGISTER_ORIGIN, role=1), make.admin(Kind.TICK), make.admin(Kind.OPEN),
        make.admin(Kind.SET_RULES, value=RULES_VERSION), make.admin(Kind.GROW, pool=Pool.KEYS, value=3),
        *(make.admin(Kind.SET_FILTER, filter=number, symbol=0 if number >= Filter.EXCHANGE_MAX_ORDERS else SYMBOL, value=0,
                     base=BASE * (number == Filter.MAX_ASSET)) for number in Filter),
        make.admin(Kind.SET_GROUP, account=ALICE, value=BOB), make.admin(Kind.ADD_ASSET, name=b"THIRD", scale=2),
        make.admin(Kind.ADD_SYMBOL, **listing), make.admin(Kind.SET_SYMBOL_STATUS, symbol=SYMBOL, status=SymbolStatus.TRADING),
        make.admin(Kind.OPEN_ACCOUNT, reference_hi=9), make.admin(Kind.SET_ACCOUNT_STATUS, account=CAROL, status=1),
        make.admin(Kind.SET_ACCOUNT_TIER, account=CAROL, tier=1),
        make.admin(Kind.SET_FEES, symbol=SYMBOL, tier=0, maker_ppm=-5, taker_ppm=50),
        make.admin(Kind.ADD_KEY, account=BOB, scopes=2, reference_hi=8), make.admin(Kind.SET_KEY, key=1, scopes=2),
        make.admin(Kind.SET_ORDER_LIMITS, value=10**6, value2=10**6),
    ]  # fmt: skip


def with_extremes(venue, command: np.ndarray):
    """The command again and again, one number of one of its records at one of the values that it has room for."""
    numbers = {place: name for name, place in command.dtype.fields.items() if place[0].kind != "S" and name != "kind"}  # each place once
    for record in range(len(command)):
        for (of, offset), name in numbers.items():
            limits = np.iinfo(of)
            for value in {*VALUES, *(SMALL if of.itemsize <= 2 else ())}:
                if limits.min <= value <= limits.max and _is_harmless(command, offset, value):
                    changed = command.copy()
                    if "id_lo" in command.dtype.names:
                        changed["id_hi"], changed["id_lo"] = venue.fresh_id()
                    changed[name][record] = value
                    yield changed


def _is_harmless(command: np.ndarray, offset: int, value: int) -> bool:
    """Rules that nobody knows stop both machines (tests/engine/test_rules_frames.py), and memory is not what this is about."""
    if offset != ADMIN_COMMAND.fields["value"][1]:
        return True
    kind = command["kind"][0]
    return not (kind == Kind.SET_RULES and value != RULES_VERSION) and not (kind == Kind.GROW and value > 0)


def works_with_it(venue, account: int) -> list[np.ndarray]:
    """Trades, a loan, prices that call and liquidate: what an accepted extreme would spoil."""
    return [
        venue.offer(BOB, Side.SELL, 101, 3), venue.offer(CAROL, Side.BUY, 101, 2), stop(BOB),
        make.place(account, SYMBOL, Side.SELL, OrderType.MARKET, quantity_lots=1), venue.loan(Kind.BORROW, account, BASE, 1),
        make.set_price(BASE, 1, 10**9), make.set_price(BASE, 2, 10**9), make.mass_cancel(BOB), make.admin(Kind.TICK),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_both_machines_say_the_same(prepared, kind):
    venue, account = prepared.begin(), prepared.account
    commands = [command for command in sound(venue, account, prepared.hold) if command["kind"][0] == kind]
    assert commands, "no command of this kind to begin from"
    for command in commands:
        changed = list(with_extremes(venue, command))
        for at in range(0, len(changed), IN_A_FRAME):
            frame = [*changed[at : at + IN_A_FRAME], *works_with_it(venue, account)]
            applied = venue.send(*frame, time_ns=venue.time_ns + 10**9)
            assert set(applied.codes.tolist()) <= set(Code)
        venue.send(make.admin(Kind.TICK), time_ns=venue.time_ns + 3600 * 10**9)
        assert venue.machine.validate() == ""


def test_what_it_begins_from_would_be_done(prepared):
    """But for what says that there is nothing to do."""
    refused = {}
    for number, command in enumerate(sound(prepared.begin(), prepared.account, prepared.hold)):
        applied = prepared.begin().send(*[command[at : at + 1] for at in range(len(command))])
        codes = {Code(code).name for code in applied.codes}
        if codes != {"OK"}:
            refused[number, Kind(command["kind"][0]).name] = codes
    assert {name for (_, name), _ in refused.items()} <= {"REGISTER_ORIGIN", "GROW"}, refused


