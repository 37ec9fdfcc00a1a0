# ruff: noqa: INP001 - a script is no package
"""Draws a canary that responds with errors, and is rolled back while users keep sending requests.

From the root of the template: `PYTHONPATH=.:hooks python docs/pictures/canary.py`.

It runs the real session, behind nginx on this machine and with processes in place of
containers, notes what was printed in canary.json, and draws that; `--draw` draws what is noted.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from docs.pictures.terminal import Step, redraw, run
from tests.proofs.carved import Carved, clean
from tests.rollouts.conftest import ANSWERS
from tests.rollouts.host import RolloutHost, user_load

NOTES = Path(__file__).with_suffix(".json")
OUTPUT = Path(__file__).with_suffix(".svg")
TITLE = "A canary responds with errors and is rolled back"
TOOL = "python3 -m chassis.rollout"
SESSION = (
    f"{TOOL} canary releases/1.5.0 || echo exit code $?",
    f"{TOOL} status",
)


def record(host: RolloutHost) -> list[Step]:
    """Run the session on a host without releases."""
    for release, fault in (("1.4.0", ""), ("1.5.0", "fails")):
        host.create_release(release, fault)
    tools = host.folder / "bin"
    tools.mkdir()
    (tools / "python3").write_text(
        f'#!/bin/sh\nshift 2\nexec "{sys.executable}" -B -m {host.tool} "$@"\n', "utf-8"
    )
    (tools / "python3").chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    variables = clean(**host.variables, PATH=path, PYTHONPATH=str(host.folder))
    try:
        host.configure(timeout=120)
        host.run_tool("rolling", "releases/1.4.0")
        canary = ((10, 15), (50, 15))
        host.configure(seconds=15, smoke=False, timeout=120, canary=canary)
        with user_load(host):
            steps = [run(typed, host.folder, variables) for typed in SESSION]
    finally:
        host.clean_up()
    here = f"{host.folder}/"
    return [Step(it.typed, [line.replace(here, "") for line in it.printed]) for it in steps]


def stable(steps: list[Step]) -> list[tuple[str, list[str]]]:
    """Return what is the same however fast the machine is, and however early a gate decides."""
    # A gate that decides early has fewer requests than count, and either kind may be the first.
    changing = re.compile(r", counted as of \d+(?=:)|GET|POST|sha256:\w+|\d[\d.]*|\s+")
    readings = re.compile(r" +\d+\.\d +at \d+ %: ")
    return [
        (
            it.typed,
            [
                " ".join(changing.sub(" ", line).replace(" :", ":").split())
                for line in it.printed
                if not readings.match(line)
            ],
        )
        for it in steps
    ]


def record_from_scratch(folder: Path) -> list[Step]:
    """Carve a service, and run the session on a host of its own."""
    carved = Carved.make(folder / "carved", **ANSWERS, _chassis_tests=True).sync()
    (folder / "host").mkdir()
    return record(RolloutHost(carved, folder / "host"))


if __name__ == "__main__":
    redraw(__file__, TITLE, record_from_scratch)
