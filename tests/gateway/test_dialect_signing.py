"""gateway/dialect/signing.py: what is signed, and for how long it holds."""

import hashlib
import hmac

import pytest

from gateway.dialect.errors import DialectError
from gateway.dialect.signing import rest_payload, valid_until, websocket_payload

SECRET = b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
SIGNED = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"

NOW = 1_700_000_000 * 10**9
MS = 10**6


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (f"{SIGNED}&signature={SIGNATURE}", ""),
        ("", f"{SIGNED}&signature={SIGNATURE}"),
        ("symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC", f"&quantity=1{SIGNED.partition('quantity=1')[2]}&signature={SIGNATURE}"),
    ],
    ids=["query", "body", "mixed"],
)
def test_the_published_vector(query, body):
    payload = rest_payload(query.encode(), body.encode())
    assert hmac.new(SECRET, payload, hashlib.sha256).hexdigest() == SIGNATURE


def test_query_and_body_are_joined_without_a_separator():
    assert rest_payload(b"a=1", b"b=2&signature=ff") == b"a=1b=2"


def test_what_is_signed_is_what_was_sent():
    assert rest_payload(b"x=%5B%22A%22%5D&y=a+b&signature=0", b"") == b"x=%5B%22A%22%5D&y=a+b"


def test_websocket_parameters_are_sorted():
    params = {"timestamp": 1, "apiKey": "k", "b": True, "a": "x y", "signature": "s", "quantity": "0.10"}
    assert websocket_payload(params) == b"a=x y&apiKey=k&b=true&quantity=0.10&timestamp=1"


def test_a_request_is_valid_within_its_window():
    params = {"timestamp": NOW - 1000 * MS, "recvWindow": 1000 * MS}
    assert valid_until(params, NOW) == NOW
    assert valid_until({"timestamp": NOW + 999 * MS}, NOW) == NOW + 5999 * MS


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, (-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.")),
        ({"timestamp": NOW - 5001 * MS}, (-1021, "Timestamp for this request is outside of the recvWindow.")),
        ({"timestamp": NOW - 2 * MS, "recvWindow": MS}, (-1021, "Timestamp for this request is outside of the recvWindow.")),
        ({"timestamp": NOW + 1000 * MS}, (-1021, "Timestamp for this request was 1000ms ahead of the server's time.")),
    ],
)
def test_other_times_are_refused(params, told):
    with pytest.raises(DialectError) as caught:
        valid_until(params, NOW)
    assert (caught.value.code, caught.value.text) == told
