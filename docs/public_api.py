# ruff: noqa: INP001 - a script is no package
"""Writes the page of what a service may import from its chassis, from `__all__` and docstrings.

From the root of the template: `PYTHONPATH=.:hooks python docs/public_api.py`; with `--release` it
also records the names that the release has, which later ones keep.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, NamedTuple

from tests.template import MANIFEST, RAW, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHASSIS = RAW / "chassis"
PAGE = RAW / "docs" / "chassis.md"
RELEASED = ROOT / "docs" / "public-api.txt"
"""A name a line, as in the last release; those that were deprecated by then say so."""
HEAD = """\
# What the chassis offers

What `app/` may import from `chassis/`. Nothing on this page leaves without having been
deprecated for a release; everything else in `chassis/` may change with any update.
"""


class Name(NamedTuple):
    """One public name: what its docstring says first, and whether it is deprecated."""

    name: str
    meaning: str
    deprecated: bool


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the modules that have `__all__`, by their dotted names."""
    for path in sorted(CHASSIS.rglob("*.py")):
        if "tests" not in path.parts and "\n__all__ = " in path.read_text("utf-8"):
            inside = path.relative_to(RAW).with_suffix("")
            yield ".".join(inside.parts).removesuffix(".__init__"), path


def names(path: Path) -> Iterator[Name]:
    """Yield what a module offers, in its own order."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from (described(tree, name) for name in ast.literal_eval(node.value))


def described(tree: ast.Module, name: str) -> Name:
    """Find what a name is: defined here, or imported from where it is."""
    for number, node in enumerate(tree.body):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name == name:
                marked = any("deprecated" in ast.unparse(it) for it in node.decorator_list)
                return Name(name, first(ast.get_docstring(node)), marked)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if name in map(ast.unparse, targets):
                after = tree.body[number + 1 : number + 2]
                said = [it.value for it in after if isinstance(it, ast.Expr)]
                text = [it.value for it in said if isinstance(it, ast.Constant)]
                return Name(name, first(str(text[0]) if text else None), deprecated=False)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (alias.asname or alias.name) == name and node.module.startswith("chassis"):
                    return described(ast.parse(source(node.module)), alias.name)
    raise SystemExit(f"{name} is in __all__, and nothing defines it.")


def source(module: str) -> str:
    """Read a module by its dotted name."""
    path = RAW.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file.read_text("utf-8")


def first(docstring: str | None) -> str:
    """Take the first line of a docstring."""
    return (docstring or "").strip().partition("\n")[0]


def condition(path: Path) -> str:
    """Name the option that a module belongs to; empty if it is always there."""
    inside = path.relative_to(RAW).as_posix()
    owners = (
        name
        for name, paths in MANIFEST["_paths"].items()
        if any(inside.startswith(f"{one}/") or inside == one for one in paths)
    )
    return next(owners, "")


def page() -> str:
    """Write the page as it stands in the raw tree."""
    parts = [HEAD]
    for module, path in modules():
        rows = [f"| `{it.name}` | {it.meaning} |" for it in names(path)]
        said = first(ast.get_docstring(ast.parse(path.read_text("utf-8"))))
        text = "\n".join(
            [f"\n## `{module}`\n", f"{said}\n", "| Name | Is |", "| --- | --- |", *rows]
        )
        option = condition(path)
        parts.append(f"<!-- if {option}: -->{text}\n<!-- end -->\n" if option else f"{text[1:]}\n")
    return (
        "\n".join(parts)
        .replace("-->\n\n## ", "-->\n## ")
        .replace("<!-- end -->\n\n", "\n<!-- end -->\n")
    )


def offered() -> dict[str, bool]:
    """Give every public name, and whether it is deprecated."""
    return {
        f"{module}.{it.name}": it.deprecated for module, path in modules() for it in names(path)
    }


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    if "--release" in sys.argv:
        lines = (f"{name} deprecated\n" if old else f"{name}\n" for name, old in offered().items())
        RELEASED.write_text("".join(lines), "utf-8")
