"""Reads api-changes.toml: breaking changes that are meant, each with its reason and a date."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.api_diff.changes import Change

PATH = "api-changes.toml"
FORM = {"operation": str, "what": str, "why": str, "until": date}
"""What each entry has to have."""


class Declared(NamedTuple):
    """One entry of the file."""

    operation: str
    what: str
    why: str
    until: date
    """The last day on which the change may come in."""


def read(text: str) -> list[Declared]:
    """Read the file. Raises ValueError with what is wrong, in which entry."""
    content = tomllib.loads(text)
    if content.keys() - {"change"}:
        raise ValueError(f"{min(content.keys() - {'change'})}: only [[change]] is known")
    found = []
    for number, entry in enumerate(content.get("change", []), 1):
        for name in [*FORM, *entry]:
            if name not in FORM:
                raise ValueError(f"entry {number}: {name} is unknown. It has {', '.join(FORM)}")
            if type(entry.get(name)) is not FORM[name] or not entry[name]:
                kind = "a date such as 2026-12-31" if name == "until" else "a text"
                raise ValueError(f"entry {number}: {name} must be {kind}")
        found.append(Declared(**entry))
    return found


def undeclared(changes: list[Change], entries: list[Declared]) -> list[Change]:
    """Return the breaking changes that no entry declares."""
    known = {(it.operation, it.what) for it in entries}
    return [it for it in changes if it.breaking and (it.operation, it.what) not in known]


def faults(
    changes: list[Change], entries: list[Declared], merged: list[Declared], today: date
) -> Iterator[str]:
    """Yield what is wrong with entries; those whose change is merged may stay as a record."""
    breaking = {(it.operation, it.what) for it in changes if it.breaking}
    for entry in entries:
        named = f"{entry.operation}, {entry.what!r}"
        declares = (entry.operation, entry.what) in breaking
        if not declares and entry not in merged:
            yield f"{named} is no breaking change of this comparison. Correct it, or delete it."
        elif declares and entry.until < today:
            yield f"{named} may come in until {entry.until}, which is over. Agree on a later date."


def template(change: Change) -> str:
    """Write the entry that would declare a change."""
    text = f"{change.operation}\n{change.what}".replace("\\", "\\\\").replace('"', '\\"')
    operation, what = text.split("\n")
    lines = (f'operation = "{operation}"', f'what = "{what}"', 'why = ""', "until =  # a date")
    return "\n".join(("[[change]]", *lines))
