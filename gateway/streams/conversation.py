"""Market streams for one connection: SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY.

Owns the set of streams of its connection and the `combined` property. Errors are answered in the dialect's words; the connection
is closed for too many messages a second (the session's business) and for the end of a listen key.
"""

import re
from collections.abc import Callable

import msgspec
import orjson
from websockets.frames import CloseCode

from gateway.streams.hub import Source
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
    """The streams of one connection: those its path named, and what it subscribes to; `resolve` finds a stream by its name."""

    message_bytes_max = MESSAGE_BYTES_MAX
    messages_per_second = MESSAGES_PER_SECOND
    messages_burst = MESSAGES_BURST

    def __init__(self, resolve: Callable[[str], Source | None], sources: list[Source], combined: bool) -> None:
        self.combined = combined
        self._resolve = resolve
        self._sources = {source.text: source for source in sources}
        self._session: Session | None = None

    # ------------------------------------------------------------ Conversation

    def opened(self, session: Session) -> None:
        self._session = session
        for source in self._sources.values():
            source.start(self)

    def message(self, payload: bytes) -> None:
        self._session.send(orjson.dumps(self._reply(payload)))

    def farewell(self, now_ms: int) -> bytes:
        event = {"e": "serverShutdown", "E": now_ms}
        return orjson.dumps({"stream": "!serverShutdown", "data": event} if self.combined else event)

    def closed(self) -> None:
        sources, self._sources = self._sources, {}
        for source in sources.values():
            source.stop(self)

    # ------------------------------------------------------------ Listener

    def send_framed(self, framed: bytes) -> None:
        self._session.send_framed(framed)

    def user_stream_ended(self, source: Source) -> None:
        """A listen key among the streams is no longer valid: the client has to come back with another."""
        self._sources.pop(source.text, None)
        self._session.close(CloseCode.POLICY_VIOLATION, "listenKey expired")

    # ------------------------------------------------------------ requests

    def _reply(self, payload: bytes) -> dict:
        try:
            request = msgspec.json.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return _refused(3, f"Invalid JSON: {error}")
        request_id = None
        try:
            request_id = _request_id(request)
            return {"result": self._answer(request), "id": request_id}
        except RequestError as error:
            return _refused(error.code, error.text) | ({} if request_id is None else {"id": request_id})

    def _answer(self, request: dict) -> object:
        method, params = request.get("method"), request.get("params", [])
        if method not in METHODS:
            known = ", ".join(f"`{name}`" for name in METHODS)
            raise RequestError(2, f"Invalid request: unknown variant {_quoted(method)}, expected one of {known}")
        if not isinstance(params, list):
            raise RequestError(2, "Invalid request: params must be an array")
        if method == "SUBSCRIBE":
            return self._subscribe(self._found(params))
        if method == "UNSUBSCRIBE":
            return self._unsubscribe(params)
        if method == "LIST_SUBSCRIPTIONS":
            if params:
                raise RequestError(2, "Invalid request: too many parameters")
            return list(self._sources)
        return self._property(method == "SET_PROPERTY", params)

    def _found(self, names: list) -> list[Source]:
        if len(names) > STREAMS_MAX:
            raise RequestError(2, f"Invalid request: too many streams, at most {STREAMS_MAX} on one connection")
        sources = [self._resolve(name) if isinstance(name, str) else None for name in names]
        if None in sources:
            raise RequestError(2, "Invalid request: invalid stream")
        return sources

    def _subscribe(self, sources: list[Source]) -> None:
        wanted = {source.text: source for source in sources if source.text not in self._sources}
        if len(self._sources) + len(wanted) > STREAMS_MAX:
            raise RequestError(2, f"Invalid request: too many streams, at most {STREAMS_MAX} on one connection")
        self._sources |= wanted
        for source in wanted.values():
            source.start(self)

    def _unsubscribe(self, names: list) -> None:
        """Streams that it does not have are passed over."""
        if not all(isinstance(name, str) for name in names):
            raise RequestError(2, "Invalid request: invalid stream")
        for name in names:
            source = self._sources.pop(name, None)
            if source is not None:
                source.stop(self)

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


def _refused(code: int, text: str) -> dict:
    """An error in both of its forms: as documented, and as clients have come to know it."""
    error = {"code": code, "msg": text}
    return {**error, "error": error}


def _quoted(method: object) -> str:
    return f"`{method[:36]}`" if isinstance(method, str) else "of another type"
