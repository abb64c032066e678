"""A real PostgreSQL for tests: one server for the whole session, one fresh database with the schema for each test that asks."""

import asyncio
import itertools
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cryptoshop import database as postgresql

_TEMPLATE = postgresql.DATABASE
_numbers = itertools.count(1)


def database_url(server: postgresql.PostgresServer, name: str) -> str:
    return server.url.replace(f"/{_TEMPLATE}?", f"/{name}?")


def _empty_database(server: postgresql.PostgresServer, template: str) -> str:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    postgresql.run_sql(database_url(server, "postgres"), [f"CREATE DATABASE {name} TEMPLATE {template}"])
    return name


def _drop(server: postgresql.PostgresServer, name: str) -> None:
    postgresql.run_sql(database_url(server, "postgres"), [f"DROP DATABASE {name} WITH (FORCE)"])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgresql.PostgresServer]:
    """The server. Its files are thrown away, so nothing need reach the disk."""
    with tempfile.TemporaryDirectory(prefix="cryptoshop-test-") as directory:
        unsafe_but_fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        with postgresql.start(Path(directory), unsafe_but_fast) as server:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, postgresql.migrate(server.url)).result()
            yield server


@pytest.fixture
def database(postgres_server: postgresql.PostgresServer) -> Iterator[str]:
    """The address of a database of this test alone, with today's schema."""
    name = _empty_database(postgres_server, _TEMPLATE)
    yield database_url(postgres_server, name)
    _drop(postgres_server, name)


@pytest.fixture(scope="module")
def module_database(postgres_server: postgresql.PostgresServer) -> Iterator[str]:
    """The same, shared by the tests of one module."""
    name = _empty_database(postgres_server, _TEMPLATE)
    yield database_url(postgres_server, name)
    _drop(postgres_server, name)


@pytest.fixture
def empty_database(postgres_server: postgresql.PostgresServer) -> Iterator[str]:
    """The address of a database without any table."""
    name = _empty_database(postgres_server, "template0")
    yield database_url(postgres_server, name)
    _drop(postgres_server, name)
