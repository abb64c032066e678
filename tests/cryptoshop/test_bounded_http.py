"""cryptoshop/bounded_http.py: a request that does not come, comes slowly, or has no end."""

import asyncio
import contextlib

import pytest
import uvicorn

from cryptoshop import bounded_http
from cryptoshop.bounded_http import REQUEST_HEAD_MAX, BoundedHttp

REQUEST = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"


async def echo(scope, receive, send) -> None:
    """Answers with the body."""
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port():
    config = uvicorn.Config(echo, host="127.0.0.1", port=0, log_config=None, lifespan="off", http=BoundedHttp, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert head.startswith(b"HTTP/1.1 200")
    return await asyncio.wait_for(reader.readexactly(5), 10)


async def test_requests_whole_in_pieces_and_pipelined(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for sent in (REQUEST, REQUEST):
        writer.write(sent)
        assert await answer(reader) == b"hello"
    for at in range(0, len(REQUEST), 7):
        writer.write(REQUEST[at : at + 7])
        await asyncio.sleep(0)
    assert await answer(reader) == b"hello"
    writer.write(REQUEST * 3)
    assert [await answer(reader) for _ in range(3)] == [b"hello"] * 3
    writer.close()


@pytest.mark.parametrize("sent", [b"", b"POST /x HTTP/1.1\r\nHo", REQUEST[:-2], REQUEST + REQUEST[:20]])
async def test_a_request_that_does_not_end_is_given_up(port, monkeypatch, sent):
    monkeypatch.setattr(bounded_http, "REQUEST_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    assert (await asyncio.wait_for(reader.read(), 10)).count(b"HTTP/1.1 200") == sent.count(REQUEST)
    writer.close()


async def test_a_request_in_time_is_not_cut_off_while_it_is_answered(port, monkeypatch):
    monkeypatch.setattr(bounded_http, "REQUEST_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    await asyncio.sleep(0.2)
    writer.write(REQUEST)
    assert [await answer(reader), await answer(reader)] == [b"hello"] * 2
    writer.close()


@pytest.mark.parametrize(("start", "more"), [(b"GET /", b"a" * 1000), (b"GET / HTTP/1.1\r\n", b"X-More: " + b"a" * 1000 + b"\r\n")])
async def test_a_head_without_end_is_refused(port, start, more):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)
    with contextlib.suppress(ConnectionError):
        for _ in range(4 * REQUEST_HEAD_MAX // len(more)):
            writer.write(more)
            await writer.drain()
        assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"HTTP/1.1 400")
    writer.close()
