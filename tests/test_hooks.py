"""The hooks, function by function."""

from __future__ import annotations

import ast
import json
import re
import shutil
import tomllib
from itertools import product
from pathlib import Path, PurePath
from typing import Any

import pytest

from literal_answers import resolve
from post_gen_project import Flaw, carve, conditions, fill, holds, make, source, tree_id
from pre_gen_project import DEPENDENCIES, problems
from tests.template import MANIFEST, RAW, ROOT, answer, commit, run

HOOKS = sorted((ROOT / "hooks").glob("*.py"))
KNOWN = {"metrics": True, "database": False, "cache": False}
PYTHON, YAML, MARKDOWN = PurePath("a.py"), PurePath("a.yml"), PurePath("a.md")


def refused(**given: object) -> list[str]:
    return list(problems({**answer(), **given}))


def test_the_default_answers_are_fine() -> None:
    assert refused() == []


@pytest.mark.parametrize("slug", ["a", "orders", "orders-api", "a1-2b", "x" * 40])
def test_a_good_slug_is_taken(slug: str) -> None:
    assert refused(project_slug=slug) == []


@pytest.mark.parametrize(
    "slug",
    [
        *("", "Orders", "1st", "-a", "a-", "a--b", "a_b", "a b", "a.b", "é", "x" * 41, "a\n", None),
        *("..", "../x", "/etc/x", "a/b", "a\\b", "~", "$HOME", "{{cookiecutter.project_slug}}"),
        *(
            "class",
            "app",
            "chassis",
            "main",
            "test",
            "tests",
            "json",
            "email",
            "fastapi",
            "uvicorn",
        ),
    ],
)
def test_a_bad_or_taken_slug_is_refused_with_a_fix(slug: object) -> None:
    (problem,) = refused(project_slug=slug)
    assert re.match(r"project_slug: .+\. (Use|Try) ", problem)
    assert "\n" not in problem


def test_no_service_is_named_like_what_it_depends_on() -> None:
    needed = []
    for path in RAW / "pyproject.toml", RAW / "chassis" / "pyproject.toml":
        project = tomllib.loads(path.read_text("utf-8"))
        groups = project.get("dependency-groups", {}).values()
        needed += [*project["project"]["dependencies"], *(one for group in groups for one in group)]
    assert {re.split(r"[^\w-]", one)[0] for one in needed} == DEPENDENCIES


@pytest.mark.parametrize("question", ["project_name", "description", "author"])
@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", None, 3, ["a"], "x" * 201, "a\nb", "a\rb", "a\tb", "a\0b", "\x7f", "\x85"),
        *("\x1b[31m", "\u2028", "\u2029", "\ud800", "\u202e", "\u2066", "\ufeff", "\ufffe"),
    ],
)
def test_text_that_no_line_can_hold_is_refused_with_a_fix(question: str, text: object) -> None:
    (problem,) = refused(**{question: text})
    assert re.fullmatch(rf"{question}: [ -~]+\. (Use at most \d+|Write [a-z ]+)\.", problem)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        *product(["email"], ["", "a", "a@b", "a@b.c d", "a@b.c\n", '"a"@b.c', "<a@b.c>", None]),
        *product(["image_owner"], ["", "A", "a/", "/a", "a//b", "a b", "$a", "a:1", "x" * 129]),
        *product(["metrics"], ["true", "", None, 1, []]),
        *product(["ci"], ["jenkins", "", None, True]),
        *product(["licence"], ["GPL", "mit"]),
        *product(["python_version"], ["3.10", 3.13]),
    ],
)
def test_any_other_bad_answer_is_refused_with_a_fix(question: str, value: object) -> None:
    (problem,) = refused(**{question: value})
    assert re.match(rf"{question}: .+\. (Give|Use|Choose|Answer) .+\.$", problem)


@pytest.mark.parametrize("owner", ["a", "my-org", "my_org", "my.org", "group/sub-group"])
def test_a_good_image_owner_is_taken(owner: str) -> None:
    assert refused(image_owner=owner) == []


def test_all_problems_are_told_at_once_in_the_order_of_the_questions() -> None:
    found = refused(ci="x", project_name="", email="x", description="\0\1", metrics="no")
    names = [problem.partition(":")[0] for problem in found]
    assert names == ["project_name", "description", "description", "email", "metrics", "ci"]


@pytest.mark.parametrize("wanted", ["compose", "kubernetes"])
def test_without_an_image_nothing_is_deployed_and_one_line_says_so(wanted: str) -> None:
    given = answer(docker=False, deployment=wanted)
    resolved = resolve(given)
    assert [name for name in given if given[name] != resolved[name]] == ["deployment"]
    assert resolved["deployment"] == "none"
    assert resolved["_resolved"] == [
        f"deployment is none, not {wanted}: it rolls out an image, and docker is off."
    ]


