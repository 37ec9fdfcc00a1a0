"""A service takes other answers and later versions, and loses nothing: U1 to U8, a bounded share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cases import Tally, generate, live, play

if TYPE_CHECKING:
    from pathlib import Path

    from tests.versions import Kept

CASES = 24


@pytest.mark.parametrize("number", range(CASES))
def test_generated_case(number: int, versions: dict[str, Path], kept: Kept, tmp_path: Path) -> None:
    case = generate(f"fast {number}")
    tally = Tally()
    wrong = play(case, versions[case.start], kept, tmp_path / "orders", tally)
    assert wrong == [], case
