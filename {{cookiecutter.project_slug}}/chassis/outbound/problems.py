"""Turns the failure of a call to another service into the problem that the client gets."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import httpx2

from chassis.outbound.errors import Rejected
from chassis.outbound.retries import parse_retry_after
from chassis.problems import Problem, ProblemResponse, ProblemType

if TYPE_CHECKING:
    from starlette.requests import Request

DEPENDENCY = "dependency"
"""Extension of a request with the name of the service that it goes to."""
TIMED_OUT = ProblemType(
    "dependency-timeout",
    "Dependency timed out",
    "A service that this one calls did not answer in time. Whether it did anything is not certain: "
    "read before you retry a change.",
)
UNREACHABLE = ProblemType(
    "dependency-unreachable",
    "Dependency unreachable",
    "A service that this one calls could not be reached. Retry later.",
)
FAILED = ProblemType(
    "dependency-failed",
    "Dependency failed",
    "A service that this one calls did not respond validly. Retry later.",
)
UNAVAILABLE = ProblemType(
    "dependency-unavailable",
    "Dependency unavailable",
    "A service that this one calls accepts no calls at the moment, or is not called because it "
    "failed too often. Retry after the seconds in Retry-After.",
)
SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429


async def handle_outbound_error(_: Request, error: httpx2.HTTPError) -> ProblemResponse:
    """Respond to an error that no route has handled. Raises it if this service is at fault."""
    return ProblemResponse(to_problem(error))


def to_problem(error: httpx2.HTTPError) -> Problem:
    """Return the problem. It has the name of the service, but neither its address nor its message.

    Raises the error if its cause is on our side: a response of 4xx, an invalid request.
    """
    name = _dependency_name(error)
    if isinstance(error, Rejected):
        return _unavailable(f"{name} is not being called at the moment.", error.retry_after)
    if isinstance(error, httpx2.HTTPStatusError):
        response = error.response
        if response.status_code == TOO_MANY_REQUESTS:
            detail = f"{name} takes no more calls at the moment."
            return _unavailable(detail, parse_retry_after(response))
        if response.status_code < SERVER_ERROR:
            raise error
    if isinstance(error, httpx2.TimeoutException):
        detail = f"{name} did not answer in time: whether it did anything is not certain."
        return Problem(504, detail, type=TIMED_OUT)
    if isinstance(error, httpx2.LocalProtocolError | httpx2.UnsupportedProtocol):
        raise error
    if isinstance(error, httpx2.TransportError):
        detail = f"{name} could not be reached."
        return Problem(502, detail, type=UNREACHABLE)
    return Problem(502, f"{name} gave no valid answer.", type=FAILED)


def _unavailable(detail: str, seconds: float | None) -> Problem:
    headers = {} if seconds is None else {"retry-after": str(max(1, ceil(seconds)))}
    return Problem(503, detail, type=UNAVAILABLE, headers=headers)


def _dependency_name(error: httpx2.HTTPError) -> str:
    try:
        name = error.request.extensions[DEPENDENCY]
    except (RuntimeError, KeyError):  # from another client
        return "Another service"
    return f"The service {name!r}"
