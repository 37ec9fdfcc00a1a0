"""Adds and removes lines of `app/main.py`, and leaves every other line as it is."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from chassis.features.workspace import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

PATH = "app/main.py"


def add_lines(text: str, module: str, names: Iterable[str], fields: Iterable[str]) -> str:
    """Import names of a module, and add fields to the class `Settings`.

    A field goes to the end; one with a prefix, as in `prefix_module`, goes to those with it.
    """
    tree, lines = ast.parse(text, PATH), text.splitlines(keepends=True)
    line = f"from {module} import {', '.join(names)}\n"
    imports = [it for it in tree.body if _module(it).split(".")[0] in {"app", "chassis"}]
    own = [it for it in _settings(tree) if isinstance(it, ast.AnnAssign)]
    if not imports or not own:
        advice = f"Restore them, or write the feature by hand: {line.strip()}"
        raise Refusal(f"{PATH} has no class Settings with fields, or no imports. {advice}")
    later = [it for it in imports if _in_order(_module(it)) > _in_order(module)]
    new = [(later[0].lineno - 1 if later else _end(imports[-1]), line)]
    for field in fields:
        prefix = field.partition(":")[0].removesuffix(module.rpartition(".")[2])
        alike = [it for it in own if _name(it).startswith(prefix)]
        of_the_team = [it for it in own if _names(it.annotation) & _imported(imports, "app")]
        before = of_the_team[0].lineno - 1 if of_the_team and not alike else 0
        new.append((before or _end((alike or own)[-1]), f"    {field}\n"))
    new.sort(key=lambda it: it[0])
    for place, added in reversed(new):
        lines.insert(place, added)
    return "".join(lines)


def remove_lines(text: str, module: str) -> tuple[str, list[str]]:
    """Remove a module's imports, and their uses in classes; return the fields' names too.

    Raises `Refusal` if another line needs them.
    """
    tree, lines = ast.parse(text, PATH), text.splitlines(keepends=True)
    gone = [it for it in tree.body if f"{_module(it)}.".startswith(f"{module}.")]
    names = _imported(gone, module)
    for body in (it.body for it in tree.body if isinstance(it, ast.ClassDef)):
        fields = [it for it in body if isinstance(it, ast.AnnAssign | ast.Assign)]
        gone += [it for it in fields if _names(it) & names]
    for node in sorted(gone, key=lambda it: it.lineno, reverse=True):
        del lines[node.lineno - 1 : _end(node)]
    left = "".join(lines)
    for it in ast.walk(ast.parse(left, PATH)):
        if isinstance(it, ast.Name) and it.id in names:
            what = lines[it.lineno - 1].strip()
            raise Refusal(f"{PATH} needs {it.id} in another line: {what}. Remove that first.")
    return left, sorted({_name(it) for it in gone if isinstance(it, ast.AnnAssign)})


def _settings(tree: ast.Module) -> list[ast.stmt]:
    classes = [it for it in tree.body if isinstance(it, ast.ClassDef) and it.name == "Settings"]
    return classes[0].body if classes else []


def _module(node: ast.stmt) -> str:
    return node.module or "" if isinstance(node, ast.ImportFrom) else ""


def _imported(imports: Iterable[ast.stmt], module: str) -> set[str]:
    """Return the names that are imported from a module, or from below it."""
    found = [it for it in imports if f"{_module(it)}.".startswith(f"{module}.")]
    return {
        name.asname or name.name
        for it in found
        if isinstance(it, ast.ImportFrom)
        for name in it.names
    }


def _names(node: ast.AST) -> set[str]:
    return {it.id for it in ast.walk(node) if isinstance(it, ast.Name)}


def _name(field: ast.AnnAssign) -> str:
    return ast.unparse(field.target)


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _in_order(module: str) -> list[Any]:
    """Return the sort key of modules in ruff: numbers in names by their value."""
    return [int(it) if it.isdigit() else it for it in re.split(r"(\d+)", module)]
