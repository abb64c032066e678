"""What a signature covers, and for how long a signed request is valid."""

from typing import Any

from gateway.dialect import errors

DEFAULT_WINDOW_NS = 5_000 * 10**6
AHEAD_MAX_NS = 10**9
SIGNATURE = "signature"


def rest_payload(query: bytes, body: bytes) -> bytes:
    """Query string and form body as sent, joined without a separator, without the signature (which stands last in either)."""
    return _without_signature(query) + _without_signature(body)


def _without_signature(sent: bytes) -> bytes:
    if b"signature=" not in sent:
        return sent
    return b"&".join(part for part in sent.split(b"&") if not part.startswith(b"signature="))


def websocket_payload(params: dict[str, Any]) -> bytes:
    """All parameters but the signature, sorted by name, k=v joined by &, not percent-encoded; booleans in lower case."""
    pairs = []
    for name in sorted(params):
        if name != SIGNATURE:
            value = params[name]
            pairs.append(f"{name}={value if value.__class__ is str else _text(value)}")
    return "&".join(pairs).encode()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def valid_until(params: dict[str, Any], now_ns: int) -> int:
    """The time until which a request signed at `timestamp` may take effect. Raises DialectError where that is not now."""
    if "timestamp" not in params:
        raise errors.missing("timestamp")
    signed_ns = params["timestamp"]
    until_ns = signed_ns + params.get("recvWindow", DEFAULT_WINDOW_NS)
    if signed_ns >= now_ns + AHEAD_MAX_NS:
        raise errors.ahead_of_time()
    if now_ns > until_ns:
        raise errors.outside_window()
    return until_ns
