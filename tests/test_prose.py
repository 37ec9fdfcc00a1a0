"""The list of words finds what it lists, and nothing in a sentence that uses the field's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.prose import findings, main

if TYPE_CHECKING:
    from pathlib import Path


def test_a_phrase_of_the_list_is_named_with_its_place_and_the_term() -> None:
    found = [*findings("page.md", "Fine.\nMend the collector, then tries again.\n")]
    assert found == ["page.md:2: 'Mend': write fix", "page.md:2: 'tries again': write retry"]
    assert [*findings("page.md", "Fix the collector; it amends a try against the limit.")] == []


def test_a_phrase_in_a_file_fails_the_check_and_records_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "docs" / "decisions" / "0001.md").write_text("Mended.\n")
    assert main(tmp_path) == 0
    (tmp_path / "docs" / "page.md").write_text("Mended.\n")
    assert main(tmp_path) == 1
