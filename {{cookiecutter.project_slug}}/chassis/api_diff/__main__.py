"""Compares openapi.json with that of the main branch; a breaking change has to be declared."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from chassis.api_diff import declared
from chassis.api_diff.changes import compare

if TYPE_CHECKING:
    from chassis.api_diff.changes import Change

DOCUMENT = "openapi.json"
MAIN = ("origin/HEAD", "origin/main", "origin/master")
"""Where the main branch may be; the first that is there counts."""


class CannotCompare(Exception):  # noqa: N818 - the API is fine, the comparison is not
    """Why the documents cannot be compared, and what to do."""


def git(*arguments: str) -> str | None:
    """Return what git prints in this folder; None if it fails."""
    program = shutil.which("git")
    if program is None:
        raise CannotCompare("git is missing, which has the document of the main branch.")
    ended = subprocess.run([program, *arguments], check=False, capture_output=True, text=True)  # noqa: S603 - git
    return ended.stdout if ended.returncode == 0 else None


def find_base(given: str) -> str | None:
    """Return the commit to compare with: where this branch left the other one; None without one.

    A shallow clone has no history to search, so the other one itself counts there.
    """
    refs = [given] if given else MAIN
    commits = (git("rev-parse", "--verify", "--quiet", f"{it}^{{commit}}") for it in refs)
    commit = next((it.strip() for it in commits if it), None)
    if commit is None:
        if given:
            raise CannotCompare(f"BASE={given}: git knows no such commit. Fetch it first.")
        return None
    return (git("merge-base", commit, "HEAD") or commit).strip()


def report(changes: list[Change], bad: list[Change], faults: list[str]) -> list[str]:
    """Return the lines that tell the changes by operation, and what is wrong with them."""
    lines = []
    for operation in dict.fromkeys(it.operation for it in changes):
        lines.append(operation)
        for it in (it for it in changes if it.operation == operation):
            kind = "BREAKING" if it in bad else "declared" if it.breaking else "ok"
            lines.append(f"  {kind:8}  {it.what}")
    lines += [f"{declared.PATH}: {fault}" for fault in faults]
    if bad:
        lines += ["", f"{len(bad)} of {len(changes)} changes would break clients. Undo them, or"]
        lines += [f"declare in {declared.PATH} why, and until when they may come in:"]
        lines += [f"\n{declared.template(it)}" for it in bad]
    return lines or ["api-diff: the API is unchanged."]


def run(given: str, today: date) -> int:
    """Compare; return 1 if a breaking change is not declared, or the declaration is wrong."""
    base = find_base(given)
    before = git("show", f"{base}:./{DOCUMENT}") if base else None
    path = Path(DOCUMENT)
    if before is None:
        where = f"{base[:12]} has no {DOCUMENT}" if base else "there is no main branch at origin"
        print(f"api-diff: nothing to compare with: {where}.")  # noqa: T201 - its job
        return 0
    if not path.exists():
        raise CannotCompare(f"{DOCUMENT} is missing, and the main branch has it. Run: make openapi")
    changes = compare(json.loads(before), json.loads(path.read_text("utf-8")), today)
    file = Path(declared.PATH)
    try:
        entries = declared.read(file.read_text("utf-8")) if file.exists() else []
    except ValueError as error:
        raise CannotCompare(f"{declared.PATH}: {error}.") from error
    merged = declared.read(git("show", f"{base}:./{declared.PATH}") or "")
    bad = declared.undeclared(changes, entries)
    faults = [*declared.faults(changes, entries, merged, today)]
    print(*report(changes, bad, faults), sep="\n")  # noqa: T201 - its job
    return 1 if bad or faults else 0


def main(arguments: list[str] | None = None) -> int:
    """Compare with the ref that is named, or with the main branch; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chassis.api_diff", description=__doc__)
    parser.add_argument("base", nargs="?", default="", help="Such as origin/main, or a tag")
    try:
        return run(parser.parse_args(arguments).base, date.today())  # noqa: DTZ011 - that of here
    except CannotCompare as error:
        print(f"api-diff: {error}", file=sys.stderr)  # noqa: T201 - its job
        return 2


if __name__ == "__main__":
    sys.exit(main())
