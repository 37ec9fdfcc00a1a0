"""Merges two carvings into the service, in a repository apart: the service is not touched."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carve.git import Git, joined, lines
from carve.lines import merge_files
from carve.record import NAME
from carve.refusal import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from carve.record import Record

VARIABLES = {"GIT_LFS_SKIP_SMUDGE": "1"} | {
    f"GIT_{who}_{what}": "carve" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
SETTINGS = {
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.fileMode": "true",
    "core.symlinks": "true",
    "merge.directoryRenames": "false",
    "merge.renames": "true",
    "merge.renameLimit": "10000",
    "commit.gpgSign": "false",
}
CHASSIS = "chassis/"
MERGED = "chassis/pyproject.toml"
"""The one file of the chassis that is merged: bots raise the dependencies in it."""
BASE, OWN, NEW = 1, 2, 3
"""Git's numbers for the three versions of a file in conflict."""
Entry = tuple[str, str]
"""Mode and id of a file."""


@dataclass(frozen=True)
class Change:
    """What happens to one path."""

    path: str
    how: str
    entry: Entry | None
    stages: dict[int, Entry] = field(default_factory=dict)


class Merge:
    """The service, the two carvings, and what comes of them."""

    def __init__(self, folder: Path, service: Git, record: Record) -> None:
        """Make an empty repository that sees the objects of the service."""
        self.git = Git(folder, VARIABLES, SETTINGS)
        self.record = record
        kind = service("rev-parse", "--show-object-format")
        folder.mkdir()
        self.git("init", "--quiet", f"--object-format={kind}")
        there = service.folder / service("rev-parse", "--git-path", "objects")
        (folder / ".git/objects/info").mkdir(exist_ok=True)
        (folder / ".git/objects/info/alternates").write_text(f"{there.resolve()}\n", "utf-8")
        self.folder = folder
        self.left_out: list[str] = []

    def tree(self, carving: Path) -> str:
        """Keep a carving, but its record, as a tree."""
        index = {"GIT_INDEX_FILE": str(self.folder.with_suffix(".index"))}
        place = ("--git-dir", str(self.folder / ".git"), "--work-tree", str(carving))
        git = Git(carving, {**VARIABLES, **index}, SETTINGS)
        git(*place, "read-tree", "--empty")
        git(*place, "add", "--force", "--all", ".", f":(exclude){NAME}")
        return git(*place, "write-tree")

    def without_record(self, tree: str) -> str:
        """Return the tree of the service without its record."""
        self.git("read-tree", tree)
        self.git("rm", "--quiet", "--cached", "--ignore-unmatch", "--", NAME)
        return self.git("write-tree")

    def entries(self, tree: str) -> dict[str, Entry]:
        """List the files of a tree."""
        rows = (row.partition("\t") for row in lines(self.git("ls-tree", "-r", "-z", tree)))
        return {path: (head.split()[0], head.split()[2]) for head, _, path in rows}

    def changed_by_team(self, old: str, ours: str, *, chassis: bool) -> list[str]:
        """Name the files in which the service differs from its pristine carving."""
        before, after = self.entries(old), self.entries(ours)
        paths = sorted(before.keys() | after.keys())
        differing = [path for path in paths if before.get(path) != after.get(path)]
        return [path for path in differing if not chassis or self.is_replaced(path)]

    def is_replaced(self, path: str) -> bool:
        """Tell whether an update replaces a file rather than merging into it."""
        return path.startswith(CHASSIS) and path != MERGED and not self.record.owns(path)

    def run(self, old: str, ours: str, new: str, label: str) -> list[Change]:
        """Merge, and return what changes in the service, by path."""
        commits = [self.git("commit-tree", old, "-m", "old")]
        for tree in (ours, new):
            commits.append(self.git("commit-tree", tree, "-p", commits[0], "-m", "carving"))
        self.git("branch", label, commits[2])
        self.git("checkout", "--quiet", "--force", "--detach", commits[1])
        options = ("--quiet", "--no-commit", "--no-ff", "-X", "find-renames=60%")
        ended = self.git.run("merge", *options, label)
        if ended.returncode > 1:
            raise Refusal(f"git merge failed: {ended.stderr.decode(errors='replace').strip()}")
        self.settle_conflicts()
        self.replace_chassis(new)
        return self.compare(old, ours, new)

    def stages(self) -> dict[str, dict[int, Entry]]:
        """List what git could not merge: for each path its old, own and new file."""
        found: dict[str, dict[int, Entry]] = {}
        for row in lines(self.git("ls-files", "--unmerged", "-z")):
            head, _, path = row.partition("\t")
            mode, identity, stage = head.split()
            found.setdefault(path, {})[int(stage)] = (mode, identity)
        return found

    def settle_conflicts(self) -> None:
        """Merge line by line what git calls a conflict because lines are next to each other.

        What the team deleted stays deleted, whatever became of it in the template.
        """
        for path, stages in self.stages().items():
            if OWN not in stages and BASE in stages:
                self.git("rm", "--quiet", "--force", "--", path)
                self.left_out += [path] if NEW in stages else []
                continue
            if set(stages) != {BASE, OWN, NEW} or stages[BASE][0] != stages[NEW][0]:
                continue
            merged = merge_files(*(self.git.blob(stages[number][1]) for number in (BASE, OWN, NEW)))
            if merged is not None:
                (self.folder / path).write_bytes(merged)
                self.git("add", "--force", "--", path)

    def replace_chassis(self, new: str) -> None:
        """Let the machinery be exactly that of the new carving."""
        wanted = {path: it for path, it in self.entries(new).items() if self.is_replaced(path)}
        there = {path for path in lines(self.git("ls-files", "-z")) if self.is_replaced(path)}
        rows = [f"0 {'0' * 40}\t{path}" for path in there]
        self.git("update-index", "-z", "--index-info", given=joined(rows))
        rows = [f"{mode} {identity}\t{path}" for path, (mode, identity) in wanted.items()]
        self.git("update-index", "-z", "--index-info", given=joined(rows))

    def compare(self, old: str, ours: str, new: str) -> list[Change]:
        """List every path whose file is not what it was, and how it came to be."""
        stages = self.stages()
        conflicted = [path for path in stages if os.path.lexists(self.folder / path)]
        if conflicted:
            self.git("add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul",
                     given=joined(f":(literal){path}" for path in conflicted))  # fmt: skip
        gone = [path for path in stages if path not in conflicted]
        if gone:
            self.git("update-index", "-z", "--force-remove", "--stdin", given=joined(gone))
        base, before, template = (self.entries(tree) for tree in (old, ours, new))
        after = self.entries(self.git("write-tree"))
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
