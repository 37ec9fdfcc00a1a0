# ruff: noqa: INP001 - a script is no package
"""Draws a service that is carved, edited, given a cache, edited, updated, and loses its cache.

From the root of the template: `PYTHONPATH=.:hooks python docs/pictures/update.py`.

It runs the session for real, with a made-up next version of the template, notes what was printed in
update.json, and draws that; `--draw` only draws what is noted.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from docs.pictures.terminal import Step, redraw, run
from tests.template import ROOT, commit, copy_template
from tests.versions import STEPS, release

NOTES = Path(__file__).with_suffix(".json")
OUTPUT = Path(__file__).with_suffix(".svg")
TITLE = "A service gets a cache, an update, and does without the cache again"
RELEASE = "# weeks later, 0.2.0 is released"
SESSION = (
    "carve new --no-input project_slug=orders cache=false",
    "cd orders && git init -q && git add . && git commit -qm 'Orders, as carved'",
    """sed -i 's/= Greetings()/= Greetings(salutation="Good day")/' app/main.py""",
    "git commit -qam 'Good day' && carve add cache",
    "git commit -qm 'A cache'",
    "echo '*.local' >> .gitignore && git commit -qam 'Files of our own'",
    RELEASE,
    "carve update",
    "git commit -qm 'Version 0.2.0' && carve remove cache",
    "git commit -qm 'No cache' && grep -hE 'salutation|local$' app/main.py .gitignore",
)


def record(folder: Path) -> list[Step]:
    """Run the session in an empty folder."""
    template = copy_template(folder / "template")
    shutil.copytree(ROOT / "carve", template / "carve", ignore=shutil.ignore_patterns("__*__"))
    commit(template)
    release(template, *STEPS[:1])
    variables = prepare(folder, template)
    where, steps = folder, list[Step]()
    for typed in SESSION:
        if typed == RELEASE:
            release(template, *STEPS[1:3])
        steps.append(run(typed, where, variables))
        where = where / "orders" if typed.startswith("cd orders") else where
    return steps


def prepare(folder: Path, template: Path) -> dict[str, str]:
    """Put the command on the path of a developer who has a name; return the variables."""
    (folder / "bin").mkdir()
    command = folder / "bin/carve"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -B -m carve "$@"\n', "utf-8")
    command.chmod(0o755)
    somebody = {f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")}
    somebody |= {f"GIT_{who}_EMAIL": "ada@example.com" for who in ("AUTHOR", "COMMITTER")}
    return {
        **somebody,
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(template),
    }


def stable(steps: list[Step]) -> list[tuple[str, list[str]]]:
    """Return what is the same however many files the template has, and whatever is in them."""
    changing = re.compile(r"\b[0-9a-f]{7}\b|\d+")
    return [(it.typed, [changing.sub("N", line) for line in it.printed]) for it in steps]


if __name__ == "__main__":
    redraw(__file__, TITLE, record)
