"""Made-up versions of the template, in a repository of their own, and their carvings, kept."""

from __future__ import annotations

import json
import shutil
from functools import cache
from runpy import run_path
from typing import TYPE_CHECKING, Any

from literal_answers import resolve
from tests.template import RAW, ROOT, copy_template, run, succeeded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOMEBODY = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false")
NOTES = """\
# Changelog

## [0.3.0]

### Changed

- Traces are called telemetry. <!-- if telemetry -->

## [0.2.0]

### Security

- The probe answers nobody but itself.

### Changed

- Caches are faster,
  and smaller. <!-- if cache -->
- GitLab runs less. <!-- if gitlab -->

### By hand

- Rename `CACHE_OLD` to `CACHE_NEW`. <!-- if cache -->

## [0.1.0]

- The first one.
"""


def change(path: Path, old: str, new: str, *, every: bool = False) -> None:
    """Replace a text that has to be there."""
    text = path.read_text("utf-8")
    assert old in text, f"{path.name}: {old}"
    path.write_bytes(text.replace(old, new, -1 if every else 1).encode())


def first(template: Path) -> None:
    (template / "CHANGELOG.md").write_text(NOTES[:13] + NOTES[NOTES.index("## [0.1.0]") :])


def between(template: Path) -> None:
    """A commit between two releases."""
    change(
        template / RAW.name / "AGENTS.md",
        "- Importing a module has no side effects.",
        "- The import of a module has no side effects.",
    )


def second(template: Path) -> None:
    """Another chassis, a renamed file, new lines in lists that everybody edits."""
    raw = template / RAW.name
    change(raw / "chassis/probe.py", '"""', '"""New: ')
    (raw / "chassis/fresh.py").write_text('"""Fresh."""\n')
    (raw / "docs/log-shipping.md").rename(raw / "docs/shipping-of-logs.md")
    change(raw / "docs/shipping-of-logs.md", "\n\n", "\n\nNew words.\n\n")
    change(raw / "docs/operations.md", "# Operations", "# How it is operated")
    change(raw / "README.md", "make test\n```", "make test    # seconds\n```")
    change(raw / "pyproject.toml", '  "mypy>=2.4,<3",\n', '  "mypy>=2.5,<3",\n')
    change(raw / "pyproject.toml", '  "ruff>=', '  "rich>=15,<16",\n  "ruff>=')
    change(raw / "chassis/pyproject.toml", '  "pydantic>=2.14,<3",\n', '  "pydantic>=2.15,<3",\n')
    change(
        raw / "app/main.py",
        "from chassis.health import Health\n",
        "from chassis.fresh import Fresh\nfrom chassis.health import Health\n",
    )
    change(
        raw / "app/main.py",
        "    health: Health = Health()\n",
        "    health: Health = Health()\n    fresh: Fresh = Fresh()\n",
    )
    change(
        raw / "Makefile", "hooks: $(UV)", "fresh: $(UV) ## Be fresh\n\t@echo fresh\n\nhooks: $(UV)"
    )
    change(raw / "Dockerfile", "UV_VERSION=0.13.9", "UV_VERSION=0.14.1")
    change(raw / "deploy/rollout.toml", "history = 20", "history = 30")
    change(raw / ".gitignore", ".env\n", ".env\n.fresh/\n")
    (template / "CHANGELOG.md").write_text(NOTES[:13] + NOTES[NOTES.index("## [0.2.0]") :])
    name(template, "0.2.0")


def hooks_only(template: Path) -> None:
    """A commit that leaves the raw tree as it is."""
    hook = template / "hooks/post_gen_project.py"
    hook.write_text(hook.read_text("utf-8") + "# the same\n")


