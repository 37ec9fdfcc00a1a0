"""Each cookiecutter from 2.3 on carves the same service; an older one says what to do."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import TEMPLATE, clean, uv

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS = ("metrics=false", "docker=no", "ci=gitlab", "project_name=Order desk")


def cookiecutter(version: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Let a version of cookiecutter, with an empty home, carve into a folder."""
    folder.mkdir()
    (folder / "config").write_text(f"replay_dir: {folder}\ncookiecutters_dir: {folder}\n")
    installed = ("--from", f"cookiecutter=={version}", "--with", "setuptools")
    carve = ("cookiecutter", str(TEMPLATE), "--no-input", "--output-dir", str(folder / "out"))
    return subprocess.run(
        [uv(), "tool", "run", "--quiet", *installed, *carve, *ANSWERS],
        env=clean(COOKIECUTTER_CONFIG=str(folder / "config")),
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def files(folder: Path) -> dict[str, bytes]:
    """Read every file."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_every_version_from_the_oldest_supported_carves_the_same(tmp_path: Path) -> None:
    services = []
    for version in ("2.3.0", "2.6.0", "2.7.1"):
        ended = cookiecutter(version, tmp_path / version)
        assert ended.returncode == 0, ended.stderr
        services.append(files(tmp_path / version / "out" / "order-desk"))
    assert services[0] == services[1] == services[2]
    assert "Dockerfile" not in services[0]


@pytest.mark.parametrize("version", ["2.1.1", "2.2.2"])
def test_an_older_version_is_refused_with_one_line(version: str, tmp_path: Path) -> None:
    ended = cookiecutter(version, tmp_path / version)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("This template needs cookiecutter 2.3 or later, and this is ")
    assert line.endswith(". Update it, or run: uvx cookiecutter")
    assert not (tmp_path / version / "out").exists()
