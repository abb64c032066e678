"""`cryptoshop serve`: starts every role of a venue, keeps them running, and stops them in the order in which nothing is lost.

Owns the processes of one data directory. It holds no state of the venue: killed at any moment, the next start finds all in the log.
Roles write structured lines to DIR/logs; this process speaks to the person at the terminal.
"""

import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace

from cryptoshop import database, preflight
from cryptoshop.errors import StartError
from cryptoshop.settings import Settings, add_arguments, from_arguments
from engine.types import RULES_VERSION

READY_TIMEOUT_S = 120
FOREIGN_LOG_TIMEOUT_S = 5
STOP_TIMEOUT_S = 10
RESTART_DELAYS_S = (0.2, 1.0, 3.0, 10.0)
RESTARTS_FORGIVEN_AFTER_S = 60
POSTGRES_LOOK_S = 1.0
_PR_SET_PDEATHSIG = 1

DESCRIPTION = """\
Serve a venue: command log, PostgreSQL, recorder, REST with the web app, websockets, shop.
Everything lies in --data-dir; Ctrl-C stops all within seconds and loses nothing."""

EXAMPLES = """\
examples:
  cryptoshop serve --demo                                 a live market with demo traders, in ./data
  cryptoshop serve --data-dir /var/lib/cryptoshop         an empty venue; then: cryptoshop admin create-admin …
  cryptoshop serve --database-url postgresql://u:p@db/x   with a PostgreSQL of your own"""


