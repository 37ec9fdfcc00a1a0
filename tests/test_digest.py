"""A carving knows its chassis by a digest, and says what was changed and what to do about it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.template import carve, run

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def service(tmp_path: Path) -> Path:
    return carve(tmp_path / "orders", database=False)


def digest(service: Path) -> subprocess.CompletedProcess[str]:
    return run("python", "-B", "-m", "chassis.digest", cwd=service)


def change(chassis: Path) -> None:
    (chassis / "probe.py").write_text("changed = True\n")


def add(chassis: Path) -> None:
    (chassis / "probes.py").write_text("added = True\n")


def remove(chassis: Path) -> None:
    (chassis / "probe.py").unlink()


DIFFERENCES = [
    (change, "chassis/probe.py", "changed"),
    (add, "chassis/probes.py", "added"),
    (remove, "chassis/probe.py", "removed"),
]


@pytest.mark.parametrize("answers", [{}, {"metrics": False}, {"_chassis_tests": True}])
def test_a_fresh_carving_is_as_it_was_carved(answers: dict[str, bool], tmp_path: Path) -> None:
    ended = digest(carve(tmp_path / "orders", **answers))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(("differ", "path", "how"), DIFFERENCES)
def test_a_file_that_differs_is_named_with_what_to_do(
    service: Path, differ: Callable[[Path], None], path: str, how: str
) -> None:
    differ(service / "chassis")
    ended = digest(service)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0] == f"{path}: {how}"
    assert "git checkout -- chassis" in ended.stderr
    assert f'"own": ["{path}"]' in ended.stderr


@pytest.mark.parametrize(("differ", "path", "how"), DIFFERENCES)
@pytest.mark.parametrize("owned", ["itself", "its folder"])
def test_a_path_that_is_the_teams_own_may_differ(
    service: Path, differ: Callable[[Path], None], path: str, how: str, owned: str
) -> None:
    differ(service / "chassis")
    record = json.loads((service / ".cookiecutter.json").read_text("utf-8"))
    record["own"] = [path if owned == "itself" else "chassis/"]
    (service / ".cookiecutter.json").write_text(json.dumps(record), "utf-8")
    assert digest(service).returncode == 0, how


def test_what_the_bot_raises_and_what_tools_leave_is_apart(service: Path) -> None:
    for name in "pyproject.toml", "__pycache__/probe.pyc", ".DS_Store":
        (service / "chassis" / name).parent.mkdir(exist_ok=True)
        (service / "chassis" / name).write_bytes(b"\0")
    assert digest(service).returncode == 0


def test_a_list_that_was_written_anew_is_no_way_around(service: Path) -> None:
    change(service / "chassis")
    seal_again = "from chassis.digest import seal; seal()"
    assert run("python", "-B", "-c", seal_again, cwd=service).returncode == 0
    ended = digest(service)
    assert ended.returncode == 1
    assert "chassis/SHA256SUMS: changed" in ended.stderr


def test_it_lists_files_as_sha256sum_does(service: Path) -> None:
    ended = run("sha256sum", "--check", "--quiet", "SHA256SUMS", cwd=service / "chassis")
    assert ended.returncode == 0, ended.stderr


def test_a_checkout_with_other_line_ends_is_the_same(service: Path, tmp_path: Path) -> None:
    options = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=true")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "a"]):
        ended = run("git", *options, *command, cwd=service)
        assert ended.returncode == 0, ended.stderr
    clone = tmp_path / "clone"
    ended = run("git", *options, "clone", "--quiet", str(service), str(clone), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert digest(clone).returncode == 0
    for path in (clone / "chassis").rglob("*.py"):  # an editor or an archive made them so
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert digest(clone).returncode == 0


def test_without_a_record_it_says_where_to_get_it(service: Path) -> None:
    (service / ".cookiecutter.json").unlink()
    ended = digest(service)
    assert ended.returncode == 2
    assert "Restore it from git" in ended.stderr


def test_lint_fails_by_it(service: Path) -> None:
    text = (service / "Makefile").read_text("utf-8")
    lint = text.partition("\nlint:")[2].partition("\n\n")[0]
    assert "\t@$(RUN) python -m chassis.digest\n" in lint
    change(service / "chassis")
    ended = run("make", "lint", "UV=/bin/true", "RUN=skip", cwd=service, PATH=standins(service))
    assert ended.returncode == 2
    assert "chassis/probe.py: changed" in ended.stderr


def standins(service: Path) -> str:
    """Give a PATH on which `skip` runs the digest and passes over every other tool."""
    programs = service.parent / "programs"
    programs.mkdir()
    (programs / "skip").write_text('#!/bin/sh\n[ "$1" != python ] || exec python3 -B "$2" "$3"\n')
    (programs / "skip").chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"
