"""What the HTTP port passes on to the shop's socket: bodies whole in both directions, connections used again, a shop that is not there."""

import asyncio
import contextlib

import httpx
import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cryptoshop import forward
from cryptoshop.forward import Forward
from cryptoshop.http_client import PIECES_HIGH, UnixHttp
from gateway.limits import Limits

BIG = bytes(range(256)) * 4096  # a MiB


class Shop:
    """Answers what it was asked; counts its connections."""

    def __init__(self, path):
        self.path = path
        self.peers = 0
        self.heads = []
        self.server = None

    async def __call__(self, scope, receive, send):
        self.heads.append((scope["method"], scope["raw_path"], scope["query_string"], dict(scope["headers"])))
        if scope["path"] == "/shop/early":  # answers before it has read what is sent
            await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"no"})
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/shop/broken":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise RuntimeError("the rest never comes")
        body = {"/shop/big": BIG, "/shop/empty": b""}.get(scope["path"], body)
        headers = [] if scope["query_string"] == b"chunked" else [(b"content-length", str(len(body)).encode())]
        status = 204 if scope["path"] == "/shop/empty" else 201
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if scope["method"] != "HEAD":
            for at in range(0, len(body), 1 << 16):
                await send({"type": "http.response.body", "body": body[at : at + (1 << 16)], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    @contextlib.asynccontextmanager
    async def open(self):
        shop = self

        class Protocol(HttpToolsProtocol):
            def connection_made(self, transport):
                shop.peers += 1
                super().connection_made(transport)

        server = uvicorn.Server(uvicorn.Config(self, uds=str(self.path), http=Protocol, log_config=None, lifespan="off"))
        server.capture_signals = contextlib.nullcontext
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield server
        finally:
            server.should_exit = True
            await serving


@pytest.fixture
async def world(tmp_path):
    shop = Shop(tmp_path / "shop.sock")
    limits = Limits(tmp_path / "limits", weight_per_minute=10**6)
    async with Forward(shop.path, limits) as app:
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 4000))
        async with httpx.AsyncClient(transport=transport, base_url="http://venue") as client:
            yield shop, client


async def pieces(body):
    for at in range(0, len(body), 50_000):
        yield body[at : at + 50_000]


async def test_bodies_pass_whole_with_and_without_a_length(world):
    shop, client = world
    async with shop.open():
        for content in (b"{}", BIG, pieces(BIG)):
            for query in ("", "?chunked"):
                answer = await client.post(f"/shop/echo{query}", content=content if isinstance(content, bytes) else pieces(BIG))
                assert answer.status_code == 201
                assert answer.content == (content if isinstance(content, bytes) else BIG)
        assert len(BIG) > 2 * PIECES_HIGH
        assert (await client.get("/shop/big")).content == BIG
        assert (await client.head("/shop/big")).headers["content-length"] == str(len(BIG))
        assert (await client.get("/shop/empty")).status_code == 204


async def test_requests_use_a_connection_again_and_many_at_once_each_get_their_own_answer(world):
    shop, client = world
    async with shop.open():
        for _ in range(5):
            await client.post("/shop/echo", content=b"one")
        assert shop.peers == 1
        answers = await asyncio.gather(*(client.post("/shop/echo", content=b"%d" % number) for number in range(50)))
        assert [answer.content for answer in answers] == [b"%d" % number for number in range(50)]
        assert shop.peers <= 50


async def test_the_shop_sees_the_path_as_it_came_and_from_whom(world):
    shop, client = world
    async with shop.open():
        told = {"Cookie": "a=b", "Connection": "close", "X-Forwarded-For": "10.1.2.3", "Host": "venue.example:8080"}
        await client.get("/shop/caf%C3%A9%2Fx?q=a%20b&q=%00", headers=told)
    method, path, query, headers = shop.heads[0]
    assert (method, path, query) == ("GET", b"/shop/caf%C3%A9%2Fx", b"q=a%20b&q=%00")
    assert headers[b"cookie"] == b"a=b"
    assert headers[b"host"] == b"venue.example:8080"  # pages that name themselves, the sitemap's, need it
    assert b"connection" not in headers
    assert headers[b"x-forwarded-for"] == b"10.1.2.3"  # the peer is this host's own proxy


async def test_an_answer_before_the_body_is_read_is_passed_on_and_its_connection_is_not_used_again(world):
    shop, client = world
    async with shop.open():
        for _ in range(3):
            answer = await client.post("/shop/early", content=pieces(BIG))
            assert (answer.status_code, answer.content) == (413, b"no")
        assert (await client.post("/shop/echo", content=b"after")).content == b"after"


async def test_a_large_answer_that_was_there_before_it_was_read_leaves_a_connection_that_still_hears(tmp_path):
    """Its last bytes come with those that fill the buffer: nobody would let the connection read again."""
    body = bytes(PIECES_HIGH + 100_000)

    async def answer(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    server = await asyncio.start_unix_server(answer, tmp_path / "shop.sock")
    http = UnixHttp(str(tmp_path / "shop.sock"))
    async with asyncio.timeout(20):
        for _ in range(3):
            reply = await http.request("GET", b"/", [], None)
            await asyncio.sleep(0.1)
            assert sum([len(piece) async for piece in reply.pieces()]) == len(body)
            http.release(reply)
    http.close()
    server.close()


async def test_who_sends_or_reads_slowly_keeps_nobody_waiting(world, monkeypatch):
    shop, client = world
    monkeypatch.setattr(forward, "WAIT_SECONDS", 0.05)
    go_on, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def slowly(size):
        yield bytes(size)
        begun.release()
        await go_on.wait()
        yield b"the rest"

    async def send_slowly(size, count):
        headers = {"X-Forwarded-For": "10.0.0.1"}
        sending = [asyncio.create_task(client.post("/shop/echo", content=slowly(size), headers=headers)) for _ in range(count)]
        for _ in sending:
            await begun.acquire()
        return sending

    async with shop.open():
        slow = await send_slowly(10, forward.UNDER_WAY_MAX + 10)  # they have no place yet
        assert (await client.get("/shop/echo")).status_code == 201
        large = await send_slowly(forward.BEGINNING_MAX, forward.UNDER_WAY_OF_ONE)  # these have
        assert (await client.get("/shop/echo", headers={"X-Forwarded-For": "10.0.0.1"})).json()["code"] == "BUSY"
        assert (await client.get("/shop/echo", headers={"X-Forwarded-For": "10.0.0.2"})).status_code == 201
        go_on.set()
        assert {answer.status_code for answer in await asyncio.gather(*large)} == {201}
        assert {answer.status_code for answer in await asyncio.gather(*slow)} <= {201, 503}
        assert (await client.get("/shop/echo", headers={"X-Forwarded-For": "10.0.0.1"})).status_code == 201


async def test_a_shop_that_is_not_there_or_breaks_off(world):
    shop, client = world
    answer = await client.get("/shop/home")
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    async with shop.open():
        assert (await client.post("/shop/echo", content=b"x")).status_code == 201
        with pytest.raises(Exception):  # noqa: B017, PT011 (the answer's end never comes; what the client says of that is its own)
            assert (await client.get("/shop/broken")).content != b"half"
        assert (await client.post("/shop/echo", content=b"x")).status_code == 201
    assert (await client.post("/shop/echo", content=b"x")).status_code == 503


async def test_a_shop_that_came_back_is_asked_although_the_old_connections_are_dead(world):
    shop, client = world
    for _ in range(2):
        async with shop.open():
            answers = await asyncio.gather(*(client.get("/shop/big") for _ in range(4)))
            assert all(answer.content == BIG for answer in answers)
