"""The WebSocket API for one connection: requests to the Gateway, replies and user events back, on one socket.

Owns the logged-on key of the connection and its user data subscriptions. What an operation means is the Gateway's; this reads the
envelope, finds out on whose behalf the request is made, and writes the reply. Requests of one connection are taken up in the order
in which they came: while one waits for its key to be looked up, those behind it wait too. No task is made for a request whose key
is known.

Bounds: IN_FLIGHT_MAX requests without an answer, of which those that wait for a key are a part.
"""

import asyncio
from collections import deque
from typing import Annotated, Any

import msgspec
import orjson
import structlog

from engine.types import KeyScope
from gateway.dialect import errors, parameters, signing
from gateway.dialect import events as dialect
from gateway.dialect.errors import DialectError
from gateway.dialect.operation import Operation, Security
from gateway.dialect.operations import OPERATIONS
from gateway.dialect.terms import TIMING
from gateway.dialect.venue import Principal
from gateway.gateway import Gateway
from gateway.identity.keys import ED25519
from gateway.streams.session import Session
from gateway.streams.userdata import UserFeed

MESSAGE_BYTES_MAX = 64 * 1024
IN_FLIGHT_MAX = 8192
SUBSCRIPTIONS_MAX = 1000  # at one time
SUBSCRIPTION_IDS_MAX = 65_535  # over the life of the connection

TOKEN_LOOK_SECONDS = 3600.0  # how often a token in use is looked at again: it may have been closed

ID_MIN, ID_MAX = -(2**63), 2**63 - 1  # what an id given as a number may be

LOGON = "session.logon"
BY_TOKEN = "userDataStream.subscribe.listenToken"

_API_KEY = "apiKey"
_log = structlog.get_logger("wsapi")


class _Envelope(msgspec.Struct):
    """A request as it is sent."""

    method: str
    id: Annotated[int, msgspec.Meta(ge=ID_MIN, le=ID_MAX)] | str | None = None
    params: dict[str, Any] = {}


_decode = msgspec.json.Decoder(_Envelope).decode


def _session_operation(name: str, security: Security = Security.NONE, table: parameters.Table | None = None) -> Operation:
    return Operation(name, None, table or {}, security=security, weight=2)


# What the connection itself answers; everything else is the Gateway's.
SESSION_OPERATIONS = {
    operation.name: operation
    for operation in (
        _session_operation(LOGON, Security.USER_DATA, TIMING),
        _session_operation("session.status"),
        _session_operation("session.logout"),
        _session_operation("session.subscriptions"),
        _session_operation("userDataStream.subscribe"),
        _session_operation("userDataStream.subscribe.signature", Security.USER_DATA, TIMING),
        _session_operation(BY_TOKEN, table={"listenToken": parameters.text}),
        _session_operation("userDataStream.unsubscribe", table={"subscriptionId": parameters.integer}),
    )
}
METHODS = {name: row for name, row in OPERATIONS.items() if row.websocket} | SESSION_OPERATIONS


class _Request:
    """One request on its way. Called with (status, body) it replies, once."""

    __slots__ = ("api", "id", "operation", "params", "principal", "with_limits")

    def __init__(self, api: "ApiConversation", envelope: _Envelope) -> None:
        self.api = api
        self.id = envelope.id
        self.operation: Operation | None = None
        self.params = envelope.params
        self.principal: Principal | None = None
        self.with_limits = api.with_limits

    def __call__(self, status: int, body: bytes) -> None:
        self.api.replied(self, status, body)


class _Subscription:
    """One account's events on this connection (a Subscriber of the UserFeed)."""

    __slots__ = ("_api", "account", "by_logon", "key", "number", "timer", "token")

    def __init__(self, api: "ApiConversation", number: int, principal: Principal, by_logon: bool) -> None:
        self._api = api
        self.number = number
        self.account = principal.account
        self.key = principal.key
        self.by_logon = by_logon
        self.token = ""  # the listen token that opened it, where one did
        self.timer: asyncio.TimerHandle | None = None

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def user_event(self, payload: bytes) -> None:
        self._api.session.send(b'{"subscriptionId":%d,"event":%b}' % (self.number, payload))

    def user_stream_ended(self) -> None:
        """The feed let go of it: the key was revoked."""
        self._api.forget(self)


