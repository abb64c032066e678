"""What one venue on one machine is told: where its data lies, which ports it opens, which database and log it uses.

Owns the defaults and the layout of the data directory. Every role gets the same settings, as command-line flags, so that a role
can be started alone with what the supervisor would have given it.
"""

import argparse
import ipaddress
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptoshop.errors import StartError

HTTP_PORT = 8080
WS_PORT = 8081
REQUEST_WEIGHT = 6_000
DEMO_REQUEST_WEIGHT = 60_000
DEMO_PRICE_SOURCES = ("1=book", "2=simulated")


@dataclass(frozen=True)
class Settings:
    data_dir: Path
    host: str = "127.0.0.1"
    http_port: int = HTTP_PORT
    ws_port: int = WS_PORT
    database_url: str = ""  # empty: the embedded PostgreSQL of the data directory
    log_url: str = ""  # empty: the local log of the data directory
    demo: bool = False
    request_weight: int | None = None  # 0: no limit; None: as `weight_per_minute` says
    price_sources: tuple[str, ...] = ()  # as `cryptoshop rates --help` says; none: as `sources_of_prices` says
    webhook_networks: tuple[str, ...] = ()  # networks besides the public internet in which sellers' endpoints may be

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "log"

    @property
    def log_socket(self) -> Path:
        return self.data_dir / "log.sock"

    @property
    def shop_socket(self) -> Path:
        return self.data_dir / "shop.sock"

    @property
    def snapshot_dir(self) -> Path:
        return self.data_dir / "snapshots"

    @property
    def master_key_path(self) -> Path:
        return self.data_dir / "secrets" / "master.key"

    @property
    def demo_path(self) -> Path:
        return self.data_dir / "demo.json"

    @property
    def run_path(self) -> Path:
        """While the venue runs: where its parts are, for `cryptoshop admin`."""
        return self.data_dir / "run.json"

    @property
    def opened_path(self) -> Path:
        """There once the venue's log holds OPEN, with the version of the rules that it was lifted to."""
        return self.data_dir / "opened"

    @property
    def opened_rules(self) -> int:
        """What `opened_path` says, 0 where it says nothing; it only spares starts from looking into the log."""
        try:
            return int(self.opened_path.read_text() or 1)  # the first version wrote nothing into it
        except (OSError, ValueError):
            return 0

    @property
    def shared_dir(self) -> Path:
        """Tables that the running processes share: request counts, listen keys, metrics. Gone with the venue's next start."""
        return self.data_dir / "shared"

    @property
    def metrics_dir(self) -> Path:
        return self.shared_dir / "metrics"

    @property
    def weight_per_minute(self) -> int:
        """The request weight that one address may use: the dialect's, ten times that in a demo, where all come from one machine."""
        if self.request_weight is not None:
            return self.request_weight
        return DEMO_REQUEST_WEIGHT if self.demo else REQUEST_WEIGHT

    @property
    def sources_of_prices(self) -> tuple[str, ...]:
        """Where reference prices come from; in a demo that names none, from its own book and from a simulated venue."""
        return self.price_sources or (DEMO_PRICE_SOURCES if self.demo else ())

    @property
    def role_log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def resolved_log_url(self) -> str:
        return self.log_url or f"local:{self.log_socket}"

    @property
    def rest_url(self) -> str:
        return f"http://{self.host}:{self.http_port}"

    @property
    def ws_url(self) -> str:
        return f"ws://{self.host}:{self.ws_port}"

    def arguments(self) -> list[str]:
        """The flags with which a role is started so that it sees these settings (the database's URL goes by `environment`)."""
        flags = ["--data-dir", str(self.data_dir), "--host", self.host, "--http-port", str(self.http_port),
                 "--ws-port", str(self.ws_port)]  # fmt: skip
        if self.log_url:
            flags += ["--log", self.log_url]
        if self.request_weight is not None:
            flags += ["--request-weight", str(self.request_weight)]
        for source in self.price_sources:
            flags += ["--price-source", source]
        for network in self.webhook_networks:
            flags += ["--webhook-network", network]
        if self.demo:
            flags.append("--demo")
        return flags

    def environment(self) -> dict[str, str]:
        """What a role finds in its environment: a URL with a password is not for the process list."""
        return {"CRYPTOSHOP_DATABASE_URL": self.database_url, "PROMETHEUS_MULTIPROC_DIR": str(self.metrics_dir)}

    def running_database_url(self) -> str:
        """The database of the running venue: as given, or as the supervisor wrote it down.

        Raises StartError where no venue runs on the data directory.
        """
        if self.database_url:
            return self.database_url
        try:
            return json.loads(self.run_path.read_text())["database_url"]
        except (OSError, ValueError, KeyError):
            raise self.not_running() from None

    def not_running(self) -> StartError:
        return StartError(
            f"no venue is running on {self.data_dir}: start one with `cryptoshop serve --data-dir {self.data_dir}`, "
            "or name its database with --database-url"
        )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"'{text}' is not a port (1 to 65535)")
    return int(text)


