"""gateway/dialect/parameters.py: what is sent becomes a value or an error of the dialect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialect import parameters
from gateway.dialect.errors import DialectError
from gateway.dialect.operations import OPERATIONS

JSON_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=60), st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(["1", "0", "-1", "1e5", "0.00000001", "9" * 20, "9" * 21, "BTCUSDT", "btcusdt", '["BTCUSDT"]', "[", "true", ""]),
)  # fmt: skip


@given(st.data())
def test_any_value_of_any_parameter_is_read_or_refused(data):
    operation = data.draw(st.sampled_from(sorted(OPERATIONS)))
    table = OPERATIONS[operation].table
    names = st.sampled_from(sorted(table) or ["x"])
    params = data.draw(st.dictionaries(names, JSON_VALUES, max_size=4))
    try:
        parsed = parameters.parse(table, (), params, strict=True, signed=True)
    except DialectError as error:
        assert -1300 < error.code <= -1000
    else:
        assert set(parsed) == set(params)


@pytest.mark.parametrize(
    ("parser", "value", "told"),
    [
        (parameters.symbol, "btcusdt", (-1100, "Illegal characters found in parameter 'x'; legal range is '^[A-Z0-9-_.]{1,24}$'.")),
        (parameters.number, "1e-5",
         (-1100, r"Illegal characters found in parameter 'x'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'.")),
        (parameters.integer, "1.5", (-1100, "Illegal characters found in parameter 'x'; legal range is '^[0-9]{1,20}$'.")),
        (parameters.integer, "9223372036854775808", (-1108, "Parameter 'x' overflowed.")),
        (parameters.number, "", (-1105, "Parameter 'x' was empty.")),
        (parameters.number, None, (-1105, "Parameter 'x' was empty.")),
        (parameters.client_id, "a b", (-1100, "Illegal characters found in parameter 'x'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.")),
        (parameters.client_id, "a" * 37, (-1100, "Illegal characters found in parameter 'x'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.")),
        (parameters.boolean, "1", (-1130, "Data sent for parameter 'x' is not valid.")),
        (parameters.limit(1000), "1001", (-1130, "Data sent for parameter 'x' is not valid.")),
        (parameters.limit(1000), "0", (-1130, "Data sent for parameter 'x' is not valid.")),
        (parameters.recv_window_ns, "60000.001", (-1102, "'x' contains unexpected value. Cannot be greater than 60000.")),
        (parameters.recv_window_ns, "1.0001", (-1111, "Parameter 'x' has too much precision.")),
        (parameters.names, '["A","A"]', (-1151, "Symbol is present multiple times in the list.")),
        (parameters.names, '["' + '","'.join(f"S{n}" for n in range(101)) + '"]',
         (-1101, "Too many values sent for parameter 'x', maximum allowed up to 100.")),
    ],
)  # fmt: skip
def test_refusals(parser, value, told):
    with pytest.raises(DialectError) as caught:
        parser("x", value)
    assert (caught.value.code, caught.value.text) == told


@pytest.mark.parametrize(
    ("parser", "value", "read"),
    [
        (parameters.number, 0.00001, "0.00001"),
        (parameters.number, 25, "25"),
        (parameters.integer, 7, 7),
        (parameters.limit(5000, clamp=True), "9000", 5000),
        (parameters.recv_window_ns, "6000.346", 6_000_346_000),
        (parameters.recv_window_ns, 60000, 60_000_000_000),
        (parameters.time_ns, "1700000000000", 1_700_000_000 * 10**9),
        (parameters.time_ns, 1700000000000001, 1_700_000_000_000_001_000),
        (parameters.names, ["A", "B"], ["A", "B"]),
        (parameters.names, '["A","B"]', ["A", "B"]),
        (parameters.name_or_names, "SPOT", ["SPOT"]),
        (parameters.boolean, True, True),
        (parameters.boolean, "FALSE", False),
    ],
)
def test_values(parser, value, read):
    assert parser("x", value) == read


def test_unknown_parameters_are_refused_where_strict():
    table = {"symbol": parameters.symbol}
    params = {"symbol": "BTCUSDT", "postOnly": True}
    assert parameters.parse(table, (), params, strict=False, signed=True) == {"symbol": "BTCUSDT"}
    with pytest.raises(DialectError) as signed:
        parameters.parse(table, (), params, strict=True, signed=True)
    with pytest.raises(DialectError) as public:
        parameters.parse(table, (), params, strict=True, signed=False)
    assert (signed.value.code, signed.value.text) == (
        -1104, "Not all sent parameters were read; read '1' parameter(s) but was sent '2'.",
    )  # fmt: skip
    assert (public.value.code, public.value.text) == (-1101, "Too many parameters; expected '1' and received '2'.")


def test_mandatory_parameters():
    with pytest.raises(DialectError) as caught:
        parameters.parse({"symbol": parameters.symbol}, ("symbol",), {}, strict=True, signed=False)
    assert (caught.value.code, caught.value.text) == (
        -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
    )  # fmt: skip
