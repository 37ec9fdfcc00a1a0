"""`python3 -m chassis.rollout`: roll a release out on this host, watch it, take it back.

Exit codes: 0 done; 1 rolled back; 2 refused, nothing was done; 3 stands halfway, needs resume.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from chassis.rollout import operations
from chassis.rollout.configuration import load
from chassis.rollout.doctor import examine
from chassis.rollout.errors import Failure, Interrupted, StepFailed
from chassis.rollout.host import Host
from chassis.rollout.progress import Progress
from chassis.rollout.status import rows, table, told

if TYPE_CHECKING:
    from collections.abc import Sequence


STRATEGIES = ("rolling", "blue-green", "canary")
FILE = Path(__file__).parents[2] / "deploy" / "rollout.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked; return the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    chosen = parser().parse_args(given)
    progress = Progress(as_json=chosen.json)
    try:
        host = Host.of(load(chosen.config), progress)
        return command(chosen, host, shlex.join(["deploy", *given]))
    except Failure as failure:
        code = Interrupted.code if isinstance(failure, StepFailed) else failure.code
        progress.fail(str(failure), code)
        return code
    except OSError as error:
        progress.fail(f"{error}. See: python3 -m chassis.rollout status", Interrupted.code)
        return Interrupted.code


def parser() -> argparse.ArgumentParser:
    """Say what can be asked."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=FILE, help="default: deploy/rollout.toml")
    common.add_argument("--json", action="store_true", help="one JSON object a line")
    whole = argparse.ArgumentParser(
        prog="python3 -m chassis.rollout",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, meaning: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=meaning, description=meaning, parents=[common])

    meanings = {
        "rollout": "bring a release, as `strategy` in rollout.toml says",
        "rolling": "bring a release, one instance after the other",
        "blue-green": "bring a release beside the old one, then switch",
        "canary": "bring a release to more and more users, while it does well",
    }
    for name, meaning in meanings.items():
        one = add(name, meaning)
        one.add_argument("image", nargs="?", default="", help="default: the one that serves, anew")
        one.add_argument("--dry-run", action="store_true", help="only print the plan")
    back = add("rollback", "undo what stands halfway, or bring back an earlier release")
    back.add_argument("number", nargs="?", type=int, help="of the rollout to go back to")
    resume = add("resume", "go on after a kill or a reboot; start what should run and does not")
    resume.add_argument("--start-only", action="store_true", help="do not go on with a rollout")
    add("abort", "have the rollout that is under way undone")
    add("status", "show every instance")
    add("history", "show the rollouts there were")
    add("doctor", "examine this host")
    return whole


def command(chosen: argparse.Namespace, host: Host, line: str) -> int:
    """Carry out one command."""
    match chosen.command:
        case "status":
            seen = rows(host)
            host.progress.show([asdict(row) for row in seen], table(seen))
            return 0
        case "history":
            entries, text = told(host.history)
            host.progress.show(entries, text)
            return 0
        case "doctor":
            findings = list(examine(host))
            host.progress.show([asdict(it) for it in findings], "\n".join(map(str, findings)))
            return int(any(not it.well for it in findings))
    host.progress.listen()
    return change(chosen, host, line)


def change(chosen: argparse.Namespace, host: Host, line: str) -> int:
    """Carry out a command that changes what runs."""
    match chosen.command:
        case "resume":
            return operations.resume(host, line, goes_on=not chosen.start_only)
        case "abort":
            return operations.abort(host, line)
        case "rollback":
            return operations.roll_back(host, chosen.number, line)
    is_strategy = chosen.command in STRATEGIES
    strategy = chosen.command if is_strategy else host.configuration.strategy
    if chosen.dry_run:
        for step in operations.plan(host, strategy, chosen.image):
            host.progress.say(step)
        return 0
    return operations.roll_out(host, strategy, chosen.image, line)


if __name__ == "__main__":
    sys.exit(main())
