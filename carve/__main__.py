"""Carve a service of this template, or merge a later version or other answers into one."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path

from carve import commands, finish, new, report, status
from carve.git import check_version
from carve.journal import Journal
from carve.refusal import Refusal, explain
from carve.service import Service
from carve.template import running

REFUSED = 2
SOURCE = "repository of the template, else the one that is recorded"


EXITS = "Exit code: 0 done, 1 a conflict (status: a difference or a missed fix), 2 refused."
LEAVES = "Nothing is committed: look at it with git diff HEAD, then commit it, or carve abort."


def parser() -> ArgumentParser:
    """Describe the commands."""
    whole = ArgumentParser("carve", description=__doc__, epilog=EXITS)
    whole.add_argument("--version", action="version", version=running().version)
    those = whole.add_subparsers(required=True, metavar="COMMAND")
    questions = ", ".join(running().questions)
    options = ", ".join(name for name, it in running().questions.items() if isinstance(it, bool))

    def command(name: str, run: object, words: str, more: str = "") -> ArgumentParser:
        said = f"{words[0].upper()}{words[1:]}. {more}".strip()
        one = those.add_parser(name, help=words, description=said)
        one.set_defaults(run=run)
        return one

    def change(name: str, run: object, words: str, example: str) -> ArgumentParser:
        one = command(name, run, words, f"Example: carve {name} {example}. {LEAVES}")
        one.add_argument("--dry-run", action="store_true", help="only print what would change")
        one.add_argument("--json", action="store_true", help="print JSON")
        one.add_argument("--source", metavar="ADDRESS", help=SOURCE)
        return one

    made = command("new", new.new, "carve a service", "Example: carve new metrics=false")
    made.add_argument("--no-input", action="store_true", help="ask nothing, take the defaults")
    made.add_argument("--output-dir", default=".", metavar="FOLDER", help="where to")
    made.add_argument("answers", nargs="*", metavar="QUESTION=ANSWER", help=questions)
    shown = command("status", status.status, "print version, answers, and what was changed")
    shown.add_argument("--json", action="store_true", help="print JSON")
    shown.add_argument("--source", metavar="ADDRESS", help=SOURCE)
    later = change("update", commands.update, "merge a later version", "--to 1.4.0")
    later.add_argument(
        "--to", metavar="VERSION", help="a version, tag, branch or commit; else the newest release"
    )
    later.add_argument(
        "--request", action="store_true", help="print the text of a pull request instead"
    )
    answers = "answers for the later version"
    later.add_argument("answers", nargs="*", metavar="QUESTION=ANSWER", help=answers)
    for name, run, words in (
        ("add", commands.add, "turn options on"),
        ("remove", commands.remove, "turn options off"),
    ):
        one = change(name, run, words, "cache")
        one.add_argument("options", nargs="+", metavar="OPTION", help=options)
    other = change("change", commands.change_answers, "give other answers", "ci=gitlab")
    other.add_argument("answers", nargs="+", metavar="QUESTION=ANSWER", help=questions)
    command("continue", finish.resume, "finish a change whose conflicts are resolved")
    command("abort", finish.abort, "restore what was there before a change, until it is committed")
    kept = command("own", commands.own, "keep a part of the chassis: updates merge into it")
    kept.add_argument("paths", nargs="+", metavar="PATH", help="a file or folder in chassis/")
    return whole


def what_now() -> str:
    """Say whether a command that broke off has begun a change."""
    with suppress(Refusal, OSError, ValueError):
        journal = Journal(Service(Path.cwd()))
        if journal.exists and not journal.is_over():
            return "To restore what was there before the change, run: carve abort"
    return "Nothing was changed."


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 0 for success, 1 for a conflict or a difference, 2 for a refusal."""
    given = parser().parse_args(arguments)
    try:
        check_version()
        code: int = given.run(given)
    except Refusal as refusal:
        report.complain(refusal)
        return REFUSED
    except (OSError, KeyboardInterrupt) as error:
        report.complain(f"{explain(error)} {what_now()}")
        return REFUSED
    return code


if __name__ == "__main__":
    sys.exit(main())
