"""Responds to validation errors with their locations, never with the values sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chassis.problems.problem import Problem, ProblemResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi.exceptions import RequestValidationError
    from starlette.requests import Request

MAX_ERRORS = 20
"""Most errors in one response, so that a body with a million invalid values gets a short one."""
MAX_POINTER_CHARACTERS = 256
"""Most characters of a pointer, which contains keys from the client."""
MISSING_IF_MATCH = ("missing", "header", "If-Match")
REPLACED_MESSAGES = {"union_tag_invalid": "Input tag is none of the expected tags"}
"""Replacements for messages that quote the input."""


async def handle_validation_error(_: Request, error: RequestValidationError) -> ProblemResponse:
    """Respond 422 with the first errors: location, message and type of each.

    428 if the only error is a missing If-Match (RFC 6585, section 3).
    """
    found = error.errors()
    if [(entry["type"], *entry["loc"]) for entry in found] == [MISSING_IF_MATCH]:
        return ProblemResponse(precondition_required())
    count = "One value" if len(found) == 1 else f"{len(found)} values"
    detail = f"{count} of the request did not pass validation."
    return ProblemResponse(
        Problem(422, detail, errors=[describe(entry) for entry in found[:MAX_ERRORS]])
    )


def precondition_required() -> Problem:
    """Return the problem 428."""
    return Problem(428, "Send the ETag of the version that you have read in If-Match.")


def describe(entry: dict[str, Any]) -> dict[str, str]:
    """Return the part of the request that an error is in, and a JSON pointer into it."""
    location, *path = entry["loc"]
    return {
        "location": str(location),
        "pointer": pointer(path),
        "detail": REPLACED_MESSAGES.get(entry["type"], entry["msg"]),
        "type": entry["type"],
    }


def pointer(path: Sequence[object]) -> str:
    """Format a path as a JSON pointer in a URI fragment, such as #/items/0/name (RFC 6901)."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    whole = "".join(f"/{step}" for step in steps)
    return "#" + quote(whole[:MAX_POINTER_CHARACTERS], safe="/~", errors="replace")
