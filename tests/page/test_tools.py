"""A build that lacks something says in one line what, and what to do."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from page import tools
from page.__main__ import find_origin
from tests.template import run, succeeded

if TYPE_CHECKING:
    from pathlib import Path


def test_without_node_the_build_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(tools.MissingError, match=r"node or npm is not installed\. Install Node"):
        tools.prepare()


@pytest.mark.usefixtures("packages")
def test_without_the_registry_the_build_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(tools.FOLDER / name, tmp_path)
    monkeypatch.setattr(tools, "FOLDER", tmp_path)
    monkeypatch.setattr(tools, "PACKAGES", tmp_path / "node_modules")
    monkeypatch.setattr(tools, "LOCK", tmp_path / "package-lock.json")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(tools.MissingError, match=r"run in page/: npm ci$"):
        tools.prepare()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ada:secret@example.com/acme/x.git", "https://example.com/acme/x.git"),
        ("git@example.com:acme/x.git", "ssh://git@example.com/acme/x.git"),
        ("/srv/x", None),
        ("", None),
    ],
)
def test_commands_name_the_origin_of_the_clone_if_others_can_reach_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, expected: str | None
) -> None:
    succeeded(run("git", "init", "--quiet", cwd=tmp_path))
    if url:
        succeeded(run("git", "remote", "add", "origin", url, cwd=tmp_path))
    monkeypatch.setattr(tools, "FOLDER", tmp_path)
    assert find_origin() == expected


@pytest.mark.usefixtures("packages")
def test_the_modules_of_the_page_are_consistent() -> None:
    ended = tools.run(str(tools.PACKAGES / ".bin" / "tsc"), "--project", "jsconfig.json")
    assert ended.returncode == 0, ended.stdout
