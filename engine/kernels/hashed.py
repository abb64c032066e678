"""Hashed tables: open addressing with linear probing, a power of two of slots, at most half of them used.

A table's records start with the key fields `high` and `low`; a slot with both zero is empty, so no key is (0, 0). Removal shifts
the followers back, so there are no tombstones and a look-up ends at the first empty slot. Slots move on removal: keep keys, not slots.
"""

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel
from engine.kernels.arithmetic import signed

NOWHERE = -1
_SPREAD_LOW = signed(0xC2B2AE3D27D4EB4F)
_SPREAD = signed(0x9E3779B97F4A7C15)


@entry_kernel
def fits(members, table):
    """Whether a table is large enough for so many members."""
    return members * 2 <= table.size


@inlined_kernel
def mask_of(table):
    """What slots are taken by; unsigned, so that compiled code need not look whether a slot counts from the end."""
    return np.uint32(table.size - 1)


@inlined_kernel
def home(high, low, mask):
    """Where a key would like to be. Eight neighbouring `low` keys stay together: ids that follow each other share cache lines."""
    spread = (high + (low >> 3) * _SPREAD_LOW) * _SPREAD
    return ((spread >> 32) + (low & 7)) & mask


@inlined_kernel
def find(table, high, low):
    """The slot of a key, or NOWHERE."""
    mask = mask_of(table)
    slot = home(high, low, mask)
    while True:
        entry = table[slot]
        if entry.low == low and entry.high == high:
            return slot
        if entry.low == 0 and entry.high == 0:
            return NOWHERE
        slot = (slot + 1) & mask


@inlined_kernel
def insert(table, high, low):
    """Claims a slot for a key that is not in the table; the caller fills the rest of the record."""
    mask = mask_of(table)
    slot = home(high, low, mask)
    while table[slot].low != 0 or table[slot].high != 0:
        slot = (slot + 1) & mask
    entry = table[slot]
    entry.high = high
    entry.low = low
    return slot


@inlined_kernel
def remove(table, slot):
    """Empties a slot and shifts back the members that had been pushed past it."""
    mask = mask_of(table)
    gap = slot
    follower = slot
    while True:
        follower = (follower + 1) & mask
        entry = table[follower]
        if entry.low == 0 and entry.high == 0:
            break
        wish = home(entry.high, entry.low, mask)
        if ((follower - wish) & mask) >= ((follower - gap) & mask):
            table[gap] = table[follower]
            gap = follower
    entry = table[gap]
    entry.high = 0
    entry.low = 0


@entry_kernel
def rehash(old, new):
    """Brings every member of `old` into the empty table `new`."""
    for slot in range(old.size):
        entry = old[slot]
        if entry.low != 0 or entry.high != 0:
            new[insert(new, entry.high, entry.low)] = old[slot]


@inlined_kernel
def row_of(index, high, low):
    """The row an INDEX gives for a key, or 0."""
    slot = find(index, high, low)
    return np.uint32(index[slot].row) if slot != NOWHERE else np.uint32(0)


@inlined_kernel
def link(index, high, low, row):
    """Enters a new key with its row."""
    index[insert(index, high, low)].row = row


@inlined_kernel
def unlink(index, high, low):
    """Takes a key out that is in the index."""
    remove(index, find(index, high, low))
