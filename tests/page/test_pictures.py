"""The README's pictures show the page as it is."""

from __future__ import annotations

import json

from docs.pictures import look


def test_the_pictures_were_taken_of_this_page() -> None:
    noted = json.loads(look.NOTES.read_text("utf-8"))
    retake = "take them again: PYTHONPATH=.:hooks uv run python docs/pictures/look.py"
    assert noted == look.what_they_show(), retake
