"""Links to the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

PATIENCE = 60_000
"""Milliseconds: the machine may be busy."""


def answer_with(page: Page, built: Path, given: dict[str, Any]) -> None:
    """Open the link that holds answers."""
    said = {name: str(it).lower() if isinstance(it, bool) else it for name, it in given.items()}
    page.goto("about:blank")
    page.goto(f"{built.as_uri()}#{urlencode(said)}")
