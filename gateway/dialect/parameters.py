"""Parameters of requests: from what was sent (texts over REST, JSON values over the WebSocket API) to checked Python values.

Every parser takes (name, value) and returns the value or raises DialectError. A value that came as a JSON number is read by its
decimal text. Nothing unbounded passes: numbers have at most 20 digits a side, texts and lists a limit.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from engine.units import NUMBER_PATTERN, UnitsError, parse_units
from gateway.dialect import errors

TEXT_MAX = 512
SYMBOLS_MAX = 100  # in one request
INT64_MAX = 2**63 - 1
RECV_WINDOW_MAX_MS = 60_000
MICROSECONDS_FROM = 10**14  # a timestamp of this size cannot be in milliseconds (year 5138), so it is in microseconds

SYMBOL_PATTERN = "^[A-Z0-9-_.]{1,24}$"
SYMBOLS_PATTERN = r'^\[("[A-Z0-9-_.]{1,24}"(,"[A-Z0-9-_.]{1,24}"){0,}){0,1}\]$'
CLIENT_ID_PATTERN = "^[a-zA-Z0-9-_]{1,36}$"
INTEGER_PATTERN = "^[0-9]{1,20}$"

_is_symbol = re.compile(r"[A-Z0-9\-_.]{1,24}", re.ASCII).fullmatch
_is_client_id = re.compile(r"[a-zA-Z0-9\-_]{1,36}", re.ASCII).fullmatch
_is_integer = re.compile(r"[0-9]{1,20}", re.ASCII).fullmatch
_is_number = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII).fullmatch
_decode_names = msgspec.json.Decoder(list[str]).decode

Parser = Callable[[str, Any], Any]
Table = dict[str, Parser]


def text(name: str, value: Any) -> str:
    """The value as it would stand in a query string."""
    if value.__class__ is str:
        sent = value
    elif value is None:
        raise errors.empty(name)
    elif isinstance(value, bool):
        sent = "true" if value else "false"
    elif isinstance(value, int):
        sent = str(value) if abs(value) <= 10**40 else "-"
    elif isinstance(value, float):
        sent = format(Decimal(repr(value)), "f") if abs(value) < 10**20 else "-"
    elif isinstance(value, Decimal):
        sent = format(value, "f") if value.adjusted() < 40 else "-"
    else:
        raise errors.invalid(name)
    if not sent:
        raise errors.empty(name)
    if len(sent) > TEXT_MAX:
        raise errors.invalid(name)
    return sent


def symbol(name: str, value: Any) -> str:
    if value.__class__ is str and _is_symbol(value):
        return value
    sent = text(name, value)
    if not _is_symbol(sent):
        raise errors.illegal_characters(name, SYMBOL_PATTERN)
    return sent


def names(name: str, value: Any) -> list[str]:
    """A JSON array of distinct names, or (WebSocket API) a list."""
    if isinstance(value, list | tuple):
        sent = list(value)
    else:
        if value.__class__ is str and len(value) > SYMBOLS_MAX * 32:
            raise errors.too_many_values(name, SYMBOLS_MAX)
        try:
            sent = _decode_names(value if value.__class__ is str and value else text(name, value))
        except msgspec.MsgspecError:
            raise errors.illegal_characters(name, SYMBOLS_PATTERN) from None
    if not all(isinstance(item, str) and _is_symbol(item) for item in sent):
        raise errors.illegal_characters(name, SYMBOLS_PATTERN)
    if not sent:
        raise errors.empty(name)
    if len(sent) > SYMBOLS_MAX:
        raise errors.too_many_values(name, SYMBOLS_MAX)
    if len(set(sent)) != len(sent):
        raise errors.duplicate_symbols()
    return sent


def name_or_names(name: str, value: Any) -> list[str]:
    """One name, or a JSON array of them."""
    if isinstance(value, list) or (isinstance(value, str) and value.startswith("[")):
        return names(name, value)
    return [symbol(name, value)]


def integer(name: str, value: Any) -> int:
    """0 … 2**63-1."""
    if value.__class__ is int and 0 <= value <= INT64_MAX:
        return value
    sent = text(name, value)
    if not _is_integer(sent):
        raise errors.illegal_characters(name, INTEGER_PATTERN)
    number = int(sent)
    if number > INT64_MAX:
        raise errors.overflowed(name)
    return number


def number(name: str, value: Any) -> str:
    """A plain decimal number, still as text: what it means depends on the symbol."""
    if value.__class__ is str and _is_number(value):
        return value
    sent = text(name, value)
    if not _is_number(sent):
        raise errors.illegal_characters(name, NUMBER_PATTERN)
    return sent


def boolean(name: str, value: Any) -> bool:
    sent = text(name, value).lower()
    if sent not in ("true", "false"):
        raise errors.invalid(name)
    return sent == "true"


def client_id(name: str, value: Any) -> str:
    if value.__class__ is str and _is_client_id(value):
        return value
    sent = text(name, value)
    if not _is_client_id(sent):
        raise errors.illegal_characters(name, CLIENT_ID_PATTERN)
    return sent


def time_ns(name: str, value: Any) -> int:
    """A time in ms or µs since 1970, as nanoseconds."""
    sent = integer(name, value)
    nanoseconds = sent * (1_000 if sent >= MICROSECONDS_FROM else 1_000_000)
    if nanoseconds > INT64_MAX:
        raise errors.overflowed(name)
    return nanoseconds


def recv_window_ns(name: str, value: Any) -> int:
    """Milliseconds with up to three decimals, as nanoseconds."""
    if value.__class__ is int and 0 <= value <= RECV_WINDOW_MAX_MS:
        return value * 1_000_000
    sent = number(name, value)
    if sent.partition(".")[2][3:].strip("0"):
        raise errors.too_precise(name)
    try:
        microseconds = parse_units(sent, 3)
    except UnitsError:
        raise errors.beyond(name, RECV_WINDOW_MAX_MS) from None
    if microseconds > RECV_WINDOW_MAX_MS * 1_000:
        raise errors.beyond(name, RECV_WINDOW_MAX_MS)
    return microseconds * 1_000


def limit(largest: int, *, clamp: bool = False) -> Parser:
    """1 … largest; beyond it an error, or `largest` itself."""

    def parse(name: str, value: Any) -> int:
        sent = integer(name, value)
        if not sent or (sent > largest and not clamp):
            raise errors.invalid(name)
        return min(sent, largest)

    return parse


def one_of(table: dict[str, Any], refusal: Callable[..., errors.DialectError] = errors.invalid) -> Parser:
    """The table's value for the text sent; `refusal` makes the error (given the name, if it is `errors.invalid`)."""

    def parse(name: str, value: Any) -> Any:
        if value.__class__ is str and value in table:
            return table[value]
        text(name, value)
        raise refusal(name) if refusal is errors.invalid else refusal()

    return parse


def parse(table: Table, required: tuple[str, ...], params: dict[str, Any], *, strict: bool, signed: bool) -> dict[str, Any]:
    """Each parameter of `params` by its parser in `table`.

    Unknown ones are errors where `strict` (REST): -1104 on signed operations, -1101 on public ones; else they are passed over
    (a WebSocket API client leaks its own options into requests, and must not fail by it).
    """
    parsed = {}
    for name, value in params.items():
        parser = table.get(name)
        if parser is not None:
            parsed[name] = parser(name, value)
        elif strict:
            known = sum(name in table for name in params)
            raise errors.unread_parameters(known, len(params)) if signed else errors.too_many_parameters(known, len(params))
    for name in required:
        if name not in parsed:
            raise errors.missing(name)
    return parsed
