"""The documents say what the code does: variables, commands, links."""

import re
import tomllib
from pathlib import Path

import pytest

from app.main import ENVIRONMENTS, Development, compose
from chassis.description import OPENAPI_JSON, describe
from chassis.environment.report import format_markdown
from chassis.environment.variables import variables

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "AGENTS.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "deploy").rglob("*.md")),  # if kubernetes
]


def test_the_page_of_the_settings_lists_every_variable_by_topic() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    assert page.endswith(f"\n\n{format_markdown(Development(), ENVIRONMENTS)}\n"), (
        "run: make settings ARGS=--write"
    )


def test_the_example_file_sets_every_variable_to_its_default() -> None:
    text = (ROOT / ".env.example").read_text()
    found = re.findall(r"^#([A-Z0-9_]+)=(.*?)(?:  #.*)?$", text, re.MULTILINE)
    expected = [(it.name, it.default_text) for it in variables(Development)]
    assert found == expected, "run: make settings ARGS=--write"


@pytest.mark.usefixtures("logging_as_it_was")
def test_openapi_json_describes_the_api() -> None:
    path = ROOT / OPENAPI_JSON
    if not path.exists():
        pytest.skip(f"there is no {OPENAPI_JSON}: run make openapi, and commit it")
    is_current = path.read_text("utf-8") == describe(Development, compose)
    assert is_current, f"{OPENAPI_JSON} is stale, run: make openapi"


def test_the_project_and_the_service_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert Development().service.version == project["version"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_every_link_of_a_page_exists(page: Path) -> None:
    text = page.read_text()
    makefiles = [ROOT / "Makefile", *ROOT.glob("*.mk"), *ROOT.glob("*/*.mk")]
    rules = "\n".join(it.read_text() for it in makefiles)
    targets = set(re.findall(r"^([a-z0-9-]+):", rules, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z0-9-]+)", text)) <= targets
    assert set(re.findall(r"^make ([a-z0-9-]+)", text, re.MULTILINE)) <= targets
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link
