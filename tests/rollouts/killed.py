"""The rollout tool, killed when it writes its journal: `killed.py <moment> <arguments of deploy>`.

With a word for the moment, it is killed just before it asks the Docker engine for that.

Each line of the journal has two moments: just before it is written, and just after. Between the
line that says what will be done and the one that says it is lies the doing of it.
"""
# mypy: ignore-errors
# It runs in a carved service, whose chassis the template does not have.

from __future__ import annotations

import os
import signal
import sys

from chassis.rollout.__main__ import main
from chassis.rollout.drivers import docker
from chassis.rollout.journal import Journal

word = "" if sys.argv[1].isdigit() else sys.argv[1]
left = sys.maxsize if word else int(sys.argv[1])
append, run = Journal.append, docker.run


def moment() -> None:
    global left  # noqa: PLW0603 - a fuse
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)


def deadly(self: Journal, entry: dict) -> None:
    moment()
    append(self, entry)
    moment()


def deadly_command(*command: str, **how: object) -> str:
    if command[:2] == ("docker", word):
        os.kill(os.getpid(), signal.SIGKILL)
    return run(*command, **how)


Journal.append, docker.run = deadly, deadly_command
sys.exit(main(sys.argv[2:]))
