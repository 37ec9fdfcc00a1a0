"""The steps after a merge: documents of the settings, then the lock file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from carve.report import progress

if TYPE_CHECKING:
    from pathlib import Path

    from carve.service import Service

SECONDS = 60.0
LOCKED = ("pyproject.toml", "chassis/pyproject.toml")


def finish(service: Service, changed: set[str]) -> list[str]:
    """Write generated files; return the commands that remain to be run."""
    remaining = []
    has_settings = {"docs/settings.md", ".env.example", "app/main.py"} & changed
    if has_settings:
        there = (service.folder / ".venv").is_dir() and shutil.which("make")
        command = ("make", "--silent", "settings", "ARGS=--write")
        progress("writing the tables of settings") if there else None
        if there and succeeds(service.folder, *command):
            remaining += stage(service, "docs/settings.md", ".env.example")
        else:
            remaining.append("make settings ARGS=--write")
    if changed.intersection(LOCKED):
        locked = service.folder / "uv.lock"
        before = locked.read_bytes() if locked.is_file() else None
        progress("locking dependencies") if before is not None else None
        if (
            before is not None
            and (uv := os.environ.get("UV") or shutil.which("uv"))  # uv sets UV where it runs us
            and succeeds(service.folder, uv, "lock", "-q")
        ):
            remaining += stage(service, "uv.lock")
        else:
            if before is not None:
                locked.write_bytes(before)
            remaining.append("uv lock")
    return remaining


def succeeds(folder: Path, *command: str) -> bool:
    """Run a program with a time limit; return whether it succeeded.

    Processes that it started end with it: nothing may write after this has returned.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - commands of the service's own
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        return not process.wait(SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        return False  # what was left out is among the commands to run
    finally:
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def stage(service: Service, *paths: str) -> list[str]:
    """Add what was written to the index, where git knows it; return the command if that fails."""
    command = ("add", "--update", "--", *(it for it in paths if (service.folder / it).exists()))
    return [f"git {' '.join(command)}"] if service.git.run(*command).returncode else []
