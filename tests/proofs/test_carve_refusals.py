"""A change that cannot be made is refused in a line or two, and nothing is touched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.lives import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lives import Life


def dirty(life: Life) -> None:
    (life.folder / "README.md").write_text("changed")


def staged(life: Life) -> None:
    (life.folder / "new.md").write_text("new")
    life.git("add", "new.md")


def merging(life: Life) -> None:
    life.git("checkout", "--quiet", "-b", "other")
    life.git("commit", "--quiet", "--allow-empty", "-m", "one")
    life.git("checkout", "--quiet", "-")
    life.git("merge", "--quiet", "--no-ff", "--no-commit", "other")


def in_the_way(life: Life) -> None:
    (life.folder / "app/notes").mkdir()
    (life.folder / "app/notes/__init__.py").write_text("mine")


def ignored_and_in_the_way(life: Life) -> None:
    (life.folder / ".git/info/exclude").write_text("app/notes\n")
    in_the_way(life)


def without_git(life: Life) -> None:
    (life.folder / ".git").rename(life.folder.parent / "elsewhere")


def of_an_older_template(life: Life) -> None:
    record = {name: life.record[name] for name in ("answers", "template", "version")}
    (life.folder / RECORD).write_text(json.dumps(record))
    life.commit()


def of_an_unknown_template(life: Life) -> None:
    (life.folder / RECORD).write_text(json.dumps({**life.record, "raw_tree": "0" * 40}))
    life.commit()


def with_a_broken_record(life: Life) -> None:
    (life.folder / RECORD).write_text("<<<<<<< HEAD\n")
    life.commit()


def with_another_answer(life: Life) -> None:
    answers = {**life.record["answers"], "cache": False}
    (life.folder / RECORD).write_text(json.dumps({**life.record, "answers": answers}))
    life.commit()


def without_an_answer(life: Life) -> None:
    answers = {name: it for name, it in life.record["answers"].items() if name != "metrics"}
    (life.folder / RECORD).write_text(json.dumps({**life.record, "answers": answers}))
    life.commit()


def with_no_text(life: Life) -> None:
    (life.folder / RECORD).write_text(json.dumps({**life.record, "raw_tree": 5}))
    life.commit()


def with_a_linked_chassis(life: Life) -> None:
    (life.folder / "chassis").rename(life.folder.parent / "machinery")
    (life.folder / "chassis").symlink_to("../machinery")
    life.commit()


def with_a_file_of_another_case(life: Life) -> None:
    life.git("config", "core.ignoreCase", "true")
    (life.folder / "compose/Database.yaml").write_text("mine")
    life.commit()


def with_a_hidden_change(life: Life) -> None:
    life.git("update-index", "--assume-unchanged", "compose.yaml")
    with (life.folder / "compose.yaml").open("a") as file:
        file.write("# of this machine\n")


def with_a_changed_chassis(life: Life) -> None:
    (life.folder / "chassis/probe.py").write_text("changed = 1\n")
    life.commit()


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (dirty, "README.md: not committed. Run: git commit or git stash"),
        (staged, "new.md: not committed."),
        (merging, "A merge is in progress. Finish it, or run: git merge --abort"),
        (in_the_way, "app/notes/__init__.py: is untracked and would be overwritten"),
        (ignored_and_in_the_way, "app/notes/__init__.py: is untracked and would be overwritten"),
        (without_git, "not a git repository"),
        (of_an_older_template, "carved before updates were possible. Carve it again"),
        (of_an_unknown_template, "Restore it from git, or give --source"),
        (with_a_broken_record, "cannot be read"),
        (with_another_answer, "its answers are not those that its carving was made with."),
        (without_an_answer, "its answers are not those that its carving was made with."),
        (with_no_text, "the version is not a text. Restore it from git."),
        (with_a_linked_chassis, "chassis: is a symbolic link. Put the folder itself into"),
        (
            with_a_file_of_another_case,
            "compose/database.yaml: compose/Database.yaml is the same file here. Rename yours",
        ),
        (with_a_hidden_change, "compose.yaml: has hidden changes. Run: git update-index --no-"),
        (with_a_changed_chassis, "chassis/probe.py: differs from what was carved."),
    ],
)
def test_what_stands_in_the_way_is_told_and_nothing_is_touched(
    prepare: Callable[[Life], None], said: str, carve: Callable[..., Life]
) -> None:
    life = carve(database=False)
    prepare(life)
    before = life.snapshot()
    code, out, err = life.carve("add", "database")
    assert (code, out) == (2, "")
    assert life.carve("add", "database", "--dry-run") == (code, out, err)
    assert said in err
    assert len(err.splitlines()) == (2 if "differs" in said else 1)
    assert life.snapshot() == before


def test_of_a_chassis_that_was_changed_everywhere_a_few_files_are_named(
    carve: Callable[..., Life],
) -> None:
    life = carve()
    for path in (life.folder / "chassis").rglob("*.py"):
        path.write_text(f"{path.read_text()}# ours\n")
    (life.folder / "chassis/SHA256SUMS").write_text("")
    life.commit()
    *named, more, advice = life.carve("remove", "cache")[2].splitlines()
    assert len(named) == 5
    assert more.endswith(" more: see carve status")
    assert advice.endswith("or keep it as your own: carve own chassis/__init__.py")


def test_what_is_owned_has_to_be_there(carve: Callable[..., Life]) -> None:
    life = carve()
    assert life.carve("own", "chassis/probes.py") == (
        2,
        "",
        "carve: chassis/probes.py: is not there, and was not carved.\n",
    )
    assert "chasis/probe.py: is not there" in life.carve("own", "chasis/probe.py")[2]
    (life.folder / "chassis/probe.py").unlink()
    assert life.carve("own", "chassis/probe.py", "chassis/health")[0] == 0
    assert life.record["own"] == ["chassis/health", "chassis/probe.py"]


def test_nothing_is_owned_while_a_change_is_not_finished(carve: Callable[..., Life]) -> None:
    life = carve()
    (life.folder / "app/notes/routes.py").write_text("ours\n")
    life.commit()
    assert life.carve("remove", "database")[0] == 1
    assert "An earlier change is not finished." in life.carve("own", "chassis/probe.py")[2]


def test_an_interrupt_says_whether_anything_was_changed(
    carve: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    life = carve()
    before = life.snapshot()
    with monkeypatch.context() as patch:
        patch.setattr("carve.merge.Merge.run", interrupt)
        interrupted = (2, "", "carve: Interrupted. Nothing was changed.\n")
        assert life.carve("remove", "cache") == interrupted
    with monkeypatch.context() as patch:
        patch.setattr("carve.report.show", interrupt)
        assert life.carve("remove", "cache")[2].endswith(" before the change, run: carve abort\n")
    assert life.carve("abort")[0] == 0
    assert life.snapshot() == before


def test_a_cache_that_cannot_be_written_is_told(
    carve: Callable[..., Life], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = carve()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file/cache"))
    code, _, err = life.carve("update", "--source", str(source))
    assert (code, err.count("\n")) == (2, 1)
    assert err.endswith(": Not a directory. Set XDG_CACHE_HOME to a folder of yours.\n")
