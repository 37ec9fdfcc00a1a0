"""`python -m app worker` runs jobs; `python -m app jobs` shows, retries and cancels them."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from chassis.database.address import is_embedded
from chassis.database.engines import create_probe_engine
from chassis.jobs.statements import CANCEL, CANCEL_HELD, HELD, INSERTED, NOTIFY, RETRY, SHOW
from chassis.startup import StartupError

if TYPE_CHECKING:
    import argparse

    from sqlalchemy import Row, RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from chassis.database import Database
    from chassis.jobs import Jobs
    from chassis.server import Server
    from chassis.service import Identity

EX_CONFIG = 78
STARTUP_FAILURE = 3
EMBEDDED = (
    "DATABASE_URL: the database is embedded, so jobs run in the process that serves, and end with "
    "it. Set it to a server's, postgresql://user:password@host/name."
)


class Settings(Protocol):
    """The settings that are read here."""

    @property
    def service(self) -> Identity:
        """The identity."""

    @property
    def server(self) -> Server:
        """The server."""

    @property
    def database(self) -> Database:
        """The database."""

    @property
    def jobs(self) -> Jobs:
        """The jobs."""


def run_worker(settings: Settings, arguments: argparse.Namespace) -> int:
    """Run jobs until SIGTERM or SIGINT; finish those that run, or put them back."""
    if is_embedded(settings.database.url):
        print(EMBEDDED, file=sys.stderr)  # noqa: T201 - logging is not set up yet
        return EX_CONFIG
    try:
        service = arguments.compose(settings)
        settings.jobs.work(service, settings.database, settings.server.grace_seconds)
        # No load balancer has to learn that it stops.
        return settings.server.model_copy(update={"drain_seconds": 0}).serve(service)
    except StartupError as error:
        structlog.get_logger("app").critical("could not start: %s", error)
        return STARTUP_FAILURE


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `python -m app jobs` to its parser."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True, dest="action")
    failed = actions.add_parser("failed", help="List the jobs that are held, the newest first")
    failed.add_argument("--limit", type=int, default=50)
    show = actions.add_parser("show", help="Show a job, its arguments included")
    show.add_argument("id", type=int)
    retry = actions.add_parser("retry", help="Let a held job run again, with all its tries")
    retry.add_argument("id", help="Its number, or all")
    cancel = actions.add_parser("cancel", help="Cancel a job that waits, runs or is held")
    cancel.add_argument("id", type=int)


def run_jobs(settings: Settings, arguments: argparse.Namespace) -> int:
    """List, show, retry or cancel jobs."""
    if is_embedded(settings.database.url):
        print(EMBEDDED, file=sys.stderr)  # noqa: T201 - its job
        return EX_CONFIG
    try:
        return asyncio.run(run_action(settings, arguments))
    except (SQLAlchemyError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - its job
        return 1


async def run_action(settings: Settings, given: argparse.Namespace) -> int:
    """Run the action in a transaction."""
    engine = create_probe_engine(settings.database, settings.service.name)
    try:
        async with engine.begin() as connection:
            match given.action:
                case "failed":
                    found = await connection.execute(HELD, {"limit": given.limit})
                    return say(*map(summarize, found)) or 0
                case "show":
                    found = await connection.execute(SHOW, {"id": given.id})
                    row = found.mappings().one_or_none()
                    return say(json.dumps(details(row), indent=2)) if row else missing(given.id)
                case "retry":
                    return await retry(connection, given.id)
                case _:
                    return await cancel(connection, given.id)
    finally:
        await engine.dispose()


async def retry(connection: AsyncConnection, given: str) -> int:
    """Let held jobs run again."""
    number = None if given == "all" else int(given)
    found = list(await connection.scalars(RETRY, {"id": number}))
    if not found:
        return missing(given, "held job")
    await connection.execute(NOTIFY, {"payload": INSERTED})
    return say(*(f"job {it} runs again" for it in found))


async def cancel(connection: AsyncConnection, number: int) -> int:
    """Cancel a job."""
    found = await connection.scalar(CANCEL_HELD, {"id": number})
    found = found or await connection.scalar(CANCEL, {"id": number})
    return say(f"job {number} is cancelled") if found else missing(number, "job that can be")


def summarize(row: Row[Any]) -> str:
    """Describe a job in one line."""
    return f"{row.id}  {row.name}  queue {row.queue}  tries {row.attempts}  {row.changed_at:%FT%TZ}"


def details(row: RowMapping) -> dict[str, Any]:
    """Return everything that is stored of a job."""
    args = row["args"] if isinstance(row["args"], dict) else json.loads(row["args"])
    times = {name: it and it.isoformat() for name, it in row.items() if name.endswith("_at")}
    return {**row, **times, "args": args}


def missing(given: object, what: str = "job") -> int:
    """Say that there is no such job."""
    print(f"there is no {what} {given}", file=sys.stderr)  # noqa: T201 - its job
    return 1


def say(*lines: str) -> int:
    """Print lines; return the exit code of success."""
    for line in lines:
        print(line)  # noqa: T201 - its job
    return 0
