"""Raise dependencies to the newest versions, past their upper bounds if need be.

They are those of the service, those that its files pin, and those of the template itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tests.template import RAW, ROOT

PROJECTS = (RAW / "pyproject.toml", RAW / "chassis" / "pyproject.toml", ROOT / "pyproject.toml")
PINNING = (RAW / "Dockerfile", RAW / "Makefile")
BOUNDED = re.compile(
    r'"(?P<name>[\w.-]+)(?P<extras>\[[\w,-]+\])?>=(?P<low>[\d.]+),<(?P<high>[\d.]+)'
)
PINNED = re.compile(
    r"(?P<before>\bARG (?P<arg>[A-Z]+)_VERSION=|\b(?P<tool>[\w-]+)@)(?P<at>\d[\d.]+)"
)


def newest(needed: list[str]) -> dict[str, str]:
    """Ask uv for the newest versions that go together: name -> version."""
    with tempfile.TemporaryDirectory() as folder:
        project = {"name": "newest", "version": "0", "requires-python": ">=3.11"}
        fields = [f'{key} = "{value}"' for key, value in project.items()]
        text = "\n".join(
            ["[project]", *fields, f"dependencies = {needed}", "[tool.uv]", "package = false"]
        )
        Path(folder, "pyproject.toml").write_text(text + "\n", "utf-8")
        uv = os.environ.get("UV", "uv")
        subprocess.run([uv, "lock", "--quiet"], cwd=folder, check=True)
        locked = tomllib.loads(Path(folder, "uv.lock").read_text("utf-8"))["package"]
    return {it["name"]: it["version"] for it in locked}


def numbers(version: str) -> list[int]:
    """Read the numbers of a release: 1.20.1 -> [1, 20, 1]."""
    return [int(part) for part in re.findall(r"\d+", version)]


def above(version: str, high: str) -> str:
    """Keep an upper bound that still is above a version, or set one as exact as it was."""
    if numbers(version) < numbers(high):
        return high
    *whole, last = numbers(version)[: len(numbers(high))]
    return ".".join(map(str, [*whole, last + 1]))


def needed(pyproject: str) -> list[str]:
    """List what has bounds, without the upper ones."""
    found = BOUNDED.finditer(pyproject)
    return sorted({f"{it['name']}{it['extras'] or ''}>={it['low']}" for it in found})


def raised(pyproject: str, versions: dict[str, str]) -> str:
    """Set each bound to the available version; others stay unchanged."""

    def bound(match: re.Match[str]) -> str:
        version = versions.get(match["name"])
        if version is None:
            return match[0]
        low = re.sub(r"(\.0)+$", "", version)
        return f'"{match["name"]}{match["extras"] or ""}>={low},<{above(version, match["high"])}'

    return BOUNDED.sub(bound, pyproject)


def pins(text: str) -> list[str]:
    """List what is pinned by `ARG UV_VERSION=1.2.3` or `checkov@1.2.3`."""
    return [(it["tool"] or it["arg"]).lower() for it in PINNED.finditer(text)]


def pinned(text: str, versions: dict[str, str]) -> str:
    """Set each pin to the available version."""

    def pin(match: re.Match[str]) -> str:
        return match["before"] + versions[(match["tool"] or match["arg"]).lower()]

    return PINNED.sub(pin, text)


def main() -> int:
    """Rewrite the files, and say what changed."""
    olds = {path: path.read_text("utf-8") for path in (*PROJECTS, *PINNING)}
    news = {path: raised(olds[path], newest(needed(olds[path]))) for path in PROJECTS}
    for path in PINNING:
        news[path] = pinned(olds[path], {it: newest([it])[it] for it in pins(olds[path])})
    changed = 0
    for path, new in news.items():
        path.write_text(new, "utf-8")
        for before, after in zip(olds[path].splitlines(), new.splitlines(), strict=True):
            if before != after:
                changed += 1
                sys.stdout.write(f"{path.relative_to(ROOT)}: {before.strip()} -> {after.strip()}\n")
    if not changed:
        sys.stdout.write("Nothing newer: every version is the newest that goes with the others.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
