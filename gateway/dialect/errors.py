"""Errors as the dialect speaks them: code, literal text, HTTP status; and the table from the core's codes to them.

Owns every error text that leaves the venue. Clients match codes and texts literally, so both are those of the public error list.
"""

from typing import NamedTuple

from engine.types import Code


class DialectError(Exception):
    """A request that is answered with an error. `data` is the partial result of a cancel-replace, `headers` go with HTTP."""

    def __init__(self, code: int, text: str, status: int = 400, *, data: dict | None = None,
                 headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:  # fmt: skip
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.status = status
        self.data = data
        self.headers = headers

    def body(self) -> dict:
        body = {"code": self.code, "msg": self.text}
        if self.data is not None:
            body["data"] = self.data
        return body


class Refusal(NamedTuple):
    """How a core code is told to a client."""

    code: int
    text: str
    status: int = 400


_ORDER_REJECTED, _CANCEL_REJECTED = -2010, -2011
_SYMBOL = Refusal(-1121, "Invalid symbol.")
_KEY = Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
_UNAUTHORIZED = Refusal(-1002, "You are not authorized to execute this request.", 401)
_UNSUPPORTED = Refusal(-1020, "This operation is not supported.")
_INVALID = Refusal(-1130, "Invalid data sent for a parameter.")
_BUSY = Refusal(-1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", 503)
_TIMESTAMP = Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
_BALANCE = Refusal(-2010, "Account has insufficient balance for requested action.")
_ACCOUNT = Refusal(-2010, "This action is disabled on this account.")
_NO_MARGIN_ACCOUNT = Refusal(-3003, "Margin account does not exist.")

# Why a command was refused. Together with EXPIRY_REASONS it names every Code but OK (tests/gateway/test_dialect_errors.py).
REFUSALS: dict[Code, Refusal] = {
    Code.NOT_PERMITTED: _UNAUTHORIZED,
    Code.STALE: _TIMESTAMP,
    Code.UNKNOWN_ACCOUNT: _KEY,
    Code.ACCOUNT_FROZEN: Refusal(-2010, "This account may not place or cancel orders."),
    Code.KEY_REVOKED: _KEY,
    Code.UNKNOWN_KIND: _UNSUPPORTED,
    Code.TOO_MANY_ORDERS: Refusal(-1015, "Too many new orders.", 429),
    Code.MARKET_BUSY: _BUSY,
    Code.UNKNOWN_SYMBOL: _SYMBOL,
    Code.MARKET_CLOSED: Refusal(-2010, "Market is closed."),
    Code.INVALID_ORDER: Refusal(-1014, "Unsupported order combination."),
    Code.PRICE_FILTER: Refusal(-1013, "Filter failure: PRICE_FILTER"),
    Code.LOT_SIZE: Refusal(-1013, "Filter failure: LOT_SIZE"),
    Code.MARKET_LOT_SIZE: Refusal(-1013, "Filter failure: MARKET_LOT_SIZE"),
    Code.NOTIONAL: Refusal(-1013, "Filter failure: NOTIONAL"),
    Code.MAX_NUM_ORDERS: Refusal(-1013, "Filter failure: MAX_NUM_ORDERS"),
    Code.EXPIRY_INVALID: Refusal(-1130, "Data sent for parameter 'goodTillDate' is not valid."),
    Code.PERCENT_PRICE: Refusal(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    Code.ICEBERG_PARTS: Refusal(-1013, "Filter failure: ICEBERG_PARTS"),
    Code.MAX_NUM_ALGO_ORDERS: Refusal(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS"),
    Code.MAX_NUM_ICEBERG_ORDERS: Refusal(-1013, "Filter failure: MAX_NUM_ICEBERG_ORDERS"),
    Code.MAX_POSITION: Refusal(-1013, "Filter failure: MAX_POSITION"),
    Code.TRAILING_DELTA: Refusal(-1013, "Filter failure: TRAILING_DELTA"),
    Code.MAX_NUM_AMENDS: Refusal(-2038, "Filter failure: MAX_NUM_ORDER_AMENDS"),
    Code.MAX_NUM_LISTS: Refusal(-1013, "Filter failure: MAX_NUM_ORDER_LISTS"),
    Code.EXCHANGE_MAX_ORDERS: Refusal(-1013, "Filter failure: EXCHANGE_MAX_NUM_ORDERS"),
    Code.EXCHANGE_MAX_ALGO_ORDERS: Refusal(-1013, "Filter failure: EXCHANGE_MAX_NUM_ALGO_ORDERS"),
    Code.EXCHANGE_MAX_ICEBERG_ORDERS: Refusal(-1013, "Filter failure: EXCHANGE_MAX_NUM_ICEBERG_ORDERS"),
    Code.EXCHANGE_MAX_LISTS: Refusal(-1013, "Filter failure: EXCHANGE_MAX_NUM_ORDER_LISTS"),
    Code.MAX_ASSET: Refusal(-1013, "Filter failure: MAX_ASSET"),
    Code.TRAILING_FULL: _BUSY,
    Code.UNKNOWN_ORDER: Refusal(-2011, "Unknown order sent."),
    Code.DUPLICATE_CLIENT_ID: Refusal(-2010, "Duplicate order sent."),
    Code.ORDERS_FULL: _BUSY,
    Code.INSUFFICIENT_BALANCE: _BALANCE,
    Code.WOULD_TAKE: Refusal(-2010, "Order would immediately match and take."),
    Code.CANCEL_RESTRICTED: Refusal(-2011, "Order was not canceled due to cancel restrictions."),
    Code.AMEND_INVALID: Refusal(-2038, "Order amend (quantity increase) is not supported."),
    Code.WOULD_TRIGGER: Refusal(-2010, "Order would trigger immediately."),
    Code.PEG_UNAVAILABLE: Refusal(-2010, "Order book liquidity is too low for this pegged order."),
    # What else would make legs no list is refused at the door, with words of its own.
    Code.LIST_INVALID: Refusal(-2010, "The relationship of the prices for the orders is not correct."),
    Code.LIST_LEG_REFUSED: Refusal(-1014, "Unsupported order combination."),  # never told: the refused leg's own code is
    Code.UNKNOWN_LIST: Refusal(-2011, "Unknown order list sent."),
    Code.INVALID_TRANSFER_ID: _INVALID,
    Code.ID_IN_FUTURE: _TIMESTAMP,
    Code.ID_TOO_OLD: _TIMESTAMP,
    Code.EXISTS: Refusal(-2010, "Duplicate order sent."),
    Code.ID_ALREADY_FAILED: Refusal(-2010, "Duplicate order sent."),
    Code.EXISTS_WITH_DIFFERENT_KIND: _INVALID,
    Code.EXISTS_WITH_DIFFERENT_DEBIT: _INVALID,
    Code.EXISTS_WITH_DIFFERENT_CREDIT: _INVALID,
    Code.EXISTS_WITH_DIFFERENT_ASSET: _INVALID,
    Code.EXISTS_WITH_DIFFERENT_AMOUNT: _INVALID,
    Code.EXISTS_WITH_DIFFERENT_PENDING_ID: _INVALID,
    Code.EXISTS_WITH_DIFFERENT_TIMEOUT: _INVALID,
    Code.EXISTS_WITH_DIFFERENT_REASON: _INVALID,
    Code.EXISTS_WITH_DIFFERENT_USER_DATA: _INVALID,
    Code.UNKNOWN_ASSET: _INVALID,
    Code.SAME_ACCOUNT: _INVALID,
    Code.INVALID_AMOUNT: _INVALID,
    Code.INVALID_TIMEOUT: _INVALID,
    Code.INSUFFICIENT_AVAILABLE: _BALANCE,
    Code.SUPPLY_LIMIT: _INVALID,
    Code.PENDING_FULL: _BUSY,
    Code.PENDING_NOT_FOUND: _INVALID,
    Code.PENDING_ALREADY_CAPTURED: _ACCOUNT,
    Code.PENDING_ALREADY_RELEASED: _ACCOUNT,
    Code.PENDING_EXPIRED: _ACCOUNT,
    Code.PENDING_MISMATCH: _INVALID,
    Code.EXCEEDS_PENDING_AMOUNT: _INVALID,
    Code.LINKED_FAILED: _INVALID,
    Code.LINKED_CHAIN_OPEN: _INVALID,
    Code.LINKED_CHAIN_TOO_LONG: _INVALID,
    Code.PATH_INVALID: _INVALID,
    Code.PATH_OVERLAP: _INVALID,
    Code.LIMIT_EXCEEDED: _INVALID,
    # Margin; who borrows, moves money or places an order is told some of them in other words (gateway/dialect/margin_errors.py).
    Code.OTHER_OWNER: _NO_MARGIN_ACCOUNT,
    Code.MARGIN_ASSET: Refusal(-3027, "Not a valid margin asset."),
    Code.MARGIN_SYMBOL: Refusal(-3028, "Not a valid margin pair."),
    Code.ACCOUNT_LIQUIDATING: Refusal(-3037, "PNL is clearing. Wait a second."),
    Code.LEVEL_TOO_LOW: Refusal(-3023, "You can't transfer out/place order under current margin level."),
    Code.INDEX_FROZEN: Refusal(-3042, "PriceIndex not available for this margin pair."),
    Code.UNFAIR_PRICE: Refusal(-2010, "The price is too far from the index price."),
    Code.BORROW_LIMIT: Refusal(-3006, "Your borrow amount has exceed maximum borrow amount."),
    Code.POOL_SHORT: Refusal(-3045, "The system doesn't have enough asset now."),
    Code.NO_DEBT: Refusal(-3015, "Repay amount exceeds borrow amount."),
    Code.INSUFFICIENT_SHARES: Refusal(-3041, "Balance is not enough."),
    Code.ZERO_SHARES: _INVALID,
    Code.INVALID_ARGUMENT: _INVALID,
    Code.ALREADY_EXISTS: _INVALID,
    Code.POOL_FULL: _BUSY,
    Code.UNKNOWN_KEY: _KEY,
    Code.ALREADY_OPEN: _UNSUPPORTED,
    Code.UNKNOWN_RULES: _UNSUPPORTED,
    Code.NOT_CONFIGURED: _UNSUPPORTED,
}

# Why an accepted order left the book or was never filled: the `expiryReason` of its response. Where the code is a refusal's, the order
# was refused when its turn came (REFUSED_LATER).
EXPIRY_REASONS: dict[Code, str] = {
    Code.NO_LIQUIDITY: "INSUFFICIENT_LIQUIDITY",
    Code.NOT_FILLABLE: "UNFILLED_FOK_ORDER_EXPIRED",
    Code.SELF_TRADE: "NONE",  # the status EXPIRED_IN_MATCH says it
    Code.WORK_LIMIT: "EXCHANGE_CANCELED",
    Code.BUDGET_SPENT: "INSUFFICIENT_LIQUIDITY",
    Code.LIST_DONE: "OCO_TRIGGER",
    Code.TIME_UP: "GOOD_TILL_DATE",  # the project's own: the dialect has no such orders
    Code.PRICE_RANGE: "EXECUTION_RULE_PRICE_RANGE_EXCEEDED",
}
REFUSED_LATER = "REJECTED"
NEVER_WORKED = "OTO_PHASE_ONE_EXPIRED"  # LIST_DONE, of an order whose turn never came


def refused(code: int) -> DialectError:
    """The error for a core code other than OK."""
    return DialectError(*REFUSALS[Code(code)])


def cancel_refused(code: int) -> DialectError:
    """The same, of a cancel: what rejects an order with -2010 rejects a cancel with -2011."""
    error = refused(code)
    if error.code == _ORDER_REJECTED:
        error.code = _CANCEL_REJECTED
    return error


# ---------------------------------------------------------------- errors made at the door


def missing(name: str) -> DialectError:
    return DialectError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def missing_either(name: str, other: str) -> DialectError:
    return DialectError(-1102, f"Param '{name}' or '{other}' must be sent, but both were empty/null!")


def beyond(name: str, limit: int) -> DialectError:
    return DialectError(-1102, f"'{name}' contains unexpected value. Cannot be greater than {limit}.")


def illegal_characters(name: str, legal: str) -> DialectError:
    return DialectError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def too_many_parameters(expected: int, received: int) -> DialectError:
    return DialectError(-1101, f"Too many parameters; expected '{expected}' and received '{received}'.")


def too_many_values(name: str, limit: int) -> DialectError:
    return DialectError(-1101, f"Too many values sent for parameter '{name}', maximum allowed up to {limit}.")


def duplicate_parameter() -> DialectError:
    return DialectError(-1101, "Duplicate values for a parameter detected.")


def unread_parameters(read: int, sent: int) -> DialectError:
    return DialectError(-1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.")


def empty(name: str) -> DialectError:
    return DialectError(-1105, f"Parameter '{name}' was empty.")


def not_required(name: str) -> DialectError:
    return DialectError(-1106, f"Parameter '{name}' sent when not required.")


def overflowed(name: str) -> DialectError:
    return DialectError(-1108, f"Parameter '{name}' overflowed.")


def too_precise(name: str) -> DialectError:
    return DialectError(-1111, f"Parameter '{name}' has too much precision.")


def invalid(name: str) -> DialectError:
    return DialectError(-1130, f"Data sent for parameter '{name}' is not valid.")


def bad_combination() -> DialectError:
    return DialectError(-1128, "Combination of optional parameters invalid.")


def invalid_time_in_force() -> DialectError:
    return DialectError(-1115, "Invalid timeInForce.")


def invalid_order_type() -> DialectError:
    return DialectError(-1116, "Invalid orderType.")


def invalid_side() -> DialectError:
    return DialectError(-1117, "Invalid side.")


def invalid_interval() -> DialectError:
    return DialectError(-1120, "Invalid interval.")


def invalid_symbol() -> DialectError:
    return DialectError(*_SYMBOL)


def invalid_cancel_restrictions() -> DialectError:
    return DialectError(-1145, "Invalid cancelRestrictions")


def invalid_peg_price_type() -> DialectError:
    return DialectError(-1210, "Invalid pegPriceType.")


def invalid_peg_offset_type() -> DialectError:
    return DialectError(-1211, "Invalid pegOffsetType.")


def duplicate_symbols() -> DialectError:
    return DialectError(-1151, "Symbol is present multiple times in the list.")


def wrong_symbol_status() -> DialectError:
    return DialectError(-1220, "The symbol's status does not match the requested symbolStatus.")


def filter_failure(name: str) -> DialectError:
    return DialectError(-1013, f"Filter failure: {name}")


def order_rejected(text: str) -> DialectError:
    return DialectError(-2010, text)


def unknown_order() -> DialectError:
    return refused(Code.UNKNOWN_ORDER)


def no_such_order() -> DialectError:
    return DialectError(-2013, "Order does not exist.")


def no_such_list() -> DialectError:
    return DialectError(-2013, "Order list does not exist.")


def no_margin_account() -> DialectError:
    return DialectError(*_NO_MARGIN_ACCOUNT)


def wrong_client_order_id() -> DialectError:
    return DialectError(-2039, "Client order ID is not correct for this order ID.")


def too_many_orders(limit: int, interval: str) -> DialectError:
    return DialectError(-1015, f"Too many new orders; current limit is {limit} orders per {interval}.", 429)


def outside_window() -> DialectError:
    return DialectError(*_TIMESTAMP)


def ahead_of_time() -> DialectError:
    return DialectError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")


def invalid_signature() -> DialectError:
    return DialectError(-1022, "Signature for this request is not valid.")


def bad_key_format() -> DialectError:
    return DialectError(-2014, "API-key format invalid.", 401)


def rejected_key() -> DialectError:
    return DialectError(*_KEY)


def unknown_listen_key() -> DialectError:
    return DialectError(-1125, "This listenKey does not exist.")


def unsupported() -> DialectError:
    return DialectError(*_UNSUPPORTED)


def no_reference_price() -> DialectError:
    return DialectError(-2043, "This symbol doesn't have a reference price.")


def invalid_time_unit() -> DialectError:
    return DialectError(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")


def too_much_weight(limit: int, retry_after_s: int) -> DialectError:
    return DialectError(
        -1003,
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
        429,
        headers=_retry_after(retry_after_s),
    )


def too_many_requests(limit: int, retry_after_s: int) -> DialectError:
    return DialectError(
        -1003,
        f"Too many requests; current limit is {limit} requests per 5 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
        429,
        headers=_retry_after(retry_after_s),
    )


def banned(until_ms: int, retry_after_s: int) -> DialectError:
    return DialectError(
        -1003,
        f"Way too much request weight used; IP banned until {until_ms}. Please use WebSocket Streams for live updates to avoid bans.",
        418,
        headers=_retry_after(retry_after_s),
    )


def _retry_after(seconds: int) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"retry-after", str(max(1, seconds)).encode()),)


def too_busy() -> DialectError:
    """Nothing was done: too much waits already."""
    return DialectError(*_BUSY)


def log_unavailable() -> DialectError:
    """Nothing was done: the command log did not take the command."""
    return DialectError(-1001, "Internal error; unable to process your request. Please try again.", 503)


def outcome_unknown() -> DialectError:
    """The command was sent to the log; whether it is in it is not known yet."""
    return DialectError(-1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown.", 504)


def internal() -> DialectError:
    """A defect of ours; the cause is in the log of the process, never in the answer."""
    return DialectError(-1000, "An unknown error occurred while processing the request.", 500)
