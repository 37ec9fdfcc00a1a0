"""The journal of a change: what was there before, kept in the git folder until it is committed."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carve.refusal import Refusal

if TYPE_CHECKING:
    from carve.service import Service


@dataclass(frozen=True)
class Journal:
    """A folder with the index and every file as they were, and what the change was."""

    service: Service

    @property
    def folder(self) -> Path:
        """Where it lies; there is one for a work tree at most."""
        return self.service.git_folder / "carve"

    @property
    def index(self) -> Path:
        """The index of the repository."""
        return self.service.git_folder / "index"

    @property
    def exists(self) -> bool:
        """Tell whether a change was begun, and neither committed nor taken back."""
        return (self.folder / "journal.json").is_file()

    @property
    def content(self) -> dict[str, Any]:
        """What was noted at the beginning."""
        content: dict[str, Any] = json.loads((self.folder / "journal.json").read_text("utf-8"))
        return content

    def begin(self, paths: list[str], **noted: Any) -> None:  # noqa: ANN401 - JSON
        """Keep what is there now; before this returns nothing else was touched."""
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
        """Change what is noted, at once."""
        new = self.folder / "journal.new"
        new.write_text(json.dumps({**self.content, **more}), "utf-8")
        new.replace(self.folder / "journal.json")

    def is_over(self) -> bool:
        """Tell whether the change was committed, or the team went on from somewhere else."""
        if self.content["head"] != self.service.head:
            return True
        there = self.service.git.run("diff-index", "--cached", "--quiet", "HEAD").returncode
        return bool(self.content.get("applied")) and not there

    def take_back(self) -> None:
        """Put back what was there; it may be interrupted, and be run again.

        Raises:
            Refusal: nothing was begun, or it was committed.

        """
        if not self.exists:
            self.end()
            raise Refusal("Nothing to abort: no change is under way.")
        content = self.content
        if self.is_over():
            raise Refusal("Nothing to abort: it was committed (git revert), or taken back already.")
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
            if os.path.lexists(kept):
                remove(folder, path)
                place = folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(kept, place, follow_symlinks=False)
        step()
        shutil.copy2(self.folder / "index", self.folder / "index.old")
        os.replace(self.folder / "index.old", self.index)  # noqa: PTH105 - what it says
        step()
        self.service.git.run("update-index", "-q", "--refresh")
        self.end()

    def end(self) -> None:
        """Forget the change."""
        gone = self.folder.with_name("carve.gone")
        shutil.rmtree(gone, ignore_errors=True)
        if self.folder.exists():
            self.folder.rename(gone)
            shutil.rmtree(gone)
        shutil.rmtree(self.folder.with_name("carve.new"), ignore_errors=True)


def remove(folder: Path, path: str) -> None:
    """Remove a file, and the folders that it leaves empty."""
    place = folder / path
    if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
        place.unlink()
    for parent in place.parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()


def step() -> None:
    """Mark a moment at which tests kill the process."""
