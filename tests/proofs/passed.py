"""Which test files of a carving have passed elsewhere, byte for byte, with the same dependencies.

What a test file loads are the modules that it imports, theirs too, and every conftest.py. One that
starts programs or reads files of the service depends on all of it.
"""

from __future__ import annotations

import ast
import re
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = re.compile(r"\bsubprocess\b|\bRunning\b|\bROOT\b|__file__|\.glob\(|\bcwd\b")
"""Words of a test that reaches for more than what it imports."""


def list_test_files(service: Path) -> list[str]:
    """Every test file of a carving, by its path."""
    found = (path.relative_to(service) for path in service.glob("**/test_*.py"))
    return sorted(it.as_posix() for it in found if not it.parts[0].startswith("."))


def digest(service: Path, test: str) -> str:
    """Sum up what a test file loads, and the dependencies that are declared."""
    loaded = {*reached(service, service / test), *service.glob("*/pyproject.toml")}
    loaded |= {service / "pyproject.toml", service / ".python-version"}
    if any(WHOLE.search(it.read_text("utf-8")) for it in loaded if is_test(it)):
        own = (it for it in service.rglob("*") if it.is_file() and ".venv" not in it.parts)
        loaded |= {it for it in own if not {"__pycache__", ".mypy_cache"} & {*it.parts}}
    rows = sorted((it.relative_to(service).as_posix(), it.read_bytes()) for it in loaded)
    summed = (f"{name} {sha256(data).hexdigest()}" for name, data in rows)
    return sha256("\n".join([test, *summed]).encode()).hexdigest()


def is_test(path: Path) -> bool:
    """Return whether a file is a test, or part of one."""
    return not {"tests", "testing", "contract"}.isdisjoint(path.parts)


def reached(service: Path, start: Path) -> set[Path]:
    """Follow imports within the service."""
    found: set[Path] = set()
    waiting = [start, *service.glob("conftest.py"), *start.parent.glob("*.py")]
    waiting += [service / "app" / "main.py"]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        text = path.read_text("utf-8")
        for module in {*modules(ast.parse(text)), *re.findall(r'"((?:app|chassis)[.\w]+)"', text)}:
            parts = module.split(".")
            for length in range(1, len(parts) + 1):
                at = service.joinpath(*parts[:length])
                waiting += [at.with_suffix(".py"), at / "__init__.py"]
    return found


def modules(tree: ast.Module) -> set[str]:
    """Name the modules that are imported, and the names that may be modules too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {it.name for it in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{it.name}" for it in node.names)}
    return found


class Passed:
    """What has passed, for all workers of a run: an empty file each, named by its digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def missing(self, service: Path) -> dict[str, str]:
        """Give the test files that have yet to pass, with their digests."""
        digests = {test: digest(service, test) for test in list_test_files(service)}
        return {test: it for test, it in digests.items() if not (self.folder / it).exists()}

    def note(self, digests: dict[str, str]) -> None:
        """Note that they did."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for it in digests.values():
            (self.folder / it).touch()
