"""The rollout tool, killed when it writes its journal: `killed.py <moment> <arguments of deploy>`.

Each line of the journal has two moments: just before it is written, and just after. Between the
line that says what will be done and the one that says it is lies the doing of it.
"""
# mypy: ignore-errors
# It runs beside a carved service's deploy/, which the template does not have.

from __future__ import annotations

import os
import signal
import sys

from deploy.__main__ import main
from deploy.journal import Journal

left = int(sys.argv[1])
append = Journal.append


def moment() -> None:
    global left  # noqa: PLW0603 - a fuse
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)


def deadly(self: Journal, entry: dict) -> None:
    moment()
    append(self, entry)
    moment()


Journal.append = deadly
sys.exit(main(sys.argv[2:]))
