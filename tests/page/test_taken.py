"""What one takes along is what cookiecutter carves with the command that the page shows."""

from __future__ import annotations

import shlex
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.page.links import answer_with
from tests.pairwise import CHOICES, pairwise, seed
from tests.template import MANIFEST, ROOT, files, run
from tests.test_answers import PIECES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

HOSTILE = [
    {"project_name": 'Zoë\'s "Orders" $(id)', "author": "日本語 🚀", "description": "`a` \\ 'b'"},
    {"project_name": "a; rm -rf .", "description": "{{ cookiecutter.author }} %s", "author": "-x="},
    {"description": " ".join(PIECES[:12]), "author": "<!-- if gitlab --> # if metrics"},
    {"project_name": "a #&=+%20", "author": "</script><script>alert(1)</script>"},
]
OPTIONS = [name for name, those in CHOICES.items() if isinstance(those[0], bool)]


def download(page: Page, folder: Path) -> dict[str, tuple[bytes, int]]:
    """Take the service along, and read it: the content and the mode of every file."""
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download ZIP").click()
    taken.value.save_as(folder / "service.zip")
    with zipfile.ZipFile(folder / "service.zip") as archive:
        assert archive.testzip() is None
        return {
            it.filename: (archive.read(it), it.external_attr >> 16) for it in archive.infolist()
        }


def carved_by_cookiecutter(
    command: str, folder: Path, template: str = str(ROOT)
) -> dict[str, tuple[bytes, int]]:
    """Run the command that the page shows, with the template unchanged here, or another one."""
    uvx, program, address, *words = shlex.split(command)
    assert (uvx, program, address.partition(":")[0]) == ("uvx", "cookiecutter", "gh")
    ended = run(
        sys.executable, "-m", "cookiecutter", template, *words, cwd=folder, LC_ALL="C.UTF-8"
    )
    assert ended.returncode == 0, ended.stderr
    (made,) = [it for it in folder.iterdir() if it.is_dir() and not it.name.startswith(".")]
    return {
        f"{made.name}/{name}": (path.read_bytes(), path.stat().st_mode)
        for name, path in files(made).items()
    }


@pytest.mark.parametrize(
    "given",
    [{}, *pairwise(seed()), *({it: not MANIFEST[it]} for it in OPTIONS), *HOSTILE],
    ids=repr,
)
def test_the_archive_is_what_cookiecutter_carves_with_the_command_shown(
    page: Page, built: Path, tmp_path: Path, given: dict[str, Any]
) -> None:
    answer_with(page, built, given)
    command = page.locator("#uvx").input_value()
    (tmp_path / "carved").mkdir()
    assert download(page, tmp_path) == carved_by_cookiecutter(command, tmp_path / "carved")
