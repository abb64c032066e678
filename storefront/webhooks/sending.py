"""One message to one endpoint: POST, ten seconds, no redirects; of the answer only the status counts."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp

from storefront.webhooks.address import Forbidden, Network, socket_factory

TIMEOUT_SECONDS = 10.0
ANSWER_MAX = 64 * 1024  # as much of an answer is read, so that its sender is not cut short; the rest is not
RETRIED_STATUSES = (408, 429)
_ERROR_MAX = 200


class Result(NamedTuple):
    """`status` is None where no answer came; `error` is "" where it was delivered."""

    status: int | None
    error: str
    retry: bool  # whether it may go better later

    @property
    def delivered(self) -> bool:
        return not self.error


def open_session(permitted: Sequence[Network], connections: int) -> aiohttp.ClientSession:
    """A client that connects to public addresses and permitted networks only, anew for each message, and keeps nothing of what it gets."""
    connector = aiohttp.TCPConnector(limit=connections, force_close=True, use_dns_cache=False, socket_factory=socket_factory(permitted))
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False,
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
    )  # fmt: skip


async def send(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> Result:
    """Never raises for what an endpoint does."""
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            await _read_some(response)
            return _judged(response.status)
    except TimeoutError:
        return Result(None, f"no answer within {TIMEOUT_SECONDS:.0f} s", retry=True)
    except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
        return _failed(error)


def _judged(status: int) -> Result:
    if 200 <= status < 300:
        return Result(status, "", retry=False)
    return Result(status, f"the endpoint answered {status}", retry=status >= 500 or status in RETRIED_STATUSES)


async def _read_some(response: aiohttp.ClientResponse) -> None:
    size = 0
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        while size < ANSWER_MAX and (part := await response.content.read(ANSWER_MAX - size)):
            size += len(part)


def _failed(error: Exception) -> Result:
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, Forbidden):
        return Result(None, str(cause)[:_ERROR_MAX], retry=False)
    if isinstance(error, aiohttp.InvalidURL) or (isinstance(error, ValueError) and not isinstance(error, aiohttp.ClientError)):
        return Result(None, "this is no address", retry=False)
    if isinstance(cause, socket.gaierror):
        return Result(None, "the name does not resolve", retry=True)
    if isinstance(error, aiohttp.ClientResponseError):
        return Result(None, "what came back is no HTTP answer", retry=True)  # its words would repeat what came
    text = getattr(cause, "strerror", None) or str(cause) or type(error).__name__
    return Result(None, text[:_ERROR_MAX], retry=True)
