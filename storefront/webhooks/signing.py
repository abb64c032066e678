"""How a seller's endpoint knows that a message is from this venue, whole, and fresh.

    X-CryptoShop-Signature: t=<unix seconds>,v1=<hex of HMAC-SHA256(secret, "<t>.<body>")>

The receiver recomputes it over the bytes it got, compares in constant time, and refuses a `t` that is minutes old.
"""

import hashlib
import hmac
import secrets

SECRET_PREFIX = "whsec_"


def fresh_secret() -> str:
    """256 random bits; all of the text, as ASCII, is the key."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def signature(secret: str, body: bytes, unix_seconds: int) -> str:
    """The header's value."""
    signed = hmac.new(secret.encode("ascii"), f"{unix_seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={unix_seconds},v1={signed}"
