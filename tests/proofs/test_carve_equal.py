"""An unedited service that takes other answers or a later version equals a fresh carving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lives import answers, snapshot
from tests.template import MANIFEST, QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lives import Life
    from tests.versions import Kept

SWITCHES = [
    f"{name}={str(not MANIFEST[name]).lower()}"
    for name in QUESTIONS
    if isinstance(MANIFEST[name], bool)
]
CHOICES = [f"{name}={it}" for name, those in MANIFEST["_choices"].items() for it in those[1:]]
NAMES = ["project_name=Order desk", "project_slug=order-desk"]


@pytest.mark.parametrize("said", [*SWITCHES, *CHOICES, "names"])
def test_an_unedited_service_becomes_what_a_fresh_carving_is(
    said: str, carve: Callable[..., Life], versions: dict[str, Path], kept: Kept
) -> None:
    words = NAMES if said == "names" else [said]
    life = carve()
    code, did = life.change("change", *words)
    pairs = [it.partition("=")[::2] for it in words]
    given: dict[str, object] = {name: it != "false" and it for name, it in pairs}
    given |= {"deployment": "none"} if said == "docker=false" else {}
    assert (code, did["conflicts"]) == (0, [])
    assert life.snapshot() == snapshot(kept.carve(versions["v0.1.0"], answers(**given)))


@pytest.mark.parametrize("start", ["v0.1.0", "between", "v0.2.0"])
def test_an_unedited_service_becomes_a_later_version(
    start: str, carve: Callable[..., Life], versions: dict[str, Path], kept: Kept
) -> None:
    life = carve(start, tracing=False)
    assert life.change("update")[0] == 0
    later = answers(telemetry=False, quotes=True)
    del later["tracing"]
    assert life.record["answers"] == later
    assert life.snapshot() == snapshot(kept.carve(versions["v0.3.0"], life.record["answers"]))


def test_two_steps_lead_to_where_one_does(carve: Callable[..., Life]) -> None:
    ends = []
    for name, steps in (("one", ["v0.3.0"]), ("two", ["v0.2.0", "v0.3.0"])):
        life = carve(name=name)
        with (life.folder / "app/main.py").open("a") as main:
            main.write("\nOURS = 1\n")
        life.commit()
        for step in steps:
            assert life.change("update", "--to", step)[0] == 0
            life.commit()
        ends.append(life.snapshot())
    assert ends[0] == ends[1]
