"""Fixtures: a migrated database for each test, SQLite or on the server of TEST_DATABASE_URL."""

from __future__ import annotations

import asyncio
import importlib
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from alembic import command as alembic
from alembic.script import ScriptDirectory

import chassis.database
from chassis.database import Database
from chassis.database.address import dsn_of
from chassis.database.migrator import config, heads, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.script import Script

__all__ = [
    "SQL_RULES",
    "Command",
    "command",
    "database",
    "empty",
    "heads",
    "migrations",
    "needs_a_migration",
    "template",
]

SERVER = os.environ.get("TEST_DATABASE_URL", "")
RUN = f"test_{secrets.token_hex(6)}"
"""Prefix of the databases of this run, so that concurrent runs do not collide."""

needs_a_migration = pytest.mark.skipif(
    not heads(),
    reason="there is no migration yet",
)
"""Skips a test while the service has no migration."""


Command = Callable[..., int]
"""Runs `python -m app database` with arguments on a database; returns its exit code."""
SQL_RULES = Path(chassis.database.__file__).with_name("squawk.toml")
"""Configuration of the linter for the SQL of migrations."""


def migrations() -> list[Script]:
    """Return every migration except those that only join two heads."""
    found = ScriptDirectory.from_config(config()).walk_revisions()
    return [migration for migration in found if not migration.is_merge_point]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `python -m app database` in this process."""
    main = importlib.import_module("app.__main__").main

    def run(database: Database, *arguments: str) -> int:
        monkeypatch.setenv("ENVIRONMENT", "test")
        monkeypatch.setenv("DATABASE_URL", database.url)
        code: int = main(["database", *arguments])
        return code

    return run


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """Settings of an empty database."""
    with created(tmp_path / "empty.db") as settings:
        yield settings


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Settings of a migrated database that tests copy, because copying is faster."""
    with created(tmp_path_factory.mktemp("database") / "template.db", RUN) as settings:
        asyncio.run(migrate(settings, lambda config: alembic.upgrade(config, "head")))
        yield settings


@pytest.fixture
def database(template: Database, tmp_path: Path) -> Iterator[Database]:
    """Settings of a migrated database."""
    if not SERVER:
        shutil.copy(template.url.removeprefix("sqlite:///"), tmp_path / "test.db")
    with created(tmp_path / "test.db", copied=f"TEMPLATE {RUN}") as settings:
        yield settings


@contextmanager
def created(path: Path, name: str = "", copied: str = "") -> Iterator[Database]:
    """Yield the URL of a database: a file, or a copy on the server, which is dropped in the end."""
    if not SERVER:
        yield Database(url=f"sqlite:///{path}")
        return
    name = name or f"{RUN}_{secrets.token_hex(4)}"
    execute_on_server(f"CREATE DATABASE {name} {copied}")
    yield Database(url=on_same_server(SERVER, name))
    execute_on_server(f"DROP DATABASE {name} WITH (FORCE)")


def on_same_server(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    head, _, tail = url.rpartition("/")
    return f"{head}/{name}{''.join(tail.partition('?')[1:])}"


def execute_on_server(statement: str) -> None:
    """Run a statement outside any transaction."""

    async def run() -> None:
        connection = await asyncpg.connect(dsn_of(SERVER))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())
