"""The README says what the page that compares updates shows."""

from __future__ import annotations

from benchmarks.day_two import BLOCK, OUTPUT, README, summary


def test_the_readme_says_what_the_comparison_counted() -> None:
    shown = BLOCK.search(README.read_text("utf-8"))
    assert shown
    assert shown[0] == summary(OUTPUT.read_text("utf-8")), "run: make compare"
