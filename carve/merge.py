"""Merges the difference between two carvings into the service's tree, file by file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carve.git import joined, lines
from carve.lines import merge_files
from carve.refusal import Refusal
from carve.repository import SIMILAR

if TYPE_CHECKING:
    from carve.record import Record
    from carve.repository import Entry, Repository

CHASSIS = "chassis/"
MERGED = "chassis/pyproject.toml"
"""The only file of the chassis that is merged: bots update the dependencies in it."""
BASE, OWN, NEW = 1, 2, 3
"""Git's numbers for the three versions of a file in conflict."""


@dataclass(frozen=True)
class Change:
    """The change of one path."""

    path: str
    how: str
    entry: Entry | None
    stages: dict[int, Entry] = field(default_factory=dict)


class Merge:
    """A merge of two carvings into a service."""

    def __init__(self, repository: Repository, record: Record) -> None:
        """Merge in a separate repository, as the record allows."""
        self.repository, self.git, self.folder = repository, repository.git, repository.folder
        self.record = record
        self.left_out: list[str] = []

    def changed_by_team(self, old: str, ours: str, *, chassis: bool) -> list[str]:
        """List the files in which the service differs from its pristine carving."""
        before, after = self.repository.entries(old), self.repository.entries(ours)
        paths = sorted(before.keys() | after.keys())
        differing = [path for path in paths if before.get(path) != after.get(path)]
        return [path for path in differing if not chassis or self.is_replaced(path)]

    def is_replaced(self, path: str) -> bool:
        """Return whether an update replaces a file instead of merging into it."""
        return path.startswith(CHASSIS) and path != MERGED and not self.record.owns(path)

    def run(self, old: str, ours: str, new: str, label: str) -> list[Change]:
        """Merge; return the changes of the service by path."""
        commits = [self.git("commit-tree", old, "-m", "old")]
        for tree in (ours, new):
            commits.append(self.git("commit-tree", tree, "-p", commits[0], "-m", "carving"))
        self.git("branch", label, commits[2])
        self.git("checkout", "--quiet", "--force", "--detach", commits[1])
        options = ("--quiet", "--no-commit", "--no-ff", "-X", f"find-renames={SIMILAR}")
        ended = self.git.run("merge", *options, label)
        if ended.returncode > 1:
            raise Refusal(f"git merge failed: {ended.stderr.decode(errors='replace').strip()}")
        self.settle_conflicts(old, ours, new)
        self.replace_chassis(new)
        return self.compare(old, ours, new)

    def settle_conflicts(self, old: str, ours: str, new: str) -> None:
        """Merge line by line where git reports a conflict of adjacent lines.

        Files that the team deleted stay deleted, whatever changed in the template.
        """
        conflicts = self.repository.unmerged()
        deleted = (
            self.deleted_by_team(old, ours, new) if {NEW} in map(set, conflicts.values()) else set()
        )
        for path, stages in conflicts.items():
            if (OWN not in stages and BASE in stages) or path in deleted:
                self.git("rm", "--quiet", "--force", "--", path)
                self.left_out += [path] if NEW in stages else []
                continue
            if set(stages) != {BASE, OWN, NEW} or stages[BASE][0] != stages[NEW][0]:
                continue
            merged = merge_files(*(self.git.blob(stages[number][1]) for number in (BASE, OWN, NEW)))
            if merged is not None:
                (self.folder / path).write_bytes(merged)
                self.git("add", "--force", "--", path)

    def deleted_by_team(self, old: str, ours: str, new: str) -> set[str]:
        """List the files that the template renamed and the team had deleted.

        Git before 2.34 does not report their old file.
        """
        there = {*self.repository.entries(ours), *self.repository.renames(old, ours).values()}
        renamed = self.repository.renames(old, new)
        return {path for path, before in renamed.items() if before not in there}

    def replace_chassis(self, new: str) -> None:
        """Replace the chassis with that of the new carving."""
        wanted = {
            path: it for path, it in self.repository.entries(new).items() if self.is_replaced(path)
        }
        there = {path for path in lines(self.git("ls-files", "-z")) if self.is_replaced(path)}
        rows = [f"0 {'0' * len(new)}\t{path}" for path in there]
        self.git("update-index", "-z", "--index-info", given=joined(rows))
        rows = [f"{mode} {identity}\t{path}" for path, (mode, identity) in wanted.items()]
        self.git("update-index", "-z", "--index-info", given=joined(rows))

    def compare(self, old: str, ours: str, new: str) -> list[Change]:
        """List every changed path, and how it was changed."""
        stages = self.repository.unmerged()
        conflicted = [path for path in stages if os.path.lexists(self.folder / path)]
        if conflicted:
            self.git("add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul",
                     given=joined(f":(literal){path}" for path in conflicted))  # fmt: skip
        gone = [path for path in stages if path not in conflicted]
        if gone:
            self.git("update-index", "-z", "--force-remove", "--stdin", given=joined(gone))
        base, before, template = (self.repository.entries(tree) for tree in (old, ours, new))
        after = self.repository.entries(self.git("write-tree"))
        changes = []
        for path in sorted(before.keys() | after.keys() | stages.keys()):
            if path in stages:
                how = "conflict"
            elif before.get(path) == after.get(path):
                continue
            elif path not in after:
                how = "deleted"
            elif path not in before:
                how = "added"
            else:
                how = (
                    "merged"
                    if before[path] != base.get(path) or after[path] != template.get(path)
                    else "replaced"
                )
            changes.append(Change(path, how, after.get(path), stages.get(path, {})))
        return changes
