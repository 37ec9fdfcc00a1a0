"""Node and the npm packages that the page is made of, pinned in page/package-lock.json."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
PACKAGES = FOLDER / "node_modules"
LOCK = FOLDER / "package-lock.json"
NODE = 20
"""The oldest Node that is tried."""
SECONDS = 120


def find_missing() -> str | None:
    """Say which program is missing or too old, and what to do, if any is."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return f"node or npm is not installed. Install Node {NODE} or later with npm."
    version = subprocess.run([node, "--version"], capture_output=True, encoding="utf-8", check=True)  # noqa: S603 - without a shell
    if int(version.stdout.strip().lstrip("v").partition(".")[0]) < NODE:
        return f"node is {version.stdout.strip()}. Install Node {NODE} or later."
    return None


def install() -> None:
    """Install the packages of the lock file, unless they are there.

    Raises:
        SystemExit: npm cannot have them; the last line says what to do.

    """
    installed = PACKAGES / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= LOCK.stat().st_mtime:
        return
    npm = shutil.which("npm") or "npm"
    try:
        ended = subprocess.run(  # noqa: S603 - without a shell
            [npm, "ci", "--silent", "--fetch-retries=1"],
            cwd=FOLDER,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
        failed = ended.returncode != 0
    except subprocess.TimeoutExpired:
        failed = True
    if failed:
        raise SystemExit(
            "page: npm could not install what page/package-lock.json lists. Run in page/, where "
            "the npm registry can be reached: npm ci"
        )
