"""What the owner of a service does with it: copies an example, as the README says."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.proofs.carved import Carved


def add_copies(service: Carved, copies: Mapping[str, str]) -> None:
    """Copy each example, singular to singular, install it, and document its settings."""
    for old, new in copies.items():
        copy(service.path / "app", old, new)
    for old, new in copies.items():
        own = rf"from app\.{old}s import .*\n|    {old}s: .*\n|    outbound_{old}s: .*\n"
        repeat(service.path / "app" / "main.py", own, old, new)
    service.run("make", "settings", "ARGS=--write")
    service.run("make", "format")


def copy(app: Path, old: str, new: str) -> None:
    """Copy a folder and replace a word in it, in whatever case, in the names of files too."""
    folder = app / f"{new}s"
    shutil.copytree(app / f"{old}s", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [it for it in folder.rglob("*") if it.is_file()]:
        path.write_text(replaced(path.read_text(), old, new))
        path.rename(path.with_name(replaced(path.name, old, new)))


def replaced(text: str, old: str, new: str) -> str:
    """Replace a word in lower case, capitalized and in upper case."""
    for change in (str.lower, str.capitalize, str.upper):
        text = text.replace(change(old), change(new))
    return text


def repeat(path: Path, lines: str, old: str, new: str) -> None:
    """Repeat lines of a file with another word, each after the original."""
    found = re.compile(lines)
    path.write_text(found.sub(lambda line: line[0] + replaced(line[0], old, new), path.read_text()))
