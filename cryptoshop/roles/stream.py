"""`cryptoshop stream`: market streams, user data and the WebSocket API on the websocket port."""

import asyncio

from cryptoshop.roles.common import open_gateway, run_role, sampled
from cryptoshop.settings import Settings
from gateway import stream

DESCRIPTION = "Websockets of a running venue: market streams, user data streams, WebSocket API."


async def serve(settings: Settings) -> None:
    async with open_gateway(settings) as gateway, sampled("stream", gateway.exchange):
        server = asyncio.ensure_future(stream.serve(gateway, settings.host, settings.ws_port))
        await asyncio.wait((server, gateway.exchange.failed), return_when=asyncio.FIRST_COMPLETED)
        if not server.done():
            server.cancel()
        gateway.exchange.failed.result() if gateway.exchange.failed.done() else server.result()


def main(arguments: list[str]) -> int:
    return run_role("stream", DESCRIPTION, arguments, serve)
