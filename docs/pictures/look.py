# ruff: noqa: INP001 - a script is no package
"""Takes the pictures of the page: light, dark with what one answer changes, and on a phone.

From the root of the template: `PYTHONPATH=.:hooks uv run python docs/pictures/look.py`.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from page.browser import chromium
from page.build import build
from page.tools import FOLDER as PAGE
from tests.template import MANIFEST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

FOLDER = Path(__file__).parent
NOTES = Path(__file__).with_suffix(".json")
DESK: ViewportSize = {"width": 1360, "height": 820}
PHONE: ViewportSize = {"width": 390, "height": 760}


def what_they_show() -> dict[str, str]:
    """Return digests of what the pictures show but for figures, which move with every file."""
    prompts = json.dumps(MANIFEST["__prompts__"], sort_keys=True)
    texts = {name: (PAGE / name).read_text("utf-8") for name in ("index.html", "style.css")}
    return {
        name: sha256(text.encode()).hexdigest()
        for name, text in {**texts, "__prompts__": prompts}.items()
    }


def take(browser: Browser, address: str) -> None:
    """Take them all."""
    page = browser.new_page(viewport=DESK, color_scheme="light")
    page.goto(address)
    page.locator(".change").first.wait_for(timeout=120_000)
    page.screenshot(path=FOLDER / "look-light.png")
    page.emulate_media(color_scheme="dark")
    page.locator('.change[data-question="cache"]').click()
    page.locator('[data-path="app/main.py"]').click()
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=FOLDER / "look-dark.png")
    phone = browser.new_page(viewport=PHONE, color_scheme="light", is_mobile=True, has_touch=True)
    phone.goto(f"{address}#project_name=Json")
    phone.locator(".refusal li").first.wait_for(timeout=120_000)
    phone.screenshot(path=FOLDER / "look-phone.png")


if __name__ == "__main__":
    with TemporaryDirectory() as folder, chromium() as browser:
        take(browser, build(Path(folder)).as_uri())
    NOTES.write_text(f"{json.dumps(what_they_show(), indent=1)}\n", "utf-8")
