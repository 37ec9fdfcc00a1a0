"""Removes examples: features whose docstring begins with "An example"."""

from __future__ import annotations

import ast
import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING

from chassis.features.composition_root import PATH, remove_lines
from chassis.features.migrations import remove_tables, tables  # if database
from chassis.features.workspace import Refusal

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from pathlib import Path

    from chassis.features.workspace import Workspace

MARK = '"""An example '
PAGE = "docs/develop.md"
"""The page that lists the examples; its section is removed with the last one."""
SETTING = (".py", ".env", ".yaml")
"""Files that can set variables."""
SECTION = re.compile(r"^## Remove the examples\n.*?(?=^## )", re.MULTILINE | re.DOTALL)


def examples(root: Path) -> list[str]:
    """Find the examples in the service."""
    found = sorted(root.glob("app/*/__init__.py"))
    return [it.parent.name for it in found if it.read_text("utf-8").startswith(MARK)]


def choose(root: Path, name: str) -> list[str]:
    """Return the examples to remove. Raises `Refusal` if something else has this name."""
    found = examples(root)
    if name and name not in found and (root / "app" / name).exists():
        advice = f"Delete app/{name} by hand, and its lines in {PATH}"
        raise Refusal(f"NAME={name}: is not an example: its docstring does not say so. {advice}.")
    return [it for it in found if name in {"", it}]


def remove(workspace: Workspace, chosen: list[str], options: Namespace) -> list[str]:
    """Remove examples from the copy; return what to know about it.

    Raises `Refusal` if something else needs one of them, or if git cannot restore one.
    """
    said: list[str] = []
    root, variables = workspace.read(PATH), []
    models: list[str] = []  # if database
    for name in chosen:
        models += tables(workspace.copy / "app" / name)  # if database
        shutil.rmtree(workspace.copy / "app" / name)
        root, fields = remove_lines(root, f"app.{name}")
        variables += [field.upper() for field in fields]
    workspace.write(PATH, root)
    check_imports(workspace, chosen)
    if variables:
        remove_variables(workspace, variables)
    page = re.sub(rf"(?m)^- `({'|'.join(chosen)})`: .*\n", "", workspace.read(PAGE))
    workspace.write(PAGE, page if examples(workspace.copy) else SECTION.sub("", page))
    said += remove_tables(workspace, models, deployed=options.deployed)  # if database
    workspace.finish()
    if not options.force:
        edited = edited_files(workspace)
        said += [f"{it} was edited after its first commit." for it in edited]
    return [*said, *mentions(workspace, chosen)]


def edited_files(workspace: Workspace) -> list[str]:
    """List removed files with several commits. Raises `Refusal` if git cannot restore them all."""
    paths = [path for verb, path in workspace.changes() if verb == "delete"]
    lost = workspace.git("ls-files", "--others", "--modified", "--exclude-standard", "--", *paths)
    log = ("log", "--all", "--format=", "--name-only", "--relative")
    changed = workspace.git(*log, "--", *paths)
    if lost is None or changed is None:
        advice = "Commit first, or add ARGS=--force."
        raise Refusal(f"There is no git repository to restore deleted files from. {advice}")
    if lost:
        others = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        what = f"git cannot restore {lost[0]}{others}"
        raise Refusal(f"{what}. Commit first, or add ARGS=--force.")
    return sorted(path for path, commits in Counter(changed).items() if commits > 1)


def check_imports(workspace: Workspace, names: list[str]) -> None:
    """Raise `Refusal` if remaining Python code imports what is removed."""
    modules = tuple(f"app.{name}." for name in names)
    for path in workspace.texts(".py"):
        for node in ast.walk(ast.parse(workspace.read(path), path)):
            found: list[str] = []
            if isinstance(node, ast.ImportFrom):
                found = [f"{node.module}.{it.name}." for it in node.names]
            elif isinstance(node, ast.Import):
                found = [f"{it.name}." for it in node.names]
            if any(it.startswith(modules) for it in found):
                what = f"{path} imports {found[0].rstrip('.')}, which would be gone"
                raise Refusal(f"{what}. Change that first.")


def remove_variables(workspace: Workspace, groups: list[str]) -> None:
    """Remove the lines outside `app/` that set variables of groups, and the comment above each."""
    line = rf"[ \t]*[\"']?(?:{'|'.join(groups)})_[A-Z0-9_]+[\"']?[ \t]*[=:,].*\n"
    lines = re.compile(rf"(?:^[ \t]*#.*\bexample\b.*\n)?^{line}", re.MULTILINE)
    for path in workspace.texts(*SETTING):
        text = workspace.read(path)
        workspace.write(path, lines.sub("", text))


def mentions(workspace: Workspace, names: list[str]) -> Iterator[str]:
    """Yield the lines outside `app/` that still name an example."""
    named = re.compile(rf"\bapp[./](?:{'|'.join(names)})\b|[\"'](?:/(?:{'|'.join(names)}))\b")
    for path in workspace.texts(*SETTING):
        for number, line in enumerate(workspace.read(path).splitlines(), 1):
            if named.search(line):
                yield f"{path}:{number} still names an example: {line.strip()}"
