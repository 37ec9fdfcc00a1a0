"""A service with everything on is the raw tree, but for names and markers."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from tests.template import MANIFEST, QUESTIONS, RAW, answer, carve, files, texts

if TYPE_CHECKING:
    from pathlib import Path

ON = {name: True for name, default in MANIFEST.items() if isinstance(default, bool)}
MADE = {".cookiecutter.json", "chassis/SHA256SUMS"}
ANSWERS = answer(**ON)
CHOICES = MANIFEST["_choices"]
OTHERS = {one for name, those in CHOICES.items() for one in those if one != ANSWERS[name]}
MARKER = re.compile(r"[ \t]*(?:#|//|<!--) if ([\w. -]+?)(?: -->)?$")
FENCE = re.compile(r"\s*(?:#|//|<!--) (?:if ([\w. -]+):|end)(?: -->)?$")


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
    raw = {
        name
        for name in files(RAW)
        if lost.isdisjoint([name, *map(str, PurePosixPath(name).parents)])
    }
    assert set(files(service)) == {*raw, *MADE}


def test_every_syntax_tree_is_the_same(service: Path) -> None:
    for name, text in texts(service).items():
        if name.endswith(".py"):
            raw = "\n".join(chosen((RAW / name).read_text("utf-8")))
            assert ast.dump(ast.parse(named(raw))) == ast.dump(ast.parse(text)), name


def test_every_other_line_is_the_same(service: Path) -> None:
    for name, text in texts(service).items():
        if name in MADE:
            continue
        kept = chosen((RAW / name).read_text("utf-8"))
        assert [named(MARKER.sub("", line)) for line in kept] == text.split("\n"), name


def chosen(text: str) -> list[str]:
    """Give the lines of a raw file but fences, and what is marked for choices not made."""
    kept, wanted = [], True
    for line in text.split("\n"):
        if fence := FENCE.match(line):
            wanted = fence[1] is None or not belongs_to_another_choice(fence[1])
            continue
        marked = MARKER.search(line)
        if wanted and not (marked and belongs_to_another_choice(marked[1])):
            kept.append(line)
    return kept


def belongs_to_another_choice(condition: str) -> bool:
    """Tell a condition that only choices that were not made fulfil."""
    return set(condition.split(" or ")) <= OTHERS
