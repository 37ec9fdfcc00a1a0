"""Every combination of answers is a whole service, with no trace of what is off."""

from __future__ import annotations

import json
import re
import tomllib
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from post_gen_project import conditions, holds
from tests.documents import dead_links, lost_targets
from tests.template import MANIFEST, answer, carve, run, texts

if TYPE_CHECKING:
    from pathlib import Path

TRACES = {
    "metrics": ["metrics", "prometheus"],
    "database": [
        "database",
        "sqlalchemy",
        "alembic",
        "asyncpg",
        "sqlite",
        "postgres",
        r"app[./]notes|/notes\b|NOTES_",
    ],
    "cache": [r"\bredis(?!t)", "valkey", "CACHE_(URL|TTL)", r"app[./]cache"],
    "github": [r"github(?!\.com)"],
    "gitlab": ["gitlab"],
    "MIT": ["MIT License", "LICENSE-MIT"],
    "Apache-2.0": ["Apache License", "LICENSE-Apache", "Apache-2.0"],
    "BSD-3-Clause": ["BSD"],
    "LicenseRef-Proprietary": ["Proprietary"],
}
"""Words that only a feature brings: a condition -> patterns, in contents and paths, case aside."""

OPTIONS: dict[str, list[Any]] = {
    **{name: [True, False] for name, default in MANIFEST.items() if default is True},
    **MANIFEST["_choices"],
}
COMBINATIONS = [dict(zip(OPTIONS, values, strict=True)) for values in product(*OPTIONS.values())]


@pytest.mark.parametrize("given", COMBINATIONS, ids=lambda it: "-".join(map(str, it.values())))
def test_every_combination_is_whole(given: dict[str, Any], tmp_path: Path) -> None:
    service = carve(tmp_path / "orders", **given)
    what_is_off_left_no_trace_and_what_is_on_is_there(service, answer(**given))
    nothing_of_the_template_is_left(service)
    it_is_linted_and_formatted_by_its_own_rules(service)
    every_file_parses(service)
    assert [*dead_links(service), *lost_targets(service)] == []


def traces(service: Path, condition: str) -> list[str]:
    """Every place that has a word of a feature; the record of the answers may name it."""
    words = re.compile("|".join(TRACES[condition]), re.IGNORECASE)
    sources = {name: text for name, text in texts(service).items() if name != ".cookiecutter.json"}
    found = [name for name in sources if words.search(name)]
    for name, text in sources.items():
        lines = enumerate(text.splitlines(), 1)
        found += [f"{name}:{number}: {line}" for number, line in lines if words.search(line)]
    return found


def test_every_condition_has_words_to_look_for() -> None:
    assert TRACES.keys() == MANIFEST["_paths"].keys()


def what_is_off_left_no_trace_and_what_is_on_is_there(
    service: Path, answers: dict[str, Any]
) -> None:
    for condition, paths in MANIFEST["_paths"].items():
        on = holds(condition, conditions(answers), "")
        assert [path for path in paths if (service / path).exists() != on] == []
        assert bool(traces(service, condition)) == on, traces(service, condition)


def nothing_of_the_template_is_left(service: Path) -> None:
    for name, text in texts(service).items():
        assert "cookiecutter" not in text or name == ".cookiecutter.json", name
        assert not re.search(r"(#|//|<!--) (if .+|end|else:?)( -->)?$", text, re.MULTILINE), name
        assert name.endswith((".py", ".mako")) or "\n\n\n" not in text, name
        assert not text.endswith("\n\n"), name


def it_is_linted_and_formatted_by_its_own_rules(service: Path) -> None:
    for command in ("check",), ("format", "--check"):
        quiet = ("--no-cache", "--quiet", "--output-format=concise")
        ended = run("ruff", *command, *quiet, cwd=service)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def every_file_parses(service: Path) -> None:
    for name, text in texts(service).items():
        match name.rpartition(".")[2]:
            case "py":
                compile(text, name, "exec", dont_inherit=True)
            case "toml":
                tomllib.loads(text)
            case "json":
                json.loads(text)
            case "yml" | "yaml":
                list(yaml.safe_load_all(text))


@pytest.mark.parametrize(
    ("ci", "schema", "file"),
    [
        ("github", "vendor.github-workflows", ".github/workflows/ci.yml"),
        ("gitlab", "vendor.gitlab-ci", ".gitlab-ci.yml"),
    ],
)
def test_a_pipeline_is_what_its_provider_reads(
    tmp_path: Path, ci: str, schema: str, file: str
) -> None:
    service = carve(tmp_path / "orders", ci=ci)
    ended = run("check-jsonschema", "--builtin-schema", schema, file, cwd=service)
    assert ended.returncode == 0, ended.stdout
