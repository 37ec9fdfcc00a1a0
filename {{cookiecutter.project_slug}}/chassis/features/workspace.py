"""A copy of the service's sources: changes are made and tested there before the tree is changed."""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SOURCES = (
    "app",
    "compose",  # if docker
    "deploy/kubernetes",  # if kubernetes
    "tests",
)
FILES = (
    ".env.example",
    "conftest.py",
    "docs/develop.md",
    "docs/settings.md",
    "openapi.json",
    "pyproject.toml",
)
"""Where a feature can be named."""


class Refusal(Exception):  # noqa: N818 - the service is fine, the request is not
    """The request cannot be fulfilled: what, where, and what to do; nothing was changed."""


class Workspace:
    """The copy, and the original tree."""

    def __init__(self, root: Path, copy: Path, environment: Mapping[str, str]) -> None:
        """Copy the sources; `environment` is for the programs that run in the copy."""
        self.root = root
        self.copy = copy
        self._environment = environment
        for name in (*SOURCES, "chassis"):
            if (root / name).is_dir():
                shutil.copytree(root / name, copy / name)
        for name in FILES:
            if (root / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / name, copy / name)
        self._before = self._files()

    def read(self, path: str) -> str:
        """Return the text of a file. Raises `Refusal` if it is missing."""
        try:
            return (self.copy / path).read_text("utf-8")
        except FileNotFoundError as error:
            raise Refusal(
                f"{path} is missing, but must be changed. Restore it from git."
            ) from error

    def write(self, path: str, text: str) -> None:
        """Write a file of the copy."""
        (self.copy / path).parent.mkdir(parents=True, exist_ok=True)
        (self.copy / path).write_text(text, "utf-8")

    def run(self, *module: str) -> None:
        """Run `python -m …` in the copy. Raises `Refusal` if it fails."""
        ended = subprocess.run(  # noqa: S603 - the service itself, or its formatter
            [sys.executable, "-m", *module],
            cwd=self.copy,
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if ended.returncode:
            said = f"{ended.stdout.strip()}\n{ended.stderr.strip()}".strip().splitlines()
            cause = said[-1] if said else f"exit code {ended.returncode}"
            raise Refusal(f"`python -m {' '.join(module)}` would fail afterwards: {cause}")

    def git(self, *arguments: str) -> list[str] | None:
        """Return the lines that git prints about the tree; None if git is missing or fails."""
        program = shutil.which("git")
        if program is None:
            return None
        command = [program, *arguments]
        ended = subprocess.run(command, cwd=self.root, check=False, capture_output=True, text=True)  # noqa: S603 - git
        return ended.stdout.splitlines() if ended.returncode == 0 else None

    def finish(self) -> None:
        """Format new files; write `docs/settings.md`, `.env.example` and `openapi.json`."""
        print("Trying it in a copy of the service …", file=sys.stderr, flush=True)  # noqa: T201 - progress
        new = [path for verb, path in self.changes() if verb == "add" and path.endswith(".py")]
        if new:
            self.run("ruff", "check", "--quiet", "--fix", "--exit-zero", *new)
            self.run("ruff", "format", "--quiet", *new)
        self.run("app", "settings", "--write")
        if (self.copy / "openapi.json").exists():
            self.run("app", "openapi")

    def texts(self, *suffixes: str) -> Iterator[str]:
        """Yield the paths of files of these kinds, outside `chassis/`."""
        return (path for path in sorted(self._files()) if path.endswith(suffixes))

    def changes(self) -> list[tuple[str, str]]:
        """List the differences from the tree: add, change or delete, and the path."""
        now = self._files()
        found = [("add", path) for path in now - self._before]
        found += [("delete", path) for path in self._before - now]
        for path in now & self._before:
            if not filecmp.cmp(self.root / path, self.copy / path, shallow=False):
                found.append(("change", path))
        return sorted(found, key=lambda it: it[1])

    def apply(self) -> None:
        """Apply the changes to the tree; if anything fails, restore it."""
        changes = self.changes()
        before = {path: (self.root / path).read_bytes() for verb, path in changes if verb != "add"}
        try:
            for verb, path in changes:
                if verb == "delete":
                    (self.root / path).unlink()
                else:
                    (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(self.copy / path, self.root / path)
        except BaseException:
            for verb, path in changes:
                if verb == "add":
                    (self.root / path).unlink(missing_ok=True)
                else:
                    (self.root / path).write_bytes(before[path])
            raise
        finally:
            for path in reversed([path for _, path in changes]):
                self._remove_empty((self.root / path).parent)

    def _remove_empty(self, folder: Path) -> None:
        """Remove a folder that contains only bytecode, and empty parents."""
        if folder.is_dir() and not any(it.name != "__pycache__" for it in folder.iterdir()):
            shutil.rmtree(folder)
            self._remove_empty(folder.parent)

    def _files(self) -> set[str]:
        paths = [it for name in SOURCES for it in (self.copy / name).rglob("*") if it.is_file()]
        paths += [self.copy / name for name in FILES if (self.copy / name).is_file()]
        names = (path.relative_to(self.copy) for path in paths)
        return {it.as_posix() for it in names if "__pycache__" not in it.parts}
