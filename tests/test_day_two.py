"""A service takes other answers and later versions, and loses nothing: U1 to U8, a share."""

from __future__ import annotations

import json
import subprocess
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from carve.after import succeeds
from carve.notes import parse
from tests.cases import Tally, generate, play
from tests.lives import RECORD, Life, in_conflict, snapshot
from tests.template import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.versions import Kept

CASES = 3


@pytest.mark.parametrize("number", range(CASES))
def test_generated_case(number: int, versions: dict[str, Path], kept: Kept, tmp_path: Path) -> None:
    case = generate(f"fast {number}")
    wrong = play(case, versions[case.start], kept, tmp_path / "orders", Tally())
    assert wrong == [], case


def test_the_same_version_and_answers_change_nothing(carve: Callable[..., Life]) -> None:
    life = carve()
    before = life.snapshot()
    assert life.carve("change", "metrics=true", "ci=github") == (0, "Nothing changes.\n", "")
    assert life.carve("update", "--to", "0.1.0") == (0, "Nothing changes.\n", "")
    assert (life.snapshot(), life.status()) == (before, "")


def test_an_update_goes_back_only_if_asked_to(
    carve: Callable[..., Life], source: Path, versions: dict[str, Path], kept: Kept
) -> None:
    life = carve("v0.2.0")
    assert life.change("update")[0] == 0
    life.commit()
    older = source.parent / "older"
    if not older.exists():
        run("git", "clone", "--quiet", str(source), str(older), cwd=source.parent)
        run("git", "tag", "--delete", "v0.3.0", cwd=older)
    code, out, _ = life.carve("update", "--source", str(older))
    assert (code, out.splitlines()) == (
        0,
        [
            "Nothing changes.",
            "this service is newer than v0.2.0. To go back, run: carve update --to v0.2.0",
        ],
    )
    assert life.status() == ""
    assert life.change("update", "--source", str(older), "--to", "v0.2.0")[0] == 0
    assert life.record["version"] == "0.2.0"
    assert life.snapshot() == snapshot(kept.carve(versions["v0.2.0"], life.record["answers"]))


def test_a_program_older_than_the_service_does_not_take_it_back(
    carve: Callable[..., Life],
    source: Path,
    versions: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = carve("v0.2.0")
    unreleased = source.parent / "unreleased"
    run("git", "clone", "--quiet", "--no-tags", str(source), str(unreleased), cwd=source.parent)
    monkeypatch.setattr("carve.template.PACKAGED", versions["v0.1.0"])
    code, out, _ = life.carve("update", "--source", str(unreleased))
    assert code == 0
    assert out.startswith("Nothing changes.\nthis service is newer than ")


@pytest.mark.parametrize("algorithm", ["ort", "recursive"])
def test_what_the_team_deleted_stays_deleted(
    algorithm: str, carve: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    life = carve()
    if algorithm == "ort" and " 2.30." in life.git("version"):
        pytest.skip("git 2.30 has but the other one")
    monkeypatch.setenv("GIT_TEST_MERGE_ALGORITHM", algorithm)
    (life.folder / "docs/log-shipping.md").unlink()
    (life.folder / "docs/operations.md").unlink()
    life.commit()
    code, did = life.change("update", "--to", "0.2.0")
    assert (code, did["conflicts"]) == (0, [])
    assert not list((life.folder / "docs").glob("*log*"))
    assert not (life.folder / "docs/operations.md").exists()
    assert "docs/operations.md: was changed in the template; you deleted it" in str(did["answers"])


def test_a_conflict_keeps_the_baseline_until_it_is_resolved(carve: Callable[..., Life]) -> None:
    life = in_conflict(carve)
    record = life.record
    code, out, _ = life.carve("remove", "database")
    assert code == 1
    assert life.record == record
    assert "git mergetool app/notes/routes.py" in out
    assert "carve abort" in out
    assert "UD app/notes/routes.py" in life.status()
    assert life.carve("status")[0] == 1
    for command in (["remove", "cache"], ["continue"]):
        assert life.carve(*command)[0] == 2
    life.git("rm", "--quiet", "app/notes/routes.py")
    assert life.carve("continue")[2].startswith("carve: .gitignore: has a conflict.")
    life.git("add", ".gitignore")
    assert "has a conflict" in life.carve("continue")[2], "it has markers"
    (life.folder / ".gitignore").write_text("*.sqlite\n")
    life.commit("before continue")
    assert life.carve("remove", "cache")[0] == 2, "the record is not written yet"
    assert life.carve("continue")[0] == 0
    assert life.record["answers"]["database"] is False
    assert life.status().splitlines()[0] == f"M  {RECORD}"
    life.commit()
    assert life.change("remove", "cache")[0] == 0


def test_abort_puts_back_modes_untracked_files_and_the_index(carve: Callable[..., Life]) -> None:
    life = in_conflict(carve)
    before, status = life.snapshot(), life.status()
    assert life.carve("remove", "database")[0] == 1
    (life.folder / ".gitignore").write_text("resolved\n")
    assert life.carve("abort")[:2] == (0, "Everything is as it was before.\n")
    assert (life.snapshot(), life.status()) == (before, status)
    assert life.carve("abort")[0] == 2


def test_abort_leaves_alone_what_was_committed_or_taken_back(carve: Callable[..., Life]) -> None:
    life = carve()
    assert life.change("remove", "cache")[0] == 0
    life.git("reset", "--quiet", "--hard")
    (life.folder / "README.md").write_text("ours")
    assert life.carve("abort")[0] == 2
    assert (life.folder / "README.md").read_text() == "ours"
    life.git("checkout", "--quiet", ".")
    assert life.change("remove", "cache")[0] == 0
    life.commit()
    assert "git revert" in life.carve("abort")[2]
    assert not life.record["answers"]["cache"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["add", "metrics"], "metrics: is on already."),
        (["remove", "ci"], "To choose, run: carve change ci=…"),
        (["add", "kafka"], "kafka: is not an option. There are auth, cache"),
        (["change", "ci=jenkins"], "ci: jenkins is not offered in 0.1.0."),
        (["change", "colour=red"], "colour=red: is not QUESTION=ANSWER."),
        (["change", "metrics=perhaps"], "metrics=perhaps: is neither true nor false."),
        (["update", "--to", "v9.9.9"], "v9.9.9: is not a version of"),
        (["update", "--to=--upload-pack=x"], "is not a version of"),
        (["own", "app/main.py"], "app/main.py: is not in chassis/, so it is already yours."),
        (["continue"], "Nothing to continue"),
        (["abort"], "Nothing to abort"),
        (["update", "--source", "ext::sh -c x"], "neither an address nor a folder"),
    ],
)
def test_a_wrong_command_is_refused_with_one_line(
    command: list[str], said: str, carve: Callable[..., Life]
) -> None:
    life = carve()
    code, out, err = life.carve(*command)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert life.status() == ""


