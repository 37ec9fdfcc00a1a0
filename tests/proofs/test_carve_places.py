"""A change of a service, wherever it lies and however git is set there."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from carve.apply import apply
from carve.journal import Journal, alone
from carve.service import Service
from carve.status import NO_CHASSIS
from tests.lives import Life, answers, snapshot
from tests.template import RAW, files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from carve.git import Git
    from carve.merge import Change
    from tests.versions import Kept


@pytest.mark.parametrize(
    "place", ["subdirectory", "worktree", "shallow", "detached", "crlf", "sha256"]
)
def test_wherever_a_service_lies_the_result_is_the_same(
    place: str, versions: dict[str, Path], kept: Kept, tmp_path: Path
) -> None:
    pristine = kept.carve(versions["v0.1.0"], answers())
    top = tmp_path / "a repository's folder"
    folder = top / "services/my orders" if place == "subdirectory" else top
    life = Life(pristine, folder, top)
    if place == "worktree":
        life.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other tree"))
        life.folder = life.top = tmp_path / "other tree"
    elif place == "shallow":
        life.git("commit", "--quiet", "--allow-empty", "-m", "second")
        life.git("clone", "--quiet", "--depth=1", top.as_uri(), str(tmp_path / "shallow"))
        life.folder = life.top = tmp_path / "shallow"
    elif place == "detached":
        life.git("checkout", "--quiet", "--detach")
    elif place == "sha256":
        shutil.rmtree(top / ".git")
        life.git("init", "--quiet", "--object-format=sha256")
        life.commit()
    elif place == "crlf":
        (folder / ".gitattributes").write_text("* text=auto\n")
        life.commit()
        life.git("config", "core.autocrlf", "true")
        life.git("-c", "core.autocrlf=true", "rm", "--quiet", "-r", "--cached", ".")
        life.git("-c", "core.autocrlf=true", "reset", "--quiet", "--hard")
        assert b"\r\n" in (folder / "README.md").read_bytes()
    code, did = life.change("remove", "database")
    assert (code, did["conflicts"]) == (0, [])
    expected = snapshot(kept.carve(versions["v0.1.0"], answers(database=False)))
    result = life.snapshot()
    if place == "crlf":
        assert result["README.md"][1].count(b"\r\n") == result["README.md"][1].count(b"\n")
        result = {
            name: (kind, it.replace(b"\r\n", b"\n"), mode)
            for name, (kind, it, mode) in result.items()
        }
        result[".gitattributes"] = expected[".gitattributes"]
    assert result == expected
    if place == "subdirectory":
        assert {it[3:].strip('"')[:9] for it in life.status().splitlines()} == {"services/"}


def test_a_change_elsewhere_in_the_repository_is_left_alone(
    versions: dict[str, Path], kept: Kept, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    life = Life(kept.carve(versions["v0.1.0"], answers()), tmp_path / "orders", tmp_path)
    (tmp_path / "other/new.txt").write_text("staged")
    life.git("add", "other/new.txt")
    assert life.change("remove", "cache")[0] == 0
    assert "A  other/new.txt" in life.status()
    assert life.carve("abort")[0] == 0
    assert life.status() == "A  other/new.txt\n"


SETTINGS = {
    "color.ui": "always",
    "core.abbrev": "5",
    "core.fsmonitor": "false-hook",
    "core.pager": "false",
    "core.quotePath": "true",
    "core.safecrlf": "true",
    "core.splitIndex": "true",
    "core.whitespace": "tab-in-indent",
    "commit.gpgSign": "true",
    "diff.external": "false",
    "diff.ignoreSubmodules": "all",
    "diff.mnemonicPrefix": "true",
    "diff.noprefix": "true",
    "diff.orderFile": "/nonexistent",
    "diff.renames": "copies",
    "gpg.program": "false",
    "index.version": "4",
    "init.defaultBranch": "trunk",
    "init.templateDir": "/nonexistent",
    "merge.conflictStyle": "diff3",
    "merge.ff": "only",
    "merge.renormalize": "true",
    "merge.verifySignatures": "true",
    "rerere.autoUpdate": "true",
    "rerere.enabled": "true",
    "status.relativePaths": "false",
    "status.showUntrackedFiles": "no",
    "submodule.recurse": "true",
    "user.useConfigOnly": "true",
}
"""What people set, and what changes what git prints or refuses."""


def removes_cache(life: Life, versions: dict[str, Path], kept: Kept) -> None:
    """Take the cache away, compare with a fresh carving, and go back."""
    before = life.snapshot()
    assert life.carve("status")[0] == 1, "a fix is missed; the chassis is as carved"
    code, out, err = life.carve("remove", "cache")
    assert (code, err) == (0, ""), out
    fresh = snapshot(kept.carve(versions["v0.1.0"], answers(cache=False)))
    added = before.keys() - snapshot(life.pristine).keys()
    assert life.snapshot() == fresh | {name: before[name] for name in added}
    assert life.carve("abort")[0] == 0
    assert life.snapshot() == before


def test_settings_of_a_person_change_nothing(
    carve: Callable[..., Life],
    versions: dict[str, Path],
    kept: Kept,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = carve()
    (tmp_path / "excluded").write_text("*.py\n*.yaml\n")
    (tmp_path / "attributes").write_text("* text=auto eol=crlf\n*.py merge=union\n")
    theirs = SETTINGS | {
        "core.excludesFile": str(tmp_path / "excluded"),
        "core.attributesFile": str(tmp_path / "attributes"),
    }
    for name, value in theirs.items():
        life.git("config", "--file", str(tmp_path / "config"), name, value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    removes_cache(life, versions, kept)


def test_variables_of_a_hook_do_not_lead_elsewhere(
    carve: Callable[..., Life],
    versions: dict[str, Path],
    kept: Kept,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = carve()
    git = shutil.copytree(life.folder / ".git", tmp_path / "other/.git")
    before = {name: path.read_bytes() for name, path in files(git).items()}
    monkeypatch.setenv("GIT_DIR", str(git))
    monkeypatch.setenv("GIT_INDEX_FILE", str(git / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_PREFIX", "chassis/")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    removes_cache(life, versions, kept)
    assert {name: path.read_bytes() for name, path in files(git).items()} == before


def test_hooks_of_a_repository_are_not_run(
    carve: Callable[..., Life], versions: dict[str, Path], kept: Kept
) -> None:
    life = carve()
    for name in ("pre-commit", "post-checkout", "post-index-change", "reference-transaction"):
        hook = life.folder / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ntouch ran\nexit 1\n")
        hook.chmod(0o755)
    removes_cache(life, versions, kept)


def test_modes_that_a_file_system_makes_up_are_no_modes(
    carve: Callable[..., Life], versions: dict[str, Path], kept: Kept
) -> None:
    life = carve()
    script = life.folder / "scripts"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    life.commit()
    pristine = [
        *life.pristine.rglob("*"),
        *kept.carve(versions["v0.1.0"], answers(cache=False)).rglob("*"),
    ]
    for path in (it for it in pristine if it.is_file()):
        path.chmod(0o755)  # as where the temporary folder lies on a disk of Windows
    try:
        code, did = life.change("remove", "cache")
    finally:
        for path in (it for it in pristine if it.is_file()):
            path.chmod(0o644)
    assert (code, did["conflicts"]) == (0, [])
    modes = {row.split()[0] for row in life.git("ls-files", "--stage", "-z").split("\0") if row}
    assert modes == {"100644", "100755"}
    assert life.git("ls-files", "--stage", "scripts").startswith("100755")
    assert "100755" not in life.git("ls-files", "--stage", "chassis", "app", "README.md")


def test_a_sparse_checkout_is_changed_like_a_whole_one(carve: Callable[..., Life]) -> None:
    life = carve()
    life.git("sparse-checkout", "init", "--cone")
    life.git("sparse-checkout", "set", "app")
    before = life.snapshot()
    code, _, err = life.carve("status")
    assert (code, err) == (2, f"carve: {NO_CHASSIS}\n")
    assert life.change("remove", "cache")[0] == 0
    assert "chassis/cache" not in life.git("ls-files")
    assert life.carve("abort")[0] == 0
    assert life.snapshot() == before


def test_a_partial_clone_says_what_to_fetch(carve: Callable[..., Life], tmp_path: Path) -> None:
    life = carve()
    life.git("config", "uploadpack.allowFilter", "true")
    options = ("--quiet", "--filter=blob:none", "--sparse")
    life.git("clone", *options, life.folder.as_uri(), str(tmp_path / "partial"))
    life.folder = life.top = tmp_path / "partial"
    life.git("sparse-checkout", "init", "--cone")
    life.git("sparse-checkout", "set", "chassis")
    code, _, err = life.carve("remove", "cache")
    assert code == 2
    assert re.fullmatch(
        r"carve: \d+ files were not fetched yet. Run: git sparse-checkout disable\n", err
    )
    life.git("sparse-checkout", "disable")
    assert life.change("remove", "cache")[0] == 0


def test_a_submodule_of_the_team_is_left_alone(carve: Callable[..., Life]) -> None:
    life, other = carve(), carve(name="other")
    life.git(
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        other.folder.as_uri(),
        "vendor/other",
    )
    life.commit()
    (life.folder / "vendor/other/README.md").write_text("edited")
    assert life.change("remove", "cache")[0] == 0
    assert (life.folder / "vendor/other/README.md").read_text() == "edited"
    assert life.carve("abort")[0] == 0


def test_two_commands_at_once_do_not_meet(carve: Callable[..., Life]) -> None:
    life = carve()
    before = life.snapshot()
    with alone(Service(life.folder)):
        for command in (["remove", "cache"], ["continue"], ["abort"]):
            code, _, err = life.carve(*command)
            assert (code, err) == (
                2,
                f"carve: {life.folder}: another carve is at work. Let it end.\n",
            )
        assert life.carve("remove", "cache", "--dry-run")[0] == 0
    assert life.snapshot() == before
    assert life.change("remove", "cache")[0] == 0


def test_an_edit_while_the_carvings_are_made_is_not_written_over(
    carve: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit_first(service: Service, scratch: Git, changes: list[Change], record: str) -> Journal:
        (service.folder / "README.md").write_text("edited just now")
        return apply(service, scratch, changes, record)

    life = carve()
    monkeypatch.setattr("carve.update.apply", edit_first)
    code, _, err = life.carve("remove", "cache")
    assert code == 2
    assert err.startswith("carve: README.md: not committed. Run: git commit or git stash.")
    assert (life.folder / "README.md").read_text() == "edited just now"
    assert life.status() == " M README.md\n"


def test_every_path_of_a_service_can_be_on_macos_and_windows() -> None:
    reserved = {"con", "prn", "aux", "nul"} | {
        f"{it}{no}" for it in ("com", "lpt") for no in "123456789"
    }
    paths = list(files(RAW))
    assert len({it.casefold() for it in paths}) == len(paths)
    parts = {part for path in paths for part in path.split("/")}
    assert [it for it in parts if not re.fullmatch(r"[\w. @+-]*[\w]", it, re.ASCII)] == []
    assert [it for it in parts if it.partition(".")[0].casefold() in reserved] == []
    assert max(map(len, paths)) < 120
