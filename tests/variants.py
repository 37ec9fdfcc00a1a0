"""Every variant of every file, and in which combinations of answers each one stands.

Carving works by line and looks at nothing else, so a file has few variants: those of the conditions
that its markers and its paths name. A set of combinations is an integer with one bit each, so what
spans files is decided for all combinations at once, without writing any of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, cached_property
from itertools import product
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from post_gen_project import PLACE, carve, conditions, fill, holds
from tests.pairwise import CHOICES
from tests.template import MANIFEST, RAW, answer, files, read, stands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MARKER = re.compile(r"(?:#|//|<!--) if (.+?):?(?: -->)?$", re.MULTILINE)
PRIVATE = {"_chassis_tests": [False, True]}
"""What only the template's own tests choose."""


class Variant(NamedTuple):
    """A text that a file has, and the combinations in which it has it."""

    path: str
    text: str
    where: int


class Combinations:
    """Every combination of answers that is not refused, the ones nearest to the defaults first."""

    def __init__(self) -> None:
        every = {**CHOICES, **PRIVATE}
        defaults = answer()
        whole = (dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values()))
        fine = [one for one in whole if stands({**defaults, **one})]
        private = [dict(zip(PRIVATE, values, strict=True)) for values in product(*PRIVATE.values())]
        both = [{**one, **other} for one in fine for other in private]
        self.all = sorted(both, key=lambda one: sum(one[it] != every[it][0] for it in every))
        self.every = (1 << len(self.all)) - 1
        self.values = {
            (name, value): int("".join("01"[one[name] == value] for one in reversed(self.all)), 2)
            for name, values in every.items()
            for value in values
        }
        self.atoms = {
            str(name if value is True else value): where
            for (name, value), where in self.values.items()
            if value is not False
        }

    @cache  # noqa: B019 - there is one of it for the whole run
    def holding(self, condition: str) -> int:
        """Those in which a condition such as `database or cache` holds."""
        holds(condition, dict.fromkeys(self.atoms, True), "")  # it names what it does not know
        found = 0
        for name in condition.split(" or "):
            found |= self.atoms[name]
        return found

    def first(self, where: int) -> dict[str, Any]:
        """The one nearest to the defaults."""
        return self.all[(where & -where).bit_length() - 1]

    def number(self, given: dict[str, Any]) -> int:
        """The set of one combination; the chassis's own tests are off unless they are asked for."""
        every = {**{name: values[0] for name, values in PRIVATE.items()}, **given}
        return 1 << self.all.index({name: every[name] for name in self.all[0]})

    def has(self, given: dict[str, Any]) -> bool:
        """Return whether a combination is accepted."""
        return stands({**answer(), **given})

    def named(self, where: int) -> str:
        """Say where the nearest one differs from the defaults, and how many more there are."""
        every = {**CHOICES, **PRIVATE}
        one = self.first(where)
        differences = " ".join(f"{it}={one[it]}" for it in every if one[it] != every[it][0])
        return f"{differences or 'the defaults'} ({where.bit_count()} combinations)"


COMBINATIONS = Combinations()


class Tree:
    """The raw tree, as texts, and what can become of each of them."""

    def __init__(self, raw: dict[str, str | None], base: Tree | None = None) -> None:
        self.raw = raw
        self.base = base
        self.answers = answer()
        self.listed = [(it, path) for it, paths in MANIFEST["_paths"].items() for path in paths]

    @classmethod
    @cache
    def load(cls) -> Tree:
        """Read it, once."""
        return cls({name: read(path) for name, path in files(RAW).items()})

    def plant(self, planted: dict[str, str]) -> Tree:
        """Make another, with texts in place of files or beside them."""
        return Tree({**self.raw, **planted}, base=self)

    @cached_property
    def paths(self) -> dict[str, int]:
        """Every file, folders too -> the combinations in which it is there."""
        found: dict[str, int] = defaultdict(int)
        for name in self.raw:
            where = self.where(name)
            for path in (name, *(it.as_posix() for it in PurePath(name).parents)):
                found[path] |= where
        return dict(found)

    def where(self, path: str) -> int:
        """Those in which every condition of a path, and of the folders it is in, holds."""
        where = COMBINATIONS.every
        for condition, listed in self.listed:
            if f"{path}/".startswith(f"{listed}/"):
                where &= COMBINATIONS.holding(condition)
        return where

    @cached_property
    def variants(self) -> list[Variant]:
        """Every variant of every text."""
        return [variant for name in self.raw for variant in self.of(name)]

    def named(self, *patterns: str) -> Iterator[Variant]:
        """Variants of the files whose path matches a pattern."""
        yield from (it for it in self.variants if any(map(PurePath(it.path).match, patterns)))

    @cache  # noqa: B019 - there are few trees
    def of(self, name: str) -> list[Variant]:
        """Carve a file in each way that its conditions tell apart."""
        text = self.raw[name]
        if text is None:
            return []
        if self.base and self.base.raw.get(name) == text:
            return self.base.of(name)
        parts = [self.where(name)]
        asked = dict.fromkeys(MARKER.findall(text))
        splits = [[COMBINATIONS.holding(condition)] for condition in asked]
        placed = {it for it in PLACE.findall(text) if it in CHOICES}
        splits += [[COMBINATIONS.values[it, value] for value in CHOICES[it]] for it in placed]
        for split in splits:
            rest = COMBINATIONS.every & ~sum_of(split)
            parts = [part & one for part in parts for one in (*split, rest) if part & one]
        found: dict[str, int] = defaultdict(int)
        for part in parts:
            found[self.carve(name, text, part)] |= part
        return [Variant(name, text, where) for text, where in found.items()]

    def carve(self, name: str, text: str, where: int) -> str:
        """Let the hook carve a text, as it does in these combinations."""
        chosen = {**self.answers, **COMBINATIONS.first(where)}
        known = {**dict.fromkeys(PRIVATE, False), **conditions(chosen)}
        return fill(carve(text, PurePath(name), known), PurePath(name), chosen)

    @cached_property
    def lines(self) -> dict[str, dict[str, int]]:
        """Every file -> every line it can have -> the combinations in which it has it."""
        found: dict[str, dict[str, int]] = {}
        for variant in self.variants:
            lines = found.setdefault(variant.path, defaultdict(int))
            for line in variant.text.splitlines():
                lines[line] |= variant.where
        return found


def sum_of(sets: Iterable[int]) -> int:
    """Join sets of combinations."""
    found = 0
    for one in sets:
        found |= one
    return found
