"""The ledger's promises R1-R10, each in a test that names it, and the two-phase vectors; in both machines."""

from itertools import pairwise

import numpy as np
import pytest

from engine import commands as make
from engine.types import (
    AMOUNT_MAX,
    ASSET_SCALE_MAX,
    FIRST_CUSTOMER,
    HOUSE_CLEARING,
    HOUSE_ESCROW,
    HOUSE_FEES,
    HOUSE_GATEWAY,
    HOUSE_INSURANCE,
    Code,
    EventKind,
    Kind,
    TransferFlag,
)
from tests.engine.machines import ALICE, BASE, BOB, CAROL, QUOTE, Venue, both_machines, capacity_with, table, transfers
from tests.engine.streams import CollidingStream, header

SECOND_NS = 10**9

DIFFERENT = """
EXISTS_WITH_DIFFERENT_KIND        kind=21
EXISTS_WITH_DIFFERENT_DEBIT       debit=18
EXISTS_WITH_DIFFERENT_CREDIT      credit=18
EXISTS_WITH_DIFFERENT_ASSET       asset=1
EXISTS_WITH_DIFFERENT_AMOUNT      amount=8
EXISTS_WITH_DIFFERENT_PENDING_ID  pending_lo=1
EXISTS_WITH_DIFFERENT_TIMEOUT     timeout_ns=1
EXISTS_WITH_DIFFERENT_REASON      reason=4
EXISTS_WITH_DIFFERENT_USER_DATA   user_lo=1
"""


@both_machines
def test_R1_at_most_one_transfer_per_id(make_machine):
    venue = Venue(make_machine)
    payment = make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=ALICE, credit=BOB, asset=QUOTE, amount=7, reason=3)
    assert venue.codes(payment, payment) == [Code.OK, Code.EXISTS]
    assert venue.codes(payment) == [Code.EXISTS]
    for expected, other in table(DIFFERENT):
        changed = payment.copy()
        for name, value in other.items():
            changed[name] = int(value)
        applied = venue.send(changed)
        assert Code(applied.codes[0]).name == expected
        assert transfers(applied)["code"].tolist() == applied.codes.tolist()
    assert venue.balances(BOB)[QUOTE] == (10_007, 0)


@both_machines
def test_R2_an_id_that_failed_fails_for_ever(make_machine):
    venue = Venue(make_machine, funds=0)
    early = make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=ALICE, credit=BOB, asset=QUOTE, amount=5)
    assert venue.codes(early) == [Code.INSUFFICIENT_AVAILABLE]
    venue.done(venue.deposit(ALICE, QUOTE, 100))
    assert venue.codes(early) == [Code.ID_ALREADY_FAILED]
    early["amount"] = 1
    assert venue.codes(early) == [Code.ID_ALREADY_FAILED]
    venue.done(make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=ALICE, credit=BOB, asset=QUOTE, amount=5))


def _chain(*commands: np.ndarray) -> list[np.ndarray]:
    for command in commands[:-1]:
        command["flags"] = TransferFlag.LINKED
    return list(commands)


