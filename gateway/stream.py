"""The websocket server: sockets and the clock around the sessions of gateway/streams.

Owns the listening socket, one `asyncio.Protocol` for each connection, the timers that make sessions ping and market streams speak,
and the orderly stop. No task runs for a connection and none for a message; what a session has to say within one turn of the loop is
written at once, in one piece.

Must not: look into messages, or let one client's slowness reach another. A transport whose buffer exceeds WRITE_BUFFER_MAX belongs
to a slow consumer and is cut off.
"""

import asyncio
import gc
import time
from collections import Counter

import structlog

from gateway.streams.admission import Admission
from gateway.streams.door import Edge
from gateway.streams.session import Session

WRITE_BUFFER_MAX = 4 * 1024 * 1024  # unsent bytes of one connection
SHUTDOWN_SECONDS = 3.0  # for the farewells to be read
TICK_SECONDS = 0.1
BACKLOG = 1024
# Objects allocated before the garbage collector looks at the young ones. A request leaves no cycles behind, so it need not look often.
GC_THRESHOLDS = (20_000, 20, 20)

_log = structlog.get_logger("stream")


class Connection(asyncio.Protocol):
    """One socket. Moves bytes between its transport and its session."""

    __slots__ = ("_flush_due", "_loop", "_server", "session", "transport")

    def __init__(self, server: "StreamServer") -> None:
        self._server = server
        self._loop = server.loop
        self._flush_due = False
        self.session: Session | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER_MAX)
        peername = transport.get_extra_info("peername")
        peer = str(peername[0]) if peername else ""
        self.session = Session(self._server.edge.open, peer, self._loop.time(), self._output)
        self._server.connected(self)

    def data_received(self, data: bytes) -> None:
        self.session.receive_data(data, self._loop.time())
        if self.session.finished:
            self._output()

    def eof_received(self) -> None:
        self.session.receive_eof()
        self._output()

    def connection_lost(self, exc: Exception | None) -> None:
        self.session.disconnected()
        self._server.disconnected(self)

    def pause_writing(self) -> None:
        """The buffer is over its limit: whoever reads this slowly is not waited for."""
        self._server.counts["slow_consumers"] += 1
        _log.info("slow consumer disconnected", peer=self.session.peer, path=self.session.requested[:200])
        self.transport.abort()

    def on_timer(self, now: float) -> None:
        self.session.on_timer(now)
        if self.session.finished:
            self._output()

    def _output(self) -> None:
        """The session has something to write, or has finished: both happen at the end of this turn of the loop."""
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        self._flush_due = False
        if self.transport.is_closing():
            return
        data = self.session.take()
        if data:
            self.transport.write(data)
        if self.session.finished:
            self.transport.close()


class StreamServer:
    """All connections of one process."""

    def __init__(self, gateway, admission: Admission | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.counts: Counter[str] = Counter()
        self.edge = Edge(gateway, admission or Admission(), clock=time.time_ns)
        self._connections: dict[Connection, None] = {}
        self._listening: asyncio.Server | None = None
        self._ticking: asyncio.Task | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen. Returns the port, which is a free one where `port` is 0."""
        self._ticking = self.loop.create_task(self._tick())
        self._listening = await self.loop.create_server(lambda: Connection(self), host, port, backlog=BACKLOG)
        port = self._listening.sockets[0].getsockname()[1]
        _log.info("listening", host=host, port=port)
        return port

    async def serve_forever(self) -> None:
        """Until cancelled, or until something here fails, which is raised."""
        await self._ticking

    async def stop(self) -> None:
        """Say farewell to every client, give them a moment to read it, and close."""
        self._listening.close()
        self._ticking.cancel()
        for connection in list(self._connections):
            connection.session.shut_down(time.time_ns() // 1_000_000)
            connection.flush()
        deadline = self.loop.time() + SHUTDOWN_SECONDS
        while self._connections and self.loop.time() < deadline:
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.transport.abort()
        self.edge.stop()

    def connected(self, connection: Connection) -> None:
        self.counts["connections"] += 1
        self._connections[connection] = None

    def disconnected(self, connection: Connection) -> None:
        del self._connections[connection]

    def counters(self) -> dict[str, int]:
        """Plain figures for the metrics page."""
        return {
            "stream_connections": len(self._connections),
            "stream_connections_total": self.counts["connections"],
            "stream_slow_consumers_total": self.counts["slow_consumers"],
            **self.edge.counters(),
        }

    async def _tick(self) -> None:
        """Ten times a second: timed streams; once a second: every session's deadlines."""
        next_second = self.loop.time()
        next_tick = self.loop.time()
        while True:
            next_tick = max(next_tick + TICK_SECONDS, self.loop.time())
            await asyncio.sleep(next_tick - self.loop.time())
            self.edge.tick(time.time_ns() // 1_000_000)
            if self.loop.time() >= next_second:
                next_second += 1.0
                for connection in list(self._connections):
                    connection.on_timer(self.loop.time())


async def serve(server: StreamServer, host: str, port: int) -> None:
    """Serve until cancelled; then close every connection in order. The process is this server's: it tunes the garbage collector."""
    gc.collect()
    gc.freeze()  # kernels and libraries: never garbage, and many
    gc.set_threshold(*GC_THRESHOLDS)
    await server.start(host, port)
    try:
        await server.serve_forever()
    finally:
        await server.stop()
