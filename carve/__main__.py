"""`carve`: carves services from this template, and updates them."""

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


def parser() -> ArgumentParser:
    """Describe the commands."""
    whole = ArgumentParser("carve", description=__doc__)
    whole.add_argument("--version", action="version", version=running().version)
    those = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, words: str) -> ArgumentParser:
        one = those.add_parser(name, help=words, description=words)
        one.set_defaults(run=run)
        return one

    def change(name: str, run: object, words: str) -> ArgumentParser:
        one = command(name, run, words)
        one.add_argument("--dry-run", action="store_true", help="only print what would change")
        one.add_argument("--json", action="store_true", help="print JSON")
        one.add_argument("--source", metavar="ADDRESS", help="repository of the template")
        return one

    made = command("new", new.new, "carve a service")
    made.add_argument("--no-input", action="store_true", help="ask no questions, take the defaults")
    made.add_argument("--output-dir", default=".", metavar="FOLDER", help="where to")
    made.add_argument("answers", nargs="*", metavar="QUESTION=ANSWER")
    shown = command("status", status.status, "print version, answers, and changed files")
    shown.add_argument("--json", action="store_true", help="print JSON")
    shown.add_argument("--source", metavar="ADDRESS", help="repository of the template")
    later = change("update", commands.update, "update the service to a later version")
    later.add_argument("--to", metavar="VERSION", help="a version, tag, branch or commit")
    later.add_argument("--request", action="store_true", help="print the text of a pull request")
    later.add_argument("answers", nargs="*", metavar="QUESTION=ANSWER")
    for name, run, words in (
        ("add", commands.add, "turn options on"),
        ("remove", commands.remove, "turn options off"),
    ):
        change(name, run, words).add_argument("options", nargs="+", metavar="OPTION")
    other = change("change", commands.change_answers, "give other answers")
    other.add_argument("answers", nargs="+", metavar="QUESTION=ANSWER")
    command("continue", finish.resume, "finish a change whose conflicts are resolved")
    command("abort", finish.abort, "restore everything as it was before the change")
    kept = command("own", commands.own, "keep a part of the chassis: updates merge into it")
    kept.add_argument("paths", nargs="+", metavar="PATH")
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