@both_machines
def test_R3_a_chain_is_done_whole_or_not_at_all(make_machine):
    venue = Venue(make_machine, funds=10)
    before = venue.balances(ALICE), venue.balances(BOB), venue.balances(CAROL)
    ids = [venue.fresh_id() for _ in range(4)]
    links = [
        make.transfer(Kind.TRANSFER, ids[0], debit=ALICE, credit=BOB, asset=QUOTE, amount=10),
        make.transfer(Kind.HOLD, ids[1], debit=BOB, credit=CAROL, asset=QUOTE, amount=20),
        make.transfer(Kind.CAPTURE, ids[2], pending_id=ids[1], amount=21),
        make.transfer(Kind.TRANSFER, ids[3], debit=CAROL, credit=ALICE, asset=QUOTE, amount=1),
    ]
    applied = venue.send(*_chain(*links))
    assert applied.codes.tolist() == [Code.LINKED_FAILED, Code.LINKED_FAILED, Code.EXCEEDS_PENDING_AMOUNT, Code.LINKED_FAILED]
    assert (applied.events["kind"] == EventKind.TRANSFER_REJECTED).all() and len(applied.events) == 4
    assert before == (venue.balances(ALICE), venue.balances(BOB), venue.balances(CAROL))
    assert venue.machine.pending(*ids[1]) is None

    # Only the member that failed is spent; the others may be sent again, with another in its place.
    assert venue.codes(links[2]) == [Code.LINKED_CHAIN_OPEN]
    links[2]["flags"] = 0
    assert venue.codes(links[2]) == [Code.ID_ALREADY_FAILED]
    links[2] = make.transfer(Kind.CAPTURE, venue.fresh_id(), pending_id=ids[1], amount=15)
    venue.done(*_chain(*links))
    assert venue.balances(CAROL)[QUOTE] == (24, 0) and venue.balances(BOB)[QUOTE] == (5, 0)

    # Sent once more it is answered as done, member by member, and moves nothing.
    assert venue.codes(*_chain(*links)) == [Code.EXISTS] * 4


@both_machines
def test_R3_a_chain_open_at_the_end_of_a_frame_or_too_long_does_nothing(make_machine):
    venue = Venue(make_machine)

    def links(count: int) -> list[np.ndarray]:
        payment = {"debit": ALICE, "credit": BOB, "asset": QUOTE, "amount": 1, "flags": TransferFlag.LINKED}
        return [make.transfer(Kind.TRANSFER, venue.fresh_id(), **payment) for _ in range(count)]

    tick = make.admin(Kind.TICK)
    assert venue.codes(*links(2), tick) == [Code.LINKED_FAILED, Code.LINKED_CHAIN_OPEN, Code.OK]
    assert venue.codes(*links(1)) == [Code.LINKED_CHAIN_OPEN]
    assert venue.codes(*_chain(*links(64), *links(1))) == [Code.LINKED_CHAIN_TOO_LONG] * 65
    assert venue.codes(*links(65)) == [Code.LINKED_CHAIN_TOO_LONG] * 65
    assert venue.balances(BOB)[QUOTE] == (10_000, 0)
    last = links(1)
    last[0]["flags"] = 0
    venue.done(*links(63), *last)
    assert venue.balances(BOB)[QUOTE] == (10_064, 0)


def _hold(venue: Venue, amount: int = 5, timeout_ns: int = 0) -> tuple[tuple[int, int], np.ndarray]:
    hold_id = venue.fresh_id()
    return hold_id, make.transfer(Kind.HOLD, hold_id, debit=ALICE, credit=BOB, asset=QUOTE, amount=amount, timeout_ns=timeout_ns)


@both_machines
def test_R4_a_pending_transfer_resolves_once(make_machine):
    venue = Venue(make_machine)
    answers = {Kind.CAPTURE: Code.PENDING_ALREADY_CAPTURED, Kind.RELEASE: Code.PENDING_ALREADY_RELEASED}
    for first, already in answers.items():
        hold_id, hold = _hold(venue)
        venue.done(hold, make.transfer(first, venue.fresh_id(), pending_id=hold_id))
        for second in answers:
            assert venue.codes(make.transfer(second, venue.fresh_id(), pending_id=hold_id)) == [already]
    hold_id, hold = _hold(venue, timeout_ns=10)
    venue.done(hold)
    venue.done(make.admin(Kind.TICK))
    assert venue.codes(make.transfer(Kind.CAPTURE, venue.fresh_id(), pending_id=hold_id)) == [Code.PENDING_EXPIRED]
    assert venue.balances(ALICE)[QUOTE] == (9995, 0)


