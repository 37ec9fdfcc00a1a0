"""Runs migrations, one migrator at a time however many are started, and gives way to traffic."""

from __future__ import annotations

import asyncio
import random
import sys
from contextlib import asynccontextmanager
from io import StringIO
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
from chassis.database.engines import migrating
from chassis.database.unavailable import sqlstate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import TextIO

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from chassis.database import Database

FOLDER = Path(__file__).parent / "alembic"
"""How Alembic runs here."""
HISTORY = Path(__file__).parents[2] / "app" / "migrations"
"""The migrations, which are the service's own."""
NAME = "migrator"
KEY = 0x6D69_6772_6174_6521
"""Of the advisory lock, which is the database's own: other databases of the server have theirs."""
POLL_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
IN_USE = ("55P03", "40P01")
"""SQLSTATE of a lock that was not to be had in time, and of a deadlock."""

log = structlog.get_logger(__name__)


class Busy(Exception):  # noqa: N818 - it is a state, and it passes
    """Another migrator was at work for longer than this one may wait."""


def config(connection: Connection | None = None, output: TextIO | None = None) -> Config:
    """Give Alembic its settings; without a connection it can only write SQL."""
    made = Config(
        attributes={"connection": connection, "history": ""},
        stdout=sys.stdout,
        output_buffer=output or sys.stdout,
    )
    for name, value in {
        "script_location": str(FOLDER),
        "version_locations": str(HISTORY),
        "path_separator": "os",
        "file_template": "%(year)d_%(month).2d_%(day).2d_%(rev)s_%(slug)s",
    }.items():
        made.set_main_option(name, value.replace("%", "%%"))
    return made


def heads() -> list[str]:
    """Give the revisions that no migration follows."""
    return ScriptDirectory.from_config(config()).get_heads()


def head() -> str | None:
    """Give the revision that the migrations end with; None if there is no migration yet.

    Raises `CommandError` if they have several ends, as after a merge of two branches.
    """
    found = heads()
    if len(found) > 1:
        raise CommandError(
            f"The migrations have {len(found)} heads, {' and '.join(found)}: join them with "
            "`make merge` or `python -m app database merge`."
        )
    return found[0] if found else None


def history() -> str:
    """Write what all migrations do, as SQL for PostgreSQL."""
    written = StringIO()
    command.upgrade(config(output=written), "heads", sql=True)
    return written.getvalue()


async def run(settings: Database, work: Callable[[Config], object]) -> None:
    """Do some of Alembic's work on a connection, at once."""
    engine = migrating(settings, NAME)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: work(config(sync)))
            await connection.commit()
    finally:
        await engine.dispose()


async def migrate(settings: Database, work: Callable[[Config], object]) -> None:
    """Do work that changes the schema, alone, again and again while tables are in use.

    Each migration is a transaction: what was done stays done, and another run goes on from there.
    Raises `Busy` after DATABASE_MIGRATION_WAIT_SECONDS.
    """
    if is_embedded(settings.url):  # whose transactions are alone anyway, and one is enough
        await run(settings, work)
        return
    loop = asyncio.get_running_loop()
    deadline = loop.time() + settings.migration_wait_seconds
    engine = migrating(settings, NAME)
    try:
        async with alone(engine, deadline):
            attempt = 0
            while True:
                try:
                    await run(settings, work)
                except DBAPIError as error:
                    if sqlstate(error) not in IN_USE or loop.time() > deadline:
                        raise
                else:
                    return
                pause = random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.1 * 2**attempt))  # noqa: S311 - jitter
                log.warning("a table is in use, trying again", seconds=round(pause, 3))
                await asyncio.sleep(pause)
                attempt += 1
    finally:
        await engine.dispose()


@asynccontextmanager
async def alone(engine: AsyncEngine, deadline: float) -> AsyncIterator[None]:
    """Hold the migrators' lock on a connection of its own, outside any transaction.

    Asked again and again, for who waits for it in the server holds a snapshot, and CREATE INDEX
    CONCURRENTLY waits for all of those. The server frees it when the connection ends, however.
    """
    loop = asyncio.get_running_loop()
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}):
            if loop.time() > deadline:
                raise Busy("Another migrator is at work: try again when it is done.")
            await asyncio.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
        yield
