"""Opens the page in Chromium, from its file, without a server."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser that can only reach files."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", NOWHERE], timeout=120_000
        )
        yield browser
        browser.close()
