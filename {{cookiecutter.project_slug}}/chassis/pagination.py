"""Cursor pagination: a page starts after the last id of the previous page, whatever was written.

Cursors are opaque: clients send them back and do not interpret them.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Annotated, Protocol

from pydantic import BeforeValidator, WithJsonSchema

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_ID", "Cursor", "encode_cursor", "next_cursor"]

CURSOR_BYTES = 8
CURSOR_PATTERN = "^[A-Za-f][A-Za-z0-9_-]{9}[AEIMQUYcgkosw048]$"
"""Base64 of a row's id: its first bit is 0, and the last two are padding."""
MAX_ID = 2**63 - 1
"""Largest id: that of a 64-bit integer column."""


class Identified(Protocol):
    """A row with an integer id, by which the rows are sorted."""

    @property
    def id(self) -> int:
        """From 1 to `MAX_ID`."""


def encode_cursor(last_id: int) -> str:
    """Return the cursor of the page after this id."""
    return urlsafe_b64encode(last_id.to_bytes(CURSOR_BYTES)).decode().rstrip("=")


def next_cursor(rows: Sequence[Identified], page_size: int) -> str | None:
    """Return the cursor of the next page, or None on the last one.

    Read one row more than the page returns, to know whether there is a next page.
    """
    return encode_cursor(rows[page_size - 1].id) if len(rows) > page_size else None


def _decode_cursor(text: object) -> object:
    """Return the id. Raises ValueError for what `encode_cursor` did not return."""
    if not isinstance(text, str):
        return text
    if not re.fullmatch(CURSOR_PATTERN, text):
        raise ValueError("should be a cursor from a previous page")
    return int.from_bytes(urlsafe_b64decode(f"{text}="))


Cursor = Annotated[
    int,
    BeforeValidator(_decode_cursor),
    WithJsonSchema({"type": "string", "pattern": CURSOR_PATTERN}),
]
"""Decodes the cursor to the id: `after: Annotated[Cursor | None, Query()] = None`."""