def test_what_is_owned_is_merged_and_the_rest_of_the_chassis_replaced(
    carve: Callable[..., Life],
) -> None:
    life = carve()
    probe = life.folder / "chassis/probe.py"
    probe.write_text(probe.read_text() + "\n# ours\n")
    life.commit()
    assert "carve own chassis/probe.py" in life.carve("update")[2]
    assert life.carve("own", "chassis/probe.py")[0] == 0
    life.commit()
    assert life.change("update")[0] == 0
    assert probe.read_text().startswith('"""New: ')
    assert probe.read_text().endswith("\n# ours\n")
    assert life.record["own"] == ["chassis/probe.py"]
    assert json.loads(life.carve("status", "--json")[1])["chassis"] == []


def test_a_higher_floor_of_python_is_told_with_what_to_add(carve: Callable[..., Life]) -> None:
    life = carve(python_version="3.11")
    code, _, err = life.carve("update")
    assert code == 2
    assert "python_version: 3.11 is not offered in 0.3.0." in err
    assert "python_version=3.12" in err
    assert life.change("update", "python_version=3.12")[0] == 0
    assert (life.folder / ".python-version").read_text() == "3.12\n"
    assert 'requires-python = ">=3.12"' in (life.folder / "pyproject.toml").read_text()


def test_an_update_tells_what_concerns_the_answers_and_steps_by_hand_apart(
    carve: Callable[..., Life],
) -> None:
    code, out, _ = carve().carve("update", "--dry-run")
    assert code == 0
    new, _, by_hand = out.partition("New:\n")[2].partition("To do by hand:\n")
    assert "  - security: The probe answers nobody but itself.\n" in new
    assert "  - Caches are faster,\n    and smaller.\n" in new
    assert "GitLab" not in out
    assert by_hand.startswith("  - Rename `CACHE_OLD` to `CACHE_NEW`.\n")
    assert "telemetry: has the answer of tracing, true" in out
    code, out, _ = carve(name="other", cache=False).carve("update")
    assert "CACHE_OLD" not in out
    assert "  make lint types test\n" in out


def test_a_dry_run_names_every_file_and_a_run_those_that_need_eyes(
    carve: Callable[..., Life],
) -> None:
    life = carve()
    ignored = life.folder / ".gitignore"
    ignored.write_text(f"{ignored.read_text()}*.local\n")
    life.commit()
    planned, did = (life.carve("update", *words)[1] for words in (["--dry-run"], []))
    for row in ("  deleted   docs/log-shipping.md\n", "  merged    .gitignore\n"):
        assert row in planned
        assert row in did
    assert "  replaced  chassis/probe.py\n" in planned
    assert "  replaced" not in did
    assert "chassis: 1 added, 3 replaced\n" in did


def test_an_entry_without_a_section_is_no_step_by_hand() -> None:
    log = "## [2]\n### By hand\n- Rename it.\n## [1]\n- The first one.\n"
    assert [it.section for it in parse(log)] == ["By hand", ""]


