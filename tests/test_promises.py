"""Promises: the README names tests that exist, and the report says what they did."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.promises import NOTES, main, promises, settle
from tests.template import RAW, ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

README = (ROOT / "README.md").read_text("utf-8")
ROWS = ["| It is | `tests/test_a.py` |\n", "| It was | `tests/test_b.py`, `tests/test_a.py` |\n"]
WHEN = "2026-11-26 02:00:00+00:00"
TESTS = """
import pytest

def test_measured() -> None:
    print("R1: 0 failed of 7")
    print("more words")

@pytest.mark.parametrize("case", "ab")
def test_left_out(case: str) -> None:
    if case == "b":
        pytest.skip("NOT PROVEN: nothing here to prove it with")

def test_another_day() -> None:
    pytest.skip("ROTATED: not today")
"""


def test_every_promise_names_tests_that_exist() -> None:
    section = README.split("## What a service does")[1].split("\n## ")[0]
    rows = promises(README)
    assert len(rows) == len(re.findall(r"^\| (?!Promise|---)", section, re.MULTILINE)) > 10
    for row in rows:
        assert row.files
        assert [name for name in row.files if not (ROOT / name).exists()] == []
    for name in re.findall(r"`(\S*tests(?:/\S+\.py)?)` of a carved service", section):
        assert (RAW / name).exists()


def test_a_promise_is_held_up_by_tests_that_all_ran() -> None:
    passed: dict[str, Any] = {"outcome": "passed", "ended": WHEN, "figures": ["R1: 3"]}
    rows = promises("".join(ROWS))
    settle(rows, {"tests/test_a.py::test_x": passed, "tests/test_b.py::test_y": passed})
    assert [(row.held, row.passed, row.figures) for row in rows] == [
        (True, 1, [("R1: 3", "test_x")]),
        (True, 2, [("R1: 3", "test_x"), ("R1: 3", "test_y")]),
    ]
    for outcome in "failed", "unproven":
        rows = promises("".join(ROWS))
        settle(
            rows,
            {
                "tests/test_a.py::test_x": passed,
                "tests/test_b.py::y": {**passed, "outcome": outcome},
            },
        )
        assert [row.held for row in rows] == [True, False]
    assert not promises(ROWS[0])[0].held


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_tests_did_and_measured_is_noted(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    command = ("python", "-m", "pytest", "-q", "--promises=report", "-p", "no:cacheprovider")
    ended = run(*command, f"--numprocesses={workers}", cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert "2 passed, 2 skipped" in ended.stdout
    noted = json.loads((tmp_path / "report" / NOTES).read_text("utf-8"))
    results = {
        name.partition("::")[2]: (it["outcome"], it["figures"]) for name, it in noted.items()
    }
    assert results == {
        "test_another_day": ("rotated", []),
        "test_measured": ("passed", ["R1: 0 failed of 7"]),
        "test_left_out[a]": ("passed", []),
        "test_left_out[b]": ("unproven", []),
    }


def test_the_report_is_written_and_says_what_nothing_held_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "tests/test_hermetic.py"
    did = {"outcome": "passed", "ended": WHEN, "figures": ["G3: the same | bytes"]}
    rotated = "tests/proofs/test_own_tests.py::test_a_carving[pairs 1]"
    noted = {f"{name}::test_x": did, rotated: {"outcome": "rotated", "figures": []}}
    (tmp_path / NOTES).write_text(json.dumps(noted))
    assert main(tmp_path) == 1
    said = capsys.readouterr().err
    assert "not held up by tests/proofs/test_drain.py: Replicas are replaced under load" in said
    assert f"not held up by {name}" not in said
    table = (tmp_path / "promises.md").read_text("utf-8")
    assert f"promises were held up, by tests that ended from {WHEN} to {WHEN}." in table
    measured = "G3: the same \\| bytes (`test_x`)"
    assert f"| `{name}` | 1 passed, 0 failed, 0 not proven | {measured} |" in table
    assert (
        "`chassis/tests/test_process.py` of a carved service | **not held up**: 0 passed" in table
    )
    assert f"| `{name}` | 1 | {WHEN} |" in table
    assert f"| `{rotated}` | 1 | never here |" in table
    (held,) = (it for it in json.loads((tmp_path / "promises.json").read_text()) if it["held"])
    assert (held["files"], held["tests"]) == ([name], {f"{name}::test_x": did})


def test_the_folder_of_a_report_is_never_taken_for_a_folder_of_tests() -> None:
    """Apart from its option it is, once it is there, and then pytest knows no such option."""
    assert "--promises=build/report" in run("make", "--dry-run", "carvings", cwd=ROOT).stdout
