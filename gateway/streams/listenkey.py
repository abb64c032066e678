"""An account's events by listen key, as a stream beside market streams: unwrapped, as clients of that age expect them."""

from collections.abc import Callable

import orjson

from gateway.listen_keys import Listener as Owner
from gateway.streams.conversation import MarketConversation
from gateway.streams.session import text_frame
from gateway.streams.userdata import UserFeed


class ListenKeySource:
    """One connection's use of one listen key (a Source, and a Subscriber of the UserFeed).

    `is_valid` tells of a key whether it still is; `in_use` is where it registers while it is listened to.
    """

    __slots__ = ("_in_use", "_is_valid", "_listener", "_owner", "_users", "text")

    def __init__(self, text: str, owner: Owner, users: UserFeed, is_valid: Callable[[str], bool],
                 in_use: dict["ListenKeySource", None]) -> None:  # fmt: skip
        self.text = text
        self._owner = owner
        self._users = users
        self._is_valid = is_valid
        self._in_use = in_use
        self._listener: MarketConversation | None = None

    @property
    def key(self) -> int:
        return self._owner.key

    def start(self, listener: MarketConversation) -> None:
        self._listener = listener
        self._in_use[self] = None
        self._users.subscribe(self._owner.account, self)

    def stop(self, listener: MarketConversation) -> None:
        self._users.unsubscribe(self._owner.account, self)
        self._in_use.pop(self, None)
        self._listener = None

    def look_again(self) -> None:
        """End where the key has expired or was closed."""
        if not self._is_valid(self.text):
            self._end()

    def user_event(self, payload: bytes) -> None:
        if self._listener.combined:
            payload = b'{"stream":%b,"data":%b}' % (orjson.dumps(self.text), payload)
        self._listener.send_framed(text_frame(payload))

    def user_stream_ended(self) -> None:
        """The API key that made the listen key was revoked."""
        self._end()

    def _end(self) -> None:
        listener = self._listener
        if listener is not None:
            self.stop(listener)
            listener.user_stream_ended(self)
