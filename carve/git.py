"""Runs git, without the variables and settings that would point it elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carve.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OLDEST = (2, 30)
POINTERS = (
    "DIR",
    "WORK_TREE",
    "INDEX_FILE",
    "OBJECT_DIRECTORY",
    "PREFIX",
    "COMMON_DIR",
    "NAMESPACE",
    "LITERAL_PATHSPECS",
    "GLOB_PATHSPECS",
    "NOGLOB_PATHSPECS",
    "ICASE_PATHSPECS",
    "QUARANTINE_PATH",
)
"""Variables `GIT_…` that a hook or an alias of git sets for its own repository and paths."""
ALTERNATES = "GIT_ALTERNATE_OBJECT_DIRECTORIES"
SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.safecrlf": "false",
    "core.quotePath": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
}


@dataclass(frozen=True)
class Git:
    """Git in one folder."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command; the caller checks whether it failed."""
        dropped = {ALTERNATES, *(f"GIT_{name}" for name in POINTERS)}
        kept = {name: it for name, it in os.environ.items() if name not in dropped}
        settings = {**SETTINGS, **self.settings}.items()
        options = [part for name, it in settings for part in ("-c", f"{name}={it}")]
        try:
            return subprocess.run(  # noqa: S603 - git itself, without a shell
                ["git", *options, *arguments],  # noqa: S607 - the git of whoever calls
                cwd=self.folder,
                env={**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **self.variables},
                input=given,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise Refusal("git: not found. Install git 2.30 or later.") from None

    def __call__(self, *arguments: str, given: bytes = b"") -> str:
        """Run a command that must succeed, and return what it printed."""
        ended = self.run(*arguments, given=given)
        if ended.returncode:
            said = "; ".join(ended.stderr.decode(errors="replace").split("\n")).strip("; ")
            raise Refusal(f"git {arguments[0]} failed: {said or f'code {ended.returncode}'}.")
        return ended.stdout.decode(errors="surrogateescape").strip("\n")

    def blob(self, identity: str) -> bytes:
        """Return the content of a blob."""
        return self.run("cat-file", "blob", identity).stdout


def check_version() -> None:
    """Refuse a git that is too old."""
    import pathlib  # noqa: PLC0415 - only here

    said = Git(pathlib.Path.cwd())("version")
    found = re.search(r"(\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise Refusal(f"git: {said} is too old. Install git 2.30 or later.")


def lines(text: str) -> list[str]:
    """Split what a command printed with `-z`."""
    return [it for it in text.split("\0") if it]


def joined(those: Iterable[str]) -> bytes:
    """Join paths for a command that reads them with `-z`."""
    return "".join(f"{it}\0" for it in those).encode(errors="surrogateescape")
