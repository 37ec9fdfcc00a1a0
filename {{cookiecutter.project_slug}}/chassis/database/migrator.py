"""Runs migrations: one migrator at a time, with retries while a table is locked."""

from __future__ import annotations

import asyncio
import random
import sys
from contextlib import asynccontextmanager
from io import StringIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database.address import is_embedded
from chassis.database.engines import create_migration_engine
from chassis.database.unavailable import sqlstate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import TextIO

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from chassis.database import Database

ALEMBIC_FOLDER = Path(__file__).parent / "alembic"
"""Alembic's environment."""
MIGRATIONS_FOLDER = Path(__file__).parents[2] / "app" / "migrations"
"""The migrations, which belong to the service."""
APPLICATION_NAME = "migrator"
LOCK_KEY = 0x6D69_6772_6174_6521
"""Key of the advisory lock, which is per database."""
POLL_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 5.0
LOCK_CONFLICTS = ("55P03", "40P01")
"""SQLSTATE of a lock timeout and of a deadlock."""

log = structlog.get_logger(__name__)


class MigrationLockTimeout(Exception):  # noqa: N818 - named like the standard library's TimeoutError
    """Another migrator held the lock for longer than DATABASE_MIGRATION_WAIT_SECONDS."""


def config(connection: Connection | None = None, output: TextIO | None = None) -> Config:
    """Return Alembic's settings; without a connection it can only write SQL."""
    made = Config(
        attributes={"connection": connection, "history": "", "may_be_empty": True},
        stdout=sys.stdout,
        output_buffer=output or sys.stdout,
    )
    for name, value in {
        "script_location": str(ALEMBIC_FOLDER),
        "version_locations": str(MIGRATIONS_FOLDER),
        "path_separator": "os",
        "file_template": "%(year)d_%(month).2d_%(day).2d_%(rev)s_%(slug)s",
    }.items():
        made.set_main_option(name, value.replace("%", "%%"))
    return made


def heads() -> list[str]:
    """Return the heads: revisions that no migration follows."""
    return ScriptDirectory.from_config(config()).get_heads()


def head() -> str | None:
    """Return the last revision; None if there is no migration.

    Raises `CommandError` if there are several, as after a merge of two branches.
    """
    found = heads()
    if len(found) > 1:
        raise CommandError(
            f"The migrations have {len(found)} heads, {' and '.join(found)}: join them with "
            "`make merge` or `python -m app database merge`."
        )
    return found[0] if found else None


def history() -> str:
    """Return all migrations as SQL for PostgreSQL."""
    written = StringIO()
    command.upgrade(config(output=written), "heads", sql=True)
    return written.getvalue()


async def run(settings: Database, work: Callable[[Config], object]) -> None:
    """Run Alembic's work on a connection, without the lock."""
    engine = create_migration_engine(settings, APPLICATION_NAME)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: work(config(sync)))
            await connection.commit()
    finally:
        await engine.dispose()


async def migrate(settings: Database, work: Callable[[Config], object]) -> None:
    """Run work that changes the schema with the migrators' lock; retry while a table is locked.

    Each migration is one transaction: committed ones stay, and a rerun continues from there.
    Raises `MigrationLockTimeout` after DATABASE_MIGRATION_WAIT_SECONDS.
    """
    if is_embedded(settings.url):  # which admits one writer at a time
        await run(settings, work)
        return
    loop = asyncio.get_running_loop()
    deadline = loop.time() + settings.migration_wait_seconds
    engine = create_migration_engine(settings, APPLICATION_NAME)
    try:
        async with migration_lock(engine, deadline, pgbouncer=settings.pgbouncer):
            for attempt in count():
                try:
                    await run(settings, work)
                except DBAPIError as error:
                    if sqlstate(error) not in LOCK_CONFLICTS or loop.time() > deadline:
                        raise
                else:
                    return
                backoff = random.uniform(0, min(MAX_BACKOFF_SECONDS, 0.1 * 2**attempt))  # noqa: S311 - jitter
                log.warning("a table is locked, retrying", seconds=round(backoff, 3))
                await asyncio.sleep(backoff)
    finally:
        await engine.dispose()


@asynccontextmanager
async def migration_lock(
    engine: AsyncEngine, deadline: float, *, pgbouncer: bool = False
) -> AsyncIterator[None]:
    """Hold the migrators' lock on a connection of its own, outside any transaction.

    It polls, because a session that waits in the server holds a snapshot, and CREATE INDEX
    CONCURRENTLY waits for every snapshot. The server releases the lock when the connection ends;
    through PgBouncer, where a connection lasts only for a transaction, when the transaction ends.
    """
    loop = asyncio.get_running_loop()
    lock = "pg_try_advisory_xact_lock" if pgbouncer else "pg_try_advisory_lock"
    async with engine.connect() as connection:
        if not pgbouncer:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not await connection.scalar(text(f"SELECT {lock}(:key)"), {"key": LOCK_KEY}):
            if loop.time() > deadline:
                raise MigrationLockTimeout(
                    "Another migrator holds the lock. Retry when it has ended, or raise "
                    "DATABASE_MIGRATION_WAIT_SECONDS."
                )
            await connection.rollback()  # PgBouncer gives the connection to others meanwhile
            await asyncio.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
        yield
