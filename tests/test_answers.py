"""Any answer either survives to the letter in every file, or is refused; none is ever executed."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cookiecutter.exceptions import FailedHookException
from cookiecutter.utils import create_env_with_context
from hypothesis import given, settings
from hypothesis import strategies as st

from post_gen_project import QUOTED, fill
from pre_gen_project import problems
from tests.template import (
    FREE_TEXT,
    MANIFEST,
    QUESTIONS,
    ROOT,
    answer,
    bake,
    carve,
    files,
    run,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PIECES = [
    *('"', "'", '"""', "'''", "\\", '\\"', "\\\\", "\\n", "\\u0041", "\\N{DIGIT ONE}", "`", "$"),
    *("{{", "}}", "{%", "%}", "{#", "#}", "{{ cookiecutter.author }}", "{{cookiecutter.email}}"),
    *("{{cookiecutter.project_slug}}", "{{ cookiecutter.project_name | slugify }}"),
    *("{{ cookiecutter | tojson }}", "{% raw %}", "{% endraw %}", "{{ undefined.x }}", "{{ 7*7 }}"),
    *("{% include '/etc/passwd' %}", "# if metrics", "# if gitlab:", "# end", "<!-- if gitlab -->"),
    *(
        "$(id)",
        "${{ secrets.TOKEN }}",
        "${HOME}",
        "$$",
        "%s",
        "{0}",
        "%(x)s",
        "; rm -rf .",
        "&& id",
    ),
    *("---", "...", "- a", "a: b", "&a *a", "!!python/object", "[x", "]x", ": {", "null", "yes"),
    *("1e999", "#", "@x", "|", ">", "<script>alert(1)</script>", "&amp;", "]]>", "-->", "[a](b)"),
    *(
        "Zoë L\u2019Été",
        "日本語",
        "עברית",
        "العربية",
        "🚀",
        "👩\u200d💻",
        "e\u0301",
        "a\u00a0b",
        "\U0001f3f4",
    ),
]
LINES = ["\n", "\r", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800", "\udc80"]
PAYLOAD = (
    '{{{{ cycler.__init__.__globals__.os.popen("touch {0}").read() }}}} $(touch {0}) `touch {0}`'
)
MARKS = {name: f"Answer to {name}" for name in FREE_TEXT}


def data(path: Path) -> object:
    """What a program reads from a file, if it is one for programs; its text otherwise."""
    text = path.read_bytes().decode("utf-8")
    match path.suffix:
        case ".toml":
            return tomllib.loads(text)
        case ".json":
            read = json.loads(text)
            if path.name == ".cookiecutter.json":
                del read["carved_tree"]  # the id of all that is compared
            return read
        case ".yml" | ".yaml":
            return list(yaml.safe_load_all(text))
        case ".py":
            nodes = ast.walk(ast.parse(text))
            return [node.value for node in nodes if isinstance(node, ast.Constant)]
    return text


def replaced(value: object, said: dict[str, str]) -> object:
    """Put what was said where their marks stand in a value, however deep."""
    if isinstance(value, dict):
        return {replaced(key, said): replaced(item, said) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, said) for item in value]
    if isinstance(value, str):
        for name, mark in MARKS.items():
            value = said[name].join(value.split(mark))
    return value


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    service = carve(tmp_path_factory.mktemp("expected") / "orders", project_slug="orders", **MARKS)
    return {name: data(path) for name, path in files(service).items()}


@pytest.mark.parametrize(
    "pieces", [*zip(*[iter(PIECES)] * 3, strict=False), PIECES[::2], PIECES[1::2], PIECES[::-1]]
)
def test_any_visible_text_survives_to_the_letter_in_every_file(
    tmp_path: Path, expected: dict[str, Any], pieces: list[str]
) -> None:
    name, description, *more = pieces
    said = {"project_name": name, "description": description, "author": " ".join(more)[:100]}
    service = bake(tmp_path / "out", project_slug="orders", **said)
    assert {name: data(path) for name, path in files(service).items()} == {
        name: replaced(value, said) for name, value in expected.items()
    }


def test_the_marks_stand_in_every_kind_of_file(expected: dict[str, Any]) -> None:
    holders = {name for name, value in expected.items() if MARKS["author"] in str(value)}
    assert {".cookiecutter.json", "LICENSE-MIT", "pyproject.toml"} <= holders


