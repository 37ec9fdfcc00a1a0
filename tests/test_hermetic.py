"""Carving asks nothing of network, git or containers; the same answers give the same bytes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.template import ROOT, files, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GUARD = """
import sys

REFUSED = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
           "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile"}

def guard(event, arguments):
    if event in REFUSED or (event == "subprocess.Popen" and arguments[0] != sys.executable):
        raise RuntimeError("carving must not need " + event)

sys.addaudithook(guard)
"""
COMMAND = (sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input", "author=Zoë 🚀 日本語")


@pytest.fixture
def guarded(tmp_path: Path) -> str:
    """Path of a folder that makes every Python process refuse what carving must not need."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    return str(tmp_path / "guard")


@pytest.fixture
def restored_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    "act",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import os; os.system('true')",
        "import subprocess; subprocess.run(['git', '--version'])",
    ],
)
def test_the_guard_guards(tmp_path: Path, guarded: str, act: str) -> None:
    ended = run(sys.executable, "-c", act, cwd=tmp_path, PYTHONPATH=guarded)
    assert "carving must not need" in ended.stderr


def test_carving_needs_neither_network_nor_programs(tmp_path: Path, guarded: str) -> None:
    ended = run(*COMMAND, cwd=tmp_path, PYTHONPATH=guarded, PATH="")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.usefixtures("restored_umask")
def test_the_same_answers_give_the_same_bytes_wherever_and_whenever(tmp_path: Path) -> None:
    made = []
    for umask, variables in [
        (0o022, {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
        (0o077, {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"}),
    ]:
        os.umask(umask)
        place = tmp_path / variables["TZ"].replace("/", " ")
        place.mkdir()
        ended = run(*COMMAND, cwd=place, **variables)
        assert ended.returncode == 0, ended.stderr
        found = files(place / "orders").items()
        made.append({name: (path.read_bytes(), os.access(path, os.X_OK)) for name, path in found})
    assert made[0] == made[1]
