"""Changes a service to a later version or other answers: the only way to do so."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from carve import after, notes
from carve.answers import differences
from carve.apply import apply
from carve.base import carve_both
from carve.journal import Journal, alone
from carve.merge import Merge
from carve.refusal import Refusal
from carve.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from carve.merge import Change
    from carve.record import Record
    from carve.service import Service
    from carve.source import Source
    from carve.template import Template

LINK = "120000"
"""Git's mode of a symbolic link."""
SUMS = "chassis/SHA256SUMS"
MOST = 5
"""Files of a changed chassis that are named."""


@dataclass
class Outcome:
    """The result of a change, or of a dry run."""

    old: Record
    new: Record
    changes: list[Change]
    entries: list[notes.Entry]
    notices: list[str]
    remaining: list[str] = field(default_factory=list)

    @property
    def conflicts(self) -> list[str]:
        """Paths with conflicts."""
        return [it.path for it in self.changes if it.how == "conflict"]

    @property
    def changes_nothing(self) -> bool:
        """Whether there is nothing to change."""
        return not self.changes and self.old.content == self.new.content


def check_nothing_is_pending(service: Service) -> None:
    """Refuse while an earlier change is unfinished; delete its journal once it was committed."""
    journal = Journal(service)
    if not journal.exists:
        return
    if not journal.content["done"]:
        raise Refusal("An earlier change is not finished. Run: carve continue, or: carve abort")
    if journal.is_over():
        journal.end()


def change(  # noqa: PLR0913 - what a change is made of
    service: Service,
    record: Record,
    source: Source | None,
    target: Template | None,
    answer: Callable[[Template], dict[str, Any]],
    *,
    dry_run: bool,
) -> Outcome:
    """Merge the difference between two carvings into the service, while no other command does."""
    exclusive = nullcontext() if dry_run else alone(service)
    with exclusive, TemporaryDirectory(prefix="carve-") as made:
        check_nothing_is_pending(service)
        service.check_ready()
        folder = Path(made).resolve()
        old, new = carve_both(record, source, target, answer, folder)
        apart = Repository(folder / "merge", service.git)
        merge = Merge(apart, record)
        trees = apart.tree(old.folder), apart.without_record(service.tree), apart.tree(new.folder)
        check_chassis(merge, trees[0], trees[1])
        changes = merge.run(*trees, label=f"template-{new.template.version}")
        service.check_no_file_is_in_the_way([it.path for it in changes if it.entry])
        found = source.public_address if source and target else None
        became = new.record.with_kept(record, found)
        notices = list(differences(record.answers, became.answers))
        notices += [
            f"{it}: was changed in the template; you deleted it, so it stays deleted"
            for it in merge.left_out
        ]
        entries = notes.between(old.template.changelog, new.template.changelog)
        entries = [it for it in entries if it.concerns(became.answers)]
        outcome = Outcome(record, became, changes, entries, notices)
        if not dry_run and not outcome.changes_nothing:
            apply(service, apart.git, changes, became.text())
            if not outcome.conflicts:
                outcome.remaining = after.finish(service, {it.path for it in changes})
    return outcome


def check_chassis(merge: Merge, old: str, ours: str) -> None:
    """Refuse to replace files of the chassis that the team changed."""
    changed = merge.changed_by_team(old, ours, chassis=True)
    kind = merge.repository.entries(ours).get("chassis", ("",))[0]
    if kind:
        what = "a symbolic link" if kind == LINK else "a submodule"
        raise Refusal(f"chassis: is {what}. Put the folder itself into the repository, and commit.")
    if changed:
        named = [f"{path}: differs from what was carved." for path in changed[:MOST]]
        named += [f"{len(changed) - MOST} more: see carve status"] if changed[MOST:] else []
        path = next((it for it in changed if it != SUMS), changed[0])
        advice = (
            f"Restore it from an earlier commit (git log -- {path}, git checkout COMMIT -- {path}),"
            f" or keep it as your own: carve own {path}"
        )
        raise Refusal("\n".join([*named, advice]))
