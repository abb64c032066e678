"""gateway/dialect/errors.py: every code of the core has its words, and they are those of the public list."""

import pytest

from engine.types import Code
from gateway.dialect.errors import EXPIRY_REASONS, REFUSALS, refused


def test_the_table_is_total():
    told = [*REFUSALS, *EXPIRY_REASONS, Code.OK]
    assert sorted(told) == sorted(Code)


def test_every_refusal_is_an_error_of_the_dialect():
    for code in REFUSALS:
        error = refused(code)
        assert -9999 < error.code <= -1000
        assert error.status in (400, 401, 429, 503)
        assert error.body() == {"code": error.code, "msg": error.text}
        assert error.text[0].isupper()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (Code.INSUFFICIENT_BALANCE, (-2010, "Account has insufficient balance for requested action.", 400)),
        (Code.WOULD_TAKE, (-2010, "Order would immediately match and take.", 400)),
        (Code.DUPLICATE_CLIENT_ID, (-2010, "Duplicate order sent.", 400)),
        (Code.MARKET_CLOSED, (-2010, "Market is closed.", 400)),
        (Code.UNKNOWN_ORDER, (-2011, "Unknown order sent.", 400)),
        (Code.CANCEL_RESTRICTED, (-2011, "Order was not canceled due to cancel restrictions.", 400)),
        (Code.UNKNOWN_SYMBOL, (-1121, "Invalid symbol.", 400)),
        (Code.STALE, (-1021, "Timestamp for this request is outside of the recvWindow.", 400)),
        (Code.KEY_REVOKED, (-2015, "Invalid API-key, IP, or permissions for action.", 401)),
        (Code.LOT_SIZE, (-1013, "Filter failure: LOT_SIZE", 400)),
        (Code.ORDERS_FULL, (-1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", 503)),
    ],
)
def test_literal_texts(code, told):
    assert REFUSALS[code] == told
