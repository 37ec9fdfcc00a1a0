# ruff: noqa: INP001 - a script is no package
"""Generates the page of what a service may import from its chassis, from `__all__` and docstrings.

From the root of the template: `PYTHONPATH=.:hooks uv run python docs/public_api.py`. With
`--release` it also records the public names, which the next release must keep.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, NamedTuple

from tests.template import MANIFEST, RAW, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHASSIS = RAW / "chassis"
PAGE = RAW / "docs" / "chassis.md"
RELEASED = ROOT / "docs" / "public-api.txt"
"""The public names of the last release, one a line; deprecated ones say so."""
HEAD = """\
# What the chassis offers

What `app/` may import from `chassis/`, such as `from chassis.service import Feature`. Nothing on
this page leaves without having been deprecated for a release; everything else in `chassis/` may
change with any update. A deprecated name says what to use instead in its docstring and in the
changelog of the template.

| Name | Meaning |
| --- | --- |
"""


class Name(NamedTuple):
    """One public name, the first paragraph of its docstring, and whether it is deprecated."""

    name: str
    meaning: str
    deprecated: bool


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the dotted name and path of each module that has `__all__`."""
    for path in sorted(CHASSIS.rglob("*.py")):
        if "tests" not in path.parts and "\n__all__ = " in path.read_text("utf-8"):
            inside = path.relative_to(RAW).with_suffix("")
            yield ".".join(inside.parts).removesuffix(".__init__"), path


def names(path: Path) -> Iterator[Name]:
    """Yield the public names of a module, in the order of `__all__`."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from (describe(tree, name) for name in ast.literal_eval(node.value))


def describe(tree: ast.Module, name: str) -> Name:
    """Describe a name that a module defines, or imports from another one of the chassis."""
    for number, node in enumerate(tree.body):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name == name:
                marked = any("deprecated" in ast.unparse(it) for it in node.decorator_list)
                return Name(name, summary(ast.get_docstring(node)), marked)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if name in map(ast.unparse, targets):
                after = tree.body[number + 1 : number + 2]
                values = [it.value for it in after if isinstance(it, ast.Expr)]
                text = [it.value for it in values if isinstance(it, ast.Constant)]
                return Name(name, summary(str(text[0]) if text else None), deprecated=False)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (alias.asname or alias.name) == name and node.module.startswith("chassis"):
                    return describe(ast.parse(source(node.module)), alias.name)
    raise SystemExit(f"{name} is in __all__, but nothing defines it. Define it or remove it.")


def source(module: str) -> str:
    """Return the source of a module by its dotted name."""
    path = RAW.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file.read_text("utf-8")


def summary(docstring: str | None) -> str:
    """Return the first paragraph of a docstring, as one line."""
    return " ".join((docstring or "").strip().partition("\n\n")[0].split())


def option_of(path: Path) -> str:
    """Return the option that a module belongs to; empty if it is always carved."""
    inside = path.relative_to(RAW).as_posix()
    owners = (
        name
        for name, paths in MANIFEST["_paths"].items()
        if any(inside.startswith(f"{one}/") or inside == one for one in paths)
    )
    return next(owners, "")


def page() -> str:
    """Format the page for the raw tree, with a marker on each row that belongs to an option."""
    text = HEAD
    for module, path in modules():
        option = option_of(path)
        marker = f" <!-- if {option} -->" if option else ""
        text += "".join(f"| `{module}.{it.name}` | {cell(it)} |{marker}\n" for it in names(path))
    return text


def cell(name: Name) -> str:
    """Format the meaning of a name, and whether it is deprecated."""
    text = name.meaning.replace("|", r"\|")
    return f"Deprecated. {text}" if name.deprecated else text


def offered() -> dict[str, bool]:
    """Return every public name, and whether it is deprecated."""
    return {
        f"{module}.{it.name}": it.deprecated for module, path in modules() for it in names(path)
    }


def removed_too_early(released: str, now: Iterable[str]) -> list[str]:
    """Return the released names that are gone without having been deprecated in that release."""
    rows = (row.partition(" ") for row in released.splitlines())
    there = set(now)
    return [name for name, _, mark in rows if name not in there and mark != "deprecated"]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    if "--release" in sys.argv:
        lines = (f"{name} deprecated\n" if old else f"{name}\n" for name, old in offered().items())
        RELEASED.write_text("".join(lines), "utf-8")
