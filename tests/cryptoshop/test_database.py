"""The PostgreSQL seam: it starts, survives what a machine does to it, leaves nothing behind, and says what is wrong in one line."""

import asyncio
import os
import subprocess
import sys
import time

import asyncpg
import psutil
import pytest

from cryptoshop import database as postgresql
from cryptoshop.errors import StartError

_START_AND_WAIT = """
import sys, time
from cryptoshop import database
server = database.start(sys.argv[1])
print(server.url, flush=True)
time.sleep(600)
"""


def _query(url, sql, *values):
    async def run():
        connection = await postgresql.connect(url)
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()

    return asyncio.run(run())


def _running(directory):
    return postgresql._processes(directory / "postgres")


def _until(condition):
    """Wait for what must come; the test's own time limit ends a wait in vain."""
    while not condition():
        time.sleep(0.02)


def _venue(directory):
    """A process that started the server and then only lives."""
    process = subprocess.Popen([sys.executable, "-c", _START_AND_WAIT, str(directory)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("postgresql://")
    return process


def test_what_was_committed_is_there_after_a_stop_and_a_start(tmp_path):
    with postgresql.start(tmp_path) as server:
        postgresql.run_sql(server.url, ["CREATE TABLE kept (value int)", "INSERT INTO kept VALUES (7)"])
        assert _query(server.url, "SHOW fsync") == "on"
        assert _query(server.url, "SHOW listen_addresses") == ""
    assert not server.alive
    assert _running(tmp_path) == []
    server.stop()  # twice is harmless
    with postgresql.start(tmp_path) as server:
        assert _query(server.url, "SELECT value FROM kept") == 7


def test_a_venue_that_is_killed_takes_its_server_with_it(tmp_path):
    venue = _venue(tmp_path)
    assert _running(tmp_path)
    venue.kill()
    venue.wait()
    _until(lambda: not _running(tmp_path))


def test_kill_everything_then_start(tmp_path):
    """Nobody could tidy up: a stale postmaster.pid, and its number belongs to another living process by now."""
    venue = _venue(tmp_path)
    url = f"postgresql://postgres@/{postgresql.DATABASE}?host={tmp_path}/postgres"
    postgresql.run_sql(url, ["CREATE TABLE kept (value int)", "INSERT INTO kept VALUES (7)"])
    for process in [*psutil.Process(venue.pid).children(recursive=True), psutil.Process(venue.pid)]:
        process.kill()
    venue.wait()
    stale = tmp_path / "postgres" / "postmaster.pid"
    lines = stale.read_text().splitlines()
    stale.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    with postgresql.start(tmp_path) as server:
        assert _query(server.url, "SELECT value FROM kept") == 7


def test_an_orphaned_server_is_ended_before_a_new_one_starts(tmp_path):
    venue = _venue(tmp_path)
    (keeper,) = psutil.Process(venue.pid).children()
    for process in keeper.children():
        if process.name() == "sh":
            process.kill()  # the one that listens for the venue's end
    keeper.kill()
    venue.kill()
    venue.wait()
    orphans = _running(tmp_path)
    assert orphans
    with postgresql.start(tmp_path) as server:
        assert _query(server.url, "SELECT 1") == 1
        assert not {process.pid for process in orphans} & {process.pid for process in _running(tmp_path)}


def test_a_second_venue_on_the_same_directory_is_refused_and_the_first_goes_on(tmp_path):
    with postgresql.start(tmp_path) as server:
        with pytest.raises(StartError, match="in use by another venue"):
            postgresql.start(tmp_path)
        assert _query(server.url, "SELECT 1") == 1


def test_a_kill_while_the_files_are_made_leaves_no_half_a_database(tmp_path):
    unfinished = tmp_path / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with postgresql.start(tmp_path) as server:
        assert _query(server.url, "SELECT 1") == 1
    assert not unfinished.exists()


def test_it_starts_below_a_directory_that_only_its_owner_may_enter(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with postgresql.start(closed / "data") as server:
        assert _query(server.url, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o066 == 0  # nobody else may read or write it now either


def test_a_path_too_long_for_a_socket(tmp_path):
    with postgresql.start(tmp_path / ("long" * 25)) as server:
        assert _query(server.url, "SELECT 1") == 1


def test_files_of_another_major_version_are_named_not_touched(tmp_path):
    files = tmp_path / "postgres"
    files.mkdir()
    (files / "PG_VERSION").write_text("9\n")
    with pytest.raises(StartError, match="made by PostgreSQL 9"):
        postgresql.start(tmp_path)
    assert [path.name for path in files.iterdir()] == ["PG_VERSION"]


def test_a_data_directory_that_cannot_be_written():
    with pytest.raises(StartError, match="cannot be written .*--data-dir"):
        postgresql.start("/proc/nowhere")


def test_a_server_that_ends_at_once_is_quoted(tmp_path):
    with pytest.raises(StartError, match="did not start: .*no_such_setting"):
        postgresql.start(tmp_path, {"no_such_setting": "1"})
    assert _running(tmp_path) == []


def test_ctrl_c_in_the_terminal_does_not_end_the_server_before_its_venue(tmp_path):
    """The terminal signals its whole process group; the server must not be in it, for the recorder still writes its last rows."""
    with postgresql.start(tmp_path):
        assert os.getpgid(0) not in {os.getpgid(process.pid) for process in _running(tmp_path)}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://user@host/name", "must look like postgresql://"),
        ("", "must look like postgresql://"),
        ("postgresql://someone:secret@127.0.0.1:1/name", "127.0.0.1:1/name cannot be reached"),
        ("postgresql://someone:secret@no-such-host.invalid/name", "cannot be reached"),
        ("postgresql://someone:secret@127.0.0.1:port/name", "must look like|cannot be used"),
        ("postgresql://someone:secret@/name?host=/nowhere", "/nowhere/name cannot be reached"),
    ],
)
async def test_a_wrong_address_is_one_clear_line_without_the_password(url, says):
    with pytest.raises(StartError, match=says) as raised:
        await postgresql.connect(url)
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


async def test_an_unknown_database_is_named(postgres_server):
    url = postgres_server.url.replace("/cryptoshop?", "/nothing?")
    with pytest.raises(StartError, match="no such database"):
        await postgresql.pool(url)


async def test_migrations_from_several_processes_at_once(empty_database):
    await asyncio.gather(*(postgresql.migrate(empty_database) for _ in range(4)))
    connection = await postgresql.connect(empty_database)
    assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
    assert await connection.fetchval("SELECT count(*) FROM users") == 0
    await connection.close()


async def test_a_failed_migration_changes_nothing(empty_database):
    connection = await postgresql.connect(empty_database)
    await connection.execute("CREATE TABLE audit (in_the_way int)")
    with pytest.raises(StartError, match="audit"):
        await postgresql.migrate(empty_database)
    assert await connection.fetchval("SELECT to_regclass('users')") is None
    await connection.close()


async def test_the_schema_of_a_newer_version_is_refused(database):
    connection = await postgresql.connect(database)
    await connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
    await connection.close()
    with pytest.raises(StartError, match="9999_future of a newer version"):
        await postgresql.migrate(database)


async def test_a_pool_is_bounded(database):
    async with await postgresql.pool(database, connections=2, name="test pool") as pool:
        names = await asyncio.gather(*(pool.fetchval("SELECT current_setting('application_name') FROM pg_sleep(0.01)") for _ in range(8)))
        assert set(names) == {"test pool"}
        assert pool.get_size() == 2
        with pytest.raises(asyncpg.PostgresError):
            await pool.execute("SELECT 1/0")
