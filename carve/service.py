"""The service in its repository: whether it is ready for a change, and its content."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from carve.git import Git, lines
from carve.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "BISECT_LOG": "bisect",
}
DIFF = ("--name-only", "-z", "--ignore-submodules=dirty")
"""What is edited inside of a submodule is no matter of this repository."""


@dataclass(frozen=True)
class Service:
    """A service, by its folder."""

    folder: Path

    @cached_property
    def git(self) -> Git:
        """Git in its folder.

        Raises: Refusal: it is in no repository, or in a bare one.

        """
        git = Git(self.folder)
        ended = git.run("rev-parse", "--is-inside-work-tree")
        if ended.returncode or ended.stdout.strip() != b"true":
            said = ended.stderr.decode(errors="replace").strip().splitlines()
            reason = said[0].removeprefix("fatal: ") if said else "it is in a bare repository"
            raise Refusal(f"{self.folder}: {reason}. Run: git init && git add . && git commit")
        return git

    @cached_property
    def top(self) -> Path:
        """The folder of the repository."""
        return Path(self.git("rev-parse", "--show-toplevel"))

    @cached_property
    def prefix(self) -> str:
        """The folder of the service in the repository, ending with a slash; empty for the root."""
        return self.git("rev-parse", "--show-prefix")

    @cached_property
    def git_folder(self) -> Path:
        """The git folder of this work tree."""
        return Path(self.git("rev-parse", "--absolute-git-dir"))

    @property
    def head(self) -> str:
        """The commit that is checked out.

        Raises:
            Refusal: there is none.

        """
        ended = self.git.run("rev-parse", "--verify", "--quiet", "HEAD")
        if ended.returncode:
            raise Refusal("There is no commit yet. Run: git add . && git commit")
        return ended.stdout.decode().strip()

    @property
    def tree(self) -> str:
        """The tree of the service as committed."""
        ended = self.git.run("rev-parse", "--verify", "--quiet", f"HEAD:{self.prefix}")
        if ended.returncode:
            raise Refusal(f"{self.prefix}: not committed. Run: git add . && git commit")
        return ended.stdout.decode().strip()

    def check_ready(self) -> None:
        """Refuse a repository with an operation in progress or uncommitted changes."""
        self.check_idle()
        head = self.head
        changed = lines(self.git("diff-index", *DIFF, head, "--", "."))
        if changed:
            self.git.run("update-index", "--really-refresh", "-q")
            changed = lines(self.git("diff-index", *DIFF, head, "--", "."))
        if changed:
            named = f"{changed[0]} and {len(changed) - 1} more" if changed[1:] else changed[0]
            raise Refusal(f"{named}: not committed. Run: git commit or git stash.")
        self.tree  # noqa: B018 - it refuses as well
        if self.git.run("config", "--get-regexp", r"^remote\..*\.promisor$").stdout:
            self.check_fetched(head)

    def check_idle(self) -> None:
        """Refuse a repository with an operation of git in progress."""
        for name, what in UNDER_WAY.items():
            if (self.git_folder / name).exists():
                raise Refusal(f"A {what} is in progress. Finish it, or run: git {what} --abort")
        if (self.git_folder / "index.lock").exists():
            raise Refusal(
                f"{self.git_folder / 'index.lock'}: another git is running. Wait until it ends."
            )
        if unmerged := lines(self.git("diff", "--name-only", "--diff-filter=U", "-z")):
            raise Refusal(f"{unmerged[0]}: has a conflict. Resolve it, and commit.")

    def check_fetched(self, head: str) -> None:
        """Refuse a partial clone that lacks files: a merge needs each of them."""
        listed = self.git("rev-list", "--objects", "--no-walk", "--missing=print", head)
        missing = sum(row.startswith("?") for row in listed.splitlines())
        if missing:
            raise Refusal(f"{missing} files were not fetched yet. Run: git sparse-checkout disable")

    def tracked(self) -> dict[str, str]:
        """Return the tracked files of the service, each with its tag."""
        rows = (row.partition(" ") for row in lines(self.git("ls-files", "-v", "-z")))
        return {path: tag for tag, _, path in rows}

    def check_no_file_is_in_the_way(self, paths: list[str]) -> None:
        """Refuse to overwrite untracked files, ignored or not."""
        tracked = self.tracked()
        self.check_case(paths, tracked)
        self.check_flags([it for it in paths if tracked.get(it, "H") != "H"])
        for path in paths:
            parents = [str(it) for it in Path(path).parents][:-1]
            for one in (path, *parents):
                place = self.folder / one
                untracked = one == path and path not in tracked and os.path.lexists(place)
                blocked = one != path and one not in tracked and is_no_folder(place)
                if untracked or blocked:
                    raise Refusal(f"{one}: is untracked and would be overwritten. Move it away.")

    def check_flags(self, paths: list[str]) -> None:
        """Refuse edits that git is set to overlook."""
        for path in (it for it in paths if (self.folder / it).is_file()):
            committed = self.git("rev-parse", f":{self.prefix}{path}")
            if self.git("hash-object", "--", path) != committed:
                flags = "--no-assume-unchanged --no-skip-worktree"
                raise Refusal(f"{path}: has hidden changes. Run: git update-index {flags} {path}")

    def check_case(self, paths: list[str], tracked: Iterable[str]) -> None:
        """Refuse files that would be one, where the file system ignores case (macOS, Windows)."""
        if self.git.run("config", "--type=bool", "core.ignoreCase").stdout.strip() != b"true":
            return
        known = {fold(path): path for path in tracked}
        for path in paths:
            other = known.get(fold(path), path)
            if other != path and other not in paths and path not in tracked:
                raise Refusal(f"{path}: {other} is the same file here. Rename yours, and commit.")


def fold(path: str) -> str:
    """Return what a file system that ignores case compares."""
    return unicodedata.normalize("NFC", path).casefold()


def is_no_folder(place: Path) -> bool:
    """Return whether something other than a folder is there."""
    return os.path.lexists(place) and (place.is_symlink() or not place.is_dir())
