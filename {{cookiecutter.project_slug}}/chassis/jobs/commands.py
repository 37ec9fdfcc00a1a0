"""`python -m app worker` runs jobs; `python -m app jobs` shows, retries and cancels them."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from chassis.database.address import is_embedded
from chassis.jobs.actions import run_action
from chassis.startup import StartupError

if TYPE_CHECKING:
    import argparse

    from chassis.server import Server

EX_CONFIG = 78
STARTUP_FAILURE = 3
EMBEDDED = (
    "DATABASE_URL: the database is embedded, so jobs run in the process that serves, and end with "
    "it. Set it to a server's, postgresql://user:password@host/name."
)


def run_worker(settings: Any, arguments: argparse.Namespace) -> int:  # noqa: ANN401 - the service's own
    """Run jobs until SIGTERM or SIGINT; finish those that run, or put them back."""
    if is_embedded(settings.database.url):
        print(EMBEDDED, file=sys.stderr)  # noqa: T201 - logging is not set up yet
        return EX_CONFIG
    try:
        service = arguments.compose(settings)
        settings.jobs.work(service, settings.database, settings.server.grace_seconds)
        # No load balancer has to learn that it stops.
        server: Server = settings.server.model_copy(update={"drain_seconds": 0})
        return server.serve(service)
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


def run_jobs(settings: Any, arguments: argparse.Namespace) -> int:  # noqa: ANN401 - the service's own
    """List, show, retry or cancel jobs."""
    if is_embedded(settings.database.url):
        print(EMBEDDED, file=sys.stderr)  # noqa: T201 - its job
        return EX_CONFIG
    try:
        return asyncio.run(run_action(settings.database, settings.service.name, arguments))
    except (SQLAlchemyError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - its job
        return 1
