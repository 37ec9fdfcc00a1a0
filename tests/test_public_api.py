"""What a service may import from its chassis is on a page, and leaves only after deprecation."""

from __future__ import annotations

import ast
import re

import pytest

from docs import public_api
from tests.template import RAW, carve

RELEASED = "chassis.series.series\nchassis.series.old deprecated\n"


def imported_by_the_service() -> set[str]:
    """Collect what the service's own code imports from the chassis, as `module.name`."""
    files = [*(RAW / "app").rglob("*.py"), *(RAW / "tests").rglob("*.py")]
    return {
        f"{node.module}.{alias.name}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("chassis")
        for alias in node.names
    }


def test_the_page_is_what_the_script_writes() -> None:
    advice = "run: PYTHONPATH=.:hooks uv run python docs/public_api.py"
    assert public_api.PAGE.read_text("utf-8") == public_api.page(), advice


def test_every_name_has_a_meaning() -> None:
    meanings = {f"{module}.{it.name}": it.meaning for module, path in public_api.modules()
                for it in public_api.names(path)}  # fmt: skip
    assert [name for name, meaning in meanings.items() if not meaning] == []


def test_the_service_imports_only_what_the_chassis_offers() -> None:
    assert imported_by_the_service() - public_api.offered().keys() == set()


def test_no_name_of_the_last_release_is_gone_unless_it_was_deprecated_there() -> None:
    released = public_api.RELEASED.read_text("utf-8")
    assert public_api.removed_too_early(released, public_api.offered()) == []


@pytest.mark.parametrize(
    ("now", "missing"),
    [
        (["chassis.series.series", "chassis.series.old"], []),
        (["chassis.series.series", "chassis.series.new"], []),
        (["chassis.series.old"], ["chassis.series.series"]),
    ],
)
def test_a_name_that_is_removed_without_deprecation_is_found(
    now: list[str], missing: list[str]
) -> None:
    assert public_api.removed_too_early(RELEASED, now) == missing


def test_a_deprecated_name_is_marked() -> None:
    code = '@deprecated("Use new.")\ndef old() -> None:\n    """Do it."""\n'
    name = public_api.describe(ast.parse(code), "old")
    assert name == ("old", "Do it.", True)
    assert public_api.cell(name) == "Deprecated. Do it."


def test_a_listed_name_that_is_not_defined_is_refused() -> None:
    with pytest.raises(SystemExit, match="gone is in __all__, but nothing defines it"):
        public_api.describe(ast.parse("kept = 1"), "gone")


def test_a_carved_page_lists_only_what_is_carved(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("small") / "orders"
    off = dict.fromkeys(("metrics", "outbound", "cache", "tracing", "database"), False)
    text = (carve(folder, **off) / "docs" / "chassis.md").read_text("utf-8")
    found = re.findall(r"^\| `([\w.]+)\.\w+` \|.*\|$", text, re.MULTILINE)
    assert "chassis.problems" in found
    assert "chassis.metrics" not in found
    for module in found:
        path = folder.joinpath(*module.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), module
    assert "<!--" not in text
