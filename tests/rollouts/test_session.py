"""The session of the picture of a canary: run again, it prints what the picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs.pictures import canary, terminal
from tests.rollouts.host import RolloutHost

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proofs.carved import Carved


def test_a_canary_that_fails_prints_what_its_picture_shows(service: Carved, tmp_path: Path) -> None:
    ran = canary.record(RolloutHost(service, tmp_path))
    recorded = terminal.load(canary.NOTES)
    command = "PYTHONPATH=.:hooks python docs/pictures/canary.py"
    assert canary.stable(ran) == canary.stable(recorded), command
    assert ran[0].printed[-1] == "exit code 1"
