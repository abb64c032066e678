"""Fixtures that every test may ask for, and what a run in CI must come to."""

import os

import pytest

from tests.postgres import database, empty_database, module_database, postgres_server

__all__ = ["database", "empty_database", "module_database", "postgres_server"]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be skipped: a tool or a recording that is missing there must not pass for a green run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
