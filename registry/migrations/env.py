"""Runs migrations on the connection that `registry.migrations` hands over."""

from alembic import context
from sqlmodel import SQLModel

import audit.tables  # noqa: F401 - fills the metadata
import registry.tables  # noqa: F401 - as above

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=context.config.attributes.get("batch", connection.dialect.name == "sqlite"),
)
with context.begin_transaction():
    context.run_migrations()