class ApiConversation:
    """One connection's side of the WebSocket API."""

    message_bytes_max = MESSAGE_BYTES_MAX
    messages_per_second = 0.0  # requests are weighed, not counted
    messages_burst = 0

    def __init__(self, gateway: Gateway, users: UserFeed, *, with_limits: bool = True, microseconds: bool = False) -> None:
        """`with_limits`: replies carry rateLimits unless a request says otherwise."""
        self.session: Session | None = None
        self.with_limits = with_limits
        self._gateway = gateway
        self._users = users
        self._microseconds = microseconds
        self._connected_ms = self._now_ms()
        self._in_flight = 0
        self._backlog: deque[bytes] = deque()  # behind a request that waits for its key
        self._looking_up: asyncio.Task | None = None
        self._logged_on: Principal | None = None
        self._logged_on_key: str | None = None
        self._logged_on_ms: int | None = None
        self._key_seen_at = -1  # the log position at which the logged-on key was last looked at
        self._subscriptions: dict[int, _Subscription] = {}
        self._subscription_ids = 0
        self._ended: list[int] = []  # subscriptions whose end is not told yet

    # ------------------------------------------------------------ Conversation

    def opened(self, session: Session) -> None:
        self.session = session

    def message(self, payload: bytes) -> None:
        if self._looking_up is None:
            self._take(payload)
        elif self._in_flight + len(self._backlog) < IN_FLIGHT_MAX:
            self._backlog.append(payload)
        else:
            self._refuse(None, errors.too_busy())

    def farewell(self, now_ms: int) -> bytes:
        return orjson.dumps({"event": {"e": "serverShutdown", "E": now_ms}})

    def closed(self) -> None:
        if self._looking_up is not None:
            self._looking_up.cancel()
        self._backlog.clear()
        for subscription in list(self._subscriptions.values()):
            subscription.stop_timer()
            self._users.unsubscribe(subscription.account, subscription)
        self._subscriptions.clear()

    # ------------------------------------------------------------ one request

    def _take(self, payload: bytes) -> None:
        try:
            envelope = _decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._refuse(*_misread(payload))
            return
        request = _Request(self, envelope)
        try:
            waits = not self._begin(request, envelope.method)
        except DialectError as error:
            self._refuse(request.id, error, request)
            return
        if waits:
            self._looking_up = asyncio.get_running_loop().create_task(self._look_up(request))
        else:
            self._run(request)

    def _begin(self, request: _Request, method: str) -> bool:
        """Read the envelope, charge its weight, find the caller. False: the caller's key must be looked up first."""
        params = request.params
        shown = params.get("returnRateLimits")
        if shown is not None:
            request.with_limits = parameters.boolean("returnRateLimits", shown)
        operation = request.operation = METHODS.get(method.removeprefix("v3/"))
        self._gateway.limits.charge(self.session.peer, operation.weight_of(params) if operation else 1)
        if operation is None:
            raise errors.unsupported()
        if self._in_flight >= IN_FLIGHT_MAX:
            raise errors.too_busy()
        if operation.security is Security.NONE:
            return True
        api_key = params.get(_API_KEY)
        if api_key is None and operation.name not in SESSION_OPERATIONS:
            request.principal = self._logged_on_principal()
            return True
        if not isinstance(api_key, str):
            raise errors.missing(_API_KEY)
        if operation.name == LOGON:
            return False
        payload = signing.websocket_payload(params)
        request.principal = self._gateway.authenticate_now(operation, params, api_key, payload)
        return request.principal is not None

    async def _look_up(self, request: _Request) -> None:
        """Wait for the key, take the request up, then those that came in meanwhile."""
        params, api_key = request.params, request.params[_API_KEY]
        try:
            request.principal = await self._gateway.authenticate(
                request.operation, params, api_key, signing.websocket_payload(params)
            )
            if request.operation.name == LOGON and (await self._gateway.identity.key(api_key)).type != ED25519:
                raise DialectError(-4056, "HMAC_SHA256 API key is not supported.")
        except DialectError as error:
            self._refuse(request.id, error, request)
        except Exception:
            _log.exception("authentication failed")
            self._refuse(request.id, errors.internal(), request)
        else:
            self._run(request)
        self._looking_up = None
        while self._backlog and self._looking_up is None:
            self._take(self._backlog.popleft())

    def _run(self, request: _Request) -> None:
        self._in_flight += 1
        name = request.operation.name
        if name not in SESSION_OPERATIONS:
            self._gateway.submit(name, request.params, request.principal, request, microseconds=self._microseconds)
            return
        try:
            body = orjson.dumps(self._answer_session(name, request))
        except DialectError as error:
            request(error.status, orjson.dumps(error.body()))
        else:
            request(200, body)
        self._after_session(name)

    def replied(self, request: _Request, status: int, body: bytes) -> None:
        """Write a reply. `body`: the JSON of the result, or of the error."""
        self._in_flight -= 1
        self._write(request.id, status, b"result" if status == 200 else b"error", body, request)

    def _refuse(self, request_id: object, error: DialectError, request: _Request | None = None) -> None:
        """Reply to what did not become a request of the Gateway's."""
        body = error.body()
        retry_after = next((value for name, value in error.headers if name == b"retry-after"), None)
        if retry_after is not None:
            now_ms = self._now_ms()
            body["data"] = {"serverTime": now_ms, "retryAfter": now_ms + 1000 * int(retry_after)}
        self._write(request_id, error.status, b"error", orjson.dumps(body), request)

    def _write(self, request_id: object, status: int, what: bytes, body: bytes, request: _Request | None) -> None:
        limits = b""
        if request is not None and request.with_limits and request.operation is not None:
            name = request.operation.name
            if name in OPERATIONS:
                known = self._gateway.rate_limits(name, self.session.peer, request.principal)
            else:
                known = self._gateway.rate_limits("ping", self.session.peer, None)
            limits = b',"rateLimits":' + orjson.dumps(known)
        self.session.send(b'{"id":%b,"status":%d,"%b":%b%b}' % (orjson.dumps(request_id), status, what, body, limits))

    # ------------------------------------------------------------ the session's own operations

    def _logged_on_principal(self) -> Principal:
        """Raises DialectError where nobody is logged on, or with a key that was revoked since: then nobody is any more."""
        if self._logged_on is None:
            raise errors.missing(_API_KEY)
        position = self._gateway.exchange.position
        if position == self._key_seen_at:
            return self._logged_on
        key = self._gateway.venue.machine.key(self._logged_on.key)
        if key is None or not key.scopes:
            self._log_off()
            raise errors.rejected_key()
        if key.scopes != self._logged_on.scopes:
            self._logged_on = self._logged_on._replace(scopes=key.scopes)
        self._key_seen_at = position
        return self._logged_on

    def _answer_session(self, name: str, request: _Request) -> Any:
        operation = request.operation
        parsed = parameters.parse(operation.table, operation.required, request.params, strict=False, signed=operation.signed)
        if operation.signed:
            signing.valid_until(parsed, self._gateway.clock())
        if name == LOGON:
            return self._log_on(request)
        if name == "session.status":
            return self._status()
        if name == "session.logout":
            self._log_off()
            return self._status()
        if name == "session.subscriptions":
            return [{"subscriptionId": number} for number in self._subscriptions]
        if name == "userDataStream.unsubscribe":
            self._unsubscribe(parsed.get("subscriptionId"))
            return {}
        if name == BY_TOKEN:
            return self._subscribe_by_token(parsed.get("listenToken", ""))
        by_logon = name == "userDataStream.subscribe"
        principal = self._logged_on_principal() if by_logon else request.principal
        return {"subscriptionId": self._subscribe(principal, by_logon)}

    def _after_session(self, name: str) -> None:
        """What is said of ended subscriptions follows the reply that ended them."""
        if name in ("session.logout", "userDataStream.unsubscribe"):
            self._tell_ended()

    def _log_on(self, request: _Request) -> dict:
        """With the key that `_look_up` found to be of the right type."""
        self._logged_on, self._logged_on_key = request.principal, request.params[_API_KEY]
        self._logged_on_ms = self._now_ms()
        self._key_seen_at = -1
        return self._status()

    def _log_off(self) -> None:
        self._logged_on = self._logged_on_key = self._logged_on_ms = None
        for subscription in list(self._subscriptions.values()):
            if subscription.by_logon:
                self._end(subscription)

    def _status(self) -> dict:
        return {
            "apiKey": self._logged_on_key,
            "authorizedSince": self._logged_on_ms,
            "connectedSince": self._connected_ms,
            "returnRateLimits": self.with_limits,
            "serverTime": self._now_ms(),
            "userDataStream": bool(self._subscriptions),
        }

    # ------------------------------------------------------------ user data

    def _subscribe(self, principal: Principal, by_logon: bool) -> int:
        if not principal.scopes & KeyScope.READ:
            raise errors.rejected_key()
        if any(subscription.account == principal.account for subscription in self._subscriptions.values()):
            raise DialectError(-2035, "User Data Stream subscription already active.")
        if self._subscription_ids >= SUBSCRIPTION_IDS_MAX or len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
            raise DialectError(-2042, "Maximum subscription ID reached for this connection.")
        subscription = _Subscription(self, self._subscription_ids, principal, by_logon)
        self._subscription_ids += 1
        self._subscriptions[subscription.number] = subscription
        self._users.subscribe(principal.account, subscription)
        return subscription.number

    def _subscribe_by_token(self, token: str) -> dict:
        """A margin account's events, until the token expires; a newer token for the same account prolongs what is there."""
        now_ns = self._gateway.clock()
        listener = self._gateway.venue.listener(token, now_ns)
        if listener is None:
            raise errors.unknown_listen_key()
        present = next((one for one in self._subscriptions.values() if one.account == listener.account and one.token), None)
        if present is None:
            number = self._subscribe(Principal(listener.account, listener.key, KeyScope.READ), by_logon=False)
            present = self._subscriptions[number]
        present.token = token
        expires_ns = self._watch_token(present)
        return {"subscriptionId": present.number, "expirationTime": expires_ns // (1_000 if self._microseconds else 1_000_000)}

    def _watch_token(self, subscription: _Subscription) -> int:
        """Look again when the token expires, unless it was made valid for longer by then; returns when that is."""
        now_ns = self._gateway.clock()
        expires_ns = self._gateway.listen_keys.expires_ns(subscription.token, now_ns)
        subscription.stop_timer()
        if not expires_ns:
            self._end(subscription)
            self._tell_ended()
            return 0
        delay = min((expires_ns - now_ns) / 1e9, TOKEN_LOOK_SECONDS)
        subscription.timer = asyncio.get_running_loop().call_later(delay, self._watch_token, subscription)
        return expires_ns

    def _unsubscribe(self, number: int | None) -> None:
        """All, where no number is given."""
        if number is None:
            ending = list(self._subscriptions.values())
        elif number in self._subscriptions:
            ending = [self._subscriptions[number]]
        else:
            raise DialectError(-2036, "User Data Stream subscription not active.")
        for subscription in ending:
            self._end(subscription)

    def _end(self, subscription: _Subscription) -> None:
        subscription.stop_timer()
        self._users.unsubscribe(subscription.account, subscription)
        del self._subscriptions[subscription.number]
        self._ended.append(subscription.number)

    def forget(self, subscription: _Subscription) -> None:
        """The feed ended it by itself: the key was revoked."""
        subscription.stop_timer()
        del self._subscriptions[subscription.number]
        self._ended.append(subscription.number)
        self._tell_ended()

    def _tell_ended(self) -> None:
        ended, self._ended = self._ended, []
        for number in ended:
            event = {"subscriptionId": number, "event": dialect.stream_terminated(self._now_ms())}
            self.session.send(orjson.dumps(event))

    def _now_ms(self) -> int:
        return self._gateway.clock() // 1_000_000


def _misread(payload: bytes) -> tuple[object, DialectError]:
    """(the id as far as it can be read, why this is no request)."""
    try:
        sent = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, DialectError(-1135, "Invalid JSON Request")
    if not isinstance(sent, dict):
        return None, DialectError(-1135, "Invalid JSON Request; expected an object.")
    request_id = sent.get("id")
    is_number = type(request_id) is int and ID_MIN <= request_id <= ID_MAX
    if not (request_id is None or isinstance(request_id, str) or is_number):
        return None, DialectError(-1135, "Invalid 'id' in JSON request; expected an integer, a string or null.")
    if not isinstance(sent.get("method"), str):
        return request_id, DialectError(-1135, "Invalid 'method' in JSON request; expected a string.")
    return request_id, DialectError(-1135, "Invalid 'params' in JSON request; expected an object.")
