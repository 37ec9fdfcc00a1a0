"""The questions, the paths, and the rules that the raw tree obeys so that it can be carved."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import PurePath

from post_gen_project import PLACE, QUOTED, carve, conditions
from tests.documents import dead_links, lost_targets
from tests.template import FREE_TEXT, MANIFEST, QUESTIONS, RAW, ROOT, answer, files, texts

EVALUATED_BY_NOBODY = ("*.md", "LICENSE-*", "pyproject.toml", "openapi.toml")
STRAYS = [
    *("__pycache__", "*.pyc", ".*_cache", ".hypothesis", ".venv", ".uv", "uv.lock", ".env"),
    *(".DS_Store", "*.egg-info", ".coverage", "*.orig", "*.rej", "*.swp", "*~"),
]
SOURCES = texts(RAW)
PLACES = [(name, line) for name, text in SOURCES.items() for line in text.splitlines()]
PLACES = [(name, line) for name, line in PLACES if PLACE.search(line)]


def test_every_question_is_asked_in_words() -> None:
    prompts = MANIFEST["__prompts__"]
    assert list(prompts) == QUESTIONS
    for question, prompt in prompts.items():
        if isinstance(MANIFEST[question], list) and not isinstance(prompt, str):
            assert list(prompt) == ["__prompt__", *MANIFEST[question]]


def test_the_hooks_know_the_choices_of_every_question() -> None:
    asked = {name: value for name, value in MANIFEST.items() if isinstance(value, list)}
    assert MANIFEST["_choices"] == {name: asked[name] for name in QUESTIONS if name in asked}


def test_the_keys_stand_in_the_order_that_literal_answers_relies_on() -> None:
    assert QUESTIONS[:2] == ["project_name", "project_slug"]
    assert list(MANIFEST)[-1] == "_extensions"


def test_no_condition_has_two_meanings() -> None:
    choices = [choice for those in MANIFEST["_choices"].values() for choice in those]
    names = [*choices, *(name for name in QUESTIONS if isinstance(MANIFEST[name], bool))]
    twice = {name for name in names if names.count(name) > 1}
    used = {name for condition in MANIFEST["_paths"] for name in condition.split(" or ")}
    for text in SOURCES.values():
        used |= set(re.findall(r"[\w.-]+", " ".join(re.findall(r"(?:#|//|<!--) if (.+)", text))))
    assert not twice & used


def test_every_path_exists_and_belongs_to_a_condition() -> None:
    known = conditions(answer())
    for condition, paths in MANIFEST["_paths"].items():
        assert set(condition.split(" or ")) <= set(known)
        assert paths
        assert [path for path in paths if not (RAW / path).exists()] == []


def test_every_marker_is_in_place_and_names_a_condition() -> None:
    chosen = conditions(answer())
    for name, text in SOURCES.items():
        carve(text, PurePath(name), chosen)


def test_nothing_of_jinja_stands_in_the_raw_tree_but_answers() -> None:
    for name, text in SOURCES.items():
        assert "{%" not in text, name
        for place in re.findall(r"\{\{[^{}]*cookiecutter[^{}]*\}\}", text):
            found = PLACE.fullmatch(place)
            assert found, f"{name}: {place}"
            assert found[1] in QUESTIONS, f"{name}: {place}"


def test_an_answer_stands_inside_double_quotes_where_it_is_code() -> None:
    for name, line in PLACES:
        for place in PLACE.finditer(line) if name.endswith(tuple(QUOTED)) else ():
            before = re.sub(r"\\.", "", line[: place.start()])
            assert before.count('"') % 2 == 1, f"{name}: {line}"
            assert "'" not in before.split('"')[0], f"{name}: {line}"


def test_free_text_stands_only_where_nothing_evaluates_or_formats_it() -> None:
    # A shell, make, compose and a workflow would expand it; ruff would requote or refuse it.
    for name, line in PLACES:
        if any(place[1] in FREE_TEXT for place in PLACE.finditer(line)):
            file = PurePath(name).name
            assert any(fnmatch(file, allowed) for allowed in EVALUATED_BY_NOBODY), name


def test_no_cache_or_stray_lies_in_the_raw_tree() -> None:
    parts = {part for path in RAW.rglob("*") for part in path.relative_to(RAW).parts}
    assert [part for part in sorted(parts) for stray in STRAYS if fnmatch(part, stray)] == []


def test_no_path_of_the_raw_tree_is_a_template() -> None:
    assert [name for name in files(RAW) if "{" in name or "}" in name] == []


def test_every_file_is_plain_text_with_plain_line_ends() -> None:
    for name, text in SOURCES.items():
        assert "\r" not in text, name
        assert not text.startswith("\ufeff"), name
        assert not text or text.endswith("\n"), name


def test_the_template_has_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == MANIFEST["_template_name"]
    assert project["version"] == MANIFEST["_version"]


def test_the_readme_lists_every_question_with_its_default_and_choices() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for question in QUESTIONS:
        value = MANIFEST[question]
        options = value if isinstance(value, list) else [value]
        row = re.search(rf"^\| `{question}` \|(.+)$", readme, re.MULTILINE)
        assert row, question
        choices = ["true", "false"] if isinstance(value, bool) else map(str, options)
        assert [it for it in choices if "{{" not in it and f"`{it}`" not in row[1]] == []


def test_the_documents_of_the_template_name_only_what_is_there() -> None:
    assert [*dead_links(ROOT), *lost_targets(ROOT, RAW)] == []
