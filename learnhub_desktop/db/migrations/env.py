"""What Alembic runs around the revisions. The connection and its transaction are the caller's."""

from __future__ import annotations

from alembic import context

from learnhub_desktop.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=context.config.attributes["connection"].dialect.name == "sqlite",
)
context.run_migrations()
