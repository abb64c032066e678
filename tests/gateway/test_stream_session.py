"""A session without a socket: a client's protocol object at the other end of two byte strings."""

import random

import pytest
from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from gateway.streams.session import (
    HANDSHAKE_SECONDS,
    LIFE_SECONDS,
    PING_SECONDS,
    PONG_SECONDS,
    REQUEST_BYTES_MAX,
    Refusal,
    Session,
    text_frame,
)


class Echo:
    """Answers every message with itself."""

    message_bytes_max = 1000
    messages_per_second = 0.0
    messages_burst = 0

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.is_closed = False

    def opened(self, session: Session) -> None:
        self.session = session

    def message(self, payload: bytes) -> None:
        self.heard.append(bytes(payload))
        self.session.send(payload)

    def farewell(self, now_ms: int) -> bytes:
        return b"bye %d" % now_ms

    def closed(self) -> None:
        self.is_closed = True


class Client:
    """The peer: a client's protocol, connected to a session by hand."""

    def __init__(self, conversation: object, path: str = "/ws") -> None:
        self.outputs = 0
        self.now = 1000.0
        self.session = Session(lambda requested, session: conversation, "192.0.2.1", self.now, self._count)
        self.protocol = ClientProtocol(parse_uri("ws://venue.test" + path), max_size=None)
        self.frames: list[Frame] = []
        self.protocol.send_request(self.protocol.connect())
        self.pump()

    def _count(self) -> None:
        self.outputs += 1

    def pump(self, piece: int = 0) -> None:
        """Carry bytes both ways until both are silent; `piece` cuts what the client sends."""
        for _ in range(4):
            data = b"".join(self.protocol.data_to_send())
            for part in [data[at : at + piece] for at in range(0, len(data), piece)] if piece else [data]:
                if part:
                    self.session.receive_data(part, self.now)
            back = self.session.take()
            if back:
                self.protocol.receive_data(back)
            self.frames += [event for event in self.protocol.events_received() if isinstance(event, Frame)]

    def texts(self) -> list[bytes]:
        found = [bytes(frame.data) for frame in self.frames if frame.opcode is Opcode.TEXT]
        self.frames.clear()
        return found

    def raw(self, data: bytes) -> None:
        self.session.receive_data(data, self.now)
        self.pump()


def opened() -> tuple[Client, Echo]:
    echo = Echo()
    return Client(echo), echo


def test_handshake_then_messages_in_order():
    client, echo = opened()
    assert client.protocol.state is State.OPEN
    for number in range(5):
        client.protocol.send_text(b"message %d" % number)
    client.pump()
    assert client.texts() == [b"message %d" % number for number in range(5)]
    assert len(echo.heard) == 5


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 999])
def test_frames_may_be_cut_anywhere(piece: int, size: int):
    client, echo = opened()
    message = bytes(33 + at % 90 for at in range(size))
    client.protocol.send_text(message)
    client.protocol.send_text(b"next")
    client.pump(piece)
    assert echo.heard == [message, b"next"]
    assert client.texts() == [message, b"next"]


def test_fragments_and_pings_between_them():
    client, echo = opened()
    client.protocol.send_text(b"one ", fin=False)
    client.protocol.send_ping(b"are you there")
    client.protocol.send_continuation(b"message", fin=True)
    client.protocol.send_text(b"after")
    client.pump()
    assert echo.heard == [b"one message", b"after"]
    assert [frame.opcode for frame in client.frames] == [Opcode.PONG, Opcode.TEXT, Opcode.TEXT]


def test_empty_fragments_are_not_kept():
    client, echo = opened()
    client.protocol.send_text(b"", fin=False)
    for _ in range(1000):
        client.protocol.send_continuation(b"", fin=False)
    client.pump()
    assert len(client.session._fragments) == 1
    client.protocol.send_continuation(b"hi", fin=True)
    client.pump()
    assert echo.heard == [b"hi"]


def test_server_frames_of_every_length():
    client, _ = opened()
    for size in (0, 125, 126, 65_535, 65_536):
        client.session.send(b"x" * size)
        client.pump()
        assert client.texts() == [b"x" * size]
    assert text_frame(b"abc") == b"\x81\x03abc"


