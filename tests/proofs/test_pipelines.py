"""Pipelines and hooks at work: what is wrong stops them, and says what it was."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.proofs.carved import Carved, available, clean, uv
from tests.proofs.test_own_tests import CONTAINER, has_image

NOWHERE = "http://127.0.0.1:9"
GIT_IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}
WRONG = {
    "secrets": ("settings.env", "DATABASE_URL=postgresql://app:hunter2@db/orders\n"),
    "secrets-of-tests": ("tests/keys.txt", "AKIA" + "ABCDEFGHIJKLMNOP\n"),
    "large-files": ("dump.sql", "x" * 600_000),
    "conflicts": ("notes.txt", "<<<<<<< HEAD\n"),
    "json": ("a.json", "{"),
    "toml": ("a.toml", "a = "),
    "lint": ("app/a.py", "import os\n"),
    "types": ("app/b.py", '"""A."""\n\nA: int = ""\n'),
}
"""Hook -> a file that it refuses."""
FLAWS = {
    "ruff": ("app/main.py", "import os\n"),
    "yamllint": ("compose.yaml", "networks:\n"),
    "hadolint": ("Dockerfile", "RUN cd /tmp\n"),
    "zizmor": (".github/workflows/ci.yml", "      - uses: actions/cache@v4\n"),
    "check-jsonschema": (".github/dependabot.yml", "    color: blue\n"),
}
"""Linter -> a file, and an end of it that the linter refuses."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    """A service in its repository, with its hooks, and everything committed that came with it."""
    where = tmp_path_factory.mktemp("project")
    carved = Carved.make(where)
    carved.run("git", "init", "--quiet", "--initial-branch=main")
    carved.run("make", "hooks")
    carved.run("git", "add", "--all")
    carved.run("git", "commit", "--quiet", "--message=First", **GIT_IDENTITY)
    return carved


@pytest.fixture(scope="module")
def lean(tmp_path_factory: pytest.TempPathFactory) -> Carved:
    where = tmp_path_factory.mktemp("lean")
    features = {"database": False, "cache": False, "docker": False, "deployment": "none"}
    return Carved.make(where, **features).sync()


def attempt(service: Carved, *command: str, **variables: str) -> tuple[int, str]:
    """Run a command that may fail; return its exit code and what it said."""
    path = f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}"  # it finds this uv
    ended = subprocess.run(
        command,
        cwd=service.path,
        env=clean(**{"PATH": path, **variables}),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return ended.returncode, ended.stdout


def test_the_first_commit_is_accepted_and_holds_everything(project: Carved) -> None:
    assert project.run("git", "status", "--porcelain").stdout == ""
    tracked = project.run("git", "ls-files").stdout.split()
    assert {"uv.lock", ".env.example", "app/main.py"} <= set(tracked)
    project.run(".venv/bin/pre-commit", "run", "--all-files")


def test_a_commit_with_anything_wrong_is_refused_by_name(project: Carved) -> None:
    for name, text in WRONG.values():
        (project.path / name).write_text(text)
    project.run("git", "add", "--all")
    code, said = attempt(project, "git", "commit", "--message=Wrong", **GIT_IDENTITY)
    project.run("git", "reset", "--hard", "--quiet")
    assert code == 1
    assert [hook for hook in WRONG if f"- hook id: {hook}\n" not in said] == [], said


@pytest.mark.parametrize("linter", FLAWS)
def test_every_linter_stops_the_stage(project: Carved, linter: str) -> None:
    file = project.path / FLAWS[linter][0]
    with file.open("a") as end:
        end.write(FLAWS[linter][1])
    code, said = attempt(project, "make", "ci")
    project.run("git", "checkout", "--quiet", ".")
    assert code != 0
    assert file.name in said
    assert "== lint failed after" in said
    assert said.count("== ") == 2


def test_a_failing_test_stops_the_pipeline_and_names_its_stage(lean: Carved) -> None:
    broken = lean.path / "app" / "greetings" / "tests" / "test_broken.py"
    broken.write_text("def test_it() -> None:\n    assert not __name__\n")
    code, said = attempt(lean, "make", "ci", "ARGS=app/greetings")
    broken.unlink()
    assert "1 failed, " in said
    lines = [line.rpartition(" after ")[0] or line for line in said.splitlines() if "== " in line]
    stages = [line.partition(" in ")[0] for line in lines if line.startswith("== ")]
    assert code != 0
    assert stages == [
        *("== lint", "== lint passed", "== types", "== types passed"),
        *("== test", "== test failed"),
    ]
    assert "make test runs it alone" in said


@pytest.mark.parametrize("hook", ["secrets", "secrets-of-tests"])
def test_a_scan_finds_secrets_that_got_past_the_hooks(project: Carved, hook: str) -> None:
    name, text = WRONG[hook]
    (project.path / name).write_text(text)
    project.run("git", "add", "--all")
    code, said = attempt(project, "make", "ci", "STAGES=scan")
    project.run("git", "reset", "--hard", "--quiet")
    assert code != 0
    assert f"- hook id: {hook}\n" in said
    assert "== scan failed after" in said


def test_a_scan_that_cannot_ask_fails_and_says_so(lean: Carved) -> None:
    lean.run(uv(), "sync", "--quiet", "--group", "audit")
    code, said = attempt(lean, "make", "scan", HTTPS_PROXY=NOWHERE)
    assert code != 0
    assert "scan: osv.dev, which lists vulnerabilities, cannot be reached" in said
    assert "Traceback" not in said


def test_nothing_is_pushed_unless_it_is_meant(project: Carved, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >> "{calls}"\n')
    docker.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{clean()['PATH']}"}
    code, said = attempt(project, "make", "push", "IMAGE=example/orders:1", **path)
    assert code != 0
    assert "PUSH=yes" in said
    assert not calls.exists()
    project.run("make", "push", "IMAGE=example/orders:1", "PUSH=yes", **path)
    assert calls.read_text() == "push example/orders:1\n"


def test_the_image_is_built_and_becomes_healthy(project: Carved) -> None:
    if not has_image(CONTAINER.format(available()[0])):
        pytest.skip("NOT PROVEN: no container engine here, or no image of Python to build from")
    code, said = attempt(project, "make", "ci", "STAGES=build", "IMAGE=orders-pipeline")
    assert code == 0, said
    assert "== build passed in" in said
    project.run("docker", "image", "rm", "orders-pipeline")


def test_in_a_folder_of_a_larger_repository_the_scan_works_and_hooks_are_refused(
    tmp_path: Path,
) -> None:
    service = Carved.make(tmp_path / "services").sync()
    repository = Carved(tmp_path)
    repository.run("git", "init", "--quiet", "--initial-branch=main")
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "--quiet", "--message=First", **GIT_IDENTITY)
    code, said = attempt(service, "make", "hooks")
    assert code == 2
    assert "make -C services/orders/ lint types\n" in said
    (tmp_path / "other.txt").write_text("outside")
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "--quiet", "--message=Outside", **GIT_IDENTITY)
    _, said = attempt(service, "make", "scan", HTTPS_PROXY=NOWHERE)
    assert "scan: osv.dev" in said, said
    name, text = WRONG["secrets"]
    (service.path / name).write_text(text)
    repository.run("git", "add", "--all")
    code, said = attempt(service, "make", "scan", HTTPS_PROXY=NOWHERE)
    assert code != 0
    assert "- hook id: secrets\n" in said
    assert f"services/orders/{name}:1" in said
    for tag, version in ("v9.0.0", ""), ("services/orders/v1.2.3", "1.2.3"):
        repository.run("git", "tag", tag)
        built = service.run("make", "--dry-run", "image").stdout
        assert f"--build-arg VERSION={version} " in built
