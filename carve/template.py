"""A version of the template: the one that runs, or one that was fetched; it carves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from runpy import run_path
from typing import Any

from carve.refusal import Refusal

RAW = "{{cookiecutter.project_slug}}"
PACKAGED = Path(__file__).parent / "template"  # in a wheel; in a clone the template is around it
CARVE = """
import json, sys
from cookiecutter.generate import generate_files
sys.dont_write_bytecode = True  # none of the template's own modules, beside them
template, folder, answers = json.loads(sys.argv[1])
sys.path.append(template)
generate_files(template, {"cookiecutter": answers}, folder)
"""
"""What `cookiecutter --no-input` does once it has its answers; it starts three times as fast."""
SYSTEM = re.compile(r"\[Errno \d+\] ([\w -]+)")
"""An error of the system, in what a carving complains of."""


@dataclass(frozen=True)
class Template:
    """A folder with one version of the template."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The content of cookiecutter.json."""
        manifest: dict[str, Any] = json.loads(
            (self.folder / "cookiecutter.json").read_text("utf-8")
        )
        return manifest

    @property
    def version(self) -> str:
        """Its version, from cookiecutter.json."""
        return str(self.manifest["_version"])

    @property
    def questions(self) -> dict[str, Any]:
        """The questions, each with its default or its choices."""
        return {name: it for name, it in self.manifest.items() if not name.startswith("_")}

    @cached_property
    def raw_tree(self) -> str:
        """The id of its raw tree; empty for a template that cannot compute it."""
        compute = run_path(str(self.folder / "hooks" / "post_gen_project.py")).get("tree_id")
        return str(compute(self.folder / RAW)) if compute else ""

    @cached_property
    def changelog(self) -> str:
        """The text of CHANGELOG.md, or nothing."""
        path = self.folder / "CHANGELOG.md"
        return path.read_text("utf-8") if path.is_file() else ""

    def carve(self, answers: dict[str, Any], folder: Path) -> Path:
        """Carve into an empty folder, in a separate process, because versions share module names.

        Raises:
            Refusal: the template refuses the answers.

        """
        return carve_all([(self, answers, folder)])[0]


def running() -> Template:
    """Return the template of this program."""
    return template_in(PACKAGED if PACKAGED.is_dir() else Path(__file__).parent.parent)


@cache
def template_in(folder: Path) -> Template:
    """Return the template in a folder, with cached reads."""
    return Template(folder)


def carve_all(wanted: list[tuple[Template, dict[str, Any], Path]]) -> list[Path]:
    """Carve in parallel."""
    processes = []
    for template, answers, folder in wanted:
        folder.mkdir(parents=True, exist_ok=True)
        settled = {name: it for name, it in template.manifest.items() if name.startswith("_")}
        settled = {**answers, **settled, "_output_dir": str(folder / "carved")}
        extensions = settled.pop("_extensions")  # the last one: everything is answered
        settled["_extensions"] = extensions
        given = json.dumps([str(template.folder), str(folder / "carved"), settled])
        process = subprocess.Popen(  # noqa: S603 - this very Python, without a shell
            [sys.executable, "-c", CARVE, given],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=folder,
        )
        processes.append(process)
    for process in processes:
        complaints = process.communicate()[1]
        if process.returncode and (found := SYSTEM.search(complaints)):
            raise Refusal(f"{folder}: {found[1]}. Set TMPDIR to a folder with room for carvings.")
        if process.returncode:
            reasons = [it for it in complaints.splitlines() if it and not it.startswith(" ")]
            said = " ".join(reasons).partition("Nothing was carved.")[0].partition("Traceback")[0]
            raise Refusal(f"The template refuses these answers. {said or complaints}".strip())
    return [next((folder / "carved").iterdir()) for _, _, folder in wanted]