def test_an_oversized_message_closes_with_1009_whole_or_in_fragments():
    for send in (
        lambda protocol: protocol.send_text(b"x" * 1001),
        lambda protocol: (protocol.send_text(b"x" * 600, fin=False), protocol.send_continuation(b"x" * 600, fin=True)),
    ):
        client, echo = opened()
        send(client.protocol)
        client.pump()
        assert client.session.close_code == CloseCode.MESSAGE_TOO_BIG
        assert client.session.finished
        assert not echo.heard


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x02hi....", CloseCode.PROTOCOL_ERROR),  # not masked
        (b"\x83\x80aaaa", CloseCode.PROTOCOL_ERROR),  # an opcode that does not exist
        (b"\xc1\x80aaaa", CloseCode.PROTOCOL_ERROR),  # a reserved bit
        (b"\x80\x80aaaa", CloseCode.PROTOCOL_ERROR),  # a continuation of nothing
        (b"\x09\x80aaaa", CloseCode.PROTOCOL_ERROR),  # a fragmented ping
        (b"\x88\x81aaaa\x00", CloseCode.PROTOCOL_ERROR),  # half a close code
        (b"\x81\xff" + b"\xff" * 8 + b"aaaa", CloseCode.MESSAGE_TOO_BIG),
    ],
)
def test_violations_close_with_their_code(data: bytes, code: int):
    client, _ = opened()
    client.raw(data)
    assert client.session.close_code == code
    assert client.session.finished


def test_close_is_answered_and_nothing_follows():
    client, echo = opened()
    client.protocol.send_close(1000, "done")
    client.pump()
    assert client.session.close_code == 1000
    assert client.session.finished
    client.session.send(b"too late")
    assert client.session.take() == b""
    client.session.disconnected()
    client.session.disconnected()
    assert echo.is_closed


def test_ping_every_20_seconds_and_gone_without_a_pong_in_60():
    client, _ = opened()
    client.now += PING_SECONDS
    client.session.on_timer(client.now)
    client.pump()
    assert [frame.opcode for frame in client.frames] == [Opcode.PING]
    client.pump()  # the client's pong
    answered = client.now
    client.now += PING_SECONDS
    client.session.on_timer(client.now)
    silent_since = client.now
    while client.now < silent_since + PONG_SECONDS - 1:
        client.now += 1
        client.session.on_timer(client.now)
    assert not client.session.finished
    client.session.on_timer(silent_since + PONG_SECONDS)
    assert client.session.finished
    assert silent_since > answered


def test_a_connection_lives_24_hours():
    client, _ = opened()
    client.session.on_timer(client.now + LIFE_SECONDS)
    assert client.session.close_code == CloseCode.GOING_AWAY


def test_messages_beyond_the_rate_close_with_too_many_requests():
    echo = Echo()
    echo.messages_per_second, echo.messages_burst = 5.0, 10
    client = Client(echo)
    for _ in range(10):
        client.protocol.send_text(b"x")
    client.pump()
    assert len(echo.heard) == 10
    client.now += 1.0
    for _ in range(5):
        client.protocol.send_text(b"x")
    client.pump()
    assert client.session.is_open
    client.protocol.send_ping(b"counts too")
    client.pump()
    assert client.session.close_code == CloseCode.POLICY_VIOLATION
    assert client.session.close_reason == "Too many requests"


def test_shutdown_says_farewell_then_closes():
    client, _ = opened()
    client.session.shut_down(1_700_000_000_000)
    client.pump()
    assert client.texts() == [b"bye 1700000000000"]
    assert client.session.close_code == CloseCode.GOING_AWAY


def test_a_refused_path_is_an_http_answer():
    client = Client(Refusal(404, "no such path"))
    assert client.protocol.state is State.CONNECTING
    assert client.session.finished
    assert client.protocol.handshake_exc.response.status_code == 404


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",  # a browser
        b"POST /ws HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS on the plain port
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"GET /ws HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
        b"\r\n\r\n",
        b"x" * (REQUEST_BYTES_MAX + 1),
    ],
)
def test_what_is_no_websocket_request_ends_the_connection(head: bytes):
    session = Session(lambda requested, session: Echo(), "192.0.2.1", 0.0, lambda: None)
    session.receive_data(head, 0.0)
    assert session.finished
    assert b"Traceback" not in session.take()


def test_a_request_that_never_ends_is_dropped():
    session = Session(lambda requested, session: Echo(), "192.0.2.1", 0.0, lambda: None)
    session.receive_data(b"GET /ws HTTP/1.1\r\n", 0.0)
    session.on_timer(HANDSHAKE_SECONDS - 0.1)
    assert not session.finished
    session.on_timer(HANDSHAKE_SECONDS + 0.1)
    assert session.finished


def test_random_bytes_never_raise():
    draw = random.Random(2)
    for _ in range(2000):
        client, _ = opened()
        for _ in range(draw.randrange(1, 4)):
            data = bytes(draw.choice((0x81, 0x80, 0x88, 0x89, 0xFE, 0xFF, draw.randrange(256))) for _ in range(draw.randrange(60)))
            client.session.receive_data(data, client.now)
            client.session.take()
        client.session.receive_eof()
        client.session.on_timer(client.now + 5)
        client.session.disconnected()


def test_output_is_announced_once_until_taken():
    client, _ = opened()
    before = client.outputs
    client.session.send(b"a")
    client.session.send(b"b")
    assert client.outputs == before + 1
    client.pump()
    assert client.texts() == [b"a", b"b"]
