"""REST for traders: /api/* and /sapi/* as a bare ASGI application around the Gateway; the other products' paths are refused here too.

Owns the table of routes, reading of query strings and form bodies as sent (signatures cover the bytes), and the headers of answers.
Everything is answered in the dialect's JSON, unknown paths and methods too. Bodies, query strings and parameter counts are bounded.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_plus

import orjson
import structlog

from gateway.dialect import errors
from gateway.dialect.errors import DialectError
from gateway.dialect.margin_operations import MARGIN_ROUTES
from gateway.dialect.operation import Security
from gateway.dialect.operations import OPERATIONS
from gateway.dialect.signing import SIGNATURE, rest_payload
from gateway.gateway import Gateway
from gateway.limits import Used, client_address

BODY_MAX = 16 * 1024
QUERY_MAX = 16 * 1024
PARAMETERS_MAX = 64

_METHODS = ("GET", "POST", "PUT", "DELETE")
_ENVELOPE = (SIGNATURE, "apiKey")  # parameters that are no operation's
_JSON = (b"content-type", b"application/json;charset=UTF-8")
_CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"X-MBX-USED-WEIGHT-1M, X-MBX-ORDER-COUNT-10S, X-MBX-ORDER-COUNT-1D, Retry-After"),
)
_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"X-MBX-APIKEY, X-MBX-TIME-UNIT, Content-Type"),
    (b"access-control-max-age", b"86400"),
)
_API = "/api/v3/"
_LENIENT = "/sapi/"  # parameters that an operation does not know are passed over here, as clients that leak their own expect
_MARKET = {
    "ping": "ping",
    "time": "time",
    "exchangeInfo": "exchangeInfo",
    "depth": "depth",
    "trades": "trades.recent",
    "historicalTrades": "trades.historical",
    "aggTrades": "trades.aggregate",
    "klines": "klines",
    "ticker/24hr": "ticker.24hr",
}
ROUTES: dict[str, dict[str, str]] = {
    **{f"/api/{version}/{path}": {"GET": name} for version in ("v1", "v3") for path, name in _MARKET.items()},
    **{
        _API + path: methods
        for path, methods in {
            "executionRules": {"GET": "executionRules"},
            "referencePrice": {"GET": "referencePrice"},
            "referencePrice/calculation": {"GET": "referencePrice.calculation"},
            "historicalBlockTrades": {"GET": "blockTrades.historical"},
            "auction": {"GET": "auction"},
            "uiKlines": {"GET": "uiKlines"},
            "avgPrice": {"GET": "avgPrice"},
            "ticker": {"GET": "ticker"},
            "ticker/tradingDay": {"GET": "ticker.tradingDay"},
            "ticker/price": {"GET": "ticker.price"},
            "ticker/bookTicker": {"GET": "ticker.book"},
            "order": {"POST": "order.place", "GET": "order.status", "DELETE": "order.cancel"},
            "order/test": {"POST": "order.test"},
            "order/cancelReplace": {"POST": "order.cancelReplace"},
            "order/amend/keepPriority": {"PUT": "order.amend.keepPriority"},
            "order/amendments": {"GET": "order.amendments"},
            "openOrders": {"GET": "openOrders.status", "DELETE": "openOrders.cancelAll"},
            "countdownCancelAll": {"POST": "countdownCancelAll"},
            "allOrders": {"GET": "allOrders"},
            "myTrades": {"GET": "myTrades"},
            "account": {"GET": "account.status"},
            "account/commission": {"GET": "account.commission"},
            "rateLimit/order": {"GET": "account.rateLimits.orders"},
            "myFilters": {"GET": "myFilters"},
            "myPreventedMatches": {"GET": "myPreventedMatches"},
            "myAllocations": {"GET": "myAllocations"},
            "order/oco": {"POST": "orderList.place"},
            "orderList/oco": {"POST": "orderList.place.oco"},
            "orderList/oto": {"POST": "orderList.place.oto"},
            "orderList/otoco": {"POST": "orderList.place.otoco"},
            "orderList/opo": {"POST": "orderList.place.opo"},
            "orderList/opoco": {"POST": "orderList.place.opoco"},
            "orderList": {"GET": "orderList.status", "DELETE": "orderList.cancel"},
            "allOrderList": {"GET": "allOrderLists"},
            "openOrderList": {"GET": "openOrderLists.status"},
            "sor/order": {"POST": "sor.order.place"},
            "sor/order/test": {"POST": "sor.order.test"},
        }.items()
    },
    **{
        f"/api/{version}/userDataStream": {
            "POST": "userDataStream.start",
            "PUT": "userDataStream.ping",
            "DELETE": "userDataStream.stop",
        }
        for version in ("v1", "v3")
    },
    "/sapi/v1/system/status": {"GET": "wallet.status"},
    "/sapi/v1/capital/config/getall": {"GET": "wallet.coins"},
    "/sapi/v1/asset/tradeFee": {"GET": "wallet.fees"},
    "/sapi/v1/capital/deposit/hisrec": {"GET": "wallet.deposits"},
    "/sapi/v1/capital/deposit/address": {"GET": "wallet.address"},
    "/sapi/v1/capital/withdraw/history": {"GET": "wallet.withdrawals"},
    "/sapi/v1/capital/withdraw/apply": {"POST": "wallet.withdraw"},
    "/sapi/v1/spot/delist-schedule": {"GET": "wallet.delistings"},
    "/sapi/v3/asset/getUserAsset": {"POST": "wallet.assets"},
    "/sapi/v1/asset/wallet/balance": {"GET": "wallet.wallets"},
    "/sapi/v1/asset/get-funding-asset": {"POST": "wallet.funding"},
    "/sapi/v1/asset/assetDetail": {"GET": "wallet.assetDetail"},
    "/sapi/v1/asset/assetDividend": {"GET": "wallet.dividends"},
    "/sapi/v1/asset/dribblet": {"GET": "wallet.dust"},
    "/sapi/v1/margin/dribblet": {"GET": "wallet.dust"},
    "/sapi/v1/account/apiRestrictions": {"GET": "wallet.keyPermissions"},
    "/sapi/v1/account/status": {"GET": "wallet.accountStatus"},
    "/sapi/v1/account/apiTradingStatus": {"GET": "wallet.tradingStatus"},
    "/sapi/v1/account/info": {"GET": "wallet.accountInfo"},
    **MARGIN_ROUTES,
}

_log = structlog.get_logger("rest")

Headers = list[tuple[bytes, bytes]]
Send = Callable[[dict], Awaitable[None]]


def trading_app(gateway: Gateway) -> Callable[[dict, Callable, Send], Awaitable[None]]:
    """The ASGI application. A signed-in session's Principal is expected in scope["state"]["principal"], where there is one."""

    async def app(scope: dict, receive: Callable[[], Awaitable[dict]], send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            status, body, headers = await _answer(gateway, scope, receive)
        except _Gone:
            return
        except DialectError as error:
            status, body, headers = error.status, orjson.dumps(error.body()), list(error.headers)
        except Exception:
            _log.exception("request failed", path=scope["path"][:128])
            error = errors.internal()
            status, body, headers = error.status, orjson.dumps(error.body()), []
        await _respond(send, scope["method"], status, body, headers)

    return app


class _Gone(Exception):
    """The client went away before it had said everything."""


async def _answer(gateway: Gateway, scope: dict, receive: Callable[[], Awaitable[dict]]) -> tuple[int, bytes, Headers]:
    methods = ROUTES.get(scope["path"].rstrip("/"))
    method = scope["method"]
    headers = dict(scope["headers"])
    if method == "OPTIONS":
        return 204, b"", list(_PREFLIGHT)
    address = client_address(scope["client"][0] if scope.get("client") else "", _header(headers, b"x-forwarded-for"))
    if methods is None:
        raise _with_weight(_no_such_path(scope["path"], method), gateway, address)
    name = methods.get("GET" if method == "HEAD" else method)
    if name is None and not scope["path"].startswith("/api/"):
        raise _with_weight(errors.unsupported(), gateway, address)
    if name is None:
        allowed = ", ".join(methods).encode()
        refusal = DialectError(-1000, f"Request method '{method[:16]}' is not supported.", 405, headers=((b"allow", allowed),))
        raise _with_weight(refusal, gateway, address)
    operation = OPERATIONS[name]
    query = scope["query_string"]
    body = await _body(receive)
    if len(query) > QUERY_MAX:
        raise errors.DialectError(-1101, "Too many parameters sent for this endpoint.", 400)
    params = _parameters(query, body)
    try:
        used = gateway.limits.charge(address, operation.weight_of(params))
    except DialectError as refusal:
        refusal.headers = (*refusal.headers, _weight_header(gateway.limits.used(address)))
        raise
    try:
        principal = scope.get("state", {}).get("principal")
        if operation.security is not Security.NONE and (api_key := _header(headers, b"x-mbx-apikey")):
            principal = await gateway.authenticate(operation, params, api_key, rest_payload(query, body))
        microseconds = _microseconds(headers)
    except DialectError as error:
        return error.status, orjson.dumps(error.body()), [*error.headers, _weight_header(used)]
    for name_sent in _ENVELOPE:
        params.pop(name_sent, None)
    strict = not scope["path"].startswith(_LENIENT)
    status, answer = await gateway.call(name, params, principal, strict=strict, microseconds=microseconds)
    extra = [_weight_header(used)]
    if operation.places_order and principal is not None and status in (200, 409):
        extra += gateway.order_count_headers(principal)
    return status, answer, extra


def _no_such_path(path: str, method: str) -> DialectError:
    """Below /api a mistake; elsewhere a part of the dialect that is not here: other products, other wallets."""
    if path.startswith("/api/"):
        return DialectError(-1000, f"Path {path[:128]}, Method {method} is invalid", 404)
    return errors.unsupported()


def _parameters(query: bytes, body: bytes) -> dict[str, Any]:
    """Names and values of query string and form; the query string's win where both have a name. Raises DialectError -1101 on doubles."""
    sent = _form(body) | _form(query)
    if SIGNATURE in sent:
        sent[SIGNATURE] = sent[SIGNATURE].replace(" ", "+")  # base64 that was not percent-encoded
    return sent


def _form(sent: bytes) -> dict[str, str]:
    if not sent:
        return {}
    pairs = sent.split(b"&", PARAMETERS_MAX + 1)
    if len(pairs) > PARAMETERS_MAX:
        raise DialectError(-1101, "Too many parameters sent for this endpoint.")
    form: dict[str, str] = {}
    for pair in pairs:
        if not pair:
            continue
        name, _, value = pair.partition(b"=")
        key = unquote_plus(name.decode("latin-1"))
        if key in form:
            raise errors.duplicate_parameter()
        form[key] = unquote_plus(value.decode("latin-1"))
    return form


async def _body(receive: Callable[[], Awaitable[dict]]) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_MAX:
            raise DialectError(-1101, "Too many parameters sent for this endpoint.", 413)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _microseconds(headers: dict[bytes, bytes]) -> bool:
    unit = _header(headers, b"x-mbx-time-unit")
    if unit is None or unit.upper() == "MILLISECOND":
        return False
    if unit.upper() != "MICROSECOND":
        raise errors.invalid_time_unit()
    return True


def _header(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _with_weight(error: DialectError, gateway: Gateway, address: str) -> DialectError:
    """A request that reaches nothing still counts."""
    error.headers = (*error.headers, _weight_header(gateway.limits.charge(address, 1)))
    return error


def _weight_header(used: Used) -> tuple[bytes, bytes]:
    return b"x-mbx-used-weight-1m", str(used.weight).encode()


async def _respond(send: Send, method: str, status: int, body: bytes, headers: Headers) -> None:
    head = [_JSON, (b"content-length", str(len(body)).encode()), *_CORS, *headers]
    if status == 204:
        head = [*_CORS, *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


async def _live(receive: Callable[[], Awaitable[dict]], send: Send) -> None:
    """The lifespan protocol: nothing to do at either end."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
