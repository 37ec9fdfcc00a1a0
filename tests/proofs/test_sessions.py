"""The sessions that pictures of a terminal show: each is run again, and shows what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.pictures import update
from docs.pictures.terminal import load

if TYPE_CHECKING:
    from pathlib import Path


def test_a_service_gets_a_cache_an_update_and_does_without_again(tmp_path: Path) -> None:
    recorded = load(update.NOTES)
    ran = update.record(tmp_path)
    assert update.stable(ran) == update.stable(recorded), "PYTHONPATH=.:hooks python " + str(
        update.OUTPUT.with_suffix(".py")
    )
    kept = ran[-1].printed
    assert [line.strip() for line in kept] == [
        'greetings: Greetings = Greetings(salutation="Good day")',
        "*.local",
    ]
