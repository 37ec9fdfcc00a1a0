"""Turns what validation found into a problem that says where it is, never what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chassis.problems.problem import Problem, ProblemResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi.exceptions import RequestValidationError
    from starlette.requests import Request

MOST = 20
"""Errors told of one request; a body of a million wrong values must not become a huge answer."""
LONGEST = 256
"""Characters of a pointer, which is made of the client's own keys."""
INSTEAD = {"union_tag_invalid": "Input tag is none of the expected tags"}
"""Messages in place of those that quote the input."""


async def invalid(_: Request, error: RequestValidationError) -> ProblemResponse:
    """Answer 422 with the first errors, each with its place, message and kind."""
    found = error.errors()
    count = "One value" if len(found) == 1 else f"{len(found)} values"
    detail = f"{count} of the request did not pass validation."
    return ProblemResponse(Problem(422, detail, errors=[describe(entry) for entry in found[:MOST]]))


def describe(entry: dict[str, Any]) -> dict[str, str]:
    """Say which part of the request an error is in, and where in it, as a JSON pointer."""
    location, *path = entry["loc"]
    return {
        "location": str(location),
        "pointer": pointer(path),
        "detail": INSTEAD.get(entry["type"], entry["msg"]),
        "type": entry["type"],
    }


def pointer(path: Sequence[object]) -> str:
    """Write a path as a JSON pointer in a URI fragment, such as #/items/0/name (RFC 6901)."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    whole = "".join(f"/{step}" for step in steps)
    return "#" + quote(whole[:LONGEST], safe="/~", errors="replace")