@pytest.mark.parametrize("question", [*FREE_TEXT, "project_slug", "email", "image_owner"])
def test_no_answer_is_ever_executed(tmp_path: Path, question: str) -> None:
    canary = tmp_path / "canary"
    try:
        service = bake(tmp_path / "out", **{question: PAYLOAD.format(canary)})
    except FailedHookException:
        assert list((tmp_path / "out").iterdir()) == []
    else:
        assert any(PAYLOAD.format(canary) in text for text in texts(service).values())
    assert not canary.exists()


@pytest.mark.parametrize(
    "slug",
    [
        *("../up", "../../up", "a/b", "a/../b", ".", "..", "", "/up", "~", "a\\b", "é", "a b"),
        *(
            "x" * 41,
            "x" * 5000,
            "a\nb",
            "a\0b",
            "{{cookiecutter.project_slug}}",
            "-rf",
            "A",
            "json",
        ),
    ],
)
def test_a_hostile_slug_is_refused_and_leaves_nothing_behind(
    tmp_path: Path, slug: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(FailedHookException):
        bake(tmp_path / "out", project_slug=slug)
    assert list((tmp_path / "out").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"out", "home"}
    assert capfd.readouterr().err.startswith("project_slug: ")


def test_every_problem_is_told_without_a_traceback(tmp_path: Path) -> None:
    bad = {"project_slug": "../x", "description": "a\nb", "author": "\udc80", "email": '"@"'}
    said = [f"{name}={value}" for name, value in bad.items()]
    ended = run("cookiecutter", str(ROOT), "--no-input", *said, cwd=tmp_path)
    named = ended.stderr.partition("\n\n")[0].splitlines()
    assert [line.partition(":")[0] for line in named] == list(bad)
    assert "Traceback" not in ended.stdout
    assert ended.returncode == 1
    assert {path.name for path in tmp_path.iterdir()} == {".cookiecutter_replay"}


READERS: dict[str, Callable[[str], object]] = {
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
    ".json": json.loads,
    ".jsonc": json.loads,
    ".py": ast.literal_eval,
}
anything = st.lists(
    st.one_of(st.sampled_from([*PIECES, *LINES]), st.text(max_size=5)), max_size=8
).map(lambda parts: json.loads(json.dumps("".join(parts))))
"""JSON, which answers pass through, reads two surrogates in a row as the character they make."""


def rendered(hook: str, answers: dict[str, Any]) -> object:
    """What a hook reads of the answers after cookiecutter has rendered it."""
    source = (ROOT / "hooks" / hook).read_text("utf-8")
    context = {"cookiecutter": answers}
    made = create_env_with_context(context).from_string(source).render(**context)
    for node in ast.parse(made).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ANSWERS":
            return json.loads(ast.literal_eval(node.value))
    return None


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(FREE_TEXT, anything)), st.sampled_from(sorted(QUOTED)))
def test_whatever_is_typed_is_refused_or_read_back_the_same(
    said: dict[str, str], suffix: str
) -> None:
    answers = answer(project_slug="orders", **said)
    assert {name: answers[name] for name in said} == said
    assert rendered("pre_gen_project.py", answers) == answers
    assert rendered("post_gen_project.py", answers) == answers
    named = {problem.partition(":")[0] for problem in problems(answers)}
    for name in said.keys() - named:
        place = f"{{{{ cookiecutter.{name} }}}}"
        line = f'a = "{place}"' if suffix == ".toml" else f'{{"a": "{place}"}}'
        assert READERS[suffix](fill(line, PurePath(f"a{suffix}"), answers)) == {"a": said[name]}
        assert fill(place, PurePath("README.md"), answers) == said[name]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([name for name in QUESTIONS if isinstance(MANIFEST[name], str)]), anything)
def test_cookiecutter_takes_every_text_as_it_is(question: str, text: str) -> None:
    assert answer(**{question: text})[question] == text


def test_jobs_without_a_database_are_refused_in_one_line() -> None:
    assert list(problems(answer(jobs=True, database=False))) == [
        "jobs: they wait in the database. Answer yes to database, or no to jobs."
    ]
    assert list(problems(answer(jobs=True))) == []
