"""Turns exceptions into problems: those that were raised as answers, and those nobody expected."""

from __future__ import annotations

import logging
from traceback import format_exception_only
from typing import TYPE_CHECKING

from fastapi.utils import is_body_allowed_for_status_code
from starlette.responses import Response

from chassis.exchange import current_exchange
from chassis.problems.problem import Problem, ProblemResponse

if TYPE_CHECKING:
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, HTTPConnection, Request

logger = logging.getLogger(__name__)


async def refused(_: Request, error: HTTPException) -> Response:
    """Answer what a route, FastAPI or Starlette raised as an answer; its headers stay."""
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    return ProblemResponse(Problem.of(error))


async def gone(_: Request, __: ClientDisconnect) -> ProblemResponse:
    """End a request whose client left before it had sent it; nobody reads the answer."""
    return ProblemResponse(Problem(400, "The request came to an end before its body did."))


async def unhandled(_: HTTPConnection, error: Exception, *, debug: bool) -> ProblemResponse:
    """Log an unexpected error, the only place that does; tell the client no more than its id."""
    logger.error("unhandled exception", exc_info=error)
    if exchange := current_exchange.get():
        exchange.logged = True
    told = "".join(format_exception_only(error)).strip() if debug else None
    return ProblemResponse(Problem(500, told))
