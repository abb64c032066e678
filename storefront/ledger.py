"""How the shop's transfers name themselves in the ledger: a reason, and whose they are."""

import uuid
from enum import IntEnum


class Reason(IntEnum):
    """`reason` of a transfer."""

    PAYMENT = 101  # buyer -> escrow, and the CONVERT that pays it
    ESCROW = 102  # the hold in escrow, and its release for a move
    RELEASE = 103  # escrow -> seller's payable account
    COMMISSION = 104  # escrow -> the platform, and back where a sale is undone
    REFUND = 105  # -> buyer
    RESERVE = 106  # held in the seller's payable account for a while after a release
    PAYOUT = 107  # payable account -> seller's trading account
    CREDIT = 108
    GIFT_CARD = 109


def uuid_pair(name: uuid.UUID) -> tuple[int, int]:
    """The `user` (hi, lo) of every transfer made for it: two signed 64-bit halves."""
    raw = name.bytes
    return int.from_bytes(raw[:8], "big", signed=True), int.from_bytes(raw[8:], "big", signed=True)


def pair_uuid(hi: int, lo: int) -> uuid.UUID:
    """The name that a transfer's `user` was made from."""
    return uuid.UUID(bytes=hi.to_bytes(8, "big", signed=True) + lo.to_bytes(8, "big", signed=True))
