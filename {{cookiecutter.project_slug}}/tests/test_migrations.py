"""The service's migrations: linted one by one, reversible, and what the models need."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chassis.testing.database import SQL_RULES, heads, migrations, needs_a_migration

if TYPE_CHECKING:
    from alembic.script import Script

    from chassis.database import Database
    from chassis.testing.database import Command

SQUAWK = Path(sys.executable).parent / "squawk"
IGNORED = re.compile(r"^ *# squawk-ignore ([\w-]+): \S", re.MULTILINE)
"""A rule that a migration breaks on purpose, and why."""
NUMBER_AS_BOOLEAN = re.compile(r"(\w+) BOOLEAN DEFAULT \(?[01]\b")
"""A default that SQLite takes and PostgreSQL refuses; the linter knows no types."""


@needs_a_migration
def test_the_history_has_one_head() -> None:
    assert len(heads()) == 1, "join them: make merge, or python -m app database merge"


@needs_a_migration
def test_the_schema_goes_up_down_and_up_again(command: Command, empty: Database) -> None:
    for arguments in (["upgrade"], ["downgrade", "base"], ["upgrade"]):
        assert command(empty, *arguments) == 0


def test_the_migrations_make_what_the_models_say(command: Command, database: Database) -> None:
    assert command(database, "check") == 0, 'write the missing one: make migration m="what it does"'


@pytest.mark.parametrize("migration", migrations(), ids=lambda it: Path(it.path).stem)
def test_the_linter_finds_nothing_in_the_sql_of_a_migration(
    command: Command,
    empty: Database,
    migration: Script,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(empty, "sql", f"{migration.down_revision or 'base'}:{migration.revision}") == 0
    sql = capsys.readouterr().out
    assert migration.revision in sql
    refused = NUMBER_AS_BOOLEAN.findall(sql)
    assert not refused, f"{migration.path}: sa.true() or sa.false() is the default of {refused}"
    ignored = IGNORED.findall(Path(migration.path).read_text())
    file = tmp_path / f"{migration.revision}.sql"
    file.write_text(f"-- squawk-ignore-file {', '.join(ignored)}\n{sql}" if ignored else sql)
    ended = subprocess.run(  # noqa: S603 - a dependency of development
        [SQUAWK, "--config", SQL_RULES, file],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout
