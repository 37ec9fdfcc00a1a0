"""Every combination of answers is a whole service, with no trace of what is off."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from itertools import cycle, product
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from literal_answers import resolve
from post_gen_project import conditions, holds
from tests.documents import dead_links, lost_targets
from tests.template import MANIFEST, answer, carve, run, texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRACES = {
    "metrics": [r"metrics(?!:$|\])", "prometheus", r"^\| `\w+_total`", r"health[./]figures"],
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
    "outbound": ["outbound", "stamina", r"app[./]quotes", r"\bquotes_"],
    "outbound or cache": [r"chassis[./]breaker", "circuit"],
    "tracing": [r"opentelemetry[.-]", "otlp", r"app[./]tracing", "TRACING_", r"\bOTEL_"],
    "auth": ["joserfc", "jwks", r"app[./]auth\b", r"\bAUTH_"],
    "docker": [
        r"\bdockerfile\b",
        "dockerignore",
        r"(?<!test\.)compose\.yaml",
        r"nginx[./]",
        "what a pipeline pushes",
    ],
    "compose": [
        r"deploy/rollout\.toml",
        r"make deploy\b",
        r"-m deploy\b(?!\.kub)",
        r"rollouts\.md",
    ],
    "kubernetes": ["kubernetes", "k8s", "kubectl", "kustomi"],
    "github": [r"github(?!\.com)", "dependabot", "zizmor"],
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
ALONE = ("licence", "python_version")
"""Questions that touch no line of another's: their answers take turns instead of multiplying."""


def combinations() -> Iterator[dict[str, Any]]:
    """Every combination of the answers that meet in a file, beside each answer of the others.

    One with a contradiction is carved as another one, which is among them.
    """
    alone = cycle(product(*(OPTIONS[name] for name in ALONE)))
    meeting = {name: values for name, values in OPTIONS.items() if name not in ALONE}
    for values in product(*meeting.values()):
        given = dict(zip([*ALONE, *meeting], [*next(alone), *values], strict=True))
        answers = answer(**given)
        if resolve(answers) == answers:
            yield given


COMBINATIONS = list(combinations())


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
    found = []
    for name, text in texts(service).items():
        if name != ".cookiecutter.json":
            found += [name] if words(condition).search(name) else []
            found += [f"{name}:{line}" for line in telling(condition, text)]
    return found


@cache
def words(condition: str) -> re.Pattern[str]:
    return re.compile("|".join(TRACES[condition]), re.IGNORECASE)


@cache  # most files are the same in most combinations
def telling(condition: str, text: str) -> list[str]:
    lines = enumerate(text.splitlines(), 1)
    return [f"{number}: {line}" for number, line in lines if words(condition).search(line)]


def test_every_answer_stands_in_some_combination() -> None:
    for name, values in OPTIONS.items():
        assert {given[name] for given in COMBINATIONS} == set(values)


def test_every_condition_has_words_to_look_for() -> None:
    assert TRACES.keys() == MANIFEST["_paths"].keys()


def what_is_off_left_no_trace_and_what_is_on_is_there(
    service: Path, answers: dict[str, Any]
) -> None:
    for condition, paths in MANIFEST["_paths"].items():
        wrong = [path for path in paths if (service / path).exists() != belongs(path, answers)]
        assert wrong == []
        on = holds(condition, conditions(answers), "")
        assert bool(traces(service, condition)) == on, traces(service, condition)


def belongs(path: str, answers: dict[str, Any]) -> bool:
    """Tell whether every condition of a path, and of the folders it is in, holds."""
    return all(
        holds(condition, conditions(answers), "")
        for condition, paths in MANIFEST["_paths"].items()
        if any(f"{path}/".startswith(f"{folder}/") for folder in paths)
    )


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
        parse(name, text)


@cache
def parse(name: str, text: str) -> None:
    match name.rpartition(".")[2]:
        case "py":
            compile(text, name, "exec", dont_inherit=True)
        case "toml":
            tomllib.loads(text)
        case "json":
            json.loads(text)
        case "yml" | "yaml":
            list(yaml.safe_load_all(text))
