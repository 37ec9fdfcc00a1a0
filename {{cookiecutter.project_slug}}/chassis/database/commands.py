"""`python -m app database`: migrate the schema, ask how far it is, write the next migration."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Protocol

from alembic import command
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from chassis.database.address import file_of, is_embedded
from chassis.database.migrator import Busy, config, head, heads, history, migrate, run
from chassis.database.schema import must_be_current

if TYPE_CHECKING:
    import argparse

    from alembic.config import Config

    from chassis.database import Database


HEADED = ("check", "revision")
"""Actions that make sense with one head only."""


class Settings(Protocol):
    """What of the settings is read here."""

    @property
    def database(self) -> Database:
        """Where the database is."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser of `python -m app database` what can be done."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    upgrade = actions.add_parser("upgrade", help="Bring the schema up to date, or to a revision")
    upgrade.add_argument("revision", nargs="?", default="head")
    upgrade.add_argument(
        "--embedded", action="store_true", help="Only where the database is embedded"
    )
    downgrade = actions.add_parser("downgrade", help="Take the schema back to a revision")
    downgrade.add_argument("revision", help="A revision, -1 for the one before, or base")
    actions.add_parser("check", help="Fail if the models say what no migration does")
    actions.add_parser("current", help="Show the revision of the schema")
    actions.add_parser("history", help="List the migrations")
    sql = actions.add_parser("sql", help="Print what an upgrade does, as SQL for PostgreSQL")
    sql.add_argument("revision", nargs="?", default="head", help="A revision, or FROM:TO")
    revision = actions.add_parser("revision", help="Write a migration")
    revision.add_argument("-m", "--message", required=True, help="What it does, in a few words")
    revision.add_argument(
        "--autogenerate", action="store_true", help="Propose what the models need"
    )
    merge = actions.add_parser("merge", help="Write the migration that joins two heads")
    merge.add_argument("-m", "--message", default="merge", help="What it joins, in a few words")


def database(settings: Settings, arguments: argparse.Namespace) -> int:
    """Migrate the database, or see how far it is."""
    try:
        asyncio.run(act(settings.database, arguments))
    except (CommandError, SQLAlchemyError, Busy) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - its job
        return 1
    return 0


async def act(settings: Database, given: argparse.Namespace) -> None:
    """Do what was asked for."""
    embedded = is_embedded(settings.url)
    passing = embedded and not file_of(settings.url)
    if given.action in HEADED or getattr(given, "revision", "").endswith("head"):
        head()
    match given.action:
        case "history" | "sql" | "merge":
            on_paper(given)
        case "upgrade" if given.embedded and (passing or not embedded):
            return  # a server's is for a release step, a passing one is migrated as it is made
        case _ if passing:
            raise CommandError("DATABASE_URL is not set, so there is no database to work on.")
        case "upgrade":
            await migrate(settings, lambda config: command.upgrade(config, given.revision))
            await run(settings, command.current)
        case "downgrade":
            await migrate(settings, lambda config: command.downgrade(config, given.revision))
        case "current":
            await run(settings, command.current)
        case "check":
            await run(settings, lambda config: command.check(comparing(config)))
        case "revision":
            options = {"message": given.message, "autogenerate": given.autogenerate}
            ready = comparing if given.autogenerate else lambda config: config
            await run(settings, lambda config: command.revision(ready(config), **options))


def on_paper(given: argparse.Namespace) -> None:
    """Do what no database is needed for."""
    match given.action:
        case "history":
            command.history(config())
        case "sql":
            command.upgrade(config(), given.revision, sql=True)
        case "merge" if len(heads()) == 1:
            raise CommandError("There is nothing to merge: the migrations have one head.")
        case "merge":
            command.merge(config(), "heads", given.message)


def comparing(config: Config) -> Config:
    """Let Alembic compare: it has to know what the migrations create, and an up-to-date schema."""
    must_be_current(config)
    config.attributes["history"] = history()
    return config
