"""The state of an instance: its container according to the engine, and its usage."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class InstanceState:
    """The state of an instance at one moment."""

    alive: bool = False
    restarts: int = 0
    """How often the engine has restarted it."""
    cpu_seconds: float = 0.0
    memory: int = 0
    """Bytes of resident memory."""


def read_usage(process: Path) -> tuple[float, int]:
    """Read CPU seconds and resident bytes of a process and its descendants; zeros if gone.

    `process` is its folder in /proc. The first process of a container only starts the service.
    """
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        lists = [it.read_text().split() for it in process.glob("task/*/children")]
    except OSError:
        return 0.0, 0
    ticks = int(fields[11]) + int(fields[12])  # proc(5): utime and stime, after pid and comm
    own = (ticks / os.sysconf("SC_CLK_TCK"), int(fields[21]) * os.sysconf("SC_PAGE_SIZE"))
    used = [own, *(read_usage(process.with_name(pid)) for pids in lists for pid in pids)]
    return sum(it[0] for it in used), sum(it[1] for it in used)
