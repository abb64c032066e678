"""The arithmetic of escrow, and the chain of transfers that carries a move out. Sans-I/O: amounts in, transfers out.

    divide      out of escrow: some to the seller, some to the buyer, what stays is held anew
    give_back   after the release: out of the seller's payable account, its reserve first

Invariants, each before and after any move:
    held + released + refunded = total                        (I6)
    commission = floor(released · commission_ppm / PPM)       however many moves it took; the floor favours the seller
    what came back from store credit goes back as store credit, after all that was paid from the trading account
The hold's id is a compare-and-swap: a move begins by releasing the hold that it was made for, so of two moves made at once the ledger
does exactly one. A chain never leaves anything available in HOUSE_ESCROW.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine.commands import transfer
from engine.types import HOUSE_ESCROW, HOUSE_FEES, PPM, Kind
from storefront.ledger import Reason

TransferId = tuple[int, int]
NO_ID: TransferId = (0, 0)


class Escrow(NamedTuple):
    """The money of one order. Amounts are units of `asset`, accounts and holds are the core's."""

    user: tuple[int, int]  # the order's id, in every transfer
    asset: int
    total: int
    from_credit: int  # of the total
    held: int
    released: int  # to the seller, commission included
    refunded: int
    commission_ppm: int
    buyer: int
    credit: int  # the buyer's store credit; 0 where there is none
    payable: int
    hold: TransferId = NO_ID
    reserve_ppm: int = 0
    reserve_ns: int = 0  # for so long after a release
    reserve_hold: TransferId = NO_ID

    @property
    def commission(self) -> int:
        return commission_of(self.released, self.commission_ppm)


class Reserve(NamedTuple):
    """What the ledger says of a reserve that has not ended yet."""

    amount: int
    ends_in_ns: int  # > 0


class Move(NamedTuple):
    chain: list[np.ndarray]  # empty where no money moves
    after: Escrow


def commission_of(gross: int, ppm: int) -> int:
    """floor: what is left of a unit is the seller's."""
    return gross * ppm // PPM


def back_as_credit(escrow: Escrow, amount: int) -> int:
    """How much of the next `amount` refunded is store credit: only what the trading account has not paid."""
    paid = escrow.total - escrow.from_credit
    return amount - min(amount, max(0, paid - escrow.refunded))


def divide(escrow: Escrow, new_id: Callable[[], TransferId], *, to_seller: int = 0, to_buyer: int = 0,
           reserve: Reserve | None = None) -> Move:  # fmt: skip
    """Gross amounts out of escrow; a `reserve` of an earlier release joins that of this one. Raises ValueError beyond what is held."""
    if to_seller < 0 or to_buyer < 0 or to_seller + to_buyer > escrow.held:
        raise ValueError(f"{to_seller} and {to_buyer} are not within the {escrow.held} held")
    if not to_seller + to_buyer:
        return Move([], escrow)
    stays = escrow.held - to_seller - to_buyer
    after = escrow._replace(
        held=stays, released=escrow.released + to_seller, refunded=escrow.refunded + to_buyer, hold=new_id() if stays else NO_ID
    )
    commission = after.commission - escrow.commission
    net = to_seller - commission
    pay = _Transfers(escrow, new_id)
    pay.release(escrow.hold, Reason.ESCROW)
    pay.transfer(HOUSE_ESCROW, escrow.payable, net, Reason.RELEASE)
    pay.transfer(HOUSE_ESCROW, HOUSE_FEES, commission, Reason.COMMISSION)
    pay.refund(HOUSE_ESCROW, to_buyer)
    pay.hold(HOUSE_ESCROW, escrow.payable, stays, after.hold, Reason.ESCROW)
    if reserved := escrow.reserve_ns and net * escrow.reserve_ppm // PPM:
        if reserve is not None:
            pay.release(escrow.reserve_hold, Reason.RESERVE)
            reserved += reserve.amount
        after = after._replace(reserve_hold=new_id())
        pay.hold(escrow.payable, HOUSE_ESCROW, reserved, after.reserve_hold, Reason.RESERVE, escrow.reserve_ns)
    return Move(pay.chain, after)


def give_back(escrow: Escrow, new_id: Callable[[], TransferId], amount: int, reserve: Reserve | None = None) -> Move:
    """`amount` gross to the buyer after the release: the commission on it comes back to the seller first, then the reserve pays, then
    what else is payable; the ledger refuses more than that. Raises ValueError beyond what was released."""
    if not 0 <= amount <= escrow.released:
        raise ValueError(f"{amount} is not within the {escrow.released} released")
    if not amount:
        return Move([], escrow)
    after = escrow._replace(released=escrow.released - amount, refunded=escrow.refunded + amount)
    commission = escrow.commission - after.commission
    pay = _Transfers(escrow, new_id)
    if reserve is not None:
        pay.release(escrow.reserve_hold, Reason.RESERVE)
    pay.transfer(HOUSE_FEES, escrow.payable, commission, Reason.COMMISSION)
    pay.refund(escrow.payable, amount)
    if reserve is not None:
        left = max(0, reserve.amount - (amount - commission))
        after = after._replace(reserve_hold=new_id() if left else NO_ID)
        pay.hold(escrow.payable, HOUSE_ESCROW, left, after.reserve_hold, Reason.RESERVE, reserve.ends_in_ns)
    return Move(pay.chain, after)


class _Transfers:
    """A chain in the making: what is nothing is left out."""

    def __init__(self, escrow: Escrow, new_id: Callable[[], TransferId]):
        self._escrow = escrow
        self._new_id = new_id
        self.chain: list[np.ndarray] = []

    def transfer(self, debit: int, credit: int, amount: int, reason: Reason) -> None:
        if amount:
            self._add(Kind.TRANSFER, self._new_id(), reason, debit=debit, credit=credit, asset=self._escrow.asset, amount=amount)

    def refund(self, debit: int, amount: int) -> None:
        as_credit = back_as_credit(self._escrow, amount)
        self.transfer(debit, self._escrow.buyer, amount - as_credit, Reason.REFUND)
        self.transfer(debit, self._escrow.credit, as_credit, Reason.REFUND)

    def hold(self, debit: int, credit: int, amount: int, hold_id: TransferId, reason: Reason, timeout_ns: int = 0) -> None:
        if amount:
            self._add(Kind.HOLD, hold_id, reason, debit=debit, credit=credit, asset=self._escrow.asset, amount=amount,
                      timeout_ns=timeout_ns)  # fmt: skip

    def release(self, hold_id: TransferId, reason: Reason) -> None:
        self._add(Kind.RELEASE, self._new_id(), reason, pending_id=hold_id)

    def _add(self, kind: Kind, transfer_id: TransferId, reason: Reason, **fields) -> None:
        self.chain.append(transfer(kind, transfer_id, reason=reason, user=self._escrow.user, **fields))
