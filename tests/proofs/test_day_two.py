"""Two hundred services take other answers and later versions: U1 to U8, conflicts counted."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cases import Tally, generate, play

if TYPE_CHECKING:
    from pathlib import Path

    from tests.versions import Kept

CHUNKS, CASES = 11, 20


@pytest.fixture(scope="module")
def tally() -> Tally:
    return Tally()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_is_lost(
    chunk: int, tally: Tally, versions: dict[str, Path], kept: Kept, tmp_path: Path
) -> None:
    failed = {}
    for number in range(CASES):
        case = generate(f"slow {chunk} {number}")
        wrong = play(case, versions[case.start], kept, tmp_path / "orders", tally)
        shutil.rmtree(tmp_path / "orders")
        if wrong:
            failed[case.seed] = (case, wrong)
    assert failed == {}


def test_the_conflicts_are_counted(tally: Tally) -> None:
    edits = sum(tally.times.values())
    figures = [f"U3: {tally.cases} cases, {edits} edits, {tally.with_conflict} with a conflict"]
    figures += [f"U3: {times} conflicts in {path}" for path, times in tally.conflicts.most_common()]
    print(*figures, *sorted(tally.examples), sep="\n")  # noqa: T201 - figures
