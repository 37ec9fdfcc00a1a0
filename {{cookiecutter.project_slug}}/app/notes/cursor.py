"""Where a page ends and the next one begins, as text that clients hand back and do not read."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from pydantic import BeforeValidator, Field

BYTES = 8
HIGHEST = 2**63 - 1
"""Largest number that an id can be."""


def written(last: int) -> str:
    """Write down the id of a page's last note."""
    return urlsafe_b64encode(last.to_bytes(BYTES)).decode().rstrip("=")


def _read(text: object) -> object:
    """Raises ValueError for what this module did not write."""
    if not isinstance(text, str):
        return text
    try:
        last = int.from_bytes(urlsafe_b64decode(f"{text}="))
    except ValueError:
        last = -1
    if not 0 < last <= HIGHEST or written(last) != text:
        raise ValueError("is no cursor that a page came with")
    return last


Cursor = Annotated[int, BeforeValidator(_read), Field(le=HIGHEST)]
"""The id that the next page's notes come after."""
