"""How often something may be tried: counts per subject in fixed windows, in this process's memory, of bounded size.

A restart forgets the counts; the cost of one attempt (gateway/identity/passwords.py) does not depend on them. Of more
subjects than are kept, the one tried longest ago is forgotten first.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from gateway.identity.errors import AccountError, Refusal

SUBJECTS_KEPT = 1 << 16


class Limit(NamedTuple):
    name: str
    attempts: int
    seconds: int


# Someone who guesses is stopped by the first, someone with many accounts in mind by the second, someone with many addresses by the third.
LOGIN_PAIR = Limit("login of an account from an address", 8, 300)
LOGIN_ADDRESS = Limit("logins from an address", 60, 300)
LOGIN_ACCOUNT = Limit("logins of an account", 100, 3600)
SIGN_UP_ADDRESS = Limit("sign-ups from an address", 60, 3600)
PASSWORD_ACCOUNT = Limit("password changes of an account", 8, 300)
KEYS_ACCOUNT = Limit("keys made by an account", 60, 3600)
FAUCET_ACCOUNT = Limit("gifts of an asset to an account", 3, 3600)
FAUCET_RETURN_ACCOUNT = Limit("play money given back by an account", 60, 3600)


class Attempts:
    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._counts: OrderedDict[tuple[Limit, object], tuple[float, int]] = OrderedDict()  # -> window's end, attempts in it

    def count(self, limit: Limit, *subject: object) -> None:
        """One more attempt. Raises AccountError TOO_MANY_ATTEMPTS, with the seconds until the window's end, beyond the limit."""
        now = self._clock()
        ends, attempts = self._counts.get((limit, subject), (0.0, 0))
        if ends <= now:
            ends, attempts = now + limit.seconds, 0
        if attempts >= limit.attempts:
            raise AccountError(Refusal.TOO_MANY_ATTEMPTS, retry_after=math.ceil(ends - now))
        self._counts[limit, subject] = (ends, attempts + 1)
        self._counts.move_to_end((limit, subject))
        if len(self._counts) > SUBJECTS_KEPT:
            self._counts.popitem(last=False)

    def forget(self, limit: Limit, *subject: object) -> None:
        """Start afresh, after a success."""
        self._counts.pop((limit, subject), None)


def network(address: str) -> str:
    """Whom an address stands for: itself, or for IPv6 its /64, which one person has whole."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
