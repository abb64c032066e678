"""What the identity room asks of the core: open an account, add a key, change a key, credit a gift, take play money back. All but
the last two are safe to ask twice.

Nothing but references, ids and scopes goes into the log: no name, no address, no secret.
"""

import secrets
import time

import numpy as np

from engine.commands import admin, transfer
from engine.exchange import ExchangeBusy, Outcome
from engine.log.port import LogError
from engine.replica import ReplicaStopped
from engine.types import ADMIN_EVENT, HOUSE_GATEWAY, Code, Kind
from gateway.identity.errors import AccountError, Refusal

REASON_FAUCET = 1  # TRANSFER_COMMAND.reason of a gift
REASON_FAUCET_RETURN = 2  # … and of play money given back


def fresh_reference() -> tuple[int, int]:
    """A random name, of two positive 63-bit numbers, under which the core and the database know one thing."""
    return secrets.randbits(62) + 1, secrets.randbits(62) + 1


async def open_account(exchange, reference: tuple[int, int]) -> int:
    """The account of this reference, opened now if it was not before. Raises AccountError VENUE_FULL, UNAVAILABLE."""
    outcome = await _execute(exchange, admin(Kind.OPEN_ACCOUNT, reference_hi=reference[0], reference_lo=reference[1]))
    return int(_accepted(outcome, Code.ALREADY_EXISTS)["account"])


async def add_key(exchange, account: int, reference: tuple[int, int], scopes: int) -> int:
    """The core's id of the key of this reference, added now if it was not before. Raises AccountError VENUE_FULL, UNAVAILABLE."""
    command = admin(Kind.ADD_KEY, account=account, scopes=scopes, reference_hi=reference[0], reference_lo=reference[1])
    return int(_accepted(await _execute(exchange, command), Code.ALREADY_EXISTS)["key"])


async def set_key(exchange, key_id: int, scopes: int) -> None:
    """From here on the key may do this; nothing at all with scopes 0. Raises AccountError UNAVAILABLE."""
    _accepted(await _execute(exchange, admin(Kind.SET_KEY, key=key_id, scopes=scopes)))


async def gift(exchange, account: int, asset: int, amount: int) -> Outcome:
    """Money from outside (the exchange client needs the role CUSTODY), with the code of the core. Raises AccountError UNAVAILABLE."""
    command = transfer(Kind.TRANSFER, (time.time_ns(), secrets.randbits(62) + 1), debit=HOUSE_GATEWAY, credit=account, asset=asset,
                       amount=amount, reason=REASON_FAUCET)  # fmt: skip
    return await _execute(exchange, command)


async def give_back(exchange, account: int, asset: int, amount: int) -> Outcome:
    """Money to the outside, with the code of the core. Raises AccountError UNAVAILABLE."""
    command = transfer(Kind.TRANSFER, (time.time_ns(), secrets.randbits(62) + 1), debit=account, credit=HOUSE_GATEWAY, asset=asset,
                       amount=amount, reason=REASON_FAUCET_RETURN)  # fmt: skip
    return await _execute(exchange, command)


async def _execute(exchange, command: np.ndarray) -> Outcome:
    try:
        (outcome,) = await exchange.execute(command)
    except (LogError, ExchangeBusy, ReplicaStopped, TimeoutError) as error:
        raise AccountError(Refusal.UNAVAILABLE, retry_after=1) from error
    return outcome


def _accepted(outcome: Outcome, *also: Code) -> np.void:
    """The command's ADMIN_EVENT."""
    if outcome.code == Code.POOL_FULL:
        raise AccountError(Refusal.VENUE_FULL)
    assert outcome.code in (Code.OK, *also), Code(outcome.code).name  # all that is sent was checked before
    return outcome.events.view(ADMIN_EVENT)[0]
