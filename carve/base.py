"""Finds the version that a service was carved from, by its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carve.record import NAME, Record
from carve.refusal import Refusal
from carve.report import progress
from carve.source import Source, running_source
from carve.template import Template, carve_all, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST = 5
"""Most commits that are tried; several have the same raw tree if only the hooks changed."""


@dataclass(frozen=True)
class Carving:
    """A pristine carving, and the template that made it."""

    template: Template
    folder: Path

    @property
    def record(self) -> Record:
        """Its record."""
        return Record.read(self.folder)


def source_of(record: Record, given: str | None) -> Source | None:
    """Return the source of the template: the given, the recorded, or the program's own."""
    address = given or record.source or running_source()
    return Source(address) if address else None


def candidates(record: Record, source: Source | None, *, fetch: bool = True) -> list[Template]:
    """List the versions that may be the recorded one; it fetches if necessary."""
    if running().raw_tree == record.raw_tree:
        return [running()]
    if source is None:
        return []
    found = source.commits_with(record.raw_tree) if source.is_at_hand else []
    if not found and fetch:
        source.fetch()
        found = source.commits_with(record.raw_tree)
    return [source.at(commit) for commit in found[:MOST]]


def carve_both(
    record: Record,
    source: Source | None,
    target: Template | None,
    answer: Callable[[Template], dict[str, Any]],
    folder: Path,
) -> tuple[Carving, Carving]:
    """Carve the base of a service again, and the target beside it.

    Without `target` it is of the same version. `answer` returns its answers.

    Raises:
        Refusal: no version makes the carving that is recorded.

    """
    found = candidates(record, source)
    for number, base in enumerate(found):
        if base.questions.keys() - record.answers.keys():
            continue
        new = target or base
        wanted = [(base, record.answers, folder / f"old-{number}")]
        if (new, answer(new)) != (base, record.answers):
            wanted.append((new, answer(new), folder / f"new-{number}"))
        progress("carving " + " and ".join(dict.fromkeys(it.version for it, *_ in wanted)))
        carved = carve_all(wanted)
        old = Carving(base, carved[0])
        if old.record.carved_tree == record.carved_tree:
            return old, Carving(new, carved[-1])
    if found:
        raise Refusal(
            f"{NAME}: its answers are not those that its carving was made with. "
            "It was edited: restore it from git."
        )
    where = source.address if source else "unknown"
    raise Refusal(
        f"{NAME}: version {record.version}, raw tree {record.raw_tree[:9]}, is not in the "
        f"template, whose address is {where}. Restore it from git, or give --source ADDRESS."
    )
