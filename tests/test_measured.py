"""The page of what rollouts measured shows what tests that passed have printed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.rollouts.measured import collect_figures, render_page

UNDER_LOAD = "tests/rollouts/test_under_load.py::test"
NOTES = {
    f"{UNDER_LOAD}_a[docker]": {"outcome": "passed", "figures": ["D2: switch: 0.1 s; 0 failed"]},
    f"{UNDER_LOAD}_b[process-mixed]": {"outcome": "passed", "figures": ["D1: mixed: 5 s"]},
    f"{UNDER_LOAD}_a[process]": {"outcome": "passed", "figures": ["D2: switch: 0.2 s: because"]},
    f"{UNDER_LOAD}_c[process]": {"outcome": "failed", "figures": ["D3: share: 99 %"]},
    "tests/proofs/test_x.py::test_d[process]": {"outcome": "passed", "figures": ["D1: x: 1"]},
}
WHEN = datetime(2026, 11, 26, tzinfo=UTC)


def test_each_driver_has_its_figures_in_the_order_of_the_promises() -> None:
    shown = render_page(collect_figures(NOTES), WHEN, 2)
    assert "2026-11-26, on 2 cores" in shown
    assert shown.endswith(
        "| Measured | process | docker |\n| --- | --- | --- |\n"
        "| D1: mixed | 5 s |  |\n| D2: switch | 0.2 s | 0.1 s; 0 failed |\n"
    )


def test_every_figure_of_rollouts_has_the_form_that_the_page_takes() -> None:
    folder = Path(__file__).parent / "rollouts"
    printed = [
        line
        for path in folder.glob("test_*.py")
        for line in path.read_text("utf-8").splitlines()
        if "print(" in line
    ]
    assert len(printed) == 14
    assert not [line for line in printed if line.count(": ") < 2]
