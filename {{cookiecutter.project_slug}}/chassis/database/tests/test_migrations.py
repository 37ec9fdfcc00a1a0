from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, Table, inspect
from sqlalchemy.exc import DBAPIError

from chassis.database import Base, Database
from chassis.database.address import is_embedded
from chassis.database.engines import create_migration_engine
from chassis.database.migrator import MigrationLockTimeout, migrate, migration_lock
from chassis.testing.database import heads, needs_a_migration

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

    from chassis.testing.database import Command

FEATURE = Path(__file__).parent.parent


def tables(database: Database) -> list[str]:
    async def look() -> list[str]:
        engine = create_migration_engine(database, "t")
        async with engine.connect() as connection:

            def names(sync: Connection) -> list[str]:
                return inspect(sync).get_table_names()

            found = await connection.run_sync(names)
        await engine.dispose()
        return found

    return asyncio.run(look())


@needs_a_migration
def test_the_schema_goes_up_and_down_and_up(command: Command, empty: Database) -> None:
    for arguments in (["upgrade"], ["downgrade", "base"], ["upgrade"]):
        assert command(empty, *arguments) == 0
        has_tables = set(tables(empty)) > {"alembic_version"}
        assert has_tables is (arguments[0] == "upgrade")


def test_a_model_that_no_migration_makes_is_noticed(command: Command, database: Database) -> None:
    forgotten = Table("forgotten", Base.metadata, Column("id", Integer, primary_key=True))
    try:
        assert command(database, "check") == 1
    finally:
        Base.metadata.remove(forgotten)


@needs_a_migration
@pytest.mark.parametrize("action", ["current", "history"])
def test_the_revision_is_told(
    command: Command, database: Database, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(database, action) == 0
    assert "(head)" in capsys.readouterr().out


@needs_a_migration
def test_an_upgrade_says_whether_the_schema_is_up_to_date(
    command: Command, empty: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(empty, "upgrade") == 0
    assert capsys.readouterr().out == f"schema is up to date: revision {heads()[0]}\n"
    assert command(empty, "downgrade", "base") == 0
    assert command(empty, "upgrade", "base") == 0
    assert capsys.readouterr().out == "schema is not at the last migration: revision none\n"


def test_a_database_that_cannot_be_reached_is_a_line_without_the_password(
    command: Command, empty: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = empty.model_copy(update={"url": "postgresql://orders:hush@127.0.0.1:1/orders"})
    assert command(nowhere, "upgrade") == 1
    said = capsys.readouterr()
    assert "ConnectionRefusedError" in said.err
    assert "hush" not in said.err + said.out


def test_only_an_embedded_database_is_migrated_on_the_way(
    command: Command, empty: Database
) -> None:
    assert command(empty, "upgrade", "--embedded") == 0
    assert bool(tables(empty)) is is_embedded(empty.url)


def test_a_temporary_database_is_not_migrated_by_the_command(command: Command) -> None:
    assert command(Database(), "upgrade", "--embedded") == 0


def test_without_an_address_there_is_nothing_to_migrate(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(Database(), "upgrade") == 1
    assert "DATABASE_URL" in capsys.readouterr().err


@needs_a_migration
def test_several_migrators_at_once_all_succeed(empty: Database) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    variables = {"ENVIRONMENT": "test", "DATABASE_URL": empty.url, "PYTHONDONTWRITEBYTECODE": "1"}
    program = [sys.executable, "-m", "app", "database", "upgrade"]
    running = [
        subprocess.Popen(program, cwd=FEATURE.parent.parent, env={**kept, **variables})  # noqa: S603 - our own program
        for _ in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert set(tables(empty)) > {"alembic_version"}


async def test_a_migrator_waits_for_another_one_only_so_long(empty: Database) -> None:
    if is_embedded(empty.url):
        pytest.skip("an embedded database locks itself")
    engine = create_migration_engine(empty, "t")
    hasty = empty.model_copy(update={"migration_wait_seconds": 0.3})
    async with migration_lock(engine, deadline=0):
        with pytest.raises(MigrationLockTimeout):
            await migrate(hasty, lambda _: None)
    await migrate(hasty, lambda _: None)
    await engine.dispose()


async def test_a_migration_that_finds_a_table_locked_is_retried(empty: Database) -> None:
    if is_embedded(empty.url):
        pytest.skip("an embedded database locks itself")
    quick = empty.model_copy(update={"migration_lock_timeout_seconds": 0.1})
    engine = create_migration_engine(empty, "t")
    tries: list[int] = []
    thrice = asyncio.Event()
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE used (id INTEGER)")
    async with engine.connect() as reader:
        await reader.exec_driver_sql("SELECT * FROM used")

        def work(config: Config) -> None:
            tries.append(1)
            if len(tries) == 3:
                thrice.set()
            connection: Connection = config.attributes["connection"]
            connection.exec_driver_sql("ALTER TABLE used ADD COLUMN more INTEGER")

        migration = asyncio.create_task(migrate(quick, work))
        await asyncio.wait_for(thrice.wait(), 10)
        assert not migration.done()
    await migration
    await engine.dispose()


async def test_a_migration_that_fails_is_not_retried(empty: Database) -> None:
    tries = []

    def work(config: Config) -> None:
        tries.append(1)
        connection: Connection = config.attributes["connection"]
        connection.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(DBAPIError):
        await migrate(empty, work)
    assert tries == [1]
