"""One websocket connection without its socket: bytes in, bytes out, a close code.

Owns the opening handshake, framing, message sizes, the rate of incoming messages, pings and the closing handshake. What the
messages mean is the business of its conversation, chosen by the request path through a `Door`. The shell (gateway/stream.py)
feeds `receive_data` and `on_timer`, and after each of them, or whenever `on_output` is called, writes what `take` returns and
closes the transport once `finished`.

Invariants: never blocks, never raises on what a peer sends; every buffer is bounded; text frames that arrive whole are decoded
here, because they are nearly all there is, and everything else (fragments, control frames, violations) is judged by the protocol
object of `websockets`, which also words the failures.
"""

import logging
import struct
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple, Protocol

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from gateway.limits import client_address

try:
    from websockets.speedups import apply_mask
except ImportError:  # a build of websockets without its C extension
    from websockets.utils import apply_mask

REQUEST_BYTES_MAX = 16 * 1024  # request line and headers; 1024 stream names do not fit a URL, they are subscribed to
HANDSHAKE_SECONDS = 10.0
PING_SECONDS = 20.0
PONG_SECONDS = 60.0
LIFE_SECONDS = 24 * 3600.0
CLOSE_SECONDS = 5.0

_WHOLE_TEXT = 0x80 | Opcode.TEXT  # FIN, no extension, text
_MASKED = 0x80
_silent = logging.getLogger("gateway.stream.protocol")
_silent.setLevel(logging.CRITICAL)  # what peers do wrong is counted by the shell, not logged line by line


class Conversation(Protocol):
    """What a connection talks about. Neither method may raise on what a peer sends."""

    message_bytes_max: int
    messages_per_second: float  # sustained; 0 = no limit
    messages_burst: int

    def opened(self, session: "Session") -> None:
        """The handshake is done: from now on `session.send` may be called."""

    def message(self, payload: bytes) -> None:
        """A whole text message."""

    def farewell(self, now_ms: int) -> bytes | None:
        """The last message before the server stops, if this conversation has one."""

    def closed(self) -> None:
        """Nothing more will be read or written. Called once."""


class Refusal(NamedTuple):
    """Why a request path gets no conversation."""

    status: HTTPStatus
    text: str


Door = Callable[[str, "Session"], "Conversation | Refusal"]


def text_frame(payload: bytes) -> bytes:
    """The bytes of one unmasked text message; the same for every receiver, so a broadcast frames once."""
    size = len(payload)
    if size < 126:
        return bytes((_WHOLE_TEXT, size)) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", _WHOLE_TEXT, 126, size) + payload
    return struct.pack("!BBQ", _WHOLE_TEXT, 127, size) + payload


