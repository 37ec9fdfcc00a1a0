"""`make api-diff`: what it compares with, and what api-changes.toml may say."""

from __future__ import annotations

import json
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.api_diff.__main__ import DECLARED, main
from chassis.api_diff.tests.describing import api, takes

TODAY = date.today()  # noqa: DTZ011 - as the command has it
TOMORROW = TODAY + timedelta(1)
REMOVED = "query parameter limit: is removed"


def git(*arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)  # noqa: S603, S607 - of a test


def write(document: dict[str, Any]) -> None:
    Path("openapi.json").write_text(json.dumps(document))


def commit(document: dict[str, Any] | None = None) -> None:
    if document:
        write(document)
    git("add", "--all")
    git("commit", "--allow-empty", "--message", "Change")


def declare(what: str = REMOVED, until: date = TOMORROW, **others: str) -> None:
    entry = {"operation": "POST /orders", "what": what, "why": "Nobody sends it.", **others}
    lines = [f'{name} = "{it}"\n' for name, it in entry.items()]
    Path(DECLARED).write_text("".join(["[[change]]\n", *lines, f"until = {until}\n"]))


@pytest.fixture(autouse=True)
def branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A branch of a service in a folder of a repository, and the main branch at origin."""
    (tmp_path / "service").mkdir()
    monkeypatch.chdir(tmp_path / "service")
    git("init", "--initial-branch", "work", "..")
    commit(takes())
    git("update-ref", "refs/remotes/origin/main", "HEAD")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main([*arguments])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_an_api_that_is_unchanged_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == (0, "api-diff: the API is unchanged.\n")


def test_a_change_that_breaks_nobody_passes(capsys: pytest.CaptureFixture[str]) -> None:
    write(api(parameters=[*takes()["paths"]["/orders"]["post"]["parameters"]], deprecated=True))
    assert run(capsys) == (0, "POST /orders\n  ok        is deprecated\n")


def test_a_breaking_change_is_refused_with_the_entry_that_would_declare_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(api())
    code, said = run(capsys)
    assert code == 1
    assert f"POST /orders\n  BREAKING  {REMOVED}\n" in said
    assert f'[[change]]\noperation = "POST /orders"\nwhat = "{REMOVED}"\n' in said


def test_a_breaking_change_that_is_declared_passes_on_its_last_day_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(api())
    declare(until=TODAY)
    assert run(capsys) == (0, f"POST /orders\n  declared  {REMOVED}\n")


def test_a_declaration_that_is_over_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    write(api())
    declare(until=TODAY - timedelta(1))
    code, said = run(capsys)
    assert (code, "Agree on a later date" in said) == (1, True)


def test_a_declaration_of_what_does_not_change_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    declare()
    code, said = run(capsys)
    assert (code, "is no breaking change of this comparison" in said) == (1, True)


def test_a_declaration_stays_as_a_record_once_its_change_is_merged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    declare(until=TODAY - timedelta(1))
    commit(api())
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert run(capsys) == (0, "api-diff: the API is unchanged.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[change]]\n", "entry 1: operation is invalid"),
        ("[[changes]]\n", "changes is unknown"),
        ("change", "Expected '='"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    Path(DECLARED).write_text(text)
    code, output = run(capsys)
    assert (code, output.startswith(f"api-diff: {DECLARED}: ")) == (2, True)
    assert said in output


def test_an_entry_has_a_date_and_nothing_that_is_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    declare(team="ours")
    assert "entry 1: team is invalid" in run(capsys)[1]
    declare()
    Path(DECLARED).write_text(Path(DECLARED).read_text().replace(f"{TOMORROW}", '"2026"'))
    assert "entry 1: until is invalid" in run(capsys)[1]


def test_what_came_to_the_main_branch_meanwhile_is_not_taken_for_removed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    git("checkout", "-b", "other")
    commit(takes(required=True))
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    git("checkout", "work")
    assert run(capsys) == (0, "api-diff: the API is unchanged.\n")


def test_another_base_can_be_named_and_must_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    git("tag", "v1")
    commit(api())
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    assert run(capsys, "v1")[0] == 1
    assert run(capsys)[0] == 0
    assert run(capsys, "v2") == (
        2,
        "api-diff: BASE=v2: git knows no such commit. Fetch it first.\n",
    )


def test_the_first_openapi_json_has_nothing_to_compare_with(
    capsys: pytest.CaptureFixture[str],
) -> None:
    git("rm", "openapi.json")
    commit()
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    write(api())
    code, said = run(capsys)
    assert (code, "has no openapi.json" in said) == (0, True)
    git("update-ref", "-d", "refs/remotes/origin/main")
    assert run(capsys)[1].endswith("there is no main branch at origin.\n")


def test_a_file_that_the_main_branch_has_must_not_go(capsys: pytest.CaptureFixture[str]) -> None:
    Path("openapi.json").unlink()
    said = "openapi.json is missing, and the main branch has it. Run: make openapi"
    assert run(capsys) == (2, f"api-diff: {said}\n")
