"""ETag and If-Match: a client can only change the version it has read (RFC 9110, section 13)."""

from __future__ import annotations

from typing import Annotated, Protocol

from fastapi import Header
from pydantic import WithJsonSchema

from chassis.problems import Problem
from chassis.problems.validation import precondition_required

__all__ = ["IfMatch", "check_if_match", "etag", "precondition_failed"]


class Versioned(Protocol):
    """A resource with an integer version, which each change increases."""

    @property
    def version(self) -> int:
        """Its current version."""


IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        description="ETag of the version to change, or * for any.",
        openapi_examples={"any": {"value": "*"}},
    ),
    WithJsonSchema({"type": "string", "maxLength": 1000}),
]
"""Entity tags of the versions that may be changed, or `*` for any: `if_match: IfMatch`."""


def etag(resource: Versioned) -> str:
    """Return the entity tag of a resource, for the header ETag."""
    return f'"{resource.version}"'


def check_if_match(resource: Versioned, if_match: str | None) -> None:
    """Raise `Problem` 428 if If-Match is missing, 412 if it names other versions."""
    if if_match is None:
        raise precondition_required()
    tags = {tag.strip() for tag in if_match.split(",")}
    if not tags & {"*", etag(resource)}:
        raise precondition_failed()


def precondition_failed() -> Problem:
    """Return the problem 412, also for a conflict that only the store detected."""
    return Problem(412, "This has changed since you read it. Read it again and retry.")
