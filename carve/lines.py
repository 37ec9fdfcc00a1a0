"""Merges two changes of a file line by line, and gives up if the result is uncertain.

Git reports a conflict when adjacent lines change on both sides. Here it is only a conflict if both
sides change the same lines, or insert at the same place and the order matters.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import NamedTuple

UNORDERED = [
    re.compile(r"^()((?:from|import) [\w.]+).*$"),  # an import
    re.compile(r"^(\s+)(\w+): [\w\[\]., |]+ = .+$"),  # a field, such as a feature's
    re.compile(r'^(\s*)"([\w.\[\]-]+)[^"]*",(?:\s*#.*)?$'),  # an entry of a list
    re.compile(r'^(\s+)"([\w.-]+)": .+,$'),  # an entry of a mapping
    re.compile(r"^()\| (`[^`|]+`) \|.*\|$"),  # a row of a table
    re.compile(r"^()(?:#?([A-Z][A-Z0-9_]*)=.*|# [^=]+)$"),  # a variable, and what it means
    re.compile(r"^()([A-Z]+ \+= .+)$"),  # a word added to a variable of make
    re.compile(r"^()(\.PHONY: .+)$"),
    re.compile(r"^()(!?[\w*-]*[./*][\w.*/-]*)$"),  # a pattern of .gitignore
]
"""Kinds of lines whose order does not matter: their indentation, and their key, which is unique."""


class Hunk(NamedTuple):
    """Lines of the base from `start` to `stop`, and their replacement."""

    start: int
    stop: int
    lines: list[str]

    @property
    def inserts(self) -> bool:
        """Return whether no line of the base is replaced."""
        return self.start == self.stop


def merge_files(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Merge three versions of a file; None if the result is uncertain."""
    try:
        texts = [it.decode("utf-8").splitlines(keepends=True) for it in (base, ours, theirs)]
    except UnicodeDecodeError:
        return None
    if not all(text[-1].endswith("\n") for text in texts if text):
        return None
    merged = merge(*texts)
    return None if merged is None else "".join(merged).encode()


def merge(base: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """Merge three lists of lines; None if the result is uncertain."""
    own, new = hunks(base, ours), hunks(base, theirs)
    if not all(agree(one, other) for one in own for other in new):
        return None
    gone, placed = set[int](), list[tuple[int, int, list[str]]]()
    for rank, side in enumerate([new, [it for it in own if it not in new]]):
        for hunk in side:
            gone.update(range(hunk.start, hunk.stop))
            placed.append((hunk.start, rank if hunk.inserts else 2, hunk.lines))
    placed.sort(key=lambda it: it[:2])
    result = []
    for position in range(len(base) + 1):
        while placed and placed[0][0] == position:
            result += placed.pop(0)[2]
        if position < len(base) and position not in gone:
            result.append(base[position])
    return result


def hunks(base: list[str], changed: list[str]) -> list[Hunk]:
    """List the changes; a replaced entry counts as one deleted and one inserted."""
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, base, changed, autojunk=False).get_opcodes():
        if kind == "replace" and unordered(base[a:b], changed[c:d]):
            found += [Hunk(a, b, []), Hunk(b, b, changed[c:d])]
        elif kind != "equal":
            found.append(Hunk(a, b, changed[c:d]))
    return found


def agree(own: Hunk, new: Hunk) -> bool:
    """Return whether both changes can be applied with a single result."""
    if own == new:
        return True
    if own.inserts and new.inserts:
        return own.start != new.start or unordered(own.lines, new.lines)
    if not own.lines and not new.lines:
        return True  # what both delete is gone, as is the rest
    return own.stop <= new.start or new.stop <= own.start


def unordered(own: list[str], new: list[str]) -> bool:
    """Return whether all lines are of one kind whose order does not matter, with different keys."""
    for kind in UNORDERED:
        found = [kind.match(line.rstrip("\r\n")) for line in (*own, *new)]
        matches = [it for it in found if it]
        if len(matches) == len(found) and len({it[1] for it in matches}) == 1:
            parts = matches[: len(own)], matches[len(own) :]
            sides = [{it[2] for it in part if it[2]} for part in parts]
            return all(sides) and sides[0].isdisjoint(sides[1])
    return False
