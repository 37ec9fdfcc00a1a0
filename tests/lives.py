"""A service's life: carved, edited, changed; and what must hold after each change."""

from __future__ import annotations

import ast
import io
import json
import os
import shutil
import tomllib
from collections import Counter
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carve.__main__ import main
from tests.template import MANIFEST, QUESTIONS, run, succeeded
from tests.versions import SOMEBODY

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD = ".cookiecutter.json"
File = tuple[str, bytes, int]
"""Kind, content and mode."""
Snapshot = dict[str, File]


def answers(**given: object) -> dict[str, Any]:
    """Answer every question: what is given, and the defaults."""
    defaults = {name: MANIFEST[name] for name in QUESTIONS}
    first = {name: it[0] if isinstance(it, list) else it for name, it in defaults.items()}
    return {**first, "project_slug": "orders", **given}


class Life:
    """One service in a repository."""

    def __init__(self, pristine: Path, folder: Path, top: Path | None = None) -> None:
        self.folder, self.pristine = folder, pristine
        self.top = top or folder
        shutil.copytree(pristine, folder, symlinks=True)
        if not (self.top / ".git").exists():
            self.git("init", "--quiet")
        self.commit("pristine")

    def git(self, *arguments: str) -> str:
        return succeeded(run("git", *SOMEBODY, *arguments, cwd=self.top))

    def commit(self, message: str = "ours") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def carve(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command in the service."""
        with (
            chdir(self.folder),
            redirect_stdout(io.StringIO()) as out,
            redirect_stderr(io.StringIO()) as err,
        ):
            code = main(list(arguments))
        return code, out.getvalue(), err.getvalue()

    def change(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Run a change, and return what it says it did."""
        code, out, err = self.carve(*arguments, "--json")
        assert out, err
        return code, json.loads(out)

    def snapshot(self) -> Snapshot:
        return snapshot(self.folder)

    @property
    def record(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / RECORD).read_text("utf-8"))
        return content

    def status(self) -> str:
        return self.git("status", "--porcelain", "--ignored")


def snapshot(folder: Path) -> Snapshot:
    """Everything in a folder but git's own: kind, content and mode."""
    found: Snapshot = {}
    for root, folders, names in os.walk(folder):
        if ".git" in folders:
            folders.remove(".git")
        below = root[len(str(folder)) + 1 :]
        for name in (it for it in (*names, *folders) if it != ".git"):
            path, key = Path(root, name), f"{below}/{name}".lstrip("/")
            if path.is_symlink():
                found[key] = ("link", str(path.readlink()).encode(), 0)
            elif name in names:
                found[key] = ("file", path.read_bytes(), path.stat().st_mode & 0o777)
    return found


def rows(content: bytes) -> Counter[bytes]:
    return Counter(content.replace(b"\r\n", b"\n").split(b"\n"))


def lost_lines(base: bytes, ours: bytes, new: bytes, result: bytes) -> list[bytes]:
    """Lines of the result of which there are more or fewer than both changes explain."""
    counts = [rows(it) for it in (base, ours, new, result)]
    wrong = []
    for line in set().union(*counts):
        before, own, template, after = (count[line] for count in counts)
        one, other = own - before, template - before
        allowed = {before + one + other}
        if one * other > 0:
            allowed |= set(
                range(*sorted((before + one, before + one + other + (1 if one > 0 else 0))))
            )
            allowed |= {before + one, before + other}
        if after not in allowed:
            wrong.append(line)
    return wrong


def parses(name: str, content: bytes) -> bool:
    """Return whether a file is complete."""
    try:
        if name.endswith(".py"):
            ast.parse(content)
        elif name.endswith(".toml"):
            tomllib.loads(content.decode())
        elif name.endswith(".json"):
            json.loads(content)
    except (SyntaxError, ValueError):
        return False
    return True


def in_conflict(carve: Callable[..., Life]) -> Life:
    """Make a service in which removing the database ends in conflicts."""
    life = carve()
    notes = life.folder / "app/notes/routes.py"
    notes.write_text(notes.read_text() + "\n# ours\n")
    ignored = life.folder / ".gitignore"
    ignored.write_text(ignored.read_text().replace("*.db\n", "*.sqlite\n"))
    (life.folder / "Makefile").chmod(0o600)
    life.commit()
    (life.folder / "mine.txt").write_text("untracked")
    return life
