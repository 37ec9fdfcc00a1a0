"""What a client is told when a service that this one needs has failed it."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import httpx2

from chassis.outbound.errors import Rejected
from chassis.outbound.retries import retry_after
from chassis.problems import Problem, ProblemResponse

if TYPE_CHECKING:
    from starlette.requests import Request

DEPENDENCY = "dependency"
"""Extension of a request that names the service it goes to."""
SERVER_ERROR = 500
TOO_MANY = 429


async def told(_: Request, error: httpx2.HTTPError) -> ProblemResponse:
    """Answer for an error that no route has caught; one that is this service's own goes on."""
    return ProblemResponse(problem(error))


def problem(error: httpx2.HTTPError) -> Problem:
    """Make the problem. It names the service, but neither its address nor its words.

    Raises the error if its cause is here: an answer of 4xx, a request that is none.
    """
    name = _dependency(error)
    if isinstance(error, Rejected):
        return _unavailable(f"{name} is not being called at the moment.", error.retry_after)
    if isinstance(error, httpx2.HTTPStatusError):
        answer = error.response
        if answer.status_code == TOO_MANY:
            return _unavailable(f"{name} takes no more calls at the moment.", retry_after(answer))
        if answer.status_code < SERVER_ERROR:
            raise error
    if isinstance(error, httpx2.TimeoutException):
        detail = f"{name} did not answer in time: whether it did anything is not certain."
        return Problem(504, detail, type="/problems/dependency-timeout")
    if isinstance(error, httpx2.LocalProtocolError | httpx2.UnsupportedProtocol):
        raise error
    if isinstance(error, httpx2.TransportError):
        detail = f"{name} could not be reached."
        return Problem(502, detail, type="/problems/dependency-unreachable")
    return Problem(502, f"{name} gave no proper answer.", type="/problems/dependency-failed")


def _unavailable(detail: str, seconds: float | None) -> Problem:
    headers = {} if seconds is None else {"retry-after": str(max(1, ceil(seconds)))}
    return Problem(503, detail, type="/problems/dependency-unavailable", headers=headers)


def _dependency(error: httpx2.HTTPError) -> str:
    try:
        name = error.request.extensions[DEPENDENCY]
    except (RuntimeError, KeyError):  # from a client that is not one of ours
        return "Another service"
    return f"The service {name!r}"
