"""The tools that are compared: how each makes a service, and brings a second version into it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.template import ROOT, commit, copy_template
from tests.versions import STEPS, Kept, release

if TYPE_CHECKING:
    from pathlib import Path

COPIER = "9.19.1"
RECORD = ".cookiecutter.json"
ANSWERS = {"project_slug": "orders", "python_version": "3.13"}


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment; whether it failed is for the caller to see."""
    return subprocess.run(
        command,
        cwd=cwd,
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody; it has to succeed."""
    somebody = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    ended = run("git", *somebody, *arguments, cwd=folder)
    ended.check_returncode()
    return ended.stdout


def commit_all(folder: Path, message: str) -> None:
    """Commit whatever is in a folder."""
    git(folder, "add", "--all", "--force", ".")
    git(folder, "commit", "--quiet", "--message", message)


class Tools:
    """The two versions, as each of the tools wants them."""

    def __init__(self, folder: Path) -> None:
        """Carve both, and make a template of each tool that has both as tags."""
        self.folder = folder
        self.carve = copy_template(folder / "carve")
        shutil.copytree(ROOT / "carve", self.carve / "carve")
        commit(self.carve)
        release(self.carve, *STEPS[:1])
        (folder / "kept").mkdir()
        kept = Kept(folder / "kept")
        manifest = json.loads((self.carve / "cookiecutter.json").read_text("utf-8"))
        answers = {name: it for name, it in manifest.items() if not name.startswith("_")}
        answers = {name: it[0] if isinstance(it, list) else it for name, it in answers.items()}
        self.old = kept.carve(self.carve, {**answers, **ANSWERS})
        release(self.carve, *STEPS[1:3])
        (folder / "later").mkdir()
        self.new = Kept(folder / "later").carve(self.carve, {**answers, **ANSWERS})
        self.cruft, self.copier = folder / "cruft", folder / "copier"
        for number, carving in (("1.0.0", self.old), ("2.0.0", self.new)):
            self.add_version(number, carving)

    def add_version(self, number: str, carving: Path) -> None:
        """Commit a carving as a version of a template for cruft, and for Copier."""
        files = {
            self.cruft: {
                "cookiecutter.json": '{"slug": "orders", "_copy_without_render": ["*"]}',
            },
            self.copier: {
                "copier.yml": "_subdirectory: service\n",
                "service/{{_copier_conf.answers_file}}.jinja": "{{_copier_answers|to_nice_yaml}}",
            },
        }
        for template, texts in files.items():
            template.mkdir(exist_ok=True)
            inside = "{{cookiecutter.slug}}" if template == self.cruft else "service"
            shutil.rmtree(template / inside, ignore_errors=True)
            shutil.copytree(carving, template / inside, ignore=shutil.ignore_patterns(RECORD))
            for name, text in texts.items():
                (template / name).write_text(text, "utf-8")
            git(template, "init", "--quiet")
            commit_all(template, number)
            git(template, "tag", number)

    def make(self, tool: str, where: Path) -> Path:
        """Make a service of the first version."""
        where.mkdir(parents=True)
        service = where / "orders"
        if tool == "carve":
            shutil.copytree(self.old, service)
        elif tool == "cruft":
            cruft("create", str(self.cruft), "--checkout", "1.0.0", "--no-input", cwd=where)
        else:
            copier("copy", "--vcs-ref", "1.0.0", str(self.copier), "orders", cwd=where)
        git(service, "init", "--quiet")
        commit_all(service, "as made")
        return service

    def update(self, tool: str, service: Path) -> int:
        """Bring the second version in; return the exit code."""
        if tool == "carve":
            words = ("-m", "carve", "update", "--to", "v0.2.0", "--source", str(self.carve))
            return run(sys.executable, *words, cwd=service).returncode
        if tool == "cruft":
            return cruft("update", "-y", "--checkout", "2.0.0", cwd=service).returncode
        return copier("update", "--vcs-ref", "2.0.0", cwd=service).returncode


def cruft(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run cruft."""
    return run(sys.executable, "-m", "cruft", *words, cwd=cwd)


def copier(command: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Copier, which is not among the dependencies; it asks nothing."""
    where = ("uv", "tool", "run", "--quiet", "--from", f"copier=={COPIER}")
    return run(*where, "copier", command, "--defaults", *words, cwd=cwd)
