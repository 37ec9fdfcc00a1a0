"""`python -m app database`: migrate the schema, show its revision, generate the next migration."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from chassis.database.address import file_of, is_embedded
from chassis.database.migrator import (
    MigrationLockTimeout,
    config,
    head,
    heads,
    history,
    migrate,
    run,
)
from chassis.database.schema import describe_schema, raise_if_outdated

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config

    from chassis.database import Database

NEED_ONE_HEAD = ("check", "revision")
"""Actions that need migrations with one head."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `python -m app database` to its parser."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    upgrade = actions.add_parser("upgrade", help="Apply all migrations, or those up to a revision")
    upgrade.add_argument("revision", nargs="?", default="head")
    upgrade.add_argument("--embedded", action="store_true", help="Only if the database is embedded")
    downgrade = actions.add_parser("downgrade", help="Revert migrations, down to a revision")
    downgrade.add_argument("revision", help="A revision, -1 for the previous one, or base")
    actions.add_parser("check", help="Fail if the models differ from the migrations")
    actions.add_parser("current", help="Show the revision of the schema")
    actions.add_parser("history", help="List the migrations")
    sql = actions.add_parser("sql", help="Print the SQL of an upgrade, for PostgreSQL")
    sql.add_argument("revision", nargs="?", default="head", help="A revision, or FROM:TO")
    revision = actions.add_parser("revision", help="Write a migration")
    revision.add_argument("-m", "--message", required=True, help="What it does, in a few words")
    revision.add_argument(
        "--autogenerate", action="store_true", help="Generate it from the changes of the models"
    )
    revision.add_argument("--empty", action="store_true", help="Write one to fill in by hand")
    merge = actions.add_parser("merge", help="Generate the migration that joins two heads")
    merge.add_argument("-m", "--message", default="merge", help="What it joins, in a few words")


def database(settings: Any, arguments: argparse.Namespace) -> int:  # noqa: ANN401 - the service's own
    """Migrate the database, or show its revision."""
    try:
        asyncio.run(run_action(settings.database, arguments))
    except (CommandError, SQLAlchemyError, MigrationLockTimeout) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - its job
        return 1
    return 0


async def run_action(settings: Database, given: argparse.Namespace) -> None:
    """Run the action."""
    embedded = is_embedded(settings.url)
    temporary = embedded and not file_of(settings.url)
    if given.action in NEED_ONE_HEAD or getattr(given, "revision", "").endswith("head"):
        head()
    match given.action:
        case "history" | "sql" | "merge":
            run_offline(given)
        case "upgrade" if given.embedded and (temporary or not embedded):
            return  # a server is migrated by a release step, a temporary file when it is created
        case _ if temporary:
            raise CommandError("DATABASE_URL is not set. Set it to the database to work on.")
        case "upgrade":
            await migrate(settings, lambda config: command.upgrade(config, given.revision))
            await run(settings, lambda config: print(describe_schema(config)))  # noqa: T201 - its job
        case "downgrade":
            await migrate(settings, lambda config: command.downgrade(config, given.revision))
        case "current":
            await run(settings, command.current)
        case "check":
            await run(settings, lambda config: command.check(enable_comparison(config)))
        case "revision":
            await run(settings, lambda config: write_migration(config, given))


def run_offline(given: argparse.Namespace) -> None:
    """Run an action that needs no database."""
    match given.action:
        case "history":
            command.history(config())
        case "sql":
            command.upgrade(config(), given.revision, sql=True)
        case "merge" if len(heads()) == 1:
            raise CommandError("There is nothing to merge: the migrations have one head.")
        case "merge":
            command.merge(config(), "heads", given.message)


def write_migration(config: Config, given: argparse.Namespace) -> None:
    """Write the migration that the models need, or an empty one."""
    autogenerate = given.autogenerate and not given.empty
    if autogenerate:
        enable_comparison(config)
        config.attributes["may_be_empty"] = False
    command.revision(config, given.message, autogenerate=autogenerate)


def enable_comparison(config: Config) -> Config:
    """Let Alembic compare models and schema; the schema must be up to date."""
    raise_if_outdated(config)
    config.attributes["history"] = history()
    return config
