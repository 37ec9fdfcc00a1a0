"""The whole product of the answers, statically: it takes long, so it is run by its name only."""

from __future__ import annotations

import shutil
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from literal_answers import resolve
from tests.template import answer
from tests.test_carvings import ALONE, OPTIONS
from tests.test_carvings import test_every_combination_is_whole as is_whole

if TYPE_CHECKING:
    from pathlib import Path

MEETING = {name: values for name, values in OPTIONS.items() if name not in ALONE}


def resolved(meeting: tuple[Any, ...]) -> bool:
    """Tell whether answers have a contradiction, so that they are carved as others of these."""
    answers = answer(**dict(zip(MEETING, meeting, strict=True)))
    return resolve(answers) != answers


@pytest.mark.parametrize(
    "meeting", [it for it in product(*MEETING.values()) if not resolved(it)], ids=repr
)
def test_it_is_whole_beside_every_answer_that_stands_alone(
    meeting: tuple[Any, ...], tmp_path: Path
) -> None:
    for alone in product(*(OPTIONS[name] for name in ALONE)):
        where = tmp_path / "-".join(alone)
        where.mkdir()
        is_whole(dict(zip([*ALONE, *MEETING], [*alone, *meeting], strict=True)), where)
        shutil.rmtree(where)
