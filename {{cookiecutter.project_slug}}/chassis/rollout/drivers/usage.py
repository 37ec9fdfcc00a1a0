"""Reads what a process uses, where Linux keeps it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def usage(process: Path) -> tuple[float, int]:
    """Give seconds of processor time and bytes of memory; none of a process that is gone.

    `process` is its folder in /proc.
    """
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0
    ticks = int(fields[11]) + int(fields[12])  # proc(5): utime and stime, after pid and comm
    return ticks / os.sysconf("SC_CLK_TCK"), int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