def third(template: Path) -> None:
    """A higher floor of Python, a renamed option, and one that was split off another."""
    raw = template / RAW.name
    for path in [it for it in raw.rglob("*") if it.is_file()]:
        text = path.read_bytes().decode()
        for mark in ("# if ", "// if ", "<!-- if "):
            text = text.replace(f"{mark}tracing", f"{mark}telemetry")
        text = text.replace(" or tracing", " or telemetry")
        path.write_bytes(text.encode())
    change(raw / "app/main.py", "Quotes()  # if outbound", "Quotes()  # if quotes")
    change(raw / "app/main.py", "QuotesApi()  # if outbound", "QuotesApi()  # if quotes")
    change(raw / "app/main.py", "QuotesApi  # if outbound", "QuotesApi  # if quotes")
    change(raw / "pyproject.toml", ">=3.11", ">=3.12")
    (raw / "chassis/fresh.py").rename(raw / "chassis/fresher.py")
    change(raw / "app/main.py", "from chassis.fresh import", "from chassis.fresher import")
    manifest = json.loads((template / "cookiecutter.json").read_text("utf-8"))
    for choices in (manifest["python_version"], manifest["_choices"]["python_version"]):
        choices.remove("3.11")
    paths = manifest["_paths"]
    for condition in [it for it in paths if "tracing" in it]:
        paths[condition.replace("tracing", "telemetry")] = paths.pop(condition)
    paths["quotes"] = ["app/quotes"]
    paths["outbound"].remove("app/quotes")
    parts = {"telemetry" if it == "tracing" else it: manifest[it] for it in manifest}
    parts = {**{it: parts[it] for it in list(parts)[:8]}, "quotes": True, **parts}
    parts["_renamed"] = {"telemetry": "tracing", "quotes": "outbound"}
    parts["_extensions"] = parts.pop("_extensions")
    (template / "cookiecutter.json").write_text(json.dumps(parts, indent=2))
    (template / "CHANGELOG.md").write_text(NOTES)
    name(template, "0.3.0")


def name(template: Path, version: str) -> None:
    change(
        template / "cookiecutter.json",
        f'"_version": "{previous(version)}"',
        f'"_version": "{version}"',
    )


def previous(version: str) -> str:
    return f"0.{int(version.split('.')[1]) - 1}.0"


STEPS = [
    (first, "v0.1.0"),
    (between, "between"),
    (second, "v0.2.0"),
    (hooks_only, ""),
    (third, "v0.3.0"),
]


def make_repository(folder: Path) -> Path:
    """Make a repository of the template that has these versions as tags."""
    template = copy_template(folder)
    succeeded(run("git", "init", "--quiet", cwd=template))
    release(template, *STEPS)
    return template


def release(template: Path, *steps: tuple[Callable[[Path], None], str]) -> None:
    """Commit further versions, each with its tag."""
    for step, tag in steps:
        step(template)
        for command in (
            ["add", "--all", "--force", "."],
            ["commit", "--quiet", "--message", step.__name__],
        ):
            succeeded(run("git", *SOMEBODY, *command, cwd=template))
        if tag:
            succeeded(run("git", "tag", tag, cwd=template))


class Kept:
    """Carvings by version and answers, each made once, in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hook = cache(lambda template: run_path(str(template / "hooks/post_gen_project.py")))
        self.made: dict[str, Path] = {}

    def carve(self, template: Path, answers: dict[str, Any]) -> Path:
        key = json.dumps([str(template), answers], sort_keys=True)
        if key not in self.made:
            manifest = json.loads((template / "cookiecutter.json").read_text("utf-8"))
            private = {name: it for name, it in manifest.items() if name.startswith("_")}
            folder = self.folder / str(len(self.made))
            shutil.copytree(template / RAW.name, folder)
            self.hook(template)["make"](folder, resolve({**answers, **private}))
            self.made[key] = folder
        return self.made[key]

    def carving(self, tree: str) -> Path:
        """Give the carving that has an id."""
        return next(
            it for it in self.made.values() if tree in (it / ".cookiecutter.json").read_text()
        )

    def carve_all(self, wanted: list[tuple[Any, dict[str, Any], Path]]) -> list[Path]:
        return [self.carve(template.folder, answers) for template, answers, _ in wanted]


__all__ = ["ROOT", "Kept", "make_repository"]
