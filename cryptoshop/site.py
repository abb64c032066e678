"""What the HTTP port serves besides the APIs: the web app's files, its configuration, health and metrics.

Owns the security headers of the pages. Every unknown path without a file ending is the app itself (its router reads the path).
"""

import asyncio
import json
import mimetypes
import re
from pathlib import Path

import structlog
from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.compression import CompressionConfig
from litestar.params import FromPath
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from cryptoshop.observability import metrics_page
from cryptoshop.settings import Settings
from engine.exchange import ExchangeClient
from engine.log.port import LogError
from engine.replica import ReplicaStopped
from marketdata import History

APP_DIR = Path(__file__).parent / "static" / "app"
log = structlog.get_logger("site")

mimetypes.add_type("application/manifest+json", ".webmanifest")

REPLICA_LAG_MAX = 1000  # frames a replica may be behind the log and still be called ready
HEALTH_TIMEOUT_S = 1.0
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?", re.ASCII).fullmatch

NOT_BUILT = """\
<!doctype html><meta charset="utf-8"><title>CryptoShop</title>
<p>The API is served at <a href="/api/v3/exchangeInfo">/api/v3</a>; the web app is not built.
<p>Install Node 20 or newer and run <code>make web</code>, then load this page again."""


class Health:
    """Whether this venue can serve: replica, recorder, websocket port and shop, each with its figure."""

    def __init__(self, settings: Settings, exchange: ExchangeClient, history: History) -> None:
        self.settings = settings
        self.exchange = exchange
        self.history = history

    async def report(self) -> tuple[bool, dict]:
        checks = await asyncio.gather(self.replica(), self.recorder(), self.stream(), self.shop())
        return all(ok for _, ok, _ in checks), {name: {"ok": ok, **facts} for name, ok, facts in checks}

    async def replica(self) -> tuple[str, bool, dict]:
        """Ready when it has reached the log's head, or is close behind it."""
        exchange = self.exchange
        try:
            await exchange.caught_up(HEALTH_TIMEOUT_S)
        except (TimeoutError, LogError) as error:
            if not exchange.connected:
                reason = f"the command log does not answer ({type(error).__name__})"
                return "replica", False, {"position": exchange.position, "error": reason}
        except ReplicaStopped as error:
            return "replica", False, {"position": exchange.position, "error": f"the replica has stopped: {error}"}
        facts = {"position": exchange.position, "head": exchange.head, "lag": exchange.lag}
        if exchange.refusing:  # still ready: reads and cancels are served while the log sheds orders
            facts["refusing"] = exchange.refusing
        return "replica", exchange.lag <= REPLICA_LAG_MAX, facts

    async def recorder(self) -> tuple[str, bool, dict]:
        try:
            recorded = await asyncio.wait_for(self.history.recorded_position(), HEALTH_TIMEOUT_S)
        except Exception as error:  # noqa: BLE001
            return "recorder", False, {"error": f"the database does not answer: {type(error).__name__}"}
        return "recorder", True, {"position": recorded, "lag": max(0, self.exchange.position - recorded)}

    async def stream(self) -> tuple[str, bool, dict]:
        port = self.settings.ws_port
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(self.settings.host, port), HEALTH_TIMEOUT_S)
            writer.close()
        except OSError:
            return "stream", False, {"error": f"nothing listens on websocket port {port}"}
        return "stream", True, {"port": port}

    async def shop(self) -> tuple[str, bool, dict]:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_unix_connection(str(self.settings.shop_socket)), HEALTH_TIMEOUT_S)
            writer.close()
        except OSError:
            return "shop", False, {"error": "the shop's process does not answer"}
        return "shop", True, {}


def site_app(settings: Settings, health: Health) -> Litestar:
    """The ASGI app for everything that is neither /api, /sapi, /account nor /shop."""

    @get("/health/live", sync_to_thread=False)
    def live() -> dict:
        return {"status": "live"}

    @get("/health/ready")
    async def ready() -> Response:
        ok, report = await health.report()
        return Response({"status": "ready" if ok else "not ready", **report}, status_code=200 if ok else 503)

    @get("/metrics")
    async def metrics() -> Response:
        body, content_type = await asyncio.to_thread(metrics_page)
        return Response(body, media_type=content_type)

    @get("/config.json", sync_to_thread=False)
    def config(request: Request) -> Response:
        host = public_host(request, settings)
        body = json.dumps({"ws": f"ws://{host}:{settings.ws_port}", "demo": settings.demo})
        return Response(body, media_type=MediaType.JSON, headers={"cache-control": "no-store"})

    async def file(request: Request, path: str) -> Response:
        return await asyncio.to_thread(serve_file, settings, public_host(request, settings), path)

    @get("/")
    async def home(request: Request) -> Response:
        return await file(request, "/")

    @get("/{path:path}")
    async def page(request: Request, path: FromPath[str]) -> Response:
        return await file(request, path)

    def failed(request: Request, error: Exception) -> Response:
        log.error("page failed", path=request.scope["path"][:128], exc_info=error)
        return Response("something went wrong here; the role's log says what\n", status_code=500, media_type=MediaType.TEXT)

    return Litestar(
        [live, ready, metrics, config, home, page],
        openapi_config=None,
        logging_config=None,
        exception_handlers={HTTP_500_INTERNAL_SERVER_ERROR: failed},
        compression_config=CompressionConfig(backend="gzip", minimum_size=1024),
    )


def public_host(request: Request, settings: Settings) -> str:
    """The host by which the client reached this port, as it stands in a URL; it goes into headers, so only what can be a host does."""
    named = _HOST(request.headers.get("host", ""))
    return named[1] if named else settings.host


def serve_file(settings: Settings, host: str, path: str) -> Response:
    """A file of the web app, or the app's page where `path` names no file."""
    root = APP_DIR.resolve()
    try:
        wanted = (root / path.lstrip("/")).resolve()
        is_there = wanted.is_relative_to(root) and wanted.is_file()
    except (OSError, ValueError):  # no name that a file could have
        return Response("not found\n", status_code=404, media_type=MediaType.TEXT)
    if not is_there:
        if "." in Path(path).name:
            return Response("not found\n", status_code=404, media_type=MediaType.TEXT)
        wanted = root / "index.html"
    if not wanted.is_file():
        return Response(NOT_BUILT, media_type=MediaType.HTML, status_code=503)
    # Vite names its assets by their content, so they may be kept for ever; the page that names them may not, nor the service worker,
    # which stands at the root because it answers for all that is below it.
    cache = "public, max-age=31536000, immutable" if "assets" in wanted.relative_to(root).parts else "no-cache"
    headers = {"cache-control": cache, **security_headers(settings, host)}
    return Response(wanted.read_bytes(), media_type=mimetypes.guess_type(wanted.name)[0] or "application/octet-stream", headers=headers)


def security_headers(settings: Settings, host: str) -> dict[str, str]:
    policy = (
        f"default-src 'self'; connect-src 'self' ws://{host}:{settings.ws_port} wss://{host}:{settings.ws_port}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self'; manifest-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    return {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
    }