@both_machines
def test_R4_a_pending_transfer_expires_exactly_at_its_logged_time_and_in_order(make_machine):
    venue = Venue(make_machine)
    # Three holds: the second made expires first, the first and third at one moment, in the order in which they were made.
    held_at = venue.time_ns + SECOND_NS
    timeouts = (SECOND_NS - 1, SECOND_NS // 2, SECOND_NS - 3)
    ids, holds = zip(*(_hold(venue, timeout_ns=timeout) for timeout in timeouts), strict=True)
    venue.done(*holds, time_ns=held_at)
    expiries = [venue.machine.pending(*hold_id).expires_ns for hold_id in ids]
    assert expiries == [held_at + SECOND_NS, held_at + 2 + SECOND_NS // 2, held_at + SECOND_NS]

    nothing = venue.done(make.admin(Kind.TICK), time_ns=expiries[1] - 2)  # the tick itself takes the nanosecond between
    assert len(nothing.events) == 1 and venue.balances(ALICE)[QUOTE] == (9985, 15)
    one = transfers(venue.done(make.admin(Kind.TICK), time_ns=expiries[1]))
    assert (one["kind"][0], one["time_ns"][0], one["id_lo"][0]) == (EventKind.HOLD_EXPIRED, expiries[1], ids[1][1])
    both = transfers(venue.done(make.admin(Kind.TICK), time_ns=expiries[0]))
    assert both["id_lo"][:2].tolist() == [ids[0][1], ids[2][1]]
    assert both["time_ns"].tolist() == [expiries[0], expiries[0] + 1, expiries[0] + 2]
    assert both["index"].tolist() == [-1, -1, 0]
    assert venue.balances(ALICE)[QUOTE] == (10_000, 0)


@both_machines
def test_R4_more_expiries_than_one_frame_takes_wait_for_the_next(make_machine):
    venue = Venue(make_machine)
    venue.done(*(_hold(venue, amount=1, timeout_ns=SECOND_NS)[1] for _ in range(1100)))
    first = venue.send(make.admin(Kind.TICK), time_ns=venue.time_ns + 2 * SECOND_NS)
    assert (first.events["kind"] == EventKind.HOLD_EXPIRED).sum() == 1024
    second = venue.send(make.admin(Kind.TICK))
    assert (second.events["kind"] == EventKind.HOLD_EXPIRED).sum() == 76
    assert venue.balances(ALICE)[QUOTE] == (10_000, 0)


@both_machines
def test_R5_the_ledger_assigns_times_that_only_rise(make_machine):
    venue = Venue(make_machine)
    times = []
    for log_time in (venue.time_ns + 50, venue.time_ns + 50, venue.time_ns - SECOND_NS, venue.time_ns + 51):
        payments = [make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=ALICE, credit=BOB, asset=QUOTE, amount=1) for _ in range(3)]
        account = make.admin(Kind.OPEN_ACCOUNT, reference_hi=5, reference_lo=len(times) + 1)
        times += venue.done(*payments, account, time_ns=log_time).events["time_ns"].tolist()
    assert all(earlier < later for earlier, later in pairwise(times))


@both_machines
def test_R6_a_transfer_is_never_changed_only_corrected_by_another(make_machine):
    venue = Venue(make_machine)
    payment_id = venue.fresh_id()
    venue.done(make.transfer(Kind.TRANSFER, payment_id, debit=ALICE, credit=BOB, asset=QUOTE, amount=100))
    for kind in (Kind.CAPTURE, Kind.RELEASE):
        assert venue.codes(make.transfer(kind, venue.fresh_id(), pending_id=payment_id)) == [Code.PENDING_NOT_FOUND]
    for kind in (Kind.HOLD, Kind.CAPTURE, Kind.RELEASE):
        assert venue.codes(make.transfer(kind, payment_id, debit=BOB, credit=ALICE, asset=QUOTE)) == [Code.EXISTS_WITH_DIFFERENT_KIND]
    assert venue.balances(BOB)[QUOTE] == (10_100, 0)
    correction = make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=BOB, credit=ALICE, asset=QUOTE, amount=100, reason=9, user=payment_id)
    event = transfers(venue.done(correction))[0]
    assert (event["reason"], event["user_hi"], event["user_lo"]) == (9, *payment_id)


