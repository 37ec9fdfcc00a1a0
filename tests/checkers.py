"""The tools of a service's own `make lint`, on every variant of every file in few calls.

Batches are folders that look like a service: the first holds the first variant of each file, the
second the second of those that have two, and so on. What a tool reports names the combination.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tests.modules import OWN
from tests.template import run
from tests.variants import COMBINATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.variants import Tree, Variant

CONFIGURATION = ("pyproject.toml", "chassis/pyproject.toml")
SCHEMAS = {
    ".github/workflows/*.yml": "vendor.github-workflows",
    ".github/dependabot.yml": "vendor.dependabot",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    "renovate.json": "vendor.renovate",
}
PLACE = re.compile(r"(?:^|[\s'\"(])(?:\S*/)?b(\d+)/([\w./-]+)")


FIRST_PARTY = f"lint.isort.known-first-party={json.dumps(OWN)}"
"""A batch lacks most modules; in a service those that are imported are there (tests/modules.py)."""
RUFF = ("--no-cache", "--config", FIRST_PARTY)


class Batches:
    """Every variant of every file, written once, in folders that look like a service."""

    def __init__(self, tree: Tree, root: Path) -> None:
        self.root = root
        self.written: dict[tuple[str, str], Variant] = {}
        self.tree = tree
        for name in tree.raw:
            for number in range(len(tree.of(name))):
                self._write(number, name)
        self.count = 1 + max(int(number) for number, _ in self.written)
        for number in range(self.count):
            for name in self._context(number):
                self._write(number, name)

    def _context(self, number: int) -> Iterator[str]:
        """Yield what the modules of a batch are judged by: configuration, packages around them."""
        modules = [it for at, it in self.written if at == str(number) and it.endswith(".py")]
        around = {f"{it}/__init__.py" for name in modules for it in PurePosixPath(name).parents}
        yield from CONFIGURATION
        yield from (name for name in around if name in self.tree.raw and modules)

    def _write(self, number: int, name: str) -> None:
        variant = self.tree.of(name)[number % len(self.tree.of(name))]
        path = self.root / f"b{number}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(variant.text.encode())
        self.written[str(number), name] = variant

    def paths(self, *patterns: str) -> list[str]:
        """Every variant whose path matches a pattern, by its path from the root."""
        return [
            f"b{number}/{name}"
            for number, name in self.written
            if any(PurePosixPath(name).match(it) for it in patterns)
        ]

    def call(self, *command: str) -> Iterator[str]:
        """Run a tool over them; yield what it says, with the combination that it is about."""
        ended = run(*command, cwd=self.root, NO_COLOR="1")
        if ended.returncode:
            for line in (ended.stdout + ended.stderr).replace("\\", "/").splitlines():
                found = PLACE.search(line)
                variant = self.written.get((found[1], found[2])) if found else None
                yield f"{line}: {COMBINATIONS.named(variant.where)}" if variant else line


def configured_alike(batches: Batches) -> Iterator[str]:
    """Yield a configuration of ruff that depends on answers: batches would hide what it does."""
    for name in CONFIGURATION:
        texts = [variant.text for variant in batches.tree.of(name)]
        read = [tomllib.loads(it)["tool"]["ruff"] for it in texts]
        if any(it != read[0] for it in read):
            yield name


def style(batches: Batches) -> Iterator[str]:
    """Let ruff check what is the team's, and what is the chassis's by its own configuration."""
    chassis = [f"b{number}/chassis" for number in range(batches.count)]
    for where in ["."], chassis:
        yield from batches.call("ruff", "check", *RUFF, "--output-format=concise", *where)


def formatting(batches: Batches) -> Iterator[str]:
    """Let ruff look at the format of both."""
    chassis = [f"b{number}/chassis" for number in range(batches.count)]
    for where in ["."], chassis:
        yield from batches.call("ruff", "format", *RUFF, "--check", *where)


def yaml_style(batches: Batches) -> Iterator[str]:
    """Let yamllint look at all YAML."""
    (configuration,) = batches.tree.of(".yamllint.yaml")
    text = re.sub(r"^ignore-from-file: .*\n", "", configuration.text, flags=re.MULTILINE)
    found = batches.paths("*.yaml", "*.yml")
    configured = ("--config-data", text)
    yield from batches.call("yamllint", "--strict", "--format", "parsable", *configured, *found)


def schemas(batches: Batches) -> Iterator[str]:
    """Validate pipelines and the configuration of dependency updates against their schemas."""
    for pattern, schema in SCHEMAS.items():
        if found := batches.paths(pattern):
            command = ("check-jsonschema", "--builtin-schema", schema)
            yield from batches.call(*command, *found)


def workflows(batches: Batches) -> Iterator[str]:
    """Let zizmor look for what is unsafe in workflows."""
    folders = sorted({path.partition("/.github/")[0] for path in batches.paths(".github/*/*.yml")})
    where = [f"{folder}/.github" for folder in folders]
    yield from batches.call("zizmor", "--offline", "--pedantic", "--quiet", *where)


def images(batches: Batches) -> Iterator[str]:
    """Let hadolint look at the Dockerfile."""
    yield from batches.call("hadolint", *batches.paths("Dockerfile"))


CHECKERS: list[Callable[[Batches], Iterator[str]]] = [
    *(configured_alike, style, formatting, yaml_style, schemas, workflows, images),
]
