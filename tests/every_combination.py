"""Carves every combination of the answers with the hooks; takes long, so it runs only by name."""

from __future__ import annotations

import shutil
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.pairwise import CHOICES
from tests.test_carvings import it_is_carved_as_the_variants_say
from tests.variants import COMBINATIONS

if TYPE_CHECKING:
    from pathlib import Path

ALONE = ("licence", "python_version")
"""Questions that touch no line of another's: their answers take turns within one test."""
MEETING = {name: values for name, values in CHOICES.items() if name not in ALONE}


@pytest.mark.parametrize("meeting", list(product(*MEETING.values())), ids=repr)
def test_the_hook_carves_what_the_variants_say(meeting: tuple[Any, ...], tmp_path: Path) -> None:
    for alone in product(*(CHOICES[name] for name in ALONE)):
        given = dict(zip([*ALONE, *MEETING], [*alone, *meeting], strict=True))
        if COMBINATIONS.has(given):
            it_is_carved_as_the_variants_say(given, tmp_path / "orders")
            shutil.rmtree(tmp_path / "orders")
