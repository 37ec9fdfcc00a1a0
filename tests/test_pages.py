"""The page about deployments shows commands that exist, and what the tool prints today."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.template import RAW

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = RAW / "docs" / "deploy.md"
STEP = re.compile(r"^ +\d+\.\d  (?:-> \d+/\d+ )?([a-z]+)")
CHECK = re.compile(r"^ *ok   (\w+): ")


def console() -> Iterator[str]:
    """Yield the lines of the page's console blocks."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        yield from block.splitlines()


def source(*names: str) -> str:
    """Return the text of files of the tool."""
    return "".join((RAW / "chassis" / "rollout" / name).read_text("utf-8") for name in names)


@pytest.mark.parametrize("page", ["develop.md", "expand-and-contract.md"])
def test_a_command_of_a_page_for_developers_finds_what_the_service_needs(page: str) -> None:
    text = (RAW / "docs" / page).read_text("utf-8")
    assert "uv run python -m app" in text
    assert re.findall(r".*(?<!uv run )python -m app.*", text) == []


@pytest.mark.parametrize("page", ["AGENTS.md", "README.md", "docs/develop.md"])
def test_every_page_names_the_same_command_after_which_a_change_is_done(page: str) -> None:
    text = (RAW / page).read_text("utf-8")
    done = re.findall(r"\b(?:is|be) done\s+when\s+`([^`]+)`", text)
    assert set(done) == {"make lint types test"}


def test_the_output_of_a_deployment_is_made_of_what_the_tool_says() -> None:
    files = ("steps.py", "operations.py", "releases.py", "adoption.py", "executor.py", "events.py")
    said = source(*files)
    words = [found[1] for line in console() if (found := STEP.match(line))]
    assert words
    assert [it for it in words if not re.search(rf'"{it}\b', said)] == []


def test_the_doctor_of_the_first_deployment_runs_every_check() -> None:
    shown = [found[1] for line in console() if (found := CHECK.match(line))]
    assert shown == re.findall(r'^        "(\w+)": _check_\w+,$', source("doctor.py"), re.MULTILINE)


def test_what_make_up_says_beside_rollouts_is_what_the_page_shows() -> None:
    makefile = (RAW / "Makefile").read_text("utf-8").replace("$(IMAGE)", "orders")
    shown = [line for line in console() if line.startswith(("up:", "  make", "  python3"))]
    assert len(shown) == 4
    assert [line for line in shown if f'echo "{line}"' not in makefile] == []
