"""SUBSCRIBE and its sisters, stream names, and the hub, without a socket."""

import orjson
import pytest

from gateway.streams.admission import Admission
from gateway.streams.conversation import STREAMS_MAX, MarketConversation
from gateway.streams.hub import Hub
from gateway.streams.names import INTERVALS, Topic, parse_stream


class Wire:
    """Stands where the session does: what was sent, as JSON."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    def send(self, payload: bytes) -> None:
        self.sent.append(orjson.loads(payload))

    def send_framed(self, framed: bytes) -> None:
        start = 2 if framed[1] < 126 else 4
        self.sent.append(orjson.loads(framed[start:]))


class Recorder:
    """A publisher that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def begin(self, stream) -> None:
        self.told.append(("begin", stream.text))

    def joined(self, stream) -> None:
        self.told.append(("joined", stream.text))

    def end(self, stream) -> None:
        self.told.append(("end", stream.text))


class Talk:
    """One connection: ask, and see the reply."""

    def __init__(self, *names: str, combined: bool = False, hub: Hub | None = None) -> None:
        self.publisher = Recorder()
        self.hub = hub or Hub(self.publisher)
        self.wire = Wire()
        self.conversation = MarketConversation(self.hub.source, [self.hub.source(name) for name in names], combined)
        self.conversation.opened(self.wire)

    def ask(self, request: object) -> object:
        payload = request if isinstance(request, bytes) else orjson.dumps(request)
        self.conversation.message(payload)
        return self.wire.sent.pop()


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("text", "topic", "expected"),
    [
        ("btcusdt@trade", Topic.TRADE, {"symbol": "BTCUSDT"}),
        ("btcusdt@aggTrade", Topic.AGG_TRADE, {"every_ms": 0}),
        ("btcusdt@depth", Topic.DEPTH_DIFF, {"every_ms": 1000}),
        ("btcusdt@depth@100ms", Topic.DEPTH_DIFF, {"every_ms": 100}),
        ("btcusdt@depth5", Topic.DEPTH_TOP, {"levels": 5, "every_ms": 1000}),
        ("btcusdt@depth20@100ms", Topic.DEPTH_TOP, {"levels": 20, "every_ms": 100}),
        ("btcusdt@kline_1M", Topic.KLINE, {"interval": "1M", "every_ms": 2000, "east_hours": 0}),
        ("btcusdt@kline_1s", Topic.KLINE, {"interval": "1s", "every_ms": 1000}),
        ("btcusdt@kline_1d@+08:00", Topic.KLINE, {"interval": "1d", "east_hours": 8}),
        ("btcusdt@ticker_4h", Topic.WINDOW_TICKER, {"interval": "4h"}),
        ("btcusdt@avgPrice", Topic.AVERAGE_PRICE, {}),
        ("!miniTicker@arr", Topic.ALL_MINI_TICKERS, {"symbol": ""}),
        ("!miniTicker@arr@1000ms", Topic.ALL_MINI_TICKERS, {"every_ms": 1000}),
        ("!ticker@arr", Topic.ALL_TICKERS, {}),
        ("!ticker_1d@arr", Topic.ALL_WINDOW_TICKERS, {"interval": "1d"}),
        ("!bookTicker", Topic.ALL_BOOK_TICKERS, {}),
    ],
)
def test_stream_names(text: str, topic: Topic, expected: dict):
    stream = parse_stream(text)
    assert stream.topic is topic
    assert stream.text == text
    assert {name: getattr(stream, name) for name in expected} == expected


@pytest.mark.parametrize(
    "text",
    ["", "@", "@trade", "btcusdt", "btcusdt@", "btcusdt@trades", "BTCUSDT@trade", "btc usdt@trade", "btc/usdt@trade", "!ticker", "!",
     "btcusdt@depth7", "btcusdt@depth@10ms", "btcusdt@kline_7m", "btcusdt@kline_1m@+09:00", "btcusdt@ticker_2h", "!ticker_2h@arr",
     "x" * 70 + "@trade", "btcusdt@trade\n"],
)  # fmt: skip
def test_what_is_no_stream_name(text: str):
    assert parse_stream(text) is None


def test_every_interval_is_a_stream():
    assert all(parse_stream(f"btcusdt@kline_{interval}").interval == interval for interval in INTERVALS)


# ---------------------------------------------------------------- requests


def test_subscribe_list_unsubscribe():
    talk = Talk()
    assert talk.ask({"method": "SUBSCRIBE", "params": ["btcusdt@trade", "btcusdt@depth"], "id": 1}) == {"result": None, "id": 1}
    listed = talk.ask({"method": "LIST_SUBSCRIPTIONS", "id": "a-b_3"})
    assert listed == {"result": ["btcusdt@trade", "btcusdt@depth"], "id": "a-b_3"}
    assert talk.ask({"method": "UNSUBSCRIBE", "params": ["btcusdt@depth"], "id": 312}) == {"result": None, "id": 312}
    assert talk.ask({"method": "LIST_SUBSCRIPTIONS", "id": None}) == {"result": ["btcusdt@trade"], "id": None}


def test_subscribing_twice_listens_once():
    talk = Talk("btcusdt@trade")
    talk.ask({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1})
    assert talk.publisher.told == [("begin", "btcusdt@trade"), ("joined", "btcusdt@trade")]
    talk.hub.publish(parse_stream("btcusdt@trade"), b"{}")
    assert talk.wire.sent == [{}]


