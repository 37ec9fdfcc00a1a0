"""A separate repository, in which carvings are compared and merged without touching the service."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from carve.git import Git, lines
from carve.record import NAME

if TYPE_CHECKING:
    from pathlib import Path

    from carve.service import Service

VARIABLES = {"GIT_LFS_SKIP_SMUDGE": "1"} | {
    f"GIT_{who}_{what}": "carve" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
SETTINGS = {
    "core.autocrlf": "false",
    "core.eol": "lf",
    "core.fileMode": "false",  # a carving has no executable files, whatever its file system says
    "core.symlinks": "false",
    "merge.directoryRenames": "false",
    "merge.renames": "true",
    "merge.renameLimit": "10000",
    "merge.verifySignatures": "false",
    "rerere.enabled": "false",
    "commit.gpgSign": "false",
}
SIMILAR = "60%"
"""Similarity from which a file counts as renamed."""
Entry = tuple[str, str]
"""Mode and id of a file."""


class Repository:
    """A repository that reads the service's objects, and writes its own."""

    def __init__(self, folder: Path, service: Git) -> None:
        """Create it, empty."""
        self.git = Git(folder, VARIABLES, SETTINGS)
        self.folder = folder
        kind = service("rev-parse", "--show-object-format")
        folder.mkdir()
        self.git("init", "--quiet", f"--object-format={kind}")
        there = service.folder / service("rev-parse", "--git-path", "objects")
        (folder / ".git/objects/info").mkdir(exist_ok=True)
        (folder / ".git/objects/info/alternates").write_text(f"{there.resolve()}\n", "utf-8")

    def tree(self, carving: Path) -> str:
        """Store a carving, without its record, as a tree."""
        index = {"GIT_INDEX_FILE": str(self.folder.with_suffix(".index"))}
        place = ("--git-dir", str(self.folder / ".git"), "--work-tree", str(carving))
        git = Git(carving, {**VARIABLES, **index}, SETTINGS)
        git(*place, "read-tree", "--empty")
        git(*place, "add", "--force", "--all", ".", f":(exclude){NAME}")
        return git(*place, "write-tree")

    def work_tree(self, service: Service) -> str:
        """Keep the files of the work tree as they are, except untracked ones."""
        index = self.folder.with_suffix(".now")
        shutil.copy2(service.git_folder / "index", index)
        objects = self.folder / ".git/objects"
        alternates = (objects / "info/alternates").read_text("utf-8").strip()
        variables = {
            "GIT_INDEX_FILE": str(index),
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": alternates,
        }
        git = Git(service.folder, variables)
        git("add", "--update", ".")
        return git("write-tree", f"--prefix={service.prefix}")

    def without_record(self, tree: str) -> str:
        """Return the tree of the service without its record."""
        self.git("read-tree", tree)
        self.git("rm", "--quiet", "--cached", "--ignore-unmatch", "--", NAME)
        return self.git("write-tree")

    def entries(self, tree: str) -> dict[str, Entry]:
        """List the files of a tree."""
        rows = (row.partition("\t") for row in lines(self.git("ls-tree", "-r", "-z", tree)))
        return {path: (head.split()[0], head.split()[2]) for head, _, path in rows}

    def renames(self, old: str, new: str) -> dict[str, str]:
        """List the files that were renamed between two trees, by their new path."""
        found = lines(
            self.git("diff-tree", "-r", "-z", f"-M{SIMILAR}", "--diff-filter=R", old, new)
        )
        return dict(zip(found[2::3], found[1::3], strict=True))

    def unmerged(self) -> dict[str, dict[int, Entry]]:
        """List what git could not merge: for each path its old, own and new file."""
        found: dict[str, dict[int, Entry]] = {}
        for row in lines(self.git("ls-files", "--unmerged", "-z")):
            head, _, path = row.partition("\t")
            mode, identity, stage = head.split()
            found.setdefault(path, {})[int(stage)] = (mode, identity)
        return found
