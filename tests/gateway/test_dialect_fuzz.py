"""Whatever is sent to whatever operation: an answer or an error of the dialect, and a sound book."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialect.errors import DialectError
from gateway.dialect.operations import OPERATIONS
from gateway.dialect.venue import Ask, AskAll
from tests.gateway.dialect_venue import DialectVenue

# Values that come close to making sense.
_NAMED = {
    "symbol": ["BTCUSDT", "NOPE", "btcusdt", ""],
    "symbols": ['["BTCUSDT"]', '["BTCUSDT","BTCUSDT"]', "[]", "[1]", "["],
    "side": ["BUY", "SELL"],
    "type": ["LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "FULL", "MINI"],
    "timeInForce": ["GTC", "IOC", "FOK"],
    "quantity": ["1", "0.0001", "0", "99999999999999999999", 2, 0.5],
    "quoteOrderQty": ["50", "0.000001", "99999999999999999999"],
    "price": ["100", "100.01", "0.01", "1000000", 99, 100.5],
    "cancelReplaceMode": ["STOP_ON_FAILURE", "ALLOW_FAILURE"],
    "interval": ["1m", "1M", "7m"],
    "windowSize": ["1m", "7d", "8d"],
    "timeZone": ["0", "-12:00", "14", "15"],
    "selfTradePreventionMode": ["NONE", "EXPIRE_BOTH", "DECREMENT"],
    "cancelRestrictions": ["ONLY_NEW", "ONLY_PARTIALLY_FILLED"],
    "newQty": ["0.5", "1"],
    "newClientOrderId": ["a", "b", "ü"],
    "origClientOrderId": ["a", "b"],
}
_ANY = st.one_of(
    st.integers(-1, 3), st.text(max_size=8), st.sampled_from(["1", "0", "-1", "9" * 19, "9" * 20, "true", "x" * 600, "\0", None])
)


@st.composite
def requests(draw):
    name = draw(st.sampled_from(sorted(name for name, operation in OPERATIONS.items() if operation.offered)))
    operation = OPERATIONS[name]
    wanted = set(operation.required) | draw(st.sets(st.sampled_from(sorted(operation.table) or ["x"]), max_size=5))
    sensible = draw(st.integers(0, 9)) > 0
    return name, {key: draw(st.sampled_from(_NAMED[key]) if sensible and key in _NAMED else _ANY) for key in sorted(wanted)}


@settings(max_examples=250, deadline=None)
@given(st.lists(requests(), min_size=1, max_size=12))
def test_every_request_is_answered(sequence):
    venue = DialectVenue()
    for name, params in sequence:
        try:
            answer = venue.answer(name, params)
        except DialectError as error:
            assert error.code < 0
            assert 400 <= error.status < 500
            orjson.dumps(error.body())
        else:
            if not isinstance(answer, Ask | AskAll):
                orjson.dumps(answer)
    assert venue.exchange.machine.validate() == ""
