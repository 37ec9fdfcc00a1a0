"""Compares the schema with what this release needs; a newer one will do, an older one will not."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.database.migrator import config

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine


class SchemaTooOld(Exception):  # noqa: N818 - it is a state, and migrating ends it
    """The schema lacks what this release needs."""


class Schema:
    """The schema of the database that an engine reaches."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Read which revisions this release knows."""
        self._engine = engine
        self._script = ScriptDirectory.from_config(config())
        self._needed = self._script.get_current_head()
        self._known = {revision.revision for revision in self._script.walk_revisions()}
        self.pending = nan
        """Migrations that the schema lacked at the latest look; not a number before the first."""

    async def check(self) -> None:
        """Look. Raises `SchemaTooOld`, which says what to do about it.

        A revision that this release does not know is that of a later one, made so that this
        release can still work with it: docs/expand-and-contract.md.
        """
        async with self._engine.connect() as connection:
            found = await connection.run_sync(_revisions)
        newer = any(revision not in self._known for revision in found)
        lacking = () if newer else self._script.iterate_revisions(self._needed, found or "base")
        self.pending = len(list(lacking))
        if self.pending:
            raise SchemaTooOld(
                f"The schema is at {', '.join(found) or 'nothing'}, this release needs "
                f"{self._needed}: run `make migrate` or `python -m app database upgrade`."
            )


def _revisions(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()
