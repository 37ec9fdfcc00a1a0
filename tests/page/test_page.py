"""The page in a browser: choose, look, compare, refuse, share, reload, take along."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import sys
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import pytest
from playwright.sync_api import expect

from page.browser import CHROMIUM, chromium
from page.build import build
from page.tools import PACKAGES
from pre_gen_project import problems
from tests.pairwise import CHOICES, pairwise, seed
from tests.template import MANIFEST, QUESTIONS, ROOT, answer, carve, files, run, stands, texts
from tests.test_answers import PIECES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="NOT PROVEN: no browser here (Debian: apt install chromium)"
)
MOST = 1_000_000
"""Bytes that the page may have, compressed."""
PATIENCE = 60_000
"""Milliseconds: the machine may be busy."""
PHONE = {"width": 390, "height": 760}
HOSTILE = [
    {"project_name": 'Zoë\'s "Orders" $(id)', "author": "日本語 🚀", "description": "`a` \\ 'b'"},
    {"project_name": "a; rm -rf .", "description": "{{ cookiecutter.author }} %s", "author": "-x="},
    {"description": " ".join(PIECES[:12]), "author": "<!-- if gitlab --> # if metrics"},
    {"project_name": "#&=+%20", "author": "</script><script>alert(1)</script>"},
]
OPTIONS = [name for name, those in CHOICES.items() if isinstance(those[0], bool)]


@pytest.fixture(scope="session")
def built(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    del packages
    return build(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
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


def answer_with(page: Page, built: Path, given: dict[str, Any]) -> None:
    """Open the link that holds answers."""
    said = {name: str(it).lower() if isinstance(it, bool) else it for name, it in given.items()}
    page.goto("about:blank")
    page.goto(f"{built.as_uri()}#{urlencode(said)}")


def download(page: Page, folder: Path) -> dict[str, tuple[bytes, int]]:
    """Take the service along, and read it: the content and the mode of every file."""
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download ZIP").click()
    taken.value.save_as(folder / "service.zip")
    with zipfile.ZipFile(folder / "service.zip") as archive:
        assert archive.testzip() is None
        return {
            it.filename: (archive.read(it), it.external_attr >> 16) for it in archive.infolist()
        }


def carved_by_cookiecutter(command: str, folder: Path) -> dict[str, tuple[bytes, int]]:
    """Run the command that the page shows, with the template as it lies here."""
    uvx, program, address, *words = shlex.split(command)
    assert (uvx, program, address.partition(":")[0]) == ("uvx", "cookiecutter", "gh")
    ended = run(
        sys.executable, "-m", "cookiecutter", str(ROOT), *words, cwd=folder, LC_ALL="C.UTF-8"
    )
    assert ended.returncode == 0, ended.stderr
    (made,) = [it for it in folder.iterdir() if it.is_dir() and not it.name.startswith(".")]
    return {
        f"{made.name}/{name}": (path.read_bytes(), path.stat().st_mode)
        for name, path in files(made).items()
    }


@pytest.mark.parametrize(
    "given",
    [{}, *pairwise(seed()), *({it: not MANIFEST[it]} for it in OPTIONS), *HOSTILE],
    ids=repr,
)
def test_the_archive_is_what_cookiecutter_carves_with_the_command_shown(
    page: Page, built: Path, tmp_path: Path, given: dict[str, Any]
) -> None:
    answer_with(page, built, given)
    command = page.locator("#uvx").input_value()
    (tmp_path / "carved").mkdir()
    assert download(page, tmp_path) == carved_by_cookiecutter(command, tmp_path / "carved")


def test_a_choice_changes_tree_and_totals(page: Page, tmp_path: Path) -> None:
    service = carve(tmp_path / "orders")
    count = page.locator('[data-total="files"] b')
    expect(count).to_have_text(f"{len(files(service))}")
    page.get_by_role("checkbox", name="database").uncheck()
    smaller = files(carve(tmp_path / "smaller", database=False))
    expect(count).to_have_text(f"{len(smaller)}")
    expect(page.locator("#tree")).not_to_contain_text("notes/")


def test_a_file_is_found_with_the_keyboard_and_shown_to_the_letter(
    page: Page, tmp_path: Path
) -> None:
    page.locator("summary", has_text="chassis/").focus()
    page.keyboard.press("Enter")
    page.locator("summary", has_text="logs/").first.focus()
    page.keyboard.press("Enter")
    page.locator('[data-path="chassis/logs/__init__.py"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("#file-heading")).to_have_text("chassis/logs/__init__.py")
    expect(page.locator("#about")).to_contain_text("chassis: ")
    shown = page.locator("#content code").evaluate("it => it.textContent")
    assert shown == (carve(tmp_path / "orders") / "chassis/logs/__init__.py").read_text("utf-8")


@pytest.mark.parametrize("option", OPTIONS)
def test_what_one_answer_changes_is_listed_and_can_be_answered(
    page: Page, tmp_path: Path, option: str
) -> None:
    other = not MANIFEST[option]
    if not stands({**answer(), option: other}):
        pytest.skip("this answer needs another one")
    before, after = (texts(carve(tmp_path / str(it), **{option: it})) for it in (not other, other))
    differ = {it for it in before.keys() | after.keys() if before.get(it) != after.get(it)}
    page.locator(f'.change[data-question="{option}"]').click()
    listed = page.locator("#tree [data-path]").evaluate_all("all => all.map(it => it.dataset.path)")
    assert set(listed) == differ
    changed = min(differ & before.keys() & after.keys() - {".cookiecutter.json"})
    page.locator(f'[data-path="{changed}"]').click()
    gone = page.locator("#content .minus").all_text_contents()
    assert gone, changed
    assert all(it[2:].rstrip("\n") in before[changed].splitlines() for it in gone)
    expect(page.locator("#one")).to_have_value(
        re.compile(f" carve {'add' if other else 'remove'} {option}$")
    )
    page.get_by_role("button", name="Answer so").click()
    expect(page.locator('[data-total="files"] b')).to_have_text(f"{len(after)}")
    expect(page.locator("#uvx")).to_have_value(re.compile(f" {option}={str(other).lower()}$"))


def test_a_refusal_appears_while_one_types_in_the_words_of_the_hook(page: Page) -> None:
    page.get_by_role("textbox", name="project_slug").press_sequentially("json")
    (said,) = problems({**answer(), "project_slug": "json"})
    expect(page.locator("#project_slug-refusal")).to_have_text(said)
    expect(page.get_by_role("button", name="Download ZIP")).to_be_disabled()
    expect(page.get_by_role("alert")).to_be_visible()
    page.keyboard.type("s")
    expect(page.locator("#project_slug-refusal")).to_be_empty()
    expect(page.get_by_role("button", name="Download ZIP")).to_be_enabled()
    page.get_by_role("textbox", name="author").fill("")
    (said,) = problems({**answer(), "author": ""})
    expect(page.locator("#author-refusal")).to_have_text(said)


def test_a_contradiction_is_resolved_and_said(page: Page) -> None:
    page.get_by_role("checkbox", name="docker").uncheck()
    expect(page.locator("#deployment-refusal")).to_contain_text("deployment is none, not compose")
    expect(page.locator('[data-total="containers"] b')).to_have_text("0")


def test_a_link_holds_the_answers_and_nothing_else(
    page: Page, browser: Browser, built: Path
) -> None:
    page.get_by_role("textbox", name="project_name").fill("Bücher & Café #1")
    page.get_by_role("checkbox", name="cache").uncheck()
    page.get_by_role("radio", name="Kubernetes").check()
    link = page.locator("#link").input_value()
    assert link == page.url
    given = dict(parse_qsl(link.partition("#")[2]))
    assert given == {
        "project_name": "Bücher & Café #1",
        "cache": "false",
        "deployment": "kubernetes",
    }
    assert link.partition("#")[0] == built.as_uri()
    command = page.locator("#uvx").input_value()
    assert "project_slug" not in command
    page.reload()
    expect(page.locator("#uvx")).to_have_value(command)
    other = browser.new_page()
    other.goto(link)
    expect(other.locator("#uvx")).to_have_value(command, timeout=PATIENCE)
    expect(other.locator("#service-heading")).to_have_text("bucher-cafe-1")
    other.close()


def test_a_link_with_nonsense_is_refused_or_left_out(page: Page, built: Path) -> None:
    answer_with(
        page, built, {"licence": "GPL", "metrics": "maybe", "_paths": "x", "__proto__": "y"}
    )
    expect(page.locator("#licence-refusal")).to_contain_text("'GPL' is no choice")
    expect(page.locator("#metrics-refusal")).to_contain_text("neither true nor false")
    assert "proto" not in page.url


def test_day_two_names_every_option_and_choice(page: Page) -> None:
    words = shlex.split(page.locator("#day-two").input_value())
    chosen = [name for name in QUESTIONS if not isinstance(MANIFEST[name], str)]
    assert words[words.index("carve") + 1] == "change"
    assert [it.partition("=")[0] for it in words[words.index("change") + 1 :]] == chosen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(page: Page, scheme: Any, size: Any) -> None:  # noqa: ANN401 - playwright's own types
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    axe = (PACKAGES / "axe-core" / "axe.min.js").read_text("utf-8")
    page.evaluate(f"{axe}; undefined")

    def found() -> list[str]:
        run_axe = "async () => (await axe.run()).violations"
        return [f"{it['id']}: {json.dumps(it['nodes'])[:300]}" for it in page.evaluate(run_axe)]

    page.locator(".change").first.wait_for()
    assert found() == []
    page.locator('.change[data-question="auth"]').click()
    page.locator('[data-path="app/main.py"]').click()
    assert found() == []
    page.get_by_role("textbox", name="email").fill("nobody")
    expect(page.locator("#email-refusal")).not_to_be_empty()
    assert found() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_is_small_and_allows_nothing_from_elsewhere(built: Path) -> None:
    content = built.read_bytes()
    compressed = len(gzip.compress(content))
    print(f"W1: the page has {len(content) // 1000} kB, {compressed // 1000} kB compressed")  # noqa: T201 - the figure
    assert compressed < MOST
    text = content.decode()
    assert "default-src 'none'" in text
    assert "unsafe" not in text[: text.index("<title>")]
    assert not re.search(r"(?:src|href)=\"?https?:", text)
