"""Market streams for one connection: SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY.

Owns the set of streams of its connection and the `combined` property. Errors are answered in the dialect's words; the connection
is closed for two things only: too many messages a second (the session's business) and nothing else here.
"""

import re

import msgspec
import orjson

from gateway.streams.hub import Hub
from gateway.streams.names import StreamName, parse_stream
from gateway.streams.session import Session

STREAMS_MAX = 1024  # of one connection
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
MESSAGE_BYTES_MAX = 64 * 1024
MESSAGES_PER_SECOND = 5.0
MESSAGES_BURST = 25  # clients open with a volley of subscriptions; beyond it the documented rate holds

_PROPERTY = "combined"
_ID_TEXT = re.compile(r"[0-9A-Za-z_-]{1,36}", re.ASCII)


class RequestError(Exception):
    """A request that is answered with an error: (code, text)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class MarketConversation:
    """The streams of one connection. `streams`: those its path named."""

    message_bytes_max = MESSAGE_BYTES_MAX
    messages_per_second = MESSAGES_PER_SECOND
    messages_burst = MESSAGES_BURST

    def __init__(self, hub: Hub, streams: list[StreamName], combined: bool) -> None:
        self.combined = combined
        self._hub = hub
        self._streams = {stream.text: stream for stream in streams}
        self._session: Session | None = None

    # ------------------------------------------------------------ Conversation

    def opened(self, session: Session) -> None:
        self._session = session
        for stream in self._streams.values():
            self._hub.subscribe(stream, self)

    def message(self, payload: bytes) -> None:
        self._session.send(orjson.dumps(self._reply(payload)))

    def farewell(self, now_ms: int) -> bytes:
        event = {"e": "serverShutdown", "E": now_ms}
        return orjson.dumps({"stream": "!serverShutdown", "data": event} if self.combined else event)

    def closed(self) -> None:
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            self._hub.unsubscribe(stream, self)

    # ------------------------------------------------------------ Listener

    def send_framed(self, framed: bytes) -> None:
        self._session.send_framed(framed)

    # ------------------------------------------------------------ requests

    def _reply(self, payload: bytes) -> dict:
        try:
            request = msgspec.json.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return {"code": 3, "msg": f"Invalid JSON: {error}"}
        request_id = None
        try:
            request_id = _request_id(request)
            return {"result": self._answer(request), "id": request_id}
        except RequestError as error:
            reply = {"code": error.code, "msg": error.text}
            return reply if request_id is None else {**reply, "id": request_id}

    def _answer(self, request: dict) -> object:
        method, params = request.get("method"), request.get("params", [])
        if method not in METHODS:
            known = ", ".join(f"`{name}`" for name in METHODS)
            raise RequestError(2, f"Invalid request: unknown variant {_quoted(method)}, expected one of {known}")
        if not isinstance(params, list):
            raise RequestError(2, "Invalid request: params must be an array")
        if method == "SUBSCRIBE":
            return self._subscribe(_streams(params))
        if method == "UNSUBSCRIBE":
            return self._unsubscribe(_streams(params))
        if method == "LIST_SUBSCRIPTIONS":
            if params:
                raise RequestError(2, "Invalid request: too many parameters")
            return list(self._streams)
        return self._property(method == "SET_PROPERTY", params)

    def _subscribe(self, streams: list[StreamName]) -> None:
        wanted = {stream.text: stream for stream in streams if stream.text not in self._streams}
        if len(self._streams) + len(wanted) > STREAMS_MAX:
            raise RequestError(2, f"Invalid request: too many streams, at most {STREAMS_MAX} on one connection")
        self._streams |= wanted
        for stream in wanted.values():
            self._hub.subscribe(stream, self)

    def _unsubscribe(self, streams: list[StreamName]) -> None:
        for stream in streams:
            if self._streams.pop(stream.text, None) is not None:
                self._hub.unsubscribe(stream, self)

    def _property(self, is_set: bool, params: list) -> bool | None:
        if not params or not isinstance(params[0], str):
            raise RequestError(2, "Invalid request: property name must be a string")
        if len(params) > (2 if is_set else 1):
            raise RequestError(2, "Invalid request: too many parameters")
        if params[0] != _PROPERTY:
            raise RequestError(0, "Unknown property")
        if not is_set:
            return self.combined
        if len(params) != 2 or not isinstance(params[1], bool):
            raise RequestError(1, "Invalid value type: expected Boolean")
        self.combined = params[1]
        return None


def _request_id(request: object) -> int | str | None:
    """The request's id. Raises RequestError where it is no id, or the request no object with a method."""
    if not isinstance(request, dict):
        raise RequestError(2, "Invalid request: expected an object")
    request_id = request.get("id")
    is_number = isinstance(request_id, int) and not isinstance(request_id, bool) and -(2**63) <= request_id < 2**63
    is_text = isinstance(request_id, str) and _ID_TEXT.fullmatch(request_id)
    if not (request_id is None or is_number or is_text):
        raise RequestError(2, "Invalid request: request ID must be an unsigned integer")
    if "method" not in request:
        raise RequestError(2, "Invalid request: missing field `method`")
    return request_id


def _quoted(method: object) -> str:
    return f"`{method[:36]}`" if isinstance(method, str) else "of another type"


def _streams(params: list) -> list[StreamName]:
    if len(params) > STREAMS_MAX:
        raise RequestError(2, f"Invalid request: too many streams, at most {STREAMS_MAX} on one connection")
    streams = [parse_stream(name) if isinstance(name, str) else None for name in params]
    if None in streams:
        raise RequestError(2, "Invalid request: invalid stream")
    return streams
