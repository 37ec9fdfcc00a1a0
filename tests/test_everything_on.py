"""A service with everything on is the raw tree, but for names and markers."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.template import MANIFEST, QUESTIONS, RAW, answer, carve, files, texts

if TYPE_CHECKING:
    from pathlib import Path

ON = {name: True for name, default in MANIFEST.items() if isinstance(default, bool)}
ANSWERS = answer(**ON)
CHOICES = MANIFEST["_choices"]
OTHERS = {one for name, those in CHOICES.items() for one in those if one != ANSWERS[name]}
MARKER = re.compile(r"[ \t]*(?:#|//|<!--) if ([\w. -]+?)(?: -->)?$")
FENCE = re.compile(r"\s*(?:#|//|<!--) (?:if [\w. -]+:|end)(?: -->)?$")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return carve(tmp_path_factory.mktemp("on") / "orders", **ON)


def named(text: str) -> str:
    """Put the answers in, as a plain reader would."""
    for name in QUESTIONS:
        text = text.replace(f"{{{{ cookiecutter.{name} }}}}", str(ANSWERS[name]))
    return text


def test_no_file_is_lost_but_those_of_other_choices_and_none_is_added(service: Path) -> None:
    lost = {path for other in OTHERS for path in MANIFEST["_paths"].get(other, ())}
    raw = {name for name in files(RAW) if name not in lost and name.split("/")[0] not in lost}
    assert set(files(service)) == {*raw, ".cookiecutter.json"}


def test_every_syntax_tree_is_the_same(service: Path) -> None:
    for name, text in texts(service).items():
        if name.endswith(".py"):
            raw = (RAW / name).read_text("utf-8")
            assert ast.dump(ast.parse(named(raw))) == ast.dump(ast.parse(text)), name


def test_every_other_line_is_the_same(service: Path) -> None:
    for name, text in texts(service).items():
        if name == ".cookiecutter.json":
            continue
        raw = [
            line for line in (RAW / name).read_text("utf-8").split("\n") if not FENCE.match(line)
        ]
        kept = [line for line in raw if not belongs_to_another_choice(line)]
        assert [named(MARKER.sub("", line)) for line in kept] == text.split("\n"), name


def belongs_to_another_choice(line: str) -> bool:
    """Tell a line that is marked for choices that were not made."""
    marked = MARKER.search(line)
    return marked is not None and set(marked[1].split(" or ")) <= OTHERS
