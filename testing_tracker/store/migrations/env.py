"""Runs the migrations on the connection that `migrations.upgrade` hands over."""

from alembic import context
from sqlmodel import SQLModel

from testing_tracker.store.tables import check_in  # noqa: F401  declares the tables, the last ones too

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
