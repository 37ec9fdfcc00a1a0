"""Adds a feature: fills in the templates of a kind, and adds it where features are listed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from chassis.features.composition_root import PATH, add_lines
from chassis.features.names import Name, check_meanings, check_name, check_singular, identifiers
from chassis.features.workspace import Refusal

if TYPE_CHECKING:
    from chassis.features.workspace import Workspace

FOLDER = Path(__file__).parent
KINDS = [it.stem for it in sorted(FOLDER.glob("*.toml"))]
"""The kinds of features that this service can have; options of the template bring others."""


def add(workspace: Workspace, given: str, kind: str, singular: str = "") -> list[str]:
    """Add a feature to the copy; return what is left to do by hand.

    Raises `Refusal` if the service cannot have it.
    """
    if kind not in KINDS:
        advice = f"Choose {' or '.join(KINDS)}, or see which options `carve add` can add."
        raise Refusal(f"KIND={kind}: this service has no such kind of feature. {advice}")
    check_name(given, workspace)
    check_singular(given, singular)
    name, root = Name(given, singular), workspace.read(PATH)
    check_meanings(name, identifiers(root), PATH)
    template = Template((FOLDER / f"{kind}.toml").read_text("utf-8"))
    for text in tomllib.loads(template.substitute(Name("zzzs").words()))["files"].values():
        check_meanings(name, identifiers(text), "the code of a feature")
    feature = tomllib.loads(template.substitute(name.words()))
    for path, text in feature["files"].items():
        workspace.write(f"app/{given}/{path}", text)
    workspace.write(PATH, add_lines(root, f"app.{given}", feature["imports"], feature["fields"]))
    by_hand = [it for edit in feature.get("lines", ()) for it in insert(workspace, **edit)]
    workspace.finish()
    return [*by_hand, *feature.get("next", [])]


def insert(workspace: Workspace, path: str, after: str, line: str) -> list[str]:
    """Insert a line after the last one that matches, in every file; return what failed."""
    left = []
    for file in sorted(workspace.copy.glob(path)):
        name = file.relative_to(workspace.copy).as_posix()
        text = workspace.read(name)
        ends = [it.end() for it in re.finditer(rf"^{after}\n", text, re.MULTILINE)]
        if ends:
            workspace.write(name, f"{text[: ends[-1]]}{line}\n{text[ends[-1] :]}")
        else:
            left.append(f"{name}: add the line {line.strip()}")
    return left
