"""Cleans up after a failed carve: removes its folder, and prints a command with the same answers.

It runs in the process of cookiecutter, and so sees what a hook cannot: the target folder, a failure
between the hooks, and Ctrl-C. It cannot clean up after SIGKILL or SIGTERM.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import runpy
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

RECORD = ".cookiecutter.json"  # the last file that the last hook writes
SUGGESTIONS = {
    "project_name": "New service",
    "project_slug": "new-service",
    "description": "A service that is a pleasure to run.",
    "author": "Platform Team",
    "email": "team@example.com",
    "image_owner": "example",
}
"""A valid answer to each question that has no choices."""
_running: list[Carve] = []
"""The carve that has begun and was neither failed nor checked; at most one."""


class Carve:
    """One carve: its answers, its folder, and what was in it before."""

    def __init__(self, answers: dict[str, Any], name: str) -> None:
        """Inspect the folder before cookiecutter creates it; cruft does not tell where it is."""
        self.answers = answers
        self.folder = Path(answers["_output_dir"], name) if answers.get("_output_dir") else None
        self.was_there = bool(self.folder and self.folder.exists())
        self.was_empty = not holds_files(self.folder)
        self.hooks = 0

    def finished(self) -> bool:
        """Return whether the service is complete; without hooks, whether anything was done."""
        if self.folder is None:
            return self.hooks > 1
        return (self.folder / RECORD).is_file() if self.hooks else holds_files(self.folder)

    def clean(self) -> None:
        """Remove what this carve has created, and nothing that was there before."""
        if self.folder and self.was_empty and self.folder.is_dir():
            remove(self.folder, itself=not self.was_there)


def begin(answers: dict[str, Any], name: str) -> None:
    """Register a carve; it ends with the command."""
    if not _running and is_command(sys.argv[0]):
        atexit.register(look_back)
    _running[:] = [Carve(answers, name)]


def is_command(program: str) -> bool:
    """Return whether this process is cookiecutter or cruft, not a program that calls its API."""
    path = Path(program)
    return (path.parent.name if path.stem == "__main__" else path.stem) in {"cookiecutter", "cruft"}


def run_hook() -> None:
    """Count a hook that is about to run; let the second one write, whatever the modes."""
    for carve in _running:
        carve.hooks += 1
        if carve.hooks > 1 and carve.folder:
            make_writable(carve.folder)
        for line in carve.answers.get("_resolved", []) if carve.hooks == 1 else []:
            print(line, file=sys.stderr)  # noqa: T201 - to who carves


def fail() -> None:
    """Print what to do after a hook failed; cookiecutter removes a folder it created."""
    while _running:
        carve = _running.pop()
        if carve.was_there:
            carve.clean()
        print(f"\n{advise(carve.answers)}\n", file=sys.stderr)  # noqa: T201 - to who carves


def look_back() -> None:
    """Do the same when the process ends before the carve: Ctrl-C, a full disk."""
    if _running and not _running[0].finished():
        if _running[0].hooks and "--keep-project-on-failure" not in sys.argv:
            _running[0].clean()
        fail()


def holds_files(folder: Path | None) -> bool:
    """Return whether a folder contains anything."""
    return bool(folder and folder.is_dir() and any(folder.iterdir()))


def remove(folder: Path, *, itself: bool) -> None:
    """Remove the content of a folder, and with `itself` the folder."""
    make_writable(folder)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    if itself:
        folder.rmdir()


def make_writable(folder: Path) -> None:
    """Make everything writable for the owner: files are copied with the modes of the template."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o700 if path.is_dir() else 0o200))


def advise(answers: dict[str, Any]) -> str:
    """Return the command that carves with the same answers, except for the refused ones."""
    changed = suggest(answers)
    but = f", but for {' and '.join(changed)}: put your own there" if changed else ""
    return (
        f"Nothing was carved. This command, for a POSIX shell, has the same answers{but}.\n"
        f"{command(answers, changed)}"
    )


def suggest(answers: dict[str, Any]) -> dict[str, str]:
    """Suggest an answer for each refused one."""
    hook = Path(__file__).parent / "hooks" / "pre_gen_project.py"
    if not hook.is_file():  # cruft has removed its copy of the template
        return {}
    problems = runpy.run_path(str(hook))["problems"]

    def refused(given: dict[str, Any]) -> list[str]:
        return list(dict.fromkeys(line.partition(":")[0] for line in problems(given)))

    changed = {name: suggestion(name, answers) for name in refused(answers)}
    changed.update(
        {name: SUGGESTIONS.get(name, "true") for name in refused({**answers, **changed})}
    )
    slug = str(changed.get("project_slug", answers["project_slug"]))
    place, number = answers.get("_output_dir"), 2
    while place and Path(place, changed.get("project_slug", slug)).exists():
        changed["project_slug"] = f"{slug[:36].rstrip('-')}-{number}"
        number += 1
    return changed


def suggestion(question: str, answers: dict[str, Any]) -> str:
    """Suggest an answer similar to the given one."""
    given = str(answers[question])
    if question == "project_slug":
        slug = re.sub("[^a-z0-9]+", "-", given.lower())[:32].strip("-")
        return f"{slug}-service" if slug[:1].isalpha() else f"service-{slug}".strip("-")
    if question in answers.get("_choices", {}):
        return str(answers["_choices"][question][0])
    if question in ("project_name", "description", "author"):
        words = "".join(letter if letter.isprintable() else " " for letter in given).split()
        return " ".join(words)[:60].strip()
    return SUGGESTIONS.get(question, "true")


def command(answers: dict[str, Any], changed: dict[str, str]) -> str:
    """Return the whole command: program, template, target, and every answer."""
    given = {name: it for name, it in answers.items() if not name.startswith("_")}
    template = str(answers.get("_template") or Path(__file__).parent)
    if "_commit" in answers:  # only cruft passes it
        context = json.dumps({**given, **changed}, ensure_ascii=False)
        create = [*program("cruft"), "create", template, "--no-input", "--extra-context", context]
        return f"  {shlex.join(create)}"
    begun = [*program("cookiecutter"), template, "--no-input"]
    begun += ["--checkout", answers["_checkout"]] if answers.get("_checkout") else []
    place = answers.get("_output_dir")
    begun += ["--output-dir", place] if place and place != os.environ.get("PWD") else []
    kept = {name: it for name, it in given.items() if name not in changed}
    said = {name: str(it).lower() if isinstance(it, bool) else it for name, it in kept.items()}
    lines = [begun, [f"{name}={it}" for name, it in changed.items()]]
    lines += [[f"{name}={it}"] for name, it in said.items()]
    return "  " + " \\\n    ".join(shlex.join(line) for line in lines if line)


def program(name: str) -> list[str]:
    """Return how a program was started, as far as that is known."""
    if "UV" in os.environ:  # uv sets it for what it runs
        return ["uvx", name]
    if shutil.which(name):
        return [name]
    return ["pipx", "run", name] if shutil.which("pipx") else [sys.executable, "-m", name]
