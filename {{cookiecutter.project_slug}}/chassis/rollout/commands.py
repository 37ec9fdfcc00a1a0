"""Runs another program, and turns its failure into one sentence."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LINES = 5


def run(
    *command: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float | None = 600,
) -> str:
    """Give what it writes, errors included; without `seconds`, however long it takes.

    Raises StepFailed with its last lines if it fails.
    """
    try:
        ended = subprocess.run(  # noqa: S603 - commands of the configuration, never of a shell
            command,
            cwd=cwd,
            env=env,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except OSError as error:
        raise StepFailed(
            f"{command[0]} cannot be run: {error.strerror}. Is it installed?"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise StepFailed(
            f"{' '.join(command)} has not ended within {seconds:g} seconds."
        ) from error
    if ended.returncode:
        raise StepFailed(f"{' '.join(command)} failed ({ended.returncode}): {last(ended.stdout)}")
    return ended.stdout


def last(text: str) -> str:
    """Give the last lines in one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-LINES:])[-1000:] or "nothing"