@both_machines
def test_R7_two_assets_meet_only_in_linked_transfers_and_rounding_favours_the_house(make_machine):
    """100.00 units of one asset at 82.42135 in another: 8242.135, of which the customer gets 8242.13: 824213 of its smallest units."""
    venue = Venue(make_machine, funds=0)
    sold, rate_numerator, rate_denominator = 10_000, 8_242_135, 100_000
    bought = sold * rate_numerator // rate_denominator
    assert bought == 824_213
    spread = 100
    venue.done(venue.deposit(ALICE, BASE, sold + spread), venue.deposit(HOUSE_CLEARING, QUOTE, 10**6))

    def leg(debit: int, credit: int, asset: int, amount: int) -> np.ndarray:
        return make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=debit, credit=credit, asset=asset, amount=amount)

    conversion = [leg(ALICE, HOUSE_CLEARING, BASE, sold), leg(HOUSE_CLEARING, ALICE, QUOTE, bought), leg(ALICE, HOUSE_FEES, BASE, spread)]
    events = transfers(venue.done(*_chain(*conversion)))
    assert events["asset"].tolist() == [BASE, QUOTE, BASE]  # one asset a transfer; the rate can be read off the first two
    assert venue.balances(ALICE) == {QUOTE: (824_213, 0)}
    assert venue.balances(HOUSE_CLEARING) == {BASE: (10_000, 0), QUOTE: (10**6 - 824_213, 0)}


@both_machines
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_R8_every_asset_sums_to_zero_at_every_prefix(make_machine, seed):
    stream = CollidingStream(seed)
    machine = make_machine(stream.capacity)
    for _ in range(60):
        frame = stream.next_frame()
        stream.learn(machine.apply(header(frame, machine.position + 1), frame.commands))
        owners = [*range(1, FIRST_CUSTOMER), *(FIRST_CUSTOMER + n for n in range(70))]
        for asset in machine.assets():
            assert sum(sum(machine.balance(owner, asset.asset)) for owner in owners) == 0


@both_machines
def test_R9_amounts_are_integers_of_at_most_nine_decimals(make_machine):
    venue = Venue(make_machine)
    fine = make.admin(Kind.ADD_ASSET, name=b"FINE", scale=ASSET_SCALE_MAX)
    finer = make.admin(Kind.ADD_ASSET, name=b"FINER", scale=ASSET_SCALE_MAX + 1)
    assert venue.codes(fine, finer) == [Code.OK, Code.INVALID_ARGUMENT]
    smallest = make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=HOUSE_GATEWAY, credit=ALICE, asset=3, amount=1)
    largest = make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=HOUSE_GATEWAY, credit=ALICE, asset=3, amount=AMOUNT_MAX - 1)
    assert venue.codes(smallest, largest) == [Code.OK, Code.OK]
    assert venue.codes(venue.deposit(BOB, 3, 1)) == [Code.SUPPLY_LIMIT]  # the gateway has given all there can be
    one_more = make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=HOUSE_INSURANCE, credit=ALICE, asset=3, amount=1)
    assert venue.codes(one_more) == [Code.SUPPLY_LIMIT]  # and she could not hold it
    assert venue.balances(ALICE)[3] == (AMOUNT_MAX, 0)


@both_machines
def test_R10_nobody_but_gateway_and_insurance_goes_below_zero(make_machine):
    venue = Venue(make_machine, funds=0)
    for account in [*range(1, FIRST_CUSTOMER), ALICE]:
        credit = BOB
        for kind in (Kind.TRANSFER, Kind.HOLD):
            code = venue.codes(make.transfer(kind, venue.fresh_id(), debit=account, credit=credit, asset=QUOTE, amount=1))[0]
            allowed = account in (HOUSE_GATEWAY, HOUSE_INSURANCE)
            assert code == (Code.OK if allowed else Code.INSUFFICIENT_AVAILABLE), account
    assert venue.machine.balance(HOUSE_GATEWAY, QUOTE) == (-2, 1)


