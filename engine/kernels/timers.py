"""Timers: when an order with GTD expires, and when an account's dead man's switch fires.

Owns the heap of both, by (time, kind, order id or account); no two are equal, so the heap's order is the same however it came about. Each
order and account knows its place in the heap (0: it has no timer).
"""

from engine.kernels import inlined_kernel, kernel

GTD, COUNTDOWN = 0, 1  # kinds, in the order in which they run at one instant


@kernel
def add_timer(venue, registry, book, time_ns, kind, owner, row):
    """Sets a timer: `owner` is an order's id or an account, `row` where that is."""
    venue.timers += 1
    timer = book.timers[venue.timers]
    timer.time_ns = time_ns
    timer.owner = owner
    timer.row = row
    timer.kind = kind
    _rise(registry, book, venue.timers)


@kernel
def remove_timer(venue, registry, book, place):
    _tell_place(registry, book, book.timers[place], 0)
    last = venue.timers
    venue.timers = last - 1
    if place != last:
        book.timers[place] = book.timers[last]
        _sink(venue, registry, book, _rise(registry, book, place))


@inlined_kernel
def _before(one, other):
    if one.time_ns != other.time_ns:
        return one.time_ns < other.time_ns
    if one.kind != other.kind:
        return one.kind < other.kind
    return one.owner < other.owner


@inlined_kernel
def _tell_place(registry, book, timer, place):
    """Writes the place of a timer into the row that it is for."""
    if timer.kind == GTD:
        book.orders[timer.row].timer = place
    else:
        registry.accounts[timer.row].timer = place


@inlined_kernel
def _swap(registry, book, place, other):
    """Row 0, which is no timer, is what the one is put into while the other takes its place."""
    book.timers[0] = book.timers[place]
    book.timers[place] = book.timers[other]
    book.timers[other] = book.timers[0]
    _tell_place(registry, book, book.timers[place], place)


@kernel
def _rise(registry, book, place):
    """Moves a timer up to where it belongs; returns its place."""
    while place > 1 and _before(book.timers[place], book.timers[place >> 1]):
        _swap(registry, book, place, place >> 1)
        place >>= 1
    _tell_place(registry, book, book.timers[place], place)
    return place


@kernel
def _sink(venue, registry, book, place):
    """Moves a timer down to where it belongs."""
    while place * 2 <= venue.timers:
        below = place * 2
        if below < venue.timers and _before(book.timers[below + 1], book.timers[below]):
            below += 1
        if not _before(book.timers[below], book.timers[place]):
            break
        _swap(registry, book, place, below)
        place = below
    _tell_place(registry, book, book.timers[place], place)
