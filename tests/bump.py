"""Raise the service's dependencies to the newest versions, past their upper bounds if need be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tests.template import RAW, carve

BOUNDED = re.compile(
    r'"(?P<name>[\w.-]+)(?P<extras>\[[\w,-]+\])?>=(?P<low>[\d.]+),<(?P<high>[\d.]+)'
)


def newest(pyproject: str) -> dict[str, str]:
    """Ask uv for the newest version of everything, upper bounds aside: name -> version."""
    with tempfile.TemporaryDirectory() as folder:
        where = carve(Path(folder) / "service")
        free = re.sub(r"(>=[\d.]+),<[\d.]+", r"\1", (where / "pyproject.toml").read_text("utf-8"))
        (where / "pyproject.toml").write_text(free, "utf-8")
        uv = os.environ.get("UV", "uv")
        subprocess.run([uv, "lock", "--quiet", "--upgrade"], cwd=where, check=True)
        locked = tomllib.loads((where / "uv.lock").read_text("utf-8"))["package"]
    wanted = {match["name"] for match in BOUNDED.finditer(pyproject)}
    return {it["name"]: it["version"] for it in locked if it["name"] in wanted}


def numbers(version: str) -> list[int]:
    """Read the numbers of a release: 1.20.1 -> [1, 20, 1]."""
    return [int(part) for part in re.findall(r"\d+", version)]


def above(version: str, high: str) -> str:
    """Keep an upper bound that still is above a version, or set one as exact as it was."""
    if numbers(version) < numbers(high):
        return high
    *whole, last = numbers(version)[: len(numbers(high))]
    return ".".join(map(str, [*whole, last + 1]))


def raised(pyproject: str, versions: dict[str, str]) -> str:
    """Set each bound to the version at hand; what is not among them stays as it is."""

    def bound(match: re.Match[str]) -> str:
        version = versions.get(match["name"])
        if version is None:
            return match[0]
        low = re.sub(r"(\.0)+$", "", version)
        return f'"{match["name"]}{match["extras"] or ""}>={low},<{above(version, match["high"])}'

    return BOUNDED.sub(bound, pyproject)


def main() -> int:
    """Rewrite the raw pyproject.toml, and say what changed."""
    path = RAW / "pyproject.toml"
    old = path.read_text("utf-8")
    new = raised(old, newest(old))
    path.write_text(new, "utf-8")
    for before, after in zip(old.splitlines(), new.splitlines(), strict=True):
        if before != after:
            sys.stdout.write(f"{before.strip()} -> {after.strip()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
