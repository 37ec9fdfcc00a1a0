"""The documents of the settings are written from the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.environment import Environment
from chassis.environment.report import format_markdown, write_documents
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
    north_shop: Shop = Shop(size=4)


HEAD = "| Variable | Default | Meaning |\n| --- | --- | --- |\n"
SECTIONS = (
    f"## Variables\n\n### Shop\n\n{HEAD}| `SHOP_SIZE` | `3` | How large it is. |\n\n"
    f"### North shop\n\n{HEAD}| `NORTH_SHOP_SIZE` | `4` | How large it is. |\n"
)


def test_stale_sections_and_a_stale_example_are_written_and_what_is_before_them_stays(
    tmp_path: Path,
) -> None:
    page, example = tmp_path / "docs" / "settings.md", tmp_path / ".env.example"
    page.parent.mkdir()
    page.write_text(f"# A\n\n## B\n\nC\n\n## Variables\n\n{HEAD}| `OLD_SIZE` | `1` | It. |\n")
    example.write_text("# Copy me.\n\n#OLD=1\n")
    assert write_documents(Settings(), tmp_path) == ["docs/settings.md", ".env.example"]
    assert page.read_text() == f"# A\n\n## B\n\nC\n\n{SECTIONS}"
    assert example.read_text() == "# Copy me.\n\n#SHOP_SIZE=3\n\n#NORTH_SHOP_SIZE=4\n"
    assert write_documents(Settings(), tmp_path) == []


def test_a_page_without_sections_gets_them(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "settings.md").write_text("# A\n")
    (tmp_path / ".env.example").write_text("# Copy me.\n")
    write_documents(Settings(), tmp_path)
    assert (tmp_path / "docs" / "settings.md").read_text() == f"# A\n\n{SECTIONS}"


def test_a_default_that_strict_environments_change_names_them_and_theirs() -> None:
    class Production(Settings):
        strict = True

        shop: Shop = Shop(size=5)

    class Staging(Production):
        """The same."""

    written = format_markdown(Settings(), (Settings, Staging, Production))
    assert "| `SHOP_SIZE` | `3`; staging, production: `5` | How large it is. |" in written
    assert "| `NORTH_SHOP_SIZE` | `4` | How large it is. |" in written
