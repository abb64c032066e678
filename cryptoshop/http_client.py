"""The client's side of HTTP/1.1, in pieces: a request goes out as it comes, an answer is read as it arrives.

Owns the connections to a server on a Unix socket: those at rest are used again, one request at a time on each. It neither follows
redirects nor reads bodies, and keeps little more of an answer than PIECES_HIGH bytes until its reader takes them. Heads are written as
they are given: whoever calls has them from a parser that let no line break through.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence

import httptools

REST_SECONDS = 3.0  # that a connection is kept unused; the server closes it two seconds later
CONNECT_SECONDS = 2.0
PIECES_HIGH = 256 * 1024

Headers = Sequence[tuple[bytes, bytes]]


class Broken(Exception):
    """The server cannot be reached, or its connection ended before its answer."""


class Connection(asyncio.Protocol):
    """One exchange after the other."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._is_lost = False
        self._is_full = False  # of what is written
        self._is_paused = False  # of what is read
        self._waiter: asyncio.Future[None] | None = None
        self.rested_since = 0.0
        self._begin(True)

    def _begin(self, has_body: bool) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._has_body = has_body
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_sent = True
        self._is_head_complete = self._is_complete = False
        self.headers: list[tuple[bytes, bytes]] = []
        self.status = 0

    # ---- what the caller does

    @property
    def is_usable(self) -> bool:
        """Whether another request can be sent: this one went out whole, and its answer has been read whole."""
        return self._is_sent and self._is_complete and self._has_body and not self._pieces and not self._is_lost

    async def request(self, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes] | None) -> None:
        """Send it, and read the answer's head into `status` and `headers` (names in lower case). Raises Broken."""
        self._begin(method != "HEAD")
        sized = any(name == b"content-length" for name, _ in headers)
        head = [method.encode(), b" ", target, b" HTTP/1.1\r\n"]
        if not any(name == b"host" for name, _ in headers):
            head.append(b"host: localhost\r\n")
        for name, value in headers:
            head += (name, b": ", value, b"\r\n")
        if body is not None and not sized:
            head.append(b"transfer-encoding: chunked\r\n")
        head.append(b"\r\n")
        self._write(b"".join(head))
        if body is not None:
            await self._send(body, sized)
        while not self._is_head_complete:
            await self._wait()

    async def _send(self, body: AsyncIterator[bytes], sized: bool) -> None:
        """The whole body, or as much as the server waits for before it answers."""
        self._is_sent = False
        async for piece in body:
            while self._is_full and not self._is_head_complete:
                await self._wait()
            if self._is_head_complete:
                return
            self._write(piece if sized else b"%x\r\n%b\r\n" % (len(piece), piece))
        if not sized:
            self._write(b"0\r\n\r\n")
        self._is_sent = True

    async def pieces(self) -> AsyncIterator[bytes]:
        """The answer's body. Raises Broken."""
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._waiting_bytes -= len(piece)
                yield piece
            if self._is_complete:
                return
            if self._is_paused and not self._is_lost:
                self._is_paused = False
                self._transport.resume_reading()
            await self._wait()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._is_lost:
            raise Broken("the connection is closed")
        self._transport.write(data)

    async def _wait(self) -> None:
        """Until something happens on the connection."""
        if self._is_lost:
            raise Broken("the connection was closed before the answer's end")
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ---- what the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._is_lost = True
            self._transport.close()
        if self._waiting_bytes > PIECES_HIGH and not self._is_lost and not self._is_complete:  # what has ended must hear of the next
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_lost = True
        self._wake()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._wake()

    # ---- what the parser tells

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._is_head_complete = True
        if not self._has_body:
            self._is_complete = True

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._waiting_bytes += len(piece)

    def on_message_complete(self) -> None:
        self._is_complete = True
        if not self._parser.should_keep_alive():
            self._is_lost = True
            self._transport.close()


class UnixHttp:
    """Connections to the server on one socket."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._resting: list[Connection] = []

    async def request(self, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes] | None) -> Connection:
        """A connection with the answer's head; give it back with `release`, whatever happened. Raises Broken.

        A request that changes nothing and has no body is sent once more where a connection turns out to have been closed at rest.
        """
        connection = self._rested()
        if connection is not None:
            try:
                return await self._ask(connection, method, target, headers, body)
            except Broken:
                if body is not None or method not in ("GET", "HEAD") or connection.status:
                    raise
        return await self._ask(await self._connect(), method, target, headers, body)

    def release(self, connection: Connection) -> None:
        """Kept for the next request where its answer was read to the end, else closed."""
        if connection.is_usable:
            connection.rested_since = time.monotonic()
            self._resting.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        while self._resting:
            self._resting.pop().close()

    @staticmethod
    async def _ask(connection: Connection, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes] | None) -> Connection:
        try:
            await connection.request(method, target, headers, body)
        except BaseException:
            connection.close()
            raise
        return connection

    def _rested(self) -> Connection | None:
        """The one that rests for the shortest time; those that rested too long are closed."""
        latest = time.monotonic() - REST_SECONDS
        while self._resting:
            connection = self._resting.pop()
            if connection.rested_since >= latest and connection.is_usable:
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return (await asyncio.get_running_loop().create_unix_connection(Connection, self._path))[1]
        except OSError as error:  # TimeoutError too
            raise Broken(f"{type(error).__name__}") from None
