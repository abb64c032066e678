"""Watches: what a margin account waits for, a price of an asset or a time. docs/MARGIN.md section 5.

Each asset has a heap of watches for a falling and one for a rising index, and there is one heap for the clock. A heap is leftist: a tree
in which no child comes before its parent and the way to the right is never longer than the one to the left, so it has at most
log2(n + 1) watches on it, and entering, leaving and the first one cost no more than that, however many wait for one price. What comes
first has the lowest key, then the lowest account; the key of a watch for a falling index is the price below zero.
"""

from engine.kernels import kernel
from engine.types import Direction

CLOCK = 0  # the heap of times


@kernel
def heap_of(row, direction):
    """The heap of watches on the asset whose pool is at `row`."""
    return row * 2 + direction


@kernel
def key_of(direction, price):
    return price if direction == Direction.UP else -price


@kernel
def price_of(heap, key):
    """The price that a watch in the heap waits for."""
    return key if heap & 1 == Direction.UP else -key


@kernel
def add_watch(margin, heap, key, account):
    """A new watch; returns its row."""
    setup = margin.setup[0]
    row = setup.watches_free
    if row != 0:
        setup.watches_free = margin.watches[row].next
    else:
        setup.watches_top += 1
        row = setup.watches_top
    setup.watches_used += 1
    watch = margin.watches[row]
    watch.key = key
    watch.account = account
    watch.heap = heap
    watch.left = 0
    watch.right = 0
    watch.parent = 0
    watch.next = 0
    watch.rank = 1
    margin.heaps[heap] = _merged(margin.watches, margin.heaps[heap], row)
    return row


@kernel
def drop_watch(margin, row):
    """Takes a watch out of its heap; its row is free afterwards."""
    setup = margin.setup[0]
    watches = margin.watches
    watch = watches[row]
    parent = watch.parent
    below = _merged(watches, watch.left, watch.right)
    watches[below].parent = parent  # row 0 is nobody's
    if parent == 0:
        margin.heaps[watch.heap] = below
    else:
        if watches[parent].left == row:
            watches[parent].left = below
        else:
            watches[parent].right = below
        while parent != 0 and _levelled(watches, parent):
            parent = watches[parent].parent
    watches[0].parent = 0
    watch.account = 0
    watch.next = setup.watches_free
    setup.watches_free = row
    setup.watches_used -= 1


@kernel
def _before(watches, row, other):
    watch = watches[row]
    other_watch = watches[other]
    return watch.key < other_watch.key or (watch.key == other_watch.key and watch.account < other_watch.account)


@kernel
def _levelled(watches, row):
    """Puts the shorter way to the right; whether that changed how long it is."""
    watch = watches[row]
    if watches[watch.left].rank < watches[watch.right].rank:
        left = watch.left
        watch.left = watch.right
        watch.right = left
    rank = watches[watch.right].rank + 1
    changed = rank != watch.rank
    watch.rank = rank
    return changed


@kernel
def _merged(watches, row, other):
    """The first watch of two heaps made one."""
    if row == 0 or other == 0:
        return row | other
    if _before(watches, other, row):
        top = row
        row = other
        other = top
    first = row
    while True:  # down the way to the right, where the other heap's way is woven in
        right = watches[row].right
        if right == 0 or _before(watches, other, right):
            watches[row].right = other
            watches[other].parent = row
            if right == 0:
                break
            row = other
            other = right
        else:
            row = right
    while True:
        _levelled(watches, row)
        if row == first:
            return first
        row = watches[row].parent
