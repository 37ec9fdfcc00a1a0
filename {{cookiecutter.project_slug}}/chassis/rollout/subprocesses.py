"""Runs other programs, and turns a failure into one sentence."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from chassis.rollout.errors import StepError

if TYPE_CHECKING:
    from collections.abc import Mapping

LINES = 5
CHARACTERS = 1000


def run(*command: str, env: Mapping[str, str] | None = None, seconds: float | None = 600) -> str:
    """Return the output of the program, including errors; `seconds=None` waits without limit.

    Raises StepError with the last lines of output if it fails.
    """
    try:
        ended = subprocess.run(  # noqa: S603 - commands of the configuration, never of a shell
            command,
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
        raise StepError(
            f"{command[0]} cannot be run: {error.strerror}. Install it, or fix its path."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise StepError(f"{' '.join(command)} timed out after {seconds:g} seconds.") from error
    if ended.returncode:
        output = last_lines(ended.stdout)
        raise StepError(f"{' '.join(command)} failed with exit code {ended.returncode}: {output}")
    return ended.stdout


def last_lines(text: str) -> str:
    """Join the last lines of a text into one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-LINES:])[-CHARACTERS:] or "no output"
