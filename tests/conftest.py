"""Fixtures that every test may ask for."""

from tests.postgres import database, empty_database, module_database, postgres_server

__all__ = ["database", "empty_database", "module_database", "postgres_server"]
