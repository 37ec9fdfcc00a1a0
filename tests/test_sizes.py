"""A carved service stays within its sizes, and the README says what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docs import sizes

if TYPE_CHECKING:
    from pathlib import Path


def test_the_table_of_the_readme_is_what_the_script_counts(tmp_path: Path) -> None:
    advice = "run: PYTHONPATH=.:hooks uv run python docs/sizes.py"
    assert sizes.page(tmp_path) == sizes.PAGE.read_text("utf-8"), advice
