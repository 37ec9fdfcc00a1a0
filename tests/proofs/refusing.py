"""The carved service in whose line others wait for good, so that it refuses: run like `busy.py`."""
# mypy: ignore-errors
# The template's environment has neither the service nor its libraries.

from __future__ import annotations

import sys

from app.main import ENVIRONMENTS, compose
from chassis.environment import load
from chassis.security import load_shedding
from chassis.waiting_line import WaitingLine


class StuckLine(WaitingLine):
    """A line of which nobody's turn comes."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.waiting.extend([None] * self.min_length)
        self._seconds = 1.0  # for the last start

    def start(self, _: int) -> int:
        return 0


load_shedding.WaitingLine = StuckLine
settings = load(ENVIRONMENTS)
sys.exit(settings.server.serve(compose(settings)))
