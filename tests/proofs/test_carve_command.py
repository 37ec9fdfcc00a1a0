"""The installed command, as `uvx --from git+… carve` runs it: its times, and what a kill leaves."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.conftest import seed
from tests.lives import Life
from tests.proofs.carved import clean, uv
from tests.template import ROOT, bake, carve, commit, copy_template, files, run, succeeded

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = {"update": 5}
"""Seconds that a command may take, else 2. Both carvings run side by side, so the time of two
processors is what is held to it: another process that works does not slow that down."""
KILLED = """
import os, signal, sys
import carve.apply, carve.journal
from carve.__main__ import main

left = [int(sys.argv[1])]

def step():
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

carve.apply.step = carve.journal.step = step
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of this checkout, as a repository that can be installed from."""
    template = copy_template(tmp_path_factory.mktemp("repository") / "template")
    for name in ("CHANGELOG.md", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, template / name)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "carve", template / "carve", ignore=ignored)
    commit(template)
    succeeded(run("git", "tag", "v0.1.0", cwd=template))
    return template


@pytest.fixture(scope="module")
def command(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command."""
    tools = tmp_path_factory.mktemp("tools")
    where = {"UV_TOOL_DIR": str(tools / "tools"), "UV_TOOL_BIN_DIR": str(tools / "bin")}
    install = [uv(), "tool", "install", "--quiet", f"git+{repository.as_uri()}"]
    ended = subprocess.run(install, env=clean(**where), capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return tools / "bin/carve"


def test_it_carves_what_cookiecutter_carves(command: Path, tmp_path: Path) -> None:
    given = {"project_name": "Order desk", "cache": False}
    said = ["project_name=Order desk", "cache=false"]
    succeeded(run(str(command), "new", "--no-input", *said, cwd=tmp_path))
    expected = files(bake(tmp_path / "expected", **given))
    made = files(tmp_path / "order-desk")
    assert {it: path.read_bytes() for it, path in made.items()} == {
        it: path.read_bytes() for it, path in expected.items()
    }
    assert run(str(command), "new", "--no-input", "ci=jenkins", cwd=tmp_path).returncode == 2


def measure(*command: str, cwd: Path, **variables: str) -> tuple[float, float]:
    """Run a command that has to succeed; return its seconds, and those of processors."""
    began, before = time.monotonic(), os.times()
    succeeded(run(*command, cwd=cwd, **variables))
    took, after = time.monotonic() - began, os.times()
    return took, after[2] + after[3] - before[2] - before[3]


def test_every_command_takes_seconds(command: Path, repository: Path, tmp_path: Path) -> None:
    pristine = carve(tmp_path / "pristine", cache=False, project_slug="orders")
    life = Life(pristine, tmp_path / "orders")
    home = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    readme = next(repository.glob("*slug*")) / "README.md"
    readme.write_text(readme.read_text("utf-8").replace("## Operate", "## Operating"))
    commit(repository)
    source = ("--source", str(repository))
    commands = (
        ("git", "status"),
        ("python", "-c", "pass"),
        ("carve", "status", *source),
        ("carve", "add", "cache"),
        ("carve", "remove", "metrics"),
        ("carve", "change", "project_name=Order desk", "project_slug=order-desk"),
        ("carve", "update", "--to", "HEAD", *source),
        ("carve", "own", "chassis/probe.py"),
    )
    taken: dict[str, list[tuple[float, float]]] = {}
    for _ in range(3):
        for program, *words in commands:
            path = str(command) if program == "carve" else program
            row = taken.setdefault(f"{program} {words[0]}", [])
            row.append(measure(path, *words, cwd=life.folder, **home))
            if "own" in words:
                life.git("checkout", "--quiet", ".")
            elif program == "carve" and "status" not in words:
                row = taken.setdefault("carve abort", [])
                row.append(measure(str(command), "abort", cwd=life.folder, **home))
    for name, row in taken.items():
        took, used = (sorted(it)[1] for it in zip(*row, strict=True))
        print(f"U7: {name}: {took:.1f} s, {used:.1f} s of processors")  # noqa: T201 - a figure
        least = min(used for _, used in row)
        assert least < 2 * SECONDS.get(name.removeprefix("carve "), 2), name


def edited(tmp_path: Path) -> Life:
    """A service in which removing the database is a conflict."""
    life = Life(carve(tmp_path / "pristine", project_slug="orders"), tmp_path / "orders")
    with (life.folder / "app/notes/routes.py").open("a") as file:
        file.write("\n# ours\n")
    (life.folder / "Makefile").chmod(0o600)
    life.commit()
    (life.folder / "mine.txt").write_text("untracked")
    return life


def start(life: Life, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-B", "-c", KILLED, *words],
        cwd=life.folder,
        env=clean(PYTHONPATH=str(ROOT)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def test_a_process_killed_at_any_step_leaves_what_abort_undoes(tmp_path: Path) -> None:
    life = edited(tmp_path)
    before, status = life.snapshot(), life.status()
    number, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        number += 1 if number < 4 else 4
        code = start(life, str(number), "remove", "database").wait(60)
        life.carve("abort")
        assert (life.snapshot(), life.status()) == (before, status), number
    assert code == 1
    print(f"U5: killed at steps 1 to {number}, nothing lost")  # noqa: T201 - a figure


def test_a_process_group_killed_at_any_moment_leaves_what_abort_undoes(tmp_path: Path) -> None:
    life = edited(tmp_path)
    before, status = life.snapshot(), life.status()
    began = time.monotonic()
    assert start(life, "0", "remove", "database").wait(60) == 1
    whole = time.monotonic() - began
    life.carve("abort")
    choice = random.Random(seed())  # noqa: S311 - a test's choice
    for _ in range(12):
        process = start(life, "0", "remove", "database")
        time.sleep(choice.uniform(whole * 0.4, whole * 1.05))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
        life.carve("abort")
        assert (life.snapshot(), life.status()) == (before, status)