def test_answers_without_a_contradiction_are_left_as_they_are() -> None:
    for given in answer(), answer(docker=False, deployment="none"), answer(deployment="none"):
        assert resolve(given) == given


def test_yes_and_no_in_words_are_answers_and_other_words_are_left_to_be_refused() -> None:
    resolved = resolve({**answer(), "metrics": "No", "cache": "false", "auth": "1", "docker": "x"})
    assert [resolved[it] for it in ("metrics", "cache", "auth")] == [False, False, True]
    assert resolved["docker"] == "x"


def test_a_contradiction_that_an_older_extension_left_is_refused() -> None:
    (problem,) = refused(docker=False)
    assert (
        problem == "deployment: it rolls out the image. Answer yes to docker, or deployment=none."
    )


def test_a_condition_is_a_true_answer_or_a_choice_but_never_free_text() -> None:
    on = {name for name, is_on in conditions(answer(author="gitlab")).items() if is_on}
    features = {name for name, default in MANIFEST.items() if default is True}
    assert on == features | {"compose", "github", "MIT", "3.14"}


def test_one_true_name_makes_an_or_hold() -> None:
    assert holds("database or metrics", KNOWN, "")
    assert not holds("database or cache", KNOWN, "")


@pytest.mark.parametrize(
    ("path", "raw", "carved"),
    [
        (PYTHON, "a = 1  # if metrics\nb = 2  # if cache\nc = 3\n", "a = 1\nc = 3\n"),
        (PYTHON, "a = 1  # noqa: S104  # if metrics\n", "a = 1  # noqa: S104\n"),
        (PYTHON, "    a,  # if cache or metrics\n    b,  # if cache or database\n", "    a,\n"),
        (YAML, "a\n# if metrics:\nb\n# end\nc\n", "a\nb\nc\n"),
        (YAML, "a\n  # if cache:\n  b\n  # end\nc\n", "a\nc\n"),
        (YAML, "# if cache:\na\n# end\n# if metrics:\nb\n# end\n", "b\n"),
        (MARKDOWN, "a <!-- if metrics -->\nb <!-- if cache -->\n", "a\n"),
        (MARKDOWN, "<!-- if cache: -->\na\n<!-- end -->\nb\n", "b\n"),
        (MARKDOWN, "# if metrics\nb  # if cache\n", "# if metrics\nb  # if cache\n"),
        (PurePath("a.jsonc"), '"a": 1, // if cache\n"b": 2 // if metrics\n', '"b": 2\n'),
        (PurePath("Makefile"), "a: ## if b is there\n", None),
        (
            PYTHON,
            "a = 1  # what if metrics\n#if metrics\n",
            "a = 1  # what if metrics\n#if metrics\n",
        ),
        (PYTHON, "", ""),
    ],
)
def test_lines_are_kept_or_dropped_and_markers_always_dropped(
    path: PurePath, raw: str, carved: str | None
) -> None:
    if carved is None:
        with pytest.raises(Flaw, match="no condition 'b is there'"):
            carve(raw, path, KNOWN)
    else:
        assert carve(raw, path, KNOWN) == carved


@pytest.mark.parametrize(
    ("path", "raw", "message"),
    [
        (PYTHON, "a\nb  # if tracing\n", "a.py:2: there is no condition 'tracing', only "),
        (PYTHON, "b  # if not metrics\n", "no condition 'not metrics'"),
        (PYTHON, "b  # if metrics and cache\n", "no condition 'metrics and cache'"),
        (PYTHON, "b  # if metrics  # noqa: S104\n", "no condition 'metrics  # noqa"),
        (PYTHON, "# if metrics:\nb\n# end\n", "a.py:1: 'if metrics:' is out of place"),
        (PYTHON, "# if metrics\n", "'if metrics' is out of place"),
        (YAML, "b  # if metrics:\n", "'if metrics:' is out of place"),
        (
            YAML,
            "# if metrics:\n# if cache:\n# end\n# end\n",
            "a.yml:2: 'if cache:' is out of place",
        ),
        (YAML, "# if metrics:\nb # if cache\n# end\n", "a.yml:2: 'if cache' is out of place"),
        (YAML, "# if metrics:\na\n# else\nb\n# end\n", "'else' is out of place"),
        (YAML, "# if metrics:\na\n", "a.yml: a block has no end"),
        (YAML, "a\n# end\n", "a.yml:2: 'end' is out of place"),
        (YAML, "# if metrics:\na # end\n", "'end' is out of place"),
    ],
)
def test_a_marker_that_means_nothing_stops_generation(
    path: PurePath, raw: str, message: str
) -> None:
    with pytest.raises(Flaw, match=re.escape(message)):
        carve(raw, path, KNOWN)


