"""The entries of CHANGELOG.md for a service's answers; steps by hand are separate.

An entry for some answers only ends with a marker, `<!-- if database or cache -->`. Entries under
`### By hand` are steps for the team, those under `### Security` fix a vulnerability.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

BY_HAND, SECURITY = "By hand", "Security"
CONDITION = re.compile(r"\s*<!-- if ([\w. -]+?) -->")


@dataclass(frozen=True)
class Entry:
    """One entry, and its section."""

    version: str
    section: str
    text: str
    condition: str | None

    def concerns(self, answers: dict[str, Any]) -> bool:
        """Return whether the answers turn on one of its options."""
        given = {str(it) for it in answers.values() if not isinstance(it, bool)}
        given |= {name for name, it in answers.items() if it is True}
        return self.condition is None or not given.isdisjoint(self.condition.split(" or "))


def parse(changelog: str) -> list[Entry]:
    """List the entries."""
    version = section = ""
    found: list[tuple[str, str, list[str]]] = []
    for line in changelog.splitlines():
        if line.startswith("## "):
            version, section = line[3:].partition("]")[0].lstrip("["), ""
        elif line.startswith("### "):
            section = line[4:].strip()
        elif line.startswith("- ") and version:
            found.append((version, section, [line]))
        elif line.startswith("  ") and found:
            found[-1][2].append(line)
    entries = []
    for version, section, rows in found:
        text = "\n".join(rows)
        named = CONDITION.search(text)
        entries.append(
            Entry(version, section, CONDITION.sub("", text), named[1] if named else None)
        )
    return entries


def between(old: str, new: str) -> list[Entry]:
    """List the entries of a changelog that an older one does not have."""
    known = {it.text for it in parse(old)}
    return [it for it in parse(new) if it.text not in known]
