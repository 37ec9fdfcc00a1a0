"""Prints the results of commands: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from carve.notes import BY_HAND, SECURITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carve.merge import Change
    from carve.notes import Entry
    from carve.update import Outcome

CHECKS = ("make lint types test",)
ORDER = ("conflict", "deleted", "added", "merged", "replaced")
UNDO = "To restore what was there before, run: carve abort"
TEAMS = ("conflict", "merged")
"""Kinds of changes of files that the team had changed."""


def say(*rows: str) -> None:
    """Print lines."""
    print(*rows, sep="\n")  # noqa: T201 - to who runs the command


def show(outcome: Outcome, *, dry_run: bool, as_json: bool) -> None:
    """Print what a change did, or would do."""
    if as_json:
        say(json.dumps(as_data(outcome, dry_run=dry_run), indent=2, ensure_ascii=False))
    elif outcome.changes_nothing:
        say("Nothing changes.", *outcome.notices)
    else:
        say(*describe(outcome, dry_run=dry_run))


def as_data(outcome: Outcome, *, dry_run: bool) -> dict[str, Any]:
    """Turn a change into data."""
    return {
        "dry_run": dry_run,
        "from": identity(outcome.old.content),
        "to": identity(outcome.new.content),
        "changes": [{"path": it.path, "how": it.how} for it in outcome.changes],
        "conflicts": outcome.conflicts,
        "answers": outcome.notices,
        "notes": [
            {"version": it.version, "section": it.section, "text": it.text}
            for it in outcome.entries
        ],
        "run": outcome.remaining,
    }


def identity(content: dict[str, Any]) -> dict[str, Any]:
    """Return what identifies a carving."""
    return {name: content[name] for name in ("version", "raw_tree", "carved_tree")}


def describe(outcome: Outcome, *, dry_run: bool) -> Iterator[str]:
    """Yield the lines for people."""
    yield f"{'Would change' if dry_run else 'Changed'}: {title(outcome)}"
    yield from (f"  {it}" for it in outcome.notices)
    yield ""
    yield from table(outcome.changes, whole=dry_run)
    yield from entries(outcome.entries)
    gone = [it.path for it in outcome.changes if it.how == "deleted"]
    if any(it.startswith("app/migrations/") for it in gone):
        yield "Migrations of yours stay, and so do tables: drop what you no longer need by hand."
    if dry_run:
        yield "Nothing was changed."
    elif outcome.conflicts:
        yield "Conflicts. Resolve each, then run: carve continue"
        yield from (f"  git mergetool {it}" for it in outcome.conflicts)
        yield UNDO
    else:
        yield from next_steps(outcome.remaining)


def next_steps(remaining: list[str]) -> list[str]:
    """List the commands that finish and check a change, and the one that takes it back."""
    return ["Next:", *(f"  {it}" for it in (*remaining, *CHECKS, "git commit --all")), UNDO]


def title(outcome: Outcome) -> str:
    """Describe the change of version or answers."""
    old, new = name(outcome.old.content), name(outcome.new.content)
    return f"version {old} -> {new}" if old != new else f"version {old}, other answers"


def name(content: dict[str, Any]) -> str:
    """Format a version, with its raw tree: commits between two releases have the same version."""
    return f"{content['version']} ({content['raw_tree'][:7]})"


def table(changes: list[Change], *, whole: bool) -> Iterator[str]:
    """Yield the changes by zone; only the whole table lists files that the team had not changed."""
    for zone, inside in (("yours", False), ("chassis", True)):
        those = [it for it in changes if it.path.startswith("chassis/") is inside]
        if not those:
            continue
        counts = {how: sum(it.how == how for it in those) for how in ORDER}
        yield f"{zone}: {', '.join(f'{count} {how}' for how, count in counts.items() if count)}"
        for change in sorted(those, key=lambda it: (ORDER.index(it.how), it.path)):
            if whole or change.how in TEAMS or not (inside or change.how == "replaced"):
                yield f"  {change.how:<9} {change.path}"
        yield ""


def entries(those: list[Entry]) -> Iterator[str]:
    """Yield the entries of the changelog, steps by hand last."""
    for heading, wanted in (("New", False), ("To do by hand", True)):
        chosen = [it for it in those if (it.section == BY_HAND) is wanted]
        if chosen:
            yield f"{heading}:"
        yield from (f"  {row}" for entry in chosen for row in mark(entry).splitlines())
        if chosen:
            yield ""


def mark(entry: Entry) -> str:
    """Write an entry, marked if it fixes a security fault."""
    return f"- security: {entry.text[2:]}" if entry.section == SECURITY else entry.text


def progress(doing: str) -> None:
    """Tell a person at a terminal what takes a moment."""
    if sys.stderr.isatty():
        print(f"{doing} …", file=sys.stderr, flush=True)  # noqa: T201 - to who waits


def complain(error: object) -> None:
    """Print why a command was refused."""
    print(f"carve: {error}", file=sys.stderr)  # noqa: T201 - to who runs the command
