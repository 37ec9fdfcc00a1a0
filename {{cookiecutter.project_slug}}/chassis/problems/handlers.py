"""Exception handlers: HTTP exceptions, client disconnects and unexpected errors."""

from __future__ import annotations

import logging
from traceback import format_exception_only
from typing import TYPE_CHECKING

from fastapi.utils import is_body_allowed_for_status_code
from starlette.responses import Response

from chassis.exchange import current_exchange
from chassis.methods import allowed_methods
from chassis.problems.problem import Problem, ProblemResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, HTTPConnection, Request

logger = logging.getLogger(__name__)

METHOD_NOT_ALLOWED = 405


async def handle_http_exception(request: Request, error: HTTPException) -> Response:
    """Respond with the problem of an HTTP exception; keep its headers."""
    if error.status_code == METHOD_NOT_ALLOWED:
        error.headers = complete_allow(request, error.headers or {})
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    return ProblemResponse(Problem.from_exception(error))


def complete_allow(request: Request, headers: Mapping[str, str]) -> Mapping[str, str]:
    """List all methods of the path in Allow, instead of only those of the first route with it."""
    allowed = allowed_methods(request.app.routes, request.scope)
    if not allowed or request.method in allowed:  # a mount or an endpoint has refused it
        return headers
    return {**headers, "Allow": ", ".join(sorted(allowed))}


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
