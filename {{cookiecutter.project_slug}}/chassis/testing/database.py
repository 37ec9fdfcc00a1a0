"""A migrated database for each test: a file, or one on the server that TEST_DATABASE_URL names."""

from __future__ import annotations

import asyncio
import importlib
import os
import secrets
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import asyncpg
import pytest
from alembic import command as alembic

from chassis.database import Database
from chassis.database.address import dsn_of
from chassis.database.migrator import heads, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["command", "database", "empty", "template"]

SERVER = os.environ.get("TEST_DATABASE_URL", "")
RUN = f"test_{secrets.token_hex(6)}"
"""Names what this run makes, so that two at once do not disturb each other."""

needs_a_migration = pytest.mark.skipif(
    not heads(),
    reason="there is no migration yet",
)


Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `python -m app database` in this process; the composition root is found by name."""
    main = importlib.import_module("app.__main__").main

    def run(database: Database, *arguments: str) -> int:
        monkeypatch.setenv("ENVIRONMENT", "test")
        monkeypatch.setenv("DATABASE_URL", database.url)
        code: int = main(["database", *arguments])
        return code

    return run


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """Settings of a database in which there is nothing."""
    if not SERVER:
        yield Database(url=f"sqlite:///{tmp_path}/empty.db")
        return
    name = f"{RUN}_{secrets.token_hex(4)}"
    on_server(f"CREATE DATABASE {name}")
    yield Database(url=beside(SERVER, name))
    on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Settings of a migrated database that is only ever copied: migrating takes longer."""
    made = Database(url=f"sqlite:///{tmp_path_factory.mktemp('database')}/template.db")
    if SERVER:
        made = Database(url=beside(SERVER, RUN))
        on_server(f"CREATE DATABASE {RUN}")
    asyncio.run(migrate(made, lambda config: alembic.upgrade(config, "head")))
    yield made
    if SERVER:
        on_server(f"DROP DATABASE {RUN} WITH (FORCE)")


@pytest.fixture
def database(template: Database, tmp_path: Path) -> Iterator[Database]:
    """Settings of a migrated database."""
    if not SERVER:
        path = tmp_path / "test.db"
        shutil.copy(template.url.removeprefix("sqlite:///"), path)
        yield Database(url=f"sqlite:///{path}")
        return
    name = f"{RUN}_{secrets.token_hex(4)}"
    on_server(f"CREATE DATABASE {name} TEMPLATE {RUN}")
    yield Database(url=beside(SERVER, name))
    on_server(f"DROP DATABASE {name} WITH (FORCE)")


def beside(url: str, name: str) -> str:
    """URL of another database on the same server."""
    head, _, tail = url.rpartition("/")
    return f"{head}/{name}{''.join(tail.partition('?')[1:])}"


def on_server(statement: str) -> None:
    """Run a statement that no transaction may hold."""

    async def run() -> None:
        connection = await asyncpg.connect(dsn_of(SERVER))
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())
