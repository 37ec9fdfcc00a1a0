"""The journal of a change: the state before it, kept in the git folder until it is committed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carve.refusal import Refusal

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carve.service import Service


@dataclass(frozen=True)
class Journal:
    """A folder with the index and every changed file as they were, and notes about the change."""

    service: Service

    @property
    def folder(self) -> Path:
        """Path of the journal; a work tree has at most one."""
        return self.service.git_folder / "carve"

    @property
    def index(self) -> Path:
        """The index of the repository."""
        return self.service.git_folder / "index"

    @property
    def exists(self) -> bool:
        """Return whether a change was begun, and neither committed nor undone."""
        return (self.folder / "journal.json").is_file()

    @property
    def content(self) -> dict[str, Any]:
        """The notes from the beginning."""
        content: dict[str, Any] = json.loads((self.folder / "journal.json").read_text("utf-8"))
        return content

    def begin(self, paths: list[str], **noted: Any) -> None:  # noqa: ANN401 - JSON
        """Save the current state; nothing else may be changed before this returns."""
        self.end()
        new = self.folder.with_name("carve.new")
        shutil.rmtree(new, ignore_errors=True)
        (new / "before").mkdir(parents=True)
        step()
        shutil.copy2(self.index, new / "index")
        for path in paths:
            place, kept = self.service.folder / path, new / "before" / path
            if os.path.lexists(place):
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(place, kept, follow_symlinks=False)
        noted.update(head=self.service.head, paths=paths, service=str(self.service.folder))
        (new / "journal.json").write_text(json.dumps(noted), "utf-8")
        step()
        new.rename(self.folder)
        step()

    def note(self, **more: Any) -> None:  # noqa: ANN401 - JSON
        """Update the notes, atomically."""
        new = self.folder / "journal.new"
        new.write_text(json.dumps({**self.content, **more}), "utf-8")
        new.replace(self.folder / "journal.json")

    def is_over(self) -> bool:
        """Return whether the change was committed, or another commit was checked out."""
        if self.content["head"] != self.service.head:
            return True
        there = self.service.git.run("diff-index", "--cached", "--quiet", "HEAD").returncode
        return bool(self.content.get("applied")) and not there

    def take_back(self) -> None:
        """Restore the state before; it may be interrupted and repeated.

        Raises:
            Refusal: nothing was begun, or it was committed.

        """
        if not self.exists:
            self.end()
            raise Refusal("Nothing to abort: no change is in progress.")
        content = self.content
        if self.is_over():
            raise Refusal(
                "Nothing to abort: it was committed (git revert undoes it), or undone already."
            )
        folder = Path(content["service"])
        lock = self.index.with_name("index.lock")
        with suppress(FileNotFoundError):
            if lock.samefile(self.folder / "index.new"):
                lock.unlink()  # this change was killed while it held it
        before = {path: self.folder / "before" / path for path in content["paths"]}
        for path, kept in before.items():
            if not os.path.lexists(kept):
                remove(folder, path)
        step()
        for path, kept in before.items():
            if os.path.lexists(kept) and not is_same(kept, folder / path):
                place = folder / path
                unlink(place)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(kept, place, follow_symlinks=False)
        step()
        shutil.copy2(self.folder / "index", self.folder / "index.old")
        os.replace(self.folder / "index.old", self.index)  # noqa: PTH105 - what it says
        step()
        self.service.git.run("update-index", "-q", "--refresh")
        self.end()

    def end(self) -> None:
        """Delete the journal."""
        gone = self.folder.with_name("carve.gone")
        shutil.rmtree(gone, ignore_errors=True)
        if self.folder.exists():
            self.folder.rename(gone)
            shutil.rmtree(gone)
        shutil.rmtree(self.folder.with_name("carve.new"), ignore_errors=True)


@contextmanager
def alone(service: Service) -> Iterator[None]:
    """Hold a lock of this work tree; it ends with the process, however that ends.

    Raises:
        Refusal: another command holds it.

    """
    with (service.git_folder / "carve.alone").open("ab") as file:
        if sys.platform != "win32":
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refusal(f"{service.folder}: another carve is at work. Let it end.") from None
        yield


def is_same(kept: Path, place: Path) -> bool:
    """Return whether a file is as it was: one that could not be changed cannot be restored."""
    if not os.path.lexists(place) or kept.lstat().st_mode != place.lstat().st_mode:
        return False
    if kept.is_symlink():
        return kept.readlink() == place.readlink()
    return place.is_file() and kept.read_bytes() == place.read_bytes()


def remove(folder: Path, path: str) -> None:
    """Remove a file, and folders that become empty."""
    place = folder / path
    unlink(place)
    for parent in place.parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()


def unlink(place: Path) -> None:
    """Remove a file, if one is there."""
    if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
        place.unlink()


def step() -> None:
    """Mark a moment at which tests kill the process."""
