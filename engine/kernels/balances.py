"""Balances: (available, held) of an account in an asset. Owns where they are; what may be moved is decided by the callers.

A balance comes into being with its first movement, or its owner's first order command, and stays. Its slot is good for one
command: the table grows between commands.
"""

from engine.kernels import inlined_kernel
from engine.kernels.hashed import NOWHERE, find, insert


@inlined_kernel
def balance_slot(venue, balances, account, asset):
    """The slot of a balance, made where there is none."""
    slot = find(balances, account, asset)
    if slot == NOWHERE:
        slot = insert(balances, account, asset)
        venue.balances_used += 1
    return slot


@inlined_kernel
def available_of(balances, account, asset):
    """What the account has available, 0 where there is no balance."""
    slot = find(balances, account, asset)
    return balances[slot].available if slot != NOWHERE else 0


@inlined_kernel
def hold(balance, amount):
    """From available to held of a BALANCE record; a negative amount gives back."""
    balance.available -= amount
    balance.held += amount


@inlined_kernel
def move_to_held(venue, balances, account, asset, amount):
    """The same, by account and asset."""
    hold(balances[balance_slot(venue, balances, account, asset)], amount)
