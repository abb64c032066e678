"""Runs migrations on the connection that cryptoshop.database.migrate hands over, all of them in its one transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
context.run_migrations()
