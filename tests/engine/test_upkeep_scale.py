"""Many accounts that live on credit in one asset, and its price halves: each frame looks at a bounded number of them, in the end at all
that are near their threshold, and never at the others. docs/MARGIN.md section 5.
"""

from collections.abc import Iterable
from itertools import islice

import numpy as np

from engine import commands as make
from engine.machine import Machine
from engine.types import FRAME_COMMANDS_MAX, UPKEEP_BUDGET, EventKind, Kind, MarginState
from tests.engine.machines import BASE, QUOTE, capacity_with
from tests.engine.margin_venue import MarginVenue, margin_told

NEAR, FAR = 18_000, 2_000
OWN = 100  # base of each account, worth 10,000 before and 5,000 after
OWED_NEAR, OWED_FAR = 20_000, 2_000  # quote, borrowed and kept: levels 1.5 to 1.4 before and 1.25 to 1.2 after; or 6 and 3.5


def indebted_accounts(near: int, far: int) -> tuple[MarginVenue, list[int], list[int]]:
    """A venue, its accounts that a fall to one half calls, and those that it does not reach."""
    count = near + far
    size = max(32, 1 << (2 * count + 64).bit_length())
    venue = MarginVenue(
        lambda _capacity: Machine(capacity_with(ACCOUNTS=size)), lent=10**15, funds=0, borrow_ppm=1_350_000,
        terms={"base_rate": 0, "borrow_limit": 10**12},
    )  # fmt: skip
    _send(venue, (make.admin(Kind.OPEN_ACCOUNT, reference_hi=2, reference_lo=n + 1) for n in range(count)))
    owners = range(venue.machine.find_account(2, 1), venue.machine.find_account(2, 1) + count)
    _send(venue, (make.open_margin(owner) for owner in owners))
    accounts = range(owners.stop, owners.stop + count)
    assert venue.machine.margin_account(owners[-1]) == accounts[-1]
    _send(venue, (venue.deposit(owner, BASE, OWN) for owner in owners))
    _send(venue, (venue.move(owner, account, BASE, OWN) for owner, account in zip(owners, accounts, strict=True)))
    debts = [OWED_FAR if at % (count // far) == 0 else OWED_NEAR + at * 5_000 // count for at in range(count)]
    _send(venue, (venue.loan(Kind.BORROW, account, QUOTE, owed) for account, owed in zip(accounts, debts, strict=True)))
    for _ in range(count // UPKEEP_BUDGET + 1):  # what was borrowed is looked at
        venue.send(make.admin(Kind.TICK))
    far_ones = {account for account, owed in zip(accounts, debts, strict=True) if owed == OWED_FAR}
    return venue, [account for account in accounts if account not in far_ones], sorted(far_ones)


def _send(venue: MarginVenue, commands: Iterable[np.ndarray]) -> None:
    commands = iter(commands)
    while frame := list(islice(commands, FRAME_COMMANDS_MAX)):
        assert not venue.send(*frame).codes.any()


def test_the_price_halves_under_twenty_thousand_accounts():
    venue, near, far = indebted_accounts(NEAR, FAR)
    watched = {account: venue.machine.margin(account).due_ns for account in far}
    venue.send(*(make.set_price(BASE, source, 50_000) for source in (1, 2)))
    called = []
    while len(called) < NEAR:
        told = margin_told(venue.send(make.admin(Kind.TICK)), EventKind.MARGIN_CALL)["account"].tolist()
        assert 0 < len(told) <= UPKEEP_BUDGET
        called += told
    assert sorted(called) == near, "each of them, once"
    assert {venue.machine.margin(account).state for account in near} == {MarginState.CALLED}
    assert {account: venue.machine.margin(account).due_ns for account in far} == watched, "nobody looked at them"
    assert len(venue.send(make.admin(Kind.TICK)).events) == 1
    assert venue.machine.validate() == ""
