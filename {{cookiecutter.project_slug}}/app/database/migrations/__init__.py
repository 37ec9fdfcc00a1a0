"""The history of the schema, which Alembic reads file by file."""
