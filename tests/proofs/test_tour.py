"""The sequence diagrams of a service's tour are what a tracer records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs import tour
from tests.proofs.carved import Carved
from tests.proofs.test_own_tests import NOTHING

if TYPE_CHECKING:
    from pathlib import Path


def test_the_diagrams_of_the_tour_are_what_the_service_does(tmp_path: Path) -> None:
    smallest = Carved.make(tmp_path, **NOTHING).sync()
    advice = "run: PYTHONPATH=.:hooks uv run python docs/tour.py"
    assert tour.page(smallest) == tour.PAGE.read_text("utf-8"), advice