def _weight(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 999999999")
    return int(text)


def _price_source(text: str) -> str:
    from marketdata.rates.spec import SourceError, parse_source  # heavy, and seldom needed

    try:
        return parse_source(text).text()
    except SourceError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _price_sources_of_environment() -> tuple[str, ...]:
    """Raises StartError for what names no source."""
    try:
        return tuple(_price_source(text) for text in os.environ.get("CRYPTOSHOP_PRICE_SOURCES", "").split())
    except argparse.ArgumentTypeError as error:
        raise StartError(f"CRYPTOSHOP_PRICE_SOURCES: {error}") from None


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a network like 10.20.0.0/16") from None


def _log_url(text: str) -> str:
    kind, _, path = text.partition(":")
    if text and (kind != "local" or not path):  # argparse asks about the default, too
        raise argparse.ArgumentTypeError(f"'{text}' is not a command log's address: it looks like local:/path/of/log.sock")
    return text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags that `Settings` is made of."""
    parser.add_argument("--data-dir", type=Path, default=Path(os.environ.get("CRYPTOSHOP_DATA_DIR", "data")), metavar="DIR",
                        help="where log, snapshots, database and keys lie (default: ./data)")  # fmt: skip
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--http-port", type=_port, default=HTTP_PORT, metavar="PORT", help=f"REST and pages (default: {HTTP_PORT})")
    parser.add_argument("--ws-port", type=_port, default=WS_PORT, metavar="PORT", help=f"websockets (default: {WS_PORT})")
    parser.add_argument("--database-url", default=os.environ.get("CRYPTOSHOP_DATABASE_URL", ""), metavar="URL",
                        help="postgresql://user:password@host:port/name of a PostgreSQL to use instead of the embedded one")  # fmt: skip
    parser.add_argument("--log", dest="log_url", type=_log_url, default="", metavar="URL",
                        help="local:SOCKET of a command log that runs already")  # fmt: skip
    parser.add_argument("--request-weight", type=_weight, default=None, metavar="N",
                        help=f"request weight an address may use in a minute; 0 = no limit (default: {REQUEST_WEIGHT}, "
                             f"with --demo {DEMO_REQUEST_WEIGHT})")  # fmt: skip
    parser.add_argument("--price-source", dest="price_sources", type=_price_source, action="append", default=[], metavar="SOURCE",
                        help="where reference prices come from; again for more (see: cryptoshop rates --help; "
                             "default: $CRYPTOSHOP_PRICE_SOURCES; with --demo: 1=book 2=simulated)")  # fmt: skip
    parser.add_argument("--webhook-network", dest="webhook_networks", type=_network, action="append", default=[], metavar="CIDR",
                        help="a private network in which sellers' webhooks may be; again for more (with --demo: this machine)")  # fmt: skip
    parser.add_argument("--demo", action="store_true", help="list markets, fund demo users, start demo traders, back-fill a day")


def from_arguments(arguments: argparse.Namespace) -> Settings:
    return Settings(
        data_dir=arguments.data_dir.expanduser().absolute(),
        host=arguments.host,
        http_port=arguments.http_port,
        ws_port=arguments.ws_port,
        database_url=arguments.database_url,
        log_url=arguments.log_url,
        demo=arguments.demo,
        request_weight=arguments.request_weight,
        price_sources=tuple(arguments.price_sources) or _price_sources_of_environment(),
        webhook_networks=tuple(arguments.webhook_networks),
    )
