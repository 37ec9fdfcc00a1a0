"""The rollout tool, killed when it writes its journal: `kill_tool.py MOMENT TOOL ARGUMENTS…`.

MOMENT is a number, or the word of a Docker command before which the tool is killed; TOOL is the
module that `python -m` would run.

Each line of the journal has two moments: just before it is written, and just after. Between the
lines that record the intention and the completion of a step lies the step itself.
"""
# mypy: ignore-errors
# It runs with a carved service's rollout tool, which the template's environment does not have.

from __future__ import annotations

import os
import signal
import sys
from runpy import run_module

from chassis.rollout.docker import containers
from chassis.rollout.journal import Journal

moment, tool, *arguments = sys.argv[1:]
word = "" if moment.isdigit() else moment
left = sys.maxsize if word else int(moment)
append, run = Journal.append, containers.run


def pass_moment() -> None:
    global left  # noqa: PLW0603 - counts down
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)


def append_or_die(self: Journal, entry: dict) -> None:
    pass_moment()
    append(self, entry)
    pass_moment()


def run_or_die(*command: str, **options: object) -> str:
    if command[:2] == ("docker", word):
        os.kill(os.getpid(), signal.SIGKILL)
    return run(*command, **options)


Journal.append, containers.run = append_or_die, run_or_die
sys.argv = [tool, *arguments]
run_module(tool, run_name="__main__", alter_sys=True)
