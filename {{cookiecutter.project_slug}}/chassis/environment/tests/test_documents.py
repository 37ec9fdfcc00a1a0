"""The documents of the settings are written from the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chassis.environment import Environment
from chassis.environment.report import write_documents
from chassis.service import Feature

if TYPE_CHECKING:
    from pathlib import Path


class Shop(Feature):
    """A feature."""

    size: int = 3
    """How large it is."""


class Settings(Environment):
    """A tree."""

    shop: Shop = Shop()


ROWS = "| Variable | Default | Meaning |\n| --- | --- | --- |\n"


def test_a_stale_table_and_example_are_written_and_the_rest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"# A\n\n{ROWS}| `OLD` | `1` | It. |\n\nB\n\n| x |\n")
    (tmp_path / ".env.example").write_text("# Copy me.\n\n# It.\n#OLD=1\n")
    assert write_documents(Settings(), tmp_path) == ["README.md", ".env.example"]
    row = "| `SHOP_SIZE` | `3` | How large it is. |"
    assert (tmp_path / "README.md").read_text() == f"# A\n\n{ROWS}{row}\n\nB\n\n| x |\n"
    example = "# Copy me.\n\n# How large it is.\n#SHOP_SIZE=3\n"
    assert (tmp_path / ".env.example").read_text() == example
    assert write_documents(Settings(), tmp_path) == []


def test_a_readme_without_the_table_is_left_alone_and_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# A\n")
    (tmp_path / ".env.example").write_text("")
    with pytest.raises(ValueError, match=r"README\.md has no table"):
        write_documents(Settings(), tmp_path)
    assert (tmp_path / "README.md").read_text() == "# A\n"
