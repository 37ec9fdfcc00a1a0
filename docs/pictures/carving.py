# ruff: noqa: INP001 - a script is no package
"""Draws a service that is carved by cookiecutter, and the commands that it has.

From the root of the template: `PYTHONPATH=.:hooks python docs/pictures/carving.py`.

It runs the session for real, notes what was printed in carving.json, and draws that; `--draw` only
draws what is noted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from docs.pictures.terminal import Step, redraw, run
from tests.template import ROOT

NOTES = Path(__file__).with_suffix(".json")
OUTPUT = Path(__file__).with_suffix(".svg")
TITLE = "A service is carved"
ADDRESS = "gh:OWNER/cookiecutter-python-service"
SESSION = (
    f"uvx cookiecutter {ADDRESS} --no-input tracing=false",
    "cd orders && ls",
    "make | head -n 14",
)


def record(folder: Path) -> list[Step]:
    """Run the session in an empty folder, with this template at the address."""
    tools = folder / "bin"
    tools.mkdir()
    (tools / "uvx").write_text(
        f'#!/bin/sh\nshift 2\nexec "{sys.executable}" -m cookiecutter "{ROOT}" "$@"\n', "utf-8"
    )
    (tools / "uvx").chmod(0o755)
    variables = {
        "COLUMNS": "88",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
    }
    where, steps = folder, list[Step]()
    for typed in SESSION:
        steps.append(run(typed, where, variables))
        where = where / "orders" if typed.startswith("cd orders") else where
    return steps


if __name__ == "__main__":
    redraw(__file__, TITLE, record)
