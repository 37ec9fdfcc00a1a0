"""Node and the npm packages of the page, pinned in page/package-lock.json."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
PACKAGES = FOLDER / "node_modules"
LOCK = FOLDER / "package-lock.json"
NODE = 20
"""The oldest supported Node."""
SECONDS = 120
ADVICE = (
    "npm cannot install what page/package-lock.json lists. Where the npm registry can be reached, "
    "run in page/: npm ci"
)


class MissingError(RuntimeError):
    """A tool for building the page is missing; the message says which one, and what to do."""


def prepare() -> None:
    """Install the packages of the lock file, unless they are there.

    Raises:
        MissingError: Node or npm is missing, or npm cannot install the packages.

    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise MissingError(f"node or npm is not installed. Install Node {NODE} or later with npm.")
    version = run(node, "--version").stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < NODE:
        raise MissingError(f"node is {version}. Install Node {NODE} or later.")
    installed = PACKAGES / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= LOCK.stat().st_mtime:
        return
    try:
        ended = run(npm, "ci", "--silent", "--fetch-retries=0")
    except subprocess.TimeoutExpired:
        raise MissingError(ADVICE) from None
    if ended.returncode:
        raise MissingError(ADVICE)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the folder of the page."""
    return subprocess.run(  # noqa: S603 - programs that are named here, without a shell
        command, cwd=FOLDER, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False
    )