def _stop_with_parent() -> None:
    """In the child: the kernel sends SIGTERM when the supervisor dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Role:
    """One child process, restarted with a growing delay when it ends by itself."""

    name: str
    command: list[str]
    settings: Settings
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    started: float = 0.0
    written: int = 0  # bytes in its log file when it was started
    stopping: bool = False

    async def start(self) -> None:
        self.started = time.monotonic()
        with open(self.settings.role_log_dir / f"{self.name}.log", "ab") as log:
            self.written = log.tell()
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_stop_with_parent,
                env={**os.environ, **self.settings.environment(), "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    async def keep(self) -> None:
        """Runs until `stop`: waits for the process to end and starts it again."""
        while True:
            status = await self.process.wait()
            if self.stopping:
                return
            if time.monotonic() - self.started > RESTARTS_FORGIVEN_AFTER_S:
                self.restarts = 0
            delay = RESTART_DELAYS_S[min(self.restarts, len(RESTART_DELAYS_S) - 1)]
            self.restarts += 1
            say(f"role {self.name} ended (status {status}); starting it again in {delay:g} s: {self.last_words()}")
            await asyncio.sleep(delay)
            if self.stopping:
                return
            await self.start()

    async def stop(self) -> None:
        self.stopping = True
        if self.process is None or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            say(f"role {self.name} did not stop within {STOP_TIMEOUT_S} s and is killed; the log holds all it was told")
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    def last_words(self) -> str:
        """What this run of the role said last, on one line."""
        path = self.settings.role_log_dir / f"{self.name}.log"
        with contextlib.suppress(OSError):
            lines = path.read_bytes()[self.written :][-2000:].decode(errors="replace").strip().splitlines()
            if lines:
                return f"{lines[-1][:300]} (more in {path})"
        return f"see {path}"


def say(line: str) -> None:
    print(line, flush=True)


class Supervisor:
    """Starts, keeps and stops the roles of one venue."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.roles: list[Role] = []
        self.postgres = None
        self.keepers: list[asyncio.Task] = []
        self.stop_asked = asyncio.Event()
        self.opened = False

    # ---- start

    async def run(self) -> int:
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop_asked.set)
        try:
            start = asyncio.ensure_future(self.start())
            asked = asyncio.ensure_future(self.stop_asked.wait())
            await asyncio.wait((start, asked), return_when=asyncio.FIRST_COMPLETED)
            if not start.done():
                start.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await start
                return 130
            await start
            self.opened = True
            say(banner(self.settings, time.monotonic() - began))
            await asked
            return 0
        finally:
            await self.stop()

    async def start(self) -> None:
        settings = self.settings
        for path in (settings.log_dir, settings.snapshot_dir, settings.role_log_dir):
            path.mkdir(exist_ok=True)
        shutil.rmtree(settings.shared_dir, ignore_errors=True)
        settings.metrics_dir.mkdir(parents=True)
        if not settings.log_url:
            preflight.check_log(settings)
            await self.launch("log")
        say("start 1/4  PostgreSQL and the core's kernels (compiling them takes a minute the first time)")
        compiling = asyncio.create_task(run_step("cryptoshop.compile", settings))
        try:
            self.settings = settings = replace(settings, database_url=await self.open_database())
            await compiling
        finally:
            compiling.cancel()
        self.write_run_file()
        await self.wait_for_log()
        await self.launch("recorder")
        if settings.demo:
            say("start 2/4  demo: markets, users and a day of history through the core")
            await run_step("cryptoshop.demo.setup", settings)
        elif settings.opened_rules < RULES_VERSION:
            await run_step("cryptoshop.opening", settings)
        say("start 3/4  REST, websockets and shop")
        await self.launch("stream")
        await self.launch("shop")
        await self.launch("rest")
        if settings.sources_of_prices:
            await self.launch("rates")
        await self.wait_until_ready()
        if settings.demo:
            say("start 4/4  demo traders")
            await self.launch("traders", "cryptoshop.demo.traders")

    async def open_database(self) -> str:
        """The database's URL, its schema up to date."""
        url = self.settings.database_url
        if not url:
            self.postgres = await asyncio.to_thread(database.start, self.settings.data_dir)
            self.keepers.append(asyncio.create_task(self.keep_postgres()))
            url = self.postgres.url
        await database.migrate(url)
        return url

    async def keep_postgres(self) -> None:
        """Starts the embedded server again where it ended by itself; it comes back under the same address."""
        while True:
            await asyncio.sleep(POSTGRES_LOOK_S)
            if not self.postgres.alive:
                say("PostgreSQL ended; starting it again")
                await asyncio.to_thread(self.postgres.stop)  # lets go of its directory
                try:
                    self.postgres = await asyncio.to_thread(database.start, self.settings.data_dir)
                except StartError as error:
                    say(f"PostgreSQL does not start: {error}")

    async def launch(self, name: str, module: str | None = None) -> None:
        command = [sys.executable, "-m", module] if module else [sys.executable, "-m", "cryptoshop.cli", name]
        role = Role(name, [*command, *self.settings.arguments()], self.settings)
        await role.start()
        self.roles.append(role)
        self.keepers.append(asyncio.create_task(role.keep()))

    async def wait_for_log(self) -> None:
        """Until the log accepts connections; a log that refuses to start (damage) ends the start with its reason."""
        if self.settings.log_url:
            await self.find_log(self.settings.log_url.partition(":")[2])
            return
        log = self.roles[0]
        until = time.monotonic() + READY_TIMEOUT_S
        while not await answers(str(self.settings.log_socket)):
            if log.restarts or (log.process and log.process.returncode):
                raise StartError(f"the command log did not start: {log.last_words()}")
            if time.monotonic() > until:
                raise StartError(f"the command log is not ready after {READY_TIMEOUT_S} s: {log.last_words()}")
            await asyncio.sleep(0.05)

    async def find_log(self, path: str) -> None:
        """Until the log that someone else runs accepts connections."""
        until = time.monotonic() + FOREIGN_LOG_TIMEOUT_S
        while not await answers(path):
            if time.monotonic() > until:
                raise StartError(f"no command log answers at {path}: start it (cryptoshop log), or leave --log away")
            await asyncio.sleep(0.1)

    async def wait_until_ready(self) -> None:
        until = time.monotonic() + READY_TIMEOUT_S
        while True:
            ready, answer = await asyncio.to_thread(ask_ready, self.settings)
            if ready:
                return
            if time.monotonic() > until:
                words = "; ".join(f"{role.name}: {role.last_words()}" for role in self.roles if role.restarts)
                raise StartError(f"the venue is not ready after {READY_TIMEOUT_S} s ({answer}) {words}")
            for role in self.roles:
                if role.restarts >= len(RESTART_DELAYS_S):
                    raise StartError(f"role {role.name} does not start: {role.last_words()}")
            await asyncio.sleep(0.1)

    def write_run_file(self) -> None:
        facts = {"database_url": self.settings.database_url, "log_url": self.settings.resolved_log_url,
                 "http_port": self.settings.http_port, "ws_port": self.settings.ws_port, "pid": os.getpid(),
                 "price_sources": self.settings.sources_of_prices}  # fmt: skip
        self.settings.run_path.unlink(missing_ok=True)
        with os.fdopen(os.open(self.settings.run_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(facts, file, indent=1)

    # ---- stop

    async def stop(self) -> None:
        """The edges first, then the recorder, then the log, then the database."""
        told = self.roles and (self.opened or self.stop_asked.is_set())  # a start that failed says why, and nothing else
        if told:
            say("stopping …")
        for role in self.roles:
            role.stopping = True
        edges = [role for role in self.roles if role.name in ("traders", "rest", "stream", "shop", "rates")]
        await asyncio.gather(*(role.stop() for role in edges))
        for name in ("recorder", "log"):
            await asyncio.gather(*(role.stop() for role in self.roles if role.name == name))
        for keeper in self.keepers:
            keeper.cancel()
        await asyncio.gather(*self.keepers, return_exceptions=True)
        if self.postgres is not None:
            await asyncio.to_thread(self.postgres.stop)
        self.settings.run_path.unlink(missing_ok=True)
        if told:
            say("stopped; everything acknowledged is in the log")


async def answers(path: str) -> bool:
    """Whether something accepts connections on a Unix socket."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


def ask_ready(settings: Settings) -> tuple[bool, str]:
    """Whether /health/ready answers 200, and what it says."""
    try:
        with urllib.request.urlopen(f"{settings.rest_url}/health/ready", timeout=2) as response:
            return response.status == 200, response.read(500).decode(errors="replace")
    except urllib.error.HTTPError as error:
        return False, error.read(500).decode(errors="replace")
    except OSError as error:
        return False, str(error)


async def run_step(module: str, settings: Settings) -> None:
    """A step of the start in a process of its own, its output on this terminal. Raises StartError where it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *settings.arguments(), stdin=asyncio.subprocess.DEVNULL, preexec_fn=_stop_with_parent,
        start_new_session=True, env={**os.environ, **settings.environment()},
    )  # fmt: skip
    try:
        status = await process.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        raise
    if status:
        raise StartError(f"the step {module} failed (status {status}); what it said is above")


def banner(settings: Settings, seconds: float) -> str:
    lines = [
        "",
        f"  CryptoShop is open ({seconds:.1f} s)",
        f"  trade page       {settings.rest_url}/",
        f"  shop             {settings.rest_url}/shop",
        f"  REST             {settings.rest_url}/api/v3",
        f"  websockets       {settings.ws_url}/ws   {settings.ws_url}/stream   {settings.ws_url}/ws-api/v3",
        f"  health, metrics  {settings.rest_url}/health/ready   {settings.rest_url}/metrics",
        f"  data and logs    {settings.data_dir}",
    ]
    if settings.demo:
        lines += ["", f"  demo users, passwords and API keys: {settings.demo_path}", "", "  with ccxt:", "", snippet(settings)]
    else:
        lines += ["", f"  first administrator: cryptoshop admin --data-dir {settings.data_dir} create-admin YOU@EXAMPLE.ORG"]
    return "\n".join([*lines, "", "  Ctrl-C stops it", ""])


def snippet(settings: Settings) -> str:
    """Python that trades on this venue through ccxt when pasted."""
    rest, ws = settings.rest_url, settings.ws_url
    return f"""\
import json, ccxt
me = json.load(open("{settings.demo_path}"))["accounts"][0]
exchange = ccxt.binance({{
    "apiKey": me["apiKey"], "secret": me["secret"],
    "urls": {{"api": {{"public": "{rest}/api/v3", "private": "{rest}/api/v3", "v1": "{rest}/api/v1", "sapi": "{rest}/sapi/v1",
             "ws": {{"spot": "{ws}/stream/ws", "ws-api": {{"spot": "{ws}/ws-api/v3"}}}}}}}},
    "options": {{"fetchMarkets": {{"types": ["spot"]}}, "fetchMargins": False}}}})
print(exchange.fetch_ticker("BTC/USDT")["last"])
print(exchange.create_order("BTC/USDT", "market", "buy", 0.001)["status"])"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("cryptoshop serve", description=DESCRIPTION, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add_arguments(parser)
    settings = from_arguments(parser.parse_args(arguments))
    preflight.check_python()
    lock = preflight.open_data_dir(settings.data_dir)
    try:
        preflight.check_ports(settings)
        return asyncio.run(Supervisor(settings).run())
    finally:
        os.close(lock)
