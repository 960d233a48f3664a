"""Runs the migrations on the connection that :mod:`gridtool.jobs.store.migrate` hands over."""

from __future__ import annotations

from alembic import context

from gridtool.jobs.store.migrate import SCHEMA_TABLE
from gridtool.jobs.store.tables import metadata

__all__: list[str] = []

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=SCHEMA_TABLE,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
