# ruff: noqa: INP001 - Alembic runs it by its path
"""Alembic's environment: runs migrations on a given connection, or writes them as SQL."""

from __future__ import annotations

from alembic import context

from chassis.database.models import Base  # `app.main` has imported every model
from chassis.database.proposal import Proposal

connection = context.config.attributes["connection"]
if connection is None:
    context.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
    )
else:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        render_as_batch=True,  # the embedded database changes a table by replacing it
        **Proposal(Base.metadata, context.config).options(),
    )
with context.begin_transaction():
    context.run_migrations()
