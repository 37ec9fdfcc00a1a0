"""Compares openapi.json with that of the main branch; breaking changes must be declared."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from chassis.api_diff.changes import compare

if TYPE_CHECKING:
    from chassis.api_diff.changes import Change

    Declared: TypeAlias = dict[tuple[str, str], dict[str, Any]]
    """The entries of api-changes.toml by operation and change."""

DOCUMENT, DECLARED = "openapi.json", "api-changes.toml"
MAIN = ("origin/HEAD", "origin/main", "origin/master")
"""Possible refs of the main branch; the first that exists is used."""
FORM = {"operation": str, "what": str, "why": str, "until": date}
"""Fields of an entry of api-changes.toml; `until` is the last day to merge its change."""


def git(*arguments: str) -> str:
    """Return what git prints in this folder; empty if it fails."""
    return subprocess.run(["git", *arguments], capture_output=True, check=False, text=True).stdout  # noqa: S603, S607 - git


def find_base(given: str) -> str:
    """Return the commit to compare with, where this branch left the base; "" if there is none.

    A shallow clone has no history to search: there it is the base itself.
    """
    for ref in [given] if given else MAIN:
        if commit := git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").strip():
            return git("merge-base", commit, "HEAD").strip() or commit
    if given:
        raise ValueError(f"BASE={given}: git knows no such commit. Fetch it first.")
    return ""


def read_declared(text: str) -> Declared:
    """Read api-changes.toml. Raises ValueError with the invalid entry and the reason."""
    try:
        content = tomllib.loads(text)
    except ValueError as error:
        raise ValueError(f"{DECLARED}: {error}.") from error
    if unknown := content.keys() - {"change"}:
        raise ValueError(f"{DECLARED}: {min(unknown)} is unknown. An entry begins with [[change]].")
    entries = content.get("change", [])
    for number, entry in enumerate(entries, 1):
        for name in {**FORM, **entry}:
            if type(entry.get(name)) is not FORM.get(name) or not entry[name]:
                form = "the texts operation, what and why, and until, a date such as 2026-12-31."
                raise ValueError(f"{DECLARED}: entry {number}: {name} is invalid. It has {form}")
    return {(it["operation"], it["what"]): it for it in entries}


def run(given: str, today: date) -> int:
    """Compare; return 1 if a breaking change is not declared, or a declaration is invalid."""
    base = find_base(given)
    before = git("show", f"{base}:./{DOCUMENT}") if base else ""
    if not before:
        where = f"{base[:12]} has no {DOCUMENT}" if base else "there is no main branch at origin"
        print(f"api-diff: nothing to compare with: {where}.")  # noqa: T201 - its job
        return 0
    if not Path(DOCUMENT).exists():
        raise ValueError(f"{DOCUMENT} is missing, and the main branch has it. Run: make openapi")
    merged = read_declared(git("show", f"{base}:./{DECLARED}"))
    file = Path(DECLARED)
    declared = read_declared(file.read_text("utf-8") if file.exists() else "")
    changes = compare(json.loads(before), json.loads(Path(DOCUMENT).read_text("utf-8")), today)
    return report(changes, declared, merged, today)


def report(changes: list[Change], declared: Declared, merged: Declared, today: date) -> int:
    """Print the changes by operation, and the errors; return 1 if there are any.

    An entry may stay as a record after its change was merged.
    """
    breaking = {it[:2] for it in changes if it.breaking}
    bad = sorted(breaking - declared.keys())
    lines: list[str] = []
    for it in changes:
        lines += [] if it.operation in lines else [it.operation]
        kind = "BREAKING" if it[:2] in bad else "declared" if it.breaking else "ok"
        lines.append(f"  {kind:8}  {it.what}")
    faults = []
    for key, entry in declared.items():
        named = f"{DECLARED}: {key[0]}, {key[1]!r}"
        if key not in breaking and merged.get(key) != entry:
            faults.append(
                f"{named} is no breaking change of this comparison. Correct or delete it."
            )
        elif key in breaking and entry["until"] < today:
            faults.append(f"{named} was allowed until {entry['until']}. Agree on a later date.")
    lines += faults
    if bad:
        lines += ["", f"{len(bad)} of {len(changes)} changes would break clients. Undo them, or"]
        lines += [f"declare in {DECLARED} why, and until when they may come in:"]
    for change in bad:
        operation, what = (json.dumps(it, ensure_ascii=False) for it in change)
        form = f'operation = {operation}\nwhat = {what}\nwhy = ""\nuntil =  # a date'
        lines.append(f"\n[[change]]\n{form}")
    print("\n".join(lines) or "api-diff: the API is unchanged.")  # noqa: T201 - its job
    return 1 if bad or faults else 0


def main(arguments: list[str] | None = None) -> int:
    """Compare with a ref, by default the main branch; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chassis.api_diff", description=__doc__)
    parser.add_argument("base", nargs="?", default="", help="Such as origin/main, or a tag")
    try:
        return run(parser.parse_args(arguments).base, date.today())  # noqa: DTZ011 - that of here
    except (OSError, ValueError) as error:  # OSError: there is no git
        print(f"api-diff: {error}", file=sys.stderr)  # noqa: T201 - its job
        return 2


if __name__ == "__main__":
    sys.exit(main())
