"""Exception handlers: HTTP exceptions, client disconnects and unexpected errors."""

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


async def handle_http_exception(_: Request, error: HTTPException) -> Response:
    """Respond with the problem of an HTTP exception; keep its headers."""
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    return ProblemResponse(Problem.from_exception(error))


async def handle_client_disconnect(_: Request, __: ClientDisconnect) -> ProblemResponse:
    """End a request whose client disconnected before its body was complete."""
    return ProblemResponse(Problem(400, "The client disconnected before the body was complete."))


async def handle_unexpected_error(
    _: HTTPConnection, error: Exception, *, debug: bool
) -> ProblemResponse:
    """Log an unexpected error; respond with 500 and the request id, with details only in debug."""
    logger.error("unhandled exception", exc_info=error)
    if exchange := current_exchange.get():
        exchange.logged = True
    detail = "".join(format_exception_only(error)).strip() if debug else None
    return ProblemResponse(Problem(500, detail))
