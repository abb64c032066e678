"""Core accounts that belong to the shop's things: a seller's payable account, a buyer's store credit, a gift card.

An account's reference is made from what it is for, so opening one again, after a crash or by two at once, gives the same account.
"""

import uuid

from engine import commands as make
from engine.exchange import ExchangeClient
from engine.log.port import LogError
from engine.types import ADMIN_EVENT, Code, Kind
from storefront.errors import Refusal, ShopError

_NAMESPACE = uuid.UUID("6f1c2a34-6a0b-4a5e-9c39-5d2f1be1c0de")
_WORD = (1 << 62) - 1


def account_reference(purpose: str, key: object) -> tuple[int, int]:
    """The reference of an account for this purpose ('credit', 'gift-card') and its owner's key; never (0, 0)."""
    name = uuid.uuid5(_NAMESPACE, f"{purpose}:{key}").int
    return (name >> 64) & _WORD | 1, name & _WORD


async def open_account(exchange: ExchangeClient, reference: tuple[int, int]) -> int:
    """The core account of this reference, opened where it is not there yet. Raises UNAVAILABLE."""
    found = exchange.machine.find_account(*reference)
    if found:
        return found
    try:
        (outcome,) = await exchange.execute(make.admin(Kind.OPEN_ACCOUNT, reference_hi=reference[0], reference_lo=reference[1]))
    except LogError:
        raise ShopError(Refusal.UNAVAILABLE) from None
    if outcome.code not in (Code.OK, Code.ALREADY_EXISTS):
        raise ShopError(Refusal.UNAVAILABLE, "The venue takes no more accounts at present.")
    return int(outcome.events.view(ADMIN_EVENT)["account"][0])
