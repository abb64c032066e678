"""The ladder: the prices at which one side of a symbol has orders, in order.

A tree of words: a node has one bit for each of 64 children, the bottom's children are levels, and a price's digits in base 64 are the
way down. The root grows upward with the highest price and goes with the last level, so a walk takes height = ⌈log64 price⌉ steps, three
for prices below 262,144. An absent child is 0 and its bit clear, so nodes return to the pool all zero. `best` of the LADDER is always true.
"""

import numpy as np

from engine.kernels import inlined_kernel
from engine.kernels.arithmetic import highest_bit, lowest_bit
from engine.kernels.state import FANOUT_BITS
from engine.types import Side

_DIGIT = (1 << FANOUT_BITS) - 1
_PRICE_BITS = 63  # a shift by 64 or more is not defined


@inlined_kernel
def _take_node(venue, book):
    node = venue.nodes_free
    if node != 0:
        venue.nodes_free = book.node_bits[node]  # of a free node: the next free one
        book.node_bits[node] = 0
        return node
    venue.nodes_top += 1
    return venue.nodes_top


@inlined_kernel
def _place_of(node, digit):
    """Where a node's child is in `node_children`."""
    return (np.int64(node) << FANOUT_BITS) | digit


@inlined_kernel
def _set_child(book, node, digit, child):
    book.node_bits[node] |= 1 << digit
    book.node_children[_place_of(node, digit)] = child


@inlined_kernel
def _reaches(height, price_ticks):
    """Whether so many digits are enough for a price."""
    bits = height * FANOUT_BITS
    return bits >= _PRICE_BITS or price_ticks >> bits == 0


@inlined_kernel
def find_level(book, ladder, price_ticks):
    """The level at a price, or 0."""
    if not _reaches(ladder.height, price_ticks):
        return np.uint32(0)
    shift = ladder.height * FANOUT_BITS
    node = ladder.root
    while shift > 0 and node != 0:
        shift -= FANOUT_BITS
        node = book.node_children[_place_of(node, (price_ticks >> shift) & _DIGIT)]
    return node


@inlined_kernel
def way_to(book, ladder, price_ticks, nodes):
    """Where in `node_children` the way down to a price goes on below so many nodes, at most the bottom; somewhere if there is none."""
    if not _reaches(ladder.height, price_ticks):
        return np.int64(0)
    shift = ladder.height * FANOUT_BITS - FANOUT_BITS
    node = ladder.root
    while shift > 0 and nodes > 0:
        node = book.node_children[_place_of(node, (price_ticks >> shift) & _DIGIT)]
        shift -= FANOUT_BITS
        nodes -= 1
    return _place_of(node, (price_ticks >> max(shift, 0)) & _DIGIT)


@inlined_kernel
def add_level(venue, book, ladder, side, price_ticks, level):
    """Enters a level at a price that has none."""
    if ladder.root == 0:
        ladder.root = _take_node(venue, book)
        ladder.height = 1
        while not _reaches(ladder.height, price_ticks):
            ladder.height += 1
    while not _reaches(ladder.height, price_ticks):
        root = _take_node(venue, book)
        _set_child(book, root, 0, ladder.root)
        ladder.root = root
        ladder.height += 1
    node = ladder.root
    shift = (ladder.height - 1) * FANOUT_BITS
    while shift > 0:
        digit = (price_ticks >> shift) & _DIGIT
        child = book.node_children[_place_of(node, digit)]
        if child == 0:
            child = _take_node(venue, book)
            _set_child(book, node, digit, child)
        node = child
        shift -= FANOUT_BITS
    _set_child(book, node, price_ticks & _DIGIT, level)
    ladder.count += 1
    best = ladder.best
    if best == 0 or (price_ticks < book.levels[best].price_ticks) == (side == Side.SELL):
        ladder.best = level


@inlined_kernel
def remove_level(venue, book, ladder, side, price_ticks):
    """Takes a level out; nodes that held nothing else go with it."""
    if price_ticks == book.levels[ladder.best].price_ticks:
        ladder.best = next_level(book, ladder, side, price_ticks)
    # The lowest node on the way that has another child stays; what hangs below it on this way goes.
    node = ladder.root
    shift = (ladder.height - 1) * FANOUT_BITS
    keeper = np.uint32(0)
    keeper_shift = shift
    while True:
        bits = book.node_bits[node]
        if bits & (bits - 1) != 0:
            keeper = node
            keeper_shift = shift
        if shift == 0:
            break
        node = book.node_children[_place_of(node, (price_ticks >> shift) & _DIGIT)]
        shift -= FANOUT_BITS
    ladder.count -= 1
    node = keeper
    shift = keeper_shift
    if keeper == 0:
        node = ladder.root
        ladder.root = 0
        ladder.height = 0
    while True:
        digit = (price_ticks >> shift) & _DIGIT
        place = _place_of(node, digit)
        child = book.node_children[place]
        book.node_children[place] = 0
        if node == keeper:
            book.node_bits[node] ^= 1 << digit
        else:
            book.node_bits[node] = venue.nodes_free
            venue.nodes_free = node
        if shift == 0:
            break
        node = child
        shift -= FANOUT_BITS


@inlined_kernel
def next_level(book, ladder, side, price_ticks):
    """The next worse level after a price of this side's ladder: the lowest above it for sells, the highest below it for buys; 0 if none."""
    node = ladder.root
    shift = (ladder.height - 1) * FANOUT_BITS
    fork = np.uint32(0)
    fork_shift = 0
    fork_bits = 0
    while node != 0:  # the lowest node on the price's own way that has a child beyond it
        digit = (price_ticks >> shift) & _DIGIT
        bits = book.node_bits[node]
        beyond = bits & (-2 << digit) if side == Side.SELL else bits & ((1 << digit) - 1)
        if beyond != 0:
            fork = node
            fork_shift = shift
            fork_bits = beyond
        if shift == 0:
            break
        node = book.node_children[_place_of(node, digit)]
        shift -= FANOUT_BITS
    if fork == 0:
        return fork
    node = fork
    bits = fork_bits
    while True:
        digit = lowest_bit(bits) if side == Side.SELL else highest_bit(bits)
        node = book.node_children[_place_of(node, digit)]
        if fork_shift == 0:
            return node
        fork_shift -= FANOUT_BITS
        bits = book.node_bits[node]