def test_an_answer_is_filled_in_once_and_escaped_only_in_code() -> None:
    answers = {"name": '"\\{{ cookiecutter.other }}é', "other": "x"}
    assert fill("{{ cookiecutter.name }}", MARKDOWN, answers) == answers["name"]
    assert json.loads(fill('"{{ cookiecutter.name }}"', YAML, answers)) == answers["name"]
    untouched = "${{ github.ref }} {{ $labels.x }} {{cookiecutter.name}} {% x %}"
    assert fill(untouched, YAML, answers) == untouched


def test_a_place_for_no_answer_stops_generation() -> None:
    with pytest.raises(Flaw, match=r"a\.md: there is no answer 'nmae'"):
        fill("{{ cookiecutter.nmae }}", MARKDOWN, {"name": "x"})


def test_paths_go_with_their_feature_and_leave_no_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "gone" / "only").mkdir(parents=True)
    (tmp_path / "gone" / "only" / "a.txt").write_text("a")
    (tmp_path / "kept.txt").write_text("kept")
    paths = {"metrics": ["gone/only/a.txt"], "github or metrics": ["kept.txt"]}
    make(tmp_path, {**answer(metrics=False), "_paths": paths})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".cookiecutter.json", "kept.txt"]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({"metrics": ["a.txt", "b.txt"]}, "_paths, metrics: there is no b.txt"),
        ({"metrcis": ["a.txt"]}, "_paths: there is no condition 'metrcis'"),
    ],
)
def test_a_wrong_path_stops_generation(tmp_path: Path, paths: dict[str, Any], message: str) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(Flaw, match=message):
        make(tmp_path, {**answer(), "_paths": paths})


def test_files_keep_their_mode_get_plain_line_ends_and_images_stay_as_they_are(
    tmp_path: Path,
) -> None:
    script, image = tmp_path / "run", tmp_path / "logo.png"
    script.write_bytes(b"a\r\nb  # if metrics\r\n")
    script.chmod(0o755)
    image.write_bytes(b"\x89PNG\r\n\x1a\n\0 # if nothing\n")
    make(tmp_path, {**answer(), "_paths": {}})
    assert script.read_bytes() == b"a\nb\n"
    assert script.stat().st_mode & 0o777 == 0o755
    assert image.read_bytes() == b"\x89PNG\r\n\x1a\n\0 # if nothing\n"


def test_the_service_records_its_answers_and_the_template(tmp_path: Path) -> None:
    answers = {**answer(author="Zoë"), "_paths": {}}
    make(tmp_path, answers)
    text = (tmp_path / ".cookiecutter.json").read_bytes().decode("utf-8")
    public = {name: value for name, value in answers.items() if not name.startswith("_")}
    record = {"answers": public, "template": "cookiecutter-python-service"}
    trees = dict.fromkeys(("raw_tree", "carved_tree"), "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    assert json.loads(text) == {**record, **trees, "version": answers["_version"]}
    assert text.endswith("}\n")
    assert '"author": "Zoë"' in text


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.name)
def test_a_hook_is_short_runs_on_python_3_9_and_holds_one_expression(hook: Path) -> None:
    text = hook.read_text("utf-8")
    assert len(text.splitlines()) < 150
    ast.parse(text, feature_version=(3, 9))
    assert re.findall(r"\{[{%#].*", text) == ['{{ cookiecutter | tojson }}"""']


@pytest.mark.parametrize(
    ("template", "recorded"),
    [
        ("gh:example/template", "https://github.com/example/template.git"),
        ("https://user:secret@git.example/t.git", "https://git.example/t.git"),
        ("git@git.example:team/t.git", "ssh://git@git.example/team/t.git"),
        ("ssh://git@git.example/t.git", "ssh://git@git.example/t.git"),
    ],
)
def test_the_record_names_the_source_without_a_password(template: str, recorded: str) -> None:
    assert source(template) == {"source": recorded}


@pytest.mark.parametrize(
    "template", [".", "/home/somebody/t", "C:\\t", "file:///t", "t.zip", "None"]
)
def test_the_record_names_no_folder_of_a_machine(template: str) -> None:
    assert source(template) == {}


def test_an_id_is_that_which_git_gives(tmp_path: Path) -> None:
    shutil.copytree(RAW, tmp_path / "raw")
    (tmp_path / "raw" / "image.bin").write_bytes(b"\0\r\n")
    (tmp_path / "raw" / "crlf.txt").write_bytes(b"a\r\n")
    commit(tmp_path / "raw")
    expected = run("git", "rev-parse", "HEAD^{tree}", cwd=tmp_path / "raw").stdout.strip()
    shutil.rmtree(tmp_path / "raw" / ".git")
    assert tree_id(tmp_path / "raw") == expected


def test_no_file_of_the_raw_tree_can_be_run_because_ids_are_those_of_plain_files() -> None:
    listed = run("git", "ls-files", "--stage", RAW.name, cwd=ROOT).stdout.splitlines()
    assert listed
    assert {line.split()[0] for line in listed} == {"100644"}
