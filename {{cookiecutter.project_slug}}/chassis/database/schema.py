"""Compares the schema with what this release needs; a newer one will do, an older one will not."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from chassis.database.migrator import config, head

if TYPE_CHECKING:
    from alembic.config import Config
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
        self._needed = head()
        self._known = _known(self._script)
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


def must_be_current(config: Config) -> None:
    """Raise `CommandError`, which says what to run first, if the schema is not at the head."""
    script = ScriptDirectory.from_config(config)
    found = set(_revisions(config.attributes["connection"]))
    if found == set(script.get_heads()):
        return
    at = f"The database is at {', '.join(sorted(found)) or 'nothing'}"
    if found <= _known(script):
        raise CommandError(f"{at}, the migrations end at {head()}: run `make migrate` first.")
    raise CommandError(
        f"{at}, which no migration here makes: check out the branch that has it and run "
        "`python -m app database downgrade -1` there, or begin with an empty database."
    )


def _known(script: ScriptDirectory) -> set[str]:
    return {revision.revision for revision in script.walk_revisions()}


def _revisions(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()
