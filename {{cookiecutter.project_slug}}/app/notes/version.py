"""A note's version as an entity tag; only the version that was read is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Header

from chassis.problems import Problem

if TYPE_CHECKING:
    from app.notes.models import Note
    from app.notes.routes import Versioned

IfMatch = Annotated[str | None, Header(max_length=1000)]
"""Entity tags of the versions that may be changed, or `*` for any (RFC 9110, 13.1.1)."""


def tag(note: Note | Versioned) -> str:
    """Write the entity tag of a note as it is now."""
    return f'"{note.version}"'


def must_match(note: Note, if_match: str | None) -> None:
    """Raise `Problem` 428 if no version is named, 412 if it is not the note's."""
    if if_match is None:
        raise Problem(428, "Name the version you have read in If-Match: it is the answer's ETag.")
    named = {one.strip() for one in if_match.split(",")}
    if not named & {"*", tag(note)}:
        raise changed()


def changed() -> Problem:
    """Make the problem of a note that is not what it was when it was read."""
    return Problem(412, "The note has changed since you read it. Read it again.")
