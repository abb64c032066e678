"""`cryptoshop stream`: market streams, user data and the WebSocket API on the websocket port."""

from cryptoshop import preflight
from cryptoshop.roles.common import open_gateway, run_role, sampled, while_replica_lives
from cryptoshop.settings import Settings
from gateway import stream

DESCRIPTION = "Websockets of a running venue: market streams, user data streams, WebSocket API."


async def serve(settings: Settings) -> None:
    preflight.check_port(settings.host, settings.ws_port, "--ws-port")
    async with open_gateway(settings) as gateway:
        server = stream.StreamServer(gateway)
        async with sampled("stream", gateway.exchange, server.counters):
            await while_replica_lives(gateway.exchange, stream.serve(server, settings.host, settings.ws_port))


def main(arguments: list[str]) -> int:
    return run_role("stream", DESCRIPTION, arguments, serve)
