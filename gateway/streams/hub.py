"""Who listens to which stream, and the one place where a stream's message is written.

A message is encoded once for all raw listeners and once for all combined ones, only where there is such a listener, and the
same bytes are written to each. Streams come into being with their first listener and vanish with their last; whoever computes
them (`Publisher`) is told of both, so that nothing is computed for nobody.
"""

from typing import Protocol

from gateway.streams.names import StreamName, parse_stream
from gateway.streams.session import text_frame


class Listener(Protocol):
    """One connection's market streams."""

    combined: bool

    def send_framed(self, framed: bytes) -> None: ...


class Source(Protocol):
    """What a connection can listen to, by the name `text`."""

    text: str

    def start(self, listener: Listener) -> None: ...

    def stop(self, listener: Listener) -> None: ...


class Publisher(Protocol):
    """What computes streams."""

    def begin(self, stream: StreamName) -> None:
        """The stream has its first listener."""

    def joined(self, stream: StreamName) -> None:
        """The stream has one more listener, who would like to see its present state soon."""

    def end(self, stream: StreamName) -> None:
        """The stream has lost its last listener."""


class Hub:
    """Listeners by stream."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._listeners: dict[str, dict[Listener, None]] = {}  # insertion-ordered sets
        self._streams: dict[str, StreamName] = {}

    def source(self, text: str) -> "MarketSource | None":
        """The market stream called `text`; None where none can have that name."""
        stream = parse_stream(text)
        return None if stream is None else MarketSource(self, stream)

    def subscribe(self, stream: StreamName, listener: Listener) -> None:
        """Does nothing where the listener has it already."""
        listeners = self._listeners.get(stream.text)
        if listeners is None:
            listeners = self._listeners[stream.text] = {}
            self._streams[stream.text] = stream
            self._publisher.begin(stream)
        if listener not in listeners:
            listeners[listener] = None
            self._publisher.joined(stream)

    def unsubscribe(self, stream: StreamName, listener: Listener) -> None:
        """Does nothing where the listener does not have it."""
        listeners = self._listeners.get(stream.text)
        if listeners is None or listener not in listeners:
            return
        del listeners[listener]
        if not listeners:
            del self._listeners[stream.text], self._streams[stream.text]
            self._publisher.end(stream)

    def publish(self, stream: StreamName, payload: bytes) -> None:
        """`payload`: the JSON of one event."""
        raw = combined = None
        for listener in self._listeners.get(stream.text, ()):
            if listener.combined:
                combined = combined or text_frame(b'{"stream":"%b","data":%b}' % (stream.text.encode(), payload))
                listener.send_framed(combined)
            else:
                raw = raw or text_frame(payload)
                listener.send_framed(raw)

    @property
    def streams(self) -> int:
        """How many streams have a listener."""
        return len(self._listeners)


class MarketSource:
    """A market stream as a Source."""

    __slots__ = ("_hub", "_stream", "text")

    def __init__(self, hub: Hub, stream: StreamName) -> None:
        self._hub = hub
        self._stream = stream
        self.text = stream.text

    def start(self, listener: Listener) -> None:
        self._hub.subscribe(self._stream, listener)

    def stop(self, listener: Listener) -> None:
        self._hub.unsubscribe(self._stream, listener)
