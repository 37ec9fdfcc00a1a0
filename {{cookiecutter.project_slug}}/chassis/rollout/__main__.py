"""`python3 -m chassis.rollout`: roll a release out on this host, observe it, roll it back.

Exit codes: 0 done; 1 rolled back; 2 refused, nothing was changed; 3 unfinished, run resume.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from chassis.rollout import operations
from chassis.rollout.configuration import Configuration, load
from chassis.rollout.doctor import run_checks
from chassis.rollout.errors import TOOL, RolloutError, UnfinishedError
from chassis.rollout.host import Host
from chassis.rollout.listing import describe_state, list_rollouts
from chassis.rollout.progress import Progress
from chassis.rollout.status import collect_status, format_status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


FILE = Path(__file__).parents[2] / "deploy" / "rollout.toml"


def main(
    arguments: Sequence[str] | None = None,
    create_host: Callable[[Configuration, Progress], Host] = Host.from_configuration,
) -> int:
    """Run one command; return the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = build_parser().parse_args(words)
    progress = Progress(as_json=options.json)
    try:
        host = create_host(load(options.config), progress)
        return run_command(options, host, shlex.join([*TOOL.split(), *words]))
    except RolloutError as error:
        progress.fail(str(error), error.code)
        return error.code
    except OSError as error:
        progress.fail(f"{error}\nWhat runs is shown by: {TOOL} status", UnfinishedError.code)
        return UnfinishedError.code


def build_parser() -> argparse.ArgumentParser:
    """Define the commands and their options."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=FILE, help="default: deploy/rollout.toml")
    common.add_argument("--json", action="store_true", help="write one JSON object per line")
    parser = argparse.ArgumentParser(
        prog=TOOL, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, description: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=description, description=description, parents=[common]
        )

    strategies = {
        "rollout": "roll a release out by the `strategy` of rollout.toml",
        "rolling": "replace one instance at a time",
        "blue-green": "start the whole new release, then switch all traffic",
        "canary": "shift the traffic stage by stage, as long as the gates pass",
    }
    for name, description in strategies.items():
        command = add(name, description)
        command.add_argument("image", nargs="?", default="", help="default: restart the live one")
        command.add_argument("--dry-run", action="store_true", help="only print the steps")
    rollback = add("rollback", "roll back an unfinished rollout, or return to an earlier release")
    rollback.add_argument("number", nargs="?", type=int, help="of the rollout to return to")
    rollback.add_argument("--dry-run", action="store_true", help="only print the steps")
    resume = add("resume", "start what should run, and continue an unfinished rollout")
    resume.add_argument("--start-only", action="store_true", help="do not continue a rollout")
    add("abort", "roll back the rollout in progress")
    add("status", "show every instance")
    add("history", "list the rollouts of this host")
    add("doctor", "check this host for what would make a rollout fail")
    return parser


def run_command(options: argparse.Namespace, host: Host, command: str) -> int:
    """Run the command that was chosen; `command` is the whole line, for lock and journal."""
    match options.command:
        case "status":
            rows = collect_status(host)
            text = format_status(rows)
            if (latest := host.history.latest()) and not latest.ended:
                state = ": ".join(describe_state(host, latest))
                text += f"\n\nrollout {latest.begun.number} is {state}"
            host.progress.show([asdict(row) for row in rows], text)
            return 0
        case "history":
            host.progress.show(*list_rollouts(host))
            return 0
        case "doctor":
            results = list(run_checks(host))
            host.progress.show([asdict(it) for it in results], "\n".join(map(str, results)))
            return int(any(not it.ok for it in results))
    host.progress.handle_signals(host.directory)
    return run_change(options, host, command)


def run_change(options: argparse.Namespace, host: Host, command: str) -> int:
    """Run a command that changes what runs."""
    match options.command:
        case "resume":
            return operations.resume(host, command, start_only=options.start_only)
        case "abort":
            return operations.abort(host, command)
        case "rollback":
            if options.dry_run:
                return show_steps(host, operations.plan_back(host, options.number))
            return operations.roll_back(host, options.number, command)
    is_default = options.command == "rollout"
    strategy = host.configuration.strategy if is_default else options.command
    if options.dry_run:
        return show_steps(host, operations.plan(host, strategy, options.image))
    return operations.roll_out(host, strategy, options.image, command)


def show_steps(host: Host, steps: Sequence[str]) -> int:
    """Print what a command would do."""
    for step in steps:
        host.progress.log(step)
    return 0


if __name__ == "__main__":
    sys.exit(main())
