"""Compares the schema with what this release needs: a newer one is fine, an older one is not."""

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


class SchemaTooOld(Exception):  # noqa: N818 - it reads as what is wrong
    """The release needs migrations that have not been applied."""


class Schema:
    """The schema of an engine's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Read which revisions this release knows."""
        self._engine = engine
        self._script = ScriptDirectory.from_config(config())
        self._head = head()
        self._known = _known(self._script)
        self.pending = nan
        """Pending migrations at the latest check; NaN before the first."""

    async def check(self) -> None:
        """Compare. Raises `SchemaTooOld`, with what to do.

        An unknown revision belongs to a later release, and this release can work with its schema:
        docs/expand-and-contract.md.
        """
        async with self._engine.connect() as connection:
            found = await connection.run_sync(_revisions)
        newer = any(revision not in self._known for revision in found)
        lacking = () if newer else self._script.iterate_revisions(self._head, found or "base")
        self.pending = len(list(lacking))
        if self.pending:
            raise SchemaTooOld(
                f"The schema is at {', '.join(found) or 'nothing'}, this release needs "
                f"{self._head}: run `make migrate` or `python -m app database upgrade`."
            )


def describe_schema(config: Config) -> str:
    """Return a sentence: whether the schema is up to date, and its revision."""
    found = _revisions(config.attributes["connection"])
    heads = ScriptDirectory.from_config(config).get_heads()
    state = "is up to date" if set(found) == set(heads) else "is not at the last migration"
    return f"schema {state}: revision {', '.join(found) or 'none'}"


def raise_if_outdated(config: Config) -> None:
    """Raise `CommandError`, with what to run first, if the schema is not at the head."""
    script = ScriptDirectory.from_config(config)
    found = set(_revisions(config.attributes["connection"]))
    if found == set(script.get_heads()):
        return
    at = f"The database is at {', '.join(sorted(found)) or 'nothing'}"
    if found <= _known(script):
        raise CommandError(f"{at}, the migrations end at {head()}: run `make migrate` first.")
    raise CommandError(
        f"{at}, which no migration here makes: check out the branch that has it and run "
        "`uv run python -m app database downgrade -1` there, or begin with an empty database."
    )


def _known(script: ScriptDirectory) -> set[str]:
    return {revision.revision for revision in script.walk_revisions()}


def _revisions(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()
