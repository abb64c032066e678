"""Which conversation a request path asks for, and everything that conversations of one process share.

    /ws  /ws/<stream>  /stream?streams=a/b  /stream/ws/<n>     market streams; a listen key counts as a stream
    /ws-api/v3                                                 the WebSocket API
"""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

from engine.views import Applied
from gateway.dialect.errors import DialectError
from gateway.gateway import Gateway
from gateway.streams.admission import Admission
from gateway.streams.conversation import STREAMS_MAX, MarketConversation
from gateway.streams.hub import Source
from gateway.streams.listenkey import ListenKeySource
from gateway.streams.market import MarketFeed
from gateway.streams.session import Conversation, Refusal, Session
from gateway.streams.userdata import UserFeed
from gateway.streams.wsapi import ApiConversation

API_PATH = "/ws-api/v3"
CONNECTION_WEIGHT = 2  # of a connection to the WebSocket API
LISTEN_KEYS_EVERY_MS = 10_000  # how often listen keys in use are looked at again

_NO_SUCH_PATH = Refusal(HTTPStatus.NOT_FOUND, "There is nothing at this path; see /ws, /stream and /ws-api/v3.")
_TOO_MANY = Refusal(HTTPStatus.TOO_MANY_REQUESTS, "Too many connections from this address.")
_NO_SUCH_STREAM = Refusal(HTTPStatus.BAD_REQUEST, "Invalid request: invalid stream")
_NO_MICROSECONDS = Refusal(HTTPStatus.BAD_REQUEST, "Streams tell their times in milliseconds only.")
_BAD_TIME_UNIT = Refusal(
    HTTPStatus.BAD_REQUEST, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
)


class Edge:
    """The stream side of one process. Created and used on its event loop; `clock` gives ns."""

    def __init__(self, gateway: Gateway, admission: Admission, clock: Callable[[], int]) -> None:
        self._gateway = gateway
        self._admission = admission
        self._clock = clock
        self._market = MarketFeed(gateway.venue)
        self._users = UserFeed(gateway.venue)
        self._listen_keys: dict[ListenKeySource, None] = {}  # in use
        self._listen_keys_at_ms = 0
        self._is_stopped = False
        gateway.exchange.listen(self._applied)

    def stop(self) -> None:
        """Frames are passed over from now on."""
        self._is_stopped = True

    def tick(self, now_ms: int) -> None:
        """Paced streams; and listen keys, which end by their time."""
        self._market.tick(now_ms)
        if now_ms - self._listen_keys_at_ms >= LISTEN_KEYS_EVERY_MS:
            self._listen_keys_at_ms = now_ms
            for source in list(self._listen_keys):
                source.look_again()

    def counters(self) -> dict[str, int]:
        return {"stream_subscriptions": self._market.hub.streams, "stream_accounts": self._users.accounts}

    def _applied(self, applied: Applied) -> None:
        if not self._is_stopped:
            self._market.applied(applied)
            self._users.applied(applied)

    # ------------------------------------------------------------ connections

    def open(self, path: str, session: Session) -> Conversation | Refusal:
        """The conversation for a request, or why there is none (a `Door`)."""
        if not self._admission.admit(session.peer, session.now):
            return _TOO_MANY
        session.on_gone(lambda: self._admission.released(session.peer))
        path, _, query = path.partition("?")
        parameters = _parameters(query)
        unit = parameters.get("timeUnit", "MILLISECOND").upper()
        if unit not in ("MILLISECOND", "MICROSECOND"):
            return _BAD_TIME_UNIT
        if path.rstrip("/") == API_PATH:
            return self._open_api(session, parameters, unit == "MICROSECOND")
        if unit == "MICROSECOND":
            return _NO_MICROSECONDS
        return self._open_streams(path, parameters)

    def _open_api(self, session: Session, parameters: dict[str, str], microseconds: bool) -> Conversation | Refusal:
        try:
            self._gateway.limits.charge(session.peer, CONNECTION_WEIGHT)
        except DialectError as error:
            return Refusal(HTTPStatus(error.status), error.text)
        with_limits = parameters.get("returnRateLimits", "true").lower() != "false"
        return ApiConversation(self._gateway, self._users, with_limits=with_limits, microseconds=microseconds)

    def _open_streams(self, path: str, parameters: dict[str, str]) -> Conversation | Refusal:
        segments = [unquote(segment) for segment in path.split("/") if segment]
        is_combined = segments == ["stream"]
        if is_combined:
            names = [name for name in parameters.get("streams", "").split("/") if name]
        elif segments[:1] == ["ws"]:
            names = segments[1:]
        elif segments[:2] == ["stream", "ws"]:
            names = segments[2:]
        else:
            return _NO_SUCH_PATH
        if len(names) == 1 and names[0].isdigit():
            names = []  # clients number their connections
        sources = [self._source(name) for name in names]
        if None in sources or len(sources) > STREAMS_MAX:
            return _NO_SUCH_STREAM
        return MarketConversation(self._source, sources, is_combined)

    def _source(self, name: str) -> Source | None:
        """A stream by its name, or by a listen key."""
        listener = self._gateway.venue.listener(name, self._clock())
        if listener is None:
            return self._market.hub.source(name)
        return ListenKeySource(name, listener, self._users, self._is_valid, self._listen_keys)

    def _is_valid(self, listen_key: str) -> bool:
        return self._gateway.venue.listener(listen_key, self._clock()) is not None


def _parameters(query: str) -> dict[str, str]:
    """Of a query string; a plus is a plus, as stream names have it."""
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {unquote(name): unquote(value) for name, _, value in pairs}
