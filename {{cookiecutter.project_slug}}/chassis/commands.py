"""The commands of `python -m app`: serve, settings, openapi, health, version and others."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from chassis.auth.commands import add_auth_arguments, run_auth  # if auth
from chassis.database.commands import add_arguments, database  # if database
from chassis.description import OPENAPI_JSON, describe
from chassis.environment import Misconfigured, load
from chassis.environment.report import FORMATS, report, write_documents
from chassis.environment.unknown import unknown_variables
from chassis.jobs.commands import add_job_arguments, run_jobs, run_worker  # if jobs
from chassis.probe import report_health
from chassis.startup import StartupError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chassis.environment import Environment
    from chassis.service import Service

EX_CONFIG = 78
"""Exit code of a configuration error, as in sysexits.h."""
STARTUP_FAILURE = 3
"""Exit code when the service, a feature or the listener cannot be opened."""


def serve(settings: Any, arguments: argparse.Namespace) -> int:  # noqa: ANN401 - the service's own
    """Serve until SIGTERM or SIGINT; the default."""
    log = structlog.get_logger("app")
    try:
        service = arguments.compose(settings)
        for name, closest in unknown_variables(type(settings)).items():
            log.warning("unknown variable", variable=name, closest=closest or None)
        return int(settings.server.serve(service))
    except StartupError as error:
        log.critical("could not start: %s", error)
        return STARTUP_FAILURE


def show_settings(settings: Any, arguments: argparse.Namespace) -> int:  # noqa: ANN401 - the same
    """Print the effective settings, secrets masked, and where each is set."""
    if arguments.write:
        changed = write_documents(settings, Path.cwd(), arguments.environments)
        print(f"written: {', '.join(changed)}" if changed else "nothing to write")  # noqa: T201 - its job
        return 0
    print(report(settings, arguments.format, arguments.environments))  # noqa: T201 - its job
    for name, closest in unknown_variables(type(settings)).items():
        advice = f" Did you mean {closest}?" if closest else ""
        print(f"{name}: is not a variable of this service.{advice}", file=sys.stderr)  # noqa: T201 - its job
    return 0


def openapi(_: Any, arguments: argparse.Namespace) -> int:  # noqa: ANN401 - the same
    """Write openapi.json, the description of the API, to the current folder."""
    Path(OPENAPI_JSON).write_text(describe(arguments.default, arguments.compose), "utf-8")
    print(f"written: {OPENAPI_JSON}")  # noqa: T201 - its job
    return 0


def health(settings: Any, _: argparse.Namespace) -> int:  # noqa: ANN401 - the same
    """Check whether the service on this machine is ready; exit code 1 if it is not."""
    return report_health(settings.server.host, settings.server.port)


def version(settings: Any, _: argparse.Namespace) -> int:  # noqa: ANN401 - the same
    """Print name, version and revision."""
    who = settings.service
    print(f"{who.name} {who.version} ({who.revision})")  # noqa: T201 - its job
    return 0


COMMANDS: dict[str, Callable[[Any, argparse.Namespace], int]] = {
    "serve": serve,
    "settings": show_settings,
    "openapi": openapi,
    "health": health,
    "version": version,
    "auth": run_auth,  # if auth
    "database": database,  # if database
    "worker": run_worker,  # if jobs
    "jobs": run_jobs,  # if jobs
}


def main(
    environments: Sequence[type[Environment]],
    compose: Callable[[Any], Service],
    arguments: Sequence[str],
) -> int:
    """Run a command; return its exit code, EX_CONFIG if the settings are invalid."""
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    parser.set_defaults(
        run=serve, compose=compose, default=environments[0], environments=environments
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, run in COMMANDS.items():
        command = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        command.set_defaults(run=run)
        if run is show_settings:
            command.add_argument("--format", choices=FORMATS, default=FORMATS[0])
            text = "Write docs/settings.md and .env.example to the current folder"
            command.add_argument("--write", action="store_true", help=text)
        if run is run_auth:  # if auth
            add_auth_arguments(command)  # if auth
        if run is database:  # if database
            add_arguments(command)  # if database
        if run is run_jobs:  # if jobs
            add_job_arguments(command)  # if jobs
    chosen = parser.parse_args(arguments)
    try:
        settings = load(environments)
    except Misconfigured as error:
        print(error, file=sys.stderr)  # noqa: T201 - logging is not set up yet
        return EX_CONFIG
    return int(chosen.run(settings, chosen))