def test_combined_is_a_property_of_the_connection():
    talk = Talk("btcusdt@trade", combined=True)
    assert talk.ask({"method": "GET_PROPERTY", "params": ["combined"], "id": 2}) == {"result": True, "id": 2}
    talk.hub.publish(parse_stream("btcusdt@trade"), b'{"e":"trade"}')
    assert talk.wire.sent.pop() == {"stream": "btcusdt@trade", "data": {"e": "trade"}}
    assert talk.ask({"method": "SET_PROPERTY", "params": ["combined", False], "id": 5}) == {"result": None, "id": 5}
    talk.hub.publish(parse_stream("btcusdt@trade"), b'{"e":"trade"}')
    assert talk.wire.sent.pop() == {"e": "trade"}


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (b"{", 3, "Invalid JSON"),
        (b"\xff\xfe", 3, "Invalid JSON"),
        (b"[" * 5000, 3, "Invalid JSON"),
        (b"", 3, "Invalid JSON"),
        (b"[]", 2, "Invalid request: expected an object"),
        ({"id": 1}, 2, "Invalid request: missing field `method`"),
        ({"method": "SUBSCRIBED", "id": 1}, 2, "Invalid request: unknown variant `SUBSCRIBED`"),
        ({"method": 5, "id": 1}, 2, "Invalid request: unknown variant"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": 1.5}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": True}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": ["a"], "id": "x" * 37}, 2, "Invalid request: request ID must be an unsigned integer"),
        ({"method": "SUBSCRIBE", "params": ["not a stream"], "id": 1}, 2, "Invalid request: invalid stream"),
        ({"method": "SUBSCRIBE", "params": [5], "id": 1}, 2, "Invalid request: invalid stream"),
        ({"method": "SUBSCRIBE", "params": {"a": 1}, "id": 1}, 2, "Invalid request: params must be an array"),
        ({"method": "LIST_SUBSCRIPTIONS", "params": [1], "id": 1}, 2, "Invalid request: too many parameters"),
        ({"method": "GET_PROPERTY", "params": [], "id": 1}, 2, "Invalid request: property name must be a string"),
        ({"method": "GET_PROPERTY", "params": ["colour"], "id": 1}, 0, "Unknown property"),
        ({"method": "SET_PROPERTY", "params": ["combined", "yes"], "id": 1}, 1, "Invalid value type: expected Boolean"),
        ({"method": "SET_PROPERTY", "params": ["combined"], "id": 1}, 1, "Invalid value type: expected Boolean"),
    ],
)
def test_errors_are_answered_in_the_dialects_words(request_: object, code: int, text: str):
    reply = Talk().ask(request_)
    assert reply["code"] == code
    assert reply["msg"].startswith(text)
    assert reply["error"] == {"code": code, "msg": reply["msg"]}


def test_1024_streams_and_not_one_more():
    talk = Talk()
    names = [f"sym{number}@trade" for number in range(STREAMS_MAX)]
    assert talk.ask({"method": "SUBSCRIBE", "params": names, "id": 1}) == {"result": None, "id": 1}
    assert talk.ask({"method": "SUBSCRIBE", "params": names[:5], "id": 2}) == {"result": None, "id": 2}
    assert talk.ask({"method": "SUBSCRIBE", "params": ["more@trade"], "id": 3})["code"] == 2
    assert talk.hub.streams == STREAMS_MAX


def test_farewell_in_both_forms():
    event = {"e": "serverShutdown", "E": 5}
    assert orjson.loads(Talk().conversation.farewell(5)) == event
    assert orjson.loads(Talk(combined=True).conversation.farewell(5)) == {"stream": "!serverShutdown", "data": event}


# ---------------------------------------------------------------- hub


def test_streams_begin_with_the_first_listener_and_end_with_the_last():
    first = Talk("btcusdt@trade")
    second = Talk("btcusdt@trade", hub=first.hub)
    first.conversation.closed()
    first.conversation.closed()
    assert ("end", "btcusdt@trade") not in first.publisher.told
    first.hub.publish(parse_stream("btcusdt@trade"), b"{}")
    assert (first.wire.sent, second.wire.sent) == ([], [{}])
    second.conversation.closed()
    assert [what for what, _ in first.publisher.told] == ["begin", "joined", "joined", "end"]
    assert first.hub.streams == 0


# ---------------------------------------------------------------- admission


def test_an_address_may_try_300_times_in_five_minutes():
    admission = Admission()
    assert all(admission.admit("192.0.2.1", 0.0) for _ in range(300))
    assert not admission.admit("192.0.2.1", 1.0)
    assert admission.admit("192.0.2.2", 1.0)
    assert admission.admit("192.0.2.1", 302.0)


def test_an_address_may_have_so_many_connections_at_once():
    admission = Admission(attempts=0, open_max=2)
    assert admission.admit("192.0.2.1", 0.0)
    assert admission.admit("192.0.2.1", 0.0)
    assert not admission.admit("192.0.2.1", 0.0)
    admission.released("192.0.2.1")
    assert admission.admit("192.0.2.1", 0.0)


def test_this_machines_own_programs_are_not_limited():
    admission = Admission(attempts=1, open_max=1)
    assert all(admission.admit("127.0.0.1", 0.0) for _ in range(5))
