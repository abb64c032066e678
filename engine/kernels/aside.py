"""All that is off the plain path of an order, as one family (engine/kernels/binding.py): compiled once, called by its address."""

import numpy as np

from engine.kernels import entry_kernel, inlined_kernel, kernel
from engine.kernels.balances import balance_slot
from engine.kernels.binding import bound_batch, bound_output, bound_state, family
from engine.kernels.book import Owner
from engine.kernels.hashed import find
from engine.kernels.match import FOR_CONVERT, FOR_ITSELF, match
from engine.kernels.orders import order_command_aside
from engine.kernels.placelist import place_list
from engine.kernels.stages import next_stage
from engine.kernels.waiting import note_match

# What is asked for, and what `number` is then.
COMMAND = 0  # an order command: its place in the batch; returns its code
MATCH = 1  # to go on where `match_plain` has stopped: the taker's row; returns as `match`
CONVERSION = 2  # the match of a CONVERT's order: the taker's row
NOTE = 3  # to take note of the match that has just been made: the symbol
STAGE = 4  # to do the next thing that comes between commands: nothing
ORDER_LIST = 5  # a PLACE_LIST and its legs: its place in the batch; returns the place after them
_TASK_BITS = 3


@inlined_kernel
def task(what, number):
    """What to ask of the family, in one word."""
    return number << _TASK_BITS | what


@entry_kernel
def run_aside(address, asked):
    """The family's entry."""
    return _do(bound_state(address), bound_batch(address), bound_output(address), asked)


@kernel
def _do(state, batch, out, asked):
    what = asked & ((1 << _TASK_BITS) - 1)
    number = asked >> _TASK_BITS
    venue = state.venue[0]
    if what == COMMAND:
        return order_command_aside(state, batch, out, number)
    if what == ORDER_LIST:
        return np.int64(place_list(state, batch, out, number))
    if what == STAGE:
        next_stage(state, out)
        return np.int64(0)
    if what == NOTE:
        note_match(venue, state.registry, state.book, number, venue.first_ticks, state.registry.symbols[number].last_price_ticks)
        return np.int64(0)
    return _match(state, out, number, what == CONVERSION)


@kernel
def _match(state, out, slot, converts):
    venue = state.venue[0]
    registry, book, balances, margin = state.registry, state.book, state.ledger.balances, state.margin
    order = book.orders[slot]
    account = np.int64(order.account)
    symbol_id = np.int64(order.symbol)
    symbol = registry.symbols[symbol_id]
    # Where the account has makers for the match to expire, it has a roster.
    owner = Owner(
        find(book.rosters, account, symbol_id),
        balance_slot(venue, balances, account, symbol.base),
        balance_slot(venue, balances, account, symbol.quote),
    )
    if converts:
        return match(venue, registry, book, balances, margin, out, owner, order, 0, 0, 0, FOR_CONVERT)
    budget, steps, first = venue.budget, venue.steps, venue.first_ticks
    return match(venue, registry, book, balances, margin, out, owner, order, budget, steps, first, FOR_ITSELF)


aside = family(run_aside)
