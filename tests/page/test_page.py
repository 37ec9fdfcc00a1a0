"""The page in a browser: choose, look, compare, refuse, share, reload, take along."""

from __future__ import annotations

import gzip
import json
import re
import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import expect

from page.tools import PACKAGES
from pre_gen_project import problems
from tests.page.links import PATIENCE, answer_with
from tests.pairwise import CHOICES
from tests.template import MANIFEST, QUESTIONS, answer, carve, files, stands, texts

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, ViewportSize

MOST = 1_000_000
"""Bytes that the page may have, compressed."""
DESK: ViewportSize = {"width": 1360, "height": 820}
PHONE: ViewportSize = {"width": 390, "height": 760}
OPTIONS = [name for name, those in CHOICES.items() if isinstance(those[0], bool)]
FIELDS = ["uvx", "day-two", "link", "one"]
"""What can be copied; the last one is of a difference."""


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


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until it is where somebody wants to be."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("which => document.activeElement.matches(which)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def test_the_keyboard_alone_leads_from_an_answer_to_the_archive(page: Page) -> None:
    page.locator(".change").first.wait_for()
    tab_to(page, "#metrics")
    page.keyboard.press("Space")
    tab_to(page, '.change[data-question="cache"]')
    page.keyboard.press("Enter")
    expect(page.locator("#service-heading")).to_be_focused()
    tab_to(page, "#apply")
    page.keyboard.press("Enter")
    expect(page.locator("#uvx")).to_have_value(re.compile(" metrics=false cache=false$"))
    tab_to(page, "#download")
    with page.expect_download() as taken:
        page.keyboard.press("Enter")
    assert taken.value.suggested_filename == "orders.zip"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_one_key_skips_the_questions(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Skip to the service")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#service-heading")).to_be_focused()
    expect(page.locator("#service-heading")).to_be_in_viewport()


def test_at_a_desk_the_archive_is_in_view_before_anything_is_done(page: Page) -> None:
    page.set_viewport_size(DESK)
    expect(page.get_by_role("button", name="Download ZIP")).to_be_in_viewport(ratio=1)
    expect(page.locator("#uvx")).to_be_in_viewport(ratio=1)


def test_on_a_phone_one_press_leads_to_the_service_and_one_to_taking_it(page: Page) -> None:
    page.set_viewport_size(PHONE)
    for name, heading in (
        ("Look at the service", "#service-heading"),
        ("Take it with you", "#take"),
    ):
        page.evaluate("scrollTo(0, 0)")
        page.get_by_role("button", name=name).click()
        expect(page.locator(heading)).to_be_in_viewport()


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
    page.get_by_role("button", name="Take this answer").click()
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
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
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


def press_copy(page: Page, field: str) -> str:
    """Press the button beside a field; return what the field holds."""
    if field == "one":
        page.locator('.change[data-question="auth"]').click()
    button = page.locator(f'[data-of="{field}"]')
    button.focus()
    page.keyboard.press("Enter")
    return page.locator(f"#{field}").input_value()


@pytest.mark.parametrize("field", FIELDS)
def test_a_button_copies_a_command_or_the_link(page: Page, field: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("checkbox", name="cache").uncheck()
    shown = press_copy(page, field)
    expect(page.get_by_role("status")).to_have_text("Copied.")
    assert shown
    assert page.evaluate("navigator.clipboard.readText()") == shown
    expect(page.get_by_role("status")).to_be_empty()


@pytest.mark.parametrize(
    "clipboard", ["undefined", "{ writeText: () => Promise.reject(new Error('denied')) }"]
)
def test_where_a_page_may_not_copy_the_field_is_selected_and_the_key_is_named(
    page: Page, clipboard: str
) -> None:
    page.evaluate(f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard} }})")
    shown = press_copy(page, "uvx")
    expect(page.get_by_role("status")).to_contain_text("It is selected: press Ctrl+C, or ⌘C.")
    assert page.evaluate("getSelection().toString()") == shown
    assert page.evaluate("document.activeElement.id") == "uvx"
