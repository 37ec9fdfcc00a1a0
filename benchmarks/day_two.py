"""Gives the same edits and versions to carve, cruft and Copier; `make compare` runs it.

For cruft and Copier, carvings of both versions are templates without questions.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

from tests.cases import Result, put_back
from tests.edits import EDITS, NotHere
from tests.lives import RECORD, Snapshot, snapshot
from tests.template import ROOT, commit, copy_template
from tests.versions import STEPS, Kept, release

COPIER = "9.19.1"
OUTPUT = ROOT / "docs/comparison.md"
NOTES = (RECORD, ".cruft.json", ".copier-answers.yml")
"""Files in which a tool notes its baseline."""
ANSWERS = {"project_slug": "orders", "python_version": "3.13"}
PAGE = """# Updates compared

The same edits, of {kinds} kinds, {edits} of them in each service, and the same two versions, given
to carve, cruft {cruft} and Copier {copier}, with git {git}, on {date}.
`make compare ARGS={cases}` counts it again.

{table}

A change is lost when a line that the team or the template changed is not in the result, and no
conflict shows it. A few services show kinds of faults, not rates.
"""
ROWS = (
    ("Services", "cases"),
    ("with a conflict", "conflicts"),
    ("of those, ended with 0 and moved the baseline", "silent"),
    ("in which a change was lost without a word", "lost"),
    ("that it refused to update", "refused"),
)


@dataclass
class Counts:
    """What became of the services of one tool."""

    cases: int = 0
    conflicts: int = 0
    silent: int = 0
    lost: int = 0
    refused: int = 0


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
            shutil.copytree(carving, template / inside)
            for name, text in texts.items():
                (template / name).write_text(text, "utf-8")
            git(template, "init", "--quiet")
            git(template, "add", "--all", "--force", ".")
            git(template, "commit", "--quiet", "--message", number)
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


def edit(service: Path, kinds: list[str]) -> None:
    """Change the service as a team does; what it has no place for is left out."""
    for kind in kinds:
        before = snapshot(service)
        try:
            EDITS[kind](service)
        except NotHere:
            put_back(service, before)
    git(service, "add", "--all")
    git(service, "commit", "--quiet", "--message", "ours")


def files(service: Path) -> Snapshot:
    """Return what is in a service, but what the tools note."""
    return {name: it for name, it in snapshot(service).items() if name not in NOTES}


def conflicts(service: Path) -> set[str]:
    """Name the files that git, or what is in them, shows as conflicts."""
    found = set(git(service, "diff", "--name-only", "--diff-filter=U").splitlines())
    for name, (kind, content, _) in files(service).items():
        if name.endswith(".rej"):
            found |= {name, name.removesuffix(".rej")}
        elif kind == "file" and any(it.startswith(b"<<<<<<< ") for it in content.splitlines()):
            found.add(name)
    return found


def noted(service: Path) -> dict[str, bytes]:
    """Return what the tool noted as the baseline."""
    return {name: (service / name).read_bytes() for name in NOTES if (service / name).exists()}


def play(tools: Tools, tool: str, kinds: list[str], where: Path, counts: Counts) -> None:
    """Live through one case."""
    service = tools.make(tool, where)
    edit(service, kinds)
    ours, before = files(service), noted(service)
    code = tools.update(tool, service)
    found, moved = conflicts(service), noted(service) != before
    counts.cases += 1
    if code and not found:
        counts.refused += 1
        return
    carvings = files(tools.old), ours, files(tools.new)
    wrong = Result(*carvings, files(service), found, []).wrong()
    counts.conflicts += bool(found)
    counts.silent += bool(found) and not code and moved
    counts.lost += bool(wrong)
    print(where.name, *wrong[:3], sep="\n  ", flush=True)  # noqa: T201 - for a look at it


def page(counted: dict[str, Counts], edits: int) -> str:
    """Write the page."""
    rows = [f"| | {' | '.join(counted)} |", f"| --- |{' ---: |' * len(counted)}"]
    for words, name in ROWS:
        figures = " | ".join(str(getattr(it, name)) for it in counted.values())
        rows.append(f"| {words} | {figures} |")
    facts: dict[str, Any] = {
        "kinds": len(EDITS),
        "edits": edits,
        "cases": counted["carve"].cases,
        "cruft": version("cruft"),
        "copier": COPIER,
        "git": git(ROOT, "version").split()[2],
        "date": datetime.now(UTC).date().isoformat(),
        "table": "\n".join(rows),
    }
    return PAGE.format(**facts)


def main(cases: int = 13, edits: int = 5) -> None:
    """Compare them over so many services, and write the page."""
    counted = {name: Counts() for name in ("carve", "cruft", "Copier")}
    with tempfile.TemporaryDirectory() as made:
        tools = Tools(Path(made).resolve())
        for number in range(cases):
            kinds = Random(f"compared {number}").sample(sorted(EDITS), edits)  # noqa: S311 - a choice
            for name, counts in counted.items():
                where = tools.folder / "services" / f"{name}-{number}"
                play(tools, name.lower(), kinds, where, counts)
    OUTPUT.write_text(page(counted, edits), "utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
