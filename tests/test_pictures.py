"""Pictures of the README: drawn by their scripts, of what there is and of what was measured."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

import pytest

from benchmarks.picture import draw
from docs.pictures import canary, carving, rollout, terminal, tree, update
from tests.template import ROOT

if TYPE_CHECKING:
    from pathlib import Path

README = (ROOT / "README.md").read_text("utf-8")
NOTED = [rollout.Watched(**run) for run in json.loads(rollout.NOTES.read_text("utf-8"))]
DRAWN = {
    tree.OUTPUT: (tree.picture, "PYTHONPATH=.:hooks python docs/pictures/tree.py"),
    rollout.OUTPUT: (
        lambda: rollout.picture(NOTED),
        "PYTHONPATH=.:hooks python docs/pictures/rollout.py --draw",
    ),
    rollout.DARK_OUTPUT: (
        lambda: rollout.darken(rollout.picture(NOTED)),
        "PYTHONPATH=.:hooks python docs/pictures/rollout.py --draw",
    ),
    carving.OUTPUT: (
        lambda: terminal.draw(carving.TITLE, terminal.load(carving.NOTES)),
        "PYTHONPATH=.:hooks python docs/pictures/carving.py --draw",
    ),
    canary.OUTPUT: (
        lambda: terminal.draw(canary.TITLE, terminal.load(canary.NOTES)),
        "PYTHONPATH=.:hooks python docs/pictures/canary.py --draw",
    ),
    ROOT / "docs/pictures/benchmark.svg": (
        lambda: draw(json.loads((ROOT / "docs/benchmark.json").read_text("utf-8"))),
        "python -m benchmarks.report",
    ),
    update.OUTPUT: (
        lambda: terminal.draw(update.TITLE, terminal.load(update.NOTES)),
        "PYTHONPATH=.:hooks python docs/pictures/update.py --draw",
    ),
}


@pytest.mark.parametrize("path", DRAWN, ids=lambda it: it.name)
def test_a_picture_is_what_its_script_draws(path: Path) -> None:
    draw, command = DRAWN[path]
    assert path.read_text("utf-8") == draw(), f"draw it again: {command}"


def test_the_readme_shows_every_picture() -> None:
    shown = set(re.findall(r"[(\"]docs/pictures/([\w-]+\.svg)[)\"]", README))
    assert shown == {path.name for path in (ROOT / "docs/pictures").glob("*.svg")}


def test_every_picture_is_for_light_and_for_dark_pages() -> None:
    drawn = {path.name: path.read_text("utf-8") for path in (ROOT / "docs/pictures").glob("*.svg")}
    only_light = [name for name, svg in drawn.items() if "prefers-color-scheme:dark" not in svg]
    assert [
        it for it in only_light if "-dark" not in it and it.replace(".", "-dark.") not in drawn
    ] == []


def test_the_readme_says_of_the_rollouts_what_was_measured() -> None:
    whole, faulty = NOTED[:-1], NOTED[-1]
    sent, failed = sum(run.requests for run in whole), sum(run.failed for run in whole)
    text = README.replace("\n", " ")
    assert f"{sent:,} requests, {failed} failed" in text
    assert f"{faulty.failed} of {faulty.requests:,} failed" in text
    assert {run.title for run in NOTED} == {plan.title for plan in rollout.PLANS}


def test_a_terminal_shows_whole_lines_light_and_dark_with_fonts_of_its_own() -> None:
    long = "x" * (terminal.COLUMNS + 9)
    step = terminal.Step("echo '<a & b>'", ["", "  added     a.py", "conflict b.py", long])
    drawn = terminal.draw("A & B", [step])
    rows = [(float(it["x"]), float(it["textLength"])) for it in texts(drawn) if "textLength" in it]
    assert len(rows) == 5
    assert max(x + wide for x, wide in rows) == terminal.COLUMNS * terminal.CELL
    assert drawn.count("http") == drawn.count('xmlns="http://www.w3.org/2000/svg"') == 1
    assert "prefers-color-scheme:dark" in drawn
    assert '<tspan class="good">added</tspan>     a.py' in drawn
    assert '<tspan class="bad">conflict</tspan> b.py' in drawn


def texts(drawn: str) -> list[dict[str, str]]:
    return [it.attrib for it in fromstring(drawn).iter() if it.tag.endswith("}text")]  # noqa: S314 - our own


def test_the_carving_session_prints_what_its_picture_shows(tmp_path: Path) -> None:
    command = "PYTHONPATH=.:hooks python docs/pictures/carving.py"
    assert carving.record(tmp_path) == terminal.load(carving.NOTES), command


def test_no_label_of_the_benchmark_is_clipped() -> None:
    wide, narrow = 6.7, re.compile(r"[iljtfr.,' ]")
    drawn = draw(json.loads((ROOT / "docs/benchmark.json").read_text("utf-8")))
    labels = [it for it in fromstring(drawn).iter() if it.get("text-anchor") == "end"]  # noqa: S314 - our own
    assert labels
    for label in labels:
        text = label.text or ""
        pixels = wide * len(text) - 3 * len(narrow.findall(text))
        assert pixels < float(label.attrib["x"]), text


def test_the_picture_for_dark_pages_has_no_colour_of_the_light_one() -> None:
    drawn = rollout.darken(rollout.picture(NOTED))
    assert [it for it in rollout.DARK if f'"{it}"' in drawn] == []
