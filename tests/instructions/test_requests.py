"""A request takes no more instructions than was recorded; `make bounds` records them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import bounds, instructions

if TYPE_CHECKING:
    from pathlib import Path

MISSING = "NOT PROVEN: valgrind is missing, so that instructions are not counted"


@pytest.mark.skipif(not instructions.available(), reason=MISSING)
@pytest.mark.parametrize("feature", bounds.APPLICATIONS)
def test_a_request_takes_no_more_instructions_than_recorded(feature: str, tmp_path: Path) -> None:
    seen = bounds.count(feature, tmp_path / feature)
    result = f"{seen.service:,} instructions a request, bare FastAPI takes {seen.bare:,}"
    print(f"C1 {feature}: {result}")  # noqa: T201 - the figure
    assert seen.beyond(bounds.recorded()[feature]) == []


def test_only_what_is_beyond_the_tolerance_is_a_regression() -> None:
    was = bounds.Count(1000, 500, {"python": "3.13"})
    assert bounds.Count(1015, 500, was.versions).beyond(was) == []
    assert bounds.Count(900, 430, was.versions).beyond(was)
    assert len(bounds.Count(1030, 500, was.versions).beyond(was)) == 2


def test_with_other_versions_only_the_ratio_counts() -> None:
    was = bounds.Count(1000, 500, {"python": "3.13"})
    other = {"python": "3.14"}
    assert bounds.Count(2000, 1000, other).beyond(was) == []
    assert len(bounds.Count(2000, 900, other).beyond(was)) == 1
