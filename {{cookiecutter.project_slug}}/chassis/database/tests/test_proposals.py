from __future__ import annotations

import asyncio
import enum
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command as alembic
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Enum,
    Integer,
    Table,
    Text,
    false,
    func,
    literal,
    true,
)

from chassis.database import Base, Database
from chassis.database.engines import create_migration_engine
from chassis.database.migrator import MIGRATIONS_FOLDER, config, heads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.testing.database import Command


class Mood(enum.Enum):
    CALM = "calm"
    WILD = "wild"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let migrations be written into a copy."""
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS_FOLDER, copy)
    monkeypatch.setattr("chassis.database.migrator.MIGRATIONS_FOLDER", copy)
    return copy


@contextmanager
def things(*columns: Column[Any]) -> Iterator[None]:
    """Let the models have a table of this name."""
    table = Table("things", Base.metadata, Column("id", Integer, primary_key=True), *columns)
    try:
        yield
    finally:
        Base.metadata.remove(table)


def execute(database: Database, *statements: str) -> None:
    async def run() -> None:
        engine = create_migration_engine(database, "t")
        async with engine.begin() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)
        await engine.dispose()

    asyncio.run(run())


def newest() -> str:
    """Text of the last migration."""
    (head,) = heads()
    return Path(ScriptDirectory.from_config(config()).get_revision(head).path).read_text()


def propose(command: Command, database: Database, message: str) -> None:
    """Write a migration; it goes up, down and up again, and then the schema is as the models."""
    assert command(database, "revision", "--autogenerate", "--message", message) == 0
    for arguments in (["upgrade"], ["downgrade", "-1"], ["upgrade"], ["check"]):
        assert command(database, *arguments) == 0


def test_an_enum_is_made_once_and_dropped_when_nothing_is_of_it(
    command: Command, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with things(Column("first", Enum(Mood))):
        propose(command, database, "first")
        assert newest().count("CREATE TYPE mood") == newest().count("DROP TYPE mood") == 1
    with things(Column("first", Enum(Mood)), Column("second", Enum(Mood))):
        propose(command, database, "second")
        assert "TYPE" not in newest()
    capsys.readouterr()
    with things():
        propose(command, database, "neither")
        said = capsys.readouterr().out.splitlines()
        drops = sorted(line for line in said if line.startswith("drops"))
        columns = [f"drops column things.{name}" for name in ("first", "second")]
        assert drops == [*columns, "drops type mood"]
        assert command(database, "downgrade", "base") == 0
        assert command(database, "upgrade") == 0


def test_a_default_suits_every_database_whichever_the_migration_was_written_on(
    command: Command, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    first = Column("active", Boolean, server_default=true(), nullable=False)
    with things(first):
        propose(command, database, "active")
    execute(database, "INSERT INTO things (id) VALUES (1)")
    columns: list[Column[Any]] = [
        Column("active", Boolean, server_default=true(), nullable=False),
        Column("gone", Boolean, server_default=false(), nullable=False),
        Column("shown", Boolean, server_default=literal(value=True), nullable=False),
        Column("created", DateTime(timezone=True), server_default=func.now(), nullable=False),
        Column("state", Text, server_default="draft", nullable=False),
    ]
    with things(*columns):
        propose(command, database, "more")
    capsys.readouterr()
    assert command(database, "sql") == 0
    sql = capsys.readouterr().out
    for line in (
        "active BOOLEAN DEFAULT true NOT NULL",
        "gone BOOLEAN DEFAULT false NOT NULL",
        "shown BOOLEAN DEFAULT true NOT NULL",
        "created TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL",
        "state TEXT DEFAULT 'draft' NOT NULL",
    ):
        assert line in sql


def test_what_no_migration_made_is_left_and_told(
    command: Command, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with things(Column("text", Text), Column("colour", Text)):
        propose(command, database, "things")
    execute(
        database,
        "CREATE TABLE reports (id INTEGER PRIMARY KEY)",
        "CREATE INDEX ix_of_others ON things (colour)",
        "ALTER TABLE things ADD COLUMN integer INTEGER",
    )
    capsys.readouterr()
    with things(Column("colour", Text)):
        assert command(database, "revision", "--autogenerate", "--message", "less") == 0
    said = capsys.readouterr().out.splitlines()[:-1]
    assert sorted(said) == [
        "drops column things.text",
        "leaves column things.integer: no migration creates it",
        "leaves index things.ix_of_others: no migration creates it",
        "leaves table reports: no migration creates it",
    ]
    assert not any(word in newest() for word in ("reports", "integer", "ix_of_others"))


def test_no_migration_is_written_while_no_model_changed(
    command: Command, database: Database, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    arguments = ("revision", "--autogenerate", "--message", "nothing")
    assert command(database, *arguments) == 1
    assert "ARGS=--empty" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before
    assert command(database, "check") == 0
    assert command(database, *arguments, "--empty") == 0
    assert '    """Take it back."""\n    pass\n' in newest()


def test_a_database_that_is_behind_is_told_what_to_run_first(
    command: Command, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(database, "revision", "--message", "nothing") == 0
    for arguments in (["revision", "--autogenerate", "--message", "more"], ["check"]):
        assert command(database, *arguments) == 1
        assert "run `make migrate` first" in capsys.readouterr().err


def test_a_database_that_another_branch_migrated_is_told_from_one_that_is_behind(
    command: Command, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(database, "revision", "--message", "here") == 0
    assert command(database, "upgrade") == 0
    execute(database, "UPDATE alembic_version SET version_num = 'elsewhere'")
    assert command(database, "check") == 1
    assert "is at elsewhere, which no migration here makes" in capsys.readouterr().err


def test_two_heads_are_joined_by_the_command_that_the_message_names(
    command: Command, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(database, "revision", "--message", "root") == 0
    (root,) = heads()
    for name in ("left", "right"):
        alembic.revision(config(), name, head=root, splice=True, rev_id=name)
    for arguments in (
        ["upgrade"],
        ["upgrade", "--embedded"],
        ["check"],
        ["sql"],
        ["revision", "--message", "more"],
    ):
        assert command(database, *arguments) == 1
        assert "`python -m app database merge`" in capsys.readouterr().err
    assert command(database, "merge") == 0
    assert len(heads()) == 1
    for arguments in (["upgrade"], ["downgrade", root], ["upgrade"], ["check"]):
        assert command(database, *arguments) == 0
    assert command(database, "merge") == 1


def test_two_migrations_of_one_name_are_two_files(
    command: Command, database: Database, folder: Path
) -> None:
    for _ in range(2):
        assert command(database, "revision", "--message", "fix") == 0
    assert len(list(folder.glob("*_fix.py"))) == 2
