"""The documentation page works in a browser that reaches this service and nothing else."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.proofs.carved import Carved

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="NOT PROVEN: no browser here (Debian: apt install chromium)"
)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", LOOPBACK_ONLY]
        )


def test_the_documentation_is_shown_and_tried_out_without_a_network(
    everything: Carved, browser: Browser
) -> None:
    with everything.serve(SECURITY_DOCS="true") as replica:
        address = replica.wait_for_line("serving")["docs"]
        assert address == replica.wait_for_line("serving")["url"] + "/docs"
        page = browser.new_page()
        errors: list[str] = []
        asked: set[str] = set()
        page.on("console", lambda it: errors.append(it.text) if it.type == "error" else None)
        page.on("pageerror", lambda it: errors.append(str(it)))
        page.on("request", lambda it: asked.add(it.url))
        page.goto(address.removesuffix("docs"))
        expect(page).to_have_url(address)
        expect(page.get_by_role("heading", name="Orders")).to_be_visible()
        expect(page.get_by_text("A service that is a pleasure to run.")).to_be_visible()
        operation = page.locator("#operations-notes-list_notes")
        operation.click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table tbody .response-col_status")
        expect(answer).to_have_text("200")
        assert errors == []
        assert all(it.startswith((address.removesuffix("docs"), "data:")) for it in asked), asked