class Session:
    """A server's side of one connection. `peer` is the client's address, for limits and logs."""

    __slots__ = (
        "_allowance", "_allowance_at", "_conversation", "_door", "_fragments", "_gone", "_inbox", "_on_output", "_outbox", "_pinged_at",
        "_protocol", "close_reason", "deadline", "born", "finished", "now", "peer", "requested",
    )  # fmt: skip

    def __init__(self, door: Door, peer: str, now: float, on_output: Callable[[], None]) -> None:
        self._door = door
        self._on_output = on_output
        self._protocol = ServerProtocol(max_size=1, logger=_silent)
        self._conversation: Conversation | None = None
        self._inbox = b""
        self._outbox: list[bytes] = []
        self._fragments: list[bytes] = []
        self._gone: list[Callable[[], None]] = []
        self._allowance = 0.0
        self._allowance_at = now
        self._pinged_at = 0.0  # when the oldest unanswered ping was sent; 0 = none
        self.peer = peer
        self.now = now  # seconds of the shell's monotonic clock, as of the last call
        self.born = now
        self.deadline = now + HANDSHAKE_SECONDS
        self.requested = ""
        self.finished = False  # write what is left, then close the transport
        self.close_reason = ""

    # ------------------------------------------------------------ what the shell calls

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes from the peer. Afterwards `take` may have something to write."""
        self.now = now
        if self.finished:
            return
        self._inbox = self._inbox + data if self._inbox else data
        if self._conversation is None:
            self._read_request()
        if self._conversation is not None:
            self._read_frames()

    def receive_eof(self) -> None:
        """The peer sends no more."""
        self._protocol.receive_eof()
        self._after_protocol()
        self.finished = True

    def on_timer(self, now: float) -> None:
        """Called about once a second: pings, and the deadlines of handshake, pong, life and close."""
        self.now = now
        if self.finished:
            return
        if self._protocol.state is not State.OPEN:
            if now > self.deadline:
                self.finished = True
            return
        if self._pinged_at and now - self._pinged_at >= PONG_SECONDS:
            self.close(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
            self.finished = True
        elif now >= self.born + LIFE_SECONDS:
            self.close(CloseCode.GOING_AWAY, "connected for 24 hours")
        elif now >= self.deadline:
            self.deadline = now + PING_SECONDS
            self._pinged_at = self._pinged_at or now
            self._protocol.send_ping(str(int(now * 1000)).encode())
            self._after_protocol()

    def take(self) -> bytes:
        """Everything to be written now, in order."""
        if len(self._outbox) == 1:
            return self._outbox.pop()
        data = b"".join(self._outbox)
        self._outbox.clear()
        return data

    def disconnected(self) -> None:
        """The transport is gone."""
        self.finished = True
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.closed()
        gone, self._gone = self._gone, []
        for callback in gone:
            callback()

    def shut_down(self, now_ms: int) -> None:
        """Say farewell and close, because the server stops."""
        if self._conversation is not None and self._protocol.state is State.OPEN:
            farewell = self._conversation.farewell(now_ms)
            if farewell is not None:
                self.send(farewell)
            self.close(CloseCode.GOING_AWAY, "server shutdown")
        else:
            self.finished = True

    # ------------------------------------------------------------ what door and conversation call

    def on_gone(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the transport is gone."""
        self._gone.append(callback)

    @property
    def close_code(self) -> int:
        """The code sent to the peer; 0 = none yet."""
        sent = self._protocol.close_sent
        return int(sent.code) if sent is not None else 0

    @property
    def is_open(self) -> bool:
        return self._conversation is not None and self._protocol.state is State.OPEN

    def send(self, payload: bytes) -> None:
        """One text message. Ignored after the close."""
        self.send_framed(text_frame(payload))

    def send_framed(self, framed: bytes) -> None:
        """A message framed by `text_frame`."""
        if self._protocol.state is State.OPEN and not self.finished:
            if not self._outbox:
                self._on_output()
            self._outbox.append(framed)

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; what the peer still sends is ignored."""
        if self._protocol.state is State.OPEN:
            self.close_reason = reason
            self._protocol.send_close(code, reason)
            self.deadline = self.now + CLOSE_SECONDS
            self._after_protocol()

    # ------------------------------------------------------------ the opening handshake

    def _read_request(self) -> None:
        end = self._inbox.find(b"\r\n\r\n")
        if end < 0:
            if len(self._inbox) > REQUEST_BYTES_MAX:
                self.finished = True
            return
        head, self._inbox = self._inbox[: end + 4], self._inbox[end + 4 :]
        self._protocol.receive_data(head)
        requests = self._protocol.events_received()
        if requests:
            self._answer_request(requests[0])
        self._after_protocol()
        if self._conversation is None:
            self.finished = True

    def _answer_request(self, request: Request) -> None:
        self.requested = request.path
        forwarded_for = request.headers.get_all("X-Forwarded-For")
        self.peer = client_address(self.peer, forwarded_for[-1] if forwarded_for else None)
        response = self._protocol.accept(request)
        conversation = None
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            answer = self._door(request.path, self)
            if isinstance(answer, Refusal):
                response = self._protocol.reject(answer.status, answer.text + "\n")
            else:
                conversation = answer
        self._protocol.send_response(response)
        if conversation is not None:
            self._converse(conversation)

    def _converse(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._protocol.max_message_size = conversation.message_bytes_max
        self._allowance = float(conversation.messages_burst)
        self.deadline = self.now + PING_SECONDS
        self._after_protocol()
        conversation.opened(self)

    # ------------------------------------------------------------ frames

    def _read_frames(self) -> None:
        """Take whole frames off the inbox; what is not whole waits for more."""
        inbox, at = self._inbox, 0
        size_max = self._protocol.max_message_size
        while len(inbox) - at >= 6 and not self.finished:
            head, size = inbox[at], inbox[at + 1]
            start = at + 2
            if not size & _MASKED:
                self._to_protocol(inbox[at:])  # fails the connection: clients mask
                break
            size &= 0x7F
            if size == 126:
                size = int.from_bytes(inbox[start : start + 2], "big")
                start += 2
            elif size == 127:
                if len(inbox) - at < 14:
                    break
                size = int.from_bytes(inbox[start : start + 8], "big")
                start += 8
            if size > size_max:
                self._to_protocol(inbox[at:])  # fails the connection with 1009
                break
            end = start + 4 + size
            if len(inbox) < end:
                break
            if head == _WHOLE_TEXT and not self._fragments:
                self._message(apply_mask(inbox[start + 4 : end], inbox[start : start + 4]))
            else:
                self._to_protocol(inbox[at:end])
            at = end
        self._inbox = b"" if self.finished else inbox[at:]

    def _to_protocol(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for frame in self._protocol.events_received():
            self._frame(frame)
        self._after_protocol()

    def _frame(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if frame.data or not self._fragments:  # empty ones have no limit on their number
                self._fragments.append(bytes(frame.data))
            if frame.fin:
                message = b"".join(self._fragments)
                self._fragments.clear()
                self._message(message)
        elif frame.opcode is Opcode.PONG:
            self._pinged_at = 0.0
            self._spend()
        elif frame.opcode is Opcode.PING:
            self._spend()

    def _message(self, payload: bytes) -> None:
        if self._spend() and self._conversation is not None:
            self._conversation.message(payload)

    def _spend(self) -> bool:
        """Count one incoming message; closes the connection that sends too many. Tells whether to go on."""
        if self._protocol.state is not State.OPEN or self._conversation is None:
            return False
        rate = self._conversation.messages_per_second
        if not rate:
            return True
        earned = (self.now - self._allowance_at) * rate
        self._allowance = min(self._allowance + earned, float(self._conversation.messages_burst)) - 1.0
        self._allowance_at = self.now
        if self._allowance >= 0.0:
            return True
        self.close(CloseCode.POLICY_VIOLATION, "Too many requests")
        return False

    def _after_protocol(self) -> None:
        """Collect what the protocol object wants written; its end of stream is ours."""
        for data in self._protocol.data_to_send():
            if data:
                if not self._outbox:
                    self._on_output()
                self._outbox.append(data)
            else:
                self.finished = True
                self._on_output()
        if self._protocol.close_expected() and not self.close_reason and self._protocol.close_sent is not None:
            self.close_reason = self._protocol.close_sent.reason or str(int(self._protocol.close_sent.code))
