"""The port of the carving, in Node; what it needs is looked for before the first test."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from page.browser import CHROMIUM, chromium
from page.build import build
from page.data import as_json, read_template
from page.tools import MissingError, prepare
from tests.page.links import PATIENCE
from tests.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


class Port:
    """A process of Node that answers what the port makes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, name: str, argument: object) -> Any:  # noqa: ANN401 - each question has its own
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{json.dumps([name, argument])}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="session")
def packages() -> None:
    """The npm packages that the page is made of."""
    try:
        prepare()
    except MissingError as missing:
        pytest.skip(f"NOT PROVEN: {missing}")


@pytest.fixture(scope="session")
def port(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    del packages
    data: Path = tmp_path_factory.mktemp("port") / "template.json"
    data.write_text(as_json(read_template()), "utf-8")
    node = shutil.which("node") or "node"
    process = subprocess.Popen(
        [node, str(ROOT / "tests/page/port.mjs"), str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        yield Port(process)
        assert process.stdin
        process.stdin.close()


@pytest.fixture(scope="session")
def built(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    del packages
    return build(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("NOT PROVEN: no browser here (Debian: apt install chromium)")
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, built: Path) -> Iterator[Page]:
    """The page as it opens; it reports no fault and asks nobody for anything."""
    opened = browser.new_page()
    opened.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    faults: list[str] = []
    asked: set[str] = set()
    opened.on("console", lambda it: faults.append(it.text) if it.type == "error" else None)
    opened.on("pageerror", lambda it: faults.append(str(it)))
    opened.on("request", lambda it: asked.add(it.url.partition("#")[0]))
    opened.goto(built.as_uri())
    yield opened
    assert faults == []
    assert {it for it in asked if not it.startswith(("data:", "blob:"))} == {built.as_uri()}
    opened.close()
