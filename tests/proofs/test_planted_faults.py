"""A fault in a rare combination of answers is found, and the combination is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests import checkers, faults, modules
from tests.template import RAW
from tests.test_carvings import TRACES
from tests.variants import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.checkers import Batches

RARE = "import gzip  # if auth or cache\n\nSTRENGTH = gzip.READ  # if tracing\n"
"""Undefined in one of eight combinations, unused in three of eight."""


class Fault(NamedTuple):
    """What is appended to a file, and what is said of it."""

    path: str
    text: str
    said: tuple[str, ...]


def traces(tree: Tree) -> Iterator[str]:
    return faults.traces(tree, TRACES)


SPANNING: list[tuple[Callable[[Tree], Iterator[str]], Fault]] = [
    (traces, Fault("docs/operations.md", "\nRedis is fast. <!-- if auth -->\n", ("cache=False",))),
    (traces, Fault("app/greetings/routes.py", "# no circuit here\n", ("outbound=False",))),
    (
        faults.leftovers,
        Fault("compose.yaml", "\n# if auth:\n\n# end\n", ("an empty line", "compose.yaml")),
    ),
    (faults.broken, Fault("compose.yaml", "x: [  # if auth\ny: ]  # if cache\n", ("=False",))),
    (
        faults.dead_links,
        Fault("docs/operations.md", "\n[It](../deploy/rollout.toml) says so.\n", ("deployment=",)),
    ),
    (
        faults.dead_links,
        Fault("docs/operations.md", "\n[It](../README.md#removing-redis).\n", ("removing-redis",)),
    ),
    (
        faults.lost_targets,
        Fault("docs/operations.md", "\nAsk `make migrate` for it.\n", ("database=False",)),
    ),
    (
        faults.lost_paths,
        Fault("Makefile", "\n# deploy/kubernetes/base\n", ("deploy/kubernetes/base",)),
    ),
    (
        faults.lost_files_of_compose,
        Fault("compose/web.yaml", "x-y:\n  file: cache.yaml\n", ("cache=False",)),
    ),
    (
        modules.lost_imports,
        Fault("app/greetings/routes.py", "from chassis.cache import Caching\n", ("cache=False",)),
    ),
    (
        modules.lost_imports,
        Fault("app/greetings/routes.py", "from chassis.logs import Logg\n", ("chassis.logs.Logg",)),
    ),
    (modules.lost_packages, Fault("app/odd/one.py", '"""Alone."""\n', ("app/odd/__init__.py",))),
    (modules.crossed, Fault("chassis/commands.py", "import app.main\n", ("app.main",))),
    (
        modules.undeclared,
        Fault("app/greetings/routes.py", "import redis\n", ("redis", "cache=False")),
    ),
    (modules.undeclared, Fault("app/greetings/routes.py", "import hypothesis\n", ("hypothesis",))),
    (
        modules.undeclared,
        Fault("chassis/server/__init__.py", "import annotated_types\n", ("annotated_types",)),
    ),
    (
        modules.unused,
        Fault("chassis/auth/__init__.py", "", ("joserfc", "auth")),
    ),
]

LINTED: list[tuple[Callable[[Batches], Iterator[str]], Fault]] = [
    (
        checkers.style,
        Fault(
            "app/greetings/strength.py",
            f'"""How strong."""\n\n{RARE}',
            (
                "F401 [*] `gzip` imported but unused: tracing=False",
                "F821 Undefined name `gzip`: cache=False auth=False",
            ),
        ),
    ),
    (
        checkers.style,
        Fault("chassis/strength.py", f'"""How strong."""\n\n{RARE}', ("F401", "F821")),
    ),
    (
        checkers.formatting,
        Fault(
            "chassis/strength.py",
            '"""How strong."""\n\nNAMES = {\n    "a",  # if auth\n}\n',
            ("would be reformatted", "auth=False"),
        ),
    ),
    (
        checkers.formatting,
        Fault(
            "app/strength.py",
            '"""How strong."""\n\nNAMES = {\n    "a",  # if auth or github\n}\n',
            ("would be reformatted", "auth=False ci="),
        ),
    ),
    (checkers.yaml_style, Fault("compose.yaml", "# if gitlab:\nx:   1\n# end\n", ("ci=gitlab",))),
    (
        checkers.schemas,
        Fault(".github/workflows/ci.yml", "  odd: {}  # if outbound\n", ("odd", "ci.yml")),
    ),
    (checkers.images, Fault("Dockerfile", "RUN sudo true  # if kubernetes\n", ("=kubernetes",))),
    (
        checkers.configured_alike,
        Fault("pyproject.toml", '[tool.ruff.lint.pep8-naming]\nx = ["a"]  # if auth\n', ("py",)),
    ),
]


def planted(fault: Fault) -> dict[str, str]:
    path = RAW / fault.path
    before = path.read_text("utf-8") if path.exists() else ""
    return {fault.path: before + fault.text}


@pytest.mark.parametrize(("find", "fault"), SPANNING)
def test_a_fault_is_found_in_the_combination_that_has_it(
    find: Callable[[Tree], Iterator[str]], fault: Fault
) -> None:
    if not fault.text:  # nothing imports it any more
        text = (RAW / "chassis/pyproject.toml").read_text("utf-8")
        marked = '  "joserfc>=1.8,<2",  # if auth\n'
        plant = {"chassis/pyproject.toml": text.replace(marked, marked.replace("  # if auth", ""))}
    else:
        plant = planted(fault)
    found = list(find(Tree.load().plant(plant)))
    assert found, "nothing was found"
    assert all(any(said in line for line in found) for said in fault.said), found


@pytest.mark.parametrize(("check", "fault"), LINTED)
def test_a_fault_is_found_by_the_tools_in_the_variant_that_has_it(
    check: Callable[[Batches], Iterator[str]], fault: Fault, tmp_path: Path
) -> None:
    kept = (fault.path, *checkers.CONFIGURATION, ".yamllint.yaml")
    tree = Tree.load().plant(planted(fault))
    tree.raw = {name: text for name, text in tree.raw.items() if name in kept}
    found = list(check(checkers.Batches(tree, tmp_path)))
    assert all(any(said in line for line in found) for said in fault.said), found