# ---------------------------------------------------------------- two-phase vectors

W, X, Y, Z = 0, 1000, 0, 50  # debit held and available; credit held and available, before

VECTORS = """
capture   amount=0     debit=0,877    credit=0,173   released=0
capture   amount=123   debit=0,877    credit=0,173   released=0
capture   amount=100   debit=0,900    credit=0,150   released=23
capture   amount=1     debit=0,999    credit=0,51    released=122
release   amount=0     debit=0,1000   credit=0,50    released=123
refused   amount=124   debit=123,877  credit=0,50    released=0
"""


@both_machines
def test_two_phase_vectors(make_machine):
    """A hold of 123 leaves what it does not touch; capture moves all or a part and gives the rest back; release gives all back."""
    for outcome, row in table(VECTORS):
        venue = Venue(make_machine, funds=0)
        venue.done(venue.deposit(ALICE, QUOTE, X), venue.deposit(BOB, QUOTE, Z))
        hold_id, hold = _hold(venue, amount=123)
        held = transfers(venue.done(hold))[0]
        assert [held[name] for name in ("debit_held", "debit_available", "credit_held", "credit_available")] == [123, X - 123, 0, Z]
        kind = Kind.RELEASE if outcome == "release" else Kind.CAPTURE
        applied = venue.send(make.transfer(kind, venue.fresh_id(), pending_id=hold_id, amount=int(row["amount"])))
        assert applied.codes.tolist() == [Code.EXCEEDS_PENDING_AMOUNT if outcome == "refused" else Code.OK]
        assert transfers(applied)["released"].tolist() == [int(row["released"])]
        for account, expected in ((ALICE, row["debit"]), (BOB, row["credit"])):
            available, on_hold = venue.machine.balance(account, QUOTE)
            assert f"{on_hold},{available}" == expected, (outcome, row)
        assert (venue.machine.pending(*hold_id) is None) == (outcome != "refused")


@both_machines
def test_what_a_hold_reserves_cannot_be_spent_twice(make_machine):
    venue = Venue(make_machine, funds=100)
    _, hold = _hold(venue, amount=60)
    again = make.transfer(Kind.TRANSFER, venue.fresh_id(), debit=ALICE, credit=HOUSE_ESCROW, asset=QUOTE, amount=41)
    order = make.place(ALICE, 1, 0, price_ticks=1, quantity_lots=41)
    fits = make.place(ALICE, 1, 0, price_ticks=1, quantity_lots=40)
    assert venue.codes(hold, again, order, fits) == [Code.OK, Code.INSUFFICIENT_AVAILABLE, Code.INSUFFICIENT_BALANCE, Code.OK]


# ---------------------------------------------------------------- the ids remembered


@both_machines
def test_a_full_ring_forgets_the_oldest_and_never_takes_an_id_from_before_it(make_machine):
    venue = Venue(make_machine, funds=0, capacity=capacity_with(TRANSFER_IDS=4))
    payments = [venue.deposit(ALICE, QUOTE, 1) for _ in range(5)]
    for at, payment in enumerate(payments):
        payment["id_hi"] += at
    venue.done(*payments)
    assert venue.codes(*payments) == [Code.ID_TOO_OLD] + [Code.EXISTS] * 4
    never_seen = venue.deposit(ALICE, QUOTE, 1)
    never_seen["id_hi"] = payments[0]["id_hi"]
    assert venue.codes(never_seen) == [Code.ID_TOO_OLD]
    venue.done(make.admin(Kind.GROW, pool=5, value=8))
    venue.done(*(venue.deposit(ALICE, QUOTE, 1) for _ in range(4)))
    assert venue.codes(*payments[1:]) == [Code.EXISTS] * 4