def test_status_tells_version_answers_changes_and_missed_fixes(carve: Callable[..., Life]) -> None:
    life = carve()
    (life.folder / "app/ours.py").write_text("OURS = 1\n")
    life.commit()
    code, out, _ = life.carve("status")
    assert code == 1, "a security fix is missed"
    assert "version  0.1.0 (" in out
    assert "chassis  as carved" in out
    assert "newer    0.2.0, fixes a security fault" in out
    assert "changed  1 files by the team\n  app/ours.py" in out
    assert life.change("update")[0] == 0
    life.commit()
    assert life.carve("status")[0] == 0
    (life.folder / "chassis/probe.py").write_text("changed = 1\n")
    code, out, _ = life.carve("status", "--json")
    assert (code, json.loads(out)["chassis"]) == (1, ["chassis/probe.py: changed"])


def test_status_tells_what_the_team_changed_before_a_change_is_committed(
    carve: Callable[..., Life],
) -> None:
    life = carve("v0.3.0", telemetry=True, quotes=True)
    assert life.change("remove", "cache")[0] == 0
    (life.folder / "app/main.py").write_text("edited\n")
    objects = life.git("count-objects")
    code, out, _ = life.carve("status")
    assert (code, out.partition("\nchanged  ")[2]) == (0, "1 files by the team\n  app/main.py\n")
    assert life.git("count-objects") == objects
    assert life.carve("abort")[0] == 0


def test_status_in_the_middle_of_a_change_says_how_to_go_on(carve: Callable[..., Life]) -> None:
    life = in_conflict(carve)
    assert life.carve("remove", "database")[0] == 1
    code, out, _ = life.carve("status")
    assert code == 1
    assert "\nchange   not finished. Run: carve continue, or: carve abort\n" in out
    assert "chassis" not in out
    assert "\n  app/notes/routes.py\n" in out


def test_an_older_program_is_no_newer_version(
    carve: Callable[..., Life],
    versions: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    source: Path,
) -> None:
    life = carve("v0.2.0")
    monkeypatch.setattr("carve.template.PACKAGED", versions["v0.1.0"])
    assert json.loads(life.carve("status", "--json", "--source", str(source))[1])["newer"] == []


class Terminal(StringIO):
    """Where a person looks on."""

    def isatty(self) -> bool:
        return True


def test_a_person_at_a_terminal_sees_what_takes_a_moment(
    carve: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("io.StringIO", Terminal)
    assert "carving 0.1.0 and 0.3.0 …\n" in carve().carve("update", "--dry-run")[2]


def test_status_works_on_what_is_recorded_alone(
    carve: Callable[..., Life], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    life = carve("v0.2.0")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    code, out, _ = life.carve("status", "--source", "https://127.0.0.1:1/nowhere.git")
    assert code == 0
    assert "newer    unknown: the template was not fetched." in out
    assert life.carve("add", "auth", "--source", "https://127.0.0.1:1/nowhere.git")[0] == 2


def test_other_answers_need_no_network_where_the_version_is_at_hand(
    carve: Callable[..., Life], source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(_: object) -> None:
        raise AssertionError

    def refuse(event: str, _: object) -> None:
        assert not event.startswith("socket."), event

    monkeypatch.setattr("carve.source.Source.fetch", fetch)
    monkeypatch.setattr("socket.socket", refuse)
    for version in ("v0.1.0", "v0.3.0"):
        given = {} if version == "v0.1.0" else {"telemetry": True, "quotes": True}
        life = carve(version, name=version, **given)
        assert life.change("remove", "cache", "--source", str(source))[0] == 0


def test_the_lock_file_comes_last_and_a_failure_is_told(
    carve: Callable[..., Life], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    life = carve()
    (life.folder / "uv.lock").write_text("locked\n")
    life.commit()
    (tmp_path / "bin").mkdir()
    uv = tmp_path / "bin/uv"
    uv.write_text("#!/bin/sh\necho broken > uv.lock; exit 2\n")
    uv.chmod(0o755)
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    assert "  uv lock\n" in life.carve("remove", "cache")[1]
    assert (life.folder / "uv.lock").read_text() == "locked\n"
    assert life.carve("abort")[0] == 0
    uv.write_text("#!/bin/sh\necho newer > uv.lock\n")
    uv.rename(tmp_path / "bin/not-on-the-path")
    monkeypatch.setenv("UV", str(tmp_path / "bin/not-on-the-path"))
    assert "  uv lock\n" not in life.carve("remove", "cache")[1]
    assert (life.folder / "uv.lock").read_text() == "newer\n"
    assert "M  uv.lock" in life.status()
    assert life.carve("abort")[0] == 0
    assert life.status() == ""


def test_what_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carve.after.SECONDS", 0.5)
    assert not succeeds(tmp_path, "sh", "-c", "(sleep 2; touch late) & wait")
    monkeypatch.setattr("carve.after.SECONDS", 60)
    assert succeeds(tmp_path, "sleep", "3")
    assert not (tmp_path / "late").exists()


def test_an_interrupt_leaves_the_lock_file_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, really = [KeyboardInterrupt()], subprocess.Popen.wait

    def wait(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        if waits:
            raise waits.pop()
        return really(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", wait)
    assert not succeeds(tmp_path, "sleep", "60")
