"""Every combination of answers is a whole service, with no trace of what is off."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests import faults, modules
from tests.checkers import CHECKERS, Batches
from tests.pairwise import CHOICES, pairwise, seed
from tests.template import MANIFEST, carve, texts
from tests.variants import COMBINATIONS, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TRACES = {
    "metrics": [r"metrics(?!:$|\])", "prometheus", r"^\| `\w+_total`", r"health[./]figures"],
    "database": [
        "database",
        "sqlalchemy",
        "alembic",
        "asyncpg",
        "sqlite",
        "pgbouncer",
        "postgres",
        r"app[./]notes|/notes\b|NOTES_",
    ],
    "jobs": [
        r"app[./]reminders|/reminders\b",
        r"chassis[./]jobs|\bJOBS_|jobs_(waiting|held)",
        "procrastinate",
        "psycopg",
        r"app (worker|jobs)\b",
    ],
    "cache": [r"\bredis(?!t)", "valkey", "CACHE_(URL|TTL)", r"chassis[./]cache"],
    "outbound": ["outbound", "stamina", r"app[./]quotes", r"\bquotes_"],
    "outbound or cache": [r"chassis[./]breaker", "circuit"],
    "database or cache or auth or outbound or tracing": [
        r"environment[./]local_host",
        "is_local_host",
    ],
    "database or auth or outbound": [r"logs[./]libraries", "silence_libraries"],
    "metrics or tracing or database or auth or cache or outbound": [r"chassis[./]timing"],
    "tracing": [r"opentelemetry[.-]", "otlp", r"chassis[./]tracing", "TRACING_", r"\bOTEL_"],
    "errors": ["sentry", r"chassis[./]errors", r"\bERRORS_"],
    "auth or outbound or tracing": [r"environment[./]url", "validate_http_url"],
    "auth": ["joserfc", "jwks", r"chassis[./]auth\b", r"\bAUTH_"],
    "docker": [
        r"\bdockerfile\b",
        "dockerignore",
        r"(?<!test\.)compose\.yaml",
        r"compose/(?!test\.yaml)",
        r"nginx[./]",
        "what a pipeline pushes",
    ],
    "compose": [
        r"deploy/rollout\.toml",
        r"make deploy\b",
        r"chassis[./]rollout",
        r"docs/deploy\.md",
    ],
    "kubernetes": ["kubernetes", "k8s", "kubectl", "kustomi"],
    "github": [r"github(?!\.com|_pat)", "dependabot", "zizmor"],
    "gitlab": ["gitlab"],
    "MIT": ["MIT License", "LICENSE-MIT"],
    "Apache-2.0": ["Apache License", "LICENSE-Apache", "Apache-2.0"],
    "BSD-3-Clause": ["BSD"],
    "LicenseRef-Proprietary": ["Proprietary"],
    "_chassis_tests": [r"chassis/([\w/]+/)?tests\b", r"rules/tests\b"],
}
"""Words that only a feature brings: a condition -> patterns, in contents and paths, case aside."""

FINDERS: list[Callable[[Tree], Iterator[str]]] = [
    *(faults.leftovers, faults.broken, faults.lost_listings, faults.lost_paths),
    *(faults.dead_links, faults.lost_targets, faults.lost_files_of_compose),
    *(modules.lost_imports, modules.lost_packages, modules.crossed),
    *(modules.undeclared, modules.unused),
]


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Batches:
    return Batches(Tree.load(), tmp_path_factory.mktemp("batches"))


def test_every_variant_is_counted_and_every_combination_has_its_files() -> None:
    began = time.monotonic()
    variants = Tree.load().variants
    users = COMBINATIONS.every & ~COMBINATIONS.holding("_chassis_tests")
    seconds = time.monotonic() - began
    counted = f"{users.bit_count():,} combinations, {len(variants):,} variants"
    print(f"V1 every combination: {counted}, {seconds:.1f} s")  # noqa: T201 - a figure
    for name, text in Tree.load().raw.items():
        if text is not None:
            seen = [variant.where for variant in Tree.load().of(name)]
            assert sum(seen) == Tree.load().where(name), f"{name}: two texts, or none"


def test_what_is_off_leaves_no_trace_and_what_is_on_is_there() -> None:
    assert list(faults.traces(Tree.load(), TRACES)) == []


@pytest.mark.parametrize("find", FINDERS, ids=lambda it: it.__name__)
def test_nothing_is_wrong_in_any_combination(find: Callable[[Tree], Iterator[str]]) -> None:
    assert list(find(Tree.load())) == []


@pytest.mark.parametrize("check", CHECKERS, ids=lambda it: it.__name__)
def test_every_variant_passes_the_tools_of_the_service(
    check: Callable[[Batches], Iterator[str]], batches: Batches
) -> None:
    began = time.monotonic()
    found = list(check(batches))
    seconds = time.monotonic() - began
    print(f"V2 {check.__name__}: {len(batches.written):,} files, {seconds:.1f} s")  # noqa: T201 - a figure
    assert found == []


@pytest.mark.parametrize("given", pairwise(seed()), ids=lambda it: "-".join(map(str, it.values())))
def test_the_hook_carves_what_the_variants_say(given: dict[str, Any], tmp_path: Path) -> None:
    it_is_carved_as_the_variants_say(given, tmp_path / "orders")


def it_is_carved_as_the_variants_say(given: dict[str, Any], where: Path) -> None:
    carved = texts(carve(where, **given))
    del carved[".cookiecutter.json"], carved["chassis/SHA256SUMS"]
    one = COMBINATIONS.number(given)
    assert carved == {it.path: it.text for it in Tree.load().variants if it.where & one}


def test_every_answer_stands_in_some_combination() -> None:
    for name, values in CHOICES.items():
        assert {given[name] for given in COMBINATIONS.all} == set(values)


def test_every_condition_has_words_to_look_for() -> None:
    assert TRACES.keys() == MANIFEST["_paths"].keys()
