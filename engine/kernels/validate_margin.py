"""The invariants of docs/MARGIN.md section 10, counted from nothing, as those of engine/kernels/validate.py."""

import numpy as np

from engine.kernels import allocating_kernel, kernel
from engine.kernels.balances import available_of
from engine.kernels.hashed import row_of
from engine.kernels.levels import margin_row, takes
from engine.kernels.prices import pool_row
from engine.kernels.state import VOLUME_SLOTS
from engine.kernels.watches import CLOCK
from engine.types import AMOUNT_MAX, FIRST_CUSTOMER, HOUSE_LENDING, VALUE_MAX, MarginState

SOUND = -1
MARGIN_INVARIANTS = (
    ("POOLS_ADD_UP", "the pool of this asset is not what its loans and lenders add up to, or its free money is not there"),
    ("LOANS_OWNED", "a loan of this account is in an asset it does not take, or out of bounds"),
    ("MARGIN_INDEX", "this margin account is not where its owner's accounts are found"),
    ("WATCHES_COMPLETE", "this account's time or watches are not what its debt asks for, or not where they are found"),
    ("VOLUMES_BOUNDED", "a volume of this account is out of bounds"),
)


@allocating_kernel
def first_broken_of_margin(state):
    """(place in MARGIN_INVARIANTS, what is broken) of the first broken invariant, or (SOUND, 0)."""
    venue = state.venue[0]
    found = _pools_add_up(state.ledger.balances, state.registry, state.margin)
    if found != SOUND:
        return 0, found
    found = _loans_owned(venue, state.registry, state.margin)
    if found != SOUND:
        return 1, found
    found = _margin_index(venue, state.registry, state.margin)
    if found != SOUND:
        return 2, found
    found = _watches_complete(state.registry, state.margin)
    if found != SOUND:
        return 3, found
    found = _volumes_bounded(venue, state.margin)
    if found != SOUND:
        return 4, found
    return SOUND, np.int64(0)


@allocating_kernel
def _pools_add_up(balances, registry, margin):
    count = margin.setup[0].assets
    principals = np.zeros(count + 1, np.int64)
    shares = np.zeros(count + 1, np.int64)
    for slot in range(margin.loans.size):
        loan = margin.loans[slot]
        if loan.high != 0:
            principals[pool_row(registry, loan.low)] += loan.principal
    for slot in range(margin.lenders.size):
        lender = margin.lenders[slot]
        if lender.high != 0:
            shares[pool_row(registry, lender.low)] += lender.shares
            if lender.shares < 1:
                return lender.low
    for row in range(1, count + 1):
        pool = margin.pools[row]
        if pool.lent != pool.borrowed + pool.free or pool.borrowed != principals[row] or pool.shares != shares[row]:
            return pool.asset
        if pool.free < 0 or pool.free > available_of(balances, HOUSE_LENDING, pool.asset):
            return pool.asset
    return SOUND if principals[0] == 0 and shares[0] == 0 else np.int64(0)


@allocating_kernel
def _loans_owned(venue, registry, margin):
    counts = np.zeros(margin.accounts.size, np.int64)
    used = 0
    for slot in range(margin.loans.size):
        loan = margin.loans[slot]
        if loan.high == 0:
            continue
        used += 1
        if loan.high > venue.last_account:
            return loan.high
        row = margin_row(registry, loan.high)
        if row == 0 or not takes(registry, margin, row, loan.low):
            return loan.high
        counts[row] += 1
        if loan.principal < 0 or loan.interest < 0 or loan.principal > AMOUNT_MAX - loan.interest or loan.principal + loan.interest == 0:
            return loan.high
        if loan.index > margin.pools[pool_row(registry, loan.low)].cumulative:
            return loan.high
    for row in range(1, margin.setup[0].accounts + 1):
        if margin.accounts[row].loans != counts[row]:
            return margin.accounts[row].account
    return SOUND if used == margin.setup[0].loans_used else np.int64(0)


@kernel
def _margin_index(venue, registry, margin):
    members = 0
    for account in range(FIRST_CUSTOMER, venue.last_account + 1):
        row = margin_row(registry, account)
        if row != 0:
            members += 1
            if row > margin.setup[0].accounts or margin.accounts[row].account != account:
                return account
    for row in range(1, margin.setup[0].accounts + 1):
        own = margin.accounts[row]
        if row_of(margin.account_index, own.owner, own.symbol) != row or not _is_listed(registry, margin, row):
            return own.account
    return SOUND if members == margin.setup[0].accounts else np.int64(0)


@kernel
def _is_listed(registry, margin, row):
    """Whether the account is among its owner's."""
    place = np.int64(registry.accounts[margin.accounts[row].owner].margins)
    for _ in range(margin.setup[0].accounts):
        if place == row:
            return True
        place = margin.accounts[place].next
    return False


@allocating_kernel
def _watches_complete(registry, margin):
    setup = margin.setup[0]
    met = np.zeros(setup.watches_top + 1, np.bool_)
    for row in range(1, setup.accounts + 1):
        own = margin.accounts[row]
        awaits = own.loans != 0 or own.state == MarginState.LIQUIDATING
        if awaits != (own.due_ns != 0) or awaits != (own.clock != 0):
            return own.account
        if awaits:
            clock = margin.watches[own.clock]
            if clock.account != own.account or clock.heap != CLOCK or clock.key != own.due_ns:
                return own.account
            met[own.clock] = True
        if own.watches != 0 and (own.loans == 0 or own.state == MarginState.LIQUIDATING):
            return own.account
        if not _are_apart(registry, margin, met, row):
            return own.account
    used = 0
    for number in range(1, setup.watches_top + 1):
        watch = margin.watches[number]
        if watch.account == 0:
            continue
        used += 1
        if not met[number] or not _is_in_heap(margin, number):
            return np.int64(watch.account)
    return SOUND if used == setup.watches_used else np.int64(0)


@kernel
def _are_apart(registry, margin, met, row):
    """Whether an account's watches are its own, on different assets, none of them the numeraire; they are marked as met."""
    own = margin.accounts[row]
    place = np.int64(own.watches)
    while place != 0:
        if place >= met.size or met[place]:
            return False
        met[place] = True
        watch = margin.watches[place]
        number = watch.heap >> 1
        if watch.account != own.account or number < 1 or margin.pools[number].asset == margin.setup[0].numeraire:
            return False
        other = np.int64(watch.next)
        while other != 0 and other < met.size and not met[other]:
            if margin.watches[other].heap >> 1 == number:
                return False
            other = np.int64(margin.watches[other].next)
        place = np.int64(watch.next)
    return True


@kernel
def _is_in_heap(margin, number):
    """Whether the way up from a watch leads to the first of its heap, each step to one that does not come later."""
    watch = margin.watches[number]
    rank = margin.watches[watch.right].rank
    if watch.rank != rank + 1 or margin.watches[watch.left].rank < rank:
        return False
    if watch.parent == 0:
        return margin.heaps[watch.heap] == number
    above = margin.watches[watch.parent]
    if above.heap != watch.heap or (above.left != number and above.right != number):
        return False
    return above.key < watch.key or (above.key == watch.key and above.account <= watch.account)


@kernel
def _volumes_bounded(venue, margin):
    for place in range(FIRST_CUSTOMER * VOLUME_SLOTS, (venue.last_account + 1) * VOLUME_SLOTS):
        if margin.volumes[place] < 0 or margin.volumes[place] > VALUE_MAX:
            return place // VOLUME_SLOTS
    return SOUND
