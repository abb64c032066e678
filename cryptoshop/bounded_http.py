"""uvicorn's HTTP connection with two bounds of our own: how long a request may take to arrive, and how large its head may be.

Without them a client could hold sockets, or fill memory with header lines, for as long as it likes. What follows the head is bounded
by the applications.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_HEAD_MAX = 64 * 1024
REQUEST_SECONDS = 30.0  # from its first byte, or from the connection, to its last


class BoundedHttp(HttpToolsProtocol):
    """One connection. Closed where a request is late; answered 400 where its head is too large."""

    _due: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > REQUEST_HEAD_MAX and not self.transport.is_closing():
                self.send_400_response("Request head too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0
        self._expect()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self._due is None:
            self._due = self.loop.call_later(REQUEST_SECONDS, self.timeout_keep_alive_handler)

    def _forget(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
