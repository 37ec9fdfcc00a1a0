"""The routes of notes; each is one transaction of its session."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.notes.models import Note
from chassis.cache import Cache, Invalidate  # if cache
from chassis.database import Session
from chassis.openapi import with_headers
from chassis.pagination import MAX_ID, Cursor, next_cursor
from chassis.preconditions import IfMatch, check_if_match, etag, precondition_failed
from chassis.problems import Problem, ProblemType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.notes import Notes

TITLE_TAKEN = ProblemType(
    "title-taken", "Title taken", "Another note has this title. Choose another one."
)
NO_NUL = r"^[^\x00]*$"
Id = Annotated[int, Path(ge=1, le=MAX_ID)]
VISIBLE = r"^[^\x00]*[^\s\x00-\x1f][^\x00]*$"
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=VISIBLE)
]


class Draft(BaseModel):
    """What a client writes."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    text: Annotated[str, StringConstraints(max_length=10_000, pattern=NO_NUL)] = ""


class Written(BaseModel):
    """What a client reads."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    text: str


class Versioned(Written):
    """A note with its version."""

    version: int


class Page(BaseModel):
    """One page of notes, newest first."""

    notes: list[Written]
    next: str | None
    """Cursor of the next page; null on the last one."""


def routes(settings: Notes) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/notes", tags=["notes"])

    @router.post(
        "",
        status_code=201,
        response_model=Written,
        responses={201: with_headers("ETag", "Location")},
    )
    async def create_note(
        draft: Draft, session: Session, request: Request, response: Response
    ) -> Note:
        """Write a note."""
        note = Note(**draft.model_dump())
        session.add(note)
        with refusals():
            await session.flush()
        response.headers["location"] = request.url_for("read_note", id=note.id).path
        response.headers["etag"] = etag(note)
        return note

    @router.get("")
    async def list_notes(session: Session, after: Annotated[Cursor | None, Query()] = None) -> Page:
        """List the notes in pages; writes in between neither skip nor repeat any."""
        query = select(Note).order_by(Note.id.desc()).limit(settings.page_size + 1)
        if after is not None:
            query = query.where(Note.id < after)
        found = list(await session.scalars(query))
        shown = found[: settings.page_size]
        return Page(
            notes=[Written.model_validate(note) for note in shown],
            next=next_cursor(found, settings.page_size),
        )

    @router.get("/{id}", response_model=Written, responses={200: with_headers("ETag")})
    async def read_note(
        id: Id,  # noqa: A002 - its name
        response: Response,
        cache: Cache,  # if cache
        session: Session,
    ) -> Versioned:
        """Read one note."""
        look = partial(look_up, session, id)
        look = partial(cache.get_or_set, f"note:{id}", Versioned, look)  # if cache
        note = await look()
        response.headers["etag"] = etag(note)
        return note

    @router.put("/{id}", response_model=Written, responses={200: with_headers("ETag")})
    async def update_note(
        id: Id,  # noqa: A002 - its name
        draft: Draft,
        response: Response,
        invalidate: Invalidate,  # if cache
        session: Session,
        if_match: IfMatch,
    ) -> Note:
        """Change a note, if its version is the one in If-Match."""
        invalidate(f"note:{id}")  # if cache
        note = await existing(session, id)
        check_if_match(note, if_match)
        note.title, note.text = draft.title, draft.text
        with refusals():
            await session.flush()
        response.headers["etag"] = etag(note)
        return note

    @router.delete("/{id}", status_code=204)
    async def delete_note(
        id: Id,  # noqa: A002 - its name
        invalidate: Invalidate,  # if cache
        session: Session,
        if_match: IfMatch,
    ) -> None:
        """Delete a note, if its version is the one in If-Match."""
        invalidate(f"note:{id}")  # if cache
        note = await existing(session, id)
        check_if_match(note, if_match)
        await session.delete(note)
        with refusals():
            await session.flush()

    return router


async def look_up(session: Session, id: int) -> Versioned:  # noqa: A002 - its name
    """Read a note from the database. Raises `Problem` 404 if there is none."""
    return Versioned.model_validate(await existing(session, id))


async def existing(session: Session, id: int) -> Note:  # noqa: A002 - its name
    """Find a note. Raises `Problem` 404 if there is none."""
    note = await session.get(Note, id)
    if note is None:
        raise Problem(404, "There is no such note.")
    return note


@contextmanager
def refusals() -> Iterator[None]:
    """Turn errors of the database into problems: only it detects concurrent changes."""
    try:
        yield
    except StaleDataError as error:
        raise precondition_failed() from error
    except IntegrityError as error:
        if "title" not in str(error.orig):
            raise
        detail = "There is a note with this title."
        raise Problem(409, detail, type=TITLE_TAKEN) from error
